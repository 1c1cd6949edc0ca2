"""What runs on a machine: programs, the sockets that are open, and daemons, as systemd knows them.

The kernel hands a program that holds a TUN interface open what is routed into it, and what arrives at its UDP socket; it answers
with packets to send on, or with a reason to drop. flannel's UDP backend is the one in this course.

Control planes are daemons (flanneld, docker, etcd, kube-apiserver). They live a room further up; here is what the
lab, and `systemctl` in its shell, ask of them.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import chain
from typing import NamedTuple, Protocol
from zlib import crc32

from ..errors import KernelError, LabError
from ..tables.values import Kept, Value
from .packet import Packet


@dataclass(frozen=True, slots=True)
class ToPeer:
    """Send `packet` as the payload of a UDP datagram."""

    packet: Packet
    peer: IPv4Address
    port: int
    why: str


@dataclass(frozen=True, slots=True)
class ToTun:
    """Write `packet` into the TUN: the kernel receives it as if it came in there."""

    packet: Packet
    why: str


@dataclass(frozen=True, slots=True)
class Dropped:
    why: str


Action = ToPeer | ToTun | Dropped


class Program(Protocol):
    name: str
    tun: str
    address: IPv4Address | None
    port: int

    def from_tun(self, packet: Packet) -> list[Action]: ...

    def from_socket(self, packet: Packet) -> list[Action]: ...


class Daemon(Protocol):
    """`name` is its unit without ".service"; `description` and `command` are what the unit file says (Description=,
    ExecStart=); `log` is what it told the journal, oldest first."""

    name: str
    machine: str
    description: str
    command: str
    running: bool
    log: list[str]

    def start(self) -> None:
        """Nothing when it runs already. LabError, which is the last line of its log too, when it cannot."""

    def stop(self) -> None:
        """Nothing when it does not run."""


class Daemons(dict[tuple[str, str], Daemon]):
    """Each daemon under its name and its machine: `lab.daemons["flanneld", "k8s-node1"]`."""

    def add(self, daemon: Daemon) -> None:
        self[daemon.name, daemon.machine] = daemon

    def __missing__(self, key):
        known = ", ".join(f"{name} on {machine}" for name, machine in self) or "none"
        raise LabError(f"there is no daemon {key!r} in this lab; there are: {known}")


@dataclass(frozen=True, slots=True)
class Listener(Value):
    """A socket that waits at a port, of one address or (None) of all. `owner` is the program's name, "" the kernel. `says`: its answer to
    an HTTP request, with {client} and {port} for the address and port it sees, and `head` the lines before it, but for the date and the
    length, as far as they are known; `to`: where it opens a connection of its own for each that comes. proto "tcp6" and "udp6" are
    sockets of IPv6, which are listed and no more."""

    proto: str
    address: IPv4Address | None
    port: int
    owner: str = field(default="", compare=False)
    says: str = field(default="", compare=False)
    head: tuple[str, ...] = field(default=(), compare=False)
    to: tuple[IPv4Address, int] | None = field(default=None, compare=False)

    @property
    def pid(self) -> int:
        """The owner's process number: of the lab's own making, always the same."""
        return process_number(f"{self.owner} {self.port}" if self.owner == "docker-proxy" else self.owner)


@dataclass(slots=True, eq=False)
class Sockets(Kept):
    """The listeners of a namespace, found by port."""

    _at: dict[tuple[str, int], tuple[Listener, ...]] = field(default_factory=dict)

    def at(self, proto: str, port: int) -> tuple[Listener, ...]:
        return self._at.get((proto, port), ())

    def add(self, socket: Listener) -> None:
        self.discard(socket)
        self._at[socket.proto, socket.port] = (*self.at(socket.proto, socket.port), socket)

    def discard(self, socket: Listener) -> None:
        left = tuple(s for s in self._at.pop((socket.proto, socket.port), ()) if s != socket)
        if left:
            self._at[socket.proto, socket.port] = left

    def __iter__(self):
        return chain.from_iterable(self._at.values())

    def __contains__(self, socket: Listener) -> bool:
        return socket in self.at(socket.proto, socket.port)


class Alias(str):
    """Instead of an address: the name under which to look on (CNAME)."""

    __slots__ = ()


class Answers(list):
    """Of a server that has the zone itself (AA)."""


class Denial(Answers):
    """An answer without any: NXDOMAIN, there is no such name; SERVFAIL, the server could not find out."""

    def __init__(self, code: str = "NXDOMAIN"):
        super().__init__()
        self.code = code


#: Who answers a name server's question at a socket: its owner -> (lab, namespace, name) -> addresses, none of them when nobody knows,
#: or a Denial.
RESOLVERS: dict[str, Callable[..., list[IPv4Address]]] = {}


class Accepted(NamedTuple):
    """Where a request ended up: in a namespace, at a socket, from an address and port as the program there sees them."""

    namespace: str
    socket: Listener
    client: IPv4Address
    port: int = 0

    @property
    def said(self) -> str:
        """What the program there answers."""
        return self.socket.says.replace("{client}", str(self.client)).replace("{port}", str(self.port))


def process_number(program: str) -> int:
    return 300 + crc32(program.encode()) % 30_000


def open_sockets(ns) -> list[Listener]:
    """All of a namespace, TCP first, by port."""
    return sorted((*ns.listeners, *_udp_of_tunnels(ns)), key=lambda s: (s.proto, s.port, int(s.address or 0)))


def _udp_of_tunnels(ns) -> set[Listener]:
    programs = {Listener("udp", p.address, p.port, p.name) for p in ns.programs.values()}
    return programs | {Listener("udp", None, i.vxlan.port) for i in ns.interfaces.values() if i.vxlan is not None and i.up}


def refusal(ns, wanted: Listener) -> int:
    """Why bind(2) refuses it: an errno, or 0."""
    address = wanted.address
    if address is not None and not address.is_loopback and not ns.owns(address):
        return errno.EADDRNOTAVAIL
    tunnels = _udp_of_tunnels(ns) if wanted.proto == "udp" else ()
    taken = (*ns.listeners.at(wanted.proto, wanted.port), *(s for s in tunnels if s.port == wanted.port))
    return errno.EADDRINUSE if any(None in (address, s.address) or address == s.address for s in taken) else 0


def listen(ns, wanted: Listener) -> None:
    """Open a socket, or KernelError."""
    code = refusal(ns, wanted)
    if code:
        raise KernelError(code)
    ns.listeners.add(wanted)
