"""The UDP backend: one route sends the whole flannel network into a TUN, and a program, the proxy, does the rest.

flannel: pkg/backend/udp/*.go, pkg/ip/tun.go. The kernel's tables know nothing of the other nodes: per lease only the proxy's
own array gets an entry. Up to 0.10 the TUN had its address with the length of the whole network, so that the kernel made the
route; since 0.11 it has a /32 and flanneld adds the route.

The proxy (proxy_amd64.c, the same since 2014) reads packets from the TUN and sends them in UDP to the node that has the subnet.
Its array is in no order: the first entry that contains the address wins (not the longest) and moves to the front. Both ends
lower the TTL, and nobody hears of a packet whose TTL reaches 0.
"""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network

from ...errors import LabError, strerror
from ...lab import links
from ...lab.interface import Tun
from ...lab.namespace import free_name
from ...lab.packet import UNREACHABLE, Icmp, IPv4, Packet
from ...lab.program import Action, Dropped, Listener, ToPeer, ToTun, refusal
from ...tables.values import Kept, Value
from .config import Config, number
from .node import Node
from .registry import Lease

TYPE, PORT = "udp", 8285
#: An IP and a UDP header.
OVERHEAD = 28


class Udp:
    def __init__(self, node: Node, config: Config):
        self.node, self.network = node, config.ipv4.network
        self.port = number(config.options, "Port", PORT, 1, 65535)
        self.mtu = node.uplink.mtu - OVERHEAD
        self.proxy: Proxy | None = None

    def register(self) -> dict:
        """Nothing to publish but the address; the socket must be free (flannel: backend/udp/udp_network_amd64.go)."""
        code = refusal(self.node.ns, Listener("udp", self._bound, self.port, "flanneld"))
        if code:
            where = f"{self._bound or '0.0.0.0'}:{self.port}"
            raise LabError(f"failed to start listening on UDP socket: listen udp4 {where}: bind: {strerror(code).lower()}")
        return {}

    @property
    def _bound(self) -> IPv4Address | None:
        return self.node.address if self.node.version >= (0, 11) else None

    def configure(self, lease: Lease) -> None:
        """Open the TUN, give it the lease's network address, start the proxy."""
        node, address = self.node, lease.address
        device = free_name(node.ns, "flannel%d")
        self.proxy = Proxy(device, address, self._bound, self.port)
        node.ns.programs[self.proxy.name] = self.proxy
        # No ip command: flanneld opens /dev/net/tun itself, and the interface lives as long as that file is open.
        with node.lab.writing("flanneld", 'ioctl(TUNSETIFF, "flannel%d", IFF_TUN | IFF_NO_PI)'):
            links.create(node.lab, node.ns, device, "tun", tun=Tun(persist=False, program=self.proxy.name))
        if node.version >= (0, 11):
            node.run("ip addr add {}/32 broadcast {} dev {}", address, address, device)
        else:
            node.run("ip addr add {}/{} dev {}", address, self.network.prefixlen, device)
        node.run("ip link set {} mtu {}", device, self.mtu)
        node.run("ip link set {} up", device)
        node.run("ip route add {} dev {} scope global", self.network, device, fine="File exists")

    def added(self, lease: Lease) -> None:
        """Another node's lease: an entry of the proxy's."""
        if lease.backend == TYPE:
            self.proxy.set(lease.subnet, lease.public_ip, self.port)

    def removed(self, subnet: IPv4Network) -> None:
        self.proxy.remove(subnet)

    def stop(self) -> None:
        """flanneld ends: its file is closed, so the TUN goes, and with it every route through it."""
        node = self.node
        if self.proxy is None:
            return
        node.ns.programs.pop(self.proxy.name, None)
        tun = node.ns.find(self.proxy.tun)
        if tun is not None and tun.tun is not None and tun.tun.program == self.proxy.name:
            with node.lab.writing("kernel", f"{self.proxy.name} closed {self.proxy.tun}"):
                links.delete(node.lab, node.ns, tun)


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
