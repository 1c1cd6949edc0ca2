"""Notebook 01: the lab gives the answers, and the tasks tell done from half done from undone."""

import pytest

import labkit
from labkit.course import nb01 as q
from labkit.course.files import read


@pytest.fixture
def lab():
    return labkit.scenarios.docker_host()


def run(lab, *lines):
    for line in lines:
        result = lab.sh(line)
        assert result.returncode == 0, result
    return lab


def test_namespaces_addresses_and_interfaces_of_the_modes(lab):
    assert len(set(lab.namespaces) - {"host", "outside"}) == q.own_namespaces.answer
    assert f"inet {q.host_addresses.answer}/24" in lab.sh("docker exec host1 ip addr show eth0").stdout
    assert f"inet {q.cont_address.answer}/16" in lab.sh("docker exec cont1 ip addr show eth0").stdout
    assert len(lab.sh("docker exec none1 ip -br link").stdout.splitlines()) == q.none_interfaces.answer


def test_the_two_modes_whose_containers_have_a_namespace_of_their_own(lab):
    containers = {c.name: c.namespace.name for c in lab.services["docker"]["host"].containers}
    own = {name for name, namespace in containers.items() if name == namespace}
    modes = {"br1": "bridge", "br2": "bridge", "pub1": "bridge", "none1": "none", "host1": "host", "cont1": "container"}
    assert {modes[name] for name in own} == set(q.apart.answer[0].split(" and "))


def test_a_router_lowers_the_ttl_and_needs_ip_forward(lab):
    assert lab.trace("br1", "192.168.77.1").reply_ttl == q.ttl_outside.answer
    run(lab, "sysctl -w net.ipv4.ip_forward=0")
    reached = {name for name, to in (("br2", "172.17.0.3"), ("outside", "192.168.77.1")) if lab.trace("br1", to).answered}
    assert reached == {q.reaches_without_forwarding.answer}


def test_a_network_is_a_bridge(lab):
    run(lab, "docker network create net1")
    assert len(lab.sh("ip -br link show type bridge").stdout.splitlines()) == q.bridges.answer


def test_a_port_published_in_host_mode_earns_a_warning(lab):
    result = lab.sh("docker run -d --name web --network host -p 80:80 tiny:1 sleep 600")
    assert q.published_on_host.answer == "warn" and result.returncode == 0 and result.stderr.startswith("WARNING")


def test_who_moved_in_is_left_with_lo(lab):
    run(lab, "docker stop br1")
    assert len(lab.sh("docker exec cont1 ip -br link").stdout.splitlines()) == q.left_after_stop.answer


@pytest.mark.parametrize("line, status", [
    ("docker exec br2 ip route", "open"), ("docker exec br2 ip route add default via 172.17.0.1", "right"),
    ("docker exec br2 ip route add default via 172.17.0.2", "wrong"),
    ("docker exec br2 ip route add 192.168.77.0/24 via 172.17.0.1", "right"),
])  # fmt: skip
def test_default_again(lab, line, status):
    run(lab, "docker exec br2 ip route del default", line)
    assert q.default_again.check(lab).status == status


@pytest.mark.parametrize("network, status", [
    ("container:pub1", "right"), ("container:br1", "wrong"), ("host", "wrong"), ("none", "wrong"), ("bridge", "wrong"),
])  # fmt: skip
def test_sniff(lab, network, status):
    assert q.sniff.check(lab).status == "open"
    run(lab, f"docker run -d --name sniff --network {network} tiny:1 sleep 600")
    assert q.sniff.check(lab).status == status
    run(lab, "docker stop sniff")
    assert q.sniff.check(lab).text == "sniff does not run."


WIRE = (
    "ip link add v9 type veth peer name c9", "ip link set v9 master docker0", "ip link set v9 up",
    "ip link set c9 netns $(docker inspect -f '{{.State.Pid}}' none1)", "docker exec none1 ip link set c9 up",
    "docker exec none1 ip addr add 172.17.0.77/16 dev c9", "docker exec none1 ip route add default via 172.17.0.1",
)  # fmt: skip


@pytest.mark.parametrize("done, status, words", [
    (0, "open", ""), (3, "wrong", "nothing but lo"), (5, "wrong", "172.17.0.2"), (6, "wrong", "192.168.77.1"), (7, "right", ""),
])  # fmt: skip
def test_wired(lab, done, status, words):
    feedback = q.wired.check(run(lab, *WIRE[:done]))
    assert feedback.status == status and words in feedback.text


def test_what_docker0_sees_of_a_bridged_ping(lab):
    assert q.seen_at_docker0.check(len(lab.trace("br1", "172.17.0.3").seen("host", "docker0", arp=True)))


def client(lab, line, on="host"):
    return lab.sh(line, on).stdout.strip().rpartition("=")[2]


def test_under_which_address_who_is_seen(lab):
    sightings = lab.trace("br1", "192.168.77.1").sightings
    assert q.seen_outside.check(next(str(s.packet.src) for s in sightings if s.namespace == "outside" and not s.packet.arp))
    assert q.client_outside.check(client(lab, "curl -s http://192.168.77.2:8080/", "outside"))
    assert q.client_loopback.check(client(lab, "curl -s http://127.0.0.1:8080/"))


def test_what_rules_let_through(lab):
    run(lab, "docker network create net1", "docker run -d --name n1 --network net1 tiny:1 sleep 600",
        "docker run -d --name n2 --network net1 lab/web")
    assert q.between_networks.check(lab.trace("n1", "172.17.0.2").answered)
    named = [f"{a} to {b}" for a, b in (("n1", "n2"), ("br1", "br2")) if lab.sh(f"docker exec {a} ping -c 1 {b}").returncode == 0]
    assert q.by_name.check(named[0]) and len(named) == 1
    lab.sh("ip route add 172.17.0.0/16 via 192.168.77.2", "outside")
    assert q.straight_inside.check(lab.trace("outside", "172.17.0.4", proto="tcp", port=80).answered)
    dropped = lab.copy()
    run(dropped, "iptables -I DOCKER-USER -j DROP")
    why = str(dropped.trace("outside", "192.168.77.2", proto="tcp", port=8080).verdict.why)
    assert q.lost_at.check(why.split("filter: filter ")[1].split(":")[0])
    run(lab, "iptables -F")
    assert q.after_flush.check(lab.trace("outside", "192.168.77.2", proto="tcp", port=8080).answered)


def test_without_masquerade_the_answer_is_lost_outside_and_one_rule_mends_it(lab):
    run(lab, "iptables -t nat -F POSTROUTING")
    assert q.without_masquerade.check(lab.trace("br1", "192.168.77.1").verdict.where)
    assert q.masquerade_again.check(lab).status == "open"
    run(lab, "iptables -t nat -A POSTROUTING -o docker0 -j MASQUERADE")
    assert q.masquerade_again.check(lab).status == "wrong"
    run(lab, "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE")
    assert q.masquerade_again.check(lab).status == "right"


def test_the_recorded_port_stands_in_the_recording():
    assert f"--dport 9001 -j DNAT --to-destination {q.recorded_port.answer}\n" in read("data/docker-29/iptables-save.txt")
