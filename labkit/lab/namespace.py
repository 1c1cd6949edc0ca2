"""A network namespace: one whole network stack.

A node, a container and a pod are roles of a namespace. `machine` is the name of the namespace the
machine starts with; `ip netns` on a machine lists the `named` namespaces of that machine only.
Names are taken by the kernel for interfaces (net/core/dev.c dev_valid_name), and for namespaces, which are files.
"""

import errno
from bisect import insort
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import chain
from operator import attrgetter

from ..errors import KernelError
from ..tables.neighbor import Neighbor
from ..tables.policy import Rule, first_rules
from ..tables.route import LOCAL, MAIN
from ..tables.table import RouteTable
from ..tables.values import Kept
from .connections import Netfilter
from .interface import Interface
from .learned import Exceptions
from .program import Program, Sockets
from .sysctls import Sysctls

#: The ports a kernel hands out to programs that ask for none (ip-sysctl.rst ip_local_port_range).
FIRST_PORT, LAST_PORT = 32768, 60999


@dataclass(slots=True, eq=False)
class Files(Kept):
    """What is in the files of a machine or a container, by path, and which directories somebody made (commands/filesystem.py)."""

    texts: dict[str, str]
    directories: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Namespace(Kept):
    """`role`: "machine", "namespace", "container", "pod" or "switch" (what joins machines).

    `label` is what `ip netns` calls it; `name` is unique in the lab. `listeners` are the sockets that programs hold open. `pids`
    are the numbers of the processes that live here and that a person may name it by. `nsids` are the kernel's numbers for
    namespaces seen from here (`link-netnsid`). `learned` holds what routers told us; `redirects_sent` counts, per sender, how often
    we told it of a nearer router, and when last. `custom_rules`: somebody has written policy rules here; until then the kernel
    keeps local and main as one table."""

    name: str
    machine: str
    label: str = ""
    role: str = "namespace"
    named: bool = False
    interfaces: dict[int, Interface] = field(default_factory=dict)
    tables: dict[int, RouteTable] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=first_rules)
    custom_rules: bool = False
    neighbors: dict[tuple[str, IPv4Address], Neighbor] = field(default_factory=dict)
    sysctls: Sysctls = field(default_factory=Sysctls)
    listeners: Sockets = field(default_factory=Sockets)
    programs: dict[str, Program] = field(default_factory=dict)
    pids: set[int] = field(default_factory=set)
    nsids: dict[str, int] = field(default_factory=dict)
    learned: Exceptions = field(default_factory=dict)
    redirects_sent: dict[IPv4Address, tuple[int, float]] = field(default_factory=dict)
    files: Files | None = None
    next_index: int = 1
    netfilter: Netfilter | None = None
    next_port: int = FIRST_PORT
    _names: dict[str, Interface] = field(default_factory=dict, repr=False)
    _ports: dict[str, list[Interface]] = field(default_factory=dict, repr=False)

    @property
    def main(self) -> RouteTable:
        """The main table, to read."""
        return self.tables.get(MAIN) or RouteTable()

    @property
    def local(self) -> RouteTable:
        """The local table, to read."""
        return self.tables.get(LOCAL) or RouteTable()

    def find(self, name: str) -> Interface | None:
        """The interface of that name, or None."""
        return self._names.get(name)

    def add(self, interface: Interface) -> None:
        """Take an interface in, with the settings a new one has here."""
        self.interfaces[interface.index] = self._names[interface.name] = interface
        self.sysctls.add_interface(interface.name)

    def remove(self, interface: Interface) -> None:
        """Let an interface go."""
        del self.interfaces[interface.index], self._names[interface.name]
        self.sysctls.drop_interface(interface.name)

    def rename(self, interface: Interface, old: str, new: str) -> None:
        """Give an interface another name, under which its settings stand from now on; its ports follow a bridge."""
        self.sysctls.rename_interface(old, new)
        self._names.pop(old, None)
        self._names[new] = interface
        self._ports[new] = self._ports.pop(old, []) + self._ports.pop(new, [])
        for port in self._ports[new]:
            port.master = new
        interface.name = new

    def refile(self, interfaces: list[Interface]) -> None:
        """Work out anew by what these are found here: an interrupt may have come between two of the indexes."""
        self.interfaces = {interface.index: interface for interface in interfaces}
        self._names = {interface.name: interface for interface in interfaces}
        self._ports = {}
        for interface in self.by_index():
            if interface.master:
                self._ports.setdefault(interface.master, []).append(interface)

    def enslave(self, interface: Interface, bridge: str | None) -> None:
        """Make an interface a port of a bridge instead of what it was; None: of none."""
        if interface.master:
            self._ports[interface.master].remove(interface)
        if bridge:
            insort(self._ports.setdefault(bridge, []), interface, key=attrgetter("index"))
        interface.master = bridge

    def table(self, number: int) -> RouteTable:
        """The table to write into. A namespace starts without any; the first route makes its table,
        and local brings main along (kernel: net/ipv4/fib_frontend.c fib_new_table)."""
        if number == LOCAL:
            self.tables.setdefault(MAIN, RouteTable())
        return self.tables.setdefault(number, RouteTable())

    def new_port(self, proto: str) -> int:
        """A source port for a program that asked for none. The kernel picks one by chance; the lab counts up."""
        taken = {s.port for s in self.listeners if s.proto == proto}
        free = next(port for port in chain(range(self.next_port, LAST_PORT + 1), range(FIRST_PORT, self.next_port)) if port not in taken)
        self.next_port = free + 1 if free < LAST_PORT else FIRST_PORT
        return free

    @property
    def loopback(self) -> Interface:
        """The first interface of every namespace: lo, unless somebody renamed it."""
        return self.interfaces[1]

    def by_index(self) -> list[Interface]:
        """Interfaces as `ip link` lists them."""
        return [self.interfaces[i] for i in sorted(self.interfaces)]

    def ports(self, bridge: str) -> list[Interface]:
        """The bridge ports of one bridge, by interface index."""
        return [*self._ports.get(bridge, ())]

    def owns(self, address: IPv4Address) -> bool:
        """Whether an interface here has this address."""
        for interface in self.interfaces.values():
            for held in interface.addresses:
                if held.ip == address:
                    return True
        return False


