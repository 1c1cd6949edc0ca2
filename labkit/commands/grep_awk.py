"""grep(1) of 3.8, and awk(1) as one-liners use it: `[-F SEP] '[/pattern/ | NR>1 | $2 == "word"] {print $1, $NF, "text"}'`.

The messages are their own (awk's are mawk's); the patterns are read in commands/regex.py.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import BadInput
from .coreutils import lines, texts
from .regex import Pattern
from .result import Context, Failure, Result
from .words import getopt, given, is_digits, whole

_USAGE = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
_SHORT, _LONG = "viEFGcoqnwxe:A:B:C:", {
    "ignore-case": "i", "invert-match": "v", "count": "c", "only-matching": "o", "quiet": "q", "silent": "q", "line-number": "n",
    "word-regexp": "w", "line-regexp": "x", "extended-regexp": "E", "fixed-strings": "F", "regexp": "e:", "after-context": "A:",
    "before-context": "B:", "context": "C:",
}  # fmt: skip


def grep(ctx: Context, args: list[str]) -> Result:
    """-v the others, -i either case, -c how many, -o the match alone, -n numbered, -q silently, -A/-B/-C with lines around."""
    args = [arg for arg in args if not arg.startswith("--colo")]
    options, words = given("grep", args, _SHORT, _LONG, beyond="abDdfHhILlmPrRsTUuyZz", status=2, hint=_USAGE)
    wanted = [value for letter, value in getopt("grep", args, _SHORT, _LONG)[0] if letter == "e"] or words[:1]
    if not wanted:
        raise Failure(2, _USAGE)
    names = words if "e" in options else words[1:]
    around = "x" if "x" in options else "w" if "w" in options else ""
    how = {"basic": "E" not in options, "fixed": "F" in options, "ignore_case": "i" in options, "around": around}
    before, after = (_near(options.get(letter, options.get("C", "0"))) for letter in "BA")
    try:
        patterns = [Pattern(one, **how) for one in "\n".join(wanted).split("\n")]
        found, err = texts("grep", ctx, names)
        out, matched = "", False
        for name, text in found:
            title = ("(standard input)" if name == "-" else name) if len(names) > 1 else ""
            told, hit = _told(lines(text), patterns, options, title, before, after)
            out += ("--\n" if out and told and before + after and not options.keys() & {"c", "o"} else "") + told
            matched = matched or hit
    except BadInput as error:
        raise Failure(2, f"{error}\n" if str(error).startswith("The lab") else f"grep: {error}\n") from None
    quiet = "q" in options
    return Result((0 if matched and quiet else 2) if err else int(not matched), "" if quiet else out, err)


def _near(text: str) -> int:
    if not is_digits(text):
        raise Failure(2, f"grep: {text}: invalid context length argument\n")
    return whole(text)


def _told(all_lines: list[str], patterns: list[Pattern], options: dict[str, str], name: str, before: int, after: int):
    """(what grep prints of one file, whether anything was wanted)."""
    title = f"{name}:" if name else ""
    hits = [at for at, line in enumerate(all_lines) if any(p.search(line) for p in patterns) != ("v" in options)]
    if "c" in options:
        return f"{title}{len(hits)}\n", bool(hits)
    if "o" in options:
        spans = [(at, span) for at in hits for span in sorted({span for p in patterns for span in p.spans(all_lines[at])})]
        spans = [] if "v" in options else spans
        number = "{}:" if "n" in options else ""
        return "".join(f"{title}{number.format(at + 1)}{all_lines[at][a:b]}\n" for at, (a, b) in spans), bool(hits)
    marked, out, last = set(hits), "", None
    for at in sorted({n for hit in hits for n in range(max(hit - before, 0), min(hit + after + 1, len(all_lines)))}):
        if before + after and last is not None and at - 1 != last:
            out += "--\n"
        mark, last = ":" if at in marked else "-", at
        out += (f"{name}{mark}" if name else "") + (f"{at + 1}{mark}" if "n" in options else "") + all_lines[at] + "\n"
    return out, bool(hits)


_REGEX = r"/(?:[^/\\]|\\.)*/"
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
_VALUE = r'"(?:[^"\\]|\\.)*"|\$(?:[0-9]+|NF|\(NF-[0-9]+\))|(?:NR|NF|[0-9]+(?:\.[0-9]+)?)(?![\w.])'
_ITEM = re.compile(rf"\s*(,|{_VALUE})", re.S)
_TEST = re.compile(rf"\s*(?:(!?)\s*({_REGEX})|({_VALUE})\s*(==|!=|>=|<=|>|<|!~|~)\s*({_VALUE}|{_REGEX}))", re.S)
_ACTION = re.compile(r"\s*\{\s*print(?!\w)(.*)\}", re.S)
_COMPARE = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One line, its fields, and which it is."""

    line: str
    fields: list[str]
    number: int

    def value(self, word: str) -> str:
        """A text, a number, NR, NF, or a field."""
        if word[0] == '"':
            return word[1:-1].replace("\\t", "\t").replace("\\n", "\n").replace('\\"', '"')
        if word[0] != "$":
            return {"NR": str(self.number), "NF": str(len(self.fields))}.get(word, word)
        number = whole(word[1:]) if is_digits(word[1:]) else len(self.fields) - whole(word[5:-1] or "0")
        return self.line if word == "$0" else self.fields[number - 1] if 1 <= number <= len(self.fields) else ""


