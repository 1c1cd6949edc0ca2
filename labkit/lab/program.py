"""What runs on a machine: a program that holds a TUN interface open and a UDP socket, and a daemon, as systemd knows it.

The kernel hands a program it what is routed into the TUN, and what arrives at its socket; it answers with
packets to send on, or with a reason to drop. flannel's UDP backend is the one in this course.

Control planes are daemons (flanneld, docker, etcd, kube-apiserver). They live a room further up; here is what the
lab, and `systemctl` in its shell, ask of them.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol

from ..errors import LabError
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
