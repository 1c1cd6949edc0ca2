"""flanneld on its node: what it writes when leases come and go, and what stays when it ends."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from labkit import Lab, scenarios
from labkit.errors import BadInput, LabError
from labkit.planes.etcd import Etcd
from labkit.planes.flannel import NOTES, Flanneld, Lease, Registry, exactly
from labkit.trace.probe import pass_time

BACKENDS = ("udp", "vxlan", "host-gw")
OTHER = Lease(IPv4Network("10.1.30.0/24"), IPv4Address("192.168.90.3"))


def registry_of(lab: Lab) -> Registry:
    return lab.services["flanneld"]["node1"].registry


def other(backend: str, address: str = "192.168.90.3") -> Lease:
    data = {"VNI": 1, "VtepMAC": "02:00:00:00:99:99"} if backend == "vxlan" else {}
    return Lease(IPv4Network("10.1.30.0/24"), IPv4Address(address), backend, data)


def put(lab: Lab, lease: Lease, ttl: float | None = None) -> None:
    registry = registry_of(lab)
    registry.store.put(registry.path(lease), lease.value(), ttl)


def lines(lab: Lab, node: str) -> list[str]:
    """Everything on a node that names the third node's subnet or address."""
    shown = lab.sh("ip route; ip neigh; bridge fdb", on=node).stdout.splitlines()
    shown += [str(e) for p in lab[node].programs.values() for e in p.entries]
    return [line.strip() for line in shown if "10.1.30." in line or "192.168.90.3" in line or "02:00:00:00:99:99" in line]


