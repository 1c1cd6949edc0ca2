"""Which namespaces are drawn, and which stands to the right of which.

Each machine is a tree: its own namespace first, then, breadth first over the veth pairs, those wired
to it, those wired to them, and so on. networkx holds the graph; creation order decides the rest.
"""

from dataclasses import dataclass, field

import networkx as nx

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
    graph = nx.Graph()
    graph.add_nodes_from([machine.name, *inside])
    for name in [machine.name, *inside]:
        for interface in ports_first(lab[name]):
            peer = lab.peer(interface)
            if peer is not None and peer.namespace in graph and peer.namespace != name:
                graph.add_edge(name, peer.namespace)
    chosen.depth[machine.name], chosen.right_of[machine.name] = 0, []
    for root in _roots(graph, machine.name):
        if root != machine.name:  # not wired to the machine: a column of its own beside it
            chosen.depth[root] = 1
            chosen.right_of[machine.name].append(root)
        for near, far in nx.bfs_edges(graph, root):
            chosen.depth[far] = chosen.depth[near] + 1
            chosen.right_of.setdefault(near, []).append(far)


def _roots(graph: nx.Graph, home: str) -> list[str]:
    """Where to begin in each connected part: the machine itself, or else the first loose end."""
    parts = list(nx.connected_components(graph))
    roots = []
    for name in graph:
        part = next(p for p in parts if name in p)
        if any(root in part for root in roots):
            continue
        ends = [n for n in graph if n in part and graph.degree(n) <= 1]
        roots.append(home if home in part else (ends or [name])[0])
    return roots
