"""What a command answers, what it is given, and how it gives up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import BadInput
from ..lab.lab import Lab
from ..lab.namespace import Namespace


@dataclass(frozen=True, slots=True)
class Result:
    """What the real tool answers: its exit status and both of its outputs."""

    returncode: int = 0
    stdout: str = ""
    stderr: str = ""

    def __str__(self) -> str:
        return self.stdout + self.stderr

    def __repr__(self) -> str:
        return f"Result({self.returncode}, {self.stdout!r}, {self.stderr!r})"


class ShellError(BadInput):
    """A line that bash or the lab's shell does not run; it says why as the shell does."""


class Incomplete(ShellError):
    """A text that goes on: a quote, a loop or a here-document is still open."""


class Exhausted(ShellError):
    """One call of the shell has run too much: it ends here, whatever it was in."""


@dataclass(slots=True)
class Budget:
    """What one call of the shell has run so far, so that every call ends in bounded time."""

    commands: int = 0
    depth: int = 0
    printed: int = 0

    def spend(self, commands: int = 1) -> None:
        """One command more, or what takes as long as some."""
        self.commands += commands
        if self.commands > MOST_COMMANDS:
            raise Exhausted(f"The lab's shell runs up to {MOST_COMMANDS:,} commands at a time, and stops here.")

    def enter(self) -> None:
        """A command inside of a command."""
        self.spend()
        self.depth += 1
        if self.depth > DEEPEST:
            raise Exhausted(f"The lab's shell runs commands inside of commands up to {DEEPEST} deep, and stops here.")

    def print(self, result: Result) -> None:
        self.printed += len(result.stdout)
        if self.printed > MOST_PRINTED:
            raise Exhausted(f"The lab's shell prints up to {MOST_PRINTED:,} characters at a time, and stops here.")


#: The limits of a Budget. Two thousand pings take about two seconds.
MOST_COMMANDS, DEEPEST, MOST_PRINTED = 2_000, 24, 20_000_000


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command runs: in which lab and namespace, what a pipe hands it, and the variables it sees."""

    lab: Lab
    ns: Namespace
    stdin: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)


class Failure(Exception):
    """A command gives up: the shell turns this into a Result. Nothing has been changed."""

    def __init__(self, returncode: int, stderr: str, stdout: str = ""):
        self.result = Result(returncode, stdout, stderr)
        super().__init__(stderr)
