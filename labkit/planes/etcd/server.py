"""An etcd server on one machine, and `etcdctl`, which talks to the one on its own machine.

A server speaks one API, as flannel of its time did: v2 has directories and `ls`, v3 flat keys in the order of their bytes, of which
a prefix takes a directory's place. Commands, outputs and exit statuses observed on etcd 3.4.23; the long help texts are left out.
A real `ls` comes in the order of a Go map, which is none; here the oldest comes first.
"""

from functools import partial

from ...commands.result import Context, Failure, Result
from ...errors import BadInput, KernelError, LabError
from ...lab.lab import Lab
from ...lab.program import Listener, listen
from ..pflag import Flags
from .store import Entry, Exists, Store, parents

LONGEST_KEY = 2_000
#: A new server of its own has used these up for itself (observed).
_FIRST_INDEX = {2: 3, 3: 1}
#: Where clients such as flanneld reach it (etcd: --listen-client-urls).
CLIENTS = Listener("tcp", None, 2379, "etcd")

_REFUSED_V2 = """\
Error:  client: etcd cluster is unavailable or misconfigured; error #0: dial tcp 127.0.0.1:2379: connect: connection refused
; error #1: dial tcp 127.0.0.1:4001: connect: connection refused

error #0: dial tcp 127.0.0.1:2379: connect: connection refused
error #1: dial tcp 127.0.0.1:4001: connect: connection refused

"""
_REFUSED = {2: (2, _REFUSED_V2), 3: (1, "Error: context deadline exceeded\n")}


class Etcd:
    """etcd on the machine `on`, in place of an earlier one; `api` is 2 or 3. The lab has etcdctl from then on. A Daemon."""

    name, description = "etcd", "Etcd Server"
    command = "/usr/bin/etcd --name=default --data-dir=/var/lib/etcd/default.etcd"

    def __init__(self, lab: Lab, on: str, api: int = 3):
        if api not in _FIRST_INDEX:
            raise BadInput(f"etcd has no API {api!r}: 2 or 3")
        self.lab, self.machine, self.api = lab, lab[on].machine, api
        self.store = Store(lab, _FIRST_INDEX[api])
        self.log: list[str] = []
        self.store.serving = False
        if ("etcd", self.machine) in lab.daemons:
            lab.daemons["etcd", self.machine].stop()
        self.start()
        lab.daemons.add(self)
        lab.commands["etcdctl"] = etcdctl

    @property
    def running(self) -> bool:
        return self.store.serving

    def start(self) -> None:
        if self.running:
            return
        try:
            listen(self.lab[self.machine], CLIENTS)
        except KernelError as error:
            self.log.append(f"listen tcp 0.0.0.0:{CLIENTS.port}: bind: {str(error).lower()}")
            raise LabError(self.log[-1]) from None
        self.store.serve()

    def stop(self) -> None:
        """Nobody is answered, nothing expires; what was kept stays on the disk."""
        self.store.serving = False
        self.lab[self.machine].listeners.discard(CLIENTS)


def etcdctl(ctx: Context, args: list[str]) -> Result:
    """The command: it asks 127.0.0.1, so in another namespace than the server's nobody answers."""
    server = ctx.lab.daemons.get(("etcd", ctx.ns.name))
    if server is None or not server.running:
        raise Failure(*_REFUSED[(server or next(iter(ctx.lab.services["etcd"].values()))).api])
    return _COMMANDS[server.api](server.store, args)


def _commands_v2(store: Store, args: list[str]) -> Result:
    name, *rest = args or [""]
    if name not in _V2:
        known = f"The lab's etcdctl (v2 API) understands: {', '.join(sorted(_V2))}.\n"
        raise Failure(3 if name else 0, (f"No help topic for '{name}'\n" if name else "") + known)
    do, known = _V2[name]
    flags = Flags(known, rest, lambda complaint, words: Failure(1, f"{complaint}\n", f"Incorrect Usage: {complaint}\n\n"), one_dash=True)
    if not flags.words and name != "ls":
        raise Failure(1, "Error:  key required\n")
    key = "/" + (flags.words or ["/"])[0].strip("/")
    return do(store, key, flags)


def _get(store: Store, key: str, flags: Flags) -> Result:
    entry = store.get(key)
    if entry is None:
        if key == "/" or key in store.directories:
            raise Failure(1, f"{key.rstrip('/')}: is a directory\n")
        raise _error(100, "Key not found", key, store)
    return Result(0, f"{entry.value}\n")


