"""Published ports: the words behind -p, who may have which host port, and how `docker ps` shows them.

A published port is a line in the NAT table (firewall.py) and a socket of docker-proxy on the host, for whom no rule translates: what
arrives there is taken up by a program, which opens a connection of its own. Grammar: go-connections nat.ParsePortSpec.
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
from .release import said

ANY = IPv4Address("0.0.0.0")
PROTOCOLS = ("tcp", "udp", "sctp")
#: Host ports nobody chose: the kernel's ip_local_port_range, from its start.
AUTOMATIC = range(32768, 61000)


@dataclass(frozen=True, slots=True)
class Binding(Value):
    """A container's port on a host address; `host_ports` is what may be chosen from, `host_port` what was; `six`: nobody named the
    address, so it is published on [::] as well; `routed`: its network is, so that on IPv4 nothing of the host stands for it."""

    port: int
    proto: str = "tcp"
    host_ip: IPv4Address | None = None
    host_ports: range = AUTOMATIC
    host_port: int = 0
    six: bool = False
    routed: bool = False

    @property
    def key(self) -> str:
        """"80/tcp", as Docker writes a container's port."""
        return f"{self.port}/{self.proto}"

    def sockets(self, to: IPv4Address | None, owner: str = "docker-proxy") -> list[Listener]:
        """What is opened on the host: by docker-proxy, to speak with the container at `to`; without it by dockerd, to hold the port."""
        there = (to, self.port) if to is not None and owner == "docker-proxy" else None
        four = Listener(self.proto, self.host_ip if self.host_ip != ANY else None, self.host_port, owner, to=there)
        found = [] if self.routed else [four]
        return found + [Listener(f"{self.proto}6", None, self.host_port, owner)] if self.six and owner == "docker-proxy" else found

    @property
    def ends(self) -> list[tuple[str, str]]:
        """The host's addresses and ports as inspect tells them."""
        port = str(self.host_port)
        return [(str(self.host_ip), "" if self.routed else port)] + [("::", port)] * self.six


def parse(spec: str, version: str) -> list[Binding]:
    """The bindings of one -p: [[IP:][HOSTPORT[-HOSTPORT]]:]PORT[-PORT][/PROTOCOL]."""
    front, _, container = spec.rpartition(":")
    ip, _, host = front.rpartition(":")
    container, _, proto = container.partition("/")
    ip = ip.strip("[]")
    try:
        host_ip = IPv4Address(ip) if ip else None
    except ValueError:
        raise BadInput(said(version, "address", text=ip)) from None
    if not container:
        raise BadInput(said(version, "no port", text=spec))
    ports = _range(container, "container port", version)
    hosts = _range(host, "host port", version) if host else None
    if hosts and len(hosts) != len(ports) and len(ports) > 1:
        raise BadInput(said(version, "ranges", inner=container, outer=host))
    proto = (proto or "tcp").lower()
    if proto not in PROTOCOLS:
        raise BadInput(said(version, "proto", text=proto))
    if hosts is None:
        return [Binding(port, proto, host_ip) for port in ports]
    if len(ports) == 1:
        return [Binding(ports[0], proto, host_ip, hosts)]
    return [Binding(port, proto, host_ip, range(h, h + 1)) for port, h in zip(ports, hosts, strict=True)]


def exposed(spec: str, version: str) -> list[str]:
    """The "PORT/PROTOCOL" keys of one --expose."""
    if ":" in spec:
        raise BadInput(f"invalid port format for --expose: {spec}")
    port, _, proto = spec.partition("/")
    try:
        return [f"{number}/{proto or 'tcp'}" for number in _range(port, "container port", version)]
    except BadInput as error:
        raise BadInput(f"invalid range format for --expose: {spec}, error: {error}") from None


def _range(text: str, what: str, version: str) -> range:
    first, dash, last = text.partition("-")
    numbers = [first, last if dash else first]
    try:
        first, last = map(go.integer, numbers)
    except ValueError:
        first, last = 0, -1
    if not 0 <= first <= last < 65536 or not text[0].isdigit():
        raise BadInput(said(version, what, text=f"{text:.80}"))
    return range(first, last + 1)


