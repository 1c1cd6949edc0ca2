"""The verdicts on frames for everybody, for a group, and for nobody here; frames.py compares the same with a kernel."""

import pytest

from labkit.front import Lab
from labkit.lab.program import Listener

from . import frames


@pytest.fixture
def lab():
    lab = Lab()
    for line in (*frames.CHAIN, *frames.LISTENERS):
        assert not lab.sh(line).returncode
    lab["b"].listeners.add(Listener("udp", None, 53))
    return lab


def by(lab: Lab, mac: str) -> Lab:
    lab.sh(f"ip -n a neigh replace 10.1.0.2 lladdr {mac} dev e")
    return lab


@pytest.mark.parametrize("mac", [frames.EVERYBODY, frames.GROUP])
def test_tcp_is_delivered_in_a_frame_for_many_and_takes_no_notice(lab, mac):
    verdict = by(lab, mac).trace("a", "10.1.0.2", proto="tcp", port=8080).verdict
    assert (verdict.kind, verdict.where) == ("answer lost", "b") and "TCP takes no notice" in verdict.why


@pytest.mark.parametrize("mac", [frames.EVERYBODY, frames.GROUP])
def test_udp_is_answered_by_a_socket_in_a_frame_for_many_and_by_no_icmp_error(lab, mac):
    assert by(lab, mac).trace("a", "10.1.0.2", proto="udp", port=53).verdict.kind == "answered"
    verdict = lab.trace("a", "10.1.0.2", proto="udp", port=99).verdict
    assert (verdict.kind, verdict.where) == ("answer lost", "b") and "no ICMP error" in verdict.why


@pytest.mark.parametrize("mac", [frames.EVERYBODY, frames.GROUP])
def test_nothing_in_a_frame_for_many_is_forwarded_nor_told_of(lab, mac):
    for how in ({}, {"ttl": 1}):
        verdict = by(lab, mac).trace("a", "10.2.0.2", **how).verdict
        assert (verdict.kind, verdict.where) == ("dropped", "b") and "never forwarded" in verdict.why


def test_a_udp_socket_hears_broadcasts_and_the_group_of_all_hosts_but_no_other_group(lab):
    assert lab.trace("a", "10.1.0.255", proto="udp", port=53).delivered
    lab.sh("ip -n b addr add 10.3.0.1/24 dev e")
    answered = lab.trace("a", "10.3.0.255", proto="udp", port=53)
    assert answered.answered and str(answered.replies[0].sender) == "10.1.0.2"
    assert lab.trace("a", "224.0.0.1", proto="udp", port=53).delivered
    assert "nobody here is in the group 224.0.0.251" in lab.trace("a", "224.0.0.251", proto="udp", port=53).verdict.why


def test_what_a_route_leads_to_lo_comes_back_and_is_not_answered(lab):
    lab.sh("ip -n a route add 10.9.0.0/24 dev lo")
    for proto in ("icmp", "udp", "tcp"):
        assert "10.9.0.5 is no address of ours" in lab.trace("a", "10.9.0.5", proto=proto).verdict.why


#: (destination, how) of probes that are for many, or in a frame for many.
PROBES = [(dst, how) for dst in ("10.1.0.2", "10.2.0.2", "10.1.0.255", "224.0.0.1", "224.0.0.251", "10.9.0.5") for how in (
    {}, {"proto": "udp", "port": 99}, {"proto": "tcp", "port": 99})]  # fmt: skip


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("mac", [frames.EVERYBODY, frames.GROUP, frames.OTHER])
def test_the_kernel_treats_frames_for_many_as_predicted(mac):
    lab = Lab()
    for line in (*frames.CHAIN, "ip -n a route add 10.9.0.0/24 dev lo"):
        lab.sh(line)
    by(lab, mac)
    with lab.realize() as real:
        for dst, how in PROBES:
            predicted = lab.copy().trace("a", dst, **how)
            found = predicted.diff(real.trace("a", dst, **how))
            assert found.same, f"{dst} {how}\n{found}"
