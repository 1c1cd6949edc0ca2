"""A task: do something to a lab, then let it be checked by what packets do in it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import LabError
from .feedback import Feedback


@dataclass(frozen=True, slots=True)
class Task:
    """`test(thing)` returns None when the task is done, else a sentence on what is still missing.

    `undone(thing)`, if given, tells a lab nobody has touched yet from one that was changed wrongly.
    """

    text: str
    test: Callable[[object], str | None]
    because: str
    undone: Callable[[object], bool] | None = None

    def check(self, thing=...) -> Feedback:
        """Say whether the task is done, and if not, what is missing."""
        if thing is ...:
            return Feedback("open", self.text)
        try:
            if self.undone is not None and self.undone(thing):
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
