"""A route as text: the lines of `ip route`, the objects of `ip -j route`, the rows of `route -n`.

iproute2 puts a space behind every field, the last one too; these lines end without it, and the
command adds it. Fields that say nothing are hidden (proto boot, scope global, table main), and
`hide` names those that a filter makes needless. facts.md 3.8; iproute2 ip/iproute.c print_route.
"""

from collections.abc import Iterable, Iterator, Set
from ipaddress import IPv4Network

from .names import PROTOS, SCOPES, TYPES, table_name, tos_name
from .route import MAIN, NextHop, Route

_NOTHING: Set[str] = frozenset()

#: JSON has other names for two metrics than the text has.
_TIMES = ("rtt", "rttvar", "rto_min")


def prefix_words(network: IPv4Network) -> str:
    """A destination as iproute2 writes it: `default`, a bare address for /32, else with its length."""
    if network.prefixlen == 0 and not int(network.network_address):
        return "default"
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def route_line(route: Route, hide: Set[str] = _NOTHING, details: bool = False, numeric: bool = False) -> str:
    """The lines of one route, without the space that iproute2 puts at the end of each.

    hide: fields to leave out, among via dev table proto scope src metric tos. details: as with -d.
    numeric: as with -N, numbers in place of names.
    """
    words = [_type(route, numeric)] if details or route.type != "unicast" else []
    words.append(prefix_words(route.dst))
    for key, value in _fields(route, hide, details, numeric):
        words += [key, value]
    words += route.flags
    for name, value in route.metrics:
        words += [name, value]
    lines = [" ".join(words), *("\tnexthop " + " ".join(_leg_words(leg)) for leg in route.nexthops)]
    return "\n".join(lines)


def _type(route: Route, numeric: bool) -> str:
    return str(TYPES.index(route.type) + 1) if numeric else route.type


def _number(names: dict[str, int], word: str, numeric: bool) -> str:
    return str(names.get(word, word)) if numeric else word


def _fields(route: Route, hide: Set[str], details: bool, numeric: bool) -> Iterator[tuple[str, str]]:
    """The fields between destination and flags, in iproute2's order."""
    if route.tos and "tos" not in hide:
        yield "tos", f"{route.tos:#04x}" if numeric else tos_name(route.tos)
    if route.gateway is not None and "via" not in hide:
        yield "via", str(route.gateway)
    if route.dev is not None and "dev" not in hide:
        yield "dev", route.dev
    if (details or route.table != MAIN) and "table" not in hide:
        yield "table", str(route.table) if numeric else table_name(route.table)
    if (details or route.proto != "boot") and "proto" not in hide:
        yield "proto", _number(PROTOS, route.proto, numeric)
    if (details or route.scope != "global") and "scope" not in hide:
        yield "scope", _number(SCOPES, route.scope, numeric)
    if route.src is not None and "src" not in hide:
        yield "src", str(route.src)
    if route.metric and "metric" not in hide:
        yield "metric", str(route.metric)


def _leg_words(leg: NextHop) -> list[str]:
    words = ["via", str(leg.gateway)] if leg.gateway is not None else []
    words += ["dev", leg.dev] if leg.dev is not None else []
    return [*words, "weight", str(leg.weight), *leg.flags]


_JSON_NAMES = {"via": "gateway", "proto": "protocol", "src": "prefsrc"}


def route_json(route: Route, hide: Set[str] = _NOTHING, details: bool = False, numeric: bool = False) -> dict:
    """The object that `ip -j route` prints for one route; keys in iproute2's order."""
    answer: dict = {"type": _type(route, numeric)} if details or route.type != "unicast" else {}
    answer["dst"] = prefix_words(route.dst)
    for key, value in _fields(route, hide, details, numeric):
        answer[_JSON_NAMES.get(key, key)] = int(value) if key == "metric" else value
    answer["flags"] = list(route.flags)
    if route.metrics:
        answer["metrics"] = [dict(metric_json(name, value) for name, value in route.metrics)]
    if route.nexthops:
        answer["nexthops"] = [_leg_json(leg) for leg in route.nexthops]
    return answer


def metric_json(name: str, value: str) -> tuple[str, int | str | None]:
    """JSON drops the word `lock`, and gives times in milliseconds."""
    value = value.removeprefix("lock ")
    if name == "features":
        return value, None
    if name == "congctl":
        return "congestion", value
    return name, milliseconds(value) if name in _TIMES else int(value)


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
    """What `route -n` prints, line by line."""
    lines = [_TITLE, "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface"]
    for route in filter(_listed, routes):
        rest = "-        0 -" if _rejects(route) else f"0        0 {_iface(route)}"
        lines.append(f"{_row(route):<53} {_signed(route.metric):<6} {rest}")
    return lines


def netstat_lines(routes: Iterable[Route]) -> list[str]:
    """What `netstat -rn` prints, line by line: no metric, but the TCP values of the route."""
    lines = [_TITLE, "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface"]
    for route in filter(_listed, routes):
        if _rejects(route):
            lines.append(f"{_row(route):<53}     - -          - -")
            continue
        values = dict(route.metrics)
        advmss = int(values.get("advmss", "0").split()[-1])
        window = values.get("window", "0").split()[-1]
        rtt = milliseconds(values.get("rtt", "0ms").split()[-1])
        lines.append(f"{_row(route):<53} {advmss + 40 if advmss else 0:>5} {window:<5} {rtt:>6} {_iface(route)}")
    return lines


def _listed(route: Route) -> bool:
    """/proc/net/route leaves these two types out (kernel: fib_trie.c fib_route_seq_show)."""
    return route.type not in ("broadcast", "multicast")


def _row(route: Route) -> str:
    """The first four columns, the same in both."""
    leg = route.legs[0]
    gateway = "-" if _rejects(route) else str(leg.gateway or "0.0.0.0")
    return f"{str(route.dst.network_address):<15} {gateway:<15} {str(route.dst.netmask):<15} {_letters(route)}"


def _letters(route: Route) -> str:
    """U up, G gateway, H host; `!` takes the place of U and G (net-tools lib/inet_gr.c)."""
    letters = "!" if _rejects(route) else "UG" if route.legs[0].gateway is not None else "U"
    return letters + ("H" if route.dst.prefixlen == 32 else "")


def _rejects(route: Route) -> bool:
    """/proc/net/route tells of these two only; blackhole and throw look like any other route."""
    return route.type in ("unreachable", "prohibit")


def _iface(route: Route) -> str:
    return route.legs[0].dev or "*"


def _signed(metric: int) -> int:
    """net-tools 2.10 reads the metric into a signed number."""
    return metric - 2**32 if metric >= 2**31 else metric
