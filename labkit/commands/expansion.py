"""A word of the shell made into the words a command gets: variables, `$(…)`, splitting, and names of files.

In bash's order (bash(1), EXPANSION). Unquoted values are split at blanks, and a word that becomes nothing is gone:
`ip netns add $NS` without NS is `ip netns add`.
"""

import re
from functools import lru_cache

from ..errors import BadInput
from ..lab import files
from .quoting import Part, Word
from .regex import Pattern
from .tokens import ShellError

#: The longest word, as the kernel has it (MAX_ARG_STRLEN).
LONGEST = 131_072
_MAGIC = re.compile(r"[*?\[]")


def fields(word: Word, shell) -> list[str]:
    """The words that one word becomes: none, one or many."""
    if len(word) == 1 and word[0].kind == "text" and (word[0].quoted or not _MAGIC.search(word[0].text)):
        return [_home(word[0])]
    found: list[list[Part]] = [[]]
    for place, part in enumerate(word):
        if part.kind == "text":
            found[-1].append(Part("text", _home(part) if not place else part.text, part.quoted))
            continue
        value = _value(part, shell)
        if part.quoted:
            found[-1].append(Part("text", value, True))
            continue
        pieces = value.split()
        if found[-1] and value[:1].isspace():
            found.append([])
        for number, piece in enumerate(pieces):
            if number:
                found.append([])
            found[-1].append(Part("text", piece))
        if pieces and value[-1:].isspace():
            found.append([])
    return [name for parts in found if parts for name in _names(parts, shell)]


def text(word: Word, shell) -> str:
    """The word as one text, as an assignment, a here-document and the file of a redirection take it."""
    value = "".join(_home(p) if p.kind == "text" and not place else p.text if p.kind == "text" else _value(p, shell)
                    for place, p in enumerate(word))  # fmt: skip
    return _bounded(value)


def _value(part: Part, shell) -> str:
    value = shell.output(part.text).rstrip("\n") if part.kind == "command" else shell.value(part.text)
    return _bounded(value)


def _bounded(value: str) -> str:
    if len(value) > LONGEST:
        raise ShellError(f"The lab's shell makes words of up to {LONGEST:,} characters, and this one has {len(value):,}.")
    return value


def _home(part: Part) -> str:
    """`~` in front of a word is the home directory."""
    if part.quoted or not (part.text == "~" or part.text.startswith("~/")):
        return part.text
    return files.HOME + part.text[1:]


def _names(parts: list[Part], shell) -> list[str]:
    """The files that a pattern such as /proc/sys/net/ipv4/conf/*/rp_filter names; without one the word is what it is."""
    plain = _bounded("".join(part.text for part in parts))
    if plain.startswith("/") and any(_MAGIC.search(part.text) for part in parts if not part.quoted):
        pattern = "".join(_MAGIC.sub(r"[\g<0>]", part.text) if part.quoted else part.text for part in parts)
        return _matching(pattern, shell) or [plain]
    return [plain]


def _matching(pattern: str, shell) -> list[str]:
    """The paths that fit, each part of the path by itself; a name with a dot in front wants one."""
    shell.budget.spend(10)
    start, fits = pattern[: _MAGIC.search(pattern).start()], _glob(pattern)
    names = (name for name in files.names(shell.lab, shell.ns, pattern) if name.startswith(start))
    return sorted(name for name in names if ("/." in pattern or "/." not in name) and fits.search(name))


@lru_cache(maxsize=64)
def _glob(pattern: str) -> Pattern:
    """The pattern as a regular expression (glob(7)): nothing but a slash matches a slash."""
    pieces = (_PIECES.get(piece[0]) or _bracket(piece[0]) for piece in _PIECE.finditer(pattern))
    try:
        return Pattern("".join(pieces), around="x")
    except BadInput as error:
        raise ShellError(str(error)) from None


def _bracket(piece: str) -> str:
    if len(piece) > 2:
        return "[^" + piece[2:] if piece[1] == "!" else piece
    return "\\" + piece if piece in ".^$+(){}|\\[" else piece


_PIECE = re.compile(r"\[!?\]?[^\]]*\]|.", re.S)
_PIECES = {"*": "[^/]*", "?": "[^/]"}
