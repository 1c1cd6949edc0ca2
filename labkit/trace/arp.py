"""ARP: asking for a MAC address, answering, remembering, and giving up after three tries.

kernel: net/ipv4/arp.c arp_solicit, arp_process; net/core/neighbour.c. A question is
repeated after 1.02 s (a kernel timer's second, observed), so failure comes after 3.06 s.
"""

from dataclasses import replace
from ipaddress import IPv4Address

from ..lab.interface import Interface
from ..lab.lookup import address_type, find_route, select_address, source_fault
from ..lab.namespace import Namespace
from ..lab.neighbors import PROBES, current
from ..lab.packet import BROADCAST_MAC, Arp, Ethernet, Packet
from ..tables.neighbor import VALID, Neighbor
from ..tables.route import ERROR_TYPES
from .engine import Net, handles, transmit
from .trace import Step

RETRANS = 1.02
#: Of several answers in a row the first counts: for a second nothing changes a MAC address.
LOCKTIME = 1.0
#: Types of routes that lead to others, or nowhere.
_ELSEWHERE = frozenset({"unicast", "throw", *ERROR_TYPES})


def resolve(net: Net, ns: Namespace, interface: Interface, next_hop: IPv4Address, packet: Packet) -> int:
    """Send a packet to a neighbour: at once when its MAC address is known, else after asking. Returns what the interface answers at
    once (0 or an errno); 0 while the packet waits."""
    if interface.noarp:
        return transmit(net, ns, interface, packet if interface.kind == "tun" else packet.framed(interface.mac, interface.mac))
    key = (interface.name, next_hop)
    entry = ns.neighbors.get(key)
    entry = current(net.lab, entry) if entry is not None else None
    if entry is not None and entry.usable:
        if entry.state == "STALE":
            entry = _remember(net, ns, replace(entry, state="DELAY"))
            net.post("neighbor_delay", ns.name, interface.name, next_hop, after=net.lab.delay_time)
        net.step(ns, interface, "arp", f"{next_hop} is {entry.lladdr} (neighbour table, {entry.state})", packet)
        return transmit(net, ns, interface, _framed(interface, packet, entry.lladdr))
    if entry is None and _needs_no_asking(net, ns, next_hop):
        return transmit(net, ns, interface, packet.framed(interface.mac, BROADCAST_MAC))
    if entry is not None and entry.state == "INCOMPLETE":
        net.lab.unresolved.setdefault((ns.name, *key), []).append(packet)
    else:
        net.lab.unresolved[(ns.name, *key)] = [packet]
        _remember(net, ns, Neighbor(next_hop, interface.name, None, "INCOMPLETE"))
        net.step(ns, interface, "arp", f"no neighbour entry for {next_hop}: ask for its MAC address", packet)
        ask(net, ns, interface, next_hop, packet)
        net.post("arp_timer", ns.name, interface.name, next_hop, 1, after=RETRANS)
    return 0


def _framed(interface: Interface, packet: Packet, mac: str) -> Packet:
    """For a neighbour's MAC address. What is bridged on keeps its sender's (kernel: br_nf_pre_routing_finish_bridge)."""
    return packet.framed(packet.eth.src if packet.came_in else interface.mac, mac)


@handles("resolved")
def resolved(net: Net, namespace: str, dev: str, target: IPv4Address, packet: Packet) -> None:
    """Somebody wrote the MAC address that a packet waited for."""
    ns = net.lab[namespace]
    resolve(net, ns, ns.find(dev), target, packet)


def ask(net: Net, ns: Namespace, interface: Interface, target: IPv4Address, about: Packet | None, to: str = BROADCAST_MAC) -> None:
    """Send an ARP request; it names the packet's source if that is ours, else the best address."""
    ours = about is not None and address_type(net.lab, ns, about.src) == "local"
    sender = about.src if ours else select_address(ns, interface, target, 253)
    _send(net, ns, interface, to, Arp("request", interface.mac, sender, None, target))


def _send(net: Net, ns: Namespace, interface: Interface, to: str, arp: Arp) -> None:
    transmit(net, ns, interface, Packet(eth=Ethernet(interface.mac, to), arp=arp, token=net.token))


@handles("arp_timer")
def arp_timer(net: Net, namespace: str, dev: str, target: IPv4Address, asked: int) -> None:
    """Nobody has answered for a second: ask again, or give up."""
    ns = net.lab.namespaces.get(namespace)
    entry = ns.neighbors.get((dev, target)) if ns is not None else None
    if entry is None or entry.state != "INCOMPLETE" or net.now < entry.since + asked * RETRANS - 1e-6:
        return  # the last: a timer of an entry that was there before
    interface = ns.find(dev)
    waiting = net.lab.unresolved.get((namespace, dev, target), [])
    if asked < PROBES:
        ask(net, ns, interface, target, waiting[0] if waiting else None)
        return net.post("arp_timer", namespace, dev, target, asked + 1, after=RETRANS)
    _remember(net, ns, replace(entry, state="FAILED"))
    net.lab.unresolved.pop((namespace, dev, target), None)
    lost = _lost(net, target) if waiting else None
    silence = f"nobody has {target}" if lost is None else f"but what was said about {target} got lost on the way"
    for packet in waiting:
        net.step(ns, interface, "arp", f"asked {PROBES} times, {silence}: the neighbour entry is FAILED", packet, because=lost)
        net.post("unresolvable", namespace, dev, packet)


def _lost(net: Net, target: IPv4Address) -> Step | None:
    """The last answer of a neighbour that was dropped, or else the last question about it."""
    lost: dict[str, Step] = {}
    for step in net.steps:
        if step.kind == "drop" and step.packet is not None:
            arp = step.packet.innermost.arp
            if arp is not None and target == (arp.sender_ip if arp.op == "reply" else arp.target_ip):
                lost[arp.op] = step
    return lost.get("reply") or lost.get("request")


