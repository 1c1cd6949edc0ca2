"""What `ip link` and `ip addr` know of one interface, as the object that `-j` prints.

The plain text is made from the same object (`linktext.py`). Keys stand in iproute2's order
(ip/ipaddress.c print_linkinfo); values that the lab does not model are a new interface's on 6.18.
"""

from ...lab import carrier
from ...lab.interface import Interface
from ...lab.lab import Lab
from ...lab.links import MTU_ETHERNET, MTU_LIMITS
from ...lab.namespace import Namespace
from .kindrecord import kind_data, port_data
from .options import Options

_LINK_TYPES = {"loopback": "loopback", "tun": "none"}


def link_record(lab: Lab, ns: Namespace, interface: Interface, options: Options, *, is_link: bool, family: str) -> dict:
    """One interface; `is_link` for `ip link`, which tells more than `ip addr` does."""
    record: dict = {"ifindex": interface.index, **_far_end(lab, ns, interface), "ifname": interface.name}
    record |= {"flags": list(carrier.flags(lab, interface)), "mtu": interface.mtu, "qdisc": interface.qdisc}
    if interface.master:
        record["master"] = interface.master
    record["operstate"] = interface.operstate
    if is_link:
        record["linkmode"] = "DEFAULT"
    record["group"] = interface.group
    if interface.txqlen:
        record["txqlen"] = interface.txqlen
    if family in ("", "link") or options.details:
        record |= _hardware(interface)
    peer = lab.peer(interface)
    if peer is not None and peer.namespace != ns.name:
        record["link_netnsid"] = ns.nsids[peer.namespace]
    if options.details:
        record |= _details(ns, interface, is_link)
    if interface.alias and (is_link or options.details):
        record["ifalias"] = interface.alias
    if is_link and options.stats:
        record["stats64"] = statistics(interface, options.stats)
    return record


def brief_record(lab: Lab, ns: Namespace, interface: Interface, *, family: str) -> dict:
    """What `-br` prints of an interface; `ip addr` leaves the hardware out."""
    record = {**_far_end(lab, ns, interface), "ifname": interface.name, "operstate": interface.operstate}
    if family == "link":
        if interface.mac:
            record["address"] = interface.mac
        record["flags"] = list(carrier.flags(lab, interface))
    return record


def _far_end(lab: Lab, ns: Namespace, interface: Interface) -> dict:
    peer = lab.peer(interface)
    if peer is None:
        return {}
    return {"link": peer.name} if peer.namespace == ns.name else {"link_index": peer.index}


def _hardware(interface: Interface) -> dict:
    record = {"link_type": _LINK_TYPES.get(interface.kind, "ether")}
    if interface.mac:
        record["address"] = interface.mac
        record["broadcast"] = interface.broadcast
    return record


def _details(ns: Namespace, interface: Interface, is_link: bool) -> dict:
    least, most = MTU_LIMITS.get(interface.kind, MTU_ETHERNET)
    ports = int(interface.master is not None)  # a bridge listens to everything on its ports
    wider = interface.up and any(not int(mac[:2], 16) & 1 for mac in interface.filters)  # no hardware filter: all frames
    record: dict = {
        "promiscuity": ports + interface.promisc + wider, "allmulti": ports + interface.allmulticast,
        "min_mtu": least, "max_mtu": most,
    }  # fmt: skip
    info = kind_data(interface)
    if interface.master:
        info |= {"info_slave_kind": "bridge", "info_slave_data": port_data(ns.find(interface.master), interface)}
    if info:
        record["linkinfo"] = info
    if is_link and interface.mtu >= 1280:  # below that Linux takes IPv6 off an interface
        record["inet6_addr_gen_mode"] = "eui64"
    queues = 2 if interface.kind == "veth" else 1
    tso = _tso_limit(ns, interface)
    record |= {"num_tx_queues": queues, "num_rx_queues": queues, "gso_max_size": 65536, "gso_max_segs": 65535}
    return record | {"tso_max_size": tso, "tso_max_segs": 65535, "gro_max_size": 65536}


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


_BOTH_WAYS = ("bytes", "packets", "errors", "dropped")


def statistics(interface: Interface, detail: int) -> dict:
    """Counters as `-s` shows them; with `-s -s` the errors by their kind as well."""
    counters = interface.counters
    received = {name: counters.get(f"rx_{name}", 0) for name in (*_BOTH_WAYS, "over_errors", "multicast")}
    sent = {name: counters.get(f"tx_{name}", 0) for name in (*_BOTH_WAYS, "carrier_errors", "collisions")}
    if detail > 1:
        received |= dict.fromkeys(("length_errors", "crc_errors", "frame_errors", "fifo_errors", "missed_errors"), 0)
        sent |= dict.fromkeys(("aborted_errors", "fifo_errors", "window_errors", "heartbeat_errors"), 0)
        sent["carrier_changes"] = counters.get("carrier_changes", 0)
    return {"rx": received, "tx": sent}
