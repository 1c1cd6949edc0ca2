"""Seeded scripts by family: `script("a", 17)` is the same script today and tomorrow."""
from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.conform.filters import bridged, filters
from tests.conform.lans import lans
from tests.conform.moves import moves
from tests.conform.routers import routers
from tests.conform.routes import routes
from tests.conform.rule_slips import rule_slips
from tests.conform.script import Line, Script
from tests.conform.services import services
from tests.conform.slips import slips
from tests.conform.tunnels import tunnels

FAMILIES: dict[str, Callable[[Random], Script]] = {"a": routes, "b": lans, "c": routers, "d": tunnels, "e": slips, "f": moves,
                                                        "g": filters, "h": bridged, "i": services, "j": rule_slips}


def script(family: str, seed: int) -> list[Line]:
    """The lines of one script."""
    random = Random(f"{family}{seed}")
    return [from_host(random, line) for line in FAMILIES[family](random).lines]


def from_host(random: Random, line: Line) -> Line:
    """Some lines typed on the host instead, with `ip -n` or `ip netns exec`, as most people do."""
    if line.on == "host" or random.random() > 0.2:
        return line
    words = line.line.split(maxsplit=1)
    if words[0] == "ip" and random.random() < 0.7:
        return Line("host", f"ip -n {line.on} {words[1]}")
    return Line("host", f"ip netns exec {line.on} {line.line}")
