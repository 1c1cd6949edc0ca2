"""flanneld that starts again, or where others were before: what it takes, makes anew, replaces, or leaves."""

import json
import pickle
import time
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Lab, LabError, scenarios
from labkit.planes.flannel import NOTES, Config, Lease
from labkit.planes.flannel.config import Range
from labkit.planes.flannel.registry import CANDIDATES, _free
from labkit.planes.flannel.udp import Entry, Proxy

PREFIX = "/coreos.com/network"
BACKENDS = ("udp", "vxlan", "host-gw")


def tables(lab: Lab, on: str) -> str:
    """What a person sees on a node, but for the order of what is written anew."""
    shown = lab.sh("ip route; ip neigh show nud permanent; bridge fdb; ip -o -4 addr; ip -br link", on=on).stdout.splitlines()
    return "\n".join(sorted(line.partition(": ")[2] or line for line in shown))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_daemon_started_again_finds_everything_as_it_was(backend):
    lab = scenarios.flannel(backend)
    daemon = lab.daemons["flanneld", "node1"]
    before, env, lease = tables(lab, "node1"), daemon.env, daemon.lease
    for _ in range(3):
        daemon.stop()
        assert daemon.env == env, "the file stays"
        daemon.start()
    assert (tables(lab, "node1"), daemon.env, daemon.lease.subnet) == (before, env, lease.subnet)
    assert all(lab.trace(*probe).answered for probe in lab.probes)
    assert len(lab.sh("etcdctl get --prefix --keys-only /coreos.com/network/subnets", on="node1").stdout.split()) == 2


@pytest.mark.parametrize("line, why", [
    ("ip link add flannel.1 type bridge", "link type: vxlan vs bridge"),
    ("ip link add flannel.1 type veth peer name other", "link type: vxlan vs veth"),
    ("ip link add flannel.1 type vxlan id 2 dev eth0 dstport 8472", "vni: 1 vs 2"),
    ("ip link add flannel.1 type vxlan id 1 dev eth1 dstport 8472", "vtep (external) interface: eth0 vs eth1"),
    ("ip link add flannel.1 type vxlan id 1 dev eth0 local 192.168.90.77 dstport 8472",
     "vtep (external) IP: 192.168.90.1 vs 192.168.90.77"),
    ("ip link add flannel.1 type vxlan id 1 dev eth0 dstport 4789", "port: 8472 vs 4789"),
    ("ip link add flannel.1 mtu 1300 type vxlan id 1 dev eth0 dstport 8472", None),
    ("ip link add flannel.1 type vxlan id 1 dstport 8472", None),
])  # fmt: skip
def test_a_vxlan_of_that_name_is_taken_when_it_fits_and_made_anew_otherwise(line, why):
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    lab.sh("ip link del flannel.1; ip link add eth1 type veth peer name eth1p; ip addr add 192.168.90.77/24 dev eth0", on="node1")
    assert lab.sh(line, on="node1").returncode == 0
    there = lab["node1"].find("flannel.1")
    daemon.start()
    assert (lab["node1"].find("flannel.1") is there) == (why is None)
    assert daemon.log == ([f'"flannel.1" already exists with incompatable configuration: {why}; recreating device'] if why else [])
    vxlan = lab["node1"].find("flannel.1").vxlan
    assert (vxlan.vni, vxlan.port) == (1, 8472) and lab.trace(*lab.probes[0]).answered


def test_another_vxlan_with_the_same_vni_keeps_flanneld_from_starting():
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    lab.sh("ip link del flannel.1; ip link add mine type vxlan id 1 dev eth0 dstport 8472", on="node1")
    with pytest.raises(LabError, match="ip link add flannel.1"):
        daemon.start()
    assert not daemon.running and "ip link add flannel.1" in daemon.log[-1]
    lab.sh("ip link del mine", on="node1")
    daemon.start()
    assert lab.trace(*lab.probes[0]).answered


