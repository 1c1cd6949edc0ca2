"""One script on two sides: every answer compared, and a script that differs cut down to the lines that matter.

A side is anything that opens a fresh machine for one script and has `sh(line, on=)`: the lab's model, or real
namespaces. The first line that is answered differently ends a script, because all that follows may follow from it.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import labkit
from tests.conform.kernel_shell import NOT_FOUND, TOO_LONG, HolderLost, NoNamespace
from tests.conform.known import known
from tests.conform.normal import Normal
from tests.conform.script import Line
from tests.tool_versions import another_version, common

MOST_TRIALS = 120
#: Which shell says "command not found", and what the lab understands.
UNDERSTOOD = re.compile(r"^bash: |^The lab understands: .*\n", re.MULTILINE)
LATE = "the line ran for longer than this test waits"
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
    """Index of the first line answered differently, both answers, and why that is accepted ("": it is not)."""

    index: int
    expected: str
    got: str
    reason: str = ""


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
            yield LATE
            return
        err = UNDERSTOOD.sub("", answer.stderr) if answer.returncode == NOT_FOUND else answer.stderr
        parts = f"exit {answer.returncode}", normal(answer.stdout), "stderr:" * bool(err), normal(err)
        yield "\n".join(part for part in parts if part)


def first_difference(lines: list[Line], left: Side, right: Side) -> Found | None:
    """The first line answered differently; known.py may give a reason to accept it, but the script ends there all the same."""
    with left() as shell:                           # to the end first: waiting for the other side would age the neighbours
        start = time.monotonic()
        expected = [(answer, time.monotonic() - start) for answer in answers(shell, lines)]
    with right() as shell:
        for index, ((one, seconds), other) in enumerate(zip(expected, answers(shell, lines), strict=False)):
            shell.keep_up(seconds)
            if one == LATE:
                return Found(index, one, other, LATE)
            if not alike(lines[index].line, one, other):
                return Found(index, one, other, known(lines[:index + 1], one, other))
    return None


def alike(line: str, one: str, other: str) -> bool:
    """Whether two answers are the same: by every byte, or where the tool is of another version, by what is common."""
    if one == other or one == REFUSED and other.startswith(f"{REFUSED}there is no namespace"):
        return True
    (out, stderr, _), (other_out, other_stderr, _) = (text.partition("\nstderr:\n") for text in (one, other))
    return another_version(line) and stderr == other_stderr and common(out, other_out)


def shrink(lines: list[Line], found: Found, left: Side, right: Side) -> tuple[list[Line], Found]:
    """Take out lines as long as the last one still differs (delta debugging), in at most MOST_TRIALS trials."""
    kept, last, trials, size = lines[:found.index], lines[found.index], 0, max(1, found.index // 2)
    while size:
        at = 0
        while at < len(kept) and trials < MOST_TRIALS:
            fewer, trials = kept[:at] + kept[at + size:], trials + 1
            again = first_difference([*fewer, last], left, right)
            if again and not again.reason and again.index == len(fewer):
                kept, found = fewer, again
            else:
                at += size
        size //= 2
    return [*kept, last], found
