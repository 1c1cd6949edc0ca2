"""Pasted transcripts: a screen with prompts, its commands run again, and what they print compared.

A prompt is `[root@node1 ~]# `, `root@node1:~# ` or `$ `; the host in it chooses the machine. A line that
starts with `#` is a comment, in the transcript and in what is compared (the tools that print such lines,
like iptables-save, put the date there). White space at the left of the whole text is taken away.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import ndiff
from itertools import chain, takewhile
from textwrap import dedent

from ..errors import BadInput
from ..lab.lab import Lab
from ..tables.pasted import plain
from .language import is_complete
from .shell import Variables, sh

_PROMPTS = (
    re.compile(r"\[(?P<user>[\w-]+)@(?P<host>[\w.-]+) [^\]]*\][#$](?: (?P<command>.*))?$"),
    re.compile(r"(?P<user>[\w-]+)@(?P<host>[\w.-]+):[^ #$]*[#$](?: (?P<command>.*))?$"),
    re.compile(r"\$(?: (?P<command>.*))?$"),
)
#: What no two runs of ping or traceroute share.
_TIMES = (
    (re.compile(r"time=[\d.]+ ms"), "time=… ms"),
    (re.compile(r"time \d+ms"), "time …ms"),
    (re.compile(r"(rtt min/avg/max/mdev = ).*"), r"\1…"),
    (re.compile(r"\d+\.\d+ ms"), "… ms"),
)
#: What a screen shows that no command printed: Ctrl-C, and what `%%lab` says of a failure.
_NOT_OUTPUT = re.compile(r"\s*(\^C|\(exit status \d+\))\s*")
_SEQUENCE = re.compile(r"icmp_seq=(\d+)")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a transcript, the host in its prompt ("" for `$`), the lines below, its line number."""

    command: str
    host: str
    output: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """One command run again. `host` is where it ran; `expected` is what the transcript shows.

    `same`: equal apart from runs of white space, lines that are empty or comments, and ping's times.
    """

    command: str
    host: str
    expected: str
    got: str
    returncode: int
    same: bool

    def __str__(self) -> str:
        if self.same:
            return f"same       [{self.host}] {self.command}"
        lines = [line for line in ndiff(comparable(self.expected), comparable(self.got)) if not line.startswith("?")]
        return "\n".join([f"different  [{self.host}] {self.command}", *(f"    {line}" for line in lines)])


class Replay(tuple):
    """The commands of a transcript in order, each a Replayed; in the text `-` is expected, `+` is got."""

    __slots__ = ()

    @property
    def same(self) -> bool:
        """Whether every command printed what the transcript shows."""
        return all(one.same for one in self)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    __repr__ = __str__  # what a notebook shows of a cell's last value


def replay(lab: Lab, text: str) -> Replay:
    """Run the commands of a transcript on the lab, in order.

    Raises BadInput, before anything has run, when a line belongs to no prompt or a host to no machine.
    """
    commands = [(typed, _machine(lab, typed)) for typed in parse(text)]
    shells: dict[str, Variables] = {}  # each machine's prompt is one shell: its variables
    return Replay(_run(lab, typed, machine, shells.setdefault(machine, Variables())) for typed, machine in commands)


def parse(text: str) -> list[Typed]:
    """Cut a transcript into what was typed and what was shown."""
    lines = enumerate(dedent(plain(text).expandtabs()).splitlines(), 1)
    found: list[tuple[int, str, str, list[str]]] = []
    for number, line in lines:
        prompt = _prompt(line)
        if prompt is not None:
            host, command = prompt
            while not is_complete(command):
                further = next(lines, None)
                if further is None or _prompt(further[1]) is not None:
                    lines = chain(filter(None, [further]), lines)
                    break
                more = further[1].removeprefix("> ")
                command = command[:-1] + more.lstrip() if command.endswith("\\") else f"{command}\n{more}"
            found.append((number, host, command.strip(), []))
        elif found:
            found[-1][3].append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            raise BadInput(f"line {number} of the transcript stands before any prompt: {line.strip()!r}; {_WANTED}")
    if not found:
        raise BadInput(f"the transcript has no prompt, so there is nothing to run; {_WANTED}")
    return [
        Typed(command, host, tuple(output), number) for number, host, command, output in found if command.partition("#")[0]
    ]


_WANTED = "a command stands behind its prompt, such as `[root@node1 ~]# ip route` or `$ ip route`"


def _prompt(line: str) -> tuple[str, str] | None:
    """(host, command) when the line starts with a prompt."""
    for pattern in _PROMPTS:
        match = pattern.match(line.rstrip())
        if match:
            parts = match.groupdict()
            return parts.get("host") or "", parts["command"] or ""
    return None


def _machine(lab: Lab, typed: Typed) -> str:
    """The namespace a prompt's host stands for. In a lab of one machine every host is that one."""
    if typed.host in lab.namespaces:
        return typed.host
    machines = [ns.name for ns in lab.namespaces.values() if ns.role == "machine"]
    if not typed.host or len(machines) == 1:
        return lab.home
    raise BadInput(
        f"line {typed.line} of the transcript: this lab has no machine {typed.host!r}; it has {', '.join(machines)}"
    )


def _run(lab: Lab, typed: Typed, machine: str, variables: Variables) -> Replayed:
    result = sh(lab, _counted(typed), machine, variables=variables)
    got = result.stdout + result.stderr
    if _was_interrupted(typed):
        got = "".join(takewhile(lambda line: line.strip(), got.splitlines(keepends=True)))
    expected = "".join(f"{line}\n" for line in typed.output if not _NOT_OUTPUT.fullmatch(line))
    return Replayed(
        typed.command, machine, expected, got, result.returncode, comparable(expected) == comparable(got)
    )


def _endless(typed: Typed) -> bool:
    """A ping without -c runs until somebody presses Ctrl-C."""
    words = typed.command.split()
    return "ping" in words and not any(word.startswith(("-c", "-w")) for word in words) and not set("|;&") & set(typed.command)


def _counted(typed: Typed) -> str:
    """The command to run: an endless ping sends as many packets as the transcript shows answers of."""
    if not _endless(typed):
        return typed.command
    shown = [int(number) for line in typed.output for number in _SEQUENCE.findall(line)]
    return f"{typed.command} -c {max(shown, default=1)}"


def _was_interrupted(typed: Typed) -> bool:
    """An endless ping of which the closing statistics are not shown."""
    return _endless(typed) and not any("ping statistics" in line for line in typed.output)


def comparable(text: str) -> list[str]:
    """The lines of a text as they are compared."""
    return list(_comparable(text))


def _comparable(text: str) -> Iterator[str]:
    for line in text.splitlines():
        line = " ".join(line.split())
        for pattern, instead in _TIMES:
            line = pattern.sub(instead, line)
        if line and not line.startswith("#"):
            yield line
