"""The neighbour table of a namespace: written by hand, or by asking (in the room `trace`).

kernel: net/core/neighbour.c neigh_add and neigh_delete.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from ..errors import KernelError
from ..tables.neighbor import VALID, Neighbor
from .lab import Lab
from .namespace import Namespace

#: How often a neighbour is asked (kernel default).
PROBES = 3


def put(
    lab: Lab, ns: Namespace, dev: str, address: IPv4Address, lladdr: str | None, state: str = "PERMANENT",
    mode: str = "add", router: bool = False,
) -> bool:
    """Write an entry; returns whether packets waited for it, which are due now. mode: "add" (must be new), "replace" (either),
    "change" (must be there). On an interface that asks nobody every entry is one for 0.0.0.0 (kernel: net/ipv4/arp.c). A new entry
    without the MAC address it needs is refused, yet stays as one of state NONE."""
    interface = ns.find(dev)
    if interface is None:
        raise KernelError(errno.ENODEV)
    old = ns.neighbors.get((dev, address))
    if old is not None and mode == "add":
        raise KernelError(errno.EEXIST)
    if old is None and mode == "change":
        raise KernelError(errno.ENOENT)
    if interface.kind in ("loopback", "tun"):
        address = IPv4Address(0)
    if lladdr is None and state in VALID and interface.kind != "tun":
        lladdr = old.lladdr if old is not None and old.usable else None
        if lladdr is None:
            if old is None:
                ns.neighbors[dev, address] = Neighbor(address, dev, None, "NONE", lab.now, origin=lab.origin)
            raise KernelError(errno.EINVAL, "No link layer address given")
    ns.neighbors[dev, address] = Neighbor(address, dev, lladdr, state, lab.now, router=router, origin=lab.origin)
    return _settled(lab, ns, dev, address)


def delete(lab: Lab, ns: Namespace, dev: str, address: IPv4Address) -> bool:
    """Delete an entry; ENOENT when there is none. Returns whether packets waited for it, which are due as unanswered now."""
    if ns.find(dev) is None:
        raise KernelError(errno.ENODEV)
    if (dev, address) not in ns.neighbors:
        raise KernelError(errno.ENOENT)
    del ns.neighbors[dev, address]
    return _settled(lab, ns, dev, address)


def _settled(lab: Lab, ns: Namespace, dev: str, address: IPv4Address) -> bool:
    """What waits for a neighbour is sent when somebody writes its MAC address, and given up when the entry goes or is given up
    (kernel: neigh_update, neigh_invalidate); whether anything did."""
    entry = ns.neighbors.get((dev, address))
    if entry is not None and entry.state == "INCOMPLETE":
        return False
    waiting = lab.unresolved.pop((ns.name, dev, address), [])
    for packet in waiting:
        if entry is not None and entry.usable:
            lab.post("resolved", ns.name, dev, address, packet)
        else:
            lab.post("unresolvable", ns.name, dev, packet)
    return bool(waiting)


def current(lab: Lab, neighbor: Neighbor) -> Neighbor:
    """The entry as it is now: REACHABLE becomes STALE when nobody confirmed it for 30 s. The kernel picks a time between 15 and 45
    s by chance; the lab uses the middle."""
    if neighbor.state == "REACHABLE" and lab.now - neighbor.since >= lab.reachable_time:
        return replace(neighbor, state="STALE")
    return neighbor


def dump(lab: Lab, ns: Namespace, dev: str | None = None) -> list[Neighbor]:
    """Entries by interface index and address; the kernel's own order comes from a seeded hash."""
    order = {i.name: i.index for i in ns.interfaces.values()}
    entries = [current(lab, n) for n in ns.neighbors.values() if dev in (None, n.dev)]
    return sorted(entries, key=lambda n: (order[n.dev], n.address))
