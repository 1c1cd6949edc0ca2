"""Probes for real: an echo request, a datagram or a SYN leaves a namespace, and every tap is read until all is quiet.

Nothing is interpreted here but what tells when to stop: enough answers, or silence while no neighbour is being asked
for its MAC address. A SYN is made by hand, because a connection would send it again and then talk on; its sequence
number is the token that finds it again behind NAT and in tunnels, as the payload is for the others.
"""

import errno
import socket
import struct
import time

from . import system
from .netlink import Netlink
from .taps import Loop, Tap

IP_MTU_DISCOVER, IP_RECVERR, ICMP_FILTER, SOL_RAW = 10, 11, 1, 255
#: What IP_MTU_DISCOVER is for "no" DF, DF if we "want" it (Linux's default), and DF "fixed".
_DISCOVER = {"no": 0, "want": 1, "fixed": 2}
_ECHO_REQUEST, _ECHO_REPLY, _UNREACHABLE, _EXCEEDED = 8, 0, 3, 11
_PROTOCOL = {"icmp": socket.IPPROTO_ICMP, "udp": socket.IPPROTO_UDP, "tcp": socket.IPPROTO_TCP}
_ETHERTYPES = (0x0800, 0x0806)

#: Seconds of silence after which nothing more comes: what is in flight crosses all wires in far less.
QUIET_ANSWERED, QUIET = 0.02, 0.15
#: Between a neighbour's failing and the error that is sent about it, nobody seems to be asking: hence a last look.
LAST_LOOK = 0.02
MOST_FRAMES = 20_000
#: The options of a SYN as Linux sends it, 20 bytes: MSS, selective acknowledgements, time stamps, window scale.
_SYN_OPTIONS = bytes.fromhex("020405b4 0402 080a 00000001 00000000 01 030307")


class Probe:
    """One probe: `wish` holds what is to be sent, as `Real.trace` was asked for it."""

    def __init__(self, wish: dict, taps: list[Tap], sockets: list[Netlink], loop: Loop):
        self.wish, self.taps, self.sockets, self.loop = wish, taps, sockets, loop
        self.frames: list[tuple] = []
        self.heard: list[tuple] = []
        self.sent: list[tuple] = []  # (sequence number, nanoseconds, errno, path MTU)
        self.answers = 0
        self.last = time.monotonic()

    def run(self) -> dict:
        """Send, watch, and return everything that was seen."""
        for tap in self.taps:
            tap.frames(), tap.heard()  # what earlier traffic left
            for fd in tap.fds:
                self.loop.add(fd, lambda tap=tap: self._read(tap))
        try:
            self._exchange()
        finally:
            for tap in self.taps:
                for fd in tap.fds:
                    self.loop.remove(fd)
        return {"frames": self.frames, "heard": self.heard, "sent": self.sent}

    def _exchange(self) -> None:
        wish = self.wish
        start = time.monotonic()
        with _sender(wish) as sender:
            for seq in range(1, wish["count"] + 1):
                self.loop.run(lambda: False, start + (seq - 1) * wish["interval"])
                self.sent.append((seq, time.time_ns(), *sender.send(seq)))
                self.answers += bool(self.sent[-1][2])
                self.last = time.monotonic()
            deadline = time.monotonic() + wish["wait"]
            while time.monotonic() < deadline:
                over = self._over()
                if not self.loop.turn(LAST_LOOK if over else 0.01) and over:
                    break

    def _over(self) -> bool:
        """True when nothing has moved for a while, and nobody waits for a neighbour's MAC address."""
        if self._since() < (QUIET_ANSWERED if self.answers >= self.wish["count"] else QUIET):
            return False
        return self.answers >= self.wish["count"] or not any(sock.is_asking() for sock in self.sockets)

    def _since(self) -> float:
        return time.monotonic() - self.last

    def _read(self, tap: Tap) -> None:
        frames = [frame for frame in tap.frames() if frame[3] in _ETHERTYPES]
        heard = tap.heard()
        if (frames or heard) and len(self.frames) < MOST_FRAMES:
            self.frames += frames
            self.heard += heard
            self.last = time.monotonic()
        if tap.number == self.wish["ns"]:
            self.answers += sum(_answers(self.wish, data) for _, _, data in heard)


def _answers(wish: dict, data: bytes) -> bool:
    """Whether what the sender's kernel accepted is an answer to this probe (or an error about it)."""
    body = data[(data[0] & 15) * 4 :]
    match data[9]:
        case socket.IPPROTO_UDP:
            return wish["proto"] == "udp" and body[2:4] == struct.pack(">H", wish["sport"])
        case socket.IPPROTO_TCP:
            return body[13] & 0x10 and body[13] & 0x06 and body[8:12] == _after(wish["token"])
        case _:
            about = _PROTOCOL[wish["proto"]] if body[0] == _ECHO_REPLY else body[8 + 9] if len(body) > 8 + 9 else 0
            mine = about == _PROTOCOL[wish["proto"]]  # or it is about a tunnel's datagram
            return mine and body[0] in (_ECHO_REPLY, _UNREACHABLE, _EXCEEDED) and any(mark in data for mark in wish["marks"])


