"""The little tools around files: ls, rm, mkdir, rmdir, touch, tee, and seq, hostname.

The messages are those of coreutils 9.1. A listing has one name a line, as behind a pipe.
"""

import errno

from ..errors import KernelError
from ..lab import files
from .getopt import getopt
from .result import Context, Failure, Result
from .words import whole

_TRY = "Try '{0} --help' for more information.\n"
#: How many numbers seq counts up to.
MOST = 4096


def _read_options(tool: str, args: list[str], short: str, long: dict[str, str] | None = None) -> tuple[set[str], list[str]]:
    options, names = getopt(tool, args, short, long)
    given = dict(options)
    if "?" in given:
        raise Failure(2 if tool == "ls" else 1, given["?"] + _TRY.format(tool))
    return set(given), names


def _need(tool: str, names: list[str]) -> None:
    if not names:
        raise Failure(1, f"{tool}: missing operand\n" + _TRY.format(tool))


def _each(names: list[str], act, complaint: str) -> Result:
    """Do it to each; those that fail are complained of, and the rest is done."""
    err = ""
    for name in names:
        try:
            act(name)
        except KernelError as error:
            err += f"{complaint.format(name)}: {error}\n"
    return Result(int(bool(err)), "", err)


def ls(ctx: Context, args: list[str]) -> Result:
    """Names of files, and what is in directories; -d the directories themselves."""
    given, names = _read_options("ls", args, "1adhlARrt")
    if given & {"l", "R"}:
        raise Failure(2, "The lab's ls lists names only: its files have no dates and no owners.\n")
    plain, listed, err = [], [], ""
    for name in sorted(names) or ["."]:
        try:
            if "d" in given or not files.is_directory(ctx.lab, ctx.ns, name):
                if not files.is_directory(ctx.lab, ctx.ns, name):
                    files.read(ctx.lab, ctx.ns, name)
                plain.append(name)
            else:
                shown = [one for one in files.listing(ctx.lab, ctx.ns, name) if not one.startswith(".") or given & {"a", "A"}]
                listed.append((name, [*([".", ".."] if "a" in given else []), *shown]))
        except KernelError as error:
            err += f"ls: cannot access '{name}': {error}\n"
    blocks = ["".join(f"{name}\n" for name in plain)] if plain else []
    titled = len(names) > 1
    blocks += [(f"{name}:\n" if titled else "") + "".join(f"{one}\n" for one in shown) for name, shown in listed]
    return Result(2 if err else 0, "\n".join(blocks), err)


def rm(ctx: Context, args: list[str]) -> Result:
    given, names = _read_options("rm", args, "firRv", {"force": "f", "recursive": "r"})
    if not names and "f" in given:
        return Result()
    _need("rm", names)

    def remove(name: str) -> None:
        try:
            files.remove(ctx.lab, ctx.ns, name, bool(given & {"r", "R"}))
        except KernelError as error:
            if error.code != errno.ENOENT or "f" not in given:
                raise

    result = _each(names, remove, "rm: cannot remove '{}'")
    return Result(result.returncode, "".join(f"removed '{n}'\n" for n in names if "v" in given and not result.returncode), result.stderr)


def mkdir(ctx: Context, args: list[str]) -> Result:
    given, names = _read_options("mkdir", args, "pvm:", {"parents": "p"})
    _need("mkdir", names)

    def make(name: str) -> None:
        parts = name.rstrip("/").split("/")
        wanted = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)] if "p" in given else [name]
        for path in filter(None, wanted):
            if "p" not in given or not files.is_directory(ctx.lab, ctx.ns, path):
                files.make_directory(ctx.lab, ctx.ns, path)

    return _each(names, make, "mkdir: cannot create directory ‘{}’")


def rmdir(ctx: Context, args: list[str]) -> Result:
    _, names = _read_options("rmdir", args, "pv")
    _need("rmdir", names)

    def remove(name: str) -> None:
        if files.listing(ctx.lab, ctx.ns, name):
            raise KernelError(errno.ENOTEMPTY)
        files.remove(ctx.lab, ctx.ns, name, recursive=True)

    return _each(names, remove, "rmdir: failed to remove '{}'")


def touch(ctx: Context, args: list[str]) -> Result:
    """Make a file that is not there; the lab's files have no times."""
    _, names = _read_options("touch", args, "acm")
    if not names:
        raise Failure(1, "touch: missing file operand\n" + _TRY.format("touch"))

    def make(name: str) -> None:
        if not files.is_directory(ctx.lab, ctx.ns, name):
            files.write(ctx.lab, ctx.ns, name, "", append=True)

    return _each(names, make, "touch: cannot touch '{}'")


def tee(ctx: Context, args: list[str]) -> Result:
    """Copy what comes in to files and on; -a puts it behind what they hold."""
    given, names = _read_options("tee", args, "aip", {"append": "a"})
    result = _each(names, lambda name: files.write(ctx.lab, ctx.ns, name, ctx.stdin, "a" in given), "tee: {}")
    return Result(result.returncode, ctx.stdin, result.stderr)


def seq(ctx: Context, args: list[str]) -> Result:
    """`seq [FIRST [STEP]] LAST` of whole numbers; -s puts something else between them, -w makes them as wide."""
    options, words = getopt("seq", [f" {a}" if a[:1] == "-" and whole(a) is not None else a for a in args], "s:w")
    given = dict(options)
    if "?" in given:
        raise Failure(1, given["?"] + _TRY.format("seq"))
    _need("seq", words)
    if len(words) > 3:
        raise Failure(1, f"seq: extra operand ‘{words[3]}’\n" + _TRY.format("seq"))
    numbers = [whole(word) for word in words]
    if None in numbers:
        raise Failure(1, f"seq: invalid floating point argument: ‘{words[numbers.index(None)]}’\n" + _TRY.format("seq"))
    first, step = (numbers[0] if len(numbers) > 1 else 1), (numbers[1] if len(numbers) == 3 else 1)
    if not step:
        raise Failure(1, f"seq: invalid Zero increment value: ‘{words[1]}’\n" + _TRY.format("seq"))
    counted = range(first, numbers[-1] + (1 if step > 0 else -1), step)
    if counted and (counted[-1] - counted[0]) // step >= MOST:
        raise Failure(1, f"The lab's seq counts up to {MOST:,} numbers at a time.\n")
    width = max((len(str(n)) for n in (first, numbers[-1])), default=0) if "w" in given else 0
    text = given.get("s", "\n").join(f"{n:0{width}}" for n in counted)
    return Result(0, text + "\n" if counted else "")


def hostname(ctx: Context, args: list[str]) -> Result:
    """The machine's name; of a container its own."""
    if args and args not in (["-s"], ["--short"]):
        raise Failure(1, "The lab's hostname tells the machine's name; it does not set it.\n")
    return Result(0, files.of(ctx.lab, ctx.ns).texts.get("/etc/hostname", f"{ctx.ns.machine}\n"))


def false(ctx: Context, args: list[str]) -> Result:
    return Result(1)
