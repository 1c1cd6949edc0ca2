"""What the API server fills in and refuses of Namespace, Node, Endpoints, EndpointSlice, Deployment and ReplicaSet
(kubernetes: pkg/apis/{core,apps,discovery}/validation and their v1/defaults.go)."""

from copy import deepcopy

from . import pod_rules, syntax
from .metadata import label_problems, selector_problems
from .refusal import Problem, duplicate, forbidden, invalid, required, shown, unsupported

_PROTOCOLS = ("SCTP", "TCP", "UDP")


def namespace_filled(one: dict) -> None:
    one["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = one["metadata"]["name"]
    one.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    one.setdefault("status", {"phase": "Active"})


def node_filled(one: dict) -> None:
    spec = one.setdefault("spec", {})
    if spec.get("podCIDR") and not spec.get("podCIDRs"):
        spec["podCIDRs"] = [spec["podCIDR"]]
    elif spec.get("podCIDRs") and not spec.get("podCIDR"):
        spec["podCIDR"] = spec["podCIDRs"][0]


def node_problems(one: dict) -> list[Problem]:
    spec, found = one["spec"], []
    for at, cidr in enumerate(spec.get("podCIDRs") or ()):
        if not _is_cidr(cidr):
            says = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            found.append(invalid(f"spec.podCIDRs[{at}]", cidr, says))
    for at, taint in enumerate(spec.get("taints") or ()):
        found += [invalid(f"spec.taints[{at}].key", taint.get("key", ""), says) for says in syntax.qualified_name(taint.get("key", ""))]
        effects = ("NoExecute", "NoSchedule", "PreferNoSchedule")
        if taint.get("effect") not in effects:
            found.append(unsupported(f"spec.taints[{at}].effect", taint.get("effect", ""), effects))
    return found


def _is_cidr(text: str) -> bool:
    address, slash, length = text.partition("/")
    return bool(slash) and syntax.address(address) is not None and length.isdigit() and int(length) <= 128


def node_changed(old: dict, new: dict) -> list[Problem]:
    had = old["spec"].get("podCIDRs") or []
    if had and had != (new["spec"].get("podCIDRs") or []):
        return [forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid')]
    return []


def endpoints_filled(one: dict) -> None:
    for subset in one.get("subsets") or ():
        for port in subset.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"


def endpoints_problems(one: dict) -> list[Problem]:
    found = []
    for at, subset in enumerate(one.get("subsets") or ()):
        here = f"subsets[{at}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            found.append(required(here, "must specify `addresses` or `notReadyAddresses`"))
        for field in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(field) or ()):
                where, ip = f"{here}.{field}[{number}].ip", address.get("ip", "")
                found += [invalid(where, ip, says) for says in syntax.ordinary_ip(ip)]
        ports = subset.get("ports") or []
        for number, port in enumerate(ports):
            found += _endpoint_port(port, f"{here}.ports[{number}]", len(ports) > 1)
    return found


def _endpoint_port(port: dict, here: str, named: bool) -> list[Problem]:
    name, found = port.get("name", ""), []
    if name:
        found += [invalid(f"{here}.name", name, says) for says in syntax.dns_label(name)]
    elif named:
        found.append(required(f"{here}.name"))
    found += [invalid(f"{here}.port", port.get("port", 0), says) for says in syntax.port_number(port.get("port", 0))]
    if port["protocol"] not in _PROTOCOLS:
        found.append(unsupported(f"{here}.protocol", port["protocol"], _PROTOCOLS))
    return found


def slice_filled(one: dict) -> None:
    for port in one.get("ports") or ():
        port.setdefault("name", "")
        port["protocol"] = port.get("protocol") or "TCP"


def slice_problems(one: dict) -> list[Problem]:
    found: list[Problem] = []
    kinds = ("FQDN", "IPv4", "IPv6")
    kind = one.get("addressType", "")
    if not kind:
        found.append(required("addressType"))
    elif kind not in kinds:
        found.append(unsupported("addressType", kind, kinds))
    names: set[str] = set()
    for at, port in enumerate(one.get("ports") or ()):
        here, name = f"ports[{at}]", port["name"]
        found += [duplicate(f"{here}.name", name)] * (name in names)
        names.add(name)
        found += [invalid(f"{here}.name", name, says) for says in (syntax.dns_label(name) if name else ())]
        if port["protocol"] not in _PROTOCOLS:
            found.append(unsupported(f"{here}.protocol", port["protocol"], _PROTOCOLS))
    for at, endpoint in enumerate(one.get("endpoints") or ()):
        here, addresses = f"endpoints[{at}].addresses", endpoint.get("addresses") or []
        if not addresses:
            found.append(required(here, "must contain at least 1 address"))
        for number, address in enumerate(addresses):
            if kind == "IPv4":
                is_other = syntax.address(address) is not None and syntax.address(address).version != 4
                says = ["must be an IPv4 address"] if is_other else syntax.ordinary_ip(address)
                found += [invalid(f"{here}[{number}]", address, one) for one in says]
    return found


def slice_changed(old: dict, new: dict) -> list[Problem]:
    if old["addressType"] != new["addressType"]:
        return [invalid("addressType", new["addressType"], "field is immutable")]
    return []


def workload_filled(one: dict) -> None:
    """A Deployment or a ReplicaSet."""
    spec = one.setdefault("spec", {})
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    pod_rules.template_filled(template.setdefault("spec", {}))
    if one["kind"] == "Deployment":
        spec.setdefault("progressDeadlineSeconds", 600)
        spec.setdefault("revisionHistoryLimit", 10)
        strategy = spec.setdefault("strategy", {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            strategy["rollingUpdate"] = {"maxSurge": "25%", "maxUnavailable": "25%", **(strategy.get("rollingUpdate") or {})}


def workload_problems(one: dict) -> list[Problem]:
    spec, found = one["spec"], []
    if spec["replicas"] < 0:
        found.append(invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0"))
    selector, template = spec.get("selector"), spec["template"]
    labels = template["metadata"].get("labels") or {}
    unlike = Problem("spec.template.metadata.labels", f"Invalid value: {_go_map(labels)}: `selector` does not match template `labels`")
    if selector is None:  # which chooses nothing
        found += [required("spec.selector"), unlike]
    else:
        found += selector_problems(selector, "spec.selector")
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            shown_one = "v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}"
            found.append(Problem("spec.selector", f"Invalid value: {shown_one}: empty selector is invalid for {one['kind'].lower()}"))
        elif not (selector.get("matchLabels") or {}).items() <= labels.items():
            found.append(unlike)
    found += label_problems(labels, "spec.template.metadata.labels")
    found += pod_rules.problems(template["spec"], "spec.template.spec")
    if template["spec"]["restartPolicy"] != "Always" and template["spec"]["restartPolicy"] in ("Never", "OnFailure"):
        found.append(unsupported("spec.template.spec.restartPolicy", template["spec"]["restartPolicy"], ("Always",)))
    return found


def _go_map(labels: dict) -> str:
    return shown(labels) if labels else "map[string]string(nil)"


def workload_changed(old: dict, new: dict) -> list[Problem]:
    """The selector stays (apps/validation ValidateDeploymentUpdate)."""
    had, has = deepcopy(old["spec"]["selector"]), new["spec"].get("selector") or {}
    if had == has:
        return []
    value = f"v1.LabelSelector{{MatchLabels:{_go_map(has.get('matchLabels') or {})}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}}"
    return [Problem("spec.selector", f"Invalid value: {value}: field is immutable")]
