"""What a learner answers or builds, and what is said of it: right, wrong and why, or not tried yet; and help on demand.

A Question reads an answer; a Task looks at a lab that was changed. Not tried, wrong, right in another form, and "not an answer at all"
are different things and are told apart. `hint()` tells one step more each time, `solution()` all of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import LabError
from ..lab.lab import Lab
from .answers import Kind, kind_of, readable, spelled
from .judging import by_another_way, stranger, untouched

_HEADS = {
    "right": "Right.", "wrong": "Not quite.", "open": "Not answered yet.", "form": "Right, in another form.",
    "odd": "That is not an answer of the kind asked for.", "hint": "Hint.", "solution": "Solution.",
}  # fmt: skip

#: What became of each exercise since this kernel was started, and how many hints were asked for.
STATUS: dict["Question | Task", str] = {}
HINTED: dict["Question | Task", int] = {}

#: What means something to Markdown or HTML, and what makes a bare address a link (GitHub Flavored Markdown 6.9).
_MARKUP = re.compile(r"[\\`*_\[\]|~$<&@]|(?<=\])\(|:(?=//)|(?<=www)\.", re.IGNORECASE)
#: Where a backslash is not enough; MathJax looks for pairs of $ in what Markdown has made, but not across elements.
_LITERAL = {"<": "&lt;", "&": "&amp;", "$": r"<span>\$</span>"}
_CODE = re.compile(r"(`[^`\n]+`)")


@dataclass(frozen=True, slots=True)
class Feedback:
    """status: "right", "wrong", "open" (not tried), "form" (right, but written in another way), "odd", "hint" or "solution".

    `given` is what was typed, where that is repeated; in `text`, our own words, `…` marks what is code; `code` is lines to type.
    """

    status: str
    text: str
    given: str = ""
    code: str = ""

    def __bool__(self) -> bool:
        return self.status == "right"

    def __str__(self) -> str:
        return " ".join(filter(None, (_HEADS[self.status], self.given, self.text))) + (f"\n\n{self.code}" if self.code else "")

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        """For notebooks, which break lines of plain text in the middle of words. No typed text is ever markup."""
        pieces = _CODE.split(" ".join(self.text.split()))
        text = "".join(piece if place % 2 else _literal(piece) for place, piece in enumerate(pieces))
        said = " ".join(filter(None, (f"**{_HEADS[self.status]}**", _literal(self.given), text)))
        return f"{said}\n\n```\n{self.code}\n```" if self.code else said


def _literal(text: str) -> str:
    return _MARKUP.sub(lambda found: _LITERAL.get(found[0], "\\" + found[0]), text)


class Exercise:
    """What questions and tasks share: their hints in order, told one by one, and what became of them."""

    __slots__ = ()
    text: str
    hints: str | tuple[str, ...]

    def hint(self) -> Feedback:
        """One step more each time it is asked for."""
        steps = (self.hints,) if isinstance(self.hints, str) else self.hints
        steps = [step for step in steps if step]
        at = HINTED[self] = min(HINTED.get(self, 0) + 1, len(steps) + 1)
        if at > len(steps):
            return Feedback("hint", f"That is all there is to say without telling it. {self.text} `.solution()` tells it.")
        return Feedback("hint", f"({at} of {len(steps)}) {steps[at - 1]}")

    def _noted(self, feedback: Feedback) -> Feedback:
        """What was right once stays so."""
        if STATUS.get(self) != "right":
            STATUS[self] = feedback.status
        return feedback

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Question(Exercise):
    """`answer`: the right one (or a tuple of equally right ones). `because`: told with a right answer.

    `wrong` maps likely wrong answers to what is behind each; the first of the `hints` is for all the others.
    """

    text: str
    answer: object
    because: str
    wrong: Mapping[object, str] = field(default_factory=dict)
    hints: str | tuple[str, ...] = ()

    def check(self, given=...) -> Feedback:
        """Say whether `given` is right, and if not, why not."""
        return self._noted(self._judged(given))

    def solution(self) -> Feedback:
        """The answer and what is behind it."""
        return Feedback("solution", f"`{self.rights[0]}`. {self.because}")

    @property
    def rights(self) -> tuple:
        return self.answer if isinstance(self.answer, tuple) else (self.answer,)

    def _judged(self, given) -> Feedback:
        kind = kind_of(self.rights[0])
        odd = Feedback("odd", f"is not {kind.name}. {self.text}", _shown(given))
        if given is not ... and not readable(given):
            return odd
        said = spelled(given) if given is not ... else ""
        if not said.strip("."):
            return Feedback("open", f"{self.text} Put {kind.form} in place of the three dots.")
        told = {_reading(kind, wrong): why for wrong, why in self.wrong.items()}
        read = _reading(kind, given)
        if read in {_reading(kind, right) for right in self.rights}:
            return Feedback("right", self.because)
        if read in told:
            return Feedback("wrong", told[read])
        for right in self.rights:
            if kind.alike(said, _reading(kind, right)):
                return Feedback("form", f"Write it as `{right!r}`. {self.because}", _shown(given))
        why = next((why for wrong, why in told.items() if kind.alike(said, wrong)), None)
        if why is None and kind.read(said) is None:
            return odd
        first = self.hints if isinstance(self.hints, str) else next(iter(self.hints), "")
        return Feedback("wrong", why or first or "Think again: the cells above have what it takes.")


def _reading(kind: Kind, answer) -> str:
    """An answer's one spelling; what is not of the kind asked for is itself."""
    return kind.read(spelled(answer)) or spelled(answer)


