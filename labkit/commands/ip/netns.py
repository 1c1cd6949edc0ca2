"""`ip netns`: named namespaces of a machine, and commands run in them.

iproute2 ip/ipnetns.c. A name stands for a file in /run/netns; the newest is listed first, as tmpfs
lists them. The lab has no processes, so `pids` finds none and `identify` knows only its own place.
"""

from dataclasses import replace
from errno import EEXIST, ENOSPC

from ...errors import KernelError
from ...lab import links
from ...lab.namespace import Namespace, valid_namespace_name
from ..grammar import Words, integer, matches, refused, wrong
from ..records import json_text
from ..result import Context, Failure, Result
from ..words import is_digits, whole
from . import usage
from .options import Options


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    """One `ip netns` line; commands may be shortened, compared in iproute2's order."""
    words = Words(args)
    if not words:
        return _list(ctx, options)
    command = words.take()
    if words and not options.all and not valid_namespace_name(words.rest()[0]):
        raise Failure(255, f'Invalid netns name "{words.rest()[0]}"\n')
    if matches(command, "list", "show", "lst"):
        return _list(ctx, options)
    if matches(command, "list-id"):
        return _list_ids(ctx, options, words)
    if matches(command, "help"):
        raise Failure(255, usage.NETNS)
    for name, action in _COMMANDS:
        if matches(command, name):
            return action(ctx, options, words)
    raise Failure(255, f'Command "{command}" is unknown, try "ip netns help".\n')


def named_namespace(ctx: Context, name: str) -> Namespace:
    """The namespace that `ip -n NAME` and `ip netns exec NAME` enter."""
    found = ctx.lab.on_machine(ctx.ns.machine, name)
    if name.rstrip("/") in ("", ".", ".."):  # a directory can be opened, but not entered
        raise Failure(255, f'setting the network namespace "{name}" failed: Invalid argument\n')
    if found is None:
        raise Failure(255, f'Cannot open network namespace "{name}": No such file or directory\n')
    return found


def _name(words: Words) -> str:
    if not words:
        raise Failure(1, "No netns name specified\n")
    return words.take()


def _list(ctx: Context, options: Options) -> Result:
    listed = links.named_namespaces(ctx.lab, ctx.ns.machine)
    ids = ctx.ns.nsids
    if options.json:
        entries = [{"name": ns.label} | ({"id": ids[ns.name]} if ns.name in ids else {}) for ns in listed]
        return Result(0, json_text(entries, options.pretty))
    return Result(0, "".join(ns.label + (f" (id: {ids[ns.name]})" if ns.name in ids else "") + "\n" for ns in listed))


def _list_ids(ctx: Context, options: Options, words: Words) -> Result:
    if words:
        raise Failure(255, usage.NETNS)
    entries = []
    for name, number in sorted(ctx.ns.nsids.items(), key=lambda item: item[1]):
        there = ctx.lab[name]
        known = there.named and there.machine == ctx.ns.machine
        entries.append({"nsid": number} | ({"name": there.label} if known else {}))
    if options.json:
        return Result(0, json_text(entries, options.pretty))
    names = [f"(iproute2 netns name: {entry['name']})" if "name" in entry else "" for entry in entries]
    return Result(0, "".join(f"nsid {entry['nsid']} {name}\n" for entry, name in zip(entries, names, strict=True)))


def _add(ctx: Context, options: Options, words: Words) -> Result:
    name = _name(words)
    try:
        ctx.lab.add_namespace(ctx.ns.machine, name)
    except KernelError:
        raise Failure(1, f'Cannot create namespace file "/run/netns/{name}": File exists\n') from None
    return Result()


