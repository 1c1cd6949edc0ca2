"""Interfaces, addresses, neighbours and forwarding entries as netlink requests.

Every interface gets the lab's name, index and MAC address, so that both sides print the same.
"""

from dataclasses import fields
from functools import cache

from ..lab.interface import ZERO_MAC, Interface, Port
from ..lab.namespace import Namespace
from ..tables.fdb import FdbEntry
from ..tables.names import SCOPES
from . import messages as m
from .cold import written
from .inside.system import FIRST_FD

IFF_UP, IFF_NOARP, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST = 1, 0x80, 0x100, 0x200, 0x1000
IFA_F_NOPREFIXROUTE = 0x200
NUD = {"INCOMPLETE": 1, "REACHABLE": 2, "STALE": 4, "DELAY": 8, "PROBE": 16, "FAILED": 32, "NOARP": 64, "PERMANENT": 128}
NTF_SELF, NTF_MASTER, NTF_PROXY, NTF_ROUTER = 2, 4, 8, 128
#: Headers of a vxlan tunnel: IP, UDP, VXLAN, Ethernet.
VXLAN_ROOM = 20 + 8 + 8 + 14
_NEW = m.CREATE | m.EXCL
_AGEING_DEFAULT = 300.0


def veths(plan) -> None:
    """Every veth pair, once, both ends where they belong."""
    for number, ns in plan.each():
        for near in ns.by_index():
            far = plan.lab.peer(near)
            if near.kind != "veth" or far is None or far.uid < near.uid:
                continue
            there = plan.number[far.namespace]
            peer = _attributes(plan.lab[far.namespace], far) + [("IFLA_NET_NS_FD", FIRST_FD + there)]
            data = {"attrs": [["VETH_INFO_PEER", {"index": far.index, **m.nested(peer)}]]}
            words = f"ip link add {near.name} type veth peer name {far.name} netns {far.namespace}"
            plan.add(number, _new_link(ns, near, data), words)


def others(plan) -> None:
    """Bridges and dummies."""
    for number, interface in _each(plan, "bridge", "dummy"):
        data = None
        if interface.bridge is not None and interface.bridge.ageing != _AGEING_DEFAULT:
            data = m.nested([("IFLA_BR_AGEING_TIME", int(interface.bridge.ageing * 100))])
        words = f"ip link add {interface.name} type {interface.kind}"
        plan.add(number, _new_link(plan.namespaces[number], interface, data), words)


def vxlans(plan) -> None:
    for number, interface in _each(plan, "vxlan"):
        vxlan = interface.vxlan
        lower = plan.namespaces[number].find(vxlan.dev) if vxlan.dev else None
        data = m.nested([
            ("IFLA_VXLAN_ID", vxlan.vni), ("IFLA_VXLAN_GROUP", _text(vxlan.remote)), ("IFLA_VXLAN_LOCAL", _text(vxlan.local)),
            ("IFLA_VXLAN_LINK", lower.index if lower else None), ("IFLA_VXLAN_TTL", vxlan.ttl or None),
            ("IFLA_VXLAN_LEARNING", int(vxlan.learning)), ("IFLA_VXLAN_PORT", vxlan.port),
        ])  # fmt: skip
        words = f"ip link add {interface.name} type vxlan id {vxlan.vni} dstport {vxlan.port}"
        plan.add(number, _new_link(plan.namespaces[number], interface, data), words)


#: Milliseconds in which no neighbour ages. Each interface has its own: a namespace has no "default" (observed on 6.18).
_HOUR = 3_600_000


def ageless(plan) -> None:
    """Neighbours that do not age."""
    for number, ns in plan.each():
        for interface in ns.by_index():
            words = f"ip ntable change name arp_cache dev {interface.name} base_reachable {_HOUR}"
            plan.add(number, _ageless(interface.index), words)


