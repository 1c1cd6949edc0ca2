"""Taps: what passes every interface of a namespace, and what its kernel accepts as its own.

One AF_PACKET socket per namespace sees every frame going out and coming in, stamped by the kernel when it passed.
Raw ICMP, UDP and TCP sockets beside it get a copy of what was delivered, after every check: a frame may come in
and still be dropped. All are opened before the first probe and kept (opened late, they stamp when read).
"""

import _socket as socket
import select
import struct
import time

ETH_P_ALL, SO_TIMESTAMPNS = 0x0003, 35
_STAMP = struct.Struct("=qq")


def _stamped(sock: socket.socket) -> socket.socket:
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.setblocking(False)
    return sock


class Tap:
    """The taps of the namespace in which it is made. `frames` and `heard` grow as `read` is called."""

    def __init__(self, number: int):
        self.number = number
        self.wire = _stamped(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
        self.ears = [
            _stamped(socket.socket(socket.AF_INET, socket.SOCK_RAW, kind))
            for kind in (socket.IPPROTO_ICMP, socket.IPPROTO_UDP, socket.IPPROTO_TCP)
        ]

    @property
    def fds(self) -> list[int]:
        return [sock.fileno() for sock in (self.wire, *self.ears)]

    def frames(self) -> list[tuple]:
        """New frames: (nanoseconds, namespace, interface, ethertype, packet type, hardware type, bytes)."""
        found = []
        for data, stamp, address in _waiting(self.wire):
            name, protocol, packet_type, hardware = address[:4]
            found.append((stamp, self.number, name, protocol, packet_type, hardware, data))
        return found

    def heard(self) -> list[tuple]:
        """What was delivered: (nanoseconds, namespace, bytes from the IP header on)."""
        return [(stamp, self.number, data) for ear in self.ears for data, stamp, _ in _waiting(ear)]


#: A storm (a ring of bridges) must not keep the reader for ever.
_MOST_AT_ONCE = 2000


def _waiting(sock: socket.socket):
    for _ in range(_MOST_AT_ONCE):
        try:
            data, control, _, address = sock.recvmsg(1 << 16, 64)
        except BlockingIOError:
            return
        except OSError:  # an interface went away or down; the socket itself is fine
            continue
        yield data, _time(control), address


def _time(control: list) -> int:
    for level, kind, body in control:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _STAMP.unpack(body[:16])
            return seconds * 1_000_000_000 + nanoseconds
    return 0


class Loop:
    """Calls back when a file descriptor has something to read (or its other end is gone)."""

    def __init__(self):
        self._poll = select.poll()
        self._callbacks: dict = {}

    def add(self, fd: int, callback) -> None:
        self._callbacks[fd] = callback
        self._poll.register(fd, select.POLLIN)

    def remove(self, fd: int) -> None:
        del self._callbacks[fd]
        self._poll.unregister(fd)

    def turn(self, seconds: float | None) -> bool:
        """Wait at most that long for something, deal with it, and say whether there was any."""
        ready = self._poll.poll(None if seconds is None else max(0, seconds * 1000))
        for fd, _ in ready:
            if fd in self._callbacks:
                self._callbacks[fd]()
        return bool(ready)

    def run(self, done, deadline: float) -> None:
        """Deal with what comes until `done()`, or until the monotonic clock shows `deadline`."""
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self.turn(left)
