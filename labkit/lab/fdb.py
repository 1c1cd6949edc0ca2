"""Forwarding entries of bridges and vxlan interfaces: listed and written as `bridge fdb` does.

Multicast groups that every interface joins by itself (33:33:…, 01:00:5e:…) are listed too.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from ..errors import KernelError
from ..tables.fdb import Fdb, FdbEntry
from .interface import Interface
from .lab import Lab
from .namespace import Namespace

ALL_ZERO = "00:00:00:00:00:00"


def add(
    lab: Lab, ns: Namespace, interface: Interface, mac: str, *, dst: IPv4Address | None = None,
    owner: str = "self", state: str = "permanent", mode: str = "add",
) -> None:
    """Write an entry. owner "self": the interface's own table (vxlan); "master": its bridge's.

    mode: "add" (must be new), "append" (a further destination), "replace".
    """
    fdb, entry = _place(ns, interface, mac, dst, owner, state, lab)
    old = fdb.find(mac, interface.name)
    if old is not None and mode == "add":
        raise KernelError(errno.EEXIST)
    if old is not None and mode == "append" and entry.dst is not None:
        if any(e.dst == entry.dst for e in fdb.all(mac)):
            raise KernelError(errno.EEXIST)
        fdb.add(entry)
    elif old is not None:
        fdb.replace(old, entry)
    else:
        fdb.add(entry)


def delete(lab: Lab, ns: Namespace, interface: Interface, mac: str, *, dst=None, owner: str = "self") -> None:
    """Delete an entry; ENOENT when there is none."""
    fdb, _ = _place(ns, interface, mac, dst, owner, "permanent", lab)
    for entry in fdb.all(mac):
        if entry.dev == interface.name and dst in (None, entry.dst):
            fdb.discard(lambda e: e is entry)
            return
    raise KernelError(errno.ENOENT)


def _place(ns, interface, mac, dst, owner, state, lab) -> tuple[Fdb, FdbEntry]:
    """The table an entry belongs into, and the entry as that table holds it."""
    entry = FdbEntry(mac, interface.name, dst, None, owner, state, lab.now, lab.origin)
    if owner == "master":
        bridge = ns.find(interface.master) if interface.master else None
        if bridge is None:
            raise KernelError(errno.EOPNOTSUPP)
        return bridge.bridge.fdb, replace(entry, master=bridge.name, dst=None)
    if interface.vxlan is not None:
        return interface.vxlan.fdb, entry
    raise KernelError(errno.EOPNOTSUPP)


def live(lab: Lab, ns: Namespace, bridge: Interface) -> list[FdbEntry]:
    """A bridge's entries that have not aged out."""
    return [e for e in bridge.bridge.fdb if not e.expired(lab.now, bridge.bridge.ageing)]
