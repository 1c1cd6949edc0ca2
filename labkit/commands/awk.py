"""awk(1), as one-liners use it: `[-F SEP] '[/pattern/ | NR>1 | $2 == "word"] {print $1, $NF, "text"}'`.

The program is read once into questions and fields; then each line is asked. Numbers and texts are compared as POSIX
says: as numbers where both look like some.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import BadInput
from .filters import lines, texts
from .getopt import getopt
from .regex import Pattern
from .result import Context, Failure, Result
from .words import whole

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|/(?:[^/\\]|\\.)*/|.', re.S)
_FIELD = re.compile(r"\$(?:([0-9]+)|NF|\(NF-([0-9]+)\))")
_TEST = re.compile(r'(\$\([^)]*\)|[^\s=!<>~]+)\s*(==|!=|>=|<=|>|<|!~|~)\s*("(?:[^"\\]|\\.)*"|/(?:[^/\\]|\\.)*/|[^\s/"]+)', re.S)
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\s*")
_COMPARE = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One line, its fields, and which it is."""

    line: str
    fields: list[str]
    number: int


def awk(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("awk", args, "F:v:f:")
    given = dict(options)
    if given.keys() - {"F"} or not words:
        raise _not_understood("without a program" if not words else f"-{next(iter(given.keys() - {'F'}))}")
    try:
        conditions, fields = _program(words[0])
        separator = _separator(given.get("F", " "))
        found, err = texts("awk", ctx, words[1:], "awk: cannot open {} ({})")
        out, number = "", 0
        for line in lines("".join(text for _, text in found)):
            number += 1
            record = Record(line, separator(line), number)
            if all(holds(record) for holds in conditions):
                out += "".join(field(record) for field in fields) + "\n"
    except BadInput as error:
        raise Failure(2, f"{error}\n" if str(error).startswith("The lab") else f"awk: line 1: {error}\n") from None
    return Result(2 if err else 0, out, err)


def _not_understood(what: str) -> BadInput:
    return Failure(2, f"The lab's awk knows programs such as '$1 == \"eth0\" {{print $2}}', not {what[:60]}\n")


def _program(text: str) -> tuple[list[Callable], list[Callable]]:
    """The questions in front of the braces, and what is printed within."""
    pieces = [piece[0] for piece in _PIECE.finditer(text.strip())]
    brace = pieces.index("{") if "{" in pieces else len(pieces)
    condition, action = "".join(pieces[:brace]).strip(), pieces[brace:]
    if action:
        inside = "".join(action[1:-1]).strip().rstrip(";").strip()
        if action[-1] != "}" or not re.match(r"print(?![A-Za-z0-9_])", inside):
            raise _not_understood("".join(action))
        fields = _printed(inside.removeprefix("print").strip())
    elif not condition:
        raise _not_understood("an empty one")
    else:
        fields = [lambda record: record.line]
    return [_condition(part.strip()) for part in _split(pieces[:brace])] if condition else [], fields


def _split(pieces: list[str]) -> list[str]:
    """The parts between `&&`, which may stand in a text or a pattern."""
    parts, at = [""], 0
    while at < len(pieces):
        if pieces[at : at + 2] == ["&", "&"]:
            parts.append("")
            at += 2
            continue
        parts[-1] += pieces[at]
        at += 1
    return parts


def _condition(part: str) -> Callable[[Record], bool]:
    wanted = not part.startswith("!")
    bare = part.removeprefix("!").strip()
    if len(bare) > 1 and bare[0] == bare[-1] == "/":
        pattern = _pattern(bare)
        return lambda record: pattern.search(record.line) == wanted
    test = _TEST.fullmatch(part)
    if not test:
        raise _not_understood(part)
    left, sign, right = _value(test[1]), test[2], test[3]
    if sign in ("~", "!~"):
        pattern = _pattern(right if right[0] == "/" else f"/{right.strip(chr(34))}/")
        return lambda record: pattern.search(left(record)) == (sign == "~")
    constant, value = right.startswith('"'), _value(right)
    return lambda record: _compared(left(record), _COMPARE[sign], value(record), constant)


def _compared(left: str, compare: Callable, right: str, text_only: bool) -> bool:
    if not text_only and _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right):
        return compare(float(left), float(right))
    return compare(left, right)


def _pattern(text: str) -> Pattern:
    try:
        if text[1:2] in tuple("*+?"):
            raise BadInput("missing operand")
        return Pattern(text[1:-1].replace("\\/", "/"))
    except BadInput as error:
        if str(error).startswith("The lab"):
            raise
        why = "missing ')'" if "( or" in str(error) else str(error)
        raise BadInput(f"regular expression compile failed ({why})\n{text[1:-1]}") from None


def _separator(text: str) -> Callable[[str], list[str]]:
    """-F: a blank is any white space, one character is itself, more are a pattern."""
    if text == " ":
        return str.split
    text = text.replace("\\t", "\t") if text != "t" else "\t"
    if len(text) == 1 and text != "\\":
        return lambda line: line.split(text) if line else []
    pattern = _pattern(f"/{text}/")

    def split(line: str) -> list[str]:
        found, at = [], 0
        for start, end in pattern.spans(line):
            found.append(line[at:start])
            at = end
        return [*found, line[at:]] if line else []

    return split


def _printed(text: str) -> list[Callable[[Record], str]]:
    """What `print` puts out: a comma is one space, words side by side are joined."""
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    found, word, made = [], "", []
    for piece in (*(p[0] for p in _PIECE.finditer(text)), " "):
        if piece[0] == '"' or piece == "," or (piece.isspace() and piece == " ") or piece == "\t":
            made += [word] if word else []
            made += [piece] if piece[0] == '"' or piece == "," else []
            word = ""
        elif piece == "$" and word:
            made, word = [*made, word], piece
        else:
            word += piece
    for one in made:
        found.append((lambda record: " ") if one == "," else _value(one))
    return found or [lambda record: record.line]


def _value(word: str) -> Callable[[Record], str]:
    """A text, a number, NR, NF, or a field."""
    if word[0] == '"' and len(word) > 1:
        text = word[1:-1].replace("\\t", "\t").replace("\\n", "\n").replace('\\"', '"')
        return lambda record: text
    if word == "NR":
        return lambda record: str(record.number)
    if word == "NF":
        return lambda record: str(len(record.fields))
    if _NUMBER.fullmatch(word):
        return lambda record: word
    found = _FIELD.fullmatch(word)
    if not found:
        raise _not_understood(word)
    if found[1] is not None:
        number = whole(found[1])
        return lambda record: record.line if not number else _field(record, number)
    back = whole(found[2] or "0")
    return lambda record: _field(record, len(record.fields) - back)


def _field(record: Record, number: int) -> str:
    return record.fields[number - 1] if 1 <= number <= len(record.fields) else ""
