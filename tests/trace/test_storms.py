"""Nothing goes round for ever, and no way is too long: every loop ends in the kernel's own verdict, or in that of a storm."""

from time import process_time

import pytest

import labkit


def run(lab: labkit.Lab, text: str) -> labkit.Lab:
    for line in filter(None, map(str.strip, text.replace("|", "\n").splitlines())):
        result = lab.sh(line)
        assert not result.returncode, f"{line}: {result}"
    return lab


def two_routers_that_point_at_each_other() -> labkit.Lab:
    return run(labkit.Lab(), """
        ip netns add s|ip netns add r1|ip netns add r2
        ip link add e netns s type veth peer name e0 netns r1|ip link add x netns r1 type veth peer name y netns r2
        ip -n s addr add 10.9.0.2/24 dev e|ip -n r1 addr add 10.9.0.1/24 dev e0
        ip -n r1 addr add 10.0.0.1/24 dev x|ip -n r2 addr add 10.0.0.2/24 dev y
        ip -n s link set e up|ip -n r1 link set e0 up|ip -n r1 link set x up|ip -n r2 link set y up
        ip netns exec r1 sysctl -qw net.ipv4.ip_forward=1|ip netns exec r2 sysctl -qw net.ipv4.ip_forward=1
        ip -n s route add default via 10.9.0.1|ip -n r1 route add default via 10.0.0.2|ip -n r2 route add default via 10.0.0.1
    """)


def bridges(count: int) -> labkit.Lab:
    """So many bridges, each joined to every other: a full mesh, without spanning tree."""
    lab = labkit.Lab()
    for i in range(count):
        run(lab, f"ip link add br{i} type bridge|ip link set br{i} up")
    for i in range(count):
        for j in range(i):
            one, other = f"v{i}-{j}", f"v{j}-{i}"
            run(lab, f"ip link add {one} type veth peer name {other}|ip link set {one} master br{i} up|ip link set {other} master br{j} up")
    return run(lab, "ip addr add 10.0.0.1/24 dev br0")


def nested(depth: int) -> labkit.Lab:
    """Two machines with vxlans in one another, neighbours known from the start."""
    lab = run(labkit.Lab(), """
        ip netns add a|ip netns add b|ip link add x netns a type veth peer name y netns b
        ip -n a addr add 10.0.0.1/24 dev x|ip -n b addr add 10.0.0.2/24 dev y|ip -n a link set x up|ip -n b link set y up
    """)
    for ns, me, other, lowest in (("a", 1, 2, "x"), ("b", 2, 1, "y")):
        for level in range(depth):
            ends = f"remote 10.{level}.0.{other} local 10.{level}.0.{me} dev {f'v{level - 1}' if level else lowest}"
            lab.sh(f"ip link add v{level} type vxlan id {level + 1} dstport {4789 + level} {ends}", on=ns)
            lab.sh(f"ip addr add 10.{level + 1}.0.{me}/24 dev v{level}; ip link set v{level} up", on=ns)
    for ns, there, other in (("a", "b", 2), ("b", "a", 1)):
        for level in range(depth):
            lab.sh(f"ip neigh replace 10.{level + 1}.0.{other} lladdr {lab[there].find(f'v{level}').mac} dev v{level}", on=ns)
    return lab


@pytest.mark.parametrize("ttl", (64, 164, 255))
def test_a_routing_loop_ends_when_the_ttl_does_however_large_it_is(ttl):
    trace = two_routers_that_point_at_each_other().trace("s", "8.8.8.8", ttl=ttl)
    assert trace.verdict.kind == "ttl exceeded"
    assert trace.verdict.where == ("r2" if ttl % 2 == 0 else "r1")


@pytest.mark.parametrize("line", (
    "ping -c 100000 -t 255 -i 0 8.8.8.8", "ping -w 1000000000 10.9.0.1", "traceroute -m 255 -q 10 8.8.8.8", "nc -z 10.9.0.1 1-65535",
))  # fmt: skip
def test_a_tool_that_would_go_on_for_ever_is_stopped_and_says_so(line, monkeypatch):
    monkeypatch.setattr("labkit.lab.lab.MOST_FRAMES", 2000)
    lab = two_routers_that_point_at_each_other()
    assert "The lab stops here: one line moves at most" in lab.sh(line, on="s").stderr
    assert lab.sh("ping -c 1 10.9.0.1", on="s").stderr == ""


def test_a_lease_that_names_a_pod_as_its_node_ends_in_a_storm_with_a_place():
    lab = labkit.scenarios.seed_cluster()
    lab.sh("""etcdctl set /awcloud.com/network/subnets/10.20.92.0-24 '{"PublicIP":"10.20.92.11"}'""", on="k8s-master")
    trace = lab.trace("wp-mysql-t5w0m", "10.20.92.11")
    assert (trace.verdict.kind, trace.verdict.where) == ("loop", "k8s-node1")


@pytest.mark.parametrize("count", (3, 8))
def test_a_ring_of_bridges_is_a_verdict_that_says_where(count):
    lab, began = bridges(count), process_time()
    trace = lab.trace("host", "10.0.0.2")
    assert trace.verdict.kind == "loop" and "went round in a ring" in trace.verdict.why
    assert process_time() - began < 2


def test_a_cable_with_both_ends_in_one_bridge_is_a_ring():
    lab = run(labkit.Lab(), """
        ip link add br0 type bridge|ip link add p type veth peer name q|ip link set p master br0 up|ip link set q master br0 up
        ip link set br0 up|ip addr add 10.0.0.1/24 dev br0
    """)
    trace = lab.trace("host", "10.0.0.2")
    assert trace.verdict.kind == "loop" and trace.verdict.where == "host"


def test_a_large_flood_is_no_storm():
    lab = run(labkit.Lab(), "ip link set lo up|ip link add br0 type bridge|ip link set br0 up|ip addr add 10.0.0.1/16 dev br0")
    for i in range(80):
        lab.sh(f"ip netns add n{i}; ip link add v{i} type veth peer name eth0 netns n{i}; ip link set v{i} master br0 up")
        lab.sh(f"ip -n n{i} link set eth0 up; ip -n n{i} addr add 10.0.1.{i + 1}/16 dev eth0")
        lab.sh("sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0", on=f"n{i}")
    assert lab.trace("host", "10.0.200.1").verdict.kind == "host unreachable"
    assert "+79 duplicates" in lab.sh("ping -b -c 1 10.0.255.255").stdout  # 6,400 questions for one MAC address, all at once


def test_three_tunnels_in_one_another_carry_a_packet_and_the_fourth_gives_up():
    assert nested(3).trace("a", "10.3.0.2", size=8).answered
    lab = nested(4)
    trace = lab.trace("a", "10.4.0.2", size=8)
    assert not trace.delivered and trace.verdict.where == "a" and "Dead loop" in trace.verdict.why
    assert lab["a"].find("v0").counters["tx_errors"] == 1


def test_a_tunnel_whose_other_end_lies_behind_itself_drops():
    lab = run(labkit.Lab(), """
        ip link add v0 type vxlan id 1 dstport 4789 remote 10.7.0.2|ip link set v0 up|ip addr add 10.7.0.1/24 dev v0
        ip neigh add 10.7.0.2 lladdr 02:00:00:00:00:99 dev v0
    """)
    trace = lab.trace("host", "10.7.0.2")
    assert trace.verdict.kind == "dropped" and lab["host"].find("v0").counters["collisions"] == 1
