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
    """Work out carrier and operstate anew, and pass a change on to the bridge above. Without carrier the learned neighbours and
    forwarding entries are forgotten."""
    had = [interface.carrier for interface in interfaces]
    for interface in interfaces:
        interface.carrier = _carrier(lab, interface)
    for interface, before in zip(interfaces, had, strict=True):
        ns = lab[interface.namespace]
        if interface.carrier != before:
            routes_changed(ns)
        lost = before and not interface.carrier
        if lost and interface.kind == "veth":
            interface.unlinked = without_carrier(lab, interface)
        interface.operstate = _operstate(interface)
        bridge = ns.find(interface.master) if interface.master else None
        if lost:
            for key in [k for k, n in ns.neighbors.items() if k[0] == interface.name and n.state != "PERMANENT"]:
                del ns.neighbors[key]
            if bridge is not None:
                bridge.bridge.fdb.discard(lambda entry, dev=interface.name: entry.dev == dev and entry.state == "")
        if bridge is not None:
            refresh(lab, bridge)


def _carrier(lab: Lab, interface: Interface) -> bool:
    match interface.kind:
        case "veth":
            peer = lab.peer(interface)
            return interface.up and peer is not None and peer.up
        case "bridge" if interface.bridge.watches_ports:
            return interface.up and any(p.carrier and p.up for p in lab[interface.namespace].ports(interface.name))
        case "tun" | "tap":
            return interface.tun.program is not None
    return True


def _operstate(interface: Interface) -> str:
    if not interface.up:
        return "DOWN"
    match interface.kind:
        case "veth":
            return "UP" if interface.carrier else interface.unlinked
        case "bridge" if interface.bridge.watches_ports:
            return "UP" if interface.carrier else "DOWN"
        case "tun" | "tap":
            return "UNKNOWN" if interface.carrier else "DOWN"
    return "UNKNOWN"


def without_carrier(lab: Lab, interface: Interface) -> str:
    """What a veth end without carrier shows when up: LOWERLAYERDOWN if the other end has none either. The kernel looks for the
    other end's index in this interface's own namespace, also when the other end is elsewhere, and only when carrier goes or the
    pair is made (net/core/link_watch.c default_operstate); so does this."""
    peer = lab.peer(interface)
    if peer is None:
        return "DOWN"
    other = lab[interface.namespace].interfaces.get(peer.index)
    return "DOWN" if other is None or other is interface or other.carrier else "LOWERLAYERDOWN"


def flags(lab: Lab, interface: Interface) -> tuple[str, ...]:
    """The words between < and > in `ip link`, in iproute2's order (ip/ipaddress.c)."""
    words = [word for word in _KIND_FLAGS.get(interface.kind, _ETHERNET) if word != "MULTICAST" or interface.multicast]
    if interface.up and not interface.carrier:
        words.insert(0, "NO-CARRIER")
    if not interface.arp and interface.kind != "tun":
        words.append("NOARP")
    if interface.allmulticast:
        words.append("ALLMULTI")
    if interface.promisc:
        words.append("PROMISC")
    if interface.up:
        words += ("UP", "LOWER_UP") if interface.carrier else ("UP",)
    peer = lab.peer(interface)
    if peer is not None and peer.namespace == interface.namespace and not peer.up:
        words.append("M-DOWN")
    return tuple(words)


_ETHERNET = ("BROADCAST", "MULTICAST")
_KIND_FLAGS = {"loopback": ("LOOPBACK",), "tun": ("POINTOPOINT", "MULTICAST", "NOARP")}


def adjust_bridge_mtu(lab: Lab, ns: Namespace, bridge: Interface) -> None:
    """Unless a user chose one, a bridge takes the smallest MTU among its ports."""
    if not bridge.bridge.mtu_set:
        mtu = min((port.mtu for port in ns.ports(bridge.name)), default=1500)
        mtu_changed(ns, bridge.name, bridge.mtu, mtu)
        bridge.mtu = mtu
