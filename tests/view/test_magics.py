"""%%lab: shell lines in a cell, shown with their prompts."""

import pytest

from labkit import LabError
from labkit.commands.result import Result
from labkit.front import Lab
from labkit.view.magics import arguments, find_lab, lines, transcript


class Scripted(Lab):
    """A lab whose shell answers from a list, so that these tests are about the magic alone."""

    def sh(self, line, on=None, variables=None):
        return {"fails": Result(2, "", "Error: it does.\n")}.get(line, Result(0, f"{on} ran {line}\n"))


def test_each_command_is_shown_with_the_prompt_of_its_namespace():
    lab = Scripted()
    lab.add_namespace("host", "ns1")
    assert "".join(transcript(lab, "ip addr\n\nip route\n", "ns1")) == (
        "[root@ns1 ~]# ip addr\nns1 ran ip addr\n[root@ns1 ~]# ip route\nns1 ran ip route\n"
    )


def test_a_failing_command_shows_its_exit_status_and_the_cell_goes_on():
    out = "".join(transcript(Scripted(), "fails\nworks"))
    assert out == "[root@host ~]# fails\nError: it does.\n(exit status 2)\n[root@host ~]# works\nhost ran works\n"


def test_comments_are_shown_and_not_run():
    assert "".join(transcript(Scripted(), "# look:\n")) == "[root@host ~]# # look:\n"


def test_a_backslash_joins_lines():
    assert lines("ip link add \\\n  type veth\nip link \\") == ["ip link add \\\n  type veth", "ip link "]


def test_an_unknown_namespace_is_refused_before_anything_runs():
    with pytest.raises(LabError, match="there is no namespace 'ns9'"):
        list(transcript(Scripted(), "works", "ns9"))


def test_the_line_behind_the_magic():
    assert arguments("") == ("lab", None)
    assert arguments("ns1") == ("lab", "ns1")
    assert arguments("ns1 --lab other") == ("other", "ns1")


@pytest.mark.parametrize(("line", "why"), [("--lab", "needs the name"), ("ns1 ip addr", "one namespace")])
def test_a_wrong_line_says_what_would_be_right(line, why):
    with pytest.raises(LabError, match=why):
        arguments(line)


@pytest.mark.parametrize(("variables", "why"), [({}, "make a lab first"), ({"lab": 3}, "is a int, not a lab")])
def test_without_a_lab_the_message_says_how_to_make_one(variables, why):
    with pytest.raises(LabError, match=why):
        find_lab(variables, "lab")


def test_in_ipython_it_prints_and_a_mistake_is_a_sentence_not_a_traceback(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_line_magic("load_ext", "labkit")
        shell.run_cell_magic("lab", "", "ip addr")
        assert "make a lab first" in capsys.readouterr().err
        shell.user_ns["lab"] = Scripted()
        shell.run_cell_magic("lab", "host", "works")
        assert capsys.readouterr().out == "[root@host ~]# works\nhost ran works\n"
    finally:
        InteractiveShell.clear_instance()
