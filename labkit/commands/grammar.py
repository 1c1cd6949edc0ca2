"""The words of iproute2, read as tables say, one by one in the tool's own order, and refused in its words.

A row is (names, field, value). Of the names, separated by blanks, those that end in `~` may be shortened, and the first row
that fits wins. `value` is a reader, `(word, words) -> value`, of the word behind the keyword; a `Bare` reader gets the keyword
itself and takes what it likes; anything else is the value. A reader that answers with a dict fills several fields. The row
of "*" fits every word; without one a word that no row knows ends the reading and stays, as a word with the value STOP does.

Exit statuses (iproute2 lib/utils.c, ip/ip.c): 255 where the tool gives up on the grammar, 1 where an
address does not parse or something named is not there, 2 where the kernel refuses.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from errno import ENODEV
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ..errors import KernelError, strerror
from ..lab.interface import Interface
from ..lab.namespace import LONGEST, Namespace
from ..tables.names import TOS, table_numbers
from . import hosts
from .result import Context, Failure, Result
from .usage import usage
from .words import whole

#: No address, or every one.
ANY = ("default", "any", "all")


class Words:
    """The words still to be read, true while there are any; `said` is what those before them said, by field.

    `family` narrows down as addresses are read. What `warn` is told stands before all other complaints.
    """

    def __init__(self, args: Iterable[str], ctx: Context | None = None, family: str = ""):
        self._args = list(args)
        self._at = 0
        self.ctx = ctx
        self.family = family
        self.said: dict = {}
        self.warnings = ""

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

    def warn(self, text: str) -> None:
        self.warnings += text


Reader = Callable[[str, Words], object]
Command = Callable[[Context, object, Words], Result]


@dataclass(frozen=True, slots=True)
class Bare:
    """A reader that gets the keyword itself, whole where it was shortened, not the word behind it."""

    read: Reader


#: The value of a keyword that ends the reading and stays to be read.
STOP = object()


def read(rows: Iterable[tuple[str, str, object]], words: Words, **said) -> dict:
    """What the words say, by field; `said` is known beforehand."""
    outer, words.said = words.said, said
    while words:
        found = read_word(rows, words.take(), words)
        if found is None:
            words.back()
            break
        said |= found
    words.said = outer
    return said


def read_word(rows: Iterable[tuple[str, str, object]], word: str, words: Words) -> dict | None:
    """What one word says, with those behind it; None where the reading ends."""
    names, field, value = next((row for row in rows if fits(word, row[0])), ("", "", STOP))
    if value is STOP:
        return None
    if isinstance(value, Bare):
        value = value.read(next(name.rstrip("~") for name in names.split() if fits(word, name)), words)
    elif callable(value):
        value = value(word if names == "*" else words.value(), words)
    return value if isinstance(value, dict) else {field: value} if field else {}


@lru_cache(2**12)
def fits(word: str, names: str) -> bool:
    """Whether a word is one of the names, or begins one that may be shortened."""
    return names == "*" or any(word != "" and name[:-1].startswith(word) if name[-1] == "~" else word == name for name in names.split())


def run(commands: Mapping[str, Command], tool: str, ctx: Context, options, args: Iterable[str]) -> Result:
    """Run the command that the first word means, "list" without one: `commands` maps names, as in a row, to what runs them."""
    words = Words(args, ctx, options.family)
    word = words.take() if words else "list"
    command = next((command for names, command in commands.items() if fits(word, names)), None)
    if command is None:
        raise Failure(255, usage(tool.replace(" ", "-")) if matches(word, "help") else f'Command "{word}" is unknown, try "{tool} help".\n')
    try:
        result = command.read(word, words) if isinstance(command, Bare) else command(ctx, options, words)
    except KernelError as error:
        result = refused(error).result
    except Failure as failure:
        result = failure.result
    return result if not words.warnings else replace(result, stderr=words.warnings + result.stderr)


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
    octets = [whole(part, base=0) for part in text.split(".")]
    if len(octets) > 4 or any(octet is None or not 0 <= octet <= 255 for octet in octets):
        return None
    return IPv4Address(bytes(octets + [0] * (4 - len(octets))))


def address(text: str, family: str = "") -> IPv4Address:
    """ADDRESS alone, or iproute2's refusal."""
    found = None if family not in ("", "inet") else IPv4Address("0.0.0.0") if text in ANY else ipv4(text)
    if found is None:
        raise _expected("address", text, family)
    return found


def prefix(text: str, family: str = "") -> tuple[IPv4Interface, bool]:
    """ADDRESS[/LENGTH or /NETMASK] and whether the length was given, or iproute2's refusal; `default` is 0.0.0.0/0."""
    if family not in ("", "inet"):
        raise _expected("prefix", text, family)
    if text in ANY:
        return IPv4Interface("0.0.0.0/0"), text == "default"
    head, slash, tail = text.partition("/")
    found, length = ipv4(head), _prefix_length(tail) if slash else 32
    if found is None or length is None:
        raise _expected("prefix", text, family)
    return IPv4Interface((found, length)), bool(slash)


