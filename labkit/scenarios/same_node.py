"""Two pods on one node, on one bridge."""

from ..front import Lab
from .build import run


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
        ip link add docker0 type bridge
        ip addr add 10.20.92.1/24 dev docker0
        ip link set docker0 up
        sysctl -qw net.ipv4.ip_forward=1
        """)
    for number, address in ((1, "10.20.92.3"), (2, "10.20.92.11")):
        pod(lab, "node", f"pod{number}", f"{address}/24", "docker0", "10.20.92.1", f"veth{number}")
    lab.probes = [("pod1", "10.20.92.11"), ("pod2", "10.20.92.3"), ("pod1", "10.20.92.1"), ("node", "10.20.92.11")]
    return lab


def pod(lab: Lab, node: str, name: str, address: str, bridge: str, gateway: str, veth: str, mtu: int = 1500) -> None:
    """A namespace on a node's bridge: a veth pair, an address, a default route."""
    run(lab, node, f"""
        ip netns add {name}
        ip link add {veth} mtu {mtu} type veth peer name eth0 mtu {mtu} netns {name}
        ip link set {veth} master {bridge} up
        ip -n {name} link set lo up
        ip -n {name} addr add {address} dev eth0
        ip -n {name} link set eth0 up
        ip -n {name} route add default via {gateway}
        """)
    lab.namespaces[lab.on_machine(node, name).name].role = "pod"
