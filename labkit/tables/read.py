"""Reads a route table as people paste it: recognises the tool that printed it, then reads route by route.

Read are `ip route` (also with the doubled spaces of iproute2 before 4.8, with `-d`, `-o` and `table all`), `ip -j route`, and
the columns of `route -n` and `netstat -rn` (net-tools 2.10, lib/inet_gr.c). Whatever the format, one table (_READERS) reads
the words, by their JSON names. IPv6 routes, which `table all` lists too, are left out: this is a table of IPv4 routes.
What comes along with pasted text is taken away first (pasted.py). Whatever does not fit raises BadInput with the line, the
word and what would be right.
"""

import json
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from itertools import takewhile

from ..errors import BadInput
from .names import SCOPES, TABLES, TOS, TYPES
from .pasted import cleaned, other_format, plain
from .route import ANY, FIELDS, TIMES, NextHop, Route

FLAGS = (
    "dead", "onlink", "pervasive", "offload", "trap", "notify", "linkdown", "unresolved",
    "rt_offload", "rt_trap", "rt_offload_failed",
)  # fmt: skip

#: What the kernel keeps for TCP and IP along a route: numbers but for `features` and `congctl`; those in TIMES are `250ms` or `2s`.
METRICS = frozenset(
    "mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd features rto_min initrwnd "
    "quickack congctl fastopen_no_cookie".split()
)
_TIME = re.compile(r"\d{1,10}(?:ms|(?:\.\d{0,10})?s)", re.ASCII)

#: Fields that iproute2 prints for IPv6 routes only.
_ONLY_IPV6 = frozenset({"pref", "error", "expires"})
_LARGEST = 2**32 - 1


def parse_routes(text: str) -> list[Route]:
    """The routes in the text, in its order; BadInput if any line of it is not a route."""
    if not isinstance(text, str):
        raise BadInput(f"a table is read from text, such as what `ip route` prints, not from {type(text).__name__}")
    text = cleaned(text)
    try:
        found = _json(text) if _JSON.match(text) else _columns(text) if _is_columns(text) else _text(text)
    except BadInput as error:
        raise BadInput(other_format(text) or str(error)) from None
    kept = [route for route in found if route is not None]  # None stands for an IPv6 route
    if found and not kept:
        raise BadInput("all of these are IPv6 routes, and the lab has IPv4 only: paste what `ip route` prints, without -6")
    return kept


def _number(word: str, largest: int = _LARGEST) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 10 and int(word) <= largest else None


def _word(word: str) -> str | None:
    """One word of what can be seen: JSON may hide other characters in an escape."""
    return word if word.split() == [word] and plain(word) == word else None


def _address(word: str) -> IPv4Address | None:
    try:
        return IPv4Address(word)
    except ValueError:
        return None


def _is_ipv6(word: object) -> bool:
    try:
        return isinstance(word, str) and ":" in word and bool(IPv6Address(word.partition("/")[0]))
    except ValueError:
        return False


def _prefix(word: str) -> IPv4Network | None:
    """`default`, an address, or an address with a length and no host bits."""
    if word == "default":
        return ANY
    _, slash, length = word.partition("/")
    try:
        return None if slash and _number(length, 32) is None else IPv4Network(word)
    except ValueError:
        return None


def _tos(word: str) -> int | None:
    try:
        number = TOS[word] if word in TOS else int(word, 16) if len(word) <= 4 else -1
    except ValueError:
        return None
    return number if 0 <= number <= 255 else None


def _metric(name: str, word: str) -> str | None:
    """The value of an `mtu` and the like, as text."""
    if name in ("features", "congctl"):
        return word if word.isidentifier() else None
    return word if (_TIME.fullmatch(word) if name in TIMES else _number(word) is not None) else None


