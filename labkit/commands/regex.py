"""Regular expressions as grep and awk have them, in time that grows with the text and not with the choices.

A pattern becomes a graph of states; all ways through it are followed at once (Thompson 1968), and what was worked out for a
set of states and a character is kept. So `(a+)+$` costs as much as `a+$`, where Python's `re` would try for hours. The
longest of the leftmost matches is the match (POSIX 9.1).
"""

import re
from dataclasses import dataclass

from ..errors import BadInput

#: How many states a pattern may have, how deep its parentheses go, and how much work it may make.
MOST_STATES, DEEPEST, MOST_WORK = 2_000, 40, 1_000_000
_CLASSES = {
    "alpha": str.isalpha, "digit": lambda c: "0" <= c <= "9", "alnum": str.isalnum, "space": str.isspace, "upper": str.isupper,
    "lower": str.islower, "blank": lambda c: c in " \t", "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ",
    "xdigit": lambda c: c in "0123456789abcdefABCDEF", "print": str.isprintable, "graph": lambda c: c.isprintable() and c != " ",
    "cntrl": lambda c: ord(c) < 32 or ord(c) == 127,
}  # fmt: skip
_ESCAPED = {"w": (True, _CLASSES["alnum"]), "W": (False, _CLASSES["alnum"]), "s": (True, str.isspace), "S": (False, str.isspace)}
_ASSERTED = "bB<>"
_TEXT = {"t": "\t", "n": "\n"}
_COUNT = re.compile(r"([0-9]{0,6})(?:(,)([0-9]{0,6}))?\}")


@dataclass(frozen=True, slots=True)
class Characters:
    """One character: of these, in one of these ranges or classes; `wanted` False for any other."""

    some: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    classes: tuple = ()
    wanted: bool = True

    def take(self, *cases: str) -> bool:
        """Whether it takes a character, given in each case it may have."""
        return any(self._names(c) for c in cases) == self.wanted

    def _names(self, c: str) -> bool:
        return c in self.some or any(a <= c <= b for a, b in self.ranges) or any(belongs(c) for belongs in self.classes)


ANY = Characters(wanted=False)


class Pattern:
    """A compiled pattern. `basic` is grep's own grammar (`\\|`, `\\(`), else that of grep -E and awk.

    `around`: "w" wants no letter on either side, "x" the whole line.
    """

    def __init__(self, text: str, basic: bool = False, fixed: bool = False, ignore_case: bool = False, around: str = ""):
        self.moves: list[tuple] = []  # of each state: ("take", Characters, next), ("split", next, …), ("if", what, next) or ("end",)
        self.ignore_case, self.work = ignore_case, 0
        end = self._add("end")
        if around:
            end = self._add("if", "$" if around == "x" else "W>", end)
        if fixed:
            start = end
            for c in reversed(text):
                start = self._add("take", Characters(frozenset(c)), start)
        else:
            start = _Reader(text, basic).build(self, end)
        if around:
            start = self._add("if", "^" if around == "x" else "W<", start)
        self.start = frozenset([start])
        self.known: dict[tuple, tuple[bool, frozenset]] = {}

    def _add(self, *move) -> int:
        if len(self.moves) >= MOST_STATES:
            raise BadInput(f"The lab's patterns have up to {MOST_STATES:,} states: this one is too big.")
        self.moves.append(move)
        return len(self.moves) - 1

    def search(self, line: str) -> bool:
        """Whether the pattern is anywhere in a line."""
        states, before = self.start, ""
        for c in line:
            found, states = self._step(states, before, c)
            if found:
                return True
            states |= self.start
            before = c
        return self._step(states, before, "")[0]

    def spans(self, line: str):
        """(start, end) of the matches that are not empty, from left to right."""
        at = 0
        while at < len(line):
            end = self._longest(line, at)
            if end > at:
                yield at, end
            at = max(end, at + 1)

    def _longest(self, line: str, at: int) -> int:
        """Where the longest match that starts here ends; -1 when there is none."""
        states, longest = self.start, -1
        before = line[at - 1 : at] if at else ""
        for place in range(at, len(line) + 1):
            c = line[place : place + 1]
            self._spend(1)
            found, states = self._step(states, before, c)
            if found:
                longest = place
            if not states:
                break
            before = c
        return longest

    def _step(self, states: frozenset, before: str, c: str) -> tuple[bool, frozenset]:
        """Whether the pattern ends between two characters, and the states behind the second ("" is the line's edge)."""
        key = (states, _edge(before), c)
        if key not in self.known:
            reached = self._reached(states, before, c)
            found = any(self.moves[state][0] == "end" for state in reached)
            takes = (self.moves[state] for state in reached if c and self.moves[state][0] == "take")
            cases = (c, c.lower(), c.upper()) if self.ignore_case else (c,)
            after = frozenset(move[2] for move in takes if move[1].take(*cases))
            if len(self.known) > 10_000:
                self.known.clear()
            self.known[key] = found, after
        return self.known[key]

    def _reached(self, states: frozenset, before: str, after: str) -> set[int]:
        """All states that are reached without a character."""
        reached, waiting = set(), list(states)
        while waiting:
            state = waiting.pop()
            if state in reached:
                continue
            reached.add(state)
            move = self.moves[state]
            if move[0] == "split":
                waiting += move[1:]
            elif move[0] == "if" and _holds(move[1], before, after):
                waiting.append(move[2])
        self._spend(len(reached))
        return reached

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > MOST_WORK:
            raise BadInput("The lab gives this pattern up: it makes too much work of these lines.")


