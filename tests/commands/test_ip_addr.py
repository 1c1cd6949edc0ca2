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


def test_lifetimes_count_down_with_the_labs_clock():
    lab = Lab()
    sh(lab, "ip addr add 10.0.0.1/24 dev lo valid_lft 100 preferred_lft 50")
    lab.now += 60
    assert "valid_lft 40sec preferred_lft 0sec" in sh(lab, "ip addr").stdout
