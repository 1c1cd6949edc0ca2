"""Fields by their paths: jsonpath, custom-columns, --sort-by and --field-selector (client-go: util/jsonpath; apimachinery: pkg/fields).

Of jsonpath the lab knows names, [number], [*], [a:b], ['name'], [?(@.field=="x")], {range …}{end} and quoted text.
"""

import re

from ....commands.result import Failure
from ..refusal import quoted
from .manifests import json_text

_FILTER = re.compile(r"""\?\(@\.?([\w.-]*)\s*(==|!=|<|>|<=|>=)\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\)""")


def steps(path: str) -> list[str]:
    """.items[*].status.podIP -> items, [*], status, podIP."""
    found, at = [], 0
    text = path.strip().removeprefix("$")
    while at < len(text):
        if text[at] == "[":
            end = text.index("]", at) if "]" in text[at:] else -1
            if end < 0:
                raise ValueError("unterminated array")
            found.append(text[at : end + 1])
            at = end + 1
            continue
        word = re.compile(r"\.?((?:\\.|[^.\[\\])+)").match(text, at)
        if word is None:
            if text[at:] == ".":
                return found
            raise ValueError(f"unrecognized character in action: {text[at]!r}")
        found.append(word[1].replace("\\", ""))
        at = word.end()
    return found


def values(one, path: str) -> list:
    """All that a path finds; LookupError, in the client's words, for a name that is not there."""
    found = [one]
    for step in steps(path):
        found = [value for here in found for value in _step(here, step)]
    return found


def _step(here, step: str) -> list:
    if step == "*" or step == "[*]":
        return list(here.values()) if isinstance(here, dict) else list(here or ())
    if step.startswith("["):
        inside = step[1:-1].strip()
        chosen = _FILTER.fullmatch(inside)
        if chosen:
            return [each for each in here or () if _fits(each, chosen)]
        if inside[:1] in "'\"" and inside:
            step = inside[1:-1]
        else:
            return _slice(here, inside)
    if isinstance(here, dict) and step in here:
        return [here[step]]
    raise LookupError(f"{step} is not found")


def _slice(here, inside: str) -> list:
    parts = inside.split(":")
    if not all(re.fullmatch(r"-?\d*", part) for part in parts) or len(parts) > 3:
        raise ValueError(f"invalid array index {inside}")
    numbers = [int(part) if part else None for part in parts]
    if len(parts) > 1:
        return list(here or ())[slice(*numbers)]
    length = len(here or ())
    if not -length <= numbers[0] < length:
        raise LookupError(f"array index out of bounds: index {numbers[0]}, length {length}")
    return [here[numbers[0]]]


def _fits(each, chosen: re.Match) -> bool:
    try:
        found = values(each, chosen[1])[0] if chosen[1] else each
    except (LookupError, IndexError):
        return False
    wanted = next(group for group in chosen.groups()[2:] if group is not None)
    same = str(found).lower() == wanted.lower() if isinstance(found, bool) else str(found) == wanted
    return same if chosen[2] == "==" else not same


def word(value) -> str:
    """A value as jsonpath prints it."""
    if isinstance(value, (dict, list)):
        return json_text(value, None)
    return (
        {None: "", True: "true", False: "false"}.get(value, str(value))
        if not isinstance(value, (int, float)) or isinstance(value, bool)
        else str(value)
    )


def jsonpath(template: str, one) -> str:
    """What `-o jsonpath=` prints; a name that is not there is nothing."""
    parts = re.findall(r"\{[^{}]*\}|[^{}]+", template)
    try:
        done, _ = _run(parts, 0, one)
    except (ValueError, LookupError) as error:
        raise Failure(1, f"error: error parsing jsonpath {template}, {error}\n") from None
    return done


def _run(parts: list[str], at: int, one) -> tuple[str, int]:
    done = ""
    while at < len(parts):
        part = parts[at]
        at += 1
        inside = part[1:-1].strip() if part.startswith("{") else None
        if inside is None:
            done += part
        elif inside == "end":
            return done, at
        elif inside.startswith("range "):
            after = _skip(parts, at)
            for each in _quiet(one, inside[6:]):
                done += _run(parts[:after], at, each)[0]
            at = after
        elif inside[:1] in ('"', "'"):
            done += inside[1:-1].replace("\\n", "\n").replace("\\t", "\t")
        else:
            done += " ".join(map(word, _quiet(one, inside.removeprefix("@"))))
    return done, at


def _skip(parts: list[str], at: int) -> int:
    depth = 1
    while at < len(parts) and depth:
        depth += {"{range": 1, "{end}": -1}.get(parts[at].replace("{ ", "{").split(" ")[0], 0)
        at += 1
    return at


def _quiet(one, path: str) -> list:
    """A missing name is nothing, and so is what lies behind it; in a list each element for itself."""
    found = [one]
    for step in steps(path):
        kept = []
        for here in found:
            try:
                kept += _step(here, step)
            except LookupError:
                continue
        found = kept
    return found


def cell(one: dict, path: str) -> str:
    """A cell of custom-columns."""
    found = _quiet(one, path.strip("{}"))
    return ",".join(word(value) if not isinstance(value, dict) else _go_map(value) for value in found if value is not None) or "<none>"


def _go_map(value) -> str:
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go_map(value[key])}' for key in sorted(value))}]"
    return f"[{' '.join(map(_go_map, value))}]" if isinstance(value, list) else word(value)


def custom_columns(spec: str, found: list[dict], heads: bool) -> list[list[str]]:
    pairs = [column.partition(":") for column in spec.split(",")]
    if not spec:
        raise Failure(1, "error: custom-columns format specified but no custom columns given\n")
    for head, _, path in pairs:
        if not path:
            raise Failure(1, f"error: unexpected custom-columns spec: {head}, expected <header>:<json-path-expr>\n")
    rows = [[head for head, _, _ in pairs]] if heads else []
    return rows + [[cell(one, path) for _, _, path in pairs] for one in found]


def sort(found: list[dict], path: str) -> list[dict]:
    """By --sort-by: numbers by size, text by letters, what is missing first; a field that nobody has is a mistake (kubectl:
    pkg/cmd/get/sorter.go)."""

    def key(one: dict):
        values = _quiet(one, path.strip("{}"))
        value = values[0] if values else None
        number = isinstance(value, (int, float))
        return (value is not None, not number, value if number else 0, "" if number or value is None else word(value))

    if found and not any(_quiet(one, path.strip("{}")) for one in found):
        shown = quoted(f"{{.{path.strip('{}').removeprefix('.')}}}")
        raise Failure(1, f"error: couldn't find any field with path {shown} in the list of objects\n")
    return sorted(found, key=key)
