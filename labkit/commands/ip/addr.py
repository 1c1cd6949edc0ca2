"""`ip address`: show, add, change, replace, delete, flush; and what `ip link show` lists, which reads the same words.

iproute2 ip/ipaddress.c; kernel: net/ipv4/devinet.c. In JSON an interface that the filter stops at the last moment leaves an
empty object behind, as there.
"""

from dataclasses import replace
from errno import EADDRNOTAVAIL, EINVAL, EOPNOTSUPP, ERANGE
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import KernelError
from ...lab import addresses
from ...lab.interface import Address, Interface
from ...lab.namespace import LONGEST
from ...tables.names import SCOPES
from .. import grammar
from ..grammar import ANY, Words, address, device, find_device, named, number, once, positional, prefix, read, text, unsupported
from ..records import Options, View, both, ended, flushed, json_text
from ..result import Context, Failure, Result
from .linkshow import LinkView, link, statistics, statistics_text

_FOREVER = 2**32 - 1
_UNSUPPORTED = unsupported('The lab\'s addresses have no "{}": they have dev, peer, brd, scope, label, metric and noprefixroute.')
_NO_FLAG = "secondary temporary dadfailed deprecated tentative permanent stable-privacy nodad optimistic home mngtmpaddr"


# Which interfaces and addresses are meant.


def _inside(word: str, words: Words) -> IPv4Network | None:
    """`to PREFIX` asks for IPv4 addresses; `to all` for everything."""
    found = prefix(word, words.family)[0].network
    if word in ANY:
        return words.said.get("to")
    words.family = "inet"
    return found


_SCOPE = named(SCOPES, 'invalid "scope"\n')
_UNASKED = unsupported('The lab lists interfaces and addresses by dev, up, to, scope, label, master, type and primary, not by "{}".')


@cache
def _selector(help_text: str) -> tuple[tuple, ...]:
    return (
        ("to", "to", _inside),
        ("scope", "scope", lambda word, words: None if word == "all" else _SCOPE(word, words)),
        ("up", "up", True),
        ("label", "label", text),
        ("master", "master", grammar.existing("Device does not exist\n")),
        ("nomaster", "nomaster", True),
        ("type", "", lambda word, words: {"port" if word.endswith("_slave") else "kind": word.removesuffix("_slave")}),
        ("secondary -primary", "secondary", True),
        ("primary -secondary", "secondary", False),
        ("group vrf dynamic permanent noprefixroute autojoin -dynamic -permanent " + _NO_FLAG, "", _UNASKED),
        positional("dev", "device", text, help_text),
    )


class Filter:
    """What the words behind `show` or `flush` ask for; what is None does not restrict."""

    def __init__(self, words: Words, help_text: str):
        asked = read(_selector(help_text), words)
        self.family = words.family
        self.up, self.nomaster, self.secondary = asked.get("up"), asked.get("nomaster"), asked.get("secondary")
        self.to, self.scope, self.label = asked.get("to"), asked.get("scope"), asked.get("label")
        self.master, self.kind, self.port = asked.get("master"), asked.get("kind"), asked.get("port")
        self.device = self._device(words.ctx, asked["device"]) if "device" in asked else None

    def _device(self, ctx: Context, name: str) -> Interface:
        found = find_device(ctx.ns, name)
        if grammar.is_index(name) and ctx.ns.find(name) is None and self.family == "link":
            # Taken for an index first and asked for by name then, in vain.
            raise Failure(1, "RTNETLINK answers: No such device\nCannot send link get request: No such device\n")
        if found is None:
            raise Failure(1, f'Device "{name}" does not exist.\n')
        return found

    def _of_kind(self, interface: Interface) -> bool:
        kind = {"tap": "tun", "loopback": ""}.get(interface.kind, interface.kind)
        return self.master in (None, interface.master) and self.kind in (None, kind)

    def lists(self, interface: Interface) -> bool:
        """What the kernel hands out when asked so, and of it what has a fitting address, or none when any family will do."""
        if interface is not self.device if self.device else self.nomaster and interface.master or not self._of_kind(interface):
            return False
        if self.family == "link" or not interface.addresses:
            return self.family in ("", "link")
        return any(map(self.takes, interface.addresses))

    def shows(self, interface: Interface) -> bool:
        """What iproute2 checks before it prints the interface itself."""
        if self.up and not interface.up or self.port is not None and (interface.master is None or self.port != "bridge"):
            return False
        return self._of_kind(interface)

    def takes(self, one: Address) -> bool:
        return (
            self.family in ("", "inet")
            and (self.scope is None or SCOPES.get(one.scope, one.scope) == SCOPES.get(self.scope, self.scope))
            and (self.label is None or fnmatchcase(one.label, self.label))
            and (self.to is None or one.ip in self.to)
            and self.secondary in (None, one.secondary)
        )


