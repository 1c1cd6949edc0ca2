"""Which namespaces are drawn, and which stands to the right of which.

Each machine is a tree: its own namespace first, then, breadth first over the veth pairs, those wired
to it, those wired to them, and so on. Creation order decides the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace

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
