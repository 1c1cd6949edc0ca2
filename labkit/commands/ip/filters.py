"""Which interfaces and addresses `ip link show`, `ip addr show` and `ip addr flush` mean.

All three read the same words (iproute2 ip/ipaddress.c ipaddr_list_flush_or_save).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Network

from ...lab.interface import Address, Interface
from ...lab.namespace import Namespace
from ...tables.names import SCOPES
from ..grammar import Words, find_device, garbage, integer, is_index, matches, prefix, wrong
from ..result import Failure
from .groups import group_name

_FLAGS = ("secondary", "temporary", "nodad", "optimistic", "dadfailed", "home", "deprecated", "tentative", "permanent",
          "mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy")  # fmt: skip


@dataclass(slots=True)
class Filter:
    """What is asked for; `None` and "" do not restrict. `flags` maps an address flag to wanted or not."""

    family: str
    device: Interface | None = None
    up: bool = False
    to: IPv4Network | None = None
    scope: str | None = None
    label: str | None = None
    group: str | None = None
    master: str | None = None
    nomaster: bool = False
    kind: str | None = None
    port_kind: str | None = None
    flags: dict[str, bool] | None = None

    def takes_link(self, interface: Interface) -> bool:
        """What iproute2 checks before it prints the interface itself."""
        if self.up and not interface.up or self.group not in (None, interface.group):
            return False
        if self.port_kind is not None and (interface.master is None or self.port_kind != "bridge"):
            return False
        return self.master in (None, interface.master) and self.kind in (None, _kind(interface))

    def listed(self, interface: Interface) -> bool:
        """What the kernel hands out when asked so: one interface, or those of a master and kind."""
        if self.device is not None:
            return interface is self.device
        if self.nomaster and interface.master:
            return False
        return self.master in (None, interface.master) and self.kind in (None, _kind(interface))

    def takes_address(self, address: Address) -> bool:
        if self.family not in ("", "inet"):
            return False
        if self.scope is not None and SCOPES.get(address.scope, address.scope) != SCOPES.get(self.scope, self.scope):
            return False
        if self.label is not None and not fnmatchcase(address.label, self.label):
            return False
        if self.to is not None and address.ip not in self.to:
            return False
        return all(_has(address, flag) == wanted for flag, wanted in (self.flags or {}).items())

    def finds_address(self, interface: Interface) -> bool:
        """Whether `ip addr` lists the interface at all: with a fitting address, or with none when any family will do."""
        if not interface.addresses:
            return self.family in ("", "link")
        return any(self.takes_address(address) for address in interface.addresses)


def _kind(interface: Interface) -> str:
    return "tun" if interface.kind == "tap" else "" if interface.kind == "loopback" else interface.kind


def _has(address: Address, flag: str) -> bool:
    match flag:
        case "secondary" | "temporary":
            return address.secondary
        case "permanent":
            return not address.dynamic
        case "noprefixroute":
            return address.noprefixroute
    return False


def read_filter(ns: Namespace, words: Words, family: str, help_text: str) -> Filter:
    """The words behind `show` or `flush`."""
    wanted = Filter(family=family)
    device: str | None = None
    while words:
        word = words.take()
        if _read_keyword(ns, words, wanted, word):
            continue
        if word == "dev":
            word = words.value()
        elif matches(word, "help"):
            raise Failure(255, help_text)
        if device is not None:
            raise garbage("dev", word)
        device = word
    if device is not None:
        wanted.device = find_device(ns, device)
        if is_index(device) and ns.find(device) is None and family == "link":
            # Taken for an index first and asked for by name then, in vain.
            raise Failure(1, "RTNETLINK answers: No such device\nCannot send link get request: No such device\n")
        if wanted.device is None:
            raise Failure(1, f'Device "{device}" does not exist.\n')
    return wanted


def _read_keyword(ns: Namespace, words: Words, wanted: Filter, word: str) -> bool:
    """One keyword and its value; False when the word is none."""
    match word:
        case "to":
            _read_to(words.value(), wanted)
        case "scope":
            wanted.scope = _scope(words.value())
        case "up":
            wanted.up = True
        case "label":
            wanted.label = words.value()
        case "group":
            wanted.group = group_name(words.value())
        case "master" | "vrf":
            wanted.master = _master(ns, words.value(), word)
        case "nomaster":
            wanted.nomaster = True
        case "type":
            _read_type(words.value(), wanted)
        case _:
            return _read_flag(word, wanted)
    return True


def _read_to(word: str, wanted: Filter) -> None:
    """`to PREFIX` asks for IPv4 addresses; `to all` for everything."""
    network = prefix(word, wanted.family)[0].network
    if word not in ("all", "any", "default"):
        wanted.to, wanted.family = network, "inet"


def _scope(word: str) -> str | None:
    if word == "all":
        return None
    scope = parse_scope(word)
    if scope is None:
        raise wrong(word, 'invalid "scope"\n')
    return scope


def parse_scope(word: str) -> str | None:
    """A scope by its name or number, as iproute2 prints it again."""
    if word in SCOPES:
        return word
    number = integer(word, 0, 255)
    return None if number is None else next((name for name, n in SCOPES.items() if n == number), str(number))


def _master(ns: Namespace, word: str, keyword: str) -> str:
    found = find_device(ns, word)
    if keyword == "vrf":
        raise wrong(word, "Not a valid VRF name\n")
    if found is None:
        raise wrong(word, "Device does not exist\n")
    return found.name


def _read_type(word: str, wanted: Filter) -> None:
    if word.endswith("_slave"):
        wanted.port_kind = word.removesuffix("_slave")
    else:
        wanted.kind = word


def _read_flag(word: str, wanted: Filter) -> bool:
    """An address flag, `-` before it for "not"."""
    flag = word.removeprefix("-")
    asked = word == flag
    if flag in ("dynamic", "primary"):
        flag, asked = {"dynamic": "permanent", "primary": "secondary"}[flag], not asked
    if flag not in _FLAGS:
        return False
    wanted.flags = {**(wanted.flags or {}), flag: asked}
    return True
