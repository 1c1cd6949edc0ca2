"""Sending: the lookup for a packet of our own, and the last steps that every packet takes.

kernel: net/ipv4/ip_output.c, route.c; facts.md 3.1 to 3.5.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from ..errors import strerror
from ..lab.interface import Interface
from ..lab.lookup import Decision, output
from ..lab.namespace import Namespace, PathMtu
from ..lab.packet import IP_HEADER, Packet
from .arp import resolve
from .devices import loopback_frame, transmit
from .engine import Net

#: How long a path MTU learned from a router is believed, in seconds (ip-sysctl.rst mtu_expires).
PMTU_EXPIRES = 600.0


def send(net: Net, ns: Namespace, packet: Packet, oif: str | None = None, df: str = "fixed") -> int:
    """Send a packet that this namespace made. Returns 0, or the errno its sender gets.

    The packet's source may be 0.0.0.0: then the kernel chooses. df "fixed": the packet's own DF;
    "want": DF unless it has to be fragmented here (Linux's default for ping).
    """
    src = packet.src if int(packet.src) else None
    decision = output(net.lab, ns, packet.dst, src=src, oif=oif, tos=packet.ip.tos)
    redirected = ns.redirects.get(packet.dst)
    if redirected is not None and decision.kind == "unicast" and decision.gateway is not None:
        decision = replace(decision, gateway=redirected)
    packet = packet.with_ip(src=decision.src or packet.src, dst=decision.dst)
    say_route(net, ns, packet, decision)
    if decision.errno:
        net.drop(ns, None, f"the sender is told: {strerror(decision.errno)}", packet)
        return decision.errno
    # hook: OUTPUT
    device = ns.find(decision.dev)
    if decision.kind == "local":
        return _to_ourselves(net, ns, device, packet)
    mtu = path_mtu(net, ns, decision)
    if packet.length > mtu:
        if df == "want":
            packet = packet.with_ip(df=False)
        elif packet.ip.df:
            net.drop(ns, device, f"{packet.length} bytes with DF do not fit the MTU {mtu}", packet)
            return errno.EMSGSIZE
    return finish(net, ns, decision, packet, mtu)


def _to_ourselves(net: Net, ns: Namespace, lo: Interface, packet: Packet) -> int:
    """What is for one of our own addresses goes through lo, and needs it up."""
    if not lo.up:
        lo.count("tx_dropped")
        net.drop(ns, lo, "lo is down: a namespace cannot even reach its own addresses", packet)
        return 0
    return transmit(net, ns, lo, loopback_frame(packet))


def finish(net: Net, ns: Namespace, decision: Decision, packet: Packet, mtu: int) -> int:
    """The end of every way out: POSTROUTING, fragments, the neighbour, the interface.

    Returns the errno of the first piece that the interface refuses, or 0. Between two pieces of a
    program's own packet the receive queues run, so ARP may be answered before the second.
    """
    # hook: POSTROUTING
    device = ns.find(decision.dev)
    for piece in fragments(net, ns, device, packet, mtu):
        if packet.dst.is_multicast:
            code = transmit(net, ns, device, piece.framed(device.mac, _group_mac(packet.dst)))
        else:
            code = resolve(net, ns, device, decision.next_hop, piece)
        if code:
            return code
        if net.sending:
            net.run(net.now, lambda: False)
    return 0


def fragments(net: Net, ns: Namespace, device: Interface, packet: Packet, mtu: int) -> list[Packet]:
    """The packet, or the pieces it is cut into: each but the last a multiple of 8 bytes."""
    if packet.length <= mtu:
        return [packet]
    whole, start = packet, 0
    rest = packet.length - IP_HEADER
    if packet.is_fragment:  # a piece may be cut again
        whole, start = packet.whole, packet.ip.offset
    most = (mtu - IP_HEADER) // 8 * 8
    pieces = []
    for offset in range(0, rest, most):
        size = min(most, rest - offset)
        more = offset + size < rest or packet.ip.more
        ip = replace(packet.ip, offset=start + offset, more=more, df=False)
        pieces.append(replace(packet, ip=ip, size=size, whole=whole, inner=None))
    sizes = " + ".join(str(piece.length) for piece in pieces)
    net.step(ns, device, "fragment", f"{packet.length} bytes do not fit the MTU {mtu}: fragmented into {sizes} bytes", packet)
    return pieces


def path_mtu(net: Net, ns: Namespace, decision: Decision) -> int:
    """The largest packet this way takes: the route's mtu, what a router told us, the interface's."""
    device = ns.find(decision.dev)
    mtu = decision.route.mtu if decision.route is not None and decision.route.mtu else device.mtu
    learned = ns.pmtu.get(decision.dst)
    if learned is not None and net.now - learned.since < PMTU_EXPIRES:
        mtu = min(mtu, learned.mtu)
    return mtu


def learn_path_mtu(net: Net, ns: Namespace, dst: IPv4Address, mtu: int) -> None:
    """Remember what a router said; never below 552 bytes (ip-sysctl.rst min_pmtu)."""
    ns.pmtu[dst] = PathMtu(max(mtu, 552), net.now)


def say_route(net: Net, ns: Namespace, packet: Packet, decision: Decision) -> None:
    """The sentence about a lookup, with the candidates that lost."""
    table = decision.asked[-1].rule.table if decision.asked else None
    lost = ()
    if decision.lookup is not None and decision.kind != "local":
        lost = tuple(f"{c.route}: {c.why}" for c in decision.lookup.considered if not c.won)
    net.step(ns, None, "route", route_words(decision, table), packet, decision, lost)


def route_words(decision: Decision, table: int | None) -> str:
    """For example `10.20.92.11: 10.20.0.0/16 dev flannel0 …, longest prefix (/16) (table main)`."""
    if decision.route is None:
        if decision.kind == "none":
            why = "no route matches" if decision.errno == errno.ENETUNREACH else strerror(decision.errno)
            return f"{decision.dst}: {why}"
        return f"{decision.dst}: {'one of our own addresses' if decision.kind == 'local' else f'on-link at {decision.dev}'}"
    if decision.kind == "local":
        return f"{decision.dst} is one of our own addresses (table local is asked before main)"
    won = next((c.why for c in decision.lookup.considered if c.won), "")
    name = {254: "main", 255: "local", 253: "default"}.get(table, str(table))
    return f"{decision.dst} takes `{decision.route}`: {won} (table {name})"


def _group_mac(dst: IPv4Address) -> str:
    """The MAC address of a multicast group (RFC 1112)."""
    low = int(dst) & 0x7FFFFF
    return "01:00:5e:" + ":".join(f"{(low >> shift) & 255:02x}" for shift in (16, 8, 0))
