"""What flanneld has on its machine: a backend, the uplink, a way to write lines, and /run/flannel/subnet.env.

That file tells dockerd about the node's subnet (flannel: pkg/subnet/subnet.go, dist/mk-docker-opts.sh); read again after a
restart, it is where flanneld remembers which subnet the node had.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Protocol

from ...commands import filesystem as files
from ...errors import BadInput, LabError
from ...lab.interface import Interface
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from .. import writing
from .config import KUBERNETES, Version
from .registry import Lease

DIRECTORY = "/run/flannel"
PATH = f"{DIRECTORY}/subnet.env"


class Backend(Protocol):
    """What writes the lines of leases on one node (flannel: pkg/backend/common.go); `mtu` is what fits into its packets."""

    mtu: int

    def register(self) -> dict:
        """Take what is needed before there is a lease; what the others have to know of it."""

    def configure(self, lease: Lease) -> None:
        """The node's own lease is there."""

    def added(self, lease: Lease) -> None: ...

    def removed(self, subnet: IPv4Network) -> None: ...

    def stop(self) -> None:
        """flanneld ends."""


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

    @classmethod
    def of(cls, lab: Lab, on: str, dev: str | None, public_ip: str | None, version: Version, log: list[str]) -> "Node":
        """With the uplink and its address; flanneld takes the interface of the default route."""
        ns, why = lab[on], f"flanneld on {on}: "
        if dev is None:
            default = next((route for route in ns.main if route.dst == IPv4Network("0.0.0.0/0")), None)
            if default is None:
                raise LabError(f"{why}there is no default route to find the uplink by: give dev=, such as dev='eth0'")
            dev = default.dev
        uplink = ns.find(dev)
        if uplink is None:
            raise LabError(f"{why}error looking up interface {dev}: no such network interface")
        if not uplink.addresses:
            raise LabError(f"{why}the uplink {dev} has no address yet: `ip addr add 192.168.138.221/20 dev {dev}`")
        address = uplink.addresses[0].ip
        try:
            return cls(lab, ns, dev, address, IPv4Address(public_ip) if public_ip else address, version, log)
        except ValueError:
            raise BadInput(f"{why}invalid public IP address {public_ip!r}: it looks like 192.168.138.221") from None

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
        if wanted not in held and self.version == KUBERNETES:  # its netlink library gives a /32 no broadcast address
            self.run("ip addr add {} dev {}", wanted, device)
        elif wanted not in held:
            self.run("ip addr add {} broadcast {} dev {}", wanted, address, device)


def environment(network: IPv4Network, subnet: IPv4Network, mtu: int, ip_masq: bool, offset: int = 0) -> str:
    """The four lines; the subnet is written as its first address, which the bridge will have. `offset`: see Lease."""
    return (
        f"FLANNEL_NETWORK={network}\nFLANNEL_SUBNET={subnet.network_address + offset + 1}/{subnet.prefixlen}\n"
        f"FLANNEL_MTU={mtu}\nFLANNEL_IPMASQ={'true' if ip_masq else 'false'}\n"
    )


def variables(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def networks(text: str) -> list[IPv4Network]:
    """FLANNEL_SUBNET, which may list several with commas; what does not parse is left out."""
    found = []
    for word in variables(text).get("FLANNEL_SUBNET", "").split(","):
        try:
            address, length = word.split("/")
            found.append(IPv4Interface(f"{address.strip()}/{length.strip()}").network)
        except ValueError:
            continue
    return found


def subnet_env(lab: Lab, machine: str) -> str:
    """The text of the file; "" when there is none."""
    return files.of(lab, lab[machine]).texts.get(PATH, "")


def write_subnet_env(lab: Lab, machine: str, text: str) -> None:
    host = files.of(lab, lab[machine], to_write=True)
    host.directories.add(DIRECTORY)
    host.texts[PATH] = text


def previous(text: str, network: IPv4Network) -> IPv4Network | None:
    """The subnet the node had, if it lies within the network of today."""
    return next((subnet for subnet in networks(text) if subnet.subnet_of(network)), None)


def docker_options(text: str, masquerade: bool = True) -> str:
    """The options of dockerd (mk-docker-opts.sh); `masquerade=False` is its -m, which leaves --ip-masq out.

    --ip-masq is flannel's turned round: only one of the two must do it.
    """
    found = variables(text)
    if not networks(text):
        raise BadInput("subnet.env has no FLANNEL_SUBNET such as 10.20.92.1/24: flanneld has no lease yet")
    options = [f"--bip={found['FLANNEL_SUBNET']}"]
    if masquerade:
        options.append(f"--ip-masq={'false' if found.get('FLANNEL_IPMASQ') == 'true' else 'true'}")
    if "FLANNEL_MTU" in found:
        options.append(f"--mtu={found['FLANNEL_MTU']}")
    return " ".join(options)
