"""The columns of `kubectl get` (kubernetes: pkg/printers/internalversion/printers.go).

A kind has a row of COLUMNS: the headings, how many of them there are without -o wide, and the function that makes the cells of an object.
"""

from collections.abc import Callable
from typing import NamedTuple

from .. import times

NONE = "<none>"
_AS_LONG = 16


class Columns(NamedTuple):
    heads: tuple[str, ...]
    narrow: int
    cells: Callable[[dict, float, bool], list[str]]


def text_table(rows: list[list[str]], least: int = 6, gap: int = 3) -> str:
    """text/tabwriter: a column is as wide as its longest cell and a gap, at least 6; the last cell of a line as it is."""
    widths: dict[int, int] = {}
    for row in rows:
        for at, cell in enumerate(row[:-1]):
            widths[at] = max(widths.get(at, least), len(cell) + gap)
    return "".join("".join(f"{cell:<{widths[at]}}" for at, cell in enumerate(row[:-1])) + row[-1] + "\n" for row in rows)


def pairs(values: dict | None, between: str = ",") -> str:
    return between.join(f"{key}={value}" for key, value in sorted((values or {}).items())) or NONE


def dig(one, *path):
    """A value deep in an object, or None."""
    for step in path:
        one = one.get(step) if isinstance(one, dict) else None
    return one


def _age(one: dict, now: float) -> str:
    return times.age(dig(one, "metadata", "creationTimestamp"), now)


def pod_status(pod: dict) -> str:
    """The word under STATUS: of the containers' reasons the first one's counts most."""
    status = pod.get("status") or {}
    reason, running = status.get("reason") or status.get("phase") or "", False
    for one in reversed(status.get("initContainerStatuses") or []):
        state = one.get("state") or {}
        if dig(state, "waiting", "reason") not in (None, "PodInitializing"):
            reason = f"Init:{state['waiting']['reason']}"
        elif state.get("terminated") and state["terminated"].get("exitCode"):
            reason = f"Init:{state['terminated'].get('reason') or 'ExitCode:' + str(state['terminated']['exitCode'])}"
    for one in reversed(status.get("containerStatuses") or []):
        state = one.get("state") or {}
        ended = state.get("terminated")
        if dig(state, "waiting", "reason"):
            reason = state["waiting"]["reason"]
        elif ended:
            signal = ended.get("signal")
            reason = ended.get("reason") or (f"Signal:{signal}" if signal else f"ExitCode:{ended.get('exitCode', 0)}")
        elif one.get("ready") and state.get("running") is not None:
            running = True
    if reason == "Completed" and running:
        reason = "Running" if _condition(pod, "Ready") == "True" else "NotReady"
    if dig(pod, "metadata", "deletionTimestamp") is not None:
        reason = "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _condition(one: dict, kind: str) -> str:
    conditions = dig(one, "status", "conditions") or ()
    return next((known["status"] for known in conditions if known["type"] == kind), "")


def pod_restarts(pod: dict, now: float) -> str:
    """How often, and when the last time was."""
    known = dig(pod, "status", "containerStatuses") or ()
    often = sum(one.get("restartCount", 0) for one in known)
    ends = [times.seconds(end) for one in known if (end := dig(one, "lastState", "terminated", "finishedAt")) is not None]
    return f"{often} ({times.duration(now - max(ends))} ago)" if often and ends else str(often)


def _pod(pod: dict, now: float, wide: bool) -> list[str]:
    containers, known = dig(pod, "spec", "containers") or (), dig(pod, "status", "containerStatuses") or ()
    ready = sum(bool(one.get("ready")) and dig(one, "state", "running") is not None for one in known)
    return [
        pod["metadata"]["name"], f"{ready}/{len(containers)}", pod_status(pod), pod_restarts(pod, now), _age(pod, now),
        dig(pod, "status", "podIP") or NONE, dig(pod, "spec", "nodeName") or NONE, dig(pod, "status", "nominatedNodeName") or NONE, NONE,
    ]  # fmt: skip


def node_roles(node: dict) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = dig(node, "metadata", "labels") or {}
    return ",".join(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix) and key != prefix)) or NONE


def _node(node: dict, now: float, wide: bool) -> list[str]:
    ready = {"True": "Ready", "": "Unknown"}.get(_condition(node, "Ready"), "NotReady")
    info = dig(node, "status", "nodeInfo") or {}
    known = {one["type"]: one["address"] for one in dig(node, "status", "addresses") or ()}
    return [
        node["metadata"]["name"], ready + ",SchedulingDisabled" * bool(dig(node, "spec", "unschedulable")), node_roles(node),
        _age(node, now),
        info.get("kubeletVersion", ""), known.get("InternalIP", NONE), known.get("ExternalIP", NONE), info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>", info.get("containerRuntimeVersion") or "<unknown>",
    ]  # fmt: skip


