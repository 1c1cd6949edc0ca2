"""`kubectl create service|deployment|namespace …`: objects made of flags (kubectl: pkg/cmd/create)."""

from ....commands.result import Failure, Result
from ... import go
from .. import admission
from ..object_kinds import KINDS, find
from ..refusal import Refused
from .getting import check_format

FLAGS = "tcp: node-port: clusterip: external-name: image: replicas,r: port: field-manager:"
_SERVICES = {"clusterip": "ClusterIP", "nodeport": "NodePort", "loadbalancer": "LoadBalancer", "externalname": "ExternalName"}
_KNOWS = "The lab's kubectl creates from a file (-f), and service clusterip|nodeport|loadbalancer|externalname, deployment, namespace.\n"


def create(ctx, api, flags) -> Result:
    words = flags.words[1:]
    if not words:
        raise Failure(1, f"error: must specify one of -f and -k\n\n{_KNOWS}")
    kind, rest = find(words[0]), words[1:]
    if kind is not None and kind.name == "Service" and rest:
        return _service(api, flags, rest[0], rest[1:])
    make = {"Deployment": _deployment, "Namespace": _namespace}.get(kind.name if kind is not None else "")
    if make is None:
        raise Failure(1, _KNOWS)
    return _made(api, flags, make(flags, _name(rest)), f"failed to create {words[0]}")


def _name(words: list[str]) -> str:
    if len(words) != 1:
        raise Failure(1, f"error: exactly one NAME is required, got {len(words)}\nSee 'kubectl create -h' for help and examples\n")
    return words[0]


def _made(api, flags, manifest: dict, doing: str) -> Result:
    from .applying import dry  # applying reads this module's flags

    check_format(flags.one("output").partition("=")[0])
    kind = KINDS[manifest["kind"]]
    if kind.namespaced:
        manifest["metadata"]["namespace"] = flags.one("namespace", "default")
    try:
        kept = admission.created(api, manifest)
        if not dry(flags):
            api.put(kept)
    except Refused as refused:
        raise Failure(1, f"error: {doing}: {refused}\n") from None
    word = "" if flags.one("output") == "name" else f" created{dry(flags)}"
    return Result(0, f"{kind.printed}/{kept['metadata']['name']}{word}\n")


def _service(api, flags, word: str, rest: list[str]) -> Result:
    kind, name = _SERVICES.get(word), _name(rest)
    if kind is None:
        raise Failure(1, _KNOWS)
    pairs = [one for given in flags.all("tcp") for one in given.split(",")]
    if not pairs and kind != "ExternalName" and flags.one("clusterip") != "None":
        raise Failure(1, "error: at least one tcp port specifier must be provided\n")
    spec: dict = {"type": kind, "selector": {"app": name}, "ports": [_port(pair) for pair in pairs]}
    if kind == "ExternalName":
        spec["externalName"] = flags.one("external-name")
    if flags.one("clusterip"):
        spec["clusterIP"] = flags.one("clusterip")
    if flags.one("node-port"):
        for port in spec["ports"][:1]:
            port["nodePort"] = _number(flags.one("node-port"), "node-port")
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}
    return _made(api, flags, manifest, f"failed to create {kind} service")


def _number(text: str, flag: str) -> int:
    try:
        return go.integer(text)
    except ValueError as error:
        raise Failure(1, f'error: invalid argument "{text}" for "--{flag}" flag: {error}\n') from None


def _port(pair: str) -> dict:
    """80:8080, 80, or 80:http (create_service.go parsePorts)."""
    first, colon, second = pair.partition(":")
    try:
        port = go.integer(first, "ParseUint")
    except ValueError as error:
        raise Failure(1, f"error: {error}\n") from None
    if not 1 <= port <= 65535:
        raise Failure(1, f"error: invalid port number: {port}\n" if port > 65535 else "error: must be between 1 and 65535, inclusive\n")
    target: int | str = int(second) if second.isdigit() else second or port
    return {"name": pair.replace(":", "-"), "port": port, "targetPort": target, "protocol": "TCP"}


def _deployment(flags, name: str) -> dict:
    images = [one for given in flags.all("image") for one in given.split(",")]
    if not images:
        raise Failure(1, 'error: required flag(s) "image" not set\n')
    containers = [{"name": image.rpartition("/")[2].partition(":")[0].partition("@")[0], "image": image} for image in images]
    if flags.one("port"):
        containers[0]["ports"] = [{"containerPort": _number(flags.one("port"), "port")}]
    spec = {"replicas": _number(flags.one("replicas", "1"), "replicas"), "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}}  # fmt: skip
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def _namespace(flags, name: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def port_specs(spec: dict) -> list[tuple[int, str]]:
    """The ports that a pod's containers name."""
    return [(port["containerPort"], port.get("protocol", "TCP")) for one in spec.get("containers") or () for port in one.get("ports") or ()]
