"""Where everything stands: machines below each other, what they hold from left to right.

Text is wide, so rows are cheap and columns few: a namespace's own veth ends stand at the right edge
of its box, each in one row with the namespace behind it; what joins machines stands at the far left.
Rows come first (they follow from the tree), then one grid of columns for all machines.
"""

from ..lab.lab import Lab
from ..lab.namespace import Namespace
from .contents import CHAR, GAP, PAD, TITLE, UPLINK, Box, Chip, Plan, box_of, plan, shortened
from .scene import Key, Part

COLUMN_GAP, OVERHANG, SPACE, MARGIN, CLOSE = 46.0, 8.0, 8.0, 10.0, 9.0


class Layout:
    """The places of namespaces (`boxes`), of what is in them (`chips`, by key), of machines (`frames`)."""

    def __init__(self, lab: Lab, keep: set[str]):
        self.lab = lab
        self.plan: Plan = plan(lab, keep)
        self.boxes: dict[str, Box] = {
            name: box_of(lab, lab[name], depth, self._edge) for name, depth in self.plan.depth.items()
        }
        self.chips: dict[Key, Chip] = {chip.key: chip for box in self.boxes.values() for chip in box.chips()}
        self.frames: list[Part] = []
        self.switches: list[Part] = []
        self.height = self._rows()
        self.width = self._columns()
        self._draw_frames()
        for place, switch in enumerate(self.plan.switches):
            self._draw_switch(switch, place)

    def peer(self, chip: Chip) -> tuple[str, str] | None:
        """The key of the other end of an interface's pair, drawn or not."""
        ns = self.lab[chip.key[0]]
        interface = ns.find(chip.key[1]) if len(chip.key) == 2 else None
        peer = self.lab.peer(interface) if interface is not None else None
        return None if peer is None else (peer.namespace, peer.name)

    def _edge(self, interface) -> str | None:
        """Which edge of its box an interface stands on; None when what it leads to is not drawn."""
        peer = self.lab.peer(interface)
        if peer is None:
            return "left"
        here, there = self.lab[interface.namespace], self.lab[peer.namespace]
        if here.machine != there.machine:
            return "left"
        depth = self.plan.depth
        if there.name not in depth:
            return None
        return "right" if depth[there.name] >= depth[here.name] else "left"

    # --- rows -----------------------------------------------------------------------------------

    def _rows(self) -> float:
        y = MARGIN
        for machine in self.plan.machines:
            y = self._place(self.boxes[machine.name], y + PAD) + PAD + GAP
            if self.plan.hidden[machine.name]:
                y += TITLE
        if self.plan.hidden_machines:
            y += TITLE + GAP
        return y - GAP + MARGIN

    def _place(self, box: Box, y: float) -> float:
        """Place a box and those to its right from y down; returns where they end."""
        box.y, end = y, y
        for name in self.plan.right_of.get(box.ns.name, ()):
            end = self._place(self.boxes[name], end) + CLOSE
        end = max(end - CLOSE, y)
        top = y + TITLE
        bottom = max(_stacked(box.left, top), self._beside_peers(box.right, top))
        bottom = max(bottom, _place_core(box, top, bottom))
        box.h = max(bottom + CLOSE - SPACE, top + 4) - y
        if box.depth or any(self._joined(chip) for chip in box.right):
            box.h = max(box.h, end - y)
        return max(y + box.h, end)

    def _beside_peers(self, chips: list[Chip], y: float) -> float:
        """Interfaces in one row with the other end of their pair, as far as there is room."""
        for chip in chips:
            other = self._joined(chip)
            chip.y = max(y, other.middle - chip.h / 2) if other is not None else y
            y = chip.y + chip.h + SPACE
        return y

    def _joined(self, chip: Chip) -> Chip | None:
        """The other end of a pair, when it is drawn in another namespace and already in its row."""
        other = self.chips.get(self.peer(chip) or ())
        return other if other is not None and other.y and other.key[0] != chip.key[0] else None

    # --- columns --------------------------------------------------------------------------------

    def _columns(self) -> float:
        x = MARGIN + PAD + OVERHANG + self._room_at_left()
        for depth in range(max(self.plan.depth.values(), default=-1) + 1):
            boxes = [box for box in self.boxes.values() if box.depth == depth]
            x += _arrange(boxes, x) + COLUMN_GAP
        return x - COLUMN_GAP + OVERHANG + PAD + MARGIN

    def _room_at_left(self) -> float:
        """For what joins machines: switches, and a lane for each wire from machine to machine."""
        lanes = sum(self.lab[chip.key[0]].machine != self.lab[peer[0]].machine
                    for chip in self.chips.values() if (peer := self.peer(chip)) is not None and peer in self.chips) // 2
        switches = sum(switch_width(ns) + COLUMN_GAP for ns in self.plan.switches)
        return switches + lanes * SPACE + (COLUMN_GAP / 2 if lanes else 0)

    def _draw_frames(self) -> None:
        """A box around each machine, and a line for what is left out."""
        for machine in self.plan.machines:
            own = self.boxes[machine.name]
            inside = [box for box in self.boxes.values() if box.ns.machine == machine.name]
            right = max(box.x + box.w for box in inside) + PAD + OVERHANG
            bottom = max(box.y + box.h for box in inside) + PAD
            x, y = own.x - PAD - OVERHANG, own.y - PAD
            hidden = self.plan.hidden[machine.name]
            if hidden:
                place = (x + PAD, bottom - 4, right - x - 2 * PAD, TITLE)
                self.frames.append(Part("more", (machine.name, "more"), *place, (_more(hidden),)))
                bottom += TITLE
            self.frames.insert(0, Part("machine", ("", machine.name), x, y, right - x, bottom - y))
        if self.plan.hidden_machines:
            y = self.height - MARGIN - TITLE
            words = _more(self.plan.hidden_machines, "machine")
            self.frames.append(Part("more", ("more",), MARGIN, y, self.width - 2 * MARGIN, TITLE, (words,)))

    def _draw_switch(self, switch: Namespace, place: int) -> None:
        """A bar at the left, as long as the rows of the interfaces it joins."""
        bridge = next(i for i in switch.interfaces.values() if i.bridge is not None)
        x = MARGIN + sum(switch_width(ns) + COLUMN_GAP for ns in self.plan.switches[:place])
        width, lines = switch_width(switch), switch_lines(switch)
        rows = []
        for port in switch.ports(bridge.name):
            other = self.lab.peer(port)
            far = self.chips.get((other.namespace, other.name)) if other is not None else None
            if far is not None:
                socket = Chip("socket", (switch.name, port.name), ())
                socket.x, socket.y, socket.w, socket.h = x + width - 4, far.middle - 4, 8, 8
                self.chips[socket.key] = socket
                rows.append(far.middle)
        top, bottom = (min(rows) - 34, max(rows) + 20) if rows else (MARGIN, MARGIN + 40)
        bar = Chip("switch", (switch.name, bridge.name), lines)
        bar.x, bar.y, bar.w, bar.h = x, top, width, bottom - top
        self.chips[bar.key] = bar


