"""Reads what `ip -j route` prints: an array of objects, one for each route.

The words are iproute2's JSON names (facts.md 3.8). IPv6 routes are left out, as in parse.py.
"""

import json
import re
from ipaddress import IPv4Address, IPv4Network

from ..errors import BadInput
from .names import TABLES, TYPES
from .parse import (
    A_DEVICE,
    A_PREFIX,
    AN_ADDRESS,
    FLAGS,
    METRICS,
    ONLY_IPV6,
    TIMES,
    as_address,
    as_number,
    as_prefix,
    as_tos,
    is_device,
    is_ipv6,
    is_metric,
    is_scope,
)  # fmt: skip
from .route import MAIN, NextHop, Route

#: What `ip -j` prints besides routes is told by a field of it.
_OTHERS = {
    "ifname": "`ip -j addr` or `ip -j link`", "priority": "`ip -j rule`", "lladdr": "`ip -j neigh`", "state": "`ip -j neigh`",
    "uid": "`ip -j route get`", "cache": "`ip -j route get`", "mac": "`bridge -j fdb`", "apiVersion": "kubectl", "Id": "docker inspect",
    "name": "`ip -j netns`",
}
_STARTS = re.compile(r"\s*(?:\[\s*(?:[\[\]{\"\d-]|$)|\{\s*(?:[}\"]|$))")


def is_json(text: str) -> bool:
    """Whether the text starts as JSON does; `[root@node]` and `[snip]` do not."""
    return _STARTS.match(text) is not None


