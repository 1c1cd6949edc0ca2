"""A container as the engine remembers it, running or not; what may be asked for in which network mode; its ends in networks.

An end is a veth pair, one half in the bridge, the other inside as eth0. 29 makes the inner half where it belongs, with a MAC address by
chance; 20.10 makes both on the machine, moves one inside, and its MAC address is the IP address. Every step is the command a person would
type, in the host's or the container's namespace; only what names the container's namespace by its process has no `ip` line here. What
stands in the way, Docker's own or somebody else's, is taken or refused as libnetwork does.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ...lab import links
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ...lab.program import Listener
from ...tables.values import Kept, Value
from .images import image_of
from .network import DEFAULT_MTU, Network, Refused, local_mac, long_id, write
from .published import Binding
from .release import said


@dataclass(frozen=True, slots=True)
class Attachment(Value):
    """What was asked of one network: `--network name=…,ip=…,mac-address=…,alias=…,gw-priority=…`, or the same as flags of their own."""

    network: str
    ip: IPv4Address | None = None
    mac: str = ""
    aliases: tuple[str, ...] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Request(Value):
    """What `docker run` asked for. `network` is the word behind --network; "default" when there was none;
    `others` are those behind further ones. Without a `command` the image's runs.

    `ip` is the word behind --ip, which Docker allows in some networks only; `pinned` is an address the
    engine gives whatever the network: it stands for all the containers that came and went before.
    """

    image: str
    command: tuple[str, ...] = ()
    network: str = "default"
    ip: IPv4Address | None = None
    pinned: IPv4Address | None = None
    mac: str = ""
    aliases: tuple[str, ...] = ()
    priority: int = 0
    others: tuple[Attachment, ...] = ()
    environment: tuple[str, ...] = ()
    hostname: str = ""
    bindings: tuple[Binding, ...] = ()
    publish_all: bool = False
    exposed: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    auto_remove: bool = False
    restart: str = "no"
    namespace: str = ""
    role: str = "container"

    @property
    def shares(self) -> str | None:
        """In container mode, the name or id of the container whose network this one uses."""
        return self.network.partition(":")[2] if self.network.startswith("container:") else None

    @property
    def first_network(self) -> str:
        """The network it starts in: "bridge" when nothing was asked."""
        return "bridge" if self.network == "default" else self.network

    @property
    def shown_command(self) -> tuple[str, ...]:
        """What runs: the words given, or the image's."""
        return self.command or image_of(self.image).command

    @property
    def attachments(self) -> list[Attachment]:
        """The networks it starts in, none when it uses another container's."""
        if self.shares:
            return []
        ip = self.pinned or (self.ip if self.network != "default" else None)
        return [Attachment(self.first_network, ip, self.mac, self.aliases, self.priority), *self.others]

    def conflict(self, version: str) -> str | None:
        """Why the engine will not even create it, in its order of asking (moby: runconfig/hostconfig*.go)."""
        old = version == "20.10"
        if self.network.partition(":")[0] != "container":
            return "conflicting options: mac-address and the network mode" if old and self.mac and self.network == "host" else None
        if not self.shares:
            return said(version, "container format")
        asked = (
            (self.hostname, "hostname and the network mode"),
            (self.links and not old, "container type network can't be used with links. This would result in undefined behavior"),
            (self.dns, "dns and the network mode"),
            (self.extra_hosts, "custom host-to-IP mapping and the network mode"),
            (self.mac and old, "mac-address and the network mode"),
            (self.bindings or self.publish_all, "port publishing and the container type network mode"),
            (self.exposed, "port exposing and the container type network mode"),
        )
        return next((f"conflicting options: {words}" for given, words in asked if given), None)

    def check_ip(self, user_subnet: bool) -> None:
        """Refused where --ip is; without --network Docker 20.10 ignores --ip."""
        if self.ip is None or self.shares or self.network == "default":
            return
        if self.network in ("bridge", "host", "none"):
            raise Refused("user specified IP address is supported on user defined networks only")
        if not user_subnet:
            raise Refused("user specified IP address is supported only when connecting to networks with user configured subnets")


@dataclass(slots=True)
class Endpoint(Kept):
    """One end of a container in one network: while it runs, a veth pair and an address.

    `asked` is what was asked of it; `uid` is the lab's number of the host's end.
    """

    network: str
    id: str = ""
    asked: Attachment | None = None
    address: IPv4Address | None = None
    mac: str = ""
    device: str = ""
    uid: int | None = None


