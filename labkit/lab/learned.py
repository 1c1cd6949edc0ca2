"""What routers told a namespace: exceptions to its routes, each for one destination.

A redirect or a "fragmentation needed" is kept at the next hop by which that destination was reached (kernel:
net/ipv4/route.c update_or_create_fnhe, struct fib_nh_exception). Routes that differ in nothing but their prefix share
their next hops (fib_semantics.c fib_find_info) and so what was learned there; it goes with the last of these routes.
Observed on 6.18: tests/trace/recorded/learned.txt.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from ..tables.route import ANY, NextHop, Route
from ..tables.values import Value

if TYPE_CHECKING:
    from .lookup import Decision
    from .namespace import Namespace

#: Seconds a redirect is believed (kernel: RT_GC_TIMEOUT); a path MTU goes by the sysctl net.ipv4.route.mtu_expires.
REDIRECT_EXPIRES = 300.0


@dataclass(frozen=True, slots=True)
class Learned(Value):
    """One exception: another gateway, another MTU, or both, until `expires`. `teacher` told the gateway, `measurer` the MTU (None:
    a tunnel here). `locked`: a router asked for less than min_pmtu; such packets are fragmented. `muted`: the neighbour did not
    answer, so the MTU is not believed until some route changes (ipv4_link_failure). `used`: looked up since it was learned; before
    that `ip route show cache` does not list it."""

    SEEN = ("gateway", "teacher", "mtu", "measurer", "locked", "expires", "muted")  # to ask for a route is no change of the lab

    gateway: IPv4Address | None = None
    teacher: IPv4Address | None = None
    mtu: int | None = None
    measurer: IPv4Address | None = None
    locked: bool = False
    expires: float | None = None
    muted: bool = False
    used: bool = False

    @property
    def path_mtu(self) -> int | None:
        """The MTU, if it is believed."""
        return None if self.muted else self.mtu

    def seconds_left(self, now: float) -> int | None:
        """Until it is forgotten; None for what holds nothing that could be."""
        return None if self.muted or self.expires is None else int(self.expires - now)


#: (a route without its prefix, which of its next hops) -> destination -> what was learned there
Exceptions = dict[tuple[Route, int], dict[IPv4Address, Learned]]


def consult(ns: "Namespace", decision: "Decision", now: float) -> "Decision":
    """The decision with what was learned at its next hop; what is too old goes (kernel: find_exception)."""
    if not ns.learned or decision.leg is None or decision.kind not in ("unicast", "multicast"):
        return decision
    entries = ns.learned.get(_next_hop(decision.route, decision.leg), {})
    found = entries.get(decision.dst)
    if found is None:
        return decision
    if found.expires is not None and now > found.expires:
        del entries[decision.dst]
        return decision
    found = entries[decision.dst] = replace(found, used=True)
    return replace(decision, gateway=found.gateway or decision.gateway, learned=found)


def learn_gateway(ns: "Namespace", decision: "Decision", gateway: IPv4Address, teacher: IPv4Address, now: float) -> None:
    """A redirect was taken."""
    _learn(ns, decision, decision.leg, gateway=gateway, teacher=teacher, expires=now + REDIRECT_EXPIRES)


def learn_mtu(ns: "Namespace", decision: "Decision", mtu: int, locked: bool, measurer: IPv4Address | None, now: float) -> None:
    """A router told a path MTU; all next hops of a multipath route get it."""
    expires = now + ns.sysctls.number("net.ipv4.route.mtu_expires")
    for leg in decision.route.legs:
        _learn(ns, decision, leg, mtu=mtu, locked=locked, measurer=measurer, expires=expires)


def _learn(ns: "Namespace", decision: "Decision", leg: NextHop, **what) -> None:
    entries = ns.learned.setdefault(_next_hop(decision.route, leg), {})
    entries[decision.dst] = replace(entries.get(decision.dst, Learned()), muted=False, **what)


def _next_hop(route: Route, leg: NextHop) -> tuple[Route, int]:
    """What two routes have in common when they share a next hop: all but prefix, TOS, and the state of the link."""
    flags, *of_legs = (tuple(flag for flag in flags if flag not in ("dead", "linkdown"))
                       for flags in (route.flags, *(leg.flags for leg in route.nexthops)))
    nexthops = tuple(replace(leg, flags=lasting) for leg, lasting in zip(route.nexthops, of_legs, strict=True))
    return replace(route, dst=ANY, tos=0, flags=flags, nexthops=nexthops), route.legs.index(leg)


def dump(ns: "Namespace", routes: list[Route], now: float) -> Iterator[tuple["Route", NextHop, IPv4Address, Learned]]:
    """What is in use, route by route; the kernel lists the destinations of one route in an order by chance."""
    for route in routes if ns.learned else ():
        for leg in route.legs:
            if "dead" in leg.flags:
                continue
            entries = ns.learned.get(_next_hop(route, leg), {})
            for dst in sorted(entries):
                if entries[dst].used and (entries[dst].expires is None or now <= entries[dst].expires):
                    yield route, leg, dst, entries[dst]


def flush(ns: "Namespace") -> None:
    """`ip route flush cache`: what was learned is empty; it is listed again, as nothing special, once it is looked up."""
    _change(ns, lambda dst, entry: Learned())


def link_failed(ns: "Namespace", dst: IPv4Address) -> None:
    """A neighbour on the way to this destination did not answer."""
    _change(ns, lambda to, entry: replace(entry, muted=True) if to == dst else entry)


def routes_changed(ns: "Namespace") -> None:
    """After any change of routes, rules, addresses, links: what hangs on no route any more is gone, the muted speaks again."""
    if not ns.learned:
        return
    there = {_next_hop(route, leg) for table in ns.tables.values() for route in table for leg in route.legs}
    for key in ns.learned.keys() - there:
        del ns.learned[key]
    _change(ns, lambda dst, entry: replace(entry, muted=False))


def mtu_changed(ns: "Namespace", dev: str, old: int, new: int) -> None:
    """An interface's MTU changed: no path takes more, and one that it alone limited may take more now (fib_nhc_update_mtu)."""

    def changed(dst: IPv4Address, entry: Learned) -> Learned:
        if entry.mtu is None or (entry.locked and new > entry.mtu) or not (entry.locked or new < entry.mtu or old == entry.mtu):
            return entry
        return replace(entry, mtu=new, locked=False)

    _change(ns, changed, dev)
    routes_changed(ns)


def renamed(ns: "Namespace", rename: Callable[[Route], Route]) -> None:
    """Next hops belong to the interface, not to its name."""
    ns.learned = {(rename(route), at): entries for (route, at), entries in ns.learned.items()}


def _change(ns: "Namespace", change: Callable[[IPv4Address, Learned], Learned], dev: str | None = None) -> None:
    for (route, at), entries in ns.learned.items():
        if dev in (None, route.legs[at].dev):
            entries.update({dst: change(dst, entry) for dst, entry in entries.items()})
