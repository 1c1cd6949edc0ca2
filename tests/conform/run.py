"""Many scripts on both sides: several at a time, because pings wait far more than they work, and a summary."""
from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count

import labkit
from labkit.trace.probe import pass_time
from tests.conform.compare import LATE, Difference, Shell, Side, first_difference, shrink
from tests.conform.generate import FAMILIES, script
from tests.conform.kernel_shell import KernelShell
from tests.conform.known import LEFT_OUT

WORKERS = 12
#: Of the lines, how many the lab may refuse in its own words before the run fails.
MOST_REFUSED = 0.01
#: Not a difference: where a line took long, an ARP timer may have run out before it or after.
CHANCE = "the same script had no difference when it was run again"


class Model(labkit.Lab):
    """The lab's model; its neighbours do not age, as in the holder, where chance would decide when."""

    def __init__(self) -> None:
        super().__init__()
        self.reachable_time = self.delay_time = float("inf")

    def keep_up(self, seconds: float) -> None:
        """Let the lab's time pass too: a busy machine takes long for its lines, and ARP goes on meanwhile."""
        pass_time(self, max(0.0, seconds - self.now))


def model() -> AbstractContextManager[Shell]:
    """A fresh model."""
    return nullcontext(Model())


@dataclass
class Summary:
    """What a run found."""

    lines: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        found, total = Counter(difference.family for difference in self.differences), self.lines.total()
        rows = [f"{total} lines, {len(self.differences)} scripts with a difference, {self.seconds:.0f} s, "
                f"{total / max(self.seconds, 0.001):.0f} lines/s"]
        rows += [f"  {family}: {lines} lines, {found[family]} scripts" for family, lines in sorted(self.lines.items())]
        rows += [f"  not counted: {times} times: {reason}" for reason, times in sorted(self.listed.items())]
        rows += [f"  refused by the lab: {times} times: {sentence}" for sentence, times in sorted(self.refused.items())]
        return "\n".join(rows)

    @property
    def wrong(self) -> str:
        """Why the run fails, or "": a difference, or more than one line in a hundred that was not compared."""
        total = self.lines.total()
        shares = {"refused by the lab": self.listed[LEFT_OUT], "too late": self.listed[LATE], "chance": self.listed[CHANCE]}
        above = [f"{times} of {total} lines {what}" for what, times in shares.items() if times > max(MOST_REFUSED * total, 1)]
        return "\n\n".join([*map(str, self.differences), *above])


@dataclass(frozen=True, slots=True)
class Run:
    """Two sides, and whether scripts that differ are cut down."""

    left: Side = KernelShell
    right: Side = model
    cut: bool = True

    def one(self, family: str, seed: int) -> Summary:
        """One script on both sides."""
        lines, summary = script(family, seed), Summary()
        found = first_difference(lines, self.left, self.right)
        reason = found.reason if found else ""
        if found and not reason:
            again = first_difference(lines, self.left, self.right)
            reason = CHANCE if again is None else again.reason
        summary.lines[family] = found.index + 1 if found else len(lines)
        if reason:
            summary.listed[reason] += 1
        elif found:
            kept = lines[:found.index + 1]
            if self.cut:
                kept, found = shrink(kept, found, self.left, self.right)
            summary.differences.append(Difference(family, seed, kept, found.expected, found.got))
        if reason == LEFT_OUT:
            summary.refused[found.got.splitlines()[-1]] += 1
        return summary

    def many(self, lines: int, seed: int, families: str = "".join(FAMILIES), workers: int = WORKERS,
             stop_after: int = 20) -> Summary:
        """Fresh scripts of each family in turn, until so many lines were compared or so many scripts differ."""
        total, start, jobs = Summary(), time.monotonic(), ((family, number) for number in count(seed) for family in families)
        with ThreadPoolExecutor(workers) as pool:
            running: set[Future[Summary]] = set()
            while True:
                enough = total.lines.total() >= lines or len(total.differences) >= stop_after
                while not enough and len(running) < workers:
                    running.add(pool.submit(self.one, *next(jobs)))
                if not running:
                    break
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                for done in ready:
                    add(total, done.result())
        total.seconds = time.monotonic() - start
        return total


def add(total: Summary, part: Summary) -> None:
    """Count one script in."""
    total.lines += part.lines
    total.listed += part.listed
    total.refused += part.refused
    total.differences += part.differences
