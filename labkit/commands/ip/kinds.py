"""What may stand behind `type KIND` on an `ip link` line, and what becomes of it.

iproute2 ip/iplink_bridge.c, iplink_bridge_slave.c, iplink_vxlan.c. Kinds that Linux has and the lab has not are refused by
name; of what is no kind at all the kernel says "Unknown device type".
"""

from collections.abc import Callable
from dataclasses import fields
from errno import EINVAL, EOPNOTSUPP

from ...errors import KernelError
from ...lab.interface import ZERO_MAC, Interface, Port, Vxlan
from ..grammar import Bare, Words, address, device, garbage, known, matches, number, read, sole, unsigned, unsupported, wrong
from ..records import Raw, View, record, wording
from ..result import Failure
from ..usage import usage

#: Kinds that the lab has, by `ip link` and by `ip tuntap`; and those of Linux that it has nothing of: whose options iproute2 can
#: read (ip/iplink.c), and others with a `struct rtnl_link_ops` in the kernel.
_IN_LAB = ("veth", "bridge", "bridge_slave", "vxlan", "tun")
_NOT_IN_LAB = frozenset(
    "amt bareudp bond bond_slave dsa dummy erspan geneve gre gretap gtp ifb ip6erspan ip6gre ip6gretap ip6tnl ipip ipoib ipvlan ipvtap"
    " macsec macvlan macvtap netdevsim nlmon rmnet sit team team_slave vcan vlan vrf vti vxcan wwan xfrm virt_wifi"
    " batadv can caif hsr lowpan netkit ovpn pfcp ppp vsockmon vti6 wireguard".split()
)

#: What a bridge port has switches for (ip, bridge).
PORT_SWITCHES = tuple(field.name for field in fields(Port) if field.type is bool)


def _unknown(complaint: str, help: str):
    """For a word that is no option: a complaint, and the usage text of that name."""

    def reader(word: str, words: Words):
        raise Failure(1, ("" if matches(word, "help") else complaint.format(word)) + usage(help))

    return reader


_BRIDGE_UNSUPPORTED = unsupported('The lab keeps no "{}" of a bridge; it knows ageing_time.')
_BRIDGE = (
    ("ageing_time~", "ageing", known(lambda word: None if (time := unsigned(word)) is None else time / 100, "invalid ageing_time")),
    ("fdb_flush~ forward_delay~ hello_time~ max_age~ stp_state~ priority~ vlan_filtering~ vlan_protocol~ vlan_default_pvid~"
     " vlan_stats_enabled~ vlan_stats_per_port~ group_fwd_mask~ group_address~ no_linklocal_learn~ mcast_snooping~ mcast_vlan_snooping~"
     " mcast_router~ mcast_query_use_ifaddr~ mcast_querier_interval~ mcast_hash_elasticity~ mcast_hash_max~ mcast_last_member_count~"
     " mcast_last_member_interval~ mcast_startup_query_count~ mcast_startup_query_interval~ mcast_membership_interval~"
     " mcast_query_interval~ mcast_query_response_interval~ mcast_stats_enabled~ mcast_igmp_version~ mcast_mld_version~"
     " nf_call_iptables~ nf_call_ip6tables~ nf_call_arptables~", "", _BRIDGE_UNSUPPORTED),
    ("*", "", _unknown('bridge: unknown command "{}"?\n', "ip-link-bridge")),
)  # fmt: skip


def _on_off(key: str):
    def reader(word: str, words: Words) -> bool:
        if not matches(word, "on", "off"):
            raise Failure(1, f'Error: argument of "{key}" must be one of "off", "on", not "{word}"\n')
        return not matches(word, "off")

    return reader


_PORT_UNSUPPORTED = unsupported(f'The lab keeps no "{{}}" of a bridge port; it knows {", ".join(PORT_SWITCHES)}.')
_PORT = (
    ("fdb_flush~", "", _PORT_UNSUPPORTED),
    *((f"{switch}~", switch, _on_off(switch)) for switch in PORT_SWITCHES),
    ("state~ priority~ cost~ guard~ root_block~ fastleave~ mcast_to_unicast~ proxy_arp~ proxy_arp_wifi~ mcast_router~ mcast_fast_leave~"
     " neigh_suppress~ group_fwd_mask~ vlan_tunnel~ locked~ backup_port~ nobackup_port~", "", _PORT_UNSUPPORTED),
    ("*", "", _unknown('bridge_slave: unknown option "{}"?\n', "ip-link-bridge_slave")),
)  # fmt: skip


