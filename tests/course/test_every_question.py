"""What holds for the questions and tasks of every notebook."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

import labkit.course
from labkit.course.exercise import Question, Task

MODULES = sorted(path.stem for path in Path(labkit.course.__file__).parent.glob("nb[0-9][0-9].py"))
EXERCISES = [(module, name, thing) for module in MODULES
             for name, thing in vars(import_module(f"labkit.course.{module}")).items() if isinstance(thing, (Question, Task))]
QUESTIONS = [pytest.param(thing, id=f"{module}.{name}") for module, name, thing in EXERCISES if isinstance(thing, Question)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_knows_its_answer_and_what_is_behind_each_wrong_one(question):
    rights = question.answer if isinstance(question.answer, tuple) else (question.answer,)
    for right in rights:
        assert question.check(right).text == question.because
    for wrong, why in question.wrong.items():
        feedback = question.check(wrong)
        assert (feedback.status, feedback.text) == ("wrong", why)
    assert question.check().status == "open"


@pytest.mark.parametrize("module", MODULES)
def test_a_notebook_has_at_least_three_exercises_and_asks_all_it_has(module):
    names = [name for where, name, _ in EXERCISES if where == module]
    (notebook,) = (Path(labkit.__file__).parent.parent / "notebooks").glob(f"{module[2:]}-*.ipynb")
    text = notebook.read_text(encoding="utf-8")
    assert len(names) >= 3
    assert [name for name in names if f"q.{name}.check(" not in text] == []


def refused_lines(book: str, first: str) -> list[str]:
    """The lines of the cell that begins so whose answer is a failure."""
    (notebook,) = (Path(labkit.__file__).parent.parent / "notebooks").glob(f"{book}-*.ipynb")
    (cell,) = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if "".join(cell["source"]).startswith(first)]
    return re.findall(r"^\(exit status", "".join(cell["outputs"][0]["data"]["text/plain"]), re.MULTILINE)


@pytest.mark.parametrize(("module", "first"), [
    ("nb03", "%%lab host\nip netns add ns1\n"), ("nb04", "%%lab k8s-node1\nip link set flannel0 m"),
])  # fmt: skip
def test_as_many_slips_are_refused_as_the_answer_says(module, first):
    assert import_module(f"labkit.course.{module}").refused.check(len(refused_lines(module[2:], first)))
