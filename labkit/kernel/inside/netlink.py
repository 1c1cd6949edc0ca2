"""Requests to the kernel: bytes made by pyroute2 on the other side of the pipe, sent and acknowledged here.

Many requests go in one system call; the kernel works them off in order and answers each (netlink(7)).
"""

import _socket as socket  # the part written in C: socket.py takes longer to load than all else here
import os
import struct

SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_GETLINK, RTM_GETNEIGH, NLM_F_REQUEST, NLM_F_DUMP = 18, 30, 1, 0x300
NUD_INCOMPLETE = 1
_HEADER = struct.Struct("=IHHII")
#: How many requests go at once: their answers must fit the socket's buffer.
_BATCH = 64


class Refused(Exception):
    """The kernel refuses: `index` of the request, errno, and the kernel's sentence, if any."""

    def __init__(self, index: int, code: int, extack: str):
        self.index, self.code, self.extack = index, code, extack


class Netlink:
    """A route-netlink socket of the namespace in which it is made."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.socket.setsockopt(SOL_NETLINK, option, 1)

    def do(self, requests: list[bytes]) -> None:
        """Have every request done; raises Refused for the first one that is not."""
        for start in range(0, len(requests), _BATCH):
            batch = requests[start : start + _BATCH]
            self.socket.send(b"".join(_numbered(request, start + i) for i, request in enumerate(batch)))
            self._acknowledged(start, len(batch))

    def _acknowledged(self, start: int, count: int) -> None:
        first = None
        while count:
            for kind, number, body in _messages(self.socket.recv(1 << 16)):
                if kind != NLMSG_ERROR:
                    continue
                count -= 1
                code = -struct.unpack_from("=i", body)[0]
                if code and first is None:
                    first = Refused(number, code, _sentence(body))
        if first is not None:
            raise first

    def settle(self, indexes: list[int]) -> None:
        """Have pending carrier events handled now: the kernel does so before it answers about one link."""
        for index in indexes:
            self.socket.send(_HEADER.pack(32, RTM_GETLINK, NLM_F_REQUEST, 0, 0) + struct.pack("=BxHiII", 0, 0, index, 0, 0))
            self.socket.recv(1 << 16)

    def is_asking(self) -> bool:
        """Whether any neighbour is being asked for its MAC address just now."""
        self.socket.send(_HEADER.pack(28, RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, 0, 0) + struct.pack("=B11x", socket.AF_INET))
        asking = False
        while True:
            for kind, _, body in _messages(self.socket.recv(1 << 16)):
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return asking
                asking = asking or bool(struct.unpack_from("=B3xiH", body)[2] & NUD_INCOMPLETE)


def _numbered(request: bytes, number: int) -> bytes:
    return request[:8] + struct.pack("=I", number) + request[12:]


def _messages(data: bytes):
    """(type, sequence number, body) of each message in what one recv returned."""
    at = 0
    while at + 16 <= len(data):
        length, kind, _, number, _ = _HEADER.unpack_from(data, at)
        yield kind, number, data[at + 16 : at + length]
        at += (length + 3) & ~3


def _sentence(body: bytes) -> str:
    """The kernel's sentence in a refusal (attribute NLMSGERR_ATTR_MSG), or ""."""
    at = 20  # the errno and the header of the request
    while at + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, at)
        if length < 4:
            break
        if kind & 0x3FFF == 1:
            return body[at + 4 : at + length].rstrip(b"\0").decode(errors="replace")
        at += (length + 3) & ~3
    return ""


def describe(refused: Refused) -> str:
    return refused.extack or os.strerror(refused.code)
