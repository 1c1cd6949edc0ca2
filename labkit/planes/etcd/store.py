"""What etcd keeps: keys with values, some of which expire, and who wants to hear of changes.

Two APIs look at it: v2 has directories and an index, v3 flat keys and a revision. A server here speaks
one of them (flannel used v2 until 0.17). Observed on etcd 3.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...errors import LabError
from ...lab.lab import Lab
from ...tables.values import Value
from ...trace.engine import Net, handles


@dataclass(frozen=True, slots=True)
class Entry(Value):
    """`expires` is on the lab's clock; None is never. `created` and `modified` are indices."""

    key: str
    value: str
    created: int
    modified: int
    expires: float | None = None


class Exists(LabError):
    """A key that was to be created is there already."""


@dataclass(frozen=True, slots=True)
class Event(Value):
    """A change under a watched prefix: action is "put", "delete" or "expire"."""

    action: str
    key: str
    value: str = ""
    expires: float | None = None


class Store:
    """Keys in the order they were made. `directories` are v2's, which stay when their last key goes.

    `serving`: the server runs. While it does not, its clients are to ask nothing of it."""

    def __init__(self, lab: Lab, index: int):
        self.lab = lab
        self.index = index
        self.serving = True
        self.entries: dict[str, Entry] = {}
        self.directories: dict[str, int] = {}
        self._watchers: list[tuple[str, Callable[[Event], None]]] = []

    def serve(self) -> None:
        """The server runs (again): what should have expired meanwhile does so now."""
        self.serving = True
        for key in list(self.entries):
            self.expire(key)

    def expire(self, key: str) -> None:
        """A key's time may have come, if nobody renewed it."""
        entry = self.get(key)
        if self.serving and entry is not None and entry.expires is not None and entry.expires <= self.lab.now + 1e-9:
            self.delete(key, "expire")

    def get(self, key: str) -> Entry | None:
        return self.entries.get(key)

    def under(self, prefix: str) -> list[Entry]:
        """All entries whose key starts with the prefix, in the order they were made."""
        return [entry for key, entry in self.entries.items() if key.startswith(prefix)]

    def put(self, key: str, value: str, ttl: float | None = None) -> Entry:
        """Set a key; `ttl` in seconds. A new value without one never expires."""
        self.index += 1
        old = self.entries.get(key)
        expires = None if ttl is None else self.lab.now + ttl
        entry = Entry(key, value, old.created if old else self.index, self.index, expires)
        self.entries[key] = entry
        for parent in parents(key):
            self.directories.setdefault(parent, self.index)
        if expires is not None:
            self.lab.post("etcd_expire", self, key, after=ttl)
        self._tell(Event("put", key, value, expires))
        return entry

    def create(self, key: str, value: str, ttl: float | None = None) -> Entry:
        """Set a key only if it does not exist; Exists otherwise."""
        if key in self.entries:
            raise Exists(f"Key already exists ({key})")
        return self.put(key, value, ttl)

    def delete(self, key: str, action: str = "delete") -> Entry | None:
        """Take a key away and return what it was, or None."""
        entry = self.entries.pop(key, None)
        if entry is not None:
            self.index += 1
            self._tell(Event(action, key, entry.value))
        return entry

    def delete_directory(self, directory: str) -> None:
        """v2: a directory with all that is in it, which counts as one change."""
        index = self.index
        for entry in self.under(f"{directory}/"):
            self.delete(entry.key)
        for inner in [d for d in self.directories if d == directory or d.startswith(f"{directory}/")]:
            del self.directories[inner]
        self.index = index + 1

    def watch(self, prefix: str, heard: Callable[[Event], None]) -> None:
        """Tell `heard` of every change under the prefix, until `unwatch`."""
        self._watchers.append((prefix, heard))

    def unwatch(self, heard: Callable[[Event], None]) -> None:
        self._watchers = [(prefix, other) for prefix, other in self._watchers if other != heard]

    def _tell(self, event: Event) -> None:
        for prefix, heard in list(self._watchers):
            if event.key.startswith(prefix):
                heard(event)


def parents(key: str) -> list[str]:
    """The directories above a key: "/a", "/a/b" for "/a/b/c"."""
    parts = key.strip("/").split("/")[:-1]
    return ["/" + "/".join(parts[: i + 1]) for i in range(len(parts))]


@handles("etcd_expire")
def expire(net: Net, store: Store, key: str) -> None:
    store.expire(key)
