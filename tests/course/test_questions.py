"""Questions and tasks answer every kind of answer, also the odd ones."""

import pytest

from labkit.course.exercise import Question, Task
from labkit.errors import LabError

TTL = Question(
    "What TTL does the reply show?", 64, "No router lowered it.", {60: "That is across nodes."}, "Count the routers."
)


@pytest.mark.parametrize("given, status, words", [
    (..., "open", "three dots"), (64, "right", "No router"), (" 64", "right", "No router"),
    (60, "wrong", "across nodes"), (63, "wrong", "Count"), ("many", "odd", "whole number"), (None, "odd", "whole number"),
])
def test_a_question_answers_each_kind_of_answer(given, status, words):
    feedback = TTL.check(given)
    assert feedback.status == status and words in str(feedback)
    assert bool(feedback) == (status == "right")


def test_a_notebook_shows_the_answer_with_a_bold_head_and_nothing_of_the_learners_text_as_markup():
    assert TTL.check(64)._repr_markdown_() == "**Right.** No router lowered it."
    assert r"'&lt;b>\*x\*' is not a whole number" in TTL.check("<b>*x*")._repr_markdown_()


def test_one_of_several_right_answers_will_do_in_any_case_and_spacing():
    question = Question("Which device?", ("flannel0", "the tun"), "yes")
    assert question.check("The  TUN") and question.check("`flannel0`") and not question.check("docker0")


def test_true_and_false_are_answers():
    question = Question("Does docker0 see it?", False, "no")
    assert question.check(False) and question.check("false")
    assert question.check(True).status == "wrong" and question.check(3).status == "odd"


def broken(thing):
    raise LabError("there is no namespace 'x'")


def test_a_task_tells_done_from_missing_from_untouched_from_nonsense():
    task = Task("Bring it up.", lambda n: None if n > 1 else "still down", "up", undone=lambda n: n == 0)
    assert task.check().status == "open" and task.check(0).status == "open"
    assert task.check(1).text == "still down" and task.check(2)
    assert Task("t", lambda n: n.x, "").check(3).status == "odd"
    assert "no namespace" in Task("t", broken, "").check(3).text


def test_a_task_that_looks_whether_it_was_begun_minds_neither_nonsense_nor_a_lab_without_the_namespace():
    task = Task("t", lambda lab: None, "", undone=lambda lab: lab["x"].is_new)
    assert task.check(3).status == "odd"
    assert "no namespace" in Task("t", lambda lab: None, "", undone=broken).check(3).text
