"""A scene as SVG text, for the screen.

Boxes are opaque and drawn over the lines, so a trail is seen between boxes and a visited box by its
frame. The colours, and what shows the same without them, are in theme.py.
"""

from html import escape
from itertools import pairwise

from .scene import Mark, Part, Point, Scene, Trail, Wire
from .theme import PICTURE, THEME

#: What the legend says of each leg that occurs.
LEGS = {"request": "request", "answer": "answer", "error": "ICMP error", "before": "before", "in": "came in", "out": "sent out"}
#: How far a leg stands off the wire, so that there and back are both seen.
OFFSETS = {"request": 3.0, "answer": -3.0, "error": -3.0, "before": 0.0, "in": 3.0, "out": -3.0}
CAPTION_CHARS, CAPTION_LINE = 104, 15


def svg(scene: Scene) -> str:
    """The whole picture; all text in it is escaped."""
    caption = caption_lines(scene)
    height = scene.height + len(caption) * CAPTION_LINE + (8 if caption else 0)
    width = max(scene.width, 420)
    backs = [part for part in scene.parts if part.kind in ("machine", "namespace")]
    fronts = [part for part in scene.parts if part.kind not in ("machine", "namespace")]
    body = [_part(part) for part in backs]
    body += [_wire(wire) for wire in scene.wires]
    body += [_trail(trail) for trail in scene.trails]
    body += [_part(part) for part in fronts]
    body += [_mark(mark) for mark in scene.marks]
    for i, (css, line) in enumerate(caption):
        body.append(text(css, 12, scene.height + 12 + i * CAPTION_LINE, line))
    return sheet(width, height, scene.title, scene.description, body)


def sheet(width: float, height: float, title: str, description: str, body: list[str]) -> str:
    """An SVG of that size with its name, its words, its style and its ground; `body` is markup."""
    return "".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="labkit" role="img" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" style="max-width:100%;height:auto" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc><style>{THEME}{PICTURE}</style>",
        f'<rect width="{_n(width)}" height="{_n(height)}" style="fill:var(--bg);stroke:none"/>',
        *body, "</svg>",
    ])  # fmt: skip


def caption_lines(scene: Scene) -> list[tuple[str, str]]:
    """(css class, line) pairs below the picture: the verdict, and what the lines mean."""
    lines: list[tuple[str, str]] = []
    if scene.caption:
        sign = "✓" if scene.ok else "✗"
        lines += [("name" if scene.ok else "bad", line) for line in wrapped(f"{sign} {scene.caption}")]
    drawn = list(dict.fromkeys(trail.leg for trail in scene.trails))
    dashes = {"request": "━━▶", "answer": "╍╍▶", "error": "┅┅▶", "before": "▬▬", "in": "━━▶", "out": "╍╍▶"}
    if drawn:
        lines.append(("soft", "   ".join(f"{dashes[leg]} {LEGS[leg]}" for leg in drawn)))
    return lines


def wrapped(words: str, most: int = CAPTION_CHARS) -> list[str]:
    """Lines of at most so many characters, broken between words, and within a word longer than a line."""
    lines = [""]
    for word in [long[i : i + most] for long in words.split() for i in range(0, len(long), most)]:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _part(part: Part) -> str:
    radius = {"namespace": 6, "machine": 10, "program": 12}.get(part.kind, 3)
    shape = (
        f'<rect class="{_classes(part)}" x="{_n(part.x)}" y="{_n(part.y)}" '
        f'width="{_n(part.w)}" height="{_n(part.h)}" rx="{radius}"/>'
    )
    if part.kind in ("machine", "namespace", "more"):
        return shape + _title(part)
    top = part.y + part.h / 2 - len(part.lines) * 7 + 10.5
    texts = []
    for i, line in enumerate(part.lines):
        css = "name" if i == 0 else "bad" if line == part.state else "soft"
        texts.append(text(css, part.x + 6, top + i * 14, line))
    return shape + "".join(texts)


def _classes(part: Part) -> str:
    flags = {"on": part.on_path and part.kind != "namespace", "off": part.state, "changed": part.changed, "now": part.now}
    return " ".join([part.kind, *(css for css, said in flags.items() if said)])


def _title(part: Part) -> str:
    """The first line at the upper left, the second softly beside it."""
    out = text("soft" if part.kind != "namespace" else "name", part.x + 10, part.y + 13.5, part.lines[0])
    if len(part.lines) > 1:
        out += text("soft", part.x + 10 + (len(part.lines[0]) + 2) * 6.7, part.y + 13.5, part.lines[1])
    return out


def text(css: str, x: float, y: float, words: str) -> str:
    """A line of text, escaped."""
    return f'<text class="{css}" x="{_n(x)}" y="{_n(y)}">{escape(words)}</text>'


def _wire(wire: Wire) -> str:
    kind = {"socket": "via"}.get(wire.kind, wire.kind)
    return f'<polyline class="wire {kind}{"" if wire.up else " down"}" points="{_points(wire.points)}"/>'


def _trail(trail: Trail) -> str:
    offset = OFFSETS[trail.leg]
    points = [(x + offset, y + offset) for x, y in trail.points]
    line = f'<polyline class="{trail.leg}" points="{_points(points)}"/>'
    if trail.leg == "before":
        return line
    return line + "".join(_head(trail.leg, a, b) for a, b in pairwise(points) if abs(a[0] - b[0]) + abs(a[1] - b[1]) >= 14)


def _head(leg: str, a: Point, b: Point) -> str:
    """An arrow head in the middle of a line."""
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = (dx * dx + dy * dy) ** 0.5
    dx, dy = dx / length * 5, dy / length * 5
    points = [(x + dx, y + dy), (x - dx - dy, y - dy + dx), (x - dx + dy, y - dy - dx)]
    return f'<path class="{leg} head" d="M{" L".join(f"{_n(px)} {_n(py)}" for px, py in points)}Z"/>'


def _mark(mark: Mark) -> str:
    x, y = mark.at
    if mark.kind == "now":
        width = len(mark.text) * 6.7 + 24
        return (
            f'<rect class="label" x="{_n(x - width / 2)}" y="{_n(y - 8)}" width="{_n(width)}" height="16" rx="8"/>'
            f'<text class="label" x="{_n(x)}" y="{_n(y + 4)}">▲ {escape(mark.text)}</text>'
        )
    sign = {"arrived": "✓", "lost": "✗"}.get(mark.kind, mark.text)
    circle = f'<circle class="{mark.kind}" cx="{_n(x)}" cy="{_n(y)}" r="7"/>'
    return circle + f'<text class="sign" x="{_n(x)}" y="{_n(y + 3.2)}">{escape(sign)}</text>'


def _points(points) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(number: float) -> str:
    """A coordinate with one decimal at most: short, and the same on every machine."""
    return f"{number:.1f}".removesuffix(".0")