def test_an_address_of_an_earlier_lease_is_removed_and_somebody_elses_stays():
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    lab.sh("ip addr add 10.1.77.0/32 dev flannel.1; ip addr add 192.0.2.1/24 dev flannel.1", on="node1")
    daemon.start()
    shown = lab.sh("ip -o -4 addr show flannel.1", on="node1").stdout
    assert "10.1.5.0/32" in shown and "192.0.2.1/24" in shown and "10.1.77.0" not in shown


def test_a_tun_of_somebody_else_leaves_flanneld_the_next_number():
    lab = scenarios.flannel("udp")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    lab.sh("ip tuntap add flannel0 mode tun", on="node1")
    daemon.start()
    assert lab["node1"].find("flannel1").tun.program == "flanneld" and lab.trace(*lab.probes[0]).answered
    lab.sh("ip link del flannel1", on="node1")
    daemon.stop()
    daemon.start()
    assert lab.trace(*lab.probes[0]).answered and lab["node1"].find("flannel0").tun.program is None


def test_host_gw_replaces_a_route_that_is_there_when_a_lease_comes_and_leaves_one_that_comes_later():
    lab = scenarios.flannel("host-gw")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    lab.sh("ip route del 10.1.6.0/24; ip route add 10.1.6.0/24 via 192.168.90.9 metric 5", on="node1")
    daemon.start()
    assert lab.sh("ip route show 10.1.6.0/24", on="node1").stdout == "10.1.6.0/24 via 192.168.90.2 dev eth0 \n"
    assert daemon.log == ["Replacing existing route to 10.1.6.0/24 via 192.168.90.9 with 192.168.90.2"]
    lab.sh("ip route replace 10.1.6.0/24 via 192.168.90.9; sleep 30", on="node1")
    assert lab.sh("ip route show 10.1.6.0/24", on="node1").stdout == "10.1.6.0/24 via 192.168.90.9 dev eth0 \n"
    lab.sh("ip route del 10.1.6.0/24; sleep 30", on="node1")
    assert lab.sh("ip route show 10.1.6.0/24", on="node1").stdout == "10.1.6.0/24 via 192.168.90.2 dev eth0 \n"


@pytest.mark.parametrize("env", ["", "FLANNEL_SUBNET=\n", "nonsense", "FLANNEL_SUBNET=10.1.31.1/24\n", "FLANNEL_SUBNET=10.77.1.1/24\n"])
def test_subnet_env_may_be_gone_or_old(env):
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    daemon.registry.release(daemon.lease)
    daemon.env = env
    daemon.start()
    assert str(daemon.lease.subnet) == ("10.1.31.0/24" if "10.1.31" in env else "10.1.5.0/24")


def test_subnet_env_is_a_file_of_the_node():
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    assert lab.sh("cat /run/flannel/subnet.env", on="node1").stdout == daemon.env
    daemon.stop()
    daemon.registry.release(daemon.lease)
    lab.sh("echo FLANNEL_SUBNET=10.1.31.1/24 > /run/flannel/subnet.env", on="node1")
    daemon.start()
    assert str(daemon.lease.subnet) == "10.1.31.0/24"
    lab.sh("rm /run/flannel/subnet.env", on="node1")
    assert daemon.env == ""
    with pytest.raises(LabError, match="no FLANNEL_SUBNET"):
        assert daemon.docker_options
    daemon.stop()
    daemon.start()
    assert "FLANNEL_SUBNET=10.1.31.1/24" in lab.sh("cat /run/flannel/subnet.env", on="node1").stdout, "its lease is still in etcd"


@pytest.mark.parametrize("how, why", [
    ({"dev": "eth9"}, "no such network interface"), ({"dev": "lo"}, "no address yet"), ({"public_ip": "1.2.3"}, "invalid public IP"),
    ({}, "no default route"),
])  # fmt: skip
def test_a_node_that_flanneld_cannot_use_is_told(how, why):
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    lab.sh("ip addr flush dev lo", on="node1")
    with pytest.raises(LabError, match=why):
        type(daemon)(lab, "node1", daemon.registry, **({"dev": "eth0"} | how if how else {}))
    with pytest.raises(LabError, match="such as 10.20.92.0/24"):
        daemon.registry.reserve("10.1.7.0/99", "1.2.3.4")


