"""`ip neigh`: the neighbour table, written and listed (iproute2 ip/ipneigh.c)."""

import errno
from ipaddress import IPv4Address, IPv4Network

from ...errors import KernelError
from ...lab import neighbors
from ...tables.neighbor import VALID, Neighbor
from ..grammar import ANY, Words, address, device, fits, lladdr, matches, once, positional, prefix, read, text, unsigned, unsupported, wrong
from ..records import NULL, Options, View, flushed, lines, record, show
from ..result import Context, Failure, Result
from ..usage import usage

#: The kernel's states, in the order of their bits (linux/neighbour.h NUD_*).
STATES = ("INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT")
ALL = frozenset({*STATES, "NONE"})
_NUD = "permanent~ reachable~ none incomplete stale delay probe noarp failed~".split()
_UNSUPPORTED = unsupported('The lab\'s neighbours have no "{}": they have an address, dev, lladdr, nud and router.')


def _state(word: str, words: Words) -> str:
    name = next((name for name in _NUD if fits(word, name)), None)
    if name is None and unsigned(word) is not None:
        raise Failure(1, f"The lab knows the states of neighbours by name, not as {word}.\n")
    if name is None:
        raise wrong(word, "nud state is bad")
    return name.rstrip("~").upper()


def _destination(word: str, words: Words) -> IPv4Address | None:
    found = address(word, words.family)
    return None if word in ANY else found


_ENTRY = (
    ("lladdr~", "lladdr", once("lladdr")),
    ("nud", "state", _state),
    ("router", "router", True),
    ("dev", "dev", text),
    ("use managed proxy~ extern_learn~ protocol~", "", _UNSUPPORTED),
    positional("to help~", "dst", _destination, "ip-neigh"),  # help is looked past (ipneigh_modify)
)


def _modify(command: str):
    def modify(ctx: Context, options: Options, words: Words) -> Result:
        said = read(_ENTRY, words)
        if said.get("dev") is None or said.get("dst") is None:
            raise Failure(255, "Device and destination are required arguments.\n")
        mac = None if said.get("lladdr") in (None, "null") else lladdr(said["lladdr"], words)
        dev = device(ctx.ns, said["dev"]).name
        if mac is not None and mac.count(":") < 5:
            raise KernelError(errno.EINVAL, "Invalid link address")
        mac = mac and mac[:17]  # the kernel wants six bytes, and leaves more of them off
        if command == "delete":
            waited = neighbors.delete(ctx.lab, ctx.ns, dev, said["dst"])
        else:
            state = said.get("state", "PERMANENT")
            waited = neighbors.put(ctx.lab, ctx.ns, dev, said["dst"], mac, state, command, "router" in said)
        _settle(ctx, waited)
        return Result()

    return modify


def _settle(ctx: Context, waited: bool) -> None:
    """What waited for an entry that was written or deleted goes its way at once."""
    if waited:
        from ...trace.probe import pass_time  # most lines about neighbours move no packet, and need not wait for this

        pass_time(ctx.lab, 0.0)


def _states(word: str, words: Words) -> set[str]:
    """Of several the sum. A flush never takes NOARP entries along unless they are named."""
    more = {_state(word, words)} if word != "all" else ALL - {"NOARP"} if words.said["flushing"] else ALL
    return words.said.get("states", set()) | more


def _near(word: str, words: Words) -> IPv4Network | None:
    if matches(word, "help"):
        raise Failure(255, usage("ip-neigh"))
    found, _ = prefix(word, words.family)
    if word in ANY:
        return None
    words.family = "inet"
    return found.network


_SELECTOR = (
    ("dev", "dev", once("dev")),
    ("nud", "states", _states),
    ("master nomaster vrf proxy unused protocol~", "", _UNSUPPORTED),
    ("to", "near", _near),
    ("*", "near", _near),
)


def _selected(ctx: Context, options: Options, words: Words, states: frozenset[str], flushing: bool) -> tuple[list[Neighbor], str | None]:
    """The entries asked for, and the device they were asked of."""
    said = read(_SELECTOR, words, flushing=flushing)
    dev = device(ctx.ns, said["dev"]).name if "dev" in said else None
    wanted, near = said.get("states", states), said.get("near")
    there = neighbors.dump(ctx.lab, ctx.ns) if options.family in ("", "inet") else []
    return [n for n in there if n.state in wanted and dev in (None, n.dev) and (near is None or n.address in near)], dev


def _show(ctx: Context, options: Options, words: Words) -> Result:
    found, dev = _selected(ctx, options, words, frozenset(STATES) - {"NOARP"}, False)
    return show(_BRIEF if options.brief else _TABLE, found, View(ctx, options, dev))


def _flush(ctx: Context, options: Options, words: Words) -> Result:
    if not words:
        raise Failure(1, "Flush requires arguments.\n")
    found, _ = _selected(ctx, options, words, ALL - {"PERMANENT", "NOARP"}, True)
    _settle(ctx, any([neighbors.delete(ctx.lab, ctx.ns, neighbor.dev, neighbor.address) for neighbor in found]))
    return flushed(len(found), "entries", options)


_QUESTION = (("dev", "dev", text), ("proxy~", "", _UNSUPPORTED), positional("to", "dst", _destination, "ip-neigh"))


def _get(ctx: Context, options: Options, words: Words) -> Result:
    said = read(_QUESTION, words)
    if said.get("dst") is None or said.get("dev") is None:
        raise Failure(1, "Device and address are required arguments.\n")
    dev = device(ctx.ns, said["dev"]).name
    for neighbor in neighbors.dump(ctx.lab, ctx.ns, dev):
        if neighbor.address == said["dst"]:
            table = _BRIEF if options.brief else _TABLE  # text even with -j, as in iproute2
            return Result(0, lines(table, record(table, neighbor, View(ctx, options)), options))
    raise KernelError(errno.ENOENT, "Neighbour entry not found")


def _shown_lladdr(neighbor: Neighbor, view: View) -> str | None:
    """A TUN has no MAC address, yet iproute2 prints the byte that follows it in the kernel's message (observed on 6.18)."""
    if neighbor.state not in VALID:
        return None
    return neighbor.lladdr if view.ns.find(neighbor.dev).has_link_header else "08"


def _table(dst: str, dev: str, mac: str) -> tuple[tuple, ...]:
    """A filter by device hides the device."""
    device_of = lambda neighbor, view: neighbor.dev if view.only is None else None  # noqa: E731
    return ("dst", dst, lambda neighbor, view: str(neighbor.address)), ("dev", dev, device_of), ("lladdr", mac, _shown_lladdr)


_TABLE = (
    *_table("{} ", "dev {} ", "lladdr {} "),
    ("router", "router ", lambda neighbor, view: NULL if neighbor.router else None),
    ("state", lambda states: f"{states[0]} ", lambda neighbor, view: None if neighbor.state == "NONE" else [neighbor.state]),
)
_BRIEF = _table("{:<39} ", "{:<16} ", "{}")

COMMANDS = {
    "add~": _modify("add"), "change~ chg": _modify("change"), "replace~": _modify("replace"), "delete~": _modify("delete"),
    "get~": _get, "show~ lst~ list~": _show, "flush~": _flush,
}  # fmt: skip
