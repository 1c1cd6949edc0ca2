"""A packet in one line, in tcpdump's words where tcpdump has some."""

from .packet import ICMP_WORDS, Icmp, Packet, Tcp, Udp

#: So many packets in one another are told.
DEEPEST = 4


def packet_words(packet: Packet, deep: int = 0) -> str:
    """For example `10.20.37.5 > 10.20.92.11: ICMP echo request, ttl 64, length 84`."""
    text = f"{_end(packet.src, packet.sport)} > {_end(packet.dst, packet.dport)}: {_what(packet)}, ttl {packet.ttl}, length {packet.length}"
    if packet.ip.offset or packet.ip.more:
        text += f", fragment at byte {packet.ip.offset}"
    if packet.inner:
        inner = packet_words(packet.inner, deep + 1) if packet.inner.arp is None else packet.inner
        text += f" [ {inner if deep < DEEPEST else '…'} ]"
    return text


def icmp_words(icmp: Icmp) -> str:
    words = ICMP_WORDS.get((icmp.type, icmp.code), f"type {icmp.type} code {icmp.code}")
    return f"{words} (mtu {icmp.mtu})" if icmp.mtu else words


def _what(packet: Packet) -> str:
    match packet.transport:
        case Icmp() as icmp:
            return f"ICMP {icmp_words(icmp)}"
        case Udp():
            return "UDP, VXLAN" if packet.vni is not None else "UDP"
        case Tcp(flags=flags):
            return f"TCP [{flags}]"
    return "IP fragment"


def _end(address, port: int | None) -> str:
    return f"{address}.{port}" if port is not None else str(address)