@cache  # most namespaces have the same few indexes
def _ageless(index: int) -> bytes:
    times = [(f"NDTPA_{name}", _HOUR) for name in ("BASE_REACHABLE_TIME", "GC_STALETIME", "DELAY_PROBE_TIME")]
    parms = m.nested([("NDTPA_IFINDEX", index), *times])
    return m.message(m.SETNEIGHTBL, 0, [("NDTA_NAME", "arp_cache"), ("NDTA_PARMS", parms)], family=m.AF_INET)


def joined_and_up(plan) -> None:
    """Masters, MTUs, addresses, and up."""
    for number, ns in plan.each():
        for interface in ns.by_index():
            _addresses(plan, number, interface)
            attributes = []
            if interface.master:
                attributes.append(("IFLA_MASTER", ns.find(interface.master).index))
            if interface.mtu != _first_mtu(ns, interface):
                attributes.append(("IFLA_MTU", interface.mtu))
            if interface.kind == "tap":
                attributes.append(("IFLA_ADDRESS", interface.mac))
            flags, change = _flags(interface)
            master = f" master {interface.master}" if interface.master else ""
            words = f"ip link set {interface.name}{master}{' up' if interface.up else ''}"
            if attributes or change:
                plan.add(number, m.message(m.SETLINK, 0, attributes, index=interface.index, flags=flags, change=change), words)
            if interface.port is not None:
                _port(plan, number, interface)


def neighbors(plan) -> None:
    """What somebody wrote into the neighbour tables."""
    for number, ns in plan.each():
        for entry in ns.neighbors.values():
            if not written(entry):
                continue
            flags = (NTF_PROXY if entry.proxy else 0) | (NTF_ROUTER if entry.router else 0)
            attributes = [("NDA_DST", str(entry.address)), ("NDA_LLADDR", entry.lladdr)]
            there = {"family": m.AF_INET, "ifindex": ns.find(entry.dev).index, "state": NUD[entry.state], "flags": flags}
            request = m.message(m.NEWNEIGH, m.CREATE | m.REPLACE, attributes, **there)
            plan.add(number, request, f"ip neigh add {entry.address} lladdr {entry.lladdr} dev {entry.dev}")


def forwarding(plan) -> None:
    """What somebody wrote into the forwarding databases."""
    for number, ns in plan.each():
        for holder in ns.by_index():
            for entry in [*(holder.bridge.fdb if holder.bridge else ()), *(holder.vxlan.fdb if holder.vxlan else ())]:
                interface = ns.find(entry.dev)
                if not written(entry) or _by_itself(interface, entry):
                    continue
                attributes = [("NDA_LLADDR", entry.mac), ("NDA_DST", _text(entry.dst))]
                flags = NTF_MASTER if entry.owner == "master" else NTF_SELF
                there = {"family": m.AF_BRIDGE, "ifindex": interface.index, "flags": flags}
                state = NUD["PERMANENT" if entry.state == "permanent" else "NOARP"]
                words = f"bridge fdb append {entry.mac} dev {entry.dev}" + (f" dst {entry.dst}" if entry.dst else "")
                plan.add(number, m.message(m.NEWNEIGH, m.CREATE | m.APPEND, attributes, **there, state=state), words)


def _by_itself(interface: Interface, entry: FdbEntry) -> bool:
    """A bridge port's own MAC address, and the `remote` of a vxlan, need nobody to write them."""
    if entry.owner == "master":
        return entry.state == "permanent" and entry.mac == interface.mac
    return entry.mac == ZERO_MAC and entry.dst == interface.vxlan.remote


def _new_link(ns: Namespace, interface: Interface, data: dict | None) -> bytes:
    info = m.nested([("IFLA_INFO_KIND", interface.kind), ("IFLA_INFO_DATA", data)])
    return m.message(m.NEWLINK, _NEW, _attributes(ns, interface) + [("IFLA_LINKINFO", info)], index=interface.index)


