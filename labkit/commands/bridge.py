"""The `bridge` command of iproute2 6.1: options, and then `link` (ports, bridge/link.c) or `fdb` (forwarding entries, bridge/fdb.c).

Its refusals by the kernel have exit status 255, where those of `ip` have 2.
"""

import re
from dataclasses import replace
from errno import EINVAL, EOPNOTSUPP
from ipaddress import IPv4Address

from ..errors import KernelError
from ..lab import bridges, carrier
from ..lab.interface import Interface
from ..lab.namespace import Namespace
from ..tables.fdb import FdbEntry
from . import grammar
from .grammar import Bare, Words, address, duplicate, find_device, matches, positional, read, sole, text, unsupported
from .ip import netns_name, read_options
from .ip.kinds import PORT_SWITCHES, port_state
from .ip.linkshow import flags_text, name_with_far_end
from .records import Options, View, show
from .result import Context, Failure, Result
from .usage import usage

_UNSUPPORTED = unsupported('The lab\'s bridge knows the options -s, -d, -o, -n, -j, -p and -V, not "{}".')
#: In the order in which they are compared; what -s, -t, -4 and -force ask for changes nothing here.
_OPTIONS = (
    ("-help~", "help", True), ("-Version~", "version", True), ("-stats~ -statistics~", "", None), ("-details~", "details", True),
    ("-oneline~", "oneline", True), ("-timestamp~ -4 -6", "", None), ("-family~", "", _UNSUPPORTED), ("-netns~", "ns", Bare(netns_name)),
    ("-color~ -compressvlans~", "", _UNSUPPORTED), ("-force~", "", None), ("-json~", "json", True), ("-pretty~", "pretty", True),
    ("-batch~", "", _UNSUPPORTED),
)  # fmt: skip


def bridge(ctx: Context, args: list[str]) -> Result:
    """Run one `bridge` line; `args` are the words after `bridge`."""
    words = Words(args, ctx)
    ctx, options = read_options(_OPTIONS, words, ctx, "bridge utility, 6.1.0\n", "bridge help")
    word = words.take()
    for name, commands in (("link", _PORT_COMMANDS), ("fdb", _ENTRY_COMMANDS)):
        if matches(word, name):
            result = grammar.run(commands, f"bridge {name}", ctx, options, words.rest())
            return replace(result, returncode=255) if result.returncode == 2 else result
    if matches(word, "mdb", "vlan", "vni", "monitor"):
        raise Failure(1, f'The lab\'s bridge knows link and fdb, not "{word}".\n')
    raise Failure(255, usage("bridge") if matches(word, "help") else f'Object "{word}" is unknown, try "bridge help".\n')


def _device(ns: Namespace, name: str, what: str = "device") -> Interface:
    """The interface of that name; `bridge` has its own exit status for there being none."""
    found = find_device(ns, name)
    if found is None:
        raise Failure(255, f'Cannot find {what} "{name}"\n')
    return found


# Ports.


def _on_off(key: str):
    def reader(word: str, words: Words) -> bool:
        if word not in ("on", "off"):
            raise Failure(234, f'Error: argument of "{key}" must be one of "off", "on", not "{word}"\n')
        return word == "on"

    return reader


_PORT_UNSUPPORTED = (
    "guard", "root_block", "fastleave", "mcast_to_unicast", "neigh_suppress", "vlan_tunnel", "locked", "learning_sync", "mcast_router",
    "cost", "priority", "state", "backup_port", "nobackup_port", "hwmode",
)  # fmt: skip
_PORT_WORDS = (
    ("dev", "dev", text),
    ("self", "itself", True),
    ("master", "", True),
    *((switch, switch, _on_off(switch)) for switch in PORT_SWITCHES),
    (" ".join(_PORT_UNSUPPORTED), "", unsupported(f'The lab\'s bridge ports have no "{{}}"; they have {", ".join(PORT_SWITCHES)}.')),
)


