"""A neighbour: which MAC address answers for an IP address on one interface.

States are the kernel's (ip-neighbour(8)): INCOMPLETE asked and waiting, REACHABLE confirmed, STALE known but unconfirmed, DELAY in
use and about to be confirmed, PROBE being asked again, FAILED nobody answered, PERMANENT written by someone and never asked for,
NOARP needs no asking, NONE nothing known at all.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from .values import KERNEL, Origin, Value

#: States in which the MAC address may be used (kernel: NUD_VALID).
VALID = frozenset({"PERMANENT", "NOARP", "REACHABLE", "PROBE", "STALE", "DELAY"})


@dataclass(frozen=True, slots=True)
class Neighbor(Value):
    """`since` is the lab's clock, in seconds, when the state was entered."""

    address: IPv4Address
    dev: str
    lladdr: str | None
    state: str
    since: float = 0.0
    proxy: bool = False
    router: bool = False
    origin: Origin = field(default=KERNEL, compare=False)

    @property
    def usable(self) -> bool:
        return self.state in VALID and self.lladdr is not None
