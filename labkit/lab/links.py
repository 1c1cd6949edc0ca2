"""What the kernel does when an interface is made, set up, renamed, enslaved, moved or deleted, or a whole namespace is.

A veth end has carrier when both ends are up; a bridge, once it had ports, when one of its ports
has carrier; a TUN when a program holds it open (observed on 6.18).
"""

import errno
from dataclasses import replace

from ..errors import KernelError
from ..tables.fdb import FdbEntry
from . import addresses, bridges, carrier
from .connections import masquerade_gone
from .interface import ZERO_MAC, Bridge, Interface, Tun, Vxlan, is_group
from .lab import Lab
from .learned import mtu_changed
from .namespace import LONGEST, Namespace, claim, valid_interface_name

#: Least and largest MTU by kind (observed on 6.18, `ip -d link`); others as Ethernet. 0, 0: no limits.
MTU_LIMITS = {"loopback": (0, 0), "tap": (68, 65521)}
MTU_ETHERNET = (68, 65535)

#: What a vxlan interface needs of the packets below it: Ethernet, IP, UDP and VXLAN headers.
VXLAN_OVERHEAD = 50


def create(
    lab: Lab, ns: Namespace, name: str | None, kind: str, *, peer_name: str | None = None, peer_ns: Namespace | None = None,
    mac: str | None = None, peer_mac: str | None = None, mtu: int | None = None, txqlen: int | None = None,
    vxlan: Vxlan | None = None, tun: Tun | None = None,
) -> Interface:
    """A new interface, down. A veth makes its peer as well, which gets its index first."""
    if mtu is not None:
        _check_mtu(kind, mtu)
    if kind == "veth":
        near, far = (ns, name, mac, mtu), (peer_ns or ns, peer_name, peer_mac, mtu)
        interface = _create_pair(lab, near, far)
        interface.txqlen = interface.txqlen if txqlen is None else txqlen
        return interface
    if vxlan is not None and any(
            other.vxlan is not None and (other.vxlan.vni, other.vxlan.port) == (vxlan.vni, vxlan.port) for other in ns.interfaces.values()):
        raise KernelError(errno.EEXIST, "A VXLAN device with the specified VNI already exists")
    interface = _register(lab, kind, ns, name, mac, mtu)
    if vxlan is not None and vxlan.dev is not None:
        try:
            bridges.check_nesting(ns, None, ns.find(vxlan.dev))
        except KernelError:
            _unregister(lab, ns, interface)
            raise
    if kind == "bridge":
        interface.bridge = Bridge(mac_set=mac is not None)
    elif kind == "vxlan":
        interface.vxlan = vxlan
        if vxlan.remote is not None:
            vxlan.fdb.add(FdbEntry(ZERO_MAC, interface.name, vxlan.remote, owner="self", state="permanent", origin=lab.origin))
        most = _vxlan_mtu(ns, vxlan)
        interface.mtu = min(mtu or most or 1500, most or MTU_ETHERNET[1])
    elif kind in ("tun", "tap"):
        interface.tun = tun or Tun(mode=kind)
        interface.txqlen, interface.mac = (500, "") if kind == "tun" else (1000, interface.mac)
    interface.txqlen = interface.txqlen if txqlen is None else txqlen
    carrier.refresh(lab, interface)
    return interface


def _create_pair(lab: Lab, near: tuple, far: tuple) -> Interface:
    """Both ends of a veth pair. The kernel registers the peer first (drivers/net/veth.c). When the near end is refused the peer
    goes again, and its index is not given out twice."""
    peer = _register(lab, "veth", *far)
    try:
        interface = _register(lab, "veth", *near)
    except KernelError:
        _unregister(lab, far[0], peer)
        raise
    interface.peer, peer.peer = peer.uid, interface.uid
    carrier.refresh(lab, interface, peer)
    _remember_peer_namespace(lab, interface)
    return interface


def _register(lab: Lab, kind: str, ns: Namespace, name: str | None, mac: str | None, mtu: int | None) -> Interface:
    """An interface gets a name, an index, a MAC address, its sysctls."""
    name, index = claim(ns, name, kind), _new_index(ns)
    interface = Interface(uid=lab.new_uid(), index=index, name=name, kind=kind, mac=mac or lab.new_mac(), mtu=mtu or 1500,
                          namespace=ns.name, origin=lab.origin)
    lab.interfaces[interface.uid] = interface
    ns.add(interface)
    return interface


def _new_index(ns: Namespace) -> int:
    """The next index that is free; indexes are not used again."""
    index = ns.next_index
    while index in ns.interfaces:
        index += 1
    ns.next_index = index + 1
    return index


def delete(lab: Lab, ns: Namespace, interface: Interface) -> None:
    """Delete an interface: its routes, addresses and neighbours go, and a veth's peer too."""
    if interface.kind == "loopback":
        raise KernelError(errno.EOPNOTSUPP)
    peer = lab.peer(interface)
    lab.carry_out(_delete, interface.uid, *([] if peer is None else [peer.uid]))


