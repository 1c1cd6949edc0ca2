"""Names in a cluster: CoreDNS behind the Service kube-dns. Not recorded: written from the source and the specification, and held against
both.

A pod's resolv.conf (kubelet) names the Service's ClusterIP, so a question is a UDP datagram to port 53 that goes through the same rules as
any other (kube-proxy), and the pod that gets it answers out of the API's objects: `web.default.svc.cluster.local` is the ClusterIP, of a
headless Service the addresses of its ready endpoints, of an ExternalName another name. What is not in the cluster's domain would be asked
of the node's name server, which nobody is (SERVFAIL).

kubernetes/dns: docs/specification.md (DNS-Based Service Discovery 1.1.0); coredns: plugin/kubernetes.
"""

from ipaddress import IPv4Address, IPv4Network

from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ...lab.program import RESOLVERS, Alias, Answers, Denial

PROGRAM, IMAGE = "coredns", "registry.k8s.io/coredns/coredns:v1.11.3"
DOMAIN = "cluster.local"
#: So many names may lead from one to the next.
MOST_ALIASES = 8
_LABELS = {"k8s-app": "kube-dns"}


def address(services: IPv4Network) -> IPv4Address:
    """The ClusterIP that kubelets write into resolv.conf: the tenth, as kubeadm has it."""
    return services.network_address + 10


def manifests(services: IPv4Network, replicas: int = 2) -> list[dict]:
    """The add-on as kubeadm applies it, of what the lab models (kubernetes: cmd/kubeadm/app/phases/addons/dns/manifests.go)."""
    ports = [{"name": name, "containerPort": number, "protocol": protocol} for name, number, protocol in
             (("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP"))]  # fmt: skip
    container = {
        "name": "coredns",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": ports,
    }
    template = {"metadata": {"labels": dict(_LABELS)}, "spec": {"dnsPolicy": "Default", "containers": [container]}}
    meta = {"namespace": "kube-system", "labels": dict(_LABELS)}
    named = meta["labels"] | {"kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
    service_ports = [{"name": port["name"], "port": port["containerPort"], "targetPort": port["containerPort"],
                      "protocol": port["protocol"]}
                     for port in ports]  # fmt: skip
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", **meta, "labels": named},
         "spec": {"clusterIP": str(address(services)), "selector": dict(_LABELS), "ports": service_ports}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "coredns", **meta},
         "spec": {"replicas": replicas, "selector": {"matchLabels": dict(_LABELS)}, "template": template}},
    ]  # fmt: skip


def install(api, replicas: int = 2) -> None:
    """The add-on, in a cluster that has none."""
    with api.changing():
        for manifest in manifests(api.service_network, replicas):
            api.apply(manifest)


def resolve(lab: Lab, ns: Namespace, question: str | IPv4Address) -> list:
    """What a CoreDNS answers: addresses, an Alias, names of an address; nothing for a name that has another kind of record; a Denial."""
    api = next((one for (name, _), one in lab.daemons.items() if name == "kube-apiserver" and hasattr(one, "service_network")), None)
    if api is None:
        return Denial("SERVFAIL")
    found = _reverse(api, question) if isinstance(question, IPv4Address) else answer(api, question)
    return found if isinstance(found, Denial) else Answers(found)


def answer(api, question: str, before: tuple[str, ...] = ()) -> list:
    """`before`: the names that led here."""
    name = question.rstrip(".").lower()
    if name != DOMAIN and not name.endswith(f".{DOMAIN}"):
        return Denial("SERVFAIL")
    labels = name.removesuffix(DOMAIN).rstrip(".").split(".")[::-1] if name != DOMAIN else []
    match labels:
        case [] | ["svc"] | ["pod"]:
            return []
        case ["svc" | "pod", namespace]:
            return [] if _namespace(api, namespace) else Denial()
        case ["pod", namespace, dashed]:
            return _pod(api, namespace, dashed)
        case ["svc", namespace, service]:
            return _service(api, namespace, service, (*before, name))
        case ["svc", namespace, service, host]:
            return [at for at, known in _endpoints(api, namespace, service) if host in known] or Denial()
    return Denial()


def _namespace(api, name: str) -> bool:
    return api.get("Namespace", name) is not None


def _pod(api, namespace: str, dashed: str) -> list:
    """10-20-37-2.default.pod (the option `pods insecure` of kubeadm's Corefile): what the name says, whoever has it."""
    try:
        return [IPv4Address(dashed.replace("-", "."))] if _namespace(api, namespace) else Denial()
    except ValueError:
        return Denial()


def _service(api, namespace: str, name: str, path: tuple[str, ...]) -> list:
    found = api.get("Service", name, namespace)
    if found is None:
        return Denial()
    spec = found["spec"]
    if spec["type"] == "ExternalName":
        return _external(api, spec["externalName"].rstrip("."), path)
    if spec.get("clusterIP") == "None":
        return list(dict.fromkeys(at for at, _ in _endpoints(api, namespace, name))) or Denial()
    return [IPv4Address(spec["clusterIP"])]


def _external(api, target: str, path: tuple[str, ...]) -> list:
    """Another name, and of one in the cluster's domain its addresses with it; no answer where it has none (coredns:
    plugin/backend_lookup.go)."""
    if not target.lower().endswith(f".{DOMAIN}"):
        return [Alias(target)]
    beyond = answer(api, target, path) if target.lower() not in path and len(path) <= MOST_ALIASES else []
    return [Alias(target), *beyond] if beyond else []


def _endpoints(api, namespace: str, name: str) -> list[tuple[IPv4Address, tuple[str, ...]]]:
    """The ready ones of a headless Service, each with the labels it has below the Service's name: its hostname, or its address with
    dashes."""
    service = api.get("Service", name, namespace)
    if service is None or service["spec"].get("clusterIP") != "None":
        return []
    found = []
    for each in api.list("EndpointSlice", namespace, {"kubernetes.io/service-name": name}):
        for end in each.get("endpoints") or ():
            if (end.get("conditions") or {}).get("ready") is not False:
                found += [(IPv4Address(at), (end.get("hostname") or at.replace(".", "-"),)) for at in end["addresses"]]
    return sorted(found)


def _reverse(api, question: IPv4Address) -> list:
    """The names of an address: a Service's, or those of endpoints of headless ones."""
    found = []
    for service in api.list("Service"):
        meta = service["metadata"]
        name = f"{meta['name']}.{meta['namespace']}.svc.{DOMAIN}"
        if service["spec"].get("clusterIP") == str(question):
            found.append(name)
        found += [f"{label}.{name}" for at, (label,) in _endpoints(api, meta["namespace"], meta["name"]) if at == question]
    return found or Denial()


RESOLVERS[PROGRAM] = resolve