def _shown(given) -> str:
    text = repr(given)
    return text if len(text) <= 80 else f"{text[:77]}…"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Task(Exercise):
    """`test(thing)` returns None when the task is done, else a sentence on what is still missing.

    `start()` makes the lab anew that is handed out: another lab is none to check, and an untouched one is not answered
    yet. `undone(thing)`, if given, is asked instead whether nothing was done. `answer`: lines that do it, by namespace.
    """

    text: str
    test: Callable[[object], str | None]
    because: str
    undone: Callable[[object], bool] | None = None
    start: Callable[[], Lab] | None = None
    answer: tuple[tuple[str, str], ...] = ()
    hints: str | tuple[str, ...] = ()

    def check(self, thing=...) -> Feedback:
        """Say whether the task is done, and if not, what is missing."""
        return self._noted(self._judged(thing))

    def solution(self) -> Feedback:
        """Lines that do it, each group below the namespace that it is typed in."""
        cells = (f"%%lab {on}\n" + "\n".join(line.strip() for line in lines.strip().splitlines()) for on, lines in self.answer)
        return Feedback("solution", f"One way; every other that does the same counts. {self.because}", code="\n\n".join(cells))

    def solve(self, lab: Lab) -> None:
        """Type the solution's lines, as a cell does."""
        for on, lines in self.answer:
            lab.sh(lines, on=on)

    def _judged(self, thing) -> Feedback:
        if thing is ...:
            return Feedback("open", self.text)
        try:
            fresh = self.start() if self.start is not None else None
            if fresh is not None and (what := stranger(thing, fresh)):
                return Feedback("odd", f"This {what} {self.text}")
            if self.undone(thing) if self.undone is not None else fresh is not None and untouched(thing, fresh):
                return Feedback("open", self.text)
            missing = self.test(thing)
        except LabError as error:
            return Feedback("wrong", f"The check could not run: {error}")
        except (AttributeError, TypeError):
            return Feedback("odd", f"Hand over the lab itself: check(lab). {self.text}")
        if missing is not None:
            return Feedback("wrong", missing)
        if not self.answer:
            return Feedback("right", self.because)
        self.solve(fresh)
        another = "By another way than the one in `.solution()`, and a packet cannot tell. " if by_another_way(thing, fresh) else ""
        return Feedback("right", another + self.because)
