"""Counters of packets and bytes, as `ip -s link` showed them on 6.18 for the same network and the same pings."""

import pytest

import labkit

LINES = (
    "ip netns add a", "ip netns add b", "ip link add br0 type bridge", "ip link set br0 up",
    "ip link add va type veth peer name eth0 netns a", "ip link add vb type veth peer name eth0 netns b",
    "ip link set va master br0", "ip link set vb master br0", "ip link set va up", "ip link set vb up",
    "ip -n a link set eth0 up", "ip -n b link set eth0 up", "ip -n a addr add 10.0.0.1/24 dev eth0",
    "ip -n b addr add 10.0.0.2/24 dev eth0", "ip addr add 10.0.0.254/24 dev br0",
)  # fmt: skip


@pytest.fixture
def lab():
    lab = labkit.Lab()
    for line in LINES:
        assert lab.sh(line).returncode == 0, line
    return lab


def counted(lab, on, name):
    """(bytes received, packets received, bytes sent, packets sent, dropped on receipt, dropped when sending)"""
    count = lab[on].find(name).counters.get
    return tuple(count(key, 0) for key in ("rx_bytes", "rx_packets", "tx_bytes", "tx_packets", "rx_dropped", "tx_dropped"))


def test_a_veth_counts_whole_frames_and_its_bridge_what_it_hands_up(lab):
    lab.sh("ping -c 1 10.0.0.2", on="a")
    assert counted(lab, "a", "eth0") == counted(lab, "host", "va") == (140, 2, 140, 2, 0, 0), "ARP and echo, both ways"
    assert counted(lab, "host", "br0") == (28, 1, 0, 0, 0, 0), "the broadcast ARP request, without its Ethernet header"


def test_a_bridge_counts_the_ethernet_header_when_sending_only(lab):
    lab.sh("ping -c 1 10.0.0.254", on="a")
    assert counted(lab, "host", "br0") == (28 + 84, 2, 42 + 98, 2, 0, 0)


def test_loopback_counts_packets_without_header_and_drops_while_it_is_down(lab):
    lab.sh("ping -c 1 -W 1 10.0.0.1", on="a")
    assert counted(lab, "a", "lo") == (0, 0, 0, 0, 0, 1)
    lab.sh("ip -n a link set lo up")
    lab.sh("ping -c 2 10.0.0.1", on="a")
    assert counted(lab, "a", "lo") == (336, 4, 336, 4, 0, 1)


def test_a_frame_too_long_for_the_other_end_is_dropped_at_both(lab):
    lab.sh("ip -n b link set eth0 mtu 1000")
    lab.sh("ping -c 1 -W 1 -s 1200 10.0.0.2", on="a")
    assert counted(lab, "host", "vb")[5] == counted(lab, "b", "eth0")[4] == 1


def test_without_carrier_everything_is_dropped(lab):
    lab.sh("ip link set va down")
    lab.sh("ping -c 1 -W 1 10.0.0.2", on="a")
    assert counted(lab, "a", "eth0") == (0, 0, 0, 0, 0, 2), "two ARP requests in a second"


def test_a_vxlan_counts_the_inner_packet_and_knows_why_it_could_not_send(lab):
    for line in ("ip link add vx type vxlan id 1 dstport 4789 local 10.0.0.254", "ip link set vx up",
                 "ip addr add 10.9.0.1/24 dev vx", "ip neigh add 10.9.0.2 lladdr 0a:00:00:00:00:02 dev vx"):  # fmt: skip
        assert lab.sh(line).returncode == 0, line
    lab.sh("ping -c 1 -W 1 10.9.0.2")
    assert counted(lab, "host", "vx") == (0, 0, 0, 0, 0, 1), "no FDB entry"
    lab.sh("bridge fdb add 0a:00:00:00:00:02 dev vx dst 172.16.0.1")
    lab.sh("ping -c 1 -W 1 10.9.0.2")
    assert lab["host"].find("vx").counters["tx_carrier_errors"] == 1, "no route to the other VTEP"
    lab.sh("bridge fdb replace 0a:00:00:00:00:02 dev vx dst 10.0.0.2")
    lab.sh("ping -c 1 -W 1 10.9.0.2")
    assert counted(lab, "host", "vx")[2:4] == (84, 1)


