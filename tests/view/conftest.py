"""Labs to draw, built with the operations of the lab alone."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from labkit.front import Lab
from labkit.lab import addresses, bridges, links, routes
from labkit.lab.interface import Address
from labkit.tables.route import Route


def give(lab: Lab, namespace: str, dev: str, address: str) -> None:
    """An address, and the interface up."""
    ns = lab[namespace]
    addresses.add(lab, ns, ns.find(dev), Address(IPv4Interface(address), label=dev))
    links.set_up(lab, ns, ns.find(dev), True)


def route(lab: Lab, namespace: str, destination: str, gateway: str) -> None:
    routes.add(lab, lab[namespace], Route(dst=IPv4Network(destination), gateway=IPv4Address(gateway)))


@pytest.fixture
def pair() -> Lab:
    """ns1 [tap1] --- [tap2] ns2"""
    lab = Lab()
    near, far = lab.add_namespace("host", "ns1"), lab.add_namespace("host", "ns2")
    links.create(lab, near, "tap1", "veth", peer_name="tap2", peer_ns=far)
    give(lab, "ns1", "tap1", "192.168.50.1/24")
    give(lab, "ns2", "tap2", "192.168.50.2/24")
    return lab


@pytest.fixture
def chain() -> Lab:
    """a [eth0] --- [left] r [right] --- [eth0] b, with r forwarding"""
    lab = Lab()
    a, r, b = (lab.add_namespace("host", name) for name in "arb")
    links.create(lab, a, "eth0", "veth", peer_name="left", peer_ns=r)
    links.create(lab, r, "right", "veth", peer_name="eth0", peer_ns=b)
    give(lab, "a", "eth0", "10.0.1.2/24")
    give(lab, "r", "left", "10.0.1.1/24")
    give(lab, "r", "right", "10.0.2.1/24")
    give(lab, "b", "eth0", "10.0.2.2/24")
    route(lab, "a", "0.0.0.0/0", "10.0.1.1")
    route(lab, "b", "0.0.0.0/0", "10.0.2.1")
    r.sysctls["net.ipv4.ip_forward"] = "1"
    return lab


@pytest.fixture
def cluster():
    """cluster(nodes, pods): nodes on one switch, each with a bridge and its pods, routes between them."""

    def build(nodes: int = 3, pods: int = 4) -> Lab:
        lab = Lab(*(f"node{n}" for n in range(1, nodes + 1)))
        switch = lab.add_machine("switch", role="switch")
        links.create(lab, switch, "br0", "bridge")
        links.set_up(lab, switch, switch.find("br0"), True)
        for n in range(1, nodes + 1):
            _node(lab, n, switch, pods)
        for n in range(1, nodes + 1):
            for other in range(1, nodes + 1):
                if other != n:
                    route(lab, f"node{n}", f"10.20.{other}.0/24", f"192.168.1.{other}")
        return lab

    return build


def _node(lab: Lab, n: int, switch, pods: int) -> None:
    node = lab[f"node{n}"]
    links.create(lab, node, "eth0", "veth", peer_name=f"port{n}", peer_ns=switch)
    bridges.set_master(lab, switch, switch.find(f"port{n}"), "br0")
    links.set_up(lab, switch, switch.find(f"port{n}"), True)
    give(lab, node.name, "eth0", f"192.168.1.{n}/24")
    links.create(lab, node, "cni0", "bridge")
    give(lab, node.name, "cni0", f"10.20.{n}.1/24")
    node.sysctls["net.ipv4.ip_forward"] = "1"
    for p in range(2, pods + 2):
        pod = lab.add_namespace(node.name, f"pod-{n}-{p}", named=False, role="pod")
        links.create(lab, node, f"veth{n}{p}", "veth", peer_name="eth0", peer_ns=pod)
        bridges.set_master(lab, node, node.find(f"veth{n}{p}"), "cni0")
        links.set_up(lab, node, node.find(f"veth{n}{p}"), True)
        give(lab, pod.name, "eth0", f"10.20.{n}.{p}/24")
        route(lab, pod.name, "0.0.0.0/0", f"10.20.{n}.1")
