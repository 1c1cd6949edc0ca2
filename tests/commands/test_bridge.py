"""`bridge` answers as the real tool did."""

import pytest

from labkit.commands.shell import sh
from labkit.lab.lab import Lab
from tests.commands.replaying import assert_same_answers


@pytest.mark.parametrize("name", ["bridge_ports", "bridge_vxlan"])
def test_every_recorded_line_is_answered_alike(name):
    assert_same_answers(name)


@pytest.mark.parametrize("line", ["bridge vlan", "bridge fdb flush dev lo", "bridge fdb add 1:2:3:4:5:6 dev lo vlan 7"])
def test_what_the_lab_has_not_is_refused_in_one_sentence_that_says_so(line):
    assert sh(Lab(), line).stderr.startswith("The lab's ")
