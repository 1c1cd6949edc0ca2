"""The words behind `ip route add` and its kin, read in the order in which iproute2 compares them.

Some keywords may be shortened and some may not, and the first that fits wins: `d` is `dsfield`, not
`dev`. iproute2: ip/iproute.c iproute_modify; ip/rtm_map.c for the names of types.
"""

import errno
from ipaddress import IPv4Address

from ...errors import KernelError
from ...lab.namespace import Namespace
from ...tables.names import PROTOS, SCOPES, table_numbers
from ...tables.route import NextHop
from ..grammar import Words, address, device, garbage, matches, numbered, prefix, read_tos, refused, unsigned, wrong
from ..result import Failure
from ..usage import usage
from .route_metrics import Reader, congctl, features, number, time
from .route_spec import Spec


def read(ns: Namespace, family: str, words: Words) -> Spec:
    """Read the words of a route, or fail as iproute2 fails."""
    spec = Spec(family)
    dev = None
    while words:
        word = words.take()
        if word == "nexthop":
            words.back()
            break
        if word in ("dev", "oif"):
            dev = words.value()
            continue
        for keyword, exact, reader in _KEYWORDS:
            if word == keyword or (not exact and matches(word, keyword)):
                reader(spec, words)
                break
        else:
            _destination(spec, word, words)
    if spec.dst is None:
        raise Failure(255, usage("ip-route"))
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
        raise Failure(255, usage("ip-route"))
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
    """An address, with its family before it or not; the kernel takes 0.0.0.0 for none."""
    word = words.value()
    if word in ("inet6", "mpls", "link", "bridge"):
        raise Failure(1, f'The lab has IPv4 only: "via {word}" is not in it.\n')
    if word != "inet":
        words.back()
    gateway = _address(spec, words)
    return gateway if gateway is not None and int(gateway) else None


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


def _refuse(keyword: str) -> Reader:
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


def _named(what: str, names: dict[str, int], why: str, largest: int) -> Reader:
    """A reader of a name or number; the spec gets the name."""

    def reader(spec: Spec, words: Words) -> None:
        word = words.value()
        number = numbered(word, names, largest)
        if number is None:
            raise wrong(word, why)
        setattr(spec, what, next((name for name, n in names.items() if n == number), str(number)))

    return reader


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
    table = numbered(word, table_numbers(), 2**32 - 1)
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


#: keyword, whether it must be written out, and what reads its value: in iproute2's order.
_KEYWORDS: tuple[tuple[str, bool, Reader], ...] = (
    ("src", True, _src), ("as", True, _ignored_address), ("via", True, _via), ("from", True, _ignored_prefix),
    ("tos", True, _tos), ("dsfield", False, _tos), ("expires", True, _ignored_number),
    ("metric", False, _metric), ("priority", False, _metric), ("preference", True, _metric),
    ("scope", True, _named("scope", SCOPES, 'invalid "scope" value\n', 255)),
    ("mtu", True, number("mtu")), ("hoplimit", True, number("hoplimit", largest=255)),
    ("advmss", True, number("advmss", "mss")), ("reordering", False, number("reordering")),
    ("rtt", True, time("rtt", 8)), ("rto_min", True, time("rto_min", 1, locked=True)),
    ("window", False, number("window")), ("cwnd", False, number("cwnd")),
    ("initcwnd", False, number("initcwnd")), ("initrwnd", False, number("initrwnd")),
    ("features", False, features), ("quickack", False, number("quickack", largest=1, lockable=False)),
    ("congctl", False, congctl), ("rttvar", False, time("rttvar", 4)), ("ssthresh", False, number("ssthresh")),
    ("realms", False, _refuse("realms")), ("onlink", True, _onlink), ("nhid", True, _nhid),
    ("protocol", False, _named("proto", PROTOS, '"protocol" value is invalid\n', 255)),
    ("table", False, _table), ("vrf", False, _vrf), ("pref", False, _ignored_preference),
    ("encap", True, _refuse("encap")), ("ttl-propagate", True, _ignored_switch),
    ("fastopen_no_cookie", False, number("fastopen_no_cookie", largest=1, lockable=False)),
)  # fmt: skip
