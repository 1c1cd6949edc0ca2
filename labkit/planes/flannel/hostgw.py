"""The host-gw backend: one plain route per lease, through the node that has it. Nothing is wrapped.

flannel: pkg/backend/hostgw/hostgw.go, route_network.go. The nodes must share a link, for a
gateway has to be a neighbour.
"""

from functools import partial
from ipaddress import IPv4Address, IPv4Network

from ...errors import LabError
from ...lab import routes
from ...tables.route import Route
from ...trace.engine import Net, handles
from .config import Config
from .lease import Lease
from .node import Node

TYPE = "host-gw"
#: Seconds between two looks at whether the routes are still there.
CHECK = 10.0


class HostGw:
    """The backend on one node."""

    def __init__(self, node: Node, config: Config):
        if node.public_ip != node.address:
            raise LabError(
                f"host-gw on {node.ns.name}: the public address {node.public_ip} is not {node.dev}'s {node.address}; "
                "with host-gw the others route through it, so the two must be the same"
            )
        self.node = node
        self.mtu = node.uplink.mtu
        self.remote: dict[IPv4Network, IPv4Address] = {}
        self.running = False

    def register(self) -> dict:
        return {}

    def configure(self, lease: Lease) -> None:
        """Own lines there are none; from now on the routes are looked after."""
        self.running = True
        self.node.lab.post("hostgw_check", self, after=CHECK)

    def added(self, lease: Lease) -> None:
        """Another node's lease: a route, in place of one with another gateway."""
        if lease.backend != TYPE:
            return
        before = self.remote.get(lease.subnet)
        if before is not None and before != lease.public_ip:
            self.removed(lease.subnet)
        self.remote[lease.subnet] = lease.public_ip
        self._write(lease.subnet)

    def removed(self, subnet: IPv4Network) -> None:
        gateway = self.remote.pop(subnet, None)
        if gateway is not None and self._there(subnet, gateway):
            self.node.run("ip route del {} via {} dev {}", subnet, gateway, self.node.dev)

    def check(self) -> None:
        """Write again what somebody deleted."""
        for subnet in self.remote:
            self._write(subnet)

    def _write(self, subnet: IPv4Network) -> None:
        gateway = self.remote[subnet]
        if not self._there(subnet, gateway):
            node, route = self.node, Route(subnet, gateway, self.node.dev)
            add = partial(routes.add, node.lab, node.ns, route, "replace")
            node.write(add, "ip route replace {} via {} dev {}", subnet, gateway, node.dev)

    def _there(self, subnet: IPv4Network, gateway: IPv4Address) -> bool:
        routes = self.node.ns.main
        return any(r.dst == subnet and r.gateway == gateway and r.dev == self.node.dev for r in routes)

    def stop(self) -> None:
        """flanneld ends: the routes stay, but nobody looks after them any more."""
        self.running = False


@handles("hostgw_check")
def hostgw_check(net: Net, backend: HostGw) -> None:
    """Every ten seconds while flanneld runs. A route the kernel refuses now is tried again then."""
    if not backend.running:
        return
    try:
        backend.check()
    except LabError:
        pass
    net.post("hostgw_check", backend, after=CHECK)
