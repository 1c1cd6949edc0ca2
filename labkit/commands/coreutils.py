"""The little tools: what stands behind a pipe (cat, head, tail, wc, tee), what there is around files (ls, rm, mkdir, touch), and the
rest (echo, seq, sleep, hostname, true, false). grep and awk have a file of their own.

They read what the pipe brings, or files. The messages are those of coreutils 9.1.
"""

import errno
import re

from ..errors import KernelError
from ..trace.probe import pass_time
from . import filesystem as files
from .result import Context, Failure, Result
from .words import given, is_digits, whole

_TRY = "Try '{0} --help' for more information.\n"
#: How many numbers seq counts up to, and how many seconds sleep lets pass.
MOST_NUMBERS, LONGEST_SLEEP = 4096, 365 * 86400
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_INTERVAL = re.compile(r"((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?|(?i:inf(?:inity)?))([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_ESCAPES = {"\\": "\\", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def texts(tool: str, ctx: Context, names: list[str], complaint: str = "{tool}: {}: {}") -> tuple[list[tuple[str, str]], str]:
    """(name, text) of each file, or of the pipe for "-" and no name, and a complaint of each that cannot be read."""
    found, err = [], ""
    for name in names or ["-"]:
        try:
            found.append((name, ctx.stdin if name == "-" else files.read(ctx.lab, ctx.ns, name)))
        except KernelError as error:
            err += complaint.format(name, error, tool=tool) + "\n"
    return found, err


def lines(text: str) -> list[str]:
    """Lines end at a newline and nowhere else."""
    return text.removesuffix("\n").split("\n") if text else []


def _each(tool: str, names: list[str], act, complaint: str, missing: str = "missing operand") -> Result:
    """Do it to each; those that fail are complained of, and the rest is done."""
    if not names:
        raise Failure(1, f"{tool}: {missing}\n" + _TRY.format(tool))
    err = ""
    for name in names:
        try:
            act(name)
        except KernelError as error:
            err += f"{tool}: {complaint.format(name)}: {error}\n"
    return Result(int(bool(err)), "", err)


def cat(ctx: Context, args: list[str]) -> Result:
    """The pipe's text, or files one after the other; -n numbers their lines."""
    options, names = given("cat", args, "n", {"number": "n"}, beyond="AbeEstTuv")
    found, err = texts("cat", ctx, names)
    text = "".join(text for _, text in found)
    if "n" in options:
        text = "".join(f"{n:>6}\t{line}" for n, line in enumerate(_LINE.findall(text), 1))
    return Result(int(bool(err)), text, err)


def echo(ctx: Context, args: list[str]) -> Result:
    """The words with one space between; -n leaves the line's end away, -e heeds \\n and \\t. Another `-x` is a word."""
    options = ""
    while args and re.fullmatch("-[neE]+", args[0]):
        options, args = options + args[0], args[1:]
    text = " ".join(args)
    if "e" in options:
        text = re.sub(r"\\([\\abefnrtv])", lambda m: _ESCAPES[m[1]], text)
    return Result(0, text + ("" if "n" in options else "\n"))


def head(ctx: Context, args: list[str]) -> Result:
    """The first lines; `-n -2` is all but the last two."""
    return _cut("head", ctx, args, lambda all_lines, count, sign: all_lines[: None if sign == "-" and not count else count])


def tail(ctx: Context, args: list[str]) -> Result:
    """The last lines; `-n +2` is from the second on."""
    return _cut("tail", ctx, args, lambda all_lines, count, sign: all_lines[
        max(count - 1, 0) if sign == "+" else max(len(all_lines) - abs(count), 0) :])  # fmt: skip


def _cut(tool: str, ctx: Context, args: list[str], part) -> Result:
    """So many lines (`-n 3`, `-3`; 10 by default) of each file, under its name when there are several."""
    if args and args[0][:1] == "-" and is_digits(args[0][1:]):
        args = [f"-n{args[0][1:]}", *args[1:]]
    options, names = given(tool, args, "n:q", {"lines": "n:"}, beyond="cFfsvz")
    text = options.get("n", "10")
    count = whole(text)
    if count is None or text[:1].isspace():
        raise Failure(1, f"{tool}: invalid number of lines: ‘{text}’\n")
    found, err = texts(tool, ctx, names, "{tool}: cannot open '{}' for reading: {}")
    titled = len(names) > 1 and "q" not in options
    titles = [f"==> {'standard input' if name == '-' else name} <==\n" if titled else "" for name, _ in found]
    blocks = [title + "".join(part(_LINE.findall(text_of), count, text[0])) for title, (_, text_of) in zip(titles, found, strict=True)]
    return Result(int(bool(err)), ("\n" if titled else "").join(blocks), err)


def wc(ctx: Context, args: list[str]) -> Result:
    """How many lines (-l), words (-w) and bytes (-c) there are; the columns are as wide as the sum of all bytes."""
    options, names = given("wc", args, "lwcm", {"lines": "l", "words": "w", "bytes": "c", "chars": "m"}, beyond="L")
    found, err = texts("wc", ctx, names)
    rows = [({"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": len(text.encode(errors="surrogatepass"))}, name)
            for name, text in found]  # fmt: skip
    total = {letter: sum(counts[letter] for counts, _ in rows) for letter in "lwmc"}
    asked = [letter for letter in "lwmc" if letter in (options or "lwc")]
    width = len(str(total["c"])) if names and "-" not in names else 7
    width = 1 if len(asked) == 1 and len(names) < 2 else width
    rows += [(total, "total")] if len(names) > 1 else []
    out = "".join(" ".join([f"{counts[letter]:{width}}" for letter in asked] + [name] * bool(names)) + "\n" for counts, name in rows)
    return Result(int(bool(err)), out, err)


def tee(ctx: Context, args: list[str]) -> Result:
    """Copy what comes in to files and on; -a puts it behind what they hold."""
    options, names = given("tee", args, "a", {"append": "a"}, beyond="ip")
    if not names:
        return Result(0, ctx.stdin)
    result = _each("tee", names, lambda name: files.write(ctx.lab, ctx.ns, name, ctx.stdin, "a" in options), "{}")
    return Result(result.returncode, ctx.stdin, result.stderr)


def ls(ctx: Context, args: list[str]) -> Result:
    """Names of files, and what is in directories, one a line as behind a pipe; -d the directories themselves."""
    options, names = given("ls", args, "1adA", beyond="bBcCDfFgGhHiIklLmnNopqQrRsStTuUvwxXZ", status=2)
    plain, listed, err = [], [], ""
    for name in sorted(names) or ["."]:
        try:
            if not files.is_directory(ctx.lab, ctx.ns, name):
                files.read(ctx.lab, ctx.ns, name)
                plain.append(name)
            elif "d" in options:
                plain.append(name)
            else:
                hidden = options.keys() & {"a", "A"}
                shown = [one for one in files.listing(ctx.lab, ctx.ns, name) if hidden or not one.startswith(".")]
                listed.append((name, [*([".", ".."] if "a" in options else []), *shown]))
        except KernelError as error:
            err += f"ls: cannot access '{name}': {error}\n"
    blocks = ["".join(f"{name}\n" for name in plain)] if plain else []
    blocks += [(f"{name}:\n" if len(names) > 1 else "") + "".join(f"{one}\n" for one in shown) for name, shown in listed]
    return Result(2 if err else 0, "\n".join(blocks), err)


def rm(ctx: Context, args: list[str]) -> Result:
    options, names = given("rm", args, "frR", {"force": "f", "recursive": "r"}, beyond="dIiv")

    def remove(name: str) -> None:
        try:
            files.remove(ctx.lab, ctx.ns, name, bool(options.keys() & {"r", "R"}))
        except KernelError as error:
            if error.code != errno.ENOENT or "f" not in options:
                raise

    return Result() if not names and "f" in options else _each("rm", names, remove, "cannot remove '{}'")


def mkdir(ctx: Context, args: list[str]) -> Result:
    options, names = given("mkdir", args, "p", {"parents": "p"}, beyond="mvZ")

    def make(name: str) -> None:
        parts = name.rstrip("/").split("/")
        wanted = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)] if "p" in options else [name]
        for path in filter(None, wanted):
            if "p" not in options or not files.is_directory(ctx.lab, ctx.ns, path):
                files.make_directory(ctx.lab, ctx.ns, path)

    return _each("mkdir", names, make, "cannot create directory ‘{}’")


