"""The part of Go's text/template that people type behind `--format` and `-f`.

Understood: {{.A.B}}, {{$x.A}}, {{range .A}}…{{end}}, {{range $k, $v := .A}}, {{if .A}}…{{else}}…{{end}},
`json`, `index`, `len`, `print`, `println`, pipes, parentheses, and {{- -}}. Blocks in blocks and long loops
end at a limit of the lab's, which says so.
"""

import json
import re
from dataclasses import dataclass, field

from ...errors import BadInput
from .. import go

#: What the lab renders: characters of a template, blocks or parentheses in one another, and characters read and written
#: while it is filled, each turn of a range counting for some.
LONGEST, DEEPEST, MOST, TURN = 10_000, 50, 1_000_000, 10
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\(|\)\.?[\w.]*|\||:=|,|[^\s()|,]+')


#: Under this name, which no variable has, the variables hold what to tell of each character.
_SPEND = ""


@dataclass(slots=True)
class _Node:
    """Text, a value to print, or a block with its two bodies."""

    kind: str
    text: str = ""
    body: list["_Node"] = field(default_factory=list)
    otherwise: list["_Node"] = field(default_factory=list)


def render(template: str, data) -> str:
    """The template filled with data made of dicts, lists and plain values; BadInput says what is wrong."""
    if len(template) > LONGEST:
        raise BadInput(f"The lab's templates have up to {LONGEST:,} characters: this one has {len(template):,}")
    nodes, closing = _parse(_pieces(template))
    if closing:
        raise BadInput(f"template: :1: unexpected {{{{{closing}}}}}")
    filling = _Filling()
    return filling.fill(nodes, data, {"$": data, _SPEND: filling.spend})


def _pieces(template: str) -> list[tuple[str, str]]:
    """(kind, text) pairs, with `\\t` and `\\n` as the client turns them into what they mean."""
    pieces, trim = [], False
    text, *actions = template.split("{{")
    for action in actions:
        inside, closed, rest = action.partition("}}")
        if not closed:
            raise BadInput("template: :1: unclosed action")
        before = inside[:1] == "-" and inside[1:2].isspace()
        after = inside[-1:] == "-" and inside[-2:-1].isspace()
        text = text.lstrip() if trim else text
        pieces.append(("text", text.rstrip() if before else text))
        pieces.append(("action", inside[2 if before else 0 : -2 if after else None].strip()))
        text, trim = rest, after
    pieces.append(("text", text.lstrip() if trim else text))
    return [(kind, text.replace("\\t", "\t").replace("\\n", "\n") if kind == "text" else text) for kind, text in pieces]


def _deeper(depth: int) -> int:
    if depth == DEEPEST:
        raise BadInput(f"The lab's templates go {DEEPEST} blocks or parentheses deep, and no further")
    return depth + 1


def _parse(pieces: list[tuple[str, str]], depth: int = 0) -> tuple[list[_Node], str]:
    """Nodes up to an `end` or `else`, which is told."""
    nodes: list[_Node] = []
    while pieces:
        kind, text = pieces.pop(0)
        word = text.partition(" ")[0]
        if kind == "text":
            nodes.append(_Node("text", text))
        elif word in ("end", "else"):
            return nodes, word
        elif word in ("range", "if"):
            body, closing = _parse(pieces, _deeper(depth))
            otherwise: list[_Node] = []
            if closing == "else":
                otherwise, closing = _parse(pieces, _deeper(depth))
            if closing != "end":
                raise BadInput("template: :1: unexpected EOF")
            nodes.append(_Node(word, text.partition(" ")[2], body, otherwise))
        elif not word:
            raise BadInput("template: :1: missing value for command")
        else:
            nodes.append(_Node("value", text))
    return nodes, ""


