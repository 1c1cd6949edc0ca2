"""`ip route` and `ip rule` answer as the real tool did."""

import pytest

from labkit.commands.shell import sh
from labkit.lab.lab import Lab
from tests.commands.replaying import assert_same_answers


@pytest.mark.parametrize("name", ["ip_route", "ip_route_show", "ip_route_get", "ip_rule"])
def test_every_recorded_line_is_answered_alike(name):
    assert_same_answers(name)


@pytest.mark.parametrize("line", ["ip route add 10.0.0.0/8 dev lo realms 3", "ip route save", "ip rule add goto 5", "ip rule save"])
def test_what_the_lab_has_not_is_refused_in_one_sentence_that_says_so(line):
    result = sh(Lab(), line)
    assert result.returncode != 0
    assert result.stderr.startswith("The lab") and result.stderr.count("\n") == 1


def test_a_refused_line_leaves_the_routes_alone():
    lab = Lab()
    sh(lab, "ip link set lo up")
    sh(lab, "ip route add 10.0.0.0/8 dev lo")
    before = sh(lab, "ip route show table all").stdout
    for line in ("ip route replace 10.0.0.0/8 via 9.9.9.9", "ip route change 10.0.0.0/8 dev nope", "ip route del 10.0.0.0/9"):
        assert sh(lab, line).returncode != 0
    assert sh(lab, "ip route show table all").stdout == before
