"""The grammar of the lab's shell: the part of bash a learner types, read whole before any of it runs.

A text is cut into tokens (words as they were typed, operators, redirections, the texts of here-documents). A command is Simple
(assignments, words, redirections) or a Loop (`for … do … done`); `|` makes a Pipeline of them; `;`, `&&`, `||` and the ends of
lines make lists of pipelines. What bash knows and the lab does not is refused here, in a sentence of the lab's: nothing is
silently taken for a word.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from .expansion import NAME, Part, Word, parts, unknown, word_end, words
from .result import Incomplete, ShellError

#: The longest text the shell reads, and how deep loops nest.
LONGEST, DEEPEST = 65_536, 8
_UNKNOWN = {"if", "while", "until", "case", "select", "function", "coproc", "time", "[[", "{"}
_MISPLACED = {"then", "elif", "else", "fi", "do", "done", "esac", "}"}
_BLANK = re.compile(r"(?:[ \t\r\v\f]|\\\n|#[^\n]*)+")
_TOKEN = re.compile(r"(?P<fd>[0-9]+(?=[<>]))?(?P<redirect>&>>?|<<<|<<-?|>>|>&|<&|<>|>\||[<>])|&&|\|\||\|&|;;|[|;&()\n]")
_REDIRECTS = {"<", ">", ">>", ">&", "&>", "&>>", "<<", "<<-", "<<<"}
_TO_STDOUT = (Part("text", "1"),)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: "word", "operator", "redirect", the text of a here-document ("document", "literal"), or "end"."""

    kind: str
    text: str
    start: int
    fd: int = -1


