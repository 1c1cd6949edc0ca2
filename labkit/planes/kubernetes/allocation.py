"""ClusterIPs and node ports: who has which, and which one comes next.

The server draws them by chance from the upper part of their range and leaves the lower part to those who ask for a number (kubernetes:
pkg/registry/core/service/ipallocator, portallocator; KEP 3070, 3668). Nothing is drawn in the lab: a Service's name gives the first one
tried, and the next free one is taken. So the same manifest gets the same address in the same lab.
"""

from ipaddress import IPv4Address, IPv4Network, ip_address
from zlib import crc32

from .refusal import Problem, Refused, invalid, refused_object
from .service_rules import is_headless, wants_health_port

#: The range of node ports, and how many of its lowest are left to those who ask (portallocator.go calculateRangeOffset).
NODE_PORTS = range(30000, 32768)
_LEFT = 86


def allocate(api, service: dict) -> None:
    """Put addresses and ports into a Service that has passed all other rules; Refused, and nothing is taken."""
    spec, meta = service["spec"], service["metadata"]
    if spec["type"] == "ExternalName":
        return
    others = [
        one for one in api.list("Service") if one["metadata"]["name"] != meta["name"] or one["metadata"]["namespace"] != meta["namespace"]
    ]
    _families(spec, meta["name"])
    if not is_headless(spec):
        address = _address(api.service_network, spec, meta, others)
        spec["clusterIP"], spec["clusterIPs"] = address, [address]
    taken = {(port["protocol"], port["nodePort"]) for one in others for port in one["spec"].get("ports") or () if port.get("nodePort")}
    taken |= {("TCP", one["spec"]["healthCheckNodePort"]) for one in others if one["spec"].get("healthCheckNodePort")}
    if spec["type"] == "NodePort" or spec["type"] == "LoadBalancer" and spec["allocateLoadBalancerNodePorts"]:
        _node_ports(spec, meta, taken)
    if wants_health_port(spec) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = _next_port(f"{meta['namespace']}/{meta['name']} health", "TCP", taken)
    elif spec.get("healthCheckNodePort"):
        _claim("spec.healthCheckNodePort", spec["healthCheckNodePort"], "TCP", taken, meta["name"])


def _refuse(name: str, problem: Problem) -> Refused:
    return refused_object("Service", "", name, [problem])


def _families(spec: dict, name: str) -> None:
    """A cluster of one family: IPv4 (alloc.go initIPFamilyFields)."""
    headless_alone = is_headless(spec) and not spec.get("selector")
    for at, family in enumerate(spec.get("ipFamilies") or ()):
        if family != "IPv4" and not headless_alone:
            raise _refuse(name, invalid(f"spec.ipFamilies[{at}]", family, "not configured on this cluster"))
    if spec.get("ipFamilyPolicy") == "RequireDualStack" and not headless_alone:
        raise _refuse(name, invalid("spec.ipFamilyPolicy", "RequireDualStack", "this cluster is not configured for dual-stack services"))
    dual = headless_alone and not spec.get("ipFamilies") and not spec.get("ipFamilyPolicy")
    spec.setdefault("ipFamilyPolicy", "RequireDualStack" if dual else "SingleStack")
    spec["ipFamilies"] = spec.get("ipFamilies") or (["IPv4", "IPv6"] if dual else ["IPv4"])


def _address(network: IPv4Network, spec: dict, meta: dict, others: list[dict]) -> str:
    taken = {one["spec"].get("clusterIP") for one in others}
    wanted = spec.get("clusterIP")
    if wanted:
        why = ""
        if ip_address(wanted) not in network or ip_address(wanted) in (network.network_address, network.broadcast_address):
            why = f"the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {network}"
        elif wanted in taken:
            why = "provided IP is already allocated"
        if why:
            raise _refuse(meta["name"], invalid("spec.clusterIPs", [wanted], f"failed to allocate IP {wanted}: {why}"))
        return wanted
    size = network.num_addresses - 2
    left = min(max(16, network.num_addresses // 16), 256) if size > 32 else 0
    return str(_first_free(network.network_address, size, left, f"{meta['namespace']}/{meta['name']}", taken, meta["name"]))


def _first_free(base: IPv4Address, size: int, left: int, text: str, taken: set, name: str) -> IPv4Address:
    """From the upper part, and when that is full from the lower one."""
    start, upper = crc32(text.encode()), size - left
    for at in range(size):
        offset = left + (start + at) % upper if at < upper else at - upper
        found = base + 1 + offset
        if str(found) not in taken:
            return found
    raise Refused(f'failed to allocate IP: range is full, for Service "{name}"', "InternalError")


def _node_ports(spec: dict, meta: dict, taken: set[tuple[str, int]]) -> None:
    """One each; two ports of one number and different protocols share theirs."""
    for at, port in enumerate(spec.get("ports") or ()):
        if port.get("nodePort"):
            _claim(f"spec.ports[{at}].nodePort", port["nodePort"], port["protocol"], taken, meta["name"])
    for port in spec.get("ports") or ():
        if not port.get("nodePort"):
            twin = next((one["nodePort"] for one in spec["ports"] if one.get("nodePort") and one["port"] == port["port"]), 0)
            shared = twin if twin and (port["protocol"], twin) not in taken else 0
            text = f"{meta['namespace']}/{meta['name']}:{port['port']}"
            port["nodePort"] = shared or _next_port(text, port["protocol"], taken)
            taken.add((port["protocol"], port["nodePort"]))


def _claim(field: str, number: int, protocol: str, taken: set[tuple[str, int]], name: str) -> None:
    why = ""
    if number not in NODE_PORTS:
        why = f"provided port is not in the valid range. The range of valid ports is {NODE_PORTS[0]}-{NODE_PORTS[-1]}"
    elif (protocol, number) in taken:
        why = "provided port is already allocated"
    if why:
        raise _refuse(name, invalid(field, number, why))
    taken.add((protocol, number))


def _next_port(text: str, protocol: str, taken: set[tuple[str, int]]) -> int:
    numbers = {number for _, number in taken}
    upper, start = NODE_PORTS[_LEFT:], crc32(text.encode())
    for at in range(len(upper)):
        if upper[(start + at) % len(upper)] not in numbers:
            return upper[(start + at) % len(upper)]
    for number in NODE_PORTS[:_LEFT]:
        if number not in numbers:
            return number
    raise Refused("failed to allocate a nodePort: range is full", "InternalError")
