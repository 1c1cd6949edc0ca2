"""Seeded scripts by family: `script("a", 17)` is the same script today and tomorrow."""
from __future__ import annotations

from random import Random
from typing import Callable

from tests.conform.lans import lans
from tests.conform.moves import moves
from tests.conform.routers import routers
from tests.conform.routes import routes
from tests.conform.script import Line, Script
from tests.conform.slips import slips
from tests.conform.tunnels import tunnels

FAMILIES: dict[str, Callable[[Random], Script]] = {"a": routes, "b": lans, "c": routers, "d": tunnels, "e": slips, "f": moves}


def script(family: str, seed: int) -> list[Line]:
    """The lines of one script."""
    return FAMILIES[family](Random(f"{family}{seed}")).lines
