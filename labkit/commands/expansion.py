"""A word of the shell: where it ends, its pieces as they were typed, and the words that a command gets of it.

In bash's order (bash(1), QUOTING and EXPANSION): braces on the text alone, so that `ns{1..3}` is three words; then variables and `$(…)`,
splitting, and names of files. Unquoted values are split at blanks, and a word that becomes nothing is gone: `ip netns add $NS` without
NS is `ip netns add`.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NoReturn

from . import filesystem as files
from .result import Incomplete, ShellError

#: How deep quotes, substitutions and braces may stand in one another, how many words braces may make, the longest word,
#: as the kernel has it (MAX_ARG_STRLEN), and the longest pattern of files.
DEEPEST, MOST, LONGEST, LONGEST_PATTERN = 16, 4096, 131_072, 1_000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[^ \t\r\v\f\n|;&<>()'\"\\`$]+")
_SPECIAL = re.compile(r"['\"\\`$]")
_RANGE = re.compile(r"(-?[0-9]{1,9}|[A-Za-z])\.\.(-?[0-9]{1,9}|[A-Za-z])(?:\.\.(-?[0-9]{1,9}))?")
_MAGIC = re.compile(r"[*?\[]")
#: Variables that bash fills by chance or by the clock, which the lab has not.
_CHANCE = {"RANDOM", "SRANDOM", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME", "LINENO", "BASHPID", "PPID"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word: its "text", the name of a "variable", or the text of a "command" (`$(…)`)."""

    kind: str
    text: str
    quoted: bool = False


Word = tuple[Part, ...]


def unknown(what: str) -> ShellError:
    """The lab's refusal of a thing that bash knows."""
    knows = "variables, `for … do … done`, `|`, `;`, `&&`, `||`, `$(…)`, redirections and here-documents"
    return ShellError(f"The lab's shell does not know {what}: it knows {knows}.")


def word_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in " \t\r\v\f\n|;&<>()":
        plain = _PLAIN.match(text, at)
        at = plain.end() if plain else skip(text, at)
    return at


def skip(text: str, at: int, depth: int = 0) -> int:
    """The place behind what starts here: a quoted piece, an escaped character, a substitution, or one character."""
    if depth > DEEPEST:
        raise ShellError(f"The lab's shell nests quotes and substitutions up to {DEEPEST} deep.")
    start = text[at : at + 2]
    if start[0] == "\\":
        return min(at + 2, len(text))
    if start[0] in "'`":
        end = text.find(start[0], at + 1) + 1
        return end or _open(start[0])
    if start[0] != '"' and start not in ("$(", "${"):
        return at + 1
    closer = {'"': '"', "(": ")", "{": "}"}[start[0] if start[0] == '"' else start[1]]
    at, inner = at + (1 if closer == '"' else 2), 0
    while at < len(text):
        c = text[at]
        if c == closer and not inner:
            return at + 1
        if closer == ")" and c in "()":
            inner += 1 if c == "(" else -1
        at = at + 1 if closer == '"' and c == "'" else skip(text, at, depth + 1)
    return _open(closer)


def _open(quote: str) -> NoReturn:
    raise Incomplete(f"bash: unexpected EOF while looking for matching `{quote}'")


def parts(raw: str, inside: str = "") -> Word:
    """A word's pieces. `inside` a `"`, or a here-document ("<<"), blanks stay together and `'` is no quote."""
    found: list[Part] = []
    at, quoted = 0, bool(inside)
    while at < len(raw) or not found:
        c = raw[at : at + 1]
        if not c or c not in "\\`$" and (inside or c not in "'\""):
            special = _SPECIAL.search(raw, at + 1)
            end = special.start() if special else len(raw)
            found.append(Part("text", raw[at:end], quoted))
            at = max(end, 1)
            continue
        end = skip(raw, at)
        match c:
            case "\\" if raw[at + 1 : end] != "\n":
                means = {"": raw[at + 1 : end], '"': '$`\\"', "<<": "$`\\"}[inside]
                found.append(Part("text", raw[at + (raw[at + 1 : end] in means) : end], True))
            case "'":
                found.append(Part("text", raw[at + 1 : end - 1], True))
            case '"':
                found += parts(raw[at + 1 : end - 1], '"')
            case "`":
                found.append(Part("command", re.sub(r"\\([$`\\])", r"\1", raw[at + 1 : end - 1]), quoted))
            case "$":
                part, end = _substitution(raw, at, end, quoted)
                found.append(part)
        at = end
    return tuple(found)


