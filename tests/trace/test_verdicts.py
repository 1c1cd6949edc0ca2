"""Every way a packet can end, by the book of Linux (each outcome observed on 6.18)."""

import errno
from ipaddress import IPv4Address

import pytest

import labkit
from labkit.errors import BadInput, LabError
from labkit.lab import bridges, links, neighbors
from labkit.lab.program import Listener
from labkit.tables.fdb import FdbEntry
from tests.trace.build import address, bridge, forwarding, lan, namespaces, route, routed, wire


def test_a_ping_through_two_routers_comes_back_with_ttl_62():
    trace = routed().trace("h1", "10.1.3.10")
    assert trace.delivered and trace.answered and trace.reply_ttl == 62
    assert trace.verdict.kind == "answered" and trace.verdict.where == "h2"


@pytest.mark.parametrize("ttl, where, sender", [(1, "r1", "10.1.1.1"), (2, "r2", "10.1.2.2")])
def test_a_ttl_that_runs_out_is_told_by_that_router(ttl, where, sender):
    trace = routed().trace("h1", "10.1.3.10", ttl=ttl)
    assert (trace.verdict.kind, trace.verdict.where) == ("ttl exceeded", where)
    assert str(trace.replies[0].sender) == sender


def test_a_sender_without_a_route_is_refused_by_its_own_kernel():
    lab = routed()
    lab["h1"].main.discard(lambda r: r.dst.prefixlen == 0)
    trace = lab.trace("h1", "10.1.3.10")
    assert trace.verdict.kind == "network is unreachable" and not trace.sightings


def test_a_router_without_a_route_says_net_unreachable():
    assert routed().trace("h1", "10.9.9.9").verdict.kind == "net unreachable"


@pytest.mark.parametrize("kind, at_router, at_sender", [
    ("unreachable", "host unreachable", "no route to host"),
    ("prohibit", "packet filtered", "permission denied"),
    ("blackhole", "dropped", "invalid argument"),
])
def test_error_routes_answer_a_forwarded_packet_and_a_local_one_differently(kind, at_router, at_sender):
    lab = routed()
    route(lab, "r1", "10.7.0.0/16", kind=kind)
    route(lab, "h1", "10.8.0.0/16", kind=kind)
    assert lab.trace("h1", "10.7.0.1").verdict.kind == at_router
    assert lab.trace("h1", "10.8.0.1").verdict.kind == at_sender


def test_nobody_answers_arp_at_the_last_router_so_it_says_host_unreachable():
    lab = routed()
    trace = lab.trace("h1", "10.1.3.99")
    assert (trace.verdict.kind, trace.verdict.where) == ("host unreachable", "r2")
    assert 3.0 < lab.now < 3.3, "three questions, a second apart"
    assert [n.state for n in lab["r2"].neighbors.values() if str(n.address) == "10.1.3.99"] == ["FAILED"]


def test_a_sender_whose_lo_is_down_does_not_even_learn_that_arp_failed():
    lab = lan()
    links.set_up(lab, lab["c1"], lab["c1"].find("lo"), False)
    trace = lab.trace("c1", "10.0.0.99")
    assert not trace.replies and trace.verdict.kind == "dropped" and "nobody answered" in trace.verdict.why


def test_a_machine_that_does_not_forward_drops_without_a_word():
    lab = routed()
    lab["r1"].sysctls["net.ipv4.ip_forward"] = "0"
    trace = lab.trace("h1", "10.1.3.10")
    assert not trace.delivered and not trace.replies
    assert trace.verdict.where == "r1" and "ip_forward is 0" in trace.verdict.why


def test_a_machine_that_does_not_forward_still_answers_for_all_its_addresses():
    lab = routed()
    lab["r1"].sysctls["net.ipv4.ip_forward"] = "0"
    assert lab.trace("h1", "10.1.2.1").reply_ttl == 64


