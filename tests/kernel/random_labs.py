"""Random labs, predicted and then held against the real kernel: python -m tests.kernel.random_labs --labs 2000 --seed 1

A lab is a list of lines somebody could have typed: namespaces, bridges, routers, tunnels, and faults. Lines the lab
refuses are part of the game. Every probe is predicted, then sent for real; a difference is cut down to the fewest lines
that still show it and printed with the seed. The same seed makes the same lab.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random

import labkit

from . import shapes

#: A probe to nowhere takes three seconds of waiting: many labs share the machine while they wait.
WORKERS = 8
#: net.ipv4.route.error_burst over error_cost.
ERRORS_IN_STORE = 5
LIMITED = "a router that had no more errors in store for this sender"
#: Of the probes, how many may be short of such errors, and of the labs, how many may differ only once.
MOST_EXCUSED = 0.01
MOST_TRIALS, MOST_SECONDS = 150, 90


@dataclass(frozen=True, slots=True)
class Case:
    """Lines (namespace, line), and probes (source, destination, how)."""

    seed: int
    shape: str
    lines: tuple[tuple[str, str], ...]
    probes: tuple[tuple[str, str, dict], ...]

    def __str__(self) -> str:
        typed = [f"    [{on}]# {line}" for on, line in self.lines]
        return "\n".join([f"seed {self.seed}, {self.shape}, {len(self.lines)} lines:", *typed])


def case(seed: int) -> Case:
    """The lab of a seed."""
    random = Random(seed)
    shape = random.choice(sorted(shapes.SHAPES))
    script = shapes.Script(random)
    shapes.SHAPES[shape](script)
    script.disturb()
    return Case(seed, shape, tuple(script.lines), tuple(script.probes))


def built(case: Case) -> labkit.Lab:
    """The lab those lines make; a refused line changes nothing."""
    lab = labkit.Lab()
    for on, line in case.lines:
        if on in lab.namespaces:
            lab.sh(line, on=on)
    return lab


def difference(case: Case, excused: Counter[str] | None = None) -> str | None:
    """The first probe that goes another way than predicted, in words, or None; what was `limited` is counted."""
    lab, dropped = built(case), 0
    with lab.realize() as real:
        for source, destination, how in case.probes:
            if source not in lab.namespaces:
                continue
            seen = real.trace(source, destination, **how)
            predicted = lab.trace(source, destination, **how)
            found = predicted.diff(seen)
            dropped += sum(step.kind == "drop" for step in predicted.steps)
            if found.same:
                continue
            if limited(found, dropped):
                if excused is not None:
                    excused[LIMITED] += 1
            else:
                return f"probe from {source} to {destination} {how or ''}\n{found}"
    return None


def limited(found, dropped: int) -> bool:
    """Whether all that is missing are errors of a router that has had enough.

    For packets without a route (each fragment counts) it has five errors in store for each sender, and gets one more each
    second (kernel: net/ipv4/route.c ip_error; the settings are the machine's, not the namespace's). The lab knows no limit.
    """
    packets = [row.predicted.packet for row in found.rows if row.kind == "missing"]
    only = found.count("same") + len(packets) == len(found.rows) > 0
    return dropped > ERRORS_IN_STORE and only and bool(packets) and all(_from_ip_error(packet) for packet in packets)


def _from_ip_error(packet) -> bool:
    while packet.inner is not None:
        packet = packet.inner
    return packet.is_error and (packet.transport.type, packet.transport.code) in ((3, 0), (3, 1), (3, 13))


def tried_out(case: Case, excused: Counter[str] | None = None) -> str | None:
    """As `difference`, but a lab that cannot be realized or traced is one too."""
    try:
        return difference(case, excused)
    except Exception:
        return traceback.format_exc()


def shrunk(case: Case, differs: Callable[[Case], str | None] = tried_out) -> tuple[Case, str]:
    """The fewest lines and probes that still differ (delta debugging), and how; "" when it does not differ again."""
    reason = differs(case) or differs(case)
    if not reason:
        return case, ""
    trials, end = 0, time.monotonic() + MOST_SECONDS
    for part in ("probes", "lines"):
        size = max(1, len(getattr(case, part)) // 2)
        while size and trials < MOST_TRIALS and time.monotonic() < end:
            at = 0
            while at < len(getattr(case, part)) and trials < MOST_TRIALS and time.monotonic() < end:
                items = getattr(case, part)
                fewer = Case(
                    case.seed, case.shape, **{"lines": case.lines, "probes": case.probes, part: items[:at] + items[at + size :]}
                )
                trials += 1
                again = differs(fewer)
                if again:
                    case, reason = fewer, again
                else:
                    at += size
            size //= 2
    return case, reason


@dataclass
class Summary:
    """`unsteady` are differences that were not there when the same lab ran again."""

    labs: int = 0
    probes: int = 0
    seconds: float = 0.0
    differences: list[tuple[Case, str]] = field(default_factory=list)
    unsteady: list[tuple[Case, str]] = field(default_factory=list)
    excused: Counter[str] = field(default_factory=Counter)

    @property
    def too_many(self) -> bool:
        """Whether more probes were excused, or more labs did not differ again, than chance explains: one in a hundred."""
        return self.excused.total() > max(self.probes * MOST_EXCUSED, 1) or len(self.unsteady) > max(self.labs * MOST_EXCUSED, 1)

    def __str__(self) -> str:
        excused = f"{self.excused.total()} probes short of errors"
        found = f"{len(self.differences)} differences, {len(self.unsteady)} not repeated, {excused}"
        return f"{self.labs} labs, {self.probes} probes, {found}, {self.seconds:.0f} s"


def run(
    labs: int,
    seed: int,
    seconds: float = float("inf"),
    workers: int = WORKERS,
    stop_after: int = 5,
    say: Callable[[str], None] = lambda text: None,
) -> Summary:
    """Try labs from `seed` on, until there were so many, time is over, or enough differ."""
    summary, start = Summary(), time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        while summary.labs < labs and time.monotonic() - start < seconds and len(summary.differences) < stop_after:
            size = min(4 * workers, labs - summary.labs)
            cases = [case(seed + summary.labs + i) for i in range(size)]
            for tried, found in zip(cases, pool.map(partial(tried_out, excused=summary.excused), cases), strict=True):
                summary.probes += len(tried.probes)
                if found:
                    smallest, reason = shrunk(tried)
                    found_in = summary.differences if reason else summary.unsteady
                    found_in.append((smallest, reason or found))
                    say(f"{smallest}\n{reason or 'only once, not when run again: ' + found}\n")
            summary.labs += size
            if summary.labs % (40 * workers) == 0:
                say(f"... {summary.labs} labs")
    summary.seconds = time.monotonic() - start
    return summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--stop-after", type=int, default=5, help="differences after which it ends")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    summary = run(
        options.labs, options.seed, options.seconds, options.workers, options.stop_after, lambda text: print(text, flush=True)
    )
    print(summary)
    return 1 if summary.differences or summary.too_many else 0


if __name__ == "__main__":
    sys.exit(main())
