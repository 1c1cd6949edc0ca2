"""A program of the lab at work: it reads a real TUN and sends real UDP, and the other way round.

What to do with a packet is decided by the very object that the prediction asks (flannel's proxy, say); this file only
turns bytes into the headers it looks at, and its actions into bytes.
"""

import fcntl
import os
import pickle
import socket
import struct
import sys
from ipaddress import IPv4Address

from . import system
from .probes import checksum
from .taps import Loop

TUNSETIFF, TUNSETPERSIST, TUNSETIFINDEX = 0x400454CA, 0x400454CB, 0x400454DA
IFF_TUN, IFF_TAP, IFF_NO_PI = 1, 2, 0x1000


def make_tun(number: int, name: str, index: int, mode: str, pi: bool) -> int:
    """A TUN or TAP interface, held open: it has carrier as long as its file descriptor is."""
    system.enter(number)
    try:
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(fd, TUNSETIFINDEX, struct.pack("=I", index))
        flags = (IFF_TUN if mode == "tun" else IFF_TAP) | (0 if pi else IFF_NO_PI)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        return fd
    finally:
        system.enter(0)


def keep_without_program(fd: int) -> None:
    """Make an interface last although nobody holds it open (`ip tuntap add`)."""
    fcntl.ioctl(fd, TUNSETPERSIST, 1)
    os.close(fd)


class Relay:
    """One program, with the TUN it reads and its UDP socket."""

    def __init__(self, number: int, program: bytes, package: str, tun: int, loop: Loop):
        if package not in sys.path:
            sys.path.append(package)  # where `labkit` is: the program is an object of it
        self.program = pickle.loads(program)
        self.tun = tun
        system.enter(number)
        try:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind((str(self.program.address or "0.0.0.0"), self.program.port))
        finally:
            system.enter(0)
        self.socket.setblocking(False)
        loop.add(self.tun, self.read_tun)
        loop.add(self.socket.fileno(), self.read_socket)

    def read_tun(self) -> None:
        try:
            data = os.read(self.tun, 1 << 16)
        except BlockingIOError:
            return
        if data[0] >> 4 == 4:
            packet = _headers(data)
            self._act(packet, data, self.program.from_tun(packet))

    def read_socket(self) -> None:
        from labkit.lab.packet import IPv4, Packet, Udp

        try:
            data, (peer, port) = self.socket.recvfrom(1 << 16)
        except BlockingIOError:
            return
        if len(data) < 20:
            return
        outer = Packet(
            ip=IPv4(IPv4Address(peer), self.program.address), transport=Udp(port, self.program.port), inner=_headers(data)
        )
        self._act(outer.inner, data, self.program.from_socket(outer))

    def _act(self, packet, data: bytes, actions: list) -> None:
        """Do what the program asks for; what it drops, it just does not ask for."""
        for action in actions:
            made = getattr(action, "packet", None)
            if made is None:
                continue
            out = _with_ttl(data, made.ttl) if made.transport is packet.transport else _encoded(made)
            try:
                if hasattr(action, "peer"):
                    self.socket.sendto(out, (str(action.peer), action.port))
                else:
                    os.write(self.tun, out)
            except OSError:  # no route to the peer, the TUN is down: the packet is lost, the program goes on
                pass


def _headers(data: bytes):
    """What a program looks at: addresses, TTL, fragment offset, and whether it is ICMP."""
    from labkit.lab.packet import Icmp, IPv4, Packet, Udp

    head = (data[0] & 15) * 4
    length, fragment = struct.unpack_from(">H2xH", data, 2)
    src, dst = IPv4Address(data[12:16]), IPv4Address(data[16:20])
    ip = IPv4(
        src, dst, data[8], df=bool(fragment & 0x4000), tos=data[1], offset=(fragment & 0x1FFF) * 8, more=bool(fragment & 0x2000)
    )
    first, second = struct.unpack_from(">HH", data.ljust(head + 4, b"\0"), head)
    transport = Icmp(first >> 8, first & 255) if data[9] == socket.IPPROTO_ICMP else Udp(first, second)
    return Packet(ip=ip, transport=transport, size=max(0, length - head - 8))


def _with_ttl(data: bytes, ttl: int) -> bytes:
    """The same packet with another TTL, and a header checksum to fit."""
    head = (data[0] & 15) * 4
    fresh = data[:8] + bytes([ttl]) + data[9:10] + b"\0\0" + data[12:head]
    return fresh[:10] + struct.pack(">H", checksum(fresh)) + fresh[12:] + data[head:]


def _encoded(packet) -> bytes:
    from labkit.trace.wire import encode

    return encode(packet)
