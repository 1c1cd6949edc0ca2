"""Bridges: their ports, what may stand on what, and forwarding entries, listed and written as `bridge fdb` does.

kernel: net/bridge/br_if.c br_add_if, br_del_if; br_stp_if.c. Three places hold entries: a bridge (for its ports and itself),
a vxlan interface (for remote VTEPs), and any Ethernet interface (the MAC addresses it listens to besides its own): net/core/rtnetlink.c
rtnl_fdb_add, net/bridge/br_fdb.c, drivers/net/vxlan/vxlan_core.c; the order was observed on 6.18.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from ..errors import EXFULL, KernelError
from ..tables.fdb import FdbEntry
from ..tables.values import KERNEL
from . import carrier
from .addresses import forget_neighbors
from .interface import ZERO_MAC, Interface, Port, is_group
from .lab import Lab
from .namespace import Namespace

#: As many ports has a bridge (kernel: net/bridge/br_private.h BR_MAX_PORTS, of which 0 is none).
MOST_PORTS = 1023


def set_master(lab: Lab, ns: Namespace, interface: Interface, bridge_name: str | None) -> None:
    """Make an interface a port of a bridge, or none. It leaves its old bridge in any case."""
    if bridge_name == interface.master:
        return
    if interface.master:
        _release(lab, ns, interface)
    if bridge_name is None:
        return
    bridge = ns.find(bridge_name)
    if bridge is None:
        raise KernelError(errno.ENODEV)
    if bridge.bridge is None:
        raise KernelError(errno.EOPNOTSUPP)
    if interface.kind in ("loopback", "tun") or interface.mac == ZERO_MAC:
        raise KernelError(errno.EINVAL)
    if interface.bridge is not None:
        raise KernelError(errno.ELOOP, "Can not enslave a bridge to a bridge")
    _enslave(lab, ns, interface, bridge)


def _enslave(lab: Lab, ns: Namespace, interface: Interface, bridge: Interface) -> None:
    taken = {p.port.number for p in ns.ports(bridge.name)}
    number = next(n for n in range(1, MOST_PORTS + 2) if n not in taken)
    if number > MOST_PORTS:
        raise KernelError(EXFULL)
    check_nesting(ns, bridge, interface)
    interface.port = Port(number=number)
    ns.enslave(interface, bridge.name)
    bridge.bridge.had_ports = True
    _add_local_entry(bridge, interface)
    _adjust(lab, ns, bridge)


def _release(lab: Lab, ns: Namespace, interface: Interface) -> None:
    bridge = ns.find(interface.master)
    ns.enslave(interface, None)
    interface.port = None
    bridge.bridge.fdb.discard(lambda entry: entry.dev == interface.name)
    _adjust(lab, ns, bridge)


def _adjust(lab: Lab, ns: Namespace, bridge: Interface) -> None:
    """After its ports changed: MAC address, MTU and carrier of a bridge."""
    _adjust_mac(ns, bridge)
    carrier.adjust_bridge_mtu(lab, ns, bridge)
    carrier.refresh(lab, bridge)


def _adjust_mac(ns: Namespace, bridge: Interface) -> None:
    """Unless a user chose one, a bridge takes the lowest MAC address among its ports; without ports it is all zeros. kernel:
    net/bridge/br_stp_if.c br_stp_recalculate_bridge_id."""
    if bridge.bridge.mac_set:
        return
    mac = min((port.mac for port in ns.ports(bridge.name)), default=ZERO_MAC)
    if mac != bridge.mac:
        bridge.mac = mac
        forget_neighbors(ns, bridge.name)


def _add_local_entry(bridge: Interface, interface: Interface) -> None:
    """A bridge knows its ports' own MAC addresses for good."""
    bridge.bridge.fdb.add(FdbEntry(interface.mac, interface.name, master=bridge.name, state="permanent", origin=KERNEL))


def forget_port(ns: Namespace, interface: Interface) -> None:
    """What a bridge learned at a port that goes down."""
    if interface.master:
        ns.find(interface.master).bridge.fdb.discard(lambda entry: entry.dev == interface.name and entry.state == "")


def readdress(ns: Namespace, bridge: Interface, port: Interface) -> None:
    """A port has another MAC address: the bridge knows the new one for its own, and may take it."""
    bridge.bridge.fdb.discard(lambda entry: entry.dev == port.name and entry.state == "permanent")
    _add_local_entry(bridge, port)
    _adjust_mac(ns, bridge)


#: The longest chain (kernel: include/linux/netdevice.h MAX_NEST_DEV).
HIGHEST = 8


