"""The words behind `ip route add` and its kin, read in the order in which iproute2 compares them.

The result is a `Spec`: what was said, and what iproute2 adds to it (table, scope, type). The kernel's
own checks are in lab/routes.py; a few that no `Route` can express are made here.
iproute2: ip/iproute.c iproute_modify; ip/rtm_map.c for the names of types.
"""

import errno
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import KernelError
from ...lab.namespace import Namespace
from ...lab.routes import RoutePattern
from ...tables.names import PROTOS, SCOPES, TABLES, TOS
from ...tables.route import LOCAL, MAIN, NextHop, Route
from ..result import Failure
from . import usage
from .words import Words, address, device, garbage, integer, matches, prefix, refused, unsigned, wrong

#: Metrics in the kernel's order (linux/rtnetlink.h RTAX_*), which is the order they are printed in.
METRICS = (
    "mtu", "window", "rtt", "rttvar", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd",
    "features", "rto_min", "initrwnd", "quickack", "congctl", "fastopen_no_cookie",
)  # fmt: skip

#: The largest values the kernel keeps (net/ipv4/metrics.c); larger ones become these.
_MOST = {"mtu": 65520, "advmss": 65495}
_CONGESTION = ("reno", "cubic", "bbr")


@dataclass(slots=True)
class Spec:
    """A route as the words describe it; None where nothing was said."""

    family: str
    dst: IPv4Interface | None = None
    type: str | None = None
    tos: int = 0
    via_said: bool = False
    gateway: IPv4Address | None = None
    dev: str | None = None
    src: IPv4Address | None = None
    metric: int = 0
    scope: str | None = None
    proto: str | None = None
    table: int | None = None
    onlink: bool = False
    nhid: bool = False
    metrics: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    legs: list[NextHop] | None = None

    def route(self) -> Route:
        """The route to write, with what iproute2 fills in."""
        self._check()
        kind = self.type or "unicast"
        legs = tuple(self.legs or ())
        single = legs[0] if len(legs) == 1 else NextHop(self.gateway, self.dev, 1, ("onlink",) if self.onlink else ())
        return Route(
            self.network, single.gateway, single.dev, self.metric, self.src, kind, self.tos, self._table(kind),
            self.proto or "boot", self.scope or self._scope(kind), single.flags, self._metrics(),
            legs if len(legs) > 1 else (),
        )  # fmt: skip

    def pattern(self) -> RoutePattern:
        """What to delete: whatever was not said fits anything."""
        self._check()
        scope = self.scope or {"local": "host", "nat": "host", "broadcast": "link", "multicast": "link", "anycast": "link"}.get(self.type)
        return RoutePattern(
            self.network, self._table(self.type), self.tos, self.gateway, self.dev, self.metric or None, self.src,
            self.type, None if self.proto in (None, "unspec") else self.proto, None if scope == "nowhere" else scope,
            self._metrics(), tuple(self.legs or ()),
        )  # fmt: skip

    @property
    def network(self) -> IPv4Network:
        return self.dst.network

    def _table(self, kind: str | None) -> int:
        if self.table is None:
            return LOCAL if kind in ("local", "broadcast", "nat", "anycast") else MAIN
        return self.table or MAIN  # the kernel takes table 0 for main

    def _scope(self, kind: str) -> str:
        if kind in ("local", "nat"):
            return "host"
        if kind in ("broadcast", "multicast", "anycast"):
            return "link"
        return "link" if kind == "unicast" and not self.via_said and self.legs is None and not self.nhid else "global"

    def _metrics(self) -> tuple[tuple[str, str], ...]:
        """The kernel keeps no zeros, except those that are locked."""
        found = []
        for name in METRICS:
            value = self.metrics.get(name)
            if value is not None and (value not in ("0", "0ms") or name in self.locked or name in ("rtt", "rttvar")):
                found.append((name, f"lock {value}" if name in self.locked else value))
        return tuple(found)

    def _check(self) -> None:
        """What the kernel refuses and no Route can express."""
        if self.tos & 3:
            raise KernelError(errno.EINVAL, "Invalid dsfield (tos): ECN bits must be 0")
        if self.dst.ip != self.dst.network.network_address:
            raise KernelError(errno.EINVAL, "Invalid prefix for given prefix length")
        if self.nhid:
            said = self.via_said or self.dev or self.legs
            raise KernelError(errno.EINVAL, "Nexthop specification and nexthop id are mutually exclusive" if said else "Nexthop id does not exist")
        if "congctl" in self.metrics and self.metrics["congctl"] not in _CONGESTION:
            raise KernelError(errno.EINVAL, "Unknown tcp congestion algorithm")
        if self.legs and self.dev is not None and self.legs[0].dev != self.dev:
            raise KernelError(errno.EINVAL, "Nexthop device index does not match RTA_OIF")
        if self.legs and self.gateway is not None and self.legs[0].gateway != self.gateway:
            raise KernelError(errno.EINVAL, "Nexthop gateway does not match RTA_GATEWAY or RTA_VIA")


