"""The values behind a rule's options, read into the words in which iptables-save prints them, or refused as 1.8.9 (nf_tables) does.

Source: libxtables/xtables.c, xtoptions.c, extensions/libxt_*.c, libipt_*.c of 1.8.9, and recordings of it.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Protocol

from .connecting import SERVICES
from .hosts import address as host_address
from .hosts import numeric
from .words import is_digits, whole


class Reading(Protocol):
    """What a value's reader sees of the rule so far: its protocol and whether that is negated, and the match or target it is of."""

    proto: tuple[str, bool] | None
    loading: str

    def look_at(self, device: str) -> None:
        """Warn of a name that no interface can have."""


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


def number_of(word: str, most: int = 0xFFFFFFFF) -> int | None:
    """xtables_strtoui: decimal, 0x…, or octal with a leading 0."""
    if not re.fullmatch(_NUMBER, word):
        return None
    found = whole(word) if word == "0" or not word.startswith("0") else whole(word, base=0) if word[1:2] in "xX" else whole(word, base=8)
    return found if found is not None and found <= most else None


def port(word: str, proto: str) -> int:
    number = number_of(word, 65535)
    if number is None:
        number = next((at for (of, at), name in SERVICES.items() if (of, name) == (proto, word)), None)
    if number is None:
        raise Refused(f"invalid port/service `{word}' specified")
    return number


def tcp_ports(reader: Reading, words: list[str]) -> str:
    """libxt_tcp.c reads its ports itself."""
    low, colon, high = words[0].partition(":")
    first, last = port(low, "tcp") if low or not colon else 0, port(high, "tcp") if high else 65535 if colon else 0
    if not colon:
        return str(first)
    if first > last:
        raise Refused("invalid portrange (min > max)")
    return str(first) if first == last else f"{first}:{last}"


def udp_ports(reader: Reading, words: list[str]) -> str:
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


def multiport_ports(reader: Reading, words: list[str]) -> str:
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


def tcp_flags(reader: Reading, words: list[str]) -> str:
    def read(word: str) -> str:
        names = word.upper().split(",")
        if names == ["ALL"]:
            names = list(_FLAGS)
        elif names == ["NONE"]:
            return "NONE"
        for name in word.split(","):
            if name.upper() not in (*_FLAGS, "ALL"):
                raise Refused(f"Unknown TCP flag `{name}'")
        return ",".join(name for name in _FLAGS if name in names)

    return f"{read(words[0])} {read(words[1])}"


def icmp_type(reader: Reading, words: list[str]) -> str:
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


def ctstate(reader: Reading, words: list[str]) -> str:
    names = _listed(words[0], _STATES, lambda rest, last: f'Bad ctstate "{rest}"', cut=True)
    return ",".join(name for name in _STATES if name in names)


