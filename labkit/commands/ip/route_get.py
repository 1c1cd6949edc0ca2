"""`ip route get`: what the kernel would do with a packet, for one of our own or for one that came in; and `ip route show cache`.

iproute2 ip/iproute.c iproute_get, print_route, print_cache_flags; kernel net/ipv4/route.c inet_rtm_getroute, ip_route_input_slow,
rt_fill_info, fnhe_dump_bucket.
"""

import errno
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import KernelError
from ...lab import learned, routes
from ...lab.interface import Interface
from ...lab.learned import Learned, consult
from ...lab.lookup import ALL_HOSTS, Decision, find_route, martian_source, output, redirects, verdict
from ...lab.namespace import Namespace
from ...tables.names import table_name, tos_name
from ...tables.route import LOCAL, MAIN, Route, metric_json
from ..grammar import Words, device, known, matches, number, prefix, read, text, tos, unsupported
from ..records import Options, json_text, lines
from ..result import Context, Failure, Result
from ..usage import usage

#: The bits of a TOS that a lookup looks at (kernel: IPTOS_RT_MASK; observed on 6.18).
_TOS_MASK = 0x1C

_BROADCAST = IPv4Address("255.255.255.255")
_UNSUPPORTED = unsupported('The lab\'s ip route get has no "{}": it knows from, iif, oif, tos and mark.')


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: Decision
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Query:
    dst: IPv4Address | None = None
    src: IPv4Interface | None = None
    tos: int = 0
    mark: int = 0
    oif: str | None = None
    iif: str | None = None


def narrow_family(word: str, words: Words) -> None:
    """Once an address was read, the rest must be of its family."""
    if word not in ("default", "any", "all"):
        words.family = "inet"


def _prefix(word: str, words: Words) -> IPv4Interface:
    if matches(word, "help"):
        raise Failure(255, usage("ip-route"))
    found = prefix(word, words.family)[0]
    narrow_family(word, words)
    return found


def _destination(word: str, words: Words) -> IPv4Address:
    found = _prefix(words.value() if word == "to" else word, words)
    if words.family == "inet" and found.network.prefixlen != 32:
        words.warn(f"Warning: /{found.network.prefixlen} as prefix is invalid, only /32 (or none) is supported.\n")
    return found.ip


#: There is none that a word could name: `v` for `via` is told so.
VRF = known(lambda word: None, "Invalid VRF\n")

_QUERY = (
    ("tos dsfield~", "tos", tos("TOS value is invalid\n")), ("from~", "src", _prefix), ("iif~", "iif", text),
    ("mark~", "mark", number("invalid mark value")), ("oif~ dev", "oif", text),
    ("notify~ connected~", "", _UNSUPPORTED), ("vrf~", "", VRF),
    ("uid~ fibmatch~ as sport~ dport~ ipproto~", "", _UNSUPPORTED), ("*", "dst", _destination),
)  # fmt: skip


def get(ctx: Context, options: Options, words: Words) -> Result:
    """Answer one question, or the kernel's refusal."""
    query = _Query(**read(_QUERY, words))
    if query.dst is None:
        raise Failure(1, "need at least a destination address\n")
    for name in (query.iif, query.oif):
        if name is not None:
            device(ctx.ns, name)
    answer = _arrived(ctx, query) if query.iif else _sent(ctx, query)
    return print_entries([_entry(ctx, options, query, answer)], options)


def _sent(ctx: Context, query: _Query) -> _Answer:
    """A packet of our own."""
    if query.src is not None and query.src.network.prefixlen not in (0, 32):
        raise KernelError(errno.EINVAL, "ipv4: Invalid values in header for route get request")
    src = query.src.ip if query.src is not None and query.src.network.prefixlen else None
    decision = output(
        ctx.lab, ctx.ns, query.dst, src=src, oif=query.oif, tos=query.tos & _TOS_MASK, mark=query.mark
    )
    if decision.errno:
        raise KernelError(decision.errno)
    return _Answer(decision, _group_flags(decision) or (("local",) if decision.dev == ctx.ns.loopback.name else ()))


