"""What `ip link`, `ip addr` and `bridge link` print of one interface, as text and as JSON.

Keys stand in iproute2's order (ip/ipaddress.c print_linkinfo), and pieces of text end with a space where the real ones do, so
lines may too. Values that the lab does not model are a new interface's on 6.18.
"""

from dataclasses import dataclass
from functools import cache

from ...lab import carrier
from ...lab.interface import ZERO_MAC, Interface
from ...lab.links import MTU_ETHERNET, MTU_LIMITS
from ...lab.namespace import Namespace
from ..records import View, both, ended
from .kinds import kind_record, kind_text


@dataclass(frozen=True, slots=True)
class LinkView(View):
    """`family` is "link" for `ip link`, which tells more than `ip addr` does."""

    family: str = "link"

    @property
    def is_link(self) -> bool:
        return self.family == "link"


class _Numbered(int):
    """A namespace's number, and what the text says: the name that `ip netns` has for it on this machine, if any."""

    words = ""


def _here(interface: Interface, view: View) -> str | None:
    """The name of a veth's other end in the same namespace."""
    if interface.peer is None:
        return None
    peer = view.ctx.lab.peer(interface)
    return peer.name if peer.namespace == interface.namespace else None


def _elsewhere(interface: Interface, view: View) -> int | None:
    """The index of a veth's other end in another namespace."""
    if interface.peer is None:
        return None
    peer = view.ctx.lab.peer(interface)
    return peer.index if peer.namespace != interface.namespace else None


def _netns(interface: Interface, view: View) -> _Numbered | None:
    if interface.peer is None:
        return None
    peer = view.ctx.lab.peer(interface)
    if peer.namespace == interface.namespace:
        return None
    there = view.lab[peer.namespace]
    number = _Numbered(view.ns.nsids[there.name])
    number.words = f" link-netns {there.label}" if there.named and there.machine == view.ns.machine else f" link-netnsid {number}"
    return number


def name_with_far_end(found: dict) -> str:
    """`veth0@veth1`, or `eth0@if3` when the peer is in another namespace."""
    return found["ifname"] + (f"@{found['link']}" if "link" in found else f"@if{found['link_index']}" if "link_index" in found else "")


def flags_text(flags: list[str]) -> str:
    return f"<{','.join(flags)}> "


def _flags(interface: Interface, view: View) -> list[str] | None:
    return list(carrier.flags(view.lab, interface)) if view.is_link or not view.options.brief else None


_NAME = (("link", "", _here), ("link_index", "", _elsewhere), ("ifname", "", "name"))
_HEAD = (
    ("ifindex", "{}: ", "index"),
    *_NAME,
    ("", lambda found: f"{name_with_far_end(found)}: ", None),
    ("flags", flags_text, _flags),
    ("mtu", "mtu {} ", "mtu"),
    ("qdisc", "qdisc {} ", "qdisc"),
    ("master", "master {} ", "master"),
    ("operstate", "state {} ", "operstate"),
    ("linkmode", "mode {} ", lambda interface, view: "DEFAULT" if view.is_link else None),
    ("group", "group {} ", lambda *_: "default"),
    ("txqlen", "qlen {}", lambda interface, view: interface.txqlen or None),
)
_HARDWARE = (
    ("link_type", "\n    link/{} ", lambda interface, view: {"loopback": "loopback", "tun": "none"}.get(interface.kind, "ether")),
    ("address", "{} ", lambda interface, view: interface.mac or None),
    ("broadcast", "brd {}", lambda interface, view: broadcast(interface) if interface.mac else None),
)
_NETNS = (("link_netnsid", lambda number: number.words, _netns),)
_DETAILS = (
    ("promiscuity", " promiscuity {} ", lambda interface, view: _promiscuity(interface)),
    ("allmulti", " allmulti {} ", lambda interface, view: (interface.master is not None) + interface.allmulticast),
    ("min_mtu", "minmtu {} ", lambda interface, view: MTU_LIMITS.get(interface.kind, MTU_ETHERNET)[0]),
    ("max_mtu", "maxmtu {} ", lambda interface, view: MTU_LIMITS.get(interface.kind, MTU_ETHERNET)[1]),
    ("linkinfo", kind_text, kind_record),
    # Below an MTU of 1280 Linux takes IPv6 off an interface.
    ("inet6_addr_gen_mode", "addrgenmode {} ", lambda interface, view: "eui64" if view.is_link and interface.mtu >= 1280 else None),
    ("num_tx_queues", "numtxqueues {} ", lambda interface, view: 2 if interface.kind == "veth" else 1),
    ("num_rx_queues", "numrxqueues {} ", lambda interface, view: 2 if interface.kind == "veth" else 1),
    ("gso_max_size", "gso_max_size {} ", lambda *_: 65536),
    ("gso_max_segs", "gso_max_segs {} ", lambda *_: 65535),
    ("tso_max_size", "tso_max_size {} ", lambda interface, view: _tso_limit(view.ns, interface)),
    ("tso_max_segs", "tso_max_segs {} ", lambda *_: 65535),
    ("gro_max_size", "gro_max_size {} ", lambda *_: 65536),
)
_TAIL = (
    ("ifalias", "\n    alias {}", lambda interface, view: interface.alias or None if view.is_link or view.options.details else None),
    ("stats64", lambda counts: "\n" + statistics_text(counts),
     lambda interface, view: statistics(interface) if view.is_link and view.options.stats else None),
)  # fmt: skip
_BRIEF = (
    *_NAME,
    ("", lambda found: f"{name_with_far_end(found):<16} ", None),
    ("operstate", "{:<14} ", "operstate"),
    ("address", "{} ", lambda interface, view: interface.mac or None if view.is_link else None),
    ("flags", lambda flags: flags_text(flags) + "\n", _flags),
)


