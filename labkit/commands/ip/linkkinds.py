"""What may stand behind `type KIND` on an `ip link` line: read here, applied by link.py.

iproute2 ip/link_veth.c, iplink_bridge.c, iplink_bridge_slave.c, iplink_vxlan.c. Kinds that Linux has
and the lab has not are refused by name; of what is no kind at all the kernel says "Unknown device type".
"""

from dataclasses import dataclass, field
from errno import EINVAL
from ipaddress import IPv4Address

from ...errors import KernelError
from ..grammar import Words, address, device, garbage, matches, unsigned, wrong
from ..result import Context, Failure
from ..usage import usage
from .kindrecord import BRIDGE_DEFAULTS
from .linkwords import LinkRequest, read_link_words

#: Kinds whose options iproute2 knows how to read (ip/iplink.c); behind others a word is garbage.
_READABLE = frozenset(
    "amt bareudp bond bond_slave bridge bridge_slave dsa dummy erspan geneve gre gretap gtp ifb ip6erspan ip6gre"
    " ip6gretap ip6tnl ipip ipoib ipvlan ipvtap macsec macvlan macvtap netdevsim nlmon rmnet sit team team_slave tun"
    " vcan veth vlan vrf vti vxcan vxlan wwan xfrm virt_wifi".split()
)

#: Kinds of Linux that the lab has nothing of: those, and others with a `struct rtnl_link_ops` in the kernel.
_NOT_IN_LAB = _READABLE - {"veth", "bridge", "bridge_slave", "vxlan", "tun"} | frozenset(
    "batadv can caif hsr lowpan netkit ovpn pfcp ppp vsockmon vti6 wireguard".split()
)

#: How wide each bridge option is, in bits; the others have 8.
_WIDTHS = dict.fromkeys(("forward_delay", "hello_time", "max_age", "ageing_time", "stp_state", "mcast_hash_elasticity",
                         "mcast_hash_max", "mcast_last_member_count", "mcast_startup_query_count"), 32) | {
    "priority": 16, "group_fwd_mask": 16} | {name: 64 for name in BRIDGE_DEFAULTS if name.endswith("interval")}  # fmt: skip

_BRIDGE_OTHERS = ("group_address", "vlan_protocol", "vlan_default_pvid", "vlan_stats_enabled", "vlan_stats_per_port")

_PORT_SWITCHES = ("hairpin", "learning", "flood", "mcast_flood", "bcast_flood", "isolated")
_PORT_OTHERS = ("fdb_flush", "state", "priority", "cost", "hairpin", "guard", "root_block", "fastleave", "learning", "flood",
                "mcast_flood", "bcast_flood", "mcast_to_unicast", "proxy_arp", "proxy_arp_wifi", "mcast_router",
                "mcast_fast_leave", "neigh_suppress", "group_fwd_mask", "vlan_tunnel", "isolated", "locked",
                "backup_port", "nobackup_port")  # fmt: skip


@dataclass(slots=True)
class KindOptions:
    """What stood behind `type KIND`; `given` is false when nothing did. `notes` go to stderr."""

    given: bool = False
    peer: LinkRequest | None = None
    bridge: dict[str, int] = field(default_factory=dict)
    port: dict[str, bool] = field(default_factory=dict)
    flush: bool = False
    vxlan: dict = field(default_factory=dict)
    notes: str = ""


def read_kind(ctx: Context, kind: str, words: Words, *, creating: bool) -> KindOptions:
    """Read the words behind `type KIND`."""
    if kind in _NOT_IN_LAB and (creating or words):
        has = "veth, bridge and vxlan, and tun and tap by `ip tuntap add`"
        raise Failure(2, f"The lab has interfaces of the types {has}, not {kind}.\n")
    if not words:
        return KindOptions()
    match kind:
        case "veth":
            return _read_veth(ctx, words, creating)
        case "bridge":
            return _read_bridge(words)
        case "bridge_slave":
            return _read_port(words)
        case "vxlan":
            return _read_vxlan(ctx, words, creating)
    if kind not in _READABLE:
        word = words.take()
        if matches(word, "help"):
            raise Failure(255, usage("ip-link"))
        raise Failure(1, f'Garbage instead of arguments "{word} ...". Try "ip link help".\n')
    return KindOptions(given=True)


