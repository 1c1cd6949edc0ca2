"""Scenes as SVG, and the colours and lines of everything on screen, as CSS.

Colours are names with a light and a dark set: JupyterLab's theme decides where there is one, else the
system's setting. Every difference that a colour shows is also a shape, a dash or a word. Blue and
orange stay apart in all common kinds of colour blindness (Okabe and Ito, Color Universal Design, 2008).
"""

from html import escape
from itertools import pairwise

from .contents import CHAR
from .scene import Mark, Part, Point, Scene, Trail, Wire

_LIGHT = (
    "--bg:#ffffff;--machine:#f4f6f8;--ns:#ffffff;--chip:#ffffff;--ink:#1a1f24;--soft:#56616b;--line:#8a949e;--bridge:#e3eef8;"
    "--tunnel:#fbeedb;--program:#f0e8f7;--routing:#eceff2;--req:#005a9c;--ans:#a83f00;--err:#a4243b;--mark:#ffffff"
)
_DARK = (
    "--bg:#16191d;--machine:#1e2329;--ns:#262c33;--chip:#16191d;--ink:#eef2f5;--soft:#b4bec8;--line:#808b96;--bridge:#1c3a55;"
    "--tunnel:#4a3513;--program:#3b2a4d;--routing:#343b43;--req:#6cb8f5;--ans:#ffab66;--err:#ff8a9a;--mark:#16191d"
)

THEME = (
    f".labkit{{{_LIGHT}}}@media (prefers-color-scheme:dark){{.labkit{{{_DARK}}}}}"
    f"[data-jp-theme-light=true] .labkit{{{_LIGHT}}}[data-jp-theme-light=false] .labkit{{{_DARK}}}"
)

PICTURE = """
.labkit text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:11px;fill:var(--ink)}
.labkit .name{font-weight:600}.labkit .soft{fill:var(--soft)}.labkit .bad{fill:var(--err);font-weight:600}
.labkit rect{stroke:var(--line);stroke-width:1}.labkit .machine{fill:var(--machine)}.labkit .namespace{fill:var(--ns)}
.labkit .interface,.labkit .socket{fill:var(--chip)}.labkit .bridge,.labkit .switch{fill:var(--bridge)}
.labkit .tunnel{fill:var(--tunnel)}.labkit .program{fill:var(--program)}.labkit .routing{fill:var(--routing)}
.labkit .more{fill:none;stroke:none}
.labkit rect.on{stroke:var(--ink);stroke-width:2}.labkit rect.off{stroke-dasharray:4 3}
.labkit rect.over{stroke:var(--err);stroke-width:3}
.labkit rect.changed{stroke:var(--ans);stroke-width:3;stroke-dasharray:2 2}.labkit rect.now{stroke:var(--req);stroke-width:4}
.labkit polyline,.labkit path{fill:none;stroke-linejoin:round}.labkit .wire{stroke:var(--line);stroke-width:1.5}
.labkit .wire.down{stroke-dasharray:3 4}.labkit .stack,.labkit .held,.labkit .via{stroke-dasharray:1 3}
.labkit :is(.request,.in){stroke:var(--req);stroke-width:3}
.labkit :is(.answer,.out){stroke:var(--ans);stroke-width:3;stroke-dasharray:7 4}
.labkit .error{stroke:var(--err);stroke-width:3;stroke-dasharray:2 3}
.labkit .before{stroke:var(--soft);stroke-width:6;stroke-opacity:.4}
.labkit :is(.request,.in).head{fill:var(--req);stroke:none}.labkit :is(.answer,.out).head{fill:var(--ans);stroke:none}
.labkit .error.head{fill:var(--err);stroke:none}.labkit .crossed{stroke:var(--err);stroke-width:1.5}
.labkit circle{fill:var(--req)}.labkit circle.lost{fill:var(--err)}
.labkit text.sign{fill:var(--mark);font-size:9px;font-weight:700;text-anchor:middle}
.labkit text.key{fill:var(--soft);font-size:10px}
.labkit text.ttl{fill:var(--req);font-size:10px;font-weight:600;text-anchor:middle}
.labkit .label{fill:var(--req);stroke:none}.labkit text.label{fill:var(--mark);font-weight:600;text-anchor:middle}
"""