def read(ns: Namespace, family: str, words: Words) -> Spec:
    """Read the words of a route, or fail as iproute2 fails."""
    spec = Spec(family)
    dev = None
    while words:
        word = words.take()
        if word == "nexthop":
            words.back()
            break
        if word in ("dev", "oif") and not matches(word, "dsfield"):
            dev = words.value()
            continue
        for keyword, exact, reader in _KEYWORDS:
            if word == keyword or (not exact and matches(word, keyword)):
                reader(spec, words)
                break
        else:
            _destination(spec, word, words)
    if spec.dst is None:
        raise Failure(255, usage.ROUTE)
    if dev is not None:
        spec.dev = device(ns, dev).name
    if words:
        spec.legs = _legs(ns, spec, words)
    return spec


def _destination(spec: Spec, word: str, words: Words) -> None:
    if word == "to":
        word = words.value()
    kind = route_type(word)
    if kind is not None:
        spec.type = kind
        word = words.value()
    if matches(word, "help"):
        raise Failure(255, usage.ROUTE)
    if spec.dst is not None:
        raise garbage("to", word)
    spec.dst, _ = prefix(word, spec.family)
    _settle(spec, word)


def _settle(spec: Spec, word: str) -> None:
    """Once an address was read, the rest must be of its family."""
    if word not in ("default", "any", "all"):
        spec.family = "inet"


def route_type(word: str) -> str | None:
    """The type a word means, or None."""
    if word in ("local", "nat", "throw"):
        return word
    if word == "brd":
        return "broadcast"
    kinds = ("broadcast", "anycast", "multicast", "prohibit", "unreachable", "blackhole", "xresolve", "unicast")
    return next((kind for kind in kinds if matches(word, kind)), None)


def _address(spec: Spec, words: Words) -> IPv4Address | None:
    """An address; `default` is none at all."""
    word = words.value()
    found = address(word, spec.family)
    _settle(spec, word)
    if word in ("any", "all"):
        raise refused(KernelError(errno.EINVAL, "Attribute failed policy validation"))
    return None if word == "default" else found


def _gateway(spec: Spec, words: Words) -> IPv4Address | None:
    """An address, with its family before it or not."""
    word = words.value()
    if word in ("inet6", "mpls", "link", "bridge"):
        raise Failure(1, f'The lab knows IPv4 only: "via {word}" is not in it.\n')
    if word != "inet":
        words.back()
    return _address(spec, words)


def _via(spec: Spec, words: Words) -> None:
    if spec.via_said:
        raise wrong("via", "use nexthop syntax to specify multiple via\n")
    spec.via_said = True
    spec.gateway = _gateway(spec, words)


def _legs(ns: Namespace, spec: Spec, words: Words) -> list[NextHop]:
    legs = []
    while words:
        word = words.take()
        if word != "nexthop":
            raise Failure(255, f'Error: "nexthop" or end of line is expected instead of "{word}"\n')
        if not words:
            raise Failure(255, 'Error: unexpected end of line after "nexthop"\n')
        legs.append(_leg(ns, spec, words))
    return legs