EXPECTED = {
    "udp": ["10.1.30.0/24 -> 192.168.90.3:8285"],
    "vxlan": [
        "10.1.30.0/24 via 10.1.30.0 dev flannel.1 onlink",
        "10.1.30.0 dev flannel.1 lladdr 02:00:00:00:99:99 PERMANENT",
        "02:00:00:00:99:99 dev flannel.1 dst 192.168.90.3 self permanent",
    ],
    "host-gw": ["10.1.30.0/24 via 192.168.90.3 dev eth0"],
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_new_lease_is_written_on_every_node_and_goes_again(backend):
    lab = scenarios.flannel(backend)
    put(lab, other(backend))
    put(lab, other(backend))  # renewed
    assert {node: lines(lab, node) for node in ("node1", "node2")} == {n: EXPECTED[backend] for n in ("node1", "node2")}
    registry_of(lab).release(other(backend))
    assert {node: lines(lab, node) for node in ("node1", "node2")} == {"node1": [], "node2": []}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_lease_that_expires_is_taken_back(backend):
    lab = scenarios.flannel(backend)
    put(lab, other(backend), ttl=5)
    assert lines(lab, "node1") == EXPECTED[backend]
    lab.sh("sleep 6")
    assert lines(lab, "node1") == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_lease_of_another_backend_is_not_ours_to_reach(backend):
    lab = scenarios.flannel(backend)
    put(lab, other({"udp": "vxlan", "vxlan": "host-gw", "host-gw": "vxlan"}[backend]))
    assert lines(lab, "node1") == []


def test_a_subnet_that_moves_to_another_node_is_followed():
    lab = scenarios.flannel("host-gw")
    put(lab, other("host-gw"))
    put(lab, other("host-gw", "192.168.90.4"))
    routes = [route for route in lab["node1"].main if route.dst == OTHER.subnet]
    assert [str(route.gateway) for route in routes] == ["192.168.90.4"]


def test_daemons_renew_their_leases_for_ever():
    lab = scenarios.flannel("vxlan")
    pass_time(lab, 10 * 86400)
    assert [str(lease.subnet) for lease in registry_of(lab).leases()] == ["10.1.5.0/24", "10.1.6.0/24"]
    assert lab.trace(*lab.probes[0]).answered


def test_a_daemon_that_ended_does_not_renew_and_the_others_forget_its_node():
    lab = scenarios.flannel("vxlan")
    lab.services["flanneld"]["node2"].stop()
    assert lab.trace(*lab.probes[0]).answered, "the kernel needs nobody to wrap"
    pass_time(lab, 86401)
    assert lab.trace(*lab.probes[0]).verdict.kind == "net unreachable"


def test_when_the_udp_daemon_ends_its_interface_goes_with_it():
    lab = scenarios.flannel("udp")
    lab.services["flanneld"]["node1"].stop()
    assert lab["node1"].find("flannel0") is None
    assert lab.trace(*lab.probes[0]).verdict.kind == "net unreachable"
    assert not lab.trace(*lab.probes[1]).answered


def test_a_daemon_whose_own_lease_is_deleted_ends():
    lab = scenarios.flannel("udp")
    daemon = lab.services["flanneld"]["node1"]
    registry_of(lab).release(daemon.lease)
    assert not daemon.running and lab["node1"].find("flannel0") is None


def test_a_daemon_started_again_gets_its_subnet_back():
    lab = scenarios.flannel("udp")
    daemon = lab.services["flanneld"]["node1"]
    daemon.stop()
    registry_of(lab).release(daemon.lease)
    daemon.choose = exactly("10.1.33.0/24")
    daemon.start()
    assert str(daemon.lease.subnet) == "10.1.5.0/24", "subnet.env remembers it"
    assert lab.trace(*lab.probes[0]).answered


def test_host_gw_writes_a_deleted_route_again_within_ten_seconds():
    lab = scenarios.flannel("host-gw")
    before = lab.sh("ip route").stdout
    lab.sh("ip route del 10.1.6.0/24; sleep 0.1")
    assert lab.sh("ip route").stdout != before
    lab.sh("sleep 10")
    assert lab.sh("ip route").stdout == before


def test_what_cannot_be_written_is_logged_and_nothing_is_left():
    lab = scenarios.flannel("vxlan")
    lab.sh("ip link set flannel.1 down")
    put(lab, other("vxlan"))
    assert lines(lab, "node1") == []
    assert "ip route replace" in lab.services["flanneld"]["node1"].log[0]
    assert lines(lab, "node2") == EXPECTED["vxlan"]


def test_a_line_that_is_gone_already_does_not_keep_the_others():
    lab = scenarios.flannel("vxlan")
    put(lab, other("vxlan"))
    lab.sh("bridge fdb del 02:00:00:00:99:99 dev flannel.1 dst 192.168.90.3")
    registry_of(lab).release(other("vxlan"))
    assert lines(lab, "node1") == []
    assert "bridge fdb del" in lab.services["flanneld"]["node1"].log[-1]


def test_direct_routing_takes_a_plain_route_to_a_neighbour():
    lab = Lab("node1")
    lab.sh("ip link add eth0 type veth peer name eth1; ip link set eth1 up")
    lab.sh("ip addr add 192.168.90.1/24 dev eth0; ip link set eth0 up; ip route add default via 192.168.90.254")
    etcd = Etcd(lab, "node1")
    etcd.store.put("/coreos.com/network/config", '{"Network":"10.1.0.0/16","Backend":{"Type":"vxlan","DirectRouting":true}}')
    Flanneld(lab, "node1", Registry(etcd.store))
    put(lab, other("vxlan"))
    far = Lease(IPv4Network("10.1.31.0/24"), IPv4Address("10.9.9.9"), "vxlan", {"VNI": 1, "VtepMAC": "02:00:00:00:99:98"})
    put(lab, far)
    shown = lab.sh("ip route").stdout
    assert "10.1.30.0/24 via 192.168.90.3 dev eth0" in shown and "10.1.31.0/24 via 10.1.31.0 dev flannel.1 onlink" in shown


def test_the_tun_of_the_notes_has_the_whole_networks_length():
    assert "inet 10.1.5.0/16 scope global flannel0" in scenarios.flannel("udp", version=NOTES).sh("ip addr show flannel0").stdout
    today = scenarios.flannel("udp").sh("ip addr show flannel0").stdout
    assert "inet 10.1.5.0/32" in today


def test_a_daemon_that_cannot_start_says_why():
    lab = Lab("node1")
    registry = Registry(Etcd(lab, "node1").store)
    with pytest.raises(LabError, match="no default route"):
        Flanneld(lab, "node1", registry)
    lab.sh("ip link add eth0 type veth peer name eth1")
    with pytest.raises(LabError, match="no address yet"):
        Flanneld(lab, "node1", registry, dev="eth0")
    lab.sh("ip addr add 192.168.90.1/24 dev eth0; ip link set eth0 up; ip link set eth1 up")
    with pytest.raises(LabError, match="is not in etcd"):
        Flanneld(lab, "node1", registry, dev="eth0")
    registry.store.put("/coreos.com/network/config", '{"Network":"10.1.0.0/16","Backend":{"Type":"ipip"}}')
    with pytest.raises(BadInput, match="'ipip' is not one the lab knows: udp, vxlan, host-gw"):
        Flanneld(lab, "node1", registry, dev="eth0")
    registry.store.put("/coreos.com/network/config", '{"Network":"10.1.0.0/16","Backend":{"Type":"host-gw"}}')
    with pytest.raises(LabError, match="public address 203.0.113.7 is not eth0's 192.168.90.1"):
        Flanneld(lab, "node1", registry, dev="eth0", public_ip="203.0.113.7")
    assert registry.leases() == []


def test_every_line_says_that_flanneld_wrote_it():
    lab = scenarios.flannel("vxlan")
    (route,) = [route for route in lab["node1"].main if str(route.dst) == "10.1.6.0/24"]
    assert str(route.origin) == "flanneld: ip route replace 10.1.6.0/24 via 10.1.6.0 dev flannel.1 onlink"
    neighbor = lab["node1"].neighbors["flannel.1", IPv4Address("10.1.6.0")]
    assert neighbor.origin.who == "flanneld" and neighbor.origin.command.startswith("ip neigh replace 10.1.6.0")
