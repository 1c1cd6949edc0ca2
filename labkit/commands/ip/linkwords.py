"""The words of `ip link add|set|del` and of a veth's `peer`: read into a request, nothing changed yet.

Order and refusals as in iproute2 ip/iplink.c iplink_parse; words that the lab has no state for are
refused in one sentence.
"""

from dataclasses import dataclass
from errno import ESRCH

from ...errors import KernelError
from ...lab.namespace import Namespace
from ..grammar import Words, device, duplicate, find_device, garbage, integer, ipv4, matches, refused, wrong
from ..result import Context, Failure
from ..usage import usage
from ..words import whole
from .groups import group_name

_SWITCHES = ("multicast", "allmulticast", "promisc", "arp")

#: Words of iproute2 behind which the lab keeps nothing.
_UNKNOWN_TO_LAB = ("xdpgeneric", "xdpdrv", "xdpoffload", "xdp", "vf", "mode", "state", "protodown", "protodown_reason",
                   "gso_max_size", "gso_max_segs", "gro_max_size", "parentdev")  # fmt: skip
_UNKNOWN_SHORTENED = ("numtxqueues", "numrxqueues", "addrgenmode")


@dataclass(slots=True)
class LinkRequest:
    """What one `ip link` line asks for. `None` is "not mentioned"; `master` "" is `nomaster`.

    `not_in_lab` is a word that Linux knows and the lab does not.
    """

    dev: str | None = None
    name: str | None = None
    up: bool | None = None
    index: int | None = None
    mac: str | None = None
    broadcast: str | None = None
    mtu: int | None = None
    txqlen: int | None = None
    netns: Namespace | None = None
    master: str | None = None
    alias: str | None = None
    group: str | None = None
    switches: dict[str, bool] | None = None
    lower: str | None = None
    type: str | None = None
    carrier: bool | None = None
    not_in_lab: str | None = None

    @property
    def new_name(self) -> str | None:
        """The name an existing interface is to get."""
        return None if self.name == self.dev else self.name


def read_link_words(ctx: Context, words: Words, *, creating: bool) -> LinkRequest:
    """Read up to the end or to `type KIND`, whose options stay in `words`."""
    request = LinkRequest(switches={})
    while words and request.type is None:
        _read_word(ctx, words, request, words.take())
    if request.name is None:
        request.name = request.dev
    elif request.dev is None:
        request.dev = request.name
    _check(ctx.ns, words, request, creating)
    return request


def _read_word(ctx: Context, words: Words, request: LinkRequest, word: str) -> None:
    """One keyword and its value, compared in iproute2's order."""
    if word in ("up", "down"):
        request.up = word == "up"
    elif word == "name":
        _read_name(words.value(), request)
    elif word == "index":
        request.index = _index(words.value(), request)
    elif matches(word, "link"):
        request.lower = words.value()
    elif matches(word, "address"):
        request.mac = lladdr(words.value())
    elif matches(word, "broadcast") or word == "brd":
        request.broadcast = lladdr(words.value())
    elif matches(word, "txqueuelen", "txqlen") or word == "qlen":
        request.txqlen = _number(words.value(), "txqueuelen", request.txqlen)
    elif word == "mtu":
        request.mtu = _number(words.value(), "mtu", request.mtu)
    elif word == "netns":
        request.netns = _netns(ctx, words.value(), request)
    elif word in _SWITCHES:
        request.switches[word] = _on_off(word, words.value())
    elif word == "trailers":
        _on_off(word, words.value())
        request.not_in_lab = word
    elif word == "carrier":
        request.carrier = _carrier(words.value())
    else:
        _read_later_word(ctx, words, request, word)


def _read_later_word(ctx: Context, words: Words, request: LinkRequest, word: str) -> None:
    """The second half of the keywords, and last the interface itself."""
    if matches(word, "master"):
        value = words.value()
        found = find_device(ctx.ns, value)
        if found is None:
            raise wrong(value, "Device does not exist\n")
        request.master = found.name
    elif word == "vrf":
        raise wrong(words.value(), "Not a valid VRF name\n")
    elif matches(word, "nomaster"):
        request.master = ""
    elif matches(word, "dynamic"):
        _on_off("dynamic", words.value())
        request.not_in_lab = "dynamic"
    elif matches(word, "type"):
        request.type = words.value()
    elif matches(word, "alias"):
        request.alias = _alias(words.value())
    elif word == "group":
        value = words.value()
        if request.group is not None:
            raise duplicate("group", value)
        request.group = group_name(value)
    elif word == "vf":
        raise Failure(1, "The lab has no virtual functions (vf).\n")
    elif word in _UNKNOWN_TO_LAB or matches(word, *_UNKNOWN_SHORTENED):
        words.value()
        request.not_in_lab = word
    else:
        _read_dev(words, request, word)


