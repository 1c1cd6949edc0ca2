"""`lab.realize()`: the same lab in real network namespaces, to run real tools in and to watch real packets.

    with lab.realize() as real:
        print(real.sh("ip -n ns1 route"))
        seen = real.trace("ns1", "192.168.50.1")

or `real = lab.realize()`, kept over several cells, and `real.close()`. No root is needed, and nothing outside of the
lab's own namespaces is touched; they vanish with the notebook, whatever ends it.
"""

import os
import struct
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import IPv4Address

from ..commands.result import Result
from ..errors import BadInput, LabError, shown
from ..lab.lab import Lab
from ..lab.namespace import FIRST_PORT, LAST_PORT
from ..trace.diff import Diff
from ..trace.probe import address, check_times, probe, request
from ..trace.trace import Trace
from .availability import available, before_the_child
from .build import build
from .child import Child
from .cold import cold
from .limits import named
from .observe import Observation

#: Seconds a tool may take unless told otherwise.
TOOL_SECONDS = 20.0
#: Seconds a probe waits for an answer while something is still going on.
WAIT = 10.0
#: Nothing may take longer than this many seconds.
LONGEST = 3600.0
#: So often a probe is sent again for an endpoint that the kernel does not choose: one of three is left out once in eleven million times.
MOST_DRAWS = 40
#: A probe's packets have a number of 16 bits.
MOST_PACKETS = 0xFFFF
#: Bytes in a line: one argument of a program (kernel: MAX_ARG_STRLEN, execve(2)).
MOST_BYTES = 32 * 4096 - 1


def realize(lab: Lab) -> "Real":
    """Build the lab in real namespaces. LabError says what the kernel refuses, or that it cannot be had here."""
    for part in before_the_child().values():
        if not part:
            raise LabError(f"no real lab here: {part.why}; to have it: {part.fix}")
    return Real(lab)


class Real:
    """A realized lab. What the lab was is copied: later changes to the lab do not reach it, nor the other way."""

    def __init__(self, lab: Lab):
        self._child = Child()
        try:
            self._lab = _snapshot(lab)
            build(self._lab, self._child)
        except BaseException:
            self._child.close()
            raise
        self._names = list(self._lab.namespaces)
        self._probes = 0

    def __enter__(self) -> "Real":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<a real lab, closed: {', '.join(self._names)}>" if self._child.closed else f"<a real lab: {', '.join(self._names)}>"
        )

    def close(self) -> None:
        """End it: every namespace, interface and process of it is gone when this returns."""
        self._child.close()

    def sh(self, line: str, on: str | None = None, timeout: float = TOOL_SECONDS) -> Result:
        """Run a line with the real tools in a namespace (by default the lab's first machine).

        It runs as root of the lab: the machine's files are there to be read, only /tmp, /run and the lab's own networks may be
        changed. A tool still running after `timeout` seconds is ended: exit status 124. LabError for what cannot be run at all.
        """
        _check_line(line)
        _check_seconds("timeout", timeout)
        namespace = self._lab[on if on is not None else self._lab.home]
        number = self._names.index(namespace.name)
        status, out, err = self._child.ask("sh", line, namespace.machine, number, timeout, seconds=timeout)
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
        if status == 124:
            err += f"ended after {timeout:g} seconds: {line}\n"
        return Result(status if status >= 0 else 128 - status, out, err + (named(err) if status == 127 else ""))

    def trace(
        self, source: str, destination: str, *, count: int = 1, interval: float = 1.0, wait: float = WAIT,
        endpoint: str | None = None, **how,
    ) -> Trace:  # fmt: skip
        """Send a real probe and watch it on every interface; the words are those of `lab.trace`.

        It ends with the last answer, or when nothing moves any more, at the latest after `wait` seconds. Where rules choose by chance
        the kernel throws dice; for an `endpoint` it is asked until they fall that way. LabError when they never do.
        """
        return _drawn(endpoint, lambda: self._trace(source, destination, count, interval, wait, how))

    def _trace(self, source: str, destination: str, count: int, interval: float, wait: float, how: dict) -> Trace:
        asked = request(self._lab, source, destination, **how)
        check_times(count=count, interval=interval, wait=wait)
        if count > MOST_PACKETS:
            raise BadInput(f"count {shown(count)} is more than the sequence numbers of ping: at most {MOST_PACKETS}")
        _check_seconds("count times interval, and wait", count * interval + wait)
        self._probes += 1
        wish = self._wish(asked, count, interval, wait)
        seen = self._child.ask("probe", wish, seconds=count * interval + wait)
        return Observation(self._lab, self._names, str(asked), wish, seen).trace()

    def _wish(self, asked, count: int, interval: float, wait: float) -> dict:
        """What the child needs to know, with a token that occurs in no other packet."""
        token = os.urandom(8)
        wish = {
            "ns": self._names.index(asked.source),
            "proto": asked.proto,
            "dst": str(asked.dst),
            "port": asked.port,
            "src": str(asked.src) if int(asked.src) else "",
            "sport": FIRST_PORT + (self._probes - 1) % (LAST_PORT - FIRST_PORT + 1),
            "ttl": asked.ttl,
            "size": asked.size,
            "df": asked.df,
            "dev": asked.dev or "",
            "tos": asked.tos,
            "count": count,
            "interval": interval,
            "wait": wait,
            "token": token,
            "id": 0x4000 + self._probes % 0x4000,
        }
        wish["marks"] = _marks(wish)
        return wish


