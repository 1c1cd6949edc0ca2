"""Source validation: whether a packet may come from where it says it comes from.

kernel: net/ipv4/fib_frontend.c fib_validate_source (rp_filter, martians); facts.md 3.6.
"""

from ipaddress import IPv4Address

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.lookup import Decision, find_route
from ..lab.namespace import Namespace


def martian_source(ns: Namespace, interface: Interface, src: IPv4Address) -> str | None:
    """Why no packet at all may have this source, or None."""
    if src.is_multicast or int(src) == 0xFFFFFFFF:
        return f"a martian: {src} can be nobody's source address"
    if src.is_loopback and interface.kind != "loopback" and not ns.sysctls.either(interface.name, "route_localnet"):
        return f"a martian: {src} is a loopback address and came in at {interface.name}"
    return None


def source_fault(lab: Lab, ns: Namespace, interface: Interface, src: IPv4Address, decision: Decision) -> str | None:
    """Why a packet with this source is not taken from this interface, or None."""
    return verdict(lab, ns, interface, src, decision)[0]


def verdict(lab: Lab, ns: Namespace, interface: Interface, src: IPv4Address, decision: Decision) -> tuple[str | None, bool]:
    """(fault or None, whether the source is on this interface's own link)."""
    if interface.kind == "loopback":
        return None, False
    mode = ns.sysctls.larger(interface.name, "rp_filter")
    same_way = decision.kind == "unicast" and decision.dev == interface.name and ns.sysctls.either(interface.name, "send_redirects")
    if mode == 0 and not same_way:
        if ns.sysctls.either(interface.name, "accept_local") or not ns.owns(src):
            return None, False
        return _own_source(interface, src), False
    back = find_route(lab, ns, src, src=decision.dst, iif=interface.name)
    return _full_check(lab, ns, interface, src, back, mode)


def _full_check(lab: Lab, ns: Namespace, interface: Interface, src, back: Decision, mode: int) -> tuple[str | None, bool]:
    """Compare the way back with the way in (kernel: __fib_validate_source)."""
    if back.errno or back.kind in ("none", "throw"):
        return (f"rp_filter={mode}: there is no route back to {src}" if mode else None), False
    if back.kind != "unicast" and not (back.kind == "local" and ns.sysctls.either(interface.name, "accept_local")):
        return _own_source(interface, src), False
    leg = next((leg for leg in back.route.legs if leg.dev == interface.name), None)
    if leg is not None:
        return None, leg.gateway is None  # whatever the route's scope: it is the next hop's that counts
    if not interface.addresses:
        return (f"rp_filter={mode}: {interface.name} has no address" if mode else None), False
    if mode == 1:
        return f"rp_filter=1: the way back to {src} is {back.dev}, but it came in at {interface.name}", False
    return None, False


def redirects(ns: Namespace, interface: Interface, src: IPv4Address, decision: Decision, on_link: bool) -> bool:
    """Whether the sender of a packet that leaves where it came in is told of the nearer router (kernel: __mkroute_input)."""
    if decision.dev != interface.name or not on_link or not ns.sysctls.either(interface.name, "send_redirects"):
        return False
    return ns.sysctls.either(interface.name, "shared_media") or one_link(interface, src, decision.leg.gateway)


def one_link(interface: Interface, one: IPv4Address, other: IPv4Address | None) -> bool:
    """Whether both are in the subnet of one of the interface's primary addresses (kernel: inet_addr_onlink)."""
    subnets = [address.network for address in interface.addresses if not address.secondary]
    return any(one in subnet and (other is None or other in subnet) for subnet in subnets)


def _own_source(interface: Interface, src: IPv4Address) -> str:
    return f"a martian: the source {src} is an address of our own, yet it came in at {interface.name}"