def switch_width(switch: Namespace) -> float:
    return max(map(len, switch_lines(switch))) * CHAR + 14


def switch_lines(switch: Namespace) -> tuple[str, ...]:
    """Its name, and if it is the gateway too its address in two halves: the bar is to be narrow."""
    lines = [shortened(switch.name, 14), "bridge"]
    for address in [a for i in switch.by_index() if i.bridge is not None for a in i.addresses][:1]:
        first, second, *rest = str(address.interface).split(".")
        lines += ["+ gateway", f"{first}.{second}.", ".".join(rest)]
    return tuple(lines)


def _more(names: list[str], what: str = "namespace") -> str:
    """`+ 3 more namespaces: a, b, c`, as many names as fit in a line."""
    words = f"+ {len(names)} more {what}{'s' if len(names) > 1 else ''}: "
    for i, name in enumerate(names):
        if len(words) + len(name) > 80:
            return words + "…"
        words += name + (", " if i < len(names) - 1 else "")
    return words


def _stacked(chips: list[Chip], y: float) -> float:
    for chip in chips:
        chip.y = y
        y += chip.h + SPACE
    return y


def _place_core(box: Box, top: float, below: float) -> float:
    """Bridges beside their ports; bridges without any, and tunnels, below. Returns where they end.

    Two bridges whose ports lie between each other's get columns of their own.
    """
    ends: list[float] = []
    for chip in sorted(box.core, key=lambda chip: chip.key[:2] not in box.ports):
        ports = box.ports.get(chip.key[:2], ())
        start = below if chip.key in box.programs else top
        if ports:
            first, last = min(p.y for p in ports), max(p.y + p.h for p in ports)
            grown = max(chip.h, last - first)
            start, chip.h = max(top, (first + last - grown) / 2), grown
        column = next((i for i, end in enumerate(ends) if end <= start or not ports), len(ends))
        if column == len(ends):
            ends.append(top)
        chip.column, chip.y = column, max(start, ends[column])
        ends[column] = chip.y + chip.h + SPACE
        program = box.programs.get(chip.key)
        if program is not None:
            program.y = chip.middle - program.h / 2
            ends[column] = max(ends[column], program.y + program.h + 2 * SPACE)
    return max(ends, default=top)


