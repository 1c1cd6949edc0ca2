"""How a container gets an interface: a veth pair, one end in the bridge, the other inside as eth0.

Every step is the command a person would type, run in the host's or the container's namespace; only
moving an end inside has no `ip` line here, since a container's namespace has no name for `ip netns`.
"""

from ipaddress import IPv4Address

from ...commands.shell import sh
from ...lab import links
from ...lab.lab import Lab
from .container import Container, Endpoint
from .ids import address_mac, veth_name
from .network import DEFAULT_MTU, Network
from .refused import Refused


def type_lines(lab: Lab, lines: list[str], on: str) -> None:
    """Run command lines as "docker"; Refused when one of them fails."""
    with lab.writing("docker"):
        for line in lines:
            result = sh(lab, line, on)
            if result.returncode:
                raise Refused(f"Docker could not run `{line}` on {on}: {result.stderr.strip()}")


def open_namespace(lab: Lab, name: str) -> None:
    """What Docker sets in every namespace it makes: lo up, and ping for everybody (moby oci_linux.go)."""
    type_lines(lab, ["ip link set dev lo up", "sysctl -w net.ipv4.ping_group_range='0 2147483647'"], name)


def plug(lab: Lab, machine: str, container: Container, endpoint: Endpoint, network: Network) -> None:
    """Make the veth pair and set up both ends (moby: libnetwork drivers/bridge, osl)."""
    host, inside = lab[machine], container.namespace
    if host.find(network.bridge) is None:
        raise Refused(
            f"failed to create endpoint {container.name} on network {network.name}: adding interface to bridge "
            f"{network.bridge} failed: could not find bridge {network.bridge}: route ip+net: no such network interface"
        )
    outer, inner = veth_name(endpoint.id), veth_name(endpoint.id, "inside")
    endpoint.mac = endpoint.mac or address_mac(endpoint.address)
    endpoint.device = f"eth{container.devices}"
    container.devices += 1
    mtu = [f"ip link set dev {end} mtu {network.mtu}" for end in (outer, inner) if network.mtu != DEFAULT_MTU]
    type_lines(lab, [f"ip link add name {outer} txqueuelen 0 type veth peer name {inner} txqueuelen 0"], machine)
    endpoint.uid = host.find(outer).uid
    type_lines(lab, [
        *mtu,
        f"ip link set dev {outer} master {network.bridge}",
        f"ip link set dev {inner} address {endpoint.mac}",
        f"ip link set dev {outer} up",
    ], machine)  # fmt: skip
    with lab.writing("docker", f"ip link set dev {inner} netns {container.pid}"):
        links.move(lab, host, host.find(inner), inside)
    type_lines(lab, [
        f"ip link set dev {inner} name {endpoint.device}",
        f"ip addr add {network.pool.interface(endpoint.address)} brd + dev {endpoint.device}",
        f"ip link set dev {endpoint.device} up",
    ], inside.name)  # fmt: skip


def unplug(lab: Lab, endpoint: Endpoint) -> None:
    """Delete the pair, if it is still there: somebody may have deleted it by hand."""
    outer = lab.interface(endpoint.uid) if endpoint.uid is not None else None
    if outer is not None:
        type_lines(lab, [f"ip link del dev {outer.name}"], outer.namespace)
    endpoint.uid, endpoint.device = None, ""


def default_route(lab: Lab, container: Container, gateway: IPv4Address | None) -> None:
    """Point the container's default route at a gateway; at none when gateway is None."""
    if container.namespace is None or container.gateway == gateway:
        return
    lines = []
    if any(r.dst.prefixlen == 0 and r.gateway == container.gateway for r in container.namespace.main):
        lines.append(f"ip route del default via {container.gateway}")
    if gateway is not None:
        lines.append(f"ip route add default via {gateway}")
    type_lines(lab, lines, container.namespace.name)
    container.gateway = gateway
