"""A Trace: what a probe did, hop by hop, and how it ended; with the values it is made of: Step, Sighting, Reply, Verdict.

`print(trace)` is the explanation: namespaces as headings, what happened there in order, the losers below a decision. The first
column is the kind of step; `<-` is a packet that came in, `->` one that went out. ARP frames and copies that a bridge floods to
others are left out there, unless the cause of the ending is among them; they are in `.steps` and `.sightings`.
"""

import errno
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ..errors import BadInput, strerror
from ..lab.lookup import Decision
from ..lab.packet import Packet, icmp_words
from ..lab.program import Accepted
from ..tables.values import Value

if TYPE_CHECKING:
    from .probe import Request, Session

#: The kinds of steps. "raised" and "heard" are the two ends of an ICMP error; "deliver" is to a program or a socket.
KINDS = (
    "send", "route", "out", "in", "arp", "bridge", "learn", "forward", "wrap", "unwrap", "fragment",
    "raised", "heard", "deliver", "drop", "storm", "filter", "nat", "choice",
)  # fmt: skip

#: How a kind is called in the text of a trace, where it is not by its name.
_LABELS = {"in": "<-", "out": "->", "raised": "icmp", "heard": "icmp"}


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
    sentence (of a sighting, where it is empty, the packet's own). `aside` marks what is not on the probe's own path: ARP, and
    copies of flooded frames. `because` is an earlier step that is the reason of this one. `at`: where in the namespace a packet was
    dropped: "" (at the interface), "stack" (IP and what is above), "switch" (of the bridge `interface`) or "program" (what holds the
    TUN `interface` open); of a `filter` or `choice` step the table and the place, such as "nat PREROUTING". A `choice` is one by chance:
    `details` are its branches."""

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
    at: str = ""

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
    """What came back for one request. kind: "reply", "error" (an ICMP error), "redirect", "refused" (TCP reset), "local" (our own
    kernel refused to send: `errno`) or "unheard" (it arrived where the socket is not bound to). `time` is in seconds since that
    request was sent."""

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


class Told(tuple):
    """Sentences or packets; `str` has each on a line of its own, also of a part such as `told[:6]`."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def __getitem__(self, at):
        found = super().__getitem__(at)
        return Told(found) if isinstance(at, slice) else found


@dataclass(frozen=True, slots=True)
class Trace:
    """`delivered`: the request reached the destination; `answered`: its answer came back. `sent` packets; `replies` in the order
    they came; `start` is the lab's clock when it began. `observed` is true for what a real kernel showed. `port` is the source port
    of UDP and TCP probes, `accepted` says which program took it."""

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
    accepted: Accepted | None = None

    @classmethod
    def of(cls, session: "Session", request: "Request", sent: int) -> "Trace":
        """The trace of a probe that has ended."""
        steps, replies, delivered = tuple(session.net.steps), tuple(session.replies), bool(session.arrivals)
        ending = verdict(steps, replies, delivered, request.source, session.arrivals)
        return cls(str(request), request.source, request.dst, request.proto, steps, replies, delivered, ending,
                   sent, session.start, session.token, port=session.port, accepted=session.accepted)

    @property
    def answered(self) -> bool:
        return any(reply.kind == "reply" for reply in self.replies)

    @property
    def reply_ttl(self) -> int | None:
        """What ping would print as ttl=, or None when no answer came back."""
        return next((reply.ttl for reply in self.replies if reply.kind == "reply"), None)

    @property
    def endpoint(self) -> IPv4Address | None:
        """Where rules led the request: the last address it was seen to go to, if that is not the one it was sent to."""
        last = next((step.packet.innermost.dst for step in reversed(self.steps) if step.leg == "request"), self.destination)
        return last if last != self.destination else None

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """What tcpdump would show, in order, on every interface of every namespace."""
        return tuple(step.sighting for step in self.steps if step.sighting is not None)

    def seen(self, namespace: str, interface: str, direction: str | None = None, arp: bool = False) -> Told:
        """The packets that tcpdump on that interface shows, "in", "out" or (None) both; ARP only when asked for."""
        ways = (direction,) if direction else ("in", "out")
        return Told(step.packet for step in self.steps if step.kind in ways and (arp or step.packet.arp is None)
                    and (step.namespace, step.interface) == (namespace, interface))

    def told(self, on: str | None = None, kinds: str = "", aside: bool = False) -> Told:
        """The sentences of one namespace (None: of all) and of some kinds of step, as "route forward" (see `steps`)."""
        wanted = kinds.split()
        unknown = [kind for kind in wanted if kind not in KINDS]
        if unknown:
            raise BadInput(f"there is no kind of step {unknown[0]!r}; there are: {' '.join(KINDS)}")
        return Told(str(step) for step in self.steps
                    if on in (None, step.namespace) and (not wanted or step.kind in wanted) and (aside or not step.aside))

    def diff(self, other: "Trace"):
        """Hold this trace against another one, hop by hop: a Diff."""
        from .diff import diff

        return diff(self, other)

    def to_pcap(self, path) -> None:
        """Write what was seen as a file that Wireshark opens."""
        from .wire import write

        write(self, path)

    def __str__(self) -> str:
        lines = [self.title]
        for place, steps in groupby(self._own_path(), key=lambda step: step.namespace):
            lines.append(place)
            for step in steps:
                where = f"{step.interface}: " if step.interface else ""
                lines.append(f"  {_LABELS.get(step.kind, step.kind):<8} {where}{step.text}")
                if step.kind == "choice":
                    lines += [f"  {'':<8} {line}" for line in step.details]
                else:
                    lines += [f"  {'':<8} not `{line.replace(': ', '`: ', 1)}" for line in step.details]
        return "\n".join([*lines, f"=> {self.verdict}"])

    def _own_path(self) -> list[Step]:
        """The steps of the probe's own path, and of a frame that is the cause of something: its way to where it was lost."""
        causes = {id(step.because) for step in self.steps if not step.aside} | {id(self.verdict.cause)}
        told: list[Step] = []
        way: list[Step] = []
        for step in self.steps:
            way = [*way, step] if way and way[-1].packet == step.packet else [step]
            if not step.aside:
                told.append(step)
            elif id(step) in causes:
                told += [earlier for earlier in way if earlier.aside]
        return told


def verdict(steps: tuple[Step, ...], replies: tuple[Reply, ...], delivered: bool, source: str, arrivals: list[str]) -> Verdict:
    """The verdict on a probe: a storm, answered, refused, an error that came back, or where it died."""
    storm = next((s for s in steps if s.kind == "storm"), None)
    if storm is not None:
        return Verdict("loop", storm.namespace, storm.why, cause=storm)
    answer = next((r for r in replies if r.kind == "reply"), None)
    if answer is not None:
        with_ttl = f" with TTL {answer.ttl}" if answer.ttl else ""
        return Verdict("answered", arrivals[-1], f"the answer came back to {source}{with_ttl}", True)
    for reply in replies:
        if reply.kind == "refused":
            if not arrivals:
                raised = next((s.namespace for s in reversed(steps) if s.kind == "raised"), source)
                return Verdict("connection refused", raised, f"a rule there refuses it in the name of {reply.sender}")
            asked = next((s.packet for s in reversed(steps) if s.kind == "deliver" and s.leg == "request" and s.packet is not None), None)
            port = f"{asked.proto.upper()} port {asked.dport}" if asked is not None else "that port"
            return Verdict("connection refused", arrivals[-1], f"{reply.sender} answered, but nobody listens at {port}")
        if reply.kind == "local" and reply.errno != errno.ENOBUFS:
            words, mtu = strerror(reply.errno), f", mtu={reply.mtu}" if reply.mtu else ""
            return Verdict(words.lower(), source, f"its own kernel refuses: {words}{mtu}")
        if reply.kind == "error":
            words = icmp_words(reply)
            kind = {(3, 13): "packet filtered", (11, 0): "ttl exceeded"}.get((reply.type, reply.code), words)
            raised_at = next((step.namespace for step in reversed(steps) if step.kind == "raised"), source)
            return Verdict(kind, raised_at, f"{reply.sender} says: {words}")
    # Nothing came back: the last drop says where and why, of the probe itself before errors about it.
    drops = [s for s in steps if s.kind == "drop" and (s.packet is None or not s.packet.arp)]
    last = min(reversed(drops), key=lambda s: (s.aside, s.packet is not None and s.packet.is_error), default=None)
    if delivered:
        lost = f"; the answer was lost at {last.namespace}: {last.why}" if last else ""
        where = last.namespace if last else arrivals[-1]
        return Verdict("answer lost", where, f"the request was delivered in {arrivals[-1]}{lost}", cause=last)
    if last is None:
        return Verdict("no answer", source, "nothing came back in time")
    return Verdict("dropped", last.namespace, last.why, cause=last)
