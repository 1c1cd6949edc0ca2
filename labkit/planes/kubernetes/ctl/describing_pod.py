"""`kubectl describe pod` (kubectl: pkg/describe/describe.go describePod, describeContainers)."""

from .. import times
from .describing import controlled, marks
from .printing import NONE, dig

_PROJECTED = "Projected (a volume that contains injected data from multiple sources)"
_VOLUMES = {
    "emptyDir": "EmptyDir (a temporary directory that shares a pod's lifetime)", "hostPath": "HostPath (bare host directory volume)",
    "configMap": "ConfigMap (a volume populated by a ConfigMap)", "secret": "Secret (a volume populated by a Secret)",
}  # fmt: skip


def pod(api, one: dict) -> list[str]:
    meta, spec, status = one["metadata"], one["spec"], one.get("status") or {}
    node = f"{spec['nodeName']}/{status.get('hostIP', '')}" if spec.get("nodeName") else NONE
    lines = [f"Name:\t{meta['name']}", f"Namespace:\t{meta['namespace']}", f"Priority:\t{spec.get('priority', 0)}",
             f"Service Account:\t{spec.get('serviceAccountName', '')}", f"Node:\t{node}"]  # fmt: skip
    lines += [f"Start Time:\t{times.spoken(status['startTime'])}"] if status.get("startTime") is not None else []
    lines += [*marks("Labels", meta.get("labels")), *marks("Annotations", meta.get("annotations"), True)]
    gone = meta.get("deletionTimestamp") is not None
    lines.append(f"Status:\t{'Terminating' if gone else status.get('phase', '')}")
    lines += [f"{title}:\t{status[field]}" for title, field in (("Reason", "reason"), ("Message", "message")) if status.get(field)]
    addresses = [each["ip"] for each in status.get("podIPs") or ()]
    lines += [f"IP:\t{status.get('podIP', '')}", *(["IPs:"] if addresses else [f"IPs:\t{NONE}"]), *(f"  IP:\t{each}" for each in addresses)]
    lines += controlled(one)
    for title, listed, known in (
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
    ):
        if spec.get(listed):
            by_name = {each["name"]: each for each in status.get(known) or ()}
            lines += containers(spec[listed], by_name, title)
    conditions = status.get("conditions") or ()
    if conditions:
        lines += ["Conditions:", "  Type\tStatus", *(f"  {each['type']} \t{each['status']} " for each in conditions)]
    lines += _volumes(spec.get("volumes") or ())
    lines.append(f"QoS Class:\t{status.get('qosClass', 'BestEffort')}")
    chosen = [f"{key}={value}" for key, value in sorted((spec.get("nodeSelector") or {}).items())] or [NONE]
    lines += [("\t" if at else "Node-Selectors:\t") + each for at, each in enumerate(chosen)]
    borne = [_toleration(each) for each in sorted(spec.get("tolerations") or (), key=lambda each: each.get("key", ""))] or [NONE]
    return lines + [("\t" if at else "Tolerations:\t") + each for at, each in enumerate(borne)]


def containers(listed, statuses: dict[str, dict], title: str) -> list[str]:
    lines = [f"{title}:"]
    for one in listed:
        lines += _container(one, statuses.get(one["name"]))
    return lines


def _container(one: dict, status: dict | None) -> list[str]:
    lines = [f"  {one['name']}:"]
    lines += [f"    Container ID:\t{status.get('containerID', '')}"] if status is not None else []
    lines.append(f"    Image:\t{one['image']}")
    lines += [f"    Image ID:\t{status.get('imageID', '')}"] if status is not None else []
    for title, field in (("Port", "containerPort"), ("Host Port", "hostPort")):
        words = ", ".join(f"{port.get(field, 0)}/{port.get('protocol', 'TCP')}" for port in one.get("ports") or ())
        lines.append(f"    {title}{'s' * (',' in words)}:\t{words or NONE}")
    for title, field in (("Command", "command"), ("Args", "args")):
        if one.get(field):
            lines += [f"    {title}:", *(f"      {word}" for word in one[field])]
    if status is not None:
        lines += _state("State", status.get("state") or {})
        if dig(status, "lastState", "terminated") is not None:
            lines += _state("Last State", status["lastState"])
        lines += [f"    Ready:\t{status.get('ready', False)}", f"    Restart Count:\t{status.get('restartCount', 0)}"]
    for title, field in (("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")):
        lines += [f"    {title}:\t{_probe(one[field])}"] if one.get(field) else []
    variables = one.get("env") or ()
    lines.append("    Environment:" if variables else f"    Environment:\t{NONE}")
    lines += [f"      {each['name']}:\t{each.get('value', '')}" for each in variables]
    mounts = sorted(one.get("volumeMounts") or (), key=lambda each: each["mountPath"])
    lines.append("    Mounts:" if mounts else f"    Mounts:\t{NONE}")
    return lines + [f"      {each['mountPath']} from {each['name']} ({'ro' if each.get('readOnly') else 'rw'})" for each in mounts]


