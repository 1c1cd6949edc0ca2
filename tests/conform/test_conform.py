"""The lab's shell answers as Linux answers: a bounded, seeded run of the differential test (`make conform` runs more).

Without namespaces there is nothing to compare with and the run is skipped; what can be checked without a kernel, the
test's own parts, is checked below it.
"""
import pytest

from tests.conform.compare import Difference, first_difference, shrink
from tests.conform.generate import FAMILIES, script
from tests.conform.kernel_shell import Answer
from tests.conform.known import KNOWN
from tests.conform.normal import Normal
from tests.conform.run import Run
from tests.conform.script import Line
from tests.tool_versions import another_version, told

LINES = 800


@pytest.mark.needs("namespaces", "sysfs", "vxlan", "tun", "ping", "traceroute", "net-tools", "procps", "nc", "curl")
def test_the_lab_answers_as_the_kernel_does(measure):
    # Family j is the grammar of one iptables: another one refuses in other words.
    families = "".join(family for family in FAMILIES if family != "j" or not another_version("iptables"))
    summary = Run().many(LINES, seed=1, families=families, stop_after=5)
    measure(f"conform: {summary}\n  {told()}".rstrip())
    assert not summary.wrong, summary.wrong


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_is_a_script(family):
    assert script(family, 7) == script(family, 7), "the same seed gives the same lines"
    assert script(family, 7) != script(family, 8), "another seed gives other lines"


def test_two_mac_addresses_that_are_equal_stay_equal():
    normal = Normal()
    assert normal("link/ether 7e:00:00:00:00:01") == "link/ether MAC1"
    assert normal("7e:00:00:00:00:02 and 7e:00:00:00:00:01") == "MAC2 and MAC1"
    assert normal("designated_bridge 8000.7e:0:0:0:0:2") == "designated_bridge 8000.MAC2"


def test_times_are_chance_but_counts_are_not():
    text = "2 packets transmitted, 2 received, 0% packet loss, time 1017ms\nrtt min/avg/max/mdev = 0.02/0.03/0.04/0.01 ms\n"
    assert Normal()(text) == "2 packets transmitted, 2 received, 0% packet loss, time Tms\nrtt min/avg/max/mdev = T ms\n"


def test_neighbours_are_compared_in_order_of_address():
    nine, two = "10.0.0.9 dev e FAILED \n", "10.0.0.2 dev e INCOMPLETE \n"
    assert Normal()(nine + two) == two + nine
    assert Normal()("10.9.0.0/16 dev e \n10.0.0.0/8 dev e \n").startswith("10.9.0.0/16"), "routes keep their order"


class Machine:
    """A shell that answers every line alike, but `bad` differently once `cause` was typed."""

    def __init__(self, wrong):
        self.wrong, self.seen = wrong, set()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def sh(self, line, on="host"):
        self.seen.add(line)
        return Answer(0, "other\n" if self.wrong and line == "bad" and "cause" in self.seen else "same\n", "")

    def keep_up(self, seconds):
        pass


def test_a_difference_is_cut_down_to_the_lines_that_cause_it():
    lines = [Line("host", word) for word in ("one", "two", "cause", "three", "four", "five", "bad")]
    found = first_difference(lines, lambda: Machine(False), lambda: Machine(True))
    assert found == (6, "exit 0\nsame\n", "exit 0\nother\n", "")
    kept, found = shrink(lines, found, lambda: Machine(False), lambda: Machine(True))
    assert [line.line for line in kept] == ["cause", "bad"]
    assert "seed 3" in str(Difference("a", 3, kept, found.expected, found.got)), "the report names the seed"


def test_every_accepted_difference_gives_its_reason():
    assert all(len(reason.split()) >= 5 for reason in KNOWN), "a reason is a sentence"
