"""The UDP backend: one route sends the whole flannel network into a TUN, a program does the rest.

flannel: pkg/backend/udp/*.go, pkg/ip/tun.go. The kernel's tables know nothing of the other
nodes: per lease only the proxy's own array gets an entry. Up to 0.10 the TUN had its address with the length
of the whole network, so that the kernel made the route; since 0.11 it has a /32 and flanneld adds the route.
"""

from ipaddress import IPv4Address, IPv4Network

from ...errors import LabError, strerror
from ...lab import links
from ...lab.interface import Tun
from ...lab.namespace import free_name
from ...lab.sockets import Listener, refusal
from .config import Config, number
from .lease import Lease
from .node import Node
from .proxy import PORT, Proxy

TYPE = "udp"
#: An IP and a UDP header.
OVERHEAD = 28


class Udp:
    """The backend on one node."""

    def __init__(self, node: Node, config: Config):
        self.node, self.network = node, config.ipv4.network
        self.port = number(config.options, "Port", PORT, 1, 65535)
        self.mtu = node.uplink.mtu - OVERHEAD
        self.proxy: Proxy | None = None

    def register(self) -> dict:
        """Nothing to publish but the address; the socket must be free (flannel: backend/udp/udp_network_amd64.go)."""
        code = refusal(self.node.ns, Listener("udp", self._bound, self.port, "flanneld"))
        if code:
            where = f"{self._bound or '0.0.0.0'}:{self.port}"
            raise LabError(f"failed to start listening on UDP socket: listen udp4 {where}: bind: {strerror(code).lower()}")
        return {}

    @property
    def _bound(self) -> IPv4Address | None:
        return self.node.address if self.node.version >= (0, 11) else None

    def configure(self, lease: Lease) -> None:
        """Open the TUN, give it the lease's network address, start the proxy."""
        node, address = self.node, lease.address
        device = free_name(node.ns, "flannel%d")
        self.proxy = Proxy(device, address, self._bound, self.port)
        node.ns.programs[self.proxy.name] = self.proxy
        # No ip command: flanneld opens /dev/net/tun itself, and the interface lives as long as that file is open.
        with node.lab.writing("flanneld", 'ioctl(TUNSETIFF, "flannel%d", IFF_TUN | IFF_NO_PI)'):
            links.create(node.lab, node.ns, device, "tun", tun=Tun(persist=False, program=self.proxy.name))
        if node.version >= (0, 11):
            node.run("ip addr add {}/32 broadcast {} dev {}", address, address, device)
        else:
            node.run("ip addr add {}/{} dev {}", address, self.network.prefixlen, device)
        node.run("ip link set {} mtu {}", device, self.mtu)
        node.run("ip link set {} up", device)
        node.run("ip route add {} dev {} scope global", self.network, device, fine="File exists")

    def added(self, lease: Lease) -> None:
        """Another node's lease: an entry of the proxy's."""
        if lease.backend == TYPE:
            self.proxy.set(lease.subnet, lease.public_ip, self.port)

    def removed(self, subnet: IPv4Network) -> None:
        self.proxy.remove(subnet)

    def stop(self) -> None:
        """flanneld ends: its file is closed, so the TUN goes, and with it every route through it."""
        node = self.node
        if self.proxy is None:
            return
        node.ns.programs.pop(self.proxy.name, None)
        tun = node.ns.find(self.proxy.tun)
        if tun is not None and tun.tun is not None and tun.tun.program == self.proxy.name:
            with node.lab.writing("kernel", f"{self.proxy.name} closed {self.proxy.tun}"):
                links.delete(node.lab, node.ns, tun)
