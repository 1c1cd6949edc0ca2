"""The host-gw backend: one plain route per lease, through the node that has it. Nothing is wrapped.

flannel: pkg/backend/hostgw/hostgw.go, route_network.go. The nodes must share a link, for a
gateway has to be a neighbour.
"""

from copy import deepcopy
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from ...errors import LabError
from ...lab import routes
from ...tables.route import Route
from ...tables.table import RouteTable
from ...trace.engine import Net, handles
from .config import Config
from .node import Node
from .registry import Lease

TYPE = "host-gw"
#: Seconds between two looks at whether the routes are still there.
CHECK = 10.0


class HostGw:
    def __init__(self, node: Node, config: Config):
        if node.public_ip != node.address:
            raise LabError(f"host-gw on {node.ns.name}: the public address {node.public_ip} is not {node.dev}'s {node.address}; "
                           "with host-gw the others route through it, so the two must be the same")  # fmt: skip
        self.node = node
        self.mtu = node.uplink.mtu
        self.remote: dict[IPv4Network, IPv4Address] = {}
        self.checked: RouteTable | None = None  # the table in which all of them were
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
        self.remote[lease.subnet], self.checked = lease.public_ip, None
        if self._there(lease.subnet, lease.public_ip):
            return
        for other in self.node.ns.main.of(lease.subnet)[:1]:
            self.node.log.append(f"Replacing existing route to {lease.subnet} via {other.gateway} with {lease.public_ip}")
            if other.metric:
                self.node.run("ip route del {} metric {}", lease.subnet, other.metric)
        self._write(lease.subnet, "replace")

    def removed(self, subnet: IPv4Network) -> None:
        gateway = self.remote.pop(subnet, None)
        if gateway is not None and self._there(subnet, gateway):
            self.node.run("ip route del {} via {} dev {}", subnet, gateway, self.node.dev)

    def check(self) -> None:
        """Write again what somebody deleted, unless another route took its place (route_network.go checkSubnetExistInV4Routes)."""
        if self.node.ns.main == self.checked:
            return
        for subnet in self.remote:
            if not any(route.metric == 0 for route in self.node.ns.main.of(subnet)):
                self._write(subnet, "add")
        self.checked = deepcopy(self.node.ns.main)

    def _write(self, subnet: IPv4Network, mode: str) -> None:
        node, route = self.node, Route(subnet, self.remote[subnet], self.node.dev)
        add = partial(routes.add, node.lab, node.ns, route, mode)
        node.write(add, "ip route {} {} via {} dev {}", mode, subnet, route.gateway, node.dev)

    def _there(self, subnet: IPv4Network, gateway: IPv4Address) -> bool:
        return any(r.gateway == gateway and r.dev == self.node.dev for r in self.node.ns.main.of(subnet))

    def stop(self) -> None:
        """flanneld ends: the routes stay, but nobody looks after them any more."""
        self.running = False


@handles("hostgw_check")
def hostgw_check(net: Net, backend: HostGw) -> None:
    """Every ten seconds while flanneld runs. A route the kernel refuses now is tried again then."""
    if not backend.running:
        return
    after = CHECK
    try:
        backend.check()
        after = net.next_look(CHECK, "hostgw_check", "flannel_renew")
    except LabError:
        pass
    net.post("hostgw_check", backend, after=after)
