"""A question with one right answer: a number, an address, a name, or a choice.

The blank in a notebook is `...`, so an untouched cell says "not answered yet" and nothing breaks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .answers import Kind, kind_of, readable, spelled
from .feedback import Feedback


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