def test_an_answer_that_is_lost_is_told_apart_from_a_request_that_is_lost():
    lab = routed()
    lab["h2"].main.discard(lambda r: r.dst.prefixlen == 0)
    trace = lab.trace("h1", "10.1.3.10")
    assert trace.delivered and not trace.answered
    assert (trace.verdict.kind, trace.verdict.where) == ("answer lost", "h2")


def test_too_big_with_df_comes_back_with_the_mtu_and_the_sender_remembers():
    lab = routed()
    links.set_mtu(lab, lab["r1"], lab["r1"].find("right"), 1400)
    trace = lab.trace("h1", "10.1.3.10", size=1472)
    assert trace.verdict.kind == "fragmentation needed (mtu 1400)"
    assert "cache expires 600sec mtu 1400" in lab.sh("ip route get 10.1.3.10", on="h1").stdout
    again = lab.trace("h1", "10.1.3.10", size=1472, df=True)
    assert again.verdict.kind == "message too long" and again.replies[0].mtu == 1400


def test_without_df_a_router_fragments_and_the_receiver_puts_together():
    lab = routed()
    for ns, dev in (("r1", "right"), ("r2", "left")):
        links.set_mtu(lab, lab[ns], lab[ns].find(dev), 1400)
    trace = lab.trace("h1", "10.1.3.10", size=1472, df=False)
    assert trace.answered
    out = [s.packet for s in trace.sightings if s[:3] == ("r1", "right", "out")]
    assert [packet.length for packet in out if not packet.arp] == [1396, 124]


def test_strict_reverse_path_filter_drops_what_would_go_back_another_way():
    lab = routed()
    lab["r1"].sysctls["net.ipv4.conf.left.rp_filter"] = "1"
    trace = lab.trace("h1", "10.1.3.10")
    assert trace.answered
    address(lab, "h1", "eth0", "99.0.0.1/32")
    trace = lab.trace("h1", "10.1.3.10", src="99.0.0.1")
    assert "rp_filter=1" in trace.verdict.why and trace.verdict.where == "r1"


def test_a_source_that_is_the_receivers_own_is_a_martian():
    lab = routed()
    address(lab, "h1", "eth0", "10.1.2.1/32")
    trace = lab.trace("h1", "10.1.3.10", src="10.1.2.1")
    assert trace.verdict.where == "h1", "r1 does not even answer an ARP request with such a sender"
    assert lab.trace("h1", "10.1.3.10").answered
    trace = lab.trace("h1", "10.1.3.10", src="10.1.2.1")
    assert trace.verdict.where == "r1" and "martian" in trace.verdict.why


def test_a_link_that_is_down_at_the_other_end_has_no_carrier_and_arp_fails():
    lab = routed()
    links.set_up(lab, lab["r1"], lab["r1"].find("left"), False)
    trace = lab.trace("h1", "10.1.3.10")
    assert trace.verdict.kind == "host unreachable" and trace.verdict.where == "h1"


def test_an_interface_that_is_down_takes_its_routes_along():
    lab = routed()
    links.set_up(lab, lab["h1"], lab["h1"].find("eth0"), False)
    assert lab.trace("h1", "10.1.3.10").verdict.kind == "network is unreachable"


def test_a_namespace_reaches_itself_only_over_lo():
    lab = routed()
    assert lab.trace("h1", "10.1.1.10").reply_ttl == 64
    links.set_up(lab, lab["h1"], lab["h1"].find("lo"), False)
    assert "lo is down" in lab.trace("h1", "10.1.1.10").verdict.why


def test_a_closed_udp_port_is_told_by_icmp_and_a_closed_tcp_port_by_reset():
    lab = routed()
    assert lab.trace("h1", "10.1.3.10", proto="udp", port=53).verdict.kind == "port unreachable"
    assert lab.trace("h1", "10.1.3.10", proto="tcp", port=80).verdict.kind == "connection refused"
    for proto, port in (("udp", 53), ("tcp", 80)):
        lab["h2"].listeners.add(Listener(proto, None, port))
    assert lab.trace("h1", "10.1.3.10", proto="udp", port=53).answered
    assert lab.trace("h1", "10.1.3.10", proto="tcp", port=80).answered


