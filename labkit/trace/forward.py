"""Receiving: the one forwarding routine.

A frame comes in; is it for us? The route decides: deliver here, forward, or refuse. The order of the checks is the kernel's
(net/ipv4/ip_input.c, route.c ip_route_input_slow, ip_forward.c): source validation and lookup first, then TTL, then MTU.
"""

import errno
from dataclasses import replace

from ..lab.interface import Interface, is_group
from ..lab.learned import consult
from ..lab.lookup import ALL_HOSTS, Decision, find_route, martian_source, redirects, verdict
from ..lab.namespace import Namespace
from ..lab.packet import TIME_EXCEEDED, UNREACHABLE, Packet
from .arp import arp_in
from .bridging import bridge_in
from .engine import Net, handles
from .send import finish, gather, hook, mtu_locked, path_mtu, route_mtu, say_route
from .transport import deliver, error, redirect, route_error


@handles("receive")
def receive(net: Net, namespace: str, uid: int, packet: Packet) -> None:
    """A frame arrives at an interface."""
    ns, interface = net.lab.namespaces.get(namespace), net.lab.interface(uid)
    if ns is None or interface is None or interface.namespace != namespace or not interface.up:
        return
    net.sight(ns, interface, "in", packet)
    device, filtered = interface, False
    if interface.master:
        packet, filtered = bridge_in(net, ns, interface, packet)
        if packet is None:
            return
        device = ns.find(interface.master)
        device.count_packet("rx", packet.length)
        net.sight(ns, device, "in", packet)
    if packet.eth is not None and interface.kind != "loopback" and packet.eth.dst not in (device.mac, interface.mac):
        if not is_group(packet.eth.dst):
            return net.drop(ns, device, f"the frame is for {packet.eth.dst}, not for {device.name}", packet, aside=True)
        packet = packet if packet.arp else replace(packet, group=True)
    if packet.arp:
        if not device.noarp:
            arp_in(net, ns, device, packet)
    else:
        ip_in(net, ns, device, packet, filtered)


def ip_in(net: Net, ns: Namespace, interface: Interface, packet: Packet, filtered: bool) -> None:
    """An IP packet came in: on lo it knows its way, others are looked up, validated, and delivered or forwarded. `filtered`: it has
    been at PREROUTING already, as a bridged frame."""
    meant = packet.dst
    if not filtered:
        packet = hook(net, ns, "PREROUTING", packet, iif=interface.name)
        if packet is None:
            return
    if interface.kind == "loopback" and packet.dst == meant:
        return local_in(net, ns, interface, packet)
    fault = martian_source(ns, interface, packet.src)
    if fault is None and packet.dst.is_loopback and not ns.sysctls.either(interface.name, "route_localnet"):
        fault = f"a martian: {packet.dst} is a loopback address and came in at {interface.name}"
    if fault:
        return net.drop_in_stack(ns, interface, fault, packet)
    if packet.dst.is_multicast and packet.dst != ALL_HOSTS:
        return net.drop_in_stack(ns, interface, f"nobody here is in the group {packet.dst}", packet)
    if packet.dst.is_multicast or int(packet.dst) == 0xFFFFFFFF:
        return local_in(net, ns, interface, packet)
    found = find_route(net.lab, ns, packet.dst, src=packet.src, iif=interface.name, tos=packet.ip.tos, mark=packet.mark)
    decision = consult(ns, found, net.now)
    say_route(net, ns, packet, decision)
    if packet.group and decision.kind in ("local", "unicast") and ns.sysctls.either(interface.name, "drop_unicast_in_l2_multicast"):
        return net.drop_in_stack(ns, interface, "for one host, in a frame for many: drop_unicast_in_l2_multicast is 1", packet)
    forwarding = bool(ns.sysctls.conf(interface.name, "forwarding"))
    if decision.errno:
        return _no_way(net, ns, interface, packet, decision, forwarding)
    if decision.kind in ("local", "broadcast"):
        fault, _ = verdict(net.lab, ns, interface, packet.src, replace(decision, dev=ns.loopback.name))
        if fault:
            return net.drop_in_stack(ns, interface, fault, packet)
        return local_in(net, ns, interface, packet)
    if not forwarding:
        return net.drop_in_stack(ns, interface, "it is not for us, and ip_forward is 0: dropped without a word", packet)
    fault, on_link = verdict(net.lab, ns, interface, packet.src, decision)
    if fault:
        return net.drop_in_stack(ns, interface, fault, packet)
    forward(net, ns, interface, packet, decision, on_link)


def _no_way(net: Net, ns: Namespace, interface: Interface, packet: Packet, decision: Decision, forwarding: bool) -> None:
    """A lookup that ended in nothing or in an error route (kernel: ip_error)."""
    if not forwarding:
        return net.drop_in_stack(ns, interface, "it is not for us, and ip_forward is 0: dropped without a word", packet)
    code = {errno.ENETUNREACH: 0, errno.EHOSTUNREACH: 1, errno.EACCES: 13}.get(decision.errno)
    if code is None:
        return net.drop_in_stack(ns, interface, "a blackhole route: dropped without a word", packet)
    words = {0: "there is no route to it", 1: "an unreachable route", 13: "a prohibit route"}[code]
    net.drop_in_stack(ns, interface, words, packet)
    route_error(net, ns, packet, code)


def forward(net: Net, ns: Namespace, interface: Interface, packet: Packet, decision: Decision, on_link: bool) -> None:
    """Hand a packet on: TTL, MTU, redirect, and out (kernel: ip_forward)."""
    if packet.group:
        return net.drop_in_stack(ns, interface, "it came in a broadcast frame: never forwarded", packet)
    if packet.ttl <= 1:
        net.drop_in_stack(ns, interface, f"TTL {packet.ttl} would become 0", packet)
        return error(net, ns, packet, TIME_EXCEEDED, 0)
    # A router goes by its route and its interface, not by what it learned as a sender, unless that is locked.
    learned = ns.sysctls.number("net.ipv4.ip_forward_use_pmtu") or mtu_locked(decision)
    mtu = path_mtu(net, ns, decision) if learned else route_mtu(ns, decision)
    if packet.length > mtu and packet.ip.df:
        net.drop_in_stack(ns, interface, f"{packet.length} bytes with DF do not fit the MTU {mtu} of {decision.dev}", packet)
        return error(net, ns, packet, UNREACHABLE, 4, mtu=mtu)
    onward = packet.with_ip(ttl=packet.ttl - 1)
    if redirects(ns, interface, packet.src, decision, on_link):
        redirect(net, ns, onward, decision.next_hop)  # it quotes the lowered TTL (observed on 6.18)
    onward = hook(net, ns, "FORWARD", onward.bare(), iif=interface.name, oif=decision.dev)
    if onward is None:
        return
    net.step(ns, interface, "forward", f"forwarded from {interface.name} to {decision.dev}: TTL {packet.ttl} becomes {onward.ttl}", onward)
    finish(net, ns, decision, onward, mtu)


def local_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """A packet for us: put fragments together, then up to ICMP, UDP or TCP."""
    packet = packet.bare()
    if packet.is_fragment:
        packet = gather(net, ns, interface.name, packet)
        if packet is None:
            return
    packet = hook(net, ns, "INPUT", packet, iif=interface.name)
    if packet is not None:
        deliver(net, ns, interface, packet)