def _delete(lab: Lab, *uids: int) -> None:
    for uid in uids:
        end = lab.interface(uid)
        if end is not None:
            _unregister(lab, lab[end.namespace], end)


def _unregister(lab: Lab, ns: Namespace, interface: Interface) -> None:
    if interface.bridge is not None:
        for port in ns.ports(interface.name):
            bridges.set_master(lab, ns, port, None)
    if interface.master:
        bridges.set_master(lab, ns, interface, None)
    leave(lab, ns, interface)
    ns.remove(interface)
    del lab.interfaces[interface.uid]


def leave(lab: Lab, ns: Namespace, interface: Interface) -> None:
    """What a namespace forgets with an interface: addresses, routes, neighbours, and the vxlan interfaces that send through it."""
    for upper in [i for i in ns.interfaces.values() if i.vxlan is not None and i.vxlan.dev == interface.name]:
        delete(lab, ns, upper)
    if interface.up:
        interface.up = False
        carrier.refresh_with_peer(lab, interface)
    while interface.addresses:
        addresses.delete(lab, ns, interface, interface.addresses[0])
    addresses.device_gone(ns, interface.name)
    addresses.forget_neighbors(ns, interface.name)


def set_up(lab: Lab, ns: Namespace, interface: Interface, up: bool) -> None:
    """Set an interface up or down, with every consequence for routes, neighbours and peers."""
    if interface.up != up:
        lab.carry_out(_set_up, interface.uid, up)


def _set_up(lab: Lab, uid: int, up: bool) -> None:
    interface = lab.interfaces[uid]
    ns = lab[interface.namespace]
    interface.up = up
    interface.qdisc = "pfifo_fast" if interface.kind in ("tun", "tap") else "noqueue"  # noop until first up
    if interface.kind == "loopback" and up:
        addresses.add_loopback(lab, ns, interface)  # lo gets 127.0.0.1/8 by itself (kernel: devinet.c NETDEV_UP)
    carrier.refresh_with_peer(lab, interface)
    if up:
        addresses.device_up(lab, ns, interface)
    else:
        addresses.device_down(ns, interface.name)
        masquerade_gone(ns.netfilter, interface.name)
        addresses.forget_neighbors(ns, interface.name)
        # A bridge or vxlan that goes down forgets what it learned, and a bridge what it heard at a port that does
        # (kernel: br_stp_disable_bridge, br_stp_disable_port, vxlan_stop).
        for held in (interface.bridge, interface.vxlan):
            if held is not None:
                held.fdb.discard(lambda entry: entry.state == "")
        bridges.forget_port(ns, interface)


def set_arp(ns: Namespace, interface: Interface, arp: bool) -> None:
    """Whether neighbours are asked for; while up, a change drops all that are known (kernel: arp_netdev_event)."""
    if interface.arp != arp and interface.up:
        addresses.forget_neighbors(ns, interface.name)
    interface.arp = arp


def set_mtu(lab: Lab, ns: Namespace, interface: Interface, mtu: int) -> None:
    """Change the MTU. A vxlan interface is held to what fits into the interface below."""
    _check_mtu(interface.kind, mtu)
    if interface.vxlan is not None and mtu > (_vxlan_mtu(ns, interface.vxlan) or mtu):
        raise KernelError(errno.EINVAL)
    if interface.bridge is not None and mtu != interface.mtu:
        interface.bridge.mtu_set = True  # not when made with it, nor when set to what it is (observed on 6.18)
    mtu_changed(ns, interface.name, interface.mtu, mtu)
    interface.mtu = mtu
    if interface.master:
        carrier.adjust_bridge_mtu(lab, ns, ns.find(interface.master))


def _check_mtu(kind: str, mtu: int) -> None:
    least, most = MTU_LIMITS.get(kind, MTU_ETHERNET)
    if mtu < least:
        raise KernelError(errno.EINVAL, "mtu less than device minimum")
    if most and mtu > most:
        raise KernelError(errno.EINVAL, "mtu greater than device maximum")


def _vxlan_mtu(ns: Namespace, vxlan: Vxlan) -> int | None:
    """The largest MTU that fits below, or None when no lower interface is named."""
    lower = ns.find(vxlan.dev) if vxlan.dev else None
    return None if lower is None else max(lower.mtu - VXLAN_OVERHEAD, MTU_ETHERNET[0])


def check_mac(mac: str) -> None:
    """An interface's own address is neither a group's nor all zeros."""
    if is_group(mac) or mac == ZERO_MAC:
        raise KernelError(errno.EADDRNOTAVAIL)


def set_mac(lab: Lab, ns: Namespace, interface: Interface, mac: str) -> None:
    """Change the MAC address; every neighbour entry here is dropped (kernel: neigh_changeaddr)."""
    if interface.kind == "tun":
        raise KernelError(errno.EOPNOTSUPP)
    check_mac(mac)
    interface.mac = mac
    addresses.forget_neighbors(ns, interface.name)
    if interface.bridge is not None:
        interface.bridge.mac_set = True
        carrier.refresh(lab, interface)
    if interface.master:
        bridges.readdress(ns, ns.find(interface.master), interface)


