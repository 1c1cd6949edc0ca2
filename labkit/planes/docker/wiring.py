"""How a container gets an interface: a veth pair, one end in the bridge, the other inside as eth0.

Every step is the command a person would type, run in the host's or the container's namespace; only
moving an end inside has no `ip` line here, since a container's namespace has no name for `ip netns`.
What stands in the way, Docker's own or somebody else's, is taken or refused as libnetwork does.
"""

from ipaddress import IPv4Address

from ...errors import LabError
from ...lab import links
from ...lab.lab import Lab
from ...lab.namespace import LONGEST, Namespace, valid_interface_name
from .. import writing
from .container import Container, Endpoint
from .ids import address_mac, bridge_mac, veth_name
from .network import DEFAULT_MTU, Network
from .refused import Refused


def write(lab: Lab, ns: Namespace, line: str, *values) -> None:
    """Run a command as "docker" (see writing.run); Refused when it fails."""
    try:
        writing.run(lab, ns, "docker", line, *values)
    except LabError as error:
        raise Refused(str(error)) from None


def open_namespace(lab: Lab, ns: Namespace) -> None:
    """What Docker sets in every namespace it makes: lo up, and ping for everybody (moby oci_linux.go)."""
    write(lab, ns, "ip link set dev lo up")
    write(lab, ns, "sysctl -w {}", "net.ipv4.ping_group_range=0 2147483647")


def raise_bridge(lab: Lab, host: Namespace, network: Network) -> None:
    """Make a network's bridge, or take the one that is there (moby: libnetwork drivers/bridge createNetwork).

    Docker chooses its MAC address, so the bridge does not follow its ports (setup_device_linux.go).
    No transmit queue, and an MTU that the kernel takes from the ports: observed on 20.10.
    """
    name, found = network.bridge, host.find(network.bridge)
    if found is not None and found.bridge is None:
        raise Refused(f"existing interface {name} is not a bridge")
    if not valid_interface_name(name) or "%" in name:
        raise Refused("numerical result out of range" if len(name.encode(errors="replace")) > LONGEST else "invalid argument")
    try:
        if found is None:
            mac = bridge_mac(host.name, network.id)
            write(lab, host, "ip link add name {} address {} txqueuelen 0 type bridge", name, mac)
        _give_address(lab, host, network)
        write(lab, host, "ip link set dev {} up", name)
    except BaseException:
        if found is None and host.find(name) is not None:
            write(lab, host, "ip link del dev {}", name)
        raise
    network.made = network.made or found is None


def _give_address(lab: Lab, host: Namespace, network: Network) -> None:
    """The bridge's address, in place of another of its network or else of its first (setup_ipv4_linux.go)."""
    wanted = network.pool.interface(network.gateway)
    held = [address.interface for address in host.find(network.bridge).addresses]
    before = next((address for address in held if address.ip in wanted.network), held[0] if held else None)
    if before == wanted:
        return
    if before is not None:
        write(lab, host, "ip addr del {} dev {}", before, network.bridge)
    write(lab, host, "ip addr add {} brd + dev {}", wanted, network.bridge)


def plug(lab: Lab, machine: str, container: Container, endpoint: Endpoint, network: Network) -> None:
    """Make the veth pair and set up both ends (moby: libnetwork drivers/bridge, osl)."""
    host, inside = lab[machine], container.namespace
    if host.find(network.bridge) is None:
        raise Refused(
            f"failed to create endpoint {container.name} on network {network.name}: adding interface to bridge "
            f"{network.bridge} failed: could not find bridge {network.bridge}: route ip+net: no such network interface"
        )
    outer, inner = _free_name(host, endpoint.id), _free_name(host, endpoint.id, "inside")
    endpoint.mac = endpoint.mac or address_mac(endpoint.address)
    endpoint.device = f"eth{container.devices}"
    container.devices += 1
    try:
        write(lab, host, "ip link add name {} txqueuelen 0 type veth peer name {} txqueuelen 0", outer, inner)
    finally:
        made = host.find(outer)
        endpoint.uid = made and made.uid
    if network.mtu != DEFAULT_MTU:
        for end in (outer, inner):
            write(lab, host, "ip link set dev {} mtu {}", end, network.mtu)
    write(lab, host, "ip link set dev {} master {}", outer, network.bridge)
    write(lab, host, "ip link set dev {} address {}", inner, endpoint.mac)
    write(lab, host, "ip link set dev {} up", outer)
    with lab.writing("docker", f"ip link set dev {inner} netns {container.pid}"):
        links.move(lab, host, host.find(inner), inside)
    if inside.find(endpoint.device) is not None:
        rename = f'error renaming interface "{inner}" to "{endpoint.device}"'
        raise Refused(f"failed to add interface {inner} to sandbox: {rename}: file exists")
    write(lab, inside, "ip link set dev {} name {}", inner, endpoint.device)
    write(lab, inside, "ip addr add {} brd + dev {}", network.pool.interface(endpoint.address), endpoint.device)
    write(lab, inside, "ip link set dev {} up", endpoint.device)


def _free_name(host: Namespace, *what) -> str:
    """The first of three names that nobody has (moby: libnetwork netutils.GenerateIfaceName)."""
    names = (veth_name(*what, *again) for again in ((), (1,), (2,)))
    free = next((name for name in names if host.find(name) is None), None)
    if free is None:
        raise Refused("could not generate interface name")
    return free


def unplug(lab: Lab, endpoint: Endpoint) -> None:
    """Delete the pair, if it is still there: somebody may have deleted it by hand."""
    outer = lab.interface(endpoint.uid) if endpoint.uid is not None else None
    if outer is not None:
        write(lab, lab[outer.namespace], "ip link del dev {}", outer.name)
    endpoint.uid, endpoint.device = None, ""


def default_route(lab: Lab, container: Container, gateway: IPv4Address | None) -> None:
    """Point the container's default route at a gateway; at none when gateway is None."""
    if container.namespace is None or container.gateway == gateway:
        return
    if any(r.dst.prefixlen == 0 and r.gateway == container.gateway for r in container.namespace.main):
        write(lab, container.namespace, "ip route del default via {}", container.gateway)
    if gateway is not None:
        write(lab, container.namespace, "ip route add default via {}", gateway)
    container.gateway = gateway
