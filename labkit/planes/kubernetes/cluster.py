"""A cluster: which nodes there are, which pods run on them, and the kubelet of each node. Names as the kubelet gives them to Docker.

kubelet: the infra container is called POD, hence `grep -v POD` in the source notes.
"""

from dataclasses import dataclass, replace
from uuid import NAMESPACE_DNS, uuid5

from ...errors import LabError
from ...lab.lab import Lab
from .kubectl import kubectl

PAUSE = "gcr.io/google_containers/pause:2.0"
#: Seconds after which a node that says nothing is NotReady (kube-controller-manager --node-monitor-grace-period).
GRACE = 40.0


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with an engine that runs pods; `since` is on the lab's clock, before 0 for the past."""

    name: str
    engine: object
    address: str
    since: float
    kubelet: "Kubelet"


class Kubelet:
    """It has the node's Docker run the pods, and tells the API server that the node is alive. A Daemon; pods go on without it,
    but nobody brings back what ends."""

    name, description = "kubelet", "Kubernetes Kubelet Server"

    def __init__(self, lab: Lab, engine, cluster):
        self.lab, self.machine, self.engine, self.cluster = lab, engine.machine, engine, cluster
        self.command = f"/usr/bin/kubelet --hostname-override={self.machine}"
        self.running, self.silent_since = True, 0.0
        self.log: list[str] = []
        engine.started.append(self.sync)
        lab.daemons.add(self)

    def start(self) -> None:
        self.running = True
        self.sync()

    def stop(self) -> None:
        if self.running:
            self.running, self.silent_since = False, self.lab.now

    @property
    def ready(self) -> bool:
        """What the API server thinks of the node."""
        return self.running or self.lab.now - self.silent_since < GRACE

    def sync(self) -> None:
        """A pod whose pause container is gone, as after a restart of Docker, gets new containers, and so another address."""
        if self.running and self.engine.running:
            for pod in [pod for pod in self.cluster.pods if pod.node.name == self.machine and not pod.pause.running]:
                self.cluster.restart(pod)


@dataclass(frozen=True, slots=True)
class Pod:
    """`pause` and `containers` are the engine's; the pod's network namespace in the lab is called `name`."""

    name: str
    namespace: str
    node: Node
    pause: object
    containers: tuple
    since: float
    restarts: int = 0

    @property
    def ip(self) -> str:
        return str(self.pause.ip or "<none>")

    @property
    def ready(self) -> int:
        return sum(container.running for container in self.containers)


class Cluster:
    """The API server's view, on the machine `master`, where from then on `kubectl` works. A Daemon."""

    name, description = "kube-apiserver", "Kubernetes API Server"
    command = "/usr/bin/kube-apiserver --insecure-bind-address=127.0.0.1"

    def __init__(self, lab: Lab, master: str):
        self.lab, self.machine = lab, lab[master].name
        self.running = True
        self.log: list[str] = []
        self.nodes: dict[str, Node] = {}
        self.pods: list[Pod] = []
        lab.daemons.add(self)
        lab.commands["kubectl"] = kubectl

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        """kubectl finds nobody; the pods know nothing of it."""
        self.running = False

    def join(self, engine, address: str, age: float = 0.0) -> Node:
        """A Docker engine's machine becomes a node; `age` in seconds."""
        node = Node(engine.machine, engine, address, self.lab.now - age, Kubelet(self.lab, engine, self))
        self.nodes[node.name] = node
        return node

    def run(self, name: str, *, node: str, image: str, namespace: str = "default", ip: str | None = None, age: float = 0.0) -> Pod:
        """A pod of one container. `ip` pins the address the engine would have counted up to."""
        if node not in self.nodes:
            raise LabError(f"there is no node {node!r} in the cluster; there are: {', '.join(self.nodes)}")
        if self.find(namespace, name) is not None:
            raise LabError(f'pods "{name}" already exists in namespace {namespace}: choose another name')
        pause, container = _containers(self.nodes[node].engine, name, namespace, image, ip=ip)
        pod = Pod(name, namespace, self.nodes[node], pause, (container,), self.lab.now - age)
        self.pods.append(pod)
        return pod

    def restart(self, pod: Pod) -> None:
        """New containers for a pod; the old ones stay, exited."""
        attempt, place = pod.restarts + 1, self.pods.index(pod)
        pause, container = _containers(pod.node.engine, pod.name, pod.namespace, pod.containers[0].image, attempt)
        self.pods[place] = replace(pod, pause=pause, containers=(container,), restarts=attempt)

    def delete(self, pod: Pod) -> None:
        """Its containers stop, the pause container last, and with it goes the namespace."""
        for container in (*pod.containers, pod.pause):
            pod.node.engine.stop_container(container)
            pod.node.engine.remove(container)
        self.pods.remove(pod)

    def find(self, namespace: str, name: str) -> Pod | None:
        return next((pod for pod in self.pods if (pod.namespace, pod.name) == (namespace, name)), None)


def _containers(engine, name: str, namespace: str, image: str, attempt: int = 0, ip: str | None = None) -> tuple:
    """The pause container, which has the namespace and the address, and the pod's own."""
    tail = f"{name}_{namespace}_{uuid5(NAMESPACE_DNS, f'{namespace}/{name}')}_{attempt}"
    pause = engine.run(f"k8s_POD_{tail}", PAUSE, ip=ip, namespace=name, role="pod", command=("/pause",))
    own = image.rpartition("/")[2].partition(":")[0]
    return pause, engine.run(f"k8s_{own}_{tail}", image, network=f"container:{pause.id}")
