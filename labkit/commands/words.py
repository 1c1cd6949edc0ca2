"""A word read as a number, once for every tool: as C's strtol(3) reads it, and of any length.

Only ASCII digits are digits (Python's `isdigit()` and `\\d` also take `²` and `٣`). A number beyond 64 bits is
BEYOND, as strtol gives its largest: outside of every tool's range, and found without reading it (Python refuses
to read more than 4,300 digits).
"""

import re

#: What a number of too many digits is read as.
BEYOND = 2**64
_DECIMAL = re.compile(r"[ \t\n\v\f\r]*([+-]?)([0-9]+)")
_ANY_BASE = re.compile(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")


def is_digits(word: str) -> bool:
    """Whether a word is one or more ASCII digits and nothing else."""
    return word.isascii() and word.isdigit()


def leading(text: str, base: int = 10) -> tuple[int, str] | None:
    """The number in front of a text and what follows it, or None. Base 0 also takes 0x1f and 017."""
    found = (_ANY_BASE if base == 0 else _DECIMAL).match(text)
    if found is None:
        return None
    digits = found[2].lower().lstrip("0")
    if base == 0 and found[2][0] == "0":
        base = 16 if digits.startswith("x") else 8
    digits = digits.removeprefix("x").lstrip("0") or "0"
    number = int(digits, base or 10) if len(digits) <= 22 else BEYOND
    number = min(number, BEYOND)
    return (-number if found[1] == "-" else number), text[found.end() :]


def atoi(text: str, base: int = 10) -> int:
    """The number in front of a text as a C int, 0 without one: what lies beyond 64 bits is the largest, and 32 bits are kept."""
    found = leading(text, base)
    number = max(-(2**63), min(found[0], 2**63 - 1)) if found else 0
    return (number + 2**31) % 2**32 - 2**31


def whole(word: str, base: int = 10) -> int | None:
    """The number that a whole word is, with or without a sign, or None."""
    found = leading(word, base)
    return found[0] if found and not found[1] else None
