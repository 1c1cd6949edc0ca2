"""Regular expressions as grep and awk have them, in time that grows with the text and not with the choices.

A pattern becomes a function from places in a line to the places behind what it matches, a set of places being the bits of one
number: all ways are followed at once, so `(a+)+$` costs as much as `a+$`, where Python's `re` would try for hours. The longest
of the leftmost matches is the match (POSIX 9.1).
"""

import re
from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_

from ..errors import BadInput

#: How many characters a pattern may have, how deep its parentheses go, and how much work it may make.
LONGEST, DEEPEST, MOST_WORK = 4_000, 40, 1_000_000
#: Of what one character may be, in the words of Python's `re`.
_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s", "upper": "A-Z", "lower": "a-z", "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9a-fA-F", "print": " -~", "graph": "!-~", "cntrl": r"\x00-\x1f\x7f",
}  # fmt: skip
_ESCAPED = {"t": r"\t", "n": r"\n", "w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S"}
_TOKEN = re.compile(
    r"(?P<escaped>\\.?)|\[(?P<none>\^?)(?P<bracket>\]?(?:\[:\w*:\]|[^\]])*)(?P<closed>\]?)"
    r"|\{(?=[0-9,])(?P<least>[0-9]{0,6})(?P<comma>,?)(?P<most>[0-9]{0,6})\}|.", re.S)  # fmt: skip
_PIECE = re.compile(r"\\.?|\[\^?\]?(?:\[:\w*:\]|[^\]])*\]?|.", re.S)
_INNER = re.compile(r"\[:(?P<named>\w*):\]|(?P<first>.)-(?P<last>.)|(?P<one>.)", re.S)

#: What a pattern is made of: ("one", kind of character), ("at", assertion), ("row", *parts), ("any", *parts), or
#: ("repeat", part, least, most or None).
Part = tuple
_WORD = re.compile(r"\w")
#: Where an assertion holds, given the places behind a letter, those before one, and the end of the line.
_ASSERTED: dict[str, Callable[[int, int, int], int]] = {
    "^": lambda before, after, end: 1, "$": lambda before, after, end: end,
    "b": lambda before, after, end: before ^ after, "B": lambda before, after, end: ~(before ^ after),
    "<": lambda before, after, end: after & ~before, ">": lambda before, after, end: before & ~after,
    "W<": lambda before, after, end: ~before, "W>": lambda before, after, end: ~after,
}  # fmt: skip


class _Line:
    """A text, which of its places a character of some kind stands at, and how much work may still be done."""

    def __init__(self, text: str, pattern: "Pattern"):
        self.text, self.pattern = text, pattern
        self.all = (1 << len(text) + 1) - 1
        self._places: dict[re.Pattern, int] = {}

    def places(self, kind: re.Pattern) -> int:
        if kind not in self._places:
            fits = {ord(c): "1" if kind.match(c) else "0" for c in set(self.text)}
            self._places[kind] = int(self.text[::-1].translate(fits) or "0", 2)
        return self._places[kind]

    def ends(self, part: Part, at: int) -> int:
        """The places where a part may end that starts at some of these."""
        match part:
            case ("one", kind):
                at = (at & self.places(kind)) << 1
            case ("at", what):
                words = self.places(_WORD)
                at &= _ASSERTED[what](words << 1, words, 1 << len(self.text))
            case ("row", *parts):
                for one in parts:
                    at = at and self.ends(one, at)
            case ("any", *parts):
                at = reduce(or_, (self.ends(one, at) for one in parts))
            case ("repeat", once, least, most):
                for _ in range(least):
                    self.spend()
                    at = at and self.ends(once, at)
                reached, times = at, least
                while at and (most is None or times < most):  # a place that was reached before is not gone on from again
                    self.spend()
                    at = self.ends(once, at) & ~reached
                    reached, times = reached | at, times + 1
                at = reached
        return at

    def spend(self) -> None:
        self.pattern.work += 1 + len(self.text) // 10_000
        if self.pattern.work > MOST_WORK:
            raise BadInput("The lab gives this pattern up: it makes too much work of these lines.")


