"""What a bridge does with a frame: learn, forward, flood, or hand it up.

kernel: net/bridge/br_input.c, br_forward.c, br_device.c.
"""

from dataclasses import replace

from ..lab.interface import Interface, is_group
from ..lab.lookup import find_route
from ..lab.namespace import Namespace
from ..lab.neighbors import current
from ..lab.packet import BROADCAST_MAC, Packet
from ..tables.fdb import FdbEntry
from .arp import resolve
from .engine import SLACK, Net, handles, transmit
from .send import cut, hook


def bridge_in(net: Net, ns: Namespace, port: Interface, packet: Packet) -> tuple[Packet | None, bool]:
    """A frame came in at a bridge port. What goes up to the host as well, if anything, and whether it was at PREROUTING."""
    bridge = ns.find(port.master)
    if not bridge.up:
        net.drop(ns, port, f"the bridge {bridge.name} is down", packet)
        return None, False
    filtered = _filtered(ns, packet)
    if filtered:
        meant = packet.dst
        packet = hook(net, ns, "PREROUTING", replace(packet, came_in=port.name), iif=bridge.name)
        if packet is None:
            return None, True
        if packet.dst != meant:  # for somebody else now: the host looks up for whom (br_nf_pre_routing_finish)
            packet = _readdressed(net, ns, bridge, packet)
            if packet is None:
                return None, True
    if port.port.learning:
        _learn(net, ns, bridge, port, packet)
    up, entry = bridge.promisc, _known(net, bridge, packet.eth.dst)
    if packet.eth.dst == bridge.mac or _own(entry):
        net.step(ns, bridge, "bridge", f"{packet.eth.dst} is the bridge's own MAC address: up to the host", packet)
        up = True
    else:
        up = up or is_group(packet.eth.dst)
        _onward(net, ns, bridge, entry, packet, port)
    # On the way up the kernel forgets in what pieces it came (net/ipv4/ip_input.c ip_rcv_core clears IPCB).
    return (replace(packet, largest=0) if up else None), filtered


def _readdressed(net: Net, ns: Namespace, bridge: Interface, packet: Packet) -> Packet | None:
    """A bridged packet whose destination was translated: for the host, or to be routed; or, when it goes out by this same bridge, bridged
    on to its new neighbour. For one that was confirmed lately a header is ready, and nothing leaves by the bridge's own interface, where
    tcpdump would see it (kernel: br_nf_pre_routing_finish_bridge; observed on 6.18). None when it waits, or goes no further."""
    found = find_route(net.lab, ns, packet.dst, src=packet.src, iif=bridge.name, tos=packet.ip.tos, mark=packet.mark)
    if not found.errno and found.kind == "unicast" and found.dev == bridge.name:
        if not ns.sysctls.conf(bridge.name, "forwarding"):
            net.drop(ns, bridge, f"translated to {packet.dst}, and ip_forward is 0: dropped without a word", packet, at="stack")
            return None
        neighbor = ns.neighbors.get((bridge.name, found.next_hop))
        if neighbor is not None and current(net.lab, neighbor).state == "REACHABLE":  # past the bridge's own interface
            net.step(ns, bridge, "arp", f"{found.next_hop} is {neighbor.lladdr} (neighbour table, REACHABLE)", packet)
            return packet.framed(packet.eth.src, neighbor.lladdr)
        resolve(net, ns, bridge, found.next_hop, packet)
        return None
    return packet.framed(packet.eth.src, bridge.mac)


def _filtered(ns: Namespace, packet: Packet) -> bool:
    """Whether the packet filter sees bridged packets like this one too (br_netfilter)."""
    return packet.ip is not None and bool(ns.sysctls.number("net.bridge.bridge-nf-call-iptables"))


@handles("bridge_out")
def bridge_out(net: Net, namespace: str, uid: int, packet: Packet, nesting: int) -> None:
    """The host sends a frame through its bridge."""
    net.nesting = nesting
    ns, bridge = net.lab[namespace], net.lab.interface(uid)
    entry = _known(net, bridge, packet.eth.dst)
    came_in = ns.find(packet.came_in) if packet.came_in else None  # a bridged packet, translated
    _onward(net, ns, bridge, None if _own(entry) else entry, packet, came_in)


