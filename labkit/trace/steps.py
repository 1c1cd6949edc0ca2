"""The values a probe leaves behind: Step, Sighting, Reply, Verdict.

Kinds of steps: "send" (a program sends), "route" (a lookup), "local" (it is for us), "out" and "in"
(sightings), "arp", "bridge", "forward" (TTL lowered), "wrap" and "unwrap" (tunnels), "fragment",
"icmp" (an error is raised), "deliver", "drop", "learn".
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from ..lab.lookup import Decision
from ..lab.packet import Packet
from ..tables.values import Value


class Sighting(NamedTuple):
    """What tcpdump on `interface` would show: direction is "in" or "out"."""

    namespace: str
    interface: str
    direction: str
    packet: Packet

    def __str__(self) -> str:
        return f"{self.namespace} {self.interface} {self.direction}: {self.packet}"


@dataclass(frozen=True, slots=True)
class Step(Value):
    """One thing that happened. `details` are the candidates that lost, one line each.

    `aside` marks what is not on the probe's own path: ARP, and copies of flooded frames.
    """

    time: float
    namespace: str
    interface: str | None
    kind: str
    text: str
    packet: Packet | None = None
    decision: Decision | None = None
    details: tuple[str, ...] = ()
    aside: bool = False

    @property
    def sighting(self) -> Sighting | None:
        if self.kind not in ("in", "out"):
            return None
        return Sighting(self.namespace, self.interface, self.kind, self.packet)

    def __str__(self) -> str:
        where = f"{self.namespace} {self.interface}" if self.interface else self.namespace
        return "\n".join([f"{where}: {self.text}", *(f"    {line}" for line in self.details)])


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request.

    kind: "reply", "error" (an ICMP error), "redirect", "refused" (TCP reset), "local" (our own
    kernel refused to send: `errno`) or "unheard" (it arrived where the socket is not bound to).
    `time` is in seconds since that request was sent.
    """

    seq: int
    kind: str
    sender: IPv4Address | None = None
    ttl: int | None = None
    type: int | None = None
    code: int | None = None
    mtu: int | None = None
    gateway: IPv4Address | None = None
    errno: int = 0
    at: float = 0.0
    time: float = 0.0
    size: int = 0
    arrived_on: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a probe ended: `kind` in a few words, `where` (a namespace), `why` in a sentence."""

    kind: str
    where: str
    why: str
    ok: bool = False

    def __str__(self) -> str:
        return f"{self.kind} at {self.where}: {self.why}"
