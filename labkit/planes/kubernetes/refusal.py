"""How the API server refuses, in its words (apimachinery: pkg/util/validation/field/errors.go, pkg/api/errors/errors.go).

A Problem is one field and what is wrong with it. A Refused is the answer to a request: its reason (NotFound, BadRequest, AlreadyExists,
Invalid, …), its message, and of an invalid object the Problems.
"""

from dataclasses import dataclass


class Refused(ValueError):
    """The server's words, and its reason as kubectl prints it: NotFound, BadRequest, …; "" for an object that is invalid."""

    def __init__(self, message: str, reason: str = "", kind: str = "", name: str = "", problems: "tuple[Problem, ...]" = ()):
        super().__init__(message)
        self.reason, self.kind, self.name, self.problems = reason, kind, name, problems


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    says: str

    def __str__(self) -> str:
        return f"{self.field}: {self.says}"


def shown(value) -> str:
    """A value as Go prints it in such a message (%q of a string, %v of a number, %#v of the rest)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[]string{{{', '.join(quoted(str(one)) for one in value)}}}"
    if isinstance(value, dict):
        return f"map[string]string{{{', '.join(f'{quoted(key)}:{quoted(str(value[key]))}' for key in sorted(value))}}}"
    return "null" if value is None else str(value)


def quoted(text: str) -> str:
    """strconv.Quote, for what people type."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\x{ord(c):02x}") for c in text) + '"'


def required(field: str, why: str = "") -> Problem:
    return Problem(field, f"Required value: {why}" if why else "Required value")


def invalid(field: str, value, why: str) -> Problem:
    return Problem(field, f"Invalid value: {shown(value)}: {why}")


def duplicate(field: str, value) -> Problem:
    return Problem(field, f"Duplicate value: {shown(value)}")


def forbidden(field: str, why: str) -> Problem:
    return Problem(field, f"Forbidden: {why}")


def unsupported(field: str, value, supported) -> Problem:
    return Problem(field, f"Unsupported value: {shown(value)}: supported values: {', '.join(quoted(one) for one in sorted(supported))}")


def too_long(field: str, most: int) -> Problem:
    return Problem(field, f"Too long: may not be more than {most} bytes")


def not_found(field: str, value) -> Problem:
    return Problem(field, f"Not found: {shown(value)}")


def refused_object(kind: str, group: str, name: str, problems: list[Problem]) -> Refused:
    """NewInvalid: one problem stands alone, several in brackets; each is said once (utilerrors.Aggregate)."""
    problems = list(dict.fromkeys(problems))
    said = "; ".join(map(str, problems)) if len(problems) == 1 else f"[{', '.join(map(str, problems))}]"
    return Refused(f"{kind}{f'.{group}' if group else ''} {quoted(name)} is invalid: {said}", "", kind, name, tuple(problems))
