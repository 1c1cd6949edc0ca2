"""`ip route add` and its kin; what lists routes is in route_show.py, what asks the kernel in route_get.py.

The words are compared in iproute2's order (ip/iproute.c iproute_modify): `d` is `dsfield`, not `dev`. iproute2 chooses table, scope
and type where nothing was said; the kernel's checks are in lab/routes.py, and those that no `Route` can express are made here.
"""

import errno
from ipaddress import IPv4Address, IPv4Network

from ...errors import KernelError
from ...lab import routes
from ...lab.routes import RoutePattern
from ...tables.names import PROTOS, SCOPES
from ...tables.route import LOCAL, MAIN, NextHop, Route
from ..grammar import (
    STOP,
    Bare,
    Words,
    address,
    device,
    garbage,
    matches,
    named,
    number,
    prefix,
    read,
    table,
    text,
    tos,
    unsigned,
    unsupported,
    wrong,
)  # fmt: skip
from ..records import Options
from ..result import Context, Failure, Result
from ..usage import usage
from . import route_get, route_show
from .route_get import VRF, narrow_family
from .route_show import route_type

_UNSUPPORTED = unsupported(
    'The lab\'s routes have no "{}": they know type, via, dev, src, metric, proto, scope, table, tos, onlink, mtu, advmss.'
)


def _write(mode: str):
    """The command that writes a route in one of the kernel's ways."""

    def command(ctx: Context, options: Options, words: Words) -> Result:
        said = _read(words)
        if mode == "delete":
            routes.delete(ctx.lab, ctx.ns, _pattern(said))
        else:
            routes.add(ctx.lab, ctx.ns, _route(said), mode)
        return Result()

    return command


#: In the order in which iproute2 compares them.
COMMANDS = {
    "add~": _write("add"), "change~ chg": _write("change"), "replace~": _write("replace"), "prepend~": _write("prepend"),
    "append~": _write("append"), "test~": _write("test"), "delete~": _write("delete"), "list~ show~ lst~": route_show.show,
    "get~": route_get.get, "flush~": route_show.flush,
    "save~ restore~ showdump~": unsupported('The lab has no files of routes: "ip route {}" is not in it.'),
}  # fmt: skip


def _destination(word: str, words: Words) -> dict:
    word = words.value() if word == "to" else word
    kind = route_type(word)
    word = word if kind is None else words.value()
    if matches(word, "help"):
        raise Failure(255, usage("ip-route"))
    if "dst" in words.said:
        raise garbage("to", word)
    dst = prefix(word, words.family)[0]
    narrow_family(word, words)
    return {"dst": dst} if kind is None else {"dst": dst, "type": kind}


def _address(word: str, words: Words) -> IPv4Address | None:
    """An address; `default` is none at all."""
    found = address(word, words.family)
    narrow_family(word, words)
    if word in ("any", "all"):
        raise KernelError(errno.EINVAL, "Attribute failed policy validation")
    return None if word == "default" else found


def _gateway(word: str, words: Words) -> IPv4Address | None:
    """An address, with its family before it or not; the kernel takes 0.0.0.0 for none."""
    if word in ("inet6", "mpls", "link", "bridge"):
        raise Failure(1, f'The lab has IPv4 only: "via {word}" is not in it.\n')
    gateway = _address(words.value() if word == "inet" else word, words)
    return gateway if gateway is not None and int(gateway) else None


def _via(word: str, words: Words) -> IPv4Address | None:
    if "gateway" in words.said:
        raise wrong("via", "use nexthop syntax to specify multiple via\n")
    return _gateway(words.value(), words)


def _metric(name: str, what: str, most: int):
    """A reader of a number that the kernel keeps along the route; what is larger than `most` becomes that (net/ipv4/metrics.c)."""

    def reader(word: str, words: Words) -> str:
        lock = "lock " if word == "lock" or "lock" in words.said.get(name, "") else ""
        word = words.value() if word == "lock" else word
        found = unsigned(word)
        if found is None:
            raise wrong(word, f'"{what}" value is invalid\n')
        return f"{lock}{min(found, most)}"

    return reader


