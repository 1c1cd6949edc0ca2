"""What a command answers, what it is given, and how it gives up."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command runs: in which lab and namespace, and what a pipe hands it."""

    lab: Lab
    ns: Namespace
    stdin: str = ""


class Failure(Exception):
    """A command gives up: the shell turns this into a Result. Nothing has been changed."""

    def __init__(self, returncode: int, stderr: str, stdout: str = ""):
        self.result = Result(returncode, stdout, stderr)
        super().__init__(stderr)
