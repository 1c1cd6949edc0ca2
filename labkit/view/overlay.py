"""The way of a packet, drawn onto a layout: trails, numbers, the current step, what has changed.

Each step of a trace happens at a part of the picture (its anchor); the trail follows the wires from
anchor to anchor. Between two wires it runs underneath a part, whose frame then says it was visited.
"""

from itertools import pairwise

from ..trace.trace import Step, Trace
from .contents import Chip
from .describe import describe, title_of
from .layout import Layout
from .scene import Key, Mark, Part, Point, Scene, Trail, Wire
from .wiring import wiring

#: Steps that happen in the namespace as a whole, where routing is drawn.
IN_THE_STACK = frozenset({"send", "route", "forward", "deliver", "raised", "heard", "fragment"})
#: Steps that are told but do not move the packet.
STANDING = frozenset({"arp", "learn"})


def overlay(layout: Layout, trace: Trace | None, step: int | None, before: Trace | None) -> Scene:
    """The finished picture."""
    wires = wiring(layout)
    ways = _ways(layout, trace) if trace is not None else {}
    earlier = _ways(layout, before) if before is not None else {}
    changed = _changed(trace, before)
    now = trace.steps[step] if trace is not None and step is not None and trace.steps else None
    here = anchor(layout, now) if now is not None else None
    visited = {key for way in ways.values() for key in way}
    parts = _parts(layout, visited, here, changed)
    trails = []
    if before is not None and changed:
        trails += [Trail("before", _follow(layout, wires, way)) for way in earlier.values()]
    trails += [Trail(leg, _follow(layout, wires, way)) for leg, way in ways.items()]
    marks = [*_numbers(layout, ways.get("request", ())), *_ending(layout, trace), *_now(layout, now, here)]
    return Scene(
        layout.width, layout.height, title_of(layout.lab, trace), describe(layout.lab, trace, before), tuple(parts), tuple(wires),
        tuple(t for t in trails if len(t.points) > 1), tuple(marks),
        str(trace.verdict) if trace is not None else "", trace.verdict.ok if trace is not None else None,
    )


def anchor(layout: Layout, step: Step) -> Key | None:
    """The part at which a step happens, or None when that is not drawn."""
    stack = (step.namespace, "", "routing")
    if step.kind in IN_THE_STACK or step.interface is None:
        return stack if stack in layout.chips else None
    key = (step.namespace, step.interface)
    if step.kind in ("wrap", "unwrap") and (*key, "program") in layout.chips:
        return (*key, "program")
    return key if key in layout.chips else stack if stack in layout.chips else None


def _ways(layout: Layout, trace: Trace) -> dict[str, list[Key]]:
    """For each leg the anchors in order, none twice in a row."""
    ways: dict[str, list[Key]] = {}
    leg = "request"
    for step in trace.steps:
        if step.aside or step.kind in STANDING:
            continue
        leg = step.leg or leg
        key = anchor(layout, step)
        way = ways.setdefault(leg, [])
        if key is not None and (not way or way[-1] != key):
            way.append(key)
    return ways


def _follow(layout: Layout, wires: list[Wire], way: list[Key]) -> tuple[Point, ...]:
    """The points of a trail: along the wire between two anchors, then through the part it leads to."""
    between = {wire.ends: wire.points for wire in wires}
    points: list[Point] = []
    for near, far in pairwise(way):
        along = between.get((near, far)) or between.get((far, near), ())[::-1]
        along = along or (_middle(layout.chips[near]), _middle(layout.chips[far]))
        points += [_inside(layout.chips[near], along[0]), *along, _inside(layout.chips[far], along[-1])]
    return tuple(points)


def _inside(chip: Chip, edge: Point) -> Point:
    """A point behind the edge, so that a trail turns around underneath the part."""
    deep = min(10.0, chip.w / 2)
    return min(max(edge[0], chip.x + deep), chip.x + chip.w - deep), edge[1]


def _middle(chip: Chip) -> Point:
    return chip.x + chip.w / 2, chip.middle


def _sighted(trace: Trace | None) -> dict[tuple[str, str], None]:
    if trace is None:
        return {}
    return {(step.namespace, step.interface): None for step in trace.steps if step.sighting and not step.aside}


def _changed(trace: Trace | None, before: Trace | None) -> set[Key]:
    """Interfaces that only one of the two traces came by."""
    if trace is None or before is None:
        return set()
    return set(_sighted(trace)) ^ set(_sighted(before))


def _parts(layout: Layout, visited: set[Key], here: Key | None, changed: set[Key]) -> list[Part]:
    """Machines, then namespaces, then what is in them: the order of drawing."""
    parts = list(layout.frames)
    for name, box in layout.boxes.items():
        parts.append(Part("namespace", (name,), box.x, box.y, box.w, box.h, tuple(filter(None, box.lines))))
    for key, chip in layout.chips.items():
        flags = (key in visited, key == here, key in changed)
        parts.append(Part(chip.kind, key, chip.x, chip.y, chip.w, chip.h, chip.lines, chip.state, *flags))
    return parts


def _numbers(layout: Layout, way) -> list[Mark]:
    """1, 2, 3 … on what the request passes, routing left out."""
    passed = dict.fromkeys(key for key in way if layout.chips[key].kind not in ("routing", "socket"))
    marks = []
    for number, key in enumerate(passed, 1):
        chip = layout.chips[key]
        marks.append(Mark("number", (chip.x + chip.w, chip.y), str(number)))
    return marks


def _ending(layout: Layout, trace: Trace | None) -> list[Mark]:
    """Where the request arrived, and where something was lost."""
    if trace is None:
        return []
    marks = []
    for step in trace.steps:
        if step.aside or step.kind not in ("deliver", "drop"):
            continue
        if step.kind == "deliver" and (step.leg != "request" or step.packet.inner is not None):
            continue  # an answer, or a tunnel's datagram
        marks.append(Mark("arrived" if step.kind == "deliver" else "lost", _corner(layout, step)))
    return marks


def _corner(layout: Layout, step: Step) -> Point:
    """The upper right corner of the namespace, or of the interface where it happened."""
    chip = layout.chips.get((step.namespace, step.interface or "")) if step.kind == "drop" else None
    if chip is not None:
        return chip.x + 2, chip.y
    box = layout.boxes.get(step.namespace)
    return (box.x + box.w - 1, box.y + 1) if box is not None else (layout.width - 20, 14)


def _now(layout: Layout, step: Step | None, here: Key | None) -> list[Mark]:
    """A label with the packet's TTL and length at the part where the current step happens."""
    if step is None:
        return []
    words = step.kind
    if step.packet is not None and not step.packet.arp:
        words = f"ttl {step.packet.ttl}, {step.packet.length} bytes"
    if here is not None:
        chip = layout.chips[here]
        return [Mark("now", (chip.x + chip.w / 2, chip.y + chip.h + 8), words)]
    box = layout.boxes.get(step.namespace)
    return [Mark("now", (box.x + box.w / 2, box.y + box.h), words)] if box is not None else []
