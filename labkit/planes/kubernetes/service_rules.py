"""What the API server fills in of a Service and what it refuses (kubernetes: pkg/apis/core/v1/defaults.go SetDefaults_Service,
pkg/apis/core/validation/validation.go ValidateService; recordings: tests/recordings/kubernetes/kubectl)."""

from ipaddress import IPv4Network

from . import syntax
from .metadata import label_problems
from .refusal import Problem, duplicate, forbidden, invalid, required, unsupported

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PROTOCOLS = ("SCTP", "TCP", "UDP")
#: Seconds that a client stays with its endpoint, when nobody says how many; and the most (a day).
STICKY, LONGEST = 10800, 86400
KUBELET = 10250
_POLICIES = ("Cluster", "Local")


def filled(spec: dict) -> None:
    """The defaults, put into `spec`."""
    kind = spec["type"] = spec.get("type") or "ClusterIP"
    affinity = spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        config = spec.get("sessionAffinityConfig") or {}
        client = config.get("clientIP") or {}
        spec["sessionAffinityConfig"] = {**config, "clientIP": {"timeoutSeconds": STICKY, **client}}
    for port in spec.get("ports") or ():
        port["protocol"] = port.get("protocol") or "TCP"
        port["targetPort"] = port.get("targetPort") or port.get("port", 0)
    if reached_from_outside(spec):
        spec["externalTrafficPolicy"] = spec.get("externalTrafficPolicy") or "Cluster"
    if kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec["internalTrafficPolicy"] = spec.get("internalTrafficPolicy") or "Cluster"
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]


def reached_from_outside(spec: dict) -> bool:
    kind = spec.get("type", "ClusterIP")
    return kind in ("NodePort", "LoadBalancer") or kind == "ClusterIP" and bool(spec.get("externalIPs"))


def is_headless(spec: dict) -> bool:
    return (spec.get("clusterIPs") or [spec.get("clusterIP")])[0] == "None"


def wants_health_port(spec: dict) -> bool:
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def problems(spec: dict) -> list[Problem]:
    """In the order in which the server looks."""
    rules = (_by_type, _ports, _selector, _affinity, _addresses, _external_ips, _type, _duplicate_ports, _load_balancer, _policies)
    return [problem for rule in rules for problem in rule(spec)]


def _by_type(spec: dict) -> list[Problem]:
    kind, ports = spec["type"], spec.get("ports") or []
    found = []
    if not ports and not is_headless(spec) and kind != "ExternalName":
        found.append(required("spec.ports"))
    if kind == "LoadBalancer":
        says = f"may not expose port {KUBELET} externally since it is used by kubelet"
        found += [invalid(f"spec.ports[{at}]", KUBELET, says) for at, port in enumerate(ports) if port.get("port") == KUBELET]
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        found.append(invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services"))
    if kind == "ExternalName":
        for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(field):
                found.append(forbidden(f"spec.{field}", "may not be set for ExternalName services"))
        name = spec.get("externalName", "").removesuffix(".")
        if not name:
            found.append(required("spec.externalName"))
        else:
            found += [invalid("spec.externalName", name, says) for says in syntax.dns_subdomain(name)]
    return found


def _ports(spec: dict) -> list[Problem]:
    ports, found, names = spec.get("ports") or [], [], set()
    for at, port in enumerate(ports):
        where, name = f"spec.ports[{at}]", port.get("name", "")
        if name:
            found += [invalid(f"{where}.name", name, says) for says in syntax.dns_label(name)]
            found += [duplicate(f"{where}.name", name)] * (name in names)
            names.add(name)
        elif len(ports) > 1:
            found.append(required(f"{where}.name"))
        number, target = port.get("port", 0), port["targetPort"]
        found += [invalid(f"{where}.port", number, says) for says in syntax.port_number(number)]
        if port["protocol"] not in PROTOCOLS:
            found.append(unsupported(f"{where}.protocol", port["protocol"], PROTOCOLS))
        found += [invalid(f"{where}.targetPort", target, says) for says in syntax.port(target)]
        if port.get("appProtocol"):
            found += [invalid(f"{where}.appProtocol", port["appProtocol"], says) for says in syntax.qualified_name(port["appProtocol"])]
    return found


def _selector(spec: dict) -> list[Problem]:
    return label_problems(spec.get("selector"), "spec.selector")


def _affinity(spec: dict) -> list[Problem]:
    affinity = spec["sessionAffinity"]
    if affinity not in ("ClientIP", "None"):
        return [unsupported("spec.sessionAffinity", affinity, ("ClientIP", "None"))]
    seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"] if affinity == "ClientIP" else STICKY
    if 0 < seconds <= LONGEST:
        return []
    says = f"must be greater than 0 and less than {LONGEST}"
    return [invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, says)]


