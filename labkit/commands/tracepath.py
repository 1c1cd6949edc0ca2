"""tracepath(8) of iputils 20221126: the routers on a path, and the MTU it leaves.

One UDP packet at a time, as large as the path is believed to take, with DF; each hop is asked up to
three times, a second apart. Whenever the MTU turns out smaller the hop is asked once more.
"""

import errno

from ..lab.lookup import output
from ..trace.probe import Request, Session, stopped
from ..trace.trace import Reply
from . import hosts
from .getopt import getopt
from .ping_options import number
from .ping_words import ROUND_TRIP
from .result import Context, Failure, Result
from .usage import usage

#: The MTU it starts from, the bytes of IP and UDP header, and the first port.
FIRST_MTU, HEADERS, FIRST_PORT = 65535, 28, 44444
_COLUMN = 52
_MARKS = {0: "!N", 2: "!P"}


def tracepath(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("tracepath", args, "46nbh?l:m:p:V")
    given = dict(options)
    complaints = "".join(value for letter, value in options if letter == "?")
    hops = number(given["m"], 0, 255, "tracepath") if "m" in given else 30
    mtu = number(given["l"], 0, 2**31 - 1, "tracepath") if "l" in given else FIRST_MTU
    port = number(given["p"], 0, 65535, "tracepath") if "p" in given else FIRST_PORT
    if complaints or "h" in given or len(words) != 1:
        raise Failure(255, complaints + usage("tracepath"))
    if {"V", "6"} & given.keys():
        raise Failure(2, "The lab's tracepath understands -4 -b -l -m -n -p.\n")
    name, slash, behind = words[0].partition("/")  # HOST/PORT, as it once was written
    if slash:
        port = number(behind, 0, 65535, "tracepath")
    target = hosts.address(name)
    if target is None:
        raise Failure(1, f"tracepath: {name}: {hosts.gai_words(name)}\n")
    if mtu <= HEADERS:
        raise Failure(1, f"tracepath: pktlen must be within: {HEADERS} < value <= 2147483647\n")
    run = _Run(ctx, target, mtu, port or FIRST_PORT, "n" in given, "b" in given)
    run.walk(hops)
    return Result(0, run.out, stopped(ctx.lab))


class _Run:
    """One path being walked. `mtu` is what it is believed to take."""

    def __init__(self, ctx: Context, target, mtu: int, port: int, numeric: bool, both: bool):
        self.ctx, self.target, self.mtu = ctx, target, mtu
        self.numeric, self.both = numeric, both
        self.session = Session(ctx.lab, ctx.ns, "udp", port)
        self.hop_of: dict[int, int] = {}  # packet number -> TTL it was sent with
        self.read = 0  # replies already shown
        self.reached: tuple[int, int] | None = None  # hops there and back
        self.out = ""

    def walk(self, hops: int) -> None:
        """TTL by TTL, until the destination answers or nothing further can be learned."""
        if not any(self.ask(ttl) for ttl in range(1, hops + 1) if not self.ctx.lab.exhausted):
            self.out += f"     Too many hops: pmtu {self.mtu}\n"
        self.out += f"     Resume: pmtu {self.mtu} "
        if self.reached:
            self.out += f"hops {self.reached[0]} back {self.reached[1]} "
        self.out += "\n"
        self.session.close()

    def ask(self, ttl: int) -> bool:
        """Up to three packets of one TTL, from the start again when the MTU shrinks. True: the end."""
        tries = 0
        while tries < 3:
            before = self.mtu
            answer = self.probe(ttl)
            if self.mtu != before:
                tries = 0
                continue
            if answer == "end":
                return True
            if answer == "progress":
                return False
            tries += 1
        self.out += f"{ttl:2}:  no reply\n"
        return False

    def probe(self, ttl: int) -> str:
        """Send one packet, wait a second: "end", "progress" or "silence"."""
        while True:
            code, mtu = self.send(ttl)
            if code == errno.EMSGSIZE:
                self.out += f"{ttl:2}?: {'[LOCALHOST]':<32} pmtu {mtu}\n"
                self.mtu = mtu
            elif code:
                self.out += f"{ttl:2}:  send failed\n"
                return "end"
            else:
                break
        replies = self.session.replies
        self.session.wait(self.ctx.lab.now + 1.0, lambda: any(r.kind in ("error", "reply") for r in replies[self.read :]))
        return self.show()

    def send(self, ttl: int) -> tuple[int, int]:
        """The errno of sending, and the MTU it names."""
        decision = output(self.ctx.lab, self.ctx.ns, self.target)
        if not decision.errno and (decision.kind == "broadcast" or int(decision.dst) == 0xFFFFFFFF):
            return errno.EACCES, 0
        seq = len(self.hop_of) + 1
        self.hop_of[seq] = ttl
        session, port = self.session, self.session.first_port + seq - 1
        session.send(Request(self.ctx.ns.name, self.target, "udp", port, ttl=ttl, size=self.mtu - HEADERS, df="fixed"), seq)
        refused = next((r for r in session.replies[self.read :] if r.kind == "local" and r.seq == seq), None)
        if refused is None:
            return 0, 0
        session.replies.remove(refused)
        return refused.errno, refused.mtu or 0

    def show(self) -> str:
        """Print what came back; the first final answer is the end of the path."""
        result = "silence"
        while self.read < len(self.session.replies):
            reply = self.session.replies[self.read]
            self.read += 1
            if reply.kind == "reply":
                self.out += f"{self.hop_of[reply.seq]:2}?: reply received 8)\n"
                return "end"
            if reply.kind != "error":
                continue
            result = "progress"
            if self.line(reply):
                return "end"
        return result

    def line(self, reply: Reply) -> bool:
        """The line of one answer; True when there is nothing to learn behind it."""
        ttl, back = self.hop_of[reply.seq], _hops_back(reply.ttl)
        address = str(reply.sender)
        host = address if self.numeric else hosts.name_of(reply.sender) or "???"
        if self.both:
            host += f" ({'???' if self.numeric else address})"
        trip = reply.time * 1000 + ROUND_TRIP / 1000
        self.out += f"{ttl:2}:  {host:<{_COLUMN}}{trip:7.3f}ms "
        if reply.type == 11:
            self.out += f"asymm {back:2} \n" if back != ttl else "\n"
            return False
        if reply.code == 4:
            self.out += f"pmtu {reply.mtu}\n"
            self.mtu = reply.mtu
            return False
        if reply.code == 3:
            self.out += "reached\n"
            self.reached = ttl, back
        else:
            self.out += f"{_MARKS.get(reply.code, '!H')}\n"
        return True


def _hops_back(ttl: int) -> int:
    """How many hops an answer took, guessed from the TTL it arrives with."""
    start = 65 if ttl <= 64 else 129 if ttl <= 128 else 256
    return start - ttl