def _first_mtu(ns: Namespace, interface: Interface) -> int:
    """The MTU it is made with.

    Under a vxlan it must leave room for it: a vxlan is cut to size when it is made, and never after. A bridge follows
    its ports until its own is changed: so where somebody did, it is made with another.
    """
    if interface.kind == "loopback":
        return 65536
    if interface.tun is not None:
        return 1500
    if interface.bridge is not None:
        return (1400 if interface.mtu == 1500 else 1500) if interface.bridge.mtu_set else interface.mtu
    above = [i.mtu + VXLAN_ROOM for i in ns.interfaces.values() if i.vxlan is not None and i.vxlan.dev == interface.name]
    return max([interface.mtu, *above])


def _attributes(ns: Namespace, interface: Interface) -> list[tuple]:
    """What an interface is made with; a bridge takes MAC address and MTU from its ports unless told."""
    ports = interface.bridge is not None and ns.ports(interface.name)
    # Told an MTU when it is made, a bridge would fragment by 1500 all the same (br_netfilter's route; observed on 6.18).
    follows_mtu = ports and not interface.bridge.mtu_set
    # Told a MAC address, a bridge without ports would lose its carrier (br_stp_change_bridge_id; observed on 6.18).
    own_mac = interface.mac not in ("", ZERO_MAC) and (interface.bridge is None or interface.bridge.mac_set)
    return [
        ("IFLA_IFNAME", interface.name), ("IFLA_ADDRESS", interface.mac if own_mac else None),
        ("IFLA_MTU", None if follows_mtu else _first_mtu(ns, interface)), ("IFLA_TXQLEN", interface.txqlen),
    ]  # fmt: skip


def _addresses(plan, number: int, interface: Interface) -> None:
    for address in interface.addresses:
        if interface.kind == "loopback" and str(address.interface) == "127.0.0.1/8" and interface.up:
            continue  # comes by itself with `up`
        attributes = [
            ("IFA_LOCAL", str(address.ip)), ("IFA_ADDRESS", str(address.peer.network_address if address.peer else address.ip)),
            ("IFA_BROADCAST", _text(address.broadcast)), ("IFA_LABEL", address.label), ("IFA_RT_PRIORITY", address.metric or None),
            ("IFA_FLAGS", IFA_F_NOPREFIXROUTE if address.noprefixroute else None),
        ]  # fmt: skip
        there = {"family": m.AF_INET, "prefixlen": address.prefixlen, "index": interface.index, "scope": _scope(address.scope)}
        plan.add(number, m.message(m.NEWADDR, _NEW, attributes, **there), f"ip addr add {address.interface} dev {interface.name}")


def _flags(interface: Interface) -> tuple[int, int]:
    """Flags to set, and which of them are meant."""
    change = flags = IFF_UP * interface.up | IFF_PROMISC * interface.promisc | IFF_ALLMULTI * interface.allmulticast
    if not interface.arp and interface.kind != "tun":
        flags, change = flags | IFF_NOARP, change | IFF_NOARP
    if not interface.multicast and interface.kind != "loopback":
        change |= IFF_MULTICAST
    return flags, change


#: A bridge port's switches that netlink calls by another name.
_BRPORT = {"hairpin": "MODE", "flood": "UNICAST_FLOOD"}


def _port(plan, number: int, interface: Interface) -> None:
    port = interface.port
    values = {switch.name: (getattr(port, switch.name), switch.default) for switch in fields(Port) if switch.type is bool}
    changed = [(f"IFLA_BRPORT_{_BRPORT.get(n, n.upper())}", int(value)) for n, (value, default) in values.items() if value != default]
    if changed:
        info = m.nested([("IFLA_INFO_SLAVE_KIND", "bridge"), ("IFLA_INFO_SLAVE_DATA", m.nested(changed))])
        request = m.message(m.NEWLINK, 0, [("IFLA_LINKINFO", info)], index=interface.index)
        plan.add(number, request, f"bridge link set dev {interface.name}")


def _each(plan, *kinds: str):
    for number, ns in plan.each():
        for interface in ns.by_index():
            if interface.kind in kinds:
                yield number, interface


def _scope(name: str) -> int:
    return SCOPES[name] if name in SCOPES else int(name, 0)


def _text(value) -> str | None:
    return str(value) if value is not None else None