_AN_ADDRESS = "an IPv4 address: four numbers from 0 to 255 with dots, such as 10.20.92.1"
_A_PREFIX = "a destination: `default`, an address, or a prefix without host bits such as 10.20.92.0/24"
_A_DEVICE = "an interface name: up to 15 characters without a slash, such as eth0"
_RT_TABLES = "names of other tables stand in that machine's rt_tables file, and `ip -N route` prints their numbers"

#: By its JSON name: what reads a field's word (None: it does not fit), and what would fit.
_READERS: dict[str, tuple[Callable, str]] = {
    "type": (lambda word: word if word in TYPES else None, f"a type of route: {', '.join(TYPES)}"),
    "dst": (_prefix, _A_PREFIX),
    "tos": (_tos, "a TOS: 0x00 to 0xff, or a name such as AF11"),
    "gateway": (_address, _AN_ADDRESS),
    "dev": (lambda word: _word(word) if len(word) <= 15 and "/" not in word else None, _A_DEVICE),
    "table": (lambda word: TABLES.get(word, _number(word)), f"a table (local, main, default, or a number: {_RT_TABLES})"),
    # Any name will do: machines may have names of their own in rt_protos.
    "protocol": (lambda word: _word(word), "who put the route there, such as kernel or static"),
    "scope": (lambda word: word if word in SCOPES or _number(word, 255) is not None else None,
              "a scope: global, site, link, host, or a number up to 255"),
    "prefsrc": (_address, _AN_ADDRESS),
    "metric": (_number, f"a metric: a number from 0 to {_LARGEST}"),
    "nhid": (_number, f"a nexthop's id: a number from 0 to {_LARGEST}"),
    "weight": (lambda word: _number(word, 256), "a weight: a number from 0 to 256"),
}  # fmt: skip

#: Their names in `Route` and in text. A nexthop object's number says nothing more: what it stands for is printed behind it.
_ATTRIBUTES = {row.key: row.attribute for row in FIELDS} | {"type": "type", "dst": "dst", "weight": "weight"}
_KEYS = {row.word: row.key for row in FIELDS} | {"nhid": "nhid"}
_LEG_KEYS = {"via": "gateway", "dev": "dev", "weight": "weight"}


# `ip route`

class _Words:
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
        """Of the word that was taken last."""
        return self._words[max(self._at - 1, 0)][0]

    def next(self, wanted: str) -> str:
        if not self:
            last = self._words[-1]
            raise BadInput(f"line {last[0]}: the line ends after {last[1]!r}, where {wanted} should follow")
        self._at += 1
        return self._words[self._at - 1][1]

    def wrong(self, word: str, wanted: str) -> BadInput:
        """For a word that has just been taken."""
        return BadInput(f"line {self.line}: {word!r} is not {wanted}")

    def read(self, read: Callable, wanted: str):
        word = self.next(wanted)
        value = read(word)
        if value is None:
            raise self.wrong(word, wanted)
        return value


