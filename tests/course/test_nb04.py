"""Notebook 04: the questions' answers are what the lab does; the tasks tell undone from half done from done."""

import pytest

from labkit.course import nb04
from labkit.scenarios import seed_cluster

REPAIRS = [
    ("k8s-node1", "ip link set flannel0 up"),
    ("k8s-node2", "ip route add 10.20.0.0/16 dev flannel0"),
    ("k8s-node2", "sysctl -w net.ipv4.ip_forward=1"),
]


def given(lab, lines):
    for on, line in lines:
        assert lab.sh(line, on=on).returncode == 0, line
    return lab


def test_the_answers_about_the_walk_are_what_the_lab_does():
    lab = seed_cluster()
    trace = lab.trace(nb04.POD_A, nb04.TO_B)
    lowered = [step.kind for step in trace.steps if step.leg == "request" and step.kind in ("forward", "wrap", "unwrap")]
    assert len(lowered) == 64 - trace.reply_ttl and nb04.kernels.check(lowered.count("forward"))
    (at_docker0,) = [p for p in trace.seen("k8s-node2", "docker0", "out") if p.leg == "request"]
    assert nb04.ttl_at_docker0.check(at_docker0.ttl)
    routes = [step for step in trace.steps if step.kind == "route"]
    assert nb04.first_decision.check(routes[0].namespace)
    chosen = {step.namespace: str(step.decision.route.dst) for step in reversed(routes) if str(step.decision.dst) == nb04.TO_B
              and step.namespace.startswith("k8s")}
    assert nb04.line_on_node1.check(chosen["k8s-node1"]) and nb04.bits_match.check(chosen["k8s-node2"])
    outer = next(s.packet for s in trace.sightings if s[:3] == ("k8s-node1", "eth0", "out") and s.packet.inner)
    assert nb04.node2_address.check(outer.dst) and nb04.overhead.check(outer.length - outer.inner.length)
    assert not any(step.namespace == "k8s-master" and not step.aside for step in trace.steps), "nobody asks etcd"
    assert lab.trace(nb04.POD_A, nb04.TO_B, ttl=2).replies == () and nb04.silent_ttl.check("nobody")


def test_the_largest_payload_passes_and_one_byte_more_does_not():
    lab, size = seed_cluster(), nb04.largest_payload.answer
    assert lab.trace(nb04.POD_A, nb04.TO_B, size=size, df=True).answered
    assert not lab.trace(nb04.POD_A, nb04.TO_B, size=size + 1, df=True).answered


def test_the_answers_about_what_breaks_are_what_the_lab_does():
    lab = seed_cluster()
    lab.services["flanneld"]["k8s-node1"].stop()
    trace = lab.trace(nb04.POD_A, nb04.TO_B)
    left_by = next(s.interface for s in reversed(trace.sightings) if (s.namespace, s.direction) == ("k8s-node1", "out")
                   and s.packet.proto == "icmp")
    assert nb04.without_flanneld.check(left_by)
    lab = given(seed_cluster(), [("k8s-node2", "sysctl -w net.ipv4.ip_forward=0")])
    assert nb04.not_forwarding.check(lab.trace(nb04.POD_A, nb04.TO_B).verdict.where)


def test_the_broken_cluster_is_open_until_touched_and_done_when_all_three_are_repaired():
    lab = nb04.broken_cluster()
    assert nb04.repair.check(lab).status == "open"
    assert nb04.repair.check(given(lab, REPAIRS))


@pytest.mark.parametrize("left_out", range(len(REPAIRS)))
def test_half_a_repair_of_the_cluster_is_told_what_is_missing(left_out):
    lab = given(nb04.broken_cluster(), [line for i, line in enumerate(REPAIRS) if i != left_out])
    feedback = nb04.repair.check(lab)
    assert feedback.status == "wrong" and "gets no answer" in feedback.text


def test_a_way_around_flannel_is_not_a_repair():
    lab = given(seed_cluster(), [
        ("k8s-node1", "ip route add 10.20.92.0/24 via 192.168.138.222"),
        ("k8s-node2", "ip route add 10.20.37.0/24 via 192.168.138.221"),
    ])
    feedback = nb04.repair.check(lab)
    assert feedback.status == "wrong" and "TTL 62, not 60" in feedback.text


def test_what_dockers_rules_would_do_to_pods():
    lab = seed_cluster()
    assert lab.sh("iptables -P FORWARD DROP", on="k8s-node2").returncode == 0
    assert nb04.forward_policy.check(lab.trace("wp-mysql-t5w0m", "10.20.92.11").verdict.where)
    lab = seed_cluster()
    lab.sh("iptables -t nat -I POSTROUTING -s 10.20.37.0/24 ! -o docker0 -j MASQUERADE", on="k8s-node1")
    trace = lab.trace("wp-mysql-t5w0m", "10.20.92.11")
    assert trace.answered and nb04.masqueraded_as.check(str(next(p.src for p in trace.seen("mysql-demo-e81sy", "eth0") if p.transport)))
