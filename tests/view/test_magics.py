"""%%lab: shell lines in a cell, shown with their prompts."""

import pytest

import labkit
from labkit import LabError
from labkit.commands.result import Result
from labkit.front import Lab
from labkit.view.magics import find_lab, lines, one_line, only_namespace, transcript, variable


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


def test_comments_are_not_run_and_not_repeated():
    assert "".join(transcript(Scripted(), "# look:\nworks\n  # again\n")) == "[root@host ~]# works\nhost ran works\n"


def test_a_backslash_joins_lines():
    assert lines("ip link add \\\n  type veth\nip link \\") == ["ip link add \\\n  type veth", "ip link "]


def test_an_unknown_namespace_is_refused_before_anything_runs():
    with pytest.raises(LabError, match="there is no namespace 'ns9'"):
        list(transcript(Scripted(), "works", "ns9"))


def test_the_line_behind_the_magic():
    assert variable("") == ("lab", "") and only_namespace("") is None
    assert variable("ns1") == ("lab", "ns1") and only_namespace("ns1") == "ns1"
    assert variable("ns1 --lab other") == ("other", "ns1") and variable("--lab other ns1 ip  a") == ("other", "ns1 ip  a")


def test_one_line_has_its_namespace_before_the_command_or_none():
    lab = Scripted()
    assert one_line(lab, "host ip  addr") == ("host", "ip  addr") and one_line(lab, "ip addr") == (None, "ip addr")
    with pytest.raises(LabError, match="takes a command"):
        one_line(lab, "host")


@pytest.mark.parametrize(("do", "line", "why"), [(variable, "--lab", "needs the name"), (only_namespace, "ns1 ip addr", "one namespace")])
def test_a_wrong_line_says_what_would_be_right(do, line, why):
    with pytest.raises(LabError, match=why):
        do(line)


@pytest.mark.parametrize(("variables", "why"), [({}, "make a lab first"), ({"lab": 3}, "is a int, not a lab")])
def test_without_a_lab_the_message_says_how_to_make_one(variables, why):
    with pytest.raises(LabError, match=why):
        find_lab(variables, "lab")


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "labkit")
    yield shell
    InteractiveShell.clear_instance()


def test_in_ipython_a_mistake_is_a_sentence_not_a_traceback(shell, capsys):
    shell.run_cell_magic("lab", "", "ip addr")
    assert "make a lab first" in capsys.readouterr().err
    shell.user_ns["lab"] = Scripted()
    shell.run_cell_magic("lab", "hots", "works")
    assert "did you mean host?" in capsys.readouterr().err


@pytest.mark.parametrize(("cell", "said"), [
    ("q.which_line.check(docker0)", "docker0 is no word of Python's. Put words and addresses in quotes"),
    ("q.which_line.check(10.20.92.0/24)", "Python cannot read this answer. Put words and addresses in quotes"),
    ("q.order_decides.check(false)", "false is no word of Python's."), ("q.which_line.check('docker0)", "in quotes"),
    ("# a word first\n%%lab host\nip addr", "%%lab must be the first line of its cell"),
])  # fmt: skip
def test_what_python_cannot_read_gets_one_sentence(shell, capsys, cell, said):
    shell.run_cell("from labkit.course import nb00 as q")
    shell.run_cell(cell, store_history=True)
    shown = "".join(capsys.readouterr())
    assert said in shown and "Traceback" not in shown and shown.count("\n") == 1


@pytest.mark.parametrize(("cell", "said"), [
    ("q.which_line.check('x')", "There is no q yet: run the first cell"), ("nothing + 1", "name 'nothing' is not defined"),
    ("1 +", "invalid syntax"), ("1 / 0", "ZeroDivisionError"),
])  # fmt: skip
def test_every_other_mistake_is_told_as_python_tells_it(shell, capsys, cell, said):
    shell.run_cell(cell, store_history=True)
    assert said in "".join(capsys.readouterr())


@pytest.mark.filterwarnings("ignore::IPython.core.completer.ProvisionalCompleterWarning")
@pytest.mark.parametrize(("cell", "offered"), [
    ("%%lab n", {"ns1", "ns2"}), ("%%lab ns1\nbri", {"bridge"}), ("%%lab ns1\nip addr add 1.2.3.4/8 dev ", {"lo", "tap1"}),
    ("%%lab\nip -n ns2 link set ta", {"tap2"}), ("%%lab\nip netns exec n", {"ns1", "ns2"}), ("%lab ns2 tracer", {"traceroute"}),
    ("%%lab --lab other\nip link show dev e", {"eth0"}), ("%%lab\nip route | gr", {"grep"}), ("%lab ns2 ip link show ta", {"tap2"}),
])  # fmt: skip
def test_tab_completes_namespaces_commands_and_interfaces(shell, cell, offered):
    shell.user_ns["lab"], shell.user_ns["other"] = labkit.scenarios.veth_pair(), labkit.scenarios.docker_host()
    assert {one.text for one in shell.Completer.completions(cell, len(cell))} == offered


@pytest.mark.filterwarnings("ignore::IPython.core.completer.ProvisionalCompleterWarning")
def test_tab_elsewhere_is_as_before(shell):
    shell.user_ns["labels"] = 1
    assert "labels" in {one.text for one in shell.Completer.completions("label", 5)}


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, in all its forms."""
    found = []
    monkeypatch.setattr("labkit.view.magics.display", lambda bundle, raw: found.append(bundle))
    return found


def test_a_cell_is_shown_in_whole_lines_that_the_keyboard_can_reach_and_as_plain_text(shell, shown):
    shell.user_ns["lab"] = shell.user_ns["mine"] = Scripted()
    shell.run_cell_magic("lab", "host", "<works>")
    assert shown[0]["text/plain"] == "[root@host ~]# <works>\nhost ran <works>"
    assert shown[0]["text/html"].startswith('<pre tabindex="0"') and "&lt;works&gt;" in shown[0]["text/html"]
    shell.run_cell_magic("lab", "--lab mine", "works")
    assert shown[1]["text/plain"].startswith("(in the lab `mine`)\n[root@host ~]# works\n")
    shell.run_cell("%lab host echo {x} $y", store_history=True)
    assert shown[2]["text/plain"] == "[root@host ~]# echo {x} $y\nhost ran echo {x} $y", "nothing of Python's is put in"


def test_what_has_text_is_shown_in_whole_lines(shell):
    trace = labkit.scenarios.veth_pair().trace("ns1", "192.168.50.2")
    for value in trace, trace.told(), trace.told()[:2], trace.verdict, trace.seen("ns1", "tap1"):
        data, _ = shell.display_formatter.format(value)
        assert data["text/plain"] == str(value) and "white-space:pre" in data["text/html"]
