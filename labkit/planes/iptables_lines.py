"""How a control plane types iptables: chains and lines that may be there already, its own from before or somebody else's."""

from dataclasses import dataclass

from ..lab.lab import Lab
from ..lab.namespace import Namespace
from . import writing


@dataclass(frozen=True, slots=True)
class Iptables:
    """`who` types it in `ns`. Each has its own way to say that it waits for the lock, before the words or behind: `tool` and `last`, as in
    `iptables -w 5` and ` --wait`. A line is a chain and the words of a rule; each {} in it becomes one of the values (`writing.run`)."""

    lab: Lab
    ns: Namespace
    who: str
    tool: str = "iptables"
    last: str = ""

    def type(self, table: str, words: str, *values) -> None:
        """Run it as it is; LabError."""
        writing.run(self.lab, self.ns, self.who, f"{self.tool} -t {table} {words}{self.last}", *values)

    def has_chain(self, table: str, name: str) -> bool:
        return self.ns.netfilter is not None and name in self.ns.netfilter.table(table).chains

    def has(self, table: str, line: str, *values) -> bool:
        return writing.holds(self.lab, self.ns, f"iptables -t {table} -C {line}", *values)

    def ensure_chain(self, table: str, name: str) -> None:
        if not self.has_chain(table, name):
            self.type(table, f"-N {name}")

    def ensure(self, table: str, verb: str, line: str, *values) -> None:
        """-A or -I, unless it is there."""
        if not self.has(table, line, *values):
            self.type(table, f"{verb} {line}", *values)

    def remove(self, table: str, line: str, *values) -> None:
        """-D, if it is there."""
        if self.has(table, line, *values):
            self.type(table, f"-D {line}", *values)