def external_ip(service: dict, wide: bool) -> str:
    spec = service["spec"]
    listed = spec.get("externalIPs") or []
    if spec["type"] == "ExternalName":
        return spec.get("externalName", "")
    if spec["type"] != "LoadBalancer":
        return ",".join(listed) or NONE
    given = ",".join(sorted({one.get("ip") or one.get("hostname", "") for one in dig(service, "status", "loadBalancer", "ingress") or ()}))
    if len(given) > _AS_LONG and not wide:
        given = f"{given[: _AS_LONG - 3]}..."
    return ",".join([*filter(None, [given]), *listed]) or "<pending>"


def _service(service: dict, now: float, wide: bool) -> list[str]:
    spec = service["spec"]
    ports = [f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p['protocol']}" for p in spec.get("ports") or ()]
    address = (spec.get("clusterIPs") or [NONE])[0]
    return [service["metadata"]["name"], spec["type"], address, external_ip(service, wide), ",".join(ports) or NONE, _age(service, now),
            pairs(spec.get("selector"))]  # fmt: skip


def some(words: list[str]) -> str:
    """Three of them, and how many more there are."""
    return f"{','.join(words[:3])} + {len(words) - 3} more..." if len(words) > 3 else ",".join(words)


def _endpoints(one: dict, now: float, wide: bool) -> list[str]:
    subsets = one.get("subsets") or []
    found = []
    for subset in subsets:
        addresses, ports = subset.get("addresses") or [], subset.get("ports") or []
        found += [f"{at['ip']}:{port['port']}" for port in ports for at in addresses] if ports else [at["ip"] for at in addresses]
    return [one["metadata"]["name"], some(found) if subsets else NONE, _age(one, now)]


def _slice(one: dict, now: float, wide: bool) -> list[str]:
    ports = [str(port["port"]) if port.get("port") else "*" for port in one.get("ports") or ()]
    ends = [address for end in one.get("endpoints") or () for address in end["addresses"]]
    return [one["metadata"]["name"], one["addressType"], some(ports) or "<unset>", some(ends) or "<unset>", _age(one, now)]


def _namespace(one: dict, now: float, wide: bool) -> list[str]:
    return [one["metadata"]["name"], dig(one, "status", "phase") or "Active", _age(one, now)]


def selector_text(selector: dict | None) -> str:
    """A LabelSelector as the words behind -l."""
    selector = selector or {}
    words = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    forms = {"In": "{} in ({})", "NotIn": "{} notin ({})", "Exists": "{}", "DoesNotExist": "!{}"}
    for one in selector.get("matchExpressions") or ():
        words.append(forms[one["operator"]].format(one["key"], ",".join(sorted(one.get("values") or ()))))
    return ",".join(sorted(words)) or NONE


def _workload_tail(one: dict) -> list[str]:
    containers = dig(one, "spec", "template", "spec", "containers") or ()
    words = [",".join(each.get(field, "") for each in containers) for field in ("name", "image")]
    return [*words, selector_text(dig(one, "spec", "selector"))]


def _deployment(one: dict, now: float, wide: bool) -> list[str]:
    status, wanted = one.get("status") or {}, dig(one, "spec", "replicas") or 0
    counts = [str(status.get(field, 0)) for field in ("updatedReplicas", "availableReplicas")]
    return [one["metadata"]["name"], f"{status.get('readyReplicas', 0)}/{wanted}", *counts, _age(one, now), *_workload_tail(one)]


def _replicaset(one: dict, now: float, wide: bool) -> list[str]:
    status, wanted = one.get("status") or {}, dig(one, "spec", "replicas") or 0
    counts = [str(status.get(field, 0)) for field in ("replicas", "readyReplicas")]
    return [one["metadata"]["name"], str(wanted), *counts, _age(one, now), *_workload_tail(one)]


def seen(event: dict, now: float) -> str:
    """How long ago it was, and over how long when it was more than once."""
    last = times.age(event.get("lastTimestamp") or event.get("eventTime") or dig(event, "metadata", "creationTimestamp"), now)
    often = event.get("count", 1)
    return f"{last} (x{often} over {times.age(event.get('firstTimestamp'), now)})" if often > 1 else last


def _event(one: dict, now: float, wide: bool) -> list[str]:
    about = one.get("involvedObject") or {}
    subject = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    return [seen(one, now).partition(" (")[0], one.get("type", ""), one.get("reason", ""), subject, one.get("message", "").strip()]


_WORKLOAD = ("CONTAINERS", "IMAGES", "SELECTOR")
COLUMNS = {
    "Pod": Columns(("NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"), 5, _pod),
    "Node": Columns(("NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION",
                     "CONTAINER-RUNTIME"), 5, _node),
    "Service": Columns(("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"), 6, _service),
    "Endpoints": Columns(("NAME", "ENDPOINTS", "AGE"), 3, _endpoints),
    "EndpointSlice": Columns(("NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"), 5, _slice),
    "Namespace": Columns(("NAME", "STATUS", "AGE"), 3, _namespace),
    "Deployment": Columns(("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", *_WORKLOAD), 5, _deployment),
    "ReplicaSet": Columns(("NAME", "DESIRED", "CURRENT", "READY", "AGE", *_WORKLOAD), 5, _replicaset),
    "Event": Columns(("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"), 5, _event),
}  # fmt: skip
