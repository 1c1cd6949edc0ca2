"""`ip rule`: which table is asked for which packet (iproute2 ip/iprule.c).

The selectors and actions that need ports, users or groups are not in the lab.
"""

import errno
from dataclasses import dataclass, field, replace

from ...errors import KernelError
from ...lab import rules
from ...lab.names import LONGEST
from ...lab.namespace import Namespace
from ...tables.names import PROTOS, TABLES, TYPES, table_name, table_numbers, tos_name
from ...tables.route import ANY, MAIN
from ...tables.rule import Rule
from ..result import Context, Failure, Result
from . import route_usage
from .jsontext import json_text
from .options import Options
from .route_words import numbered, read_tos, route_type
from .words import Words, integer, matches, prefix, refused, unsigned, wrong

_COMMANDS = ("list", "lst", "show", "save", "restore", "add", "delete", "flush", "help")

#: What `ip -6 rule` shows: IPv6 has rules of its own, and these two are there from the start.
_IPV6 = [Rule(0, TABLES["local"], proto="kernel"), Rule(32766, MAIN, proto="kernel")]


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    """Run one `ip rule` line; `args` are the words after `rule`."""
    words = Words(args)
    if not words:
        return _list(ctx, options, words)
    word = words.take()
    command = next((name for name in _COMMANDS if matches(word, name)), None)
    if command in ("list", "lst", "show"):
        return _list(ctx, options, words)
    if command == "help":
        raise Failure(255, route_usage.RULE)
    if command in ("save", "restore"):
        raise Failure(1, f'The lab has no files: "ip rule {command}" is not in it.\n')
    if command is None:
        raise Failure(255, f'Command "{word}" is unknown, try "ip rule help".\n')
    try:
        return {"add": _add, "delete": _delete, "flush": _flush}[command](ctx, options, words)
    except KernelError as error:
        raise refused(error) from None


@dataclass(slots=True)
class _Spec:
    """`rule` holds what was said; `said` names the fields."""

    family: str
    rule: Rule = Rule(0, 0, proto="unspec")
    said: set[str] = field(default_factory=set)

    def set(self, **fields) -> None:
        self.rule = replace(self.rule, **fields)
        self.said |= fields.keys()


def _add(ctx: Context, options: Options, words: Words) -> Result:
    if not words:
        raise Failure(1, '"ip rule add" requires arguments.\n')
    spec = _read(options, words)
    rule = spec.rule
    if rule.tos & 3:
        raise KernelError(errno.EINVAL, "Invalid dsfield (tos): ECN bits must be 0")
    if rule.action == "lookup" and not rule.table:
        table = MAIN if "table" not in spec.said and "action" not in spec.said else _unused_table(ctx.ns)
        rule = replace(rule, table=table)
    rules.add(ctx.lab, ctx.ns, rule, rule.priority if "priority" in spec.said else None)
    return Result()


def _unused_table(ns: Namespace) -> int:
    """Table 0 asks the kernel for a fresh one (fib_rules.c fib_empty_table)."""
    number = next(n for n in range(1, 253) if n not in ns.tables)
    ns.table(number)
    return number


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    if not words:
        raise Failure(1, '"ip rule del" requires arguments.\n')
    spec = _read(options, words)
    asked = spec.said - {"invert", "proto"}
    if not spec.rule.table:
        asked.discard("table")
    if "fwmark" in asked:
        asked.add("fwmask")

    def fits(rule: Rule) -> bool:
        return all(getattr(rule, name) == getattr(spec.rule, name) for name in asked)

    rules.delete(ctx.lab, ctx.ns, fits)
    return Result()


def _flush(ctx: Context, options: Options, words: Words) -> Result:
    """Delete what fits, but never the rule with priority 0: the kernel's dump does not give its number."""
    fits = _selector(options, words)
    for rule in [rule for rule in ctx.ns.rules if fits(rule) and rule.priority]:
        rules.delete(ctx.lab, ctx.ns, lambda candidate, doomed=rule: candidate is doomed)
    return Result()


