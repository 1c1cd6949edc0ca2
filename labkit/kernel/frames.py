"""Bytes from the wire into the lab's `Packet`, headers read with scapy, inner packets too.

Which UDP payload is a packet again, the port tells: the lab's vxlan interfaces and its programs.
"""

import logging
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address
from types import SimpleNamespace

from ..lab.lab import Lab
from ..lab.packet import REDIRECT, UNREACHABLE, Arp, Ethernet, Icmp, IPv4, Packet, Tcp, Udp

#: Hardware types (linux/if_arp.h) of interfaces whose frames start with the IP header.
_NO_LINK_HEADER = (65534,)
_ARP, _IPV4 = 0x0806, 0x0800
_ZERO_MAC = "00:00:00:00:00:00"


@cache
def _scapy() -> SimpleNamespace:
    """Loaded when first used: it takes scapy a third of a second."""
    logging.getLogger("scapy").setLevel(logging.ERROR)  # it remarks on the machine's own network
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.l2 import ARP, Ether
    from scapy.layers.vxlan import VXLAN

    return SimpleNamespace(ICMP=ICMP, IP=IP, TCP=TCP, UDP=UDP, ARP=ARP, Ether=Ether, VXLAN=VXLAN)


@dataclass(frozen=True, slots=True)
class Tunnels:
    """UDP ports that carry packets: frames (vxlan), or packets without a link header (a program's)."""

    vxlan: frozenset[int]
    bare: frozenset[int]

    @classmethod
    def of(cls, lab: Lab) -> "Tunnels":
        return cls(
            frozenset(i.vxlan.port for i in lab.interfaces.values() if i.vxlan is not None),
            frozenset(program.port for ns in lab.namespaces.values() for program in ns.programs.values()),
        )


def read_frame(data: bytes, hardware: int, tunnels: Tunnels, token: str) -> Packet | None:
    """A frame as a tap shows it; None for what is neither ARP nor IPv4."""
    if hardware in _NO_LINK_HEADER:
        return read_packet(data, tunnels, token)
    frame = _scapy().Ether(data[:14])
    eth = Ethernet(frame.src, frame.dst)
    if frame.type == _ARP:
        return Packet(eth=eth, arp=_arp(data[14:]), token=token)
    if frame.type != _IPV4:
        return None
    packet = read_packet(data[14:], tunnels, token)
    return Packet(packet.ip, packet.transport, eth, None, packet.inner, packet.size, token, packet.vni)


def read_packet(data: bytes, tunnels: Tunnels, token: str) -> Packet:
    """A packet from its IP header on; one that is quoted in an error may be cut short."""
    head = _scapy().IP(data[:20])
    ip = IPv4(
        IPv4Address(head.src),
        IPv4Address(head.dst),
        head.ttl,
        bool(head.flags.DF),
        head.tos,
        head.frag * 8,
        bool(head.flags.MF),
    )
    body = data[head.ihl * 4 :]
    length = head.len - head.ihl * 4
    if ip.offset or ip.more:
        transport = _transport(head.proto, body if not ip.offset else b"", tunnels, token)
        return Packet(ip, transport, size=length, token=token)
    transport = _transport(head.proto, body, tunnels, token)
    if isinstance(transport, Udp):
        inner, vni = _inner(transport, body[8:], tunnels, token)
        if inner is not None:
            return Packet(ip, transport, inner=inner, token=token, vni=vni)
    return Packet(ip, transport, size=_payload(transport, length), token=token)


def _arp(data: bytes) -> Arp:
    arp = _scapy().ARP(data)
    op = "request" if arp.op == 1 else "reply"
    target = None if arp.hwdst == _ZERO_MAC else arp.hwdst
    return Arp(op, arp.hwsrc, IPv4Address(arp.psrc), target, IPv4Address(arp.pdst))


def _transport(protocol: int, body: bytes, tunnels: Tunnels, token: str) -> Icmp | Udp | Tcp:
    scapy = _scapy()
    if protocol == 6:
        tcp = scapy.TCP(body[:20].ljust(20, b"\0"))
        return Tcp(tcp.sport, tcp.dport, str(tcp.flags).replace("A", "."))
    if protocol == 17:
        udp = scapy.UDP(body[:8].ljust(8, b"\0"))
        return Udp(udp.sport, udp.dport)
    icmp = scapy.ICMP(body[:8].ljust(8, b"\0"))
    made = Icmp(icmp.type, icmp.code, getattr(icmp, "id", None) or 0, getattr(icmp, "seq", None) or 0)
    if not made.is_error or len(body) < 28:
        return made
    mtu = icmp.nexthopmtu if (icmp.type, icmp.code) == (UNREACHABLE, 4) else None
    gateway = IPv4Address(icmp.gw) if icmp.type == REDIRECT else None
    return Icmp(icmp.type, icmp.code, mtu=mtu, gateway=gateway, quoted=read_packet(body[8:], tunnels, token))


def _inner(udp: Udp, payload: bytes, tunnels: Tunnels, token: str) -> tuple[Packet | None, int | None]:
    if udp.dport in tunnels.vxlan and len(payload) >= 8 + 14:
        return read_frame(payload[8:], 1, tunnels, token), _scapy().VXLAN(payload[:8]).vni
    if udp.dport in tunnels.bare and len(payload) >= 20 and payload[0] >> 4 == 4:
        return read_packet(payload, tunnels, token), None
    return None, None


def _payload(transport: Icmp | Udp | Tcp, length: int) -> int:
    """Payload bytes behind a header of 8; the lab's TCP segments carry none."""
    return 0 if isinstance(transport, Tcp) or getattr(transport, "quoted", None) is not None else max(0, length - 8)