def _after(token: bytes) -> bytes:
    """What acknowledges a SYN with this sequence number."""
    return struct.pack(">I", struct.unpack(">I", token[:4])[0] + 1 & 0xFFFFFFFF)


def _sender(wish: dict) -> "Sender":
    system.enter(wish["ns"])
    try:
        return {"icmp": Echo, "udp": Datagram, "tcp": Syn}[wish["proto"]](wish)
    finally:
        system.enter(0)


class Sender:
    """A socket in the source namespace, with the IP header fields that were asked for."""

    kind, protocol = socket.SOCK_RAW, 0
    destination_port = 0

    def __init__(self, wish: dict):
        self.wish = wish
        self.socket = self.make(self.kind, self.protocol)

    def make(self, kind: int, protocol: int, port: int = 0) -> socket.socket:
        wish = self.wish
        sock = socket.socket(socket.AF_INET, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, wish["ttl"])
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, wish["tos"])
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, _DISCOVER[wish["df"]])
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)  # as ping: or some errors would not be told (net/ipv4/raw.c)
        if wish["dev"]:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, wish["dev"].encode() + b"\0")
        self.refused = 0
        if wish["src"] or port:
            try:
                sock.bind((wish["src"] or "0.0.0.0", port))
            except OSError as error:
                self.refused = error.errno
        return sock

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *exception) -> None:
        self.socket.close()

    def send(self, seq: int) -> tuple[int, int]:
        """Send one packet: (errno of our own kernel, or 0; the path MTU, if that is the trouble)."""
        if self.refused:
            return self.refused, 0
        try:
            self.socket.sendto(self.packet(seq), (self.wish["dst"], self.destination_port))
        except OSError as error:
            return error.errno, self._learned_mtu() if error.errno == errno.EMSGSIZE else 0
        return 0, 0

    def packet(self, seq: int) -> bytes:
        raise NotImplementedError

    def _learned_mtu(self) -> int:
        """The MTU in the error queue (kernel: net/ipv4/ip_sockglue.c ip_local_error)."""
        try:
            _, control, _, _ = self.socket.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except OSError:
            return 0
        return next(
            (
                struct.unpack_from("=8xI", body)[0]
                for level, kind, body in control
                if (level, kind) == (socket.IPPROTO_IP, IP_RECVERR)
            ),
            0,
        )

    def payload(self) -> bytes:
        """The token over and over, so that every fragment carries it."""
        size, token = self.wish["size"], self.wish["token"]
        return (token * (size // len(token) + 1))[:size]


class Echo(Sender):
    """ICMP echo requests."""

    protocol = socket.IPPROTO_ICMP

    def __init__(self, wish: dict):
        super().__init__(wish)
        self.socket.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF))  # the ears do the listening

    def packet(self, seq: int) -> bytes:
        head = struct.pack(">BBHHH", _ECHO_REQUEST, 0, 0, self.wish["id"], seq)
        body = head + self.payload()
        return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


class Datagram(Sender):
    """UDP datagrams from a port of their own."""

    kind = socket.SOCK_DGRAM

    def __init__(self, wish: dict):
        self.destination_port = wish["port"]
        super().__init__(wish)

    def make(self, kind: int, protocol: int, port: int = 0) -> socket.socket:
        return super().make(kind, protocol, self.wish["sport"])

    def packet(self, seq: int) -> bytes:
        return self.payload()


class Syn(Sender):
    """The first segment of a TCP connection, made by hand."""

    protocol = socket.IPPROTO_TCP

    def packet(self, seq: int) -> bytes:
        wish = self.wish
        head = struct.pack(">HH4sIBBHHH", wish["sport"], wish["port"], wish["token"][:4], 0, 0xA0, 2, 64240, 0, 0) + _SYN_OPTIONS
        pseudo = (
            socket.inet_aton(self._source()) + socket.inet_aton(wish["dst"]) + struct.pack(">HH", socket.IPPROTO_TCP, len(head))
        )
        return head[:16] + struct.pack(">H", checksum(pseudo + head)) + head[18:]

    def _source(self) -> str:
        """The address the kernel will send from: asked by connecting a datagram socket, which sends nothing."""
        system.enter(self.wish["ns"])
        try:
            with self.make(socket.SOCK_DGRAM, 0) as sock:
                sock.connect((self.wish["dst"], self.wish["port"]))
                return sock.getsockname()[0]
        finally:
            system.enter(0)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
