"""What the API server fills in of a Pod and what it refuses (kubernetes: pkg/apis/core/v1/defaults.go,
pkg/apis/core/validation/validation.go
ValidatePodSpec; plugin/pkg/admission: serviceaccount, defaulttolerationseconds, priority)."""

from copy import deepcopy
from zlib import crc32

from . import syntax
from .metadata import label_problems
from .refusal import Problem, duplicate, forbidden, invalid, not_found, required, unsupported

#: Of which the API server makes the ends of names (apimachinery: pkg/util/rand).
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
_UNLIKE = ("pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
           "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
           "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")  # fmt: skip


def suffix(text: str) -> str:
    """The end of a name that the real server would draw: five letters, of the text's own in the lab."""
    number, found = crc32(text.encode()), ""
    for _ in range(5):
        number, at = divmod(number, len(_LETTERS))
        found += _LETTERS[at]
    return found


def template_filled(spec: dict) -> None:
    """The defaults of a pod's spec, alone or in a template."""
    for field, value in (("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always"), ("schedulerName", "default-scheduler"),
                         ("securityContext", {}), ("terminationGracePeriodSeconds", 30)):  # fmt: skip
        if spec.get(field) in (None, ""):
            spec[field] = deepcopy(value)
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    for one in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        _container_filled(one, spec.get("hostNetwork", False))


def _container_filled(one: dict, host_network: bool) -> None:
    image = one.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    one["imagePullPolicy"] = one.get("imagePullPolicy") or ("Always" if latest else "IfNotPresent")
    for field, value in (("resources", {}), ("terminationMessagePath", "/dev/termination-log"), ("terminationMessagePolicy", "File")):
        one.setdefault(field, deepcopy(value))
    for port in one.get("ports") or ():
        port["protocol"] = port.get("protocol") or "TCP"
        if host_network and not port.get("hostPort"):
            port["hostPort"] = port.get("containerPort", 0)
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = one.get(field)
        if probe:
            for key, value in (("failureThreshold", 3), ("periodSeconds", 10), ("successThreshold", 1), ("timeoutSeconds", 1)):
                probe[key] = probe.get(key) or value
            if "httpGet" in probe:
                probe["httpGet"] = {"path": "/", "scheme": "HTTP", **probe["httpGet"]}


def filled(pod: dict) -> None:
    """All of it: also what the admission plugins add to a pod itself, and the status with which it begins."""
    spec, meta = pod["spec"], pod["metadata"]
    template_filled(spec)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    account = spec["serviceAccountName"] = spec["serviceAccount"] = spec.get("serviceAccountName") or "default"
    known = {(one.get("key"), one.get("effect")) for one in spec.get("tolerations") or ()}
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if (key, "NoExecute") not in known:
            spec.setdefault("tolerations", []).append({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300})
    if spec.get("automountServiceAccountToken", True) and account:
        _token(spec, f"kube-api-access-{suffix(meta['namespace'] + '/' + meta['name'])}")
    pod.setdefault("status", {"phase": "Pending", "qosClass": "BestEffort"})


def _token(spec: dict, volume: str) -> None:
    """The service account's token, in each container that has nothing there."""
    for one in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        mounts = one.setdefault("volumeMounts", [])
        if all(mount.get("mountPath") != _TOKEN for mount in mounts):
            mounts.append({"mountPath": _TOKEN, "name": volume, "readOnly": True})
    field = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    certificate = {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}
    if any(one.get("name") == volume for one in spec.get("volumes") or ()):
        return
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": certificate},
        {"downwardAPI": {"items": [field]}},
    ]
    spec.setdefault("volumes", []).append({"name": volume, "projected": {"defaultMode": 420, "sources": sources}})


def problems(spec: dict, where: str = "spec") -> list[Problem]:
    containers, found = spec.get("containers") or [], []
    volumes = {one.get("name") for one in spec.get("volumes") or ()}
    for at, one in enumerate(spec.get("volumes") or ()):
        found += _name(f"{where}.volumes[{at}].name", one.get("name", ""))
    if not containers:
        found.append(required(f"{where}.containers"))
    seen: set[str] = set()
    taken: set[str] = set()
    for kind in ("containers", "initContainers"):
        for at, one in enumerate(spec.get(kind) or ()):
            here = f"{where}.{kind}[{at}]"
            found += _name(f"{here}.name", one.get("name", ""))
            if one.get("name") in seen:
                found.append(duplicate(f"{here}.name", one["name"]))
            seen.add(one.get("name") or here)
            found += _container(one, here, volumes, taken if kind == "containers" else set())
    found += _pod_fields(spec, where)
    return found


def _name(field: str, name: str) -> list[Problem]:
    return [invalid(field, name, says) for says in syntax.dns_label(name)] if name else [required(field)]


