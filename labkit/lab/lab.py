"""A lab: the namespaces of one or more machines, and what joins them.

The lab is only state. What the kernel does with it is in the files beside this one (links,
addresses, routes, neighbors); what packets do is in the room `trace`.
"""

import errno
from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappush

from ..errors import BadInput, KernelError, LabError, did_you_mean, shown
from ..tables.pasted import plain
from ..tables.values import KERNEL, YOU, Origin, alike, copied
from .interface import ZERO_MAC, Interface
from .namespace import LONGEST_FILE, Namespace, valid_namespace_name
from .program import Daemon, Daemons

#: Second 0 of a lab's clock, where somebody asks for a date.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
#: How many frames one line may move (about half a second's work), and how many more for each interface of the lab.
MOST_FRAMES, MORE_FRAMES = 6_000, 20


@dataclass(frozen=True, slots=True)
class Written:
    """A line of a table in one namespace, and its origin."""

    namespace: str
    line: str
    origin: Origin

    def __str__(self) -> str:
        return f"{self.namespace}: {self.line}\n    written by {self.origin}"


class Answer(tuple):
    """What was found; `print` shows each line with who wrote it."""

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no such line"


class Lab:
    """`Lab()` is one machine named "host" with a loopback interface; `Lab("a", "b")` has two. `now` is the lab's clock in seconds;
    only probes and `sleep` move it. `origin` is whose lines are being written now (see `writing`). `probes` lists (source
    namespace, destination address) pairs that a ready lab is about."""

    #: What `revision` looks at, and a copy from when it was last asked.
    SEEN = ("now", "namespaces", "daemons")
    _picture: "Lab | None" = None

    def __init__(self, *machines: str):
        self.namespaces: dict[str, Namespace] = {}
        self.now = 0.0
        self.origin: Origin = YOU
        self.probes: list[tuple[str, str]] = []
        self.daemons = Daemons()  # of the machines, by name and machine: flanneld, docker, etcd, …
        self.commands: dict[str, object] = {}  # commands those daemons answer to: docker, etcdctl, …
        self.sightings: list = []  # what the last probe showed, step by step, for tcpdump
        self.reachable_time, self.delay_time = 30.0, 5.0  # seconds a neighbour is REACHABLE, and in DELAY
        self.agenda: list[tuple] = []  # what is due later: (time, number, event, arguments)
        self.unresolved: dict[tuple, list] = {}  # (namespace, dev, address) -> packets that wait for a MAC
        self.fragments: dict[tuple, list] = {}  # (namespace, whole packet's key) -> fragments so far
        self.agenda_number, self.probes_sent, self.moved = 0, 0, 0  # `moved`: frames so far
        self._line_began: int | None = None  # `moved` when the line under way began
        self.interfaces: dict[int, Interface] = {}  # by uid, all namespaces
        self.begun: list[tuple] = []  # what `carry_out` is doing
        self._revision, self._next_uid, self._next_mac = 0, 1, 1
        for name in machines or ("host",):
            self.add_machine(name)
        self.home = next(iter(self.namespaces))

    @property
    def services(self) -> dict[str, dict[str, Daemon]]:
        """The daemons by name, then by machine; "kubernetes" is the API server itself."""
        found: dict = {}
        for (name, machine), daemon in self.daemons.items():
            found.setdefault(name, {})[machine] = daemon
        if "kube-apiserver" in found:
            *_, found["kubernetes"] = found["kube-apiserver"].values()
        return found

    def add_machine(self, name: str, role: str = "machine") -> Namespace:
        """A machine of its own: its first namespace carries the machine's name."""
        _check_name(name)
        if name in self.namespaces:
            raise LabError(f"there is already a namespace {name!r} in this lab: choose another name")
        return self._add(Namespace(name=name, machine=name, label=name, role=role))

    def add_namespace(self, machine: str, label: str, named: bool = True, role: str = "namespace") -> Namespace:
        """A further namespace on a machine. KernelError(EEXIST) when the machine has that name."""
        _check_name(label)
        if self.on_machine(machine, label) is not None:
            raise KernelError(errno.EEXIST)
        name = label if label not in self.namespaces else f"{machine}/{label}"
        return self._add(Namespace(name=name, machine=machine, label=label, named=named, role=role))

    def on_machine(self, machine: str, label: str) -> Namespace | None:
        """The namespace that a machine knows by this name, or None."""
        for name in (label, f"{machine}/{label}"):  # it has one of the two (see add_namespace)
            namespace = self.namespaces.get(name)
            if namespace is not None and namespace.named and (namespace.machine, namespace.label) == (machine, label):
                return namespace
        return None

    def of_process(self, machine: str, pid: int) -> Namespace | None:
        """The namespace that a process of a machine lives in; process 1 lives in the machine's own."""
        if pid == 1:
            return self[machine]
        return next((ns for ns in self.namespaces.values() if ns.machine == machine and pid in ns.pids), None)

    def __getitem__(self, name: str) -> Namespace:
        """The namespace of that name; LabError says which there are."""
        try:
            return self.namespaces[name]
        except (KeyError, TypeError):
            known = ", ".join(self.namespaces)
            near = did_you_mean(name, self.namespaces)
            raise LabError(f"there is no namespace {shown(name)} in this lab; there are: {known}{near}") from None

    def interface(self, uid: int) -> Interface | None:
        """The interface with that lab-wide number, wherever it is now."""
        return self.interfaces.get(uid)

    def peer(self, interface: Interface) -> Interface | None:
        """The other end of a veth pair."""
        return None if interface.peer is None else self.interface(interface.peer)

    def copy(self) -> "Lab":
        """A lab of its own, alike in all; it shares with this one what never changes."""
        return deepcopy(self)

    def __deepcopy__(self, memo) -> "Lab":
        memo[id(self)] = new = object.__new__(type(self))
        vars(new).update((name, copied(value, memo)) for name, value in self.__getstate__().items())
        new._picture = self._picture
        return new

    def __getstate__(self) -> dict:
        return {name: value for name, value in vars(self).items() if name != "_picture"}

    @property
    def revision(self) -> int:
        """A number that goes up when anything a person could look at is not as it was when last asked: tables, interfaces and their
        counters, what packets taught (neighbours, FDB), daemons, the clock. Reading commands leave it as it is. It is found by
        comparing, not by counting writes, so that nobody who writes can forget it."""
        if self._picture is None or not alike(self, self._picture):
            self._revision += self._picture is not None
            self._picture = None
            self._picture = self.copy()
        return self._revision

    @contextmanager
    def writing(self, who: str, command: str = ""):
        """Within this block every new line of every table carries this origin."""
        before = self.origin
        try:
            try:
                self.origin = Origin(who, command)
                yield self
            finally:
                self.origin = before
        except BaseException:  # the line in `finally` may be where an interrupt came
            self.origin = before
            raise

    def carry_out(self, verb: Callable, *what) -> None:
        """Do what cannot stay half done: what an interrupt cuts short is done again, whole, before anything else (whole.py). So a
        verb finds what it changes by number or name, and may be done twice."""
        self.begun.append((verb, what))
        try:
            verb(self, *what)
        except LabError:
            self.begun.pop()
            raise
        self.begun.pop()

    @contextmanager
    def line(self):
        """One line of the shell, or one trace: what the programs in it move is counted together."""
        outermost, origin = self._line_began is None, self.origin
        try:
            if outermost:
                self._line_began = self.moved
            yield self
            if outermost:
                self._line_began = None
        except BaseException as error:
            self.origin = origin
            if outermost:
                self._line_began = None
                if not isinstance(error, LabError):
                    from .whole import make_whole

                    make_whole(self)
            raise

    @property
    def most_frames(self) -> int:
        """As many frames may one line move."""
        return MOST_FRAMES + MORE_FRAMES * len(self.interfaces)

    @property
    def exhausted(self) -> bool:
        """Whether this line has moved as many frames as a line may: then its programs stop, as if by ^C."""
        return self._line_began is not None and self.moved - self._line_began > self.most_frames

    def post(self, event: str, *arguments, after: float = 0.0) -> None:
        """Put an event on the agenda, `after` seconds from now; those of one time keep their order."""
        self.agenda_number += 1
        heappush(self.agenda, (self.now + after, self.agenda_number, event, arguments))

    def new_uid(self) -> int:
        self._next_uid += 1
        return self._next_uid - 1

    def new_mac(self) -> str:
        """The lab's MAC addresses count up: 02:00:00:00:00:01, …; a real kernel's are random. 02 marks a locally administered
        address, as the kernel's random ones are."""
        self._next_mac += 1
        return "02:" + (self._next_mac - 1).to_bytes(5, "big").hex(":")

    def who_wrote(self, line: str, on: str | None = None) -> "Answer":
        """Who wrote a line, and with which command: every line that holds these words in a row, in one namespace or (None) in all.
        `line` is written as the tools print it: `10.20.0.0/16 dev flannel0`, or just `10.20.0.0/16`. A rule, which may hold any words, is
        meant only where an option is among them: `-A POSTROUTING`."""
        words = " ".join(plain(line).split())
        if not words:
            raise BadInput("say which line: as `ip route`, `ip addr`, `ip neigh`, `bridge fdb` or `iptables -S` prints it")
        places, rule = [self[on]] if on is not None else self.namespaces.values(), any(word[0] == "-" for word in words.split())
        return Answer(found for ns in places for found in written(ns)
                      if f" {words} " in f" {' '.join(found.line.split())} " and (rule or not found.line.startswith("-t ")))  # fmt: skip

    def _add(self, namespace: Namespace) -> Namespace:
        loopback = Interface(
            uid=self.new_uid(), index=1, name="lo", kind="loopback", mac=ZERO_MAC, mtu=65536,
            namespace=namespace.name, origin=KERNEL,
        )
        self.interfaces[loopback.uid] = loopback
        namespace.add(loopback)
        namespace.next_index = 2
        self.namespaces[namespace.name] = namespace
        return namespace


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not valid_namespace_name(name):
        raise BadInput(f"{shown(name)} cannot be a namespace's name: 1 to {LONGEST_FILE} bytes without '/', and neither '.' nor '..'")


