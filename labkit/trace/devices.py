"""Handing a frame to an interface, and what each kind of interface does with it.

kernel: net/core/dev.c, drivers/net/veth.c, tun.c, loopback.c.
"""

from ..lab.interface import ZERO_MAC, Interface
from ..lab.namespace import Namespace
from ..lab.packet import Packet
from .engine import Net

#: A receiver takes frames this much longer than its MTU: room for a VLAN tag (facts.md 4, observed).
SLACK = 4


def transmit(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """Send a frame (or, on a TUN, a packet) out of an interface."""
    if not interface.up:
        return net.drop(ns, interface, f"{interface.name} is down", packet)
    if not interface.carrier:
        return net.drop(ns, interface, f"{interface.name} has no carrier: {_why_no_carrier(net, interface)}", packet)
    net.sight(ns, interface, "out", packet)
    match interface.kind:
        case "veth":
            _cross(net, ns, interface, packet)
        case "loopback":
            net.post("receive", ns.name, interface.uid, packet)
        case "bridge":
            net.post("bridge_out", ns.name, interface.uid, packet)
        case "vxlan":
            net.post("vxlan_out", ns.name, interface.uid, packet)
        case "tun":
            net.post("tun_out", ns.name, interface.uid, packet)
        case _:
            net.drop(ns, interface, f"{interface.name} is a {interface.kind} interface: nothing is behind it", packet)


def _cross(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """What enters one end of a veth pair leaves the other."""
    peer = net.lab.peer(interface)
    if packet.length > peer.mtu + SLACK:
        there = net.lab[peer.namespace]
        return net.drop(there, peer, f"{packet.length} bytes are too long for {peer.name}, whose MTU is {peer.mtu}", packet)
    net.post("receive", peer.namespace, peer.uid, packet)


def _why_no_carrier(net: Net, interface: Interface) -> str:
    if interface.kind == "veth":
        peer = net.lab.peer(interface)
        return f"the other end of the pair, {peer.name} in {peer.namespace}, is down"
    if interface.kind == "bridge":
        return "none of its ports has carrier"
    return "no program holds it open"


def loopback_frame(packet: Packet) -> Packet:
    """What tcpdump shows on lo: a frame from and to 00:00:00:00:00:00."""
    return packet.framed(ZERO_MAC, ZERO_MAC)
