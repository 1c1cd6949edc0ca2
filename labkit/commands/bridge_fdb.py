"""`bridge fdb`: forwarding entries written and listed (iproute2 bridge/fdb.c)."""

import errno
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ..errors import KernelError
from ..lab import bridges
from ..lab.interface import Interface
from ..lab.namespace import Namespace
from ..tables.fdb import FdbEntry
from .grammar import Words, address, find_device, garbage, matches, unsigned, wrong
from .ip.options import Options
from .records import json_text
from .result import Context, Failure, Result
from .usage import usage

_COMMANDS = ("add", "append", "replace", "delete", "get", "show", "lst", "list", "help")
_STATES = ("permanent", "static", "")


def run(ctx: Context, options: Options, words: Words) -> Result:
    """Run what follows `bridge fdb`."""
    if not words:
        return _show(ctx, options, words)
    word = words.take()
    command = "flush" if word == "flush" else next((name for name in _COMMANDS if matches(word, name)), None)
    if command in ("show", "lst", "list"):
        return _show(ctx, options, words)
    if command == "get":
        return _get(ctx, options, words)
    if command == "flush":
        raise Failure(1, 'The lab\'s bridge has no "fdb flush": delete entries one by one.\n')
    if command == "help":
        raise Failure(255, usage("bridge-fdb"))
    if command is None:
        raise Failure(255, f'Command "{word}" is unknown, try "bridge fdb help".\n')
    return _modify(ctx, options, command, words)


def device(ns: Namespace, name: str) -> Interface:
    """The interface of that name; `bridge` has its own exit status for there being none."""
    found = find_device(ns, name)
    if found is None:
        raise Failure(255, f'Cannot find device "{name}"\n')
    return found


@dataclass(slots=True)
class _Words:
    """What the words of `add` and its kin say."""

    mac: str | None = None
    dev: str | None = None
    dst: IPv4Address | None = None
    owners: set[str] = field(default_factory=set)
    permanent: bool = False
    reachable: bool = False
    dynamic: bool = False

    @property
    def state(self) -> str:
        """permanent, unless static (or temp) or dynamic was said; what is said last does not win."""
        if self.permanent or not self.reachable:
            return "permanent"
        return "" if self.dynamic else "static"


def _modify(ctx: Context, options: Options, command: str, words: Words) -> Result:
    said = _read(options, words)
    if said.dev is None or said.mac is None:
        raise Failure(255, "Device and address are required arguments.\n")
    mac = _mac(said.mac)
    interface = device(ctx.ns, said.dev)
    # "self" stands for itself; with both, the bridge comes first.
    for owner in sorted(said.owners or {"self"}):
        if command == "delete":
            bridges.delete_entry(ctx.lab, ctx.ns, interface, mac, dst=said.dst, owner=owner)
        else:
            bridges.add_entry(ctx.lab, ctx.ns, interface, mac, dst=said.dst, owner=owner, state=said.state, mode=command)
    return Result()


def _read(options: Options, words: Words) -> _Words:
    said = _Words()
    dst_said = False
    while words:
        word = words.take()
        if word == "dev":
            said.dev = words.value()
        elif word == "dst":
            value = words.value()
            if dst_said:
                raise garbage("dst", value)
            dst_said = True
            said.dst = _destination(value, options)
        elif word == "self":
            said.owners.add("self")
        elif matches(word, "master"):
            said.owners.add("master")
        elif matches(word, "local", "permanent"):
            said.permanent = True
        elif matches(word, "temp", "static", "dynamic"):
            said.reachable = True
            said.dynamic = said.dynamic or matches(word, "dynamic") and not matches(word, "temp", "static")
        elif word in ("nhid", "port", "vni", "src_vni", "via") or matches(word, "router", "vlan", "use", "extern_learn", "sticky"):
            raise Failure(1, f'The lab\'s forwarding entries have no "{word}".\n')
        else:
            _take_mac(said, words.value() if word == "to" else word)
    return said


def _take_mac(said: _Words, word: str) -> None:
    if matches(word, "help"):
        raise Failure(255, usage("bridge-fdb"))
    if said.mac is not None:
        raise garbage("to", word)
    said.mac = word


def _destination(word: str, options: Options) -> IPv4Address:
    found = address(word, options.family)
    if word in ("default", "any", "all"):
        raise KernelError(errno.EINVAL, "Unsupported address family")
    return found


_MAC = re.compile(r"([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+):([0-9a-fA-F]+)")


def _mac(word: str) -> str:
    """Six bytes, as C's sscanf reads them: of a longer number the last byte counts, and nobody looks
    at what follows."""
    found = _MAC.match(word)
    if found is None:
        raise Failure(255, f"Invalid mac address {word}\n")
    return ":".join(f"{int(byte, 16) & 255:02x}" for byte in found.groups())


