"""A route as the words of `ip route add` describe it, and what iproute2 adds to it.

iproute2 chooses table, scope and type where nothing was said (ip/iproute.c iproute_modify). The
kernel's checks are in lab/routes.py; those that no `Route` can express are made here.
"""

import errno
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import KernelError
from ...lab.routes import RoutePattern
from ...tables.route import LOCAL, MAIN, NextHop, Route

#: Metrics in the kernel's order (linux/rtnetlink.h RTAX_*), which is the order they are printed in.
METRICS = (
    "mtu", "window", "rtt", "rttvar", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd",
    "features", "rto_min", "initrwnd", "quickack", "congctl", "fastopen_no_cookie",
)  # fmt: skip

_CONGESTION = ("reno", "cubic", "bbr")


@dataclass(slots=True)
class Spec:
    """A route as the words describe it; None where nothing was said."""

    family: str
    dst: IPv4Interface | None = None
    type: str | None = None
    tos: int = 0
    via_said: bool = False
    gateway: IPv4Address | None = None
    dev: str | None = None
    src: IPv4Address | None = None
    metric: int = 0
    scope: str | None = None
    proto: str | None = None
    table: int | None = None
    onlink: bool = False
    nhid: bool = False
    metrics: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    legs: list[NextHop] | None = None

    def route(self) -> Route:
        """The route to write, with what iproute2 fills in."""
        self._check()
        kind = self.type or "unicast"
        legs = tuple(self.legs or ())
        single = legs[0] if len(legs) == 1 else NextHop(self.gateway, self.dev, 1, ("onlink",) if self.onlink else ())
        return Route(
            self.network, single.gateway, single.dev, self.metric, self.src, kind, self.tos, self._table(kind),
            self.proto or "boot", self.scope or self._scope(kind), single.flags, self._metrics(),
            legs if len(legs) > 1 else (),
        )  # fmt: skip

    def pattern(self) -> RoutePattern:
        """What to delete: whatever was not said fits anything."""
        self._check()
        scope = self.scope or {"local": "host", "nat": "host", "broadcast": "link", "multicast": "link", "anycast": "link"}.get(self.type)
        return RoutePattern(
            self.network, self._table(self.type), self.tos, self.gateway, self.dev, self.metric or None, self.src,
            self.type, None if self.proto in (None, "unspec") else self.proto, None if scope == "nowhere" else scope,
            self._metrics(), tuple(self.legs or ()),
        )  # fmt: skip

    @property
    def network(self) -> IPv4Network:
        return self.dst.network

    def _table(self, kind: str | None) -> int:
        if self.table is None:
            return LOCAL if kind in ("local", "broadcast", "nat", "anycast") else MAIN
        return self.table or MAIN  # the kernel takes table 0 for main

    def _scope(self, kind: str) -> str:
        if kind in ("local", "nat"):
            return "host"
        if kind in ("broadcast", "multicast", "anycast"):
            return "link"
        return "link" if kind == "unicast" and not self.via_said and self.legs is None and not self.nhid else "global"

    def _metrics(self) -> tuple[tuple[str, str], ...]:
        """The kernel keeps no zeros, except those that are locked."""
        found = []
        for name in METRICS:
            value = self.metrics.get(name)
            if value is not None and (value not in ("0", "0ms") or name in self.locked or name in ("rtt", "rttvar")):
                found.append((name, f"lock {value}" if name in self.locked else value))
        return tuple(found)

    def _check(self) -> None:
        """What the kernel refuses and no Route can express."""
        if self.tos & 3:
            raise KernelError(errno.EINVAL, "Invalid dsfield (tos): ECN bits must be 0")
        if self.dst.ip != self.dst.network.network_address:
            raise KernelError(errno.EINVAL, "Invalid prefix for given prefix length")
        if self.nhid:
            said = self.via_said or self.dev or self.legs
            both = "Nexthop specification and nexthop id are mutually exclusive"
            raise KernelError(errno.EINVAL, both if said else "Nexthop id does not exist")
        if "congctl" in self.metrics and self.metrics["congctl"] not in _CONGESTION:
            raise KernelError(errno.EINVAL, "Unknown tcp congestion algorithm")
        if self.legs and self.dev is not None and self.legs[0].dev != self.dev:
            raise KernelError(errno.EINVAL, "Nexthop device index does not match RTA_OIF")
        if self.legs and self.gateway is not None and self.legs[0].gateway != self.gateway:
            raise KernelError(errno.EINVAL, "Nexthop gateway does not match RTA_GATEWAY or RTA_VIA")
