"""route(8) of net-tools 2.10: list the main table, add a route, delete one.

It speaks to the kernel by ioctl(2), not by netlink, and so differs from `ip route`: a new route goes
before those of the same prefix and metric, and the scope is worked out from the gateway
(kernel: net/ipv4/fib_frontend.c rtentry_to_fib_config; net-tools lib/inet_sr.c).
"""

import errno
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ..errors import KernelError, strerror
from ..lab import routes
from ..lab.ioctl import labelled
from ..lab.lookup import address_type
from ..tables.route import Route
from . import hosts
from .getopt import getopt
from .result import Context, Failure, Result
from .routing_table import listing_status, routing_table
from .usage import usage, usage_in_two
from .words import atoi, is_digits, whole

LONG = {
    "extend": "e", "verbose": "v", "version": "V", "numeric": "n", "symbolic": "N", "protocol": "A:",
    "cache": "C", "fib": "F", "help": "h", "inet": "4",
}  # fmt: skip
_VERSION = """net-tools 2.10
+NEW_ADDRT +RTF_IRTT +RTF_REJECT +FW_MASQUERADE +I18N +SELINUX
AF: (inet) +UNIX +INET +INET6 +IPX +AX25 +NETROM +X25 +ATALK +ECONET +ROSE -BLUETOOTH
HW:  +ETHER +ARC +SLIP +PPP +TUNNEL -TR +AX25 +NETROM +X25 +FR +ROSE +ASH +SIT +FDDI +HIPPI +HDLC/LAPB +EUI64 
"""


def route(ctx: Context, args: list[str]) -> Result:
    # getopt would take -net and -host for bundled options, so route hides their dash from it
    hidden = [f"#{a[1:]}" if a in ("-net", "-host") else a for a in args]
    options, words = getopt("route", hidden, "A:eCFhnN64Vv?", LONG)
    given = dict(options)
    if "V" in given:
        return Result(0, _VERSION)
    if "?" in given or "h" in given:
        complaints = "".join(value for letter, value in options if letter == "?")
        out, err = usage_in_two("route")
        return Result(0, out, complaints + err)
    if "6" in given or given.get("A", "inet") != "inet":
        return Result(1, "", "The lab has IPv4 only: route knows the address family inet.\n")
    if not words:
        extended = sum(letter == "e" for letter, _ in options)
        return Result(listing_status(ctx), routing_table(ctx, extended + 1, "n" in given, "C" in given))
    if words[0] not in ("add", "del", "delete", "flush"):
        raise Failure(3, usage("route"))
    return _edit(ctx, words[0], words[1:], "C" in given)


def _edit(ctx: Context, action: str, words: list[str], cache: bool) -> Result:
    if action == "flush":
        raise Failure(3, "Flushing `inet' routing table not supported\n" + usage("inet_route"))
    if cache:
        raise Failure(3, "Modifying `inet' routing cache not supported\n" + usage("inet_route"))
    if not words:
        return Result(0, usage("inet_route"))
    request = _Request.read(words)
    try:
        add(ctx, request) if action == "add" else delete(ctx, request)
    except KernelError as refusal:
        call = "SIOCADDRT" if action == "add" else "SIOCDELRT"
        return Result(7, "", f"{call}: {strerror(_ioctl_errno(refusal))}\n")
    return Result()


def _ioctl_errno(refusal: KernelError) -> int:
    """The kernel tells a netlink user "Nexthop has invalid gateway", an ioctl only the errno."""
    return errno.ENETUNREACH if refusal.extack == "Nexthop has invalid gateway" else refusal.code


