"""What stands in the box of one namespace: its interfaces at the edges, bridges and tunnels inside.

From left to right: interfaces that lead outwards, routing, bridges and tunnels, interfaces that
lead to namespaces drawn further right. Sizes come from the text alone (a fixed-pitch font).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from .plan import ports_first
from .scene import Key

#: Width of a character and height of a line, for fixed-pitch text of 11 pixels.
CHAR, LINE = 6.7, 14.0
PAD, GAP, TITLE = 10.0, 18.0, 23.0
LONGEST = 24


@dataclass(slots=True, eq=False)
class Chip:
    """A small box in a namespace's box, placed by the layout. x and y are its upper left corner."""

    kind: str
    key: Key
    lines: tuple[str, ...]
    state: str = ""
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0
    column: int = 0

    def __post_init__(self):
        self.w = max(map(len, self.lines), default=0) * CHAR + 12
        self.h = len(self.lines) * LINE + 6

    @property
    def middle(self) -> float:
        return self.y + self.h / 2


@dataclass(slots=True, eq=False)
class Box:
    """A namespace and what is drawn in it. `depth` is its column on its machine."""

    ns: Namespace
    depth: int
    routing: Chip | None = None
    left: list[Chip] = field(default_factory=list)
    right: list[Chip] = field(default_factory=list)
    core: list[Chip] = field(default_factory=list)
    ports: dict[Key, list[Chip]] = field(default_factory=dict)  # a bridge's key -> its ports
    programs: dict[Key, Chip] = field(default_factory=dict)  # a TUN's key -> the program behind it
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0

    @property
    def lines(self) -> tuple[str, str]:
        """Its name, and what else is to be said of it."""
        lo = self.ns.find("lo")
        others = [i for i in self.ns.interfaces.values() if i is not lo]
        note = "" if lo is None or lo.up else "lo is down"
        return shortened(self.ns.name), note if others else "only lo, down" if note else "only lo"

    @property
    def title_words(self) -> str:
        return "  ".join(filter(None, self.lines))

    def chips(self) -> list[Chip]:
        routing = [self.routing] if self.routing else []
        return [*self.left, *routing, *self.core, *self.programs.values(), *self.right]


def box_of(lab: Lab, ns: Namespace, depth: int, edge: Callable[[Interface], str | None]) -> Box:
    """The contents of a namespace. `edge(interface)` says where it stands: "left", "right", or None."""
    box = Box(ns, depth)
    for interface in ports_first(ns):
        key = (ns.name, interface.name)
        if interface.kind in ("bridge", "vxlan", "tun", "tap"):
            chip = Chip("bridge" if interface.kind == "bridge" else "tunnel", key, _lines(interface), state(interface))
            box.core.append(chip)
            program = ns.programs.get(interface.tun.program) if interface.tun is not None else None
            if program is not None:
                box.programs[key] = Chip("program", (*key, "program"), (program.name, f"UDP {program.port}"))
        else:
            where = edge(interface)
            if where is None:
                continue
            chip = Chip("interface", key, _lines(interface), state(interface))
            (box.left if where == "left" else box.right).append(chip)
        if interface.master:
            box.ports.setdefault((ns.name, interface.master), []).append(chip)
    if _routes(ns):
        forward = ns.sysctls["net.ipv4.ip_forward"]
        box.routing = Chip("routing", (ns.name, "", "routing"), ("routing", f"ip_forward={forward}"))
    return box


def state(interface: Interface) -> str:
    """"" when it can carry packets."""
    if not interface.up:
        return "down"
    return "" if interface.carrier else "no carrier"


def shortened(text: str, most: int = LONGEST) -> str:
    """Text that fits its box: cut in the middle, since names differ at their ends."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[-(most - 1 - head):]}"


def _lines(interface: Interface) -> tuple[str, ...]:
    """Name, first address (and how many more), what is unusual."""
    lines = [interface.name]
    for address in interface.addresses[:1]:
        more = f" +{len(interface.addresses) - 1}" if len(interface.addresses) > 1 else ""
        lines.append(f"{address.ip}/{address.prefixlen}{more}")
    if interface.vxlan is not None:
        lines.append(f"vxlan {interface.vxlan.vni}")
    elif interface.kind in ("tun", "tap"):
        lines.append(f"{interface.kind} mtu {interface.mtu}")
    elif interface.mtu != 1500:
        lines.append(f"mtu {interface.mtu}")
    if state(interface):
        lines.append(state(interface))
    return tuple(lines)


def _routes(ns: Namespace) -> bool:
    """Whether routing is drawn: where there is more than one way out."""
    ways = [i for i in ns.interfaces.values() if i.kind != "loopback" and not i.master and (i.addresses or i.bridge is None)]
    return len(ways) > 1
