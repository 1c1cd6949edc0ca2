"""The vxlan backend: the kernel wraps, and three lines per lease say how.

flannel: pkg/backend/vxlan/{vxlan,vxlan_network,device}.go since 0.9. Before 0.9 the kernel asked
flanneld about every unknown address; before 0.8 even one route for the whole network stood for all. Now, per
remote lease, a route says which VTEP, a neighbour says which MAC address that is, and the FDB which node.
"""

from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from ...errors import BadInput, LabError
from ...lab import bridges, neighbors, routes
from ...lab.interface import Interface
from ...lab.lookup import output
from ...tables.route import Route
from .. import go
from .config import Config, flag, number
from .node import Node
from .registry import Lease

TYPE = "vxlan"
#: Inner Ethernet, VXLAN, UDP and IP headers.
OVERHEAD = 50


class Vxlan:
    def __init__(self, node: Node, config: Config):
        if node.version < (0, 9):
            raise LabError("the lab has flannel's vxlan backend from 0.9 on: before, the kernel asked flanneld about addresses")
        self.node = node
        self.network = config.ipv4.network
        self.vni = number(config.options, "VNI", 1, 0, (1 << 24) - 1)
        self.port = number(config.options, "Port", 8472, 0, 65535) or 8472  # the kernel's own; IANA's is 4789
        self.learning = flag(config.options, "Learning")
        self.direct_routing = flag(config.options, "DirectRouting")
        self.device = f"flannel.{self.vni}"
        self.mtu = node.uplink.mtu - OVERHEAD
        self.remote: dict[IPv4Network, Lease] = {}

    def register(self) -> dict:
        """Make the interface, or take the one of before: the others must learn its MAC address
        (flannel: backend/vxlan/device.go ensureLink)."""
        node = self.node
        found = node.ns.find(self.device)
        wrong = found and self._incompatible(found)
        if wrong:
            node.log.append(f'"{self.device}" already exists with incompatable configuration: {wrong}; recreating device')
            node.run("ip link del {}", self.device)
        if wrong or found is None:
            node.run(
                "ip link add {} mtu {} txqueuelen 0 type vxlan id {} dev {} local {} dstport {} {}", self.device, self.mtu,
                self.vni, node.dev, node.address, self.port, "learning" if self.learning else "nolearning",
            )  # fmt: skip
        return {"VNI": self.vni, "VtepMAC": node.ns.find(self.device).mac}

    def _incompatible(self, found: Interface) -> str:
        """In what the interface of that name differs from the one wanted (device.go vxlanLinksIncompat)."""
        if found.vxlan is None:
            return f"link type: vxlan vs {found.kind}"
        node, vxlan = self.node, found.vxlan
        compared = (
            ("vni", self.vni, vxlan.vni), ("vtep (external) interface", node.dev, vxlan.dev or node.dev),
            ("vtep (external) IP", node.address, vxlan.local or node.address), ("port", self.port, vxlan.port),
        )  # fmt: skip
        return next((f"{what}: {wanted} vs {has}" for what, wanted, has in compared if wanted != has), "")

    def configure(self, lease: Lease) -> None:
        self.node.ensure_address(self.device, lease.address, self.network)
        self.node.run("ip link set {} up", self.device)

    def added(self, lease: Lease) -> None:
        """Another node's lease; leases of other backends are not ours to reach."""
        if lease.backend != TYPE:
            self.node.log.append(f"ignoring non-vxlan subnet({lease.subnet}): type={lease.backend}")
            return
        done: list[tuple] = []
        for verb, line, undo in self._lines(lease):
            write = partial(self.node.write, verb) if verb else self.node.run
            try:
                write(*line)
            except LabError:
                for before in reversed(done):
                    self.node.run(*before)
                raise
            done.append(undo)
        self.remote[lease.subnet] = lease

    def removed(self, subnet: IPv4Network) -> None:
        """Take the lines back; one that somebody deleted before does not keep the others."""
        lease = self.remote.pop(subnet, None)
        failed = []
        for *_, undo in reversed(self._lines(lease) if lease else []):
            try:
                self.node.run(*undo)
            except LabError as error:
                failed.append(str(error))
        if failed:
            raise LabError("; ".join(failed))

    def _lines(self, lease: Lease) -> list[tuple[Callable[[], None] | None, tuple, tuple]]:
        """Each line of one lease: the verb behind it if there is one, the line itself, and the one that takes it back."""
        lab, ns, dev = self.node.lab, self.node.ns, self.device
        subnet, vtep, peer = lease.subnet, lease.address, lease.public_ip
        if self.direct_routing and self._on_link(peer):
            return [(None, ("ip route replace {} via {}", subnet, peer), ("ip route del {} via {}", subnet, peer))]
        try:
            mac = go.mac(lease.data.get("VtepMAC"))
        except ValueError as error:
            raise BadInput(f"error decoding subnet lease JSON: {error}") from None
        interface = ns.find(dev)
        if interface is None:
            raise LabError(f"{dev} is gone: flanneld has to be started again")
        # onlink: no connected route covers the gateway, the interface has a /32.
        route = Route(subnet, vtep, dev, flags=("onlink",))
        return [
            (partial(neighbors.put, lab, ns, dev, vtep, mac, mode="replace"),
             ("ip neigh replace {} lladdr {} dev {} nud permanent", vtep, mac, dev), ("ip neigh del {} dev {}", vtep, dev)),
            (partial(bridges.add_entry, lab, ns, interface, mac, dst=peer, mode="replace"),
             ("bridge fdb replace {} dev {} dst {} self permanent", mac, dev, peer),
             ("bridge fdb del {} dev {} dst {} self", mac, dev, peer)),
            (partial(routes.add, lab, ns, route, "replace"),
             ("ip route replace {} via {} dev {} onlink", subnet, vtep, dev), ("ip route del {} via {} dev {}", subnet, vtep, dev)),
        ]  # fmt: skip

    def _on_link(self, address: IPv4Address) -> bool:
        """Whether the route to a node has no gateway."""
        decision = output(self.node.lab, self.node.ns, address)
        return decision.kind == "unicast" and decision.gateway is None

    def stop(self) -> None:
        """flanneld ends and everything stays: the kernel needs nobody to wrap."""
