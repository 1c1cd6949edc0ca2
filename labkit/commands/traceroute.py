"""traceroute(8), Dmitry Butskoy's 2.1.2 as Debian has it: which routers answer for each TTL.

Probes are UDP to ports from 33434 up (or ICMP echo with -I), without DF. Sixteen are under way at
once; the next is sent when one of them is answered or has waited long enough.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import groupby

from ..errors import strerror
from ..lab.lookup import output
from ..trace.probe import Request, Session, stopped
from ..trace.trace import Reply
from . import hosts
from .ping_words import ROUND_TRIP
from .result import Context, Result
from .traceroute_options import HEADERS, Options, read

#: Probes under way at the same time (-N), and the first port.
TOGETHER, FIRST_PORT = 16, 33434

_MARKS = {0: "!N", 1: "!H", 2: "!P", 3: "", 5: "!S", 13: "!X", 14: "!V", 15: "!C"}


@dataclass(slots=True)
class _Probe:
    """One packet, by its place in the list of all: when it was sent, and what came back for it."""

    place: int
    hop: int
    sent_at: float = 0.0
    reply: Reply | None = None
    done: bool = False


def traceroute(ctx: Context, args: list[str]) -> Result:
    options = read(args)
    header = f"traceroute to {options.host} ({options.target}), {options.hops} hops max, {options.length} byte packets"
    code = _refusal(ctx, options)
    if code:
        return Result(1, "" if options.icmp else header, f"\nconnect: {code}\n")
    probes = _Run(ctx, options).finish()
    return Result(0, header + "\n" + _lines(probes, options), stopped(ctx.lab))


def _refusal(ctx: Context, options: Options) -> str:
    """The kernel's reason against connect(2), or ""."""
    decision = output(ctx.lab, ctx.ns, options.target)
    if decision.errno:
        return strerror(decision.errno)
    broadcast = decision.kind == "broadcast" or int(decision.dst) == 0xFFFFFFFF
    return "Permission denied" if broadcast else ""


class _Run:
    """All probes of one call, sent in order and followed on the lab's clock. `end` is behind the last one of interest."""

    def __init__(self, ctx: Context, options: Options):
        self.options, self.lab = options, ctx.lab
        self.session = Session(ctx.lab, ctx.ns, "icmp" if options.icmp else "udp", 0 if options.icmp else FIRST_PORT)
        hops = (hop for hop in range(options.first, options.hops + 1) for _ in range(options.queries))
        self.probes = [_Probe(place, hop) for place, hop in enumerate(hops)]
        self.end = len(self.probes)
        self.sent = 0
        self.under_way: list[_Probe] = []
        self.answered: list[int] = []  # places of the probes that were, in order
        self.seen = 0  # replies dealt with

    def finish(self) -> list[_Probe]:
        """Send and wait until every hop up to the last one is settled; that one's probes end the list."""
        while (self.sent < self.end or self.under_way) and not self.lab.exhausted:
            while self.sent < self.end and len(self.under_way) < TOGETHER:
                self._send_next()
            due = min(p.sent_at + self._patience(p) for p in self.under_way)
            self.session.wait(due, lambda: len(self.session.replies) > self.seen)
            self._settle()
        self.session.close()
        return [probe for probe in self.probes[: self.end] if probe.done]

    def _send_next(self) -> None:
        options, probe = self.options, self.probes[self.sent]
        self.sent += 1
        probe.sent_at = self.lab.now
        self.under_way.append(probe)
        request = Request(
            self.session.ns.name, options.target, "icmp" if options.icmp else "udp", FIRST_PORT + probe.place,
            ttl=probe.hop, size=options.length - HEADERS, df="no",
        )  # fmt: skip
        self.session.send(request, self.sent)

    def _settle(self) -> None:
        """Note the answers, give up on what has waited too long, and find the last hop: anything but "time exceeded"."""
        news, self.seen = self.session.replies[self.seen :], len(self.session.replies)
        for reply in news:
            probe = self.probes[reply.seq - 1]
            if reply.kind not in ("reply", "error") or probe.done:
                continue
            probe.reply, probe.done = reply, True
            insort(self.answered, probe.place)
            if reply.type != 11 and probe.place < self.end:
                self.end = (probe.place // self.options.queries + 1) * self.options.queries
        for probe in self.under_way:
            probe.done = probe.done or self.lab.now >= probe.sent_at + self._patience(probe) - 1e-9
        self.under_way = [probe for probe in self.under_way if not probe.done and probe.place < self.end]

    def _patience(self, probe: _Probe) -> float:
        """How long a probe is waited for: hardly, once its hop or a later one has answered.

        The real one waits three times as long as the same hop took, or ten times a later one.
        """
        first = bisect_left(self.answered, probe.place - probe.place % self.options.queries)
        if first == len(self.answered):
            return self.options.wait
        return min(self.options.wait, 3 * self.probes[self.answered[first]].reply.time)


def _lines(probes: list[_Probe], options: Options) -> str:
    """One line for each hop."""
    out = ""
    for hop, of_hop in groupby(probes, key=lambda probe: probe.hop):
        out += f"{hop:2} "
        before = None
        for probe in of_hop:
            out += _words(probe, before, options.numeric)
            before = probe.reply.sender if probe.reply else before
        out += "\n"
    return out


def _words(probe: _Probe, before: IPv4Address | None, numeric: bool) -> str:
    """One answer: the router's address unless the answer before was its too, the time, a mark."""
    reply = probe.reply
    if reply is None:
        return " *"
    text = ""
    if reply.sender != before:
        text = f" {reply.sender}" if numeric else f" {hosts.name_of(reply.sender) or reply.sender} ({reply.sender})"
    text += f"  {reply.time * 1000 + ROUND_TRIP / 1000:.3f} ms"
    if reply.type == 3:
        mark = f"!F-{reply.mtu}" if reply.code == 4 else _MARKS.get(reply.code, f"!<{reply.code}>")
        text += f" {mark}" if mark else ""
    return text
