"""Rules as text: as iptables-save writes them, and as `iptables -L` lists them (iptables/xshared.c, extensions' print functions, 1.8.9)."""

import re

from ..tables.chains import Chain, Match, Option, Spec, Table, dotted, network_text, prefixlen
from .connecting import SERVICES
from .rule_values import ICMP_NAMES, PROTOCOLS
from .rule_words import RECENT

#: How listings of a reader who wants no names call a protocol.
_NUMBERS = {name: str(number) for name, number in PROTOCOLS.items()}
_FLAG_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "NONE": 0}

#: What LOG tells besides (libxt_LOG.c): its option, without --log-, and its bit; and the levels.
_LOGGED = {"tcp-sequence": 1, "tcp-options": 2, "ip-options": 4, "uid": 8, "macdecode": 32}
LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")


def saved_rules(chain: Chain, counters: str = "", number: int | None = None) -> list[str]:
    """`-A CHAIN …` for each rule, or for one. counters: "" none, "before" as iptables-save -c, "inside" as iptables -vS."""
    lines = []
    for at, rule in enumerate(chain.rules, 1):
        if number not in (None, at):
            continue
        inside = f"-c {rule.packets} {rule.bytes}" if counters == "inside" else ""
        before = f"[{rule.packets}:{rule.bytes}] " if counters == "before" else ""
        lines.append(f"{before}-A {chain.name} {rule.spec.words(inside)}".rstrip())
    return lines


def listing(table: Table, chains: list[Chain], words) -> str:
    """`iptables -L`; words: verbose, numeric, exact, line_numbers, number."""
    pieces = []
    for chain in chains:
        lines = [] if words.number is not None else [_head(table, chain, words), _columns(words)]
        for at, rule in enumerate(chain.rules, 1):
            if words.number in (None, at):
                lines.append(_line(rule, at, words))
        pieces.append("".join(f"{line}\n" for line in lines))
    return "\n".join(pieces) if words.number is None else "".join(pieces)


def _head(table: Table, chain: Chain, words) -> str:
    if chain.policy is None:
        return f"Chain {chain.name} ({table.references(chain.name)} references)"
    counted = ""
    if words.verbose:
        counted = f" {_scaled(chain.packets, words.exact, 0)} packets, {_scaled(chain.bytes, words.exact, 0)} bytes"
    return f"Chain {chain.name} (policy {chain.policy}{counted})"


def _columns(words) -> str:
    number = "num  " if words.line_numbers else ""
    if not words.verbose:
        return f"{number}{'target':<10} {'prot':<4} {'opt'} {'source':<20} {'destination':<20}"
    counters = f"{'pkts':>8} {'bytes':>10} " if words.exact else f"{'pkts':>5} {'bytes':>5} "
    return f"{number}{counters}{'target':<10} {'prot':<4} {'opt'} {'in':<6} {'out':<6}  {'source':<20} {'destination':<20}"


def _scaled(number: int, exact: bool, width: int) -> str:
    """A counter in five characters: thousands, millions … (xtables_print_num)."""
    if exact or number <= 99999:
        return f"{number:>{width}}"
    for letter in "KMGT":
        number = (number + 500) // 1000
        if number <= 9999 or letter == "T":
            return f"{number:>{max(width - 1, 0)}}{letter}"
    return str(number)


def _line(rule, at: int, words) -> str:
    spec = rule.spec
    line = f"{at:<4} " if words.line_numbers else ""
    if words.verbose:
        wide = (8, 8) if words.exact else (5, 5)
        line += f"{_scaled(rule.packets, words.exact, wide[0])} {_scaled(rule.bytes, words.exact, wide[1])} "
    proto, no = spec.proto or ("all", False)
    name = (_NUMBERS.get(proto, "0" if proto == "all" else proto)) if words.numeric else proto
    line += f"{spec.target:<9} {'!' if no else ' '}{name:<4} -- "
    if words.verbose:
        line += " "
        for said in (spec.iif, spec.oif):
            name, no = said or ("*" if words.numeric else "any", False)
            line += f"{('!' if no else '') + name:<6} "
    line += f"{_address(spec.src, words.numeric):<20} {_address(spec.dst, words.numeric):<20} "
    line += "[goto] " if spec.goto else ""
    said = [*(_match(match, spec, words.numeric) for match in spec.matches), _target(spec, words.numeric)]
    return line + "".join(f" {text}" for text in said if text)


