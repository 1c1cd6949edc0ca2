"""A Docker network: none, host, or a bridge of its own with a subnet and a gateway.

A bridge network's lines are written as a person would type them; who typed them is "docker".
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from .ids import bridge_mac
from .ipam import AddressPool

#: Networks every engine has, with their drivers; `docker network rm` refuses them.
PREDEFINED = {"bridge": "bridge", "host": "host", "none": "null"}

DEFAULT_MTU = 1500


@dataclass(slots=True)
class Network:
    """`bridge` is the name of the interface; `asked` is what the IPAM settings of its maker said
    ("Subnet", "Gateway", "IPRange"), empty when the engine chose."""

    name: str
    id: str
    driver: str = "bridge"
    bridge: str = ""
    pool: AddressPool | None = None
    gateway: IPv4Address | None = None
    mtu: int = DEFAULT_MTU
    internal: bool = False
    attachable: bool = False
    asked: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def user_subnet(self) -> bool:
        """True when its maker chose the subnet, so that --ip may choose an address."""
        return bool(self.asked) and not self.predefined

    @property
    def subnet(self) -> IPv4Network | None:
        return self.pool.subnet if self.pool else None


def make_bridge_lines(network: Network, machine: str) -> list[str]:
    """The commands that make a bridge network's interface.

    Docker chooses its MAC address, so the bridge does not follow its ports (moby setup_device_linux.go).
    No transmit queue, and an MTU that the kernel takes from the ports: observed on 20.10.
    """
    return [
        f"ip link add name {network.bridge} address {bridge_mac(machine, network.id)} txqueuelen 0 type bridge",
        f"ip addr add {network.pool.interface(network.gateway)} brd + dev {network.bridge}",
        f"ip link set dev {network.bridge} up",
    ]

