"""The walk of the source notes, corrected: 10.20.37.5 on node1 to 10.20.92.11 on node2, over flannel's UDP backend.

Every figure in it was measured on Linux 6.18 with flannel's own proxy.
"""

from ipaddress import IPv4Address

import pytest

from labkit import scenarios
from labkit.errors import strerror

A, B, FRONTEND = "wp-mysql-t5w0m", "mysql-demo-e81sy", "wp-frontend-0rlk4"
TO_B, TO_A, TO_FRONTEND = "10.20.92.11", "10.20.37.5", "10.20.92.3"


@pytest.fixture
def cluster():
    return scenarios.seed_cluster()


def routes(trace, namespace: str) -> list[tuple[str, str, list[str]]]:
    """What was decided in a namespace: (the destination, the route that won, the routes that lost)."""
    found = []
    for step in trace.steps:
        if step.namespace == namespace and step.decision is not None and not step.aside:
            lost = [str(c.route) for c in step.decision.lookup.considered if not c.won] if step.decision.lookup else []
            found.append((str(step.decision.dst), str(step.decision.route), lost))
    return found


def seen(trace, namespace: str, interface: str, direction: str) -> list:
    """The packets of the probe that tcpdump on that interface would show, ARP apart."""
    return [s.packet for s in trace.sightings
            if s[:3] == (namespace, interface, direction) and s.packet.proto != "arp"]


def test_each_decision_of_the_walk(cluster):
    trace = cluster.trace(A, TO_B)
    default = "default via 192.168.128.1 dev eth0 proto static metric 100 "
    cluster16 = "10.20.0.0/16 dev flannel0 proto kernel scope link src 10.20.{}.0 "
    wire = "192.168.128.0/20 dev eth0 proto kernel scope link src 192.168.138.{} metric 100 "
    docker = "10.20.{0}.0/24 dev docker0 proto kernel scope link src 10.20.{0}.1 "

    def strip(found):
        return [(dst, won.strip(), [line.strip() for line in lost]) for dst, won, lost in found]

    def expected(*found):
        return strip(found)

    # 1. The pod: not on-link, so by the gateway. 7. The reply: nothing is remembered.
    (first, *_) = routes(trace, A)
    assert strip([first]) == expected((TO_B, "default via 10.20.37.1 dev eth0", []))
    # 2. Node1: /16 wins over /0. 4. The datagram goes by the connected route.
    on_node1 = strip(routes(trace, "k8s-node1"))
    assert on_node1[:2] == expected(
        (TO_B, cluster16.format(37), [default]), ("192.168.138.222", wire.format(221), [default]))
    # 6. Node2: /24 wins over /16 and /0, whatever their order.
    on_node2 = strip(routes(trace, "k8s-node2"))
    assert on_node2[1:2] == expected((TO_B, docker.format(92), [cluster16.format(92), default]))
    # 7. The same on the way back.
    assert on_node2[2:] == expected(
        (TO_A, cluster16.format(92), [default]), ("192.168.138.221", wire.format(222), [default]))
    assert on_node1[3:] == expected((TO_A, docker.format(37), [cluster16.format(37), default]))


def test_the_ttl_on_every_interface_of_the_walk(cluster):
    trace = cluster.trace(A, TO_B)
    places = [
        (A, "eth0", "out", 64), ("k8s-node1", "docker0", "in", 64), ("k8s-node1", "flannel0", "out", 63),
        ("k8s-node2", "flannel0", "in", 61), ("k8s-node2", "docker0", "out", 60), (B, "eth0", "in", 60),
    ]
    for namespace, interface, direction, ttl in places:
        request = seen(trace, namespace, interface, direction)[0]
        assert (request.ttl, str(request.src), str(request.dst)) == (ttl, TO_A, TO_B), (namespace, interface)
    assert trace.reply_ttl == 60


def test_what_is_on_the_wire(cluster):
    trace = cluster.trace(A, TO_B)
    (outer, answer) = seen(trace, "k8s-node1", "eth0", "out")[0], seen(trace, "k8s-node1", "eth0", "in")[-1]
    assert (str(outer.src), str(outer.dst), outer.ttl, outer.ip.df) == ("192.168.138.221", "192.168.138.222", 64, True)
    assert (outer.sport, outer.dport) == (8285, 8285)
    assert (outer.inner.length, outer.length) == (84, 84 + 28)
    assert outer.inner.ttl == 62 and outer.inner.eth is None, "flanneld has lowered the TTL; a TUN has no Ethernet header"
    assert (str(answer.src), answer.inner.ttl) == ("192.168.138.222", 62)
    assert not any(s.packet.proto == "arp" for s in trace.sightings if s.interface == "flannel0"), "nobody asks on a TUN"


def test_the_first_packet_asks_for_the_gateways_mac_address_and_not_for_the_pods():
    cluster = scenarios.seed_cluster()
    cluster.sh("ip neigh flush dev eth0", on=A)
    asked = [s.packet.arp.target_ip for s in cluster.trace(A, TO_B).sightings
             if s[:3] == (A, "eth0", "out") and s.packet.proto == "arp" and s.packet.arp.op == "request"]
    assert asked == [IPv4Address("10.20.37.1")]


def test_the_program_of_node1_sends_what_its_first_containing_entry_says(cluster):
    wraps = [step for step in cluster.trace(A, TO_B).steps if step.kind == "wrap"]
    assert [step.namespace for step in wraps] == ["k8s-node1", "k8s-node2"]
    assert "10.20.92.0/24 -> 192.168.138.222:8285" in wraps[0].text
    assert str(cluster["k8s-node1"].programs["flanneld"].entries[0].subnet) == "10.20.92.0/24", "a hit moves to the front"


