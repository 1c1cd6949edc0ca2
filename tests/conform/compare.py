"""One script on two sides: every answer compared, and a script that differs cut down to the lines that matter.

A side is anything that opens a fresh machine for one script and has `sh(line, on=)`: the lab's model, or real
namespaces. The first line that is answered differently ends a script, because all that follows may follow from it.
"""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import labkit
from tests.conform.kernel_shell import TOO_LONG, HolderLost, NoNamespace
from tests.conform.known import known
from tests.conform.normal import Normal
from tests.conform.script import Line

MOST_TRIALS = 120
NOT_FOUND = 127              # no such command
REFUSED = "refused: "        # no tool ran: there is no such namespace; the lab says so by a LabError


class Answer(Protocol):
    """What a side answers to a line."""

    returncode: int
    stdout: str
    stderr: str


class Shell(Protocol):
    """A machine that runs lines."""

    def sh(self, line: str, on: str = "host") -> Answer: ...

    def keep_up(self, seconds: float) -> None:
        """Be at least so late: the other side was, after as many lines."""


Side = Callable[[], AbstractContextManager[Shell]]


class Found(NamedTuple):
    """Index of the first line answered differently, and both answers."""

    index: int
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A line answered differently, after the lines before it, and where it came from."""

    family: str
    seed: int
    lines: list[Line]
    expected: str
    got: str

    def __str__(self) -> str:
        typed = "\n".join(f"    [{line.on}]# {line.line}" for line in self.lines)
        return (f"family {self.family} seed {self.seed}, {len(self.lines)} lines:\n{typed}\n"
                f"  expected:\n{indent(self.expected)}\n  got:\n{indent(self.got)}")


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
        except NoNamespace:
            yield REFUSED
            continue
        except labkit.LabError as error:
            yield f"{REFUSED}{error}"
            continue
        except Exception as error:  # a crash of the model is a difference like any other
            yield f"raised {type(error).__name__}: {error}"
            continue
        if answer.returncode == TOO_LONG:
            return
        if answer.returncode == NOT_FOUND:      # the lab says besides what it understands
            yield f"exit {NOT_FOUND}"
            continue
        parts = f"exit {answer.returncode}", normal(answer.stdout), "stderr:" * bool(answer.stderr), normal(answer.stderr)
        yield "\n".join(part for part in parts if part)


def first_difference(lines: list[Line], left: Side, right: Side, listed: Counter[str] | None = None) -> Found | None:
    """The first line answered differently, unless known.py lists it: then it is counted, and the script ends there."""
    with left() as shell:                           # to the end first: waiting for the other side would age the neighbours
        start = time.monotonic()
        expected = [(answer, time.monotonic() - start) for answer in answers(shell, lines)]
    with right() as shell:
        for index, ((one, seconds), other) in enumerate(zip(expected, answers(shell, lines), strict=False)):
            shell.keep_up(seconds)
            if one == other or one == REFUSED and other.startswith(REFUSED):
                continue
            reason = known(lines[:index + 1], one, other)
            if not reason:
                return Found(index, one, other)
            if listed is not None:
                listed[reason] += 1
            return None
    return None


def shrink(lines: list[Line], found: Found, left: Side, right: Side) -> tuple[list[Line], Found]:
    """Take out lines as long as the last one still differs (delta debugging), in at most MOST_TRIALS trials."""
    kept, last, trials, size = lines[:found.index], lines[found.index], 0, max(1, found.index // 2)
    while size:
        at = 0
        while at < len(kept) and trials < MOST_TRIALS:
            fewer, trials = kept[:at] + kept[at + size:], trials + 1
            again = first_difference([*fewer, last], left, right)
            if again and again.index == len(fewer):
                kept, found = fewer, again
            else:
                at += size
        size //= 2
    return [*kept, last], found