@dataclass(frozen=True, slots=True)
class Redirect:
    """`fd` goes to (">", ">>") or comes from ("<") a file, is a copy of another (">&"), or reads a text ("<<")."""

    fd: int
    how: str
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: `X=1` in front of it, its words, and where its outputs go."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`, and the operator before them ("", ";", "&&" or "||"); `!` turns its status round."""

    operator: str
    commands: tuple["Simple | Loop", ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """`for NAME in WORDS; do BODY; done`."""

    variable: str
    words: tuple[Word, ...]
    body: tuple[Pipeline, ...]
    redirects: tuple[Redirect, ...]


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[tuple[str, tuple[Pipeline, ...]], ...]:
    """Of each line its text and its pipelines. ShellError where bash or the lab refuses one, Incomplete where it goes on."""
    if len(text) > LONGEST:
        raise ShellError(f"The lab's shell reads up to {LONGEST:,} characters at a time, and these are {len(text):,}.")
    return tuple(_Parser(text).script())


def is_complete(text: str) -> bool:
    """Whether bash would run the text now rather than ask for a further line."""
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return False
    try:
        parse(text)
    except Incomplete:
        return False
    except ShellError:
        pass
    return True


def tokens(text: str) -> list[Token]:
    """All tokens, and one of kind "end" behind them."""
    found: list[Token] = []
    documents: list[tuple[int, str]] = []  # of those that begin on the next line, where the delimiter stands
    at = 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = blank.end()
            continue
        token, start = _TOKEN.match(text, at), at
        at = token.end() if token else word_end(text, at)
        if token is None:
            found.append(Token("word", text[start:at], start))
        elif how := token["redirect"]:
            if how not in _REDIRECTS or (token["fd"] or "0") not in ("0", "1", "2"):
                raise unknown(f"`{token[0]}`")
            found.append(Token("redirect", how, start, int(token["fd"] or how[0] != "<")))
            documents += [(len(found), how)] if how in ("<<", "<<-") else []
        else:
            found.append(Token("operator", token[0], start))
            at = _read_documents(text, at, found, documents) if token[0] == "\n" else at
    _read_documents(text, at, found, documents)
    return [*found, Token("end", "", len(text))]


def _read_documents(text: str, at: int, found: list[Token], documents: list[tuple[int, str]]) -> int:
    """Put the lines up to each delimiter in its place; where they end."""
    while documents:
        place, how = documents.pop(0)
        if place >= len(found) or found[place].kind != "word":
            raise ShellError("bash: syntax error near unexpected token `newline'")
        delimiter, made, line = re.sub(r"\\(.)|['\"]", r"\1", found[place].text), "", None
        while line != delimiter:
            made += f"{line}\n" if line is not None else ""
            if at >= len(text):
                raise Incomplete(f"The lab's shell misses the line {delimiter} that ends the here-document.")
            end = text.find("\n", at) + 1 or len(text)
            line, at = text[at:end].rstrip("\n"), end
            line = line.lstrip("\t") if how == "<<-" else line
        found[place] = replace(found[place], kind="literal" if delimiter != found[place].text else "document", text=made)
    return at


class _Parser:
    """One token of look-ahead, one method for each thing of the grammar."""

    def __init__(self, text: str):
        self.text, self.tokens, self.at, self.depth = text, tokens(text), 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1].text

    def sees(self, kind: str, *texts: str) -> bool:
        return self.next.kind == kind and self.next.text in texts

    def skip_newlines(self) -> None:
        while self.sees("operator", "\n"):
            self.at += 1

    def expect(self, kind: str, *texts: str) -> None:
        if not self.sees(kind, *texts):
            raise self.unexpected()
        self.at += 1

    def unexpected(self) -> ShellError:
        """bash's words for what cannot stand here, or the lab's where bash would go on."""
        if self.next.kind == "end":
            return Incomplete("bash: syntax error: unexpected end of file")
        if self.sees("operator", "(", "|&"):
            return unknown(f"`{self.next.text}`")
        if self.sees("operator", "&"):
            return ShellError("The lab's shell does not run commands in the background: leave the & away.")
        shown = "newline" if self.sees("operator", "\n") else self.next.text
        return ShellError(f"bash: syntax error near unexpected token `{shown}'")

    def script(self):
        """Line by line, to the end."""
        self.skip_newlines()
        while self.next.kind != "end":
            start = self.next.start
            pipelines = self.pipelines(("\n",))
            if not (self.next.kind == "end" or self.sees("operator", "\n")):
                raise self.unexpected()
            yield self.text[start : self.next.start].strip(), pipelines
            self.skip_newlines()

    def pipelines(self, ends: tuple[str, ...]) -> tuple[Pipeline, ...]:
        """Pipelines up to an operator of `ends`, a `done`, or what cannot follow."""
        found, operator = [], ""
        while not (found and operator == ";" and (self.next.kind == "end" or self.sees("operator", *ends) or self.sees("word", "done"))):
            found.append(self.pipeline(operator))
            if self.sees("operator", *ends) or not self.sees("operator", ";", "&&", "||", "\n"):
                break
            operator = self.take().replace("\n", ";")
            if operator != ";" or "\n" not in ends:
                self.skip_newlines()
        return tuple(found)

    def pipeline(self, operator: str) -> Pipeline:
        negated = self.sees("word", "!")
        self.at += negated
        commands = [self.command()]
        while self.sees("operator", "|"):
            self.take()
            self.skip_newlines()
            commands.append(self.command())
        return Pipeline(operator, tuple(commands), negated)

    def command(self) -> Simple | Loop:
        first = self.next.text if self.next.kind == "word" else ""
        if first == "for":
            return self.loop()
        if first in _UNKNOWN:
            raise unknown(f"`{first}`")
        if first in _MISPLACED:
            raise self.unexpected()
        assignments, found, redirects = [], [], []
        while self.next.kind in ("word", "redirect"):
            if self.next.kind == "redirect":
                redirects += self.redirect()
                continue
            raw = self.take()
            name = NAME.match(raw)
            if name and not found and raw.startswith("=", name.end()):
                assignments.append((name[0], parts(raw[name.end() + 1 :])))
            else:
                found += words(raw)
        if not (assignments or found or redirects) or self.sees("operator", "("):
            raise self.unexpected()
        return Simple(tuple(assignments), tuple(found), tuple(redirects))

    def redirect(self) -> list[Redirect]:
        token = self.next
        self.take()
        if self.next.kind not in ("word", "document", "literal"):
            raise ShellError("bash: syntax error near unexpected token `newline'") if self.next.kind == "end" else self.unexpected()
        kind, raw = self.next.kind, self.take()
        if kind != "word":
            return [Redirect(token.fd, "<<", (Part("text", raw, True),) if kind == "literal" else parts(raw, "<<"))]
        target = parts(raw)
        if token.text == "<<<":
            return [Redirect(token.fd, "<<", (*(replace(part, quoted=True) for part in target), Part("text", "\n", True)))]
        if token.text == ">&" and raw in ("1", "2"):
            return [Redirect(token.fd, ">&", target)]
        if token.text == ">&" and (raw in ("0", "-") or token.fd != 1):
            raise unknown(f"`>&{raw}`")
        if token.text in (">&", "&>", "&>>"):  # both outputs to one file
            return [Redirect(1, ">>" if token.text == "&>>" else ">", target), Redirect(2, ">&", _TO_STDOUT)]
        return [Redirect(token.fd, token.text, target)]

    def loop(self) -> Loop:
        """`for NAME in WORDS; do …; done`, over as many lines as it likes."""
        self.take()
        if self.sees("operator", "("):
            raise unknown("`for ((`")
        if self.next.kind != "word":
            raise self.unexpected()
        variable = self.take()
        if not NAME.fullmatch(variable):
            raise ShellError(f"bash: `{variable}': not a valid identifier")
        self.skip_newlines()
        if self.sees("word", "do") or self.sees("operator", ";"):
            raise unknown("`for` without `in`")
        self.expect("word", "in")
        found: list[Word] = []
        while self.next.kind == "word":
            found += words(self.take())
        self.expect("operator", ";", "\n")
        self.skip_newlines()
        self.expect("word", "do")
        self.depth += 1
        if self.depth > DEEPEST:
            raise ShellError(f"The lab's shell nests loops up to {DEEPEST} deep.")
        self.skip_newlines()
        body = self.pipelines(())
        self.expect("word", "done")
        self.depth -= 1
        redirects: list[Redirect] = []
        while self.next.kind == "redirect":
            redirects += self.redirect()
        return Loop(variable, tuple(found), body, tuple(redirects))
