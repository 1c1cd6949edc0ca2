"""The forwarding database: which MAC address is behind which bridge port or tunnel peer.

On a bridge an entry names the port (`dev`); on a vxlan interface it names the remote VTEP (`dst`).
Entries are learned from source addresses and age, or are permanent. bridge(8).
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from .values import KERNEL, Origin, Value


@dataclass(frozen=True, slots=True)
class FdbEntry(Value):
    """`seen` is the lab's clock, in seconds, when a frame last confirmed the entry. state: "" (learned), "permanent" (local address
    or written so) or "static". owner: "master" when the bridge holds it, "self" when the interface itself does."""

    mac: str
    dev: str
    dst: IPv4Address | None = None
    master: str | None = None
    owner: str = "master"
    state: str = ""
    seen: float = 0.0
    origin: Origin = field(default=KERNEL, compare=False)

    def expired(self, now: float, ageing: float) -> bool:
        return self.state == "" and now - self.seen >= ageing


class Fdb:
    """The entries of one bridge or one vxlan interface, in the order they were made. Each has a number that counts up; `_numbers`
    has those of one MAC address. A copy has all in common with the original until one of them is written to."""

    __slots__ = ("_entries", "_numbers", "_next", "_common")
    SEEN = ("_entries",)

    def __init__(self):
        self._entries: dict[int, FdbEntry] = {}
        self._numbers: dict[str, list[int]] = {}
        self._next, self._common = 0, False

    def __deepcopy__(self, memo) -> "Fdb":
        new = object.__new__(Fdb)
        new._entries, new._numbers, new._next = self._entries, self._numbers, self._next
        new._common = self._common = True
        return new

    def __iter__(self):
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, mac: str, dev: str | None = None) -> FdbEntry | None:
        return next((entry for entry in self.all(mac) if dev in (None, entry.dev)), None)

    def all(self, mac: str) -> list[FdbEntry]:
        return [self._entries[number] for number in self._numbers.get(mac, ())]

    def add(self, entry: FdbEntry) -> None:
        self._own()
        self._entries[self._next] = entry
        self._numbers.setdefault(entry.mac, []).append(self._next)
        self._next += 1

    def replace(self, old: FdbEntry | None, new: FdbEntry) -> None:
        """Put `new`, of the same MAC address, where `old` stands; None: at the end."""
        if old is None:
            return self.add(new)
        self._own()
        self._entries[next(n for n in self._numbers[old.mac] if self._entries[n] == old)] = new

    def remove(self, entry: FdbEntry) -> None:
        self._remove(next(n for n in self._numbers[entry.mac] if self._entries[n] == entry))

    def discard(self, doomed) -> None:
        for number in [n for n, entry in self._entries.items() if doomed(entry)]:
            self._remove(number)

    def _remove(self, number: int) -> None:
        self._own()
        mac = self._entries.pop(number).mac
        self._numbers[mac].remove(number)
        if not self._numbers[mac]:
            del self._numbers[mac]

    def refile(self) -> None:
        """Work out the index anew: an interrupt may have come between it and the entries."""
        self._entries, self._numbers, self._common = dict(self._entries), {}, False
        self._next = max(self._entries, default=-1) + 1
        for number, entry in self._entries.items():
            self._numbers.setdefault(entry.mac, []).append(number)

    def _own(self) -> None:
        """Before a write: have entries of one's own."""
        if self._common:
            self.refile()
