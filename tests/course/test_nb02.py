"""Notebook 02: the questions' answers are what the lab does; the tasks tell undone from half done from done."""

import pytest

from labkit.course import nb02
from labkit.scenarios import cluster, same_node

REPAIRS = [
    ("node", "ip link set veth2 master docker0"),
    ("pod1", "ip addr add 10.20.92.3/24 dev eth0"),
    ("pod2", "ip route add default via 10.20.92.1"),
]
THIRD_POD = [
    "ip netns add pod3", "ip link add veth3 type veth peer name eth0 netns pod3", "ip link set veth3 master docker0 up",
    "ip -n pod3 addr add 10.20.92.12/24 dev eth0", "ip -n pod3 link set lo up", "ip -n pod3 link set eth0 up",
    "ip -n pod3 route add default via 10.20.92.1",
]  # fmt: skip


def given(lab, lines):
    for on, line in lines:
        assert lab.sh(line, on=on).returncode == 0, line
    return lab


def test_the_answers_are_what_the_lab_does():
    lab = same_node()
    trace = lab.trace("pod1", "10.20.92.11")
    assert nb02.ttl_same_node.check(trace.reply_ttl)
    echoes = [s for s in trace.sightings if s.interface == "docker0" and s.packet.proto == "icmp"]
    assert nb02.docker0_sees.check(bool(echoes))
    asked = next(s.packet.arp.target_ip for s in trace.sightings if s.packet.proto == "arp")
    assert nb02.asked_for.check(asked)
    given(lab, [("node", "ip addr del 10.20.92.1/24 dev docker0"), ("node", "sysctl -w net.ipv4.ip_forward=0")])
    assert nb02.without_address.check(lab.trace("pod1", "10.20.92.11").answered)
    (reply,) = given(same_node(), [("node", "ip link set veth2 down")]).trace("pod1", "10.20.92.11").replies
    assert nb02.who_complains.check(reply.sender)


def test_a_wrong_mask_makes_the_node_a_router():
    lab = given(same_node(), [("pod1", "ip addr add 10.20.92.3/29 dev eth0"), ("pod1", "ip addr del 10.20.92.3/24 dev eth0")])
    trace = lab.trace("pod1", "10.20.92.11")
    arrived = [s.packet.ttl for s in trace.sightings if s[:3] == ("pod2", "eth0", "in") and s.packet.proto == "icmp"]
    assert trace.answered and nb02.wrong_mask.check(arrived[0])


def test_the_broken_node_is_open_until_touched_and_done_when_all_three_are_repaired():
    lab = nb02.broken_node()
    assert nb02.repair.check(lab).status == "open" and nb02.repair.check().status == "open"
    given(lab, REPAIRS)
    assert nb02.repair.check(lab)


@pytest.mark.parametrize("left_out, missing", [
    (0, "gets no answer"), (1, "TTL 63"), (2, "pod2 for 192.0.2.1"),
])
def test_half_a_repair_is_told_what_is_missing(left_out, missing):
    lab = given(nb02.broken_node(), [line for i, line in enumerate(REPAIRS) if i != left_out])
    feedback = nb02.repair.check(lab)
    assert feedback.status == "wrong" and missing in feedback.text


def test_checking_changes_nothing_in_the_learners_lab():
    lab = nb02.broken_node()
    given(lab, REPAIRS[:1])
    before = [lab.sh("ip neigh; bridge fdb", on=ns).stdout for ns in lab.namespaces], lab.now
    nb02.repair.check(lab)
    assert ([lab.sh("ip neigh; bridge fdb", on=ns).stdout for ns in lab.namespaces], lab.now) == before


def test_a_third_pod_is_done_line_by_line():
    lab = same_node()
    assert nb02.third_pod.check(lab).status == "open"
    for line in THIRD_POD:
        assert not nb02.third_pod.check(lab)
        given(lab, [("node", line)])
    assert nb02.third_pod.check(lab)


@pytest.mark.parametrize("address, why", [
    ("10.20.92.11/24", "taken"), ("10.20.93.4/24", "not an address for a pod of this node"), ("10.20.92.12/29", "unreachable"),
])
def test_a_third_pod_with_an_address_that_will_not_do_is_told_why(address, why):
    lines = [line.replace("10.20.92.12/24", address) for line in THIRD_POD]
    lab = same_node()
    for line in lines:
        lab.sh(line)
    feedback = nb02.third_pod.check(lab)
    assert feedback.status == "wrong" and why in feedback.text


def test_a_bridge_lowers_no_ttl_and_what_is_seen_on_all_interfaces():
    lab = same_node()
    assert nb02.sightings.check(len(lab.trace("pod1", "10.20.92.11").sightings))
    assert nb02.ttl_of_one.check(lab.trace("pod1", "10.20.92.11", ttl=1).answered)


def test_a_policy_meets_what_is_bridged():
    lab = same_node()
    assert lab.sh("iptables -P FORWARD DROP", "node").returncode == 0
    assert nb02.bridged_and_filtered.check(lab.trace("pod1", "10.20.92.11").answered)


def test_the_answers_about_several_containers_are_what_the_lab_does():
    lab = cluster()
    pod = """{apiVersion: v1, kind: Pod, metadata: {name: pair}, spec: {nodeName: k8s-node1, containers: [
        {name: web, image: "lab/web:1", env: [{name: PORTS, value: "8080"}, {name: NAME, value: web}]},
        {name: db, image: "lab/db:1", env: [{name: PORTS, value: "3306"}, {name: NAME, value: db}]},
        {name: shell, image: "lab/tools:1"}]}}"""
    assert lab.sh("kubectl apply -f -", on="k8s-master", stdin=pod).returncode == 0
    held = {lab.sh(f"kubectl exec pair -c {one} -- ip -br addr show eth0", on="k8s-master").stdout for one in ("web", "db", "shell")}
    assert nb02.addresses_of_three.check(len(held))
    said = lab.sh("kubectl exec pair -c shell -- curl -s http://127.0.0.1:3306/", on="k8s-master").stdout
    assert nb02.own_neighbour.check(said.split()[0].removeprefix("pod="))
    lab.sh("kubectl exec pair -c web -- touch /tmp/note", on="k8s-master")
    assert nb02.shared_files.check("note" in lab.sh("kubectl exec pair -c db -- ls /tmp", on="k8s-master").stdout)
    clashing = nb02.clashing_pod()
    ready = clashing.sh("kubectl get pod clash --no-headers", on="k8s-master").stdout.split()[1]
    assert nb02.same_port.check(int(ready.partition("/")[0]))
    assert nb02.two_ports.check(clashing).status == "open"
    clashing.sh("kubectl delete pod clash", on="k8s-master")
    assert "no pod called clash" in str(nb02.two_ports.check(clashing))
