"""The text filters learners put behind a pipe: cat, echo, head, tail, wc, sleep, true (grep and awk have files of their own).

They read what the pipe brings, or files. The messages are those of coreutils 9.1.
"""

import re

from ..errors import KernelError
from ..lab import files
from ..trace.probe import pass_time
from .getopt import getopt
from .result import Context, Failure, Result
from .words import is_digits, whole

_TRY = "Try '{0} --help' for more information.\n"


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


def _options(tool: str, args: list[str], short: str, long: dict[str, str] | None = None) -> tuple[dict[str, str], list[str]]:
    options, names = getopt(tool, args, short, long)
    given = dict(options)
    if "?" in given:
        raise Failure(1, given["?"] + _TRY.format(tool))
    return given, names


def cat(ctx: Context, args: list[str]) -> Result:
    """The pipe's text, or files one after the other; -n numbers their lines."""
    given, names = _options("cat", args, "nu", {"number": "n"})
    found, err = texts("cat", ctx, names)
    text = "".join(text for _, text in found)
    if "n" in given:
        text = "".join(f"{n:>6}\t{line}" for n, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), 1))
    return Result(int(bool(err)), text, err)


def echo(ctx: Context, args: list[str]) -> Result:
    """The words with one space between; -n leaves the line's end away, -e heeds \\n and \\t. Another `-x` is a word."""
    given = set()
    while args and re.fullmatch("-[neE]+", args[0]):
        given |= set(args[0][1:])
        args = args[1:]
    text = " ".join(args)
    if "e" in given:
        text = re.sub(r"\\([\\abefnrtv])", lambda m: _ESCAPES[m[1]], text)
    return Result(0, text + ("" if "n" in given else "\n"))


_ESCAPES = {"\\": "\\", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def true(ctx: Context, args: list[str]) -> Result:
    return Result()


def sleep(ctx: Context, args: list[str]) -> Result:
    """Let the lab's time pass, a year at most."""
    if not args:
        raise Failure(1, "sleep: missing operand\n" + _TRY.format("sleep"))
    total = 0.0
    for word in _options("sleep", args, "")[1]:
        found = _INTERVAL.fullmatch(word)
        if not found:
            raise Failure(1, f"sleep: invalid time interval '{word}'\n" + _TRY.format("sleep"))
        total += float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    if total > LONGEST_SLEEP:
        raise Failure(1, "The lab's sleep lets up to 365 days pass.\n")
    pass_time(ctx.lab, total)
    return Result()


_INTERVAL = re.compile(r"((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?|inf|infinity)([smhd]?)", re.I)
LONGEST_SLEEP = 365 * 86400


def head(ctx: Context, args: list[str]) -> Result:
    """The first lines; `-n -2` is all but the last two."""
    count, names = _count("head", args)
    least = whole(count)
    return _cut("head", ctx, names, lambda all_lines: all_lines[: least if not count.startswith("-") or least else None])


def tail(ctx: Context, args: list[str]) -> Result:
    """The last lines; `-n +2` is from the second on."""
    count, names = _count("tail", args)
    number = abs(whole(count))

    def part(all_lines: list[str]) -> list[str]:
        return all_lines[max(number - 1, 0) if count[0] == "+" else max(len(all_lines) - number, 0) :]

    return _cut("tail", ctx, names, part)


def _cut(tool: str, ctx: Context, names: list[str], part) -> Result:
    """A part of each file, under its name when there are several."""
    found, err = texts(tool, ctx, names, "{tool}: cannot open '{}' for reading: {}")
    blocks = []
    for name, text in found:
        title = f"==> {'standard input' if name == '-' else name} <==\n" if len(names) > 1 else ""
        blocks.append(title + "".join(part(re.findall(r"[^\n]*\n|[^\n]+", text))))
    return Result(int(bool(err)), ("\n" if len(names) > 1 else "").join(blocks), err)


def _count(tool: str, args: list[str]) -> tuple[str, list[str]]:
    """How many lines (`-n 3`, `-3`; 10 by default) and of which files."""
    if args and args[0][:1] == "-" and is_digits(args[0][1:]):
        args = [f"-n{args[0][1:]}", *args[1:]]
    given, names = _options(tool, args, "n:qf", {"lines": "n:"})
    if "f" in given:
        raise Failure(1, "The lab's tail does not wait for more: nothing is written while a command runs.\n")
    count = given.get("n", "10")
    if whole(count) is None or count[:1].isspace():
        raise Failure(1, f"{tool}: invalid number of lines: ‘{count}’\n")
    return count, names


def wc(ctx: Context, args: list[str]) -> Result:
    """How many lines (-l), words (-w) and bytes (-c) there are; the columns are as wide as the sum of all bytes."""
    given, names = _options("wc", args, "lwcm", {"lines": "l", "words": "w", "bytes": "c", "chars": "m"})
    found, err = texts("wc", ctx, names)
    rows = [(_counts(text), name) for name, text in found]
    if len(names) > 1:
        rows.append(({letter: sum(counts[letter] for counts, _ in rows) for letter in "lwmc"}, "total"))
    asked = [letter for letter in "lwmc" if letter in (given or "lwc")]
    width = len(str(sum(counts["c"] for counts, name in rows if name != "total"))) if names and "-" not in names else 7
    width = 1 if len(asked) == 1 and len(names) < 2 else width
    out = ""
    for counts, name in rows:
        out += " ".join([*(f"{counts[letter]:{width}}" for letter in asked), *([name] if names else [])]) + "\n"
    return Result(int(bool(err)), out, err)


def _counts(text: str) -> dict[str, int]:
    return {"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": len(text.encode(errors="surrogatepass"))}