def _far_end(word: str, words: Words):
    """`group` takes a multicast address, `remote` any other."""
    key, before = "group" if matches(word, "group") else "remote", words.said.get("remote")
    if before is not None and before.is_multicast == (key == "remote"):
        raise Failure(1, "vxlan: both group and remote cannot be specified\n")
    return sole(key, "remote", lambda word, words: _address(key, word))(words.value(), words)


def _address(key: str, word: str):
    found = address(word)
    if found.is_multicast != (key == "group") or int(found) == 0:
        raise wrong(word, f"invalid {key} address")
    return found


def _lower(word: str, words: Words) -> str:
    try:
        return device(words.ctx.ns, word).name
    except Failure as failure:
        raise Failure(255, failure.result.stderr) from None


def _ttl(word: str, words: Words) -> int:
    ttl = 0 if word == "auto" else number("invalid TTL")(word, words)
    if ttl > 255:
        raise wrong(word, "TTL must be <= 255")
    return ttl


def _learning(word: str, words: Words) -> bool:
    if "learning" in words.said:
        raise garbage(word, word)
    return not word.startswith("n")


_VXLAN_UNSUPPORTED = unsupported('The lab\'s vxlan has no "{}"; it knows id, group, remote, local, dev, dstport, ttl and [no]learning.')
_VXLAN = (
    ("id~ vni~", "vni", sole("id", "vni", number("invalid id", most=2**24 - 1))),
    ("group~ remote~", "remote", Bare(_far_end)),
    ("local~", "local", sole("local", "local", lambda word, words: _address("local", word))),
    ("dev~", "dev", sole("dev", "dev", _lower)),
    ("ttl~ hoplimit~", "ttl", sole("ttl", "ttl", _ttl)),
    ("tos~ dsfield~ df~ label~ flowlabel~ ageing~ maxaddress~ port~ srcport~", "", _VXLAN_UNSUPPORTED),
    ("dstport~", "port", sole("dstport", "port", number("dst port", most=65535))),
    ("nolearning~ learning~", "learning", Bare(_learning)),
    ("noproxy~ proxy~ norsc~ rsc~ nol2miss~ l2miss~ nol3miss~ l3miss~ udpcsum~ noudpcsum~ udp6zerocsumtx~ noudp6zerocsumtx~"
     " udp6zerocsumrx~ noudp6zerocsumrx~ remcsumtx~ noremcsumtx~ remcsumrx~ noremcsumrx~ external~ noexternal~ gbp~ gpe~"
     " vnifilter~ novnifilter~", "", _VXLAN_UNSUPPORTED),
    ("*", "", _unknown('vxlan: unknown command "{}"?\n', "ip-link-vxlan")),
)  # fmt: skip


def read_kind(kind: str, words: Words, *, creating: bool) -> dict:
    """The words behind `type KIND`, by field; a new veth's are its peer's, and read before."""
    if kind in _NOT_IN_LAB and (creating or words):
        has = "veth, bridge and vxlan, and tun and tap by `ip tuntap add`"
        raise Failure(2, f"The lab has interfaces of the types {has}, not {kind}.\n")
    if kind == "veth" and words:
        raise Failure(1, "The lab knows the words of a peer when a pair is made: later each end is set and deleted by its name.\n")
    if kind == "tun" and (creating or words):
        raise KernelError(EINVAL, "tun/tap creation via rtnetlink is not supported")
    if kind == "vxlan":
        return _read_vxlan(words, creating)
    if kind not in _IN_LAB and words:
        word = words.take()
        raise Failure(255, usage("ip-link")) if matches(word, "help") else Failure(
            1, f'Garbage instead of arguments "{word} ...". Try "ip link help".\n'
        )  # fmt: skip
    return read({"bridge": _BRIDGE, "bridge_slave": _PORT}.get(kind, ()), words)


