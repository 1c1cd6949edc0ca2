"""An answer counts in every way people write it, or is told that only its form is another; what was typed stays text."""

import re
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface

import numpy
import pytest

from labkit.course import nb00, nb01, nb02, nb03, nb04, nb05
from labkit.course.exercise import Question, Task
from labkit.errors import LabError

from .test_every_question import EXERCISES

ASKED = [pytest.param(thing, id=f"{module}.{name}") for module, name, thing in EXERCISES if isinstance(thing, Question)]


def first(question):
    return question.answer[0] if isinstance(question.answer, tuple) else question.answer


def ways(right) -> list:
    """The ways in which an answer is surely right."""
    if isinstance(right, bool):
        words = ("True", "yes", "Y", "t") if right else ("False", "no", "N", "f")
        return [right, numpy.bool_(right), *words, words[0].upper(), f" {words[1]}. ", words[1].encode(), f"`{words[0]}`"]
    if isinstance(right, int):
        wide = str(right).translate({ord("0") + n: ord("０") + n for n in range(10)})
        return [right, str(right), f" {right} ", f"`{right}`", f"0{right}", f"+{right}", f"{right}.0", float(right), numpy.float64(right),
                numpy.float32(right), numpy.int64(right), Decimal(right), str(right).encode(), wide, f"'{right}'"]  # fmt: skip
    return [right, right.upper(), f" {right}\n", f"`{right}`", right.encode(), f'"{right}"', f"{right}.", [right]]


@pytest.mark.parametrize("question", ASKED)
def test_a_right_answer_is_right_in_every_spelling(question):
    for given in ways(first(question)):
        assert question.check(given).status == "right", repr(given)


@pytest.mark.parametrize("question", ASKED)
def test_a_right_answer_in_another_form_is_told_so_and_never_wrong(question):
    right = first(question)
    if isinstance(right, bool):
        forms = ["yes, it is" if right else "no, not at all", f"{right}: it does"]
    elif isinstance(right, int):
        forms = [f"{right} of them", f"n={right}", f"it is {right}"]
    else:
        forms = [f"the {right}", f"it is {right}", f"{right},"]
        forms += [f"{right}/24"] if re.fullmatch(r"[\d.]+", right) else []
    for given in forms:
        feedback = question.check(given)
        assert (feedback.status, bool(feedback)) == ("form", False), given
        assert f"Write it as `{right!r}`" in feedback.text and repr(given) in str(feedback)


@pytest.mark.parametrize("question", ASKED)
def test_what_is_no_answer_is_odd_and_what_is_empty_is_open(question):
    for given in (None, question, question.check, len, object(), {"a": 1}):
        assert question.check(given).status == "odd", given
    for given in (..., "", "  ", b""):
        assert question.check(given).status == "open", given


@pytest.mark.parametrize("question", ASKED)
def test_a_wrong_answer_stays_wrong_in_every_spelling(question):
    for wrong, why in question.wrong.items():
        for given in ways(wrong):
            feedback = question.check(given)
            assert (feedback.status, feedback.text) == ("wrong", why), given


@pytest.mark.parametrize("question, given", [
    (nb00.first_ttl, "sixty-four"), (nb00.first_ttl, "64 or 63"), (nb00.first_ttl, "not 64"), (nb00.first_ttl, 64.5),
    (nb00.first_ttl, True), (nb00.first_ttl, float("nan")), (nb00.first_ttl, "6" * 5000),
    (nb00.first_ttl, "64" + " " * 5000 + "5"), (nb00.first_ttl, -64), (nb00.first_ttl, "640"),
    (nb00.which_line, "docker0 or flannel0"), (nb00.which_line, "docker"), (nb00.which_line, "not docker0"), (nb00.which_line, 0),
    (nb02.own_route, "10.20.92.0/25"), (nb02.address_of_docker0, "102.09.2.1"), (nb02.address_of_docker0, "10.20.92.11/24"),
    (nb02.gateway_gone, "yes and no"), (nb02.gateway_gone, 1), (nb02.gateway_gone, "perhaps"), (nb02.gateway_gone, "no, yes"),
    (nb02.docker0_sees, "not false"), (nb01.left_after_stop, True), (nb03.kind_of_tap1, "veto"), (nb04.order, "ABCD"),
    (nb05.third_lease, "10.20.53.0/16"), (nb05.third_lease, "10.20.0.53-24"), (nb01.apart, "bridge"),
])  # fmt: skip
def test_what_only_looks_like_the_right_answer_is_not(question, given):
    assert question.check(given).status in ("wrong", "odd")


