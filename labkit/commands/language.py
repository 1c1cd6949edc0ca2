"""A line of shell cut into words, pipes and lists: the small part of sh(1) a learner types.

Understood: quotes, backslash, `#` comments, `|`, `;`, `&&`, `||`, backticks and `$( )`,
`2>&1`, `2>/dev/null`, `>/dev/null`, and `> FILE` for files under /proc/sys.
"""

from dataclasses import dataclass, field

from ..errors import BadInput

_OPERATORS = ("&&", "||", "|", ";")


@dataclass(slots=True)
class Simple:
    """One command: its words, and where its outputs go ("" is the screen)."""

    words: list[str] = field(default_factory=list)
    stdout_to: str = ""
    stderr_to: str = ""


@dataclass(slots=True)
class Pipeline:
    """Commands joined by `|`, and the operator before them ("", ";", "&&" or "||")."""

    operator: str = ""
    commands: list[Simple] = field(default_factory=lambda: [Simple()])


def parse(line: str, substitute) -> list[Pipeline]:
    """Cut a line; `substitute(command)` gives the output of what is in backticks or `$( )`."""
    pipelines = [Pipeline()]
    for kind, word in _redirected(_tokens(line, substitute)):
        simple = pipelines[-1].commands[-1]
        if kind == "word":
            simple.words.append(word)
        elif kind == "stdout":
            simple.stdout_to = word
        elif kind == "stderr":
            simple.stderr_to = word
        else:
            if not simple.words:
                raise BadInput(f"bash: syntax error near unexpected token `{word}'")
            if word == "|":
                pipelines[-1].commands.append(Simple())
            else:
                pipelines.append(Pipeline(word))
    last = pipelines[-1]
    if not last.commands[-1].words:
        if last.operator in ("&&", "||") or len(last.commands) > 1:
            raise BadInput("bash: syntax error: unexpected end of file")
        pipelines.pop()
    return pipelines


def _redirected(tokens):
    """Fold `>` and the word behind it into one token."""
    tokens = iter(tokens)
    for kind, word in tokens:
        if kind != "redirect":
            yield kind, word
            continue
        if word == "2>&1":
            yield "stderr", "&1"
            continue
        target_kind, target = next(tokens, ("", ""))
        if target_kind != "word":
            raise BadInput("bash: syntax error near unexpected token `newline'")
        yield ("stderr" if word.startswith("2") else "stdout"), target


def _tokens(line: str, substitute):
    """(kind, text) pairs: kind is "word", "operator" or "redirect"."""
    i, word, started = 0, "", False
    while i < len(line):
        c = line[i]
        if c.isspace() or c in "|;&>" or (c == "#" and not started):
            redirect = c == ">" and word in ("", "1", "2")
            if started and not redirect:
                yield "word", word
            if c == "#":
                return
            if c == ">":
                number = word if redirect else ""
                both = line.startswith(">&1", i) and number == "2"
                yield "redirect", "2>&1" if both else f"{number}>"
                i += 3 if both else 1
            elif not c.isspace():
                operator = next((o for o in _OPERATORS if line.startswith(o, i)), None)
                if operator is None:
                    raise BadInput("the lab's shell does not run commands in the background: leave the & away")
                yield "operator", operator
                i += len(operator)
            else:
                i += 1
            word, started = "", False
            continue
        started = True
        if c in "'\"":
            piece, i = _quoted(line, i, substitute)
            word += piece
        elif c == "\\":
            word += line[i + 1 : i + 2]
            i += 2
        elif c == "`" or line.startswith("$(", i):
            inner, i = _enclosed(line, i)
            pieces = substitute(inner).split()
            if pieces:
                for piece in pieces[:-1]:
                    yield "word", word + piece
                    word = ""
                word += pieces[-1]
            else:
                started = bool(word)
        else:
            word += c
            i += 1
    if started:
        yield "word", word


def _quoted(line: str, start: int, substitute) -> tuple[str, int]:
    """The text between quotes, and the place behind the closing one."""
    quote, i, text = line[start], start + 1, ""
    while i < len(line) and line[i] != quote:
        if quote == '"' and line[i] == "\\" and line[i + 1 : i + 2] in ('"', "\\", "$", "`"):
            i += 1
        elif quote == '"' and (line[i] == "`" or line.startswith("$(", i)):
            inner, i = _enclosed(line, i)
            text += substitute(inner).rstrip("\n")
            continue
        text += line[i]
        i += 1
    if i >= len(line):
        raise BadInput(f"bash: unexpected EOF while looking for matching `{quote}'")
    return text, i + 1


def _enclosed(line: str, start: int) -> tuple[str, int]:
    """The command in backticks or `$( )` that starts here, and the place behind it."""
    opener, closer = ("`", "`") if line[start] == "`" else ("$(", ")")
    end = line.find(closer, start + len(opener))
    if end < 0:
        raise BadInput(f"bash: unexpected EOF while looking for matching `{closer}'")
    return line[start + len(opener) : end], end + 1
