"""A pod on its node: the sandbox, which is one network namespace, and the containers that share it.

They share the network (one address, one port space), the host name and what stands in /etc/hosts and /etc/resolv.conf; all other files
are each one's own. The pause container holds what is shared, so a container may end and come back without a change of address. The images
of the course: `lab/web` and `lab/db` answer at the ports of the variable PORTS (`8080,u5353`: u for UDP) with
`pod=NAME client=ADDRESS:PORT`; `lab/tools` sleeps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ...commands import filesystem
from ...errors import KernelError
from ...lab.lab import Lab
from ...lab.namespace import Files, Namespace
from ...lab.program import Listener, listen
from ...tables.values import Kept
from .. import go
from ..docker import images
from . import dns

#: What kubelet writes for a pod and mounts into each of its containers: one file, wherever it is written.
MOUNTED = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
#: Images whose program answers at the ports of PORTS, and where it is when nothing is said.
SERVING = {"lab/web": (80,), "lab/db": (3306,)}


@dataclass(slots=True, eq=False)
class Running(Kept):
    """A container. `state` is "running", "waiting" or "terminated", with a `reason`; `started` and `ended` are on the lab's clock.
    `files`: what it sees, but for the pod's first container, whose files are the namespace's; None before anybody looked."""

    name: str
    image: str
    pid: int
    environment: dict[str, str] = field(default_factory=dict)
    state: str = "waiting"
    reason: str = "ContainerCreating"
    exit_code: int = 0
    restarts: int = 0
    started: float = 0.0
    ended: float = 0.0
    ready: bool = True
    failed_before: bool = False
    sockets: tuple[Listener, ...] = ()
    log: str = ""
    files: Files | None = None

    def start(self, ns: Namespace, pod: str, now: float) -> None:
        """Its program opens its sockets; where one is taken it ends, and says so."""
        self.state, self.reason, self.exit_code, self.started = "running", "", 0, now
        wanted: list[Listener] = []
        try:
            wanted = sockets(self.image, self.environment, pod)
            for socket in wanted:
                listen(ns, socket)
                self.sockets += (socket,)
        except KernelError as error:
            self.log = f"listen {socket.proto}4 :{socket.port}: bind: {str(error).lower()}\n"
            self.end(ns, 1, now)
        except ValueError as error:
            self.log = f"{error}\n"
            self.end(ns, 1, now)
        else:
            shown = " ".join(str(socket.port) for socket in wanted if socket.proto == "tcp")
            self.log += f"serving {self.environment.get('NAME', pod)} [{shown}]\n" if wanted else ""
        ns.pids.add(self.pid)

    def end(self, ns: Namespace, exit_code: int, now: float) -> None:
        for socket in self.sockets:
            ns.listeners.discard(socket)
        ns.pids.discard(self.pid)
        self.sockets, self.state, self.exit_code, self.ended = (), "terminated", exit_code, now
        self.reason = "Completed" if exit_code == 0 else "Error"


@dataclass(slots=True, eq=False)
class Sandbox(Kept):
    """`id` is the pause container's; `namespace` is the node's own for a pod that asked for it (hostNetwork)."""

    id: str
    uid: str
    namespace: Namespace
    address: IPv4Address | None
    pid: int
    containers: list[Running] = field(default_factory=list)
    started: float = 0.0
    on_host: bool = False

    def container(self, name: str) -> Running | None:
        return next((one for one in self.containers if one.name == name), None)

    @contextmanager
    def mounted(self, lab: Lab, one: Running) -> Iterator[None]:
        """A container's own files in the place of the first one's, as long as something runs in it: each has a mount namespace of its own,
        in which kubelet's files (MOUNTED) are the pod's."""
        ns, pod = self.namespace, self.namespace.files
        if self.on_host or one is self.containers[0]:
            yield
            return
        ns.files = one.files
        mine = filesystem.of(lab, ns, to_write=True)
        mine.texts.update({path: pod.texts[path] for path in MOUNTED if path in pod.texts})
        try:
            yield
        finally:
            pod.texts.update({path: mine.texts[path] for path in MOUNTED if path in mine.texts})
            one.files, ns.files = mine, pod

    def unmount(self, one: Running) -> None:
        """A container that ended leaves nothing behind: it comes back with its image's files."""
        one.files = None
        if one is self.containers[0] and not self.on_host and self.namespace.files is not None:
            texts = self.namespace.files.texts
            self.namespace.files = Files({path: texts[path] for path in (*MOUNTED, filesystem.RT_TABLES_FILE) if path in texts})

    @property
    def ready(self) -> bool:
        return all(one.state == "running" and one.ready for one in self.containers)


def sockets(image: str, environment: dict[str, str], pod: str) -> list[Listener]:
    """What an image's program listens at; ValueError for ports that are none."""
    repository = images.repository(image)
    if repository.rpartition("/")[2] == dns.PROGRAM:
        return [Listener(proto, None, 53, dns.PROGRAM) for proto in ("tcp", "udp")]
    known = images.image_of(image)
    if repository not in SERVING and not known.program:
        return []
    ports: list[tuple[str, int]] = [("tcp", port) for port in SERVING.get(repository, known.ports)]
    if repository in SERVING and "PORTS" in environment:
        ports = [("udp" if word.startswith("u") else "tcp", go.unsigned(word.removeprefix("u")))
                 for word in environment["PORTS"].replace(",", " ").split()]  # fmt: skip
    if bad := [port for _, port in ports if not 0 < port < 65536]:
        raise ValueError(f"{bad[0]}: no port")
    says = f"pod={environment.get('NAME', pod)} client={{client}}:{{port}}\n" if repository in SERVING or known.answers else ""
    return [Listener(proto, None, port, "echod" if repository in SERVING else known.program, says) for proto, port in ports]


def environment(pod: dict, container: dict, services: list[dict]) -> dict[str, str]:
    """A container's variables: its host name, the Services that are there when it starts, of its namespace and `kubernetes`, and its own
    (kubernetes: pkg/kubelet/envvars/envvars.go)."""
    found = {"HOSTNAME": pod["metadata"]["name"]}
    for service in services:
        spec, meta = service["spec"], service["metadata"]
        own = meta["namespace"] == pod["metadata"]["namespace"] or (meta["namespace"], meta["name"]) == ("default", "kubernetes")
        address = spec.get("clusterIP") or "None"
        if not own or address == "None":
            continue
        name, ports = meta["name"].upper().replace("-", "_"), spec["ports"]
        found |= {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0]["port"])}
        found |= {f"{name}_SERVICE_PORT_{p['name'].upper().replace('-', '_')}": str(p["port"]) for p in ports if p.get("name")}
        for at, port in enumerate(ports):
            proto, number = port.get("protocol", "TCP"), port["port"]
            url = f"{proto.lower()}://{address}:{number}"
            found |= {f"{name}_PORT": url} if at == 0 else {}
            head = f"{name}_PORT_{number}_{proto}"
            found |= {head: url, f"{head}_PROTO": proto.lower(), f"{head}_PORT": str(number), f"{head}_ADDR": address}
    return found | {one["name"]: one.get("value", "") for one in container.get("env", [])}
