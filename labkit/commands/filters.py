"""The text filters learners put behind a pipe: cat, echo, grep, head, tail, wc, awk, sleep, true.

They read what the pipe brings, or one of the only files there are, those under /proc/sys.
The messages are those of coreutils 9.1 and grep 3.8.
"""

import re

from ..errors import KernelError
from ..lab import files
from ..trace.session import pass_time
from .getopt import getopt
from .result import Context, Failure, Result

_TRY = "Try '{0} --help' for more information.\n"


def cat(ctx: Context, args: list[str]) -> Result:
    """The pipe's text, or files one after the other."""
    _, names = getopt("cat", args, "nbs")
    return Result(0, "".join(_contents("cat", ctx, name) for name in names or ["-"]))


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
    """Let the lab's time pass."""
    if not args:
        return Result(1, "", "sleep: missing operand\n" + _TRY.format("sleep"))
    total = 0.0
    for word in args:
        found = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", word)
        if not found:
            return Result(1, "", f"sleep: invalid time interval '{word}'\n" + _TRY.format("sleep"))
        total += float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    pass_time(ctx.lab, total)
    return Result()


def grep(ctx: Context, args: list[str]) -> Result:
    """Lines that match: -v the others, -i either case, -c how many, -o the match alone, -n numbered, -q silently."""
    options, words = getopt("grep", args, "viEFGPcoqnwxe:")
    given = dict(options)
    if "?" in given:
        return Result(2, "", given["?"] + "Usage: grep [OPTION]... PATTERNS [FILE]...\n" + _TRY.format("grep"))
    if "e" in given:
        words.insert(0, given["e"])
    if not words:
        return Result(2, "", "Usage: grep [OPTION]... PATTERNS [FILE]...\n" + _TRY.format("grep"))
    pattern = _pattern(words[0], given)
    text = "".join(_contents("grep", ctx, name, 2) for name in words[1:] or ["-"])
    kept = []
    for number, line in enumerate(text.splitlines(), 1):
        found = pattern.search(line)
        if bool(found) == ("v" in given):
            continue
        pieces = [m[0] for m in pattern.finditer(line) if m[0]] if "o" in given and found else [line]
        kept += [f"{number}:{piece}" if "n" in given else piece for piece in pieces]
    status = 0 if kept else 1
    if "q" in given:
        return Result(status)
    if "c" in given:
        return Result(status, f"{len(kept)}\n")
    return Result(status, "".join(f"{line}\n" for line in kept))


def _pattern(words: str, given: dict[str, str]) -> re.Pattern:
    """A grep pattern as Python's: in basic ones `\\|`, `\\+`, `\\(` are the operators, not `|`, `+`, `(`."""
    if "F" in given:
        words = re.escape(words)
    elif not {"E", "P"} & given.keys():
        words = re.sub(r"\\?[|+?(){}]", lambda m: m[0][1:] if len(m[0]) == 2 else "\\" + m[0], words)
    if "w" in given:
        words = rf"\b(?:{words})\b"
    if "x" in given:
        words = rf"^(?:{words})$"
    try:
        return re.compile(words, re.IGNORECASE if "i" in given else 0)
    except re.error:
        raise Failure(2, f"grep: invalid pattern: {words}\n") from None


def head(ctx: Context, args: list[str]) -> Result:
    """The first lines; `-n -2` is all but the last two."""
    count, names = _count("head", args)
    lines = "".join(_contents("head", ctx, name) for name in names).splitlines(keepends=True)
    return Result(0, "".join(lines[: int(count)]))


def tail(ctx: Context, args: list[str]) -> Result:
    """The last lines; `-n +2` is from the second on."""
    count, names = _count("tail", args)
    lines = "".join(_contents("tail", ctx, name) for name in names).splitlines(keepends=True)
    start = int(count) - 1 if count.startswith("+") else max(len(lines) - abs(int(count)), 0)
    return Result(0, "".join(lines[max(start, 0) :]))


def _count(tool: str, args: list[str]) -> tuple[str, list[str]]:
    """How many lines (`-n 3`, `-3`; 10 by default) and of which files."""
    options, names = getopt(tool, [f"-n{a[1:]}" if re.fullmatch(r"-\d+", a) else a for a in args], "n:q")
    given = dict(options)
    if "?" in given:
        raise Failure(1, given["?"] + _TRY.format(tool))
    count = given.get("n", "10")
    if not re.fullmatch(r"[-+]?\d+", count):
        raise Failure(1, f"{tool}: invalid number of lines: ‘{count}’\n")
    return count, names or ["-"]


