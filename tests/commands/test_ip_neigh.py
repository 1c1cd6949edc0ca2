"""`ip neigh` answers as the real tool did."""

from labkit.commands.shell import sh
from labkit.lab.lab import Lab
from tests.commands.replaying import assert_same_answers


def test_every_recorded_line_is_answered_alike():
    assert_same_answers("ip_neigh")


def test_proxy_entries_are_refused_in_one_sentence_that_says_so():
    assert "The lab's neighbours have no" in sh(Lab(), "ip neigh add proxy 10.0.0.1 dev lo").stderr