@dataclass(slots=True)
class Container(Kept):
    """`status` is "created", "running" or "exited". `namespace` is the network namespace it runs in,
    None while it does not; its name is `namespace.name`. `devices` counts the interfaces it was given, `starts` how often it was started;
    `gateway` is where Docker pointed its default route, `way_out` the network of the published ports; `sockets` are its program's;
    `log` is what that printed; `interrupted`: the daemon's end was its end."""

    name: str
    id: str
    request: Request
    pid: int
    status: str = "created"
    exit_code: int = 0
    namespace: Namespace | None = None
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    devices: int = 0
    starts: int = 0
    gateway: IPv4Address | None = None
    way_out: str = ""
    sockets: tuple[Listener, ...] = ()
    log: str = ""
    interrupted: bool = False

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def image(self) -> str:
        return self.request.image

    @property
    def ip(self) -> IPv4Address | None:
        """Its address in the first of its networks that gave it one."""
        return next((e.address for e in self.endpoints.values() if e.address), None)

    @property
    def exposed(self) -> list[str]:
        """The "PORT/PROTOCOL" keys it was made with."""
        return list(dict.fromkeys([*self.request.exposed, *(b.key for b in self.request.bindings)]))


def plug(lab: Lab, machine: str, container: Container, endpoint: Endpoint, network: Network, version: str, hairpin: bool) -> None:
    """Make the veth pair and set up both ends (moby: libnetwork drivers/bridge, osl). `hairpin`: for a bridge port that may send back."""
    host, inside = lab[machine], container.namespace
    if host.find(network.bridge) is None:
        raise Refused(
            f"failed to create endpoint {container.name} on network {network.name}: adding interface to bridge "
            f"{network.bridge} failed: could not find bridge {network.bridge}: route ip+net: no such network interface"
        )
    mac = endpoint.asked.mac if endpoint.asked else ""
    # Up to version 27 the MAC address came of the IP address (moby bc130f36).
    chosen = "02:42:" + endpoint.address.packed.hex(":") if version == "20.10" else local_mac("mac", endpoint.id, container.starts)
    endpoint.mac, endpoint.device = mac or chosen, f"eth{container.devices}"
    container.devices += 1
    outer = _free_name(host, endpoint.id)
    inner, inner_at = (_free_name(host, endpoint.id, "inside"), host) if version == "20.10" else (endpoint.device, inside)
    try:
        if inner_at is host:
            write(lab, host, "ip link add name {} txqueuelen 0 type veth peer name {} txqueuelen 0", outer, inner)
        elif inside.find(inner) is None:
            peer = f"peer name {inner} txqueuelen 0 netns {container.pid}"
            with lab.writing("docker", f"ip link add name {outer} txqueuelen 0 type veth {peer}"):
                links.create(lab, host, outer, "veth", peer_name=inner, peer_ns=inside, txqlen=0)
                inside.find(inner).txqlen = 0
    finally:
        made = host.find(outer)
        endpoint.uid = made and made.uid
    if network.mtu != DEFAULT_MTU:
        for ns, end in ((host, outer), (inner_at, inner)):
            write(lab, ns, "ip link set dev {} mtu {}", end, network.mtu)
    if made is not None:
        write(lab, host, "ip link set dev {} master {}", outer, network.bridge)
        if hairpin:
            write(lab, host, "bridge link set dev {} hairpin on", outer)
        write(lab, inner_at, "ip link set dev {} address {}", inner, endpoint.mac)
        write(lab, host, "ip link set dev {} up", outer)
    if inner_at is host:
        with lab.writing("docker", f"ip link set dev {inner} netns {container.pid}"):
            links.move(lab, host, host.find(inner), inside)
    if made is None or inner_at is host and inside.find(endpoint.device) is not None:
        rename = f'error renaming interface "{inner}" to "{endpoint.device}"'
        raise Refused(f"failed to add interface {inner} to sandbox: {rename}: file exists")
    if inner_at is host:
        write(lab, inside, "ip link set dev {} name {}", inner, endpoint.device)
    write(lab, inside, "ip addr add {} brd + dev {}", network.pool.interface(endpoint.address), endpoint.device)
    write(lab, inside, "ip link set dev {} up", endpoint.device)


def _free_name(host: Namespace, *what) -> str:
    """`veth` and seven digits, the first of three names that nobody has (moby: libnetwork netutils.GenerateIfaceName)."""
    names = ("veth" + long_id("veth", *what, *again)[:7] for again in ((), (1,), (2,)))
    free = next((name for name in names if host.find(name) is None), None)
    if free is None:
        raise Refused("could not generate interface name")
    return free


def unplug(lab: Lab, endpoint: Endpoint) -> None:
    """Delete the pair, if it is still there: somebody may have deleted it by hand."""
    outer = lab.interface(endpoint.uid) if endpoint.uid is not None else None
    if outer is not None:
        write(lab, lab[outer.namespace], "ip link del dev {}", outer.name)
    endpoint.uid, endpoint.device = None, ""


def default_route(lab: Lab, container: Container, gateway: IPv4Address | None) -> None:
    """Point the container's default route at a gateway; at none when gateway is None."""
    if container.namespace is None or container.gateway == gateway:
        return
    if any(r.dst.prefixlen == 0 and r.gateway == container.gateway for r in container.namespace.main):
        write(lab, container.namespace, "ip route del default via {}", container.gateway)
    if gateway is not None:
        write(lab, container.namespace, "ip route add default via {}", gateway)
    container.gateway = gateway
