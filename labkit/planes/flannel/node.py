"""What every backend needs of the node it writes on: its machine, its uplink, and a way to write lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...lab.interface import Interface
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from .. import writing
from .config import Version


@dataclass(frozen=True, slots=True)
class Node:
    """`dev` is the uplink, `address` its address, `public_ip` what other nodes are told; `log` is flanneld's."""

    lab: Lab
    ns: Namespace
    dev: str
    address: IPv4Address
    public_ip: IPv4Address
    version: Version
    log: list[str] = field(default_factory=list)

    @property
    def uplink(self) -> Interface:
        return self.ns.find(self.dev)

    def run(self, line: str, *values, fine: str = "") -> None:
        """Run a command as flanneld (see writing.run)."""
        writing.run(self.lab, self.ns, "flanneld", line, *values, fine=fine)

    def write(self, verb: Callable[[], None], line: str, *values) -> None:
        """Write a line of a lease as flanneld (see writing.write)."""
        writing.write(verb, self.lab, self.ns, "flanneld", line, *values)

    def ensure_address(self, device: str, address: IPv4Address, network: IPv4Network) -> None:
        """The /32 of the lease, and no other address of flannel's network (flannel: pkg/ip/iface.go EnsureV4AddressOnLink)."""
        wanted = IPv4Interface((address, 32))
        held = [each.interface for each in self.ns.find(device).addresses]
        for other in held:
            if other != wanted and other.ip in network:
                self.run("ip addr del {} dev {}", other, device)
        if wanted not in held:
            self.run("ip addr add {} broadcast {} dev {}", wanted, address, device)