def _learn(net: Net, ns: Namespace, bridge: Interface, port: Interface, packet: Packet) -> None:
    """Note where a frame came from. A static entry moves as well and stays static (observed on 6.18)."""
    fdb, mac = bridge.bridge.fdb, packet.eth.src
    old = fdb.find(mac)
    if old is not None and old.state == "permanent":
        return
    new = FdbEntry(mac, port.name, master=bridge.name, state=old.state if old else "", seen=net.now)
    fdb.replace(old, new)
    if old is None or old.dev != port.name:
        what = f"is behind {port.name}" if old is None else f"moved from {old.dev} to {port.name}"
        net.step(ns, bridge, "learn", f"learns that {mac} {what}", packet, aside=True)


def _known(net: Net, bridge: Interface, mac: str) -> FdbEntry | None:
    entry = None if is_group(mac) else bridge.bridge.fdb.find(mac)
    return None if entry is None or entry.expired(net.now, bridge.bridge.ageing) else entry


def _own(entry: FdbEntry | None) -> bool:
    """The MAC address of the bridge itself or of one of its ports."""
    return entry is not None and entry.state == "permanent" and entry.owner == "master"


def _onward(net: Net, ns: Namespace, bridge: Interface, entry: FdbEntry | None, packet: Packet, came_in: Interface | None) -> None:
    """Send a frame out of the port it is behind, or, where that is not known, a copy out of every other port."""
    if entry is not None:
        out = ns.find(entry.dev)
        reason = _egress_refusal(out, came_in)
        if reason:
            return net.drop(ns, bridge, f"{packet.eth.dst} is behind {out.name}, but {reason}", packet, at="switch")
        net.step(ns, bridge, "bridge", f"{packet.eth.dst} is behind {out.name}: forwarded by MAC address, TTL untouched", packet)
        return _send(net, ns, out, came_in, packet)
    group = is_group(packet.eth.dst)
    flag = "flood" if not group else "bcast_flood" if packet.eth.dst == BROADCAST_MAC else "mcast_flood"
    outs = [port for port in ns.ports(bridge.name) if getattr(port.port, flag) and not _egress_refusal(port, came_in)]
    names = ", ".join(port.name for port in outs) or "no port"
    why = "for everybody" if group else f"{packet.eth.dst} is unknown"
    net.step(ns, bridge, "bridge", f"{why}: flooded to {names}", packet)
    for port in outs:
        _send(net, ns, port, came_in, packet)


def _egress_refusal(out: Interface, came_in: Interface | None) -> str | None:
    """Why a frame does not leave by this port, or None."""
    if not (out.up and out.carrier):
        return f"{out.name} has no carrier"
    if came_in is not None and out is came_in and not out.port.hairpin:
        return f"it came in at {out.name}: a bridge does not send back where it came from (hairpin is off)"
    if came_in is not None and out.port.isolated and came_in.port.isolated:
        return f"{out.name} and {came_in.name} are isolated from each other"
    return None


def _send(net: Net, ns: Namespace, out: Interface, came_in: Interface | None, packet: Packet) -> None:
    """Send a frame out of a port; one that is too long is dropped. With bridge-nf-call-iptables a bridged IPv4 packet is treated as
    a router would, and may be fragmented, but nobody is told of one with DF (kernel: net/bridge/br_netfilter_hooks.c
    br_nf_dev_queue_xmit; observed on 6.18)."""
    filtered = came_in is not None and _filtered(ns, packet)
    if filtered:
        for place in ("FORWARD", "POSTROUTING"):
            packet = hook(net, ns, place, packet, iif=out.master, oif=out.master, out_port=out.name)
            if packet is None:
                return
    if packet.length > out.mtu + (0 if filtered else SLACK) and (not filtered or packet.ip.df):
        return net.drop(ns, out, f"{packet.length} bytes are too long for {out.name}, whose MTU is {out.mtu}", packet)
    for piece in cut(net, ns, out, packet, min(out.mtu, packet.largest or out.mtu)) if filtered else [packet]:
        transmit(net, ns, out, piece)
