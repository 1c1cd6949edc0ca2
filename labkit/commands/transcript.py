"""Pasted transcripts: a screen with prompts, its commands run again, and what they print compared.

A prompt is `[root@node1 ~]# `, `root@node1:~# ` or `$ `; the host in it chooses the machine. A line that
starts with `#` is a comment, in the transcript and in what is compared (the tools that print such lines,
like iptables-save, put the date there). White space at the left of the whole text is taken away.
"""

import re
from dataclasses import dataclass
from difflib import ndiff
from itertools import takewhile
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
    shells = {machine: Variables() for _, machine in commands}  # each machine's prompt is one shell
    return Replay(_run(lab, typed, machine, shells[machine]) for typed, machine in commands)


def parse(text: str) -> list[Typed]:
    """Cut a transcript into what was typed and what was shown."""
    lines = dedent(plain(text).expandtabs()).splitlines()
    prompts = {at: prompt for at, line in enumerate(lines) if (prompt := _prompt(line))}
    found, at = [], 0
    while at < len(lines):
        if at not in prompts:
            if lines[at].strip() and not lines[at].lstrip().startswith("#"):
                raise BadInput(f"line {at + 1} of the transcript stands before any prompt: {lines[at].strip()!r}; {_WANTED}")
            at += 1
            continue
        number, (host, command), at = at + 1, prompts[at], at + 1
        while not is_complete(command) and at < len(lines) and at not in prompts:
            more, at = lines[at].removeprefix("> "), at + 1
            command = command[:-1] + more.lstrip() if command.endswith("\\") else f"{command}\n{more}"
        end = next((n for n in range(at, len(lines)) if n in prompts), len(lines))
        found.append(Typed(command.strip(), host, tuple(lines[at:end]), number))
        at = end
    if not found:
        raise BadInput(f"the transcript has no prompt, so there is nothing to run; {_WANTED}")
    return [typed for typed in found if typed.command.partition("#")[0]]


_WANTED = "a command stands behind its prompt, such as `[root@node1 ~]# ip route` or `$ ip route`"


def _prompt(line: str) -> tuple[str, str] | None:
    """(host, command) when the line starts with a prompt."""
    match = next(filter(None, (pattern.match(line.rstrip()) for pattern in _PROMPTS)), None)
    return (match.groupdict().get("host") or "", match["command"] or "") if match else None


def _machine(lab: Lab, typed: Typed) -> str:
    """The namespace a prompt's host stands for. In a lab of one machine every host is that one."""
    if typed.host in lab.namespaces:
        return typed.host
    machines = [ns.name for ns in lab.namespaces.values() if ns.role == "machine"]
    if not typed.host or len(machines) == 1:
        return lab.home
    raise BadInput(f"line {typed.line} of the transcript: this lab has no machine {typed.host!r}; it has {', '.join(machines)}")


def _run(lab: Lab, typed: Typed, machine: str, variables: Variables) -> Replayed:
    """A ping without -c, which runs until Ctrl-C, sends as many packets as answers are shown, and ends as the screen does."""
    words, command = typed.command.split(), typed.command
    counted = any(word.startswith(("-c", "-w")) for word in words) or set("|;&") & set(command)
    endless = "ping" in words and not counted
    if endless:
        command += f" -c {max((int(number) for line in typed.output for number in _SEQUENCE.findall(line)), default=1)}"
    result = sh(lab, command, machine, variables=variables)
    got = result.stdout + result.stderr
    if endless and not any("ping statistics" in line for line in typed.output):
        got = "".join(takewhile(str.strip, got.splitlines(keepends=True)))
    expected = "".join(f"{line}\n" for line in typed.output if not _NOT_OUTPUT.fullmatch(line))
    return Replayed(typed.command, machine, expected, got, result.returncode, comparable(expected) == comparable(got))


def comparable(text: str) -> list[str]:
    """The lines of a text as they are compared."""
    for pattern, instead in _TIMES:
        text = pattern.sub(instead, text)
    return [line for line in (" ".join(one.split()) for one in text.splitlines()) if line and not line.startswith("#")]
