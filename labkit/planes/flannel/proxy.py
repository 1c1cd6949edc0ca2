"""The UDP backend's program: reads packets from the TUN, sends them in UDP to the node that has the subnet.

flannel: proxy_amd64.c, the same since 2014. It keeps its own table, an array in no order:
the first entry that contains the address wins (not the longest) and moves to the front. Both ends lower
the TTL, and nobody hears of a packet whose TTL reaches 0.
"""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network

from ...lab.packet import UNREACHABLE, Icmp, IPv4, Packet
from ...lab.program import Action, Dropped, ToPeer, ToTun
from ...tables.values import Kept, Value

PORT = 8285


@dataclass(frozen=True, slots=True)
class Entry(Value):
    """One remote lease: what is sent where."""

    subnet: IPv4Network
    peer: IPv4Address
    port: int

    def __str__(self) -> str:
        return f"{self.subnet} -> {self.peer}:{self.port}"


@dataclass(slots=True, eq=False)
class Proxy(Kept):
    """`address` is the socket's (None: any); `tun_address` is the source of the errors it makes; `places` says where
    in the array a subnet's entry is."""

    tun: str
    tun_address: IPv4Address
    address: IPv4Address | None = None
    port: int = PORT
    entries: list[Entry] = field(default_factory=list)
    name: str = "flanneld"
    places: dict[IPv4Network, int] = field(default_factory=dict)

    def set(self, subnet: IPv4Network, peer: IPv4Address, port: int) -> None:
        """Add an entry, in place of one for the same subnet."""
        self._put(Entry(subnet, peer, port), self.places.get(subnet, len(self.entries)))

    def _put(self, entry: Entry, place: int) -> None:
        self.entries[place : place + 1] = [entry]
        self.places[entry.subnet] = place

    def remove(self, subnet: IPv4Network) -> None:
        """Delete an entry: the last one moves into the hole."""
        place = self.places.pop(subnet, None)
        if place is not None:
            last = self.entries.pop()
            if last.subnet != subnet:
                self._put(last, place)

    def find(self, address: IPv4Address) -> Entry | None:
        """The first entry that contains the address; it changes places with the one in front."""
        for i, entry in enumerate(self.entries):
            if address in entry.subnet:
                self._put(self.entries[0], i)
                self._put(entry, 0)
                return entry
        return None

    def from_tun(self, packet: Packet) -> list[Action]:
        """A packet the kernel routed into the TUN: to a peer, in UDP."""
        entry = self.find(packet.dst)
        if entry is None:
            return self._unreachable(packet)
        onward = packet.with_ip(ttl=packet.ttl - 1)
        if onward.ttl == 0:
            return [Dropped(f"TTL {packet.ttl} becomes 0, and it tells nobody")]
        why = f"{packet.dst} is behind {entry}; TTL {packet.ttl} becomes {onward.ttl}; wrapped in UDP {self.port} to {entry.port}"
        return [ToPeer(onward, entry.peer, entry.port, why)]

    def from_socket(self, packet: Packet) -> list[Action]:
        """A datagram from a peer: what is in it goes into the TUN."""
        inner = packet.inner
        onward = inner.with_ip(ttl=inner.ttl - 1)
        if onward.ttl == 0:
            return [Dropped(f"TTL {inner.ttl} becomes 0, and it tells nobody")]
        return [ToTun(onward, f"the packet inside, TTL {inner.ttl} becomes {onward.ttl}, written to {self.tun}")]

    def _unreachable(self, packet: Packet) -> list[Action]:
        """Nobody has a lease for it: net unreachable, written back into the TUN.

        The kernel takes it for a martian, because its source is one of our own addresses, unless accept_local
        is 1 (observed on 6.18). Nothing is said about ICMP, so a ping gets silence, nor about later fragments.
        """
        nobody = Dropped(f"no lease contains {packet.dst}")
        if isinstance(packet.transport, Icmp) or packet.ip.offset:
            return [nobody]
        quoted = replace(packet, size=0)  # the IP header and eight bytes
        error = Packet(
            ip=IPv4(self.tun_address, packet.src, ttl=8, df=False), transport=Icmp(UNREACHABLE, 0, quoted=quoted),
            token=packet.token,
        )
        return [nobody, ToTun(error, f"net unreachable for {packet.src}, from {self.tun_address}")]
