"""Writing routes and policy rules: what the kernel fills in, what it refuses, what delete finds.

kernel: net/ipv4/fib_semantics.c fib_create_info and fib_check_nh (refusals),
net/ipv4/fib_trie.c fib_table_insert and fib_table_delete (which entry is meant); net/core/fib_rules.c.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from ..errors import KernelError
from ..tables.names import scope_number
from ..tables.policy import Rule
from ..tables.route import ERROR_TYPES, MAIN, NextHop, Route
from . import learned
from .lab import Lab
from .lookup import address_type, lookup_gateway
from .namespace import Namespace

#: The nearest scope a route type may have (kernel: fib_props).
_LEAST_SCOPE = {"local": 254, "broadcast": 253, "anycast": 253, "nat": 255, "xresolve": 255}
_ERRORS = frozenset(ERROR_TYPES) | {"throw"}


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """Which route `ip route del` means; None matches anything. Of the fits the first is taken."""

    dst: IPv4Network
    table: int = MAIN
    tos: int = 0
    gateway: IPv4Address | None = None
    dev: str | None = None
    metric: int | None = None
    src: IPv4Address | None = None
    type: str | None = None
    proto: str | None = None
    scope: str | None = None
    metrics: tuple[tuple[str, str], ...] = ()
    nexthops: tuple[NextHop, ...] = ()


def add(lab: Lab, ns: Namespace, route: Route, mode: str = "add") -> None:
    """Insert a route. mode: "add", "append", "prepend", "replace", "change" or "test" (never adds). A gateway's interface is worked
    out when `dev` is None. Raises KernelError and changes nothing when the kernel would refuse."""
    table = ns.table(route.table)
    route = replace(_checked(lab, ns, route), origin=lab.origin)
    twins = table.twins(route)
    same = next((t for t in twins if t == route), None)
    if not twins:
        if mode in ("change", "test"):
            raise KernelError(errno.ENOENT)
        table.append(route)
    elif mode in ("add", "test"):
        raise KernelError(errno.EEXIST)
    elif mode in ("replace", "change"):
        if same is None:
            table.replace(twins[0], route)
        elif same is not twins[0]:
            raise KernelError(errno.EEXIST)
    elif same is not None:
        raise KernelError(errno.EEXIST)
    elif mode == "append":
        table.append(route)
    else:
        table.prepend(route)
    learned.routes_changed(ns)


def delete(lab: Lab, ns: Namespace, wanted: RoutePattern) -> Route:
    """Delete the first route that fits; KernelError(ESRCH) when none does."""
    table = ns.tables.get(wanted.table)
    if table is None:
        raise KernelError(errno.ESRCH, "FIB table does not exist")
    for route in table.of(wanted.dst):
        if _fits(route, wanted):
            table.remove(route)
            learned.routes_changed(ns)
            return route
    raise KernelError(errno.ESRCH)


def discard(ns: Namespace, doomed: Callable[[Route], bool]) -> None:
    """Delete every route for which `doomed` says so, in all tables."""
    for table in ns.tables.values():
        table.discard(doomed)
    learned.routes_changed(ns)


def _fits(route: Route, wanted: RoutePattern) -> bool:
    if route.tos != wanted.tos:
        return False
    if any(getattr(wanted, field) not in (None, getattr(route, field)) for field in ("metric", "src", "type", "proto", "scope")):
        return False
    if not set(wanted.metrics) <= set(route.metrics):
        return False
    if wanted.nexthops:
        return len(wanted.nexthops) == len(route.legs) and all(
            leg.gateway == has.gateway and leg.dev in (None, has.dev) for leg, has in zip(wanted.nexthops, route.legs, strict=True))
    if wanted.gateway is None and wanted.dev is None:
        return True
    leg = route.legs[0]
    return (wanted.dev in (None, leg.dev)) and (wanted.gateway in (None, leg.gateway))


def dump(lab: Lab, ns: Namespace, table: int | None = None) -> list[Route]:
    """Routes as the kernel lists them, with the flags that the state of the links implies. `table` None: of every table, by the low
    byte of the number, newest first (kernel: fib_frontend.c inet_dump_fib)."""
    numbers = sorted((n for n in reversed(ns.tables) if table in (None, n)), key=lambda n: n & 255)
    return [with_flags(lab, ns, route) for number in numbers for route in ns.tables[number]]


def with_flags(lab: Lab, ns: Namespace, route: Route) -> Route:
    """The route with `linkdown` (and `dead` where such routes are ignored) where carrier is lost."""
    if route.nexthops:
        legs = tuple(replace(leg, flags=_leg_flags(ns, route.scope, leg.dev, leg.flags)) for leg in route.nexthops)
        down = all("linkdown" in leg.flags for leg in legs)
        return replace(route, nexthops=legs, flags=(*route.flags, "linkdown") if down else route.flags)
    flags = _leg_flags(ns, route.scope, route.dev, route.flags)
    return route if flags == route.flags else replace(route, flags=flags)


def _leg_flags(ns: Namespace, scope: str, dev: str | None, flags: tuple[str, ...]) -> tuple[str, ...]:
    interface = ns.find(dev) if dev else None
    if interface is None or scope == "host":
        return flags
    found = {*flags}
    if (interface.up and not interface.carrier) or "dead" in flags:
        ignored = ns.sysctls.either(interface.name, "ignore_routes_with_linkdown")
        found |= {"dead", "linkdown"} if ignored else {"linkdown"}
    return tuple(sorted(found, key=("dead", "onlink", "pervasive", "offload", "linkdown").index)) if found else ()


def _checked(lab: Lab, ns: Namespace, route: Route) -> Route:
    """The route as the kernel will hold it, or KernelError."""
    scope = scope_number(route.scope)
    if scope < _LEAST_SCOPE.get(route.type, 0):
        raise KernelError(errno.EINVAL, "Invalid scope")
    if route.type in _ERRORS:
        if route.gateway or route.dev or route.nexthops:
            raise KernelError(errno.EINVAL, "Gateway, device and multipath can not be specified for this route type")
        return route
    if scope > 254:
        raise KernelError(errno.EINVAL, "Invalid scope")
    if scope == 254:
        if route.nexthops or route.gateway:
            what = "have multiple nexthops" if route.nexthops else "have a gateway"
            raise KernelError(errno.EINVAL, f"Route with host scope can not {what}")
        if route.dev is None or ns.find(route.dev) is None:
            raise KernelError(errno.ENODEV)
    elif route.nexthops:
        route = replace(route, nexthops=tuple(_checked_leg(lab, ns, route, leg) for leg in route.nexthops))
    else:
        leg = _checked_leg(lab, ns, route, NextHop(route.gateway, route.dev, 1, route.flags))
        route = replace(route, dev=leg.dev) if leg.dev != route.dev else route
    # A preferred source must be one of our own addresses (kernel: fib_valid_prefsrc).
    itself = route.type == "local" and route.src is not None and route.dst == IPv4Network(int(route.src))
    if route.src is not None and not itself and address_type(lab, ns, route.src) != "local":
        raise KernelError(errno.EINVAL, "Invalid prefsrc address")
    return route


def _checked_leg(lab: Lab, ns: Namespace, route: Route, leg: NextHop) -> NextHop:
    """One next hop with its interface found, or the kernel's reason against it."""
    interface, onlink = ns.find(leg.dev) if leg.dev else None, "onlink" in leg.flags
    if leg.gateway is not None and not onlink:
        return _checked_gateway(lab, ns, route, leg)
    if onlink and leg.gateway is None:
        raise KernelError(errno.EINVAL, "Invalid flags for nexthop - PERVASIVE and ONLINK can not be set")
    if onlink and scope_number(route.scope) >= 253:
        raise KernelError(errno.EINVAL, "Nexthop has invalid scope")
    if interface is None:
        raise KernelError(errno.ENODEV, "Nexthop device required for onlink" if onlink else None)
    if not interface.up:
        raise KernelError(errno.ENETDOWN, "Nexthop device is not up" if onlink else "Device for nexthop is not up")
    if onlink and address_type(lab, ns, leg.gateway) != "unicast":
        raise KernelError(errno.EINVAL, "Nexthop has invalid gateway")
    return leg


