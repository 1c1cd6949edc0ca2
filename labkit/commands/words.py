"""Words as C reads them, once for every tool: numbers as strtol(3) does, and of any length, and options as getopt(3) does.

Only ASCII digits are digits (Python's `isdigit()` and `\\d` also take `²` and `٣`). A number beyond 64 bits is
BEYOND, as strtol gives its largest: outside of every tool's range, and found without reading it (Python refuses
to read more than 4,300 digits).
"""

import re
from collections.abc import Iterable

from .result import Failure

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


def getopt(tool: str, args: list[str], short: str, long: dict[str, str] | None = None) -> tuple[list[tuple[str, str]], list[str]]:
    """((option, value), …) and the words that are no options."""
    takes = {c: short[i + 1 : i + 2] == ":" for i, c in enumerate(short) if c != ":"}
    options, operands, words = [], [], iter(args)
    for word in words:
        if word == "--":
            operands += words
        elif word.startswith("--"):
            options.append(_long(tool, word[2:], words, long or {}))
        elif word.startswith("-") and word != "-":
            options += _short(tool, word[1:], words, takes)
        else:
            operands.append(word)
    return options, operands


def _short(tool: str, letters: str, words: Iterable[str], takes: dict[str, bool]):
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter not in takes:
            yield "?", f"{tool}: invalid option -- '{letter}'\n"
        elif not takes[letter]:
            yield letter, ""
        else:
            value = letters or next(words, None)
            if value is None:
                yield "?", f"{tool}: option requires an argument -- '{letter}'\n"
            else:
                yield letter, value
            return


def _long(tool: str, word: str, words: Iterable[str], long: dict[str, str]) -> tuple[str, str]:
    name, given, value = word.partition("=")
    fits = [name] if name in long else [n for n in long if n.startswith(name)]
    if not fits:
        return "?", f"{tool}: unrecognized option '--{name}'\n"
    if len({long[n] for n in fits}) > 1:
        names = " ".join(f"'--{n}'" for n in fits)
        return "?", f"{tool}: option '--{name}' is ambiguous; possibilities: {names}\n"
    letter = long[fits[0]]
    if not letter.endswith(":"):
        if given:
            return "?", f"{tool}: option '--{fits[0]}' doesn't allow an argument\n"
        return letter, ""
    if not given:
        value = next(words, None)
        if value is None:
            return "?", f"{tool}: option '--{fits[0]}' requires an argument\n"
    return letter[:-1], value


def given(tool: str, args: list[str], short: str, long: dict[str, str] | None = None, *, beyond: str = "", status: int = 1,
          hint: str = "Try '{0} --help' for more information.\n") -> tuple[dict[str, str], list[str]]:  # fmt: skip
    """{option: its last value} and the other words, or the tool's complaint. `beyond`: letters that the tool has and the lab has not."""
    options, words = getopt(tool, args, short + beyond, long)
    for letter, value in options:
        if letter == "?":
            raise Failure(status, value + hint.format(tool))
        if letter in beyond:
            raise Failure(status, f"The lab's {tool} knows {' '.join(f'-{c}' for c in short if c != ':') or 'no option'}, not -{letter}.\n")
    return dict(options), words
