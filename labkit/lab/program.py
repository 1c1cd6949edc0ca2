"""A program in user space that holds a TUN interface open and a UDP socket.

The kernel hands it what is routed into the TUN, and what arrives at its socket; it answers with
packets to send on, or with a reason to drop. flannel's UDP backend is the one in this course.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol

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