def _checked_gateway(lab: Lab, ns: Namespace, route: Route, leg: NextHop) -> NextHop:
    """A gateway must be nearer than the route: on a link of ours, for a route of scope link ourselves. A lookup that ends in an
    error route, or in none, is "Nexthop has invalid gateway" too."""
    found = lookup_gateway(lab, ns, leg.gateway, leg.dev, route.table, max(scope_number(route.scope) + 1, 253))
    if found is None or found.type not in ("unicast", "local"):
        raise KernelError(errno.EINVAL, "Nexthop has invalid gateway")
    dev = next(n.dev for n in found.legs if leg.dev in (None, n.dev))
    if not ns.find(dev).up:
        raise KernelError(errno.ENETDOWN)
    return replace(leg, dev=dev)


def add_rule(lab: Lab, ns: Namespace, rule: Rule, priority: int | None = None) -> None:
    """Insert a rule; without a priority it goes just before the second rule of the list."""
    if priority is None:
        second = ns.rules[1].priority if len(ns.rules) > 1 else 0
        priority = max(second - 1, 0)
    rule = replace(rule, priority=priority, origin=lab.origin)
    if rule in ns.rules:
        raise KernelError(errno.EEXIST)
    ns.custom_rules = True
    place = sum(r.priority <= priority for r in ns.rules)
    ns.rules.insert(place, rule)
    learned.routes_changed(ns)


def delete_rule(lab: Lab, ns: Namespace, fits) -> None:
    """Delete the first rule for which `fits(rule)` is true; ENOENT when there is none."""
    for rule in ns.rules:
        if fits(rule):
            ns.rules.remove(rule)
            ns.custom_rules = True
            learned.routes_changed(ns)
            return
    raise KernelError(errno.ENOENT)
