"""A Docker engine: its networks and containers, and the lines it has written for them.

    docker = Docker(lab, on="k8s-node1", bip="10.20.37.1/24", mtu=1472)
    docker.run("web", image="nginx").ip          # IPv4Address("10.20.37.2")

A container is created, then started; starting is what makes namespaces and lines (moby: daemon/create.go,
start.go, container_operations.go). Refusals are `Refused`, in the daemon's words; nothing half-made stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import chain, count

from ...errors import BadInput, KernelError, LabError, shown
from ...lab import links
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ...lab.program import listen
from . import images, naming, published
from .client import docker
from .container import Attachment, Container, Endpoint, Request, default_route, plug, unplug
from .firewall import Firewall
from .network import DEFAULT_MTU, Network, Networks, Refused, long_id, write
from .release import RELEASES, said, wrong_endpoint

#: A container's namespace is called after it, perhaps with a number behind.
LONGEST_NAME = 240


class Docker:
    """The engine of one machine. version: "29", today's, or "20.10"; bip: docker0's address with its prefix length (by default the first
    free pool's first address); mtu: of both ends of each pair (1500); bridge: the interface's name; the others as dockerd's own options.
    A Daemon: `options`, what dockerd is started with, are read at each start."""

    name, description = "docker", "Docker Application Container Engine"

    def __init__(self, lab: Lab, on: str = "host", *, version: str = "29", bip: str | None = None, mtu: int | None = None,
                 bridge: str = "docker0", ip_masq: bool = True, icc: bool = True, iptables: bool = True, userland_proxy: bool = True,
                 allow_direct_routing: bool = False):  # fmt: skip
        if ("docker", on) in lab.daemons:
            raise LabError(f"there is already a Docker engine on {on!r}")
        if version not in RELEASES:
            raise BadInput(f"version {shown(version)} is not one of {', '.join(RELEASES)}, the engines that the lab knows")
        self.lab, self.machine, self.host, self.version = lab, on, lab[on], version
        self.containers: list[Container] = []
        self.log: list[str] = []
        self.options = {
            "bip": bip, "mtu": mtu or DEFAULT_MTU, "bridge": bridge, "ip_masq": ip_masq, "icc": icc, "iptables": iptables,
            "userland_proxy": userland_proxy, "allow_direct_routing": allow_direct_routing,
        }  # fmt: skip
        self.firewall = Firewall(lab, lab[on], version, self.options)
        self.networks = Networks(lab, on, self.log, self.firewall)
        self.running = False
        self.started: list[Callable[[], None]] = []  # who wants to hear that dockerd has started
        self._created = 0
        self.start()
        lab.daemons.add(self)
        lab.commands["docker"] = docker

    @property
    def command(self) -> str:
        given = [f"--{flag}={self.options[flag]}" for flag in ("bip", "mtu") if self.options[flag]]
        given += [f"--{flag.replace('_', '-')}={str(value).lower()}" for flag, value in self.options.items()
                  if isinstance(value, bool) and value != (flag != "allow_direct_routing")]  # fmt: skip
        return " ".join(["/usr/bin/dockerd", *given])

    def start(self) -> None:
        """dockerd starts: its chains, forwarding, its networks, then the containers whose restart policy says so."""
        if self.running:
            return
        try:
            self.firewall.start()
            if not self.host.sysctls.number("net.ipv4.ip_forward"):
                write(self.lab, self.host, "sysctl -w net.ipv4.ip_forward=1")
                self.firewall.forbid_forwarding()
            self.networks.start(**{name: self.options[name] for name in ("bip", "mtu", "bridge", "ip_masq", "icc")})
            if self.firewall.hairpin or not self.options["icc"]:
                write(self.lab, self.host, "sysctl -w net.bridge.bridge-nf-call-iptables=1")
        except LabError as error:
            self.log.append(str(error))
            raise
        self.running = True
        for container in list(self.containers):
            if container.request.restart == "always" or (container.interrupted and container.request.restart != "no"):
                try:
                    self.start_container(container)
                except LabError as error:
                    self.log.append(f"Failed to start container {container.id}: {error}")
            container.interrupted = False
        for heard in self.started:
            heard()

    def stop(self) -> None:
        """dockerd ends and its containers with it; the bridges stay."""
        for container in [c for c in self.containers if self.running and c.running]:
            container.interrupted = True
            self.stop_container(container)
        self.running = False

    def run(self, name: str, image: str, *, network: str = "default", ip: str | None = None, command: Sequence[str] = (),
            namespace: str = "", role: str = "container") -> Container:  # fmt: skip
        """Create and start. `ip` pins an address in any bridge network, as Docker itself would only hand it
        out once the lower ones are taken; `namespace` is the label of the network namespace."""
        try:
            pinned = IPv4Address(ip) if ip is not None else None
        except ValueError:
            raise BadInput(f"ip {ip!r} is no address such as 172.17.0.5") from None
        request = Request(image, tuple(command), network, pinned=pinned, namespace=namespace or name, role=role)
        container = self.create(name, request)
        try:
            self.start_container(container)
        except BaseException:  # an interrupt, too, leaves nothing half-made
            self.remove(container)
            raise
        return container

    def create(self, name: str, request: Request) -> Container:
        """Remember a container; no line is written yet."""
        if why := request.conflict(self.version):
            raise Refused(why)
        self._check_addresses(request)
        number = self._created + 1
        name = name or f"container_{number}"
        if len(name) > LONGEST_NAME:
            raise Refused(f"The lab's containers have names of up to {LONGEST_NAME} characters")
        if same := next((c for c in self.containers if c.name == name), None):
            raise Refused(f'Conflict. The container name "/{name}" is already in use by container "{same.id}". '
                          "You have to remove (or rename) that container to be able to reuse that name.")  # fmt: skip
        self._created = number
        container = Container(name, long_id("container", self.machine, name, number), request, pid=1000 + number)
        for asked in request.attachments:
            container.endpoints[asked.network] = self._endpoint(container, asked)
        self.containers.append(container)
        return container

    def _check_addresses(self, request: Request) -> None:
        """What may be asked of networks before there is a container: 29 looks at each --ip, 20.10 takes one network alone."""
        if self.version == "20.10":
            if request.others:
                asked = ", ".join(sorted(a.network for a in request.attachments))
                raise Refused(f"Container cannot be connected to network endpoints: {asked}")
            return
        first = Attachment(request.network if request.shares else request.first_network, request.ip, aliases=request.aliases)
        for asked in (first, *request.others):
            self._check_endpoint(asked)

    def _check_endpoint(self, asked: Attachment) -> None:
        network = self.networks.get(asked.network)
        if network is None and not asked.network.startswith("container:"):
            return
        inside = network is None or network.subnet is not None and asked.ip is not None and asked.ip in network.subnet
        user_defined = network is not None and not network.predefined
        if wrong := wrong_endpoint(asked.network, asked.ip, bool(asked.aliases), user_defined, inside):
            raise Refused(wrong)

    def _endpoint(self, container: Container, asked: Attachment) -> Endpoint:
        return Endpoint(asked.network, long_id("endpoint", container.id, asked.network), asked)

    def find(self, word: str) -> Container:
        """A container by its name, its id or a beginning of its id."""
        for container in self.containers:
            if word in (container.name, container.id):
                return container
        found = [c for c in self.containers if word and c.id.startswith(word)]
        if len(found) == 1:
            return found[0]
        raise Refused(f"Multiple IDs found with provided prefix: {word}" if found else f"No such container: {word}")

    def start_container(self, container: Container) -> None:
        """Give it its namespace, its interfaces and its ports."""
        if container.running:
            return
        request = container.request
        container.starts += 1
        if request.shares is not None:
            container.namespace = self._joined(container)
        elif request.network == "host":
            if self.version == "20.10":
                request.check_ip(user_subnet=False)
            container.namespace = self.host
        else:
            self._start_apart(container)
        container.namespace.pids.add(container.pid)
        container.status, container.exit_code = "running", 0
        self._start_program(container)

    def _joined(self, container: Container) -> Namespace:
        """The namespace of the container whose network it shares."""
        shares = container.request.shares
        try:
            other = self.find(shares)
        except Refused:
            raise Refused(said(self.version, "not found", name=shares)) from None
        if other is container:
            raise Refused(said(self.version, "itself"))
        if not other.running:
            raise Refused(said(self.version, "not running", id=other.id, name=other.name, status=other.status))
        return other.namespace

    def _start_apart(self, container: Container) -> None:
        """A namespace of its own, with an interface for each bridge network."""
        request = container.request
        label = self._free_label(request.namespace or container.name)
        container.namespace = self.lab.add_namespace(self.machine, label, named=False, role=request.role)
        container.devices, container.gateway = 0, None
        try:
            # lo up, and ping for everybody (moby oci_linux.go).
            write(self.lab, container.namespace, "ip link set dev lo up")
            write(self.lab, container.namespace, "sysctl -w {}", "net.ipv4.ping_group_range=0 2147483647")
            if self.version == "20.10":
                request.check_ip(self.networks[request.first_network].user_subnet)
            for endpoint in sorted(container.endpoints.values(), key=lambda e: -e.asked.priority):
                self._plug(container, endpoint)
            naming.write_files(self, container)
            self._route(container)
        except BaseException as error:
            self._take_down(container)
            if isinstance(error, Refused) and self.version != "20.10":
                raise Refused(f"failed to set up container networking: {error}") from None
            raise

    def _start_program(self, container: Container) -> None:
        """The image's program opens its sockets; where it cannot, it ends, and the container with it."""
        request, namespace = container.request, container.namespace
        image = images.image_of(request.image)
        if request.command or not image.program:
            return
        try:
            for socket in images.listeners(image, container.name, dict(text.partition("=")[::2] for text in request.environment)):
                listen(namespace, socket)
                container.sockets += (socket,)
        except (KernelError, ValueError) as error:
            port = f"0.0.0.0:{socket.port}: " if isinstance(error, KernelError) else ""
            container.log += f"{image.program}: {port}{error}\n"
            self.stop_container(container, exit_code=1)

    def _free_label(self, label: str) -> str:
        """The label itself, unless containers that shared the namespace before still live in it."""
        def taken(label: str) -> bool:
            found = (self.lab.namespaces.get(name) for name in (label, f"{self.machine}/{label}"))
            return any(ns and (ns.machine, ns.label) == (self.machine, label) and ns is not self.host for ns in found)

        return next(free for free in chain([label], (f"{label}.{number}" for number in count(2))) if not taken(free))

    def _plug(self, container: Container, endpoint: Endpoint) -> None:
        network = self.networks[endpoint.network]
        if network.pool is None:
            return
        wanted = endpoint.asked.ip
        if wanted is not None and network.subnet is not None and wanted not in network.subnet and self.version != "20.10":
            raise Refused(said(self.version, "foreign address", ip=wanted, network=network.name))
        endpoint.address = network.pool.take(wanted) if wanted else network.pool.lowest()
        plug(self.lab, self.machine, container, endpoint, network, self.version, self.firewall.hairpin)
        self.firewall.add_container(network, endpoint.address)
        if not network.predefined:
            naming.start_resolver(self, container)

    def _way_out(self, container: Container) -> Network | None:
        """The network whose gateway the default route points at: 29 goes by priority, then both by name; 29 never takes an internal one
        (libnetwork: sandbox.go, Endpoint.Less)."""
        found = [(self.networks[e.network], e.asked.priority) for e in container.endpoints.values() if e.uid]
        choice = sorted((n.internal, -priority, n.name) for n, priority in found if self.version == "20.10" or not n.internal)
        return self.networks[choice[0][-1]] if choice else None

    def _route(self, container: Container) -> None:
        """Point the default route, and publish the ports, at the network that leads out."""
        network = self._way_out(container)
        default_route(self.lab, container, network.gateway if network else None)
        name = network.name if network and not network.internal else ""
        if name != container.way_out or not container.bindings:
            self._withdraw(container)
            container.way_out = name
            self._publish(container)

    def _publish(self, container: Container) -> None:
        """For each port asked for: sockets on the host, and the rules."""
        request, endpoint = container.request, container.endpoints.get(container.way_out)
        if endpoint is None or endpoint.address is None:
            return
        network, wanted, opened = self.networks[endpoint.network], list(request.bindings), []
        if request.publish_all:
            asked = {b.key for b in wanted}
            wanted += [b for key in request.exposed if key not in asked for b in published.parse(key, self.version)]
        wanted = published.in_order(wanted, self.version)
        held = (b for c in self.containers for b in c.bindings)
        owner = "dockerd" if self.firewall.hairpin else "docker-proxy"
        ends, routed = f"{container.name} ({endpoint.id})", network.gateway_mode == "routed"
        try:
            for binding in published.publish(self.host, wanted, held, ends, self.version, endpoint.address, owner, routed):
                opened.append(binding)
                container.bindings = tuple(opened)
                self.firewall.add_port(network, endpoint.address, binding)
        except BaseException:
            self._withdraw(container)
            raise

    def _withdraw(self, container: Container) -> None:
        """Take the published ports back."""
        endpoint = container.endpoints.get(container.way_out)
        for binding in container.bindings:
            for socket in binding.sockets(endpoint.address):
                self.host.listeners.discard(socket)
            self.firewall.remove_port(self.networks[endpoint.network], endpoint.address, binding)
        container.bindings, container.way_out = (), ""

    def stop_container(self, container: Container, exit_code: int = 137) -> None:
        """End it. 137 is what Docker shows of a process that did not heed SIGTERM, as `sleep` does not."""
        if not container.running:
            return
        self._take_down(container)
        container.status, container.exit_code = "exited", exit_code
        if container.request.auto_remove:
            self.remove(container)

    def _take_down(self, container: Container) -> None:
        """Undo what starting did, or what an earlier try left of it. A namespace lives as long as a container is in it."""
        self._withdraw(container)
        for endpoint in container.endpoints.values():
            self._unplug(endpoint)
        namespace = container.namespace
        for socket in container.sockets:
            namespace.listeners.discard(socket)
        container.sockets = ()
        namespace.pids.discard(container.pid)
        shared = any(c.namespace is namespace for c in self.containers if c is not container)
        if namespace is not self.host and not shared:
            links.destroy_namespace(self.lab, namespace)
        container.namespace = None

    def _unplug(self, endpoint: Endpoint) -> None:
        unplug(self.lab, endpoint)
        if endpoint.address is not None:
            network = self.networks[endpoint.network]
            self.firewall.remove_container(network, endpoint.address)
            network.pool.release(endpoint.address)
        endpoint.address, endpoint.mac = None, ""

    def remove(self, container: Container) -> None:
        """Forget a container that does not run."""
        if container in self.containers:
            self.containers.remove(container)

    def attached(self, network: Network) -> list[Container]:
        """The running containers in a network."""
        return [c for c in self.containers if c.running and network.name in c.endpoints]

    def remove_network(self, network: Network) -> None:
        if not network.predefined and (members := self.attached(network)):
            ends = ", ".join(f'name:"{c.name}" id:"{c.endpoints[network.name].id[:12]}"' for c in members)
            why = said(self.version, "in use", name=network.name, id=network.id, ends=ends)
            raise Refused("error while removing network: network " + why)
        self.networks.remove(network)

    def connect(self, network: Network, container: Container, asked: Attachment) -> None:
        """Give a container one more interface. `asked` names the network."""
        if container.request.shares is not None:
            raise Refused("container sharing network namespace with another container or host cannot be connected to any other network")
        if "host" in (network.name, *container.endpoints):
            raise Refused("container cannot be disconnected from host network or connected to host network")
        if container.endpoints and "none" in (network.name, *container.endpoints):
            raise Refused("container cannot be connected to multiple networks with one of the networks in private (none) mode")
        if network.name in container.endpoints:
            raise Refused(f"endpoint with name {container.name} already exists in network {network.name}")
        if asked.ip is not None and self.version == "20.10":
            replace(container.request, network=network.name, ip=asked.ip).check_ip(network.user_subnet)
        elif self.version != "20.10":
            self._check_endpoint(asked)
        endpoint = container.endpoints[network.name] = self._endpoint(container, asked)
        if container.running:
            try:
                self._plug(container, endpoint)
                self._route(container)
            except BaseException:
                self._unplug(container.endpoints.pop(network.name))
                raise
            naming.write_files(self, container)

    def disconnect(self, network: Network, container: Container) -> None:
        """Take away the interface that a container has in a network."""
        if network.name not in container.endpoints:
            raise Refused(f"container {container.id} is not connected to network {network.name}")
        if network.name == "host":
            raise Refused("container cannot be disconnected from host network or connected to host network")
        if container.way_out == network.name:
            self._withdraw(container)
        self._unplug(container.endpoints.pop(network.name))
        if container.running:
            self._route(container)
            naming.write_files(self, container)