#: IFNAMSIZ is 16 with the closing zero byte; NAME_MAX.
LONGEST, LONGEST_FILE = 15, 255


def valid_interface_name(name: str) -> bool:
    """Not empty, at most 15 bytes, without '/', ':' and white space, and none of a few words. "all" and "default" are taken:
    net.ipv4.conf.all and net.ipv4.conf.default."""
    if not name or len(name.encode()) > LONGEST or name in (".", "..", "all", "default"):
        return False
    return not any(c in "/:" or c.isspace() for c in name)


def valid_namespace_name(name: str) -> bool:
    """Whether /run/netns/NAME can be a file (iproute2: ip/ipnetns.c invalid_name)."""
    try:
        return 0 < len(name.encode()) <= LONGEST_FILE and not set("/\0") & set(name) and name not in (".", "..")
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def free_name(ns: Namespace, pattern: str) -> str:
    """The kernel's own name: `veth%d` becomes the lowest veth number that is free."""
    number = 0
    while ns.find(pattern.replace("%d", str(number))):
        number += 1
    return pattern.replace("%d", str(number))


def claim(ns: Namespace, name: str | None, kind: str) -> str:
    """A name for a new or renamed interface: the one asked for, or the next of a pattern. The pattern is the kind's own (`veth%d`)
    or the asked name itself, if it has a `%d`."""
    if name is None:
        return free_name(ns, f"{kind}%d")
    if not valid_interface_name(name):
        raise KernelError(errno.EINVAL)
    if "%" in name:
        if name.count("%") != 1 or "%d" not in name:
            raise KernelError(errno.EINVAL)
        return free_name(ns, name)
    if ns.find(name):
        raise KernelError(errno.EEXIST)
    return name
