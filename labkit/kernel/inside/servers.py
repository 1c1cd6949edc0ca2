"""The lab's servers at work: an open port, and what the program behind it says to whom it sees there.

`says` is that of the lab's Listener, with {client} and {port} for the other end of the real socket. Over TCP it is the answer to an HTTP
request; a proxy (`to`) opens a connection of its own and hands on what comes from either side. A datagram is answered from the address it
was sent to: with what the program says, and where that is nothing, or a probe asks, with the same bytes. `nc` is silent.
"""

import socket
import struct

from . import system
from .taps import Loop

IP_PKTINFO = 8
#: Seconds that a proxy waits for who is behind it, always on the same machine.
_PATIENCE = 1.0


class Server:
    """One listener. `marks`: byte strings of which every packet of the probe that is under way contains one."""

    def __init__(self, number: int, listener: dict, marks: list[bytes], loop: Loop):
        self.number, self.marks, self.loop = number, marks, loop
        self.says, self.to = listener["says"], listener["to"]
        self.socket = _made(number, listener["proto"])
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((listener["address"], listener["port"]))
        self.socket.setblocking(False)
        if listener["proto"] == "tcp":
            self.socket.listen(16)
        else:
            self.socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        if not listener["silent"]:
            loop.add(self.socket.fileno(), self._accept if listener["proto"] == "tcp" else self._answer)

    def _said(self, client: str, port: int) -> bytes:
        return self.says.replace("{client}", client).replace("{port}", str(port)).encode()

    def _accept(self) -> None:
        try:
            client, peer = self.socket.accept()
        except OSError:  # it has gone already
            return
        if self.to is None:
            Visit(client, self._said(*peer), self.loop)
        else:
            Relayed(client, self.number, self.to, self.loop)

    def _answer(self) -> None:
        try:
            data, control, _, peer = self.socket.recvmsg(1 << 16, 64)
            reached = next(body for level, kind, body in control if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO))
            source = struct.pack("=i4s4s", 0, reached[4:8], b"\0" * 4)
            same = not self.says or any(mark in data for mark in self.marks)
            said = data if same else self._said(*peer)
            self.socket.sendmsg([said], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, peer)
        except OSError:  # the answer cannot be sent: the one who asked hears nothing
            pass


class Visit:
    """A connection on which one HTTP request is answered."""

    def __init__(self, client: socket.socket, says: bytes, loop: Loop):
        self.client, self.loop, self.heard = client, loop, b""
        self.says = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(says), says)
        client.setblocking(False)
        loop.add(client.fileno(), self._read)

    def _read(self) -> None:
        try:
            data = self.client.recv(1 << 16)
            self.heard += data
            if data and b"\r\n\r\n" in self.heard and self.says:
                self.client.sendall(self.says)
                self.client.shutdown(socket.SHUT_WR)
                self.says = b""
        except OSError:  # the visitor is gone
            data = b""
        if not data:
            _end(self.loop, self.client)


class Relayed:
    """Two connections, each of which gets what comes from the other; they end together. The second is opened when the client has said
    something: who hangs up on what is unread resets the connection, and curl says the same every time."""

    def __init__(self, client: socket.socket, number: int, to: tuple[str, int], loop: Loop):
        self.both, self.to, self.loop = (client, _made(number, "tcp")), to, loop
        for sock in self.both:
            sock.settimeout(_PATIENCE)
        loop.add(client.fileno(), self._open)

    def _open(self) -> None:
        client, there = self.both
        self.loop.remove(client.fileno())
        try:
            there.connect(self.to)
        except OSError:  # nobody is there
            client.close(), there.close()
            return
        for one, other in (self.both, self.both[::-1]):
            self.loop.add(one.fileno(), lambda one=one, other=other: self._hand_on(one, other))

    def _hand_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            data = one.recv(1 << 16)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            _end(self.loop, *self.both)


def _made(number: int, proto: str) -> socket.socket:
    system.enter(number)
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM)
    finally:
        system.enter(0)


def _end(loop: Loop, *sockets: socket.socket) -> None:
    for sock in sockets:
        loop.remove(sock.fileno())
        sock.close()
