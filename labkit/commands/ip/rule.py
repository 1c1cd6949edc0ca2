"""`ip rule`: which table is asked for which packet (iproute2 ip/iprule.c).

The selectors and actions that need ports, users or groups are not in the lab.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Network

from ...errors import KernelError
from ...lab import routes
from ...lab.namespace import Namespace
from ...tables.names import PROTOS, TABLES, TYPES, table_name, tos_name
from ...tables.policy import Rule
from ...tables.route import ANY, MAIN
from ..grammar import (
    Words,
    beyond,
    ifname,
    integer,
    matches,
    named,
    network,
    number,
    prefix,
    read,
    table,
    text,
    tos,
    wrong,
)  # fmt: skip
from ..grammar import run as run_command
from ..records import NULL, View, show
from ..result import Context, Failure, Result
from ..usage import usage
from .options import Options
from .route_words import route_type

#: What `ip -6 rule` shows: IPv6 has rules of its own, and these two are there from the start.
_IPV6 = [Rule(0, TABLES["local"], proto="kernel"), Rule(32766, MAIN, proto="kernel")]
_BEYOND = beyond('The lab\'s rules have no "{}": they know from, to, iif, oif, tos, fwmark and table.\n')


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    return run_command(_COMMANDS, "ip rule", ctx, options, args)


def _mark(word: str, words: Words) -> dict:
    """MARK[/MASK]."""
    mark, slash, mask = word.partition("/")
    return {
        "fwmark": number("fwmark value is invalid\n")(mark, words),
        "fwmask": number("fwmask value is invalid\n")(mask, words) if slash else 0xFFFFFFFF,
    }


def _action(word: str, words: Words) -> str:
    """A kind of route, or its number: a number without meaning is taken, and refuses what it meets."""
    if matches(word, "help"):
        raise Failure(255, usage("ip-rule"))
    code = integer(word, 0, 255)
    kind = route_type(word) or (TYPES[code - 1] if code in range(1, len(TYPES) + 1) else None)
    if matches(word, "goto", "nop") or code in (0, 3) or kind in ("nat", "broadcast"):
        _BEYOND.read(word, words)
    if kind is None and code is None:
        raise wrong(word, "Failed to parse rule type")
    if kind == "local":  # 2, which for a rule means goto
        raise KernelError(errno.EINVAL, "Missing goto target for action goto")
    return "lookup" if kind == "unicast" else kind or str(code)


_RULE = (
    ("not", "invert", True),
    ("from", "src", network),
    ("to", "dst", network),
    ("preference~ order~ priority~", "priority", number("preference value is invalid\n")),
    ("tos dsfield~", "tos", tos("TOS value is invalid\n")),
    ("fwmark", "", _mark),
    ("realms~", "", _BEYOND),
    ("protocol~", "proto", named(PROTOS, '"protocol" value is invalid\n')),
    ("tun_id~", "", _BEYOND),
    ("table~ lookup", "table", table("invalid table ID\n")),
    ("dev iif", "iif", ifname('"iif"/"dev" not a valid ifname')),
    ("oif", "oif", ifname('"oif" not a valid ifname')),
    ("suppress_prefixlength~ suppress_ifgroup~ map-to~ sup_pl sup_group l3mdev uidrange nat ipproto sport dport", "", _BEYOND),
    ("type", "action", _action),
    ("*", "action", _action),
)  # fmt: skip


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
        rule = replace(rule, table=_unused_table(ctx.ns) if {"table", "action"} & said.keys() else MAIN)
    routes.add_rule(ctx.lab, ctx.ns, rule, said.get("priority"))
    return Result()


def _unused_table(ns: Namespace) -> int:
    """Table 0 asks the kernel for a fresh one (fib_rules.c fib_empty_table)."""
    free = next(n for n in range(1, 253) if n not in ns.tables)
    ns.table(free)
    return free


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    said, rule = _read(words, "del")
    asked = {name: value for name, value in said.items() if name not in ("invert", "proto") and value != ANY}
    if not rule.table:
        asked.pop("table", None)
    routes.delete_rule(ctx.lab, ctx.ns, lambda there: all(getattr(there, name) == value for name, value in asked.items()))
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


def _inside(word: str, words: Words) -> IPv4Network | None:
    """A prefix in which a rule's own must lie."""
    return None if word in ("default", "any", "all") else prefix(word, "inet")[0].network


