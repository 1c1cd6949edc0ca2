"""The controllers that say who is behind a Service: its Endpoints, and the same in EndpointSlices, which kube-proxy reads.

A pod is one of them when the selector finds it and it has an address; it gets traffic when it is ready. A Service without a selector has
the Endpoints that somebody writes, mirrored into a slice. Of a port with a name the pod's own port of that name counts, so there may be
several numbers. kubernetes: pkg/controller/endpoint, endpointslice, endpointslicemirroring (1.32).
"""

from ipaddress import IPv4Address

from .api import Api
from .cni import digest
from .times import stamp

Key = tuple[str, str]
#: (name, number, protocol) of each port.
Ports = tuple[tuple[str, int, str], ...]
_SERVICE = "kubernetes.io/service-name"
_MANAGED = "endpointslice.kubernetes.io/managed-by"


class EndpointController:
    """It notes which Services a change may touch, and works them out anew. `made`: the slices of each Service that are the controller's."""

    def __init__(self, api: Api):
        self.api = api
        self.heard: dict[Key, None] = {}
        self.selecting: dict[Key, dict[str, str]] = {}
        self.labels: dict[Key, dict[str, str]] = {}
        self.made: dict[Key, set[str]] = {}
        api.watchers.append(self.hear)
        api.settlers.append(self.settle)

    def hear(self, verb: str, one: dict) -> None:
        meta = one["metadata"]
        key = meta.get("namespace", ""), meta["name"]
        if one["kind"] == "Service":
            self.selecting[key] = (one["spec"].get("selector") or {}) if verb != "DELETED" else {}
            self.heard[key] = None
        elif one["kind"] == "Endpoints" and not self.selecting.get(key):
            self.heard[key] = None
        elif one["kind"] == "Pod":
            for labels in (self.labels.get(key, {}), meta.get("labels") or {}):
                self.heard.update({service: None for service, wanted in self.selecting.items()
                                   if service[0] == key[0] and wanted and wanted.items() <= labels.items()})  # fmt: skip
            self.labels[key] = (meta.get("labels") or {}) if verb != "DELETED" else {}

    def settle(self) -> bool:
        heard, self.heard = self.heard, {}
        for key in heard:
            self._work_out(key)
        return bool(heard)

    def _work_out(self, key: Key) -> None:
        service = self.api.get("Service", key[1], key[0])
        if service is None:
            self.api.delete("Endpoints", key[1], key[0])
            self._slices(key, {}, "")
        elif service["spec"].get("selector") and service["spec"].get("type") != "ExternalName":
            self._selected(key, service)
        else:
            written = self.api.get("Endpoints", key[1], key[0])
            if written is not None and key != ("default", "kubernetes"):
                self._mirror(key, written)

    def _selected(self, key: Key, service: dict) -> None:
        spec, found = service["spec"], {}
        unready_too = spec.get("publishNotReadyAddresses", False)
        for pod in self.api.list("Pod", key[0], spec["selector"]):
            status = pod.get("status", {})
            if not status.get("podIP") or status.get("phase") in ("Succeeded", "Failed"):
                continue
            ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))
            ports = tuple(port for port in (_port(one, pod) for one in spec.get("ports") or ()) if port is not None)
            if ports or not spec.get("ports"):
                found.setdefault(ports, []).append((pod, ready, ready or unready_too))
        self._put_endpoints(key, service, found)
        ends = {ports: [_end(pod, serving, ready) for pod, ready, serving in members] for ports, members in found.items()}
        self._slices(key, ends or {(): []}, "endpointslice-controller.k8s.io")

    def _put_endpoints(self, key: Key, service: dict, found: dict[Ports, list]) -> None:
        subsets = []
        for ports, members in found.items():
            by_address = sorted(members, key=lambda member: IPv4Address(member[0]["status"]["podIP"]))
            good = [_address(pod) for pod, _, serving in by_address if serving]
            bad = [_address(pod) for pod, _, serving in by_address if not serving]
            listed = [{**({"name": name} if name else {}), "port": number, "protocol": proto} for name, number, proto in sorted(ports)]
            subsets.append({"addresses": good} if good else {})
            subsets[-1] |= ({"notReadyAddresses": bad} if bad else {}) | ({"ports": listed} if listed else {})
        meta = {"name": key[1], "namespace": key[0], "labels": dict(service["metadata"].get("labels") or {})}
        if (service["spec"].get("clusterIP") or "None") == "None":
            meta["labels"]["service.kubernetes.io/headless"] = ""
        changed = [service["metadata"]["creationTimestamp"], *(since for members in found.values() for pod, *_ in members
            if (since := _since(pod)))]
        meta["annotations"] = {"endpoints.kubernetes.io/last-change-trigger-time": stamp(max(changed))}
        one = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta} | ({"subsets": subsets} if subsets else {})
        self.api.put(one)

    def _mirror(self, key: Key, written: dict) -> None:
        ends: dict[Ports, list[dict]] = {}
        for subset in written.get("subsets") or ():
            ports = tuple((p.get("name") or "", p["port"], p.get("protocol", "TCP")) for p in subset.get("ports") or ())
            for field, ready in (("addresses", True), ("notReadyAddresses", False)):
                for address in subset.get(field) or ():
                    one = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
                    ends.setdefault(ports, []).append(one | ({"nodeName": address["nodeName"]} if address.get("nodeName") else {}))
        self._slices(key, ends, "endpointslicemirroring-controller.k8s.io")

    def _slices(self, key: Key, wanted: dict[Ports, list[dict]], manager: str) -> None:
        """One slice for each set of ports; those that nobody wants any more go."""
        service = self.api.get("Service", key[1], key[0])
        names = set()
        labels = dict((service or {}).get("metadata", {}).get("labels") or {}) | {_MANAGED: manager, _SERVICE: key[1]}
        if service is not None and (service["spec"].get("clusterIP") or "None") == "None":
            labels["service.kubernetes.io/headless"] = ""
        for ports, ends in wanted.items():
            name = f"{key[1]}-{suffix(*key, *ports)}"
            names.add(name)
            self.api.put({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": name, "namespace": key[0], "labels": labels}, "endpoints": ends,
                "ports": [{"name": title, "port": number, "protocol": proto} for title, number, proto in ports],
            })  # fmt: skip
        for name in self.made.pop(key, set()) - names:
            self.api.delete("EndpointSlice", name, key[0])
        if names:
            self.made[key] = names


