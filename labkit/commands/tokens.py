"""A shell text cut into tokens: words as they were typed, operators, redirections with the texts of here-documents.

As bash does it (bash(1), QUOTING and REDIRECTION): where a word ends is known before anything in it is expanded.
"""

import re
from dataclasses import dataclass

from ..errors import BadInput

#: How deep quotes and substitutions may stand in one another.
DEEPEST = 16
_BLANK = re.compile(r"(?:[ \t\r\v\f]|\\\n)+")
_PLAIN = re.compile(r"[^ \t\r\v\f\n|;&<>()'\"\\`$]+")
_OPERATOR = re.compile(r"&&|&>>|&>|\|\||\|&|;;|<<<|<<-|<<|>>|>&|<&|<>|>\||[|;&<>()\n]")
_FD = re.compile(r"[0-9]+(?=[<>])")
_KNOWN = {"<", ">", ">>", ">&", "&>", "&>>", "<<", "<<-", "<<<"}


class ShellError(BadInput):
    """A line that bash or the lab's shell does not run; it says why as the shell does."""


class Incomplete(ShellError):
    """A text that goes on: a quote, a loop or a here-document is still open."""


@dataclass(slots=True)
class Token:
    """`kind` is "word", "operator", "redirect" or "end". `document` is a here-document's text, to be expanded or not."""

    kind: str
    text: str
    start: int
    fd: int = -1
    document: str = ""
    literal: bool = False


def unknown(what: str) -> ShellError:
    """The lab's refusal of a thing that bash knows."""
    knows = "variables, `for … do … done`, `|`, `;`, `&&`, `||`, `$(…)`, redirections and here-documents"
    return ShellError(f"The lab's shell does not know {what}: it knows {knows}.")


def tokens(text: str) -> list[Token]:
    """All tokens, and one of kind "end" behind them."""
    found: list[Token] = []
    waiting: list[Token] = []  # here-documents whose text begins on the next line
    at = 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = blank.end()
        elif text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif (number := _FD.match(text, at)) or (text[at] in "|;&<>()\n"):
            token, at = _operator(text, at, number)
            found.append(token)
            if token.text in ("<<", "<<-"):
                waiting.append(token)
            if token.text == "\n":
                at = _read_documents(text, at, found, waiting)
        else:
            end = _word_end(text, at)
            found.append(Token("word", text[at:end], at))
            at = end
    if waiting:
        _read_documents(text, at, found, waiting)
    return [*found, Token("end", "", len(text))]


def _operator(text: str, at: int, number: re.Match | None) -> tuple[Token, int]:
    operator = _OPERATOR.match(text, number.end() if number else at)
    if operator[0].strip("&<>|-") or operator[0] in ("|", "||", "|&", "&", "&&"):
        return Token("operator", operator[0], at), operator.end()
    shown = text[at : operator.end()]
    if operator[0] not in _KNOWN or (number and (number[0] not in ("0", "1", "2") or "&>" in operator[0])):
        raise unknown(f"`{shown}`")
    fd = int(number[0]) if number else 0 if operator[0].startswith("<") else 1
    return Token("redirect", operator[0], at, fd), operator.end()


def _read_documents(text: str, at: int, found: list[Token], waiting: list[Token]) -> int:
    """The lines up to each delimiter, for the here-documents of the line before; where they end."""
    while waiting:
        token = waiting.pop(0)
        behind = found[found.index(token) + 1 :][:1]
        if not behind or behind[0].kind != "word":
            raise ShellError("bash: syntax error near unexpected token `newline'")
        raw = behind[0].text
        delimiter = re.sub(r"\\(.)|['\"]", r"\1", raw)
        token.literal, lines = delimiter != raw, []
        while True:
            if at >= len(text):
                raise Incomplete(f"The lab's shell misses the line {delimiter} that ends the here-document.")
            end = text.find("\n", at) + 1 or len(text)
            line, at = text[at:end].rstrip("\n"), end
            line = line.lstrip("\t") if token.text == "<<-" else line
            if line == delimiter:
                break
            lines.append(line + "\n")
        token.document = "".join(lines)
    return at


def _word_end(text: str, at: int) -> int:
    while at < len(text):
        if plain := _PLAIN.match(text, at):
            at = plain.end()
        elif text[at] in " \t\r\v\f\n|;&<>()":
            break
        else:
            at = skip(text, at)
    return at


def skip(text: str, at: int, depth: int = 0) -> int:
    """The place behind what starts here: a quoted piece, an escaped character, a substitution, or one character."""
    if depth > DEEPEST:
        raise ShellError(f"The lab's shell nests quotes and substitutions up to {DEEPEST} deep.")
    match text[at]:
        case "\\":
            return min(at + 2, len(text))
        case "'" | "`" as quote:
            return _closing(text, at, quote, text.find(quote, at + 1) + 1)
        case '"':
            return _skip_until(text, at + 1, '"', depth, '"')
        case "$" if text.startswith("$(", at):
            return _skip_until(text, at + 2, ")", depth, ")")
        case "$" if text.startswith("${", at):
            return _skip_until(text, at + 2, "}", depth, "}")
    return at + 1


def _skip_until(text: str, at: int, closer: str, depth: int, shown: str) -> int:
    """Behind the `closer` that belongs here; quotes and substitutions between are passed over."""
    inner = 0
    while at < len(text):
        c = text[at]
        if c == closer and not inner:
            return at + 1
        if closer == ")" and c in "()":
            inner += 1 if c == "(" else -1
        at = at + 1 if closer == '"' and c == "'" else skip(text, at, depth + 1)
    return _closing(text, at, shown, 0)


def _closing(text: str, at: int, quote: str, end: int) -> int:
    if not end:
        raise Incomplete(f"bash: unexpected EOF while looking for matching `{quote}'")
    return end
