"""Experiments that the lab and a kernel make alike: a name, and the lines that are typed.

Lines that begin with "?" are asked, and their answers are kept in recorded/ (Linux 6.18, iproute2 6.1). To ask the kernel of
this machine again: `python -m tests.trace.experiments`, or with a name behind it, such as `learned`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

from tests.tool_versions import another_version, common

from . import frames, learning

EXPERIMENTS = {"learned": learning.EXPERIMENTS, "frames": frames.EXPERIMENTS}
RECORDED = Path(__file__).parent / "recorded"

#: What no two runs have in common.
_CHANCE = (
    (re.compile(r"expires \d+sec"), "expires Tsec"), (re.compile(r'"expires": ?\d+'), '"expires":T'),
    (re.compile(r"users \d+( age \d+sec)?"), "users N"), (re.compile(r'"(users|age)":\d+'), r'"\1":N'),
    (re.compile(r"time=[\d.]+ ms"), "time=T ms"), (re.compile(r"time \d+ms"), "time Tms"), (re.compile(r"rtt .*"), "rtt T"),
    (re.compile(r"  \d+\.\d+ ms"), "  T ms"), (re.compile(r"\d+\.\d+ms"), "Tms"),
)  # fmt: skip


class Answer(NamedTuple):
    """What a question was answered, without what no two runs have in common."""

    line: str
    out: str
    err: str
    status: int

    def __str__(self) -> str:
        return f"$ {self.line}\n{self.out}{self.err}" + (f"[exit {self.status}]\n" if self.status else "")

    def is_that_of(self, other: Answer) -> bool:
        """Whether the lab's answer, which is `self`, is the tool's; see tool_versions for a tool of another version."""
        if self == other or not another_version(self.line):
            return self == other
        return (self.status, bool(self.err)) == (other.status, bool(other.err)) and common(other.out, self.out)


def asked(run, lines: tuple[str, ...]) -> list[Answer]:
    """What an experiment's questions are answered; `run(line)` is the lab's shell, or the kernel's."""
    answers = []
    for line in lines:
        result = run(line.removeprefix("?"))
        if line.startswith("?"):
            answers.append(Answer(line[1:], stable(result.stdout), stable(result.stderr), result.returncode))
        elif " ping " not in line:
            assert not result.returncode, f"{line}: {result.stdout}{result.stderr}"
    return answers


def stable(text: str) -> str:
    for pattern, word in _CHANCE:
        text = pattern.sub(word, text)
    return text


def written(answers: list[Answer]) -> str:
    return "".join(map(str, answers))


def on_the_kernel(lines: tuple[str, ...]) -> list[Answer]:
    from tests.conform.kernel_shell import KernelShell

    with KernelShell() as shell:
        return asked(shell.sh, lines)


def recorded(name: str) -> dict[str, str]:
    """Experiment -> the kernel's answers."""
    blocks = re.split(r"^## ", (RECORDED / f"{name}.txt").read_text(), flags=re.MULTILINE)[1:]
    return dict(block.split("\n", 1) for block in blocks)


def main() -> None:
    for name in sys.argv[1:] or EXPERIMENTS:
        blocks = [f"## {title}\n{written(on_the_kernel(lines))}" for title, lines in EXPERIMENTS[name].items()]
        (RECORDED / f"{name}.txt").write_text("".join(blocks))


if __name__ == "__main__":
    main()