class Pattern:
    """A compiled pattern. `basic` is grep's own grammar (`\\|`, `\\(`), else that of grep -E and awk.

    `around`: "w" wants no letter on either side, "x" the whole line.
    """

    def __init__(self, text: str, basic: bool = False, fixed: bool = False, ignore_case: bool = False, around: str = ""):
        if len(text) > LONGEST:
            raise BadInput(f"The lab's patterns have up to {LONGEST:,} characters, and this one has {len(text):,}.")
        self.work = 0
        self.plain = text if not ignore_case and not around and re.fullmatch(r"[\w /:,-]*", text) else None
        flags = re.I if ignore_case else re.NOFLAG
        part = ("row", *(_one(re.escape(c), flags) for c in text)) if fixed else _read(_extended(text) if basic else text, basic, flags)
        before, after = {"": ("", ""), "w": ("W<", "W>"), "x": ("^", "$")}[around]
        self.part = ("row", ("at", before), part, ("at", after)) if around else part

    def search(self, text: str) -> bool:
        """Whether the pattern is anywhere in a line."""
        if self.plain is not None:
            return self.plain in text
        line = _Line(text, self)
        return bool(line.ends(self.part, line.all))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of the matches that are not empty, from left to right."""
        line, at = _Line(text, self), 0
        while at < len(text) and line.ends(self.part, line.all >> at << at):
            end = line.ends(self.part, 1 << at).bit_length() - 1
            line.spend()
            if end > at:
                yield at, end
            at = max(end, at + 1)


def _one(kind: str, flags: re.RegexFlag) -> Part:
    """One character of a kind."""
    return "one", re.compile(kind, flags | re.S)


def _extended(text: str) -> str:
    """A basic pattern as an extended one: the operators without a backslash are the characters, and the other way round."""
    pieces = _PIECE.findall(text)
    made = ""
    for before, piece, behind in zip(["\\(", *pieces], pieces, [*pieces[1:], "\\)"], strict=False):
        first = before in ("\\(", "\\|")
        if re.fullmatch(r"\\[(){}|+?]", piece) and not (first and piece[1] in "+?{"):
            made += piece[1]
        elif piece in "(){}|+?" or (first and piece == "*"):
            made += f"\\{piece}"
        elif (piece == "^" and not first) or (piece == "$" and behind not in ("\\)", "\\|")):
            made += f"\\{piece}"
        else:
            made += piece
    return made


def _read(text: str, basic: bool, flags: re.RegexFlag) -> Part:
    """An extended pattern, read from left to right."""
    levels: list[list[list[Part]]] = [[["row"]]]  # of each parenthesis that is open, the parts of its branches
    in_a_row = 0
    for token in _TOKEN.finditer(text):
        parts, what = levels[-1][-1], token[0]
        repeats = what in ("*", "+", "?") or token["comma"] is not None
        in_a_row = in_a_row + 1 if repeats else 0
        if in_a_row > 4:
            raise BadInput("The lab's patterns repeat what they repeat up to 4 times over.")
        if what == "(":
            levels.append([["row"]])
            if len(levels) > DEEPEST or text.startswith("?", token.end()):
                raise BadInput(f"The lab's patterns have no (?, and parentheses up to {DEEPEST} deep.")
        elif what == ")" and len(levels) > 1:
            inner = ("any", *map(tuple, levels.pop()))
            levels[-1][-1].append(inner)
        elif what == ")" and basic:
            raise BadInput("Unmatched ) or \\)")
        elif what == "|":
            levels[-1].append(["row"])
        elif repeats:
            parts[1:] = [*parts[1:-1], ("repeat", parts[-1] if parts[1:] else ("row",), *_times(token))]
        else:
            parts.append(_atom(token, flags))
    if len(levels) > 1:
        raise BadInput("Unmatched ( or \\(")
    return ("any", *map(tuple, levels[0]))


def _times(token: re.Match) -> tuple[int, int | None]:
    """How often at least and at most."""
    if token["comma"] is None:
        return int(token[0] == "+"), 1 if token[0] == "?" else None
    least, most = int(token["least"] or 0), int(token["most"]) if token["most"] else None
    most = least if not token["comma"] else most
    if most is not None and most < least:
        raise BadInput("Invalid content of \\{\\}")
    return least, most


def _atom(token: re.Match, flags: re.RegexFlag) -> Part:
    """What takes one character, or a place between two."""
    what = token[0]
    if token["bracket"] is not None:
        return _one(_bracket(token), flags)
    if token["escaped"] is None:
        return ("at", what) if what in "^$" else _one("." if what == "." else re.escape(what), flags)
    c = what[1:]
    if not c or c in "123456789":
        raise BadInput(f"The lab's patterns do not know {what}" if c else "Trailing backslash")
    return ("at", c) if c in "bB<>" else _one(_ESCAPED.get(c, re.escape(c)), flags)


def _bracket(token: re.Match) -> str:
    """One of the characters between `[` and `]`, or with `^` any other, in the words of Python's `re`."""
    if not token["closed"]:
        raise BadInput("Unmatched [, [^, [:, [., or [=")
    kinds = ""
    for found in _INNER.finditer(token["bracket"]):
        if found["named"] is not None and found["named"] not in _CLASSES:
            raise BadInput("Invalid character class name")
        if found["first"] and found["last"] < found["first"]:
            raise BadInput("Invalid range end")
        ends = [found["first"], found["last"]] if found["first"] else [found[0]]
        kinds += _CLASSES[found["named"]] if found["named"] else "-".join(map(re.escape, ends))
    return f"[{token['none']}{kinds}]"
