"""The API server of a cluster of today: it keeps objects, and tells those who watch what changes. A Daemon on the master.

An object is what `kubectl get -o json` shows: nested dicts, lists, strings and numbers. Nobody else keeps one: kubelets, controllers,
flanneld and kube-proxy read and write here, each hears of every change, and what they do about it they do at once: those that only note
what they heard act when the change is whole (`changing`), in the order in which they came, until nobody has anything left to do.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol
from uuid import NAMESPACE_DNS, uuid5

from ...lab.lab import Lab
from ...lab.namespace import Namespace
from .admission import admitted

#: (verb, object): verb is "ADDED", "MODIFIED" or "DELETED".
Watcher = Callable[[str, dict], None]
#: Acts on what it has heard, and says whether there was anything.
Settler = Callable[[], bool]
#: What the server keeps of itself under default/kubernetes comes back (pkg/controlplane/controller/kubernetesservice: within ten seconds).
OWN = {(kind, "default", "kubernetes") for kind in ("Service", "Endpoints", "EndpointSlice")}
_GIVEN = ("uid", "creationTimestamp", "resourceVersion")
#: So many times everybody may act on what the others did: a chain of controllers is shorter.
ROUNDS = 20


class Runtime(Protocol):
    """What `kubectl exec` and `kubectl logs` ask of a node's kubelet."""

    def inside(self, pod: dict, container: str) -> AbstractContextManager[Namespace | None]:
        """Where the container's commands run; None when it does not."""

    def variables(self, pod: dict, container: str) -> dict[str, str]:
        """What its commands see of the environment."""

    def said(self, pod: dict, container: str) -> str:
        """What it printed."""


@dataclass(slots=True)
class Api:
    """`objects`: by kind, namespace ("" for what has none) and name. Whoever reads one must not change it: `put` what is new.
    `runtimes`: by the names of nodes."""

    lab: Lab
    machine: str
    running: bool = True
    log: list[str] = field(default_factory=list)
    objects: dict[tuple[str, str, str], dict] = field(default_factory=dict)
    watchers: list[Watcher] = field(default_factory=list)
    settlers: list[Settler] = field(default_factory=list)
    version: int = 0
    depth: int = 0
    runtimes: dict[str, Runtime] = field(default_factory=dict)
    service_network: IPv4Network = IPv4Network("10.96.0.0/16")
    _kinds: dict[str, dict[tuple[str, str], dict]] = field(default_factory=dict, repr=False)  # the same objects, by kind
    name = "kube-apiserver"
    description = "Kubernetes API Server"
    command = "/usr/bin/kube-apiserver --secure-port=6443"

    def __deepcopy__(self, memo) -> "Api":
        """Objects are never changed, only replaced: a copy shares them."""
        new = memo[id(self)] = object.__new__(Api)
        for name in Api.__dataclass_fields__:
            held = getattr(self, name)
            if name == "objects":
                held = dict(held)
            elif name == "_kinds":
                held = {kind: dict(those) for kind, those in held.items()}
            else:
                held = deepcopy(held, memo)
            setattr(new, name, held)
        return new

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        """kubectl finds nobody; the pods and the rules know nothing of it."""
        self.running = False

    def get(self, kind: str, name: str, namespace: str = "") -> dict | None:
        return self.objects.get((kind, namespace, name))

    def list(self, kind: str, namespace: str | None = None, labels: dict[str, str] | None = None) -> list[dict]:
        """By namespace and name. `namespace` None: of all; `labels`: those that have all of these."""
        those = self._kinds.get(kind, {})
        found = sorted(key for key in those if namespace in (None, key[0]))
        return [those[key] for key in found if not labels or labels.items() <= (those[key]["metadata"].get("labels") or {}).items()]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """What is written in this block is one change: only after it everybody acts."""
        self.depth += 1
        try:
            yield
            if self.depth == 1:
                for _ in range(ROUNDS):
                    if not any([settler() for settler in self.settlers]):
                        break
        finally:
            self.depth -= 1

    def apply(self, manifest: dict) -> dict:
        """Create or change an object as somebody asks it; Refused, in the server's words, leaves everything as it was."""
        return self.put(admitted(self, manifest))

    def put(self, new: dict) -> dict:
        """Keep a whole object, and tell of it. Nothing is told when nothing changed."""
        one = deepcopy(new)
        meta, kind = one["metadata"], one["kind"]
        key = kind, meta.get("namespace", ""), meta["name"]
        old = self.objects.get(key)
        if old is not None:
            meta |= {word: old["metadata"][word] for word in _GIVEN}
            if one == old:
                return old
        self.version += 1
        meta.setdefault("uid", str(uuid5(NAMESPACE_DNS, "/".join((*key, str(self.version))))))
        if meta.get("creationTimestamp") is None:
            meta["creationTimestamp"] = self.lab.now
        meta["resourceVersion"] = str(self.version)
        self.objects[key] = self._kinds.setdefault(kind, {})[key[1:]] = one
        self._tell("MODIFIED" if old else "ADDED", one)
        return self.objects.get(key, one)

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Nothing when there is none."""
        old = self.objects.pop((kind, namespace, name), None)
        if old is not None:
            del self._kinds[kind][namespace, name]
            self.version += 1
            with self.changing():
                self._tell("DELETED", old)
                if (kind, namespace, name) in OWN:
                    meta = old["metadata"]
                    self.put(old | {"metadata": {word: meta[word] for word in meta if word not in _GIVEN}})

    def _tell(self, verb: str, one: dict) -> None:
        with self.changing():
            for watcher in list(self.watchers):
                watcher(verb, one)
