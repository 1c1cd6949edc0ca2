"""One description of a picture, computed once, then drawn as SVG (svg.py).

A `Scene` is made of Parts (boxes with text), Wires (lines), Trails (the ways packets took) and
Marks (small signs on parts). Coordinates are in pixels at a width that fits a notebook; text comes
with its box. Nothing in it is random, and a trace moves nothing: the same lab, the same places.
"""

from dataclasses import dataclass

from ..lab.lab import Lab
from ..trace.trace import Trace

Point = tuple[float, float]
#: What a part belongs to: ("", machine), (namespace,), (namespace, interface) or (namespace, interface, role).
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A box. kind: "machine", "namespace", "switch", "interface", "bridge", "tunnel", "program",
    "routing" or "more" (a summary of what is not shown). `lines` stand in it, the first one as its name; a machine's frame has none.

    `state`: "" or why it cannot carry packets ("down", "no carrier").
    `on_path`: the packet came by. `now`: the current step is here. `changed`: not so in the trace before.
    """

    kind: str
    key: Key
    x: float
    y: float
    w: float
    h: float
    lines: tuple[str, ...] = ()
    state: str = ""
    on_path: bool = False
    now: bool = False
    changed: bool = False

    @property
    def centre(self) -> Point:
        return self.x + self.w / 2, self.y + self.h / 2


@dataclass(frozen=True, slots=True)
class Wire:
    """What joins two parts. kind: "veth" (a pair), "port" (an interface in its bridge), "held"
    (a TUN and its program) or "stack" (an interface and the routing behind it)."""

    kind: str
    ends: tuple[Key, Key]
    points: tuple[Point, ...]
    up: bool = True


@dataclass(frozen=True, slots=True)
class Trail:
    """The way packets took. leg: "request", "answer", "error", "before" (of the trace before), or for
    a single frame "in" and "out"."""

    leg: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign on a part. kind: "number" (order of the request's way), "ttl" (where it is lowered), "arrived", "lost" or "now"."""

    kind: str
    at: Point
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """`title` names the picture, `description` says in words what it shows; `caption` is the verdict."""

    width: float
    height: float
    title: str
    description: str
    parts: tuple[Part, ...]
    wires: tuple[Wire, ...]
    trails: tuple[Trail, ...] = ()
    marks: tuple[Mark, ...] = ()
    caption: str = ""
    ok: bool | None = None


def scene(lab: Lab, trace: Trace | None = None, step: int | None = None, before: Trace | None = None) -> Scene:
    """The picture of a lab, with a trace's way through it.

    step: the index in `trace.steps` of the step to point at. before: an earlier trace; what differs
    from it is marked, and its way is drawn faintly. The lab is only read.
    """
    from .layout import Layout
    from .overlay import overlay

    layout = Layout(lab, _visited(trace) | _visited(before))
    return overlay(layout, trace, step, before)


def _visited(trace: Trace | None) -> set[str]:
    """The namespaces a trace came through, which a summary must not hide."""
    if trace is None:
        return set()
    return {step.namespace for step in trace.steps if not step.aside}
