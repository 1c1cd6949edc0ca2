"""Connection tracking: who speaks with whom, seen from one namespace, and what it makes of their addresses.

An entry holds two tuples: what the first packet said, and what its answer will say when it arrives here. NAT is the difference between
the two. kernel: net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_{tcp,udp,icmp}.c, nf_nat_core.c; timeouts: nf_conntrack-sysctl.rst.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import NamedTuple

from ..tables.chains import Chain, Table
from ..tables.values import Kept
from .packet import ECHO_REPLY, ECHO_REQUEST, Icmp, Packet

#: Seconds that an entry lives after each packet.
ICMP, UDP, UDP_STREAM = 30.0, 30.0, 120.0
TCP = {
    "SYN_SENT": 120.0, "SYN_RECV": 60.0, "ESTABLISHED": 432000.0, "FIN_WAIT": 120.0, "CLOSE_WAIT": 60.0, "LAST_ACK": 30.0,
    "TIME_WAIT": 120.0, "CLOSE": 10.0,
}  # fmt: skip
#: A UDP connection that still goes on so many seconds after its first packet is assured.
UDP_PROVES = 2.0
#: Ports and ICMP ids that NAT may choose instead of the one that is taken, by class (nf_nat_core.c nf_nat_l4proto_unique_tuple).
CLASSES = ((1, 511), (600, 1023), (1024, 65535))


class Tuple(NamedTuple):
    """One direction: a protocol, two addresses, and two ports; for ICMP `sport` is the id and `dport` the type."""

    proto: str
    src: IPv4Address
    dst: IPv4Address
    sport: int
    dport: int

    @property
    def inverse(self) -> "Tuple":
        """What an answer says."""
        if self.proto == "icmp":
            return Tuple("icmp", self.dst, self.src, self.sport, ECHO_REPLY if self.dport == ECHO_REQUEST else ECHO_REQUEST)
        return Tuple(self.proto, self.dst, self.src, self.dport, self.sport)


def tuple_of(packet: Packet) -> Tuple | None:
    """What a packet says; None for one that is of no connection, such as an ICMP error."""
    transport = packet.transport
    if isinstance(transport, Icmp):
        if transport.type not in (ECHO_REQUEST, ECHO_REPLY):
            return None
        return Tuple("icmp", packet.src, packet.dst, transport.id, transport.type)
    return Tuple(packet.proto, packet.src, packet.dst, transport.sport, transport.dport)


@dataclass(slots=True, eq=False)
class Connection(Kept):
    """`state` is TCP's. `source_done`, `destination_done`: NAT has been asked for this side. `leaves_by`: the interface whose address it
    was masqueraded to. `born` and `expires` are on the lab's clock."""

    original: Tuple
    reply: Tuple
    state: str = ""
    replied: bool = False
    assured: bool = False
    confirmed: bool = False
    dying: bool = False
    source_done: bool = False
    destination_done: bool = False
    source_changed: bool = False
    destination_changed: bool = False
    leaves_by: str = ""
    mark: int = 0
    born: float = 0.0
    expires: float = 0.0
    fins: int = 0


class Tracked(NamedTuple):
    """What a packet carries from hook to hook: its connection, and whether it is a packet of the answering side; `related`: an error about
    it; `untracked`: a rule of the table raw said so. `state` is what `--ctstate` matches."""

    connection: Connection | None
    answering: bool = False
    related: bool = False
    state: str = "INVALID"


@dataclass(slots=True, eq=False)
class Connections(Kept):
    """Entries by either of their tuples."""

    by_tuple: dict[Tuple, Connection] = field(default_factory=dict)

    def find(self, what: Tuple, now: float) -> Connection | None:
        """The entry that a tuple belongs to, if it still lives."""
        found = self.by_tuple.get(what)
        if found is not None and found.expires <= now:
            self.remove(found)
            return None
        return found

    def confirm(self, connection: Connection) -> None:
        """The first packet leaves: from now on its entry is there."""
        connection.confirmed = True
        self.by_tuple[connection.original] = self.by_tuple[connection.reply] = connection

    def remove(self, connection: Connection) -> None:
        connection.dying = True
        for what in (connection.original, connection.reply):
            if self.by_tuple.get(what) is connection:
                del self.by_tuple[what]

    def all(self, now: float) -> list[Connection]:
        """Those that live, in an order of their own (the kernel's is by a hash with a random key)."""
        found = {id(one): one for one in self.by_tuple.values()}
        return sorted(
            (one for one in found.values() if one.expires > now), key=lambda one: (one.original.proto, *map(str, one.original[1:]))
        )

    def taken(self, reply: Tuple, but: Connection, now: float) -> bool:
        """Whether another connection already expects this answer."""
        found = self.find(reply, now)
        return found is not None and found is not but


@dataclass(slots=True, eq=False)
class Noted(Kept):
    """An address in a list of the match `recent`: the packet's TTL and when it was seen, oldest first (net/netfilter/xt_recent.c)."""

    ttl: int
    times: list[float] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Netfilter(Kept):
    """A namespace's packet filter: the tables that exist, and the connections it follows. `tracks` while a rule needs them. `recent`: the
    lists of that match by name, each by address, the one that was seen longest ago first."""

    tables: dict[str, Table] = field(default_factory=dict)
    connections: Connections = field(default_factory=Connections)
    tracks: bool = False
    recent: dict[str, dict[int, Noted]] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table to read: one that does not exist has its chains, empty and with policy ACCEPT."""
        return self.tables.get(name) or Table(name)

    def changed(self, chains: list[Chain] | None = None) -> None:
        """Rules were written: is tracking still needed? A list of `recent` lives as long as a rule that names it. `chains`: those that
        are no more as they were, None for any."""
        self.tracks = any(rule.spec.tracks for table in self.tables.values() for chain in table.chains.values() for rule in chain.rules)
        if self.recent and (chains is None or any(m.name == "recent" for c in chains for rule in c.rules for m in rule.spec.matches)):
            named = set(self.recent_names())
            self.recent = {name: held for name, held in self.recent.items() if name in named}

    def recent_names(self) -> list[str]:
        """The lists that rules name, in the order of the rules."""
        specs = (rule.spec for table in self.tables.values() for chain in table.chains.values() for rule in chain.rules)
        return list(dict.fromkeys(match.get("--name").value for spec in specs for match in spec.matches if match.name == "recent"))


def masquerade_gone(netfilter: Netfilter | None, interface: str, address: IPv4Address | None = None) -> None:
    """An interface went down, or an address of it went: what was masqueraded to it goes too (nf_nat_masquerade.c device_cmp, inet_cmp)."""
    for connection in [*netfilter.connections.by_tuple.values()] if netfilter is not None else ():
        if connection.leaves_by == interface and address in (None, connection.reply.dst):
            netfilter.connections.remove(connection)