def _edge(c: str) -> str:
    """What of a character an assertion looks at."""
    return "" if not c else "a" if _is_word(c) else "."


def _is_word(c: str) -> bool:
    return c.isalnum() or c == "_"


def _holds(assertion: str, before: str, after: str) -> bool:
    left, right = bool(before) and _is_word(before), bool(after) and _is_word(after)
    return {
        "^": not before, "$": not after, "b": left != right, "B": left == right, "<": right and not left, ">": left and not right,
        "W<": not left, "W>": not right,
    }[assertion]  # fmt: skip


class _Reader:
    """A pattern's text read from left to right; what it says is built into a Pattern from its end on."""

    def __init__(self, text: str, basic: bool):
        self.text, self.basic, self.at, self.depth = text, basic, 0, 0

    def build(self, pattern: Pattern, end: int) -> int:
        tree = self.choice()
        if self.at < len(self.text):  # a `)` that closes nothing
            raise BadInput("Unmatched ) or \\)")
        return _built(pattern, tree, end)

    def operator(self) -> str:
        """The operator that stands here, or "": basic ones have a backslash before `(){}|+?`."""
        c = self.text[self.at : self.at + 1]
        if self.basic and c == "\\":
            escaped = self.text[self.at + 1 : self.at + 2]
            return escaped if escaped and escaped in "(){}|+?" else ""
        return c if c and c in ("*" if self.basic else "(){}|+?*") else ""

    def skip(self) -> None:
        self.at += 2 if self.text[self.at] == "\\" else 1

    def choice(self) -> tuple:
        branches = [self.sequence()]
        while self.operator() == "|":
            self.skip()
            branches.append(self.sequence())
        return ("choice", *branches)

    def sequence(self) -> tuple:
        parts: list[tuple] = []
        while self.at < len(self.text):
            operator = self.operator()
            if operator == "|" or (operator == ")" and (self.depth or self.basic)):
                break
            if operator in ("*", "+", "?", "{") and operator and (parts or not self.basic):
                parts.append(self.repeated(parts.pop() if parts else ("sequence",), operator))
            else:
                parts.append(self.atom(operator, not parts))
        return ("sequence", *parts)

    def repeated(self, part: tuple, operator: str) -> tuple:
        self.skip()
        if operator != "{":
            return ("repeat", part, 1 if operator == "+" else 0, 1 if operator == "?" else None)
        text = self.text[self.at :].replace("\\}", "}") if self.basic else self.text[self.at :]
        found = _COUNT.match(text)
        if not found or not (found[1] or found[2]):
            return ("sequence", part, ("take", Characters(frozenset("{"))))
        self.at += found.end() + (1 if self.basic else 0)
        least = int(found[1] or 0)
        most = least if not found[2] else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise BadInput("Invalid content of \\{\\}")
        if max(least, most or 0) > MOST_STATES:
            raise BadInput("Regular expression too big")
        return ("repeat", part, least, most)

    def atom(self, operator: str, first: bool) -> tuple:
        c = self.text[self.at]
        if operator == "(":
            return self.group()
        self.at += 1
        if c == "[":
            return ("take", self.bracket())
        if c == ".":
            return ("take", ANY)
        if c == "^" and (first or not self.basic):
            return ("if", "^")
        if c == "$" and (not self.basic or self.text[self.at :] in ("",) or self.text.startswith(("\\)", "\\|"), self.at)):
            return ("if", "$")
        if c == "\\":
            return self.escaped()
        return ("take", Characters(frozenset(c)))

    def group(self) -> tuple:
        self.skip()
        if self.text.startswith("?", self.at) and not self.basic:
            raise BadInput("The lab's patterns do not know (?")
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadInput(f"The lab's patterns have parentheses up to {DEEPEST} deep.")
        inner = self.choice()
        if self.operator() != ")":
            raise BadInput("Unmatched ( or \\(")
        self.skip()
        self.depth -= 1
        return inner

    def escaped(self) -> tuple:
        c = self.text[self.at : self.at + 1]
        self.at += 1
        if not c:
            raise BadInput("Trailing backslash")
        if c in _ESCAPED:
            wanted, belongs = _ESCAPED[c]
            return ("take", Characters(frozenset("_") if c in "wW" else frozenset(), classes=(belongs,), wanted=wanted))
        if c in _ASSERTED:
            return ("if", c)
        if c in "123456789":
            raise BadInput(f"The lab's patterns do not know \\{c}")
        return ("take", Characters(frozenset(_TEXT.get(c, c))))

    def bracket(self) -> Characters:
        """What stands between `[` and `]`."""
        wanted = not self.text.startswith("^", self.at)
        self.at += not wanted
        some, ranges, classes, first = set(), [], [], self.at
        while self.at == first or not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise BadInput("Unmatched [, [^, [:, [., or [=")
            if self.text.startswith("[:", self.at):
                end = self.text.find(":]", self.at)
                name = self.text[self.at + 2 : end] if end > 0 else ""
                if name not in _CLASSES:
                    raise BadInput("Invalid character class name")
                classes.append(_CLASSES[name])
                self.at = end + 2
                continue
            c, behind = self.text[self.at], self.text[self.at + 1 : self.at + 3]
            if len(behind) == 2 and behind[0] == "-" and behind[1] != "]":
                if behind[1] < c:
                    raise BadInput("Invalid range end")
                ranges.append((c, behind[1]))
                self.at += 3
                continue
            some.add(c)
            self.at += 1
        self.at += 1
        return Characters(frozenset(some), tuple(ranges), tuple(classes), wanted)


def _built(pattern: Pattern, tree: tuple, end: int) -> int:
    """The states of a part that go on at `end`; the first of them."""
    match tree:
        case ("take" | "if" as kind, what):
            return pattern._add(kind, what, end)
        case ("sequence", *parts):
            for part in reversed(parts):
                end = _built(pattern, part, end)
            return end
        case ("choice", *branches):
            starts = [_built(pattern, branch, end) for branch in branches]
            return starts[0] if len(starts) == 1 else pattern._add("split", *starts)
        case ("repeat", part, least, None):
            again = pattern._add("split", end)
            pattern.moves[again] = ("split", _built(pattern, part, again), end)
            end = again
        case ("repeat", part, least, most):
            last = end
            for _ in range(most - least):
                end = pattern._add("split", _built(pattern, part, end), last)
    for _ in range(least):
        end = _built(pattern, part, end)
    return end
