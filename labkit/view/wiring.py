"""The lines of a picture: pairs, ports in their bridges, programs behind their TUNs.

Lines run level or upright. Where both ends are in one row a line is straight; a wire from machine to
machine takes a lane at the left, one that comes back to its own column a lane at the right.
"""

from .contents import Box, Chip
from .layout import OVERHANG, PAD, SPACE, Layout
from .scene import Point, Wire


def wiring(layout: Layout) -> list[Wire]:
    """All lines, those inside of namespaces first."""
    wires = []
    for box in layout.boxes.values():
        wires += _inside(box)
    bars = {chip.key[0]: chip for chip in layout.chips.values() if chip.kind == "switch"}
    wires += [_at_edge(chip, bars[chip.key[0]]) for chip in layout.chips.values() if chip.kind == "socket"]
    lanes = {"left": 0, "right": 0}
    for key, chip in layout.chips.items():
        other = layout.chips.get(layout.peer(chip) or ())
        if other is not None and chip.kind in ("interface", "socket") and key < other.key:
            wires.append(_pair(layout, chip, other, lanes))
    return wires


def _inside(box: Box) -> list[Wire]:
    wires = []
    for bridge in box.core:
        for port in box.ports.get(bridge.key[:2], ()):
            wires.append(_level("port", port, bridge))
        if bridge.key in box.uplinks:
            wires.append(_level("port", box.uplinks[bridge.key], bridge))
        program = box.programs.get(bridge.key)
        if program is not None:
            wires.append(_level("held", bridge, program))
            if box.routing:
                wires.append(_socket(program, box.routing))
    ports = {port.key for there in box.ports.values() for port in there}
    if box.routing:
        for chip in [*box.left, *box.core, *box.right]:
            if chip.key not in ports:
                wires.append(_level("stack", box.uplinks.get(chip.key, chip), box.routing))
    return wires


def _level(kind: str, small: Chip, large: Chip) -> Wire:
    """A level line at the middle of the first, to the near edge of the second."""
    y = small.middle
    if small.x > large.x:
        points = ((small.x, y), (large.x + large.w, y))
    else:
        points = ((small.x + small.w, y), (large.x, y))
    return Wire(kind, (small.key, large.key), points, not small.state)


def _at_edge(socket: Chip, bar: Chip) -> Wire:
    """A switch's port sits on the edge of its bar: the line between them has no length."""
    edge = (bar.x + bar.w, socket.middle)
    return Wire("port", (socket.key, bar.key), (edge, edge), not socket.state)


def _socket(program: Chip, routing: Chip) -> Wire:
    """A program's UDP socket: what it sends goes through routing like everything else."""
    x, y = program.x + program.w / 2, program.y + program.h + SPACE
    points = ((x, program.y + program.h), (x, y), (routing.x + routing.w, y))
    return Wire("socket", (program.key, routing.key), points)


def _pair(layout: Layout, a: Chip, b: Chip, lanes: dict[str, int]) -> Wire:
    up = not a.state and not b.state
    if b.kind == "socket" or (_at_left(layout, a) and a.kind != "socket" and not _at_left(layout, b)):
        a, b = b, a
    if a.kind == "socket":
        start = (a.x + a.w, a.middle)
        return Wire("veth", (a.key, b.key), (start, (b.x, b.middle)), up)
    if _at_left(layout, a) and _at_left(layout, b):
        lanes["left"] += 1
        return Wire("veth", (a.key, b.key), _around(a, b, (a.x, b.x), min(a.x, b.x) - PAD - 4 - lanes["left"] * SPACE), up)
    if _at_left(layout, b):
        return Wire("veth", (a.key, b.key), _across(a, b), up)
    lanes["right"] += 1
    edges = (a.x + a.w, b.x + b.w)
    return Wire("veth", (a.key, b.key), _around(a, b, edges, max(edges) + 4 + lanes["right"] * SPACE % (2 * OVERHANG)), up)


def _at_left(layout: Layout, chip: Chip) -> bool:
    box = layout.boxes.get(chip.key[0])
    return box is not None and chip in box.left


def _across(a: Chip, b: Chip) -> tuple[Point, ...]:
    """From the right edge of one column to the left edge of a later one."""
    start, end = (a.x + a.w, a.middle), (b.x, b.middle)
    if abs(start[1] - end[1]) < 1:
        return start, end
    x = end[0] - 10
    return start, (x, start[1]), (x, end[1]), end


def _around(a: Chip, b: Chip, edges: tuple[float, float], lane: float) -> tuple[Point, ...]:
    """Out of one chip into a lane, along it, and into the other."""
    return (edges[0], a.middle), (lane, a.middle), (lane, b.middle), (edges[1], b.middle)
