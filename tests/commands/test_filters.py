"""The text filters behind a pipe, against coreutils, grep and mawk."""

import re
from random import Random
from time import process_time

import pytest

import labkit
from labkit.commands.regex import Pattern
from tests.commands.replaying import assert_same_answers

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


def test_files_are_filtered_as_grep_awk_and_coreutils_filter_them():
    assert_same_answers("filters")


LONG = "a" * 30_000


@pytest.mark.parametrize("line", [
    "grep -E '(a+)+$'", "grep '\\(a*\\)*b'", "grep -E '(a|a)*b'", "grep -E 'a*a*a*a*a*a*b'", "grep -oE 'a*b'", "awk '/(a+)+$/'",
    "awk -F '(a+)+$' '{print $1}'", "awk '$1 ~ /(a*)*b/'", "grep -E '((a{1,30}){1,30}){1,30}'", "awk '{print" + " " * 20_000 + ">x'",
    "awk '" + " " * 20_000 + "&&'", "awk '{print " + '"' * 20_001 + "}'", "grep -E '" + "(" * 5_000 + "'", "grep -E 'a{9999}'",
    "head -n " + "9" * 5_000, "tail -n +" + "9" * 5_000, "tail -n " + "9" * 5_000, "awk '{print $" + "9" * 5_000 + "}'",
    "awk '$1 > " + "9" * 5_000 + "'", "awk '/(/'", "awk -F '(' '{print $1}'", "awk '$1 ~ /(/'", "awk '$1 > abc {print}'", "wc", "head -n ²",
    "sleep 9999999999999999d", "sleep " + "9" * 400, "sleep inf", "sleep 1e999", "grep -m ² a", "grep -A " + "9" * 5_000 + " a",
])  # fmt: skip
def test_no_pattern_and_no_number_keeps_the_lab_busy(line):
    start = process_time()
    result = labkit.Lab().sh(line, stdin=f"{LONG}b{LONG}\n" * 3)
    assert process_time() - start < 2
    assert isinstance(result.returncode, int)


def test_the_longest_of_the_leftmost_matches_is_the_match():
    assert list(Pattern("a|ab|abc").spans("xabcab")) == [(1, 4), (4, 6)]
    assert list(Pattern("[0-9]+").spans("a10.0.22")) == [(1, 3), (4, 5), (6, 8)]


def test_a_pattern_is_found_where_pythons_re_finds_it():
    """On what both read alike; which of several matches it is, POSIX and Python say differently."""
    random = Random(1)
    atoms = ["a", "b", "ab", ".", "[ab]", "[^a]", "[0-9]", r"\.", r"\w", r"\s", r"\b", "^", "$", "(a|b)", "(ab|c)", "(a*b)"]
    repeats = ("", "", "*", "+", "?", "{2}", "{1,2}")
    for _ in range(2_000):
        pattern = "".join(random.choice(atoms) + random.choice(repeats) for _ in range(random.randint(1, 4)))
        line = "".join(random.choice("aabbc1. ") for _ in range(random.randint(0, 8)))
        try:
            wanted = re.search(pattern, line)
        except re.error:
            continue
        assert Pattern(pattern).search(line) == bool(wanted), (pattern, line)
