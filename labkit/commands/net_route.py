"""route(8) of net-tools 2.10: list the main table (as netstat -r does, too), add a route, delete one.

It speaks to the kernel by ioctl(2), not by netlink, and so differs from `ip route`: a new route goes
before those of the same prefix and metric, and the scope is worked out from the gateway
(kernel: net/ipv4/fib_frontend.c rtentry_to_fib_config; net-tools lib/inet_sr.c, lib/inet_gr.c).
"""

import errno
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ..errors import KernelError, strerror
from ..lab import routes
from ..lab.lookup import address_type
from ..tables.route import MAIN, Route, netstat_lines, route_n_lines
from . import hosts
from .ifconfig import labelled, prefix_mask
from .result import Context, Failure, Result
from .usage import usage, usage_in_two
from .words import atoi, getopt, is_digits, whole

_LONG = {
    "extend": "e", "verbose": "v", "version": "V", "numeric": "n", "symbolic": "N", "protocol": "A:",
    "cache": "C", "fib": "F", "help": "h", "inet": "4",
}  # fmt: skip
_KNOWS = "The lab's route understands -n, and add and del with -net, -host, netmask, gw, metric, dev and reject, all of IPv4.\n"
_LEFT_OUT = frozenset({"mss", "mtu", "window", "irtt", "mod", "dyn", "reinstate"})


def route(ctx: Context, args: list[str]) -> Result:
    # getopt would take -net and -host for bundled options, so route hides their dash from it
    hidden = [f"#{a[1:]}" if a in ("-net", "-host") else a for a in args]
    options, words = getopt("route", hidden, "A:eCFhnN64Vv?", _LONG)
    given = dict(options)
    if "?" in given or "h" in given:
        out, err = usage_in_two("route")
        return Result(0, out, "".join(value for letter, value in options if letter == "?") + err)
    if given.keys() - set("nv4"):
        raise Failure(1, _KNOWS)
    if not words:
        return listing(ctx, netstat=False, numeric="n" in given)
    if words[0] not in ("add", "del", "delete", "flush"):
        raise Failure(3, usage("route"))
    return _edit(ctx, words[0], words[1:])


def listing(ctx: Context, netstat: bool, numeric: bool) -> Result:
    """The main table in the layout of `netstat -rn` or of `route -n`. Without `numeric` hosts go by their names."""
    lines = (netstat_lines if netstat else route_n_lines)(routes.dump(ctx.lab, ctx.ns, MAIN))
    if not numeric:
        lines = [_named(line) for line in lines]
    # the status is 1 while the kernel has no tables at all: /proc/net/route is then without its headings (observed)
    return Result(0 if ctx.ns.tables else 1, "".join(f"{line}\n" for line in lines))


def _named(line: str) -> str:
    """0.0.0.0/0 is called `default`; no other network has a name here."""
    target, gateway, mask = (line[start : start + 16].rstrip() for start in (0, 16, 32))
    if target == mask == "0.0.0.0":
        line = f"{'default':<16}{line[16:]}"
    for start, word in ((0, target if mask == "255.255.255.255" else ""), (16, gateway)):
        known = hosts.numeric(word) if word != "0.0.0.0" else None
        name = hosts.name_of(known) if known is not None else None
        line = line if name is None else f"{line[:start]}{name:<15.15} {line[start + 16 :]}"
    return line


@dataclass(slots=True)
class _Request:
    """What a line asks for, as `struct rtentry` holds it. A mask of zeros is none; `netmask` is the word it was said by."""

    dst: IPv4Address
    host: bool
    mask: int = 0
    netmask: str = ""
    gateway: IPv4Address | None = None
    dev: str | None = None
    metric: int = 0
    reject: bool = False

    @property
    def network(self) -> IPv4Network:
        """The prefix; KernelError(EINVAL) when bits are set beyond the mask."""
        mask = 0xFFFFFFFF if self.host else self.mask
        if int(self.dst) & ~mask & 0xFFFFFFFF:
            raise KernelError(errno.EINVAL)
        return IPv4Network((int(self.dst), mask.bit_count()))


def _edit(ctx: Context, action: str, words: list[str]) -> Result:
    if action == "flush":
        raise _wrong("Flushing `inet' routing table not supported\n")
    if not words:
        return Result(0, usage("inet_route"))
    request = _read(words)
    try:
        (_add if action == "add" else _delete)(ctx, request)
    except KernelError as refusal:
        # the kernel tells a netlink user "Nexthop has invalid gateway", an ioctl only the errno
        code = errno.ENETUNREACH if refusal.extack == "Nexthop has invalid gateway" else refusal.code
        return Result(7, "", f"{'SIOCADDRT' if action == 'add' else 'SIOCDELRT'}: {strerror(code)}\n")
    return Result()


def _wrong(complaint: str = "") -> Failure:
    return Failure(3, complaint + usage("inet_route"))


