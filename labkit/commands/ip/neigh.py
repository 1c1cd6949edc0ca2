"""`ip neigh`: the neighbour table, written and listed (iproute2 ip/ipneigh.c)."""

import errno
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ...errors import KernelError
from ...lab import neighbors
from ...lab.namespace import Namespace
from ...tables.neighbor import VALID, Neighbor
from ..result import Context, Failure, Result
from . import route_usage
from .jsontext import json_text
from .linkwords import lladdr
from .options import Options
from .words import Words, address, device, duplicate, garbage, matches, prefix, refused, unsigned, wrong

#: The kernel's states, in the order of their bits (linux/neighbour.h NUD_*).
STATES = ("INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT")
ALL = frozenset({*STATES, "NONE"})

_COMMANDS = ("add", "change", "replace", "delete", "get", "show", "lst", "list", "flush", "help")


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    """Run one `ip neigh` line; `args` are the words after `neigh`."""
    words = Words(args)
    if not words:
        return _show(ctx, options, words)
    word = words.take()
    command = "change" if word == "chg" else next((name for name in _COMMANDS if matches(word, name)), None)
    if command in ("show", "lst", "list"):
        return _show(ctx, options, words)
    if command == "flush":
        return _flush(ctx, options, words)
    if command == "help":
        raise Failure(255, route_usage.NEIGH)
    if command is None:
        raise Failure(255, f'Command "{word}" is unknown, try "ip neigh help".\n')
    try:
        return _get(ctx, options, words) if command == "get" else _modify(ctx, options, command, words)
    except KernelError as error:
        raise refused(error) from None


@dataclass(slots=True)
class _Entry:
    """What the words of `add` and its kin say."""

    dst: IPv4Address | None = None
    dst_said: bool = False
    lladdr: str | None = None
    state: str = "PERMANENT"
    dev: str | None = None
    router: bool = False


def _modify(ctx: Context, options: Options, command: str, words: Words) -> Result:
    entry = _read(options, words)
    if entry.dev is None or entry.dst is None:
        raise Failure(255, "Device and destination are required arguments.\n")
    hardware = None if entry.lladdr in (None, "null") else lladdr(entry.lladdr)
    interface = device(ctx.ns, entry.dev)
    mac = None if hardware is None else _six(hardware)
    if command == "delete":
        neighbors.delete(ctx.lab, ctx.ns, interface.name, entry.dst)
    else:
        neighbors.put(ctx.lab, ctx.ns, interface.name, entry.dst, mac, entry.state, command, entry.router)
    return Result()


def _read(options: Options, words: Words) -> _Entry:
    entry = _Entry()
    while words:
        word = words.take()
        if matches(word, "lladdr"):
            value = words.value()
            if entry.lladdr is not None:
                raise duplicate("lladdr", value)
            entry.lladdr = value
        elif word == "nud":
            entry.state = _state(words.value())
        elif word == "router":
            entry.router = True
        elif word == "dev":
            entry.dev = words.value()
        elif word in ("use", "managed") or matches(word, "proxy", "extern_learn", "protocol"):
            raise Failure(1, f'The lab\'s neighbours have no "{word}".\n')
        else:
            word = words.value() if word == "to" else word
            word = words.value() if matches(word, "help") else word
            if entry.dst_said:
                raise garbage("to", word)
            entry.dst_said = True
            found = address(word, options.family)
            entry.dst = None if word in ("default", "any", "all") else found
    return entry


def _state(word: str) -> str:
    """permanent, reachable and failed may be shortened; a single bit of a number will do too."""
    for name in ("permanent", "reachable"):
        if matches(word, name):
            return name.upper()
    if word == "none" or word in [name.lower() for name in STATES]:
        return word.upper()
    if matches(word, "failed"):
        return "FAILED"
    number = unsigned(word)
    if number is None or number >= 0x100 or number & (number - 1):
        raise wrong(word, "nud state is bad")
    return STATES[number.bit_length() - 1] if number else "NONE"


def _six(hardware: str) -> str:
    """The MAC address: the kernel wants six bytes, and leaves more of them off."""
    octets = hardware.split(":")
    if len(octets) < 6:
        raise refused(KernelError(errno.EINVAL, "Invalid link address"))
    return ":".join(octets[:6])


@dataclass(slots=True)
class _Selector:
    states: set[str]
    family: str
    dev: str | None = None
    near: IPv4Network | None = None
    proxy: bool = False
    said: set[str] = field(default_factory=set)

    def fits(self, neighbor: Neighbor) -> bool:
        return (
            not self.proxy
            and neighbor.state in self.states
            and self.dev in (None, neighbor.dev)
            and (self.near is None or neighbor.address in self.near)
        )


def _selector(ctx: Context, options: Options, words: Words, states: frozenset[str]) -> _Selector:
    selector = _Selector(set(states), options.family)
    dev = None
    while words:
        word = words.take()
        if word == "dev":
            value = words.value()
            if dev is not None:
                raise duplicate("dev", value)
            dev = value
        elif word in ("master", "vrf"):
            selector.dev = _master(ctx.ns, word, words.value())
        elif word in ("nomaster", "unused"):
            selector.said.add(word)
        elif word == "nud":
            _add_state(selector, words.value(), states)
        elif word == "proxy":
            selector.proxy = True
        elif matches(word, "protocol"):
            raise Failure(1, 'The lab\'s neighbours have no "protocol".\n')
        else:
            _near(selector, words.value() if word == "to" else word)
    if dev is not None:
        selector.dev = device(ctx.ns, dev).name
    return selector


