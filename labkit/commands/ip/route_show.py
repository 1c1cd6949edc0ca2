"""`ip route show` and `ip route flush`: which routes are meant, and how they are printed.

A filter hides the field it asks for (`show dev eth0` prints no `dev`). Keywords are compared in
iproute2's order (ip/iproute.c iproute_list_flush_or_save, filter_nlmsg).
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ...lab import learned, routes
from ...tables.names import PROTOS, SCOPES, table_numbers
from ...tables.route import MAIN, Route, route_json, route_line
from ..grammar import Words, device, matches, numbered, prefix, read_tos, unsigned, wrong
from ..records import json_text
from ..result import Context, Failure, Result
from ..usage import usage
from . import route_cache
from .options import Options
from .route_words import route_type

_NO_TABLE = "Error: ipv4: FIB table does not exist.\n"


@dataclass(slots=True)
class Selector:
    """Which routes are asked for. `table` 0 is all of them; `wanted` holds what a field must be."""

    family: str
    table: int = MAIN
    cached: bool = False
    dev: str | None = None
    iif: str | None = None
    mark: int = 0
    wanted: dict[str, object] = field(default_factory=dict)
    root: IPv4Network | None = None
    match: IPv4Network | None = None
    source_root: IPv4Network | None = None
    near: dict[str, IPv4Network] = field(default_factory=dict)

    @property
    def hidden(self) -> frozenset[str]:
        """Fields that need not be printed."""
        exact = {name for name, network in self.near.items() if network.prefixlen == 32}
        hidden = exact | {"tos", "proto", "scope", "metric"} & self.wanted.keys()
        return frozenset(hidden | ({"table"} if self.table else set()) | ({"dev"} if self.dev else set()))

    def fits(self, route: Route) -> bool:
        if self.iif is not None or self.mark:
            return False
        if self.table not in (0, route.table) or self.dev not in (None, route.dev):
            return False
        if any(getattr(route, name) != value for name, value in self.wanted.items()):
            return False
        if self.root is not None and not route.dst.subnet_of(self.root):
            return False
        if self.match is not None and not self.match.subnet_of(route.dst):
            return False
        if self.source_root is not None and self.source_root.prefixlen:
            return False
        values = {"via": route.gateway, "src": route.src}
        return all((values[name] or IPv4Address(0)) in network for name, network in self.near.items())


def show(ctx: Context, options: Options, words: Words) -> Result:
    """Print the routes that fit."""
    selector = _read(ctx, options, words)
    if selector.table and options.family != "inet6":
        # A main table that is not there yet is the one absence that is not complained about.
        if selector.table not in ctx.ns.tables and selector.table != MAIN:
            raise Failure(2, _NO_TABLE + "Dump terminated\n", ("[ " if options.pretty else "[") if options.json else "")
    if selector.cached:
        return _show_cache(ctx, options, selector)
    found = _found(ctx, options, selector)
    if options.json:
        return Result(0, json_text([route_json(r, selector.hidden, options.details) for r in found], options.pretty))
    return Result(0, "".join(lines(route, options, selector.hidden) for route in found))


def _show_cache(ctx: Context, options: Options, selector: Selector) -> Result:
    shown = options.family in ("", "inet") and selector.iif is None and not selector.mark
    found = route_cache.entries(ctx, selector.fits, selector.hidden, options) if shown else []
    if options.json:
        return Result(0, json_text([route_cache.as_json(entry) for entry in found], options.pretty))
    return Result(0, "".join(route_cache.text(entry, options) for entry in found))


def lines(route: Route, options: Options, hidden: frozenset[str] = frozenset()) -> str:
    """A route as iproute2 prints it: a space at the end of each line."""
    text = route_line(route, hidden, options.details)
    return text.replace("\n", f" {options.newline}") + " \n"


def flush(ctx: Context, options: Options, words: Words) -> Result:
    """Delete the routes that fit."""
    if not words:
        raise Failure(1, '"ip route flush" requires arguments.\n')
    selector = _read(ctx, options, words)
    if selector.cached:
        if options.family != "inet6":
            learned.flush(ctx.ns)
        said = "*** IPv4 routing cache is flushed.\n" if options.stats else ""
        return Result(0, said + ("Nothing to flush.\n" if options.stats and not selector.table else ""))
    if selector.table and selector.table not in ctx.ns.tables and options.family != "inet6":
        raise Failure(2, _NO_TABLE + "Flush terminated\n")
    found = _found(ctx, options, selector)
    routes.discard(ctx.ns, selector.fits if options.family != "inet6" else lambda route: False)
    return Result(0, _flushed(options, selector, found))


def _flushed(options: Options, selector: Selector, found: list[Route]) -> str:
    """What `-s` tells, and `-s -s` with every route."""
    if not options.stats:
        return ""
    if not found:
        return "Nothing to flush.\n"
    told = "".join(lines(route, options, selector.hidden) for route in found) if options.stats > 1 else ""
    return f"{told}\n*** Round 1, deleting {len(found)} entries ***\n*** Flush is complete after 1 round ***\n"


def _found(ctx: Context, options: Options, selector: Selector) -> list[Route]:
    if options.family not in ("", "inet"):
        return []
    return [route for route in routes.dump(ctx.lab, ctx.ns) if selector.fits(route)]


def _read(ctx: Context, options: Options, words: Words) -> Selector:
    selector = Selector(options.family)
    devices: dict[str, str] = {}
    while words:
        word = words.take()
        if word in ("dev", "oif", "iif"):
            devices["iif" if word == "iif" else "dev"] = words.value()
            continue
        for keyword, exact, reader in _KEYWORDS:
            if word == keyword or (not exact and matches(word, keyword)):
                reader(selector, words)
                break
        else:
            words.back()
            _destination(selector, words)
    for kind in ("iif", "dev"):
        if kind in devices:
            setattr(selector, kind, device(ctx.ns, devices[kind]).name)
    return selector


def _table(selector: Selector, words: Words) -> None:
    word = words.value()
    table = numbered(word, table_numbers(), 2**32 - 1)
    if table is not None:
        selector.table = table
    elif word == "all":
        selector.table = 0
    elif word == "cache":
        selector.cached = True
    elif word == "help":
        raise Failure(255, usage("ip-route"))
    else:
        raise wrong(word, "table id value is invalid\n")


def _cached(selector: Selector, words: Words) -> None:
    selector.cached = True


def _vrf(selector: Selector, words: Words) -> None:
    raise wrong(words.value(), "Invalid VRF\n")


def _tos(selector: Selector, words: Words) -> None:
    word = words.value()
    tos = read_tos(word)
    if tos is None:
        raise wrong(word, "TOS value is invalid\n")
    selector.wanted["tos"] = tos


def _named(what: str, names: dict[str, int], why: str):
    """A reader of a name or number; `all` asks for nothing."""

    def reader(selector: Selector, words: Words) -> None:
        word = words.value()
        number = numbered(word, names, 255)
        if number is None and word != "all":
            raise wrong(word, why)
        selector.wanted.pop(what, None)
        if number is not None:
            selector.wanted[what] = next((name for name, n in names.items() if n == number), str(number))

    return reader


def _type(selector: Selector, words: Words) -> None:
    word = words.value()
    kind = route_type(word)
    if kind is None:
        raise wrong(word, "node type value is invalid\n")
    selector.wanted["type"] = kind


def _mark(selector: Selector, words: Words) -> None:
    word = words.value()
    mark = unsigned(word)
    if mark is None:
        raise wrong(word, "invalid mark value")
    selector.mark = mark


def _metric(selector: Selector, words: Words) -> None:
    word = words.value()
    metric = unsigned(word)
    if metric is None:
        raise wrong(word, '"metric" value is invalid\n')
    selector.wanted["metric"] = metric


def _near(name: str):
    """A reader of the prefix in which a gateway or source must be."""

    def reader(selector: Selector, words: Words) -> None:
        word = words.value()
        if name == "via" and word == "inet":
            word = words.value()
        selector.near[name] = prefix(word, selector.family)[0].network

    return reader


def _realms(selector: Selector, words: Words) -> None:
    words.value()
    raise Failure(1, 'The lab\'s routes have no "realms".\n')


def _from(selector: Selector, words: Words) -> None:
    word = words.value()
    bound = _bound(word)
    network = _network(selector, words.value() if bound or matches(word, "exact") else word)
    if bound != "match":
        selector.source_root = network


def _destination(selector: Selector, words: Words) -> None:
    """[to] [root | match | exact] PREFIX."""
    word = words.value()
    if matches(word, "to"):
        word = words.value()
    bound = _bound(word)
    network = _network(selector, words.value() if bound or matches(word, "exact") else word)
    if bound != "match":
        selector.root = network
    if bound != "root":
        selector.match = network


def _bound(word: str) -> str:
    return next((bound for bound in ("root", "match") if matches(word, bound)), "")


def _network(selector: Selector, word: str) -> IPv4Network | None:
    """A prefix; `any` and `all` ask for nothing."""
    found, _ = prefix(word, selector.family)
    return None if word in ("any", "all") else found.network


_KEYWORDS = (
    ("table", False, _table), ("vrf", False, _vrf), ("cached", False, _cached), ("cloned", False, _cached),
    ("tos", True, _tos), ("dsfield", False, _tos),
    ("protocol", False, _named("proto", PROTOS, 'invalid "protocol"\n')),
    ("scope", False, _named("scope", SCOPES, 'invalid "scope"\n')), ("type", False, _type),
    ("mark", True, _mark), ("metric", False, _metric), ("priority", False, _metric),
    ("preference", True, _metric), ("via", True, _near("via")), ("src", True, _near("src")),
    ("realms", False, _realms), ("from", False, _from),
)  # fmt: skip
