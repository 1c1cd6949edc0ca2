"""h1 10.1.1.10 -- r1 -- 10.1.2.0/24 -- r2 -- 10.1.3.10 h2, built with commands, as the recordings were made."""

import labkit

_BUILD = """
ip netns add h1
ip netns add r1
ip netns add r2
ip netns add h2
ip link add eth0 netns h1 type veth peer name eth0 netns r1
ip link add eth1 netns r1 type veth peer name eth0 netns r2
ip link add eth1 netns r2 type veth peer name eth0 netns h2
"""
_ADDRESSES = (
    ("h1", "eth0", "10.1.1.10/24"), ("r1", "eth0", "10.1.1.1/24"), ("r1", "eth1", "10.1.2.1/24"),
    ("r2", "eth0", "10.1.2.2/24"), ("r2", "eth1", "10.1.3.1/24"), ("h2", "eth0", "10.1.3.10/24"),
)  # fmt: skip
_ROUTES = (
    ("h1", "default via 10.1.1.1"), ("h2", "default via 10.1.3.1"),
    ("r1", "10.1.3.0/24 via 10.1.2.2"), ("r2", "10.1.1.0/24 via 10.1.2.1"),
)  # fmt: skip


def chain() -> labkit.Lab:
    """The lab, with lo up everywhere and both routers forwarding."""
    lab = labkit.Lab()
    for line in _BUILD.split("\n"):
        done(lab, line)
    for ns, dev, address in _ADDRESSES:
        for line in (f"ip addr add {address} dev {dev}", f"ip link set {dev} up", "ip link set lo up"):
            done(lab, line, ns)
    for ns, route in _ROUTES:
        done(lab, f"ip route add {route}", ns)
    for router in ("r1", "r2"):
        done(lab, "sysctl -qw net.ipv4.ip_forward=1", router)
    return lab


def done(lab: labkit.Lab, line: str, on: str = "host") -> str:
    """Run a line that has to work; its output."""
    result = lab.sh(line, on=on)
    assert result.returncode == 0, (on, line, result)
    return result.stdout
