"""A Docker network: none, host, or a bridge of its own with a subnet and a gateway.

Its lines are written in wiring.py; who wrote them is "docker".
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ...tables.values import Kept
from .ipam import AddressPool

#: Networks every engine has, with their drivers; `docker network rm` refuses them.
PREDEFINED = {"bridge": "bridge", "host": "host", "none": "null"}

DEFAULT_MTU = 1500


@dataclass(slots=True)
class Network(Kept):
    """`bridge` is the name of the interface, `made` whether the engine made it or found it; `asked` is what the
    IPAM settings of its maker said ("Subnet", "Gateway", "IPRange"), empty when the engine chose."""

    name: str
    id: str
    driver: str = "bridge"
    bridge: str = ""
    pool: AddressPool | None = None
    gateway: IPv4Address | None = None
    made: bool = False
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
