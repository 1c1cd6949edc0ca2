"""Forwarding entries of bridges and vxlan interfaces: listed and written as `bridge fdb` does.

Three places hold them: a bridge (for its ports and itself), a vxlan interface (for remote VTEPs), and
any Ethernet interface (the MAC addresses it listens to besides its own). kernel: net/core/rtnetlink.c
rtnl_fdb_add, net/bridge/br_fdb.c, drivers/net/vxlan/vxlan_core.c; the order was observed on 6.18.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from ..errors import KernelError
from ..tables.fdb import Fdb, FdbEntry
from .interface import ZERO_MAC, Interface
from .lab import Lab
from .namespace import Namespace

_NO_ETHERNET = ("loopback", "tun")

#: Groups every interface listens to: all IPv6 hosts from the start, all IPv4 hosts while it is up;
#: a bridge while it is up to all multicast snoopers as well.
_ALL_IPV6_HOSTS, _ALL_IPV4_HOSTS = "33:33:00:00:00:01", "01:00:5e:00:00:01"
_SNOOPERS = ("01:00:5e:00:00:6a", "33:33:00:00:00:6a")


def add(
    lab: Lab, ns: Namespace, interface: Interface, mac: str, *, dst: IPv4Address | None = None,
    owner: str = "self", state: str = "permanent", mode: str = "add",
) -> None:
    """Write an entry. owner "self": the interface's own; "master": its bridge's.

    mode: "add" (must be new), "append" (a further destination), "replace".
    """
    if interface.kind in _NO_ETHERNET:
        raise KernelError(errno.EINVAL, "FDB add only supported for Ethernet devices")
    bridge = _bridge(ns, interface, owner)
    if bridge is not None:
        _add_to_bridge(lab, bridge, interface, mac, state, mode)
    elif interface.vxlan is not None:
        _add_to_vxlan(lab, interface, FdbEntry(mac, interface.name, dst, None, "self", state, lab.now, lab.origin), mode)
    else:
        if state != "permanent":
            raise KernelError(errno.EINVAL)
        if mode == "add" and mac in (*interface.filters, *_groups(interface)):
            raise KernelError(errno.EEXIST)
        if mac not in interface.filters:
            interface.filters.append(mac)


def delete(
    lab: Lab, ns: Namespace, interface: Interface, mac: str, *, dst: IPv4Address | None = None, owner: str = "self"
) -> None:
    """Delete an entry; ENOENT when there is none. A vxlan entry may have several destinations:
    `dst` names one, and naming one that is not there does nothing."""
    if interface.kind in _NO_ETHERNET:
        raise KernelError(errno.EINVAL, "FDB delete only supported for Ethernet devices")
    bridge = _bridge(ns, interface, owner)
    held = bridge.bridge.fdb if bridge is not None else interface.vxlan.fdb if interface.vxlan is not None else None
    if held is None:
        if mac not in interface.filters:
            raise KernelError(errno.ENOENT)
        interface.filters.remove(mac)
        return
    if held.find(mac, interface.name) is None:
        raise KernelError(errno.ENOENT)
    for entry in held.all(mac):
        if entry.dev == interface.name and (dst is None or (entry.dst == dst and not by_device(interface, entry))):
            held.remove(entry)


def by_device(interface: Interface, entry: FdbEntry) -> bool:
    """Whether this is a vxlan interface's own `remote` by its own `dev`: it has to be named with `via`, or without `dst`."""
    vxlan = interface.vxlan
    return vxlan is not None and vxlan.dev is not None and entry.mac == ZERO_MAC and entry.dst == vxlan.remote


def _bridge(ns: Namespace, interface: Interface, owner: str) -> Interface | None:
    """The bridge whose table is meant, or None for the interface's own; a bridge's own is the same."""
    if owner == "master":
        if interface.master is None:
            raise KernelError(errno.EOPNOTSUPP)
        return ns.find(interface.master)
    return interface if interface.bridge is not None else None


