"""Notebook 04: the questions' answers are what the lab does; the tasks tell undone from half done from done."""

import pytest

from labkit.course import nb04
from labkit.scenarios import flannel, seed_cluster

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
    assert nb04.ttl_cross_node.check(trace.reply_ttl)
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
    lab = given(seed_cluster(), [("k8s-master", "etcdctl rm /awcloud.com/network/subnets/10.20.92.0-24")])
    assert lab.trace(nb04.POD_A, nb04.TO_B).replies == () and nb04.lease_gone.check("nothing")
    lab = seed_cluster()
    lab.services["flanneld"]["k8s-node1"].stop()
    trace = lab.trace(nb04.POD_A, nb04.TO_B)
    left_by = next(s.interface for s in reversed(trace.sightings) if (s.namespace, s.direction) == ("k8s-node1", "out")
                   and s.packet.proto == "icmp")
    assert nb04.without_flanneld.check(left_by)


def test_the_answers_about_backends_are_what_the_lab_does():
    lab = flannel("vxlan")
    tables = "ip route; ip neigh; bridge fdb show dev flannel.1"
    before = lab.sh(tables, on="node1").stdout.splitlines()
    given(lab, [("node1", "etcdctl del /coreos.com/network/subnets/10.1.6.0-24")])
    assert nb04.lines_of_vxlan.check(len(before) - len(lab.sh(tables, on="node1").stdout.splitlines()))
    lab = flannel("vxlan")
    lab.services["flanneld"]["node1"].stop()
    assert nb04.vxlan_without_flanneld.check(lab.trace("pod1", "10.1.6.2").answered)


def test_the_registry_offers_as_many_subnets_as_the_answer_says():
    registry = seed_cluster().services["flanneld"]["k8s-node1"].registry
    assert nb04.candidates.check(len(registry.free()))
    assert nb04.third_lease.answer in [str(lease.subnet) for lease in registry.leases()]


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


def test_one_route_on_each_node_joins_the_pods():
    lab = nb04.without_flannel()
    assert nb04.by_hand.check(lab).status == "open"
    given(lab, [("node1", "ip route add 10.1.6.0/24 via 192.168.90.2")])
    feedback = nb04.by_hand.check(lab)
    assert feedback.status == "wrong" and "answer lost" in feedback.text
    assert nb04.by_hand.check(given(lab, [("node2", "ip route add 10.1.5.0/24 via 192.168.90.1")]))
