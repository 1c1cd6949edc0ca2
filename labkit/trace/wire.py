"""Packets as bytes on the wire, and a trace as a capture file that Wireshark and tcpdump open.

What the model does not have is filled with the usual: IP id 0 (of fragments, a number made from the whole), the payload
is the token over and over, a SYN carries Linux's 20 bytes of options.

pcapng, one section, an interface for each tap, is used because it can name interfaces ("node1/eth0") and directions. A packet on
a TUN, which has no link header, gets an Ethernet header of zeros: many readers want one kind of link per file.
https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

import struct
from pathlib import Path
from zlib import crc32

from ..errors import LabError
from ..lab.interface import ZERO_MAC
from ..lab.packet import REDIRECT, Arp, Icmp, Packet, Tcp, Udp

_ETHERTYPE_IPV4, _ETHERTYPE_ARP = 0x0800, 0x0806
_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
_TCP_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, ".": 16}
#: MSS 1460, selective acknowledgements, time stamps, no operation, window scale 7.
_SYN_OPTIONS = bytes.fromhex("020405b4 0402 080a0000000100000000 01 030307")
_VXLAN_VALID = 0x08
#: How much of a packet an ICMP error quotes: 576 bytes in all (kernel: net/ipv4/icmp.c).
_QUOTED = 576 - 20 - 8


def encode(packet: Packet) -> bytes:
    """The frame, or on an interface without a link header the packet."""
    body = _arp(packet.arp) if packet.arp else _ip(packet)
    if packet.eth is None:
        return body
    kind = _ETHERTYPE_ARP if packet.arp else _ETHERTYPE_IPV4
    return _mac(packet.eth.dst) + _mac(packet.eth.src) + struct.pack(">H", kind) + body


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _arp(arp: Arp) -> bytes:
    head = struct.pack(">HHBBH", 1, _ETHERTYPE_IPV4, 6, 4, 1 if arp.op == "request" else 2)
    target = _mac(arp.target_mac) if arp.target_mac else bytes(6)
    return head + _mac(arp.sender_mac) + arp.sender_ip.packed + target + arp.target_ip.packed


def _ip(packet: Packet) -> bytes:
    """The IP header and what it carries; of a fragment its part of the whole."""
    ip = packet.ip
    body, number = _transport(packet.whole if packet.is_fragment else packet), 0
    if packet.is_fragment:
        number = crc32(body) & 0xFFFF
        body = body[ip.offset : ip.offset + packet.size]
    fragment = (0x4000 if ip.df else 0) | (0x2000 if ip.more else 0) | ip.offset // 8
    head = struct.pack(">BBHHHBBH", 0x45, ip.tos, 20 + len(body), number, fragment, ip.ttl, _PROTOCOLS[packet.proto], 0)
    return _summed(head + ip.src.packed + ip.dst.packed, 10) + body


def _transport(packet: Packet) -> bytes:
    match packet.transport:
        case Icmp() as icmp if icmp.is_error:
            rest = icmp.gateway.packed if icmp.type == REDIRECT and icmp.gateway else struct.pack(">HH", 0, icmp.mtu or 0)
            body = encode(icmp.quoted)[:_QUOTED] if icmp.quoted is not None else b""
            return _summed(struct.pack(">BBH", icmp.type, icmp.code, 0) + rest + body, 2)
        case Icmp(type, code, id, seq):
            return _summed(struct.pack(">BBHHH", type, code, 0, id, seq) + _payload(packet), 2)
        case Udp(sport, dport):
            body = _payload(packet)
            head = struct.pack(">HHHH", sport, dport, 8 + len(body), 0)
            # A kernel's vxlan sends without a checksum (0); everybody else with one, where 0 is written as ffff.
            return head + body if packet.vni is not None else _summed(head + body, 6, _pseudo(packet, 8 + len(body)), zero=0xFFFF)
        case Tcp(sport, dport, flags):  # without data; sequence numbers start at 0, an answer acknowledges 1
            options = _SYN_OPTIONS if "S" in flags else b""
            bits, acknowledged = sum(_TCP_FLAGS[flag] for flag in flags), int("." in flags)
            head = struct.pack(">HHIIBBHHH", sport, dport, 0, acknowledged, (20 + len(options)) // 4 << 4, bits, 64240, 0, 0) + options
            return _summed(head, 16, _pseudo(packet, len(head)))
    raise ValueError(f"{packet}: neither ICMP, UDP nor TCP")


def _payload(packet: Packet) -> bytes:
    if packet.inner is not None:
        vxlan = struct.pack(">B3xI", _VXLAN_VALID, packet.vni << 8) if packet.vni is not None else b""
        return vxlan + encode(packet.inner)
    mark = packet.token.encode() or b"labkit"
    return (mark * (packet.size // len(mark) + 1))[: packet.size]


def _pseudo(packet: Packet, length: int) -> bytes:
    """What UDP and TCP checksums cover besides (RFC 768)."""
    return packet.src.packed + packet.dst.packed + struct.pack(">HH", _PROTOCOLS[packet.proto], length)


def _summed(data: bytes, at: int, before: bytes = b"", zero: int = 0) -> bytes:
    """The data with its checksum at that offset."""
    return data[:at] + struct.pack(">H", checksum(before + data) or zero) + data[at + 2 :]


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_ETHERNET = 1
_NAME, _RESOLUTION, _FLAGS = 2, 9, 2


def write(trace, path) -> None:
    """Write every sighting, in order, with its time since the probe began. LabError when the file cannot be written."""
    seen = [step for step in trace.steps if step.sighting is not None]
    places = list(dict.fromkeys((step.namespace, step.interface) for step in seen))
    blocks = [_block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for place in places:
        options = _option(_NAME, "/".join(place).encode()) + _option(_RESOLUTION, b"\x06") + _option(0, b"")
        blocks.append(_block(_INTERFACE, struct.pack("<HHI", _ETHERNET, 0, 0) + options))
    for step in seen:
        data = encode(step.packet if step.packet.eth else step.packet.framed(ZERO_MAC, ZERO_MAC))
        stamp = round((step.time - trace.start) * 1e6)
        number = places.index((step.namespace, step.interface))
        head = struct.pack("<IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
        options = _option(_FLAGS, struct.pack("<I", {"in": 1, "out": 2}[step.kind])) + _option(0, b"")
        blocks.append(_block(_PACKET, head + _padded(data) + options))
    try:
        Path(path).write_bytes(b"".join(blocks))
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _option(kind: int, value: bytes) -> bytes:
    return struct.pack("<HH", kind, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