def _address(said: tuple[int, int, bool] | None, numeric: bool) -> str:
    if said is None:
        return " 0.0.0.0/0" if numeric else " anywhere"
    network, mask, no = said
    text = network_text(network, mask, short=True)
    if mask == 0:
        text = "0.0.0.0/0" if numeric else "anywhere"
    return f"!{text}" if no else f" {text}"


def echoed(specs: list[Spec]) -> str:
    """What `iptables -v -A` says it did."""
    lines = []
    for spec in specs:
        proto, no = spec.proto or ("all", False)
        ends = [f"{'!' if said and said[1] else ''}{said[0] if said else '*'}" for said in (spec.iif, spec.oif)]
        line = f"{spec.target} {'!' if no else ' '}{proto} opt -- in {ends[0]} out {ends[1]}  "
        line = line[:-1] + ("!" if spec.src and spec.src[2] else " ") + f"{_wide(spec.src)} "
        line += ("!" if spec.dst and spec.dst[2] else " ") + f"-> {_wide(spec.dst)}  "
        line += "[goto] " if spec.goto else ""
        said = [*(_match(match, spec, True) for match in spec.matches), _target(spec, True)]
        lines.append((line + "".join(f" {text}" for text in said if text)).rstrip(" ") if any(said) else line)
    return "".join(f"{line}\n" for line in lines)


def _wide(said: tuple[int, int, bool] | None) -> str:
    if said is None:
        return "0.0.0.0/0"
    return network_text(*said[:2], short=prefixlen(said[1]) == 32)


def _match(match: Match, spec: Spec, numeric: bool) -> str:
    if match.name == "multiport":
        return _multiport_line(match.options[0], spec.proto[0], numeric)
    return _MATCHES[match.name](match.options, numeric) if match.name in _MATCHES else ""


def _no(option: Option) -> str:
    return "!" if option.negated else ""


def _ports(proto: str, said: str, numeric: bool) -> str:
    """Ports, ranges and lists of them, each by its name unless `numeric`."""
    return said if numeric else re.sub(r"\d+", lambda port: SERVICES.get((proto, int(port[0])), port[0]), said)


def _ports_line(name: str):
    short = {"--sport": "spt", "--dport": "dpt"}

    def text(options: tuple[Option, ...], numeric: bool) -> str:
        said = [name]
        for option in options:
            if option.name == "--tcp-flags":
                asked, wanted = (sum(_FLAG_BITS[word] for word in words.split(",")) for words in option.value.split())
                said.append(
                    f"flags:{_no(option)}0x{asked:02X}/0x{wanted:02X}"
                    if numeric
                    else f"flags:{_no(option)}{option.value.replace(' ', '/')}"
                )
            else:
                plural = "s" if ":" in option.value else ""
                said.append(f"{short[option.name]}{plural}:{_no(option)}{_ports(name, option.value, numeric)}")
        return " ".join(said)

    return text


def _icmp_line(options: tuple[Option, ...], numeric: bool) -> str:
    option = options[0]
    name = None if numeric else ICMP_NAMES.get(option.value)
    if name:
        return f"icmp {_no(option)}{name}"
    type_, _, code = option.value.partition("/")
    return f"icmp{' !' if option.negated else ''}type {'255' if type_ == 'any' else type_}" + (f" code {code}" if code else "")


def _addrtype_line(options: tuple[Option, ...], numeric: bool) -> str:
    said = "ADDRTYPE match"
    for option in options:
        if option.name.startswith("--limit"):
            said += f" limit-{'in' if option.name.endswith('in') else 'out'}"
        else:
            said += f" {option.name[2:]} {_no(option)}{option.value}"
    return said


def _mark_line(options: tuple[Option, ...], numeric: bool) -> str:
    return f"mark match {'! ' if options[0].negated else ''}{options[0].value}"


def _multiport_line(option: Option, proto: str, numeric: bool) -> str:
    return f"multiport {option.name[2:]} {' !' if option.negated else ''}{_ports(proto, option.value, numeric)}"


