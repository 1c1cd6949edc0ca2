"""A Trace: what a probe did, hop by hop, and how it ended.

`print(trace)` is the explanation; `.steps`, `.sightings` and `.verdict` are the same as values.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..lab.packet import Packet
from .steps import KINDS, Reply, Sighting, Step, Verdict
from .verdicts import verdict

if TYPE_CHECKING:
    from .session import Request, Session


class Told(tuple):
    """Sentences; `print` shows each on a line of its own."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))


@dataclass(frozen=True, slots=True)
class Trace:
    """`delivered`: the request reached the destination; `answered`: its answer came back.

    `sent` packets; `replies` in the order they came; `start` is the lab's clock when it began.
    `observed` is true for what a real kernel showed. `port` is the source port of UDP and TCP probes.
    """

    title: str
    source: str
    destination: IPv4Address
    proto: str
    steps: tuple[Step, ...]
    replies: tuple[Reply, ...]
    delivered: bool
    verdict: Verdict
    sent: int = 1
    start: float = 0.0
    token: str = ""
    observed: bool = False
    port: int = 0

    @classmethod
    def of(cls, session: "Session", request: "Request", sent: int) -> "Trace":
        """The trace of a probe that has ended."""
        steps, replies = tuple(session.net.steps), tuple(session.replies)
        delivered = bool(session.arrivals)
        ending = verdict(steps, replies, delivered, request.source, session.arrivals)
        return cls(
            str(request), request.source, request.dst, request.proto, steps, replies, delivered, ending,
            sent, session.start, session.token, port=session.port,
        )

    @property
    def answered(self) -> bool:
        return any(reply.kind == "reply" for reply in self.replies)

    @property
    def reply_ttl(self) -> int | None:
        """What ping would print as ttl=, or None when no answer came back."""
        return next((reply.ttl for reply in self.replies if reply.kind == "reply"), None)

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """What tcpdump would show, in order, on every interface of every namespace."""
        return tuple(step.sighting for step in self.steps if step.sighting is not None)

    def seen(self, namespace: str, interface: str, direction: str | None = None, arp: bool = False) -> tuple[Packet, ...]:
        """The packets that tcpdump on that interface shows, "in", "out" or (None) both; ARP only when asked for."""
        return tuple(
            step.packet for step in self.steps
            if step.kind in ((direction,) if direction else ("in", "out")) and (step.namespace, step.interface) == (namespace, interface)
            and (arp or step.packet.arp is None)
        )  # fmt: skip

    def told(self, on: str | None = None, kinds: str = "", aside: bool = False) -> Told:
        """The sentences of one namespace (None: of all) and of some kinds of step, as "route forward" (see `steps`)."""
        wanted = kinds.split()
        unknown = [kind for kind in wanted if kind not in KINDS]
        if unknown:
            raise BadInput(f"there is no kind of step {unknown[0]!r}; there are: {' '.join(KINDS)}")
        return Told(
            str(step) for step in self.steps
            if on in (None, step.namespace) and (not wanted or step.kind in wanted) and (aside or not step.aside)
        )  # fmt: skip

    def diff(self, other: "Trace"):
        """Hold this trace against another one, hop by hop: a Diff."""
        from .diff import diff

        return diff(self, other)

    def to_pcap(self, path) -> None:
        """Write what was seen as a file that Wireshark opens."""
        from .pcap import write

        write(self, path)

    def __str__(self) -> str:
        from .text import trace_text

        return trace_text(self)