def _group_flags(decision: Decision) -> tuple[str, ...]:
    """Every broadcast is for us too; of the multicast groups an interface is in the one of all hosts."""
    if decision.kind == "broadcast":
        return ("local", "brd")
    if decision.kind == "multicast":
        return ("local", "mc") if decision.dst == ALL_HOSTS else ("mc",)
    return ()


def _arrived(ctx: Context, query: _Query) -> _Answer:
    """A packet that came in (kernel: ip_route_input_slow); martians of every kind are EINVAL."""
    ns, interface = ctx.ns, device(ctx.ns, query.iif)
    if query.src is not None and query.src.network.prefixlen != 32:
        raise KernelError(errno.EINVAL, "ipv4: Invalid values in header for route get request")
    src = query.src.ip if query.src is not None else IPv4Address(0)
    if not int(src) or martian_source(ns, interface, src) or _martian_destination(ns, interface, query.dst):
        raise KernelError(errno.EINVAL)
    if query.dst == _BROADCAST or query.dst.is_multicast:
        decision = Decision(query.dst, "multicast" if query.dst.is_multicast else "broadcast", dev=ns.loopback.name)
        return _Answer(decision, _group_flags(decision))
    decision = find_route(ctx.lab, ns, query.dst, src=src, iif=interface.name, tos=query.tos & _TOS_MASK, mark=query.mark)
    ours = decision.kind in ("local", "broadcast")
    if not ours and not ns.sysctls.conf(interface.name, "forwarding"):
        raise KernelError(errno.EHOSTUNREACH)
    if decision.errno:
        raise KernelError(decision.errno)
    fault, on_link = verdict(ctx.lab, ns, interface, src, replace(decision, dev=ns.loopback.name) if ours else decision)
    if fault:
        raise KernelError(errno.EINVAL)
    if ours:
        return _Answer(replace(decision, dev=ns.loopback.name), ("local", "brd") if decision.kind == "broadcast" else ("local",))
    back = redirects(ns, interface, src, decision, on_link)
    return _Answer(consult(ns, decision, ctx.lab.now), ("redirect",) if back else ())


def _martian_destination(ns: Namespace, interface: Interface, dst: IPv4Address) -> bool:
    """An address nobody outside may send to, or a group this interface is not in."""
    if dst.is_loopback:
        return not ns.sysctls.either(interface.name, "route_localnet")
    return not int(dst) or (dst.is_multicast and not (dst == ALL_HOSTS and interface.up))


def _entry(ctx: Context, options: Options, query: _Query, answer: _Answer) -> dict:
    """What is told, under its JSON names and in its order."""
    decision, kind = answer.decision, answer.decision.kind
    table, src = _table(ctx, decision), query.src if query.src is not None and query.src.network.prefixlen else None
    users = 0 if not options.stats else 1 if query.iif or kind in ("local", "multicast") else 2
    return _fields(
        type=kind if kind != "unicast" or options.details else None,
        dst=query.dst,
        **{"from": src.ip if src is not None else None},
        tos=tos_name(decision.route.tos) if decision.route is not None and decision.route.tos else None,
        gateway=decision.gateway,
        dev=decision.dev,
        table=table_name(table) if table and (table != MAIN or options.details) else None,
        prefsrc=decision.src if src is None and decision.src is not None and int(decision.src) else None,
        # The kernel's bit for "multicast" is iproute2's for a failed offload (both 0x20000000).
        flags=["rt_offload_failed"] if kind == "multicast" else [],
        mark=query.mark or None,
        uid=0 if query.iif is None else None,
        cache=[*_cache_flags(decision.learned), *answer.flags],
        **_exception(_metered(decision), decision.learned, ctx.lab.now, users),
        iif=query.iif,
    )


def _fields(**fields) -> dict:
    return {name: str(value) if isinstance(value, IPv4Address) else value for name, value in fields.items() if value is not None}


