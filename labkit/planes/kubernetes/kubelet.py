"""The kubelet of one node: it has the node's Docker run the pods, and tells the API server that the node is alive."""

from ...lab.lab import Lab

#: Seconds after which a node that says nothing is NotReady (kube-controller-manager --node-monitor-grace-period).
GRACE = 40.0


class Kubelet:
    """On the machine of an engine. A Daemon; pods go on without it, but nobody brings back what ends."""

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
