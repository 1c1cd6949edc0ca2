"""Runs scripts on two sides, compares every answer, and cuts a script that differs down to the lines that matter.

A side is anything that opens a fresh machine for one script and has `sh(line, on=)`: the lab's model, or real
namespaces. One worker thread has one script at a time, because pings wait far more than they work.
"""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from tests.conform.generate import script
from tests.conform.kernel_shell import TOO_LONG, HolderLost, KernelShell
from tests.conform.known import known
from tests.conform.normal import Normal
from tests.conform.script import Line

WORKERS = 12
LONGEST_SHRINK = 120


class Answer(Protocol):
    """What a side answers to a line."""

    returncode: int
    stdout: str
    stderr: str


class Shell(Protocol):
    """A machine that runs lines."""

    def sh(self, line: str, on: str = "host") -> Answer: ...


Side = Callable[[], AbstractContextManager[Shell]]


def model() -> AbstractContextManager[Shell]:
    """The lab's model."""
    import labkit

    return nullcontext(labkit.Lab())


@dataclass(frozen=True, slots=True)
class Difference:
    """A line answered differently, and the lines before it."""

    family: str
    seed: int
    lines: list[Line]
    expected: str
    got: str

    def __str__(self) -> str:
        typed = "\n".join(f"    [{line.on}]# {line.line}" for line in self.lines)
        return (f"family {self.family} seed {self.seed}, {len(self.lines)} lines:\n{typed}\n"
                f"  expected:\n{indent(self.expected)}\n  got:\n{indent(self.got)}")


@dataclass
class Summary:
    """What a run found."""

    lines: int = 0
    seconds: float = 0.0
    families: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def __str__(self) -> str:
        found = Counter(difference.family for difference in self.differences)
        rows = [f"  {family}: {lines} lines, {found[family]} scripts with a difference" for family,
                lines in sorted(self.families.items())]
        rows += [f"  listed in known.py: {times} x {reason}" for reason, times in sorted(self.listed.items())]
        rate = self.lines / self.seconds if self.seconds else 0
        total = f"{self.lines} lines, {len(self.differences)} scripts with a difference, {self.seconds:.0f} s, {rate:.0f} lines/s"
        return "\n".join([total, *rows])


def indent(text: str) -> str:
    """Text set in by four columns."""
    return "\n".join("    " + row for row in text.splitlines())


def answers(shell: Shell, lines: list[Line]) -> Iterator[str]:
    """Each line's answer as comparable text, up to a line that runs for too long."""
    normal = Normal()
    for on, line in lines:
        try:
            answer = shell.sh(line, on=on)
        except HolderLost:
            raise
        except Exception as error:  # a crash of the model is a difference like any other
            yield f"raised {type(error).__name__}: {error}"
            continue
        if answer.returncode == TOO_LONG:
            return
        parts = f"exit {answer.returncode}", normal(answer.stdout), "stderr:" * bool(answer.stderr), normal(answer.stderr)
        yield "\n".join(part for part in parts if part)


def first_difference(lines: list[Line], left: Side, right: Side, listed: Counter[str] | None = None) -> tuple[int, str,
        str] | None:
    """Index and both answers of the first line that differs and is not listed as known."""
    with left() as shell:
        expected = list(answers(shell, lines))      # to the end first: waiting for the other side would age the neighbours
    with right() as shell:
        for index, (line, one, other) in enumerate(zip(lines, expected, answers(shell, lines), strict=False)):
            reason = known(line, one, other) if one != other else "same"
            if not reason:
                return index, one, other
            if reason != "same" and listed is not None:
                listed[reason] += 1
    return None


def shrink(lines: list[Line], left: Side, right: Side) -> tuple[list[Line], str, str]:
    """Take out lines while the last one still differs (delta debugging), at most LONGEST_SHRINK trials."""
    kept, trials, size = lines[:-1], 0, max(1, len(lines) // 2)
    found = first_difference(lines, left, right)
    while found and size and trials < LONGEST_SHRINK:
        at = 0
        while at < len(kept) and trials < LONGEST_SHRINK:
            fewer, trials = kept[:at] + kept[at + size:], trials + 1
            again = first_difference([*fewer, lines[-1]], left, right)
            if again and again[0] == len(fewer):
                kept, found = fewer, again
            else:
                at += size
        size //= 2
    return [*kept, lines[-1]], *(found[1:] if found else ("does not differ when run again", ""))


def compare(family: str, seed: int, left: Side, right: Side, summary: Summary, cut: bool) -> None:
    """Run one script on both sides and put what differs in the summary."""
    lines = script(family, seed)
    found = first_difference(lines, left, right, summary.listed)
    done = found[0] + 1 if found else len(lines)
    if found:
        index, expected, got = found
        wanted = lines[:index + 1]
        if cut:
            wanted, expected, got = shrink(wanted, left, right)
        summary.differences.append(Difference(family, seed, wanted, expected, got))
    summary.lines += done
    summary.families[family] += done


def run(lines: int, seed: int, families: str, left: Side = KernelShell, right: Side = model, cut: bool = True,
        workers: int = WORKERS,
        stop_after: int = 20) -> Summary:
    """Run fresh scripts, family after family, until this many lines were compared or enough scripts differ."""
    summary, start, seeds = Summary(), time.monotonic(), count(seed)
    with ThreadPoolExecutor(workers) as pool:
        while summary.lines < lines and len(summary.differences) < stop_after:
            jobs = [(family,
                     number) for number in (next(seeds) for _ in range(max(1,
                             2 * workers // len(families)))) for family in families]
            for _ in pool.map(lambda job: compare(*job, left, right, summary, cut), jobs):
                pass
    summary.seconds = time.monotonic() - start
    return summary