def _table(ctx: Context, decision: Decision) -> int:
    """The table that answered. As long as nobody wrote a rule, local and main are one (fib_trie.c)."""
    if decision.route is None:
        return 0
    return MAIN if decision.route.table == LOCAL and not ctx.ns.custom_rules else decision.route.table


def _metered(decision: Decision) -> Route | None:
    """The route whose metrics count: none for a broadcast, nor for a group that a default route leads to."""
    near = decision.kind == "broadcast" or (decision.kind == "multicast" and decision.route and decision.route.dst.prefixlen < 4)
    return None if near else decision.route


def cache(ctx: Context, fits, hidden: frozenset[str], options: Options) -> list[dict]:
    """What `show cache` lists: every exception that is in use, once for each route that it hangs on."""
    hidden_keys = {"gateway" if name == "via" else name for name in hidden}
    found = []
    for route, leg, dst, entry in learned.dump(ctx.ns, routes.dump(ctx.lab, ctx.ns), ctx.lab.now):
        as_route = replace(
            route, dst=IPv4Network(dst), gateway=entry.gateway or leg.gateway, dev=leg.dev, src=None, tos=0, proto="unspec", scope="global",
            metric=0)  # fmt: skip
        if fits(as_route):
            fields = _fields(
                type=route.type if options.details or route.type != "unicast" else None,
                dst=dst,
                gateway=as_route.gateway,
                dev=leg.dev,
                table=table_name(route.table) if options.details or route.table != MAIN else None,
                flags=[],
                cache=_cache_flags(entry),
                **_exception(route, entry, ctx.lab.now, 1 if options.stats else 0),
            )
            found.append({key: value for key, value in fields.items() if key not in hidden_keys})
    return found


def _cache_flags(entry: Learned | None) -> list[str]:
    """The mark of a route that goes by a redirect."""
    return ["redirected"] if entry is not None and entry.gateway is not None else []


def _exception(route: Route | None, entry: Learned | None, now: float, users: int) -> dict:
    """When what was learned is forgotten, and the metrics: the route's own, and the path MTU in place of its MTU.

    `users`: what -s tells of the kernel's copy of the route; the lab keeps none, so that it is always new.
    """
    metrics = dict(route.metrics) if route is not None else {}
    if entry is not None and entry.path_mtu is not None:
        metrics = {"mtu": f"lock {entry.mtu}" if entry.locked else str(entry.mtu)} | {k: v for k, v in metrics.items() if k != "mtu"}
    return {
        "expires": entry.seconds_left(now) if entry is not None else None,
        "users": users or None,
        "age": 0 if users else None,
        "metrics": metrics or None,
    }


#: The text of such an entry, two lines.
_TEXT = (
    ("type", "{} "), ("dst", "{} "), ("from", "from {} "), ("tos", "tos {} "), ("gateway", "via {} "), ("dev", "dev {} "),
    ("table", "table {} "), ("prefsrc", "src {} "), ("flags", lambda flags: "".join(f"{flag} " for flag in flags)),
    ("mark", lambda mark: f"mark {mark if mark < 16 else hex(mark)} "), ("uid", "uid {} "),
    ("cache", lambda flags: f"\n    cache {'<' + ','.join(flags) + '> ' if flags else ''}"),
    ("expires", "expires {}sec "), ("users", "users {} "),
    ("metrics", lambda metrics: "".join(f"{name} {value} " for name, value in metrics.items())), ("iif", "iif {} "),
)  # fmt: skip


def print_entries(entries: list[dict], options: Options) -> Result:
    """As text, or as the objects that `-j` prints."""
    if not options.json:
        return Result(0, "".join(lines(_TEXT, entry, options) for entry in entries))
    for entry in entries:
        if "metrics" in entry:
            entry["metrics"] = [dict(metric_json(*pair) for pair in entry["metrics"].items())]
    return Result(0, json_text(entries, options.pretty))
