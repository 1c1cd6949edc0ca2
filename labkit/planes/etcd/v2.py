"""`etcdctl` with the v2 API: get, ls, set, mk, rm, over directories.

Everything here observed on etcdctl 3.4.23 with ETCDCTL_API=2. A real `ls` comes in the order of a Go map,
which is none; here the oldest comes first.
"""

from ...commands.result import Failure, Result
from .. import go
from .store import Exists, Store, check_key, parents

#: command -> its flags, and those with a value behind.
_FLAGS = {
    "get": ({"sort", "quorum", "q"}, set()),
    "ls": ({"recursive", "r", "sort", "p", "quorum", "q"}, set()),
    "set": (set(), {"ttl"}),
    "mk": ({"in-order"}, {"ttl"}),
    "rm": ({"recursive", "r"}, set()),
}


def run(store: Store, args: list[str]) -> Result:
    """etcdctl COMMAND …"""
    command = args[0] if args else ""
    if command not in _FLAGS:
        known = f"The lab's etcdctl (v2 API) understands: {', '.join(sorted(_FLAGS))}.\n"
        raise Failure(3 if command else 0, (f"No help topic for '{command}'\n" if command else "") + known)
    flags, words = _options(command, args[1:])
    match command:
        case "get":
            return _get(store, words)
        case "ls":
            return _ls(store, flags, words)
        case "set" | "mk":
            return _put(store, command, flags, words)
    return _rm(store, flags, words)


def _options(command: str, args: list[str]) -> tuple[dict[str, str], list[str]]:
    """Flags, with one dash or two, anywhere; the rest are words."""
    plain, valued = _FLAGS[command]
    flags, words, rest = {}, [], iter(args)
    for arg in rest:
        if not arg.startswith("-") or arg == "-":
            words.append(arg)
            continue
        name, given, value = arg.lstrip("-").partition("=")
        if name not in plain | valued:
            complaint = f"flag provided but not defined: -{name}\n"
            raise Failure(1, complaint, f"Incorrect Usage: {complaint}\n")
        if name in valued and not given:
            value = next(rest, "")
        if name in valued:
            try:
                go.unsigned(value)
            except ValueError as error:
                complaint = f'invalid value "{value}" for flag -{name}: {error}\n'
                raise Failure(1, complaint, f"Incorrect Usage: {complaint}\n") from None
        flags[name] = value
    return flags, words


def _get(store: Store, words: list[str]) -> Result:
    key = _key(words)
    entry = store.get(key)
    if entry is None:
        if key == "/" or key in store.directories:
            raise Failure(1, f"{key.rstrip('/')}: is a directory\n")
        raise _error(100, "Key not found", key, store)
    return Result(0, f"{entry.value}\n")


def _ls(store: Store, flags: dict[str, str], words: list[str]) -> Result:
    key = _key(words or ["/"])
    if store.get(key) is not None:
        return Result(0, f"{key}\n")
    if key != "/" and key not in store.directories:
        raise _error(100, "Key not found", key, store)
    found = _below(store, key, recursive=bool(flags.keys() & {"recursive", "r"}), ordered="sort" in flags)
    slash = {path: "/" if "p" in flags and path in store.directories else "" for path in found}
    return Result(0, "".join(f"{path}{slash[path]}\n" for path in found))


def _below(store: Store, directory: str, recursive: bool, ordered: bool) -> list[str]:
    """What is in a directory, the oldest first; with `recursive` each directory's content behind it."""
    made = {**store.directories, **{key: entry.created for key, entry in store.entries.items()}}
    inside: dict[str, list[str]] = {}
    for path in sorted(made, key=(lambda path: path) if ordered else made.__getitem__, reverse=True):
        inside.setdefault(path.rpartition("/")[0], []).append(path)
    waiting, found = list(inside.get(directory.rstrip("/"), [])), []
    while waiting:
        found.append(waiting.pop())
        if recursive:
            waiting += inside.get(found[-1], [])
    return found


def _put(store: Store, command: str, flags: dict[str, str], words: list[str]) -> Result:
    """set, and mk, which refuses a key that exists."""
    key = _key(words)
    check_key(key)
    if len(words) < 2:
        raise Failure(1, "Error:  value required\n")
    if key == "/" or key in store.directories:
        raise _error(102, "Not a file", key, store)
    for parent in parents(key):
        if store.get(parent) is not None:
            raise _error(104, "Not a directory", parent, store)
    ttl = float(flags["ttl"]) if int(flags.get("ttl", 0)) else None
    try:
        (store.create if command == "mk" else store.put)(key, words[1], ttl)
    except Exists:
        raise _error(105, "Key already exists", key, store) from None
    return Result(0, f"{words[1]}\n")


def _rm(store: Store, flags: dict[str, str], words: list[str]) -> Result:
    key = _key(words)
    recursive = bool(flags.keys() & {"recursive", "r"})
    if key in store.directories:
        if not recursive:
            raise _error(102, "Not a file", key, store)
        store.delete_directory(key)
        return Result()
    entry = store.delete(key)
    if entry is None:
        raise _error(100, "Key not found", key, store)
    return Result(0, "" if recursive else f"PrevNode.Value: {entry.value}\n")


def _key(words: list[str]) -> str:
    if not words:
        raise Failure(1, "Error:  key required\n")
    return "/" + words[0].strip("/")


def _error(code: int, words: str, key: str, store: Store) -> Failure:
    return Failure(4, f"Error:  {code}: {words} ({key}) [{store.index}]\n")
