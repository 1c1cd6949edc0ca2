"""`ip route get`: what the kernel would do with a packet, for one of our own or for one that came in.

iproute2 ip/iproute.c iproute_get; kernel net/ipv4/route.c inet_rtm_getroute, ip_route_input_slow.
"""

import errno
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface

from ...errors import KernelError
from ...lab.interface import Interface
from ...lab.learned import consult
from ...lab.lookup import ALL_HOSTS, Decision, find_route, martian_source, output, redirects, verdict
from ...lab.namespace import Namespace
from ...lab.routes import with_flags
from ...tables.names import table_name, tos_name
from ...tables.route import LOCAL, MAIN, Route, route_json
from ..grammar import Words, address, device, integer, matches, prefix, read_tos, refused, unsigned, wrong
from ..records import json_text
from ..result import Context, Failure, Result
from ..usage import usage
from . import route_cache
from .options import Options
from .route_show import lines

#: The bits of a TOS that a lookup looks at (kernel: IPTOS_RT_MASK; observed on 6.18).
_TOS_MASK = 0x1C

_BROADCAST = IPv4Address("255.255.255.255")
_PROTOCOLS = {"ip": 0, "icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "sctp": 132}


@dataclass(slots=True)
class _Query:
    family: str
    dst: IPv4Address | None = None
    src: IPv4Interface | None = None
    tos: int = 0
    mark: int = 0
    uid: int = 0
    oif: str | None = None
    iif: str | None = None
    fibmatch: bool = False
    notify: bool = False
    connected: bool = False
    warnings: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: Decision
    flags: tuple[str, ...]


def get(ctx: Context, options: Options, words: Words) -> Result:
    """Answer one question, or the kernel's refusal."""
    query = _read(options, words)
    if query.dst is None:
        raise Failure(1, query.warnings + "need at least a destination address\n")
    for name in (query.iif, query.oif):
        if name is not None:
            device(ctx.ns, name)
    try:
        answer = _arrived(ctx, query) if query.iif else _sent(ctx, query)
        if query.fibmatch:
            return Result(0, _fibmatch(ctx, options, answer.decision), query.warnings)
    except KernelError as error:
        failure = refused(error).result
        raise Failure(failure.returncode, query.warnings + failure.stderr) from None
    fields = _fields(ctx, options, query, answer)
    if options.json:
        return Result(0, json_text([route_cache.as_json(fields)], options.pretty), query.warnings)
    twice = 2 if query.connected and query.src is None else 1
    return Result(0, route_cache.text(fields, options) * twice, query.warnings)


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


def _fibmatch(ctx: Context, options: Options, decision: Decision) -> str:
    """The route itself; there is none where the kernel only assumed one."""
    if decision.route is None:
        raise KernelError(errno.EHOSTUNREACH)
    route = replace(with_flags(ctx.lab, ctx.ns, decision.route), type=decision.kind)
    if route.table == LOCAL and not ctx.ns.custom_rules:
        route = replace(route, table=MAIN)
    if options.json:
        return json_text([route_json(route, details=options.details)], options.pretty)
    return lines(route, options)


def _fields(ctx: Context, options: Options, query: _Query, answer: _Answer) -> dict:
    """What is told, under its JSON names and in its order."""
    decision, route = answer.decision, answer.decision.route
    kind = decision.kind
    fields: dict = {"type": kind} if kind != "unicast" or options.details else {}
    fields["dst"] = str(query.dst)
    if query.src is not None and query.src.network.prefixlen:
        fields["from"] = str(query.src.ip)
    if route is not None and route.tos:
        fields["tos"] = tos_name(route.tos)
    if decision.gateway is not None:
        fields["gateway"] = str(decision.gateway)
    fields["dev"] = decision.dev
    table = _table(ctx, decision)
    if table and (table != MAIN or options.details):
        fields["table"] = table_name(table)
    if "from" not in fields and decision.src is not None and int(decision.src):
        fields["prefsrc"] = str(decision.src)
    notify = ["notify"] if query.notify else []
    # The kernel's bit for "multicast" is iproute2's for a failed offload (both 0x20000000).
    fields["flags"] = [*notify, *(["rt_offload_failed"] if kind == "multicast" else [])]
    if query.mark:
        fields["mark"] = query.mark
    if query.iif is None:
        fields["uid"] = query.uid
    fields["cache"] = [*route_cache.flags(decision.learned), *answer.flags, *notify]
    users = 0 if not options.stats else 1 if query.iif or kind in ("local", "multicast") else 2
    fields |= route_cache.lessons(_metered(decision), decision.learned, ctx.lab.now, users)
    if query.iif is not None:
        fields["iif"] = query.iif
    return fields


def _table(ctx: Context, decision: Decision) -> int:
    """The table that answered. As long as nobody wrote a rule, local and main are one (fib_trie.c)."""
    if decision.route is None:
        return 0
    return MAIN if decision.route.table == LOCAL and not ctx.ns.custom_rules else decision.route.table


def _metered(decision: Decision) -> Route | None:
    """The route whose metrics count: none for a broadcast, nor for a group that a default route leads to."""
    near = decision.kind == "broadcast" or (decision.kind == "multicast" and decision.route and decision.route.dst.prefixlen < 4)
    return None if near else decision.route


def _read(options: Options, words: Words) -> _Query:
    query = _Query(options.family)
    while words:
        word = words.take()
        if word == "tos" or matches(word, "dsfield"):
            query.tos = _tos(words.value())
        elif matches(word, "from"):
            query.src = _prefix(query, words.value())
        elif matches(word, "iif"):
            query.iif = words.value()
        elif matches(word, "mark"):
            query.mark = _number(words.value(), "invalid mark value", 2**32 - 1)
        elif matches(word, "oif") or word == "dev":
            query.oif = words.value()
        elif matches(word, "notify"):
            query.notify = True
        elif matches(word, "connected"):
            query.connected = True
        elif matches(word, "vrf"):
            raise wrong(words.value(), "Invalid VRF\n")
        elif matches(word, "uid"):
            query.uid = _number(words.value(), "invalid UID\n", 2**32 - 1)
        elif matches(word, "fibmatch"):
            query.fibmatch = True
        elif word == "as":
            word = words.value()
            address(words.value() if word == "to" else word, query.family)
        elif matches(word, "sport", "dport"):
            _number(words.value(), f"invalid {'sport' if matches(word, 'sport') else 'dport'}\n", 65535)
        elif matches(word, "ipproto"):
            _protocol(words.value())
        else:
            _destination(query, words.value() if word == "to" else word)
    return query


def _destination(query: _Query, word: str) -> None:
    found = _prefix(query, word)
    query.dst = found.ip
    if query.family == "inet" and found.network.prefixlen != 32:
        query.warnings += f"Warning: /{found.network.prefixlen} as prefix is invalid, only /32 (or none) is supported.\n"


def _prefix(query: _Query, word: str) -> IPv4Interface:
    if matches(word, "help"):
        raise Failure(255, usage("ip-route"))
    found, _ = prefix(word, query.family)
    if word not in ("default", "any", "all"):
        query.family = "inet"
    return found


def _tos(word: str) -> int:
    tos = read_tos(word)
    if tos is None:
        raise wrong(word, "TOS value is invalid\n")
    return tos


def _number(word: str, why: str, largest: int) -> int:
    number = integer(word, 0, largest)
    if number is None:
        raise wrong(word, why)
    return number


def _protocol(word: str) -> None:
    """Ports and protocol matter to rules and multipath hashes that the lab does not have."""
    if unsigned(word, 8) is None and word not in _PROTOCOLS:
        raise wrong(word, 'Invalid "ipproto" value\n')
