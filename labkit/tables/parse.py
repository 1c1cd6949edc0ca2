"""Reads a route table out of text: recognises the tool that printed it, then reads line by line.

`ip route` is read here (also with the doubled spaces of iproute2 before 4.8, with `-d`, `-o` and
`table all`); `ip -j route` in parse_json.py; `route -n` and `netstat -rn` in parse_columns.py.
IPv6 routes, which `table all` lists too, are left out: this is a table of IPv4 routes.
What comes along with pasted text is taken away first (pasted.py).
Whatever does not fit raises BadInput with the line, the word and what would be right.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address

from ..errors import BadInput
from .names import SCOPES, TABLES, TOS, TYPES
from .pasted import another, cleaned
from .route import ANY, NextHop, Route

FLAGS = (
    "dead", "onlink", "pervasive", "offload", "trap", "notify", "linkdown", "unresolved",
    "rt_offload", "rt_trap", "rt_offload_failed",
)  # fmt: skip

#: Numbers the kernel keeps for TCP and IP along a route; those in TIMES are `250ms` or `2s`.
METRICS = frozenset(
    "mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd features rto_min initrwnd "
    "quickack congctl fastopen_no_cookie".split()
)
TIMES = frozenset({"rtt", "rttvar", "rto_min"})

#: Fields that iproute2 prints for IPv6 routes only.
ONLY_IPV6 = frozenset({"pref", "error", "expires"})

_LARGEST = 2**32 - 1


def parse_routes(text: str) -> list[Route]:
    """The routes in the text, in its order; BadInput if any line of it is not a route."""
    text = cleaned(text)
    try:
        found = _read(text)
    except BadInput as error:
        raise BadInput(another(text) or str(error)) from None
    kept = [route for route in found if route is not None]
    if found and not kept:
        raise BadInput("all of these are IPv6 routes, and the lab has IPv4 only: paste what `ip route` prints, without -6")
    return kept


def _read(text: str) -> list[Route | None]:
    """None stands for an IPv6 route."""
    from .parse_columns import is_columns, parse_columns
    from .parse_json import is_json, parse_json

    if is_json(text):
        return parse_json(text)
    if is_columns(text):
        return parse_columns(text)
    return [_route(words) for words in _entries(text)]


class Words:
    """The words of one entry, each with the number of its line, and a place among them."""

    def __init__(self, words: list[tuple[int, str]]):
        self._words = words
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._words)

    @property
    def peek(self) -> str:
        return self._words[self._at][1] if self else ""

    @property
    def line(self) -> int:
        return self._words[min(self._at, len(self._words) - 1)][0]

    def next(self, wanted: str) -> str:
        if not self:
            last = self._words[-1]
            raise BadInput(f"line {last[0]}: the line ends after {last[1]!r}, where {wanted} should follow")
        self._at += 1
        return self._words[self._at - 1][1]

    def wrong(self, word: str, wanted: str) -> BadInput:
        """For a word that has just been taken."""
        return BadInput(f"line {self._words[self._at - 1][0]}: {word!r} is not {wanted}")


def _entries(text: str) -> list[Words]:
    """One for each route: a line, with the `nexthop` lines that follow it."""
    entries: list[list[tuple[int, str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = [(number, word) for word in line.split() if word != "\\"]  # `ip -o` joins lines by it
        if not words:
            continue
        if words[0][1] == "nexthop" and not entries:
            raise BadInput(f"line {number}: 'nexthop' belongs under the line of its route, but there is none before it")
        if entries and (words[0][1] in _CONTINUES or entries[-1][-1][1] in _FIELDS):  # a narrow screen breaks lines
            entries[-1] += words
        else:
            entries.append(words)
    return [Words(words) for words in entries]


def _route(words: Words) -> Route | None:
    """One route, or None for an IPv6 one."""
    found: dict = {"type": words.next("a route")} if words.peek in TYPES else {}
    if is_ipv6(words.peek):
        return None
    found["dst"] = _prefix(words)
    metrics, flags, legs = [], [], []
    while words:
        word = words.next("a field")
        if word == "nexthop":
            legs.append(_leg(words))
            if legs[-1] is None:
                return None
        elif word in FLAGS:
            flags.append(word)
        elif word in METRICS:
            metrics.append((word, _metric(word, words)))
        elif word in ONLY_IPV6:
            return None
        elif word == "nhid":  # a nexthop object's number; what it says is printed behind it (iproute2: print_route, RTA_NH_ID)
            _number(words, "a nexthop's id")
        elif word in _FIELDS:
            key, read = _FIELDS[word]
            if is_ipv6(words.peek):
                return None
            if key in found:
                raise words.wrong(word, "possible here: this line has had it before")
            found[key] = read(words)
        else:
            fields = "via dev proto scope src metric table tos, flags such as onlink, and mtu"
            raise words.wrong(word, f"a field of {_KNOWN}: those are {fields}")
    return Route(**found, flags=tuple(flags), metrics=tuple(metrics), nexthops=tuple(legs))


#: What is said of a field: `realm`, `encap` and the like are iproute2's too, but the lab's routes have none.
_KNOWN = "`ip route` that the lab's routes have"


def _leg(words: Words) -> NextHop | None:
    """One next hop, or None when it has an IPv6 address."""
    gateway, dev, weight, flags = None, None, 1, []
    while words and words.peek != "nexthop":
        word = words.next("a field")
        if word == "via" and is_ipv6(words.peek):
            return None
        if word == "via":
            gateway = _gateway(words)
        elif word == "dev":
            dev = _device(words)
        elif word == "weight":
            weight = _number(words, "a weight", 256)
        elif word in FLAGS:
            flags.append(word)
        else:
            raise words.wrong(word, f"a field of a nexthop in {_KNOWN}: those are via, dev, weight, and flags such as onlink")
    return NextHop(gateway, dev, weight, tuple(flags))


def is_ipv6(word: str) -> bool:
    try:
        IPv6Address(word.partition("/")[0])
    except ValueError:
        return False
    return True


def as_address(word: str) -> IPv4Address | None:
    try:
        return IPv4Address(word)
    except ValueError:
        return None


def as_prefix(word: str) -> IPv4Network | None:
    """`default`, an address, or an address with a length and no host bits; None for anything else."""
    if word == "default":
        return ANY
    address, slash, length = word.partition("/")
    if slash and not as_number(length, 32):
        return None
    try:
        return IPv4Network(word)
    except ValueError:
        return None


def as_number(word: str, largest: int = _LARGEST) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 10 and int(word) <= largest


A_PREFIX = "a destination: `default`, an address, or a prefix without host bits such as 10.20.92.0/24"
AN_ADDRESS = "an IPv4 address: four numbers from 0 to 255 with dots, such as 10.20.92.1"
A_DEVICE = "an interface name: up to 15 characters without a slash, such as eth0"


def _prefix(words: Words) -> IPv4Network:
    word = words.next(A_PREFIX)
    prefix = as_prefix(word)
    if prefix is None:
        raise words.wrong(word, A_PREFIX)
    return prefix


def _address(words: Words) -> IPv4Address:
    word = words.next(AN_ADDRESS)
    address = as_address(word)
    if address is None:
        raise words.wrong(word, AN_ADDRESS)
    return address


def _gateway(words: Words) -> IPv4Address:
    """`via inet6 ADDRESS` is an IPv4 route through an IPv6 router (RFC 9229)."""
    if words.peek in ("inet6", "mpls", "link"):
        family = words.next("a family")
        raise BadInput(f"line {words.line}: 'via {family} {words.peek}': the lab has IPv4 only, no next hop with an IPv6 address")
    if words.peek == "inet":
        words.next("a family")
    return _address(words)


def is_device(word: str) -> bool:
    return word.split() == [word] and len(word) <= 15 and "/" not in word


def _device(words: Words) -> str:
    word = words.next(A_DEVICE)
    if not is_device(word):
        raise words.wrong(word, A_DEVICE)
    return word


def _number(words: Words, what: str, largest: int = _LARGEST) -> int:
    wanted = f"{what}: a number from 0 to {largest}"
    word = words.next(wanted)
    if not as_number(word, largest):
        raise words.wrong(word, wanted)
    return int(word)


def _table(words: Words) -> int:
    if words.peek in TABLES:
        return TABLES[words.next("a table")]
    where = "names of other tables stand in that machine's rt_tables file, and `ip -N route` prints their numbers"
    return _number(words, f"a table (local, main, default, or a number: {where})")


def _tos(words: Words) -> int:
    word = words.next("a TOS")
    number = as_tos(word)
    if number is None:
        raise words.wrong(word, "a TOS: 0x00 to 0xff, or a name such as AF11")
    return number


def as_tos(word: str) -> int | None:
    if word in TOS:
        return TOS[word]
    try:
        number = int(word, 16) if len(word) <= 4 else -1
    except ValueError:
        return None
    return number if 0 <= number <= 255 else None


def _proto(words: Words) -> str:
    """Any name will do: machines may have names of their own in rt_protos."""
    return words.next("who put the route there, such as kernel or static")


def is_scope(word: str) -> bool:
    return word in SCOPES or as_number(word, 255)


def _scope(words: Words) -> str:
    wanted = "a scope: global, site, link, host, or a number up to 255"
    word = words.next(wanted)
    if not is_scope(word):
        raise words.wrong(word, wanted)
    return word


def _metric(name: str, words: Words) -> str:
    """The value of an `mtu` and the like, as text; `lock` may stand before it."""
    lock = "lock " if words.peek == "lock" and words.next("lock") else ""
    wanted = f"a value of {name}: " + ("a time such as 250ms or 2s" if name in TIMES else "a number")
    word = words.next(wanted)
    if not is_metric(name, word):
        raise words.wrong(word, wanted)
    return lock + word


def is_metric(name: str, word: str) -> bool:
    if name in ("features", "congctl"):
        return word.isidentifier()
    if name not in TIMES:
        return as_number(word)
    if word.endswith("ms"):
        return as_number(word[:-2])
    whole, _, fraction = word.removesuffix("s").partition(".")
    return word.endswith("s") and as_number(whole) and (not fraction or as_number(fraction))


_FIELDS = {
    "via": ("gateway", _gateway),
    "dev": ("dev", _device),
    "proto": ("proto", _proto),
    "scope": ("scope", _scope),
    "src": ("src", _address),
    "metric": ("metric", lambda words: _number(words, "a metric")),
    "table": ("table", _table),
    "tos": ("tos", _tos),
}

#: A line that starts with one of these goes on where the line before ended.
_CONTINUES = {"nexthop", "nhid", *_FIELDS, *FLAGS, *METRICS}
