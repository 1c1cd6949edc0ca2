"""What became of a lab that was handed out: is it that lab, was it touched, and does the one table that a task names
do what is asked.

A lab is compared with a fresh one by what somebody can have written; what packets taught it does not count.
"""

from collections.abc import Callable

from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..tables.table import one_line
from ..trace.trace import Trace

Missing = Callable[[Lab], str | None]


def stranger(thing, start: Lab) -> str | None:
    """None for a lab with the machines of `start`; else a sentence on what was handed over instead."""
    if not isinstance(thing, Lab):
        return f"is a {type(thing).__name__}. Hand over the lab itself, as in check(lab)."
    absent = [name for name in _machines(start) if name not in thing.namespaces]
    if absent or start.daemons.keys() - thing.daemons.keys():
        return f"is another lab, of {', '.join(_machines(thing))}. Hand over the one of this section, of {', '.join(_machines(start))}."
    return None


def _machines(lab: Lab) -> list[str]:
    return [name for name, ns in lab.namespaces.items() if name == ns.machine]


def untouched(lab: Lab, start: Lab) -> bool:
    """Whether nobody has written anything in the lab since it was handed out."""
    names = lab.namespaces.keys()
    return names == start.namespaces.keys() and all(_lines(lab, lab[name]) == _lines(start, start[name]) for name in names)


def by_another_way(lab: Lab, solved: Lab) -> bool:
    """Whether the lines differ from the solution's where both have the same interfaces; names are everybody's own choice."""
    def names(one: Lab) -> dict:
        return {name: sorted(i.name for i in ns.by_index()) for name, ns in one.namespaces.items()}

    return names(lab) == names(solved) and not untouched(lab, solved)


def _lines(lab: Lab, ns: Namespace) -> tuple:
    """What somebody can write in a namespace: links, addresses, routes, rules, neighbours, forwarding entries, settings."""
    links = []
    for i in ns.interfaces.values():
        peer = lab.peer(i)
        held = i.bridge or i.vxlan
        fdb = {(e.mac, e.dev, e.dst) for e in held.fdb if e.state == "static" or e.owner == "self"} if held else ()
        addresses = {(a.interface, a.peer) for a in i.addresses}
        links.append((i.name, i.kind, i.up, i.mtu, i.master, peer and (peer.namespace, peer.name), addresses, fdb, i.port))
    tables = {number: [one_line(route) for route in table] for number, table in ns.tables.items() if len(table)}
    written = {(n.address, n.dev, n.lladdr) for n in ns.neighbors.values() if n.state == "PERMANENT"}
    settings = {key: ns.sysctls[key] for key in ns.sysctls}
    filters = {name: [(c.name, c.policy, [str(r.spec) for r in c.rules]) for c in table.listed()]
               for name, table in (ns.netfilter.tables.items() if ns.netfilter is not None else ())}  # fmt: skip
    return sorted(links, key=str), tables, ns.rules, written, settings, ns.programs.keys(), filters


def in_table(lab: Lab, name: str, start: Callable[[], Lab], missing: Missing) -> str | None:
    """None when one new line of this namespace's main table, alone in a fresh lab, leaves nothing missing."""
    there = {one_line(route) for route in start()[name].main}
    new = [line for route in lab[name].main if (line := one_line(route)) not in there]
    for line in new:
        alone = start()
        alone.sh(f"ip route add {line}", on=name)
        if missing(alone) is None:
            return None
    lines = ", ".join(f"`{line}`" for line in new) or "nothing"
    return f"It works, but not by one line in the table of {name}, where {lines} is new."


def probe(lab: Lab, source: str, destination: str, **how) -> Trace:
    """`lab.trace`, on a copy of the lab."""
    return lab.copy().trace(source, destination, **how)


def unanswered(lab: Lab, source: str, destination: str, by: str, **how) -> str | None:
    """None when the answer comes back, and from the namespace `by`; else a sentence with what happened instead."""
    return not_from(by, probe(lab, source, destination, **how))


def not_from(by: str, trace: Trace) -> str | None:
    """The same of a trace there is already. Whoever has the address answers, also the asker itself, so it matters who."""
    where = trace.verdict.where
    if not trace.answered:
        return f"{trace.source} gets no answer from {trace.destination}: {trace.verdict}."
    return None if where == by else f"{trace.source} asks {trace.destination}, but {where} answers: that address belongs to {by} alone."


def without(lab: Lab, name: str, address: str) -> str | None:
    """None when an interface of the namespace has this address, prefix length and all."""
    held = [str(a.interface) for interface in lab[name].by_index() for a in interface.addresses if not a.ip.is_loopback]
    return None if address in held else f"{name} should have {address}; it has {', '.join(held) or 'no address'}."
