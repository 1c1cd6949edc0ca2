"""`kubectl describe`: an object and what hangs on it, as text (kubectl: pkg/describe/describe.go).

A kind's function answers lines whose cells a tab parts; `aligned` lays them out as Go's text/tabwriter does. Those of pods are in
describing_pod.py, those of nodes in describing_node.py.
"""

from ....commands.result import Failure, Result
from .. import times
from ..object_kinds import Kind
from .happenings import events
from .printing import NONE, dig, pairs, seen, selector_text, some
from .resources import select

FLAGS = "all-namespaces,A selector,l: field-selector: show-events filename,f! chunk-size:"
_LAST = "kubectl.kubernetes.io/last-applied-configuration"
#: Longer annotations stand on lines of their own.
_LONG = 140


def describe(ctx, api, flags) -> Result:
    words = flags.words[1:]
    if not words:
        raise Failure(1, 'error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of '
                         "supported resources.\n")  # fmt: skip
    found = select(api, words, flags, "describe")
    told = flags.one("show-events", "true") == "true"
    shown = [aligned(_lines(api, kind, one, told)) for kind, one in found.objects]
    if not shown and not found.missing:
        spaced = any(kind.namespaced for kind, _ in found.groups) and not flags.on("all-namespaces")
        where = f" in {flags.one('namespace', 'default')} namespace." if spaced else ""
        return Result(0, "", f"No resources found{where}\n")
    return Result(int(bool(found.missing)), "\n\n".join(shown), "".join(found.missing))


def aligned(lines: list[str], least: int = 0, gap: int = 2) -> str:
    """Of lines that follow each other a column is as wide as its longest cell and the gap; a line without it ends the column."""
    rows = [line.split("\t") for line in lines]
    widths: dict[tuple[int, int], int] = {}
    for column in range(max(map(len, rows), default=0) - 1):
        block: list[int] = []
        for at in range(len(rows) + 1):
            if at < len(rows) and len(rows[at]) - 1 > column:
                block.append(at)
                continue
            width = max((max(least, len(rows[one][column]) + gap) for one in block), default=0)
            widths |= {(one, column): width for one in block}
            block = []
    text = ["".join(f"{cell:<{widths[at, column]}}" for column, cell in enumerate(row[:-1])) + row[-1] for at, row in enumerate(rows)]
    return "".join(f"{line}\n" for line in text)


def _lines(api, kind: Kind, one: dict, told: bool) -> list[str]:
    from .describing_node import node
    from .describing_pod import pod

    rows = {"Pod": pod, "Node": node, "Service": _service, "Endpoints": _endpoints, "EndpointSlice": _slice, "Namespace": _namespace,
            "Deployment": _deployment, "ReplicaSet": _replicaset}  # fmt: skip
    if kind.name not in rows:
        raise Failure(1, f"The lab's kubectl describes {', '.join(name.lower() for name in rows)}, and not {kind.plural}.\n")
    tail = event_lines(api, one) if told and kind.name != "Namespace" else []
    return rows[kind.name](api, one) + tail


def marks(title: str, values: dict | None, annotations: bool = False) -> list[str]:
    """Labels or annotations, one a line."""
    shown = {key: value for key, value in sorted((values or {}).items()) if not (annotations and key == _LAST)}
    if not shown:
        return [f"{title}:\t{NONE}"]
    lines: list[str] = []
    for at, (key, value) in enumerate(shown.items()):
        head = f"{title}:\t" if not at else "\t"
        value = value.removesuffix("\n") if annotations else value
        if annotations and (len(key) + len(value) + 2 > _LONG or "\n" in value):
            lines += [
                f"{head}{key}:",
                *(f"\t  {part[: _LONG - 5] + '...' if len(part) > _LONG - 2 else part}" for part in value.split("\n")),
            ]
        else:
            lines.append(f"{head}{key}{': ' if annotations else '='}{value}")
    return lines


def heading(one: dict) -> list[str]:
    meta = one["metadata"]
    spaced = [f"Namespace:\t{meta['namespace']}"] if meta.get("namespace") else []
    return [f"Name:\t{meta['name']}", *spaced, *marks("Labels", meta.get("labels")), *marks("Annotations", meta.get("annotations"), True)]


def events_of(api, one: dict) -> list[dict]:
    """Oldest first."""
    meta, kind = one["metadata"], one["kind"]
    found = [event for event in events(api) if dig(event, "involvedObject", "name") == meta["name"]
             and dig(event, "involvedObject", "kind") == kind
             and dig(event, "involvedObject", "uid") in (None, "", meta.get("uid"), meta["name"])
             and (kind == "Node" or event["metadata"].get("namespace") == meta.get("namespace"))]  # fmt: skip
    return sorted(found, key=lambda event: times.seconds(event.get("lastTimestamp") or dig(event, "metadata", "creationTimestamp") or 0))


