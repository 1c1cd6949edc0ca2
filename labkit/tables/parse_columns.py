"""Reads the columns of `route -n` and `netstat -rn` (net-tools 2.10, lib/inet_gr.c).

They say less than `ip route`: neither source address nor protocol, only the first hop of a multipath
route, and netstat has no metric. A row without gateway is read as a route of scope link, `!` as
unreachable, and interface `*` as blackhole (facts.md 3.8).
"""

import re
from ipaddress import IPv4Address, IPv4Network
from itertools import takewhile

from ..errors import BadInput
from .parse import A_DEVICE, AN_ADDRESS, as_address, is_device
from .route import Route

_TITLE = "Kernel IP routing table"
_HEADINGS = {
    "route -n": "Destination Gateway Genmask Flags Metric Ref Use Iface",
    "netstat -rn": "Destination Gateway Genmask Flags MSS Window irtt Iface",
}


#: A row, whatever the language of the headings above it: net-tools speaks several.
_ROW = re.compile(r"^\s*(?:[\d.]+|default)\s+\S+\s+[\d.]+\s+[UGHRDMAC!]+\s+(?:-?\d+|-)\s+(?:-?\d+|-)\s+(?:-?\d+|-)\s+\S+\s*$", re.MULTILINE)


def is_columns(text: str) -> bool:
    """Whether this is a table in columns."""
    return text.lstrip().startswith(("Kernel IP", "Destination     ", "Destination Gateway Genmask")) or _ROW.search(text) is not None


def parse_columns(text: str) -> list[Route]:
    """The routes below the headings; BadInput names the line and the word."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    most = 1 if " ".join(lines[0][1].split()) in _HEADINGS.values() else 2  # a title and headings
    heads = list(takewhile(lambda line: not _ROW.match(line[1]), lines[:most]))
    if len(lines) == len(heads) == 1 and most == 2:
        raise BadInput(f"line {lines[0][0]}: below {_TITLE!r} there should be a line of headings")
    tool = _tool(*heads[-1]) if heads else "route -n"
    return [_Row(number, line.split()).route(tool) for number, line in lines[len(heads) :]]


def _tool(number: int, line: str) -> str:
    """The tool by its headings; in other languages they say the same, but for MSS and irtt (net-tools po/*.po)."""
    given = " ".join(line.split())
    for tool, words in _HEADINGS.items():
        if words == given:
            return tool
    if given.startswith("Destination Gateway") or len(given.split()) < 6:
        raise BadInput(f"line {number}: {given!r} are not the headings of `route -n` ({_HEADINGS['route -n']}) or `netstat -rn`")
    return "netstat -rn" if {"MSS", "irtt"} & set(given.split()) else "route -n"


class _Row:
    """The eight words of one line."""

    def __init__(self, line: int, words: list[str]):
        if len(words) != 8:
            raise BadInput(f"line {line}: a row has eight columns, Destination to Iface; {' '.join(words)!r} has {len(words)}")
        self.line = line
        self.destination, self.gateway, self.mask, self.letters, *self.numbers, self.iface = words

    def wrong(self, word: str, wanted: str) -> BadInput:
        return BadInput(f"line {self.line}: {word!r} is not {wanted}")

    def route(self, tool: str) -> Route:
        if not self.letters or set(self.letters) - set("UGHRDMAC!"):
            raise self.wrong(self.letters, "a set of flags: U up, G gateway, H host, ! reject, D and M by a redirect")
        prefix, gateway = self._prefix(), self._gateway()
        metric, metrics = self._values(tool)
        if "!" in self.letters:
            return Route(prefix, type="unreachable", metric=metric)
        if self.iface == "*":
            return Route(prefix, type="blackhole", metric=metric)
        if not is_device(self.iface):
            raise self.wrong(self.iface, A_DEVICE)
        return Route(prefix, gateway, self.iface, metric, scope="global" if gateway else "link", metrics=metrics)

    def _prefix(self) -> IPv4Network:
        address = as_address("0.0.0.0" if self.destination == "default" else self.destination)
        if address is None:
            raise self.wrong(self.destination, AN_ADDRESS + " (ask for numbers with -n)")
        mask = as_address(self.mask)
        # A mask is ones, then zeros: its complement plus one is a power of two.
        hosts = None if mask is None else 2**32 - int(mask)
        if hosts is None or hosts & (hosts - 1):
            raise self.wrong(self.mask, "a netmask: ones, then zeros, such as 255.255.240.0")
        if int(address) & (hosts - 1):
            raise self.wrong(self.destination, f"the first address of a network with netmask {self.mask}")
        return IPv4Network((int(address), 33 - hosts.bit_length()))

    def _gateway(self) -> IPv4Address | None:
        if self.gateway in ("-", "*", "0.0.0.0"):
            return None
        gateway = as_address(self.gateway)
        if gateway is None:
            raise self.wrong(self.gateway, AN_ADDRESS + " (ask for numbers with -n)")
        return gateway

    def _values(self, tool: str) -> tuple[int, tuple[tuple[str, str], ...]]:
        """The metric (of `route -n`) and the TCP values (of `netstat -rn`)."""
        first, second, third = (0 if word == "-" else self._number(word) for word in self.numbers)
        if tool == "route -n":
            return first % 2**32, ()
        found = (("window", second), ("rtt", third), ("advmss", max(first - 40, 0)))
        return 0, tuple((name, f"{value}ms" if name == "rtt" else str(value)) for name, value in found if value)

    def _number(self, word: str) -> int:
        digits = word.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
            raise self.wrong(word, "a number")
        return int(word)