@pytest.mark.parametrize("question, given, status", [
    (nb00.which_line, "dev docker0", "form"), (nb00.author, "docker daemon", "form"), (nb00.author, "Docker Engine", "form"),
    (nb00.lowered, "four", "form"), (nb04.overhead, "28 bytes", "form"), (nb04.overhead, "20 bytes", "wrong"),
    (nb01.host_addresses, "192.168.77.2/24", "form"), (nb01.cont_address, IPv4Interface("172.17.0.2/16"), "form"),
    (nb01.cont_address, IPv4Address("172.17.0.2"), "right"), (nb02.address_of_docker0, "10.20.92.1/24", "form"),
    (nb04.node2_address, "192.168.138.222/20", "form"), (nb04.node2_address, "192.168.139.222/20", "wrong"),
    (nb04.line_on_node1, "10.20.0.0", "form"), (nb04.bits_match, "0.0.0.0", "wrong"), (nb05.third_lease, "10.20.53.0-24", "form"),
    (nb01.apart, "bridge, none", "form"), (nb01.apart, ("bridge", "none"), "form"), (nb01.apart, ["none", "bridge"], "form"),
    (nb01.apart, {"none", "bridge"}, "form"), (nb01.published_on_host, "warns", "form"), (nb01.published_on_host, "a warning", "form"),
    (nb01.published_on_host, "refuses", "wrong"), (nb02.which_container, "the pause container", "form"),
    (nb02.which_container, "pause container", "form"), (nb02.own_address, "loopback", "right"), (nb03.flag_of_tap2, "NO CARRIER", "form"),
    (nb03.flag_of_tap2, "<NO-CARRIER>", "form"), (nb04.order, "B,D,C,A", "right"), (nb04.order, ["B", "D", "C", "A"], "right"),
    (nb04.order, "B > D > C > A", "form"), (nb04.silent_ttl, "none", "right"), (nb04.silent_ttl, "no one", "right"),
    (nb00.first_ttl, "٦٤", "right"), (nb00.first_ttl, "0" * 900 + "64", "right"),
    (nb05.lease_gone, "silence", "right"), (nb03.told_what_fits, "No, it does not.", "form"),
])  # fmt: skip
def test_answers_in_other_words(question, given, status):
    assert question.check(given).status == status


NASTY = ("[click](javascript:alert(1))", "![x](http://example.org/x.png)", "<img src=x>", "a`b`c", "a|b", "*x*", "__x__", "~~x~~", "$x$",
         "&lt;", "http://example.org", "www.example.org", "a@example.org", "\\[x](y)", "1\n# head\n- item", "\ud800")  # fmt: skip
LINK_OR_MARK = re.compile(r"(?<!\\)(?:\\\\)*[`*_\[\]|~$<@]|https?://|\bwww\.|&(?!lt;|amp;)|\n")


@pytest.mark.parametrize("typed", NASTY)
def test_nothing_typed_is_markup_in_its_own_feedback(typed):
    shown = [Question("How many?", 4, "yes").check(typed), Question("Which?", True, "yes").check(typed)]
    shown += [Task("t", lambda thing: f"{typed} is not there", "").check(4), Task("t", failing, "").check(typed)]
    for feedback in shown:
        text = feedback._repr_markdown_()
        head, body = text[: text.index("**", 2) + 2], text[text.index("**", 2) + 2 :]
        body = re.sub(r"(?<!\\)`[^`]+`|<span>\\\$</span>", "", body)  # code is never read as markup, nor is $ alone in an element
        assert head.startswith("**") and not LINK_OR_MARK.search(body), text


def failing(thing):
    raise LabError(f"there is no namespace {thing!r}")


def test_a_long_answer_is_not_repeated_whole():
    feedback = Question("How many?", 4, "yes").check("x" * 10_000)
    assert feedback.status == "odd" and len(str(feedback)) < 300


@pytest.mark.parametrize(("given", "right"), [
    ("node1", "k8s-node1"), ("the node k8s-node1", "k8s-node1"), ("node 1", "k8s-node1"), ("10.96.0.50:80", "10.96.0.50"),
    ("pod web-a", "web-a"),
])  # fmt: skip
def test_a_name_without_what_all_names_have_and_an_address_with_a_port_are_the_same_in_another_form(given, right):
    assert Question("?", right, "").check(given).status == "form"


@pytest.mark.parametrize(("given", "right"), [
    ("node2", "k8s-node1"), ("master", "k8s-node1"), ("pod", "node"), ("10.96.0.51:80", "10.96.0.50"),
])  # fmt: skip
def test_but_another_name_is_another(given, right):
    assert Question("?", right, "").check(given).status == "wrong"
