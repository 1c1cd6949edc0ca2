"""A Trace: what a probe did, hop by hop, and how it ended.

`print(trace)` is the explanation; `.steps`, `.sightings` and `.verdict` are the same as values.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from .engine import Net
from .steps import Reply, Sighting, Step, Verdict
from .verdicts import verdict


@dataclass(frozen=True, slots=True)
class Trace:
    """`delivered`: the request reached the destination; `answered`: its answer came back.

    `sent` packets; `replies` in the order they came; `start` is the lab's clock when it began.
    `observed` is true for what a real kernel showed.
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

    @classmethod
    def of(cls, net: Net, request, start: float, sent: int) -> "Trace":
        """The trace of a probe that has ended."""
        steps, replies = tuple(net.steps), tuple(net.replies)
        delivered = bool(net.arrivals)
        ending = verdict(steps, replies, delivered, request.ns.name, net.arrivals, request.proto)
        return cls(
            str(request), request.ns.name, request.dst, request.proto, steps, replies, delivered, ending,
            sent, start, net.token,
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
