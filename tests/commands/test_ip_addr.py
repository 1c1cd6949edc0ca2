"""`ip address` answers as the real tool did."""

import pytest

from labkit.commands.shell import sh
from labkit.lab.lab import Lab
from tests.commands.replaying import assert_same_answers


@pytest.mark.parametrize("name", ["ip_addr", "ip_addr_bad"])
def test_every_recorded_line_is_answered_alike(name):
    assert_same_answers(name)


def test_an_ipv6_address_is_refused_with_what_would_be_right():
    result = sh(Lab(), "ip addr add fe80::1/64 dev lo")
    assert result.returncode == 1
    assert "IPv4 only" in result.stderr


def test_an_address_is_valid_for_ever_and_may_be_said_to_be():
    lab = Lab()
    assert sh(lab, "ip addr add 10.0.0.1/24 dev lo valid_lft forever preferred_lft forever").returncode == 0
    assert "inet 10.0.0.1/24 scope global lo\n       valid_lft forever preferred_lft forever\n" in sh(lab, "ip addr").stdout


def test_words_in_a_row_that_say_the_same_twice_are_refused_as_the_tool_does():
    lab = Lab()
    assert "duplicate \"peer\"" in sh(lab, "ip addr add 10.0.0.1 peer 10.0.0.2 peer 10.0.0.3 dev lo").stderr
    assert "either \"local\" is duplicate" in sh(lab, "ip addr add 10.0.0.1 local 10.0.0.2 dev lo").stderr