def _state(title: str, state: dict) -> list[str]:
    if state.get("running") is not None:
        return [f"    {title}:\tRunning", f"      Started:\t{times.spoken(state['running'].get('startedAt', 0))}"]
    ended = state.get("terminated")
    if ended is None:
        waiting = state.get("waiting") or {}
        return [f"    {title}:\tWaiting", *([f"      Reason:\t{waiting['reason']}"] if waiting.get("reason") else [])]
    lines = [f"    {title}:\tTerminated"]
    lines += [f"      {word}:\t{ended[field]}" for word, field in (("Reason", "reason"), ("Message", "message")) if ended.get(field)]
    lines.append(f"      Exit Code:\t{ended.get('exitCode', 0)}")
    lines += [f"      Signal:\t{ended['signal']}"] if ended.get("signal") else []
    return lines + [
        f"      {word}:\t{times.spoken(ended.get(field, 0))}" for word, field in (("Started", "startedAt"), ("Finished", "finishedAt"))
    ]


def _probe(probe: dict) -> str:
    """DescribeProbe."""
    attributes = (f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe['timeoutSeconds']}s period={probe['periodSeconds']}s "
                  f"#success={probe['successThreshold']} #failure={probe['failureThreshold']}")  # fmt: skip
    if probe.get("exec") is not None:
        how = f"exec [{' '.join(probe['exec'].get('command') or ())}]"
    elif probe.get("httpGet") is not None:
        get = probe["httpGet"]
        how = f"http-get {get.get('scheme', 'HTTP').lower()}://{get.get('host', '')}:{get['port']}{get.get('path', '')}"
    elif probe.get("tcpSocket") is not None:
        how = f"tcp-socket {probe['tcpSocket'].get('host', '')}:{probe['tcpSocket']['port']}"
    else:
        how = "unknown"
    return f"{how} {attributes}"


def _volumes(volumes) -> list[str]:
    if not volumes:
        return [f"Volumes:\t{NONE}"]
    lines = ["Volumes:"]
    for one in volumes:
        lines.append(f"  {one['name']}:")
        if isinstance(one.get("projected"), dict):
            lines += _projected(one["projected"])
            continue
        kind = next((field for field in one if field != "name"), "emptyDir")
        lines.append(f"    Type:\t{_VOLUMES.get(kind, kind)}")
        known = {
            "emptyDir": (("Medium", "medium", ""), ("SizeLimit", "sizeLimit", "<unset>")),
            "hostPath": (("Path", "path", ""), ("HostPathType", "type", "")),
        }
        lines += [f"    {title}:\t{(one.get(kind) or {}).get(field, otherwise)}" for title, field, otherwise in known.get(kind, ())]
    return lines


def _projected(one: dict) -> list[str]:
    lines = [f"    Type:\t{_PROJECTED}"]
    for source in one.get("sources") or ():
        if "serviceAccountToken" in source:
            lines.append(f"    TokenExpirationSeconds:\t{source['serviceAccountToken'].get('expirationSeconds')}")
        elif "configMap" in source:
            optional = source["configMap"].get("optional")
            lines += [
                f"    ConfigMapName:\t{source['configMap']['name']}",
                f"    ConfigMapOptional:\t{'<nil>' if optional is None else str(optional).lower()}",
            ]
        elif "downwardAPI" in source:
            lines.append("    DownwardAPI:\ttrue")
    return lines


def _toleration(one: dict) -> str:
    words = one.get("key", "") + (f"={one['value']}" if one.get("value") else "")
    words += f":{one['effect']}" if one.get("effect") else ""
    if one.get("operator") == "Exists" and not one.get("value"):
        words += " op=Exists" if words else "op=Exists"
    return words + (f" for {one['tolerationSeconds']}s" if one.get("tolerationSeconds") is not None else "")
