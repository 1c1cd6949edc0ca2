"""A container as the engine remembers it, running or not, and its ends in networks."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ...lab.namespace import Namespace
from ...tables.values import Kept, Value
from .ports import Binding

#: What a container runs when nothing else is said; a real image brings a command of its own.
IDLE = ("sleep", "infinity")


@dataclass(frozen=True, slots=True)
class Request(Value):
    """What `docker run` asked for. `network` is the word behind --network; "default" when there was none.

    `ip` is the word behind --ip, which Docker allows in some networks only; `pinned` is an address the
    engine gives whatever the network: it stands for all the containers that came and went before.
    """

    image: str
    command: tuple[str, ...] = IDLE
    network: str = "default"
    ip: IPv4Address | None = None
    pinned: IPv4Address | None = None
    mac: str = ""
    hostname: str = ""
    bindings: tuple[Binding, ...] = ()
    publish_all: bool = False
    exposed: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
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


@dataclass(slots=True)
class Endpoint(Kept):
    """One end of a container in one network: while it runs, a veth pair and an address.

    `asked` is an address asked for with `docker network connect --ip`; `uid` is the lab's number of the
    host's end.
    """

    network: str
    id: str = ""
    asked: IPv4Address | None = None
    address: IPv4Address | None = None
    mac: str = ""
    device: str = ""
    uid: int | None = None


@dataclass(slots=True)
class Container(Kept):
    """`status` is "created", "running" or "exited". `namespace` is the network namespace it runs in,
    None while it does not; its name is `namespace.name`. `devices` counts the interfaces it was given,
    `gateway` is where Docker pointed its default route; `interrupted`: the daemon's end was its end."""

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
    gateway: IPv4Address | None = None
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
