"""Label selectors as they are typed, `app=web,tier!=db,env in (a,b),!old`, and field selectors (apimachinery: pkg/labels/selector.go)."""

import re
from collections.abc import Callable

from .printing import dig

_TOKEN = re.compile(r"\s*(==|!=|=|!|<|>|\(|\)|,|[^\s=!<>(),]+)")
_SIGNS = {"=", "==", "!=", "in", "notin", ">", "<"}
_MARKS = _SIGNS | {"!", "(", ")", ","}
#: Which fields a list may be chosen by (kubernetes: pkg/apis/core/v1/conversion.go).
_FIELDS = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
            "status.podIP", "status.nominatedNodeName"),
    "Node": ("spec.unschedulable",), "Namespace": ("status.phase",), "Service": ("spec.clusterIP", "spec.type"),
    "ReplicaSet": ("status.replicas",),
    "Event": ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "reason", "type"),
}  # fmt: skip


def labels(text: str) -> Callable[[dict], bool]:
    """Whether labels fit; ValueError in the server's words."""
    tests: list[Callable[[dict], bool]] = []
    tokens = _TOKEN.findall(text) + [""]
    at = 0
    while tokens[at]:
        test, at = _requirement(tokens, at)
        tests.append(test)
        if tokens[at] == ",":
            at += 1
            if not tokens[at] or tokens[at] in _MARKS - {"!", "in", "notin"}:
                raise ValueError(f"found '{tokens[at]}', expected: identifier after ','")
        elif tokens[at]:
            raise ValueError(f"found '{tokens[at]}', expected: ',' or 'end of string'")
    return lambda known: all(test(known) for test in tests)


def _requirement(tokens: list[str], at: int) -> tuple[Callable[[dict], bool], int]:
    absent = tokens[at] == "!"
    at += absent
    key = tokens[at]
    if not key or key in _MARKS - {"in", "notin"}:
        raise ValueError(f"found '{key}', expected: " + ("identifier" if absent else "!, identifier, or 'end of string'"))
    at += 1
    if absent:
        return lambda known: key not in known, at
    sign = tokens[at]
    if sign in ("", ","):
        return lambda known: key in known, at
    if sign not in _SIGNS:
        raise ValueError(f"found '{sign}', expected: in, notin, =, ==, !=, gt, lt")
    at += 1
    if sign in ("in", "notin"):
        wanted, at = _set(tokens, at)
        return (lambda known: known.get(key) in wanted) if sign == "in" else (lambda known: known.get(key) not in wanted), at
    value = "" if tokens[at] in ("", ",") else tokens[at]
    if value in _MARKS - {"in", "notin"} and value:
        raise ValueError(f"found '{value}', expected: identifier")
    at += bool(value)
    if sign in ("<", ">"):
        return lambda known: _larger(known.get(key), value) == (sign == ">"), at
    return (lambda known: known.get(key) != value) if sign == "!=" else (lambda known: known.get(key) == value), at


def _set(tokens: list[str], at: int) -> tuple[set[str], int]:
    if tokens[at] != "(":
        raise ValueError(f"found '{tokens[at]}' expected: '('")
    values, at = set(), at + 1
    while tokens[at] and tokens[at] != ")":
        if tokens[at] != ",":
            values.add(tokens[at])
        at += 1
    if not tokens[at]:
        raise ValueError("found '', expected: ',', or ')'")
    return values or {""}, at + 1


def _larger(known: str | None, value: str) -> bool | None:
    try:
        return int(known or "") > int(value)
    except ValueError:
        return None


def of_selector(selector: dict) -> Callable[[dict], bool]:
    """A LabelSelector of a Deployment or ReplicaSet."""
    wanted = (selector.get("matchLabels") or {}).items()
    tests = {
        "In": lambda known, one: known.get(one["key"]) in one["values"], "NotIn": lambda known,
        one: known.get(one["key"]) not in one["values"],
        "Exists": lambda known, one: one["key"] in known, "DoesNotExist": lambda known, one: one["key"] not in known,
    }  # fmt: skip
    more = selector.get("matchExpressions") or ()
    return lambda known: wanted <= known.items() and all(tests[one["operator"]](known, one) for one in more)


def fields(text: str, kind: str) -> Callable[[dict], bool]:
    tests = []
    for word in filter(None, text.split(",")):
        found = re.fullmatch(r"([^=!]+)(==|!=|=)(.*)", word)
        if found is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{word}'")
        path, sign, value = found.groups()
        if path not in ("metadata.name", "metadata.namespace", *_FIELDS.get(kind, ())):
            raise ValueError(f"field label not supported: {path}")
        tests.append((path.split("."), sign == "!=", value))
    return lambda one: all((_text(dig(one, *path)) == value) != other for path, other, value in tests)


def _text(value) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
