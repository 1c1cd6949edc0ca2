"""`ip rule`: which table is asked for which packet (iproute2 ip/iprule.c).

The selectors and actions that need ports, users or groups are not in the lab.
"""

import errno
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network

from ...errors import KernelError
from ...lab import routes
from ...tables.names import PROTOS, TABLES, table_name, tos_name
from ...tables.policy import Rule
from ...tables.route import ANY, MAIN
from ..grammar import Words, ifname, integer, matches, named, network, number, read, table, text, tos, unsupported, wrong
from ..records import NULL, Options, View, show
from ..result import Context, Failure, Result
from ..usage import usage
from .route_show import route_type

#: What `ip -6 rule` shows: IPv6 has rules of its own, and these two are there from the start.
_IPV6 = [Rule(0, TABLES["local"], proto="kernel"), Rule(32766, MAIN, proto="kernel")]
_UNSUPPORTED = unsupported('The lab\'s rules have no "{}": they know from, to, iif, oif, tos, fwmark and table.')


_ACTIONS = {"unicast": "lookup", "blackhole": "blackhole", "unreachable": "unreachable", "prohibit": "prohibit"}


def _mark(word: str, words: Words) -> dict:
    """MARK[/MASK]."""
    mark, slash, mask = word.partition("/")
    return {
        "fwmark": number("fwmark value is invalid\n")(mark, words),
        "fwmask": number("fwmask value is invalid\n")(mask, words) if slash else 0xFFFFFFFF,
    }


def _action(word: str, words: Words) -> str:
    if matches(word, "help"):
        raise Failure(255, usage("ip-rule"))
    kind = route_type(word)
    if kind in _ACTIONS:
        return _ACTIONS[kind]
    if kind or matches(word, "goto", "nop") or integer(word, 0, 255) is not None:
        _UNSUPPORTED.read(word, words)
    raise wrong(word, "Failed to parse rule type")


_RULE = (
    ("not", "invert", True),
    ("from", "src", network),
    ("to", "dst", network),
    ("preference~ order~ priority~", "priority", number("preference value is invalid\n")),
    ("tos dsfield~", "tos", tos("TOS value is invalid\n")),
    ("fwmark", "", _mark),
    ("realms~", "", _UNSUPPORTED),
    ("protocol~", "proto", named(PROTOS, '"protocol" value is invalid\n')),
    ("tun_id~", "", _UNSUPPORTED),
    ("table~ lookup", "table", table("invalid table ID\n")),
    ("dev iif", "iif", ifname('"iif"/"dev" not a valid ifname')),
    ("oif", "oif", ifname('"oif" not a valid ifname')),
    ("suppress_prefixlength~ suppress_ifgroup~ map-to~ sup_pl sup_group l3mdev uidrange nat ipproto sport dport", "", _UNSUPPORTED),
    ("type", "action", _action),
    ("*", "action", _action),
)


def _read(words: Words, command: str) -> tuple[dict, Rule]:
    """The fields that were said, and the rule they make."""
    if not words:
        raise Failure(1, f'"ip rule {command}" requires arguments.\n')
    said = read(_RULE, words)
    return said, replace(Rule(0, 0, proto="unspec"), **said)


def _add(ctx: Context, options: Options, words: Words) -> Result:
    said, rule = _read(words, "add")
    if rule.tos & 3:
        raise KernelError(errno.EINVAL, "Invalid dsfield (tos): ECN bits must be 0")
    if rule.action == "lookup" and not rule.table:
        if {"table", "action"} & said.keys():
            raise Failure(1, "The lab does not pick a table that is free: name one.\n")
        rule = replace(rule, table=MAIN)
    routes.add_rule(ctx.lab, ctx.ns, rule, said.get("priority"))
    return Result()


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    said, _ = _read(words, "del")
    free = {"invert": True, "proto": said.get("proto"), "table": 0, "src": ANY, "dst": ANY}  # what does not restrict
    asked = [(name, value) for name, value in said.items() if name not in free or value != free[name]]
    routes.delete_rule(ctx.lab, ctx.ns, lambda there: all(getattr(there, name) == value for name, value in asked))
    return Result()