def _read(words: list[str]) -> _Request:
    """The words after `add` or `del`; Failure as route complains."""
    kind = words.pop(0) if words[0] in ("#net", "#host") else ""
    if not words:
        raise _wrong()
    target, slash, length = words.pop(0).partition("/")
    if slash and not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", length):
        raise _wrong()
    found = IPv4Address(0) if target == "default" else hosts.address(target)
    if found is None:
        raise Failure(6, hosts.herror(target, kind == "#host"))
    request = _Request(found, kind == "#host" or (kind == "" and target != "default"))
    if slash:
        request.mask = prefix_mask(whole(length, base=0) or 0)
    while words:
        _read_word(request, words)
    hole = ~request.mask & 0xFFFFFFFF
    if request.mask and request.host and hole != 0xFFFFFFFF:
        raise _wrong(f"route: netmask {hole:08x} doesn't make sense with host route\n")
    if request.mask and hole & (hole + 1):
        raise _wrong(f"route: bogus netmask {request.netmask}\n")
    if request.mask and int(request.dst) & hole:
        raise _wrong("route: netmask doesn't match route address\n")
    return request


def _read_word(request: _Request, words: list[str]) -> None:
    word = words.pop(0)
    if word in _LEFT_OUT:
        raise Failure(1, _KNOWS)
    match word:
        case "metric" if words and is_digits(words[0][:1]):
            request.metric = _metric(words.pop(0))
        case "netmask" if words and not request.mask:
            request.netmask = words.pop(0)
            request.mask = int(_resolve(request.netmask))
        case "gw" | "gateway" if words and request.gateway is None:
            request.gateway = _gateway(words.pop(0))
        case "dev" | "device" if words and request.dev is None:
            request.dev = words.pop(0)
        case "reject":
            request.reject = True
        case "metric" | "netmask" | "gw" | "gateway" | "dev" | "device":
            raise _wrong()
        case _ if words or request.dev is not None:
            raise _wrong()
        case _:
            request.dev = word


def _resolve(word: str) -> IPv4Address:
    found = IPv4Address(0) if word == "default" else hosts.address(word)
    if found is None:
        raise Failure(6, hosts.herror(word))
    return found


def _gateway(word: str) -> IPv4Address:
    if word == "default":
        raise _wrong(f"route: {word}: cannot use a NETWORK as gateway!\n")
    found = hosts.address(word)
    if found is None:
        raise Failure(6, hosts.herror(word, gateway=True))
    return found


def _metric(word: str) -> int:
    """One more than the metric is what fits into 16 bits of struct rtentry, 0 meaning none (kernel: rtentry_to_fib_config)."""
    short = (atoi(word) + 1 + 2**15) % 2**16 - 2**15
    return (short - 1) % 2**32 if short else 0


def _device(ctx: Context, request: _Request) -> tuple[str | None, IPv4Address | None]:
    """The interface, and for a label such as eth0:1 the source address that it stands for."""
    if request.dev is None:
        return None, None
    interface = ctx.ns.find(request.dev.partition(":")[0])
    address = labelled(interface, request.dev) if interface is not None and ":" in request.dev else None
    if interface is None or (":" in request.dev and address is None):
        raise KernelError(errno.ENODEV)
    return interface.name, address.ip if address is not None else None


def _scope(ctx: Context, gateway: IPv4Address | None) -> str:
    """Global behind a gateway; link without one, and behind a "gateway" that is ourselves."""
    return "global" if gateway and address_type(ctx.lab, ctx.ns, gateway) == "unicast" else "link"


def _add(ctx: Context, request: _Request) -> None:
    """ioctl SIOCADDRT."""
    if request.reject:
        refusing = Route(request.network, metric=request.metric, type="unreachable", scope="host")
        return routes.add(ctx.lab, ctx.ns, refusing, "prepend")
    network, (dev, source), gateway = request.network, _device(ctx, request), request.gateway
    if gateway is not None and int(gateway) == 0:
        raise KernelError(errno.EINVAL)
    routes.add(ctx.lab, ctx.ns, Route(network, gateway, dev, request.metric, source, scope=_scope(ctx, gateway)), "prepend")


def _delete(ctx: Context, request: _Request) -> None:
    """ioctl SIOCDELRT: the first of that prefix which is of the kind, gateway and device asked for."""
    if request.reject:
        pattern = routes.RoutePattern(request.network, metric=request.metric or None, type="unreachable", scope="host")
        return routes.delete(ctx.lab, ctx.ns, pattern)
    network, (dev, source) = request.network, _device(ctx, request)
    scope = _scope(ctx, request.gateway) if request.gateway else None
    routes.delete(ctx.lab, ctx.ns, routes.RoutePattern(
        network, gateway=request.gateway, dev=dev, metric=request.metric or None, src=source,
        type="unicast", scope=scope if scope == "global" else None,
    ))  # fmt: skip
