"""The `bridge` command of iproute2 6.1: options, and then `link` or `fdb`.

Its refusals by the kernel have exit status 255, where those of `ip` have 2 (bridge/fdb.c, link.c).
"""

import errno
from dataclasses import replace

from ..errors import KernelError
from . import bridge_fdb, bridge_link
from .grammar import Words, matches, refused, wrong
from .ip.netns import named_namespace
from .ip.options import Options
from .result import Context, Failure, Result
from .usage import usage

_OBJECTS = ("link", "fdb", "mdb", "vlan", "vni", "monitor", "help")

#: The options in the order in which they are compared, and the field of `Options` that each sets.
_SWITCHES = (
    ("-help", "help"), ("-Version", "version"), ("-stats", "stats"), ("-statistics", "stats"), ("-details", "details"),
    ("-oneline", "oneline"), ("-timestamp", ""), ("-family", "family"), ("-netns", "netns"), ("-color", ""),
    ("-compressvlans", ""), ("-force", ""), ("-json", "json"), ("-pretty", "pretty"), ("-batch", "batch"),
)  # fmt: skip


def bridge(ctx: Context, args: list[str]) -> Result:
    """Run one `bridge` line; `args` are the words after `bridge`."""
    words, options = Words(args), Options()
    while words and words.rest()[0].startswith("-"):
        word = words.take()
        if word == "--":
            break
        switch = _switch(word.removeprefix("-") if word.startswith("--") else word)
        if switch == "version":
            return Result(0, "bridge utility, 6.1.0\n")
        if switch == "netns":
            ctx = replace(ctx, ns=named_namespace(ctx, words.take() if words else "(null)"))
        elif switch == "batch":
            raise _no_batch(words)
        elif switch in ("family", "inet", "inet6"):
            options = replace(options, family=_family(words) if switch == "family" else switch)
        elif switch:
            options = replace(options, **{switch: options.stats + 1 if switch == "stats" else True})
    if not words:
        raise Failure(255, usage("bridge"))
    try:
        return _object(ctx, options, words)
    except KernelError as error:
        raise Failure(255, refused(error).result.stderr) from None


def _object(ctx: Context, options: Options, words: Words) -> Result:
    word = words.take()
    name = next((name for name in _OBJECTS if matches(word, name)), None)
    if name == "link":
        return bridge_link.run(ctx, options, words)
    if name == "fdb":
        return bridge_fdb.run(ctx, options, words)
    if name == "help":
        raise Failure(255, usage("bridge"))
    if name is None:
        raise Failure(255, f'Object "{word}" is unknown, try "bridge help".\n')
    raise Failure(1, f'The lab\'s bridge knows link and fdb, not "{name}".\n')


def _switch(word: str) -> str:
    if word in ("-4", "-6"):
        return "inet" if word == "-4" else "inet6"
    for key, field in _SWITCHES:
        if matches(word, key):
            if field == "help":
                raise Failure(255, usage("bridge"))
            return field
    raise Failure(255, f'Option "{word}" is unknown, try "bridge help".\n')


def _family(words: Words) -> str:
    if not words:
        raise Failure(255, usage("bridge"))
    word = words.take()
    if word == "help":
        raise Failure(255, usage("bridge"))
    if word not in ("inet", "inet6"):
        raise wrong(word, "invalid protocol family")
    return word


def _no_batch(words: Words) -> Failure:
    if not words:
        return Failure(255, usage("bridge"))
    reason = KernelError(errno.ENOENT)
    return Failure(1, f'Cannot open file "{words.take()}" for reading: {reason}\n')
