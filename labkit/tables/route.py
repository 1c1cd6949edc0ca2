"""One route: where a destination is to go next.

Words (as `ip route` prints them): dst, via (gateway), dev, proto (who put it there), scope (how far
the next hop is: host, link, global), src (preferred source), metric, type (unicast, or an error).
One table of them (FIELDS) prints the lines of `ip route` and the objects of `ip -j route`, and reads them back (read.py).
"""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from .names import table_name, tos_name
from .values import YOU, Origin, Value

MAIN, LOCAL, DEFAULT = 254, 255, 253
ANY = IPv4Network("0.0.0.0/0")

#: What the kernel answers a local sender whose lookup ends in such a route (errno name), and the
#: ICMP type/code a router sends back (None: silence). kernel: net/ipv4/fib_semantics.c fib_props, icmp.c; observed on 6.18.
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
        """The kernel's order in a table: address, longest prefix first, TOS, metric. kernel: net/ipv4/fib_trie.c keeps leaves by
        address and aliases by length, then by TOS (the larger first), then by metric."""
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
        return route_line(self)


class Field(NamedTuple):
    """What a field is called in text, in JSON and by `Route`, the value that is not printed, and how others are."""

    word: str
    key: str
    attribute: str
    default: object
    text: Callable = str


#: Between the destination and the flags, in iproute2's order (ip/iproute.c print_route).
FIELDS = (
    Field("tos", "tos", "tos", 0, tos_name),
    Field("via", "gateway", "gateway", None),
    Field("dev", "dev", "dev", None),
    Field("table", "table", "table", MAIN, table_name),
    Field("proto", "protocol", "proto", "boot"),
    Field("scope", "scope", "scope", "global"),
    Field("src", "prefsrc", "src", None),
    Field("metric", "metric", "metric", 0, int),
)
_NOTHING: Set[str] = frozenset()
TIMES = frozenset({"rtt", "rttvar", "rto_min"})


def prefix_words(network: IPv4Network) -> str:
    """A destination as iproute2 writes it: `default`, a bare address for /32, else with its length."""
    if network.prefixlen == 0 and not int(network.network_address):
        return "default"
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _printed(route: Route, hide: Set[str], details: bool) -> list[tuple[str, str, object]]:
    """(word, JSON key, value) of the fields that say something, and with -d table, proto and scope; not of those that a filter hides."""
    found = []
    for word, key, attribute, default, text in FIELDS:
        value = getattr(route, attribute)
        said = value is not default and (default is None or value != default)
        if (said or (details and word in ("table", "proto", "scope"))) and word not in hide:
            found.append((word, key, text(value)))
    return found


def route_line(route: Route, hide: Set[str] = _NOTHING, details: bool = False) -> str:
    """The lines of one route, without the space that iproute2 puts at the end of each (the command adds it). hide: fields to leave
    out, among via dev table proto scope src metric tos. details: as with -d."""
    words = [route.type] if details or route.type != "unicast" else []
    words.append(prefix_words(route.dst))
    words += [f"{word} {value}" for word, _, value in _printed(route, hide, details)]
    words += (*route.flags, *(f"{name} {value}" for name, value in route.metrics))
    return "\n".join([" ".join(words), *map(_leg_line, route.nexthops)])


def _leg_line(leg: NextHop) -> str:
    to = f"via {leg.gateway} " if leg.gateway is not None else ""
    dev = f"dev {leg.dev} " if leg.dev is not None else ""
    return " ".join([f"\tnexthop {to}{dev}weight {leg.weight}", *leg.flags])


def route_json(route: Route, hide: Set[str] = _NOTHING, details: bool = False) -> dict:
    """The object that `ip -j route` prints for one route; keys in iproute2's order."""
    answer: dict = {"type": route.type} if details or route.type != "unicast" else {}
    answer["dst"] = prefix_words(route.dst)
    answer |= {key: value for _, key, value in _printed(route, hide, details)}
    answer["flags"] = list(route.flags)
    if route.metrics:
        answer["metrics"] = [dict(metric_json(name, value) for name, value in route.metrics)]
    if route.nexthops:
        answer["nexthops"] = [_leg_json(leg) for leg in route.nexthops]
    return answer


def metric_json(name: str, value: str) -> tuple[str, int | str | None]:
    """JSON drops the word `lock`, gives times in milliseconds, and has other names for two."""
    value = value.removeprefix("lock ")
    if name == "features":
        return value, None
    if name == "congctl":
        return "congestion", value
    return name, milliseconds(value) if name in TIMES else int(value)


def milliseconds(words: str) -> int:
    """`250ms`, `2s` and `1.5s` as a number of milliseconds."""
    return int(words[:-2]) if words.endswith("ms") else round(float(words[:-1]) * 1000)


def _leg_json(leg: NextHop) -> dict:
    answer: dict = {"gateway": str(leg.gateway)} if leg.gateway is not None else {}
    if leg.dev is not None:
        answer["dev"] = leg.dev
    return answer | {"weight": leg.weight, "flags": list(leg.flags)}


_TITLE = "Kernel IP routing table"


def route_n_lines(routes: Iterable[Route]) -> list[str]:
    """What `route -n` prints, line by line; net-tools 2.10 reads the metric into a signed number."""
    lines = [_TITLE, "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface"]
    for route in filter(_listed, routes):
        metric = route.metric - 2**32 if route.metric >= 2**31 else route.metric
        lines.append(f"{_columns(route)} {metric:<6} " + ("-        0 -" if _rejects(route) else f"0        0 {route.legs[0].dev or '*'}"))
    return lines


def netstat_lines(routes: Iterable[Route]) -> list[str]:
    """What `netstat -rn` prints, line by line: no metric, but the TCP values of the route."""
    lines = [_TITLE, "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface"]
    for route in filter(_listed, routes):
        mss, window, rtt = ("-", "-", "-") if _rejects(route) else tcp_values(route)
        dev = "-" if _rejects(route) else route.legs[0].dev or "*"
        lines.append(f"{_columns(route)} {mss:>5} {window:<5} {rtt:>6} {dev}")
    return lines


def tcp_values(route: Route) -> tuple[int, int, int]:
    """MSS, window and round trip time, as /proc/net/route has them (kernel: fib_trie.c fib_route_seq_show)."""
    values = {name: value.removeprefix("lock ") for name, value in route.metrics}
    advmss = int(values.get("advmss", "0"))
    return advmss + 40 if advmss else 0, int(values.get("window", "0")), milliseconds(values.get("rtt", "0ms"))


def _listed(route: Route) -> bool:
    """/proc/net/route leaves these two types out (kernel: fib_trie.c fib_route_seq_show)."""
    return route.type not in ("broadcast", "multicast")


def _rejects(route: Route) -> bool:
    """/proc/net/route tells of these two only; blackhole and throw look like any other route."""
    return route.type in ("unreachable", "prohibit")


def _columns(route: Route) -> str:
    """The first four columns. U up, G gateway, H host; `!` takes the place of U and G (net-tools lib/inet_gr.c)."""
    gateway = route.legs[0].gateway
    letters = "!" if _rejects(route) else "UG" if gateway is not None else "U"
    letters += "H" if route.dst.prefixlen == 32 else ""
    via = "-" if _rejects(route) else str(gateway or "0.0.0.0")
    return f"{str(route.dst.network_address):<15} {via:<15} {str(route.dst.netmask):<15} {letters}".ljust(53)