def _set_port(ctx: Context, options: Options, words: Words) -> Result:
    said = read(_PORT_WORDS, words, dev=None, itself=False)
    if words:
        raise Failure(255, usage("bridge-link"))
    dev, itself = said.pop("dev"), said.pop("itself")
    if dev is None:
        raise Failure(255, "Device is a required argument.\n")
    interface = _device(ctx.ns, dev, "bridge device")
    if interface.port is None or itself:
        raise KernelError(EOPNOTSUPP)
    for switch, value in said.items():
        setattr(interface.port, switch, value)
    return Result()


def _show_ports(ctx: Context, options: Options, words: Words) -> Result:
    """All bridge ports, or one; words it does not know are passed over."""
    name = None
    while words:
        if words.take() == "dev":
            value = words.value()
            if name is not None:
                raise duplicate("dev", value)
            name = value
    only = None if name is None else _device(ctx.ns, name)
    ports = [port for port in ctx.ns.by_index() if port.port is not None and only in (None, port)]
    return show((*_PORT, *(_PORT_DETAILS if options.details else ())), ports, View(ctx, options))


def _far_end(port: Interface, view: View) -> str | None:
    """The kernel gives the far end's index and not its namespace, so `bridge` looks for it here (observed)."""
    peer = view.lab.peer(port)
    if peer is None or peer.index == port.index:
        return None
    here = view.ns.interfaces.get(peer.index)
    return here.name if here is not None else f"if{peer.index}"


def _flags(port: Interface, view: View) -> list[str]:
    peer, flags = view.lab.peer(port), [flag for flag in carrier.flags(view.lab, port) if flag != "M-DOWN"]
    here = view.ns.interfaces.get(peer.index) if peer is not None and peer.index != port.index else None
    return flags + (["M-DOWN"] if here is not None and not here.up else [])


def _cost(ns: Namespace, port: Interface | None) -> int:
    """STP's price of a link, by its speed: a veth and a TAP say 10 Gbit/s, a vxlan interface what the
    one below it says, and one that says nothing costs 100 (observed on 6.18)."""
    if port is not None and port.vxlan is not None:
        return _cost(ns, ns.find(port.vxlan.dev) if port.vxlan.dev else None)
    return 2 if port is not None and port.kind in ("veth", "tap") else 100


def _switch(key: str) -> tuple:
    return key, lambda on: f"{key} {'on' if on else 'off'} ", lambda port, view: getattr(port.port, key, False)


_PORT = (
    ("ifindex", "{}: ", "index"),
    ("link", "", _far_end),
    ("ifname", "", "name"),
    ("", lambda found: f"{name_with_far_end(found)}: ", None),
    ("flags", flags_text, _flags),
    ("mtu", "mtu {} ", "mtu"),
    ("master", "master {} ", "master"),
    ("state", "state {} ", port_state),
    ("priority", "priority {} ", lambda *_: 32),
    ("cost", "cost {} ", lambda port, view: _cost(view.ns, port)),
)
_PORT_DETAILS = (
    ("", "\n    ", None),
    *map(_switch, ("hairpin", "guard", "root_block", "fastleave", "learning", "flood", "mcast_flood", "bcast_flood")),
    ("mcast_router", "mcast_router {} ", lambda *_: 1),
    *map(_switch, ("mcast_to_unicast", "neigh_suppress", "vlan_tunnel", "isolated", "locked")),
)


# Forwarding entries.


def _destination(word: str, words: Words) -> IPv4Address:
    found = address(word, words.family)
    if word in ("default", "any", "all"):
        raise KernelError(EINVAL, "Unsupported address family")
    return found


_MAC = re.compile(r"([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+)")


def _mac(word: str) -> str:
    """Six bytes, as C's sscanf reads them: of a longer number the last byte counts, and nobody looks
    at what follows."""
    found = _MAC.match(word)
    if found is None:
        raise Failure(255, f"Invalid mac address {word}\n")
    return ":".join(f"{int(byte, 16) & 255:02x}" for byte in found.groups())