#: Values that are no lease; flannel says so and goes on.
BAD = [
    "null", "5", "[]", '""', "{", "{}", '{"PublicIP":5}', '{"PublicIP":null}', '{"PublicIP":"fc00::1"}', '{"PublicIP":"192.168.90.٣"}',
    '{"PublicIP":"192.168.90.3","BackendType":5}', "[" * 50000, '{"PublicIP":' + "[" * 400 + "]" * 400 + "}",
    '{"PublicIP":"1.2.3.4","BackendData":' + '{"a":' * 400 + "1" + "}" * 400 + "}", '{"PublicIP":NaN}', "9" * 5000, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_bad_lease_never_stops_flanneld(backend):
    lab = scenarios.flannel(backend)
    daemon = lab.daemons["flanneld", "node1"]
    store = daemon.registry.store
    for number, value in enumerate(BAD):
        store.put(f"{PREFIX}/subnets/10.1.{number + 50}.0-24", value)
    assert len(daemon.log) == len(BAD) and all(line.startswith("Watch subnets: lease ") for line in daemon.log)
    daemon.stop()
    daemon.log.clear()
    daemon.start()
    assert daemon.running and len(daemon.log) == len(BAD)
    assert all(line.startswith("Ignoring bad subnet node: ") and len(line) < 300 for line in daemon.log)
    assert lab.trace(*lab.probes[0]).answered and len(daemon.registry.leases()) == 2
    lab.copy()
    for number in range(len(BAD)):
        store.delete(f"{PREFIX}/subnets/10.1.{number + 50}.0-24")
    assert daemon.running


def test_a_subnet_under_whose_key_stands_no_lease_is_not_chosen():
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    daemon.env = ""
    daemon.registry.release(daemon.lease)
    daemon.registry.store.put(f"{PREFIX}/subnets/10.1.5.0-24", "no lease")
    daemon.start()
    assert daemon.lease.key == "10.1.7.0-24"


@pytest.mark.parametrize("key", ["10.20.92.0-٢٤", "10.20.92.0-" + "9" * 5000, "10.20.92.0-32", "10.20.٩.0-24", "x", "10.20.92.0-24\n"])
def test_a_bad_key_is_no_lease(key):
    lab = scenarios.flannel("host-gw")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.registry.store.put(f"{PREFIX}/subnets/{key}", '{"PublicIP":"192.168.90.3","BackendType":"host-gw"}')
    assert len(daemon.log) == 1 and len(daemon.registry.leases()) == 2


@pytest.mark.parametrize("mac", ["", None, 5, "02:00", "02:00:00:00:00:0g", "02:00:00:00:00:01:02:03", "٠2:00:00:00:00:01", []])
def test_a_lease_without_a_mac_address_is_logged_and_leaves_no_line(mac):
    lab = scenarios.flannel("vxlan")
    before = tables(lab, "node1")
    daemon = lab.daemons["flanneld", "node1"]
    value = {"PublicIP": "192.168.90.3", "BackendType": "vxlan", "BackendData": {"VtepMAC": mac}}
    daemon.registry.store.put(f"{PREFIX}/subnets/10.1.30.0-24", json.dumps(value))
    assert daemon.log[-1].startswith("error decoding subnet lease JSON: address") and tables(lab, "node1") == before
    for data in (5, None, [], "x"):
        daemon.registry.store.put(f"{PREFIX}/subnets/10.1.30.0-24", json.dumps(value | {"BackendData": data}))
    assert tables(lab, "node1") == before and daemon.running


@pytest.mark.parametrize("config", [
    '{"Network":"10.20.0.0/16","SubnetLen":40}', '{"Network":"10.0.0.0/32"}', '{"Network":"10.20.0.0/٣"}', '{"Network":"10.20.0.0/1_6"}',
    '{"Network":"10.20.0.0/ 16 "}', '{"Network":"10.20.0.0/16","SubnetMin":0}', '{"Network":"10.20.0.0/16","SubnetLen":-1}',
    '{"Network":"10.20.0.0/255.255.0.0"}', '{"Network":"10.20.0.0/16","SubnetMin":"10.20.٣.0"}', '{"Network":null}', '{"Network":[]}',
    '{"Network":"10.20.0.0/16","SubnetLen":' + "9" * 5000 + "}", '{"Network":"10.20.0.0/' + "9" * 5000 + '"}', "[" * 100000, "\ud800",
    '{"Network":"10.20.0.0/16","EnableIPv6":true,"IPv6Network":"fc00::/120","IPv6SubnetLen":200}', '{"Network":NaN}', "5", '"x"', "",
    '{"Network":"10.20.0.0/16","Backend":{"Type":5}}', '{"Network":"10.20.0.0/16","Backend":[]}x', '{"Network":{"a":1}}', "null",
])  # fmt: skip
@pytest.mark.parametrize("version", [NOTES, (0, 14), (0, 28)])
def test_an_odd_config_is_refused_in_one_sentence(config, version):
    with pytest.raises(LabError) as refused:
        Config.parse(config, version)
    assert str(refused.value).startswith("flannel config: ") and len(str(refused.value)) < 300


@pytest.mark.parametrize("backend", [
    {"VNI": "1; ip link del eth0"}, {"Port": "$(ip link del eth0)"}, {"VNI": 1.5}, {"VNI": -1}, {"VNI": 1 << 24}, {"VNI": True},
    {"Port": 70000}, {"Port": [1]}, {"Learning": "yes"}, {"DirectRouting": 1}, {"VNI": 10**5000},
])  # fmt: skip
def test_an_odd_option_of_a_backend_is_refused_before_anything_is_written(backend):
    lab = scenarios.flannel("vxlan")
    daemon = lab.daemons["flanneld", "node1"]
    daemon.stop()
    before = tables(lab, "node1")
    for kind in ("vxlan", "udp"):
        text = json.dumps({"Network": "10.1.0.0/16", "Backend": {"Type": kind} | backend}) if backend != {"VNI": 10**5000} else (
            '{"Network":"10.1.0.0/16","Backend":{"Type":"vxlan","VNI":' + "9" * 5000 + "}}")  # fmt: skip
        daemon.registry.store.put(f"{PREFIX}/config", text)
        if kind == "udp" and "Port" not in backend:
            continue
        with pytest.raises(LabError, match="flannel config: "):
            daemon.start()
        assert tables(lab, "node1") == before and not daemon.running
    daemon.registry.store.put(f"{PREFIX}/config", '{"Network":"10.1.0.0/16","Backend":{"Type":"vxlan","VNI":null}}')
    daemon.start()
    assert tables(lab, "node1") == before, "null says nothing"


def test_a_second_flanneld_on_a_machine_is_refused_while_the_first_runs():
    lab = scenarios.flannel("udp")
    daemon = lab.daemons["flanneld", "node1"]
    with pytest.raises(LabError, match="runs on node1 already"):
        type(daemon)(lab, "node1", daemon.registry, dev="eth0")


@pytest.mark.parametrize("make", [
    scenarios.seed_cluster, scenarios.docker_host, *(lambda b=b: scenarios.flannel(b, ("10.1.7.0/24", "10.1.9.0/24")) for b in BACKENDS),
])  # fmt: skip
def test_a_lab_with_planes_is_pickled_and_goes_on(make):
    lab = pickle.loads(pickle.dumps(make()))
    assert lab.trace(*lab.probes[0]).answered
    for daemon in lab.daemons.values():
        daemon.stop()
        daemon.start()
        assert daemon.running and daemon.lab is lab


def test_subnets_of_flannel_before_0_10_begin_anywhere():
    """flannel issue 430: SubnetMin is not where a /26 begins, and nobody checks."""
    lab = Lab("node1", "node2")
    base = scenarios.flannel("udp", version=NOTES)
    daemon = base.daemons["flanneld", "node1"]
    daemon.stop()
    daemon.registry.release(daemon.lease)
    config = {"Network": "10.1.178.0/24", "SubnetLen": 26, "SubnetMin": "10.1.178.10", "SubnetMax": "10.1.178.253"}
    daemon.registry.store.put(f"{PREFIX}/config", json.dumps(config))
    daemon.start()
    assert (daemon.lease.key, daemon.env.splitlines()[1]) == ("10.1.178.10-26", "FLANNEL_SUBNET=10.1.178.11/26")
    assert "inet 10.1.178.10/24" in base.sh("ip addr show flannel0", on="node1").stdout
    daemon.stop()
    daemon.start()
    assert daemon.lease.key == "10.1.178.10-26" and lab.daemons == {}


@given(st.lists(st.tuples(st.sampled_from(["set", "remove", "find"]), st.integers(0, 7)), max_size=60))
def test_the_proxys_array_changes_as_flannels_does(steps):
    """Against the array alone, searched each time (flannel: proxy_amd64.c set_route, del_route, find_route)."""
    proxy, array = Proxy("flannel0", IPv4Address("10.1.5.0")), []
    subnets = [IPv4Network(f"10.1.{n}.0/24") if n < 6 else IPv4Network(f"10.{n}.0.0/16") for n in range(8)]
    for step, (what, n) in enumerate(steps):
        at = next((i for i, entry in enumerate(array) if entry.subnet == subnets[n]), None)
        if what == "set":
            entry = Entry(subnets[n], IPv4Address(step), 8285)
            proxy.set(subnets[n], entry.peer, 8285)
            array[len(array) if at is None else at : len(array) if at is None else at + 1] = [entry]
        elif what == "remove":
            proxy.remove(subnets[n])
            if at is not None:
                last = array.pop()
                if at < len(array):
                    array[at] = last
        else:
            found = proxy.find(subnets[n][1])
            assert found == (array[at] if at is not None else None)
            if at is not None:
                array[0], array[at] = array[at], array[0]
        assert proxy.entries == array


@given(st.lists(st.tuples(st.integers(0, 2**16 - 1), st.integers(17, 31)), max_size=12), st.integers(18, 30))
def test_free_subnets_are_those_that_overlap_no_lease(taken, length):
    network = IPv4Network("10.20.0.0/16")
    leases = [Lease(IPv4Network((int(network[0]) + low, prefix), strict=False), IPv4Address("1.1.1.1")) for low, prefix in taken]
    step = 1 << (32 - length)
    subnets = Range(network, length, network[0] + step, network[-1] + 1 - step)
    first = [s for s in network.subnets(new_prefix=length) if s != next(network.subnets(new_prefix=length))]
    free = (s for s in first if not any(s.overlaps(lease.subnet) for lease in leases))
    assert _free(subnets, leases) == [s for s, _ in zip(free, range(CANDIDATES), strict=False)]


def test_a_quiet_year_with_host_gw_is_soon_over_and_no_look_comes_late():
    lab, start = scenarios.flannel("host-gw"), time.process_time()
    lab.sh("sleep 365d")
    assert time.process_time() - start < 4
    gone, back = "ip route show 10.1.6.0/24 | wc -l", []
    for seconds in (3, 3, 3, 3, 14, 1, 9.5, 0.5, 25):
        lab.sh("ip route del 10.1.6.0/24", on="node1")
        lab.sh(f"sleep {seconds}", on="node1")
        back.append(lab.sh(gone, on="node1").stdout.strip())
    assert back == ["0", "0", "0", "1", "1", "0", "1", "0", "1"], "each ten seconds from when flanneld started"
    lab.daemons["etcd", "node1"].stop()
    start = time.process_time()
    lab.sh("sleep 365d; sleep 365d", on="node1")
    assert time.process_time() - start < 4 and len(lab.daemons["flanneld", "node1"].log) < 10
