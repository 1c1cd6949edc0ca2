"""traceroute(8), Dmitry Butskoy's 2.1.2 as Debian has it: which routers answer for each TTL.

Probes are UDP to ports from 33434 up (or ICMP echo with -I), without DF. Sixteen are under way at
once; the next is sent when one of them is answered or has waited long enough.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from ..errors import strerror
from ..lab.lookup import output
from ..trace.engine import Net
from ..trace.probe import Request, end_program, send_one
from ..trace.steps import Reply
from .ping_words import ROUND_TRIP
from .result import Context, Result
from .traceroute_options import HEADERS, Options, read

#: Probes under way at the same time (-N), the first port, and the source port the kernel chooses.
TOGETHER = 16
FIRST_PORT = 33434
SOURCE_PORT = 32768

_MARKS = {0: "!N", 1: "!H", 2: "!P", 3: "", 5: "!S", 13: "!X", 14: "!V", 15: "!C"}


@dataclass(slots=True)
class _Probe:
    """One packet: when it was sent, and what came back for it."""

    hop: int
    sent_at: float | None = None
    reply: Reply | None = None
    done: bool = False

    @property
    def final(self) -> bool:
        """Whether this answer says that there is nothing behind: anything but "time exceeded"."""
        return self.reply is not None and self.reply.type != 11


def traceroute(ctx: Context, args: list[str]) -> Result:
    options = read(args)
    header = f"traceroute to {options.host} ({options.target}), {options.hops} hops max, {options.length} byte packets"
    code = _refusal(ctx, options)
    if code:
        return Result(1, "" if options.icmp else header, f"\nconnect: {code}\n")
    probes = _Run(ctx, options).finish()
    return Result(0, header + "\n" + _lines(probes, options))


def _refusal(ctx: Context, options: Options) -> str:
    """The kernel's reason against connect(2), or ""."""
    decision = output(ctx.lab, ctx.ns, options.target)
    if decision.errno:
        return strerror(decision.errno)
    broadcast = decision.kind == "broadcast" or int(decision.dst) == 0xFFFFFFFF
    return "Permission denied" if broadcast else ""


class _Run:
    """All probes of one call, sent and followed on the lab's clock."""

    def __init__(self, ctx: Context, options: Options):
        self.options = options
        ctx.lab.probes_sent += 1
        self.net = Net(ctx.lab, f"probe-{ctx.lab.probes_sent}")
        self.net.source, self.net.source_port = ctx.ns.name, SOURCE_PORT
        self.net.first_port = 0 if options.icmp else FIRST_PORT
        self.ctx = ctx
        self.probes = [_Probe(hop) for hop in range(options.first, options.hops + 1) for _ in range(options.queries)]
        self.end = len(self.probes)
        self.seen = 0  # replies dealt with

    def finish(self) -> list[_Probe]:
        """Send and wait until every hop up to the last one is settled; that one's probes end the list."""
        start = self.net.now
        while any(not probe.done for probe in self.probes[: self.end]):
            self._send_next()
            waiting = [p for p in self.probes[: self.end] if p.sent_at is not None and not p.done]
            self.net.run(
                min(p.sent_at + self._patience(p) for p in waiting), lambda: len(self.net.replies) > self.seen
            )
            self._settle()
        self.ctx.lab.sightings = [step for step in self.net.steps if step.sighting]
        end_program(self.ctx.lab, start)
        return self.probes[: self.end]

    def _send_next(self) -> None:
        """Fill up the probes under way."""
        under_way = sum(p.sent_at is not None and not p.done for p in self.probes[: self.end])
        for number, probe in enumerate(self.probes[: self.end], 1):
            if under_way >= TOGETHER:
                return
            if probe.sent_at is None:
                probe.sent_at = self.net.now
                self._send(number, probe.hop)
                under_way += 1

    def _send(self, number: int, hop: int) -> None:
        options = self.options
        request = Request(
            self.ctx.ns, options.target, IPv4Address(0), "icmp" if options.icmp else "udp", FIRST_PORT + number - 1,
            hop, options.length - HEADERS, "no", None, 0, self.ctx.lab.probes_sent,
        )  # fmt: skip
        send_one(self.net, request, number)

    def _settle(self) -> None:
        """Note the answers, give up on what has waited too long, find the last hop."""
        news, self.seen = self.net.replies[self.seen :], len(self.net.replies)
        for reply in news:
            probe = self.probes[reply.seq - 1]
            if reply.kind in ("reply", "error") and not probe.done:
                probe.reply, probe.done = reply, True
        for probe in self.probes[: self.end]:
            if probe.sent_at is not None and not probe.done:
                probe.done = self.net.now >= probe.sent_at + self._patience(probe) - 1e-9
        for number, probe in enumerate(self.probes[: self.end]):
            if probe.done and probe.final:
                self.end = (number // self.options.queries + 1) * self.options.queries
                return

    def _patience(self, probe: _Probe) -> float:
        """How long a probe is waited for: hardly, once its hop or a later one has answered.

        The real one waits three times as long as the same hop took, or ten times a later one.
        """
        later = [p for p in self.probes if p.reply is not None and p.hop >= probe.hop]
        answers = [p.reply.time for p in later if p is not probe]
        return min(self.options.wait, 3 * answers[0]) if answers else self.options.wait


def _lines(probes: list[_Probe], options: Options) -> str:
    """One line for each hop."""
    out = ""
    for hop in range(options.first, options.hops + 1):
        of_hop = [p for p in probes if p.hop == hop]
        if not of_hop:
            break
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
        text = f" {reply.sender}" if numeric else f" {reply.sender} ({reply.sender})"
    text += f"  {reply.time * 1000 + ROUND_TRIP / 1000:.3f} ms"
    if reply.type == 3:
        mark = f"!F-{reply.mtu}" if reply.code == 4 else _MARKS.get(reply.code, f"!<{reply.code}>")
        text += f" {mark}" if mark else ""
    return text
