"""`ip route`: writing routes here; listing in route_show.py, asking in route_get.py."""

from ...errors import KernelError
from ...lab import routes
from ..grammar import Words, matches, refused
from ..result import Context, Failure, Result
from ..usage import usage
from . import route_get, route_show
from .options import Options
from .route_words import read

#: Commands in the order in which iproute2 compares them; the first that fits wins.
_COMMANDS = (
    "add", "change", "replace", "prepend", "append", "test", "delete", "list", "show", "lst", "get", "flush",
    "save", "restore", "showdump", "help",
)  # fmt: skip


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    """Run one `ip route` line; `args` are the words after `route`."""
    words = Words(args)
    if not words:
        return route_show.show(ctx, options, words)
    word = words.take()
    command = "change" if word == "chg" else next((name for name in _COMMANDS if matches(word, name)), None)
    if command in ("list", "show", "lst"):
        return route_show.show(ctx, options, words)
    if command == "flush":
        return route_show.flush(ctx, options, words)
    if command == "get":
        return route_get.get(ctx, options, words)
    if command == "help":
        raise Failure(255, usage("ip-route"))
    if command is None:
        raise Failure(255, f'Command "{word}" is unknown, try "ip route help".\n')
    if command in ("save", "restore", "showdump"):
        raise Failure(1, f'The lab has no files: "ip route {command}" is not in it.\n')
    return _modify(ctx, options, command, words)


def _modify(ctx: Context, options: Options, command: str, words: Words) -> Result:
    spec = read(ctx.ns, options.family, words)
    try:
        if command == "delete":
            routes.delete(ctx.lab, ctx.ns, spec.pattern())
        else:
            routes.add(ctx.lab, ctx.ns, spec.route(), command)
    except KernelError as error:
        raise refused(error) from None
    return Result()
