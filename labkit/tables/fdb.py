"""The forwarding database: which MAC address is behind which bridge port or tunnel peer.

On a bridge an entry names the port (`dev`); on a vxlan interface it names the remote VTEP (`dst`).
Entries are learned from source addresses and age, or are permanent. bridge(8).
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from .origin import KERNEL, Origin


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """`seen` is the lab's clock, in seconds, when a frame last confirmed the entry.

    state: "" (learned), "permanent" (local address or written so) or "static".
    owner: "master" when the bridge holds it, "self" when the interface itself does.
    """

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
    """The entries of one bridge or one vxlan interface, in the order they were made."""

    __slots__ = ("_entries",)

    def __init__(self):
        self._entries: list[FdbEntry] = []

    def __iter__(self):
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, mac: str, dev: str | None = None) -> FdbEntry | None:
        for entry in self._entries:
            if entry.mac == mac and (dev is None or entry.dev == dev):
                return entry
        return None

    def all(self, mac: str) -> list[FdbEntry]:
        return [entry for entry in self._entries if entry.mac == mac]

    def add(self, entry: FdbEntry) -> None:
        self._entries.append(entry)

    def replace(self, old: FdbEntry, new: FdbEntry) -> None:
        self._entries[self._entries.index(old)] = new

    def discard(self, doomed) -> None:
        self._entries = [entry for entry in self._entries if not doomed(entry)]