def _text(text: str) -> list[Route | None]:
    """One entry for each route: a line, with the `nexthop` lines that follow it."""
    entries: list[list[tuple[int, str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = [(number, word) for word in line.split() if word != "\\"]  # `ip -o` joins lines by it
        if not words:
            continue
        if words[0][1] == "nexthop" and not entries:
            raise BadInput(f"line {number}: 'nexthop' belongs under the line of its route, but there is none before it")
        if entries and (words[0][1] in _CONTINUES or entries[-1][-1][1] in _KEYS):  # a narrow screen breaks lines
            entries[-1] += words
        else:
            entries.append(words)
    return [_text_route(_Words(words)) for words in entries]


#: A line that starts with one of these goes on where the line before ended.
_CONTINUES = {"nexthop", *_KEYS, *FLAGS, *METRICS}


def _text_route(words: _Words) -> Route | None:
    """One route, or None for an IPv6 one."""
    found: dict = {"type": words.next("a route")} if words.peek in TYPES else {}
    if _is_ipv6(words.peek):
        return None
    found["dst"] = words.read(*_READERS["dst"])
    found["metrics"] = found["nexthops"] = ()
    if not _text_fields(words, found, _KEYS, "", "via dev proto scope src metric table tos, flags such as onlink, and mtu"):
        return None
    while words:
        words.next("nexthop")
        leg: dict = {}
        if not _text_fields(words, leg, _LEG_KEYS, "a nexthop in ", "via, dev, weight, and flags such as onlink"):
            return None
        found["nexthops"] += (NextHop(**leg),)
    return Route(**found)


def _text_fields(words: _Words, found: dict, keys: dict[str, str], of: str, known: str) -> bool:
    """Read the fields before the next `nexthop`; False when they are of an IPv6 route."""
    found["flags"] = ()
    while words and words.peek != "nexthop":
        word = words.next("a field")
        if word in FLAGS:
            found["flags"] += (word,)
        elif word in METRICS and "metrics" in found:
            lock = "lock " if words.peek == "lock" and words.next("lock") else ""
            wanted = f"a value of {word}: " + ("a time such as 250ms or 2s" if word in TIMES else "a number")
            found["metrics"] += ((word, lock + words.read(lambda value, name=word: _metric(name, value), wanted)),)
        elif word in _ONLY_IPV6 or (word in keys and _is_ipv6(words.peek)):
            return False
        elif word in keys:
            _text_field(words, found, word, keys[word])
        else:
            raise words.wrong(word, f"a field of {of}`ip route` that the lab's routes have: those are {known}")
    return True


def _text_field(words: _Words, found: dict, word: str, key: str) -> None:
    if _ATTRIBUTES.get(key) in found:
        raise words.wrong(word, "possible here: this line has had it before")
    if word == "via" and words.peek in ("inet", "inet6", "mpls", "link"):
        family = words.next("a family")
        if family != "inet":  # an IPv4 route through an IPv6 router (RFC 9229)
            said = f"via {family} {words.peek}"
            raise BadInput(f"line {words.line}: {said!r}: the lab has IPv4 only, no next hop with an IPv6 address")
    value = words.read(*_READERS[key])
    if key in _ATTRIBUTES:
        found[_ATTRIBUTES[key]] = value


# `ip -j route`

_JSON = re.compile(r"\s*(?:\[\s*(?:[\[\]{\"\d-]|$)|\{\s*(?:[}\"]|$))")  # `[root@node]` and `[snip]` are none

#: What `ip -j` prints besides routes is told by a field of it.
_FORMATS = {
    "ifname": "`ip -j addr` or `ip -j link`", "priority": "`ip -j rule`", "lladdr": "`ip -j neigh`", "state": "`ip -j neigh`",
    "uid": "`ip -j route get`", "cache": "`ip -j route get`", "mac": "`bridge -j fdb`", "apiVersion": "kubectl", "Id": "docker inspect",
    "name": "`ip -j netns`",
}


def _json(text: str) -> list[Route | None]:
    """The routes of the array; BadInput names the line of bad JSON, or the route and the key."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"line {error.lineno}: this looks like `ip -j route`, but is not JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BadInput("line 1: this looks like `ip -j route`, but no route has values like these") from None
    first = found[0] if isinstance(found, list) and found else found
    other = next((_FORMATS[key] for key in _FORMATS if isinstance(first, dict) and key in first), None)
    if other:
        raise BadInput(f"line 1: this is what {other} prints, not `ip -j route`")
    if not isinstance(found, list):
        raise BadInput("line 1: `ip -j route` prints an array of routes: [ … ]")
    return [_json_route(f"route {number}", entry) for number, entry in enumerate(found, 1) if entry != {}]


def _json_route(where: str, entry: object) -> Route | None:
    legs = _json_list(where, entry, "nexthops")
    addresses = [entry.get("dst"), entry.get("prefsrc"), *(leg.get("gateway") for leg in (entry, *legs) if isinstance(leg, dict))]
    if any(map(_is_ipv6, addresses)) or _ONLY_IPV6 & entry.keys():
        return None
    found = _json_fields(where, entry, {"type", "dst", "metrics", "nexthops", *_KEYS.values()})
    if "dst" not in found:
        raise BadInput(f"{where}: it has no 'dst', and every route has one")
    metrics = _json_list(where, entry, "metrics")
    if metrics and (len(metrics) != 1 or not isinstance(metrics[0], dict)):
        raise _json_wrong(where, entry, "metrics", 'a list of one object such as {"mtu": 1400}')
    found["metrics"] = tuple(_json_metric(where, entry, *pair) for pair in (metrics[0].items() if metrics else ()))
    leg_keys = {*_LEG_KEYS.values()}
    legs = ((f"{where}, nexthop {number}", leg) for number, leg in enumerate(legs, 1))
    return Route(**found, nexthops=tuple(NextHop(**_json_fields(name, leg, leg_keys)) for name, leg in legs))


def _json_wrong(where: str, entry: dict, key: str, wanted: str) -> BadInput:
    return BadInput(f"{where}: {key!r} is {entry[key]!r}, which is not {wanted}")


def _json_list(where: str, entry: object, key: str) -> list:
    if not isinstance(entry, dict):
        raise BadInput(f"{where}: {entry!r} is not an object with the fields of a route")
    if not isinstance(entry.get(key, []), list):
        raise _json_wrong(where, entry, key, "a list")
    return entry.get(key, [])


def _json_fields(where: str, entry: object, keys: set[str]) -> dict:
    """The fields of a route or of a nexthop, as attributes of it."""
    flags = _json_list(where, entry, "flags")
    if not all(isinstance(flag, str) and flag in FLAGS for flag in flags):
        raise _json_wrong(where, entry, "flags", "a list of flags such as onlink or linkdown")
    found: dict = {"flags": tuple(flags)}
    for key, value in entry.items():
        if key == "via" and isinstance(value, dict):  # an IPv4 route through an IPv6 router
            raise BadInput(f"{where}: its next hop is {value.get('host')!r} of {value.get('family')!r}; the lab has IPv4 only, not IPv6")
        if key not in keys | {"flags"}:
            known = ", ".join(sorted(keys | {"flags"}))
            raise BadInput(f"{where}: the lab's routes have no field {key!r} of `ip -j route`; they have {known}")
        if key in _ATTRIBUTES:
            read, wanted = _READERS[key]
            word = str(value) if type(value) is int and key in ("metric", "table", "weight") else value
            found[_ATTRIBUTES[key]] = read(word) if isinstance(word, str) else None
            if found[_ATTRIBUTES[key]] is None:
                raise _json_wrong(where, entry, key, wanted)
    return found


def _json_metric(where: str, entry: dict, name: str, value: object) -> tuple[str, str]:
    """One metric as the text of `ip route` would have it."""
    if value is None:
        name, value = "features", name
    elif name == "congestion":
        name = "congctl"
    elif name in TIMES and type(value) is int:
        value = f"{value / 1000:g}s" if value >= 1000 else f"{value}ms"
    if name not in METRICS or _metric(name, str(value)) is None:
        raise _json_wrong(where, entry, "metrics", f"right at {name!r}: metrics are numbers such as mtu and advmss")
    return name, str(value)


# `route -n` and `netstat -rn`. They say less than `ip route`: neither source address nor protocol, only the first hop of a
# multipath route, and netstat has no metric. A row without gateway is read as a route of scope link, `!` as unreachable,
# and interface `*` as blackhole.

_TITLE = "Kernel IP routing table"
_HEADINGS = {
    "route -n": "Destination Gateway Genmask Flags Metric Ref Use Iface",
    "netstat -rn": "Destination Gateway Genmask Flags MSS Window irtt Iface",
}
#: A row, whatever the language of the headings above it: net-tools speaks several.
_ROW = re.compile(r"^\s*(?:[\d.]+|default)\s+\S+\s+[\d.]+\s+[UGHRDMAC!]+(?:\s+(?:-?\d+|-)){3}\s+\S+\s*$", re.MULTILINE)


def _is_columns(text: str) -> bool:
    return text.lstrip().startswith(("Kernel IP", "Destination     ", "Destination Gateway Genmask")) or _ROW.search(text) is not None


def _columns(text: str) -> list[Route]:
    """The routes below the headings."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    most = 1 if " ".join(lines[0][1].split()) in _HEADINGS.values() else 2  # a title and headings
    heads = list(takewhile(lambda line: not _ROW.match(line[1]), lines[:most]))
    if len(lines) == len(heads) == 1 and most == 2:
        raise BadInput(f"line {lines[0][0]}: below {_TITLE!r} there should be a line of headings")
    tool = _tool(*heads[-1]) if heads else "route -n"
    return [_row(number, line.split(), tool) for number, line in lines[len(heads) :]]


def _tool(number: int, line: str) -> str:
    """The tool by its headings; in other languages they say the same, but for MSS and irtt (net-tools po/*.po)."""
    given = " ".join(line.split())
    if given in _HEADINGS.values():
        return next(tool for tool, words in _HEADINGS.items() if words == given)
    if given.startswith("Destination Gateway") or len(given.split()) < 6:
        raise BadInput(f"line {number}: {given!r} are not the headings of `route -n` ({_HEADINGS['route -n']}) or `netstat -rn`")
    return "netstat -rn" if {"MSS", "irtt"} & set(given.split()) else "route -n"


def _row(line: int, words: list[str], tool: str) -> Route:
    """The eight words of one line."""
    if len(words) != 8:
        raise BadInput(f"line {line}: a row has eight columns, Destination to Iface; {' '.join(words)!r} has {len(words)}")

    def read(word: str, reader: Callable, wanted: str):
        value = reader(word)
        if value is None:
            raise BadInput(f"line {line}: {word!r} is not {wanted}")
        return value

    destination, gateway, mask, letters, *numbers, iface = words
    read(letters, lambda word: None if set(word) - set("UGHRDMAC!") else word,
         "a set of flags: U up, G gateway, H host, ! reject, D and M by a redirect")
    numeric = (_address, _AN_ADDRESS + " (ask for numbers with -n)")
    address = read("0.0.0.0" if destination == "default" else destination, *numeric)
    length = read(mask, _mask_length, "a netmask: ones, then zeros, such as 255.255.240.0")
    dst = read(destination, lambda _: _prefix(f"{address}/{length}"), f"the first address of a network with netmask {mask}")
    via = None if gateway in ("-", "*", "0.0.0.0") else read(gateway, *numeric)
    first, second, third = (0 if word == "-" else read(word, _signed, "a number") for word in numbers)
    metric = first % 2**32 if tool == "route -n" else 0
    if "!" in letters or iface == "*":
        return Route(dst, type="unreachable" if "!" in letters else "blackhole", metric=metric)
    values = () if tool == "route -n" else (("window", second), ("rtt", third), ("advmss", max(first - 40, 0)))
    metrics = tuple((name, f"{value}ms" if name == "rtt" else str(value)) for name, value in values if value)
    return Route(dst, via, read(iface, *_READERS["dev"]), metric, scope="global" if via else "link", metrics=metrics)


def _mask_length(word: str) -> int | None:
    """A mask is ones, then zeros: its complement plus one is a power of two."""
    mask = _address(word)
    hosts = None if mask is None else 2**32 - int(mask)
    return None if hosts is None or hosts & (hosts - 1) else 33 - hosts.bit_length()


def _signed(word: str) -> int | None:
    number = _number(word.removeprefix("-"), 10**10)
    return None if number is None else -number if word.startswith("-") else number
