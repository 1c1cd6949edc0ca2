"""The way of a packet, drawn onto a layout: trails, numbers, the current step, what has changed.

Each step of a trace happens at a part of the picture (its anchor); a trail follows the wires from anchor to anchor. Between two
wires it runs underneath a part, whose frame then says it was visited. Every fragment has a trail of its own, and a trail ends
where the next anchor is neither at the other end of a wire nor in the same namespace.
"""

from itertools import pairwise

from ..trace.trace import Step, Trace
from .contents import LINE, Chip
from .describe import caption, describe, fragment, title_of
from .layout import Layout
from .scene import Key, Mark, Part, Point, Scene, Trail, Wire
from .wiring import wiring

#: Steps that happen in the namespace as a whole, where routing is drawn.
IN_THE_STACK = frozenset({"send", "route", "forward", "deliver", "raised", "heard", "fragment", "filter", "nat", "choice"})
#: Steps that are told but do not move the packet.
STANDING = frozenset({"arp", "learn", "filter", "nat", "choice", "fragment"})


def overlay(layout: Layout, trace: Trace | None, step: int | None, before: Trace | None) -> Scene:
    """The finished picture."""
    wires = wiring(layout)
    ways = _ways(layout, wires, trace) if trace is not None else []
    earlier = _ways(layout, wires, before) if before is not None else []
    changed = _changed(trace, before)
    now = trace.steps[step] if trace is not None and step is not None and trace.steps else None
    here = anchor(layout, now) if now is not None else None
    visited = {key for _, way in ways for key in way}
    parts = _parts(layout, visited, here, changed)
    trails = []
    if before is not None and changed:
        trails += [Trail("before", _follow(layout, wires, way)) for _, way in earlier]
    trails += [Trail(leg, _follow(layout, wires, way)) for leg, way in ways]
    request = [key for leg, way in ways if leg == "request" for key in way]
    marks = [*_numbers(layout, request), *_lowered(layout, trace), *_ending(layout, trace), *_now(layout, now, here)]
    return Scene(
        layout.width, layout.height, title_of(layout.lab, trace), describe(layout.lab, trace, before), tuple(parts), tuple(wires),
        tuple(t for t in trails if len(t.points) > 1), tuple(marks),
        caption(trace) if trace is not None else "", trace.verdict.ok if trace is not None else None,
    )


def anchor(layout: Layout, step: Step) -> Key | None:
    """The part at which a step happens, or None when that is not drawn."""
    stack = (step.namespace, "", "routing")
    if step.kind in IN_THE_STACK or step.interface is None or step.at == "stack":
        return stack if stack in layout.chips else None
    key = (step.namespace, step.interface)
    if (step.kind == "bridge" or step.at == "switch") and (*key, "switch") in layout.chips:
        return (*key, "switch")
    if (step.kind in ("wrap", "unwrap") or step.at == "program") and (*key, "program") in layout.chips:
        return (*key, "program")
    return key if key in layout.chips else stack if stack in layout.chips else None


def _ways(layout: Layout, wires: list[Wire], trace: Trace) -> list[tuple[str, list[Key]]]:
    """The anchors of each leg in order, none twice in a row: one list a fragment, and a new one where the way was not seen."""
    wired = {frozenset(wire.ends) for wire in wires}
    found: list[tuple[str, list[Key]]] = []
    current: dict[tuple[str, int], list[Key]] = {}
    leg = "request"
    for step in trace.steps:
        if step.aside or step.kind in STANDING:
            continue
        leg = step.leg or leg
        key, place = anchor(layout, step), (leg, fragment(step.packet))
        if key is None or current.get(place, [None])[-1] == key:
            continue
        before = [current[place], *(way for other, way in found if other == leg)] if place in current else [w for o, w in found if o == leg]
        start = next((way for way in before if frozenset((way[-1], key)) in wired), None)
        together = _put_together(current.get(place), before, key, wired) if start is None else None
        if together is not None:
            current[place] += together
            continue
        if start is None:
            start = next((way for way in before if way[-1][0] == key[0]), None)
        if start is not None and start is current.get(place):
            start.append(key)
        else:
            current[place] = [key] if start is None else [start[-1], key]
            found.append((leg, current[place]))
    return found


def _put_together(way: list[Key] | None, others: list[list[Key]], key: Key, wired: set[frozenset[Key]]) -> list[Key] | None:
    """Where a fragment was put together with others and cut again, what they passed meanwhile, up to the next place it is seen at."""
    for other in others if way is not None else ():
        start = other.index(way[-1]) if way[-1] in other else len(other)
        if passed := next((at for at in range(len(other) - 1, start, -1) if frozenset((other[at], key)) in wired), None):
            return [*other[start + 1 : passed + 1], key]
    return None


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


def _numbers(layout: Layout, way: list[Key]) -> list[Mark]:
    """1, 2, 3 … on what the request passes, routing left out."""
    passed = dict.fromkeys(key for key in way if layout.chips[key].kind not in ("routing", "socket"))
    marks = []
    for number, key in enumerate(passed, 1):
        chip = layout.chips[key]
        marks.append(Mark("number", (chip.x + chip.w, chip.y), str(number)))
    return marks


def _lowered(layout: Layout, trace: Trace | None) -> list[Mark]:
    """`64 → 63` wherever the request's TTL goes down."""
    marks: dict[Key, Mark] = {}
    last: dict[int, int] = {}
    for step in trace.steps if trace is not None else ():
        if step.aside or step.leg != "request" or step.kind not in ("out", "in", "forward", "wrap", "unwrap"):
            continue
        piece, ttl, key = fragment(step.packet), step.packet.innermost.ttl, anchor(layout, step)
        if ttl < last.get(piece, 0) and key is not None:
            chip = layout.chips[key]
            below = chip.h > LINE * (len(chip.lines) + 2)  # room inside, under its lines in the middle
            y = chip.y + chip.h - 5 if below else chip.y - 9
            marks[key] = Mark("ttl", (chip.x + chip.w / 2, y), f"ttl {last[piece]} → {ttl}")
        last[piece] = ttl
    return list(marks.values())


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
    """The upper right corner of the namespace, or for a drop that of the part where it happened."""
    chip = layout.chips.get(anchor(layout, step) or ()) if step.kind == "drop" else None
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
