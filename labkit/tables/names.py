"""Numbers that have names: who put a route there, how far it reaches, which table, which TOS.

The kernel knows the numbers; the names are those of iproute2 6.1's files in /etc/iproute2
(rt_protos, rt_scopes, rt_tables, rt_dsfield). A number without a name is written as a number.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar

PROTOS = {
    "unspec": 0, "redirect": 1, "kernel": 2, "boot": 3, "static": 4, "gated": 8, "ra": 9, "mrt": 10,
    "zebra": 11, "bird": 12, "dnrouted": 13, "xorp": 14, "ntk": 15, "dhcp": 16, "keepalived": 18,
    "babel": 42, "openr": 99, "bgp": 186, "isis": 187, "ospf": 188, "rip": 189, "eigrp": 192,
}

#: The larger, the nearer (rtnetlink(7)).
SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}

TABLES = {"unspec": 0, "default": 253, "main": 254, "local": 255}

TOS = {
    "default": 0, "CS1": 0x20, "CS2": 0x40, "CS3": 0x60, "CS4": 0x80, "CS5": 0xA0, "CS6": 0xC0, "CS7": 0xE0,
    "AF11": 0x28, "AF12": 0x30, "AF13": 0x38, "AF21": 0x48, "AF22": 0x50, "AF23": 0x58,
    "AF31": 0x68, "AF32": 0x70, "AF33": 0x78, "AF41": 0x88, "AF42": 0x90, "AF43": 0x98, "EF": 0xB8,
}  # fmt: skip

#: Kinds of route, in the kernel's numbering from 1 on.
TYPES = (
    "unicast", "local", "broadcast", "anycast", "multicast", "blackhole",
    "unreachable", "prohibit", "throw", "nat", "xresolve",
)  # fmt: skip

_TOS_NAMES = {number: name for name, number in TOS.items()}


class TableNames:
    """The names of a machine's tables, from its /etc/iproute2/rt_tables (iproute2 lib/rt_names.c rtnl_hash_initialize). What was
    written last has the number's name. A line that is none ends the reading: `complaint` is printed when a name is asked for."""

    _LINE = re.compile(r"(?:0x(?P<hex>[0-9a-fA-F]{1,8})|(?P<number>[0-9]{1,10}))\s+(?P<name>\S+)")

    def __init__(self, *texts: str):
        self.numbers = {name: number for name, number in TABLES.items() if name != "unspec"}
        self.names = {number: name for name, number in self.numbers.items()}
        self.complaint, self.asked = "", False
        for line in (line.lstrip(" \t") for text in texts for line in text.splitlines()):
            found = self._LINE.match(line)
            if line and line[0] != "#" and not found:
                self.complaint = f"Database /etc/iproute2/rt_tables is corrupted at {line}\n\n"
                break
            if found and line[0] != "#":
                number = int(found["hex"], 16) if found["hex"] else int(found["number"])
                self.names[number] = found["name"]
                self.numbers[found["name"]] = number


_USUAL = TableNames("0 unspec")
_named: ContextVar[TableNames] = ContextVar("_named")


@contextmanager
def named_tables(names: TableNames):
    """Within this block tables are called as on one machine. As in iproute2 itself, that is known to the whole program."""
    token = _named.set(names)
    try:
        yield
    finally:
        _named.reset(token)


def table_name(number: int) -> str:
    names = _named.get(_USUAL)
    names.asked = True
    return names.names.get(number, str(number))


def table_numbers() -> dict[str, int]:
    """The numbers of the tables that have a name."""
    names = _named.get(_USUAL)
    names.asked = True
    return names.numbers


def scope_number(scope: str) -> int:
    """A scope's number, whether it is written as a name or as a number."""
    return SCOPES[scope] if scope in SCOPES else int(scope, 0)


def tos_name(number: int) -> str:
    return _TOS_NAMES.get(number, f"{number:#04x}")