def _ls(store: Store, key: str, flags: Flags) -> Result:
    if store.get(key) is not None:
        return Result(0, f"{key}\n")
    if key != "/" and key not in store.directories:
        raise _error(100, "Key not found", key, store)
    made = {**store.directories, **{key: entry.created for key, entry in store.entries.items()}}
    inside: dict[str, list[str]] = {}
    for path in sorted(made, key=(lambda path: path) if flags.on("sort") else made.__getitem__, reverse=True):
        inside.setdefault(path.rpartition("/")[0], []).append(path)
    waiting, found = list(inside.get(key.rstrip("/"), [])), []
    while waiting:
        found.append(waiting.pop())
        if flags.on("recursive") or flags.on("r"):
            waiting += inside.get(found[-1], [])
    return Result(0, "".join(f"{path}{'/' if flags.on('p') and path in store.directories else ''}\n" for path in found))


def _set(store: Store, key: str, flags: Flags, make: str = "put") -> Result:
    _check(key)
    if len(flags.words) < 2:
        raise Failure(1, "Error:  value required\n")
    if key == "/" or key in store.directories:
        raise _error(102, "Not a file", key, store)
    for parent in parents(key):
        if store.get(parent) is not None:
            raise _error(104, "Not a directory", parent, store)
    value = flags.words[1]
    try:
        getattr(store, make)(key, value, float(flags.number("ttl")) or None)
    except Exists:
        raise _error(105, "Key already exists", key, store) from None
    return Result(0, f"{value}\n")


def _rm(store: Store, key: str, flags: Flags) -> Result:
    recursive = flags.on("recursive") or flags.on("r")
    if key in store.directories:
        if not recursive:
            raise _error(102, "Not a file", key, store)
        store.delete_directory(key)
        return Result()
    entry = store.delete(key)
    if entry is None:
        raise _error(100, "Key not found", key, store)
    return Result(0, "" if recursive else f"PrevNode.Value: {entry.value}\n")


_V2 = {
    "get": (_get, "sort quorum q"), "ls": (_ls, "recursive r sort p quorum q"), "rm": (_rm, "recursive r"),
    "set": (_set, "ttl#"), "mk": (partial(_set, make="create"), "in-order! ttl#"),
}  # fmt: skip


def _check(key: str) -> None:
    """A key of v2 keeps all directories above it, too."""
    if len(key) > LONGEST_KEY:
        raise Failure(1, f"The lab's etcd keeps keys of up to {LONGEST_KEY:,} characters.\n")


def _error(code: int, words: str, key: str, store: Store) -> Failure:
    return Failure(4, f"Error:  {code}: {words} ({key}) [{store.index}]\n")


#: What v3 says of too few words, and its flags.
_V3 = {
    "get": ("get command needs one argument as key and an optional argument as range_end",
            "prefix keys-only print-value-only from-key limit#"),
    "put": ("put command needs 1 argument and input from stdin or 2 arguments", ""),
    "del": ("del command needs one argument as key and an optional argument as range_end", "prefix from-key"),
}  # fmt: skip


def _commands_v3(store: Store, args: list[str]) -> Result:
    name, *rest = args or [""]
    if name not in _V3:
        known = f"The lab's etcdctl (v3 API) understands: {', '.join(sorted(_V3))}.\n"
        unknown = f'Error: unknown command "{name}" for "etcdctl"\n'
        raise Failure(1 if name else 0, (f"{unknown}Run 'etcdctl --help' for usage.\n{unknown}" if name else "") + known)
    needs, known = _V3[name]
    flags = Flags(known, rest, lambda complaint, words: Failure(1, f"Error: {complaint}\n\nError: {complaint}\n"))
    if len(flags.words) < (2 if name == "put" else 1):
        raise Failure(128, f"Error: {needs}\n")
    if flags.on("prefix") and flags.on("from-key"):
        raise Failure(128, "Error: `--prefix` and `--from-key` cannot be set at the same time, choose one\n")
    if name == "put":
        _check(flags.words[0])
        store.put(*flags.words[:2])
        return Result(0, "OK\n")
    found = _found(store, flags)
    if name == "del":
        for entry in found:
            store.delete(entry.key)
        return Result(0, f"{len(found)}\n")
    if flags.on("print-value-only"):
        return Result(0, "".join(f"{entry.value}\n" for entry in found))
    return Result(0, "".join(f"{entry.key}\n{'' if flags.on('keys-only') else entry.value}\n" for entry in found))


def _found(store: Store, flags: Flags) -> list[Entry]:
    """The key, or with a second word all from it up to that, or all with the prefix, in the order of their bytes in UTF-8."""
    key, end = (*flags.words, None)[:2]
    if flags.on("prefix"):
        found = store.under(key)
    elif flags.on("from-key") or end is not None:
        found = [entry for entry in store.under("") if key <= entry.key and (flags.on("from-key") or entry.key < end)]
    else:
        found = [entry for entry in (store.get(key),) if entry is not None]
    return sorted(found, key=lambda entry: entry.key)[: flags.number("limit") or None]


_COMMANDS = {2: _commands_v2, 3: _commands_v3}
