"""What a program's socket is: its port, the packets it made, the sentences and sightings of its trace."""

import copy

import pytest

import labkit
from labkit.lab.namespace import FIRST_PORT, LAST_PORT


@pytest.fixture
def lab():
    return labkit.scenarios.veth_pair()


def test_every_probe_has_a_source_port_of_its_own(lab):
    ports = [lab.trace("ns1", "192.168.50.2", proto="udp").port for _ in range(3)]
    assert ports == [FIRST_PORT, FIRST_PORT + 1, FIRST_PORT + 2]
    assert lab.trace("ns1", "192.168.50.2").port == 0


def test_a_port_that_somebody_listens_at_is_not_handed_out(lab):
    lab["ns1"].next_port = LAST_PORT
    lab.sh(f"nc -l {FIRST_PORT}", on="ns1")
    assert [lab["ns1"].new_port("tcp") for _ in range(2)] == [LAST_PORT, FIRST_PORT + 1]


def test_request_answer_and_error_are_told_apart_where_the_packet_is_made(lab):
    trace = lab.trace("ns1", "192.168.50.2", proto="udp", port=99)
    assert [(p.proto, p.leg) for p in trace.seen("ns2", "tap2", "in")] == [("udp", "request")]
    assert [(p.proto, p.leg) for p in trace.seen("ns2", "tap2", "out")] == [("icmp", "error")]
    assert {p.leg for p in lab.trace("ns1", "192.168.50.2").seen("ns1", "tap1", "in")} == {"answer"}


def test_a_tunnels_datagram_is_on_the_leg_of_what_it_carries():
    trace = labkit.scenarios.flannel("vxlan").trace("pod1", "10.1.6.2")
    assert [(p.dport, p.leg) for p in trace.seen("node1", "eth0")] == [(8472, "request"), (8472, "answer")]


def test_seen_leaves_arp_out_unless_asked(lab):
    trace = lab.trace("ns1", "192.168.50.2")
    assert {p.proto for p in trace.seen("ns1", "tap1")} == {"icmp"}
    assert {p.proto for p in trace.seen("ns1", "tap1", arp=True)} == {"icmp", "arp"}


def test_told_gives_the_sentences_of_one_place_and_refuses_a_kind_there_is_not():
    trace = labkit.scenarios.seed_cluster().trace("wp-mysql-t5w0m", "10.20.92.11")
    told = trace.told(on="k8s-node2", kinds="forward")
    assert [line.split(":")[0] for line in told] == ["k8s-node2 flannel0", "k8s-node2 docker0"]
    assert str(told) == "\n".join(told)
    with pytest.raises(labkit.LabError, match="there is no kind of step 'routes'; there are: send route"):
        trace.told(kinds="routes")


def test_a_drop_has_its_reason_beside_its_sentence(lab):
    lab.sh("ip link set lo down", on="ns1")
    drop = next(s for s in lab.trace("ns1", "192.168.50.1").steps if s.kind == "drop")
    assert drop.text == f"dropped: {drop.why}"


def test_two_traces_of_one_probe_are_the_same_whatever_port_each_took(lab):
    other = copy.deepcopy(lab)
    other["ns1"].next_port += 100
    one, two = (each.trace("ns1", "192.168.50.2", proto="udp", port=99) for each in (lab, other))
    assert one.port != two.port and one.diff(two).same


@pytest.mark.parametrize("how", (
    {"size": "x"}, {"size": 2.5}, {"size": -1}, {"ttl": 0}, {"ttl": True}, {"port": "80"}, {"df": "x"}, {"df": 1}, {"tos": 256},
    {"tos": None}, {"count": 0}, {"count": "3"}, {"interval": float("inf")}, {"wait": float("nan")}, {"deadline": "soon"}, {"src": 5},
    {"dev": "eth9"}, {"proto": "sctp"},
))  # fmt: skip
def test_a_value_no_probe_can_have_is_a_sentence(lab, how):
    with pytest.raises(labkit.LabError):
        lab.trace("ns1", "192.168.50.2", **how)
