"""What the API server makes of a manifest: it refuses, fills in what was left out, and gives out addresses and ports.

In the server's order: are the fields known and of the right type (schema.py); is the namespace there; defaults; the rules of each kind
(service_rules, pod_rules, other_rules); then addresses and ports (allocation.py). Whatever refuses leaves everything as it was.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

from . import other_rules, pod_rules, schema, service_rules
from .allocation import allocate
from .merging import merge
from .metadata import meta_problems
from .object_kinds import KINDS, kept
from .refusal import Problem, Refused, quoted, refused_object

__all__ = ["Refused", "admitted", "created", "deletable", "updated"]
#: What the server alone says of an object's identity (apiserver: pkg/registry/rest/create.go).
_GIVEN = ("uid", "creationTimestamp", "resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields")
#: Namespaces that nobody can delete (apiserver: pkg/admission/plugin/namespace/lifecycle).
_IMMORTAL = ("default", "kube-public", "kube-system")


class Rules(NamedTuple):
    """Of one kind, each on the whole object: defaults, problems, and problems of a change."""

    fill: Callable[[dict], None]
    find: Callable[[dict], list[Problem]]
    changed: Callable[[dict, dict], list[Problem]]


def _nothing(*objects: dict) -> list[Problem]:
    return []


def _of_spec(function):
    return lambda *objects: function(*(one["spec"] for one in objects))


_WORKLOAD = Rules(other_rules.workload_filled, other_rules.workload_problems, other_rules.workload_changed)
RULES = {
    "Service": Rules(_of_spec(service_rules.filled), _of_spec(service_rules.problems), _of_spec(service_rules.changed)),
    "Pod": Rules(pod_rules.filled, _of_spec(pod_rules.problems), _of_spec(pod_rules.changed)),
    "Node": Rules(other_rules.node_filled, other_rules.node_problems, other_rules.node_changed),
    "Namespace": Rules(other_rules.namespace_filled, _nothing, _nothing),
    "Endpoints": Rules(other_rules.endpoints_filled, other_rules.endpoints_problems, _nothing),
    "EndpointSlice": Rules(other_rules.slice_filled, other_rules.slice_problems, other_rules.slice_changed),
    "Deployment": _WORKLOAD,
    "ReplicaSet": _WORKLOAD,
}


def admitted(api, manifest: dict) -> dict:
    """The whole object, new or with the manifest laid over what is there; Refused."""
    kind, meta = KINDS.get(manifest["kind"]), manifest["metadata"]
    namespace = (meta.get("namespace") or "default") if kind is not None and kind.namespaced else ""
    old = api.get(manifest["kind"], meta.get("name", ""), namespace)
    return created(api, manifest) if old is None else updated(api, old, merge(old, manifest))


def created(api, manifest: dict) -> dict:
    """A new object."""
    one = _checked(api, manifest)
    kind, meta = one["kind"], one["metadata"]
    if meta.get("resourceVersion", "0") not in ("", "0"):
        raise Refused("resourceVersion should not be set on objects to be created")
    for word in _GIVEN:
        meta.pop(word, None)
    if kind != "Node":  # whose kubelet may register it with a status
        one.pop("status", None)
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = meta["generateName"] + pod_rules.suffix(f"{meta['generateName']}{api.version}")
    if api.get(kind, meta.get("name", ""), meta.get("namespace", "")) is not None:
        raise Refused(f"{KINDS[kind].resource} {quoted(meta['name'])} already exists", "AlreadyExists")
    _judge(one, lambda: [])
    if kind == "Service":
        one["status"] = {"loadBalancer": {}}
        allocate(api, one)
    return one


def updated(api, old: dict, wanted: dict) -> dict:
    """The object in the place of `old`: what the server gave it once it keeps, when nobody says otherwise; its status it keeps always."""
    one = _checked(api, wanted)
    kind, meta = KINDS[one["kind"]], one["metadata"]
    if meta.get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
        says = "the object has been modified; please apply your changes to the latest version and try again"
        raise Refused(f"Operation cannot be fulfilled on {kind.resource} {quoted(meta['name'])}: {says}", "Conflict")
    one.pop("status", None)
    one |= {"status": deepcopy(old["status"])} if "status" in old else {}
    if one["kind"] == "Service":
        _keep(old["spec"], one["spec"])
    _judge(one, lambda: RULES[one["kind"]].changed(old, one))
    if one["kind"] == "Service":
        allocate(api, one)
    return one


def deletable(one: dict) -> None:
    """Refused for what has to stay."""
    name = one["metadata"]["name"]
    if one["kind"] == "Namespace" and name in _IMMORTAL:
        raise Refused(f"namespaces {quoted(name)} is forbidden: this namespace may not be deleted", "Forbidden")


def _checked(api, manifest: dict) -> dict:
    kind = KINDS.get(manifest["kind"])
    if kind is None or not kind.kept or kind.name not in RULES:
        raise Refused(f"The lab's API server keeps {kept()}, and no {manifest['kind']}.", "Lab")
    one = schema.check(manifest)
    meta = one["metadata"] = one.get("metadata") or {}
    if kind.namespaced:
        meta["namespace"] = meta.get("namespace") or "default"
        known = api.get("Namespace", meta["namespace"]) is not None
        if not known and (meta["namespace"] != "default" or api.list("Namespace")):
            raise Refused(f"namespaces {quoted(meta['namespace'])} not found", "NotFound")
    if kind.name in ("Service", "Pod", "Node", "Deployment", "ReplicaSet"):
        one["spec"] = one.get("spec") or {}
    return one


def _judge(one: dict, more: Callable[[], list[Problem]]) -> None:
    """Fill in what is left out and ask the rules; `more` are those of a change."""
    kind, meta = KINDS[one["kind"]], one["metadata"]
    rules, problems = RULES[kind.name], meta_problems(kind.name, meta)
    if meta.get("name"):
        rules.fill(one)
        problems += more() + rules.find(one)
    if problems:
        raise refused_object(kind.name, kind.group, meta.get("name", ""), problems)


def _keep(old: dict, new: dict) -> None:
    """Of a Service that is changed: its address and node ports stay, and what its new type cannot have goes
    (pkg/registry/core/service/rest: patchAllocatedValues; strategy.go dropTypeDependentFields)."""
    new_type, old_type = new.get("type") or "ClusterIP", old["type"]
    if new_type == "ExternalName" and old_type != "ExternalName":
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            if new.get(field) == old.get(field):
                new.pop(field, None)
    elif old_type != "ExternalName":
        if not new.get("clusterIP"):
            new["clusterIP"], new["clusterIPs"] = old["clusterIP"], list(old["clusterIPs"])
        elif new["clusterIP"] != old["clusterIP"] and new.get("clusterIPs") == old["clusterIPs"]:
            new["clusterIPs"] = [new["clusterIP"]]
    before = {(port["protocol"], port["port"]): port["nodePort"] for port in old.get("ports") or () if port.get("nodePort")}
    for port in new.get("ports") or ():
        had = before.get((port.get("protocol") or "TCP", port.get("port")))
        if new_type in ("NodePort", "LoadBalancer") and had and not port.get("nodePort"):
            port["nodePort"] = had
        elif new_type not in ("NodePort", "LoadBalancer") and old_type in ("NodePort", "LoadBalancer") and port.get("nodePort") == had:
            port.pop("nodePort", None)
    if not service_rules.reached_from_outside(new) and new.get("externalTrafficPolicy") == old.get("externalTrafficPolicy"):
        new.pop("externalTrafficPolicy", None)
    if new_type != "LoadBalancer" and old_type == "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"):
            if new.get(field) == old.get(field):
                new.pop(field, None)
    if not service_rules.wants_health_port({**new, "type": new_type}) and new.get("healthCheckNodePort") == old.get("healthCheckNodePort"):
        new.pop("healthCheckNodePort", None)
    elif service_rules.wants_health_port({**new, "type": new_type}) and old.get("healthCheckNodePort"):
        new.setdefault("healthCheckNodePort", old["healthCheckNodePort"])
