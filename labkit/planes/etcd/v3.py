"""`etcdctl` with the v3 API: get, put, del, over flat keys in the order of their bytes.

Everything here observed on etcdctl 3.4.23. There is no `ls`: a prefix takes its place.
"""

from ...commands.result import Failure, Result
from .. import go
from .store import Entry, Store, check_key

#: command -> its flags, and those with a value behind.
_FLAGS = {
    "get": ({"prefix", "keys-only", "print-value-only", "from-key"}, {"limit"}),
    "put": (set(), set()),
    "del": ({"prefix", "from-key"}, set()),
}
_NEEDS = {
    "get": "get command needs one argument as key and an optional argument as range_end",
    "del": "del command needs one argument as key and an optional argument as range_end",
    "put": "put command needs 1 argument and input from stdin or 2 arguments",
}


def run(store: Store, args: list[str]) -> Result:
    """etcdctl COMMAND …"""
    command = args[0] if args else ""
    if command not in _FLAGS:
        known = f"The lab's etcdctl (v3 API) understands: {', '.join(sorted(_FLAGS))}.\n"
        unknown = f'Error: unknown command "{command}" for "etcdctl"\n'
        raise Failure(1 if command else 0, (f"{unknown}Run 'etcdctl --help' for usage.\n{unknown}" if command else "") + known)
    flags, words = _options(command, args[1:])
    least = 2 if command == "put" else 1
    if len(words) < least:
        raise Failure(128, f"Error: {_NEEDS[command]}\n")
    if {"prefix", "from-key"} <= flags.keys():
        raise Failure(128, "Error: `--prefix` and `--from-key` cannot be set at the same time, choose one\n")
    if command == "put":
        check_key(words[0])
        store.put(words[0], words[1])
        return Result(0, "OK\n")
    found = _found(store, flags, words)
    if command == "get":
        return Result(0, _shown(found, flags))
    for entry in found:
        store.delete(entry.key)
    return Result(0, f"{len(found)}\n")


def _options(command: str, args: list[str]) -> tuple[dict[str, str], list[str]]:
    plain, valued = _FLAGS[command]
    flags, words, rest = {}, [], iter(args)
    for arg in rest:
        if not arg.startswith("--"):
            words.append(arg)
            continue
        name, given, value = arg[2:].partition("=")
        if name not in plain | valued:
            raise _flag_error(f"unknown flag: --{name}")
        if name in valued and not given:
            value = next(rest, None)
            if value is None:
                raise _flag_error(f"flag needs an argument: --{name}")
        if name in valued:
            try:
                go.unsigned(value)
            except ValueError as error:
                raise _flag_error(f'invalid argument "{value}" for "--{name}" flag: {error}') from None
        flags[name] = value
    return flags, words


def _flag_error(words: str) -> Failure:
    return Failure(1, f"Error: {words}\n\nError: {words}\n")


def _found(store: Store, flags: dict[str, str], words: list[str]) -> list[Entry]:
    """The key, or with a second word all from it up to that, or all with the prefix."""
    key = words[0]
    if "prefix" in flags:
        found = store.under(key)
    elif "from-key" in flags:
        found = [entry for entry in store.under("") if entry.key >= key]
    elif len(words) > 1:
        found = [entry for entry in store.under("") if key <= entry.key < words[1]]
    else:
        found = [entry for entry in (store.get(key),) if entry is not None]
    found.sort(key=lambda entry: entry.key)  # as its bytes in UTF-8
    return found[: int(flags.get("limit", 0)) or None]


def _shown(found: list[Entry], flags: dict[str, str]) -> str:
    """Key and value on a line each; --keys-only leaves the value's line empty."""
    if "print-value-only" in flags:
        return "".join(f"{entry.value}\n" for entry in found)
    return "".join(f"{entry.key}\n{'' if 'keys-only' in flags else entry.value}\n" for entry in found)