#: Text beside a picture: tables, sentences, headers.
PAGE = """
.labkit.page{color:var(--ink);background:var(--bg);font-size:13px;line-height:1.45;padding:6px 10px;border-radius:6px}
.labkit.page :is(code,pre,table){font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px}
.labkit.page table{border-collapse:collapse;margin:4px 0}.labkit.page p{margin:4px 0}
.labkit.page :is(th,td){text-align:left;padding:2px 8px;border:1px solid var(--line);color:var(--ink);background:var(--chip)}
.labkit.page tr.won td{background:var(--bridge);font-weight:600}.labkit.page tr.lost td{color:var(--soft)}
.labkit.page .bad{color:var(--err);font-weight:600}.labkit.page .soft{color:var(--soft)}
.labkit.page .good{color:var(--req);font-weight:600}
.labkit.page .ours{color:var(--req);font-weight:700;text-decoration:underline}
.labkit.page pre{margin:4px 0;white-space:pre;overflow-x:auto;background:none;color:var(--ink)}
.labkit-explorer{container-type:inline-size}
.labkit-scroll{overflow-x:auto}.labkit-scroll svg.labkit{max-width:max(100%,calc(var(--wide)*var(--least,.7)))!important}
.labkit-old::before{content:'As it was before: the last input was refused.';font-weight:600}.labkit-old svg.labkit{opacity:.5}
.labkit-beside{flex-flow:row nowrap;align-items:flex-start}.labkit-beside>.labkit-scroll{flex:0 1 auto;min-width:0}
.labkit-told{flex:1 1 280px;min-width:280px}.labkit-told :is(.widget-html,.jupyter-widgets){max-width:100%}
.labkit-told .labkit.page{box-sizing:border-box;max-height:62vh;overflow:auto;overflow-wrap:anywhere}.labkit-told button{width:auto}
.labkit-told :is(th,td){padding:1px 4px}.labkit-told :is(th,td):first-child{overflow-wrap:normal}
@container (max-width:900px){.labkit-beside{flex-flow:column}.labkit-scroll{--least:.9}.labkit-told{flex:none;width:100%}}
"""


#: What the legend says of each leg that occurs.
LEGS = {"before": "the way before", "request": "request", "answer": "answer", "error": "ICMP error", "in": "came in", "out": "sent out"}
#: How far a leg stands off the wire, so that there and back are both seen.
OFFSETS = {"request": 3.0, "answer": -3.0, "error": -3.0, "before": 0.0, "in": 3.0, "out": -3.0}
#: And of everything else that is drawn: kinds of boxes, frames of boxes, lines, signs.
KINDS = {
    "machine": "machine", "namespace": "network namespace", "interface": "interface", "switch": "bridge", "bridge": "bridge",
    "tunnel": "tunnel (TUN or vxlan)", "program": "program", "routing": "routing, by the kernel",
}  # fmt: skip
FRAMES = {"on": "passed by", "now": "this step", "changed": "on one of the two ways only", "off": "down or no carrier"}
WIRES = {"veth": "cable (veth pair) or bridge port", "stack": "inside the machine", "down": "cable that is down"}
SIGNS = {"number": "order of the request", "arrived": "arrived", "lost": "lost", "ttl": "TTL lowered"}
#: A caption: most characters in a line, height of one; and how wide a picture is at least. A swatch of the legend, its text.
CAPTION_CHARS, CAPTION_LINE, NARROWEST, SWATCH, SMALL = 104, 15, 420, 24, 6.1


def svg(scene: Scene, verdict: bool = True) -> str:
    """The whole picture; all text in it is escaped. verdict: whether it stands below, or is said elsewhere."""
    width = max(scene.width, NARROWEST)
    caption = verdict_lines(scene, width) if verdict else []
    rows = _rows(legend(scene), width)
    height = scene.height + (len(caption) + len(rows)) * CAPTION_LINE + (8 if caption or rows else 0)
    backs = [part for part in scene.parts if part.kind in ("machine", "namespace")]
    fronts = [part for part in scene.parts if part.kind not in ("machine", "namespace")]
    body = [_part(part) for part in backs]
    body += [_wire(wire) for wire in scene.wires]
    body += [_trail(trail) for trail in scene.trails]
    body += [_part(part) for part in fronts]
    body += [_mark(mark) for mark in scene.marks]
    y = scene.height + 12
    body += [text("name" if scene.ok else "bad", 12, y + i * CAPTION_LINE, line) for i, line in enumerate(caption)]
    for i, row in enumerate(rows, len(caption)):
        body += [_entry(x, y + i * CAPTION_LINE, css, words) for x, css, words in row]
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


