"""traceroute 2.1.2, against what it printed on 6.18 in the same network."""

import pytest

from labkit.trace.probe import ENDING
from tests.commands.chain import chain

HEAD = "traceroute to {0} ({0}), {1} hops max, 60 byte packets\n"
TRACEROUTES = {
    "traceroute -n 10.1.3.10": HEAD.format("10.1.3.10", 30)
    + " 1  10.1.1.1  0.050 ms  0.050 ms  0.050 ms\n"
    + " 2  10.1.2.2  0.050 ms  0.050 ms  0.050 ms\n"
    + " 3  10.1.3.10  0.050 ms  0.050 ms  0.050 ms\n",
    "traceroute -n -I -q 1 -m 2 10.1.3.10": HEAD.format("10.1.3.10", 2) + " 1  10.1.1.1  0.050 ms\n 2  10.1.2.2  0.050 ms\n",
    "traceroute -q 1 10.1.1.1": HEAD.format("10.1.1.1", 30) + " 1  10.1.1.1 (10.1.1.1)  0.050 ms\n",
    "traceroute -n -q 1 10.9.9.9": HEAD.format("10.9.9.9", 30) + " 1  10.1.1.1  0.050 ms !N\n",
    "traceroute -n 10.1.1.99": HEAD.format("10.1.1.99", 30)
    + " 1  10.1.1.10  3060.050 ms !H  3060.050 ms !H  3060.050 ms !H\n",
    "traceroute -n -q 1 10.1.2.99": HEAD.format("10.1.2.99", 30) + " 1  10.1.1.1  0.050 ms\n 2  10.1.1.1  3060.050 ms !H\n",
    "traceroute -n -w 1 -m 2 10.1.1.99": HEAD.format("10.1.1.99", 2) + " 1  * * *\n 2  * * *\n",
}

REFUSALS = {
    "traceroute -n": (2, "", 'Specify "host" missing argument.\n'),
    "traceroute -n -m 0 10.0.0.1": (2, "", "first hop out of range\n"),
    "traceroute -n -m 300 10.0.0.1": (2, "", "max hops cannot be more than 255\n"),
    "traceroute -n -q 11 10.0.0.1": (2, "", "no more than 10 probes per hop\n"),
    "traceroute -n -w 1 -m br0 10.0.0.1": (2, "", "Cannot handle `-m' option with arg `br0' (argc 5)\n"),
    "traceroute -n -m": (2, "", "Option `-m' (argc 2) requires an argument: `-m max_ttl'\n"),
    "traceroute -x": (2, "", "Bad option `-x' (argc 1)\n"),
    "traceroute -n nosuch 1 -m 3 10.0.0.1": (2, "", "Extra arg `10.0.0.1' (position 3, argc 6)\n"),
    "traceroute -n 0 1 -m 3 10.0.0.1": (2, "", "Extra arg `10.0.0.1' (position 3, argc 6)\n"),
    "traceroute -n 10.1.1.255": (
        1, "traceroute to 10.1.1.255 (10.1.1.255), 30 hops max, 60 byte packets", "\nconnect: Permission denied\n"),
    "traceroute -n -I 10.1.1.255": (1, "", "\nconnect: Permission denied\n"),
    "traceroute a/b": (
        2, "", "a/b: Name or service not known\nCannot handle \"host\" cmdline arg `a/b' on position 1 (argc 1)\n"),
}  # fmt: skip


@pytest.fixture
def lab():
    return chain()


@pytest.mark.parametrize("line", TRACEROUTES)
def test_the_path_is_shown_as_the_real_tool_showed_it(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stdout, got.stderr) == (0, TRACEROUTES[line], "")


@pytest.mark.parametrize("line", REFUSALS)
def test_a_slip_is_refused_in_the_tools_words(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stdout, got.stderr) == REFUSALS[line]


def test_probes_wait_side_by_side(lab):
    lab.sh("traceroute -n -w 1 -m 5 10.1.1.99", on="h1")  # 15 probes
    assert lab.now == pytest.approx(1.0 + ENDING)
    lab.sh("traceroute -n -w 1 -m 7 10.1.1.98", on="h1")  # 21: the last five go out when the first have waited
    assert lab.now == pytest.approx(3.0 + 2 * ENDING)
