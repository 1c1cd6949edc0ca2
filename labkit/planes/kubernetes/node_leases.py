"""flannel under Kubernetes (--kube-subnet-mgr): the Node object is the lease, and nobody needs etcd.

The node's subnet is its spec.podCIDR, which the controller-manager gives out; what the others have to know stands in annotations.
A Node with the annotation kube-subnet-manager and a podCIDR is a lease. flannel: pkg/subnet/kube/kube.go (0.20).
"""

import json
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ...commands import filesystem
from ...errors import KernelError, LabError
from ...tables.values import Kept
from ..flannel.config import KUBERNETES, Config, Version
from ..flannel.registry import Added, Chooser, Heard, Lease, Removed, lowest
from .api import Api

#: The config, on each node; in a real cluster a ConfigMap that is mounted there.
NET_CONF = "/etc/kube-flannel/net-conf.json"
PREFIX = "flannel.alpha.coreos.com"
_UP = {
    "type": "NetworkUnavailable", "status": "False", "reason": "FlannelIsUp", "message": "Flannel is running on this node",
}  # fmt: skip


@dataclass(slots=True, eq=False)
class NodeLeases(Kept):
    """What the flanneld of a machine sees of the leases; `node_name` is its environment's NODE_NAME, "" where it has none."""

    api: Api
    machine: str
    node_name: str
    version: Version = KUBERNETES

    @property
    def flags(self) -> str:
        return "--kube-subnet-mgr --ip-masq --iface=eth0"

    def config(self) -> Config:
        if not self.node_name:
            raise LabError("Failed to create SubnetManager: env variables POD_NAME and POD_NAMESPACE must be set")
        lab = self.api.lab
        try:
            text = filesystem.read(lab, lab[self.machine], NET_CONF)
        except KernelError:
            raise LabError(f"failed to read net conf: open {NET_CONF}: no such file or directory") from None
        return Config.parse(text, self.version)

    def acquire(
        self, public_ip: IPv4Address, backend: str = "udp", data: dict | None = None, previous: IPv4Network | None = None,
        choose: Chooser = lowest,
    ) -> Lease:  # fmt: skip
        """The node's podCIDR; its Node tells the others. Nothing is chosen."""
        node = self.api.get("Node", self.node_name)
        if node is None:
            raise LabError(f'failed to acquire lease: node "{self.node_name}" not found')
        subnet = node["spec"].get("podCIDR")
        if not subnet:
            raise LabError(f'failed to acquire lease: node "{self.node_name}" pod cidr not assigned')
        told = {
            f"{PREFIX}/backend-data": json.dumps(data, separators=(",", ":")) if data else "null",
            f"{PREFIX}/backend-type": "" if backend == "udp" else backend, f"{PREFIX}/kube-subnet-manager": "true",
            f"{PREFIX}/public-ip": str(public_ip),
        }  # fmt: skip
        meta = node["metadata"] | {"annotations": node["metadata"].get("annotations", {}) | told}
        status = node.get("status", {})
        others = [one for one in status.get("conditions", []) if one["type"] != _UP["type"]]
        self.api.put(node | {"metadata": meta, "status": status | {"conditions": [_UP, *others]}})
        return Lease(IPv4Network(subnet), public_ip, backend, data or {})

    def renew(self, lease: Lease) -> Lease:
        """A Node's lease never ends."""
        return lease

    def watch(self, own: Lease, heard: Heard, lost=lambda: None, log: list[str] | None = None) -> "NodeWatch":
        watch = NodeWatch(self, heard)
        for node in self.api.list("Node"):
            watch.on_change("ADDED", node)
        self.api.watchers.append(watch.on_change)
        return watch


@dataclass(slots=True, eq=False)
class NodeWatch(Kept):
    """What one flanneld has heard of the other nodes: by name, the lease it knows."""

    leases: NodeLeases
    heard: Heard
    known: dict[str, Lease] = field(default_factory=dict)

    def on_change(self, verb: str, node: dict) -> None:
        """A Node without the annotations is passed over, and what was known of it stays; only a deleted one is forgotten."""
        name = node["metadata"]["name"]
        if node["kind"] != "Node" or name == self.leases.node_name:
            return
        if verb == "DELETED":
            before = self.known.pop(name, None)
            if before is not None:
                self.heard(Removed(before.subnet))
            return
        lease = lease_of(node)
        if lease is not None and lease != self.known.get(name):
            self.known[name] = lease
            self.heard(Added(lease))

    def stop(self) -> None:
        self.leases.api.watchers.remove(self.on_change)


def lease_of(node: dict) -> Lease | None:
    """A Node as a lease; None when flannel has not written to it, or nobody gave it a podCIDR."""
    told, subnet = node["metadata"].get("annotations", {}), node["spec"].get("podCIDR")
    if told.get(f"{PREFIX}/kube-subnet-manager") != "true" or not subnet:
        return None
    try:
        data = json.loads(told.get(f"{PREFIX}/backend-data") or "null")
        kind = told.get(f"{PREFIX}/backend-type") or "udp"
        return Lease(IPv4Network(subnet), IPv4Address(told.get(f"{PREFIX}/public-ip", "")), kind, data if isinstance(data, dict) else {})
    except ValueError:
        return None


__all__ = ["NET_CONF", "NodeLeases", "NodeWatch", "lease_of"]
