"""A script: lines with the namespace each runs in, and the words every family of scripts is made of.

`Script` only collects lines. Everything random comes from the `random.Random` a family is given, so a seed is a script.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple


class Line(NamedTuple):
    """One command line and the namespace it runs in."""

    on: str
    line: str


@dataclass
class Script:
    """Lines being collected, and the namespaces known to exist."""

    lines: list[Line] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=lambda: ["host"])

    def __call__(self, line: str, on: str = "host") -> None:
        self.lines.append(Line(on, line))

    def netns(self, *names: str) -> None:
        """Make namespaces."""
        for name in names:
            self(f"ip netns add {name}")
            self.namespaces.append(name)

    def veth(self, left: str, left_on: str, right: str, right_on: str, up: bool = True) -> None:
        """Join two namespaces by a veth pair."""
        where = f" netns {right_on}" if right_on != left_on else ""
        self(f"ip link add {left} type veth peer name {right}{where}", left_on)
        if up:
            self(f"ip link set {left} up", left_on)
            self(f"ip link set {right} up", right_on)

    def cable(self, left: str, left_on: str, right: str, right_on: str) -> None:
        """A veth pair between two named namespaces, made on the host as a learner makes it."""
        self(f"ip link add {left} netns {left_on} type veth peer name {right} netns {right_on}")
        self(f"ip link set {left} up", left_on)
        self(f"ip link set {right} up", right_on)

    def look(self, random: Random, views: Sequence[str], count: int = 2) -> None:
        """Some of the views in every namespace."""
        for on in self.namespaces:
            for view in random.sample(list(views), min(count, len(views))):
                self(view, on)


# Views that print the same for the same state, whatever happened before.
STATE_VIEWS = ("ip addr", "ip link", "ip -br addr", "ip -br link", "ip route", "ip route show table local", "ip neigh",
               "ip -j route", "ip -4 addr", "ip a", "ip -4 -br a", "route -n", "ip -j addr", "ip -o addr", "ip -j link",
               "ip -j neigh")
COUNTER_VIEWS = ("ip -s link", "ip -s link show dev {}", "ip -j -s link", "ifconfig {}",
                 "netstat -i", "ifconfig -a", "netstat -i -a")
BRIDGE_VIEWS = ("bridge fdb", "bridge fdb show", "bridge link", "bridge -j fdb show", "bridge -j link")


def counters(random: Random, *devices: str) -> str:
    """A look at how much passed through an interface."""
    return random.choice(COUNTER_VIEWS).format(random.choice(devices))


def chance(random: Random, of: float) -> bool:
    """True with this probability."""
    return random.random() < of