def _statistic_line(options: tuple[Option, ...], numeric: bool) -> str:
    said = "statistic"
    for option in options:
        if (option.name, option.value) != ("--packet", "0"):
            said += f" {'! ' if option.negated else ''}{option.name[2:]} {option.value}"
    return said


def _physdev_line(options: tuple[Option, ...], numeric: bool) -> str:
    said = "PHYSDEV match"
    for option in options:
        said += f"{' !' if option.negated else ''} {option.name}" + (f" {option.value}" if option.value else "")
    return said


def _limit_line(options: tuple[Option, ...], numeric: bool) -> str:
    said = {option.name: option.value for option in options}
    return f"limit: avg {said.get('--limit', '3/hour')} burst {said.get('--limit-burst', '5')}"


def _recent_line(options: tuple[Option, ...], numeric: bool) -> str:
    held = {option.name: option for option in options}
    doing = next(option for name, option in held.items() if name in RECENT)
    said = "! " * doing.negated + "recent: " + {"--rcheck": "CHECK"}.get(doing.name, doing.name[2:].upper())
    said += f" seconds: {held['--seconds'].value}" if "--seconds" in held else ""
    said += " reap" if "--reap" in held else ""
    said += f" hit_count: {held['--hitcount'].value}" if "--hitcount" in held else ""
    said += " TTL-Match" if "--rttl" in held else ""
    return said + f" name: {held['--name'].value} side: {'dest' if '--rdest' in held else 'source'} mask: {held['--mask'].value}"


_MATCHES = {
    "tcp": _ports_line("tcp"), "udp": _ports_line("udp"), "icmp": _icmp_line,
    "conntrack": lambda options, numeric: f"{'! ' if options[0].negated else ''}ctstate {options[0].value}",
    "state": lambda options, numeric: f"{'! ' if options[0].negated else ''}state {options[0].value}", "addrtype": _addrtype_line,
    "mark": _mark_line, "comment": lambda options, numeric: f"/* {options[0].value} */",
    "statistic": _statistic_line, "physdev": _physdev_line, "limit": _limit_line,
    "recent": _recent_line,
}  # fmt: skip


def _target(spec: Spec, numeric: bool) -> str:
    value = spec.get
    match spec.target:
        case "REJECT":
            return f"reject-with {value('--reject-with')}"
        case "MARK":
            number, _, mask = value("--set-xmark").partition("/")
            number, mask = int(number, 0), int(mask, 0)
            if number == 0:
                return f"MARK and {~mask & 0xFFFFFFFF:#x}"
            if number == mask:
                return f"MARK or {number:#x}"
            if mask == 0xFFFFFFFF:
                return f"MARK set {number:#x}"
            return f"MARK xor {number:#x}" if mask == 0 else f"MARK xset {number:#x}/{mask:#x}"
        case "DNAT" | "SNAT":
            flags = "".join(f" {option.name[2:]}" for option in spec.options if option.value is None)
            return f"to:{value('--to-destination') or value('--to-source')}{flags}"
        case "REDIRECT":
            flags = "".join(f" {option.name[2:]}" for option in spec.options if option.value is None)
            return ((f"redir ports {value('--to-ports')}" if value("--to-ports") else "") + flags).strip()
        case "MASQUERADE":
            flags = "".join(f" {option.name[2:]}" for option in spec.options if option.value is None)
            return ((f"masq ports: {value('--to-ports')}" if value("--to-ports") else "") + flags).strip()
        case "LOG":
            flags = [(bit, name) for name, bit in _LOGGED.items() if spec.has(f"--log-{name}")]
            prefix = f' prefix "{value("--log-prefix")}"' if value("--log-prefix") else ""
            level = int(value("--log-level") or 4)
            if numeric:
                return f"LOG flags {sum(bit for bit, _ in flags)} level {level}{prefix}"
            return " ".join([f"LOG level {LEVELS[level]}", *(name for _, name in flags)]) + prefix
        case "CT":
            return "CT notrack" if spec.has("--notrack") else "CT"
    return ""


__all__ = ["dotted", "echoed", "listing", "saved_rules"]