def wc(ctx: Context, args: list[str]) -> Result:
    """How many lines (-l), words (-w) and bytes (-c) there are."""
    options, names = getopt("wc", args, "lwcm")
    given = dict(options)
    if "?" in given:
        return Result(1, "", given["?"] + _TRY.format("wc"))
    text = "".join(_contents("wc", ctx, name) for name in names or ["-"])
    counts = {"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": len(text.encode())}
    asked = [counts[o] for o in "lwmc" if o in (given or "lwc")]
    shown = str(asked[0]) if len(asked) == 1 else " ".join(f"{n:7}" for n in asked)
    return Result(0, " ".join([shown, *names]) + "\n")


def awk(ctx: Context, args: list[str]) -> Result:
    """`[-F SEP] '[/pattern/ | NR…N | $N == "word"] {print $1, $NF, "text"}'`: the awk of one-liners."""
    options, words = getopt("awk", args, "F:")
    separator = dict(options).get("F")
    program = re.fullmatch(r"\s*([^{]*?)\s*(?:\{\s*print\s*([^{}]*?)\s*;?\s*\})?\s*", words[0]) if words else None
    if program is None or not (program[1] or program[2] is not None):
        raise Failure(2, "awk: the lab understands '[CONDITION] {print FIELD, …}' only\n")
    text = "".join(_contents("awk", ctx, name, 2) for name in words[1:] or ["-"])
    out = ""
    for number, line in enumerate(text.splitlines(), 1):
        fields = [f for f in re.split(separator, line)] if separator else line.split()
        if _holds(program[1], line, fields, number):
            out += _printed(program[2] or "", line, fields, number) + "\n"
    return Result(0, out)


def _holds(condition: str, line: str, fields: list[str], number: int) -> bool:
    """Whether awk's condition in front of the braces holds for this line."""
    for part in re.split(r"\s*&&\s*", condition) if condition else ():
        negated, matched = part.startswith("!"), None
        if found := re.fullmatch(r"!?/(.*)/", part):
            matched = re.search(found[1], line) is not None
        elif found := re.fullmatch(r"(\S+?)\s*(==|!=|>=|<=|>|<|!~|~)\s*(\S+|\"[^\"]*\"|/.*/)", part):
            matched = _compare(_value(found[1], line, fields, number), found[2], found[3])
        else:
            raise Failure(2, f"awk: the lab does not understand the condition {part}\n")
        if matched == (negated and part.startswith("!/")):
            return False
    return True


def _compare(left: str, operator: str, word: str) -> bool:
    if operator in ("~", "!~"):
        return (re.search(word.strip("/"), left) is not None) == (operator == "~")
    right: str | float = word.strip('"')
    if not word.startswith('"') and re.fullmatch(r"-?\d+(\.\d+)?", left):
        left, right = float(left), float(word)
    return {
        "==": left == right, "!=": left != right, ">": left > right,
        "<": left < right, ">=": left >= right, "<=": left <= right,
    }[operator]  # fmt: skip


def _printed(words: str, line: str, fields: list[str], number: int) -> str:
    """What `print` puts out: a comma is one space, words side by side are joined."""
    if not words:
        return line
    pieces = re.findall(r'"(?:[^"\\]|\\.)*"|,|[^\s,"]+', words)
    return "".join(" " if p == "," else _value(p, line, fields, number) for p in pieces)


def _value(word: str, line: str, fields: list[str], number: int) -> str:
    if word.startswith('"'):
        return word[1:-1].replace("\\t", "\t").replace("\\n", "\n").replace('\\"', '"')
    if word == "NR":
        return str(number)
    if word == "NF":
        return str(len(fields))
    found = re.fullmatch(r"\$(\d+|NF|\(NF-(\d+)\))", word)
    if not found:
        raise Failure(2, f"awk: the lab does not understand {word}\n")
    if found[1] == "0":
        return line
    place = len(fields) - int(found[2] or 0) if "NF" in found[1] else int(found[1])
    return fields[place - 1] if 1 <= place <= len(fields) else ""


def _contents(tool: str, ctx: Context, name: str, status: int = 1) -> str:
    """The pipe's text for "-", else the file's."""
    if name == "-":
        return ctx.stdin
    try:
        return files.read(ctx.lab, ctx.ns, name)
    except KernelError as error:
        raise Failure(status, f"{tool}: {name}: {error}\n") from None