def _arrange(boxes: list[Box], x: float) -> float:
    """Give the boxes of one column their x, on a common grid; returns the column's width."""
    left = max((chip.w for box in boxes for chip in box.left), default=0)
    right = max((chip.w for box in boxes for chip in [*box.right, *box.programs.values()]), default=0)
    routing = max((box.routing.w for box in boxes if box.routing), default=0)
    columns = max((chip.column + 1 for box in boxes for chip in box.core), default=0)
    core = [max(chip.w for box in boxes for chip in box.core if chip.column == i) for i in range(columns)]
    pieces = [w for w in (left, routing, *core, right) if w]
    width = sum(pieces) + GAP * (len(pieces) - 1) - (OVERHANG if left else -PAD) - (OVERHANG if right else -PAD)
    width = max([width, *(len(box.title_words) * CHAR + 2 * PAD for box in boxes)])
    for box in boxes:
        box.x, box.w = x, width
        if box.depth == 0 and not (box.right or box.core or box.routing):  # nothing to line up
            box.w = max(left - OVERHANG if box.left else 0, len(box.title_words) * CHAR + PAD) + PAD
        inner = x + PAD if not left else x - OVERHANG + left + GAP
        _in_column(box.left, x - OVERHANG, left)
        _in_column([box.routing] if box.routing else [], inner, routing)
        inner += routing + GAP if routing else 0
        for i, core_width in enumerate(core):
            _in_column([chip for chip in box.core if chip.column == i], inner, core_width)
            inner += core_width + GAP
        for chip in box.core:
            uplink = box.uplinks.get(chip.key)
            if uplink is not None:
                uplink.x, uplink.y = chip.x, chip.middle - uplink.h / 2
                chip.x, chip.w = chip.x + uplink.w + UPLINK, chip.w - uplink.w - UPLINK
        _in_column(box.right, x + width + OVERHANG - right, right)
        _in_column(list(box.programs.values()), x + width + OVERHANG - right, right - OVERHANG - PAD)
        if box.routing:
            box.routing.y = box.y + TITLE
            box.routing.h = box.h - TITLE - PAD
    return width


def _in_column(chips: list[Chip], x: float, width: float) -> None:
    for chip in chips:
        chip.x, chip.w = x, max(width, chip.w) if chip.kind == "program" else width