def test_flannel0_is_a_tun_with_28_bytes_less(cluster):
    shown = cluster.sh("ip addr show flannel0", on="k8s-node1").stdout
    assert "<POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1472" in shown
    assert "link/none" in shown and "inet 10.20.37.0/16 scope global flannel0" in shown
    assert "brd" not in shown


@pytest.mark.parametrize(("ttl", "verdict", "sender"), [
    (1, "ttl exceeded", "10.20.37.1"), (2, "dropped", None), (3, "dropped", None), (4, "ttl exceeded", "10.20.92.0"),
    (5, "answered", None),
])
def test_what_comes_back_when_the_ttl_is_short(cluster, ttl, verdict, sender):
    trace = cluster.trace(A, TO_B, ttl=ttl)
    assert trace.verdict.kind == verdict
    errors = [str(reply.sender) for reply in trace.replies if reply.kind == "error"]
    assert errors == ([sender] if sender else [])


def test_a_packet_of_1472_bytes_passes_and_one_of_1473_does_not(cluster):
    assert cluster.trace(A, TO_B, size=1472 - 28, df=True).answered
    # The pod's own eth0 has 1472 too, as dockerd was told: the pod itself refuses.
    trace = cluster.trace(A, TO_B, size=1473 - 28, df=True)
    assert [(reply.kind, strerror(reply.errno), reply.mtu) for reply in trace.replies] == [("local", "Message too long", 1472)]


def test_a_pod_with_a_larger_mtu_is_told_by_the_node(cluster):
    cluster.sh("ip link set eth0 mtu 1500", on=A)
    for veth in [i.name for i in cluster["k8s-node1"].ports("docker0")]:
        cluster.sh(f"ip link set {veth} mtu 1500", on="k8s-node1")
    (reply,) = cluster.trace(A, TO_B, size=1473 - 28, df=True).replies
    assert (reply.kind, str(reply.sender), reply.type, reply.code, reply.mtu) == ("error", "10.20.37.1", 3, 4, 1472)
    assert cluster.trace(A, TO_B, size=1473 - 28, df=False).answered, "without DF the node fragments"


def test_the_host_itself_speaks_as_flannel0(cluster):
    trace = cluster.trace("k8s-node1", TO_B)
    assert trace.reply_ttl == 61
    assert str(seen(trace, B, "eth0", "in")[0].src) == "10.20.37.0"


def test_a_pod_that_is_not_there_is_unreachable_says_node2(cluster):
    (reply,) = cluster.trace(A, "10.20.92.77").replies
    assert (str(reply.sender), reply.type, reply.code) == ("10.20.92.0", 3, 1)
    assert reply.time == pytest.approx(3.0, abs=0.2), "three questions, a second apart"


def test_a_subnet_nobody_holds_is_silence_for_a_ping(cluster):
    trace = cluster.trace(A, "10.20.200.1")
    assert (trace.verdict.kind, trace.verdict.where) == ("dropped", "k8s-node1")
    assert trace.replies == ()


def test_the_proxys_unreachable_is_a_martian_unless_accept_local(cluster):
    assert cluster.trace(A, "10.20.200.1", proto="udp", port=53).replies == ()
    cluster.sh("sysctl -w net.ipv4.conf.flannel0.accept_local=1", on="k8s-node1")
    (reply,) = cluster.trace(A, "10.20.200.1", proto="udp", port=53).replies
    assert (str(reply.sender), reply.ttl, reply.type, reply.code) == ("10.20.37.0", 7, 3, 0)


def test_two_pods_of_one_node_are_bridged(cluster):
    trace = cluster.trace(FRONTEND, TO_B)
    assert trace.reply_ttl == 64
    assert routes(trace, "k8s-node2") == []
    assert not [s for s in trace.sightings if s[:2] == ("k8s-node2", "docker0") and s.packet.proto != "arp"]
    bridged = [step for step in trace.steps if step.namespace == "k8s-node2" and step.kind == "bridge"]
    assert len([step for step in bridged if not step.aside]) == 2


def test_nothing_is_remembered_and_the_other_way_is_the_same(cluster):
    there, back = cluster.trace(A, TO_B), cluster.trace(B, TO_A)
    assert (there.reply_ttl, back.reply_ttl) == (60, 60)
    decisive = ("route", "forward", "wrap", "unwrap", "deliver")
    kinds = [[s.kind for s in trace.steps if not s.aside and s.kind in decisive] for trace in (there, back)]
    assert kinds[0] == kinds[1]


def test_who_wrote_the_lines_of_the_walk(cluster):
    by = {str(route.dst): route.origin for route in cluster["k8s-node1"].main}
    assert (by["10.20.0.0/16"].who, by["10.20.0.0/16"].command) == ("flanneld", "ip link set flannel0 up")
    assert by["0.0.0.0/0"].who == "NetworkManager"
    address = cluster["k8s-node1"].find("flannel0").addresses[0]
    assert (address.origin.who, address.origin.command) == ("flanneld", "ip addr add 10.20.37.0/16 dev flannel0")
    assert cluster["k8s-node1"].find("flannel0").origin.who == "flanneld"
    assert cluster["k8s-node1"].find("docker0").origin.who == "docker"
