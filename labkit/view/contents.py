"""Which namespaces are drawn, and what stands in the box of each: interfaces at the edges, bridges and tunnels inside.

Each machine is a tree: its own namespace first, then, breadth first over the veth pairs, those wired to it, and so on; creation order
decides the rest. In a box, from left to right: interfaces that lead outwards, routing, bridges and tunnels, interfaces that lead to
namespaces drawn further right. Sizes come from the text alone (a fixed-pitch font).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..tables.chains import ASKED
from .scene import Key

#: Width of a character and height of a line, for fixed-pitch text of 11 pixels.
CHAR, LINE = 6.7, 14.0
PAD, GAP, TITLE = 10.0, 18.0, 23.0
#: The longest name, and the room between a switch and the bridge's own interface.
LONGEST, UPLINK = 24, 14.0


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
    """A namespace and what is drawn in it. `depth` is its column on its machine. A bridge with ports and an address is two chips: the
    switch, and the interface of the same name by which packets come up from it."""

    ns: Namespace
    depth: int
    routing: Chip | None = None
    left: list[Chip] = field(default_factory=list)
    right: list[Chip] = field(default_factory=list)
    core: list[Chip] = field(default_factory=list)
    ports: dict[Key, list[Chip]] = field(default_factory=dict)  # a bridge's key -> its ports
    programs: dict[Key, Chip] = field(default_factory=dict)  # a TUN's key -> the program behind it
    uplinks: dict[Key, Chip] = field(default_factory=dict)  # a switch's key -> the bridge's own interface
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
        return [*self.left, *routing, *self.uplinks.values(), *self.core, *self.programs.values(), *self.right]


def box_of(lab: Lab, ns: Namespace, depth: int, edge: Callable[[Interface], str | None]) -> Box:
    """The contents of a namespace. `edge(interface)` says where it stands: "left", "right", or None."""
    box = Box(ns, depth)
    for interface in ports_first(ns):
        key = (ns.name, interface.name)
        if interface.kind in ("bridge", "vxlan", "tun", "tap"):
            chip = Chip("bridge" if interface.kind == "bridge" else "tunnel", key, _lines(interface), state(interface))
            if interface.bridge is not None and interface.addresses and ns.ports(interface.name):
                uplink, chip = chip, Chip("bridge", (*key, "switch"), (interface.name, "switch"), chip.state)
                box.uplinks[chip.key] = uplink
                uplink.kind, chip.h = "interface", max(chip.h, uplink.h)
                chip.w += uplink.w + UPLINK
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
    asked = filtered_at(ns)
    if _routes(ns) or asked:
        words = ("routing", f"ip_forward={ns.sysctls['net.ipv4.ip_forward']}") if _routes(ns) else ("packet filter",)
        box.routing = Chip("routing", (ns.name, "", "routing"), (*words, *asked))
    return box


def filtered_at(ns: Namespace) -> list[str]:
    """Those of the packet filter's five places at which something stands, each with its tables in the order of asking."""
    tables = ns.netfilter.tables if ns.netfilter is not None else {}
    found = []
    for place, names in ASKED.items():
        chains = {name: tables[name].chains[place] for name in names if name in tables and place in tables[name].chains}
        said = [f"{name} {chain.policy}" if chain.policy == "DROP" else name for name, chain in chains.items()
                if chain.rules or chain.policy == "DROP"]  # fmt: skip
        found += [f"{place} {' '.join(said)}"] * bool(said)
    return found


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
    """Whether routing is drawn: where there is more than one way out, or a bridge by whose address packets come up to it."""
    ways = [i for i in ns.interfaces.values() if i.kind != "loopback" and not i.master and (i.addresses or i.bridge is None)]
    return len(ways) > 1 or any(i.bridge is not None for i in ways)


#: Beyond so many namespaces, only the first of each machine and those a trace visits are drawn.
MOST_DRAWN, FIRST_MACHINES, FIRST_INSIDE = 18, 4, 4


