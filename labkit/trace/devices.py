"""Handing a frame to an interface, and what each kind of interface does with it.

kernel: net/core/dev.c, drivers/net/veth.c, tun.c, loopback.c. Each driver counts in its own way: veth with the Ethernet
header, loopback and vxlan without, a bridge with it when sending and without when receiving (observed on 6.18).
"""

import errno
from dataclasses import replace

from ..lab.interface import ZERO_MAC, Interface
from ..lab.namespace import Namespace
from ..lab.packet import Packet
from .engine import Net

#: A receiver takes frames this much longer than its MTU: room for a VLAN tag (facts.md 4, observed).
SLACK = 4


def transmit(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> int:
    """Send a frame (or, on a TUN, a packet) out of an interface.

    Returns 0, or ENOBUFS when a veth's other end does not take it: a local sender is told so.
    """
    if not interface.up or not interface.carrier:
        why = "is down" if not interface.up else f"has no carrier: {_why_no_carrier(net, interface)}"
        interface.count("tx_dropped")
        net.drop(ns, interface, f"{interface.name} {why}", packet)
        return 0
    net.sight(ns, interface, "out", packet)
    match interface.kind:
        case "veth":
            return _cross(net, interface, packet)
        case "loopback":
            interface.count_packet("tx", packet.length)
            interface.count_packet("rx", packet.length)
            net.post("receive", ns.name, interface.uid, packet)
        case "bridge":
            interface.count_packet("tx", packet.frame_length)
            net.post("bridge_out", ns.name, interface.uid, packet, net.nesting + 1)
        case "vxlan":
            net.post("vxlan_out", ns.name, interface.uid, packet, net.nesting + 1)
        case "tun":
            net.post("tun_out", ns.name, interface.uid, packet)
        case _:
            net.drop(ns, interface, f"{interface.name} is a {interface.kind} interface: nothing is behind it", packet)
    return 0


def _cross(net: Net, interface: Interface, packet: Packet) -> int:
    """What enters one end of a veth pair leaves the other, if it fits there."""
    peer = net.lab.peer(interface)
    if packet.length > peer.mtu + SLACK:
        interface.count("tx_dropped")
        peer.count("rx_dropped")
        net.drop(net.lab[peer.namespace], peer, f"{packet.length} bytes are too long for {peer.name}, whose MTU is {peer.mtu}", packet)
        return errno.ENOBUFS
    interface.count_packet("tx", packet.frame_length)
    peer.count_packet("rx", packet.frame_length)
    if packet.mark and peer.namespace != interface.namespace:
        packet = replace(packet, mark=0)  # kernel: net/core/skbuff.c skb_scrub_packet
    net.post("receive", peer.namespace, peer.uid, packet)
    return 0


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