def _master(ns: Namespace, word: str, name: str) -> str:
    why = "Not a valid VRF name\n" if word == "vrf" else "Device does not exist\n"
    if word == "vrf" or ns.find(name) is None:
        raise wrong(name, why)
    raise Failure(1, f'The lab\'s neighbours are not listed by "{word}".\n')


def _add_state(selector: _Selector, word: str, states: frozenset[str]) -> None:
    if "nud" not in selector.said:
        selector.said.add("nud")
        selector.states = set()
    if word == "all":
        # A flush never takes NOARP entries along unless they are named.
        selector.states |= ALL - ({"NOARP"} if "PERMANENT" not in states else set())
    else:
        selector.states.add(_state(word))


def _near(selector: _Selector, word: str) -> None:
    if matches(word, "help"):
        raise Failure(255, route_usage.NEIGH)
    found, _ = prefix(word, selector.family)
    selector.near = None
    if word not in ("default", "any", "all"):
        selector.near, selector.family = found.network, "inet"


def _show(ctx: Context, options: Options, words: Words) -> Result:
    selector = _selector(ctx, options, words, frozenset(STATES) - {"NOARP"})
    found = _found(ctx, options, selector)
    if options.json:
        return Result(0, json_text([_record(ctx.ns, n, options, selector.dev) for n in found], options.pretty))
    return Result(0, "".join(_line(ctx.ns, n, options, selector.dev) for n in found))


def _flush(ctx: Context, options: Options, words: Words) -> Result:
    if not words:
        raise Failure(1, "Flush requires arguments.\n")
    selector = _selector(ctx, options, words, ALL - {"PERMANENT", "NOARP"})
    found = _found(ctx, options, selector)
    for neighbor in found:
        neighbors.delete(ctx.lab, ctx.ns, neighbor.dev, neighbor.address)
    if not options.stats:
        return Result()
    if not found:
        return Result(0, "Nothing to flush.\n")
    told = "".join(_line(ctx.ns, n, options, selector.dev) for n in found) if options.stats > 1 else ""
    return Result(0, f"{told}\n*** Round 1, deleting {len(found)} entries ***\n*** Flush is complete after 1 round ***\n")


def _found(ctx: Context, options: Options, selector: _Selector) -> list[Neighbor]:
    if options.family not in ("", "inet"):
        return []
    return [n for n in neighbors.dump(ctx.lab, ctx.ns) if selector.fits(n)]


def _get(ctx: Context, options: Options, words: Words) -> Result:
    dst, dev = None, None
    while words:
        word = words.take()
        if word == "dev":
            dev = words.value()
            continue
        if matches(word, "proxy"):
            raise Failure(1, 'The lab\'s neighbours have no "proxy".\n')
        word = words.value() if word == "to" else word
        if matches(word, "help"):
            raise Failure(255, route_usage.NEIGH)
        if dst is not None:
            raise garbage("to", word)
        dst = address(word, options.family)
    if dst is None or dev is None:
        raise Failure(1, "Device and address are required arguments.\n")
    interface = device(ctx.ns, dev)
    for neighbor in neighbors.dump(ctx.lab, ctx.ns, interface.name):
        if neighbor.address == dst:
            return Result(0, _line(ctx.ns, neighbor, options, None))
    raise KernelError(errno.ENOENT, "Neighbour entry not found")


def _lladdr(ns: Namespace, neighbor: Neighbor) -> str | None:
    """The MAC address that is shown. A TUN has none, yet iproute2 prints the byte that follows it
    in the kernel's message (observed on 6.18)."""
    if neighbor.state not in VALID:
        return None
    return neighbor.lladdr if ns.find(neighbor.dev).has_link_header else "08"


def _record(ns: Namespace, neighbor: Neighbor, options: Options, dev: str | None) -> dict:
    """One entry under its JSON names; a filter by device hides the device."""
    record: dict = {"dst": str(neighbor.address)}
    if dev is None:
        record["dev"] = neighbor.dev
    if (lladdr := _lladdr(ns, neighbor)) is not None:
        record["lladdr"] = lladdr
    if options.brief:
        return record
    if neighbor.router:
        record["router"] = None
    return record | ({"state": [neighbor.state]} if neighbor.state != "NONE" else {})


def _line(ns: Namespace, neighbor: Neighbor, options: Options, dev: str | None) -> str:
    lladdr = _lladdr(ns, neighbor)
    if options.brief:
        name = "" if dev is not None else f"{neighbor.dev:<16} "
        return f"{str(neighbor.address):<39} {name}{lladdr or ''}\n"
    words = [str(neighbor.address)]
    words += ["dev", neighbor.dev] if dev is None else []
    words += ["lladdr", lladdr] if lladdr else []
    words += ["router"] if neighbor.router else []
    words += [neighbor.state] if neighbor.state != "NONE" else []
    return " ".join(words) + " \n"