def _flush(ctx: Context, options: Options, words: Words) -> Result:
    """Delete what fits, but never the rule with priority 0: the kernel's dump does not give its number."""
    wanted = _selector(words)
    for rule in [rule for rule in ctx.ns.rules if wanted(rule) and rule.priority]:
        routes.delete_rule(ctx.lab, ctx.ns, lambda candidate, doomed=rule: candidate is doomed)
    return Result()


def _list(ctx: Context, options: Options, words: Words) -> Result:
    wanted = _selector(words)
    return show(_TABLE, filter(wanted, _IPV6 if options.family == "inet6" else ctx.ns.rules), View(ctx, options))


#: `protocol` is read and not obeyed, as iproute2 6.1 does (observed).
_SELECTOR = (
    ("preference~ order~ priority~", "priority", number("preference value is invalid\n")),
    ("not", "invert", True),
    ("tos dsfield", "tos", tos("TOS value is invalid\n")),
    ("fwmark", "fwmark", lambda word, words: _mark(word, words)["fwmark"] or None),
    ("dev iif", "iif", text),
    ("oif", "oif", text),
    ("lookup~ table~", "table", lambda word, words: table("table id value is invalid\n")(word, words) or None),
    ("from~ src~", "src", network),
    ("protocol~", "", named({**PROTOS, "all": 0}, 'invalid "protocol"\n')),
    ("sup_pl sup_group l3mdev uidrange nat ipproto sport dport tun_id~", "", _UNSUPPORTED),
    ("dst~ to~", "dst", network),
    ("*", "dst", network),
)


def _selector(words: Words) -> Callable[[Rule], bool]:
    """What `ip rule show` (or flush) asks for: whether a rule fits."""
    words.family = words.family or "inet"
    asked = [(name, value) for name, value in read(_SELECTOR, words).items() if value is not None]

    def fits(rule: Rule, name: str, value) -> bool:
        there = getattr(rule, name)
        return there.subnet_of(value) if isinstance(value, IPv4Network) else (there or 0) == value

    return lambda rule: all(fits(rule, *one) for one in asked)


def _ip(network: IPv4Network) -> str | None:
    return str(network.network_address) if network.prefixlen else None


def _detached(name: str | None, view: View):
    return NULL if name is not None and view.ns.find(name) is None else None


#: One rule: a tab after the number, no space at the end.
_TABLE = (
    ("priority", "{}:\t", "priority"),
    ("not", "not ", lambda rule, view: NULL if rule.invert else None),
    ("src", "from {}", lambda rule, view: _ip(rule.src) or "all"),
    ("srclen", "/{}", lambda rule, view: rule.src.prefixlen % 32 or None),
    ("dst", " to {}", lambda rule, view: _ip(rule.dst)),
    ("dstlen", "/{}", lambda rule, view: rule.dst.prefixlen % 32 or None),
    ("tos", " tos {}", lambda rule, view: tos_name(rule.tos) if rule.tos else None),
    ("fwmark", " fwmark {}", lambda rule, view: None if rule.fwmark is None else hex(rule.fwmark)),
    ("fwmask", "/{}", lambda rule, view: None if rule.fwmark is None or rule.fwmask == 0xFFFFFFFF else hex(rule.fwmask)),
    ("iif", " iif {}", "iif"),
    ("iif_detached", " [detached]", lambda rule, view: _detached(rule.iif, view)),
    ("oif", " oif {}", "oif"),
    ("oif_detached", " [detached]", lambda rule, view: _detached(rule.oif, view)),
    ("table", " lookup {}", lambda rule, view: table_name(rule.table) if rule.table else None),
    ("action", " {}", lambda rule, view: None if rule.action == "lookup" else rule.action),
    ("protocol", " proto {}", lambda rule, view: rule.proto if view.options.details or rule.proto not in ("kernel", "unspec") else None),
)

COMMANDS = {
    "list~ lst~ show~": _list, "save~ restore~": unsupported('The lab has no files of rules: "ip rule {}" is not in it.'),
    "add~": _add, "delete~": _delete, "flush~": _flush,
}  # fmt: skip