def written(ns: Namespace):
    """Every line of a namespace's tables, as the tools print it."""
    for table in ns.tables.values():
        for route in table:
            yield Written(ns.name, str(route), route.origin)
    for interface in ns.by_index():
        for address in interface.addresses:
            yield Written(ns.name, f"inet {address.interface} scope {address.scope} {address.label}", address.origin)
        for held in (interface.bridge, interface.vxlan):
            for entry in held.fdb if held is not None else ():
                where = f"dst {entry.dst}" if entry.dst else f"master {entry.master}" if entry.master else ""
                yield Written(ns.name, " ".join(f"{entry.mac} dev {entry.dev} {where} {entry.owner} {entry.state}".split()), entry.origin)
    for entry in ns.neighbors.values():
        yield Written(ns.name, f"{entry.address} dev {entry.dev} lladdr {entry.lladdr} {entry.state}", entry.origin)
    for table in ns.netfilter.tables.values() if ns.netfilter is not None else ():
        for chain in table.listed():
            if chain.real:
                made = f"-P {chain.name} {chain.policy}" if chain.policy else f"-N {chain.name}"
                yield Written(ns.name, f"-t {table.name} {made}", chain.origin)
            for rule in chain.rules:
                yield Written(ns.name, f"-t {table.name} -A {chain.name} {rule.spec}", rule.origin)
