"""Go's text/template as people type it behind `--format` and `-f`: {{.A.B}}, {{range .A}}…{{end}}, {{range $k, $v := .A}},
{{if .A}}…{{else}}…{{end}}, `index`, `json`, `len`, and parentheses. The rest is refused, and long loops end at a limit of the lab's.
"""

import json
import re
from collections.abc import Iterator

from ...errors import BadInput
from .. import go

#: What the lab renders: characters of a template, blocks or parentheses in one another, and characters read and written
#: while it is filled, each turn of a range counting for some.
LONGEST, DEEPEST, MOST, TURN = 10_000, 50, 1_000_000, 10
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\(|\)[\w.]*|\||:=|,|[^\s()|,]+')
#: What Go and Docker's client have and the lab has not.
_BEYOND = set("| - := with template define block break continue and or not eq ne lt le gt ge print printf println html js urlquery "
              "slice call split join title lower upper pad truncate".split())  # fmt: skip


def render(template: str, data) -> str:
    """The template filled with data made of dicts, lists and plain values; BadInput says what is wrong."""
    if len(template) > LONGEST:
        raise BadInput(f"The lab's templates have up to {LONGEST:,} characters: this one has {len(template):,}")
    body, closing = _body(_pieces(template))
    if closing:
        raise BadInput(f"template: :1: unexpected {{{{{closing}}}}}")
    try:
        return _Filling().fill(body, {"$": data, "": data})
    except _NoEntry as missing:  # Go counts the bytes before the field
        at = len(template[: template.find(missing.operand) + missing.at].encode(errors="replace"))
        operand = missing.operand
        raise BadInput(f'template: :1:{at}: executing "" at <{operand:.80}>: map has no entry for key "{missing.key}"') from None


def _pieces(template: str) -> Iterator[str | list[str]]:
    """Text, in which `\\t` and `\\n` are what they mean, and the words of each action."""
    text, *actions = template.split("{{")
    yield text.replace("\\t", "\t").replace("\\n", "\n")
    for action in actions:
        inside, closed, text = action.partition("}}")
        if not closed:
            raise BadInput("template: :1: unclosed action")
        yield _WORD.findall(inside)
        yield text.replace("\\t", "\t").replace("\\n", "\n")


def _body(pieces: Iterator[str | list[str]], depth: int = 0) -> tuple[list, str]:
    """Text, and (kind, variables, words, body, otherwise) of each action, up to an `end` or `else`, which is told."""
    body: list = []
    for piece in pieces:
        if isinstance(piece, str):
            body.append(piece)
            continue
        word, *words = piece or [""]
        if word in ("end", "else") and not words:
            return body, word
        inner, otherwise, variables = [], [], []
        if word in ("range", "if"):
            inner, closing = _body(pieces, _deeper(depth))
            if closing == "else":
                otherwise, closing = _body(pieces, _deeper(depth))
            if closing != "end":
                raise BadInput("template: :1: unexpected EOF")
        if word == "range" and ":=" in words:
            at = words.index(":=")
            variables, words = [name for name in words[:at] if name != ","], words[at + 1 :]
        kind, words = (word, words) if word in ("range", "if") else ("", piece)
        beyond = "else if" if word == "else" else next((each for each in words if each in _BEYOND or each[0] == "`"), "")
        if beyond:
            raise BadInput(f"The lab's templates know {{{{.A.B}}}}, range, if, index, json and len, but no {beyond}")
        body.append((kind, variables, words, inner, otherwise))
    return body, ""


def _deeper(depth: int) -> int:
    if depth == DEEPEST:
        raise BadInput(f"The lab's templates go {DEEPEST} blocks or parentheses deep, and no further")
    return depth + 1


class NoAddress(str):
    """What Go's netip.Addr is when it is none: nothing in JSON, `invalid IP` where a template prints it."""

    __slots__ = ()


class _NoEntry(BadInput):
    """A field that is not there: the operand, where in it, and the field's name."""

    def __init__(self, operand: str, at: int, key: str):
        self.operand, self.at, self.key = operand, at, key
        super().__init__(key)


