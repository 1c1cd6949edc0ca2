"""Notebook 03: the lab itself gives the answers, and the tasks tell done from half done from undone."""

import pytest

import labkit
from labkit.course import nb03 as q

NOTES = """
ip link add tap1 type veth peer name tap2
ip netns add ns1
ip netns add ns2
ip link set tap1 netns ns1
ip link set tap2 netns ns2
ip netns exec ns1 ip addr add local 192.168.50.1/24 dev tap1
ip netns exec ns2 ip addr add local 192.168.50.2/24 dev tap2
ip netns exec ns1 ifconfig tap1 up
ip netns exec ns2 ifconfig tap2 up
ip netns exec ns2 ping -c 3 192.168.50.1
""".strip().splitlines()


def run(lab, *lines):
    for line in lines:
        result = lab.sh(line)
        assert result.returncode == 0, result
    return lab


@pytest.fixture
def lab():
    return run(labkit.Lab(), *NOTES)


def test_the_command_that_wrote_the_route_is_the_one_of_the_answer(lab):
    (written,) = lab.who_wrote("192.168.50.0/24", on="ns2")
    assert NOTES[q.route_writer.answer - 1] in str(written.origin)


def test_tap1_is_of_the_kind_of_the_answer(lab):
    assert lab.sh("ip -d link show tap1", on="ns1").stdout.splitlines()[2].split()[0] == q.kind_of_tap1.answer


def test_local_is_accepted(lab):
    assert q.local_is_wrong.answer is False and "192.168.50.1/24" in lab.sh("ip addr", on="ns1").stdout


def test_a_namespace_whose_lo_is_down_does_not_answer_itself(lab):
    assert f" {q.own_address.answer} received" in lab.sh("ping -c 1 192.168.50.2", on="ns2").stdout


def test_the_other_end_down_takes_the_carrier_and_leaves_the_route(lab):
    run(lab, "ip -n ns1 link set tap1 down")
    assert q.flag_of_tap2.answer in lab.sh("ip link show tap2", on="ns2").stdout
    assert q.route_stays.answer is ("192.168.50.0/24" in lab.sh("ip route", on="ns2").stdout)


def test_what_is_too_long_for_the_other_end_is_lost_and_nobody_says_what_would_fit(lab):
    run(lab, "ip -n ns2 link set tap2 mtu 1400")
    result = lab.sh("ping -c 1 -W 1 -s 1472 192.168.50.2", on="ns1")
    assert "0 received, 100% packet loss" in result.stdout
    assert q.told_what_fits.answer is ("mtu" in str(result))


def test_a_moved_end_is_bare_and_a_deleted_namespace_takes_both_ends(lab):
    run(lab, "ip -n ns2 link set tap2 netns 1")
    assert lab.sh("ip addr show tap2").stdout.count("inet ") == q.addresses_left.answer
    run(lab, "ip netns del ns1")
    assert lab.sh("ip link").stdout.count("tap") == q.left_over.answer


def test_loopbacks_wants_both(lab):
    assert q.loopbacks.check(lab).status == "open"
    run(lab, "ip -n ns1 link set lo up")
    assert q.loopbacks.check(lab).text.startswith("ns2 gets no answer from 192.168.50.2")
    run(lab, "ip -n ns2 link set lo up")
    assert q.loopbacks.check(lab)
    run(lab, "ip -n ns1 link set tap1 down")
    assert q.loopbacks.check(lab).status == "wrong"


MEND = (
    "ip -n ns1 link set tap1 up", "ip -n ns2 addr add 192.168.50.2/24 dev tap2", "ip -n ns2 link set tap2 mtu 1500",
)  # fmt: skip


@pytest.mark.parametrize("done, words", [(1, "ns1 gets no answer from 192.168.50.2"), (2, "too long for tap2")])
def test_repair_names_what_still_goes_wrong(done, words):
    feedback = q.repair.check(run(q.broken(), *MEND[:done]))
    assert feedback.status == "wrong" and words in feedback.text


def test_repair_is_done_with_all_three_and_open_with_none():
    assert q.repair.check(q.broken()).status == "open"
    assert q.repair.check(run(q.broken(), *MEND))
    assert q.repair.check(run(q.broken(), "ip -n ns1 link del tap1")).status == "wrong"


BOX = (
    "ip netns add box", "ip link add v0 type veth peer name eth0", "ip link set eth0 netns box", "ip addr add 10.9.0.1/24 dev v0",
    "ip -n box addr add 10.9.0.2/24 dev eth0", "ip link set v0 up", "ip -n box link set eth0 up", "ip -n box link set lo up",
)  # fmt: skip


def test_box_is_open_then_wrong_then_done():
    assert q.box.check(labkit.Lab()).status == "open"
    assert q.box.check(run(labkit.Lab(), *BOX[:5])).status == "wrong"
    assert "box gets no answer from 10.9.0.2" in q.box.check(run(labkit.Lab(), *BOX[:7])).text
    assert q.box.check(run(labkit.Lab(), *BOX))


def test_a_check_leaves_no_trace_in_the_lab(lab):
    before = lab.sh("ip neigh", on="ns1").stdout, lab.sh("ip neigh", on="ns2").stdout, lab.now
    q.loopbacks.check(run(lab, "ip -n ns1 link set lo up"))
    assert (lab.sh("ip neigh", on="ns1").stdout, lab.sh("ip neigh", on="ns2").stdout, lab.now) == before


def test_what_is_seen_on_a_cable_and_in_how_many_pieces():
    lab = labkit.scenarios.veth_pair()
    assert q.ttl_over_a_cable.check(lab.trace("ns2", "192.168.50.1").reply_ttl)
    lab = labkit.scenarios.veth_pair()
    assert q.sightings.check(len(lab.trace("ns2", "192.168.50.1").sightings))
    sent = [p for p in lab.trace("ns2", "192.168.50.1", size=1473).seen("ns2", "tap2", "out") if p.leg == "request"]
    assert q.pieces.check(len(sent))
