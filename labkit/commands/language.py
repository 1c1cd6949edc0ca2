"""The grammar of the lab's shell: the part of bash a learner types, read whole before any of it runs.

A command is Simple (assignments, words, redirections) or a Loop (`for … do … done`); `|` makes a Pipeline of them;
`;`, `&&`, `||` and the ends of lines make lists of pipelines. What bash knows and the lab does not is refused here,
in a sentence of the lab's: nothing is silently taken for a word.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from .quoting import Part, Word, parts, words
from .tokens import Incomplete, ShellError, Token, tokens, unknown

#: The longest text the shell reads, and how deep loops nest.
LONGEST = 65_536
DEEPEST = 8
_UNKNOWN = {"if", "while", "until", "case", "select", "function", "coproc", "time", "[[", "{"}
_MISPLACED = {"then", "elif", "else", "fi", "do", "done", "esac", "}"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TO_STDOUT = (Part("text", "1"),)


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


@dataclass(frozen=True, slots=True)
class Line:
    """The pipelines of one line, and its text as it was typed."""

    text: str
    pipelines: tuple[Pipeline, ...]


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[Line, ...]:
    """The lines of a script. ShellError where bash or the lab refuses one, Incomplete where the text ends too early."""
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


class _Parser:
    """One token of look-ahead, one method for each thing of the grammar."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def is_operator(self, *operators: str) -> bool:
        return self.next.kind == "operator" and self.next.text in operators

    def is_word(self, word: str) -> bool:
        return self.next.kind == "word" and self.next.text == word

    def skip_newlines(self) -> None:
        while self.is_operator("\n"):
            self.at += 1

    def unexpected(self) -> ShellError:
        """bash's words for what cannot stand here, or the lab's where bash would go on."""
        if self.next.kind == "end":
            return Incomplete("bash: syntax error: unexpected end of file")
        if self.is_operator("("):
            return unknown("`(`")
        if self.is_operator("&"):
            return ShellError("The lab's shell does not run commands in the background: leave the & away.")
        shown = "newline" if self.is_operator("\n") else self.next.text
        return ShellError(f"bash: syntax error near unexpected token `{shown}'")

    def script(self):
        """Line by line, to the end."""
        self.skip_newlines()
        while self.next.kind != "end":
            start = self.next.start
            pipelines = self.pipelines(("\n",))
            if not (self.next.kind == "end" or self.is_operator("\n")):
                raise self.unexpected()
            yield Line(self.text[start : self.next.start].strip(), pipelines)
            self.skip_newlines()

    def pipelines(self, ends: tuple[str, ...]) -> tuple[Pipeline, ...]:
        """Pipelines up to an operator of `ends`, a `done`, or what cannot follow."""
        found, operator = [], ""
        while not (found and operator == ";" and (self.next.kind == "end" or self.is_operator(*ends) or self.is_word("done"))):
            found.append(self.pipeline(operator))
            if self.is_operator(*ends) or not self.is_operator(";", "&&", "||", "\n"):
                break
            operator = self.take().text.replace("\n", ";")
            if operator != ";" or "\n" not in ends:
                self.skip_newlines()
        return tuple(found)

    def pipeline(self, operator: str) -> Pipeline:
        negated = self.is_word("!")
        self.at += negated
        commands = [self.command()]
        while self.is_operator("|", "|&"):
            if self.take().text == "|&":
                both = (*commands[-1].redirects, Redirect(2, ">&", _TO_STDOUT))
                commands[-1] = replace(commands[-1], redirects=both)
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
            raw = self.take().text
            name = _NAME.match(raw)
            if name and not found and raw.startswith("=", name.end()):
                assignments.append((name[0], parts(raw[name.end() + 1 :])))
            else:
                found += words(raw)
        if not (assignments or found or redirects) or self.is_operator("("):
            raise self.unexpected()
        return Simple(tuple(assignments), tuple(found), tuple(redirects))

    def redirect(self) -> list[Redirect]:
        token = self.take()
        if self.next.kind != "word":
            raise ShellError("bash: syntax error near unexpected token `newline'") if self.next.kind == "end" else self.unexpected()
        raw = self.take().text
        if token.text in ("<<", "<<-"):
            text = (Part("text", token.document, True),) if token.literal else parts(token.document, "<<")
            return [Redirect(token.fd, "<<", text)]
        target = parts(raw)
        if token.text == "<<<":
            together = tuple(replace(part, quoted=True) for part in target)
            return [Redirect(token.fd, "<<", (*together, Part("text", "\n", True)))]
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
        if self.is_operator("("):
            raise unknown("`for ((`")
        if self.next.kind != "word":
            raise self.unexpected()
        variable = self.take().text
        if not _NAME.fullmatch(variable):
            raise ShellError(f"bash: `{variable}': not a valid identifier")
        self.skip_newlines()
        if not self.is_word("in"):
            raise unknown("`for` without `in`") if self.is_word("do") or self.is_operator(";") else self.unexpected()
        self.take()
        found: list[Word] = []
        while self.next.kind == "word":
            found += words(self.take().text)
        if not self.is_operator(";", "\n"):
            raise self.unexpected()
        self.take()
        body = self.body()
        redirects: list[Redirect] = []
        while self.next.kind == "redirect":
            redirects += self.redirect()
        return Loop(variable, tuple(found), body, tuple(redirects))

    def body(self) -> tuple[Pipeline, ...]:
        """`do …; done`."""
        self.skip_newlines()
        if not self.is_word("do"):
            raise self.unexpected()
        self.take()
        self.depth += 1
        if self.depth > DEEPEST:
            raise ShellError(f"The lab's shell nests loops up to {DEEPEST} deep.")
        self.skip_newlines()
        found = self.pipelines(())
        if not self.is_word("done"):
            raise self.unexpected()
        self.take()
        self.depth -= 1
        return found
