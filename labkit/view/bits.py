"""An address and the lines of a table as bits, one above the other: SVG.

Bits that must agree are boxed; the first that does not is crossed out. Which line won is said by a word
and a frame, not by colour alone.
"""

from ..tables.table import one_line
from .contents import shortened
from .svg import sheet, text

CELL, ROW, LEFT, TOP, MOST = 13, 38, 96, 44, 16


def bits_svg(model) -> str:
    """The picture of a RouteLookup."""
    lines = model.lines()
    shown = lines[:MOST]
    width, height = LEFT + 35 * CELL + 110, TOP + ROW * (len(shown) + (len(lines) > MOST)) + 26
    title = f"{model.address} among {len(lines)} routes"
    out = [text("name", 8, TOP - 12, str(model.address)), _bits(int(model.address), TOP - 12, 0, 0)]
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
        text(css, LEFT, y + 28, shortened(one_line(line.route), 68)),
    ])  # fmt: skip


def _bits(number: int, y: int, needed: int, same: int) -> str:
    out = []
    for i in range(32):
        x = LEFT + i * CELL + (i // 8) * CELL
        if i < needed:
            css = "bridge" if i < same else "chip"
            out.append(f'<rect class="{css}" x="{x}" y="{y - 11}" width="{CELL}" height="15" style="fill:var(--{css})"/>')
        css = "bad" if i == same < needed else "" if i < max(needed, 1) or not needed else "soft"
        out.append(f'<text class="{css}" x="{x + 3}" y="{y}">{number >> (31 - i) & 1}</text>')
        if i == same < needed:
            out.append(f'<path class="crossed" d="M{x + 1} {y + 3}L{x + CELL - 1} {y - 10}"/>')
    return "".join(out)