def awk(ctx: Context, args: list[str]) -> Result:
    options, words = given("awk", args, "F:", beyond="vf", status=2, hint="")
    if not words:
        raise _not_understood("none")
    try:
        conditions, groups = _program(words[0])
        split = _separator(options.get("F", " "))
        found, err = texts("awk", ctx, words[1:], "awk: cannot open {} ({})")
        out = ""
        for number, line in enumerate(lines("".join(text for _, text in found)), 1):
            record = Record(line, split(line), number)
            if all(holds(record) for holds in conditions):
                out += " ".join("".join(map(record.value, group)) for group in groups) + "\n"
    except BadInput as error:
        raise Failure(2, f"{error}\n" if str(error).startswith("The lab") else f"awk: line 1: {error}\n") from None
    return Result(2 if err else 0, out, err)


def _not_understood(what: str) -> Failure:
    return Failure(2, f"The lab's awk knows programs such as '$1 == \"eth0\" {{print $2}}', not {what[:60]}\n")


def _program(text: str) -> tuple[list[Callable[[Record], bool]], list[list[str]]]:
    """The questions in front of the braces, and the values of each word that is printed within."""
    text, at, conditions = text.strip(), 0, []
    while found := _TEST.match(text, at):
        conditions.append(_condition(found))
        at = found.end()
        if not (more := re.compile(r"\s*&&").match(text, at)):
            break
        at = more.end()
    if at == len(text) and conditions:
        return conditions, [["$0"]]
    action = _ACTION.fullmatch(text, at)
    if not action:
        raise _not_understood(text[at:] or "an empty one")
    printed = action[1].strip().rstrip("; ")
    printed = printed[1:-1] if printed.startswith("(") and printed.endswith(")") else printed
    groups, at = [[]], 0
    while found := _ITEM.match(printed, at):
        groups.append([]) if found[1] == "," else groups[-1].append(found[1])
        at = found.end()
    if printed[at:].strip() or (len(groups) > 1 and [] in groups):
        raise _not_understood(printed[at:] or printed)
    return conditions, groups if groups != [[]] else [["$0"]]


def _condition(found: re.Match) -> Callable[[Record], bool]:
    negated, regex, left, sign, right = found.groups()
    if regex or sign in ("~", "!~"):
        pattern, value = _pattern((regex or right)[1:-1]), left or "$0"
        return lambda record: pattern.search(record.value(value)) != (bool(negated) or sign == "!~")
    if right[0] == "/":
        raise _not_understood(found[0])

    def holds(record: Record) -> bool:
        """As numbers where both look like some and neither is a text (POSIX)."""
        values = record.value(left), record.value(right)
        if right[0] != '"' and all(re.fullmatch(rf"\s*{_NUMBER}\s*", value) for value in values):
            values = tuple(map(float, values))
        return _COMPARE[sign](*values)

    return holds


def _pattern(text: str) -> Pattern:
    try:
        if text[:1] in tuple("*+?"):
            raise BadInput("missing operand")
        return Pattern(text.replace("\\/", "/"))
    except BadInput as error:
        if str(error).startswith("The lab"):
            raise
        why = "missing ')'" if "( or" in str(error) else str(error)
        raise BadInput(f"regular expression compile failed ({why})\n{text}") from None


def _separator(text: str) -> Callable[[str], list[str]]:
    """-F: a blank is any white space, one character is itself, more are a pattern."""
    if text == " ":
        return str.split
    text = text.replace("\\t", "\t")
    if len(text) == 1 and text != "\\":
        return lambda line: line.split(text) if line else []
    pattern = _pattern(text)

    def split(line: str) -> list[str]:
        ends = [0, *(place for span in pattern.spans(line) for place in span), len(line)]
        return [line[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)] if line else []

    return split
