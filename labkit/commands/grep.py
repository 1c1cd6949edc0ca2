"""grep(1) of 3.8: the lines that match. The messages are its own; the patterns are read in commands/regex.py."""

from ..errors import BadInput
from .filters import lines, texts
from .getopt import getopt
from .regex import Pattern
from .result import Context, Failure, Result
from .words import is_digits, whole

_USAGE = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
_LONG = {
    "ignore-case": "i", "invert-match": "v", "count": "c", "only-matching": "o", "quiet": "q", "silent": "q", "line-number": "n",
    "word-regexp": "w", "line-regexp": "x", "extended-regexp": "E", "fixed-strings": "F", "regexp": "e:", "no-filename": "h",
    "with-filename": "H", "files-with-matches": "l", "after-context": "A:", "before-context": "B:", "context": "C:", "max-count": "m:",
    "no-messages": "s",
}  # fmt: skip


def grep(ctx: Context, args: list[str]) -> Result:
    """-v the others, -i either case, -c how many, -o the match alone, -n numbered, -q silently, -A/-B/-C with lines around."""
    args = [arg for arg in args if not arg.startswith("--colo")]
    options, words = getopt("grep", args, "viEFGPcoqnwxhHlse:A:B:C:m:", _LONG)
    given = dict(options)
    if "?" in given:
        raise Failure(2, given["?"] + _USAGE)
    wanted = [value for letter, value in options if letter == "e"] or words[:1]
    if not wanted:
        raise Failure(2, _USAGE)
    names = words if "e" in given else words[1:]
    search = _Search(_patterns("\n".join(wanted).split("\n"), given), given)
    found, err = texts("grep", ctx, names)
    titled = len(names) > 1 and "h" not in given or "H" in given
    out = "".join(search.report(text, "(standard input)" if name == "-" else name, titled) for name, text in found)
    if "q" in given:
        out = ""
    status = (0 if search.matched and "q" in given else 2) if err else int(not search.matched)
    return Result(status, out, "" if "s" in given else err)


def _patterns(wanted: list[str], given: dict[str, str]) -> list[Pattern]:
    basic = not {"E", "P"} & given.keys()
    around = "x" if "x" in given else "w" if "w" in given else ""
    try:
        return [Pattern(one, basic, fixed="F" in given, ignore_case="i" in given, around=around) for one in wanted]
    except BadInput as error:
        raise Failure(2, f"{error}\n" if str(error).startswith("The lab") else f"grep: {error}\n") from None


def _number(given: dict[str, str], letter: str, what: str) -> int | None:
    if letter not in given:
        return None
    if not is_digits(given[letter]):
        raise Failure(2, f"grep: {given[letter]}: invalid context length argument\n" if what else "grep: invalid max count\n")
    return whole(given[letter])


class _Search:
    """What is looked for, and how it is told of each file."""

    def __init__(self, patterns: list[Pattern], given: dict[str, str]):
        self.patterns, self.given, self.matched = patterns, given, False
        around = _number(given, "C", "context") or 0
        self.before = _number(given, "B", "context") if "B" in given else around
        self.after = _number(given, "A", "context") if "A" in given else around
        self.most = _number(given, "m", "")
        self.shown_before = False

    def hits(self, all_lines: list[str]) -> list[int]:
        """The places of the lines that are wanted."""
        wanted = "v" not in self.given
        try:
            found = [at for at, line in enumerate(all_lines) if any(p.search(line) for p in self.patterns) == wanted]
        except BadInput as error:
            raise Failure(2, f"{error}\n") from None
        return found[: self.most]

    def report(self, text: str, name: str, titled: bool) -> str:
        all_lines = lines(text)
        hits = self.hits(all_lines)
        self.matched |= bool(hits)
        title = f"{name}:" if titled else ""
        if "c" in self.given:
            return f"{title}{len(hits)}\n"
        if "l" in self.given:
            return f"{name}\n" if hits else ""
        if "o" in self.given:
            return "".join(self.pieces(all_lines[at], at, title) for at in hits) if "v" not in self.given else ""
        return self.with_context(all_lines, hits, name if titled else "")

    def pieces(self, line: str, at: int, title: str) -> str:
        number = f"{at + 1}:" if "n" in self.given else ""
        try:
            spans = sorted({span for p in self.patterns for span in p.spans(line)})
        except BadInput as error:
            raise Failure(2, f"{error}\n") from None
        return "".join(f"{title}{number}{line[start:end]}\n" for start, end in spans)

    def with_context(self, all_lines: list[str], hits: list[int], name: str) -> str:
        """The lines, and those around them; `--` between groups that do not touch."""
        marked, out, last = set(hits), "", None
        near = self.before or self.after
        shown = sorted({n for at in hits for n in range(max(at - self.before, 0), min(at + self.after + 1, len(all_lines)))})
        for at in shown:
            if near and self.shown_before and at - 1 != last:
                out += "--\n"
            mark = ":" if at in marked else "-"
            out += (f"{name}{mark}" if name else "") + (f"{at + 1}{mark}" if "n" in self.given else "") + all_lines[at] + "\n"
            last, self.shown_before = at, True
        return out
