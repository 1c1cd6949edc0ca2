"""Packets within packets: vxlan in the kernel, and a program behind a TUN.

kernel: drivers/net/vxlan/vxlan_core.c, drivers/net/tun.c.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address
from zlib import crc32

from ..lab.bridges import by_device
from ..lab.interface import ZERO_MAC, Interface, is_group
from ..lab.learned import consult
from ..lab.links import VXLAN_OVERHEAD
from ..lab.lookup import Decision, address_type, find_route, output
from ..lab.namespace import Namespace
from ..lab.packet import UNREACHABLE, Icmp, IPv4, Packet, Udp, icmp_words
from ..lab.program import Dropped, Program, ToPeer, ToTun
from ..tables.fdb import FdbEntry
from .engine import Net, handles
from .send import learn_path_mtu, path_mtu, send

_ANY, _LOOPBACK = IPv4Address(0), IPv4Address("127.0.0.1")
#: In so many interfaces one frame may be put before a tunnel gives up (kernel: include/net/ip_tunnels.h IP_TUNNEL_RECURSION_LIMIT).
NESTED_AT_MOST = 5


@handles("vxlan_out")
def vxlan_out(net: Net, namespace: str, uid: int, packet: Packet, nesting: int) -> None:
    """A frame leaves by a vxlan interface: the FDB says in which UDP datagrams it goes, and where."""
    ns, device = net.lab[namespace], net.lab.interface(uid)
    vxlan, mac = device.vxlan, packet.eth.dst
    entries = vxlan.fdb.all(mac) or vxlan.fdb.all(ZERO_MAC)
    if not entries:
        device.count("tx_dropped")
        what = "a broadcast" if is_group(mac) else mac
        return net.drop(ns, device, f"the FDB of {device.name} has no entry for {what}: dropped without a word", packet)
    for entry in entries:
        net.nesting = nesting
        _wrap(net, ns, device, packet, entry.dst, vxlan.dev if by_device(device, entry) else None)


def _wrap(net: Net, ns: Namespace, device: Interface, packet: Packet, remote: IPv4Address, oif: str | None) -> None:
    """Send a frame in UDP. Only to the interface's own `remote` it must go by its `dev` (vxlan_fdb_parse; observed on 6.18)."""
    vxlan = device.vxlan
    if vxlan.local is not None and address_type(net.lab, ns, vxlan.local) != "local":
        _count_sent(device, packet, errno.EINVAL)
        return net.drop(ns, device, f"{vxlan.local} is no address of this namespace: nothing can be sent from it", packet)
    way = output(net.lab, ns, remote, src=vxlan.local, oif=oif)
    if way.dev == device.name:
        device.count("tx_errors")
        device.count("collisions")
        return net.drop(ns, device, f"the way to {remote} is {device.name} itself: a tunnel cannot carry itself", packet)
    if way.kind == "local":
        return _come_back(net, ns, device, packet, remote)
    if _too_big(net, ns, device, packet, way):
        return
    if net.nesting > NESTED_AT_MOST:
        device.count("tx_errors")
        return net.drop(ns, device, "too many tunnels in one another: the kernel gives up (Dead loop on virtual device)", packet)
    net.nesting += 1
    outer = Packet(
        ip=IPv4(vxlan.local or _ANY, remote, vxlan.ttl or ns.sysctls.number("net.ipv4.ip_default_ttl"), df=False),
        transport=Udp(source_port(packet), vxlan.port),
        inner=untracked(packet), size=packet.frame_length, token=packet.token, vni=vxlan.vni, leg=packet.leg, mark=packet.mark,
    )
    words = f"wrapped as VXLAN {vxlan.vni} in UDP port {vxlan.port}, {outer.length} bytes in all"
    net.step(ns, device, "wrap", f"{packet.eth.dst} is behind VTEP {remote}: {words}", outer)
    code = send(net, ns, outer, oif=oif)
    _count_sent(device, packet, code)


def _come_back(net: Net, ns: Namespace, device: Interface, packet: Packet, remote: IPv4Address) -> None:
    """A VTEP that is ourselves: the frame is not wrapped, and lo has no part in it (kernel: encap_bypass_if_local; observed on 6.18)."""
    net.step(ns, device, "unwrap", f"VTEP {remote} is ourselves: not wrapped, the frame comes in again at {device.name}", packet)
    _learn(net, device, packet, _LOOPBACK)
    device.count_packet("tx", packet.frame_length)
    device.count_packet("rx", packet.frame_length)
    net.post("receive", ns.name, device.uid, packet)


def untracked(packet: Packet) -> Packet:
    """What a tunnel carries: netfilter's notes about it stay here."""
    return packet if packet.tracked is None and not packet.came_in else replace(packet, tracked=None, came_in="")


def _learn(net: Net, device: Interface, inner: Packet, vtep: IPv4Address) -> None:
    """Behind which VTEP the sender of a frame is, unless somebody knows already."""
    if device.vxlan.learning and device.vxlan.fdb.find(inner.eth.src) is None:
        device.vxlan.fdb.add(FdbEntry(inner.eth.src, device.name, vtep, owner="self", seen=net.now))