def _leg(ns: Namespace, spec: Spec, words: Words) -> NextHop:
    gateway, dev, weight, flags = None, None, 1, ()
    while words:
        word = words.take()
        if word == "via":
            gateway = _gateway(spec, words)
        elif word == "dev":
            dev = _leg_device(ns, words.value())
        elif word == "weight":
            value = words.value()
            weight = unsigned(value)
            if weight is None or not 1 <= weight <= 256:
                raise wrong(value, '"weight" is invalid\n')
        elif word == "onlink":
            flags = ("onlink",)
        elif matches(word, "realms") or word == "encap":
            raise _beyond(word)
        elif word == "as":
            _ignored_address(spec, words)
        else:
            words.back()
            break
    return NextHop(gateway, dev, weight, flags)


def _leg_device(ns: Namespace, name: str) -> str:
    try:
        return device(ns, name).name
    except Failure as failure:
        if failure.result.returncode == 1:
            raise Failure(255, failure.result.stderr + "Error: cannot parse nexthop\n") from None
        raise


def _beyond(word: str) -> Failure:
    return Failure(1, f'The lab\'s routes have no "{word}".\n')


def _refuse(keyword: str) -> Callable[[Spec, Words], None]:
    def reader(spec: Spec, words: Words) -> None:
        words.value()
        raise _beyond(keyword)

    return reader


def _ignored_address(spec: Spec, words: Words) -> None:
    """`as` and `from` are for other families: for IPv4 the kernel looks past them."""
    if words.value() != "to":
        words.back()
    _address(spec, words)


def _ignored_prefix(spec: Spec, words: Words) -> None:
    word = words.value()
    prefix(word, spec.family)
    _settle(spec, word)


def _ignored_number(spec: Spec, words: Words) -> None:
    word = words.value()
    if unsigned(word) is None:
        raise wrong(word, '"expires" value is invalid\n')


def _ignored_preference(spec: Spec, words: Words) -> None:
    word = words.value()
    if word not in ("low", "medium", "high") and unsigned(word, 8) is None:
        raise wrong(word, '"pref" value is invalid\n')


def _ignored_switch(spec: Spec, words: Words) -> None:
    word = words.value()
    if not matches(word, "enabled", "disabled"):
        raise wrong(word, '"ttl-propagate" value is invalid\n')


def _named(what: str, names: dict[str, int], why: str, largest: int) -> Callable[[Spec, Words], None]:
    """A reader of a name or number; the spec gets the name."""

    def reader(spec: Spec, words: Words) -> None:
        word = words.value()
        number = numbered(word, names, largest)
        if number is None:
            raise wrong(word, why)
        setattr(spec, what, next((name for name, n in names.items() if n == number), str(number)))

    return reader


def numbered(word: str, names: dict[str, int], largest: int) -> int | None:
    """A name of the table, or a number."""
    return names[word] if word in names else integer(word, 0, largest)


def read_tos(word: str) -> int | None:
    """A name such as AF11, or a hexadecimal number even without 0x (iproute2 lib/rt_names.c)."""
    if word in TOS:
        return TOS[word]
    found = re.fullmatch(r"(0[xX])?([0-9a-fA-F]+)", word)
    number = int(found[2], 16) if found else 256
    return number if number <= 255 else None


def _tos(spec: Spec, words: Words) -> None:
    word = words.value()
    tos = read_tos(word)
    if tos is None:
        raise wrong(word, '"tos" value is invalid\n')
    spec.tos = tos


def _metric(spec: Spec, words: Words) -> None:
    word = words.value()
    metric = unsigned(word)
    if metric is None:
        raise wrong(word, '"metric" value is invalid\n')
    spec.metric = metric


def _src(spec: Spec, words: Words) -> None:
    spec.src = _address(spec, words)


def _table(spec: Spec, words: Words) -> None:
    word = words.value()
    table = numbered(word, TABLES, 2**32 - 1)
    if table is None:
        raise wrong(word, '"table" value is invalid\n')
    spec.table = table


def _vrf(spec: Spec, words: Words) -> None:
    raise wrong(words.value(), "Invalid VRF\n")


def _onlink(spec: Spec, words: Words) -> None:
    spec.onlink = True


def _nhid(spec: Spec, words: Words) -> None:
    word = words.value()
    if unsigned(word) is None:
        raise wrong(word, '"id" value is invalid\n')
    spec.nhid = True


