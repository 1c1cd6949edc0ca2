"""The scheduler, and the controllers of Deployments, ReplicaSets and podCIDRs.

The scheduler takes, of the nodes that are ready and have the labels asked for, the one with the fewest pods of the same ReplicaSet, then
with the fewest pods at all, by name where several have; the real one weighs more. Names end in five letters that a real cluster draws
by chance. kubernetes: pkg/scheduler, pkg/controller/{deployment,replicaset,nodeipam} (1.32).
"""

from copy import deepcopy
from ipaddress import IPv4Network
from itertools import islice

from .api import Api
from .endpoints import suffix

_HASH = "pod-template-hash"


class Controllers:
    """`cluster_network`: of which each Node gets a /24 (--allocate-node-cidrs), the next one each time."""

    def __init__(self, api: Api, cluster_network: IPv4Network):
        self.api, self.network = api, cluster_network
        self.next_subnet = self.made = 0
        self.busy = False
        api.watchers.append(self.hear)
        api.settlers.append(self.settle)

    def hear(self, verb: str, one: dict) -> None:
        self.busy = self.busy or one["kind"] in ("Pod", "ReplicaSet", "Deployment", "Node")
        if verb == "DELETED" and one["kind"] in ("ReplicaSet", "Deployment"):
            collect(self.api, one)

    def settle(self) -> bool:
        """Everybody looks at what there is; each step makes the next one's objects."""
        if not self.busy:
            return False
        self.busy = False
        before = self.api.version
        self._give_subnets()
        for deployment in self.api.list("Deployment"):
            self._roll_out(deployment)
        for replicas in self.api.list("ReplicaSet"):
            self._replicate(replicas)
        self._schedule()
        for deployment in self.api.list("Deployment"):
            self._report(deployment)
        return self.api.version != before

    # --- nodes --------------------------------------------------------------------------------------

    def _give_subnets(self) -> None:
        for node in self.api.list("Node"):
            if not node["spec"].get("podCIDR"):
                taken = {one["spec"].get("podCIDR") for one in self.api.list("Node")}
                free = (str(one) for one in islice(self.network.subnets(new_prefix=24), self.next_subnet, None))
                subnet = next((one for one in free if one not in taken), None)
                if subnet is not None:
                    self.next_subnet = (int(IPv4Network(subnet).network_address) - int(self.network.network_address)) // 256 + 1
                    self.api.put(node | {"spec": node["spec"] | {"podCIDR": subnet, "podCIDRs": [subnet]}})

    def _schedule(self) -> None:
        waiting = [pod for pod in self.api.list("Pod") if not pod["spec"].get("nodeName")]
        if not waiting:
            return
        nodes = {node["metadata"]["name"]: node for node in self.api.list("Node") if _ready(node)}
        load = dict.fromkeys(nodes, 0)
        for pod in self.api.list("Pod"):
            if pod["spec"].get("nodeName") in load:
                load[pod["spec"]["nodeName"]] += 1
        for pod in waiting:
            asked = pod["spec"].get("nodeSelector") or {}
            fit = [name for name in nodes if asked.items() <= (nodes[name]["metadata"].get("labels") or {}).items()
                   and not nodes[name]["spec"].get("unschedulable")]  # fmt: skip
            if fit:
                name = min(fit, key=lambda name: (self._siblings(pod, name), load[name], name))
                load[name] += 1
                self.api.put(pod | {"spec": pod["spec"] | {"nodeName": name}})
            elif not pod.get("status", {}).get("conditions"):
                condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": self.api.lab.now}
                self.api.put(pod | {"status": {"phase": "Pending", "conditions": [condition], "qosClass": "BestEffort"}})
                self.api.put(_unscheduled(self.api, pod, asked))

    def _siblings(self, pod: dict, node: str) -> int:
        """How many pods of the same ReplicaSet a node has: they are spread (podtopologyspread, the default constraints)."""
        owners = {one["uid"] for one in pod["metadata"].get("ownerReferences") or ()}
        return sum(one["spec"].get("nodeName") == node and any(ref["uid"] in owners for ref in one["metadata"].get("ownerReferences") or ())
                   for one in self.api.list("Pod", pod["metadata"]["namespace"])) if owners else 0  # fmt: skip

    # --- Deployments --------------------------------------------------------------------------------

    def _owned(self, kind: str, owner: dict) -> list[dict]:
        return [one for one in self.api.list(kind, owner["metadata"]["namespace"])
                if any(ref["uid"] == owner["metadata"]["uid"] for ref in one["metadata"].get("ownerReferences") or ())]  # fmt: skip

    def _roll_out(self, deployment: dict) -> None:
        """The ReplicaSet of this template, as large as asked for; those of earlier templates have no pods any more."""
        meta, spec = deployment["metadata"], deployment["spec"]
        number = suffix("template", meta["name"], repr(spec["template"])) + suffix("template", repr(spec["template"]), meta["name"])
        name, count = f"{meta['name']}-{number}", spec.get("replicas", 1)
        for other in self._owned("ReplicaSet", deployment):
            if other["metadata"]["name"] != name and other["spec"].get("replicas"):
                self.api.put(other | {"spec": other["spec"] | {"replicas": 0}})
        held = self.api.get("ReplicaSet", name, meta["namespace"])
        if held is not None:
            if held["spec"].get("replicas") != count:
                self.api.put(held | {"spec": held["spec"] | {"replicas": count}})
            return
        template = deepcopy(spec["template"])
        template["metadata"] = template.get("metadata") or {}
        template["metadata"]["labels"] = (template["metadata"].get("labels") or {}) | {_HASH: number}
        selector = {**spec["selector"], "matchLabels": (spec["selector"].get("matchLabels") or {}) | {_HASH: number}}
        self.api.put({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": meta["namespace"], "labels": dict(template["metadata"]["labels"]),
                         "annotations": {"deployment.kubernetes.io/revision": str(len(self._owned("ReplicaSet", deployment)) + 1)},
                         "ownerReferences": [_owner(deployment)]},
            "spec": {"replicas": count, "selector": selector, "template": template},
        })  # fmt: skip

    def _replicate(self, replicas: dict) -> None:
        """As many pods as asked for; of too many the newest go."""
        meta, spec = replicas["metadata"], replicas["spec"]
        pods = self._owned("Pod", replicas)
        wanted = spec.get("replicas", 1)
        for pod in sorted(pods, key=lambda pod: int(pod["metadata"]["resourceVersion"]))[wanted:]:
            self.api.delete("Pod", pod["metadata"]["name"], meta["namespace"])
        for _ in range(wanted - len(pods)):
            self.made += 1
            template = deepcopy(spec["template"])
            template.setdefault("metadata", {})
            template["metadata"] |= {"generateName": f"{meta['name']}-", "name": f"{meta['name']}-{suffix(meta['name'], self.made)}",
                                     "namespace": meta["namespace"], "ownerReferences": [_owner(replicas)]}  # fmt: skip
            self.api.apply({"apiVersion": "v1", "kind": "Pod", **template})
        ready = sum(_pod_ready(pod) for pod in self._owned("Pod", replicas))
        told = {"replicas": wanted, "fullyLabeledReplicas": wanted, "observedGeneration": 1}
        told |= {"readyReplicas": ready, "availableReplicas": ready}
        self.api.put(self.api.get("ReplicaSet", meta["name"], meta["namespace"]) | {"status": told})

    def _report(self, deployment: dict) -> None:
        sets = self._owned("ReplicaSet", deployment)
        ready = sum(one.get("status", {}).get("readyReplicas", 0) for one in sets)
        count = deployment["spec"].get("replicas", 1)
        told = deployment.get("status", {}) | {
            "replicas": count, "updatedReplicas": count, "readyReplicas": ready, "availableReplicas": ready, "observedGeneration": 1,
            "conditions": [{"type": "Available", "status": "True" if ready >= count else "False", "reason": "MinimumReplicasAvailable"}],
        }  # fmt: skip
        self.api.put(deployment | {"status": told})


