"""RouteExplorer: an address held against every line of a table, bit by bit, and which line it takes.

A route contains an address when the first bits, as many as its prefix is long, are the same. Of those that do, the longest wins; the
table itself says who won and why (tables/table.py). In the picture bits that must agree are boxed, and the first that does not is
red and underlined.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import ipywidgets as widgets

from ..errors import BadInput
from ..tables.route import Route
from ..tables.table import Lookup, RouteTable, one_line
from .contents import shortened
from .explorer import WIDE, Explorer, Field, PictureBox, text_field
from .svg import sheet, text


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
        """Every line in the order of the table, which decides nothing."""
        said = {id(c.route): (c.won, c.why) for c in self.lookup.considered}
        return [_line(route, self.address, *said.get(id(route), (False, ""))) for route in self.table]

    def text(self) -> str:
        """The lookup in words."""
        lines = [f"{self.address} = {bits(self.address)}"]
        for line in self.lines():
            sign = "*" if line.won else "-" if line.contains else " "
            lines.append(f"{sign} {one_line(line.route)}: {line.same} of {line.needed} bits: {line.why}")
        return "\n".join(lines if self.lookup else [*lines, "no route: network is unreachable"])

    def svg(self) -> str:
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


CELL, ROW, LEFT, TOP, MOST = 13, 38, 112, 56, 16


def bits_svg(model) -> str:
    """The picture of a RouteLookup."""
    lines = model.lines()
    best = sorted(range(len(lines)), key=lambda i: (not lines[i].won, not lines[i].contains, -lines[i].same, i))[:MOST]
    shown = [lines[i] for i in sorted(best)]
    width, height = LEFT + 35 * CELL + 110, TOP + ROW * (len(shown) + (len(lines) > MOST)) + 26
    title = f"{model.address} among {len(lines)} routes"
    heads = [(8, "the line"), (LEFT + 35 * CELL + 8, "agree"), (LEFT, "its bits: boxed those that must agree, grey the rest")]
    out = [text("key", x, 14, words) for x, words in heads]
    out += [text("name", 8, TOP - 12, str(model.address)), _bits(int(model.address), TOP - 12)]
    out += [_row(line, TOP + i * ROW) for i, line in enumerate(shown)]
    if len(lines) > MOST:
        out.append(text("soft", 8, TOP + MOST * ROW + 14, f"+ {len(lines) - MOST} more lines, further from a match"))
    won = next((line for line in lines if line.won), None)
    verdict = f"✓ {one_line(won.route)}: {won.why}" if won else "✗ no route: network is unreachable"
    out.append(text("name" if won else "bad", 8, height - 8, shortened(verdict, 92)))
    return sheet(width, height, title, model.text(), out)


def _row(line, y: int) -> str:
    """One route: its bits boxed as far as they count, how many agree, and the line itself."""
    network = line.route.dst
    frame = ""
    if line.won:
        frame = f'<rect class="bridge on" x="4" y="{y - 2}" width="{LEFT + 35 * CELL + 98}" height="{ROW - 4}" rx="4"/>'
    word = "wins" if line.won else "matches" if line.contains else "no match"
    css = "name" if line.won else "soft"
    return "".join([
        frame, text(css, 8, y + 13, word), _bits(int(network.network_address), y + 13, line.needed, line.same),
        text(css, LEFT + 35 * CELL + 8, y + 13, f"{line.same} of {line.needed} bits"),
        text(css, LEFT, y + 28, shortened(one_line(line.route), 84)),
    ])  # fmt: skip


def _bits(number: int, y: int, needed: int | None = None, same: int = 0) -> str:
    """32 digits; of a line the first `needed` are boxed. An address has no such number: all of it counts."""
    out = []
    for i in range(32):
        x = LEFT + i * CELL + (i // 8) * CELL
        if i < (needed or 0):
            css = "bridge" if i < same else "chip"
            out.append(f'<rect class="{css}" x="{x}" y="{y - 11}" width="{CELL}" height="15" style="fill:var(--{css})"/>')
        css = "" if needed is None or i < needed else "soft"
        differs = needed is not None and i == same < needed
        out.append(f'<text class="{"bad" if differs else css}" x="{x + 3}" y="{y}">{number >> (31 - i) & 1}</text>')
        if differs:
            out.append(f'<path class="crossed" d="M{x} {y + 6}H{x + CELL}"/>')
    return "".join(out)


class RouteExplorer(Explorer):
    """An address against a table. table: a RouteTable, or the text of one in any of the four formats.

    Raises BadInput when the table or the address does not parse.
    """

    def __init__(self, table: RouteTable | str, address: str = ""):
        model = RouteLookup(table, address)
        self.address = text_field("Address", str(model.address))
        area = widgets.Textarea(str(model.table), description="Table", rows=6, continuous_update=False, style=WIDE)
        area.layout.width = "720px"
        self.table = Field(area)
        self.picture = PictureBox()
        super().__init__(model, {"address": self.address, "table": self.table}, [self.address, self.picture, self.table])
        self.watch("address", model.set_address)
        self.watch("table", model.set_table)

    def draw(self) -> None:
        self.picture.show(self.model.svg())