def _addresses(spec: dict) -> list[Problem]:
    """clusterIP, clusterIPs and the families of addresses (ValidateServiceClusterIPsRelatedFields)."""
    found: list[Problem] = []
    if spec["type"] == "ExternalName":
        return found
    addresses, families = spec.get("clusterIPs") or [], spec.get("ipFamilies") or []
    for at, family in enumerate(families):
        if family not in ("IPv4", "IPv6"):
            found.append(unsupported(f"spec.ipFamilies[{at}]", family, ("IPv4", "IPv6")))
        elif family in families[:at]:
            found.append(duplicate(f"spec.ipFamilies[{at}]", family))
    policies = ("PreferDualStack", "RequireDualStack", "SingleStack")
    if spec.get("ipFamilyPolicy", "SingleStack") not in policies:
        found.append(unsupported("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], policies))
    if addresses and addresses[0] != spec.get("clusterIP", ""):
        found.append(invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`"))
    if len(addresses) > 1 and "None" in addresses:
        found.append(invalid("spec.clusterIPs", addresses, "'None' must be the first and only value"))
    for at, address in enumerate(addresses):
        if address != "None":
            found += [invalid(f"spec.clusterIPs[{at}]", address, says) for says in syntax.ip(address)]
    if len(addresses) > 2:
        found.append(invalid("spec.clusterIPs", addresses, "may only hold up to 2 values"))
    return found


def _external_ips(spec: dict) -> list[Problem]:
    listed = enumerate(spec.get("externalIPs") or ())
    return [invalid(f"spec.externalIPs[{at}]", one, says) for at, one in listed for says in syntax.ordinary_ip(one)]


def _type(spec: dict) -> list[Problem]:
    return [] if spec["type"] in TYPES else [unsupported("spec.type", spec["type"], TYPES)]


def _duplicate_ports(spec: dict) -> list[Problem]:
    ports, found, node_ports, seen = spec.get("ports") or [], [], set(), set()
    if spec["type"] == "ClusterIP":
        says = "may not be used when `type` is 'ClusterIP'"
        found += [forbidden(f"spec.ports[{at}].nodePort", says) for at, port in enumerate(ports) if port.get("nodePort")]
    for at, port in enumerate(ports):
        taken = port["protocol"], port.get("nodePort", 0)
        if taken[1] and taken in node_ports:
            found.append(duplicate(f"spec.ports[{at}].nodePort", taken[1]))
        node_ports.add(taken)
    for at, port in enumerate(ports):
        key = port["protocol"], port.get("port", 0)
        if key in seen:
            shown = (f'core.ServicePort{{Name:"", Protocol:"{key[0]}", AppProtocol:(*string)(nil), Port:{key[1]}, '
                     'TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}')  # fmt: skip
            found.append(Problem(f"spec.ports[{at}]", f"Duplicate value: {shown}"))
        seen.add(key)
    return found


def _load_balancer(spec: dict) -> list[Problem]:
    found, kind, ranges = [], spec["type"], spec.get("loadBalancerSourceRanges") or []
    only = "may only be used when `type` is 'LoadBalancer'"
    if ranges:
        if kind != "LoadBalancer":
            found.append(forbidden("spec.LoadBalancerSourceRanges", only))
        if not all(_is_range(one) for one in ranges):
            says = "must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 "
            found.append(invalid("spec.LoadBalancerSourceRanges", f"[{' '.join(ranges)}]", says))
    if kind != "LoadBalancer":
        found += [forbidden(f"spec.{field}", only) for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass") if field in spec]
    return found


def _is_range(text: str) -> bool:
    try:
        return "/" in text and bool(IPv4Network(text.strip(), strict=False))
    except ValueError:
        return False


def _policies(spec: dict) -> list[Problem]:
    found, external, health = [], spec.get("externalTrafficPolicy", ""), spec.get("healthCheckNodePort", 0)
    if external and not reached_from_outside(spec):
        found.append(invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services"))
    elif external and external not in _POLICIES:
        found.append(unsupported("spec.externalTrafficPolicy", external, _POLICIES))
    if health and not wants_health_port(spec):
        says = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        found.append(invalid("spec.healthCheckNodePort", health, says))
    elif health:
        found += [invalid("spec.healthCheckNodePort", health, says) for says in syntax.port_number(health)]
    internal = spec.get("internalTrafficPolicy", "Cluster")
    if internal not in _POLICIES:
        found.append(unsupported("spec.internalTrafficPolicy", internal, _POLICIES))
    if spec.get("trafficDistribution", "PreferClose") != "PreferClose":
        found.append(unsupported("spec.trafficDistribution", spec["trafficDistribution"], ("PreferClose",)))
    return found


def changed(old: dict, new: dict) -> list[Problem]:
    """What an update may not change (ValidateServiceUpdate: only from and to types that have an address)."""
    found: list[Problem] = []
    had, has = old.get("clusterIPs") or [], new.get("clusterIPs") or []
    if "ExternalName" not in (old["type"], new["type"]) and had and had[0] != (has or [""])[0]:
        if not has:
            return [invalid("spec.clusterIPs", [], "primary clusterIP can not be unset")]
        found.append(Problem("spec.clusterIPs[0]", invalid("", has, "may not change once set").says))
    if old.get("healthCheckNodePort") and wants_health_port(old) and wants_health_port(new):
        if old["healthCheckNodePort"] != new.get("healthCheckNodePort"):
            found.append(forbidden("spec.healthCheckNodePort", "field is immutable"))
    return found