_TO = positional("to", "mac", text, "bridge-fdb")
_ENTRY_UNSUPPORTED = unsupported('The lab\'s forwarding entries have no "{}".')
_ENTRY_WORDS = (
    ("dev", "dev", text),
    ("dst", "dst", sole("dst", "dst", _destination)),
    ("self", "self", True),
    ("master~", "master", True),
    ("local~ permanent~", "permanent", True),
    ("temp~ static~", "static", True),
    ("dynamic~", "dynamic", True),
    ("nhid port vni src_vni via router~ vlan~ use~ extern_learn~ sticky~", "", _ENTRY_UNSUPPORTED),
    _TO,
)


def _modify(command: str):
    def modify(ctx: Context, options: Options, words: Words) -> Result:
        said = read(_ENTRY_WORDS, words)
        if "dev" not in said or "mac" not in said:
            raise Failure(255, "Device and address are required arguments.\n")
        mac, interface, dst = _mac(said["mac"]), _device(ctx.ns, said["dev"]), said.get("dst")
        # permanent, unless something else was said; what is said last does not win.
        permanent = "permanent" in said or not {"static", "dynamic"} & said.keys()
        state = "permanent" if permanent else "" if "dynamic" in said else "static"
        # "self" stands for itself; with both, the bridge comes first.
        for owner in [name for name in ("master", "self") if name in said] or ["self"]:
            if command == "delete":
                bridges.delete_entry(ctx.lab, ctx.ns, interface, mac, dst=dst, owner=owner)
            else:
                bridges.add_entry(ctx.lab, ctx.ns, interface, mac, dst=dst, owner=owner, state=state, mode=command)
        return Result()

    return modify


def _passed_over(word: str, words: Words) -> None:
    if matches(word, "help"):
        raise Failure(255, usage("bridge-fdb"))


_SELECTOR = (
    ("brport dev", "dev", text),
    ("br", "br", text),
    ("vlan state", "", unsupported('The lab lists forwarding entries by dev, br and dynamic, not by "{}".')),
    ("dynamic", "dynamic", True),
    ("*", "", _passed_over),
)


def _show_entries(ctx: Context, options: Options, words: Words) -> Result:
    said, ns = read(_SELECTOR, words), ctx.ns
    bridge = _device(ns, said["br"], "bridge device") if "br" in said else None
    dev = _device(ns, said["dev"]).name if "dev" in said else None

    def wanted(entry: FdbEntry) -> bool:
        if dev not in (None, entry.dev) or "dynamic" in said and entry.state == "permanent":
            return False
        # Only a bridge's own interface is listed with its ports.
        return bridge is None or bridge.bridge is not None and bridge.name in (entry.dev, ns.find(entry.dev).master)

    return show(_ENTRY, filter(wanted, bridges.entries(ctx.lab, ns)), View(ctx, options, dev))


def _via(entry: FdbEntry, view: View) -> str | None:
    """A vxlan's own remote VTEP is reached through the interface the vxlan was made on."""
    vxlan = view.ns.find(entry.dev).vxlan
    if vxlan is None or entry.dst is None or entry.dst != vxlan.remote or int(entry.mac.replace(":", ""), 16):
        return None
    return vxlan.dev


_ENTRY = (
    ("mac", "{}", "mac"),
    ("ifname", " dev {}", lambda entry, view: entry.dev if view.only is None else None),
    ("dst", " dst {}", lambda entry, view: entry.dst and str(entry.dst)),
    ("viaIf", " via {}", _via),
    ("flags", lambda flags: "".join(f" {flag}" for flag in flags), lambda entry, view: ["self"] if entry.owner == "self" else []),
    ("master", " master {}", "master"),
    ("state", " {}", "state"),
)


_PORT_COMMANDS = {"set~ change~": _set_port, "show~ lst~ list~": _show_ports}
_ENTRY_COMMANDS = {
    "flush get~": unsupported('The lab\'s bridge fdb knows add, append, replace, delete and show, not "{}".'),
    **{f"{name}~": _modify(name) for name in ("add", "append", "replace", "delete")},
    "show~ lst~ list~": _show_entries,
}