def link(interface: Interface, view: LinkView) -> tuple[dict, str]:
    """One interface as JSON and as text; with `-br` the line is not ended where addresses may follow."""
    brief, details = view.options.brief, view.options.details
    rows = _BRIEF if brief else _rows(view.family in ("", "link") or details, details)
    found, told = both(rows, interface, view)
    return found, told if brief else ended(told, view.options)


@cache
def _rows(hardware: bool, details: bool) -> tuple[tuple, ...]:
    return *_HEAD, *(_HARDWARE if hardware else ()), *_NETNS, *(_DETAILS if details else ()), *_TAIL


def broadcast(interface: Interface) -> str:
    """The MAC address of everybody; the loopback interface has none."""
    return ZERO_MAC if interface.kind == "loopback" else "ff:ff:ff:ff:ff:ff"


def _promiscuity(interface: Interface) -> int:
    """How many want to hear everything: a bridge on its ports, the interface itself, and filters that no hardware takes."""
    wider = interface.up and any(not int(mac[:2], 16) & 1 for mac in interface.filters)
    return (interface.master is not None) + interface.promisc + wider


def _tso_limit(ns: Namespace, interface: Interface) -> int:
    """64 KiB for TUNs and for what has nothing below it; a bridge takes what all its ports take."""
    if interface.vxlan is not None:
        lower = ns.find(interface.vxlan.dev) if interface.vxlan.dev else None
        return _tso_limit(ns, lower) if lower else 65536
    if interface.bridge is None:
        return 65536 if interface.tun else 524280
    if not interface.bridge.had_ports:
        return 65536
    return min((_tso_limit(ns, port) for port in ns.ports(interface.name)), default=524280)


#: The counters each way: their names in JSON, and the headings of the columns.
_BOTH_WAYS = {"bytes": "bytes", "packets": "packets", "errors": "errors", "dropped": "dropped"}
_COUNTERS = {
    "rx": _BOTH_WAYS | {"over_errors": "missed", "multicast": "mcast"},
    "tx": _BOTH_WAYS | {"carrier_errors": "carrier", "collisions": "collsns"},
}


def statistics(interface: Interface) -> dict:
    """Counters as `-s` shows them."""
    return {way: {name: interface.counters.get(f"{way}_{name}", 0) for name in names} for way, names in _COUNTERS.items()}


def statistics_text(stats: dict) -> str:
    """The counters in columns: as wide as iproute2 starts with, or as their largest number."""
    columns = zip((10, 7, 6, 7, 7, 7), *(counts.values() for counts in stats.values()), strict=True)
    first, *others = (max(least, *(len(str(count)) for count in counts)) for least, *counts in columns)
    rows = []
    for way, names in _COUNTERS.items():
        rows += [f"    {way.upper()}: {_columns(names.values(), [first - 4, *others])} {'':10}"]
        rows += [f"    {_columns(stats[way].values(), [first, *others])} "]
    return "\n".join(rows)


def _columns(items, widths: list[int]) -> str:
    return " ".join(f"{item:>{width}}" for item, width in zip(items, widths, strict=True))