#: What is 0 does not restrict. `protocol` is read and not obeyed, as iproute2 6.1 does (observed).
_SELECTOR = (
    ("preference~ order~ priority~", "priority", number("preference value is invalid\n")),
    ("not", "invert", True),
    ("tos dsfield", "tos", tos("TOS value is invalid\n")),
    ("fwmark", "", lambda word, words: {"fwmark": _mark(word, words)["fwmark"] or None}),
    ("dev iif", "iif", text),
    ("oif", "oif", text),
    ("lookup~ table~", "table", lambda word, words: table("table id value is invalid\n")(word, words) or None),
    ("from~ src~", "src", _inside),
    ("protocol~", "", named({**PROTOS, "all": 0}, 'invalid "protocol"\n')),
    ("sup_pl sup_group l3mdev uidrange nat ipproto sport dport tun_id~", "", _BEYOND),
    ("dst~ to~", "dst", _inside),
    ("*", "dst", _inside),
)  # fmt: skip


def _selector(words: Words):
    """What `ip rule show` (or flush) asks for: a function that says whether a rule fits."""
    asked = {name: value for name, value in read(_SELECTOR, words).items() if value is not None}

    def wanted(rule: Rule) -> bool:
        return all(
            getattr(rule, name).subnet_of(value) if name in ("src", "dst") else (getattr(rule, name) or 0) == value
            for name, value in asked.items()
        )

    return wanted


def _network(end: str) -> tuple[tuple, tuple]:
    """An end of the packet: its source is always named, and its length unless it is a host's."""

    def address(rule: Rule, view: View) -> str | None:
        network = getattr(rule, end)
        return str(network.network_address) if network.prefixlen else "all" if end == "src" else None

    def length(rule: Rule, view: View) -> int | None:
        return getattr(rule, end).prefixlen % 32 or None

    return (end, {"src": "from {}", "dst": " to {}"}[end], address), (f"{end}len", "/{}", length)


def _device(end: str) -> tuple[tuple, tuple]:
    def detached(rule: Rule, view: View):
        name = getattr(rule, end)
        return NULL if name is not None and view.ns.find(name) is None else None

    return (end, f" {end} {{}}", end), (f"{end}_detached", " [detached]", detached)


#: One rule: a tab after the number, no space at the end.
_TABLE = (
    ("priority", "{}:\t", "priority"),
    ("not", "not ", lambda rule, view: NULL if rule.invert else None),
    *_network("src"),
    *_network("dst"),
    ("tos", " tos {}", lambda rule, view: tos_name(rule.tos) if rule.tos else None),
    ("fwmark", " fwmark {}", lambda rule, view: None if rule.fwmark is None else hex(rule.fwmark)),
    ("fwmask", "/{}", lambda rule, view: None if rule.fwmark is None or rule.fwmask == 0xFFFFFFFF else hex(rule.fwmask)),
    *_device("iif"),
    *_device("oif"),
    ("table", " lookup {}", lambda rule, view: table_name(rule.table) if rule.table else None),
    ("action", " {}", lambda rule, view: None if rule.action == "lookup" else rule.action),
    ("protocol", " proto {}", lambda rule, view: rule.proto if view.options.details or rule.proto not in ("kernel", "unspec") else None),
)

_COMMANDS = {
    "list~ lst~ show~": _list, "save~ restore~": beyond('The lab has no files of rules: "ip rule {}" is not in it.\n'),
    "add~": _add, "delete~": _delete, "flush~": _flush,
}  # fmt: skip
