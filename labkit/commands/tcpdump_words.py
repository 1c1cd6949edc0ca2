"""Packets in tcpdump's words (4.99, with -n): pure functions of what a tap saw.

Ports and TCP's numbers that a real host picks by chance are the lab's fixed ones.
"""

from ..lab.packet import IP_HEADER, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Arp, Icmp, Packet, Tcp, Udp

#: UDP ports whose payload tcpdump takes for a tunnel. 8472 is Linux's for vxlan, and OTV's by IANA.
_TUNNELS = {
    4789: "VXLAN, flags [I] (0x08), vni {0}",
    8472: "OTV, flags [I] (0x08), overlay 0, instance {0}",
}
_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}
_TCP_OPTIONS = "options [mss 1460,sackOK,TS val 1 ecr {0},nop,wscale 7]"


def packet_line(packet: Packet, link: bool) -> str:
    """What stands behind the time; `link` shows the link header (-e)."""
    if link and packet.eth is not None:
        kind = "ARP (0x0806)" if packet.arp else "IPv4 (0x0800)"
        frame = f"{packet.eth.src} > {packet.eth.dst}, ethertype {kind}, length {packet.frame_length}: "
        return frame + _what(packet) + _inside(packet, link)
    name = "ip: " if link else "ARP, " if packet.arp else "IP "
    return name + _what(packet) + _inside(packet, link)


def _what(packet: Packet) -> str:
    if packet.arp:
        return _arp(packet.arp)
    ends = f"{_end(packet.src, packet.sport)} > {_end(packet.dst, packet.dport)}"
    if packet.ip.offset:
        return f"{packet.src} > {packet.dst}: ip-proto-{_NUMBERS[packet.proto]}"
    match packet.transport:
        case Icmp() as icmp:
            return f"{ends}: ICMP {_icmp(icmp)}, length {packet.length - IP_HEADER}"
        case Udp(dport=dport) if packet.vni is not None and dport in _TUNNELS:
            return f"{ends}: {_TUNNELS[dport].format(packet.vni)}"
        case Udp():
            return f"{ends}: UDP, length {packet.length - IP_HEADER - 8}"
        case Tcp(flags=flags):
            return f"{ends}: {_tcp(flags)}"


def _inside(packet: Packet, link: bool) -> str:
    """The packet that a vxlan packet carries, on a line of its own."""
    if packet.inner is None or packet.vni is None or packet.dport not in _TUNNELS:
        return ""
    return "\n" + packet_line(packet.inner, link)


def _end(address, port: int | None) -> str:
    return f"{address}.{port}" if port is not None else str(address)


def _arp(arp: Arp) -> str:
    if arp.op == "request":
        return f"Request who-has {arp.target_ip} tell {arp.sender_ip}, length 28"
    return f"Reply {arp.sender_ip} is-at {arp.sender_mac}, length 28"


def _icmp(icmp: Icmp) -> str:
    """An echo, or an error with what it says of the packet it quotes."""
    quoted = icmp.quoted
    match icmp.type, icmp.code:
        case (0 | 8), _:
            return f"echo {'reply' if icmp.type == 0 else 'request'}, id {icmp.id}, seq {icmp.seq}"
        case (int(t), 0) if t == TIME_EXCEEDED:
            return "time exceeded in-transit"
        case (int(t), 1) if t == TIME_EXCEEDED:
            return "ip reassembly time exceeded"
        case (int(t), code) if t == REDIRECT:
            return f"redirect {quoted.dst} to {'net' if code == 0 else 'host'} {icmp.gateway}"
        case (int(t), code) if t == UNREACHABLE:
            return _unreachable(code, icmp, quoted)
    return f"type-#{icmp.type}"


def _unreachable(code: int, icmp: Icmp, quoted: Packet) -> str:
    match code:
        case 0:
            return f"net {quoted.dst} unreachable"
        case 1:
            return f"host {quoted.dst} unreachable"
        case 2:
            return f"{quoted.dst} protocol 1 unreachable"
        case 3:
            return f"{quoted.dst} {quoted.proto} port {quoted.dport} unreachable"
        case 4:
            return f"{quoted.dst} unreachable - need to frag (mtu {icmp.mtu})"
        case 13:
            return f"host {quoted.dst} unreachable - admin prohibited filter"
    return f"{quoted.dst} unreachable - #{code}"


def _tcp(flags: str) -> str:
    if "R" in flags:
        return f"Flags [{flags}], seq 0, ack 1, win 0, length 0"
    if flags == "S":
        return f"Flags [S], seq 0, win 64240, {_TCP_OPTIONS.format(0)}, length 0"
    return f"Flags [{flags}], seq 0, ack 1, win 65160, {_TCP_OPTIONS.format(1)}, length 0"

