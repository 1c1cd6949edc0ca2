"""What works on this machine, one sentence a line, and for what does not the one line that mends it.

Asks by trying (see `labkit.kernel.available`), and says nothing that differs between two machines which can do the same.
"""

import sys
from dataclasses import dataclass
from importlib.util import find_spec

from .. import kernel

PYTHON = (3, 11)
SCREEN = ("ipywidgets",)  # what the notebooks draw with
UNUSED = ("packet filter",)  # parts of a real lab that no notebook asks for


@dataclass(frozen=True, slots=True)
class Finding:
    """`good`: nothing to do. `text`: one sentence; with the line to type where something is missing."""

    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'miss'}  {self.text}"


class Findings(tuple):
    """One Finding a line; truthy when everything is there."""

    def __bool__(self) -> bool:
        return all(finding.good for finding in self)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    __repr__ = __str__


def doctor() -> Findings:
    """Look at Python, the packages and the kernel. Takes a fraction of a second and changes nothing."""
    return Findings((_python(), _packages(), *_judge()))


def _python() -> Finding:
    wanted = ".".join(map(str, PYTHON))
    if sys.version_info >= PYTHON:
        return Finding(True, f"Python is new enough ({wanted} or later).")
    return Finding(False, f"Python is older than {wanted}. To have a newer one: make lab PYTHON=python3.12")


def _packages() -> Finding:
    lacking = [name for name in SCREEN if find_spec(name) is None]
    if not lacking:
        return Finding(True, f"The packages that draw are here: {', '.join(SCREEN)}.")
    return Finding(False, f"No pictures without {' and '.join(lacking)}. To have them: pip install {' '.join(lacking)}")


def _judge() -> list[Finding]:
    """The kernel: all of it, some parts missing, or not at all."""
    found = kernel.available()
    if not found:
        why = f"The kernel cannot judge here ({found.why}); every notebook works, predicted only."
        return [Finding(False, f"{why} To have it: {found.fix}")]
    findings = [Finding(True, "The Linux kernel can judge: labs run in real namespaces, apart from this machine's network.")]
    for name, part in found.parts.items():
        if not part and name not in UNUSED:
            findings.append(Finding(False, f"Only predicted here for want of {part.name} ({part.why}). To have it: {part.fix}"))
    return findings
