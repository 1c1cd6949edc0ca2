"""A lab made whole after an interrupt, which may come between any two lines of it (Ctrl-C in a notebook).

What was begun and cannot stay half done is finished: an interface being deleted, renamed, moved or set up, a namespace being
deleted, an address with its routes (`Lab.carry_out`). What was not made whole yet (a veth end without the other) goes. Every
index is worked out anew from the one place that counts, `Lab.interfaces`, where each interface says in which namespace it is.
"""

from . import carrier, links
from .interface import Interface
from .lab import Lab
from .namespace import Namespace


def make_whole(lab: Lab) -> None:
    """Finish, then mend."""
    begun, lab.begun = lab.begun, []
    _refile(lab)
    for verb, what in reversed(begun):
        if verb.__name__ not in _OF_INTERFACES or what[0] in lab.interfaces:
            verb(lab, *what)
            _refile(lab)
    for ns in [*lab.namespaces.values()]:
        for interface in [i for i in ns.interfaces.values() if _half_made(lab, ns, i)]:
            if lab.interface(interface.uid) is not None:
                links.delete(lab, ns, interface)
    for ns in lab.namespaces.values():
        _mend(lab, ns)
    carrier.refresh(lab, *lab.interfaces.values())


#: Verbs whose first argument is an interface that an outer verb may have done away with.
_OF_INTERFACES = ("_set_up", "_rename", "_move", "_insert", "_remove")


def _refile(lab: Lab) -> None:
    """Namespaces and tables find again what they hold."""
    held: dict[str, list[Interface]] = {name: [] for name in lab.namespaces}
    for uid, interface in [*lab.interfaces.items()]:
        if interface.namespace in held:
            held[interface.namespace].append(interface)
        else:
            del lab.interfaces[uid]
    for name, ns in lab.namespaces.items():
        ns.refile(held[name])
        tables = [i.bridge or i.vxlan for i in held[name]]
        for table in (*ns.tables.values(), *(one.fdb for one in tables if one is not None)):
            table.refile()


def _half_made(lab: Lab, ns: Namespace, interface: Interface) -> bool:
    """Whether an interface lacks what makes it of its kind, or what it stands on."""
    if interface.kind == "veth":
        peer = lab.peer(interface)
        return peer is None or peer.peer != interface.uid
    if interface.kind == "vxlan":
        return interface.vxlan is None or (interface.vxlan.dev is not None and ns.find(interface.vxlan.dev) is None)
    return (interface.kind == "bridge" and interface.bridge is None) or (interface.kind in ("tun", "tap") and interface.tun is None)


def _mend(lab: Lab, ns: Namespace) -> None:
    """Nothing here speaks of what is not here."""
    for interface in ns.interfaces.values():
        bridge = ns.find(interface.master) if interface.master else None
        if bridge is None or bridge.bridge is None or interface.port is None:
            interface.master = interface.port = None
        elif bridge.bridge.fdb.find(interface.mac, interface.name) is None:
            links.bridges.readdress(ns, bridge, interface)
    ns.refile([*ns.interfaces.values()])
    ns.sysctls.keep({interface.name for interface in ns.interfaces.values()})
    for interface in ns.interfaces.values():
        if interface.bridge is not None:
            members = {interface.name, *(port.name for port in ns.ports(interface.name))}
            interface.bridge.fdb.discard(lambda entry, members=members: entry.dev not in members)
    for table in ns.tables.values():
        table.discard(lambda route: any(leg.dev is not None and ns.find(leg.dev) is None for leg in route.legs))
    for key in [key for key in ns.neighbors if ns.find(key[0]) is None]:
        del ns.neighbors[key]
    for name in [name for name in ns.nsids if name not in lab.namespaces]:
        del ns.nsids[name]