def verdict_lines(scene: Scene, width: float) -> list[str]:
    """The verdict, in lines that fit."""
    if not scene.caption:
        return []
    return wrapped(f"{'✓' if scene.ok else '✗'} {scene.caption}", min(CAPTION_CHARS, int((width - 24) / CHAR)))


def legend(scene: Scene) -> list[tuple[str, str]]:
    """(css classes, words) of every kind of line, box, frame and sign that is on the picture."""
    legs = dict.fromkeys(trail.leg for trail in scene.trails)
    kinds = dict.fromkeys("bridge" if part.kind == "switch" else part.kind for part in scene.parts)
    frames = {css for part in scene.parts for css in _classes(part).split()[1:]}
    wires = {"down" if not wire.up else "veth" if wire.kind in ("veth", "port") else "stack" for wire in scene.wires if _long(wire)}
    signs = {mark.kind for mark in scene.marks}
    return [
        *((f"line {leg}", LEGS[leg]) for leg in LEGS if leg in legs), *((f"sign {sign}", SIGNS[sign]) for sign in SIGNS if sign in signs),
        *((f"box interface {css}", FRAMES[css]) for css in FRAMES if css in frames),
        *((f"box {kind}", KINDS[kind]) for kind in KINDS if kind in kinds),
        *((f"line wire {wire}", WIRES[wire]) for wire in WIRES if wire in wires),
    ]  # fmt: skip


def _long(wire: Wire) -> bool:
    """A switch's port sits on its edge, with no line to be seen."""
    return wire.points[0] != wire.points[-1]


def _rows(entries: list[tuple[str, str]], width: float) -> list[list[tuple[float, str, str]]]:
    """The legend's entries with their x, as many in a row as fit."""
    rows: list[list[tuple[float, str, str]]] = []
    x = width
    for css, words in entries:
        needs = SWATCH + 4 + len(words) * SMALL
        if x + needs > width - 8:
            rows.append([])
            x = 12.0
        rows[-1].append((x, css, words))
        x += needs + 14
    return rows


def _entry(x: float, y: float, css: str, words: str) -> str:
    """A swatch as the thing itself is drawn, and what it is."""
    what, _, css = css.partition(" ")
    middle = y - 3.5
    if what == "line":
        swatch = f'<polyline class="{css}" points="{_points([(x, middle), (x + SWATCH, middle)])}"/>'
        swatch += "" if css.startswith(("wire", "before")) else _head(css, (x, middle), (x + SWATCH, middle))
    elif css == "ttl":
        swatch = text("ttl", x + SWATCH / 2, y, "ttl")
    elif what == "sign":
        swatch = _mark(Mark(css, (x + SWATCH / 2, middle), "1")).replace('r="7"', 'r="5.5"')
    else:
        swatch = f'<rect class="{css}" x="{_n(x + 2)}" y="{_n(middle - 5)}" width="{SWATCH - 4}" height="10" rx="2"/>'
    return swatch + text("key", x + SWATCH + 4, y, words)


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
    if part.kind == "machine":
        return shape
    if part.kind in ("namespace", "more"):
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
    if mark.kind == "ttl":
        return f'<text class="ttl" x="{_n(x)}" y="{_n(y)}">{escape(mark.text)}</text>'
    sign = {"arrived": "✓", "lost": "✗"}.get(mark.kind, mark.text)
    circle = f'<circle class="{mark.kind}" cx="{_n(x)}" cy="{_n(y)}" r="7"/>'
    return circle + f'<text class="sign" x="{_n(x)}" y="{_n(y + 3.2)}">{escape(sign)}</text>'


def _points(points) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(number: float) -> str:
    """A coordinate with one decimal at most: short, and the same by every Python (from 3.12 on `sum` adds floats more exactly)."""
    return f"{round(number, 6):.1f}".removesuffix(".0")
