"""A route table: routes in the kernel's order, and the lookup that explains itself.

A lookup goes through every route that contains the address, longest prefix first, then exact TOS, then lowest metric, then the
order in which they were added. The first that is fit for use wins; a route that is not fit is passed over and the search goes on to
shorter prefixes (kernel: net/ipv4/fib_trie.c fib_table_lookup). The routes are also filed by mask and network, so that a lookup
asks at most 33 dicts and a line more costs the same in a table of any size.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ..errors import BadInput
from .names import table_name
from .read import parse_routes
from .route import LOCAL, Route


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that contains the address: whether it won, and why or why not."""

    route: Route
    won: bool
    why: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to "which route?": `.route` is None when nothing matched."""

    dst: IPv4Address
    route: Route | None
    considered: tuple[Candidate, ...] = ()

    def __bool__(self) -> bool:
        return self.route is not None

    def __str__(self) -> str:
        if self.route is None and not self.considered:
            return f"{self.dst}: no route matches"
        head = f"{self.dst}: {one_line(self.route)}" if self.route else f"{self.dst}: no usable route"
        return "\n".join([head, *(f"  {'*' if c.won else '-'} {one_line(c.route)}: {c.why}" for c in self.considered)])


def one_line(route: Route) -> str:
    """A multipath route, which has a line for each next hop, in one line."""
    return str(route).replace("\n\t", " ")


FOUR_NUMBERS = "four numbers from 0 to 255 with dots, such as 10.20.92.11"
#: Says why a route cannot be used now, or None when it can ("its link is down").
Unfit = Callable[[Route], str | None]


class RouteTable:
    """Routes of one table, in the kernel's order. `str()` gives the lines of `ip route`. The text of `ip route show table all`
    makes one table too; its lookup asks local before the rest. A copy has all in common with the original until one of them is
    written to."""

    __slots__ = ("_routes", "_prefixes", "_common")
    SEEN = ("_routes",)

    def __init__(self, routes: Iterable[Route] = ()):
        self._routes: list[Route] = [*routes]
        self.refile()

    def __deepcopy__(self, memo) -> "RouteTable":
        new = object.__new__(RouteTable)
        new._routes, new._prefixes = self._routes, self._prefixes
        new._common = self._common = True
        return new

    @classmethod
    def parse(cls, text: str) -> "RouteTable":
        """A table from the text of `ip route`, `ip -j route`, `route -n` or `netstat -rn`. Raises `BadInput` naming the line and
        the word that does not fit."""
        return cls(parse_routes(text))

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RouteTable) and self._routes == other._routes

    __hash__ = None  # a table changes

    def __str__(self) -> str:
        return "\n".join(str(route) for route in self._routes)

    def __repr__(self) -> str:
        return f"RouteTable({len(self._routes)} routes)"

    def append(self, route: Route) -> None:
        """Put a route behind those of the same prefix, TOS and metric."""
        self._own()
        insort(self._routes, route, key=_place)
        insort(self._filed(route.dst), route, key=_place)

    def prepend(self, route: Route) -> None:
        """Put a route before those of the same prefix, TOS and metric."""
        self._own()
        for routes in (self._routes, self._filed(route.dst)):
            routes.insert(bisect_left(routes, _place(route), key=_place), route)

    def replace(self, old: Route, new: Route) -> None:
        """Put `new`, of the same prefix, TOS and metric, where `old` stands."""
        self._own()
        for routes in (self._routes, self.of(old.dst)):
            routes[_index(routes, old)] = new

    def remove(self, route: Route) -> None:
        self._own()
        held = self.of(route.dst)
        for routes in (self._routes, held):
            del routes[_index(routes, route)]
        if not held:
            del self._prefixes[_MASKS[route.dst.prefixlen]][int(route.dst.network_address)]

    def discard(self, doomed: Callable[[Route], bool]) -> list[Route]:
        """Remove every route for which `doomed` says so, and return them."""
        gone = [route for route in self._routes if doomed(route)]
        if len(gone) < len(self._routes) // 16:
            for route in gone:
                self.remove(route)
        elif gone:
            self._routes = [route for route in self._routes if not doomed(route)]
            self.refile()
        return gone

    def of(self, dst: IPv4Network) -> list[Route]:
        """The routes of one prefix, in their order; to read."""
        return self._prefixes.get(_MASKS[dst.prefixlen], {}).get(int(dst.network_address), [])

    def twins(self, route: Route) -> list[Route]:
        """Routes of the same prefix, TOS and metric: what `add` collides with."""
        return [r for r in self.of(route.dst) if (r.table, r.tos, r.metric) == (route.table, route.tos, route.metric)]

    def matches(self, address: IPv4Address) -> list[Route]:
        """The routes that contain an address, as a lookup goes through them."""
        number, found = int(address), []
        for mask, networks in self._prefixes.items():
            held = networks.get(number & mask)
            if held:
                found += held
        if len(found) > 1:
            found.sort(key=lambda r: (r.table != LOCAL, -r.dst.prefixlen, -r.tos, r.metric))
        return found

    def lookup(self, address, tos: int = 0, unfit: Unfit | None = None) -> Lookup:
        """Which route an address takes, with every candidate that matched. `unfit(route)` may rule routes out (link down, other
        device); its answer is the reason."""
        if not isinstance(address, IPv4Address):
            try:
                address = IPv4Address(address)
            except ValueError:
                raise BadInput(f"{address!r} is not an IPv4 address: {FOUR_NUMBERS}") from None
        return _judge(address, self.matches(address), tos, unfit)

    def _own(self) -> None:
        """Before a write: have routes of one's own."""
        if self._common:
            self.refile()

    def refile(self) -> None:
        """Work out the index anew, by mask and network: an interrupt may have come between it and the routes."""
        self._routes, self._common = sorted(self._routes, key=_place), False
        self._prefixes: dict[int, dict[int, list[Route]]] = {}
        for route in self._routes:
            self._filed(route.dst).append(route)

    def _filed(self, dst: IPv4Network) -> list[Route]:
        """Where the routes of a prefix are filed, to write."""
        return self._prefixes.setdefault(_MASKS[dst.prefixlen], {}).setdefault(int(dst.network_address), [])


