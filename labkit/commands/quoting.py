"""A word of the shell as it was typed, taken apart: braces, quotes, and what is to be put in.

bash does braces first and on the text alone: `ns{1..3}` is three words, whatever stands around it
(bash(1), EXPANSION). Everything else is kept in parts until the command runs.
"""

import re
from dataclasses import dataclass

from .tokens import DEEPEST, ShellError, skip, unknown

#: How many words braces may make.
MOST = 4096
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = re.compile(r"['\"\\`$]")
_RANGE = re.compile(r"(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})(?:\.\.(-?[0-9]{1,9}))?|([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?[0-9]{1,9}))?")
#: Variables that bash fills by chance or by the clock, which the lab has not.
_CHANCE = {"RANDOM", "SRANDOM", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME", "LINENO", "BASHPID", "PPID"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word: its "text", the name of a "variable", or the text of a "command" (`$(…)`)."""

    kind: str
    text: str
    quoted: bool = False


Word = tuple[Part, ...]


def words(raw: str) -> list[Word]:
    """The words that one word as typed stands for."""
    return [parts(one) for one in braces(raw)]


def parts(raw: str, inside: str = "") -> Word:
    """Its parts. `inside` a `"`, or a here-document ("<<"), blanks stay together and `'` is no quote."""
    if not _SPECIAL.search(raw):
        return (Part("text", raw, bool(inside)),)
    found: list[Part] = []
    at, quoted = 0, bool(inside)
    while at < len(raw):
        c = raw[at]
        if c not in "\\`$" and (inside or c not in "'\""):
            special = _SPECIAL.search(raw, at + 1)
            end = special.start() if special else len(raw)
            found.append(Part("text", raw[at:end], quoted))
            at = end
            continue
        end = skip(raw, at)
        match c:
            case "\\":
                found += _escaped(raw[at + 1 : end], inside)
            case "'":
                found.append(Part("text", raw[at + 1 : end - 1], True))
            case '"':
                found += parts(raw[at + 1 : end - 1], '"') if end - at > 2 else [Part("text", "", True)]
            case "`":
                found.append(Part("command", re.sub(r"\\([$`\\])", r"\1", raw[at + 1 : end - 1]), quoted))
            case "$":
                part, end = _substitution(raw, at, end, quoted)
                found.append(part)
        at = end
    return tuple(found)


def _escaped(character: str, inside: str) -> list[Part]:
    """What a backslash leaves of the character behind it: within quotes it takes its meaning from a few only."""
    if character == "\n":
        return []
    means = {"": character, '"': '$`\\"', "<<": "$`\\"}[inside]
    return [Part("text", character if character in means else "\\" + character, True)]


def _substitution(raw: str, at: int, end: int, quoted: bool) -> tuple[Part, int]:
    """What `$` stands for here, and where it ends."""
    if raw.startswith("$((", at):
        raise unknown("`$((…))`")
    if raw.startswith("$(", at):
        return Part("command", raw[at + 2 : end - 1], quoted), end
    name = raw[at + 2 : end - 1] if raw.startswith("${", at) else ""
    if name and not (name == "?" or _NAME.fullmatch(name)):
        raise unknown(f"`${{{name[:20]}}}`")
    plain = _NAME.match(raw, at + 1)
    if not name and plain:
        name, end = plain[0], plain.end()
    if not name and raw.startswith("$?", at):
        name, end = "?", at + 2
    if name in _CHANCE or (not name and raw[at + 1 : at + 2] in tuple("$!#@*-'\"0123456789{")):
        raise unknown(f"`${name or raw[at + 1]}`")
    return (Part("variable", name, quoted), end) if name else (Part("text", "$", True), at + 1)


def braces(raw: str, depth: int = 0) -> list[str]:
    """`a{1,2}` is a1 and a2, `{1..3}` 1, 2 and 3; braces without a comma or dots are just braces."""
    if "{" not in raw or not ("," in raw or ".." in raw):
        return [raw]
    if depth > DEEPEST:
        raise ShellError(f"The lab's shell nests braces up to {DEEPEST} deep.")
    made, behind = [""], 0
    for start, end, commas in _groups(raw):
        if start < behind:
            continue  # within the last one
        edges = [start, *commas, end]
        items = _range(raw[start + 1 : end]) if not commas else [
            one for a, b in zip(edges, edges[1:], strict=False) for one in braces(raw[a + 1 : b], depth + 1)
        ]
        if len(made) * len(items) > MOST:
            raise ShellError(f"The lab's shell makes up to {MOST:,} words of one with braces.")
        made = [one + raw[behind:start] + item for one in made for item in items]
        behind = end + 1
    return [one + raw[behind:] for one in made]


def _groups(raw: str) -> list[tuple[int, int, list[int]]]:
    """(start, end, commas) of the braces to expand, the outermost and leftmost first."""
    found, still_open, at = [], [], 0
    while at < len(raw):
        match raw[at]:
            case "{":
                still_open.append((at, []))
            case "," if still_open:
                still_open[-1][1].append(at)
            case "}" if still_open:
                start, commas = still_open.pop()
                if commas or _RANGE.fullmatch(raw, start + 1, at):
                    found.append((start, at, commas))
        at = skip(raw, at)
    return sorted(found)


def _range(text: str) -> list[str]:
    """The words of `1..3`, `01..10`, `a..e` or `1..9..2`."""
    first, last, step, *letters = _RANGE.fullmatch(text).groups()
    if letters[0]:
        first, last, step = ord(letters[0]), ord(letters[1]), letters[2]
        numbers, show = (first, last), chr
    else:
        width = max(len(first), len(last)) if any(re.match("-?0[0-9]", end) for end in (first, last)) else 0
        numbers, show = (int(first), int(last)), lambda number: f"{number:0{width}}"
    start, end = numbers
    step = abs(int(step or 1)) or 1
    made = range(start, end + 1, step) if start <= end else range(start, end - 1, -step)
    if len(made) > MOST:
        raise ShellError(f"The lab's shell makes up to {MOST:,} words of one with braces.")
    return [show(number) for number in made]