def _owner(one: dict) -> dict:
    return {"apiVersion": "apps/v1", "kind": one["kind"], "name": one["metadata"]["name"], "uid": one["metadata"]["uid"],
            "controller": True, "blockOwnerDeletion": True}  # fmt: skip


def _unscheduled(api: Api, pod: dict, asked: dict[str, str]) -> dict:
    """The Event that says of how many nodes which one was not fit for a pod (pkg/scheduler/framework/types.go FitError)."""
    nodes, meta = api.list("Node"), pod["metadata"]
    why = ["node(s) were unschedulable" if node["spec"].get("unschedulable") else
           "node(s) had untolerated taint {node.kubernetes.io/not-ready: }" if not _ready(node) else
           "node(s) didn't match Pod's node affinity/selector" for node in nodes]  # fmt: skip
    head = f"0/{len(nodes)} nodes are available: "
    counted = ", ".join(sorted(f"{why.count(one)} {one}" for one in set(why)))
    says = f"{head}{counted}. preemption: {head}{len(nodes)} Preemption is not helpful for scheduling."
    about = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
    return {
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": f"{meta['name']}.{suffix('unscheduled', meta['uid'])}", "namespace": meta["namespace"]},
        "involvedObject": about, "type": "Warning", "reason": "FailedScheduling", "message": says, "count": 1,
        "firstTimestamp": api.lab.now, "lastTimestamp": api.lab.now, "source": {"component": "default-scheduler"},
    }  # fmt: skip


def _ready(node: dict) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node.get("status", {}).get("conditions", []))


def _pod_ready(pod: dict) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod.get("status", {}).get("conditions", []))


def collect(api: Api, owner: dict) -> None:
    """What a deleted object owned goes with it (pkg/controller/garbagecollector)."""
    for kind in ("ReplicaSet", "Pod"):
        for one in api.list(kind, owner["metadata"].get("namespace")):
            if any(ref["uid"] == owner["metadata"]["uid"] for ref in one["metadata"].get("ownerReferences") or ()):
                api.delete(kind, one["metadata"]["name"], one["metadata"]["namespace"])
