"""A question with one right answer: a number, an address, a name, or a choice.

The blank in a notebook is `...`, so an untouched cell says "not answered yet" and nothing breaks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
        if given is ...:
            return Feedback("open", f"{self.text} Put your answer in place of the three dots.")
        rights = self.answer if isinstance(self.answer, tuple) else (self.answer,)
        if _plain(given) in {_plain(right) for right in rights}:
            return Feedback("right", self.because)
        for wrong, why in self.wrong.items():
            if _plain(given) == _plain(wrong):
                return Feedback("wrong", why)
        if not _same_kind(given, rights[0]):
            return Feedback("odd", f"{given!r} is not {_kind(rights[0])}. {self.text}")
        return Feedback("wrong", self.hint or "Look at the trace again.")

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def _plain(value) -> str:
    """Answers compare without regard to case, spaces and type: 64, "64" and " 64 " are one."""
    return " ".join(str(value).lower().replace("`", "").split())


def _same_kind(given, right) -> bool:
    """Numbers for numbers; anything that reads as text for text."""
    if isinstance(right, bool):
        return isinstance(given, bool) or _plain(given) in ("true", "false", "yes", "no")
    if isinstance(right, int):
        return _plain(given).lstrip("-").isdigit()
    return not callable(given)


def _kind(right) -> str:
    if isinstance(right, bool):
        return "True or False"
    return "a whole number" if isinstance(right, int) else "a short text such as an address or a name"