def in_order(wanted: Iterable[Binding], version: str) -> list[Binding]:
    """The order in which ports are published (20.10: go-connections nat.SortPortMap; 29: portmapperapi PortBindingReq.Compare)."""
    def place(binding: Binding) -> tuple:
        exact = len(binding.host_ports) == 1
        first = binding.host_ports[0] if binding.host_ports is not AUTOMATIC else 0
        if version == "20.10":
            return -binding.port, binding.proto != "tcp", -first
        return not exact, binding.port, PROTOCOLS.index(binding.proto), first, int(binding.host_ip or ANY)

    return sorted(wanted, key=place)


def publish(
    host: Namespace, wanted: Iterable[Binding], held: Iterable[Binding], endpoint: str, version: str, to: IPv4Address, owner: str,
    routed: bool,
) -> Iterator[Binding]:
    """The bindings of one container with their host ports, each of which somebody holds open on the host then; or the engine's refusal.

    Two checks, as Docker has them: its own list (`held`), where 20.10 knows each host address by itself, 29 also that 0.0.0.0 is all of
    them; then the socket, which the kernel may refuse (both observed).
    """
    failed = f"driver failed programming external connectivity on endpoint {endpoint}: "
    taken: defaultdict[tuple[str, IPv4Address], set[int]] = defaultdict(set)
    rest: dict[tuple[str, IPv4Address, range], Iterator[int]] = {}
    for binding in held:
        taken[binding.proto, binding.host_ip].add(binding.host_port)

    def is_free(proto: str, ip: IPv4Address, port: int) -> bool:
        if version == "20.10":
            return port not in taken[proto, ip]
        return not any(port in ports for (one, at), ports in taken.items() if one == proto and (ANY in (ip, at) or at == ip))

    for binding in wanted:
        ip, choice, proto = binding.host_ip or ANY, binding.host_ports, binding.proto
        ports = rest.setdefault((proto, ip, choice), iter(choice))
        free = next((port for port in ports if is_free(proto, ip, port)), None)
        if free is None:
            at = ip if version == "20.10" or is_free(proto, ANY, choice[0]) else ANY
            why = "all ports are allocated" if len(choice) > 1 else f"Bind for {at}:{choice[0]} failed: port is already allocated"
            raise Refused(failed + why)
        chosen = replace(binding, host_ip=ip, host_port=free, six=binding.host_ip is None, routed=routed)
        sockets = chosen.sockets(to, owner)
        if code := next(filter(None, (refusal(host, socket) for socket in sockets)), 0):
            why = strerror(code)
            raise Refused(failed + said(version, "proxy", proto=proto, ip=ip, port=free, why=why[0].lower() + why[1:]))
        taken[proto, ip].add(free)
        for socket in sockets:
            host.listeners.add(socket)
        yield chosen


def shown(bindings: Iterable[Binding], also: Iterable[str] = (), six: str = "[::]") -> str:
    """The PORTS of `docker ps` (docker/cli: formatter.DisplayablePorts): runs of equal ports in one. `six` is how [::] is written."""
    bindings = [*bindings]
    published = {b.key for b in bindings}
    rows = [(b.port, b.proto, place, (ip if ip != "::" else six) * bool(port), int(port or 0))
            for b in bindings for place, (ip, port) in enumerate(b.ends)]  # fmt: skip
    rows += [(int(key.partition("/")[0]), key.partition("/")[2], 0, "", 0) for key in also if key not in published]
    runs: dict[tuple[int, str, str], list[list[int]]] = {}
    mapped = []
    for port, proto, place, ip, host_port in sorted(rows):
        if ip and host_port != port:
            mapped.append(f"{ip}:{host_port}->{port}/{proto}")
            continue
        same = runs.setdefault((place, ip, proto), [])
        if same and same[-1][1] + 1 == port:
            same[-1][1] = port
        else:
            same.append([port, port])
    alone = [(ip, proto, f"{a}-{b}" if a < b else f"{a}") for (_, ip, proto), same in runs.items() for a, b in same]
    return ", ".join([f"{ip}:{n}->{n}/{proto}" if ip else f"{n}/{proto}" for ip, proto, n in alone] + mapped)