def _set(ctx: Context, options: Options, words: Words) -> Result:
    """Give a namespace a number by which this one knows it."""
    name = _name(words)
    if not words:
        raise Failure(1, "No nsid specified\n")
    word = words.take()
    number = -1 if word == "auto" else integer(word)
    if number is None:
        raise wrong(word, 'Invalid "netnsid" value')
    if number < 0 and word != "auto":
        raise wrong(word, '"netnsid" value should be >= 0')
    there = ctx.lab.on_machine(ctx.ns.machine, name)
    if there is None:
        raise Failure(1, f'Cannot open network namespace "{name}": No such file or directory\n')
    ids = ctx.ns.nsids
    if there.name in ids:
        raise refused(KernelError(EEXIST, "Peer netns already has a nsid assigned"))
    if number in ids.values():
        raise refused(KernelError(ENOSPC, "The specified nsid is already used"))
    ids[there.name] = number if number >= 0 else next(n for n in range(len(ids) + 1) if n not in ids.values())
    return Result()


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    if options.all:
        names = [ns.label for ns in links.named_namespaces(ctx.lab, ctx.ns.machine)]
    else:
        names = [_name(words)]
    for name in names:
        try:
            links.delete_namespace(ctx.lab, ctx.ns.machine, name)
        except KernelError:
            raise Failure(1, f'Cannot remove namespace file "/run/netns/{name}": No such file or directory\n') from None
    return Result()


def _identify(ctx: Context, options: Options, words: Words) -> Result:
    if not words:
        return Result(0, (ctx.ns.label if ctx.ns.named else "") + "\n")
    pid = words.take()
    if words:
        raise Failure(1, "extra arguments specified\n")
    if not is_digits(pid):
        raise Failure(1, f"Specified string '{pid}' is not a pid\n")
    found = ctx.lab.of_process(ctx.ns.machine, whole(pid))
    if found is not None:
        return Result(0, (found.label if found.named else "") + "\n")
    raise Failure(1, "Cannot open network namespace: No such file or directory\n")


def _pids(ctx: Context, options: Options, words: Words) -> Result:
    name = _name(words)
    if words:
        raise Failure(1, "extra arguments specified\n")
    if ctx.lab.on_machine(ctx.ns.machine, name) is None:
        raise Failure(1, "Cannot open network namespace: No such file or directory\n")
    return Result()


def _exec(ctx: Context, options: Options, words: Words) -> Result:
    """Run a command in a namespace, or with `-all` in each; its exit status is the answer."""
    if not options.all and not words:
        raise Failure(1, "No netns name specified\n")
    if options.all:
        return _exec_everywhere(ctx, words.rest())
    name = words.take()
    if not words:
        raise Failure(1, "No command specified\n")
    return _exec_in(ctx, named_namespace(ctx, name), words.rest())


def _exec_everywhere(ctx: Context, argv: list[str]) -> Result:
    if not argv:
        raise Failure(1, "No command specified\n")
    out = err = ""
    for ns in links.named_namespaces(ctx.lab, ctx.ns.machine):
        result = _exec_in(ctx, ns, argv)
        out += f"\nnetns: {ns.label}\n{result.stdout}"
        err += result.stderr
    return Result(0, out, err)


def _exec_in(ctx: Context, ns: Namespace, argv: list[str]) -> Result:
    from .. import shell  # the shell loads commands by name; only here a command calls it back

    if argv[0] in (".", ".."):
        return Result(1, stderr=f'exec of "{argv[0]}" failed: Permission denied\n')
    if shell.find(ctx.lab, argv[0].rpartition("/")[2]) is None:
        return Result(1, stderr=f'exec of "{argv[0]}" failed: No such file or directory\n')
    return shell.run_argv(replace(ctx, ns=ns), argv)


def _attach(ctx: Context, options: Options, words: Words) -> Result:
    if len(words.rest()) < 2:
        raise Failure(1, "No netns name and PID specified\n")
    name, pid = words.take(), words.take()
    if not integer(pid):
        raise Failure(1, f"Invalid PID: {pid}\n")
    if pid == "1":
        raise Failure(1, "The lab has one name for a namespace, and none for the machine's own that ip netns could list.\n")
    if ctx.lab.on_machine(ctx.ns.machine, name) is not None:
        raise Failure(1, f'Cannot create namespace file "/run/netns/{name}": File exists\n')
    raise Failure(1, f"Bind /proc/{integer(pid)}/ns/net -> /run/netns/{name} failed: No such file or directory\n")


def _monitor(ctx: Context, options: Options, words: Words) -> Result:
    raise Failure(1, "The lab's ip netns knows list, list-id, add, set, delete, identify, pids, exec and attach, not monitor.\n")


#: In the order in which iproute2 compares them.
_COMMANDS = (("add", _add), ("set", _set), ("delete", _delete), ("identify", _identify), ("pids", _pids), ("exec", _exec),
             ("monitor", _monitor), ("attach", _attach))  # fmt: skip
