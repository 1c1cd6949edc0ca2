"""What is for us: ICMP, or a socket of UDP or TCP; tunnels are UDP too.

kernel: net/ipv4/udp.c, tcp_ipv4.c, drivers/net/vxlan. A listener of the lab answers every UDP
datagram with one of the same size, and every SYN with SYN-ACK.
"""

from ipaddress import IPv4Address

from ..lab.interface import Interface
from ..lab.lookup import address_type
from ..lab.namespace import Namespace
from ..lab.packet import UNREACHABLE, Icmp, IPv4, Packet, Tcp, Udp
from .engine import Net
from .icmp import arrived, error, icmp_in, take_answer
from .ip_out import send
from .steps import Reply
from .tunnels import program_in, vxlan_in, vxlans_at


def deliver(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """Hand a whole packet to what it is for.

    A unicast route to lo brings back what is for nobody here: no answer may come from that address (kernel: __ip_dev_find).
    """
    if interface.kind == "loopback" and address_type(net.lab, ns, packet.dst) == "unicast":
        return net.drop(ns, interface, f"back from lo, and {packet.dst} is no address of ours: nothing can be answered from it", packet)
    match packet.transport:
        case Icmp():
            icmp_in(net, ns, interface, packet)
        case Udp():
            _udp_in(net, ns, interface, packet)
        case Tcp():
            _tcp_in(net, ns, interface, packet)


def _udp_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    tunnels = vxlans_at(ns, packet.dport)
    if tunnels:
        return vxlan_in(net, ns, interface, tunnels, packet)
    program = _program(ns, packet)
    if program is not None:
        return program_in(net, ns, interface, program, packet)
    if net.session is not None and net.session.hears(ns, packet):
        return take_answer(net, ns, interface, packet, Reply(1, "reply", packet.src, packet.ttl, size=packet.size))
    if listening(ns, "udp", packet.dst, packet.dport):
        arrived(net, ns, interface, packet, f"a program listens at UDP port {packet.dport}")
        return _answer(net, ns, packet, Udp(packet.dport, packet.sport))
    if address_type(net.lab, ns, packet.dst) != "local":
        return net.drop(ns, interface, f"no socket takes UDP broadcasts at port {packet.dport}", packet)
    arrived(net, ns, interface, packet, f"but nobody listens at UDP port {packet.dport}")
    if packet.group:
        return net.drop(ns, interface, "no ICMP error about what came in a frame for many hosts", packet)
    error(net, ns, packet, UNREACHABLE, 3)


def _tcp_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    tcp = packet.transport
    if address_type(net.lab, ns, packet.dst) != "local":
        return net.drop(ns, interface, f"TCP takes no notice of what is for many hosts, as {packet.dst} is", packet)
    if packet.group:
        if tcp.flags == "S":
            arrived(net, ns, interface, packet, f"a SYN for TCP port {packet.dport}")
        return net.drop(ns, interface, "TCP takes no notice of what came in a frame for many hosts", packet)
    if tcp.flags != "S":
        kind = "refused" if "R" in tcp.flags else "reply"
        return take_answer(net, ns, interface, packet, Reply(1, kind, packet.src, packet.ttl))
    if listening(ns, "tcp", packet.dst, packet.dport):
        arrived(net, ns, interface, packet, f"a program listens at TCP port {packet.dport}")
        return _answer(net, ns, packet, Tcp(packet.dport, packet.sport, "S."))
    arrived(net, ns, interface, packet, f"but nobody listens at TCP port {packet.dport}: refused")
    _answer(net, ns, packet, Tcp(packet.dport, packet.sport, "R."))


def _answer(net: Net, ns: Namespace, packet: Packet, transport: Udp | Tcp) -> None:
    own = packet.dst if address_type(net.lab, ns, packet.dst) == "local" else IPv4Address(0)
    ip = IPv4(own, packet.src, int(ns.sysctls["net.ipv4.ip_default_ttl"]), df=True)
    net.step(ns, None, "send", f"answers {packet.src}", packet)
    send(net, ns, Packet(ip=ip, transport=transport, size=packet.size, token=packet.token, leg="answer"), df="want")


def listening(ns: Namespace, proto: str, address: IPv4Address, port: int) -> bool:
    """Whether a socket is open for this address and port."""
    return any(socket.address in (None, address) for socket in ns.listeners.at(proto, port))


def _program(ns: Namespace, packet: Packet):
    for program in ns.programs.values():
        if program.port == packet.dport and program.address in (None, packet.dst):
            return program
    return None
