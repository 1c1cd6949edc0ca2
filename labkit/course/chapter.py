"""The exercises of one notebook, in their order: what is done of them, and the instructor's key."""

import json
import sys

from ..errors import LabError
from .exercise import STATUS, Exercise, Feedback, Question
from .files import find

#: The tag of a cell whose lines a learner types: in a copy they are left out, but for the comment that says what to type.
TYPED = "type"


class Chapter:
    """The questions and tasks of a module such as `labkit.course.nb00`; they are what Tab offers behind `q.`."""

    def __init__(self, module: str):
        self._module = module

    def exercises(self) -> dict[str, Exercise]:
        """By name, in the order of the notebook."""
        return {name: thing for name, thing in vars(sys.modules[self._module]).items() if isinstance(thing, Exercise)}

    def names(self) -> list[str]:
        """For the module's `__dir__`: the exercises, the labs that are handed out, and progress."""
        public = {name for name, thing in vars(sys.modules[self._module]).items()
                  if name.islower() and name[0] != "_" and getattr(thing, "__module__", "") == self._module}
        return sorted({*self.exercises(), *public, "progress", "typed"})

    def progress(self) -> "Progress":
        """What was answered since the kernel was started."""
        return Progress({name: STATUS.get(thing, "open") for name, thing in self.exercises().items()})

    def typed(self, number: int) -> Feedback:
        """The lines of the n-th cell that is the learner's to type. LabError when there are not so many."""
        (book,) = find("notebooks").glob(f"{self._module[-2:]}-*.ipynb")
        cells = [cell for cell in json.loads(book.read_text(encoding="utf-8"))["cells"] if TYPED in cell["metadata"].get("tags", ())]
        if number not in range(1, len(cells) + 1):
            raise LabError(f"this notebook has {len(cells)} cells to type in; there is none with the number {number!r}")
        lines = "".join(cells[number - 1]["source"]).splitlines()
        return Feedback("solution", "", code="\n".join(line for line in lines if not line.startswith("#")))

    def key(self) -> str:
        """Every answer and solution, with what is behind the wrong ones, as Markdown."""
        lines = []
        for name, thing in self.exercises().items():
            lines += [f"### q.{name}", "", thing.text, "", thing.solution()._repr_markdown_(), ""]
            if isinstance(thing, Question) and thing.wrong:
                lines += [*(f"- `{wrong}`: {why}" for wrong, why in thing.wrong.items()), ""]
        return "\n".join(lines)


class Progress(dict):
    """Status by exercise; its text counts the right ones, in whatever form, and names the others."""

    def __str__(self) -> str:
        tried = [f"q.{name}" for name, status in self.items() if status in ("wrong", "odd", "hint")]
        fresh = [f"q.{name}" for name, status in self.items() if status == "open"]
        said = [f"{len(self) - len(tried) - len(fresh)} of {len(self)} right."]
        said += [f"Tried: {', '.join(tried)}."] if tried else []
        said += [f"Not tried yet: {', '.join(fresh)}."] if fresh else []
        return " ".join(said)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return str(self).replace("_", r"\_")
