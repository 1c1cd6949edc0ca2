"""What stands before the object of an `ip` line: `-j`, `-br`, `-d`, `-s`, `-o`, `-4`, …

Beside this: `records.py` prints JSON in iproute2's layout.
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
    color: bool = False

    @property
    def newline(self) -> str:
        """What ends a line inside one entry: a backslash with `-o` (iproute2's _SL_)."""
        return "\\" if self.oneline else "\n"

    def paint(self, color: int, text: str) -> str:
        """Text in one of iproute2's colours (lib/color.c), when `-c` asked for them."""
        return f"\033[{color}m{text}\033[0m" if self.color and not self.json else text


#: iproute2's colours, by what they mark.
NAME, MAC, ADDRESS, UP, DOWN = 36, 33, 35, 32, 31
