"""What a learner answers or builds, and what is said of it: right, wrong and why, or not tried yet.

A Question reads an answer; a Task looks at a lab that was changed. Not tried, wrong, right in another form, and "not an answer at all"
are different things and are told apart.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import LabError
from ..lab.lab import Lab
from .answers import Kind, kind_of, readable, spelled
from .judging import stranger, untouched

_HEADS = {
    "right": "Right.", "wrong": "Not quite.", "open": "Not answered yet.", "form": "Right, in another form.",
    "odd": "That is not an answer of the kind asked for.",
}  # fmt: skip

#: What means something to Markdown or HTML, and what makes a bare address a link (GitHub Flavored Markdown 6.9).
_MARKUP = re.compile(r"[\\`*_\[\]|~$<&@]|(?<=\])\(|:(?=//)|(?<=www)\.", re.IGNORECASE)
#: Where a backslash is not enough; MathJax looks for pairs of $ in what Markdown has made, but not across elements.
_LITERAL = {"<": "&lt;", "&": "&amp;", "$": r"<span>\$</span>"}
_CODE = re.compile(r"(`[^`\n]+`)")


@dataclass(frozen=True, slots=True)
class Feedback:
    """status: "right", "wrong", "open" (not tried), "form" (right, but written in another way) or "odd".

    `given` is what was typed, where that is repeated; in `text`, our own words, `…` marks what is code.
    """

    status: str
    text: str
    given: str = ""

    def __bool__(self) -> bool:
        return self.status == "right"

    def __str__(self) -> str:
        return " ".join(filter(None, (_HEADS[self.status], self.given, self.text)))

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        """For notebooks, which break lines of plain text in the middle of words. No typed text is ever markup."""
        pieces = _CODE.split(" ".join(self.text.split()))
        text = "".join(piece if place % 2 else _literal(piece) for place, piece in enumerate(pieces))
        return " ".join(filter(None, (f"**{_HEADS[self.status]}**", _literal(self.given), text)))


def _literal(text: str) -> str:
    return _MARKUP.sub(lambda found: _LITERAL.get(found[0], "\\" + found[0]), text)


@dataclass(frozen=True, slots=True)
class Question:
    """`answer`: the right one (or a tuple of equally right ones). `because`: told with a right answer.

    `wrong` maps likely wrong answers to what is behind each; `hint` is for all the others.
    """

    text: str
    answer: object
    because: str
    wrong: Mapping[object, str] = field(default_factory=dict)
    hint: str = ""

    def check(self, given=...) -> Feedback:
        """Say whether `given` is right, and if not, why not."""
        rights = self.answer if isinstance(self.answer, tuple) else (self.answer,)
        kind = kind_of(rights[0])
        odd = Feedback("odd", f"is not {kind.name}. {self.text}", _shown(given))
        if given is not ... and not readable(given):
            return odd
        said = spelled(given) if given is not ... else ""
        if not said:
            return Feedback("open", f"{self.text} Put your answer in place of the three dots.")
        told = {_reading(kind, wrong): why for wrong, why in self.wrong.items()}
        read = _reading(kind, given)
        if read in {_reading(kind, right) for right in rights}:
            return Feedback("right", self.because)
        if read in told:
            return Feedback("wrong", told[read])
        for right in rights:
            if kind.alike(said, _reading(kind, right)):
                return Feedback("form", f"Write it as `{right!r}`. {self.because}", _shown(given))
        why = next((why for wrong, why in told.items() if kind.alike(said, wrong)), None)
        if why is None and kind.read(said) is None:
            return odd
        return Feedback("wrong", why or self.hint or "Think again: the cells above have what it takes.")

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def _reading(kind: Kind, answer) -> str:
    """An answer's one spelling; what is not of the kind asked for is itself."""
    return kind.read(spelled(answer)) or spelled(answer)


def _shown(given) -> str:
    text = repr(given)
    return text if len(text) <= 80 else f"{text[:77]}…"


@dataclass(frozen=True, slots=True)
class Task:
    """`test(thing)` returns None when the task is done, else a sentence on what is still missing.

    `start()` makes the lab anew that is handed out: another lab is none to check, and an untouched one is not answered
    yet. `undone(thing)`, if given, is asked instead whether nothing was done.
    """

    text: str
    test: Callable[[object], str | None]
    because: str
    undone: Callable[[object], bool] | None = None
    start: Callable[[], Lab] | None = None

    def check(self, thing=...) -> Feedback:
        """Say whether the task is done, and if not, what is missing."""
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
        return Feedback("right", self.because) if missing is None else Feedback("wrong", missing)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__