def _too_big(net: Net, ns: Namespace, device: Interface, packet: Packet, way: Decision) -> bool:
    """A packet that fits the tunnel but not the way to the other VTEP. True when it is answered instead of sent. Whoever sends or
    routes into the tunnel remembers the smaller path MTU, and the outer packet is fragmented. Behind a bridge nobody would learn of
    it, so the tunnel answers in the destination's name (net/ipv4/ip_tunnel_core.c skb_tunnel_check_pmtu,
    iptunnel_pmtud_check_icmp)."""
    if packet.arp or way.errno or way.kind != "unicast":
        return False
    most = path_mtu(net, ns, way) - VXLAN_OVERHEAD
    if packet.length <= most:
        return False
    if not device.master:
        found = find_route(net.lab, ns, packet.dst, src=packet.src, oif=device.name, tos=packet.ip.tos)
        learn_path_mtu(net, ns, packet, consult(ns, found, net.now), most, None)
        return False
    if not packet.ip.df or packet.is_fragment or packet.is_error or most < 576:
        return False
    icmp = Icmp(UNREACHABLE, 4, mtu=most, quoted=packet.bare())
    answer = Packet(ip=IPv4(packet.dst, packet.src, df=True), transport=icmp, token=packet.token, leg="error")
    answer = answer.framed(packet.eth.dst, packet.eth.src)
    net.step(ns, device, "raised", f"sends ICMP {icmp_words(icmp)} to {packet.src}, as if from {packet.dst}", packet)
    device.count_packet("tx", answer.frame_length)
    device.count_packet("rx", answer.frame_length)
    net.post("receive", ns.name, device.uid, answer)
    return True


def _count_sent(device: Interface, packet: Packet, code: int) -> None:
    """No way to the other VTEP is an error, more exactly one of carrier; what is refused below is dropped."""
    if not code:
        return device.count_packet("tx", packet.length)
    if code != errno.ENOBUFS:
        device.count("tx_errors")
        return device.count("tx_carrier_errors")
    device.count("tx_dropped")


def source_port(packet: Packet) -> int:
    """The outer source port spreads flows: the kernel hashes the inner headers with a secret. The lab's is a checksum of the inner
    addresses, within the kernel's range of ports."""
    flow = f"{packet.eth.src}{packet.eth.dst}" if packet.arp else f"{packet.src}{packet.dst}{packet.sport}{packet.dport}"
    return 32768 + crc32(flow.encode()) % (60999 - 32768 + 1)


def vxlans_at(ns: Namespace, port: int) -> list[Interface]:
    """The vxlan interfaces that share the kernel's socket at this UDP port: those that are up."""
    return [i for i in ns.interfaces.values() if i.vxlan is not None and i.up and i.vxlan.port == port]


def vxlan_in(net: Net, ns: Namespace, interface: Interface, devices: list[Interface], packet: Packet) -> None:
    """Unwrap: the inner frame arrives at the vxlan interface of its VNI."""
    device = next((d for d in devices if d.vxlan.vni == packet.vni), None)
    if device is None:
        return net.drop(ns, interface, f"no vxlan interface here has the VNI {packet.vni}: dropped without a word", packet)
    inner = packet.inner
    if inner.eth.src == device.mac:
        return net.drop(ns, device, "the inner frame comes from our own MAC address", packet)
    words = f"VXLAN {packet.vni} from {packet.src}: the inner frame comes out at {device.name}, its TTL untouched"
    net.step(ns, device, "unwrap", words, inner)
    _learn(net, device, inner, packet.src)
    device.count_packet("rx", inner.length)
    net.post("receive", ns.name, device.uid, replace(inner, mark=packet.mark) if packet.mark != inner.mark else inner)


@handles("tun_out")
def tun_out(net: Net, namespace: str, uid: int, packet: Packet) -> None:
    """The kernel hands a packet to the program that holds the TUN open."""
    ns, device = net.lab[namespace], net.lab.interface(uid)
    program = ns.programs.get(device.tun.program)
    if program is None:
        return net.drop(ns, device, f"{device.tun.program or 'nobody'} does not read {device.name}", packet)
    device.count_packet("tx", packet.length)
    packet = replace(packet, mark=0) if packet.mark else packet  # a program reads bytes
    _act(net, ns, program, packet, program.from_tun(packet))


def program_in(net: Net, ns: Namespace, interface: Interface, program: Program, packet: Packet) -> None:
    """A datagram for the program's socket."""
    if packet.inner is None:
        return net.drop(ns, ns.find(program.tun), f"{program.name} cannot make sense of it", packet, at="program")
    net.step(ns, interface, "deliver", f"{program.name} listens at UDP port {packet.dport}", packet)
    _act(net, ns, program, packet.inner, program.from_socket(packet))


def _act(net: Net, ns: Namespace, program: Program, packet: Packet, actions: list) -> None:
    """Do what the program asks for."""
    tun = ns.find(program.tun)
    for action in actions:
        match action:
            case Dropped(why):
                net.drop(ns, tun, f"{program.name}: {why}", packet, at="program")
            case ToPeer(inner, peer, port, why):
                outer = Packet(
                    ip=IPv4(program.address or _ANY, peer, 64, df=True), transport=Udp(program.port, port),
                    inner=untracked(inner), size=inner.frame_length, token=packet.token, leg=inner.leg,
                )
                net.step(ns, tun, "wrap", f"{program.name}: {why}; {outer.length} bytes in all", outer)
                send(net, ns, outer, df="want")
            case ToTun(inner, why):
                net.step(ns, tun, "unwrap", f"{program.name}: {why}", inner)
                if tun is not None:
                    tun.count_packet("rx", inner.length)
                    net.post("receive", ns.name, tun.uid, inner)
