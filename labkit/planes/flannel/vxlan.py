"""The vxlan backend: the kernel wraps, and three lines per lease say how.

flannel: pkg/backend/vxlan/{vxlan,vxlan_network,device}.go since 0.9; facts.md 1.5. Before 0.9 the kernel asked
flanneld about every unknown address; before 0.8 even one route for the whole network stood for all. Now, per
remote lease, a route says which VTEP, a neighbour says which MAC address that is, and the FDB which node.
"""

from ipaddress import IPv4Address, IPv4Network

from ...errors import LabError
from ...lab.lookup import output
from .config import Config, option
from .lease import Lease
from .node import Node

TYPE = "vxlan"
#: Inner Ethernet, VXLAN, UDP and IP headers.
OVERHEAD = 50


class Vxlan:
    """The backend on one node. Its interface is `flannel.<VNI>`."""

    def __init__(self, node: Node, config: Config):
        if node.version < (0, 9):
            raise LabError("the lab has flannel's vxlan backend from 0.9 on: before, the kernel asked flanneld about addresses")
        self.node = node
        self.vni = option(config.options, "VNI", 1)
        self.port = option(config.options, "Port", 8472)  # the kernel's own; IANA's is 4789
        self.learning = option(config.options, "Learning", False)
        self.direct_routing = option(config.options, "DirectRouting", False)
        self.device = f"flannel.{self.vni}"
        self.mtu = node.uplink.mtu - OVERHEAD
        self.remote: dict[IPv4Network, Lease] = {}

    def register(self) -> dict:
        """Make the interface: the others must learn its MAC address."""
        node = self.node
        learning = "learning" if self.learning else "nolearning"
        node.run(
            f"ip link add {self.device} mtu {self.mtu} txqueuelen 0 type vxlan id {self.vni} dev {node.dev} local {node.address}"
            f" dstport {self.port} {learning}"
        )
        return {"VNI": self.vni, "VtepMAC": node.ns.find(self.device).mac}

    def configure(self, lease: Lease) -> None:
        address = lease.subnet.network_address
        self.node.run(f"ip addr add {address}/32 broadcast {address} dev {self.device}")
        self.node.run(f"ip link set {self.device} up")

    def added(self, lease: Lease) -> None:
        """Another node's lease; leases of other backends are not ours to reach."""
        if lease.backend != TYPE or "VtepMAC" not in lease.data:
            return
        done: list[str] = []
        for line, back in self._lines(lease):
            try:
                self.node.run(line)
            except LabError:
                for undo in reversed(done):
                    self.node.run(undo)
                raise
            done.append(back)
        self.remote[lease.subnet] = lease

    def removed(self, subnet: IPv4Network) -> None:
        """Take the lines back; one that somebody deleted before does not keep the others."""
        lease = self.remote.pop(subnet, None)
        failed = []
        for _, back in reversed(self._lines(lease) if lease else []):
            try:
                self.node.run(back)
            except LabError as error:
                failed.append(str(error))
        if failed:
            raise LabError("; ".join(failed))

    def _lines(self, lease: Lease) -> list[tuple[str, str]]:
        """The commands for one lease, each with the one that undoes it."""
        vtep, mac, device = lease.subnet.network_address, lease.data["VtepMAC"], self.device
        if self.direct_routing and self._on_link(lease.public_ip):
            route = f"{lease.subnet} via {lease.public_ip}"
            return [(f"ip route replace {route}", f"ip route del {route}")]
        # onlink: no connected route covers the gateway, the interface has a /32.
        route = f"{lease.subnet} via {vtep} dev {device}"
        return [
            (f"ip neigh replace {vtep} lladdr {mac} dev {device} nud permanent", f"ip neigh del {vtep} dev {device}"),
            (
                f"bridge fdb replace {mac} dev {device} dst {lease.public_ip} self permanent",
                f"bridge fdb del {mac} dev {device} dst {lease.public_ip} self",
            ),
            (f"ip route replace {route} onlink", f"ip route del {route}"),
        ]

    def _on_link(self, address: IPv4Address) -> bool:
        """Whether the route to a node has no gateway."""
        decision = output(self.node.lab, self.node.ns, address)
        return decision.kind == "unicast" and decision.gateway is None

    def stop(self) -> None:
        """flanneld ends and everything stays: the kernel needs nobody to wrap."""
