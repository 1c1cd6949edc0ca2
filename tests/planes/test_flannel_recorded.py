"""The three backends against a real flanneld: the state of both nodes, the leases, the pings.

tests/recordings/flannel/README.md says how they were recorded. MAC addresses differ by nature; IPv6 and multicast
entries are the kernel's own affair, and the state of a learned neighbour depends on the moment.
"""

import json
import re
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from labkit import scenarios
from labkit.commands.transcript import comparable
from labkit.planes.flannel import NOTES, RECORDED, TODAY
from labkit.tables.route import MAIN

RECORDINGS = Path(__file__).parent.parent / "recordings" / "flannel"
BACKENDS = {"udp": "udp", "vxlan": "vxlan", "hostgw": "host-gw"}
OVERHEAD = {"udp": 28, "vxlan": 50, "hostgw": 0}
NODES = {"nodeA": "node1", "nodeB": "node2"}
MAC = re.compile(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b")


def recorded(folder: str, file: str) -> str:
    return (RECORDINGS / folder / file).read_text()


def build(folder: str):
    """The recorded lab: the subnets are what chance gave the two nodes."""
    subnets = [re.search(r"FLANNEL_SUBNET=(\S+)\.1/24", recorded(folder, f"subnet{x}.env"))[1] + ".0/24" for x in "AB"]
    return scenarios.flannel(BACKENDS[folder], subnets=tuple(subnets), version=RECORDED)


@pytest.fixture(params=BACKENDS)
def folder(request):
    return request.param


@pytest.fixture
def lab(folder):
    """The recording was made after the pings."""
    lab = build(folder)
    for source, destination in lab.probes[:2]:
        assert lab.trace(source, destination).answered
    return lab


@pytest.fixture(params=NODES)
def node(request):
    return request.param


def test_the_routes_are_the_recorded_ones(lab, folder, node):
    assert lab.sh("ip route", on=NODES[node]).stdout == recorded(folder, f"{node}/ip-route.txt")
    shown = json.loads(lab.sh("ip -j route show table all", on=NODES[node]).stdout)
    there = [route for route in json.loads(recorded(folder, f"{node}/ip-route.json")) if ":" not in route["dst"]]
    assert [route for route in shown if ":" not in route["dst"]] == there


def test_the_matching_routes_are_the_recorded_ones(lab, folder, node):
    table = lab.namespaces[NODES[node]].table(MAIN)
    matching = [table.lookup(address).route for _, address in lab.probes[:2]]
    assert "".join(f"{route} \n" for route in matching) == recorded(folder, f"{node}/route-get.txt")


def test_the_permanent_neighbours_are_the_recorded_ones(lab, folder, node):
    def lines(text):
        return [MAC.sub("MAC", line.strip()) for line in text.splitlines() if "PERMANENT" in line]

    shown = lab.sh("ip neigh", on=NODES[node]).stdout
    assert lines(shown) == lines(recorded(folder, f"{node}/neigh.txt"))


def test_the_learned_neighbours_are_the_recorded_ones(lab, folder, node):
    def pairs(text):
        return {tuple(line.split()[:3]) for line in text.splitlines() if "lladdr" in line and "PERMANENT" not in line}

    assert pairs(lab.sh("ip neigh", on=NODES[node]).stdout) == pairs(recorded(folder, f"{node}/neigh.txt"))


def test_the_fdb_is_the_recorded_one(lab, folder, node):
    def lines(text):
        return [MAC.sub("MAC", line.strip()) for line in text.splitlines() if not line.startswith(("33:33:", "01:00:5e:"))]

    assert lines(lab.sh("bridge fdb", on=NODES[node]).stdout) == lines(recorded(folder, f"{node}/fdb.txt"))


def test_each_vtep_is_where_the_other_nodes_neighbour_and_fdb_say():
    lab = build("vxlan")
    for here, there in (("node1", "node2"), ("node2", "node1")):
        mac = lab[there].find("flannel.1").mac
        assert lab.sh("ip neigh show dev flannel.1", on=here).stdout.split()[2] == mac
        assert f"{mac} dev flannel.1 dst {lab[there].find('eth0').addresses[0].ip}" in lab.sh("bridge fdb", on=here).stdout


def test_flannels_interface_is_the_recorded_one(lab, folder, node):
    def block(text):
        """The first line and the inet lines of flannel's interface; a line has details behind its link/ word."""
        found, inside = [], False
        for line in text.splitlines():
            if line[:1].isdigit():
                inside = ": flannel" in line
            if inside and (line[:1].isdigit() or line.strip().startswith("inet ")):
                found.append(" ".join(line.split()))
        return found

    assert block(lab.sh("ip -d addr", on=NODES[node]).stdout) == block(recorded(folder, f"{node}/ip-addr.txt"))


def test_the_vxlan_interface_has_the_recorded_options(node):
    def options(text):
        return re.search(r"vxlan id .*? ageing \d+", text)[0].split()

    shown = build("vxlan").sh("ip -d link show flannel.1", on=NODES[node]).stdout
    assert options(shown) == options(recorded("vxlan", f"{node}/ip-addr.txt"))


def test_the_leases_are_the_recorded_ones(lab, folder):
    tree = json.loads(recorded(folder, "etcd.txt"))["node"]
    there = {}
    for top in tree["nodes"]:
        for entry in top.get("nodes", [top]):
            there[entry["key"]] = MAC.sub("MAC", entry["value"])
    keys = lab.sh("etcdctl ls --recursive /coreos.com/network").stdout.split()
    values = {key: lab.sh(f"etcdctl get {key}") for key in keys}
    assert {key: MAC.sub("MAC", r.stdout.strip()) for key, r in values.items() if r.returncode == 0} == there


def test_subnet_env_is_the_recorded_one(lab, folder):
    for letter, node in (("A", "node1"), ("B", "node2")):
        assert lab.services["flanneld"][node].env == recorded(folder, f"subnet{letter}.env")


def test_the_pings_are_the_recorded_ones(folder):
    lab = build(folder)
    (_, b), (_, a), _ = lab.probes
    mtu = 1500 - OVERHEAD[folder]
    text = recorded(folder, "ping.txt")
    whole, single = text.split("ttl 1\n")
    assert comparable(lab.sh(f"ip netns exec pod1 ping -c 3 -i 0.2 {b}").stdout
                      + lab.sh(f"ip netns exec pod2 ping -c 1 {a}", on="node2").stdout
                      + lab.sh(f"ping -c 1 {b}").stdout) == comparable(whole)
    lines = []
    for ttl in (1, 2, 3, 4):
        lines += [f"ttl {ttl}", second_line(lab, f"ping -c 1 -W 1 -t {ttl} {b}")]
    lines += [second_line(lab, f"ping -c 1 -W 1 -M do -s {size} {b}") for size in (mtu - 28, mtu - 27)]
    lines.append(second_line(lab, "ping -c 1 -W 1 10.1.200.9"))
    there = comparable("ttl 1\n" + single)
    assert comparable("\n".join(lines)) == there[:-1]


def second_line(lab, line: str) -> str:
    """What ping says of the first packet."""
    shown = lab.sh(f"ip netns exec pod1 {line}")
    return (shown.stderr + shown.stdout.partition("\n")[2]).partition("\n")[0]


def test_a_pod_reaches_the_other_node(folder):
    """--ip-masq: it goes under the node's address, so that the answer comes straight over the wire."""
    assert build(folder).trace("pod1", "192.168.90.2").reply_ttl == 63


@pytest.mark.parametrize("node", ["A", "B"])
def test_flanneld_writes_the_recorded_rules(folder, node):
    recorded = (RECORDINGS / folder / f"node{node}" / "iptables-save.txt").read_text()
    printed = build(folder).sh("iptables-save", on=f"node{'AB'.index(node) + 1}").stdout
    assert [line for line in printed.splitlines() if line[0] != "#"] == [line for line in recorded.splitlines() if line[0] != "#"]


@pytest.mark.parametrize(("version", "nat", "filter_"), [
    (NOTES, ["-A POSTROUTING -s 10.5.0.0/16 -j FLANNEL", "-A POSTROUTING ! -s 10.5.0.0/16 -d 10.5.0.0/16 -j MASQUERADE",
             "-A FLANNEL -d 10.5.0.0/16 -j ACCEPT", "-A FLANNEL ! -d 224.0.0.0/4 -j MASQUERADE"], []),
    (TODAY, ['-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
             '-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN',
             '-A FLANNEL-POSTRTG -s SUBNET -d 10.5.0.0/16 -m comment --comment "flanneld masq" -j RETURN',
             '-A FLANNEL-POSTRTG -s 10.5.0.0/16 -d SUBNET -m comment --comment "flanneld masq" -j RETURN',
             '-A FLANNEL-POSTRTG ! -s 10.5.0.0/16 -d SUBNET -m comment --comment "flanneld masq" -j RETURN',
             '-A FLANNEL-POSTRTG -s 10.5.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully',
             '-A FLANNEL-POSTRTG ! -s 10.5.0.0/16 -d 10.5.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully'],
     ['-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
      '-A FLANNEL-FWD -s 10.5.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
      '-A FLANNEL-FWD -d 10.5.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT']),
])  # fmt: skip
def test_older_and_later_ones_write_their_own(version, nat, filter_):
    lab = scenarios.flannel("vxlan", version=version) if version != NOTES else scenarios.flannel("udp", version=version)
    daemon = lab.daemons["flanneld", "node1"]
    network, subnet = str(daemon.registry.config().ipv4.network), str(daemon.lease.subnet)
    for table, rules in (("nat", nat), ("filter", filter_)):
        printed = lab.sh(f"iptables-save -t {table}", on="node1").stdout.splitlines()
        assert [line for line in printed if line.startswith("-A")] == [
            rule.replace("10.5.0.0/16", network).replace("SUBNET", subnet) for rule in rules]  # fmt: skip
    before = lab.sh("iptables-save", on="node1").stdout
    daemon.stop()
    daemon.start()
    assert lab.sh("iptables-save", on="node1").stdout == before, "each rule once"


def test_one_byte_more_is_too_much_for_the_node_as_well(folder):
    """A pod whose own interface takes 1500 bytes is told by the node, with flannel's MTU."""
    lab = build(folder)
    lab.sh("ip link set v0 mtu 1600")
    lab.sh("ip -n pod1 link set eth0 mtu 1600")
    (reply,) = lab.trace("pod1", lab.probes[0][1], size=1500 - OVERHEAD[folder] - 27, df=True).replies
    gateway = lab["node1"].find("cni0").addresses[0].ip
    assert (reply.kind, reply.sender, reply.type, reply.code, reply.mtu) == ("error", gateway, 3, 4, 1500 - OVERHEAD[folder])


def test_vxlan_on_the_wire():
    lab = build("vxlan")
    trace = lab.trace(*lab.probes[0])
    outer = next(s.packet for s in trace.sightings if s[:3] == ("node1", "eth0", "out") and s.packet.inner)
    assert (outer.dport, outer.ip.df, outer.ttl, outer.inner.ttl) == (8472, False, 64, 63)
    assert outer.length == outer.inner.length + 50 and outer.inner.eth is not None
    assert outer.dst == IPv4Address("192.168.90.2")


def test_without_its_fdb_entry_vxlan_drops_in_silence():
    lab = build("vxlan")
    mac = lab["node2"].find("flannel.1").mac
    assert lab.sh(f"bridge fdb del {mac} dev flannel.1 dst 192.168.90.2").returncode == 0
    trace = lab.trace(*lab.probes[0])
    assert (trace.verdict.kind, trace.verdict.where, trace.replies) == ("dropped", "node1", ())


def test_host_gw_shows_the_pods_addresses_on_the_wire():
    lab = build("hostgw")
    trace = lab.trace(*lab.probes[0])
    wire = next(s.packet for s in trace.sightings if s[:3] == ("node1", "eth0", "out") and not s.packet.arp)
    assert (str(wire.dst), wire.inner) == (lab.probes[0][1], None)
