"""What adding or deleting an address does to the route tables, and what becomes of routes and neighbours when an interface goes up,
down, away, or changes its name.

kernel: net/ipv4/devinet.c (order, secondaries); fib_frontend.c fib_add_ifaddr, fib_del_ifaddr, fib_netdev_event; fib_semantics.c
fib_sync_down_dev: a down interface loses every route but its `local` ones; coming up brings back only the kernel's own.
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ..errors import KernelError
from ..tables.names import scope_number
from ..tables.route import LOCAL, MAIN, Route
from ..tables.values import KERNEL
from .connections import masquerade_gone
from .interface import Address, Interface
from .lab import Lab
from .learned import renamed, routes_changed
from .namespace import Namespace


def add(lab: Lab, ns: Namespace, interface: Interface, address: Address) -> None:
    """Put an address on an interface; the second of a subnet becomes secondary. Primaries stand before secondaries, those of a
    nearer scope first."""
    place, near = 0, scope_number(address.scope)
    for i, other in enumerate(interface.addresses, 1):
        if not other.secondary and near <= scope_number(other.scope):
            place = i
    same = [other for other in interface.addresses if other.network == address.network]
    for other in same:
        if other.ip == address.ip:
            raise KernelError(errno.EEXIST, "ipv4: Address already assigned")
        if other.scope != address.scope:
            raise KernelError(errno.EINVAL, "ipv4: Invalid scope value")
    secondary = bool(same)
    address = replace(address, secondary=secondary, origin=lab.origin)
    lab.carry_out(_insert, interface.uid, len(interface.addresses) if secondary else place, address)


def _insert(lab: Lab, uid: int, place: int, address: Address) -> None:
    interface = lab.interfaces[uid]
    if address not in interface.addresses:
        interface.addresses.insert(place, address)
    ns = lab[interface.namespace]
    write_routes(lab, ns, interface, address)
    routes_changed(ns)


def set_metric(lab: Lab, ns: Namespace, interface: Interface, address: Address, metric: int) -> None:
    """Give an address, and its connected route, another metric: all that `ip addr change` changes."""
    if address.metric == metric:
        return
    changed = replace(address, metric=metric)
    interface.addresses[interface.addresses.index(address)] = changed
    old = _prefix_route(interface, address, lab)
    if old in ns.table(old.table).twins(old):
        _discard(ns, old)
        _write(ns, _prefix_route(interface, changed, lab))
        routes_changed(ns)


def delete(lab: Lab, ns: Namespace, interface: Interface, address: Address) -> None:
    """Take an address off; with a primary go its secondaries, unless promote_secondaries is set."""
    followers = [] if address.secondary else [a for a in interface.addresses if a.secondary and a.network == address.network]
    promote = followers and ns.sysctls.either(interface.name, "promote_secondaries")
    doomed = (address,) if promote else (*followers, address)
    lab.carry_out(_remove, interface.uid, doomed, followers[0] if promote else None)


def _remove(lab: Lab, uid: int, doomed: tuple[Address, ...], promoted: Address | None) -> None:
    interface = lab.interfaces[uid]
    ns = lab[interface.namespace]
    for gone in doomed:
        if gone in interface.addresses:
            interface.addresses.remove(gone)
        _drop_routes(ns, interface, gone)
        masquerade_gone(ns.netfilter, interface.name, gone.ip)
    if promoted is not None:
        _promote(lab, ns, interface, promoted)
    if not interface.addresses:
        forget_neighbors(ns, interface.name)
        device_down(ns, interface.name, forced=True)
    routes_changed(ns)


def _promote(lab: Lab, ns: Namespace, interface: Interface, secondary: Address) -> None:
    """The first secondary takes the primary's place, and the rest get their routes anew."""
    primary = replace(secondary, secondary=False)
    others = [a for a in interface.addresses if a not in (secondary, primary)]
    primaries = sum(not a.secondary for a in others)
    interface.addresses[:] = [*others[:primaries], primary, *others[primaries:]]
    for address in [a for a in interface.addresses if a.network == primary.network]:
        ns.local.discard(lambda r, a=address: r.type == "local" and r.dev == interface.name and int(r.dst.network_address) == int(a.ip))
        write_routes(lab, ns, interface, address)


def add_loopback(lab: Lab, ns: Namespace, interface: Interface) -> None:
    """What `ip link set lo up` does besides: 127.0.0.1/8, of scope host, unless it is there (devinet.c NETDEV_UP)."""
    loopback = IPv4Interface("127.0.0.1/8")
    if not any(a.interface == loopback for a in interface.addresses):
        with lab.writing("kernel"):
            add(lab, ns, interface, Address(loopback, label=interface.name, scope="host"))


def write_routes(lab: Lab, ns: Namespace, interface: Interface, address: Address) -> None:
    """The kernel's own routes for one address: local, and while up connected and broadcast."""
    primary = address
    if address.secondary:
        primary = next((a for a in interface.addresses if not a.secondary and a.network == address.network), None)
        if primary is None:
            return
    _write(ns, _route("local", _host(address.ip), interface, primary, lab))
    if not interface.up:
        return
    if address.broadcast and int(address.broadcast) != 0xFFFFFFFF:
        _write(ns, _route("broadcast", _host(address.broadcast), interface, primary, lab))
    network = address.network
    # No route but a local one may prefer a group's or everybody's address as source (kernel: fib_valid_prefsrc).
    if int(network.network_address) >> 24 == 0 or address.secondary or primary.ip.is_multicast or int(primary.ip) == 0xFFFFFFFF:
        return
    if network.prefixlen == 32 and network.network_address == address.ip:
        return
    if not address.noprefixroute:
        _write(ns, _prefix_route(interface, address, lab))
    if network.prefixlen < 31:
        _write(ns, _route("broadcast", _host(network.broadcast_address), interface, primary, lab))


