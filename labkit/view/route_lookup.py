"""What the RouteExplorer knows: an address held against every line of a table, bit by bit.

A route contains an address when the first bits, as many as its prefix is long, are the same. Of those
that do, the longest wins; the table itself says who won and why (tables/table.py).
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ..errors import BadInput
from ..tables.route import Route
from ..tables.table import Lookup, RouteTable, one_line


@dataclass(frozen=True, slots=True)
class Line:
    """A route and an address: `same` leading bits of `needed`; `won` and `why` as the lookup says."""

    route: Route
    same: int
    needed: int
    won: bool
    why: str

    @property
    def contains(self) -> bool:
        return self.same >= self.needed


class RouteLookup:
    """An address and a table, the last good ones. BadInput, and all as it was, for what is none."""

    def __init__(self, table, address: str = ""):
        self.table = self._table(table)
        self.messages: dict[str, str] = {}
        self.set_address(address or self._first_address())

    def set_address(self, text: str) -> None:
        """Look up another address, as typed."""
        self.lookup: Lookup = self.table.lookup(text.strip())
        self.address = self.lookup.dst

    def set_table(self, text: str) -> None:
        """Take another table, as pasted: ip route, ip -j route, route -n or netstat -rn."""
        table = self._table(text)
        self.table, self.lookup = table, table.lookup(self.address)

    def lines(self) -> list[Line]:
        """Every line of the table: those that contain the address first, as the lookup took them."""
        considered = [_line(c.route, self.address, c.won, c.why) for c in self.lookup.considered]
        taken = {id(c.route) for c in self.lookup.considered}
        rest = [_line(route, self.address, False, "") for route in self.table if id(route) not in taken]
        return considered + sorted(rest, key=lambda line: -line.same)

    def text(self) -> str:
        """The lookup in words."""
        lines = [f"{self.address} = {bits(self.address)}"]
        for line in self.lines():
            sign = "*" if line.won else "-" if line.contains else " "
            lines.append(f"{sign} {one_line(line.route)}: {line.same} of {line.needed} bits: {line.why}")
        return "\n".join(lines if self.lookup else [*lines, "no route: network is unreachable"])

    def svg(self) -> str:
        from .bits import bits_svg

        return bits_svg(self)

    def _table(self, table) -> RouteTable:
        if isinstance(table, RouteTable):
            return table
        if not isinstance(table, str):
            raise BadInput(f"a route table, or the text of one, is wanted here; got {type(table).__name__}")
        parsed = RouteTable.parse(table)
        if not len(parsed):
            raise BadInput("there is no route in this text: paste what `ip route` or `route -n` printed")
        return parsed

    def _first_address(self) -> str:
        """An address that the most particular line contains: something to look at first."""
        longest = max(self.table, key=lambda route: route.dst.prefixlen, default=None)
        return str(longest.dst.network_address + (1 if longest.dst.prefixlen < 32 else 0)) if longest else "0.0.0.0"


def bits(address: IPv4Address) -> str:
    """32 bits, a dot after every eighth."""
    text = f"{int(address):032b}"
    return ".".join(text[i : i + 8] for i in range(0, 32, 8))


def same_bits(address: IPv4Address, network: IPv4Network) -> int:
    """How many of the first bits agree, at most as many as the prefix is long."""
    differ = int(address) ^ int(network.network_address)
    return min(network.prefixlen, 32 - differ.bit_length())


def _line(route: Route, address: IPv4Address, won: bool, why: str) -> Line:
    same, needed = same_bits(address, route.dst), route.dst.prefixlen
    return Line(route, same, needed, won, why or f"bit {same + 1} differs")
