"""Small labs for the engine's own tests, written with the lab's operations, not with commands."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from labkit.front import Lab
from labkit.lab import addresses, bridges, links, routes
from labkit.lab.interface import Address
from labkit.tables.route import Route


def namespaces(*names: str) -> Lab:
    """A lab whose namespaces all have lo up."""
    lab = Lab()
    for name in names:
        lab.add_namespace("host", name)
    for ns in lab.namespaces.values():
        links.set_up(lab, ns, ns.find("lo"), True)
    return lab


def wire(lab: Lab, a: str, dev_a: str, b: str, dev_b: str) -> None:
    """A veth pair between two namespaces, both ends up."""
    links.create(lab, lab[a], dev_a, "veth", peer_name=dev_b, peer_ns=lab[b])
    for name, dev in ((a, dev_a), (b, dev_b)):
        links.set_up(lab, lab[name], lab[name].find(dev), True)


def address(lab: Lab, ns: str, dev: str, text: str) -> None:
    interface = lab[ns].find(dev)
    addresses.add(lab, lab[ns], interface, Address(IPv4Interface(text), dev))


def route(lab: Lab, ns: str, dst: str, via: str | None = None, dev: str | None = None, kind: str = "unicast") -> None:
    gateway = IPv4Address(via) if via else None
    scope = "global" if via or kind != "unicast" else "link"
    routes.add(lab, lab[ns], Route(dst=IPv4Network(dst), gateway=gateway, dev=dev, type=kind, scope=scope))


def forwarding(lab: Lab, *names: str) -> None:
    for name in names:
        lab[name].sysctls["net.ipv4.ip_forward"] = "1"


def bridge(lab: Lab, ns: str, name: str, ends: list[tuple[str, str]]) -> None:
    """A bridge with a veth to each (namespace, interface)."""
    links.create(lab, lab[ns], name, "bridge")
    links.set_up(lab, lab[ns], lab[ns].find(name), True)
    for i, (other, dev) in enumerate(ends):
        wire(lab, ns, f"v{i}", other, dev)
        bridges.set_master(lab, lab[ns], lab[ns].find(f"v{i}"), name)


def routed() -> Lab:
    """h1 10.1.1.10 -- 10.1.1.1 r1 10.1.2.1 -- 10.1.2.2 r2 10.1.3.1 -- 10.1.3.10 h2"""
    lab = namespaces("h1", "r1", "r2", "h2")
    wire(lab, "h1", "eth0", "r1", "left")
    wire(lab, "r1", "right", "r2", "left")
    wire(lab, "r2", "right", "h2", "eth0")
    for ns, dev, text in (
        ("h1", "eth0", "10.1.1.10/24"), ("r1", "left", "10.1.1.1/24"), ("r1", "right", "10.1.2.1/24"),
        ("r2", "left", "10.1.2.2/24"), ("r2", "right", "10.1.3.1/24"), ("h2", "eth0", "10.1.3.10/24"),
    ):
        address(lab, ns, dev, text)
    route(lab, "h1", "0.0.0.0/0", "10.1.1.1")
    route(lab, "r1", "10.1.3.0/24", "10.1.2.2")
    route(lab, "r2", "10.1.1.0/24", "10.1.2.1")
    route(lab, "h2", "0.0.0.0/0", "10.1.3.1")
    forwarding(lab, "r1", "r2")
    return lab


def lan() -> Lab:
    """c1 10.0.0.2, c2 10.0.0.3, c3 10.0.0.4 on a bridge br0 10.0.0.1 of host."""
    lab = namespaces("c1", "c2", "c3")
    bridge(lab, "host", "br0", [("c1", "eth0"), ("c2", "eth0"), ("c3", "eth0")])
    address(lab, "host", "br0", "10.0.0.1/24")
    for i, name in enumerate(("c1", "c2", "c3")):
        address(lab, name, "eth0", f"10.0.0.{i + 2}/24")
        route(lab, name, "0.0.0.0/0", "10.0.0.1")
    return lab