@dataclass(slots=True)
class _Selector:
    dev: str | None = None
    bridge: str | None = None
    states: set[str] = field(default_factory=set)
    dynamic: bool = False
    vlan: bool = False

    def fits(self, ns: Namespace, entry: FdbEntry) -> bool:
        interface = ns.find(entry.dev)
        return (
            self.dev in (None, entry.dev)
            and (self.bridge is None or self.bridge in (entry.dev, interface.master))
            and (not self.states or entry.state in self.states)
            and not (self.dynamic and entry.state == "permanent")
            and not self.vlan
        )


def _show(ctx: Context, options: Options, words: Words) -> Result:
    selector = _selector(ctx.ns, words)
    found = [e for e in bridges.entries(ctx.lab, ctx.ns) if selector.fits(ctx.ns, e)]
    if options.json:
        return Result(0, json_text([_record(ctx.ns, e, selector.dev) for e in found], options.pretty))
    return Result(0, "".join(_line(ctx.ns, e, selector.dev) for e in found))


def _selector(ns: Namespace, words: Words) -> _Selector:
    selector = _Selector()
    dev, bridge = None, None
    while words:
        word = words.take()
        if word in ("brport", "dev"):
            dev = words.value()
        elif word == "br":
            bridge = words.value()
        elif word == "vlan":
            selector.vlan = words.value().strip() not in ("", "0")
        elif word == "state":
            selector.states |= _state(words.value())
        elif word == "dynamic":
            selector.dynamic = True
        elif matches(word, "help"):
            raise Failure(255, usage("bridge-fdb"))
    if bridge is not None:
        found = find_device(ns, bridge)
        if found is None:
            raise Failure(255, f'Cannot find bridge device "{bridge}"\n')
        # Only a bridge's own interface is listed with its ports.
        selector.bridge = found.name if found.bridge is not None else ""
    if dev is not None:
        selector.dev = device(ns, dev).name
    return selector


def _state(word: str) -> set[str]:
    for names, states in (
        (("permanent",), {"permanent"}), (("static", "temp"), {"static"}), (("stale",), set()),
        (("reachable", "dynamic"), {""}),
    ):  # fmt: skip
        if matches(word, *names):
            return states or {"stale"}
    if word == "all" or unsigned(word) is not None:
        return set(_STATES)
    raise wrong(word, "invalid state")


def _get(ctx: Context, options: Options, words: Words) -> Result:
    mac, dev, bridge = None, None, None
    while words:
        word = words.take()
        if word in ("brport", "dev"):
            dev = words.value()
        elif word == "br":
            bridge = words.value()
        elif word == "self" or matches(word, "master", "dynamic"):
            continue
        else:
            word = words.value() if word == "to" else word
            if matches(word, "help"):
                raise Failure(255, usage("bridge-fdb"))
            if mac is not None:
                raise garbage("to", word)
            mac = word
    if mac is None or (dev is None and bridge is None):
        raise Failure(255, "Device or master and address are required arguments.\n")
    wanted = _mac(mac)
    selector = _Selector(device(ctx.ns, dev).name if dev else None, bridge)
    for entry in bridges.entries(ctx.lab, ctx.ns):
        if entry.mac == wanted and selector.fits(ctx.ns, entry):
            if options.json:
                return Result(0, json_text([_record(ctx.ns, entry, None)], options.pretty))
            return Result(0, _line(ctx.ns, entry, None))
    raise Failure(254, "Error: Fdb entry not found.\n")


def _record(ns: Namespace, entry: FdbEntry, dev: str | None) -> dict:
    """One entry under its JSON names; a filter by device hides the device."""
    record: dict = {"mac": entry.mac}
    if dev is None:
        record["ifname"] = entry.dev
    if entry.dst is not None:
        record["dst"] = str(entry.dst)
    if (via := _via(ns, entry)) is not None:
        record["viaIf"] = via
    record["flags"] = ["self"] if entry.owner == "self" else []
    if entry.master is not None:
        record["master"] = entry.master
    return record | {"state": entry.state}


def _via(ns: Namespace, entry: FdbEntry) -> str | None:
    """A vxlan's own remote VTEP is reached through the interface the vxlan was made on."""
    vxlan = ns.find(entry.dev).vxlan
    if vxlan is None or entry.dst is None or entry.dst != vxlan.remote or int(entry.mac.replace(":", ""), 16):
        return None
    return vxlan.dev


def _line(ns: Namespace, entry: FdbEntry, dev: str | None) -> str:
    """The same in words; the state ends the line, and a learned entry's is empty."""
    record = _record(ns, entry, dev)
    words = [entry.mac]
    for key, word in (("ifname", "dev"), ("dst", "dst"), ("viaIf", "via")):
        if key in record:
            words += [word, record[key]]
    words += record["flags"]
    if entry.master is not None:
        words += ["master", entry.master]
    return " ".join([*words, entry.state]) + "\n"