@dataclass(slots=True)
class _Request:
    """What a line asks for, as `struct rtentry` holds it. `mask` None: none was given."""

    dst: IPv4Address = IPv4Address(0)
    host: bool = True
    mask: int | None = None
    gateway: IPv4Address | None = None
    dev: str | None = None
    metric: int = 0
    reject: bool = False
    metrics: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, words: list[str]) -> "_Request":
        """Words after `add` or `del`; Failure as route complains."""
        self = cls()
        kind = words.pop(0) if words[0] in ("#net", "#host") else ""
        if not words:
            raise Failure(3, usage("inet_route"))
        target, slash, length = words.pop(0).partition("/")
        if slash:
            if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", length):
                raise Failure(3, usage("inet_route"))
            self.mask = prefix_mask(whole(length, base=0) or 0)
        found = IPv4Address(0) if target == "default" else hosts.address(target)
        if found is None:
            raise Failure(6, hosts.herror(target, kind == '#host'))
        self.dst = found
        self.host = kind == "#host" or (kind == "" and target != "default")
        self._read_rest(words, "" if not slash else f"/{length}")
        if self.reject and self.dev is None:
            self.dev = "lo"
        return self

    def _read_rest(self, words: list[str], mask_words: str) -> None:
        while words:
            word = words.pop(0)
            if word in _TAKES_VALUE and not words:
                raise Failure(3, usage("inet_route"))
            match word:
                case "metric" if is_digits(words[0][:1]):
                    self.metric = _metric_number(words.pop(0))
                case "netmask" if not self.mask:
                    mask_words = words.pop(0)
                    self.mask = int(_resolve(mask_words))
                case "gw" | "gateway" if self.gateway is None:
                    self.gateway = _gateway(words.pop(0))
                case "mss" | "mtu":
                    self._metric("advmss", words.pop(0), 64, 65536, "route: Invalid MSS/MTU.\n")
                case "window":
                    self._metric("window", words.pop(0), 128, 2**31, "route: Invalid window.\n")
                case "irtt":
                    self.metrics["rtt"] = f"{atoi(words.pop(0))}ms"
                case "reject":
                    self.reject = True
                case "mod" | "dyn" | "reinstate":
                    pass  # flags that the kernel ignores
                case "dev" | "device" if self.dev is None:
                    self.dev = words.pop(0)
                case _ if word not in _TAKES_VALUE and self.dev is None and not words:
                    self.dev = word
                case _:
                    raise Failure(3, usage("inet_route"))
        self._check_mask(mask_words)

    def _metric(self, name: str, word: str, least: int, most: int, complaint: str) -> None:
        value = atoi(word)
        if not least <= value <= most:
            raise Failure(3, complaint + usage("inet_route"))
        self.metrics[name] = str(value - 40 if name == "advmss" else value)

    def _check_mask(self, words: str) -> None:
        """What route itself finds wrong with a netmask; a mask of zeros it takes for none."""
        if not self.mask:
            return
        hole = ~self.mask & 0xFFFFFFFF
        if self.host and hole != 0xFFFFFFFF:
            raise Failure(3, f"route: netmask {hole:08x} doesn't make sense with host route\n" + usage("inet_route"))
        if hole & (hole + 1):
            raise Failure(3, f"route: bogus netmask {words}\n" + usage("inet_route"))
        if int(self.dst) & hole:
            raise Failure(3, "route: netmask doesn't match route address\n" + usage("inet_route"))

    @property
    def network(self) -> IPv4Network:
        """The prefix; KernelError(EINVAL) when bits are set beyond the mask."""
        mask = 0xFFFFFFFF if self.host else self.mask or 0
        if int(self.dst) & ~mask & 0xFFFFFFFF:
            raise KernelError(errno.EINVAL)
        return IPv4Network((int(self.dst), mask.bit_count()))


_TAKES_VALUE = frozenset({"metric", "netmask", "gw", "gateway", "mss", "mtu", "window", "irtt", "dev", "device"})


def prefix_mask(length: int) -> int:
    """net-tools shifts 32 ones by the length, as the processor does: by its last five bits.

    So /32 gives no mask at all, and /33 the mask of /1 (lib/inet.c INET_getnetmask).
    """
    return ~(0xFFFFFFFF >> (length & 31)) & 0xFFFFFFFF


def _resolve(word: str) -> IPv4Address:
    found = IPv4Address(0) if word == "default" else hosts.address(word)
    if found is None:
        raise Failure(6, hosts.herror(word))
    return found


def _gateway(word: str) -> IPv4Address:
    if word == "default":
        raise Failure(3, f"route: {word}: cannot use a NETWORK as gateway!\n" + usage("inet_route"))
    found = hosts.address(word)
    if found is None:
        raise Failure(6, hosts.herror(word, gateway=True))
    return found


def _metric_number(word: str) -> int:
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


def add(ctx: Context, request: _Request) -> None:
    """ioctl SIOCADDRT."""
    network = request.network
    if request.reject:
        return routes.add(ctx.lab, ctx.ns, Route(network, metric=request.metric, type="unreachable", scope="host"), "prepend")
    (dev, source), gateway = _device(ctx, request), request.gateway
    if gateway is not None and int(gateway) == 0:
        raise KernelError(errno.EINVAL)
    added = Route(
        network, gateway, dev, request.metric, source, scope=_scope(ctx, gateway),
        metrics=tuple(sorted(request.metrics.items(), key=lambda m: ("window", "rtt", "advmss").index(m[0]))),
    )  # fmt: skip
    routes.add(ctx.lab, ctx.ns, added, "prepend")


def delete(ctx: Context, request: _Request) -> None:
    """ioctl SIOCDELRT: the first of that prefix which is of the kind, gateway and device asked for."""
    pattern = routes.RoutePattern(request.network, metric=request.metric or None, type="unreachable", scope="host")
    if not request.reject:
        dev, source = _device(ctx, request)
        scope = _scope(ctx, request.gateway) if request.gateway else None
        pattern = routes.RoutePattern(
            request.network, gateway=request.gateway, dev=dev, metric=request.metric or None, src=source,
            type="unicast", scope=scope if scope == "global" else None,
        )  # fmt: skip
    routes.delete(ctx.lab, ctx.ns, pattern)