#: The mask of each prefix length.
_MASKS = [(1 << 32) - (1 << 32 - length) for length in range(33)]


def _index(routes: list[Route], route: Route) -> int:
    """The place of this very route, or of the first that is equal."""
    first = bisect_left(routes, _place(route), key=_place)
    for place in range(first, len(routes)):
        if routes[place] is route:
            return place
        if _place(routes[place]) != _place(route):
            break
    return routes.index(route, first)


def _place(route: Route) -> tuple[int, ...]:
    """Where a route stands: the kernel lists tables by the low byte of their number (fib_frontend.c)."""
    return (route.table & 255, route.table, *route.order)


def _judge(address: IPv4Address, found: list[Route], tos: int, unfit: Unfit | None) -> Lookup:
    """Walk the candidates in order; the first fit one wins, and each gets its sentence."""
    winner: Route | None = None
    considered = []
    for route in found:
        if winner is not None:
            considered.append(Candidate(route, False, _beaten(route, winner)))
        elif reason := (f"it is only for TOS {route.tos:#04x}" if route.tos not in (0, tos) else unfit(route) if unfit else None):
            considered.append(Candidate(route, False, f"passed over: {reason}"))
        else:
            winner = route
            considered.append(Candidate(route, True, _won(route, found)))
    return Lookup(address, winner, tuple(considered))


def _won(route: Route, found: list[Route]) -> str:
    length = route.dst.prefixlen
    found = [r for r in found if r.table == route.table]
    if len(found) == 1:
        return f"the only match (/{length})"
    if all(r.dst.prefixlen < length for r in found if r is not route):
        return f"longest prefix (/{length})"
    return f"longest prefix (/{length}) that can be used, lowest metric ({route.metric})"


def _beaten(route: Route, winner: Route) -> str:
    if route.table != winner.table:
        return f"matches, but table {table_name(winner.table)} is asked first"
    if route.dst.prefixlen < winner.dst.prefixlen:
        return f"matches, but /{route.dst.prefixlen} is shorter than /{winner.dst.prefixlen}"
    if route.tos != winner.tos:
        return "same prefix, but a route for exactly this TOS comes first"
    if route.metric > winner.metric:
        return f"same prefix, but metric {route.metric} is higher than {winner.metric}"
    return "same prefix and metric, but it comes later in the table"