def _container(one: dict, here: str, volumes: set, taken: set[str]) -> list[Problem]:
    image, found = one.get("image", ""), []
    if not image:
        found.append(required(f"{here}.image"))
    elif image != image.strip():
        found.append(invalid(f"{here}.image", image, "must not have leading or trailing whitespace"))
    found += _container_ports(one, here, taken)
    for at, variable in enumerate(one.get("env") or ()):
        name = variable.get("name", "")
        field = f"{here}.env[{at}].name"
        found += [invalid(field, name, says) for says in syntax.env_name(name)] if name else [required(field)]
        if variable.get("value") and variable.get("valueFrom"):
            says = "may not be specified when `value` is not empty"
            found.append(Problem(f"{here}.env[{at}].valueFrom", f'Invalid value: "": {says}'))
    mounted: set[str] = set()
    for at, mount in enumerate(one.get("volumeMounts") or ()):
        field = f"{here}.volumeMounts[{at}]"
        if not mount.get("name"):
            found.append(required(f"{field}.name"))
        elif mount["name"] not in volumes:
            found.append(not_found(f"{field}.name", mount["name"]))
        if not mount.get("mountPath"):
            found.append(required(f"{field}.mountPath"))
        elif mount["mountPath"] in mounted:
            found.append(invalid(f"{field}.mountPath", mount["mountPath"], "must be unique"))
        mounted.add(mount.get("mountPath"))
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        if one.get(field):
            found += _probe(one[field], f"{here}.{field}", field)
    policies = ("Always", "IfNotPresent", "Never")
    if one["imagePullPolicy"] not in policies:
        found.append(unsupported(f"{here}.imagePullPolicy", one["imagePullPolicy"], policies))
    return found


def _container_ports(one: dict, here: str, taken: set[str]) -> list[Problem]:
    found: list[Problem] = []
    names: set[str] = set()
    for at, port in enumerate(one.get("ports") or ()):
        field, name = f"{here}.ports[{at}]", port.get("name", "")
        if name:
            wrong = syntax.port_name(name)
            found += [invalid(f"{field}.name", name, says) for says in wrong]
            found += [duplicate(f"{field}.name", name)] * (name in names and not wrong)
            names.add(name)
        number = port.get("containerPort", 0)
        if not number:
            found.append(required(f"{field}.containerPort"))
        else:
            found += [invalid(f"{field}.containerPort", number, says) for says in syntax.port_number(number)]
        if port.get("hostPort"):
            found += [invalid(f"{field}.hostPort", port["hostPort"], says) for says in syntax.port_number(port["hostPort"])]
        if port["protocol"] not in ("SCTP", "TCP", "UDP"):
            found.append(unsupported(f"{field}.protocol", port["protocol"], ("SCTP", "TCP", "UDP")))
        if port.get("hostIP"):
            found += [invalid(f"{field}.hostIP", port["hostIP"], says) for says in syntax.ip(port["hostIP"])]
    for at, port in enumerate(one.get("ports") or ()):
        if port.get("hostPort"):
            key = f"{port['protocol']}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in taken:
                found.append(duplicate(f"{here}.ports[{at}].hostPort", key))
            taken.add(key)
    return found


def _probe(probe: dict, here: str, kind: str) -> list[Problem]:
    handlers = [name for name in ("exec", "httpGet", "tcpSocket", "grpc") if probe.get(name) is not None]
    found = [required(here, "must specify a handler type")] if not handlers else []
    found += [forbidden(f"{here}.{name}", "may not specify more than 1 handler type") for name in handlers[1:]]
    for name in ("httpGet", "tcpSocket"):
        if name in handlers:
            port = probe[name].get("port", 0)
            found += [invalid(f"{here}.{name}.port", port, says) for says in syntax.port(port)]
    if "exec" in handlers and not probe["exec"].get("command"):
        found.append(required(f"{here}.exec.command"))
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if probe.get(field, 0) < 0:
            found.append(invalid(f"{here}.{field}", probe[field], "must be greater than or equal to 0"))
    if kind != "readinessProbe" and probe["successThreshold"] != 1:
        found.append(invalid(f"{here}.successThreshold", probe["successThreshold"], "must be 1"))
    return found


def _pod_fields(spec: dict, where: str) -> list[Problem]:
    found = []
    for field, values in (("restartPolicy", ("Always", "Never", "OnFailure")),
                          ("dnsPolicy", ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"))):  # fmt: skip
        if spec[field] not in values:
            found.append(unsupported(f"{where}.{field}", spec[field], values))
    found += label_problems(spec.get("nodeSelector"), f"{where}.nodeSelector")
    if spec.get("hostNetwork"):
        for at, one in enumerate(spec.get("containers") or ()):
            for number, port in enumerate(one.get("ports") or ()):
                if port.get("hostPort") != port.get("containerPort"):
                    says = "must match `containerPort` when `hostNetwork` is true"
                    found.append(invalid(f"{where}.containers[{at}].ports[{number}].hostPort", port.get("hostPort", 0), says))
    if spec["terminationGracePeriodSeconds"] < 0:
        found.append(
            invalid(f"{where}.terminationGracePeriodSeconds", spec["terminationGracePeriodSeconds"], "must be greater than or equal to 0")
        )
    for field, rule in (("nodeName", syntax.dns_subdomain), ("hostname", syntax.dns_label), ("subdomain", syntax.dns_label)):
        if spec.get(field):
            found += [invalid(f"{where}.{field}", spec[field], says) for says in rule(spec[field])]
    return found


def changed(old: dict, new: dict) -> list[Problem]:
    """What an update may change of a pod: images, a deadline, more tolerations (ValidatePodUpdate)."""
    return [] if _frozen(old) == _frozen(new) else [forbidden("spec", _UNLIKE)]


def _frozen(spec: dict) -> dict:
    left = {
        key: value
        for key, value in spec.items()
        if key not in ("activeDeadlineSeconds", "tolerations", "nodeName") and value not in ([], {})
    }
    left["nodeName"] = spec.get("nodeName", "")
    for kind in ("containers", "initContainers"):
        left[kind] = [
            {key: value for key, value in one.items() if key != "image" and value not in ([], {})} for one in spec.get(kind) or ()
        ]
    return left
