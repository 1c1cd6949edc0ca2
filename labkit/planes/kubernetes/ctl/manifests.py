"""What stands behind -f: YAML or JSON in, objects out, and the objects' YAML and JSON as `get -o` prints them.

kubectl reads YAML 1.1 by go-yaml and hands the server JSON (sigs.k8s.io/yaml). The library here finds nodes; what a plain word becomes is
decided as go-yaml decides it: `yes` is true, `22:22` and a date are text. A file is cut at lines `---` before it is read, so the lines in
complaints count from there.
"""

import json
import re
from collections.abc import Iterator
from itertools import count

from ....commands.result import Failure
from ... import go

_TRUE, _FALSE = (
    {form for word in words.split() for form in (word, word.title(), word.upper())} for words in ("y yes true on", "n no false off")
)
_NULL = {"", "~", "null", "Null", "NULL"}
_INT = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[1-9][0-9_]*|0)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: How many nodes of YAML the lab reads in one document: aliases can stand for very many.
MOST_NODES = 20_000
#: The library's complaints in go-yaml's words.
_WORDS = (
    (r"found character .* that cannot start any token", "found character that cannot start any token"),
    (r"mapping values are not allowed here", "mapping values are not allowed in this context"),
    (r"sequence entries are not allowed here", "block sequence entries are not allowed in this context"),
    (r"expected <block end>.*", "did not find expected key"),
    (r"expected ',' or '([}\]])'.*", r"did not find expected ',' or '\1'"),
    (r"expected the node content.*", "did not find expected node content"),
    (r"found undefined alias '?\"?([^'\"]*).*", r"unknown anchor '\1' referenced"),
)  # fmt: skip


def yaml_library():
    """The library, loaded when the first line of YAML is read."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError
    except ImportError:
        raise Failure(
            1, "The lab reads YAML with the library ruamel.yaml, which is not installed here; it reads JSON without it.\n"
        ) from None
    return YAML, MarkedYAMLError, YAMLError


def read(text: str, source: str) -> Iterator:
    """The objects of a stream, those of a List one by one, up to what cannot be read: Failure in kubectl's words."""
    if text.lstrip().startswith("{"):
        try:
            documents = _json_documents(text)
        except ValueError:
            documents = None
        if documents is not None:
            yield from (one for document in documents for one in _listed(document))
            return
    for document in re.split(r"(?m)^---(?:[ \t].*)?\n?", text):
        if document.strip():
            value = _yaml(document, source)
            yield from _listed(value) if value is not None else ()


def _json_documents(text: str) -> list:
    decoder, at, found = json.JSONDecoder(), 0, []
    go.document(text) if text.count("{") > 200 else None
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def _listed(value) -> list:
    if isinstance(value, dict) and value.get("kind") == "List" and isinstance(value.get("items"), list):
        return value["items"]
    return [value]


def _yaml(text: str, source: str):
    library, marked, wrong = yaml_library()
    reader = library(typ="safe", pure=True)
    reader.version = (1, 1)
    try:
        node = reader.compose(text)
        return _value(node, count()) if node is not None else None
    except marked as error:
        complaint = _go_yaml(error)
    except (wrong, ValueError, RecursionError) as error:
        complaint = f"yaml: {str(error).splitlines()[0]}"
    raise Failure(1, f"error: error parsing {source}: error converting YAML to JSON: {complaint}\n")


def _go_yaml(error) -> str:
    """yaml.v2 decode.go (parser.fail): the line of what was being read, or that of the mistake; scanners count it from 1."""
    problem = error.problem or ""
    says = next((re.sub(pattern, words, problem) for pattern, words in _WORDS if re.fullmatch(pattern, problem)), problem)
    if "block collection" in (error.context or ""):
        says = says.replace("expected key", "expected '-' indicator")
    marks = [mark for mark in (error.context_mark, error.problem_mark) if mark is not None and mark.line]
    line = marks[0].line + ("Scanner" in type(error).__name__) if marks else 0
    return f"yaml: line {line}: {says}" if line else f"yaml: {says}"


def _value(node, seen):
    if next(seen) > MOST_NODES:
        raise ValueError(f"the lab reads up to {MOST_NODES:,} values of a document")
    kind = type(node).__name__
    if kind == "MappingNode":
        made = {}
        for key, value in node.value:
            word = _value(key, seen)
            if str(key.tag).endswith("merge") or key.value == "<<":
                merged = _value(value, seen)
                made = {**(merged if isinstance(merged, dict) else {}), **made}
            else:
                made[word if isinstance(word, str) else json.dumps(word)] = _value(value, seen)
        return made
    if kind == "SequenceNode":
        return [_value(one, seen) for one in node.value]
    plain = getattr(node, "style", None) in (None, "")
    tag = str(getattr(node, "tag", "") or "")
    return scalar(node.value) if plain and not tag.endswith(":str") or plain and scalar(node.value) is None else str(node.value)


def scalar(text: str):
    """What a plain word is (go-yaml v2 resolve.go)."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        digits = text.replace("_", "")
        if re.fullmatch(r"[-+]?0[0-7]+", digits):
            return int(digits, 8)
        return int(digits, 0) if len(digits) < 20 else float(digits)
    return float(text) if _FLOAT.fullmatch(text) else text


def json_text(value, indent: int | None = 4) -> str:
    """As `get -o json` prints it; with None in one line, as in the annotation of `apply`. Keys in order, HTML's signs escaped as Go
    does."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False, separators=separators)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def yaml_text(value, indent: str = "") -> str:
    """As `get -o yaml` prints it: keys in order, a list as far left as its key."""
    if isinstance(value, dict) and value:
        return "".join(_entry(f"{indent}{_word(str(key), indent)}:", value[key], indent) for key in sorted(value))
    if isinstance(value, list) and value:
        return "".join(_item(one, indent) for one in value)
    return f"{indent}{_plain(value, indent)}\n"


def _entry(head: str, value, indent: str) -> str:
    if isinstance(value, dict) and value:
        return f"{head}\n{yaml_text(value, indent + '  ')}"
    if isinstance(value, list) and value:
        return f"{head}\n{yaml_text(value, indent)}"
    return f"{head} {_plain(value, indent)}\n"


def _item(value, indent: str) -> str:
    if isinstance(value, (dict, list)) and value:
        inner = yaml_text(value, indent + "  ")
        return f"{indent}- {inner[len(indent) + 2 :]}"
    return f"{indent}- {_plain(value, indent)}\n"


def _plain(value, indent: str) -> str:
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return _word(value, indent) if isinstance(value, str) else json.dumps(value)


def _word(text: str, indent: str) -> str:
    """Plain where that reads back as the same text, else quoted (go-yaml v2 encode.go stringv, emitterc.go)."""
    if "\n" in text:
        end = "" if text.endswith("\n") and not text.endswith("\n\n") else "+" if text.endswith("\n") else "-"
        lines = text.removesuffix("\n").split("\n")
        return f"|{end}\n" + "\n".join(f"{indent}  {line}" if line else "" for line in lines)
    if not isinstance(scalar(text), str) or re.fullmatch(r"\d{4}-\d\d?-\d\d?([Tt ].*)?|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?", text):
        return json.dumps(text, ensure_ascii=False)
    first = re.match(r"[-?:](\s|$)|[#,\[\]{}&*!|>'\"%@`=]", text)
    if first or text != text.strip() or ": " in text or text.endswith(":") or " #" in text or text in ("---", "..."):
        quoted = text.replace("'", "''")
        return f"'{quoted}'"
    return text if text.isprintable() else json.dumps(text, ensure_ascii=False)
