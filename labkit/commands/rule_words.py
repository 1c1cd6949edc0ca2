"""What a rule of iptables says, read into a Spec: options, matches, targets, and how 1.8.9 (nf_tables) refuses each.

Every match and target is a table of its options: name, how the value is read into the words in which iptables-save prints it, and
whether `!` may stand before it. Source: iptables/xshared.c, extensions/libxt_*.c, libipt_*.c of 1.8.9, and recordings of it.
"""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ..tables.chains import TARGETS, Match, Option, Spec
from .connecting import SERVICES
from .hosts import address as host_address
from .hosts import numeric
from .words import is_digits, whole


class Refused(Exception):
    """The tool's own sentence and status; `bare`: nothing stands before it; `hint`: the line that begins with "Try" follows; `said`: what
    it printed before it failed."""

    def __init__(self, words: str, status: int = 2, hint: bool = True, bare: bool = False, said: str = ""):
        self.words, self.status, self.hint, self.bare, self.said = words, status, hint, bare, said
        super().__init__(words)


def guided(words: str) -> Refused:
    """A sentence of the parser that extensions share (libxtables/xtoptions.c): an empty line follows."""
    return Refused(f"{words}\n")


class NotKnown(Exception):
    """Something the real tool takes and the lab does not; the lab's own sentence."""


PROTOCOLS = {
    "icmp": 1,
    "igmp": 2,
    "ipencap": 4,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "sctp": 132,
    "udplite": 136,
    "dccp": 33,
    "ipv6-icmp": 58,
}
_BY_NUMBER = {str(number): name for name, number in PROTOCOLS.items()}
_STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")
_TYPES = (
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
)
_ICMP_TYPES = {
    "any": "any", "echo-reply": "0", "pong": "0", "destination-unreachable": "3", "network-unreachable": "3/0", "host-unreachable": "3/1",
    "protocol-unreachable": "3/2", "port-unreachable": "3/3", "fragmentation-needed": "3/4", "source-route-failed": "3/5",
    "network-unknown": "3/6", "host-unknown": "3/7", "network-prohibited": "3/9", "host-prohibited": "3/10",
    "TOS-network-unreachable": "3/11", "TOS-host-unreachable": "3/12", "communication-prohibited": "3/13",
    "host-precedence-violation": "3/14", "precedence-cutoff": "3/15", "source-quench": "4", "redirect": "5", "network-redirect": "5/0",
    "host-redirect": "5/1", "TOS-network-redirect": "5/2", "TOS-host-redirect": "5/3", "echo-request": "8", "ping": "8",
    "router-advertisement": "9", "router-solicitation": "10", "time-exceeded": "11", "ttl-exceeded": "11",
    "ttl-zero-during-transit": "11/0", "ttl-zero-during-reassembly": "11/1",
    "parameter-problem": "12", "ip-header-bad": "12/0", "required-option-missing": "12/1",
    "timestamp-request": "13", "timestamp-reply": "14", "address-mask-request": "17", "address-mask-reply": "18",
}  # fmt: skip
#: By number, the name that a listing shows: the first.
ICMP_NAMES = {number: name for name, number in reversed(_ICMP_TYPES.items())}
_LEVELS = {"emerg": 0, "panic": 0, "alert": 1, "crit": 2, "error": 3, "warning": 4, "notice": 5, "info": 6, "debug": 7}
_REJECTS = (
    ("icmp-net-unreachable", "net-unreach"), ("icmp-host-unreachable", "host-unreach"), ("icmp-proto-unreachable", "proto-unreach"),
    ("icmp-port-unreachable", "port-unreach"), ("icmp-net-prohibited", "net-prohib"), ("icmp-host-prohibited", "host-prohib"),
    ("tcp-reset", "tcp-rst"), ("icmp-admin-prohibited", "admin-prohib"),
)  # fmt: skip
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_WITH_PORTS = ("tcp", "udp", "udplite", "sctp", "dccp")
_NEEDS_PORTS = "Need TCP, UDP, SCTP or DCCP with port specification"


#: What strtoul(3) takes of a word: decimal, 0x…, or octal with a leading 0.
_NUMBER = r"(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)"