def _read_vxlan(words: Words, creating: bool) -> dict:
    if not words:
        raise KernelError(EINVAL, "Required attributes not provided to perform the operation")
    said = read(_VXLAN, words)
    if "vni" not in said and creating:
        raise Failure(1, "vxlan: missing virtual network identifier\n")
    if "remote" in said and said["remote"].is_multicast and "dev" not in said:
        raise Failure(1, "vxlan: 'group' requires 'dev' to be specified\n")
    if "port" not in said and creating:
        words.warn(
            "vxlan: destination port not specified\nWill use Linux kernel default (non-standard value)\n"
            "Use 'dstport 4789' to get the IANA assigned value\nUse 'dstport 0' to get default and quiet this message\n"
        )
    return said


def new_vxlan(said: dict) -> Vxlan:
    """dstport 0 asks for the kernel's own 8472."""
    return Vxlan(**{**said, "port": said.get("port") or 8472})


def change_kind(interface: Interface, kind: str, said: dict) -> None:
    """Give an interface what was said behind its kind, as far as the kernel changes it."""
    held = {"bridge": interface.bridge, "vxlan": interface.vxlan, "bridge_slave": interface.port}.get(kind)
    if held is None and said:
        raise KernelError(EOPNOTSUPP)
    for field, name in (("vni", "VNI"), ("port", "port")) if kind == "vxlan" else ():
        if said.get(field, getattr(held, field)) != getattr(held, field):
            raise KernelError(EOPNOTSUPP, f"Cannot change {name}")
    for field, value in said.items():
        setattr(held, field, value)


# What `ip -d` tells of each kind: `linkinfo` in JSON, in the order of iproute2 6.1, with the values of a new interface on Linux 6.18.


def _row(key: str, value: Callable, word: str = "") -> tuple:
    """A key, and the word that stands for it in the text."""
    return key, lambda told: f"{word or key} {('off', 'on')[told] if told.__class__ is bool else told} ", value


def _fixed(table: str) -> tuple[tuple, ...]:
    """Rows of what is always the same: `key value`, or `key/word value` where the text has another word. A decimal is a timer, which
    stands still here; a value in quotes is text."""
    words = iter(table.split())
    return tuple(_constant(*names.partition("/"), value) for names, value in zip(words, words, strict=True))


def _constant(key: str, _, word: str, text: str) -> tuple:
    value = text == "on" if text in ("on", "off") else text[1:-1] if text[0] == "'" else Raw(text) if "." in text else int(text)
    told = f"{text:>7}" if value.__class__ is Raw else text.strip("'")
    return key, f"{word or key} {told} ", lambda *_: value


def _bridge_id(bridge: Interface, view: View) -> str:
    """Priority and MAC address, its numbers without leading zeros (ether_ntoa); the random address of a bridge that never had a
    port does not count."""
    mac = bridge.mac if bridge.bridge.watches_ports else ZERO_MAC
    return "8000." + ":".join(f"{int(part, 16):x}" for part in mac.split(":"))


def _its_bridge_id(port: Interface, view: View) -> str:
    return _bridge_id(view.ns.find(port.master), view)


def port_state(port: Interface, view: View) -> str:
    """Without STP a port forwards as soon as it and its bridge are up."""
    return "forwarding" if view.ns.find(port.master).up and port.up and port.carrier else "disabled"


def _switch(key: str) -> tuple:
    return _row(key, lambda interface, view: getattr(interface.port, key))