def _read_veth(ctx: Context, words: Words, creating: bool) -> KindOptions:
    if words.take() != "peer":
        raise Failure(1, "", usage("ip-link-veth"))
    peer = read_link_words(ctx, words, creating=creating)
    if not creating:
        device(ctx.ns, peer.dev)
    if peer.type is not None:
        raise Failure(255, f'Error: duplicate "type": "{peer.type}" is the second value.\n')
    return KindOptions(given=True, peer=peer)


def _read_bridge(words: Words) -> KindOptions:
    options = KindOptions(given=True)
    while words:
        word = words.take()
        if matches(word, "fdb_flush"):
            options.flush = True
            continue
        name = next((name for name in BRIDGE_DEFAULTS if matches(word, name)), None)
        if name is None and matches(word, *_BRIDGE_OTHERS):
            raise Failure(1, f'The lab keeps no "{word}" of a bridge; it knows {", ".join(BRIDGE_DEFAULTS)} and fdb_flush.\n')
        if name is None:
            unknown = "" if matches(word, "help") else f'bridge: unknown command "{word}"?\n'
            raise Failure(1, unknown + usage("ip-link-bridge"))
        value = words.value()
        number = unsigned(value, _WIDTHS.get(name, 8))
        if number is None:
            raise wrong(value, f"invalid {name}")
        options.bridge[name] = number
    return options


def _read_port(words: Words) -> KindOptions:
    options = KindOptions(given=True)
    while words:
        word = words.take()
        name = next((name for name in _PORT_OTHERS if matches(word, name)), None)
        if name == "fdb_flush":
            options.flush = True
        elif name in _PORT_SWITCHES:
            value = words.value()
            if not matches(value, "on", "off"):
                raise Failure(1, f'Error: argument of "{name}" must be one of "off", "on", not "{value}"\n')
            options.port[name] = matches(value, "on") and not matches(value, "off")
        elif name is not None:
            raise Failure(1, f'The lab keeps no "{name}" of a bridge port; it knows {", ".join(_PORT_SWITCHES)} and fdb_flush.\n')
        else:
            unknown = "" if matches(word, "help") else f'bridge_slave: unknown option "{word}"?\n'
            raise Failure(1, unknown + usage("ip-link-bridge_slave"))
    return options


#: vxlan's keywords in the order in which iproute2 compares them, and what the lab calls them; None:
#: it has none of it.
_VXLAN_WORDS = (
    ("id", "vni"), ("vni", "vni"), ("group", "remote"), ("remote", "remote"), ("local", "local"), ("dev", "dev"), ("ttl", "ttl"),
    ("hoplimit", "ttl"), ("tos", "tos"), ("dsfield", "tos"), ("df", None), ("label", None), ("flowlabel", None), ("ageing", None),
    ("maxaddress", None), ("port", None), ("srcport", None), ("dstport", "port"), ("nolearning", "learning"),
    ("learning", "learning"), ("noproxy", None), ("proxy", None), ("norsc", None), ("rsc", None), ("nol2miss", None),
    ("l2miss", None), ("nol3miss", None), ("l3miss", None), ("udpcsum", "udp_csum"), ("noudpcsum", "udp_csum"),
    ("udp6zerocsumtx", "udp_zero_csum6_tx"), ("noudp6zerocsumtx", "udp_zero_csum6_tx"), ("udp6zerocsumrx", "udp_zero_csum6_rx"),
    ("noudp6zerocsumrx", "udp_zero_csum6_rx"), ("remcsumtx", None), ("noremcsumtx", None), ("remcsumrx", None),
    ("noremcsumrx", None), ("external", None),
    ("noexternal", None), ("gbp", None), ("gpe", None), ("vnifilter", None), ("novnifilter", None),
)  # fmt: skip


