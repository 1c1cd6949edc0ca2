"""Carrier: whether an interface's other side is there, and what follows from a change.

operstate (RFC 2863) as Linux shows it: UP, DOWN, LOWERLAYERDOWN, or UNKNOWN for interfaces that
never report (loopback, vxlan, TUN, and a bridge before its first port, unless its MAC address was chosen).
"""

from .interface import Interface
from .lab import Lab
from .learned import mtu_changed, routes_changed
from .namespace import Namespace


def refresh_with_peer(lab: Lab, interface: Interface) -> None:
    """Work out carrier anew for an interface that went up or down, and for its peer."""
    peer = lab.peer(interface)
    refresh(lab, interface, *([peer] if peer is not None else []))


def refresh(lab: Lab, *interfaces: Interface) -> None:
    """Work out carrier and operstate anew, and pass a change on to the bridge above."""
    had = [interface.carrier for interface in interfaces]
    for interface in interfaces:
        interface.carrier = _carrier(lab, interface)
    for interface, before in zip(interfaces, had, strict=True):
        _changed(lab[interface.namespace], interface, before)
        lost = before and not interface.carrier
        if lost:
            interface.unlinked = without_carrier(lab, interface)
        interface.operstate = _operstate(lab, interface)
        ns = lab[interface.namespace]
        if lost:
            _lost(ns, interface)
        if interface.master:
            refresh_bridge(lab, ns, ns.find(interface.master))


def refresh_bridge(lab: Lab, ns: Namespace, bridge: Interface) -> None:
    before = bridge.carrier
    bridge.carrier = _carrier(lab, bridge)
    _changed(ns, bridge, before)
    bridge.operstate = _operstate(lab, bridge)
    if before and not bridge.carrier:
        _lost(ns, bridge)


def _changed(ns: Namespace, interface: Interface, before: bool) -> None:
    if interface.carrier != before:
        routes_changed(ns)


def _lost(ns: Namespace, interface: Interface) -> None:
    """Without carrier the learned neighbours and forwarding entries are forgotten."""
    for key in [k for k, n in ns.neighbors.items() if k[0] == interface.name and n.state != "PERMANENT"]:
        del ns.neighbors[key]
    bridge = ns.find(interface.master) if interface.master else None
    if bridge is not None:
        bridge.bridge.fdb.discard(lambda entry: entry.dev == interface.name and entry.state == "")


def _carrier(lab: Lab, interface: Interface) -> bool:
    match interface.kind:
        case "veth":
            peer = lab.peer(interface)
            return interface.up and peer is not None and peer.up
        case "bridge":
            if not interface.bridge.watches_ports:
                return True
            ports = lab[interface.namespace].ports(interface.name)
            return interface.up and any(p.carrier and p.up for p in ports)
        case "tun" | "tap":
            return interface.tun.program is not None
    return True


def _operstate(lab: Lab, interface: Interface) -> str:
    if not interface.up:
        return "DOWN"
    match interface.kind:
        case "veth":
            return "UP" if interface.carrier else interface.unlinked
        case "bridge":
            if not interface.bridge.watches_ports:
                return "UNKNOWN"
            return "UP" if interface.carrier else "DOWN"
        case "tun" | "tap":
            return "UNKNOWN" if interface.carrier else "DOWN"
    return "UNKNOWN"


def without_carrier(lab: Lab, interface: Interface) -> str:
    """What a veth end without carrier shows when up: LOWERLAYERDOWN if the other end has none either.

    The kernel looks for the other end's index in this interface's own namespace, also when the
    other end is elsewhere, and only when carrier goes or the pair is made (net/core/link_watch.c
    default_operstate); so does this.
    """
    peer = lab.peer(interface)
    if peer is None:
        return "DOWN"
    other = lab[interface.namespace].interfaces.get(peer.index)
    return "DOWN" if other is None or other is interface or other.carrier else "LOWERLAYERDOWN"


def flags(lab: Lab, interface: Interface) -> tuple[str, ...]:
    """The words between < and > in `ip link`, in iproute2's order (ip/ipaddress.c)."""
    words = []
    if interface.up and not interface.carrier:
        words.append("NO-CARRIER")
    words += _KIND_FLAGS.get(interface.kind, ("BROADCAST", "MULTICAST"))
    if interface.kind != "tun" and not interface.arp:
        words.append("NOARP")
    if not interface.multicast and "MULTICAST" in words:
        words.remove("MULTICAST")
    if interface.allmulticast:
        words.append("ALLMULTI")
    if interface.promisc:
        words.append("PROMISC")
    if interface.up:
        words.append("UP")
        if interface.carrier:
            words.append("LOWER_UP")
    peer = lab.peer(interface)
    if peer is not None and peer.namespace == interface.namespace and not peer.up:
        words.append("M-DOWN")
    return tuple(words)


_KIND_FLAGS = {
    "loopback": ("LOOPBACK",),
    "tun": ("POINTOPOINT", "MULTICAST", "NOARP"),
}


def adjust_bridge_mtu(lab: Lab, ns: Namespace, bridge: Interface) -> None:
    """Unless a user chose one, a bridge takes the smallest MTU among its ports."""
    if not bridge.bridge.mtu_set:
        mtu = min((port.mtu for port in ns.ports(bridge.name)), default=1500)
        mtu_changed(ns, bridge.name, bridge.mtu, mtu)
        bridge.mtu = mtu
