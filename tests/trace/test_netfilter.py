"""Where a packet filter is asked, in which order, and what its answer changes. The filter here only notes, or does one thing."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

import labkit


class Filter:
    """Notes each place a packet comes by, and may change the packet there."""

    tracks = False
    tables = {"mangle": None}

    def __init__(self, change=None):
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.sizes: list[int] = []
        self.change = change or (lambda place, packet: packet)

    def filter(self, net, place, packet, iif, oif):
        self.asked.append((place, iif, oif))
        self.sizes.append(packet.length)
        return self.change(place, packet)


def routed() -> labkit.Lab:
    """a - r - b: three namespaces of one machine."""
    lab = labkit.Lab()
    text = """
        ip netns add a|ip netns add r|ip netns add b
        ip link add eth0 netns a type veth peer name left netns r|ip link add eth0 netns b type veth peer name right netns r
        ip -n a addr add 10.0.1.2/24 dev eth0|ip -n r addr add 10.0.1.1/24 dev left
        ip -n b addr add 10.0.2.2/24 dev eth0|ip -n r addr add 10.0.2.1/24 dev right
        ip -n a link set lo up|ip -n a link set eth0 up|ip -n b link set eth0 up|ip -n r link set left up|ip -n r link set right up
        ip -n a route add default via 10.0.1.1|ip -n b route add default via 10.0.2.1|ip netns exec r sysctl -qw net.ipv4.ip_forward=1
    """
    for line in text.strip().replace("\n", "|").split("|"):
        assert not lab.sh(line).returncode, line
    return lab


@pytest.fixture(autouse=True)
def asks_the_filter(monkeypatch):
    monkeypatch.setattr("labkit.trace.send.walk", lambda net, ns, *asked, **way: ns.netfilter.filter(net, *asked))


def watch(lab, name, change=None) -> Filter:
    lab[name].netfilter = Filter(change)
    return lab[name].netfilter


def test_a_router_is_asked_before_its_lookup_when_it_forwards_and_before_the_packet_leaves():
    lab = routed()
    seen = watch(lab, "r")
    assert lab.trace("a", "10.0.2.2").answered
    there = [("PREROUTING", "left", None), ("FORWARD", "left", "right"), ("POSTROUTING", None, "right")]
    back = [("PREROUTING", "right", None), ("FORWARD", "right", "left"), ("POSTROUTING", None, "left")]
    assert seen.asked == there + back


def test_sender_and_receiver_are_asked_on_the_way_out_and_on_the_way_in():
    lab = routed()
    sender, receiver = watch(lab, "a"), watch(lab, "b")
    assert lab.trace("a", "10.0.2.2").answered
    out = [("OUTPUT", None, "eth0"), ("POSTROUTING", None, "eth0")]
    into = [("PREROUTING", "eth0", None), ("INPUT", "eth0", None)]
    assert sender.asked == out + into
    assert receiver.asked == into + out


def test_on_lo_a_packet_passes_four_places_each_way():
    lab = routed()
    seen = watch(lab, "a")
    assert lab.trace("a", "127.0.0.1").answered
    once = [("OUTPUT", None, "lo"), ("POSTROUTING", None, "lo"), ("PREROUTING", "lo", None), ("INPUT", "lo", None)]
    assert seen.asked == once * 2


@pytest.mark.parametrize("wanted", (0, 1))
def test_bridged_packets_are_filtered_only_where_bridge_nf_says_so(wanted):
    lab = labkit.scenarios.same_node()
    pods = [name for name in lab.namespaces if name != "node"]
    lab.sh(f"sysctl -qw net.bridge.bridge-nf-call-iptables={wanted}", on="node")
    seen = watch(lab, "node")
    assert lab.trace(pods[0], str(lab[pods[1]].find("eth0").addresses[0].ip)).answered
    once = [("PREROUTING", "docker0", None), ("FORWARD", "docker0", "docker0"), ("POSTROUTING", "docker0", "docker0")]
    assert seen.asked == once * 2 * wanted


def test_a_destination_changed_at_prerouting_decides_where_the_packet_is_forwarded():
    lab = routed()

    def to_b(place, packet):
        return packet.with_ip(dst=IPv4Address("10.0.2.2")) if (place, str(packet.dst)) == ("PREROUTING", "10.0.1.1") else packet

    watch(lab, "r", to_b)
    trace = lab.trace("a", "10.0.1.1")
    assert [str(p.dst) for p in trace.seen("b", "eth0", "in")][:1] == ["10.0.2.2"]


@pytest.mark.parametrize("place", ("PREROUTING", "FORWARD", "POSTROUTING"))
def test_what_a_filter_keeps_goes_no_further(place):
    lab = routed()
    watch(lab, "r", lambda at, packet: None if at == place else packet)
    trace = lab.trace("a", "10.0.2.2")
    assert not trace.delivered and trace.seen("r", "right") == ()


def test_a_sender_is_told_when_its_own_filter_keeps_the_packet():
    lab = routed()
    watch(lab, "a", lambda at, packet: None if at == "OUTPUT" else packet)
    assert "Operation not permitted" in str(lab.trace("a", "10.0.2.2").verdict)


def test_where_connections_are_tracked_a_router_sees_whole_packets_and_sends_fragments():
    lab = routed()
    seen = watch(lab, "r")
    seen.tracks = True
    trace = lab.trace("a", "10.0.2.2", size=3000)
    assert trace.answered
    assert set(seen.sizes) == {3028}
    assert all(packet.is_fragment for packet in trace.seen("b", "eth0", "in"))


def test_a_mark_stays_within_the_namespace_that_set_it():
    lab = routed()
    watch(lab, "r", lambda at, packet: replace(packet, mark=7) if at == "PREROUTING" else packet)
    trace = lab.trace("a", "10.0.2.2")
    assert {packet.mark for packet in trace.seen("b", "eth0", "in")} == {0}
