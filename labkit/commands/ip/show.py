"""`ip link show` and `ip addr show`: the interfaces and addresses that a filter lets through.

iproute2 ip/ipaddress.c. In JSON an interface that the filter stops at the last moment leaves an
empty object behind, as there.
"""

from ...lab.interface import Address, Interface
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ..records import json_text
from ..result import Context, Result
from .filters import Filter
from .linkrecord import brief_record, link_record, statistics
from .linktext import brief_text, link_text, statistics_text
from .options import ADDRESS, Options

_FOREVER = 4294967295


def show(ctx: Context, options: Options, wanted: Filter, *, is_link: bool) -> Result:
    """What is listed, as text or with `-j` as JSON."""
    interfaces = [interface for interface in ctx.ns.by_index() if wanted.listed(interface)]
    if wanted.family != "link":
        interfaces = [interface for interface in interfaces if wanted.finds_address(interface)]
    shown = [_one(ctx, options, wanted, interface, is_link) for interface in interfaces]
    if options.json:
        return Result(0, json_text([record for record, _ in shown], options.pretty))
    return Result(0, "".join(text for _, text in shown))


def _one(ctx: Context, options: Options, wanted: Filter, interface: Interface, is_link: bool) -> tuple[dict, str]:
    """One interface as JSON and as text."""
    record: dict = {}
    text = ""
    with_link = options.brief or not (options.oneline and wanted.family != "link")
    if with_link:
        if not wanted.takes_link(interface):
            return {}, ""
        if wanted.label is None:
            record, text = _link(ctx, options, wanted, interface, is_link)
    if wanted.family == "link":
        return record, text
    addresses = [a for a in interface.addresses if wanted.takes_address(a) and (interface.up or not wanted.up)]
    numbered = interface if options.oneline and not options.brief else None
    entries = [address_record(address, options, ctx.lab.now, numbered) for address in addresses]
    record["addr_info"] = entries
    text += "".join(address_text(entry, options) for entry in entries) + ("\n" if options.brief else "")
    if options.stats and with_link and not options.brief and wanted.label is None and not is_link:
        record["stats64"] = statistics(interface, options.stats)
        text += statistics_text(record["stats64"], options.newline) + options.newline
    return record, text


def _link(ctx: Context, options: Options, wanted: Filter, interface: Interface, is_link: bool) -> tuple[dict, str]:
    if options.brief:
        record = brief_record(ctx.lab, ctx.ns, interface, family=wanted.family)
        return record, brief_text(record, options)
    record = link_record(ctx.lab, ctx.ns, interface, options, is_link=is_link, family=wanted.family)
    there = _peer_namespace(ctx.lab, ctx.ns, interface)
    return record, link_text(record, options, f"{there[0]} {there[1]}" if there else "")


def _peer_namespace(lab: Lab, ns: Namespace, interface: Interface) -> tuple[str, str | int] | None:
    """("link-netns", "ns1") or ("link-netnsid", 0), or None when the peer is in this namespace: iproute2 names a namespace as
    `ip netns` on this machine does, otherwise by its number."""
    peer = lab.peer(interface)
    if peer is None or peer.namespace == ns.name:
        return None
    there = lab[peer.namespace]
    if there.named and there.machine == ns.machine:
        return "link-netns", there.label
    return "link-netnsid", ns.nsids[there.name]


def address_record(address: Address, options: Options, now: float, numbered: Interface | None = None) -> dict:
    """One address as the object that `-j` prints, its interface in front where that is not said above."""
    entry: dict = {"index": numbered.index, "dev": numbered.name} if numbered else {}
    if not options.brief:
        entry["family"] = "inet"
    entry["local"] = str(address.ip)
    if address.peer is not None and address.peer.ip != address.ip:
        entry["address"] = str(address.peer.ip)
    entry["prefixlen"] = address.prefixlen
    if address.metric:
        entry["metric"] = address.metric
    if options.brief:
        return entry
    if address.broadcast is not None:
        entry["broadcast"] = str(address.broadcast)
    entry["scope"] = address.scope
    entry |= {flag: True for flag in ("secondary", "dynamic", "noprefixroute") if getattr(address, flag)}
    entry["label"] = address.label
    for key, lifetime in (("valid_life_time", address.valid), ("preferred_life_time", address.preferred)):
        entry[key] = _FOREVER if lifetime is None else max(0, int(lifetime - (now - address.since)))
    return entry


def address_text(entry: dict, options: Options) -> str:
    """One address as text; with `-o` its interface stands in front."""
    line = f"{entry['index']}: {entry['dev']}" if "index" in entry else ""
    line += f"    {entry['family']} " if "family" in entry else ""
    line += options.paint(ADDRESS, entry["local"])
    line += f" peer {options.paint(ADDRESS, entry['address'])}" if "address" in entry else ""
    line += f"/{entry['prefixlen']} "
    line += f"metric {entry['metric']} " if "metric" in entry else ""
    if options.brief:
        return line
    line += f"brd {options.paint(ADDRESS, entry['broadcast'] + ' ')}" if "broadcast" in entry else ""
    line += f"scope {entry['scope']} "
    line += "".join(f"{flag} " for flag in ("secondary", "dynamic", "noprefixroute") if flag in entry)
    lifetimes = entry["valid_life_time"], entry["preferred_life_time"]
    valid, preferred = ("forever" if seconds == _FOREVER else f"{seconds}sec" for seconds in lifetimes)
    return f"{line}{entry['label']}{options.newline}       valid_lft {valid} preferred_lft {preferred}\n"
