"""What `ip -d` knows of a bridge, a bridge port, a vxlan interface or a TUN: `linkinfo` in JSON.

Keys in the order of iproute2 6.1 (ip/iplink_bridge.c, iplink_bridge_slave.c, iplink_vxlan.c,
iptuntap.c), defaults as Linux 6.18 shows them. Timers run in a kernel; here they stand at 0.00.
"""

from ...lab.interface import ZERO_MAC, Interface
from ..records import Raw

_TIMER = Raw("0.00")

#: What a new bridge has. `Bridge.options` holds what was set since, under the names of `ip link`.
BRIDGE_DEFAULTS = {
    "forward_delay": 1500, "hello_time": 200, "max_age": 2000, "ageing_time": 30000, "stp_state": 0,
    "priority": 32768, "vlan_filtering": 0, "group_fwd_mask": 0, "mcast_snooping": 1, "no_linklocal_learn": 0,
    "mcast_vlan_snooping": 0, "mcast_router": 1, "mcast_query_use_ifaddr": 0, "mcast_querier": 0,
    "mcast_hash_elasticity": 16, "mcast_hash_max": 4096, "mcast_last_member_count": 2,
    "mcast_startup_query_count": 2, "mcast_last_member_interval": 100, "mcast_membership_interval": 26000,
    "mcast_querier_interval": 25500, "mcast_query_interval": 12500, "mcast_query_response_interval": 1000,
    "mcast_startup_query_interval": 3124, "mcast_stats_enabled": 0, "mcast_igmp_version": 2,
    "mcast_mld_version": 1, "nf_call_iptables": 0, "nf_call_ip6tables": 0, "nf_call_arptables": 0,
}  # fmt: skip

_BRIDGE_HEAD = ("forward_delay", "hello_time", "max_age", "ageing_time", "stp_state", "priority", "vlan_filtering")
_BRIDGE_TAIL = tuple(list(BRIDGE_DEFAULTS)[list(BRIDGE_DEFAULTS).index("mcast_snooping") :])


def json_name(option: str) -> str:
    """iproute2 shortens some names in JSON: `mcast_query_interval` is `mcast_query_intvl` there."""
    return option.replace("member_count", "member_cnt").replace("query_count", "query_cnt").replace("interval", "intvl")


def kind_data(interface: Interface) -> dict:
    """`info_kind` and, for kinds with options, `info_data`."""
    if interface.kind == "loopback":
        return {}
    if interface.bridge is not None:
        return {"info_kind": "bridge", "info_data": _bridge(interface)}
    if interface.vxlan is not None:
        return {"info_kind": "vxlan", "info_data": _vxlan(interface)}
    if interface.tun is not None:
        return {"info_kind": "tun", "info_data": _tun(interface)}
    return {"info_kind": interface.kind}


def _bridge(interface: Interface) -> dict:
    options = BRIDGE_DEFAULTS | interface.bridge.options
    data = {name: options[name] for name in _BRIDGE_HEAD}
    identity = bridge_id(interface)
    data |= {"bridge_id": identity, "root_id": identity, "root_port": 0, "root_path_cost": 0}
    data |= {"topology_change": 0, "topology_change_detected": 0}
    data |= dict.fromkeys(("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer"), _TIMER)
    data |= {"group_fwd_mask": f"{options['group_fwd_mask']:#x}" if options["group_fwd_mask"] else "0"}
    data["group_addr"] = "01:80:c2:00:00:00"
    return data | {json_name(name): options[name] for name in _BRIDGE_TAIL}


def bridge_id(bridge: Interface) -> str:
    """Priority and MAC address, its numbers without leading zeros (ether_ntoa).

    The random address of a bridge that never had a port does not count.
    """
    priority = (BRIDGE_DEFAULTS | bridge.bridge.options)["priority"]
    mac = bridge.mac if bridge.bridge.watches_ports else ZERO_MAC
    return f"{priority:04x}." + ":".join(f"{int(part, 16):x}" for part in mac.split(":"))


def port_data(bridge: Interface, interface: Interface) -> dict:
    """What a bridge says of one of its ports (`bridge_slave`)."""
    port = interface.port
    identity = bridge_id(bridge)
    forwarding = bridge.up and interface.up and interface.carrier
    data: dict = {"state": "forwarding" if forwarding else "disabled", "priority": 32, "cost": 2}
    data |= {"hairpin": port.hairpin, "guard": False, "root_block": False, "fastleave": False}
    data |= {"learning": port.learning, "flood": port.flood, "id": f"{0x8000 + port.number:#x}", "no": f"{port.number:#x}"}
    data |= {"designated_port": 0x8000 + port.number, "designated_cost": 0, "bridge_id": identity, "root_id": identity}
    data |= dict.fromkeys(("hold_timer", "message_age_timer", "forward_delay_timer"), _TIMER)
    data |= {"topology_change_ack": 0, "config_pending": 0, "proxy_arp": False, "proxy_arp_wifi": False}
    data |= {"multicast_router": 1, "mcast_flood": port.mcast_flood, "bcast_flood": port.bcast_flood}
    data |= {"mcast_to_unicast": False, "neigh_suppress": False, "group_fwd_mask": "0", "group_fwd_mask_str": "0x0"}
    return data | {"vlan_tunnel": False, "isolated": port.isolated, "locked": False}


def _vxlan(interface: Interface) -> dict:
    vxlan = interface.vxlan
    data: dict = {"id": vxlan.vni}
    if vxlan.remote is not None:
        data["group" if vxlan.remote.is_multicast else "remote"] = str(vxlan.remote)
    if vxlan.local is not None:
        data["local"] = str(vxlan.local)
    if vxlan.dev:
        data["link"] = vxlan.dev
    options = vxlan.options
    data |= {"port_range": {"low": 0, "high": 0}, "port": vxlan.port, "learning": vxlan.learning}
    if options.get("tos"):
        data["tos"] = f"{options['tos']:#x}"
    data |= {"ttl": vxlan.ttl, "df": "unset", "ageing": 300}
    return data | {name: options.get(name, name == "udp_csum") for name in ("udp_csum", "udp_zero_csum6_tx", "udp_zero_csum6_rx")}


def _tun(interface: Interface) -> dict:
    tun = interface.tun
    data: dict = {"type": tun.mode, "pi": tun.pi, "vnet_hdr": False, "multi_queue": False, "persist": tun.persist}
    for key, number in (("user", tun.owner), ("group", tun.group)):
        if number is not None:
            data[key] = "root" if number == 0 else number
    return data