def rename(lab: Lab, ns: Namespace, interface: Interface, new: str) -> None:
    """Rename an interface; an interface that is up may be renamed too (since Linux 6.2)."""
    old = interface.name
    if new == old:
        return
    lab.carry_out(_rename, interface.uid, old, claim(ns, new, interface.kind))


def _rename(lab: Lab, uid: int, old: str, new: str) -> None:
    interface = lab.interfaces[uid]
    ns = lab[interface.namespace]
    ns.rename(interface, old, new)
    for other in ns.interfaces.values():
        if other.vxlan is not None and other.vxlan.dev == old:
            other.vxlan.dev = new
    # Its addresses are labelled anew: the first gets the bare name, the others keep what stands from the colon on, or get their
    # number (net/ipv4/devinet.c inetdev_changename).
    for place, address in enumerate(interface.addresses):
        tail = "" if place == 0 else ":" + (address.label.partition(":")[2] if ":" in address.label else str(place + 1))
        interface.addresses[place] = replace(address, label=new[: LONGEST - len(tail)] + tail)
    addresses.device_renamed(ns, old, new)


def move(lab: Lab, ns: Namespace, interface: Interface, target: Namespace, name: str | None = None) -> None:
    """Move an interface to another namespace: it goes down and loses addresses and routes. It keeps its index if that is free over
    there, and its name; `name` is what it takes when its own is in use there (kernel: net/core/dev.c dev_change_net_namespace)."""
    if target is ns:
        return
    if interface.kind in ("loopback", "bridge"):
        raise KernelError(errno.EINVAL, "The interface netns is immutable")
    linked = interface.carrier
    new_name = interface.name
    if target.find(new_name):
        if name is None:
            raise KernelError(errno.EEXIST, "An interface with the same name exists in the target netns")
        if not valid_interface_name(name) or target.find(name):
            raise KernelError(errno.EEXIST, f"Unable to use '{name}' for the new interface name in the target netns")
        new_name = name
    lab.carry_out(_move, interface.uid, ns.name, target.name, new_name, linked)


def _move(lab: Lab, uid: int, source: str, destination: str, name: str, linked: bool) -> None:
    interface, ns, target = lab.interfaces[uid], lab[source], lab[destination]
    if interface.namespace == source:
        if interface.master:
            bridges.set_master(lab, ns, interface, None)
        leave(lab, ns, interface)
        ns.remove(interface)
        index = _new_index(target) if interface.index in target.interfaces else interface.index
        interface.index, interface.name, interface.namespace, interface.qdisc = index, name, destination, "noop"
    if target.find(name) is None:
        target.add(interface)
    _number_namespace(ns, target)
    _remember_peer_namespace(lab, interface)
    peer = lab.peer(interface)
    if linked and peer is not None:
        interface.unlinked, peer.unlinked = carrier.without_carrier(lab, interface), carrier.without_carrier(lab, peer)
        carrier.refresh(lab, interface, peer)


def _remember_peer_namespace(lab: Lab, interface: Interface) -> None:
    """Number the namespaces that the two ends of a pair see of each other."""
    peer = lab.peer(interface)
    if peer is not None and peer.namespace != interface.namespace:
        here, there = lab[interface.namespace], lab[peer.namespace]
        _number_namespace(here, there)
        _number_namespace(there, here)


def _number_namespace(here: Namespace, there: Namespace) -> None:
    """Give a namespace the lowest free number by which this one knows it, unless it has one."""
    if there.name not in here.nsids:
        taken = {*here.nsids.values()}
        here.nsids[there.name] = next(number for number in range(len(taken) + 1) if number not in taken)


def delete_namespace(lab: Lab, machine: str, label: str) -> None:
    """Delete a named namespace (`ip netns del`)."""
    ns = lab.on_machine(machine, label)
    if ns is None:
        raise KernelError(errno.ENOENT)
    destroy_namespace(lab, ns)


def destroy_namespace(lab: Lab, ns: Namespace) -> None:
    """Take a namespace out of the lab: its virtual interfaces are destroyed, and their peers with them."""
    lab.carry_out(_destroy_namespace, ns.name)


def _destroy_namespace(lab: Lab, name: str) -> None:
    ns = lab.namespaces.get(name)
    if ns is None:
        return
    for interface in list(ns.interfaces.values()):
        if interface.index in ns.interfaces and interface.kind != "loopback":
            delete(lab, ns, interface)
    for other in lab.namespaces.values():
        other.nsids.pop(name, None)
    del lab.namespaces[name]
    for loopback in ns.interfaces.values():
        lab.interfaces.pop(loopback.uid, None)


def named_namespaces(lab: Lab, machine: str) -> list[Namespace]:
    """What `ip netns list` shows: the newest first, as a directory on tmpfs lists them."""
    return [ns for ns in reversed(lab.namespaces.values()) if ns.named and ns.machine == machine]