def _number(name: str, said: str = "", largest: int = 2**32 - 1, lockable: bool = True) -> Callable[[Spec, Words], None]:
    """A reader of a metric that is a number. `said`: what the error calls it."""

    def reader(spec: Spec, words: Words) -> None:
        word = words.value()
        if lockable and word == "lock":
            spec.locked.add(name)
            word = words.value()
        number = unsigned(word)
        if number is None or (largest > 1 and number > largest):
            raise wrong(word, f'"{said or name}" value is invalid\n')
        if number > largest:
            raise wrong(word, f'"{name}" value should be 0 or 1\n')
        spec.metrics[name] = str(min(number, _MOST.get(name, number)))

    return reader


def _time(name: str, unit: int, locked: bool = False) -> Callable[[Spec, Words], None]:
    """A reader of a time: a bare number is in the kernel's own `unit`-th parts of a millisecond."""

    def reader(spec: Spec, words: Words) -> None:
        word = words.value()
        if locked or word == "lock":
            spec.locked.add(name)
        if not locked and word == "lock":
            word = words.value()
        found = _duration(word)
        if found is None:
            raise wrong(word, f'"{name}" value is invalid\n')
        amount, bare = found
        value = amount // unit if bare else amount
        spec.metrics[name] = f"{value / 1000:g}s" if value >= 1000 else f"{value}ms"

    return reader


def _duration(word: str) -> tuple[int, bool] | None:
    """A whole number of milliseconds, rounded up, and whether it had no unit."""
    found = re.fullmatch(r"(\d+\.\d*|\.\d+|0[xX][0-9a-fA-F]+|\d+)(s|secs?|ms|msecs?|)", word, re.IGNORECASE)
    if found is None:
        return None
    number = float(found[1]) if "." in found[1] else unsigned(found[1], 64)
    if number is None:
        return None
    exact = number * (1000 if found[2].lower().startswith("s") else 1)
    return int(exact) + (exact > int(exact)), not found[2]


def _features(spec: Spec, words: Words) -> None:
    word = words.value()
    if word != "ecn":
        raise wrong(word, '"features" value not valid\n')
    spec.metrics["features"] = word


def _congctl(spec: Spec, words: Words) -> None:
    word = words.value()
    if word == "lock":
        spec.locked.add("congctl")
        word = words.value()
    spec.metrics["congctl"] = word


#: keyword, whether it must be written out, and what reads its value: in iproute2's order.
_KEYWORDS: tuple[tuple[str, bool, Callable[[Spec, Words], None]], ...] = (
    ("src", True, _src), ("as", True, _ignored_address), ("via", True, _via), ("from", True, _ignored_prefix),
    ("tos", True, _tos), ("dsfield", False, _tos), ("expires", True, _ignored_number),
    ("metric", False, _metric), ("priority", False, _metric), ("preference", True, _metric),
    ("scope", True, _named("scope", SCOPES, 'invalid "scope" value\n', 255)),
    ("mtu", True, _number("mtu")), ("hoplimit", True, _number("hoplimit", largest=255)),
    ("advmss", True, _number("advmss", "mss")), ("reordering", False, _number("reordering")),
    ("rtt", True, _time("rtt", 8)), ("rto_min", True, _time("rto_min", 1, locked=True)),
    ("window", False, _number("window")), ("cwnd", False, _number("cwnd")),
    ("initcwnd", False, _number("initcwnd")), ("initrwnd", False, _number("initrwnd")),
    ("features", False, _features), ("quickack", False, _number("quickack", largest=1, lockable=False)),
    ("congctl", False, _congctl), ("rttvar", False, _time("rttvar", 4)), ("ssthresh", False, _number("ssthresh")),
    ("realms", False, _refuse("realms")), ("onlink", True, _onlink), ("nhid", True, _nhid),
    ("protocol", False, _named("proto", PROTOS, '"protocol" value is invalid\n', 255)),
    ("table", False, _table), ("vrf", False, _vrf), ("pref", False, _ignored_preference),
    ("encap", True, _refuse("encap")), ("ttl-propagate", True, _ignored_switch),
    ("fastopen_no_cookie", False, _number("fastopen_no_cookie", largest=1, lockable=False)),
)  # fmt: skip