def _read_name(value: str, request: LinkRequest) -> None:
    if request.name is not None:
        raise duplicate("name", value)
    if not _valid_name(value) or len(value.encode()) > 15:
        raise wrong(value, '"name" not a valid ifname')
    request.name = value
    if request.dev is None:
        request.dev = value


def _read_dev(words: Words, request: LinkRequest, word: str) -> None:
    if matches(word, "help"):
        raise Failure(255, usage("ip-link"))
    if word == "dev":
        word = words.value()
    if request.dev != request.name:
        raise garbage("dev", word)
    if not _valid_name(word):
        raise wrong(word, '"dev" not a valid ifname')
    request.dev = word


def _valid_name(name: str) -> bool:
    """iproute2's own look at a name; the kernel looks once more."""
    return name != "" and not any(letter == "/" or letter.isspace() for letter in name)


def _index(value: str, request: LinkRequest) -> int:
    if request.index is not None:
        raise duplicate("index", value)
    number = whole(value)
    if number is None or not 0 < number < 2**31:
        raise wrong(value, 'Invalid "index" value')
    return number


def _number(value: str, key: str, before: int | None) -> int:
    if before is not None:
        raise duplicate(key, value)
    number = integer(value)
    if number is None:
        raise wrong(value, f'Invalid "{key}" value\n')
    return number


def _netns(ctx: Context, value: str, request: LinkRequest) -> Namespace:
    """A namespace by name, or by the number of a process in it: 1 means the machine's own."""
    if request.netns is not None:
        raise duplicate("netns", value)
    found, pid = ctx.lab.on_machine(ctx.ns.machine, value), integer(value)
    if found is None and pid is None:
        raise wrong(value, 'Invalid "netns" value\n')
    found = found or ctx.lab.of_process(ctx.ns.machine, pid)
    if found is None:
        raise refused(KernelError(ESRCH))
    return found


def _on_off(key: str, value: str) -> bool:
    if value not in ("on", "off"):
        raise Failure(1, f'Error: argument of "{key}" must be "on" or "off", not "{value}"\n')
    return value == "on"


def _carrier(value: str) -> bool:
    """`carrier` is read by another routine, which may be shortened and answers with 22 (EINVAL)."""
    if not matches(value, "off", "on"):
        raise Failure(22, f'Error: argument of "carrier" must be one of "off", "on", not "{value}"\n')
    return not matches(value, "off")


def _alias(value: str) -> str:
    if len(value.encode()) >= 256:
        raise wrong(value, "alias too long\n")
    return value


def lladdr(text: str) -> str:
    """A MAC address as iproute2 reads it: `2:a:b:c:d:e` will do. Its length is checked later."""
    if "." in text:
        address = ipv4(text)
        parts = None if address is None else [f"{byte:02x}" for byte in address.packed]
        if parts is None:
            raise Failure(1, f'"{text}" is invalid lladdr.\n')
        return ":".join(parts)
    octets = []
    for part in text.split(":"):
        digits = _leading_hex(part)
        if digits is None or int(digits, 16) > 255:
            raise Failure(1, f'"{part}" is invalid lladdr.\n')
        octets.append(f"{int(digits, 16):02x}")
    return ":".join(octets)


def _leading_hex(part: str) -> str | None:
    """scanf's %x: as many hexadecimal digits as there are in front, at least one."""
    digits = part.removeprefix("0x")
    length = next((i for i, letter in enumerate(digits) if letter not in "0123456789abcdefABCDEF"), len(digits))
    return digits[:length] or None


def refuse_unknown(request: LinkRequest) -> None:
    """Say so when a word asks for something of which the lab keeps nothing."""
    if request.not_in_lab is not None:
        known = "up, down, name, mtu, address, txqueuelen, master, nomaster, netns, alias, group, type"
        raise Failure(1, f'The lab keeps no "{request.not_in_lab}" of an interface; it knows {known}, {", ".join(_SWITCHES)}.\n')


def _check(ns: Namespace, words: Words, request: LinkRequest, creating: bool) -> None:
    """What iproute2 checks when it has read the words before the type's own."""
    if request.dev and request.mac and not creating:
        found = find_device(ns, request.dev)
        given = request.mac.count(":") + 1
        if found is not None and found.mac and given != 6:
            raise Failure(1, f"Invalid address length {given} - must be 6 bytes\n")
    if request.index and not creating and request.netns is None:
        raise Failure(255, "index can be used only when creating devices or when moving device to another netns.\n")
    if request.group is not None and request.dev is None:
        if words:
            raise Failure(255, f'Garbage instead of arguments "{words.take()} ...". Try "ip link help".\n')
        if creating:
            raise Failure(255, "group cannot be used when creating devices.\n")
    elif not creating and request.dev is None:
        raise Failure(255, 'Not enough information: "dev" argument is required.\n')
    elif creating and request.name != request.dev:
        raise Failure(255, 'both "name" and "dev" cannot be used when creating devices.\n')
    elif creating and request.lower is not None:
        device(ns, request.lower)
