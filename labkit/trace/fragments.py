"""Packets cut into pieces that an MTU takes, and put together again.

kernel: net/ipv4/ip_output.c ip_do_fragment, ip_fragment.c ip_defrag.
"""

from dataclasses import replace

from ..lab.interface import Interface
from ..lab.namespace import Namespace
from ..lab.packet import IP_HEADER, Packet
from .engine import Net


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
    net.step(ns, device, "fragment", f"{packet.length} bytes do not fit the MTU {mtu}: fragmented into {sizes} bytes", packet)
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
    return replace(piece.whole, eth=first.eth, group=first.group, ip=replace(piece.whole.ip, ttl=first.ttl, src=piece.src, dst=piece.dst))