# Listing them.

_BRIEF = (
    ("local", "{}", lambda one, view: str(one.ip)),
    ("address", " peer {}", lambda one, view: str(one.peer.ip) if one.peer is not None and one.peer.ip != one.ip else None),
    ("prefixlen", "/{} ", "prefixlen"),
    ("metric", "metric {} ", lambda one, view: one.metric or None),
)
_TABLE = (
    ("family", "    {} ", lambda one, view: "inet"),
    *_BRIEF,
    ("broadcast", "brd {} ", lambda one, view: None if one.broadcast is None else str(one.broadcast)),
    ("scope", "scope {} ", "scope"),
    ("secondary", "secondary ", lambda one, view: one.secondary or None),
    ("noprefixroute", "noprefixroute ", lambda one, view: one.noprefixroute or None),
    ("label", "{}", "label"),
    ("valid_life_time", "\n       valid_lft forever", lambda one, view: _FOREVER),
    ("preferred_life_time", " preferred_lft forever", lambda one, view: _FOREVER),
)
#: With -o the interface stands in front of each of its addresses.
_ONE_LINE = (("index", "{}: ", lambda one, view: view.only.index), ("dev", "{}", lambda one, view: view.only.name), *_TABLE)


def _show(ctx: Context, options: Options, words: Words) -> Result:
    return show(ctx, options, words, "ip-address")


def show(ctx: Context, options: Options, words: Words, help_text: str) -> Result:
    """What is listed, as text or with `-j` as JSON."""
    wanted = Filter(words, help_text)
    shown = [_one(ctx, options, wanted, interface) for interface in ctx.ns.by_index() if wanted.lists(interface)]
    if options.json:
        return Result(0, json_text([found for found, _ in shown], options.pretty))
    return Result(0, "".join(told for _, told in shown))


def _one(ctx: Context, options: Options, wanted: Filter, interface: Interface) -> tuple[dict, str]:
    """One interface as JSON and as text."""
    found: dict = {}
    told = ""
    with_link = options.brief or wanted.family == "link" or not options.oneline
    if with_link:
        if not wanted.shows(interface):
            return {}, ""
        if wanted.label is None:
            found, told = link(interface, LinkView(ctx, options, family=wanted.family))
    if wanted.family == "link":
        return found, told
    rows = _BRIEF if options.brief else _ONE_LINE if options.oneline else _TABLE
    there = [one for one in interface.addresses if wanted.takes(one) and (interface.up or not wanted.up)]
    view = View(ctx, options, interface)
    entries = [both(rows, one, view) for one in there]
    found["addr_info"] = [entry for entry, _ in entries]
    told += "".join(text if options.brief else ended(text, options) for _, text in entries) + "\n" * options.brief
    if options.stats and with_link and not options.brief and wanted.label is None:
        found["stats64"] = statistics(interface)
        told += statistics_text(found["stats64"]) + "\n"
    return found, told


# Writing them.


def _prefix(word: str, words: Words) -> IPv4Interface:
    """A prefix; its family becomes the line's, except that of `any`."""
    found, _ = prefix(word, words.family)
    words.family = words.family or ("" if word in ANY else "inet")
    return found


def _local(word: str, words: Words) -> dict:
    return {"text": word, "with_length": prefix(word, words.family)[1], "local": _prefix(word, words)}


def _broadcast(word: str, words: Words) -> IPv4Address | str:
    """`+` for all host bits set, `-` for none."""
    if word in ("+", "-"):
        return word
    found = address(word, words.family)
    words.family = "inet"
    return found


def _lifetime(word: str, words: Words) -> dict:
    if word != "forever":
        raise Failure(1, "The lab's addresses have no lifetimes: valid_lft and preferred_lft are forever.\n")
    return {}


_ADDRESS = (
    ("peer remote", "peer", once("peer", _prefix)),
    ("broadcast~ brd", "broadcast", once("broadcast", _broadcast)),
    ("anycast", "", _UNSUPPORTED),
    ("scope", "scope", named(SCOPES, "invalid scope value.")),
    ("dev", "dev", text),
    ("label", "label", text),
    ("metric~ priority~ preference~", "metric", number('"metric" value is invalid\n')),
    ("valid_lft~ preferred_lft~", "", _lifetime),
    ("noprefixroute", "noprefixroute", True),
    ("autojoin " + _NO_FLAG, "", _UNSUPPORTED),
    positional("local", "local", _local, "ip-address"),
)


