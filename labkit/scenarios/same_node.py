"""Two pods on one node, on one bridge."""

from ..front import Lab
from .build import pod, run


def same_node() -> Lab:
    """A node with a bridge and two pods on it; the node is also the pods' way out.

        pod1 10.20.92.3     pod2 10.20.92.11
        +----------+        +----------+
        |   eth0   |        |   eth0   |
        +----||----+        +----||----+
        +---veth1---------------veth2---+
        |   docker0  10.20.92.1/24      |  node
        +-------------------------------+
    """
    lab = Lab("node")
    run(lab, "node", """
        ip link set lo up
        ip link add docker0 type bridge
        ip addr add 10.20.92.1/24 dev docker0
        ip link set docker0 up
        sysctl -qw net.ipv4.ip_forward=1
        """)
    for number, address in ((1, "10.20.92.3"), (2, "10.20.92.11")):
        pod(lab, "node", f"pod{number}", f"{address}/24", "docker0", "10.20.92.1", f"veth{number}")
    lab.probes = [("pod1", "10.20.92.11"), ("pod2", "10.20.92.3"), ("pod1", "10.20.92.1"), ("node", "10.20.92.11")]
    return lab