@dataclass(slots=True)
class _Filling:
    """One rendering, and how much of the lab's limit it has used."""

    spent: int = 0

    def spend(self, characters: int) -> None:
        self.spent += characters
        if self.spent > MOST:
            raise BadInput(f"The lab cuts a template short after {MOST:,} characters read and written")

    def fill(self, nodes: list[_Node], dot, names: dict) -> str:
        return "".join([self._filled(node, dot, names) for node in nodes])

    def _filled(self, node: _Node, dot, names: dict) -> str:
        if node.kind == "range":
            return self._range(node, dot, names)
        if node.kind == "if":
            return self.fill(node.body if _value(node.text, dot, names) else node.otherwise, dot, names)
        text = node.text if node.kind == "text" else text_of(_value(node.text, dot, names))
        self.spend(len(text))
        return text

    def _range(self, node: _Node, dot, names: dict) -> str:
        """Once for each element; a map's in the order of its keys."""
        variables, _, expression = node.text.rpartition(":=")
        wanted = [v.strip() for v in variables.split(",") if v.strip()]
        things = _value(expression, dot, names)
        if not isinstance(things, dict | list | tuple | None):
            raise BadInput(f'template: :1: executing "" at <{expression.strip()}>: range can\'t iterate over {text_of(things)}')
        self.spend(TURN * len(things or ()))
        pairs = sorted(things.items()) if isinstance(things, dict) else list(enumerate(things or []))
        out = "" if pairs else self.fill(node.otherwise, dot, names)
        for key, value in pairs:
            held = dict(zip(wanted, (key, value) if len(wanted) == 2 else (value,), strict=False))
            out += self.fill(node.body, value, names | held)
        return out


def _value(expression: str, dot, names: dict):
    """A pipeline: what each command gives is the last argument of the next."""
    names[_SPEND](len(expression))
    words = _WORD.findall(expression)
    value, rest = _pipeline(words, dot, names)
    if rest:
        raise BadInput(f"template: :1: unexpected {rest[0]!r} in operand")
    return value


def _pipeline(words: list[str], dot, names: dict, depth: int = 0):
    passed: list = []
    while True:
        arguments: list = []
        function = None
        while words and words[0] != "|" and not words[0].startswith(")"):
            word = words.pop(0)
            if word == "(":
                inner, words = _pipeline(words, dot, names, _deeper(depth))
                if not words:
                    raise BadInput("template: :1: unclosed left paren")
                arguments.append(_fields(words.pop(0)[1:], inner))
            elif word in _FUNCTIONS and not arguments and function is None:
                function = word
            else:
                arguments.append(_operand(word, dot, names))
        arguments += passed
        if function is None and len(arguments) != 1:
            why = "can't give argument to non-function" if arguments else "missing value for command"
            raise BadInput(f"template: :1: {why}")
        value = _call(function, arguments) if function else arguments[0]
        if function and isinstance(value, str):
            names[_SPEND](len(value))
        if not words or words[0] != "|":
            return value, words
        words.pop(0)
        passed = [value]


def _operand(word: str, dot, names: dict):
    if word[0] in "\"`":
        return word[1:-1]
    if word[0] in "-+0123456789":
        try:
            return go.integer(word)
        except ValueError:
            raise BadInput(f'template: :1: bad number syntax: "{word:.80}"') from None
    if word.startswith("$"):
        name, _, path = word.partition(".")
        if name not in names:
            raise BadInput(f"template: :1: undefined variable {name!r}")
        return _fields(path, names[name])
    if word.startswith("."):
        return _fields(word[1:], dot)
    if word in ("true", "false"):
        return word == "true"
    raise BadInput(f'template: :1: function "{word}" not defined')


def _fields(path: str, value):
    for name in filter(None, path.split(".")):
        if not isinstance(value, dict) or name not in value:
            raise BadInput(f'template: :1:2: executing "" at <.{path}>: map has no entry for key "{name}"')
        value = value[name]
    return value


def _call(function: str, arguments: list):
    try:
        return _FUNCTIONS[function](*arguments)
    except (TypeError, KeyError, IndexError, AttributeError):
        raise BadInput(f'template: :1:2: executing "" at <{function}>: error calling {function}') from None


def _index(value, *keys):
    """An absent key of a map is no error in Go: it gives the zero value."""
    for key in keys:
        if isinstance(key, int) and key < 0:
            raise IndexError
        value = value.get(key, {}) if isinstance(value, dict) else value[key]
    return value


_FUNCTIONS = {
    "json": lambda value: json.dumps(value, separators=(",", ":")),
    "index": _index,
    "len": len,
    "print": lambda *values: "".join(map(text_of, values)),
    "println": lambda *values: " ".join(map(text_of, values)) + "\n",
    "upper": str.upper,
    "lower": str.lower,
    "join": lambda values, separator: separator.join(values),
}


def text_of(value) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{text_of(v)}" for k, v in sorted(value.items())) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(text_of, value)) + "]"
    return str(value)