def state(reader: Reading, words: list[str]) -> str:
    spaces = '"--state" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED'
    names = _listed(words[0], _STATES[:5], lambda rest, last: f'Bad state "{rest}"' if rest else spaces, cut=True)
    return ",".join(name for name in ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED") if name in names)


def address_types(reader: Reading, words: list[str]) -> str:
    names = _listed(words[0], _TYPES, lambda rest, last: f'addrtype: bad type "{rest}"' if last else f"addrtype: bad type `{rest}'")
    return ",".join(name for name in _TYPES if name in names)


def marked(option: str) -> Callable[[Reading, list[str]], str]:
    """A value with or without a mask, as the option of that name means it."""

    def read(reader: Reading, words: list[str]) -> str:
        value, slash, mask = words[0].partition("/")
        a, b = number_of(value), number_of(mask) if slash else None
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


def text(most: int, too_long: str) -> Callable[[Reading, list[str]], str]:
    def read(reader: Reading, words: list[str]) -> str:
        if len(words[0]) > most:
            raise Refused(too_long)
        return words[0]

    return read


def mode(reader: Reading, words: list[str]) -> str:
    if words[0] not in ("random", "nth"):
        raise Refused(f'Bad mode "{words[0]}"')
    return words[0]


def probability(reader: Reading, words: list[str]) -> str:
    try:
        value = float(words[0])
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise guided('statistic: bad value for option "--probability", or out of range (0-1).')
    return f"{round(value * 0x80000000) / 0x80000000:.11f}"


def count(name: str, least: int, most: int = 0xFFFFFFFF) -> Callable[[Reading, list[str]], str]:
    def read(reader: Reading, words: list[str]) -> str:
        number = number_of(words[0], most)
        if number is None or number < least:
            raise guided(f'{reader.loading}: bad value for option "{name}", or out of range ({least}-{most}).')
        return str(number)

    return read


def rate(reader: Reading, words: list[str]) -> str:
    """`3/min`: so many a second, minute, hour or day."""
    number, slash, unit = words[0].partition("/")
    full = {"second": "sec", "minute": "min", "hour": "hour", "day": "day"}
    units = [short for name, short in full.items() if unit and name.startswith(unit.lower())]
    if not is_digits(number) or int(number) == 0 or slash and not units:
        raise Refused(f'bad rate "{words[0]}"\'')
    if int(number) > 10_000 * {"sec": 1, "min": 60, "hour": 3600, "day": 86400}[units[0] if units else "sec"]:
        raise Refused(f'Rate too fast "{words[0]}"')
    return f"{int(number)}/{units[0] if units else 'sec'}"


def dotted_mask(word: str) -> IPv4Address:
    """A mask as inet_aton reads an address: `16` is 0.0.0.16."""
    mask = numeric(word)
    if mask is None:
        raise Refused(f'Bad value for "--mask" option: "{word}"')
    return mask


def interface(name: str) -> str:
    if len(name) > 15:
        raise Refused(f"interface name `{name}' must be shorter than IFNAMSIZ (15)")
    return name


def port_device(reader: Reading, words: list[str]) -> str:
    reader.look_at(words[0])
    return interface(words[0])


def _address(word: str) -> None:
    """Four decimal numbers, without a 0 before any (inet_pton(3))."""
    if numeric(word) is None or str(numeric(word)) != word:
        raise Refused(f'Bad IP address "{word}"')


def new_end(reader: Reading, words: list[str]) -> str:
    """`A`, `A-B`, `A:P`, `A:P-Q`, `:P`."""
    host, colon, ports = words[0].partition(":")
    if ":" in ports:
        raise Refused(f'Bad IP address "{words[0]}"')
    ports = _nat_ports(reader, ports) if colon else ""
    for address in host.split("-") if host or not colon else ():
        _address(address)
    return f"{host}{colon}{ports}"


def _nat_ports(reader: Reading, ports: str) -> str:
    """extensions/libxt_NAT.c parse_ports: a service by its name only where it stands alone."""
    if reader.proto is None or reader.proto[0] not in ("tcp", "udp", "sctp", "dccp", "icmp"):
        raise Refused(_NEEDS_PORTS)
    low, dash, high = ports.partition("-")
    first = number_of(low, 65535)
    if first is None:
        number = re.match("0[xX][0-9a-fA-F]+|[0-9]+", ports)
        if number is not None and number_of(number[0], 65535) is not None:
            raise Refused(f"Garbage after port value: `{ports[number.end():]}'")
        named = next((at for (_, at), name in SERVICES.items() if name == ports), None)
        if named is None:
            raise Refused(f"Port `{ports}' not valid")
        return str(named)
    last = number_of(high, 65535) if dash else first
    if last is None:
        raise Refused(f"Port `{high}' not valid")
    if last < first:
        raise Refused(f"Port range `{high}' funky")
    return str(first) if first == last else f"{first}-{last}"


def new_ports(reader: Reading, words: list[str]) -> str:
    if ":" in words[0]:
        raise Refused("Invalid port:port syntax - use dash")
    return _nat_ports(reader, words[0])


def rejection(reader: Reading, words: list[str]) -> str:
    for name, short in _REJECTS:
        if (name.startswith(words[0].lower()) or short.startswith(words[0].lower())):
            return name
    raise Refused(f'unknown reject type "{words[0]}"')


def level(reader: Reading, words: list[str]) -> str:
    found = number_of(words[0], 7)
    if found is None:
        found = _LEVELS.get(words[0])
    if found is None:
        raise guided(f'log level "{words[0]}" unknown')
    return str(found)


def prefix(reader: Reading, words: list[str]) -> str:
    if not words[0]:
        raise guided("Argument must have a minimum length of 1 characters")
    return words[0][:29]


def network(word: str) -> tuple[int, int]:
    """An address with or without a mask, which is read first: with one of 0 the address may be anything. Host bits go; what is missing of
    an address is 0 (libxtables parse_hostnetwork_word, numeric_to_ipaddr)."""
    host, slash, length = word.rpartition("/") if "/" in word else (word, "", "")
    mask = 0xFFFFFFFF
    if slash:
        number = number_of(length, 32)
        if number is not None and is_digits(length):
            mask = 0xFFFFFFFF << 32 - number & 0xFFFFFFFF if number else 0
        else:
            dots = numeric(length) if length.count(".") == 3 else None
            if dots is None:
                raise Refused(f"invalid mask `{length}' specified")
            mask = int(dots)
    if not mask:
        return 0, 0
    parts = host.split(".")
    if len(parts) <= 4 and all(is_digits(part) and len(part) < 4 and _byte(part) is not None for part in parts):
        return int.from_bytes(bytes([*map(_byte, parts), 0, 0, 0][:4]), "big") & mask, mask
    if (named := host_address(host)) is not None:
        return int(named) & mask, mask
    raise Refused(f"host/network `{host}' not found")


def _byte(word: str) -> int | None:
    """One part of an address: octal with a leading 0."""
    return number_of(word, 255)


def protocol(word: str) -> str:
    """A protocol by its name; a number that has one too."""
    low = {"icmpv6": "ipv6-icmp"}.get(word.lower(), word.lower())
    if low in PROTOCOLS or low == "all":
        return low
    number = number_of(word, 255)
    if number is None:
        raise Refused(f'unknown protocol "{low}" specified')
    return "all" if number == 0 else _BY_NUMBER.get(str(number), str(number))