_ROUTE = (
    ("nexthop", "", STOP), ("dev oif", "dev", text),
    ("src", "src", _address), ("via", "gateway", Bare(_via)),
    ("tos dsfield~", "tos", tos('"tos" value is invalid\n')),
    ("metric~ priority~ preference", "metric", number('"metric" value is invalid\n')),
    ("scope", "scope", named(SCOPES, 'invalid "scope" value\n')),
    ("mtu", "mtu", _metric("mtu", "mtu", 65520)), ("advmss", "advmss", _metric("advmss", "mss", 65495)),
    ("as from expires hoplimit reordering~ rtt rto_min window~ cwnd~ initcwnd~ initrwnd~ features~ quickack~ congctl~ rttvar~ "
     "ssthresh~ realms~ nhid", "", _UNSUPPORTED),
    ("onlink", "onlink", True), ("protocol~", "proto", named(PROTOS, '"protocol" value is invalid\n')),
    ("table~", "table", table('"table" value is invalid\n')),
    ("vrf~", "", VRF), ("pref~ encap ttl-propagate fastopen_no_cookie~", "", _UNSUPPORTED),
    ("*", "", _destination),
)  # fmt: skip


def _leg_device(word: str, words: Words) -> str:
    try:
        return device(words.ctx.ns, word).name
    except Failure as failure:
        if failure.result.returncode == 1:
            raise Failure(255, failure.result.stderr + "Error: cannot parse nexthop\n") from None
        raise


_LEG = (
    ("via", "gateway", _gateway), ("dev", "dev", _leg_device), ("weight", "weight", number('"weight" is invalid\n', 1, 256)),
    ("onlink", "flags", ("onlink",)), ("realms~ encap as", "", _UNSUPPORTED),
)  # fmt: skip


def _read(words: Words) -> dict:
    """What the words of a route say, by field; its next hops are `legs`."""
    said = read(_ROUTE, words)
    if "dst" not in said:
        raise Failure(255, usage("ip-route"))
    if "dev" in said:
        said["dev"] = device(words.ctx.ns, said["dev"]).name
    legs = []
    while words:
        word = words.take()
        if word != "nexthop":
            raise Failure(255, f'Error: "nexthop" or end of line is expected instead of "{word}"\n')
        if not words:
            raise Failure(255, 'Error: unexpected end of line after "nexthop"\n')
        legs.append(NextHop(**read(_LEG, words)))
    return said | {"legs": tuple(legs)}


#: The scope that iproute2 gives to types other than unicast.
_SCOPE_OF_TYPE = {"local": "host", "nat": "host", "broadcast": "link", "multicast": "link", "anycast": "link"}


def _route(said: dict) -> Route:
    """The route to write, with what iproute2 fills in."""
    kind, legs = said.get("type", "unicast"), said["legs"]
    hop = NextHop(said.get("gateway"), said.get("dev"), 1, ("onlink",) if "onlink" in said else ())
    hop = legs[0] if len(legs) == 1 else hop
    scope = "link" if kind == "unicast" and "gateway" not in said and not legs else "global"
    return Route(
        gateway=hop.gateway, dev=hop.dev, flags=hop.flags, scope=said.get("scope", _SCOPE_OF_TYPE.get(kind, scope)),
        nexthops=legs if len(legs) > 1 else (), **_same(said),
    )  # fmt: skip


def _pattern(said: dict) -> RoutePattern:
    """What to delete: whatever was not said fits anything."""
    scope = said.get("scope", _SCOPE_OF_TYPE.get(said.get("type")))
    found = {name: value for name, value in _same(said).items() if (name, value) != ("proto", "unspec")}
    return RoutePattern(
        gateway=said.get("gateway"), dev=said.get("dev"), scope=None if scope == "nowhere" else scope, nexthops=said["legs"], **found
    )


def _same(said: dict) -> dict:
    """The fields that a route and a pattern have alike. The kernel keeps no metrics of zero, except those that are locked."""
    table = LOCAL if said.get("type") in ("local", "broadcast", "nat", "anycast") else MAIN
    metrics = tuple((name, said[name]) for name in ("mtu", "advmss") if said.get(name, "0") != "0")
    found = {name: said[name] for name in ("metric", "src", "type", "tos", "proto") if said.get(name)}
    return {"dst": _network(said), "table": said.get("table", table), "metrics": metrics, **found}


def _network(said: dict) -> IPv4Network:
    """The destination, after what the kernel refuses and no Route can express."""
    dst = said["dst"]
    leg = said["legs"][0] if said["legs"] else NextHop(said.get("gateway"), said.get("dev"))
    for refused, why in (
        (said.get("tos", 0) & 3, "Invalid dsfield (tos): ECN bits must be 0"),
        (dst.ip != dst.network.network_address, "Invalid prefix for given prefix length"),
        (said.get("dev") not in (None, leg.dev), "Nexthop device index does not match RTA_OIF"),
        (said.get("gateway") not in (None, leg.gateway), "Nexthop gateway does not match RTA_GATEWAY or RTA_VIA"),
    ):
        if refused:
            raise KernelError(errno.EINVAL, why)
    return dst.network
