"""`ip netns` answers as the real tool did."""

import pytest

from labkit.commands.shell import sh
from labkit.lab.lab import Lab
from tests.commands.replaying import assert_same_answers


@pytest.mark.parametrize("name", ["ip_netns", "ip_netns_bad"])
def test_every_recorded_line_is_answered_alike(name):
    assert_same_answers(name)


def test_exec_hands_back_the_exit_status_of_its_command():
    lab = Lab()
    sh(lab, "ip netns add blue")
    assert sh(lab, "ip netns exec blue ip link set nope up").returncode == 1
    assert sh(lab, "ip netns exec blue ip link").returncode == 0


def test_a_machine_lists_only_its_own_namespaces():
    lab = Lab("a", "b")
    sh(lab, "ip netns add blue", "a")
    assert sh(lab, "ip netns", "b").stdout == ""
