"""The words of an `ip` line, read one by one as iproute2 reads them, and refused in its words.

Exit statuses (iproute2 lib/utils.c, ip/ip.c): 255 where the tool gives up on the grammar, 1 where an
address does not parse or something named is not there, 2 where the kernel refuses.
"""

import re
from errno import ENODEV
from ipaddress import IPv4Address, IPv4Interface

from ...errors import KernelError, strerror
from ...lab.interface import Interface
from ...lab.namespace import Namespace
from .. import hosts
from ..result import Failure
from ..words import leading, whole

_FAMILY_WORDS = {"": "any valid", "inet": "inet", "inet6": "inet6", "link": "link", "bridge": "bridge", "mpls": "mpls"}


class Words:
    """The words still to be read; true while there are any."""

    def __init__(self, args: list[str]):
        self._args = list(args)
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._args)

    def take(self) -> str:
        """The next word, which is there."""
        self._at += 1
        return self._args[self._at - 1]

    def value(self) -> str:
        """The word a keyword needs behind it."""
        if not self:
            raise Failure(255, 'Command line is not complete. Try option "help"\n')
        return self.take()

    def back(self) -> None:
        """Put the last word back."""
        self._at -= 1

    def rest(self) -> list[str]:
        """All words still to be read, without reading them."""
        return self._args[self._at :]


def matches(word: str, *keywords: str) -> bool:
    """True when the word is a non-empty beginning of one of the keywords.

    Which of several keywords wins is the order in which a command asks.
    """
    return word != "" and any(keyword.startswith(word) for keyword in keywords)


def wrong(value: str, why: str) -> Failure:
    return Failure(255, f'Error: argument "{value}" is wrong: {why}\n')


def duplicate(key: str, value: str) -> Failure:
    return Failure(255, f'Error: duplicate "{key}": "{value}" is the second value.\n')


def garbage(key: str, value: str) -> Failure:
    return Failure(255, f'Error: either "{key}" is duplicate, or "{value}" is a garbage.\n')


def missing(key: str) -> Failure:
    return Failure(255, f'Error: argument "{key}" is required\n')


def refused(error: KernelError) -> Failure:
    """The kernel's refusal as iproute2 prints it (lib/libnetlink.c)."""
    if error.extack is None:
        return Failure(2, f"RTNETLINK answers: {strerror(error.code)}\n")
    return Failure(2, f"Error: {error.extack}{'' if error.extack.endswith('.') else '.'}\n")


_BY_INDEX = re.compile(r"if([0-9]+)")


def is_index(name: str) -> bool:
    """True for `if7`, which may mean the interface with index 7."""
    return _BY_INDEX.match(name) is not None


def find_device(ns: Namespace, name: str) -> Interface | None:
    """The interface a name means; `eth0:1` also means eth0, and `if7` index 7 (iproute2 lib/ll_map.c, if_nametoindex(3))."""
    by_index = _BY_INDEX.match(name)
    return ns.find(name) or ns.find(name.partition(":")[0]) or (ns.interfaces.get(whole(by_index[1])) if by_index else None)


def device(ns: Namespace, name: str) -> Interface:
    """The interface of that name, or the refusal most commands give."""
    found = find_device(ns, name)
    if found is None:
        raise refused(KernelError(ENODEV)) if is_index(name) else Failure(1, f'Cannot find device "{name}"\n')
    return found


def integer(text: str, least: int = -(2**31), most: int = 2**31 - 1) -> int | None:
    """A whole number in C's spelling (12, 0x1f, 017), or None."""
    number = whole(text, base=0)
    return number if number is not None and least <= number <= most else None


def unsigned(text: str, bits: int = 32) -> int | None:
    """An unsigned number in C's spelling, or None."""
    return integer(text, 0, 2**bits - 1)


def ipv4(text: str) -> IPv4Address | None:
    """An IPv4 address as iproute2 reads it: `10.1` is 10.1.0.0, octets may be hexadecimal."""
    octets: list[int] = []
    rest = text
    while True:
        found = leading(rest, base=0)
        if found is None or not 0 <= found[0] <= 255:
            return None
        octets.append(found[0])
        rest = found[1]
        if rest == "":
            return IPv4Address(bytes(octets + [0] * (4 - len(octets))))
        if len(octets) == 4 or rest[0] != ".":
            return None
        rest = rest[1:]


def parse_prefix(text: str) -> tuple[IPv4Interface, bool] | None:
    """ADDRESS[/LENGTH or /NETMASK], and whether a length was given; `default` is 0.0.0.0/0."""
    if text == "default":
        return IPv4Interface("0.0.0.0/0"), True
    if text in ("all", "any"):
        return IPv4Interface("0.0.0.0/0"), False
    head, slash, tail = text.partition("/")
    address = ipv4(head)
    if address is None:
        return None
    length = _prefix_length(tail) if slash else 32
    return None if length is None else (IPv4Interface((address, length)), bool(slash))


def _prefix_length(text: str) -> int | None:
    length = unsigned(text)
    if length is None:
        mask = ipv4(text)
        if mask is None:
            return None
        host = ~int(mask) & 0xFFFFFFFF
        length = 32 - host.bit_length() if host & (host + 1) == 0 else None
    return length if length is not None and length <= 32 else None


def prefix(text: str, family: str = "") -> tuple[IPv4Interface, bool]:
    """ADDRESS[/LENGTH] and whether the length was given, or iproute2's refusal."""
    if family == "link":
        raise Failure(1, f'Error: "{text}" may be inet prefix, but it is not allowed in this context.\n')
    found = parse_prefix(text) if family in ("", "inet") else None
    if found is None:
        refuse_ipv6(text, family)
        raise Failure(1, f'Error: {_FAMILY_WORDS[family]} prefix is expected rather than "{text}".\n')
    return found


def address(text: str, family: str = "") -> IPv4Address:
    """ADDRESS alone, or iproute2's refusal."""
    if text in ("default", "all", "any") and family != "inet6":
        return IPv4Address("0.0.0.0")
    found = ipv4(text) if family in ("", "inet") else None
    if found is None:
        refuse_ipv6(text, family)
        raise Failure(1, f'Error: {_FAMILY_WORDS[family]} address is expected rather than "{text}".\n')
    return found


def refuse_ipv6(text: str, family: str) -> None:
    """The lab knows IPv4 only, and says so where the real tool would go on with IPv6."""
    if family == "inet6" and text in ("default", "any", "all"):
        raise Failure(2, f'The lab has IPv4 only: leave the -6 before "{text}" away.\n')
    if family != "inet" and "%" not in text:
        hosts.refuse_ipv6(text)
