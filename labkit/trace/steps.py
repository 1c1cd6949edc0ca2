"""The values a probe leaves behind: Step, Sighting, Reply, Verdict."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import NamedTuple

from ..lab.lookup import Decision
from ..lab.packet import Packet
from ..tables.values import Value

#: The kinds of steps. "raised" and "heard" are the two ends of an ICMP error; "deliver" is to a program or a socket.
KINDS = (
    "send", "route", "out", "in", "arp", "bridge", "learn", "forward", "wrap", "unwrap", "fragment",
    "raised", "heard", "deliver", "drop", "storm",
)  # fmt: skip


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
    """One thing that happened. `details` are the candidates that lost, one line each; `why` is the reason alone, `said` the
    sentence (of a sighting, where it is empty, the packet's own).

    `aside` marks what is not on the probe's own path: ARP, and copies of flooded frames. `because` is an earlier step that is
    the reason of this one.
    """

    time: float
    namespace: str
    interface: str | None
    kind: str
    said: str
    packet: Packet | None = None
    decision: Decision | None = None
    details: tuple[str, ...] = ()
    aside: bool = False
    why: str = ""
    because: "Step | None" = None

    @property
    def text(self) -> str:
        """What happened, in a sentence."""
        return self.said or str(self.packet)

    @property
    def leg(self) -> str:
        """Which way the packet goes: "request", "answer", "error", or "" for ARP and for what has no packet."""
        return self.packet.leg if self.packet is not None else ""

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
    """How a probe ended: `kind` in a few words, `where` (a namespace), `why` in a sentence; `cause` is the step that says so."""

    kind: str
    where: str
    why: str
    ok: bool = False
    cause: Step | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} at {self.where}: {self.why}"