def parse_json(text: str) -> list[Route | None]:
    """The routes of the array, None for an IPv6 one; BadInput names the line of bad JSON, or the route and the key."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"line {error.lineno}: this looks like `ip -j route`, but is not JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BadInput("line 1: this looks like `ip -j route`, but no route has values like these") from None
    first = found[0] if isinstance(found, list) and found else found
    other = next((_OTHERS[key] for key in _OTHERS if isinstance(first, dict) and key in first), None)
    if other:
        raise BadInput(f"line 1: this is what {other} prints, not `ip -j route`")
    if not isinstance(found, list):
        raise BadInput("line 1: `ip -j route` prints an array of routes: [ … ]")
    return [_route(_Entry(f"route {number}", entry)) for number, entry in enumerate(found, 1) if entry != {}]


class _Entry:
    """One object, and what to call it in a complaint."""

    def __init__(self, where: str, entry: object):
        if not isinstance(entry, dict):
            raise BadInput(f"{where}: {entry!r} is not an object with the fields of a route")
        self.where = where
        self.entry = entry

    def wrong(self, key: str, wanted: str) -> BadInput:
        return BadInput(f"{self.where}: {key!r} is {self.entry[key]!r}, which is not {wanted}")

    def word(self, key: str, default: str, fits, wanted: str) -> str:
        value = self.entry.get(key, default)
        if not isinstance(value, str) or not fits(value):
            raise self.wrong(key, wanted)
        return value

    def address(self, key: str) -> IPv4Address | None:
        if key not in self.entry:
            return None
        return as_address(self.word(key, "", as_address, AN_ADDRESS))

    def device(self) -> str | None:
        return self.word("dev", "", is_device, A_DEVICE) if "dev" in self.entry else None

    def number(self, key: str, default: int) -> int:
        value = self.entry.get(key, default)
        if type(value) is not int or not 0 <= value < 2**32:
            raise self.wrong(key, "a number from 0 to 4294967295")
        return value

    def list(self, key: str) -> list:
        value = self.entry.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return value

    def flags(self) -> tuple[str, ...]:
        flags = self.list("flags")
        if not all(isinstance(flag, str) and flag in FLAGS for flag in flags):
            raise self.wrong("flags", "a list of flags such as onlink or linkdown")
        return tuple(flags)

    def refuse_family(self) -> None:
        """An IPv4 route through an IPv6 router has `via` with a family instead of `gateway`."""
        via = self.entry.get("via")
        if isinstance(via, dict):
            raise BadInput(f"{self.where}: its next hop is {via.get('host')!r} of {via.get('family')!r}; the lab has IPv4 only, not IPv6")

    def known(self, keys: frozenset[str]) -> None:
        for key in self.entry:
            if key not in keys:
                known = ", ".join(sorted(keys))
                raise BadInput(f"{self.where}: the lab's routes have no field {key!r} of `ip -j route`; they have {known}")


_KEYS = frozenset(
    "type dst tos nhid gateway dev table protocol scope prefsrc metric flags metrics nexthops".split()
)
_LEG_KEYS = frozenset({"gateway", "dev", "weight", "flags"})


def _route(entry: _Entry) -> Route | None:
    addresses = (entry.entry.get(key) for key in ("dst", "gateway", "prefsrc"))
    addresses = [*addresses, *(leg.get("gateway") for leg in entry.list("nexthops") if isinstance(leg, dict))]
    if any(isinstance(word, str) and is_ipv6(word) for word in addresses) or ONLY_IPV6 & entry.entry.keys():
        return None
    entry.refuse_family()
    entry.known(_KEYS)
    if "dst" not in entry.entry:
        raise BadInput(f"{entry.where}: it has no 'dst', and every route has one")
    return Route(
        type=entry.word("type", "unicast", TYPES.__contains__, f"a type of route: {', '.join(TYPES)}"),
        dst=_prefix(entry),
        tos=as_tos(entry.word("tos", "0x00", lambda word: as_tos(word) is not None, "a TOS such as 0x10")),
        gateway=entry.address("gateway"),
        dev=entry.device(),
        table=_table(entry),
        proto=entry.word("protocol", "boot", _one_word, "who put the route there, such as kernel"),
        scope=entry.word("scope", "global", is_scope, "a scope: global, site, link, host, or a number"),
        src=entry.address("prefsrc"),
        metric=entry.number("metric", 0),
        flags=entry.flags(),
        metrics=_metrics(entry),
        nexthops=tuple(_leg(_Entry(f"{entry.where}, nexthop {i}", leg)) for i, leg in enumerate(entry.list("nexthops"), 1)),
    )


def _one_word(word: str) -> bool:
    return word.split() == [word]


def _prefix(entry: _Entry) -> IPv4Network:
    return as_prefix(entry.word("dst", "", as_prefix, A_PREFIX))


def _table(entry: _Entry) -> int:
    value = entry.entry.get("table", "main")
    if type(value) is int:
        return entry.number("table", MAIN)
    word = entry.word("table", "main", lambda word: word in TABLES or as_number(word), "a table: local, main, default or a number")
    return TABLES[word] if word in TABLES else int(word)


def _leg(entry: _Entry) -> NextHop:
    entry.refuse_family()
    entry.known(_LEG_KEYS)
    weight = entry.number("weight", 1)
    if weight > 256:
        raise entry.wrong("weight", "a weight: a number up to 256")
    return NextHop(entry.address("gateway"), entry.device(), weight, entry.flags())


def _metrics(entry: _Entry) -> tuple[tuple[str, str], ...]:
    found = entry.list("metrics")
    if not found:
        return ()
    if len(found) != 1 or not isinstance(found[0], dict):
        raise entry.wrong("metrics", 'a list of one object such as {"mtu": 1400}')
    return tuple(_metric(entry, name, value) for name, value in found[0].items())


def _metric(entry: _Entry, name: str, value: object) -> tuple[str, str]:
    """One metric as the text of `ip route` would have it."""
    if value is None:
        name, word = "features", name
    elif name == "congestion":
        name, word = "congctl", str(value)
    elif name in TIMES and type(value) is int:
        word = f"{value / 1000:g}s" if value >= 1000 else f"{value}ms"
    else:
        word = str(value)
    if name not in METRICS or not is_metric(name, word):
        raise entry.wrong("metrics", f"right at {name!r}: metrics are numbers such as mtu and advmss")
    return name, word