def test_a_tunnel_behind_a_bridge_answers_in_the_destinations_name():
    """Nobody on a bridge would learn that the way to the other VTEP takes less (observed on 6.18)."""
    lab = labkit.Lab("n1", "n2")
    for number, node in enumerate(("n1", "n2"), 1):
        lines = [
            f"ip link add vx type vxlan id 7 local 192.168.0.{number} dstport 4789 remote 192.168.0.{3 - number}",
            f"ip netns add p{number}", "ip link add br0 type bridge", f"ip link add v type veth peer name eth0 netns p{number}",
            "ip link set vx master br0", "ip link set v master br0", "ip link set vx up", "ip link set v up",
            "ip link set br0 up", f"ip -n p{number} link set eth0 up", f"ip -n p{number} addr add 10.5.0.{number}/24 dev eth0",
        ]  # fmt: skip
        for line in lines:
            assert lab.sh(line, on=node).returncode == 0, line
    n1, n2 = lab["n1"], lab["n2"]
    labkit.lab.links.create(lab, n1, "eth0", "veth", peer_name="eth0", peer_ns=n2)
    for number, node in ((1, "n1"), (2, "n2")):
        lab.sh("ip link set eth0 up", on=node)
        lab.sh(f"ip addr add 192.168.0.{number}/24 dev eth0", on=node)
    answer = lab.sh("ping -c 2 -s 1423 10.5.0.1", on="p2")
    assert "From 10.5.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1450)" in answer.stdout
    assert "2 packets transmitted, 1 received, +1 errors, 50% packet loss" in answer.stdout, "the second is fragmented"


def waiting_for_nobody():
    """A namespace c whose ping waits for the MAC address of 10.0.0.9, which nobody has: lo is down."""
    lab = labkit.Lab()
    for line in ("ip netns add c", "ip link add vc type veth peer name eth0 netns c", "ip link set vc up", "ip -n c link set eth0 up",
                 "ip -n c addr add 10.0.0.3/24 dev eth0"):
        assert lab.sh(line).returncode == 0, line
    assert lab.sh("ip netns exec c ping -c 1 -W 1 10.0.0.9").returncode == 1
    return lab


@pytest.mark.parametrize("line", ["ip neigh flush all", "ip neigh del 10.0.0.9 dev eth0", "ip neigh change 10.0.0.9 nud failed dev eth0"])
def test_what_waits_for_a_neighbour_comes_back_when_its_entry_goes(line):
    lab = waiting_for_nobody()
    assert lab["c"].find("lo").counters.get("tx_dropped", 0) == 0
    assert lab.sh(line, on="c").returncode == 0
    assert lab["c"].find("lo").counters["tx_dropped"] == 1, "host unreachable, to ourselves (observed on 6.18)"


def test_what_waits_for_a_neighbour_leaves_when_its_address_is_written():
    lab = waiting_for_nobody()
    before = lab["host"].find("vc").counters["rx_packets"]
    assert lab.sh("ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:77 dev eth0", on="c").returncode == 0
    assert lab["host"].find("vc").counters["rx_packets"] == before + 1, "observed on 6.18"


def test_what_waits_for_a_neighbour_is_forgotten_with_the_link():
    lab = waiting_for_nobody()
    for line in ("ip -n c link set eth0 down", "ip -n c link set eth0 up", "ip addr add 10.0.0.9/24 dev vc"):
        assert lab.sh(line).returncode == 0
    before = lab["host"].find("vc").counters.get("tx_packets", 0)
    assert lab.sh("ip netns exec c ping -c 1 -W 1 10.0.0.9").returncode == 0
    assert lab["host"].find("vc").counters["tx_packets"] == before + 2, "an ARP reply and one echo reply (observed on 6.18)"


@pytest.mark.parametrize(("lo", "learning"), [("down", "learning"), ("up", "learning"), ("up", "nolearning")])
def test_what_a_vxlan_sends_to_ourselves_is_not_wrapped_and_lo_has_no_part_in_it(lo, learning):
    lab = labkit.Lab()
    for line in (
        "ip link add eth0 type bridge", "ip link set eth0 up", "ip addr add 192.168.7.1/24 dev eth0", f"ip link set lo {lo}",
        f"ip link add vx0 address 02:aa:00:00:00:01 type vxlan id 7 dstport 8472 local 192.168.7.1 {learning}", "ip link set vx0 up",
        "bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.7.2", "ip addr add 10.1.0.1/24 dev vx0",
        "ip addr add 192.168.7.2/32 dev lo",
    ):
        assert lab.sh(line).returncode == 0, line
    lab.sh("ping -c 1 -W 0.5 10.1.0.9")
    assert (counted(lab, "host", "vx0"), counted(lab, "host", "lo")) == ((42, 1, 42, 1, 0, 0), (0,) * 6), "observed on 6.18"
    entry = "02:aa:00:00:00:01 dst 127.0.0.1 self" in lab.sh("bridge fdb show dev vx0").stdout
    assert entry == (learning == "learning")
