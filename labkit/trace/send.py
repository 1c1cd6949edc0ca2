"""Sending: the lookup for a packet of our own, and the last steps that every packet takes: the packet filter, fragments, the neighbour.

kernel: net/ipv4/ip_output.c, ip_fragment.c, route.c. The five places at which the kernel asks its packet filter are those of
include/uapi/linux/netfilter.h NF_INET_*; for bridged packets net/bridge/br_netfilter_hooks.c. PREROUTING is asked before the
route is looked up, OUTPUT after it, POSTROUTING before a packet is fragmented. On lo a packet passes OUTPUT, POSTROUTING,
PREROUTING and INPUT.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from ..errors import strerror
from ..lab.interface import ZERO_MAC, Interface
from ..lab.learned import learn_mtu
from ..lab.lookup import Decision, output
from ..lab.namespace import Namespace
from ..lab.packet import IP_HEADER, Packet
from .arp import resolve
from .engine import Net, transmit
from .filtering import walk


def send(net: Net, ns: Namespace, packet: Packet, oif: str | None = None, df: str = "fixed", any_src: bool = False) -> int:
    """Send a packet that this namespace made. Returns 0, or the errno its sender gets. The packet's source may be 0.0.0.0: then the
    kernel chooses. df "fixed": the packet's own DF; "want": DF unless it has to be fragmented here (Linux's default for ping).
    any_src: its source need not be ours."""
    packet, decision = _decide(net, ns, packet, oif, any_src)
    if decision.errno:
        return decision.errno
    mtu = path_mtu(net, ns, decision)
    if decision.kind != "local":
        if df == "want" and (packet.length > mtu or mtu_locked(decision) or ns.sysctls.number("net.ipv4.ip_no_pmtu_disc")):
            packet = packet.with_ip(df=False)
        if packet.length > mtu and packet.ip.df:
            net.drop_in_stack(ns, ns.find(decision.dev), f"{packet.length} bytes with DF do not fit the MTU {mtu}", packet)
            return errno.EMSGSIZE
    routes = [decision]

    def reroute(changed: Packet) -> Packet | None:
        """Where a filter changed what it is looked up by, it is looked up again (kernel: ip_route_me_harder)."""
        changed, again = _decide(net, ns, changed, oif, any_src)
        routes.append(again)
        return None if again.errno else changed

    packet = hook(net, ns, "OUTPUT", packet, oif=decision.dev, reroute=reroute)
    if packet is None:
        return errno.EPERM
    return finish(net, ns, routes[-1], packet, path_mtu(net, ns, routes[-1]) if len(routes) > 1 else mtu)


def _decide(net: Net, ns: Namespace, packet: Packet, oif: str | None, any_src: bool = False) -> tuple[Packet, Decision]:
    """Look the way up, and tell; the packet gets the source address that goes with it."""
    src = packet.src if int(packet.src) else None
    decision = output(net.lab, ns, packet.dst, src=None if any_src else src, oif=oif, tos=packet.ip.tos, mark=packet.mark)
    packet = packet.with_ip(src=src or decision.src or packet.src, dst=decision.dst)
    say_route(net, ns, packet, decision, sends=True)
    if decision.errno:
        net.drop_in_stack(ns, None, f"the sender is told: {strerror(decision.errno)}", packet)
    return packet, decision


def finish(net: Net, ns: Namespace, decision: Decision, packet: Packet, mtu: int) -> int:
    """The end of every way out: POSTROUTING, fragments, the neighbour, the interface. Returns the errno of the first piece that the
    interface refuses, or 0. Between two pieces of a program's own packet the receive queues run, so ARP may be answered before the
    second."""
    packet = hook(net, ns, "POSTROUTING", packet, oif=decision.dev, next_hop=decision.next_hop)
    if packet is None:
        return errno.EPERM
    if packet.came_in:
        packet = replace(packet, came_in="")
    device, sending = ns.find(decision.dev), net.sending
    if decision.kind == "local":  # what is for one of our own addresses goes through lo, and needs it up
        if device.up:
            return transmit(net, ns, device, packet.framed(ZERO_MAC, ZERO_MAC))
        device.count("tx_dropped")
        net.drop(ns, device, "lo is down: a namespace cannot even reach its own addresses", packet)
        return 0
    for piece in cut(net, ns, device, packet, min(mtu, packet.largest or mtu)):
        if packet.dst.is_multicast:  # RFC 1112
            group = (int(packet.dst) & 0x7FFFFF).to_bytes(3, "big").hex(":")
            code = transmit(net, ns, device, piece.framed(device.mac, f"01:00:5e:{group}"))
        else:
            code = resolve(net, ns, device, decision.next_hop, piece)
        if code:
            return code
        if sending:
            net.sending = False  # what is forwarded meanwhile waits in queues, however many hops there are
            net.run(net.now, lambda: False)
            net.sending = True
    return 0


def path_mtu(net: Net, ns: Namespace, decision: Decision) -> int:
    """The largest packet this way takes: what a router told us, else the route's mtu, else the interface's."""
    if decision.learned is not None and decision.learned.path_mtu is not None:
        return decision.learned.path_mtu
    return route_mtu(ns, decision)


def route_mtu(ns: Namespace, decision: Decision) -> int:
    """Without what was learned."""
    return (decision.route.mtu if decision.route is not None else None) or ns.find(decision.dev).mtu


def mtu_locked(decision: Decision) -> bool:
    """`mtu lock` in the route, or a router that asked for less than min_pmtu: larger packets are fragmented (ip_mtu_locked)."""
    if decision.learned is not None and decision.learned.path_mtu is not None and decision.learned.locked:
        return True
    return decision.route is not None and any(name == "mtu" and value.startswith("lock") for name, value in decision.route.metrics)


def learn_path_mtu(net: Net, ns: Namespace, packet: Packet, decision: Decision, mtu: int, router: IPv4Address | None) -> None:
    """Remember what a router, or a tunnel here, said about a packet's way (kernel: __ip_rt_update_pmtu). What is known is not
    refreshed all the time."""
    if decision.errno or decision.leg is None or mtu_locked(decision):
        return
    before, known = path_mtu(net, ns, decision), decision.learned
    least, lasts = (ns.sysctls.number(f"net.ipv4.route.{key}") for key in ("min_pmtu", "mtu_expires"))
    locked = mtu < least
    believed = min(before, least) if locked else mtu
    fresh = known is not None and known.path_mtu == believed and not locked and net.now < known.expires - lasts / 2
    if mtu <= before and not fresh:
        learn_mtu(ns, decision, believed, locked, router, net.now)
        net.step(ns, None, "learn", f"will send at most {believed} bytes at once to {packet.dst} from now on", packet)


def say_route(net: Net, ns: Namespace, packet: Packet, decision: Decision, sends: bool = False) -> None:
    """The sentence about a lookup, with the candidates that lost, and what routers told; a path MTU matters to the one who sends."""
    considered, learned = decision.lookup.considered if decision.lookup is not None else (), decision.learned
    lost = tuple(f"{c.route}: {c.why}" for c in considered if not c.won) if decision.kind != "local" else ()
    won = next((c.why for c in considered if c.won), "")
    words = _route_words(decision, won)
    if learned is not None and learned.gateway is not None:
        words += f"; goes by the redirect learned from {learned.teacher}: next hop {learned.gateway}"
    if learned is not None and learned.path_mtu is not None and (sends or learned.locked):
        words += f"; learned from {learned.measurer or 'the tunnel'}: at most {learned.path_mtu} bytes"
    net.step(ns, None, "route", words, packet, decision, lost, why=won)


def _route_words(decision: Decision, won: str) -> str:
    """For example `10.20.92.11: 10.20.0.0/16 dev flannel0 …, longest prefix (/16) (table main)`."""
    if decision.route is None:
        if decision.kind == "none":
            return f"{decision.dst}: {'no route matches' if decision.errno == errno.ENETUNREACH else strerror(decision.errno)}"
        return f"{decision.dst}: {'one of our own addresses' if decision.kind == 'local' else f'on-link at {decision.dev}'}"
    if decision.kind == "local":
        return f"{decision.dst} is one of our own addresses (table local is asked before main)"
    table = decision.asked[-1].rule.table
    name = {254: "main", 255: "local", 253: "default"}.get(table, str(table))
    return f"{decision.dst} takes `{decision.route}`: {won} (table {name})"


def cut(net: Net, ns: Namespace, device: Interface, packet: Packet, mtu: int) -> list[Packet]:
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
    why = f"do not fit the MTU {mtu}" if mtu != packet.largest else f"came in fragments of at most {mtu}, and go on so"
    net.step(ns, device, "fragment", f"{packet.length} bytes {why}: fragmented into {sizes} bytes", packet)
    return pieces


def gather(net: Net, ns: Namespace, dev: str | None, piece: Packet) -> Packet | None:
    """The whole packet once its last missing piece is here; None before. `dev` is where the pieces are told of."""
    device = ns.find(dev) if dev is not None else None
    key = (ns.name, piece.src, piece.dst, piece.whole.token, piece.whole.transport)
    pieces = net.lab.fragments.setdefault(key, [])
    pieces.append(piece)
    missing = piece.whole.length - IP_HEADER - sum({p.ip.offset: p.size for p in pieces}.values())
    if missing > 0:
        net.step(ns, device, "fragment", f"waits for {missing} more bytes of this packet", piece)
        return None
    del net.lab.fragments[key]
    first = min(pieces, key=lambda p: p.ip.offset)
    net.step(ns, device, "fragment", f"{len(pieces)} fragments put together", piece)
    ip = replace(piece.whole.ip, ttl=first.ttl, src=piece.src, dst=piece.dst)
    largest = max(p.length for p in pieces)
    # Of what the sender's own kernel knew of it nothing has come along: its mark, its connection.
    return replace(piece.whole, eth=first.eth, group=first.group, ip=ip, largest=largest, tracked=None, mark=first.mark,
                   came_in=first.came_in)  # fmt: skip


def hook(net: Net, ns: Namespace, place: str, packet: Packet, *, iif: str | None = None, oif: str | None = None, **way) -> Packet | None:
    """The packet as the namespace's filter leaves it, or None where it goes no further. `place` is PREROUTING, INPUT, FORWARD,
    OUTPUT or POSTROUTING; `iif` and `oif` name the interfaces known by then, `way` is the rest of a Walk. Where connections are tracked
    fragments are put together first (kernel: nf_defrag_ipv4, at PREROUTING and OUTPUT)."""
    netfilter = ns.netfilter
    if netfilter is None:
        return packet
    if netfilter.tracks and packet.is_fragment and place in ("PREROUTING", "OUTPUT"):
        packet = gather(net, ns, iif or oif, packet)
        if packet is None:
            return None
    return walk(net, ns, place, packet, iif, oif, **way)