@handles("neighbor_delay")
@handles("neighbor_probe")
def verify(net: Net, namespace: str, dev: str, target: IPv4Address, asked: int = 0) -> None:
    """An entry in use was not confirmed for 5 s, or asked for since: ask that neighbour itself."""
    ns = net.lab.namespaces.get(namespace)
    entry = ns.neighbors.get((dev, target)) if ns is not None else None
    if entry is None or entry.state != ("PROBE" if asked else "DELAY"):
        return
    if asked == PROBES:
        _remember(net, ns, replace(entry, state="FAILED"))
        return
    _remember(net, ns, replace(entry, state="PROBE"))
    ask(net, ns, ns.find(dev), target, None, to=entry.lladdr)
    net.post("neighbor_probe", namespace, dev, target, asked + 1, after=RETRANS)


def arp_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """An ARP packet came in: answer it if the address is ours, and remember who asked."""
    arp = packet.arp
    if int(arp.target_ip) >> 28 == 0xE or int(arp.target_ip) >> 24 == 127:  # a group's, a loopback address
        return net.drop(ns, interface, "no ARP for such an address", packet, aside=True)
    if arp.op == "request" and _answers(net, ns, interface, packet):
        return
    entry = ns.neighbors.get((interface.name, arp.sender_ip))
    if entry is None or entry.state in ("PERMANENT", "NOARP"):
        return
    if entry.state in VALID and entry.lladdr != arp.sender_mac and net.now - entry.since <= LOCKTIME:
        return
    confirmed = arp.op == "reply" and packet.eth.dst == interface.mac
    if confirmed or entry.lladdr != arp.sender_mac or entry.state not in VALID:
        _learned(net, ns, interface, entry, arp.sender_mac, "REACHABLE" if confirmed else "STALE")


def _answers(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> bool:
    """Whether this request is for us (or for one we are a proxy of); then answer."""
    arp = packet.arp
    if _is_for_others(ns, interface, arp):
        return False
    decision = find_route(net.lab, ns, arp.target_ip, src=arp.sender_ip, iif=interface.name)
    if decision.errno or decision.kind not in ("local", "unicast"):
        return False
    fault = source_fault(net.lab, ns, interface, arp.sender_ip, decision)
    if fault:
        what = "drop" if decision.kind == "local" else "arp"  # it is not the one who was asked
        net.step(ns, interface, what, f"the request is not answered: {fault}", packet, aside=True)
        return True
    if decision.kind == "local":
        if ns.sysctls.larger(interface.name, "arp_ignore") and not interface.owns(arp.target_ip):
            net.drop(ns, interface, f"arp_ignore is 1, and {arp.target_ip} is not an address of {interface.name}", packet, aside=True)
            return True
    elif decision.dev == interface.name or not (
            ns.sysctls.conf(interface.name, "forwarding") and ns.sysctls.either(interface.name, "proxy_arp")):
        return False  # proxy_arp: answer for what we route out of another interface
    _note_asker(net, ns, interface, arp)
    _send(net, ns, interface, arp.sender_mac, Arp("reply", interface.mac, arp.target_ip, arp.sender_mac, arp.sender_ip))
    return True


def _is_for_others(ns: Namespace, interface: Interface, arp: Arp) -> bool:
    """Whether this request, as most of a flood, plainly is none of our business, which needs no lookup to know. No route that
    contains its addresses could make one of them ours, we are nobody's proxy, and rp_filter has nothing to object."""
    if ns.sysctls.larger(interface.name, "rp_filter") or ns.sysctls.either(interface.name, "proxy_arp"):
        return False
    for table in ns.tables.values():
        for route in (*table.matches(arp.target_ip), *table.matches(arp.sender_ip)):
            if route.type not in _ELSEWHERE:
                return False
    return not ns.owns(arp.sender_ip)


def _note_asker(net: Net, ns: Namespace, interface: Interface, arp: Arp) -> None:
    """Who asks is worth remembering: an entry as STALE, unless it is known as it is."""
    known = ns.neighbors.get((interface.name, arp.sender_ip))
    if known is None and _needs_no_asking(net, ns, arp.sender_ip):
        return
    known = known or Neighbor(arp.sender_ip, interface.name, None, "NONE")
    if known.state not in ("PERMANENT", "NOARP") and (known.lladdr != arp.sender_mac or known.state not in VALID):
        _learned(net, ns, interface, known, arp.sender_mac, "STALE")


def _needs_no_asking(net: Net, ns: Namespace, address: IPv4Address) -> bool:
    """A broadcast address of ours has no MAC address of its own (kernel: arp_constructor)."""
    return address_type(net.lab, ns, address) == "broadcast"


def _learned(net: Net, ns: Namespace, interface: Interface, entry: Neighbor, mac: str, state: str) -> None:
    """Note a neighbour's MAC address, and send what waited for it."""
    _remember(net, ns, replace(entry, lladdr=mac, state=state))
    for packet in net.lab.unresolved.pop((ns.name, interface.name, entry.address), []):
        net.step(ns, interface, "arp", f"{entry.address} is at {mac}", packet)
        if state == "STALE":
            _remember(net, ns, replace(entry, lladdr=mac, state="DELAY"))
        transmit(net, ns, interface, _framed(interface, packet, mac))


def _remember(net: Net, ns: Namespace, entry: Neighbor) -> Neighbor:
    entry = replace(entry, since=net.now)
    ns.neighbors[entry.dev, entry.address] = entry
    return entry