def event_lines(api, one: dict) -> list[str]:
    found = events_of(api, one)
    if not found:
        return [f"Events:\t{NONE}"]
    rows = [("Type", "Reason", "Age", "From", "Message"), ("----", "------", "----", "----", "-------")]
    for event in found:
        source = dig(event, "source", "component") or event.get("reportingComponent", "")
        rows.append((event.get("type", ""), event.get("reason", ""), seen(event, api.lab.now), source, event.get("message", "").strip()))
    return ["Events:", *("  " + "\t".join(row) for row in rows)]


def _service(api, one: dict) -> list[str]:
    spec, meta = one["spec"], one["metadata"]
    lines = [*heading(one), f"Selector:\t{pairs(spec.get('selector'))}", f"Type:\t{spec['type']}"]
    lines += [f"IP Family Policy:\t{spec['ipFamilyPolicy']}"] if spec.get("ipFamilyPolicy") else []
    lines += [f"IP Families:\t{','.join(spec.get('ipFamilies') or ()) or NONE}", f"IP:\t{spec.get('clusterIP', '')}"]
    lines.append(f"IPs:\t{','.join(spec.get('clusterIPs') or ()) or NONE}")
    lines += [f"External IPs:\t{','.join(spec['externalIPs'])}"] if spec.get("externalIPs") else []
    lines += [f"Desired LoadBalancer IP:\t{spec['loadBalancerIP']}"] if spec.get("loadBalancerIP") else []
    lines += [f"External Name:\t{spec['externalName']}"] if spec.get("externalName") else []
    ingress = dig(one, "status", "loadBalancer", "ingress") or ()
    given = [f"{each['ip']} ({each.get('ipMode', 'VIP')})" if each.get("ip") else each.get("hostname", "") for each in ingress]
    lines += [f"LoadBalancer Ingress:\t{', '.join(given)}"] if given else []
    for port in spec.get("ports") or ():
        name, protocol = port.get("name") or "<unset>", port["protocol"]
        lines += [f"Port:\t{name}\t{port['port']}/{protocol}", f"TargetPort:\t{port['targetPort']}/{protocol}"]
        lines += [f"NodePort:\t{name}\t{port['nodePort']}/{protocol}"] if port.get("nodePort") else []
        lines.append(f"Endpoints:\t{_ends(api, meta, port.get('name', ''))}")
    lines.append(f"Session Affinity:\t{spec['sessionAffinity']}")
    for title, field in (("External Traffic Policy", "externalTrafficPolicy"), ("Internal Traffic Policy", "internalTrafficPolicy"),
                         ("Traffic Distribution", "trafficDistribution"), ("HealthCheck NodePort", "healthCheckNodePort")):  # fmt: skip
        lines += [f"{title}:\t{spec[field]}"] if spec.get(field) else []
    ranges = spec.get("loadBalancerSourceRanges")
    return lines + ([f"LoadBalancer Source Ranges:\t{','.join(ranges)}"] if ranges else [])


def _ends(api, meta: dict, name: str) -> str:
    """From the slices, in their order; only those that are ready."""
    found = []
    for each in api.list("EndpointSlice", meta["namespace"], {"kubernetes.io/service-name": meta["name"]}):
        for port in each.get("ports") or ():
            if (port.get("name") or "") == name:
                ready = [end for end in each.get("endpoints") or () if (end.get("conditions") or {}).get("ready") is not False]
                found += [f"{address}:{port['port']}" for end in ready for address in end["addresses"]]
    return some(found)


def _endpoints(api, one: dict) -> list[str]:
    lines = [*heading(one), "Subsets:"]
    for subset in one.get("subsets") or ():
        for title, field in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            lines.append(f"  {title}:\t{','.join(each['ip'] for each in subset.get(field) or ()) or NONE}")
        if subset.get("ports"):
            lines += ["  Ports:", "    Name\tPort\tProtocol", "    ----\t----\t--------"]
            lines += [f"    {port.get('name') or '<unset>'}\t{port['port']}\t{port.get('protocol', 'TCP')}" for port in subset["ports"]]
        lines.append("")
    return lines