def _add_to_bridge(lab: Lab, bridge: Interface, port: Interface, mac: str, state: str, mode: str) -> None:
    """A bridge has one entry for each MAC address, whichever the port."""
    entry = FdbEntry(mac, port.name, None, bridge.name, "master", state, lab.now, lab.origin)
    if mac == ZERO_MAC or (port is bridge and state != "permanent"):
        raise KernelError(errno.EINVAL)
    if port is not bridge and not state and not (port.up and port.carrier and bridge.up):
        raise KernelError(errno.EPERM)
    fdb = bridge.bridge.fdb
    old = fdb.find(mac)
    if mode == "add" and (old is not None or mac == bridge.mac):
        raise KernelError(errno.EEXIST)
    if old is None:
        fdb.add(entry)
    else:
        fdb.replace(old, entry)


def _add_to_vxlan(lab: Lab, vxlan: Interface, entry: FdbEntry, mode: str) -> None:
    """One MAC address has one VTEP, except groups and the all-zero address, which may have several."""
    if entry.dst is None:
        raise KernelError(errno.EINVAL)
    fdb = vxlan.vxlan.fdb
    old = fdb.find(entry.mac)
    several = entry.mac == ZERO_MAC or int(entry.mac[:2], 16) & 1
    if mode == "replace" and several:
        raise KernelError(errno.EOPNOTSUPP, "Cannot replace non-unicast fdb entries")
    if old is None:
        fdb.add(entry)
    elif mode == "add":
        raise KernelError(errno.EEXIST)
    elif mode == "replace":
        fdb.replace(old, entry)
    elif several and all(e.dst != entry.dst for e in fdb.all(entry.mac)):
        fdb.add(entry)


def entries(lab: Lab, ns: Namespace) -> list[FdbEntry]:
    """All entries, as `bridge fdb` lists them: by interface index; of each first what its bridge has
    behind it, then its own; in a bridge and a vxlan interface the newest first."""
    found: list[FdbEntry] = []
    for interface in ns.by_index():
        if interface.master:
            found += reversed([e for e in live(lab, ns.find(interface.master)) if e.dev == interface.name])
        if interface.vxlan is not None:
            found += _vxlan_entries(interface.vxlan.fdb)
        elif interface.kind not in _NO_ETHERNET:
            found += _listened_to(interface)
        if interface.bridge is not None:
            found += _own_entries(lab, interface)
    return found


def live(lab: Lab, bridge: Interface) -> list[FdbEntry]:
    """A bridge's entries that have not aged out."""
    return [e for e in bridge.bridge.fdb if not e.expired(lab.now, bridge.bridge.ageing)]


def _own_entries(lab: Lab, bridge: Interface) -> list[FdbEntry]:
    """What the bridge holds for itself, its own MAC address last, unless a port has the same."""
    own = [e for e in live(lab, bridge) if e.dev == bridge.name]
    if bridge.mac != ZERO_MAC and bridge.bridge.fdb.find(bridge.mac) is None:
        own.insert(0, FdbEntry(bridge.mac, bridge.name, None, bridge.name, "master", "permanent", origin=bridge.origin))
    return own[::-1]


def _listened_to(interface: Interface) -> list[FdbEntry]:
    """The addresses an interface listens to: single ones first, then groups."""
    single = [mac for mac in interface.filters if not int(mac[:2], 16) & 1]
    macs = [*single, *_groups(interface), *(mac for mac in interface.filters if mac not in single)]
    return [FdbEntry(mac, interface.name, owner="self", state="permanent") for mac in macs]


def _groups(interface: Interface) -> tuple[str, ...]:
    if not interface.up:
        return (_ALL_IPV6_HOSTS,)
    return (_ALL_IPV6_HOSTS, *(_SNOOPERS if interface.bridge is not None else ()), _ALL_IPV4_HOSTS)


def _vxlan_entries(fdb: Fdb) -> list[FdbEntry]:
    """The newest MAC address first, its destinations in the order in which they were written."""
    macs = list(dict.fromkeys(e.mac for e in fdb))
    return [replace(e, owner="self") for mac in reversed(macs) for e in fdb.all(mac)]
