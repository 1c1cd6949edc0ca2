"""Interfaces on top of one another: how high, and never in a circle. The kernel's words (observed on 6.18)."""

import labkit


def vxlan(name: str, vni: int, dev: str) -> str:
    return f"ip link add {name} type vxlan id {vni} dstport {4788 + vni} remote 10.0.0.1 dev {dev}"


def tower(height: int) -> labkit.Lab:
    """A veth with so many vxlans in one another on top of it."""
    lab = labkit.Lab()
    lab.sh("ip link add p type veth peer name q")
    for n in range(height):
        assert lab.sh(vxlan(f"v{n}", n + 1, f"v{n - 1}" if n else "p")).returncode == 0
    return lab


def test_eight_interfaces_may_stand_on_one_another_and_no_ninth():
    lab = tower(7)
    refused = lab.sh(vxlan("v7", 8, "v6"))
    assert (refused.returncode, refused.stderr) == (2, "RTNETLINK answers: Too many links\n")
    assert lab["host"].find("v7") is None
    assert lab.sh(vxlan("x", 9, "q")).returncode == 0


def test_a_bridge_stands_on_its_ports():
    lab = tower(0)
    lab.sh("ip link add br0 type bridge")
    for n in range(7):
        assert lab.sh(vxlan(f"v{n}", n + 1, f"v{n - 1}" if n else "br0")).returncode == 0
    assert lab.sh("ip link set p master br0").stderr == "RTNETLINK answers: Too many links\n"
    assert lab["host"].find("p").master is None


def test_a_tunnel_through_a_bridge_cannot_be_a_port_of_it():
    lab = tower(0)
    lab.sh("ip link add br0 type bridge; " + vxlan("v0", 1, "br0"))
    assert lab.sh("ip link set v0 master br0").stderr == "RTNETLINK answers: Device or resource busy\n"
    lab.sh(vxlan("v1", 2, "v0"))
    assert lab.sh("ip link set v1 master br0").stderr == "RTNETLINK answers: Device or resource busy\n"
    assert lab["host"].find("v1").master is None