def _slice(api, one: dict) -> list[str]:
    lines = [*heading(one), f"AddressType:\t{one['addressType']}"]
    ports = one.get("ports") or ()
    lines += ["Ports:", "  Name\tPort\tProtocol", "  ----\t----\t--------"] if ports else ["Ports: <unset>"]
    lines += [f"  {port.get('name') or '<unset>'}\t{port.get('port') or '*'}\t{port['protocol']}" for port in ports]
    ends = one.get("endpoints") or ()
    lines.append("Endpoints:" if ends else f"Endpoints: {NONE}")
    for end in ends:
        ready = (end.get("conditions") or {}).get("ready")
        lines += [f"  - Addresses:\t{','.join(end['addresses'])}", "    Conditions:",
                  f"      Ready:\t{'<unset>' if ready is None else str(ready).lower()}",
                  f"    Hostname:\t{end.get('hostname', '<unset>')}"]  # fmt: skip
        target = end.get("targetRef")
        lines += [f"    TargetRef:\t{target['kind']}/{target['name']}"] if target else []
        lines += [f"    NodeName:\t{end.get('nodeName', '<unset>')}", f"    Zone:\t{end.get('zone', '<unset>')}"]
    return lines


def _namespace(api, one: dict) -> list[str]:
    head = [line for line in heading(one) if not line.startswith("Namespace:")]
    status = dig(one, "status", "phase") or "Active"
    return [*head, f"Status:\t{status}", "", "No resource quota.", "", "No LimitRange resource."]


def _template(template: dict) -> list[str]:
    from .describing_pod import containers

    lines = [f"  {line}" for line in marks("Labels", dig(template, "metadata", "labels"))]
    body = containers(template["spec"].get("containers") or (), {}, "Containers")
    tail = ["Volumes:\t<none>", "Node-Selectors:\t" + pairs(dig(template, "spec", "nodeSelector")), "Tolerations:\t<none>"]
    return ["Pod Template:", *lines, *(f"  {line}" for line in [*body, *tail])]


def _deployment(api, one: dict) -> list[str]:
    meta, spec, status = one["metadata"], one["spec"], one.get("status") or {}
    head = heading(one)
    head.insert(2, f"CreationTimestamp:\t{times.spoken(meta['creationTimestamp'])}")
    have, ready = status.get("replicas", 0), status.get("availableReplicas", 0)
    counts = f"{spec['replicas']} desired | {status.get('updatedReplicas', 0)} updated | {have} total | {ready} available | "
    counts += f"{have - ready} unavailable"
    lines = [*head, f"Selector:\t{selector_text(spec['selector'])}", f"Replicas:\t{counts}", f"StrategyType:\t{spec['strategy']['type']}",
             f"MinReadySeconds:\t{spec.get('minReadySeconds', 0)}"]  # fmt: skip
    rolling = spec["strategy"].get("rollingUpdate")
    if rolling:
        lines.append(f"RollingUpdateStrategy:\t{rolling['maxUnavailable']} max unavailable, {rolling['maxSurge']} max surge")
    lines += _template(spec["template"])
    conditions = status.get("conditions") or ()
    if conditions:
        lines += ["Conditions:", "  Type\tStatus\tReason", "  ----\t------\t------"]
        lines += [f"  {each['type']} \t{each['status']}\t{each.get('reason', '')}" for each in conditions]
    sets = [each for each in api.list("ReplicaSet", meta["namespace"])
            if any(owner.get("uid") == meta["uid"] for owner in each["metadata"].get("ownerReferences") or ())]  # fmt: skip
    words = [
        f"{each['metadata']['name']} ({dig(each, 'status', 'replicas') or 0}/{each['spec']['replicas']} replicas created)" for each in sets
    ]
    return lines + [f"OldReplicaSets:\t{', '.join(words[:-1]) or NONE}", f"NewReplicaSet:\t{''.join(words[-1:]) or NONE}"]


def _replicaset(api, one: dict) -> list[str]:
    meta, spec, status = one["metadata"], one["spec"], one.get("status") or {}
    lines = [f"Name:\t{meta['name']}", f"Namespace:\t{meta['namespace']}", f"Selector:\t{selector_text(spec['selector'])}",
             *marks("Labels", meta.get("labels")), *marks("Annotations", meta.get("annotations"), True)]  # fmt: skip
    lines += controlled(one)
    lines.append(f"Replicas:\t{status.get('replicas', 0)} current / {spec['replicas']} desired")
    running = status.get("readyReplicas", 0)
    lines.append(f"Pods Status:\t{running} Running / {status.get('replicas', 0) - running} Waiting / 0 Succeeded / 0 Failed")
    return lines + _template(spec["template"])


def controlled(one: dict) -> list[str]:
    owner = next((each for each in one["metadata"].get("ownerReferences") or () if each.get("controller")), None)
    return [f"Controlled By:\t{owner['kind']}/{owner['name']}"] if owner else []