@dataclass(slots=True)
class Plan:
    """`depth`: the column of a namespace on its machine. `right_of`: whom to draw to its right.
    `hidden`: per machine the names left out; `hidden_machines` are left out whole."""

    machines: list[Namespace] = field(default_factory=list)
    switches: list[Namespace] = field(default_factory=list)
    depth: dict[str, int] = field(default_factory=dict)
    right_of: dict[str, list[str]] = field(default_factory=dict)
    hidden: dict[str, list[str]] = field(default_factory=dict)
    hidden_machines: list[str] = field(default_factory=list)


def plan(lab: Lab, keep: set[str]) -> Plan:
    """Choose and order what is drawn; the namespaces in `keep` are drawn in any case."""
    chosen = Plan()
    everything = len(lab.namespaces) <= MOST_DRAWN
    for machine in [ns for ns in lab.namespaces.values() if ns.name == ns.machine]:
        if is_switch(machine):
            chosen.switches.append(machine)
            continue
        inside = [ns.name for ns in lab.namespaces.values() if ns.machine == machine.name and ns is not machine]
        if not everything and len(chosen.machines) >= FIRST_MACHINES and not keep & {machine.name, *inside}:
            chosen.hidden_machines.append(machine.name)
            continue
        chosen.machines.append(machine)
        drawn = [name for i, name in enumerate(inside) if everything or i < FIRST_INSIDE or name in keep]
        chosen.hidden[machine.name] = [name for name in inside if name not in drawn]
        _tree(lab, machine, drawn, chosen)
    return chosen


def is_switch(ns: Namespace) -> bool:
    """What joins machines and nothing else: one bridge, everything else its port."""
    interfaces = [i for i in ns.by_index() if i.kind != "loopback"]
    alone = [i for i in interfaces if not i.master]
    return ns.role == "switch" and len(alone) == 1 and alone[0].bridge is not None


def ports_first(ns: Namespace) -> list[Interface]:
    """The interfaces of a namespace without lo: the ports of one bridge together, then the rest."""
    order = {interface.name: interface.index for interface in ns.interfaces.values()}
    there = [i for i in ns.by_index() if i.kind != "loopback"]
    return sorted(there, key=lambda i: (i.master is None, order.get(i.master, 0), i.index))


def _tree(lab: Lab, machine: Namespace, inside: list[str], chosen: Plan) -> None:
    wired: dict[str, dict[str, None]] = {name: {} for name in (machine.name, *inside)}  # as sets that keep their order
    for name in wired:
        for interface in ports_first(lab[name]):
            peer = lab.peer(interface)
            if peer is not None and peer.namespace in wired and peer.namespace != name:
                wired[name][peer.namespace] = wired[peer.namespace][name] = None
    chosen.depth[machine.name], chosen.right_of[machine.name] = 0, []
    for root in _roots(wired, machine.name):
        if root != machine.name:  # not wired to the machine: a column of its own beside it
            chosen.depth[root] = 1
            chosen.right_of[machine.name].append(root)
        for near, far in _breadth_first(wired, root):
            chosen.depth[far] = chosen.depth[near] + 1
            chosen.right_of.setdefault(near, []).append(far)


def _breadth_first(wired: dict[str, dict[str, None]], root: str) -> Iterator[tuple[str, str]]:
    """Each namespace that can be reached, after the one that leads there."""
    reached, waiting = {root}, [root]
    for near in waiting:
        for far in wired[near]:
            if far not in reached:
                reached.add(far)
                waiting.append(far)
                yield near, far


def _roots(wired: dict[str, dict[str, None]], home: str) -> list[str]:
    """Where to begin in each connected part: the machine itself, or else the first loose end."""
    roots, seen = [], set()
    for name in wired:
        if name not in seen:
            part = {name, *(far for _, far in _breadth_first(wired, name))}
            ends = [one for one in wired if one in part and len(wired[one]) <= 1]
            roots.append(home if home in part else (ends or [name])[0])
            seen |= part
    return roots