def _list(ctx: Context, options: Options, words: Words) -> Result:
    fits = _selector(options, words)
    found = [rule for rule in (_IPV6 if options.family == "inet6" else ctx.ns.rules) if fits(rule)]
    if options.json:
        return Result(0, json_text([_record(ctx.ns, rule, options) for rule in found], options.pretty))
    return Result(0, "".join(_line(ctx.ns, rule, options) for rule in found))


def _read(options: Options, words: Words) -> _Spec:
    spec = _Spec(options.family)
    while words:
        word = words.take()
        if word == "not":
            spec.set(invert=True)
        elif word in ("from", "to"):
            found, _ = prefix(words.value(), spec.family)
            spec.set(**{"src" if word == "from" else "dst": found.network})
            if found.network == ANY:
                spec.said.discard("src" if word == "from" else "dst")
        elif matches(word, "preference", "order", "priority"):
            spec.set(priority=_number(words.value(), "preference value is invalid\n"))
        elif word == "tos" or matches(word, "dsfield"):
            spec.set(tos=_tos(words.value()))
        elif word == "fwmark":
            mark, mask = _mark(words.value())
            spec.set(fwmark=mark, fwmask=mask)
        elif matches(word, "realms"):
            raise _beyond(word)
        elif matches(word, "protocol"):
            spec.set(proto=_proto(words.value()))
        elif matches(word, "tun_id"):
            raise _beyond(word)
        elif matches(word, "table") or word == "lookup":
            spec.set(table=_table(words.value(), "invalid table ID\n"))
        elif word in ("dev", "iif"):
            spec.set(iif=_interface_name(words.value(), '"iif"/"dev" not a valid ifname'))
        elif word == "oif":
            spec.set(oif=_interface_name(words.value(), '"oif" not a valid ifname'))
        elif matches(word, "suppress_prefixlength", "suppress_ifgroup", "map-to") or word in _BEYOND:
            raise _beyond(word)
        else:
            _action(spec, words.value() if word == "type" else word)
    return spec


_BEYOND = frozenset({"sup_pl", "sup_group", "l3mdev", "uidrange", "nat", "ipproto", "sport", "dport"})


def _beyond(word: str) -> Failure:
    return Failure(1, f'The lab\'s rules have no "{word}": they know from, to, iif, oif, tos, fwmark and table.\n')


def _action(spec: _Spec, word: str) -> None:
    """A kind of route, or its number: a number without meaning is taken, and refuses what it meets."""
    if matches(word, "help"):
        raise Failure(255, route_usage.RULE)
    number = integer(word, 0, 255)
    kind = route_type(word) or (TYPES[number - 1] if number in range(1, len(TYPES) + 1) else None)
    if matches(word, "goto", "nop") or number in (0, 3) or kind in ("nat", "broadcast"):
        raise _beyond(word)
    if kind is None and number is None:
        raise wrong(word, "Failed to parse rule type")
    if kind == "local":  # 2, which for a rule means goto
        raise KernelError(errno.EINVAL, "Missing goto target for action goto")
    spec.set(action="lookup" if kind == "unicast" else kind or str(number))


def _number(word: str, why: str) -> int:
    number = unsigned(word)
    if number is None:
        raise wrong(word, why)
    return number


def _tos(word: str) -> int:
    tos = read_tos(word)
    if tos is None:
        raise wrong(word, "TOS value is invalid\n")
    return tos


def _mark(word: str) -> tuple[int, int]:
    """MARK[/MASK]."""
    mark, slash, mask = word.partition("/")
    number = _number(mark, "fwmark value is invalid\n")
    return number, _number(mask, "fwmask value is invalid\n") if slash else 0xFFFFFFFF


def _proto(word: str) -> str:
    number = numbered(word, PROTOS, 255)
    if number is None:
        raise wrong(word, '"protocol" value is invalid\n')
    return next((name for name, n in PROTOS.items() if n == number), str(number))


def _table(word: str, why: str) -> int:
    table = numbered(word, table_numbers(), 2**32 - 1)
    if table is None:
        raise wrong(word, why)
    return table


def _interface_name(word: str, why: str) -> str:
    if not 0 < len(word) <= LONGEST or "/" in word or word.split() != [word]:
        raise wrong(word, why)
    return word


