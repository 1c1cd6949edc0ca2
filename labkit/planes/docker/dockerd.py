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

from ...errors import BadInput, LabError
from ...lab import links
from ...lab.lab import Lab
from . import published
from .client import docker
from .container import IDLE, Container, Endpoint, Request, default_route, plug, unplug
from .network import DEFAULT_MTU, Network, Networks, Refused, long_id, write

#: A container's namespace is called after it, perhaps with a number behind.
LONGEST_NAME = 240


class Docker:
    """The engine of one machine. bip: docker0's address with its prefix length (by default the first free
    pool's first address); mtu: of both ends of each pair (1500); bridge: the interface's name. A Daemon:
    `options`, what dockerd is started with, are read at each start."""

    name, description = "docker", "Docker Application Container Engine"

    def __init__(self, lab: Lab, on: str = "host", *, bip: str | None = None, mtu: int | None = None, bridge: str = "docker0",
                 ip_masq: bool = True):  # fmt: skip
        if ("docker", on) in lab.daemons:
            raise LabError(f"there is already a Docker engine on {on!r}")
        self.lab, self.machine, self.host = lab, on, lab[on]
        self.containers: list[Container] = []
        self.log: list[str] = []
        self.networks = Networks(lab, on, self.log)
        self.options = {"bip": bip, "mtu": mtu or DEFAULT_MTU, "bridge": bridge, "ip_masq": ip_masq}
        self.running = False
        self.started: list[Callable[[], None]] = []  # who wants to hear that dockerd has started
        self._created = 0
        self.start()
        lab.daemons.add(self)
        lab.commands["docker"] = docker

    @property
    def command(self) -> str:
        given = [f"--{flag}={self.options[flag]}" for flag in ("bip", "mtu") if self.options[flag]]
        return " ".join(["/usr/bin/dockerd", *given])

    def start(self) -> None:
        """dockerd starts: its networks, then the containers whose restart policy says so."""
        if self.running:
            return
        try:
            self.networks.start(**self.options)
            write(self.lab, self.host, "sysctl -w net.ipv4.ip_forward=1")
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

    def run(self, name: str, image: str, *, network: str = "default", ip: str | None = None, command: Sequence[str] = IDLE,
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
        if why := request.conflict():
            raise Refused(why)
        number = self._created + 1
        name = name or f"container_{number}"
        if len(name) > LONGEST_NAME:
            raise Refused(f"The lab's containers have names of up to {LONGEST_NAME} characters")
        if same := next((c for c in self.containers if c.name == name), None):
            raise Refused(f'Conflict. The container name "/{name}" is already in use by container "{same.id}". '
                          "You have to remove (or rename) that container to be able to reuse that name.")  # fmt: skip
        self._created = number
        container = Container(name, long_id("container", self.machine, name, number), request, pid=1000 + number)
        if not request.shares:
            container.endpoints[request.first_network] = self._endpoint(container, request.first_network)
        self.containers.append(container)
        return container

    def _endpoint(self, container: Container, network: str, asked: IPv4Address | None = None) -> Endpoint:
        return Endpoint(network, long_id("endpoint", container.id, network), asked)

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
        if request.shares is not None:
            other = self.find(request.shares)
            if other is container:
                raise Refused("cannot join own network")
            if not other.running:
                raise Refused(f"cannot join network of a non running container: {other.id}")
            container.namespace = other.namespace
        elif request.network == "host":
            request.check_ip(user_subnet=False)
            container.namespace = self.host
        else:
            self._start_apart(container)
        container.namespace.pids.add(container.pid)
        container.status, container.exit_code = "running", 0

    def _start_apart(self, container: Container) -> None:
        """A namespace of its own, with an interface for each bridge network."""
        request = container.request
        request.check_ip(self.networks[request.first_network].user_subnet)
        label = self._free_label(request.namespace or container.name)
        container.namespace = self.lab.add_namespace(self.machine, label, named=False, role=request.role)
        container.devices, container.gateway = 0, None
        try:
            # lo up, and ping for everybody (moby oci_linux.go).
            write(self.lab, container.namespace, "ip link set dev lo up")
            write(self.lab, container.namespace, "sysctl -w {}", "net.ipv4.ping_group_range=0 2147483647")
            for endpoint in container.endpoints.values():
                self._plug(container, endpoint)
            self._publish(container)
        except BaseException:
            self._take_down(container)
            raise

    def _free_label(self, label: str) -> str:
        """The label itself, unless containers that shared the namespace before still live in it."""
        def taken(label: str) -> bool:
            found = (self.lab.namespaces.get(name) for name in (label, f"{self.machine}/{label}"))
            return any(ns and (ns.machine, ns.label) == (self.machine, label) and ns is not self.host for ns in found)

        return next(free for free in chain([label], (f"{label}.{number}" for number in count(2))) if not taken(free))

    def _plug(self, container: Container, endpoint: Endpoint) -> None:
        network, request = self.networks[endpoint.network], container.request
        if network.pool is None:
            return
        wanted = endpoint.asked
        if network.name == request.first_network:
            wanted = wanted or (request.ip if request.network != "default" else None) or request.pinned
            endpoint.mac = request.mac
        endpoint.address = network.pool.take(wanted) if wanted else network.pool.lowest()
        plug(self.lab, self.machine, container, endpoint, network)
        self._route(container)

    def _route(self, container: Container) -> None:
        """The default route goes through the network whose name sorts first (libnetwork: sandbox.go epHeap)."""
        reachable = sorted(e.network for e in container.endpoints.values() if e.uid and not self.networks[e.network].internal)
        gateway = self.networks[reachable[0]].gateway if reachable else None
        default_route(self.lab, container, gateway)

    def _publish(self, container: Container) -> None:
        """Open docker-proxy's sockets on the host for the ports asked for."""
        request = container.request
        first = container.endpoints.get(request.first_network)
        if first is None or first.address is None:
            return
        wanted, opened = list(request.bindings), []
        if request.publish_all:
            asked = {b.key for b in wanted}
            wanted += [b for key in request.exposed if key not in asked for b in published.parse(key)]
        held = (b for c in self.containers for b in c.bindings)
        try:
            for binding in published.publish(self.host, wanted, held, f"{container.name} ({first.id})"):
                opened.append(binding)
        finally:
            container.bindings = tuple(opened)

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
        for binding in container.bindings:
            self.host.listeners.discard(binding.socket)
        container.bindings = ()
        for endpoint in container.endpoints.values():
            self._unplug(endpoint)
        namespace = container.namespace
        namespace.pids.discard(container.pid)
        shared = any(c.namespace is namespace for c in self.containers if c is not container)
        if namespace is not self.host and not shared:
            links.destroy_namespace(self.lab, namespace)
        container.namespace = None

    def _unplug(self, endpoint: Endpoint) -> None:
        unplug(self.lab, endpoint)
        if endpoint.address is not None:
            self.networks[endpoint.network].pool.release(endpoint.address)
        endpoint.address, endpoint.mac = None, ""

    def remove(self, container: Container) -> None:
        """Forget a container that does not run."""
        if container in self.containers:
            self.containers.remove(container)

    def attached(self, network: Network) -> list[Container]:
        """The running containers in a network."""
        return [c for c in self.containers if c.running and network.name in c.endpoints]

    def remove_network(self, network: Network) -> None:
        if not network.predefined and self.attached(network):
            raise Refused(f"error while removing network: network {network.name} id {network.id} has active endpoints")
        self.networks.remove(network)

    def connect(self, network: Network, container: Container, ip: IPv4Address | None = None) -> None:
        """Give a container one more interface."""
        if container.request.shares is not None:
            raise Refused("container sharing network namespace with another container or host cannot be connected to any other network")
        if "host" in (network.name, container.request.network):
            raise Refused("container cannot be disconnected from host network or connected to host network")
        if "none" in (network.name, container.request.network):
            raise Refused("container cannot be connected to multiple networks with one of the networks in private (none) mode")
        if network.name in container.endpoints:
            raise Refused(f"endpoint with name {container.name} already exists in network {network.name}")
        replace(container.request, network=network.name, ip=ip).check_ip(network.user_subnet)
        endpoint = container.endpoints[network.name] = self._endpoint(container, network.name, ip)
        if container.running:
            try:
                self._plug(container, endpoint)
            except BaseException:
                self._unplug(container.endpoints.pop(network.name))
                raise

    def disconnect(self, network: Network, container: Container) -> None:
        """Take away the interface that a container has in a network."""
        if network.name not in container.endpoints:
            raise Refused(f"container {container.id} is not connected to network {network.name}")
        if network.name == "host":
            raise Refused("container cannot be disconnected from host network or connected to host network")
        self._unplug(container.endpoints.pop(network.name))
        self._route(container)

