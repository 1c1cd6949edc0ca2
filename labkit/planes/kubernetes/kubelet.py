"""The kubelet of a cluster of today: it runs the pods of its node, and tells the API server of the node and of them.

A pod's network namespace in the lab is called like the pod; where something else is called so already, NAME.NAMESPACE (with a number
behind, as long as an earlier one is still there). Pods of one change start at the same time, and whose network is ready first is chance:
the lab's goes by names, with a SEED that lets the recorded clusters come out as recorded. A container that fails is started again at once,
then after 10, 20, 40 … seconds (CrashLoopBackOff). kubernetes: pkg/kubelet (1.32); the words are those of the recordings.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from itertools import chain, count

from ...commands import filesystem
from ...commands.result import Context
from ...commands.shell import run_argv
from ...lab import links
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ...lab.program import Listener, listen
from ...trace.engine import Net, handles
from ...trace.transport import listening
from .. import writing
from ..docker.images import repository
from ..flannel.node import networks, subnet_env
from . import kubelet_rules, pod_status, portmap
from .api import Api
from .cni import Cni, CniError, digest
from .node_status import node
from .sandbox import MOUNTED, Running, Sandbox, environment

#: Seconds until a pod without a network is tried again; between two tries of a container that fails, to begin with and at most.
AGAIN, BACKOFF, LONGEST = 15.0, 10.0, 300.0
#: Seconds after which a node that says nothing is NotReady (kube-controller-manager --node-monitor-grace-period).
GRACE = 40.0
#: What image an imagePullPolicy of Never finds on a node.
PULLED = ("lab/web:1", "lab/web:2", "lab/db:1", "lab/tools:1")

SEED = 6265

Key = tuple[str, str]


class Kubelet:
    """The daemon of one node. A Daemon. `pods`: what runs here, by (namespace, name); `events`: what happened to pods, oldest first, as
    (time, pod, type, reason, message)."""

    name, description = "kubelet", "Kubernetes Kubelet Server"
    command = "/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml"

    def __init__(self, lab: Lab, machine: str, api: Api, address: IPv4Address, dns: IPv4Address, labels: dict[str, str] | None = None):
        self.lab, self.machine, self.api, self.address, self.dns = lab, machine, api, address, dns
        self.labels = labels or {}
        self.cni = Cni(lab, machine)
        self.running = False
        self.log: list[str] = []
        self.pods: dict[Key, Sandbox] = {}
        self.waiting: set[Key] = set()  # pods that have no network yet
        self.heard: dict[Key, None] = {}
        self.events: list[tuple[float, Key, str, str, str]] = []
        self.silent_since = 0.0
        self._processes = 1000
        api.runtimes[machine] = self
        api.watchers.append(self.hear)
        api.settlers.append(self.settle)
        lab.daemons.add(self)

    def start(self) -> None:
        """Its rules, its sockets, its Node; then the pods."""
        if self.running:
            return
        self.running = True
        host = self.lab[self.machine]
        kubelet_rules.write(self.lab, host)
        for socket in (Listener("tcp", IPv4Address("127.0.0.1"), 10248, "kubelet"), Listener("tcp", None, 10250, "kubelet")):
            if socket not in host.listeners:
                listen(host, socket)
        with self.api.changing():
            self.api.put(node(self.api.get("Node", self.machine), self.machine, self.address, self.labels, self.lab.now))
            for pod in self.api.list("Pod"):
                self.hear("MODIFIED", pod)

    def stop(self) -> None:
        """Pods go on; nobody starts one, or tells of one. After a while the controller-manager takes the node for lost."""
        if self.running:
            self.running, self.silent_since = False, self.lab.now
            for port in (10248, 10250):
                for socket in self.lab[self.machine].listeners.at("tcp", port):
                    self.lab[self.machine].listeners.discard(socket)
            self.lab.post("kubelet_lost", self, self.silent_since, after=GRACE)

    # --- pods ---------------------------------------------------------------------------------------

    def hear(self, verb: str, one: dict) -> None:
        if one["kind"] == "Pod" and one["spec"].get("nodeName") == self.machine:
            self.heard[one["metadata"]["namespace"], one["metadata"]["name"]] = None

    def settle(self) -> bool:
        if not self.running or not self.heard:
            return False
        heard, self.heard = self.heard, {}
        return any([self._see(key) for key in sorted(heard, key=lambda key: digest(SEED, *key))])

    def _see(self, key: Key) -> bool:
        """What the API says of a pod, against what runs here; whether something was to be done."""
        pod, sandbox = self.api.get("Pod", key[1], key[0]), self.pods.get(key)
        gone = pod is None or sandbox is not None and sandbox.uid != pod["metadata"]["uid"]
        if sandbox is not None and gone:
            self._end(key, sandbox)
        if pod is None:
            self.waiting.discard(key)
        elif key not in self.pods and key not in self.waiting and pod["spec"].get("nodeName") == self.machine:
            self._begin(key, pod)
        else:
            return gone
        return True

    def _begin(self, key: Key, pod: dict) -> None:
        """The sandbox and its network, then the containers in order."""
        on_host = bool(pod["spec"].get("hostNetwork"))
        sandbox_id = digest("sandbox", self.machine, pod["metadata"]["uid"], self._processes)
        ns = self.lab[self.machine] if on_host else self._namespace(key)
        address = self.address if on_host else None
        try:
            if not on_host:
                writing.run(self.lab, ns, "kubelet", "ip link set lo up")
                address = self.cni.add(sandbox_id, ns)
                if ports := portmap.host_ports(pod):
                    subnet = networks(subnet_env(self.lab, self.machine))[0]
                    portmap.add(self.lab, self.machine, sandbox_id, address, subnet, ports)
        except CniError as error:
            links.destroy_namespace(self.lab, ns)
            self._no_network(key, pod, f'failed to setup network for sandbox "{sandbox_id}": {error}')
            return
        self.waiting.discard(key)
        uid = pod["metadata"]["uid"]
        sandbox = self.pods[key] = Sandbox(sandbox_id, uid, ns, address, self._pid(), started=self.lab.now, on_host=on_host)
        ns.pids.add(sandbox.pid)
        if not on_host:
            self._write_files(pod, sandbox)
        services = self.api.list("Service")
        for spec in pod["spec"]["containers"]:
            one = Running(spec["name"], spec["image"], self._pid(), environment(pod, spec, services))
            one.ready = "readinessProbe" not in spec
            sandbox.containers.append(one)
            if spec.get("imagePullPolicy") == "Never" and repository(spec["image"]).startswith("lab/") and spec["image"] not in PULLED:
                one.reason = "ErrImageNeverPull"
                words = f'Container image "{spec["image"]}" is not present with pull policy of Never'
                for _ in range(2):  # it looks once more at once
                    self._tell(key, "Warning", "ErrImageNeverPull", words)
                    self._tell(key, "Warning", "Failed", "Error: ErrImageNeverPull")
                continue
            self._run(key, one)
            if one.state == "terminated":
                one.restarts += 1
                self._run(key, one)
                words = f"Back-off restarting failed container {one.name} in pod {key[1]}_{key[0]}({sandbox.uid})"
                self._tell(key, "Warning", "BackOff", words)
                self.lab.post("kubelet_backoff", self, key, sandbox.id, one.name, BACKOFF, after=BACKOFF)
            if "readinessProbe" in spec:
                self.lab.post("kubelet_probe", self, key, sandbox.id, one.name)
        self._probe_all(key, pod, sandbox)
        self.tell_status(key)

    def _run(self, key: Key, one: Running) -> None:
        for reason, words in (("Pulled", f'Container image "{one.image}" already present on machine'),
                              ("Created", f"Created container: {one.name}"), ("Started", f"Started container {one.name}")):  # fmt: skip
            self._tell(key, "Normal", reason, words)
        one.start(self.pods[key].namespace, key[1], self.lab.now)

    def _no_network(self, key: Key, pod: dict, words: str) -> None:
        self.log.append(words)
        self._tell(key, "Warning", "FailedCreatePodSandBox", f"Failed to create pod sandbox: rpc error: code = Unknown desc = {words}")
        self.waiting.add(key)
        self.api.put(pod | {"status": pod_status.of(pod, str(self.address), None, self.lab.now)})
        self.lab.post("kubelet_again", self, key, after=AGAIN)

    def _end(self, key: Key, sandbox: Sandbox) -> None:
        """The containers end, the pause container last, and with it the namespace."""
        for one in sandbox.containers:
            if one.state == "running":
                one.end(sandbox.namespace, 137, self.lab.now)
        del self.pods[key]
        self.events = [event for event in self.events if event[1] != key]
        sandbox.namespace.pids.discard(sandbox.pid)
        if not sandbox.on_host:
            portmap.remove(self.lab, self.machine, sandbox.id)
            self.cni.remove(sandbox.id, sandbox.namespace)
            links.destroy_namespace(self.lab, sandbox.namespace)

    def restart(self, key: Key, name: str, exit_code: int = 137) -> None:
        """A container ends, and comes back: the address stays."""
        sandbox = self.pods[key]
        one = sandbox.container(name)
        one.end(sandbox.namespace, exit_code, self.lab.now)
        one.restarts += 1
        sandbox.unmount(one)
        self._run(key, one)
        self.tell_status(key)

    @contextmanager
    def inside(self, pod: dict, container: str) -> Iterator[Namespace | None]:
        """Where a container's commands run, its own files in place of its neighbours'; None when it does not run."""
        sandbox = self.pods.get((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        one = sandbox.container(container) if sandbox is not None else None
        if one is None or one.state != "running":
            yield None
            return
        with sandbox.mounted(self.lab, one):
            yield sandbox.namespace

    def variables(self, pod: dict, container: str) -> dict[str, str]:
        """What its commands see of the environment."""
        sandbox = self.pods.get((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        one = sandbox.container(container) if sandbox is not None else None
        return {"PATH": "/bin", **(one.environment if one is not None else {}), "HOME": "/root"}

    def said(self, pod: dict, container: str) -> str:
        """What a container printed."""
        sandbox = self.pods.get((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        one = sandbox.container(container) if sandbox is not None else None
        return one.log if one is not None else ""

    def tell_status(self, key: Key) -> None:
        pod = self.api.get("Pod", key[1], key[0])
        if pod is not None and self.running:
            self.api.put(pod | {"status": pod_status.of(pod, str(self.address), self.pods.get(key), self.lab.now)})

    def _probe_all(self, key: Key, pod: dict, sandbox: Sandbox) -> None:
        for spec in pod["spec"]["containers"]:
            if "readinessProbe" in spec:
                self.probe(key, spec["name"])

    def probe(self, key: Key, name: str) -> bool:
        """Ask whether a container is ready; whether that has changed."""
        pod, sandbox = self.api.get("Pod", key[1], key[0]), self.pods[key]
        spec = next(one for one in pod["spec"]["containers"] if one["name"] == name)
        one, asked = sandbox.container(name), spec["readinessProbe"]
        if "exec" in asked:
            with sandbox.mounted(self.lab, one):
                ready = run_argv(Context(self.lab, sandbox.namespace), list(asked["exec"]["command"])).returncode == 0
        else:
            where = asked.get("httpGet") or asked.get("tcpSocket") or {}
            named = {p["name"]: p["containerPort"] for p in spec.get("ports", []) if p.get("name")}
            port = named.get(where.get("port"), where.get("port"))
            ready = isinstance(port, int) and listening(sandbox.namespace, "tcp", sandbox.address, port) is not None
        ready = ready and one.state == "running"
        changed, one.ready = one.ready is not ready, ready
        return changed

    # --- parts --------------------------------------------------------------------------------------

    def _namespace(self, key: Key) -> Namespace:
        namespace, name = key
        label = next(free for free in chain([name, f"{name}.{namespace}"], (f"{name}.{namespace}.{n}" for n in count(2)))
                     if free not in self.lab.namespaces)  # fmt: skip
        return self.lab.add_namespace(self.machine, label, named=False, role="pod")

    def _pid(self) -> int:
        self._processes += 1
        return self._processes

    def _write_files(self, pod: dict, sandbox: Sandbox) -> None:
        """/etc/hosts, /etc/hostname and /etc/resolv.conf, which all containers of the pod see."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        name = pod["spec"].get("hostname", name)
        lines = ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
                 "fe00::0\tip6-localnet", "fe00::0\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters",
                 f"{sandbox.address}\t{name}"]  # fmt: skip
        node_text = filesystem.read(self.lab, self.lab[self.machine], "/etc/resolv.conf")
        search = [word for line in node_text.splitlines() if line.startswith("search ") for word in line.split()[1:]]
        domains = " ".join([f"{namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local", *search])
        resolv = f"search {domains}\nnameserver {self.dns}\noptions ndots:5\n"
        if pod["spec"].get("dnsPolicy") == "Default":
            resolv = node_text
        for path, text in zip(MOUNTED, ("".join(f"{line}\n" for line in lines), f"{name}\n", resolv), strict=True):
            filesystem.write(self.lab, sandbox.namespace, path, text)

    def _tell(self, key: Key, kind: str, reason: str, words: str) -> None:
        self.events.append((self.lab.now, key, kind, reason, words))

    def holds(self, key: Key, sandbox_id: str) -> Sandbox | None:
        """The sandbox of that id, if it still is a pod's."""
        found = self.pods.get(key)
        return found if found is not None and found.id == sandbox_id else None


