"""The text filters behind a pipe, against coreutils, grep and mawk."""

import pytest

import labkit

LINES = "alpha 1 x\nBeta 2 y\ngamma 3 x\n"

#: command -> what it makes of LINES.
FILTERS = {
    "cat": LINES,
    "grep x": "alpha 1 x\ngamma 3 x\n",
    "grep -v x": "Beta 2 y\n",
    "grep -i beta": "Beta 2 y\n",
    "grep -c a": "3\n",
    "grep -E 'alpha|gamma'": "alpha 1 x\ngamma 3 x\n",
    r"grep 'alpha\|gamma'": "alpha 1 x\ngamma 3 x\n",
    "grep 'a|g'": "",
    "grep -o '[0-9]'": "1\n2\n3\n",
    "grep -n y": "2:Beta 2 y\n",
    "grep -w 1": "alpha 1 x\n",
    "head -n 1": "alpha 1 x\n",
    "head -2": "alpha 1 x\nBeta 2 y\n",
    "tail -n 1": "gamma 3 x\n",
    "tail -n +2": "Beta 2 y\ngamma 3 x\n",
    "wc -l": "3\n",
    "wc -w": "9\n",
    "wc": "      3       9      29\n",
    "awk '{print $2}'": "1\n2\n3\n",
    "awk '{print $NF, $1}'": "x alpha\ny Beta\nx gamma\n",
    "awk '/x/ {print $1}'": "alpha\ngamma\n",
    "awk 'NR>1 {print $1 \":\" $2}'": "Beta:2\ngamma:3\n",
    "awk '$2 == 2'": "Beta 2 y\n",
    "awk -F' ' '$3 != \"x\" {print NR}'": "2\n",
}


class Pipe:
    """A lab whose first command prints LINES."""

    def __init__(self):
        self.lab = labkit.Lab()
        self.lab.sh("ip netns add alpha")

    def run(self, command: str):
        return self.lab.sh(command, stdin=LINES)


@pytest.mark.parametrize("command", FILTERS)
def test_a_filter_makes_of_its_input_what_the_real_one_makes(command):
    assert Pipe().run(command).stdout == FILTERS[command]


def test_grep_without_a_match_has_status_1():
    assert Pipe().run("grep nothing").returncode == 1
    assert Pipe().run("grep -q alpha").returncode == 0


@pytest.mark.parametrize("command, complaint", [
    ("cat /etc/passwd", "cat: /etc/passwd: No such file or directory\n"),
    ("head -n x", "head: invalid number of lines: ‘x’\n"),
    ("sleep soon", "sleep: invalid time interval 'soon'\nTry 'sleep --help' for more information.\n"),
])  # fmt: skip
def test_a_slip_is_refused(command, complaint):
    got = Pipe().run(command)
    assert (got.returncode, got.stderr) == (1, complaint)


def test_filters_stand_behind_a_pipe():
    lab = labkit.Lab()
    assert lab.sh("ip -br link | awk '{print $1}' | head -1").stdout == "lo\n"
    assert lab.sh("ip link | grep -c LOOPBACK").stdout == "1\n"


def test_sleep_lets_time_pass():
    lab = labkit.Lab()
    lab.sh("sleep 1.5 2m")
    assert lab.now == 121.5