def _prefix_length(text: str) -> int | None:
    length, mask = unsigned(text), ipv4(text)
    if length is None and mask is not None:
        host = ~int(mask) & 0xFFFFFFFF
        length = 32 - host.bit_length() if host & (host + 1) == 0 else None
    return length if length is not None and length <= 32 else None


def _expected(what: str, text: str, family: str) -> Failure:
    """The lab knows IPv4 only, and says so where the real tool would go on with IPv6."""
    if family == "link" and what == "prefix":
        return Failure(1, f'Error: "{text}" may be inet prefix, but it is not allowed in this context.\n')
    if family == "inet6" and text in ANY:
        return Failure(2, f'The lab has IPv4 only: leave the -6 before "{text}" away.\n')
    if family != "inet" and "%" not in text:
        hosts.refuse_ipv6(text)
    return Failure(1, f'Error: {family or "any valid"} {what} is expected rather than "{text}".\n')


def numbered(word: str, names: Mapping[str, int], most: int) -> int | None:
    """A name of the table, or a number."""
    return names[word] if word in names else integer(word, 0, most)


def read_tos(word: str) -> int | None:
    """A name such as AF11, or a hexadecimal number even without 0x (iproute2 lib/rt_names.c)."""
    if word in TOS:
        return TOS[word]
    found = re.fullmatch(r"(0[xX])?([0-9a-fA-F]+)", word)
    number = int(found[2], 16) if found else 256
    return number if number <= 255 else None


# Readers for rows.


def text(word: str, words: Words) -> str:
    """The word as it is."""
    return word


def known(find: Callable[[str], object], why: str) -> Reader:
    """What `find` makes of the word; where that is None the word is wrong, and why is said."""

    def reader(word: str, words: Words):
        found = find(word)
        if found is None:
            raise wrong(word, why)
        return found

    return reader


def number(why: str, least: int = 0, most: int = 2**32 - 1) -> Reader:
    return known(lambda word: integer(word, least, most), why)


def named(names: Mapping[str, int], why: str, most: int = 255) -> Reader:
    """A name of the table or a number, by the name it has."""
    back = {n: name for name, n in reversed(names.items())}
    return known(lambda word: None if (n := numbered(word, names, most)) is None else back.get(n, str(n)), why)


def table(why: str) -> Reader:
    return known(lambda word: numbered(word, table_numbers(), 2**32 - 1), why)


def tos(why: str) -> Reader:
    return known(read_tos, why)


def ifname(why: str) -> Reader:
    """A name that iproute2 takes for an interface's before it asks the kernel (lib/utils.c check_ifname)."""
    return known(lambda word: word if 0 < len(word.encode()) <= LONGEST and "/" not in word and word.split() == [word] else None, why)


def existing(why: str) -> Reader:
    """The name of an interface that is there."""

    def reader(word: str, words: Words) -> str:
        found = find_device(words.ctx.ns, word)
        if found is None:
            raise wrong(word, why)
        return found.name

    return reader


def network(word: str, words: Words) -> IPv4Network:
    return prefix(word, words.family)[0].network


def once(key: str, reader: Reader = text) -> Reader:
    """For a keyword whose field, of the same name, may be said once."""

    def checked(word: str, words: Words):
        if key in words.said:
            raise duplicate(key, word)
        return reader(word, words)

    return checked


def sole(key: str, field: str, reader: Reader) -> Reader:
    """For a field that may be said once, by several keywords or by none."""

    def checked(word: str, words: Words):
        if field in words.said:
            raise garbage(key, word)
        return reader(word, words)

    return checked


def positional(keyword: str, field: str, reader: Reader, tool: str) -> tuple[str, str, Reader]:
    """The row of what stands without a keyword, or behind one that may stand before it (a row's names), and is said once.

    `tool` names the usage text that "help" asks for.
    """
    read_once = sole(keyword.split()[0].rstrip("~"), field, reader)

    def checked(word: str, words: Words):
        if fits(word, keyword):
            word = words.value()
        elif matches(word, "help"):
            raise Failure(255, usage(tool))
        return read_once(word, words)

    return "*", field, checked


def unsupported(sentence: str) -> Bare:
    """For keywords that the lab has nothing behind; `{}` in the sentence is the keyword."""

    def reader(word: str, words: Words):
        raise Failure(1, sentence.format(word) + "\n")

    return Bare(reader)


def lladdr(word: str, words: Words) -> str:
    """A MAC address as iproute2 reads it: `2:a:b:c:d:e` will do, an IPv4 address too. Its length is checked later."""
    octets: list[int] = []
    for part in [word] if "." in word else word.split(":"):
        dotted, digits = ipv4(part) if "." in part else None, re.match("[0-9a-fA-F]+", part.removeprefix("0x"))
        octets += dotted.packed if dotted else [int(digits[0], 16) if digits and "." not in part else 256]
        if max(octets) > 255:
            raise Failure(1, f'"{part}" is invalid lladdr.\n')
    return ":".join(f"{octet:02x}" for octet in octets)
