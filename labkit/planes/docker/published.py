"""Published ports: the words behind -p, who may have which host port, and how `docker ps` shows them.

A published port is a socket of docker-proxy on the host, and a line in the NAT table; the lab writes
the socket only (see this package's first words). Grammar: go-connections nat.ParsePortSpec.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from ...errors import BadInput, strerror
from ...lab.namespace import Namespace
from ...lab.program import Listener, refusal
from ...tables.values import Value
from .. import go
from .network import Refused

ANY = IPv4Address("0.0.0.0")
PROTOCOLS = ("tcp", "udp", "sctp")
#: Host ports nobody chose: the kernel's ip_local_port_range, from its start.
AUTOMATIC = range(32768, 61000)


@dataclass(frozen=True, slots=True)
class Binding(Value):
    """A container's port on a host address; `host_ports` is what may be chosen from, `host_port` what was."""

    port: int
    proto: str = "tcp"
    host_ip: IPv4Address | None = None
    host_ports: range = AUTOMATIC
    host_port: int = 0

    @property
    def key(self) -> str:
        """"80/tcp", as Docker writes a container's port."""
        return f"{self.port}/{self.proto}"

    @property
    def socket(self) -> Listener:
        """What docker-proxy opens."""
        return Listener(self.proto, self.host_ip if self.host_ip != ANY else None, self.host_port, "docker-proxy")


def parse(spec: str) -> list[Binding]:
    """The bindings of one -p: [[IP:][HOSTPORT[-HOSTPORT]]:]PORT[-PORT][/PROTOCOL]."""
    front, _, container = spec.rpartition(":")
    ip, _, host = front.rpartition(":")
    container, _, proto = container.partition("/")
    ip = ip.strip("[]")
    try:
        host_ip = IPv4Address(ip) if ip else None
    except ValueError:
        raise BadInput(f"Invalid ip address: {ip}") from None
    if not container:
        raise BadInput(f"No port specified: {spec}<empty>")
    ports = _range(container, "containerPort")
    hosts = _range(host, "hostPort") if host else None
    if hosts and len(hosts) != len(ports) and len(ports) > 1:
        raise BadInput(f"Invalid ranges specified for container and host Ports: {container} and {host}")
    proto = (proto or "tcp").lower()
    if proto not in PROTOCOLS:
        raise BadInput(f"Invalid proto: {proto}")
    if hosts is None:
        return [Binding(port, proto, host_ip) for port in ports]
    if len(ports) == 1:
        return [Binding(ports[0], proto, host_ip, hosts)]
    return [Binding(port, proto, host_ip, range(h, h + 1)) for port, h in zip(ports, hosts, strict=True)]


def exposed(spec: str) -> list[str]:
    """The "PORT/PROTOCOL" keys of one --expose."""
    if ":" in spec:
        raise BadInput(f"invalid port format for --expose: {spec}")
    port, _, proto = spec.partition("/")
    try:
        return [f"{number}/{proto or 'tcp'}" for number in _range(port, "containerPort")]
    except BadInput as error:
        raise BadInput(f"invalid range format for --expose: {spec}, error: {error}") from None


def _range(text: str, what: str) -> range:
    first, dash, last = text.partition("-")
    numbers = [first, last if dash else first]
    try:
        first, last = map(go.integer, numbers)
    except ValueError:
        first, last = 0, -1
    if not 0 <= first <= last < 65536 or not text[0].isdigit():
        raise BadInput(f"Invalid {what}: {text:.80}")
    return range(first, last + 1)


def publish(host: Namespace, wanted: Iterable[Binding], held: Iterable[Binding], endpoint: str) -> Iterator[Binding]:
    """The bindings of one container with their host ports, at each of which docker-proxy listens then; or the engine's refusal.

    Two checks, as Docker has them: its own list (`held`), which knows each host address by itself, then the
    socket of docker-proxy, which the kernel may refuse (observed on 20.10).
    """
    failed = f"driver failed programming external connectivity on endpoint {endpoint}: "
    taken: defaultdict[tuple[str, IPv4Address], set[int]] = defaultdict(set)
    rest: dict[tuple[str, IPv4Address, range], Iterator[int]] = {}
    for binding in held:
        taken[binding.proto, binding.host_ip].add(binding.host_port)
    for binding in wanted:
        ip, choice = binding.host_ip or ANY, binding.host_ports
        ports = rest.setdefault((binding.proto, ip, choice), iter(choice))
        free = next((port for port in ports if port not in taken[binding.proto, ip]), None)
        if free is None:
            why = "all ports are allocated" if len(choice) > 1 else f"Bind for {ip}:{choice[0]} failed: port is already allocated"
            raise Refused(failed + why)
        chosen = replace(binding, host_ip=ip, host_port=free)
        if code := refusal(host, chosen.socket):
            why = strerror(code)
            raise Refused(f"{failed}Error starting userland proxy: listen {chosen.proto}4 {ip}:{free}: bind: {why[0].lower()}{why[1:]}")
        taken[binding.proto, ip].add(free)
        host.listeners.add(chosen.socket)
        yield chosen


def shown(bindings: Iterable[Binding], also: Iterable[str] = ()) -> str:
    """The PORTS of `docker ps` (docker/cli: formatter.DisplayablePorts): runs of equal ports in one."""
    published = {b.key for b in bindings}
    rows = [(b.port, f"{b.host_ip}", b.host_port, b.proto) for b in bindings]
    rows += [(int(key.partition("/")[0]), "", 0, key.partition("/")[2]) for key in also if key not in published]
    runs: dict[tuple[str, str], list[list[int]]] = {}
    mapped = []
    for port, ip, host_port, proto in sorted(rows):
        if ip and host_port != port:
            mapped.append(f"{ip}:{host_port}->{port}/{proto}")
            continue
        same = runs.setdefault((ip, proto), [])
        if same and same[-1][1] + 1 == port:
            same[-1][1] = port
        else:
            same.append([port, port])
    alone = [(ip, proto, f"{a}-{b}" if a < b else f"{a}") for (ip, proto), same in runs.items() for a, b in same]
    return ", ".join([f"{ip}:{n}->{n}/{proto}" if ip else f"{n}/{proto}" for ip, proto, n in alone] + mapped)
