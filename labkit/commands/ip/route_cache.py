"""How `ip route get` and `ip route show cache` tell of a route that was looked up, and of what was learned about it.

iproute2 ip/iproute.c print_route, print_cache_flags; kernel net/ipv4/route.c rt_fill_info, fnhe_dump_bucket.
"""

from dataclasses import replace
from ipaddress import IPv4Network

from ...lab import learned, routes
from ...lab.learned import Learned
from ...tables.names import table_name
from ...tables.route import MAIN, Route, metric_json
from ..result import Context
from .options import Options

_WORDS = (("from", "from"), ("tos", "tos"), ("gateway", "via"), ("dev", "dev"), ("table", "table"), ("prefsrc", "src"))


def entries(ctx: Context, fits, hidden: frozenset[str], options: Options) -> list[dict]:
    """What `show cache` lists: every exception that is in use, once for each route that it hangs on."""
    hidden_keys = {"gateway" if name == "via" else name for name in hidden}
    found = []
    for route, leg, dst, entry in learned.dump(ctx.ns, routes.dump(ctx.lab, ctx.ns), ctx.lab.now):
        gateway = entry.gateway or leg.gateway
        as_route = replace(
            route, dst=IPv4Network(dst), gateway=gateway, dev=leg.dev, src=None, tos=0, proto="unspec", scope="global", metric=0)
        if fits(as_route):
            fields = _entry(as_route, entry, ctx.lab.now, options)
            found.append({key: value for key, value in fields.items() if key not in hidden_keys})
    return found


def _entry(route: Route, entry: Learned, now: float, options: Options) -> dict:
    fields: dict = {"type": route.type} if options.details or route.type != "unicast" else {}
    fields["dst"] = str(route.dst.network_address)
    if route.gateway is not None:
        fields["gateway"] = str(route.gateway)
    fields["dev"] = route.dev
    if options.details or route.table != MAIN:
        fields["table"] = table_name(route.table)
    return fields | {"flags": [], "cache": flags(entry)} | lessons(route, entry, now, 1 if options.stats else 0)


def flags(entry: Learned | None) -> list[str]:
    """The mark of a route that goes by a redirect."""
    return ["redirected"] if entry is not None and entry.gateway is not None else []


def lessons(route: Route | None, entry: Learned | None, now: float, users: int = 0) -> dict:
    """When what was learned is forgotten, and the metrics: the route's own, and the path MTU in place of its MTU.

    `users`: what -s tells of the kernel's copy of the route; the lab keeps none, so that it is always new.
    """
    metrics = dict(route.metrics) if route is not None else {}
    found: dict = {}
    if entry is not None:
        left = entry.seconds_left(now)
        found = {"expires": left} if left is not None else {}
        if entry.path_mtu is not None:
            mtu = f"lock {entry.mtu}" if entry.locked else str(entry.mtu)
            metrics = {"mtu": mtu, **{name: value for name, value in metrics.items() if name != "mtu"}}
    found |= {"users": users, "age": 0} if users else {}
    return found | ({"metrics": metrics} if metrics else {})


def text(fields: dict, options: Options) -> str:
    """The two lines of one such route."""
    words = [fields["type"]] if "type" in fields else []
    words.append(fields["dst"])
    for key, name in _WORDS:
        if key in fields:
            words += [name, fields[key]]
    words += fields["flags"]
    if "mark" in fields:
        words += ["mark", str(fields["mark"]) if fields["mark"] < 16 else hex(fields["mark"])]
    if "uid" in fields:
        words += ["uid", str(fields["uid"])]
    cache = [f"<{','.join(fields['cache'])}>"] if fields["cache"] else []
    cache += [f"expires {fields['expires']}sec"] if "expires" in fields else []
    cache += [f"users {fields['users']}"] if "users" in fields else []
    for name, value in fields.get("metrics", {}).items():
        cache += [name, value]
    cache += ["iif", fields["iif"]] if "iif" in fields else []
    return f"{' '.join(words)} {options.newline}    {' '.join(['cache', *cache])} \n"


def as_json(fields: dict) -> dict:
    """The same as the object that `-j` prints."""
    if "metrics" not in fields:
        return fields
    return fields | {"metrics": [dict(metric_json(*pair) for pair in fields["metrics"].items())]}
