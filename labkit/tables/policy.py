"""A policy rule: which table to ask, and in which order (`ip rule`).

Rules at start: 0 local, 32766 main, 32767 default (ip-rule(8)). Lower number first; a table without
an answer, or one that ends in `throw`, hands on to the next rule.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Network

from .route import ANY, DEFAULT, LOCAL, MAIN
from .values import KERNEL, Origin, Value


@dataclass(frozen=True, slots=True)
class Rule(Value):
    priority: int
    table: int = MAIN
    src: IPv4Network = ANY
    dst: IPv4Network = ANY
    iif: str | None = None
    oif: str | None = None
    fwmark: int | None = None
    fwmask: int = 0xFFFFFFFF
    tos: int = 0
    action: str = "lookup"
    invert: bool = False
    proto: str = "boot"
    origin: Origin = field(default=KERNEL, compare=False)


def first_rules() -> list[Rule]:
    """The three rules of a new namespace."""
    return [
        Rule(0, LOCAL, proto="kernel"),
        Rule(32766, MAIN, proto="kernel"),
        Rule(32767, DEFAULT, proto="kernel"),
    ]