def _number(word: str, most: int = 0xFFFFFFFF) -> int | None:
    """xtables_strtoui: decimal, 0x…, or octal with a leading 0."""
    if not re.fullmatch(_NUMBER, word):
        return None
    found = whole(word) if word == "0" or not word.startswith("0") else whole(word, base=0) if word[1:2] in "xX" else whole(word, base=8)
    return found if found is not None and found <= most else None


def port(word: str, proto: str) -> int:
    number = _number(word, 65535)
    if number is None:
        number = next((at for (of, at), name in SERVICES.items() if (of, name) == (proto, word)), None)
    if number is None:
        raise Refused(f"invalid port/service `{word}' specified")
    return number


def _tcp_ports(reader: "Rules", words: list[str]) -> str:
    """libxt_tcp.c reads its ports itself."""
    low, colon, high = words[0].partition(":")
    first, last = port(low, "tcp") if low or not colon else 0, port(high, "tcp") if high else 65535 if colon else 0
    if not colon:
        return str(first)
    if first > last:
        raise Refused("invalid portrange (min > max)")
    return str(first) if first == last else f"{first}:{last}"


def _udp_ports(reader: "Rules", words: list[str]) -> str:
    """libxt_udp.c leaves it to the common parser, which takes any decimal number, and names of any protocol."""
    low, colon, high = words[0].partition(":")

    def read(word: str, empty: int) -> int:
        if is_digits(word) or not word:
            return (whole(word) or 0) % 65536 if word else empty
        found = next((at for (_, at), name in SERVICES.items() if name == word), None)
        if found is None:
            raise guided(f'Port "{word}" does not resolve to anything.')
        return found

    first, last = read(low, 0), read(high, 65535) if colon else None
    return str(first) if last in (None, first) else f"{first}:{last}"