def check_nesting(ns: Namespace, upper: Interface | None, lower: Interface) -> None:
    """Whether `upper` (None: one that is being made) may stand on `lower`: EBUSY for a circle, EMLINK for too high a tower."""
    vxlans = [i for i in ns.interfaces.values() if i.vxlan is not None and i.vxlan.dev is not None]
    if not vxlans:
        return

    def below(interface: Interface) -> list[Interface]:
        if interface.bridge is not None:
            return ns.ports(interface.name)
        through = ns.find(interface.vxlan.dev) if interface.vxlan is not None and interface.vxlan.dev else None
        return [through] if through is not None else []

    def above(interface: Interface) -> list[Interface]:
        bridge = ns.find(interface.master) if interface.master else None
        return [v for v in vxlans if v.vxlan.dev == interface.name] + ([bridge] if bridge is not None else [])

    levels = _levels(lower, below)
    if upper is not None and any(upper in level for level in levels):
        raise KernelError(errno.EBUSY)
    if len(levels) + (len(_levels(upper, above)) if upper is not None else 1) > HIGHEST:
        raise KernelError(errno.EMLINK)


def _levels(interface: Interface, step) -> list[list[Interface]]:
    """The interface, those one step on, and so forth: as many as the longest way has."""
    levels = [[interface]]
    while further := [found for held in levels[-1] for found in step(held)]:
        levels.append(further)
    return levels


_NO_ETHERNET = ("loopback", "tun")


def add_entry(
    lab: Lab, ns: Namespace, interface: Interface, mac: str, *, dst: IPv4Address | None = None,
    owner: str = "self", state: str = "permanent", mode: str = "add",
) -> None:
    """Write an entry. owner "self": the interface's own; "master": its bridge's. mode: "add" (must be new), "append" (a further
    destination), "replace"."""
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


def delete_entry(
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
    old = bridge.bridge.fdb.find(mac)
    if mode == "add" and (old is not None or mac == bridge.mac):
        raise KernelError(errno.EEXIST)
    bridge.bridge.fdb.replace(old, entry)


def _add_to_vxlan(lab: Lab, vxlan: Interface, entry: FdbEntry, mode: str) -> None:
    """One MAC address has one VTEP, except groups and the all-zero address, which may have several."""
    if entry.dst is None:
        raise KernelError(errno.EINVAL)
    fdb = vxlan.vxlan.fdb
    old = fdb.find(entry.mac)
    several = entry.mac == ZERO_MAC or is_group(entry.mac)
    if mode == "replace" and several:
        raise KernelError(errno.EOPNOTSUPP, "Cannot replace non-unicast fdb entries")
    if old is not None and mode == "add":
        raise KernelError(errno.EEXIST)
    if old is None or mode == "replace":
        fdb.replace(old, entry)
    elif several and all(e.dst != entry.dst for e in fdb.all(entry.mac)):
        fdb.add(entry)


def entries(lab: Lab, ns: Namespace) -> list[FdbEntry]:
    """All entries, as `bridge fdb` lists them: by interface index; of each first what its bridge has behind it, then its own; in a
    bridge and a vxlan interface the newest first."""
    found: list[FdbEntry] = []
    for interface in ns.by_index():
        name, bridge = interface.name, interface.bridge
        if interface.master:
            found += reversed([e for e in live(lab, ns.find(interface.master)) if e.dev == name])
        if interface.vxlan is not None:  # the newest MAC address first, its destinations in the order in which they were written
            fdb = interface.vxlan.fdb
            found += (replace(e, owner="self") for mac in reversed(dict.fromkeys(e.mac for e in fdb)) for e in fdb.all(mac))
        elif interface.kind not in _NO_ETHERNET:  # what it listens to: single addresses first, then groups
            single = [mac for mac in interface.filters if not is_group(mac)]
            macs = [*single, *_groups(interface), *(mac for mac in interface.filters if mac not in single)]
            found += (FdbEntry(mac, name, owner="self", state="permanent") for mac in macs)
        if bridge is not None:
            found += reversed([e for e in live(lab, interface) if e.dev == name])
            if interface.mac != ZERO_MAC and bridge.fdb.find(interface.mac) is None:  # its own MAC address, unless a port has the same
                found.append(FdbEntry(interface.mac, name, None, name, "master", "permanent", origin=interface.origin))
    return found


def live(lab: Lab, bridge: Interface) -> list[FdbEntry]:
    """A bridge's entries that have not aged out."""
    return [e for e in bridge.bridge.fdb if not e.expired(lab.now, bridge.bridge.ageing)]


def _groups(interface: Interface) -> tuple[str, ...]:
    """Groups every interface listens to: all IPv6 hosts from the start, all IPv4 hosts while it is up; a bridge while it is up to
    all multicast snoopers as well."""
    snoopers = ("01:00:5e:00:00:6a", "33:33:00:00:00:6a") if interface.bridge is not None else ()
    return ("33:33:00:00:00:01", *((*snoopers, "01:00:5e:00:00:01") if interface.up else ()))