def test_a_bridge_forwards_by_mac_and_never_shows_its_own_interface_the_frame():
    lab = lan()
    trace = lab.trace("c1", "10.0.0.3")
    assert trace.reply_ttl == 64
    assert not [s for s in trace.sightings if s.interface == "br0" and not s.packet.arp]
    assert not [s for s in trace.steps if s.kind == "route" and s.namespace == "host"]


def test_the_third_port_of_a_bridge_sees_the_arp_question_and_nothing_else():
    trace = lan().trace("c1", "10.0.0.3")
    assert [s.packet.proto for s in trace.sightings if s.namespace == "c3"] == ["arp"]


def test_a_frame_never_leaves_a_bridge_where_it_came_in_unless_hairpin_is_on():
    lab = lan()
    v0, mac = lab["host"].find("v0"), "02:aa:00:00:00:01"
    lab["host"].find("br0").bridge.fdb.add(FdbEntry(mac, "v0", master="br0"))
    neighbors.put(lab, lab["c1"], "eth0", IPv4Address("10.0.0.50"), mac)
    assert "hairpin is off" in lab.trace("c1", "10.0.0.50").verdict.why
    v0.port.hairpin = True
    seen = [s[:3] for s in lab.trace("c1", "10.0.0.50").sightings]
    assert ("host", "v0", "out") in seen and ("c1", "eth0", "in") in seen


def test_two_routers_that_point_at_each_other_end_with_the_ttl():
    lab = routed()
    route(lab, "r1", "10.5.0.0/16", "10.1.2.2")
    route(lab, "r2", "10.5.0.0/16", "10.1.2.1")
    assert lab.trace("h1", "10.5.0.1").verdict.kind == "ttl exceeded"


def test_a_ring_of_bridges_ends_too():
    lab = namespaces("a", "b", "c")
    bridge(lab, "a", "br0", [("c", "eth0")])
    bridge(lab, "b", "br0", [])
    for i in (1, 2):
        wire(lab, "a", f"x{i}", "b", f"y{i}")
        bridges.set_master(lab, lab["a"], lab["a"].find(f"x{i}"), "br0")
        bridges.set_master(lab, lab["b"], lab["b"].find(f"y{i}"), "br0")
    address(lab, "c", "eth0", "10.0.0.1/24")
    assert not lab.trace("c", "10.0.0.2").answered


def test_a_better_gateway_on_the_same_link_is_told_by_a_redirect():
    lab = namespaces("h", "r1", "r2", "far")
    bridge(lab, "host", "br0", [("h", "eth0"), ("r1", "eth0"), ("r2", "eth0")])
    wire(lab, "r2", "right", "far", "eth0")
    for ns, dev, text in (("h", "eth0", "10.1.1.10/24"), ("r1", "eth0", "10.1.1.1/24"), ("r2", "eth0", "10.1.1.2/24"),
                          ("r2", "right", "10.1.3.1/24"), ("far", "eth0", "10.1.3.10/24")):
        address(lab, ns, dev, text)
    route(lab, "h", "0.0.0.0/0", "10.1.1.1")
    route(lab, "r1", "10.1.3.0/24", "10.1.1.2")
    route(lab, "far", "0.0.0.0/0", "10.1.3.1")
    forwarding(lab, "r1", "r2")
    trace = lab.trace("h", "10.1.3.10", count=3)
    assert [r.kind for r in trace.replies] == ["redirect", "reply", "redirect", "reply", "reply"]
    assert {str(r.gateway) for r in trace.replies if r.kind == "redirect"} == {"10.1.1.2"}
    told = [s.packet.transport for s in trace.sightings if s[:3] == ("r1", "eth0", "out") and s.packet.is_error]
    assert {icmp.quoted.ttl for icmp in told} == {63}, "the redirect quotes the packet as it is sent on"