def _ports(reader: "Rules", words: list[str]) -> str:
    if reader.proto is None or reader.proto[0] == "all":
        raise Refused("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
    if reader.proto[1] or reader.proto[0] not in _WITH_PORTS:
        raise Refused("multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP")
    pieces = words[0].split(",")
    if sum(2 if ":" in piece else 1 for piece in pieces) > 15:
        raise Refused("too many ports specified")
    found = []
    for piece in pieces:
        ends = [str(port(end, reader.proto[0])) for end in piece.split(":")]
        if len(ends) > 1 and int(ends[0]) >= int(ends[1]):
            raise Refused("invalid portrange specified")
        found.append(":".join(ends))
    return ",".join(found)


def _tcp_flags(reader: "Rules", words: list[str]) -> str:
    def read(word: str) -> str:
        names = word.upper().split(",")
        if names == ["ALL"]:
            names = list(_FLAGS)
        elif names == ["NONE"]:
            return "NONE"
        for name in names:
            if name not in _FLAGS:
                raise Refused(f"Unknown TCP flag `{name}'")
        return ",".join(name for name in _FLAGS if name in names)

    return f"{read(words[0])} {read(words[1])}"


def _icmp_type(reader: "Rules", words: list[str]) -> str:
    word = words[0].lower()
    type_, slash, code = word.partition("/")
    if is_digits(type_) and int(type_) < 256:
        if slash and not (is_digits(code) and int(code) < 256):
            raise Refused(f"Unknown ICMP code `{words[0]}'")
        return "any" if type_ == "255" else f"{int(type_)}/{int(code)}" if code else str(int(type_))
    found = [name for name in _ICMP_TYPES if name.lower().startswith(word)]
    if not found:
        raise Refused(f"Unknown ICMP type `{words[0]}'")
    if len(found) > 1:
        raise Refused(f"Ambiguous ICMP type `{words[0]}': `{found[0]}' or `{found[1]}'?")
    return _ICMP_TYPES[found[0]]


def _listed(words: str, known: tuple[str, ...], complain: Callable[[str, bool], str], cut: bool = False) -> list[str]:
    """Names of a list in full and in capitals, where they may be `cut` short; `complain` words what is left from the one that is not
    known, and whether it is the last."""
    names = words.upper().split(",")
    for at, name in enumerate(names):
        found = next((one for one in known if one == name or cut and name and one.startswith(name)), None)
        if found is None:
            raise Refused(complain(words.split(",", at)[-1], at == len(names) - 1))
        names[at] = found
    return names


def _ctstate(reader: "Rules", words: list[str]) -> str:
    names = _listed(words[0], _STATES, lambda rest, last: f'Bad ctstate "{rest}"', cut=True)
    return ",".join(name for name in _STATES if name in names)


def _state(reader: "Rules", words: list[str]) -> str:
    spaces = '"--state" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED'
    names = _listed(words[0], _STATES[:5], lambda rest, last: f'Bad state "{rest}"' if rest else spaces, cut=True)
    return ",".join(name for name in ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED") if name in names)


def _types(reader: "Rules", words: list[str]) -> str:
    names = _listed(words[0], _TYPES, lambda rest, last: f'addrtype: bad type "{rest}"' if last else f"addrtype: bad type `{rest}'")
    return ",".join(name for name in _TYPES if name in names)


def _marked(option: str) -> Callable[["Rules", list[str]], str]:
    """A value with or without a mask, as the option of that name means it."""

    def read(reader: "Rules", words: list[str]) -> str:
        value, slash, mask = words[0].partition("/")
        a, b = _number(value), _number(mask) if slash else None
        masked = option in ("--mark", "--set-mark", "--set-xmark")
        begins = re.match(rf"{_NUMBER}(?:/{_NUMBER})?", words[0])
        rest = words[0][begins.end() :] if masked and begins else ""
        if rest and (rest[0] != "/" or "/" in begins[0]):
            raise guided(f'{reader.loading}: trailing garbage after value for option "{option}".')
        if a is None or slash and (b is None or not masked):
            what = "bad integer value" if masked else "bad value"
            raise guided(f'{reader.loading}: {what} for option "{option}", or out of range{"" if masked else " (0-4294967295)"}.')
        if option == "--mark":
            return f"{a:#x}" if b is None or b == 0xFFFFFFFF else f"{a:#x}/{b:#x}"
        b = 0xFFFFFFFF if b is None else b
        if option == "--set-mark":
            b |= a
        if option == "--or-mark":
            b = a
        if option == "--and-mark":
            a, b = 0, ~a & 0xFFFFFFFF
        if option == "--xor-mark":
            b = 0
        return f"{a:#x}/{b:#x}"

    return read


def _text(most: int, too_long: str) -> Callable[["Rules", list[str]], str]:
    def read(reader: "Rules", words: list[str]) -> str:
        if len(words[0]) > most:
            raise Refused(too_long)
        return words[0]

    return read


def _mode(reader: "Rules", words: list[str]) -> str:
    if words[0] not in ("random", "nth"):
        raise Refused(f'Bad mode "{words[0]}"')
    return words[0]


def _probability(reader: "Rules", words: list[str]) -> str:
    try:
        value = float(words[0])
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise guided('statistic: bad value for option "--probability", or out of range (0-1).')
    return f"{round(value * 0x80000000) / 0x80000000:.11f}"


def _count(name: str, least: int, most: int = 0xFFFFFFFF) -> Callable[["Rules", list[str]], str]:
    def read(reader: "Rules", words: list[str]) -> str:
        number = _number(words[0], most)
        if number is None or number < least:
            raise guided(f'{reader.loading}: bad value for option "{name}", or out of range ({least}-{most}).')
        return str(number)

    return read


def _rate(reader: "Rules", words: list[str]) -> str:
    """`3/min`: so many a second, minute, hour or day."""
    number, slash, unit = words[0].partition("/")
    full = {"second": "sec", "minute": "min", "hour": "hour", "day": "day"}
    units = [short for name, short in full.items() if unit and name.startswith(unit.lower())]
    if not is_digits(number) or int(number) == 0 or slash and not units:
        raise Refused(f'bad rate "{words[0]}"\'')
    if int(number) > 10_000 * {"sec": 1, "min": 60, "hour": 3600, "day": 86400}[units[0] if units else "sec"]:
        raise Refused(f'Rate too fast "{words[0]}"')
    return f"{int(number)}/{units[0] if units else 'sec'}"


def _dotted_mask(word: str) -> IPv4Address:
    """A mask as inet_aton reads an address: `16` is 0.0.0.16."""
    mask = numeric(word)
    if mask is None:
        raise Refused(f'Bad value for "--mask" option: "{word}"')
    return mask


def interface(name: str) -> str:
    if len(name) > 15:
        raise Refused(f"interface name `{name}' must be shorter than IFNAMSIZ (15)")
    return name


def _port_device(reader: "Rules", words: list[str]) -> str:
    reader.look_at(words[0])
    return interface(words[0])


def _address(word: str) -> None:
    if numeric(word) is None or word.count(".") != 3:
        raise Refused(f'Bad IP address "{word}"')


def _nat(reader: "Rules", words: list[str]) -> str:
    """`A`, `A-B`, `A:P`, `A:P-Q`, `:P`."""
    host, colon, ports = words[0].partition(":")
    if ":" in ports:
        raise Refused(f'Bad IP address "{words[0]}"')
    ports = _nat_ports(reader, ports) if colon else ""
    for address in host.split("-") if host or not colon else ():
        _address(address)
    return f"{host}{colon}{ports}"


def _nat_ports(reader: "Rules", ports: str) -> str:
    """extensions/libxt_NAT.c parse_ports: a service by its name only where it stands alone."""
    if reader.proto is None or reader.proto[0] not in ("tcp", "udp", "sctp", "dccp", "icmp"):
        raise Refused(_NEEDS_PORTS)
    low, dash, high = ports.partition("-")
    first = _number(low, 65535)
    if first is None:
        number = re.match("0[xX][0-9a-fA-F]+|[0-9]+", ports)
        if number is not None and _number(number[0], 65535) is not None:
            raise Refused(f"Garbage after port value: `{ports[number.end():]}'")
        named = next((at for (_, at), name in SERVICES.items() if name == ports), None)
        if named is None:
            raise Refused(f"Port `{ports}' not valid")
        return str(named)
    last = _number(high, 65535) if dash else first
    if last is None:
        raise Refused(f"Port `{high}' not valid")
    if last < first:
        raise Refused(f"Port range `{high}' funky")
    return str(first) if first == last else f"{first}-{last}"


def _to_ports(reader: "Rules", words: list[str]) -> str:
    if ":" in words[0]:
        raise Refused("Invalid port:port syntax - use dash")
    return _nat_ports(reader, words[0])


def _reject(reader: "Rules", words: list[str]) -> str:
    for name, short in _REJECTS:
        if (name.startswith(words[0].lower()) or short.startswith(words[0].lower())):
            return name
    raise Refused(f'unknown reject type "{words[0]}"')


def _level(reader: "Rules", words: list[str]) -> str:
    found = _number(words[0], 7)
    if found is None:
        found = _LEVELS.get(words[0])
    if found is None:
        raise guided(f'log level "{words[0]}" unknown')
    return str(found)


def _prefix(reader: "Rules", words: list[str]) -> str:
    if not words[0]:
        raise guided("Argument must have a minimum length of 1 characters")
    return words[0][:29]


@dataclass(frozen=True, slots=True)
class Word:
    """An option of a match or target: how its value is read (None: it has none), how many words that takes, whether `!` may stand before
    it, the name it is printed by, and the one that complaints use."""

    name: str
    read: Callable[["Rules", list[str]], str] | None = None
    negates: bool = False
    takes: int = 1
    printed: str = ""
    full: str = ""


def _words(*rows) -> dict[str, Word]:
    return {row[0]: Word(*row) for row in rows}


def _port_words(read: Callable[["Rules", list[str]], str]) -> tuple:
    return tuple(
        (name, read, True, 1, f"--{end}port", f"--{full}-port")
        for end, full in (("s", "source"), ("d", "destination")) for name in (f"--{end}port", f"--{full}-port")
    )  # fmt: skip


#: What `recent` may do, one of them: note the address, look whether it is noted (and note it again), or forget it.
RECENT = ("--set", "--rcheck", "--update", "--remove")
MATCHES: dict[str, dict[str, Word]] = {
    "tcp": _words(*_port_words(_tcp_ports), ("--tcp-flags", _tcp_flags, True, 2),
                  ("--syn", lambda reader, words: "FIN,SYN,RST,ACK SYN", True, 0, "--tcp-flags")),
    "udp": _words(*_port_words(_udp_ports)), "icmp": _words(("--icmp-type", _icmp_type, True)),
    "conntrack": _words(("--ctstate", _ctstate, True)),
    "state": _words(("--state", _state, True)),
    "addrtype": _words(("--src-type", _types, True), ("--dst-type", _types, True), ("--limit-iface-in",), ("--limit-iface-out",)),
    "mark": _words(("--mark", _marked("--mark"), True)),
    "comment": _words(("--comment", _text(255, 'COMMENT must be shorter than 256 characters'), False)),
    "multiport": _words(("--sports", _ports, True, 1, "--sports", "--source-ports"),
                        ("--source-ports", _ports, True, 1, "--sports", "--source-ports"),
                        ("--dports", _ports, True, 1, "--dports", "--destination-ports"),
                        ("--destination-ports", _ports, True, 1, "--dports", "--destination-ports"), ("--ports", _ports, True)),
    "statistic": _words(("--mode", _mode), ("--probability", _probability, True), ("--every", _count("--every", 1), True),
                        ("--packet", _count("--packet", 0))),
    "limit": _words(("--limit", _rate), ("--limit-burst", _count("--limit-burst", 0, 10000))),
    "recent": _words(*((name, None, True) for name in RECENT), ("--seconds", _count("--seconds", 1)), ("--reap",),
                     ("--hitcount", _count("--hitcount", 0)), ("--rttl",), ("--name", _text(199, "")),
                     ("--mask", lambda reader, words: str(_dotted_mask(words[0]))), ("--rsource",), ("--rdest",)),
    "physdev": _words(("--physdev-in", _port_device, True), ("--physdev-out", _port_device, True), ("--physdev-is-in", None, True),
                      ("--physdev-is-out", None, True), ("--physdev-is-bridged", None, True)),
}  # fmt: skip
_FLAGGED = (("--random",), ("--persistent",))
OPTIONS: dict[str, dict[str, Word]] = {
    "REJECT": _words(("--reject-with", _reject)), "MASQUERADE": _words(("--to-ports", _to_ports), ("--random",), ("--random-fully",)),
    "REDIRECT": _words(("--to-ports", _to_ports), ("--random",)), "DNAT": _words(("--to-destination", _nat), *_FLAGGED),
    "SNAT": _words(("--to-source", _nat), ("--random",), ("--random-fully",), ("--persistent",)),
    "MARK": _words(*((name, _marked(name), False, 1, "--set-xmark")
                     for name in ("--set-mark", "--set-xmark", "--and-mark", "--or-mark", "--xor-mark"))),
    "LOG": _words(("--log-prefix", _prefix), ("--log-level", _level),
                  ("--log-tcp-sequence",), ("--log-tcp-options",), ("--log-ip-options",), ("--log-uid",)),
    "CT": _words(("--notrack",)),
}  # fmt: skip
#: Of nothing but these does the lab know the real names of more: refused in its own words.
_MORE_MATCHES = frozenset(
    "ah bpf cgroup cluster connbytes connlabel connlimit connmark cpu dccp devgroup dscp ecn esp hashlimit helper iprange ipvs length mac "
    "nfacct osf owner pkttype policy quota rateest realm rpfilter sctp set socket string tcpmss time tos ttl u32".split()
)
_MORE_TARGETS = frozenset(
    "AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK DSCP ECN HMARK IDLETIMER LED NETMAP NFLOG NFQUEUE NOTRACK RATEEST SECMARK SET "
    "SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG QUEUE".split()
)
#: What an extension without any of its options is told; with an empty line behind it where the common parser says it.
_MISSING = {
    "conntrack": "conntrack: At least one option is required", "addrtype": "addrtype: you must specify --src-type or --dst-type",
    "recent": "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
    "multiport": "multiport expection an option", "physdev": "PHYSDEV: no physdev option specified",
    "MARK": "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
    **{name: f'{name}: option "{option}" must be specified\n' for name, option in (
        ("state", "--state"), ("mark", "--mark"), ("comment", "--comment"), ("icmp", "--icmp-type"), ("DNAT", "--to-destination"),
        ("SNAT", "--to-source"))},
}  # fmt: skip
#: Options of which one alone may be given, and what is said of a second.
_EITHER = {
    "tcp": {"--tcp-flags": "Only one of `--syn' or `--tcp-flags'  allowed", "--sport": "Only one `--source-port' allowed",
            "--dport": "Only one `--destination-port' allowed"},
}  # fmt: skip

#: Long options of a rule itself, and their letters.
RULE_WORDS = {
    "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i", "--out-interface": "-o",
    "--protocol": "-p", "--proto": "-p", "--match": "-m", "--jump": "-j", "--goto": "-g", "--fragments": "-f", "--set-counters": "-c",
}  # fmt: skip


@dataclass(slots=True)
class Rules:
    """The reader of a rule's words; several addresses make several rules."""

    table: str
    src: list[tuple[int, int, bool]] = field(default_factory=list)
    dst: list[tuple[int, int, bool]] = field(default_factory=list)
    ends: dict[str, tuple[str, bool]] = field(default_factory=dict)
    said: dict[str, object] = field(default_factory=dict)
    matches: list[tuple[str, list[Option]]] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    target: str = ""
    goto: bool = False
    counters: tuple[int, int] | None = None
    loading: str = ""
    warnings: str = ""
    implicit: set[str] = field(default_factory=set)

    @property
    def proto(self) -> tuple[str, bool] | None:
        return self.said.get("-p")

    def look_at(self, device: str) -> None:
        """A name that no interface can have is only warned of."""
        if "/" in device or " " in device:
            self.warnings += f"Warning: weird character in interface `{device}' ('/' and ' ' are not allowed by the kernel).\n"

    def known(self) -> dict[str, tuple[str, Word]]:
        """The options of what is loaded so far: name -> (match or target, Word)."""
        found: dict[str, tuple[str, Word]] = {}
        for name, _ in self.matches:
            found |= {word: (name, row) for word, row in MATCHES[name].items()}
        if self.target in OPTIONS and not self.goto:
            found |= {word: (self.target, row) for word, row in OPTIONS[self.target].items()}
        return found

    def load(self, name: str) -> None:
        """-m NAME."""
        if name not in MATCHES:
            if name in _MORE_MATCHES:
                raise NotKnown(f"The lab's iptables knows the matches {', '.join(sorted(MATCHES))}, not {name}.")
            raise guided(f"Couldn't load match `{name}':No such file or directory")
        if name in self.implicit:
            self.implicit.remove(name)
        else:
            self.matches.append((name, []))

    def implied(self, word: str) -> bool:
        """Whether the protocol's own match has this option, which then is loaded."""
        proto = self.proto
        if proto is not None and proto[0] in ("sctp", "dccp", "udplite") and _shortened(word, MATCHES["udp"]) is not None:
            raise NotKnown(f"The lab's iptables knows ports of tcp and udp, not of {proto[0]}.")
        if proto is None or proto[0] not in ("tcp", "udp", "icmp") or any(name == proto[0] for name, _ in self.matches):
            return False
        if _shortened(word, MATCHES[proto[0]]) is None:
            return False
        self.matches.append((proto[0], []))
        self.implicit.add(proto[0])
        return True

    def jump(self, name: str, goto: bool) -> None:
        """-j NAME, -g NAME; whether there is such a chain is looked at last."""
        if self.target:
            raise Refused("multiple -j flags not allowed")
        if not name:
            raise Refused("Invalid target name (too short)")
        if name in _MORE_TARGETS:
            raise NotKnown(f"The lab's iptables knows the targets {', '.join(TARGETS)}, and chains, not {name}.")
        self.target, self.goto = name, goto

    def option(self, name: str, word: Word, values: list[str], negated: bool) -> None:
        """An option of a match or target."""
        held = self.options if name == self.target else next(held for at, held in reversed(self.matches) if at == name)
        full, printed = word.full or word.name, word.printed or word.name
        for one in held:
            if name in _EITHER and one.name == printed:
                raise Refused(_EITHER[name][printed])
            if one.name == printed and name != "MARK" or name == "MARK" and self.said["MARK"] == full:
                raise guided(f'{name}: option "{full}" can only be used once.')
            if name in ("MARK", "multiport"):
                longer = {"--sports": "--source-ports", "--dports": "--destination-ports"}
                other = self.said["MARK"] if name == "MARK" else longer.get(one.name, one.name)
                raise guided(f'{name}: option "{full}" cannot be used together with "{other}".')
        if negated and not word.negates:
            raise guided(f'{name}: option "{full}" cannot be inverted.')
        self.loading = name
        if name == "MARK":
            self.said["MARK"] = full
        value = word.read(self, values) if word.read is not None else None
        # `! :1023` is kept as what is above (nft's own range)
        if word.read in (_tcp_ports, _udp_ports) and negated and value.startswith("0:"):
            value, negated = f"{int(value[2:]) + 1}:65535", False
        held.append(Option(printed, value, negated))

    def finish(self, policy: str = "") -> None:
        """What is looked at once all words are read: the extensions in turn."""
        if self.table == "nat" and "DROP" in (self.target, policy):
            raise Refused('\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n')
        for name, options in [*self.matches, ("" if self.goto else self.target, self.options)]:
            said = {option.name: option.value for option in options}
            if name == "statistic":
                self._statistic(said)
            elif name == "recent":
                _check_recent(set(said))
            elif name in _MISSING and not (said.keys() & {"--src-type", "--dst-type"} if name == "addrtype" else options):
                raise Refused(_MISSING[name])

    @staticmethod
    def _statistic(said: dict[str, str]) -> None:
        nth = said.get("--mode") == "nth"
        if not nth and "--probability" not in said:
            raise Refused("--probability must be specified when using random mode")
        if nth and not said.keys() & {"--every", "--packet"}:
            raise Refused("--every and --packet must be specified when using nth mode")
        if nth and int(said.get("--packet", 0)) >= int(said.get("--every", 0)):
            raise Refused("the --packet p must be 0 <= p <= n-1")
        if nth and "--packet" not in said:
            raise guided('statistic: option "--every" also requires "--packet".')

    def addresses(self) -> None:
        for letter, (words, negated) in self.ends.items():
            found = [(*network(part), negated) for part in words.split(",")]
            if negated and len(found) > 1:
                raise Refused("! not allowed with multiple source or destination IP addresses")
            setattr(self, {"s": "src", "d": "dst"}[letter], found)

    def specs(self, chains: Container[str]) -> list[Spec]:
        """The rules, one for each pair of addresses, after all is read; `chains`: those that they may lead to."""
        self._check(chains)
        target = tuple(self.options)
        if self.target == "REJECT" and not target:
            target = (Option("--reject-with", "icmp-port-unreachable"),)
        if self.target == "LOG":
            target = tuple(
                option for option in self._in_order(target, OPTIONS["LOG"]) if (option.name, option.value) != ("--log-level", "4")
            )
        if self.target in ("DNAT", "SNAT", "MASQUERADE", "REDIRECT"):
            target = tuple(self._in_order(target, OPTIONS[self.target]))
        matches = tuple(Match(name, self._said(name, options)) for name, options in self.matches)
        proto = self.proto if self.proto and self.proto[0] != "all" else None
        return [
            Spec(None if src == (0, 0, False) else src, None if dst == (0, 0, False) else dst, self.said.get("-i"), self.said.get("-o"),
                 proto, matches, self.target, target, self.goto)
            for src in self.src or [None] for dst in self.dst or [None]
        ]  # fmt: skip

    def _said(self, name: str, options: list[Option]) -> tuple[Option, ...]:
        """What is printed of a match: `limit` has a rate, and no burst of 5."""
        if name == "limit":
            options = [option for option in options if (option.name, option.value) not in (("--limit-burst", "5"), ("--limit-burst", "0"))]
            if not any(option.name == "--limit" for option in options):
                options = [Option("--limit", "3/hour"), *options]
        if name == "recent":
            options = _recent(options)
        options = [option for option in options if (option.value, option.negated) != ("0:65535", False)]  # says nothing, and is not kept
        return tuple(self._in_order(options, MATCHES[name]))

    @staticmethod
    def _in_order(options, words: dict[str, Word]) -> list[Option]:
        """Options as they are printed: in the order of the table."""
        names = [row.printed or row.name for row in words.values()]
        return sorted(options, key=lambda option: names.index(option.name))

    def _check(self, chains: Container[str]) -> None:
        """Where it leads, and what nft needs to write ports without a match of their own."""
        for name, options in self.matches:
            if name in ("tcp", "udp") and options and (self.proto is None or self.proto[0] != name):
                raise Refused(f"{name.upper()} match requires '-p {name}'")
        if self.target and self.target not in chains and (self.goto or self.target not in TARGETS):
            raise Refused(f"Chain '{self.target}' does not exist")




def _check_recent(said: set[str]) -> None:
    """Which options of `recent` go together (libxt_recent.c)."""
    doing = [name for name in RECENT if name in said]
    if not doing:
        raise Refused(_MISSING["recent"])
    for name, beside in ((doing[0], doing[1:]), ("--rttl", said & {"--set", "--remove"} if "--rttl" in said else ())):
        for other in beside:
            raise Refused(f'recent: option "{name}" cannot be used together with "{other}".\n')
    if "--reap" in said and "--seconds" not in said:
        raise Refused('recent: option "--reap" also requires "--seconds".\n')


def _recent(options: list[Option]) -> list[Option]:
    """Of `recent` its list, its mask and its side are always printed, a count of 0 hits never."""
    held = {option.name: option for option in options if (option.name, option.value) != ("--hitcount", "0")}
    for default in (Option("--name", "DEFAULT"), Option("--mask", "255.255.255.255")):
        held.setdefault(default.name, default)
    if "--rdest" in held:
        held.pop("--rsource", None)
    else:
        held["--rsource"] = Option("--rsource")
    return list(held.values())


#: Options of matches that the lab has, which it does not know, but to which a word cut short may belong.
_UNKNOWN = ("--ctstatus", "--ctproto", "--ctdir", "--ctexpire")


def _shortened(word: str, words) -> str | None:
    """The option that a word is, in full or cut short, if it is one alone (getopt_long)."""
    if word in words:
        return word
    found = [name for name in (*words, *_UNKNOWN) if name.startswith(word)]
    same = {getattr(words.get(name), "printed", "") or name for name in found}
    return found[0] if len(same) == 1 and len(word) > 2 else None


def network(word: str) -> tuple[int, int]:
    """An address with or without a mask; host bits go. What is missing of an address is 0 (libxtables numeric_to_ipaddr)."""
    host, slash, length = word.rpartition("/") if "/" in word else (word, "", "")
    parts = host.split(".")
    if len(parts) <= 4 and all(is_digits(part) and len(part) < 4 and _byte(part) is not None for part in parts):
        found = int.from_bytes(bytes([*map(_byte, parts), 0, 0, 0][:4]), "big")
    elif (named := host_address(host)) is not None:
        found = int(named)
    else:
        raise Refused(f"host/network `{host}' not found")
    mask = 0xFFFFFFFF
    if slash:
        number = _number(length, 32)
        if number is not None and is_digits(length):
            mask = 0xFFFFFFFF << 32 - number & 0xFFFFFFFF if number else 0
        else:
            dots = numeric(length) if length.count(".") == 3 else None
            if dots is None:
                raise Refused(f"invalid mask `{length}' specified")
            mask = int(dots)
    return found & mask, mask


def _byte(word: str) -> int | None:
    """One part of an address: octal with a leading 0."""
    return _number(word, 255)


def protocol(word: str) -> str:
    """A protocol by its name; a number that has one too."""
    low = {"icmpv6": "ipv6-icmp"}.get(word.lower(), word.lower())
    if low in PROTOCOLS or low == "all":
        return low
    number = _number(word, 255)
    if number is None:
        raise Refused(f'unknown protocol "{low}" specified')
    return "all" if number == 0 else _BY_NUMBER.get(str(number), str(number))