def _selector(options: Options, words: Words):
    """What `ip rule show` (or flush) asks for: a function that says whether a rule fits.

    `proto` is read and not obeyed, as iproute2 6.1 does (observed).
    """
    tests = []
    while words:
        word = words.take()
        if matches(word, "preference", "order", "priority"):
            number = _number(words.value(), "preference value is invalid\n")
            tests.append(lambda rule, number=number: rule.priority == number)
        elif word == "not":
            tests.append(lambda rule: rule.invert)
        elif word in ("tos", "dsfield"):
            tos = _tos(words.value())
            tests.append(lambda rule, tos=tos: rule.tos == tos)
        elif word == "fwmark":
            mark, _ = _mark(words.value())
            tests.append(lambda rule, mark=mark: not mark or (rule.fwmark or 0) == mark)
        elif word in ("dev", "iif", "oif"):
            name = words.value()
            tests.append(lambda rule, name=name, end="oif" if word == "oif" else "iif": getattr(rule, end) == name)
        elif matches(word, "lookup", "table"):
            table = _table(words.value(), "table id value is invalid\n")
            tests.append(lambda rule, table=table: not table or rule.table == table)
        elif matches(word, "from", "src"):
            tests.append(_inside("src", words.value()))
        elif matches(word, "protocol"):
            if (proto := words.value()) != "all" and numbered(proto, PROTOS, 255) is None:
                raise wrong(proto, 'invalid "protocol"\n')
        elif word in _BEYOND or matches(word, "tun_id"):
            raise _beyond(word)
        else:
            tests.append(_inside("dst", words.value() if matches(word, "dst", "to") else word))
    return lambda rule: all(test(rule) for test in tests)


def _inside(end: str, word: str):
    """A test that a rule's source or destination lies in a prefix."""
    network = prefix(word, "inet")[0].network
    if word in ("default", "any", "all"):
        return lambda rule: True
    return lambda rule: getattr(rule, end).prefixlen >= network.prefixlen and getattr(rule, end).subnet_of(network)


def _record(ns: Namespace, rule: Rule, options: Options) -> dict:
    """One rule under its JSON names, in iproute2's order."""
    record: dict = {"priority": rule.priority}
    if rule.invert:
        record["not"] = None
    for end, network in (("src", rule.src), ("dst", rule.dst)):
        if network.prefixlen:
            record[end] = str(network.network_address)
            if network.prefixlen != 32:
                record[f"{end}len"] = network.prefixlen
        elif end == "src":
            record[end] = "all"
    if rule.tos:
        record["tos"] = tos_name(rule.tos)
    if rule.fwmark is not None:
        record["fwmark"] = hex(rule.fwmark)
        if rule.fwmask != 0xFFFFFFFF:
            record["fwmask"] = hex(rule.fwmask)
    for end, name in (("iif", rule.iif), ("oif", rule.oif)):
        if name is not None:
            record[end] = name
            if ns.find(name) is None:
                record[f"{end}_detached"] = None
    if rule.table:
        record["table"] = str(rule.table) if options.numeric else table_name(rule.table)
    if rule.action != "lookup":
        record["action"] = rule.action
    if options.details or rule.proto not in ("kernel", "unspec"):
        record["protocol"] = str(PROTOS.get(rule.proto, rule.proto)) if options.numeric else rule.proto
    return record


def _line(ns: Namespace, rule: Rule, options: Options) -> str:
    """The same in words; a tab after the number, no space at the end."""
    record = _record(ns, rule, options)
    text = "not " if rule.invert else ""
    text += "from " + _address(record, "src")
    text += " to " + _address(record, "dst") if "dst" in record else ""
    text += f" tos {record['tos']}" if "tos" in record else ""
    text += f" fwmark {record['fwmark']}" if "fwmark" in record else ""
    text += f"/{record['fwmask']}" if "fwmask" in record else ""
    for end in ("iif", "oif"):
        if end in record:
            text += f" {end} {record[end]}" + (" [detached]" if f"{end}_detached" in record else "")
    text += f" lookup {record['table']}" if "table" in record else ""
    text += f" {record['action']}" if "action" in record else ""
    text += f" proto {record['protocol']}" if "protocol" in record else ""
    return f"{rule.priority}:\t{text}\n"


def _address(record: dict, end: str) -> str:
    return record[end] + (f"/{record[f'{end}len']}" if f"{end}len" in record else "")
