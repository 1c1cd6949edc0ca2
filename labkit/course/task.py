"""A task: do something to a lab, then let it be checked by what packets do in it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import LabError
from ..lab.lab import Lab
from .feedback import Feedback
from .given import stranger, untouched


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
