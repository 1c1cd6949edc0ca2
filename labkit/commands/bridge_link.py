"""`bridge link`: the ports of bridges, listed and set (iproute2 bridge/link.c)."""

import errno

from ..errors import KernelError
from ..lab import carrier
from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from .bridge_fdb import device
from .grammar import Words, duplicate, find_device, matches
from .ip.linktext import flags_text, name_with_far_end
from .ip.options import Options
from .records import json_text
from .result import Context, Failure, Result
from .usage import usage

#: What a port can be set to in the lab.
_SETTABLE = ("hairpin", "learning", "flood", "mcast_flood", "bcast_flood", "isolated")

#: Every word that takes on or off, in the order in which they are printed; the number of
#: `mcast_router` stands before `mcast_to_unicast`.
_SWITCHES = (
    "hairpin", "guard", "root_block", "fastleave", "learning", "flood", "mcast_flood", "bcast_flood",
    "mcast_router", "mcast_to_unicast", "neigh_suppress", "vlan_tunnel", "isolated", "locked",
)  # fmt: skip
_VALUES = ("mcast_router", "cost", "priority", "state", "backup_port")


def run(ctx: Context, options: Options, words: Words) -> Result:
    """Run what follows `bridge link`."""
    if not words:
        return _show(ctx, options, words)
    word = words.take()
    if matches(word, "set", "change"):
        return _set(ctx, words)
    if matches(word, "show", "lst", "list"):
        return _show(ctx, options, words)
    if matches(word, "help"):
        raise Failure(255, usage("bridge-link"))
    raise Failure(255, f'Command "{word}" is unknown, try "bridge link help".\n')


def _set(ctx: Context, words: Words) -> Result:
    dev, wanted, itself, beyond = None, {}, False, ""
    while words:
        word = words.take()
        if word == "dev":
            dev = words.value()
        elif word in ("self", "master"):
            itself = itself or word == "self"
        elif word in _VALUES or word == "hwmode":
            words.value()
            beyond = word
        elif word in _SWITCHES or word == "learning_sync":
            wanted[word] = _on_off(word, words.value())
        else:
            raise Failure(255, usage("bridge-link"))
    if dev is None:
        raise Failure(255, "Device is a required argument.\n")
    interface = find_device(ctx.ns, dev)
    if interface is None:
        raise Failure(255, f'Cannot find bridge device "{dev}"\n')
    if interface.port is None or itself:
        raise KernelError(errno.EOPNOTSUPP)
    beyond = next((word for word in wanted if word not in _SETTABLE), beyond)
    if beyond:
        raise Failure(1, f'The lab\'s bridge ports have no "{beyond}"; they have {", ".join(_SETTABLE)}.\n')
    for word, value in wanted.items():
        setattr(interface.port, word, value)
    return Result()


def _on_off(key: str, word: str) -> bool:
    if word not in ("on", "off"):
        raise Failure(234, f'Error: argument of "{key}" must be one of "off", "on", not "{word}"\n')
    return word == "on"


def _show(ctx: Context, options: Options, words: Words) -> Result:
    """All bridge ports, or one; words it does not know are passed over."""
    name = None
    while words:
        if words.take() == "dev":
            value = words.value()
            if name is not None:
                raise duplicate("dev", value)
            name = value
    only = None if name is None else device(ctx.ns, name)
    ports = [i for i in ctx.ns.by_index() if i.port is not None and only in (None, i)]
    records = [_record(ctx.lab, ctx.ns, port, options.details) for port in ports]
    if options.json:
        return Result(0, json_text(records, options.pretty))
    return Result(0, "".join(_text(record, options) for record in records))


def _record(lab: Lab, ns: Namespace, port: Interface, details: bool) -> dict:
    """One port under its JSON names."""
    record: dict = {"ifindex": port.index}
    flags = [flag for flag in carrier.flags(lab, port) if flag != "M-DOWN"]
    peer = lab.peer(port)
    if peer is not None and peer.index != port.index:
        # The kernel gives the far end's index and not its namespace, so `bridge` looks here (observed).
        here = ns.interfaces.get(peer.index)
        record["link"] = here.name if here is not None else f"if{peer.index}"
        flags += ["M-DOWN"] if here is not None and not here.up else []
    bridge = ns.find(port.master)
    # Without STP a port forwards as soon as it and its bridge are up.
    forwarding = bridge.up and port.up and port.carrier
    record |= {
        "ifname": port.name, "flags": flags, "mtu": port.mtu, "master": port.master,
        "state": "forwarding" if forwarding else "disabled", "priority": 32, "cost": _cost(ns, port),
    }  # fmt: skip
    if details:
        for word in _SWITCHES:
            record[word] = getattr(port.port, word) if word in _SETTABLE else False
        record["mcast_router"] = 1
    return record


def _cost(ns: Namespace, port: Interface | None) -> int:
    """STP's price of a link, by its speed: a veth and a TAP say 10 Gbit/s, a vxlan interface what the
    one below it says, and one that says nothing costs 100 (observed on 6.18)."""
    if port is not None and port.vxlan is not None:
        return _cost(ns, ns.find(port.vxlan.dev) if port.vxlan.dev else None)
    return 2 if port is not None and port.kind in ("veth", "tap") else 100


def _text(record: dict, options: Options) -> str:
    line = f"{record['ifindex']}: {name_with_far_end(record)}: {flags_text(record)}mtu {record['mtu']} "
    line += f"master {record['master']} state {record['state']} priority {record['priority']} cost {record['cost']} "
    if options.details:
        line += f"{options.newline}    "
        for word in _SWITCHES:
            value = record[word]
            line += f"{word} {value if word == 'mcast_router' else 'on' if value else 'off'} "
    return line + "\n"