#: Those that the lab only shows.
_VXLAN_SHOWN = ("tos", "udp_csum", "udp_zero_csum6_tx", "udp_zero_csum6_rx")


def _read_vxlan(ctx: Context, words: Words, creating: bool) -> KindOptions:
    options = KindOptions(given=True)
    found = options.vxlan
    while words:
        word = words.take()
        keyword, name = next((pair for pair in _VXLAN_WORDS if matches(word, pair[0])), ("", ""))
        if name == "":
            unknown = "" if matches(word, "help") else f'vxlan: unknown command "{word}"?\n'
            raise Failure(1, unknown + usage("ip-link-vxlan"))
        if name is None:
            known = "id, group, remote, local, dev, dstport, ttl, tos, [no]learning and [no]udpcsum"
            raise Failure(1, f'The lab\'s vxlan has no "{keyword}"; it knows {known}.\n')
        _read_vxlan_value(ctx, words, found, keyword, name, word)
    shown = {name: found.pop(name) for name in _VXLAN_SHOWN if name in found}
    if shown:
        found["options"] = shown
    remote: IPv4Address | None = found.get("remote")
    if "vni" not in found and creating:
        raise Failure(1, "vxlan: missing virtual network identifier\n")
    if remote is not None and remote.is_multicast and "dev" not in found:
        raise Failure(1, "vxlan: 'group' requires 'dev' to be specified\n")
    if "port" not in found and creating:
        options.notes = (
            "vxlan: destination port not specified\nWill use Linux kernel default (non-standard value)\n"
            "Use 'dstport 4789' to get the IANA assigned value\nUse 'dstport 0' to get default and quiet this message\n"
        )
    return options


def _read_vxlan_value(ctx: Context, words: Words, found: dict, keyword: str, name: str, word: str) -> None:
    """One keyword's value; a keyword may come once."""
    if name == "learning" or name in _VXLAN_SHOWN[1:]:
        if name in found:
            raise garbage(word, word)
        found[name] = not keyword.startswith("no")
        return
    before = found.get("remote")
    if name == "remote" and before is not None and before.is_multicast == (keyword == "remote"):
        raise Failure(1, "vxlan: both group and remote cannot be specified\n")
    value = words.value()
    if name in found:
        raise garbage({"vni": "id", "port": "dstport"}.get(name, keyword), value)
    found[name] = _vxlan_value(ctx, keyword, name, value)


def _vxlan_value(ctx: Context, keyword: str, name: str, value: str):
    match name:
        case "vni":
            return _within(value, 2**24 - 1, "invalid id")
        case "port":
            return _within(value, 65535, "dst port")
        case "tos":
            return 1 if value == "inherit" else _dsfield(value)
        case "ttl":
            return 0 if value == "auto" else _ttl(value)
        case "dev":
            try:
                return device(ctx.ns, value).name
            except Failure as failure:
                raise Failure(255, failure.result.stderr) from None
    found = address(value)
    if found.is_multicast != (keyword == "group") or int(found) == 0:
        raise wrong(value, f"invalid {keyword} address")
    return found


def _within(value: str, most: int, why: str) -> int:
    number = unsigned(value)
    if number is None or number > most:
        raise wrong(value, why)
    return number


def _dsfield(value: str) -> int:
    """iproute2 reads a TOS as hexadecimal, with or without 0x."""
    try:
        number = int(value, 16)
    except ValueError:
        number = -1
    if not 0 <= number <= 255:
        raise wrong(value, "bad TOS value")
    return number


def _ttl(value: str) -> int:
    number = unsigned(value)
    if number is None:
        raise wrong(value, "invalid TTL")
    if number > 255:
        raise wrong(value, "TTL must be <= 255")
    return number


def check_kind(kind: str, options: KindOptions, *, creating: bool) -> None:
    """What the kernel says to a kind before it looks at the interface."""
    if kind == "tun" and (creating or options.given):
        raise KernelError(EINVAL, "tun/tap creation via rtnetlink is not supported")
    if kind == "vxlan" and not options.given:
        raise KernelError(EINVAL, "Required attributes not provided to perform the operation")
