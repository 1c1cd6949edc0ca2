"""A Node as its kubelet registers it; what a machine has of memory and disk is as recorded, and the lab models none of it."""

from ipaddress import IPv4Address

VERSION = "v1.32.13"
_SIZES = {"cpu": "2", "ephemeral-storage": "264212084Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", "memory": "24683656Ki", "pods": "40"}
_LEFT = _SIZES | {"ephemeral-storage": "270282620830", "memory": "24673416Ki"}
_INFO = {
    "machineID": "1d1a2b3c4d5e6f708192a3b4c5d6e7f8", "systemUUID": "11112222-3333-4444-5555-666677778888",
    "bootID": "9999aaaa-bbbb-cccc-dddd-eeeeffff0000", "kernelVersion": "6.18.0", "osImage": "Debian GNU/Linux 12 (bookworm)",
    "containerRuntimeVersion": "containerd://1.6.20", "kubeletVersion": VERSION, "kubeProxyVersion": VERSION, "operatingSystem": "linux",
    "architecture": "amd64",
}  # fmt: skip
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def node(known: dict | None, name: str, address: IPv4Address, labels: dict[str, str], now: float) -> dict:
    """The Node that is there already, or a new one, as a kubelet that has just started wants it."""
    found = known or {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {}}
    system = (("arch", "amd64"), ("os", "linux"))
    own = {f"{place}/{what}": value for place in ("beta.kubernetes.io", "kubernetes.io") for what, value in system}
    meta = found["metadata"]
    notes = {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    meta = meta | {
        "labels": meta.get("labels", {}) | own | {"kubernetes.io/hostname": name} | labels,
        "annotations": meta.get("annotations", {}) | notes,
    }  # fmt: skip
    status = found.get("status", {})
    own_types = {kind for kind, *_ in _CONDITIONS}
    others = [one for one in status.get("conditions", []) if one["type"] not in own_types]
    conditions = [*others, *({"type": kind, "status": word, "reason": reason, "message": message, "lastHeartbeatTime": now,
                              "lastTransitionTime": now} for kind, word, reason, message in _CONDITIONS)]  # fmt: skip
    status = status | {
        "addresses": [{"type": "InternalIP", "address": str(address)}, {"type": "Hostname", "address": name}], "capacity": _SIZES,
        "allocatable": _LEFT, "conditions": conditions, "nodeInfo": _INFO, "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    }  # fmt: skip
    return found | {"metadata": meta, "status": status}