@handles("kubelet_again")
def kubelet_again(net: Net, kubelet: Kubelet, key: Key) -> None:
    """A pod without a network is tried again."""
    if key in kubelet.waiting and key not in kubelet.pods:
        with kubelet.api.changing():
            kubelet.waiting.discard(key)
            kubelet.heard[key] = None


@handles("kubelet_backoff")
def kubelet_backoff(net: Net, kubelet: Kubelet, key: Key, sandbox_id: str, name: str, delay: float) -> None:
    """A container that failed waits (CrashLoopBackOff), is started again, and waits twice as long when it fails again."""
    sandbox = kubelet.holds(key, sandbox_id)
    one = sandbox.container(name) if sandbox is not None else None
    if one is None or one.state == "running" or not kubelet.running:
        return
    if one.state == "terminated":
        one.state, one.reason = "waiting", "CrashLoopBackOff"
        net.post("kubelet_backoff", kubelet, key, sandbox_id, name, min(2 * delay, LONGEST), after=delay)
    else:
        one.restarts += 1
        kubelet._run(key, one)
        if one.state == "terminated":
            net.post("kubelet_backoff", kubelet, key, sandbox_id, name, delay, after=BACKOFF)
    kubelet.tell_status(key)


@handles("kubelet_probe")
def kubelet_probe(net: Net, kubelet: Kubelet, key: Key, sandbox_id: str, name: str) -> None:
    """Every period seconds, while the pod is there."""
    if kubelet.holds(key, sandbox_id) is None:
        return
    pod = kubelet.api.get("Pod", key[1], key[0])
    if pod is None:
        return
    spec = next(one for one in pod["spec"]["containers"] if one["name"] == name)
    if kubelet.running and kubelet.probe(key, name):
        kubelet.tell_status(key)
    period = float(spec["readinessProbe"].get("periodSeconds", 10))
    net.post("kubelet_probe", kubelet, key, sandbox_id, name, after=net.next_look(period, "kubelet_probe"))


@handles("kubelet_lost")
def kubelet_lost(net: Net, kubelet: Kubelet, since: float) -> None:
    """Nothing was heard of a node for a while: it is NotReady, and so are its pods."""
    found = kubelet.api.get("Node", kubelet.machine)
    if kubelet.running or kubelet.silent_since != since or found is None:
        return
    with kubelet.api.changing():
        conditions = [one if one["type"] != "Ready" else one | {"status": "Unknown", "reason": "NodeStatusUnknown"}
                      for one in found["status"]["conditions"]]  # fmt: skip
        kubelet.api.put(found | {"status": found["status"] | {"conditions": conditions}})
        for pod in kubelet.api.list("Pod"):
            if pod["spec"].get("nodeName") == kubelet.machine and "status" in pod:
                conditions = [one if one["type"] != "Ready" else one | {"status": "False"} for one in pod["status"].get("conditions", [])]
                kubelet.api.put(pod | {"status": pod["status"] | {"conditions": conditions}})
