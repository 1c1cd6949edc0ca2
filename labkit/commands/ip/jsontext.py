"""JSON as iproute2 prints it (lib/json_writer.c): no spaces, or with `-p` its own indentation.

Python's `json` lays out neither form, and iproute2 writes some numbers with fixed decimals (`Raw`).
"""


class Raw(str):
    """Text that stands in the JSON as it is: a number with fixed decimals."""


_ESCAPES = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\b": "\\b", "\\": "\\\\", '"': '\\"'})


def json_text(value, pretty: bool = False) -> str:
    """One JSON document and its newline: what `ip -j` (or `ip -j -p`) prints."""
    return (_pretty(value, 0) if pretty else _plain(value)) + "\n"


def _plain(value) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{_plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_plain(item) for item in value) + "]"
    return _scalar(value)


def _pretty(value, depth: int) -> str:
    if isinstance(value, dict):
        if not value:
            return "{}"
        indent = "\n" + "    " * (depth + 1)
        body = ",".join(f"{indent}{_quoted(key)}: {_pretty(item, depth + 1)}" for key, item in value.items())
        return "{" + body + "\n" + "    " * depth + "}"
    if isinstance(value, list | tuple):
        return f"[ {','.join(_pretty(item, depth + 1) for item in value)}{' ' if value else ''}]"
    return _scalar(value)


def _scalar(value) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
