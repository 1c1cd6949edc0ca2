"""A scene in matplotlib, for print and for figures of one's own: `draw(lab, trace, ax=ax)`.

Says what the SVG says, with the same shapes, dashes and words; in black, grey and two colours.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ..lab.lab import Lab
from ..trace.trace import Trace
from .scene import Mark, Part, Scene, Trail, Wire, scene
from .svg import OFFSETS, caption_lines

_FILL = {
    "machine": "#f4f6f8", "bridge": "#e3eef8", "switch": "#e3eef8", "tunnel": "#fbeedb", "program": "#f0e8f7",
    "routing": "#eceff2", "more": "none",
}  # fmt: skip
_TRAIL = {"request": ("#005a9c", "-"), "answer": ("#b34700", "--"), "error": ("#a4243b", ":"), "before": ("#b0b7be", "-")}
#: Pixels of a scene per inch of a figure, and the type size that then fits the boxes.
PER_INCH, FONT = 100, 7.4


def draw(lab: Lab, trace: Trace | None = None, ax: Axes | None = None) -> Axes:
    """Draw a lab, and a trace's way through it, into matplotlib axes; returns the axes."""
    picture = scene(lab, trace)
    caption = [line for _, line in caption_lines(picture)]
    height = picture.height + 16 * len(caption)
    if ax is None:
        ax = Figure(figsize=(picture.width / PER_INCH, height / PER_INCH), dpi=PER_INCH).add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, picture.width), ylim=(height, 0), aspect="equal")
    ax.set_axis_off()
    ax.set_gid(picture.description)
    _draw_lines(ax, picture)
    for mark in picture.marks:
        _draw_mark(ax, mark)
    for i, line in enumerate(caption):
        ax.text(12, picture.height + 12 + 16 * i, line, fontsize=FONT, family="monospace")
    return ax


def _draw_lines(ax: Axes, picture: Scene) -> None:
    for part in picture.parts:
        _draw_part(ax, part, 1 if part.kind in ("machine", "namespace") else 4)
    for wire in picture.wires:
        _draw_wire(ax, wire)
    for trail in picture.trails:
        _draw_trail(ax, trail)


def _draw_part(ax: Axes, part: Part, order: int) -> None:
    edge = "none" if part.kind == "more" else "#1a1f24" if part.on_path else "#8a949e"
    width, style = (1.6 if part.on_path else 0.7), ("--" if part.state else "-")
    ax.add_patch(FancyBboxPatch(
        (part.x, part.y), part.w, part.h, boxstyle="round,pad=0,rounding_size=3", facecolor=_FILL.get(part.kind, "white"),
        edgecolor=edge, linewidth=width, linestyle=style, zorder=order))
    title = part.kind in ("machine", "namespace", "more")
    top = part.y + 13 if title else part.y + part.h / 2 - len(part.lines) * 7 + 10.5
    words = ["  ".join(part.lines)] if title else part.lines
    for i, line in enumerate(words):
        ax.text(part.x + (10 if title else 6), top + 14 * i, line, fontsize=FONT, family="monospace", zorder=order + 1,
                fontweight="bold" if i == 0 and part.kind not in ("machine", "more") else "normal")


def _draw_wire(ax: Axes, wire: Wire) -> None:
    style = "-" if wire.up and wire.kind in ("veth", "port") else ":"
    ax.plot(*zip(*wire.points, strict=True), color="#8a949e", linewidth=1, linestyle=style, zorder=2)


def _draw_trail(ax: Axes, trail: Trail) -> None:
    color, style = _TRAIL[trail.leg]
    offset = OFFSETS[trail.leg]
    points = [(x + offset, y + offset) for x, y in trail.points]
    ax.plot(*zip(*points, strict=True), color=color, linestyle=style, linewidth=2, zorder=3)


def _draw_mark(ax: Axes, mark: Mark) -> None:
    sign = {"arrived": "ok", "lost": "x"}.get(mark.kind, mark.text)
    color = _TRAIL["error"][0] if mark.kind == "lost" else _TRAIL["request"][0]
    ax.text(*mark.at, sign, fontsize=FONT - 1.5, color="white", ha="center", va="center", zorder=6,
            bbox={"boxstyle": "round,pad=0.25", "facecolor": color, "edgecolor": "none"})
