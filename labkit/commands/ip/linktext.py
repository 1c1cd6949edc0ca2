"""An interface as `ip link` and `ip addr` print it, made from the object that `-j` prints.

iproute2 ip/ipaddress.c. Pieces end with a space where the real ones do, so lines may too.
"""

from ..records import Raw
from .options import DOWN, MAC, NAME, UP, Options

#: Words of the plain text that differ from the keys of the JSON.
_WORDS = {
    "root_id": "designated_root", "group_addr": "group_address", "id": "port_id", "no": "port_no",
    "min_mtu": "minmtu", "max_mtu": "maxmtu", "inet6_addr_gen_mode": "addrgenmode",
    "num_tx_queues": "numtxqueues", "num_rx_queues": "numrxqueues", "multicast_router": "mcast_router",
    "mcast_last_member_cnt": "mcast_last_member_count", "mcast_startup_query_cnt": "mcast_startup_query_count",
    "mcast_last_member_intvl": "mcast_last_member_interval", "mcast_membership_intvl": "mcast_membership_interval",
    "mcast_querier_intvl": "mcast_querier_interval", "mcast_query_intvl": "mcast_query_interval",
    "mcast_query_response_intvl": "mcast_query_response_interval",
    "mcast_startup_query_intvl": "mcast_startup_query_interval",
}  # fmt: skip

_AFTER_KIND = ("inet6_addr_gen_mode", "num_tx_queues", "num_rx_queues", "gso_max_size", "gso_max_segs", "tso_max_size",
               "tso_max_segs", "gro_max_size")  # fmt: skip


def link_text(record: dict, options: Options, netns: str) -> str:
    """The lines of one interface; `netns` is how `link_netnsid` is put in words, or ""."""
    line = f"{record['ifindex']}: {options.paint(NAME, name_with_far_end(record) + ': ')}{flags_text(record)}"
    line += f"mtu {record['mtu']} qdisc {record['qdisc']} "
    if "master" in record:
        line += f"master {record['master']} "
    line += f"state {_state(record['operstate'] + ' ', options)}"
    if "linkmode" in record:
        line += f"mode {record['linkmode']} "
    line += f"group {record['group']} "
    if "txqlen" in record:
        line += f"qlen {record['txqlen']}"
    newline = options.newline
    if "link_type" in record:
        line += f"{newline}    link/{record['link_type']} "
        if "address" in record:
            line += f"{options.paint(MAC, record['address'])} brd {options.paint(MAC, record['broadcast'])}"
    line += f" {netns}" if netns else ""
    if options.details:
        line += _details_text(record, newline)
    if "ifalias" in record:
        line += f"{newline}    alias {record['ifalias']}"
    if "stats64" in record:
        line += newline + statistics_text(record["stats64"], newline)
    return line + "\n"


def brief_text(record: dict, options: Options) -> str:
    """The start of a `-br` line."""
    line = options.paint(NAME, f"{name_with_far_end(record):<16} ") + _state(f"{record['operstate']:<14} ", options)
    if "flags" in record:
        line += (options.paint(MAC, f"{record['address']} ") if "address" in record else "") + flags_text(record) + "\n"
    return line


def _state(text: str, options: Options) -> str:
    color = {"UP": UP, "DOWN": DOWN}.get(text.strip())
    return options.paint(color, text) if color else text


def name_with_far_end(record: dict) -> str:
    """`veth0@veth1`, or `eth0@if3` when the peer is in another namespace."""
    if "link" in record:
        return f"{record['ifname']}@{record['link']}"
    return f"{record['ifname']}@if{record['link_index']}" if "link_index" in record else record["ifname"]


def flags_text(record: dict) -> str:
    return f"<{','.join(record['flags'])}> "


def _details_text(record: dict, newline: str) -> str:
    line = f" promiscuity {record['promiscuity']}  allmulti {record['allmulti']} "
    line += f"minmtu {record['min_mtu']} maxmtu {record['max_mtu']} "
    info = record.get("linkinfo", {})
    if info:
        line += f"{newline}    {info['info_kind']} "
        data = info.get("info_data", {})
        line += _vxlan_text(data) if info["info_kind"] == "vxlan" else _options_text(data)
    if "info_slave_kind" in info:
        line += f"{newline}    bridge_slave " + _options_text(info["info_slave_data"])
    return line + "".join(f"{_WORDS.get(key, key)} {record[key]} " for key in _AFTER_KIND if key in record)


def _options_text(data: dict) -> str:
    """`name value ` for each; what a TUN does not have is not mentioned."""
    line = ""
    port = "hairpin" in data
    for key, value in data.items():
        word = "designated_bridge" if port and key == "bridge_id" else _WORDS.get(key, key)
        if key == "multi_queue":
            continue
        if isinstance(value, bool):
            value = "on" if value else "off"
        elif isinstance(value, Raw):
            value = f"{value:>7}"
        line += f"{word} {value} "
        if key == "multicast_router":
            line += "mcast_fast_leave off "
    return line


def _vxlan_text(data: dict) -> str:
    line = f"id {data['id']} "
    for key in ("group", "remote", "local"):
        line += f"{key} {data[key]} " if key in data else ""
    line += f"dev {data['link']} " if "link" in data else ""
    line += f"srcport {data['port_range']['low']} {data['port_range']['high']} dstport {data['port']} "
    line += "" if data["learning"] else "nolearning "
    line += f"tos {'inherit' if data['tos'] == '0x1' else data['tos']} " if "tos" in data else ""
    line += f"ttl {data['ttl'] or 'auto'} ageing {data['ageing']} "
    checksums = {"udp_csum": "udpcsum", "udp_zero_csum6_tx": "udp6zerocsumtx", "udp_zero_csum6_rx": "udp6zerocsumrx"}
    return line + "".join(f"{'' if data[key] else 'no'}{word} " for key, word in checksums.items())


#: Headings of the two rows each way: what is always shown, and with `-s -s` the errors by kind.
_ROWS = (
    ("RX", "rx", ("bytes", "packets", "errors", "dropped", "missed", "mcast"), ("length", "crc", "frame", "fifo", "overrun")),
    ("TX", "tx", ("bytes", "packets", "errors", "dropped", "carrier", "collsns"),
     ("aborted", "fifo", "window", "heartbt", "transns")),
)  # fmt: skip


def statistics_text(stats: dict, newline: str) -> str:
    """The counters in columns: as wide as iproute2 starts with, or as their largest number."""
    widths = [10, 7, 6, 7, 7, 7]
    for values in (list(stats["rx"].values()), list(stats["tx"].values())):
        for row in (values[:6], [0, *values[6:]]):
            widths[: len(row)] = [max(width, len(str(value))) for width, value in zip(widths, row, strict=False)]
    lines = []
    for title, key, heads, error_heads in _ROWS:
        values = list(stats[key].values())
        lines += [f"    {title}: {_columns(heads, [widths[0] - 4, *widths[1:]])} {'':10}", f"    {_columns(values[:6], widths)} "]
        if values[6:]:
            lines += [f"    {title} errors:{'':{widths[0] - 10}} {_columns(error_heads, widths[1:])}"]
            lines += [f"{'':{widths[0] + 5}}{_columns(values[6:], widths[1:])} "]
    return newline.join(lines)


def _columns(items, widths: list[int]) -> str:
    return " ".join(f"{item:>{width}}" for item, width in zip(items, widths, strict=True))
