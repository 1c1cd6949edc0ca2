"""What the ready labs are built with: command lines that must succeed, and cables between machines."""

from ..errors import LabError
from ..front import Lab
from ..lab import links


def run(lab: Lab, on: str, script: str, who: str = "you") -> None:
    """Run the lines of a script on a machine. LabError with the tool's message when one fails."""
    for line in script.strip().splitlines():
        with lab.writing(who):
            result = lab.sh(line.strip(), on)
        if result.returncode:
            raise LabError(f"{on}: `{line.strip()}`: {result.stderr.strip()}")


def cable(lab: Lab, machine: str, dev: str, switch: str, bridge: str) -> None:
    """Plug a machine into a switch: a veth pair whose far end is a bridge port named after the machine."""
    with lab.writing("cable"):
        links.create(lab, lab[machine], dev, "veth", peer_name=machine, peer_ns=lab[switch])
    run(lab, switch, f"ip link set {machine} master {bridge} up", "cable")
    run(lab, machine, f"ip link set {dev} up", "cable")
