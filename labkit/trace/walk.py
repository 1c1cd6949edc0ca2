"""A packet on its way through the rules of one place, as the chains, the matches, connection tracking and NAT see it."""

from ipaddress import IPv4Address

from ..lab.interface import Interface
from ..lab.namespace import Namespace
from ..lab.packet import Packet
from ..tables.chains import Rule, Table
from .engine import Net


class Walk:
    """A packet at one of the five places, as rules see it."""

    __slots__ = ("net", "ns", "netfilter", "place", "packet", "iif", "oif", "next_hop", "out_port", "src", "dst", "rule", "table", "rules")

    def __init__(self, net: Net, ns: Namespace, place: str, packet: Packet, iif: str | None, oif: str | None, **way):
        self.net, self.ns, self.netfilter, self.place = net, ns, ns.netfilter, place
        self.iif, self.oif = iif, oif
        self.next_hop: IPv4Address | None = way.get("next_hop")
        self.out_port: str = way.get("out_port", "")
        self.rule: Rule | None = None
        self.table: Table | None = None  # the one that is asked, and the rules of the chain in it
        self.rules: list[Rule] = []
        self.see(packet)

    def see(self, packet: Packet) -> None:
        self.packet, self.src, self.dst = packet, int(packet.src), int(packet.dst)

    @property
    def state(self) -> str:
        return self.packet.tracked.state if self.packet.tracked is not None else "INVALID"


def tell(here: Walk, table: Table, words: str, lost) -> None:
    """A step about a table at this place; `lost`: the rules that did not match, and why."""
    at = f"{table.name} {here.place}"
    here.net.step(here.ns, device(here), "filter", f"{at}: {words}", here.packet, details=tuple(lost), at=at)


def drop(here: Walk, table: Table, words: str, lost) -> bool:
    """The packet goes no further: False."""
    tell(here, table, f"{words}: goes no further", lost)
    here.net.drop_in_stack(here.ns, device(here), f"the packet filter: {table.name} {here.place}: {words}", here.packet)
    return False


def device(here: Walk) -> Interface | None:
    """Where steps of this place are told: the interface it came in by, or goes out."""
    return here.ns.find(here.iif or here.oif)