def _substitution(raw: str, at: int, end: int, quoted: bool) -> tuple[Part, int]:
    """What `$` stands for here, and where it ends."""
    if raw.startswith("$((", at):
        raise unknown("`$((…))`")
    if raw.startswith("$(", at):
        return Part("command", raw[at + 2 : end - 1], quoted), end
    name = raw[at + 2 : end - 1] if raw.startswith("${", at) else ""
    if name and not (name == "?" or NAME.fullmatch(name)):
        raise unknown(f"`${{{name[:20]}}}`")
    if not name and (plain := re.compile(rf"\?|{NAME.pattern}").match(raw, at + 1)):
        name, end = plain[0], plain.end()
    if name in _CHANCE or (not name and raw[at + 1 : at + 2] in tuple("$!#@*-'\"0123456789{")):
        raise unknown(f"`${name or raw[at + 1]}`")
    return (Part("variable", name, quoted), end) if name else (Part("text", "$", True), at + 1)


def words(raw: str) -> list[Word]:
    """The words that one word as typed stands for."""
    return [parts(one) for one in braces(raw)]


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
        if raw[at] == "{":
            still_open.append((at, []))
        elif raw[at] == "," and still_open:
            still_open[-1][1].append(at)
        elif raw[at] == "}" and still_open:
            start, commas = still_open.pop()
            ends = _RANGE.fullmatch(raw, start + 1, at)
            if commas or ends and ends[1].isalpha() == ends[2].isalpha():
                found.append((start, at, commas))
        at = skip(raw, at)
    return sorted(found)


def _range(text: str) -> list[str]:
    """The words of `1..3`, `01..10`, `a..e` or `1..9..2`."""
    *ends, step = _RANGE.fullmatch(text).groups()
    letters = ends[0].isalpha()
    width = max(map(len, ends)) if any(re.match("-?0[0-9]", end) for end in ends) else 0
    start, end = map(ord if letters else int, ends)
    step = (abs(int(step or 1)) or 1) * (1 if start <= end else -1)
    made = range(start, end + (1 if step > 0 else -1), step)
    return [chr(number) if letters else f"{number:0{width}}" for number in made[: MOST + 1]]


def fields(word: Word, shell) -> list[str]:
    """The words that one word becomes when its command runs: none, one or many."""
    if len(word) == 1 and word[0].kind == "text" and (word[0].quoted or not _MAGIC.search(word[0].text)):
        return [_home(word[0])]
    found: list[list[Part]] = [[]]
    for place, part in enumerate(word):
        if part.kind == "text" or part.quoted:
            found[-1].append(Part("text", _value(part, shell, place == 0), part.quoted))
            continue
        value = _value(part, shell)
        if found[-1] and value[:1].isspace():
            found.append([])
        for number, piece in enumerate(value.split()):
            found += [[]] if number else []
            found[-1].append(Part("text", piece))
        if value.strip() and value[-1:].isspace():
            found.append([])
    return [name for pieces in found if pieces for name in _names(pieces, shell)]


def text(word: Word, shell) -> str:
    """The word as one text, as an assignment, a here-document and the file of a redirection take it."""
    return _bounded("".join(_value(part, shell, place == 0) for place, part in enumerate(word)))


def _value(part: Part, shell, first: bool = False) -> str:
    if part.kind == "text":
        return _home(part) if first else part.text
    return _bounded(shell.output(part.text).rstrip("\n") if part.kind == "command" else shell.value(part.text))


def _bounded(value: str) -> str:
    if len(value) > LONGEST:
        raise ShellError(f"The lab's shell makes words of up to {LONGEST:,} characters, and this one has {len(value):,}.")
    return value


def _home(part: Part) -> str:
    """`~` in front of a word is the home directory."""
    return files.HOME + part.text[1:] if not part.quoted and (part.text == "~" or part.text.startswith("~/")) else part.text


def _names(pieces: list[Part], shell) -> list[str]:
    """The files that a pattern such as /proc/sys/net/ipv4/conf/*/rp_filter names; without one the word is what it is."""
    plain = _bounded("".join(part.text for part in pieces))
    if not plain.startswith("/") or not any(_MAGIC.search(part.text) for part in pieces if not part.quoted):
        return [plain]
    if len(plain) > LONGEST_PATTERN:
        raise ShellError(f"The lab's shell reads patterns of files of up to {LONGEST_PATTERN:,} characters.")
    shell.budget.spend(10)
    pattern = "".join(_MAGIC.sub(r"[\g<0>]", part.text) if part.quoted else part.text for part in pieces)
    start, wanted = pattern[: _MAGIC.search(pattern).start()], pattern.split("/")
    names = (name for name in files.names(shell.lab, shell.ns, pattern) if name.startswith(start) and name.count("/") == len(wanted) - 1)
    found = (name for name in names if ("/." in pattern or "/." not in name) and all(map(fnmatchcase, name.split("/"), wanted)))
    return sorted(found) or [plain]
