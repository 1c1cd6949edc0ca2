"""The CNI plugins of a node: flannel's, which hands on to `bridge`, and `host-local`, which knows the addresses.

The first pod brings the bridge cni0. Each pod gets a veth pair, an address and three routes; its port of the bridge may send back to
where it received from (hairpin), as a pod that reaches itself through a Service needs. Addresses are given out upwards, a freed one only
after all the others. containernetworking plugins 1.1: plugins/main/bridge/bridge.go, plugins/ipam/host-local/backend/allocator;
flannel-io/cni-plugin 1.1: flannel.go.
"""

import hashlib
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import KernelError, LabError
from ...lab import links
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ...tables.values import Kept
from .. import writing
from ..flannel.node import PATH, networks, subnet_env, variables

WHO = "cni"
BRIDGE = "cni0"
NAME = "cbr0"


class CniError(LabError):
    """A plugin's own sentence: the pod stays without a network."""


@dataclass(slots=True, eq=False)
class HostLocal(Kept):
    """The addresses of one node: who has which, and the last one given out."""

    held: dict[IPv4Address, str] = field(default_factory=dict)
    last: IPv4Address | None = None

    def take(self, subnet: IPv4Network, owner: str) -> IPv4Address:
        """The next free one after the last, from the start again at the end; the gateway, the first of all, is nobody's."""
        first, most = subnet.network_address + 2, subnet.num_addresses - 3
        begin = int(self.last) + 1 - int(first) if self.last is not None and self.last in subnet else 0
        for step in range(most):
            address = first + (begin + step) % most
            if address not in self.held:
                self.held[address], self.last = owner, address
                return address
        whole = f"{first - 1}-{subnet.broadcast_address - 1}"
        raise CniError(f"failed to allocate for range 0: no IP addresses available in range set: {whole}")

    def free(self, owner: str) -> None:
        self.held = {address: holder for address, holder in self.held.items() if holder != owner}


@dataclass(slots=True, eq=False)
class Cni(Kept):
    """The plugins of the machine `machine`. `hairpin` is the configuration's hairpinMode."""

    lab: Lab
    machine: str
    hairpin: bool = True
    addresses: HostLocal = field(default_factory=HostLocal)

    def add(self, sandbox: str, inside: Namespace) -> IPv4Address:
        """Connect a pod; CniError in the plugins' words, and nothing of it is left."""
        host, text = self.lab[self.machine], subnet_env(self.lab, self.machine)
        found = networks(text)
        if not found:
            raise CniError(f'plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open {PATH}: no such file or directory')
        subnet, network = found[0], IPv4Network(variables(text)["FLANNEL_NETWORK"])
        mtu = int(variables(text)["FLANNEL_MTU"])
        gateway = IPv4Interface(f"{subnet.network_address + 1}/{subnet.prefixlen}")
        self._make_bridge(host, mtu)
        veth = self._plug(host, inside, sandbox, mtu)
        try:
            address = self.addresses.take(subnet, sandbox)
            self._address_bridge(host, gateway)
        except LabError as error:
            self.addresses.free(sandbox)
            self._run(host, "ip link del {}", veth)
            raise CniError(f'plugin type="flannel" failed (add): failed to delegate add: {error}') from None
        self._run(inside, "ip addr add {}/{} brd + dev eth0", address, subnet.prefixlen)
        self._run(inside, "ip link set eth0 up")
        self._run(inside, "ip route add {} via {} dev eth0", network, gateway.ip)
        self._run(inside, "ip route add default via {} dev eth0", gateway.ip)
        return address

    def remove(self, sandbox: str, inside: Namespace) -> None:
        """Disconnect a pod."""
        if inside.find("eth0") is not None:
            self._run(inside, "ip link del eth0")
        self.addresses.free(sandbox)

    def _run(self, ns: Namespace, line: str, *values) -> None:
        writing.run(self.lab, ns, WHO, line, *values)

    def _make_bridge(self, host: Namespace, mtu: int) -> None:
        if host.find(BRIDGE) is None:
            self._run(host, "ip link add {} mtu {} type bridge", BRIDGE, mtu)
        if not host.find(BRIDGE).up:
            self._run(host, "ip link set {} up", BRIDGE)

    def _plug(self, host: Namespace, inside: Namespace, sandbox: str, mtu: int) -> str:
        """The pair: eth0 in the pod, and a name by chance at the bridge."""
        names = (f"veth{digest(sandbox, host.name, again)[:8]}" for again in range(9))
        veth = next(name for name in names if host.find(name) is None)
        with self.lab.writing(WHO, f"ip link add {veth} mtu {mtu} type veth peer name eth0 mtu {mtu} netns {sandbox[:12]}"):
            try:
                links.create(self.lab, host, veth, "veth", peer_name="eth0", peer_ns=inside, mtu=mtu, txqlen=0)
            except KernelError as error:
                raise CniError(f"failed to make veth pair: {error}") from None
            inside.find("eth0").txqlen = 0
        self._run(host, "ip link set {} up", veth)
        self._run(host, "ip link set {} master {}", veth, BRIDGE)
        self._run(host, "bridge link set dev {} hairpin {}", veth, "on" if self.hairpin else "off")
        return veth

    def _address_bridge(self, host: Namespace, gateway: IPv4Interface) -> None:
        held = [each.interface for each in host.find(BRIDGE).addresses]
        if gateway in held:
            return
        if held:
            raise CniError(f'failed to set bridge addr: "{BRIDGE}" already has an IP address different from {gateway}')
        self._run(host, "ip addr add {} brd + dev {}", gateway, BRIDGE)
        if not host.sysctls.number("net.ipv4.ip_forward"):
            self._run(host, "sysctl -qw net.ipv4.ip_forward=1")


def digest(*what) -> str:
    """What a real node draws by chance: 64 hexadecimal digits made of names."""
    return hashlib.sha256("/".join(map(str, what)).encode()).hexdigest()
