"""A trace as a capture file that Wireshark and tcpdump open: pcapng, one section, an interface for each tap.

pcapng is used because it can name interfaces ("node1/eth0") and directions. A packet on a TUN, which has no link
header, gets an Ethernet header of zeros: many readers want one kind of link per file.
https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

import struct
from pathlib import Path

from ..errors import LabError
from .wire import encode

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_ETHERNET = 1
_NAME, _RESOLUTION, _FLAGS = 2, 9, 2
_DIRECTION = {"in": 1, "out": 2}
_ZERO_MAC = "00:00:00:00:00:00"


def write(trace, path) -> None:
    """Write every sighting, in order. LabError when the file cannot be written."""
    steps = [step for step in trace.steps if step.sighting is not None]
    places = list(dict.fromkeys((step.namespace, step.interface) for step in steps))
    blocks = [_block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks += [_interface(f"{namespace}/{interface}") for namespace, interface in places]
    blocks += [_packet(places.index((step.namespace, step.interface)), step, trace.start) for step in steps]
    try:
        Path(path).write_bytes(b"".join(blocks))
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None


def _interface(name: str) -> bytes:
    options = _option(_NAME, name.encode()) + _option(_RESOLUTION, b"\x06") + _option(0, b"")
    return _block(_INTERFACE, struct.pack("<HHI", _ETHERNET, 0, 0) + options)


def _packet(number: int, step, start: float) -> bytes:
    """Times are in microseconds since the probe began."""
    packet = step.packet if step.packet.eth else step.packet.framed(_ZERO_MAC, _ZERO_MAC)
    data = encode(packet)
    stamp = round((step.time - start) * 1e6)
    head = struct.pack("<IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
    options = _option(_FLAGS, struct.pack("<I", _DIRECTION[step.kind])) + _option(0, b"")
    return _block(_PACKET, head + _padded(data) + options)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _option(kind: int, value: bytes) -> bytes:
    return struct.pack("<HH", kind, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
