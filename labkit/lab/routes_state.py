"""What happens to routes and neighbours when an interface goes up, down, away, or changes its name.

kernel: net/ipv4/fib_frontend.c fib_netdev_event and fib_semantics.c fib_sync_down_dev: a down
interface loses every route but its `local` ones; coming up brings back only the kernel's own.
"""

from dataclasses import replace

from ..tables.route import NextHop, Route
from .interface import Interface
from .lab import Lab
from .learned import renamed, routes_changed
from .namespace import Namespace


def device_up(lab: Lab, ns: Namespace, interface: Interface) -> None:
    """The kernel's routes of every address come (back), and dead legs live again."""
    from .addresses import write_routes

    for address in interface.addresses:
        write_routes(lab, ns, interface, address)
    _each_leg(ns, interface.name, lambda leg: replace(leg, flags=tuple(f for f in leg.flags if f != "dead")))
    routes_changed(ns)


def device_down(ns: Namespace, dev: str) -> None:
    """Routes through the interface go, except `local` ones; a multipath route loses a leg."""
    _each_leg(ns, dev, _dead)
    for table in ns.tables.values():
        table.discard(lambda route: route.type != "local" and _gone(route, dev))
    routes_changed(ns)


def last_address_gone(ns: Namespace, dev: str) -> None:
    """With its last address an interface loses every route and neighbour (kernel: fib_disable_ip, forced)."""
    forget_neighbors(ns, dev)
    _each_leg(ns, dev, _dead)
    for table in ns.tables.values():
        table.discard(lambda route: _gone(route, dev))
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
    for interface in ns.interfaces.values():
        for held in (interface.bridge, interface.vxlan):
            if held is not None:
                for entry in [e for e in held.fdb if old in (e.dev, e.master)]:
                    held.fdb.replace(entry, replace(
                        entry, dev=new if entry.dev == old else entry.dev,
                        master=new if entry.master == old else entry.master))


def forget_neighbors(ns: Namespace, dev: str) -> None:
    """Drop what is known of the neighbours on one interface."""
    for key in [k for k in ns.neighbors if k[0] == dev]:
        del ns.neighbors[key]


def _gone(route: Route, dev: str) -> bool:
    """True when no leg of a route through this interface is left."""
    if not any(leg.dev == dev for leg in route.legs):
        return False
    return all(leg.dev == dev or "dead" in leg.flags for leg in route.legs)


def _each_leg(ns: Namespace, dev: str, change) -> None:
    for table in ns.tables.values():
        for route in [r for r in table if r.nexthops and any(leg.dev == dev for leg in r.nexthops)]:
            legs = tuple(change(leg) if leg.dev == dev else leg for leg in route.nexthops)
            table.replace(route, replace(route, nexthops=legs))


def _dead(leg: NextHop) -> NextHop:
    return leg if "dead" in leg.flags else replace(leg, flags=(*leg.flags, "dead"))
