"""What stands before the object of an `ip` line: `-j`, `-br`, `-d`, `-s`, `-o`, `-4`, …

Beside this: `words.py` reads the words behind the object as iproute2 reads them, `jsontext.py`
prints JSON in iproute2's layout.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`family` is "" (any), "inet", "inet6", "link", "bridge" or "mpls"; `stats` counts the `-s`."""

    family: str = ""
    json: bool = False
    pretty: bool = False
    brief: bool = False
    details: bool = False
    stats: int = 0
    oneline: bool = False
    all: bool = False
    numeric: bool = False
    resolve: bool = False
    human: bool = False
    iec: bool = False

    @property
    def newline(self) -> str:
        """What ends a line inside one entry: a backslash with `-o` (iproute2's _SL_)."""
        return "\\" if self.oneline else "\n"
