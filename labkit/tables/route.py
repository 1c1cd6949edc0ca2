"""One route: where a destination is to go next.

Words (as `ip route` prints them): dst, via (gateway), dev, proto (who put it there), scope (how far
the next hop is: host, link, global), src (preferred source), metric, type (unicast, or an error).
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from .origin import YOU, Origin
from .values import Value

MAIN, LOCAL, DEFAULT = 254, 255, 253
ANY = IPv4Network("0.0.0.0/0")

#: What the kernel answers a local sender whose lookup ends in such a route (errno name), and the
#: ICMP type/code a router sends back (None: silence). facts.md 3.1, observed on 6.18.
ERROR_TYPES = {
    "unreachable": ("EHOSTUNREACH", (3, 1)),
    "prohibit": ("EACCES", (3, 13)),
    "blackhole": ("EINVAL", None),
}


@dataclass(frozen=True, slots=True)
class NextHop(Value):
    """One leg of a multipath route."""

    gateway: IPv4Address | None = None
    dev: str | None = None
    weight: int = 1
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route(Value):
    """A line of a route table. `metrics` are (name, value) pairs such as ("mtu", "1400")."""

    dst: IPv4Network = ANY
    gateway: IPv4Address | None = None
    dev: str | None = None
    metric: int = 0
    src: IPv4Address | None = None
    type: str = "unicast"
    tos: int = 0
    table: int = MAIN
    proto: str = "boot"
    scope: str = "global"
    flags: tuple[str, ...] = ()
    metrics: tuple[tuple[str, str], ...] = ()
    nexthops: tuple[NextHop, ...] = ()
    origin: Origin = field(default=YOU, compare=False)

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The kernel's order in a table: address, longest prefix first, TOS, metric.

        kernel: net/ipv4/fib_trie.c keeps leaves by address and aliases by length, then by
        TOS (the larger first), then by metric.
        """
        return (int(self.dst.network_address), -self.dst.prefixlen, -self.tos, self.metric)

    @property
    def legs(self) -> tuple[NextHop, ...]:
        """The next hops: those of a multipath route, or the single one."""
        return self.nexthops or (NextHop(self.gateway, self.dev, 1, self.flags),)

    @property
    def mtu(self) -> int | None:
        for name, value in self.metrics:
            if name == "mtu":
                return int(value.split()[-1])
        return None

    @property
    def onlink(self) -> bool:
        return "onlink" in self.flags

    def matches(self, address: IPv4Address) -> bool:
        return address in self.dst

    def __str__(self) -> str:
        from .text import route_line

        return route_line(self)
