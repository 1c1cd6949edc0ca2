"""Who wrote a line, and with which command.

Every route, address, neighbour and forwarding entry carries its origin; `who_wrote` finds the lines
that begin with the words asked for.
"""

from dataclasses import dataclass

from ..errors import BadInput
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..tables.origin import Origin
from ..tables.pasted import plain


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


def who_wrote(lab: Lab, line: str, on: str | None = None) -> Answer:
    """Every line that holds these words in a row, in one namespace or (on=None) in all of them.

    `line` is written as the tools print it: `10.20.0.0/16 dev flannel0`, or just `10.20.0.0/16`.
    """
    words = plain(line).split()
    if not words:
        raise BadInput("say which line: as `ip route`, `ip addr`, `ip neigh` or `bridge fdb` prints it")
    places = [lab[on]] if on is not None else list(lab.namespaces.values())
    found = (w for ns in places for w in written(ns) if _holds(w.line.split(), words))
    return Answer(found)


def _holds(line: list[str], words: list[str]) -> bool:
    return any(line[i : i + len(words)] == words for i in range(len(line) - len(words) + 1))


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
