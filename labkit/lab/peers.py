"""How an interface names what it is joined to: `eth0@if3`, `link-netns ns1`.

iproute2 ip/ipaddress.c: the peer's name when it is in the same namespace, otherwise its index;
and the namespace by the name `ip netns` has for it, otherwise by its number.
"""

from .interface import Interface
from .lab import Lab
from .namespace import Namespace


def suffix(lab: Lab, ns: Namespace, interface: Interface) -> str:
    """"", "@veth1" or "@if3"."""
    peer = lab.peer(interface)
    if peer is None:
        return ""
    if peer.namespace == ns.name:
        return f"@{peer.name}"
    return f"@if{peer.index}"


def peer_namespace(lab: Lab, ns: Namespace, interface: Interface) -> tuple[str, str | int] | None:
    """("link-netns", "ns1") or ("link-netnsid", 0), or None when the peer is in this namespace."""
    peer = lab.peer(interface)
    if peer is None or peer.namespace == ns.name:
        return None
    there = lab[peer.namespace]
    if there.named and there.machine == ns.machine:
        return "link-netns", there.label
    return "link-netnsid", ns.nsids[there.name]