def _since(pod: dict) -> float:
    """When a pod became ready, or stopped being so (pkg/controller/util/endpoint TriggerTimeTracker)."""
    return next((one["lastTransitionTime"] for one in pod["status"].get("conditions", []) if one["type"] == "Ready"), 0.0)


_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def suffix(*what) -> str:
    """Five letters as the API server draws them for generateName (apimachinery: pkg/util/rand), made of names."""
    number = int(digest(*what)[:12], 16)
    return "".join(_ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(5))


def _port(port: dict, pod: dict | None) -> tuple[str, int, str] | None:
    """The number that a Service's port has in a pod; None where the pod has no port of that name."""
    target, proto = port.get("targetPort", port["port"]), port.get("protocol", "TCP")
    if isinstance(target, str):
        held = [one for container in (pod or {"spec": {"containers": []}})["spec"]["containers"] for one in container.get("ports") or ()]
        target = next((one["containerPort"] for one in held if (one.get("name"), one.get("protocol", "TCP")) == (target, proto)), None)
    return (port.get("name") or "", target, proto) if target else None


def _reference(pod: dict) -> dict:
    meta = pod["metadata"]
    return {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}


def _address(pod: dict) -> dict:
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": _reference(pod)}


def _end(pod: dict, serving: bool, ready: bool) -> dict:
    return {
        "addresses": [pod["status"]["podIP"]], "conditions": {"ready": serving, "serving": ready, "terminating": False},
        "nodeName": pod["spec"]["nodeName"], "targetRef": _reference(pod),
    }  # fmt: skip
