"""What the ready labs are built with: command lines that must succeed, cables between machines, pods by hand."""

from ..front import Lab
from ..lab import links
from ..planes import writing


def run(lab: Lab, on: str, script: str, who: str = "you") -> None:
    """Run the lines of a script on a machine. LabError with the tool's message when one fails."""
    for line in script.strip().splitlines():
        writing.run(lab, lab[on], who, line.strip())


def crossover(lab: Lab, **addresses: str) -> None:
    """Two machines, eth0 of the one plugged into eth0 of the other, each with its address."""
    with lab.writing("cable"):
        links.create(lab, lab[[*addresses][0]], "eth0", "veth", peer_name="eth0", peer_ns=lab[[*addresses][1]])
    for machine, address in addresses.items():
        run(lab, machine, f"""
            ip link set lo up
            ip addr add {address} dev eth0
            ip link set eth0 up
            """)


def cable(lab: Lab, machine: str, dev: str, switch: str, bridge: str) -> None:
    """Plug a machine into a switch: a veth pair whose far end is a bridge port named after the machine."""
    with lab.writing("cable"):
        links.create(lab, lab[machine], dev, "veth", peer_name=machine, peer_ns=lab[switch])
    run(lab, switch, f"ip link set {machine} master {bridge} up", "cable")
    run(lab, machine, f"ip link set {dev} up", "cable")


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
    lab.on_machine(node, name).role = "pod"