class _Filling:
    """One rendering, and how much of the lab's limit it has used. `names` are the variables; "" is the dot."""

    spent = 0

    def spend(self, characters: int) -> None:
        self.spent += characters
        if self.spent > MOST:
            raise BadInput(f"The lab cuts a template short after {MOST:,} characters read and written")

    def fill(self, body: list, names: dict) -> str:
        return "".join([self._filled(node, names) for node in body])

    def _filled(self, node: str | tuple, names: dict) -> str:
        if not isinstance(node, str):
            kind, variables, words, body, otherwise = node
            self.spend(sum(map(len, words)))
            words = list(words)
            value = self._value(words, names)
            if words:
                raise BadInput(f"template: :1: unexpected {words[0]!r} in operand")
            if kind == "range":
                return self._range(value, variables, node, names)
            if kind == "if":
                return self.fill(body if value else otherwise, names)
            node = text_of(value)
        self.spend(len(node))
        return node

    def _range(self, value, variables: list[str], node: tuple, names: dict) -> str:
        """Once for each element; a map's in the order of its keys."""
        *_, words, body, otherwise = node
        if not isinstance(value, dict | list | tuple | None):
            over = " ".join(words)
            raise BadInput(f'template: :1: executing "" at <{over:.80}>: range can\'t iterate over {text_of(value)}')
        if not value:
            return self.fill(otherwise, names)
        self.spend(TURN * len(value))
        turns = sorted(value.items()) if isinstance(value, dict) else enumerate(value)
        held = ((dict(zip(variables, turn[2 - len(variables) :], strict=False)), turn[1]) for turn in turns)
        return "".join([self.fill(body, names | new | {"": dot}) for new, dot in held])

    def _value(self, words: list[str], names: dict, depth: int = 0):
        """A function with its arguments, or one operand, up to the parenthesis that closes it."""
        arguments: list = []
        function = words.pop(0) if words and words[0] in _FUNCTIONS else ""
        while words and not words[0].startswith(")"):
            word = words.pop(0)
            if word == "(":
                inner = self._value(words, names, _deeper(depth))
                if not words:
                    raise BadInput("template: :1: unclosed left paren")
                arguments.append(_fields(words.pop(0)[1:], inner))
            else:
                arguments.append(_operand(word, names))
        if not function:
            if len(arguments) != 1:
                why = "can't give argument to non-function" if arguments else "missing value for command"
                raise BadInput(f"template: :1: {why}")
            return arguments[0]
        try:
            value = _FUNCTIONS[function](*arguments)
        except (TypeError, KeyError, IndexError, AttributeError):
            raise BadInput(f'template: :1:2: executing "" at <{function}>: error calling {function}') from None
        self.spend(len(value) if isinstance(value, str) else 0)
        return value


def _operand(word: str, names: dict):
    if word[0] == '"':
        if len(word) < 2 or word[-1] != '"':
            raise BadInput("template: :1: unterminated quoted string")
        return word[1:-1]
    if word[0] in "-+0123456789":
        try:
            return go.integer(word)
        except ValueError:
            raise BadInput(f'template: :1: bad number syntax: "{word:.80}"') from None
    if word in ("true", "false"):
        return word == "true"
    name, _, path = word.partition(".")
    if word[0] not in ".$":
        raise BadInput(f'template: :1: function "{word}" not defined')
    if name not in names:
        raise BadInput(f"template: :1: undefined variable {name!r}")
    return _fields(path, names[name], word)


def _fields(path: str, value, operand: str = ""):
    at = len(operand) - len(path) - 1
    for name in filter(None, path.split(".")):
        if not isinstance(value, dict) or name not in value:
            raise _NoEntry(operand or f".{path}", max(at, 0), name)
        value, at = value[name], at + 1 + len(name)
    return value


def _index(value, *keys):
    """An absent key of a map is no error in Go: it gives the zero value."""
    for key in keys:
        if isinstance(key, int) and key < 0:
            raise IndexError
        value = value.get(key, {}) if isinstance(value, dict) else value[key]
    return value


_FUNCTIONS = {"json": lambda value: json.dumps(value, separators=(",", ":")), "index": _index, "len": len}


def text_of(value) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, NoAddress):
        return "invalid IP"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{text_of(v)}" for k, v in sorted(value.items())) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(text_of, value)) + "]"
    return str(value)
