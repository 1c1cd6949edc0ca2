"""traceroute(8), Dmitry Butskoy's 2.1.2 as Debian has it: which routers answer for each TTL.

Probes are UDP to ports from 33434 up (or ICMP echo with -I), without DF. Sixteen are under way at
once; the next is sent when one of them is answered or has waited long enough. Its complaints count the
words of the line ("argc 5"), and its usage text goes to stderr with status 0.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import groupby

from ..errors import strerror
from ..lab.lookup import output
from ..trace.probe import Request, Session, stopped
from ..trace.trace import Reply
from . import hosts
from .ping import ROUND_TRIP
from .result import Context, Failure, Result
from .usage import usage
from .words import is_digits, whole

#: Probes under way at the same time (-N), and the first port.
TOGETHER, FIRST_PORT = 16, 33434

_MARKS = {0: "!N", 1: "!H", 2: "!P", 3: "", 5: "!S", 13: "!X", 14: "!V", 15: "!C"}

#: Bytes of IP and UDP (or ICMP) header: the shortest packet there is.
HEADERS = 28
#: As long as ping may wait; the lab's clock goes on by it.
LONGEST_WAIT = 2147483
#: Option -> (its other name, what its value is called in complaints); None: it takes no value.
_OPTIONS = {
    "-4": ("", None), "-6": ("", None), "-d": ("--debug", None), "-F": ("--dont-fragment", None),
    "-f": ("--first", "first_ttl"), "-g": ("--gateway", "gate,..."), "-I": ("--icmp", None), "-T": ("--tcp", None),
    "-i": ("--interface", "device"), "-m": ("--max-hops", "max_ttl"), "-N": ("--sim-queries", "squeries"),
    "-n": ("", None), "-p": ("--port", "port"), "-t": ("--tos", "tos"), "-l": ("--flowlabel", "flow_label"),
    "-w": ("--wait", "MAX,HERE,NEAR"), "-q": ("--queries", "nqueries"), "-r": ("", None), "-s": ("--source", "src_addr"),
    "-z": ("--sendwait", "sendwait"), "-e": ("--extensions", None), "-A": ("--as-path-lookups", None),
    "-M": ("--module", "name"), "-O": ("--options", "OPTS,..."), "-U": ("--udp", None), "-D": ("--dccp", None),
    "-P": ("--protocol", "prot"), "-V": ("--version", None),
}  # fmt: skip


@dataclass(slots=True)
class _Options:
    host: str = ""
    target: IPv4Address = IPv4Address(0)
    first: int = 1
    hops: int = 30
    queries: int = 3
    wait: float = 5.0
    length: int = 60
    icmp: bool = False
    numeric: bool = False


def _read(args: list[str]) -> _Options:
    """What a line asks for; Failure as traceroute gives up."""
    if not args:
        raise Failure(0, usage("traceroute"))
    options, operands = _Options(), []
    for name, value, place in _given(args, operands):
        if name not in _READERS:
            raise Failure(2, f"The lab's traceroute does not know {name}; it understands {' '.join(_READERS)}.\n")
        field, read = _READERS[name]
        if field:
            found = read(value)
            if found is None:
                raise Failure(2, f"Cannot handle `{name}' option with arg `{value}' (argc {place})\n")
            setattr(options, field, found)
    _operands(options, operands)
    if options.hops > 255:
        raise Failure(2, "max hops cannot be more than 255\n")
    if not 1 <= options.first <= options.hops:
        raise Failure(2, "first hop out of range\n")
    if not 1 <= options.queries <= 10:
        raise Failure(2, "no more than 10 probes per hop\n")
    return options


def _given(args: list[str], operands: list[tuple[str, int]]) -> Iterator[tuple[str, str, int]]:
    """Each option, its value, and the number of the word that ends it. Letters may be bundled, long names not shortened."""
    words = enumerate(args, 1)
    for place, word in words:
        if not word.startswith("-") or word == "-":
            operands.append((word, place))
            continue
        long, equals, value = word.partition("=") if word.startswith("--") else ("", "", "")
        if long == "--help":
            raise Failure(0, "", usage("traceroute"))
        names = [next((name for name, (other, _) in _OPTIONS.items() if other == long), long)] if long else [f"-{c}" for c in word[1:]]
        for at, name in enumerate(names, 2):
            if name not in _OPTIONS:
                raise Failure(2, f"Bad option `{name}' (argc {place})\n")
            what = _OPTIONS[name][1]
            if what is None:
                yield name, "", place
                continue
            if not long:
                place, value = (place, word[at:]) if word[at:] else next(words, (place, None))
            if value is None or long and not equals:
                shown = f"{long}={what}" if long else f"{name} {what}"
                raise Failure(2, f"Option `{long or name}' (argc {place}) requires an argument: `{shown}'\n")
            yield name, value, place
            break


def _number(value: str) -> int | None:
    if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", value):
        return None
    return whole(value, base=0 if value[:2] in ("0x", "0X") else 10)


def _seconds(value: str) -> float | None:
    """The first of up to three numbers as strtod(3) reads them, with any one character between them."""
    number = r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    found = re.fullmatch(rf"({number})(.{number}){{0,2}}", value, re.DOTALL)
    if found and float(found[1]) > LONGEST_WAIT:
        raise Failure(2, f"The lab's traceroute waits up to {LONGEST_WAIT} seconds for an answer, not {value}.\n")
    return max(float(found[1]), 0.0) if found else None


def _yes(value: str) -> bool:
    return True


_READERS = {
    "-4": ("", _yes), "-f": ("first", _number), "-I": ("icmp", _yes), "-m": ("hops", _number), "-n": ("numeric", _yes),
    "-q": ("queries", _number), "-w": ("wait", _seconds),
}  # fmt: skip


def _operands(options: _Options, words: list[tuple[str, int]]) -> None:
    """The host, and the length of the whole packet."""
    if not words:
        raise Failure(2, 'Specify "host" missing argument.\n')
    if len(words) > 2:
        raise Failure(2, f"Extra arg `{words[2][0]}' (position 3, argc {words[2][1]})\n")
    options.host, place = words[0]
    found = hosts.address(options.host)
    if found is None:
        why = f"{options.host}: {hosts.gai_words(options.host)}\n"
        raise Failure(2, f'{why}Cannot handle "host" cmdline arg `{options.host}\' on position 1 (argc {place})\n')
    options.target = found
    if len(words) > 1:
        length, place = words[1]
        if not is_digits(length):
            raise Failure(2, f'Cannot handle "packetlen" cmdline arg `{length}\' on position 2 (argc {place})\n')
        options.length = max(whole(length), HEADERS)
        if options.length > 65000:
            raise Failure(2, f"too big packetlen {length} specified\n")


@dataclass(slots=True)
class _Probe:
    """One packet, by its place in the list of all: when it was sent, and what came back for it."""

    place: int
    hop: int
    sent_at: float = 0.0
    reply: Reply | None = None
    done: bool = False


def traceroute(ctx: Context, args: list[str]) -> Result:
    options = _read(args)
    header = f"traceroute to {options.host} ({options.target}), {options.hops} hops max, {options.length} byte packets"
    code = _refusal(ctx, options)
    if code:
        return Result(1, "" if options.icmp else header, f"\nconnect: {code}\n")
    probes = _Run(ctx, options).finish()
    return Result(0, header + "\n" + _lines(probes, options), stopped(ctx.lab))


def _refusal(ctx: Context, options: _Options) -> str:
    """The kernel's reason against connect(2), or ""."""
    decision = output(ctx.lab, ctx.ns, options.target)
    if decision.errno:
        return strerror(decision.errno)
    broadcast = decision.kind == "broadcast" or int(decision.dst) == 0xFFFFFFFF
    return "Permission denied" if broadcast else ""


class _Run:
    """All probes of one call, sent in order and followed on the lab's clock. `end` is behind the last one of interest."""

    def __init__(self, ctx: Context, options: _Options):
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


def _lines(probes: list[_Probe], options: _Options) -> str:
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
