"""`ip netns`: named namespaces of a machine, and commands run in them (iproute2 ip/ipnetns.c).

A name stands for a file in /run/netns; the newest is listed first, as tmpfs lists them. The lab has no processes but its
daemons, so `pids` finds none and `identify` knows only those and its own place.
"""

from dataclasses import replace

from ...errors import KernelError
from ...lab import links
from ...lab.namespace import Namespace, valid_namespace_name
from ..grammar import Words, unsupported
from ..records import Options, View, show
from ..result import Context, Failure, Result
from ..words import is_digits, whole

_TABLE = (("name", "{}", "label"), ("id", " (id: {})", lambda there, view: view.ns.nsids.get(there.name)))


def named_namespace(ctx: Context, name: str) -> Namespace:
    """The namespace that `ip -n NAME` and `ip netns exec NAME` enter."""
    found = ctx.lab.on_machine(ctx.ns.machine, name)
    if name.rstrip("/") in ("", ".", ".."):  # a directory can be opened, but not entered
        raise Failure(255, f'setting the network namespace "{name}" failed: Invalid argument\n')
    if found is None:
        raise Failure(255, f'Cannot open network namespace "{name}": No such file or directory\n')
    return found


def _take(words: Words, what: str, *, last: bool = False) -> str:
    if not words:
        raise Failure(1, f"No {what} specified\n")
    word = words.take()
    if what != "command" and not valid_namespace_name(word):
        raise Failure(255, f'Invalid netns name "{word}"\n')
    if last and words:
        raise Failure(1, "extra arguments specified\n")
    return word


def _list(ctx: Context, options: Options, words: Words) -> Result:
    if words:
        _take(words, "netns name")  # which is not asked about
    return show(_TABLE, links.named_namespaces(ctx.lab, ctx.ns.machine), View(ctx, options))


def _add(ctx: Context, options: Options, words: Words) -> Result:
    name = _take(words, "netns name")
    try:
        ctx.lab.add_namespace(ctx.ns.machine, name)
    except KernelError:
        raise Failure(1, f'Cannot create namespace file "/run/netns/{name}": File exists\n') from None
    return Result()


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    everywhere = [there.label for there in links.named_namespaces(ctx.lab, ctx.ns.machine)] if options.all else None
    for name in [_take(words, "netns name")] if everywhere is None else everywhere:
        try:
            links.delete_namespace(ctx.lab, ctx.ns.machine, name)
        except KernelError:
            raise Failure(1, f'Cannot remove namespace file "/run/netns/{name}": No such file or directory\n') from None
    return Result()


def _identify(ctx: Context, options: Options, words: Words) -> Result:
    found = ctx.ns
    if words:
        pid = _take(words, "pid", last=True)
        if not is_digits(pid):
            raise Failure(1, f"Specified string '{pid}' is not a pid\n")
        found = ctx.lab.of_process(ctx.ns.machine, whole(pid))
    if found is None:
        raise Failure(1, "Cannot open network namespace: No such file or directory\n")
    return Result(0, (found.label if found.named else "") + "\n")


def _pids(ctx: Context, options: Options, words: Words) -> Result:
    if ctx.lab.on_machine(ctx.ns.machine, _take(words, "netns name", last=True)) is None:
        raise Failure(1, "Cannot open network namespace: No such file or directory\n")
    return Result()


def _exec(ctx: Context, options: Options, words: Words) -> Result:
    """Run a command in a namespace; its exit status is the answer."""
    from .. import shell  # the shell loads commands by name; only here a command calls it back

    if options.all:
        raise Failure(1, 'The lab has no "ip -all netns exec": name one namespace after exec.\n')
    name, tool = _take(words, "netns name"), _take(words, "command")
    words.back()
    there = named_namespace(ctx, name)
    if tool in (".", ".."):
        return Result(1, stderr=f'exec of "{tool}" failed: Permission denied\n')
    if shell.find(ctx.lab, tool.rpartition("/")[2]) is None:
        return Result(1, stderr=f'exec of "{tool}" failed: No such file or directory\n')
    return shell.run_argv(replace(ctx, ns=there), words.rest())


_UNSUPPORTED = unsupported('The lab\'s ip netns knows list, add, delete, identify, pids and exec, not "{}".')
#: In the order in which iproute2 compares them.
COMMANDS = {
    "list~ show~ lst~": _list, "list-id~": _UNSUPPORTED, "add~": _add, "set~": _UNSUPPORTED, "delete~": _delete, "identify~": _identify,
    "pids~": _pids, "exec~": _exec, "monitor~ attach~": _UNSUPPORTED,
}  # fmt: skip
