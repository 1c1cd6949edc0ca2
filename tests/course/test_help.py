"""Help on demand: hints one by one, a solution that is right, how far one is, and the instructor's key."""

import pytest

from labkit.__main__ import main
from labkit.course import exercise, nb00
from labkit.course.exercise import Question, Task
from tests.course.test_every_question import EXERCISES, MODULES

every_exercise = pytest.mark.parametrize("thing", [pytest.param(thing, id=f"{m}.{name}") for m, name, thing in EXERCISES])
TASKS = [pytest.param(thing, id=f"{module}.{name}") for module, name, thing in EXERCISES if isinstance(thing, Task)]


@pytest.fixture(autouse=True)
def afresh():
    exercise.STATUS.clear()
    exercise.HINTED.clear()


@pytest.mark.parametrize("task", TASKS)
def test_a_tasks_solution_is_right_and_works_twice(task):
    for _ in range(2):
        lab = task.start()
        assert task.check(lab).status == "open"
        task.solve(lab)
        assert (task.check(lab).status, task.check(lab).text) == ("right", task.because)


@pytest.mark.parametrize("task", TASKS)
def test_what_a_solution_shows_can_be_typed_as_it_stands(task):
    lab = task.start()
    for cell in task.solution().code.split("\n\n"):
        first, *lines = cell.splitlines()
        for line in lines:
            assert lab.sh(line, on=first.removeprefix("%%lab ")).returncode == 0
    assert task.check(lab)


@every_exercise
def test_hints_come_one_by_one_and_none_of_them_is_the_solution(thing):
    steps = (thing.hints,) if isinstance(thing.hints, str) else thing.hints
    for at, step in enumerate(steps, 1):
        assert thing.hint().text == f"({at} of {len(steps)}) {step}"
    for _ in range(2):
        assert "`.solution()` tells it" in thing.hint().text
    assert thing.solution().status == "solution" and thing.because in thing.solution().text
    if isinstance(thing, Task):
        assert len(steps) >= 2 and not any(thing.solution().code in step for step in steps)


def test_progress_tells_right_tried_and_not_tried_and_what_was_right_stays_so():
    names = nb00.CHAPTER.exercises()
    assert str(nb00.progress()).startswith(f"0 of {len(names)} right. Not tried yet: q.sets, q.first_ttl")
    nb00.first_ttl.check(64), nb00.first_ttl.check(3), nb00.lowered.check(3), nb00.which_line.check("dev docker0")
    said = str(nb00.progress())
    assert said.startswith(f"2 of {len(names)} right. Tried: q.lowered. Not tried yet: q.sets, q.next_best,")
    assert "q.first" not in said and r"q.next\_best" in nb00.progress()._repr_markdown_()


def test_tab_behind_q_offers_what_a_learner_uses_and_nothing_else():
    assert dir(nb00) == sorted([*nb00.CHAPTER.exercises(), "progress", "typed"])


@pytest.mark.parametrize("module", MODULES)
def test_the_key_has_every_answer_of_a_notebook(module, capsys):
    assert main(["answers", module[2:]]) == 0
    key = capsys.readouterr().out
    for where, name, thing in EXERCISES:
        assert (f"### q.{name}\n" in key and thing.text in key) if where == module else True
        if where == module and isinstance(thing, Question):
            assert f"`{thing.rights[0]}`" in key and all(why in key for why in thing.wrong.values())


def test_the_key_of_no_such_notebook(capsys):
    assert main(["answers", "77"]) == 1
    assert "there is no notebook 77; there are 00, 01" in capsys.readouterr().err


def test_another_way_is_said_to_be_one():
    lab = nb00.mend.start()
    lab.sh("ip route add 10.20.92.0/24 dev docker0 metric 5", on="k8s-node2")
    assert nb00.mend.check(lab).text.startswith("By another way than the one in `.solution()`")