_INFO = {
    "bridge": (
        *_fixed("forward_delay 1500 hello_time 200 max_age 2000"),
        _row("ageing_time", lambda interface, view: int(interface.bridge.ageing * 100)),
        *_fixed("stp_state 0 priority 32768 vlan_filtering 0"),
        _row("bridge_id", _bridge_id),
        _row("root_id", _bridge_id, "designated_root"),
        *_fixed("""
            root_port 0 root_path_cost 0 topology_change 0 topology_change_detected 0 hello_timer 0.00 tcn_timer 0.00
            topology_change_timer 0.00 gc_timer 0.00 group_fwd_mask '0' group_addr/group_address '01:80:c2:00:00:00' mcast_snooping 1
            no_linklocal_learn 0 mcast_vlan_snooping 0 mcast_router 1 mcast_query_use_ifaddr 0 mcast_querier 0
            mcast_hash_elasticity 16 mcast_hash_max 4096 mcast_last_member_cnt/mcast_last_member_count 2
            mcast_startup_query_cnt/mcast_startup_query_count 2 mcast_last_member_intvl/mcast_last_member_interval 100
            mcast_membership_intvl/mcast_membership_interval 26000 mcast_querier_intvl/mcast_querier_interval 25500
            mcast_query_intvl/mcast_query_interval 12500 mcast_query_response_intvl/mcast_query_response_interval 1000
            mcast_startup_query_intvl/mcast_startup_query_interval 3124 mcast_stats_enabled 0 mcast_igmp_version 2
            mcast_mld_version 1 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0"""),
    ),
    "bridge_slave": (
        _row("state", port_state),
        *_fixed("priority 32 cost 2"),
        _switch("hairpin"),
        *_fixed("guard off root_block off fastleave off"),
        _switch("learning"),
        _switch("flood"),
        _row("id", lambda interface, view: f"{0x8000 + interface.port.number:#x}", "port_id"),
        _row("no", lambda interface, view: f"{interface.port.number:#x}", "port_no"),
        _row("designated_port", lambda interface, view: 0x8000 + interface.port.number),
        *_fixed("designated_cost 0"),
        _row("bridge_id", _its_bridge_id, "designated_bridge"),
        _row("root_id", _its_bridge_id, "designated_root"),
        *_fixed("hold_timer 0.00 message_age_timer 0.00 forward_delay_timer 0.00 topology_change_ack 0 config_pending 0"),
        *_fixed("proxy_arp off proxy_arp_wifi off multicast_router/mcast_router 1"),
        ("", "mcast_fast_leave off ", None),
        _switch("mcast_flood"),
        _switch("bcast_flood"),
        *_fixed("mcast_to_unicast off neigh_suppress off group_fwd_mask '0' group_fwd_mask_str '0x0' vlan_tunnel off"),
        _switch("isolated"),
        *_fixed("locked off"),
    ),
    "vxlan": (
        _row("id", lambda interface, view: interface.vxlan.vni),
        *(_row(key, lambda interface, view, key=key: _far(interface.vxlan, key)) for key in ("group", "remote")),
        _row("local", lambda interface, view: interface.vxlan.local and str(interface.vxlan.local)),
        _row("link", lambda interface, view: interface.vxlan.dev, "dev"),
        ("port_range", "srcport 0 0 ", lambda *_: {"low": 0, "high": 0}),
        _row("port", lambda interface, view: interface.vxlan.port, "dstport"),
        ("learning", lambda learning: "" if learning else "nolearning ", lambda interface, view: interface.vxlan.learning),
        ("ttl", lambda ttl: f"ttl {ttl or 'auto'} ", lambda interface, view: interface.vxlan.ttl),
        ("df", "", lambda *_: "unset"),
        *_fixed("ageing 300"),
        ("udp_csum", "udpcsum ", lambda *_: True),
        ("udp_zero_csum6_tx", "noudp6zerocsumtx ", lambda *_: False),
        ("udp_zero_csum6_rx", "noudp6zerocsumrx ", lambda *_: False),
    ),
    "tun": (
        _row("type", lambda interface, view: interface.tun.mode),
        _row("pi", lambda interface, view: interface.tun.pi),
        *_fixed("vnet_hdr off"),
        ("multi_queue", "", lambda *_: False),
        _row("persist", lambda interface, view: interface.tun.persist),
        _row("user", lambda interface, view: _account(interface.tun.owner)),
        _row("group", lambda interface, view: _account(interface.tun.group)),
    ),
}  # fmt: skip


def _far(vxlan: Vxlan, key: str) -> str | None:
    return str(vxlan.remote) if vxlan.remote is not None and vxlan.remote.is_multicast == (key == "group") else None


def _account(number: int | None) -> str | int | None:
    return "root" if number == 0 else number


def kind_record(interface: Interface, view: View) -> dict | None:
    """Kind and options, and those of a bridge port."""
    kind = "tun" if interface.tun else interface.kind
    info = {} if kind == "loopback" else {"info_kind": kind}
    if kind in _INFO:
        info["info_data"] = record(_INFO[kind], interface, view)
    if interface.master:
        info |= {"info_slave_kind": "bridge", "info_slave_data": record(_INFO["bridge_slave"], interface, view)}
    return info or None


def kind_text(info: dict) -> str:
    """The same as text."""
    told = f"\n    {info['info_kind']} " + wording(_INFO.get(info["info_kind"], ()), info.get("info_data", {}))
    return told + ("\n    bridge_slave " + wording(_INFO["bridge_slave"], info["info_slave_data"]) if "info_slave_kind" in info else "")