@pytest.mark.parametrize("how, word", [
    ({"proto": "sctp"}, "icmp, udp, tcp"), ({"ttl": 0}, "1 to 255"), ({"size": -1}, "0 to 65507"),
    ({"port": 70000, "proto": "udp"}, "1 to 65535"), ({"src": "10.1"}, "not an IPv4 address"),
])
def test_a_probe_that_makes_no_sense_is_refused_in_a_sentence(how, word):
    with pytest.raises(BadInput, match=word):
        routed().trace("h1", "10.1.3.10", **how)


def test_a_name_that_is_not_there_is_refused_with_the_names_that_are():
    with pytest.raises(LabError, match="h1, r1, r2, h2"):
        routed().trace("h9", "10.1.3.10")
    with pytest.raises(LabError, match="lo, eth0"):
        routed().trace("h1", "10.1.3.10", dev="eth9")
    with pytest.raises(BadInput, match="not an IPv4 address"):
        routed().trace("h1", "10.1.3.10/24")


def test_a_frame_too_long_for_the_other_end_of_a_veth_pair_is_dropped_there():
    lab = routed()
    links.set_mtu(lab, lab["r1"], lab["r1"].find("left"), 1300)
    assert lab.trace("h1", "10.1.1.1").answered
    assert lab.trace("h1", "10.1.1.1", size=1304 - 28).delivered, "four bytes of slack"
    trace = lab.trace("h1", "10.1.1.1", size=1305 - 28)
    assert (trace.verdict.kind, trace.verdict.where) == ("dropped", "r1") and "too long" in trace.verdict.why
    assert trace.replies[0].errno == errno.ENOBUFS, "a sender whose neighbour is known is told at once"


def test_a_frame_for_another_mac_address_is_the_verdict_when_nothing_else_happened():
    lab = lan()
    neighbors.put(lab, lab["c1"], "eth0", IPv4Address("10.0.0.3"), lab["c3"].find("eth0").mac)
    trace = lab.trace("c1", "10.0.0.3", wait=1.0)
    assert trace.verdict.kind != "no answer", "c3 gets it and is no router"
    lab["host"].find("br0").bridge.fdb.add(FdbEntry("02:aa:00:00:00:07", "v1", master="br0"))
    neighbors.put(lab, lab["c1"], "eth0", IPv4Address("10.0.0.77"), "02:aa:00:00:00:07")
    trace = lab.trace("c1", "10.0.0.77", wait=1.0)
    assert trace.verdict.where == "c2" and "the frame is for 02:aa:00:00:00:07" in trace.verdict.why


def test_an_error_about_a_fragment_of_a_tunnels_datagram_is_not_told_inside():
    lab = labkit.Lab()
    for line in (
        "ip netns add n2", "ip -n n2 link set lo up", "ip link add eth0 type veth peer name eth0 netns n2", "ip -n n2 link set eth0 up",
        "ip -n n2 addr add 192.168.7.2/24 dev eth0", "ip -n n2 link add vx0 type vxlan id 7 dstport 8472 local 192.168.7.2 nolearning",
        "ip -n n2 link set vx0 up", "ip -n n2 neigh add 10.1.0.0 lladdr 02:aa:00:00:00:01 dev vx0",
        "ip netns exec n2 bridge fdb append 02:aa:00:00:00:01 dev vx0 dst 192.168.7.1",
        "ip -n n2 route add 10.1.0.0/24 via 10.1.0.0 dev vx0 onlink",
    ):
        assert lab.sh(line).returncode == 0, line
    for size in (1400, 1472):  # as it is, and in two fragments
        trace = lab.copy().trace("n2", "10.1.0.1", size=size, df=True)
        assert not trace.replies and any(step.kind == "heard" and "nobody inside is told" in step.text for step in trace.steps), size