def _snapshot(lab: Lab) -> Lab:
    """The lab's tables as they are now, without its history."""
    now = Lab(lab.home)
    now.namespaces = deepcopy(lab.namespaces)
    now.interfaces = {i.uid: i for ns in now.namespaces.values() for i in ns.interfaces.values()}
    return now


def _check_line(line: str) -> None:
    if not isinstance(line, str):
        raise BadInput(f"a line is text, such as 'ip route', not {shown(line)}")
    if "\0" in line or any("\ud800" <= sign <= "\udfff" for sign in line):
        raise BadInput("a line cannot hold the NUL character or half a surrogate pair: leave them out")
    if len(line.encode()) > MOST_BYTES:
        raise BadInput(f"a line of {len(line.encode())} bytes is too long for a shell: at most {MOST_BYTES}")


def _check_seconds(name: str, seconds: float) -> None:
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not 0 < seconds <= LONGEST:  # which no NaN is
        raise BadInput(f"{name}: {shown(seconds)} is not a number of seconds, more than 0 and at most {LONGEST:g}")


def _marks(wish: dict) -> list[bytes]:
    """Byte strings of which every packet of the probe contains one."""
    token = wish["token"]
    if wish["proto"] == "tcp":
        number = struct.unpack(">I", token[:4])[0]
        return [token[:4], struct.pack(">I", number + 1 & 0xFFFFFFFF)]
    if wish["size"] >= len(token):
        return [token]
    if wish["proto"] == "icmp":
        return [struct.pack(">HH", wish["id"], seq) for seq in range(1, wish["count"] + 1)]
    return [struct.pack(">HH", wish["sport"], wish["port"]), struct.pack(">HH", wish["port"], wish["sport"])]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`compared` holds `observed` against `predicted`; where the kernel cannot be asked both are None, and `why` says why."""

    predicted: Trace
    observed: Trace | None = None
    compared: Diff | None = None
    why: str = ""

    @property
    def same(self) -> bool | None:
        """Whether the kernel did what was predicted; None when it could not be asked."""
        return self.compared.same if self.compared is not None else None

    def __str__(self) -> str:
        if self.compared is not None:
            return str(self.compared)
        return f"{self.predicted.title}: {self.predicted.verdict}.\nPredicted only, because {self.why}"


def judge(lab: Lab, source: str, destination: str, *, endpoint: str | None = None, **how) -> Judgement:
    """Predict what a probe does, watch it do so in real namespaces, and compare; the lab stays as it is.

    how: as in `lab.trace`. Without an endpoint the kernel is left to choose, and the prediction is led to what it chose; for an endpoint
    the lab is made real anew until the kernel chooses that one, as what a first probe taught it would show. LabError when this cannot
    be asked of the lab either.
    """
    if not isinstance(lab, Lab):
        raise BadInput(f"the kernel judges a lab, such as labkit.scenarios.veth_pair(); this is a {type(lab).__name__}")
    predicted = probe(cold(lab), source, destination, endpoint=endpoint, **how)
    found = available()
    if not found:
        return Judgement(predicted, why=f"{found.why}. To have it: {found.fix}")

    def once() -> Trace:
        with realize(lab) as real:
            return real.trace(source, destination, **how)

    try:
        observed = _drawn(endpoint, once)
    except LabError as error:
        return Judgement(predicted, why=str(error))
    if observed.endpoint not in (None, predicted.endpoint) and endpoint is None:
        predicted = _led(lab, predicted, observed.endpoint, source, destination, how)
    return Judgement(predicted, observed, predicted.diff(observed))


def _drawn(endpoint: str | None, once: Callable[[], Trace]) -> Trace:
    """One observation, or as many as it takes until the kernel chooses this endpoint."""
    if endpoint is None:
        return once()
    wanted, others = address(endpoint, "endpoint"), set()
    for _ in range(MOST_DRAWS):
        seen = once()
        if seen.endpoint in (None, wanted):
            return seen
        others.add(seen.endpoint)
    raise LabError(f"of {MOST_DRAWS} probes the kernel led none to {wanted}: they went to {', '.join(map(str, sorted(others)))}")


def _led(lab: Lab, predicted: Trace, endpoint: IPv4Address, source: str, destination: str, how: dict) -> Trace:
    """The prediction for an endpoint; as it was, where no choice of the lab's leads there."""
    try:
        return probe(cold(lab), source, destination, endpoint=endpoint, **how)
    except LabError:
        return predicted