def _prefix_route(interface: Interface, address: Address, lab: Lab | None) -> Route:
    kind = "local" if interface.kind == "loopback" else "unicast"
    return replace(_route(kind, address.network, interface, address, lab), metric=address.metric)


def _route(kind: str, dst: IPv4Network, interface: Interface, primary: Address, lab: Lab | None) -> Route:
    return Route(dst=dst, dev=interface.name, type=kind, src=primary.ip, proto="kernel", table=MAIN if kind == "unicast" else LOCAL,
                 scope="host" if kind == "local" else "link", origin=lab.origin if lab else KERNEL)


def _write(ns: Namespace, route: Route) -> None:
    """Append, unless the very same route is there (kernel: fib_magic)."""
    table = ns.table(route.table)
    if route not in table.twins(route):
        table.append(route)


def _drop_routes(ns: Namespace, interface: Interface, gone: Address) -> None:
    """Delete the routes of a deleted address that no other address still needs."""
    left = interface.addresses
    network = gone.network
    if not gone.secondary and not (network.prefixlen == 32 and network.network_address == gone.ip):
        if not gone.noprefixroute:
            _discard(ns, _prefix_route(interface, gone, None))
        if network.prefixlen < 31 and not any(_makes_broadcast(a, network.broadcast_address) for a in left):
            _discard(ns, _route("broadcast", _host(network.broadcast_address), interface, gone, None))
    if gone.broadcast and not any(_makes_broadcast(a, gone.broadcast) for a in left):
        _discard(ns, _route("broadcast", _host(gone.broadcast), interface, gone, None))
    if not any(a.ip == gone.ip for a in left):
        table = ns.table(LOCAL)
        table.discard(lambda r: r.type == "local" and r.dev == interface.name and r.dst == _host(gone.ip) and r.proto == "kernel")
        if not ns.owns(gone.ip):
            for table in ns.tables.values():
                table.discard(lambda r: r.src == gone.ip)


def _makes_broadcast(address: Address, broadcast: IPv4Address) -> bool:
    own = not address.secondary and address.prefixlen < 31 and address.network.broadcast_address == broadcast
    return own or address.broadcast == broadcast


def _discard(ns: Namespace, route: Route) -> None:
    for twin in ns.table(route.table).twins(route):
        if (twin.type, twin.dev, twin.src, twin.proto) == (route.type, route.dev, route.src, "kernel"):
            ns.table(route.table).remove(twin)
            return


def _host(address: IPv4Address) -> IPv4Network:
    return IPv4Network(int(address))


def device_up(lab: Lab, ns: Namespace, interface: Interface) -> None:
    """The kernel's routes of every address come (back), and dead legs live again."""
    for address in interface.addresses:
        write_routes(lab, ns, interface, address)
    _each_leg(ns, interface.name, lambda leg: replace(leg, flags=tuple(f for f in leg.flags if f != "dead")))
    routes_changed(ns)


def device_down(ns: Namespace, dev: str, forced: bool = False) -> None:
    """Routes through the interface go, except `local` ones; a multipath route loses a leg. With its last address an interface loses
    every route (kernel: fib_disable_ip, forced)."""
    _each_leg(ns, dev, lambda leg: leg if "dead" in leg.flags else replace(leg, flags=(*leg.flags, "dead")))
    for table in ns.tables.values():
        table.discard(lambda route: (forced or route.type != "local") and any(leg.dev == dev for leg in route.legs)
                      and all(leg.dev == dev or "dead" in leg.flags for leg in route.legs))
    routes_changed(ns)


def device_gone(ns: Namespace, dev: str) -> None:
    """A deleted interface takes whole multipath routes along."""
    for table in ns.tables.values():
        table.discard(lambda route: any(leg.dev == dev for leg in route.legs))
    routes_changed(ns)


def device_renamed(ns: Namespace, old: str, new: str) -> None:
    """Routes and neighbours belong to the interface, not to its name."""

    def rename(route: Route) -> Route:
        legs = tuple(replace(leg, dev=new) if leg.dev == old else leg for leg in route.nexthops)
        return replace(route, dev=new if route.dev == old else route.dev, nexthops=legs)

    for table in ns.tables.values():
        for route in [r for r in table if any(leg.dev == old for leg in r.legs)]:
            table.replace(route, rename(route))
    renamed(ns, rename)
    for key in [k for k in ns.neighbors if k[0] == old]:
        ns.neighbors[new, key[1]] = replace(ns.neighbors.pop(key), dev=new)
    for held in [held for interface in ns.interfaces.values() for held in (interface.bridge, interface.vxlan) if held is not None]:
        for entry in [e for e in held.fdb if old in (e.dev, e.master)]:
            dev, master = (new if name == old else name for name in (entry.dev, entry.master))
            held.fdb.replace(entry, replace(entry, dev=dev, master=master))


def forget_neighbors(ns: Namespace, dev: str) -> None:
    """Drop what is known of the neighbours on one interface."""
    for key in [k for k in ns.neighbors if k[0] == dev]:
        del ns.neighbors[key]


def _each_leg(ns: Namespace, dev: str, change) -> None:
    for table in ns.tables.values():
        for route in [r for r in table if r.nexthops and any(leg.dev == dev for leg in r.nexthops)]:
            legs = tuple(change(leg) if leg.dev == dev else leg for leg in route.nexthops)
            table.replace(route, replace(route, nexthops=legs))
