"""`ip route show` and `ip route flush`: which routes are meant, and how they are printed.

A filter hides the field it asks for (`show dev eth0` prints no `dev`). Keywords are compared in
iproute2's order (ip/iproute.c iproute_list_flush_or_save, filter_nlmsg).
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from ...lab import learned, routes
from ...tables.names import PROTOS, SCOPES, table_numbers
from ...tables.route import MAIN, Route, route_json, route_line
from ..grammar import Words, device, known, matches, named, network, number, numbered, read, text, tos, unsupported, wrong
from ..records import Options, json_text
from ..result import Context, Failure, Result
from ..usage import usage
from . import route_get

_NO_TABLE = "Error: ipv4: FIB table does not exist.\n"
_FIELDS = ("dev", "tos", "proto", "scope", "metric", "type")
_UNSUPPORTED = unsupported(
    'The lab lists no routes by "{}": it knows root, match, exact, dev, via, src, table, proto, scope, type, metric, tos.'
)


@dataclass(frozen=True, slots=True)
class _Selector:
    """Which routes are asked for: by the names of fields what was said. `table` 0 is all of them."""

    said: dict

    @property
    def table(self) -> int:
        return self.said["table"]

    @property
    def cached(self) -> bool:
        return "cached" in self.said

    @property
    def hidden(self) -> frozenset[str]:
        """Fields that need not be printed."""
        exact = {name for name in ("via", "src") if name in self.said and self.said[name].prefixlen == 32}
        hidden = exact | ({"tos", "proto", "scope", "metric", "dev"} & self.said.keys())
        return frozenset(hidden | ({"table"} if self.table else set()))

    def fits(self, route: Route) -> bool:
        said = self.said
        if self.table not in (0, route.table) or any([getattr(route, name) != said[name] for name in _FIELDS if name in said]):
            return False
        if "root" in said and not route.dst.subnet_of(said["root"]) or "match" in said and not said["match"].subnet_of(route.dst):
            return False
        within = (("via", route.gateway), ("src", route.src))
        return all((value or IPv4Address(0)) in said[name] for name, value in within if name in said)


def show(ctx: Context, options: Options, words: Words) -> Result:
    """Print the routes that fit."""
    selector = _read(words)
    if selector.table and options.family != "inet6":
        # A main table that is not there yet is the one absence that is not complained about.
        if selector.table not in ctx.ns.tables and selector.table != MAIN:
            raise Failure(2, _NO_TABLE + "Dump terminated\n", ("[ " if options.pretty else "[") if options.json else "")
    if selector.cached:
        entries = route_get.cache(ctx, selector.fits, selector.hidden, options) if options.family in ("", "inet") else []
        return route_get.print_entries(entries, options)
    found, hidden = _found(ctx, options, selector), selector.hidden
    if options.json:
        return Result(0, json_text([route_json(route, hidden, options.details) for route in found], options.pretty))
    # iproute2 puts a space at the end of each line.
    lines = (route_line(route, hidden, options.details).replace("\n", " \\" if options.oneline else " \n") for route in found)
    return Result(0, "".join(f"{line} \n" for line in lines))


def flush(ctx: Context, options: Options, words: Words) -> Result:
    """Delete the routes that fit."""
    if not words:
        raise Failure(1, '"ip route flush" requires arguments.\n')
    selector = _read(words)
    nothing = "Nothing to flush.\n"
    if selector.cached:
        if options.family != "inet6":
            learned.flush(ctx.ns)
        return Result(0, f"*** IPv4 routing cache is flushed.\n{'' if selector.table else nothing}" if options.stats else "")
    if selector.table and selector.table not in ctx.ns.tables and options.family != "inet6":
        raise Failure(2, _NO_TABLE + "Flush terminated\n")
    found = _found(ctx, options, selector)
    routes.discard(ctx.ns, selector.fits if options.family != "inet6" else lambda route: False)
    counted = f"\n*** Round 1, deleting {len(found)} entries ***\n*** Flush is complete after 1 round ***\n"
    return Result(0, (counted if found else nothing) if options.stats else "")


def _found(ctx: Context, options: Options, selector: _Selector) -> list[Route]:
    if options.family not in ("", "inet"):
        return []
    return [route for route in routes.dump(ctx.lab, ctx.ns, selector.table or None) if selector.fits(route)]


def route_type(word: str) -> str | None:
    """The type a word means, or None (iproute2 ip/rtm_map.c)."""
    if word in ("local", "nat", "throw"):
        return word
    kinds = ("broadcast", "anycast", "multicast", "prohibit", "unreachable", "blackhole", "xresolve", "unicast")
    return "broadcast" if word == "brd" else next((kind for kind in kinds if matches(word, kind)), None)


def _table(word: str, words: Words) -> dict:
    number = numbered(word, table_numbers(), 2**32 - 1)
    if number is not None or word == "all":
        return {"table": number or 0}
    if word == "help":
        raise Failure(255, usage("ip-route"))
    if word != "cache":
        raise wrong(word, "table id value is invalid\n")
    return {"cached": True}


def _or_all(reader: Callable) -> Callable:
    """`all` asks for nothing."""
    return lambda word, words: None if word == "all" else reader(word, words)


def _destination(word: str, words: Words) -> dict:
    """[to] [root | match | exact] PREFIX; of a prefix `any` and `all` ask for nothing."""
    word = words.value() if matches(word, "to") else word
    bound = next((bound for bound in ("root", "match", "exact") if matches(word, bound)), "")
    word = words.value() if bound else word
    found = network(word, words)
    found = None if word in ("any", "all") else found
    return {bound: found} if bound in ("root", "match") else {"root": found, "match": found}


_SELECTOR = (
    ("dev oif", "dev", text), ("table~", "", _table), ("vrf~", "", route_get.VRF), ("cached~ cloned~", "cached", True),
    ("tos dsfield~", "tos", tos("TOS value is invalid\n")),
    ("protocol~", "proto", _or_all(named(PROTOS, 'invalid "protocol"\n'))),
    ("scope~", "scope", _or_all(named(SCOPES, 'invalid "scope"\n'))), ("type~", "type", known(route_type, "node type value is invalid\n")),
    ("metric~ priority~ preference", "metric", number('"metric" value is invalid\n')),
    ("via", "via", lambda word, words: network(words.value() if word == "inet" else word, words)), ("src", "src", network),
    ("iif mark realms~ from~", "", _UNSUPPORTED), ("*", "", _destination),
)  # fmt: skip


def _read(words: Words) -> _Selector:
    said = {name: value for name, value in read(_SELECTOR, words, table=MAIN).items() if value is not None}
    return _Selector(said | ({"dev": device(words.ctx.ns, said["dev"]).name} if "dev" in said else {}))