def touch(ctx: Context, args: list[str]) -> Result:
    """Make a file that is not there; the lab's files have no times."""
    _, names = given("touch", args, "", beyond="acdfhmrt")

    def make(name: str) -> None:
        if not files.is_directory(ctx.lab, ctx.ns, name):
            files.write(ctx.lab, ctx.ns, name, "", append=True)

    return _each("touch", names, make, "cannot touch '{}'", "missing file operand")


def seq(ctx: Context, args: list[str]) -> Result:
    """`seq [FIRST [STEP]] LAST` of whole numbers."""
    _, words = given("seq", [f" {a}" if a[:1] == "-" and whole(a) is not None else a for a in args], "", beyond="fsw")
    if not words or len(words) > 3:
        raise Failure(1, (f"seq: extra operand ‘{words[3]}’\n" if words else "seq: missing operand\n") + _TRY.format("seq"))
    numbers = [whole(word) for word in words]
    if None in numbers:
        raise Failure(1, f"seq: invalid floating point argument: ‘{words[numbers.index(None)]}’\n" + _TRY.format("seq"))
    first, step = (numbers[0] if len(numbers) > 1 else 1), (numbers[1] if len(numbers) == 3 else 1)
    if not step:
        raise Failure(1, f"seq: invalid Zero increment value: ‘{words[1]}’\n" + _TRY.format("seq"))
    counted = range(first, numbers[-1] + (1 if step > 0 else -1), step)
    if counted and (counted[-1] - counted[0]) // step >= MOST_NUMBERS:
        raise Failure(1, f"The lab's seq counts up to {MOST_NUMBERS:,} numbers at a time.\n")
    return Result(0, "".join(f"{n}\n" for n in counted))


def sleep(ctx: Context, args: list[str]) -> Result:
    """Let the lab's time pass, a year at most."""
    words = given("sleep", args, "")[1]
    found = [_INTERVAL.fullmatch(word) for word in words]
    if not words or None in found:
        why = f"invalid time interval '{words[found.index(None)]}'" if words else "missing operand"
        raise Failure(1, f"sleep: {why}\n" + _TRY.format("sleep"))
    total = sum(float(one[1]) * _SECONDS[one[2]] for one in found)
    if total > LONGEST_SLEEP:
        raise Failure(1, "The lab's sleep lets up to 365 days pass.\n")
    pass_time(ctx.lab, total)
    return Result()


def hostname(ctx: Context, args: list[str]) -> Result:
    """The machine's name; of a container its own."""
    if args and args not in (["-s"], ["--short"]):
        raise Failure(1, "The lab's hostname tells the machine's name; it does not set it.\n")
    return Result(0, files.of(ctx.lab, ctx.ns).texts.get("/etc/hostname", f"{ctx.ns.machine}\n"))


def true(ctx: Context, args: list[str]) -> Result:
    return Result()


def false(ctx: Context, args: list[str]) -> Result:
    return Result(1)
