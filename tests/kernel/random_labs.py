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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import labkit

from . import shapes

#: A probe to nowhere takes three seconds of waiting: many labs share the machine while they wait.
WORKERS = 8
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


def difference(case: Case) -> str | None:
    """The first probe that goes another way than predicted, in words, or None."""
    lab = built(case)
    with lab.realize() as real:
        for source, destination, how in case.probes:
            if source not in lab.namespaces:
                continue
            seen = real.trace(source, destination, **how)
            found = lab.trace(source, destination, **how).diff(seen)
            if not found.same and not explained(found):
                return f"probe from {source} to {destination} {how or ''}\n{found}"
    return None


def explained(found) -> bool:
    """Whether a difference is one no prediction could tell.

    When a veth's far end drops one fragment, the kernel does not send those behind it (net/ipv4/ip_output.c
    ip_do_fragment); unless they waited for a MAC address, and how many did depends on how soon the answer came.
    """
    rows = [row for row in found.rows if row.kind != "same"]
    return (
        not found.outcome
        and bool(rows)
        and all(row.kind == "missing" and row.predicted.packet.is_fragment and row.predicted.packet.ip.offset for row in rows)
        and any("too long for" in doubt for row in rows for doubt in row.doubts)
    )


def tried_out(case: Case) -> str | None:
    """As `difference`, but a lab that cannot be realized or traced is one too."""
    try:
        return difference(case)
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

    def __str__(self) -> str:
        found = f"{len(self.differences)} differences, {len(self.unsteady)} not repeated"
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
            for tried, found in zip(cases, pool.map(tried_out, cases), strict=True):
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
    return 1 if summary.differences else 0


if __name__ == "__main__":
    sys.exit(main())
