"""One table a noun: its rows give the object that `-j` prints, and the text is made from that object.

A row is (key, text, value). `value` is the name of an attribute or `(thing, view) -> value`; what is None is left out, and NULL
is JSON's null. `text` is what stands in the text, with `{}` for the value, or a function of the value; a row without a
key is text alone, and its function gets the whole record. A newline in the text ends a line inside of one entry: with `-o` it is a
backslash (iproute2's _SL_). JSON stands in iproute2's layout (lib/json_writer.c), which Python's `json` cannot make.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..lab.lab import Lab
from ..lab.namespace import Namespace
from .result import Context, Result

#: A flag that stands in JSON as null.
NULL = object()


class Raw(str):
    """Text that stands in the JSON as it is: a number with fixed decimals."""


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the object of an `ip` line: `-j`, `-br`, `-d`, …; `family` is "" (any), "inet" or "inet6"."""

    family: str = ""
    json: bool = False
    pretty: bool = False
    brief: bool = False
    details: bool = False
    stats: bool = False
    oneline: bool = False
    human: bool = False
    all: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, and with which options; `only` is the device that was asked for, which many lists leave out then."""

    ctx: Context
    options: Options
    only: object = None

    @property
    def lab(self) -> Lab:
        return self.ctx.lab

    @property
    def ns(self) -> Namespace:
        return self.ctx.ns


def record(rows: Iterable[tuple], thing, view: View) -> dict:
    """A thing as the object that `-j` prints."""
    found: dict = {}
    for key, _, value in rows:
        if key and (there := getattr(thing, value) if value.__class__ is str else value(thing, view)) is not None:
            found[key] = None if there is NULL else there
    return found


def wording(rows: Iterable[tuple], found: dict) -> str:
    """The text of a record, without its last newline."""
    told = ""
    for row in rows:
        key, text = row[0], row[1]
        if text and (key == "" or key in found):
            value = found[key] if key else found
            told += text.format(value) if text.__class__ is str else text(value)
    return told


def both(rows: Iterable[tuple], thing, view: View) -> tuple[dict, str]:
    """A thing's record and the text of it, in one pass: most of what is typed is a list."""
    found: dict = {}
    told = ""
    for key, text, value in rows:
        there = found
        if key:
            if (there := getattr(thing, value) if value.__class__ is str else value(thing, view)) is None:
                continue
            found[key] = None if there is NULL else there
        if text:
            told += text.format(there) if text.__class__ is str else text(there)
    return found, told


def lines(rows: Iterable[tuple], found: dict, options: Options) -> str:
    """The lines of one entry."""
    return ended(wording(rows, found), options)


def ended(text: str, options: Options) -> str:
    return (text.replace("\n", "\\") if options.oneline else text) + "\n"


def show(rows: Iterable[tuple], things: Iterable, view: View) -> Result:
    """A list of things, as text or with `-j` as JSON."""
    if view.options.json:
        return Result(0, json_text([record(rows, thing, view) for thing in things], view.options.pretty))
    return Result(0, "".join(ended(both(rows, thing, view)[1], view.options) for thing in things))


def flushed(count: int, what: str, options: Options) -> Result:
    """What a flush says, with `-s`."""
    rounds = f"\n*** Round 1, deleting {count} {what} ***\n*** Flush is complete after 1 round ***\n"
    return Result(0, "" if not options.stats else rounds if count else "Nothing to flush.\n")


def json_text(value, pretty: bool = False) -> str:
    """One JSON document and its newline: what `ip -j` (or `ip -j -p`) prints."""
    return _json(value, 0 if pretty else None) + "\n"


def _json(value, depth: int | None) -> str:
    deeper = None if depth is None else depth + 1
    if isinstance(value, dict):
        before, after, colon = ("", "", ":") if depth is None or not value else ("\n" + "    " * (depth + 1), "\n" + "    " * depth, ": ")
        return "{" + ",".join(f"{before}{_quoted(key)}{colon}{_json(item, deeper)}" for key, item in value.items()) + after + "}"
    if isinstance(value, list | tuple):
        before, after = ("" if depth is None else " "), ("" if depth is None or not value else " ")
        return f"[{before}{','.join(_json(item, deeper) for item in value)}{after}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, Raw | int) else _quoted(str(value))


_ESCAPES = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\b": "\\b", "\\": "\\\\", '"': '\\"'})


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
