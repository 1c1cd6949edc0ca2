"""`kubectl get`: objects as tables, names, YAML, JSON, jsonpath and columns of one's own (kubectl: pkg/cmd/get)."""

import re

from ....commands.result import Failure, Result
from .. import times
from ..object_kinds import Kind
from . import fields
from .manifests import json_text, yaml_text
from .printing import COLUMNS, pairs, text_table
from .resources import Found, select

FLAGS = """all-namespaces,A selector,l: field-selector: output,o: show-labels no-headers sort-by: label-columns,L: ignore-not-found
    filename,f:
    show-kind watch,w! watch-only! chunk-size: server-print subresource! raw! allow-missing-template-keys! template! show-managed-fields
    recursive,R! kustomize,k! output-watch-events!"""
_FORMATS = ("custom-columns custom-columns-file go-template go-template-file json jsonpath jsonpath-as-json jsonpath-file name template "
            "templatefile wide yaml").split()  # fmt: skip
_TIMES = re.compile(r"(creation|deletion|first|last)Timestamp|\w+Time|\w+At")
_MISSING_TYPE = """You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.

error: Required resource not specified.
Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
See 'kubectl get -h' for help and examples
"""


def get(ctx, api, flags) -> Result:
    words = flags.words[1:]
    form, _, template = flags.one("output").partition("=")
    if not words:
        raise Failure(1, _MISSING_TYPE)
    check_format(form)
    if words[0] in ("componentstatuses", "componentstatus", "cs"):
        return _component_statuses()
    found = select(api, words, flags)
    if flags.one("sort-by"):
        found.groups = [(kind, fields.sort(listed, flags.one("sort-by"))) for kind, listed in found.groups]
    errors = "" if flags.on("ignore-not-found") else "".join(found.missing)
    if form in ("", "wide"):
        shown, said = _tables(api, found, flags, form == "wide")
        errors = said + errors
    else:
        shown = printed(found, form, template or flags.one("template"), not flags.on("no-headers"))
    return Result(int(bool(found.missing) and not flags.on("ignore-not-found")), shown, errors)


def without_server(ctx, flags, nobody: Failure) -> Failure:
    """What a line lacks is said before anybody is asked."""
    return nobody if flags.words[1:] or flags.all("filename") else Failure(1, _MISSING_TYPE)


def check_format(form: str) -> None:
    if form and form not in _FORMATS:
        allowed = ",".join(_FORMATS)
        raise Failure(1, f'error: unable to match a printer suitable for the output format "{form}", allowed formats are: {allowed}\n')
    if form in _FORMATS and ("template" in form or form.endswith("-file") or form == "jsonpath-as-json"):
        raise Failure(1, f"The lab's kubectl knows -o wide, name, yaml, json, jsonpath= and custom-columns=, and not {form}.\n")


def _tables(api, found: Found, flags, wide: bool) -> tuple[str, str]:
    """The tables, a blank line between two, and what is said when there is nothing to show."""
    done = []
    for kind, listed in found.groups:
        if listed:
            done.append(text_table(_rows(api, kind, listed, flags, wide, found.many or flags.on("show-kind"))))
    if not done and not found.missing:
        spaced = any(kind.namespaced for kind, _ in found.groups) and not flags.on("all-namespaces")
        where = f" in {flags.one('namespace', 'default')} namespace." if spaced else ""
        return "", "" if flags.on("ignore-not-found") else f"No resources found{where}\n"
    return "\n".join(done), ""


def _rows(api, kind: Kind, listed: list[dict], flags, wide: bool, with_kind: bool) -> list[list[str]]:
    columns, now = COLUMNS[kind.name], api.lab.now
    many = len(columns.heads) if wide else columns.narrow
    asked = [word for given in flags.all("label-columns") for word in given.split(",")]
    head = [*columns.heads[:many], *(word.rpartition("/")[2].upper() for word in asked), *["LABELS"] * flags.on("show-labels")]
    rows = [] if flags.on("no-headers") else [["NAMESPACE", *head] if flags.on("all-namespaces") and kind.namespaced else head]
    for one in listed:
        labels = one["metadata"].get("labels") or {}
        cells = columns.cells(one, now, wide)[:many] + [labels.get(word, "") for word in asked] + [pairs(labels)] * flags.on("show-labels")
        if with_kind and kind.name != "Event":
            cells[0] = f"{kind.printed}/{cells[0]}"
        rows.append([one["metadata"]["namespace"], *cells] if flags.on("all-namespaces") and kind.namespaced else cells)
    return rows


def printed(found: Found, form: str, template: str, heads: bool) -> str:
    objects = found.objects
    if form == "name":
        return "".join(f"{kind.printed}/{one['metadata']['name']}\n" for kind, one in objects)
    whole = [shape(one) for _, one in objects]
    if form == "custom-columns":
        return text_table(fields.custom_columns(template, whole, heads))
    single = found.named and len(whole) == 1 and not found.missing or found.named and len(whole) == 1
    if not whole and found.named:
        return ""
    value = whole[0] if single else {"apiVersion": "v1", "items": whole, "kind": "List", "metadata": {"resourceVersion": ""}}
    if form == "jsonpath":
        if not template:
            raise Failure(1, "error: template format specified but no template given\n")
        return fields.jsonpath(template, value)
    return yaml_text(value) if form == "yaml" else json_text(value) + "\n"


def shape(one, key: str = ""):
    """An object as it is printed: moments of the lab's clock as the API writes them."""
    if isinstance(one, dict):
        return {word: shape(value, word) for word, value in one.items() if value != {} or word not in ("labels", "annotations")}
    if isinstance(one, list):
        return [shape(value) for value in one]
    if isinstance(one, (int, float)) and not isinstance(one, bool) and _TIMES.fullmatch(key):
        return times.stamp(one)
    return one


def _component_statuses() -> Result:
    rows = [
        ["NAME", "STATUS", "MESSAGE", "ERROR"],
        *([name, "Healthy", "ok", ""] for name in ("etcd-0", "scheduler", "controller-manager")),
    ]
    return Result(0, text_table(rows), "Warning: v1 ComponentStatus is deprecated in v1.19+\n")