def _modify(command: str):
    def modify(ctx: Context, options: Options, words: Words) -> Result:
        """iproute2's own checks, then the kernel's."""
        said = read(_ADDRESS, words)
        if "dev" not in said:
            raise Failure(1, 'Not enough information: "dev" argument is required.\n')
        wildcard = command == "delete" and "peer" not in said and not said.get("with_length", True)
        if wildcard and words.family:
            words.warn(
                "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
                f"         Explicitly specify the prefix length ({said['text']}/32) to avoid this warning.\n"
                "         This special behaviour is likely to disappear in further releases,\n         fix your scripts!\n"
            )
        interface = device(ctx.ns, said["dev"])
        if words.family not in ("inet", "inet6"):
            raise KernelError(EOPNOTSUPP)
        if len(said.get("label", "").encode()) > LONGEST:
            raise KernelError(ERANGE, "Attribute failed policy validation")
        if command == "delete":
            _remove(ctx, interface, said, wildcard)
        else:
            _put(ctx, interface, said, command)
        return Result()

    return modify


def _put(ctx: Context, interface: Interface, said: dict, command: str) -> None:
    """Add an address. `change` and `replace` give one that is there its metric, and add it otherwise."""
    if "local" not in said:
        raise KernelError(EINVAL, "ipv4: Local address is not supplied")
    new = _address(interface, said)
    if int(new.ip) == 0:
        return  # the kernel takes 0.0.0.0 without a word and keeps nothing (devinet.c __inet_insert_ifa)
    there = next((one for one in interface.addresses if one.ip == new.ip and one.network == new.network), None)
    if there is None or command == "add":
        addresses.add(ctx.lab, ctx.ns, interface, new)
    else:
        addresses.set_metric(ctx.lab, ctx.ns, interface, there, new.metric)


def _address(interface: Interface, said: dict) -> Address:
    local, far = said["local"], said.get("peer", said["local"])
    network, broadcast = far.network, said.get("broadcast")
    if broadcast in ("+", "-"):
        ends = {"+": network.broadcast_address, "-": network.network_address}
        broadcast = None if network.prefixlen > 30 else ends[broadcast]
    return Address(
        IPv4Interface((local.ip, network.prefixlen)),
        said.get("label") or interface.name,
        scope=said.get("scope") or ("host" if local.ip.is_loopback else "global"),
        broadcast=broadcast,
        peer=None if far.ip == local.ip else far,
        metric=said.get("metric", 0),
        noprefixroute="noprefixroute" in said,
    )


def _remove(ctx: Context, interface: Interface, said: dict, wildcard: bool) -> None:
    """The first address that fits what was said goes."""
    local, label, far = said.get("local"), said.get("label"), said.get("peer", said.get("local"))
    for there in interface.addresses:
        same = local is None or local.ip == there.ip
        near = wildcard or far is None or far.network.prefixlen == there.prefixlen and far.ip in there.network
        if same and near and label in (None, there.label):
            addresses.delete(ctx.lab, ctx.ns, interface, there)
            return
    raise KernelError(EADDRNOTAVAIL, "ipv4: Address not found")


def _flush(ctx: Context, options: Options, words: Words) -> Result:
    """Delete every address that fits; with `-s` it says how many."""
    if not words:
        raise Failure(1, "Flush requires arguments.\n")
    wanted = Filter(words, "ip-address")
    doomed = [(i, one) for i in ctx.ns.by_index() if wanted.device in (None, i) for one in i.addresses if wanted.takes(one)]
    for interface, one in doomed:
        # A secondary may have gone with its primary already, or be primary by now.
        there = next((other for other in interface.addresses if replace(other, secondary=one.secondary) == one), None)
        if there is not None:
            addresses.delete(ctx.lab, ctx.ns, interface, there)
    return flushed(len(doomed), "addresses", options)


COMMANDS = {
    "add~": _modify("add"), "change~ chg": _modify("change"), "replace~": _modify("replace"), "delete~": _modify("delete"),
    "list~ show~ lst~": _show, "flush~": _flush,
    "save~ showdump~ restore~": unsupported("The lab's ip address knows show, add, change, replace, delete and flush, not {}."),
}  # fmt: skip
