"""Rows in columns as Docker's client prints them, and its `--format` (docker/cli: cli/command/formatter)."""

from ...commands.result import Failure
from ...errors import BadInput
from .template import render


def columns(rows: list[tuple[str, ...]]) -> str:
    """Go's tabwriter with a least width of 10 and three spaces between columns."""
    widths = [max(10, 3 + max(map(len, column))) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)) + row[-1] for row in rows)
    return "".join(line + "\n" for line in lines)


def formatted(template: str, headers: dict[str, str], rows: list[dict]) -> str:
    """Each row through a template; one that begins with "table " gets the headers on top."""
    table = template.startswith("table ")
    text = template.removeprefix("table ")
    try:
        lines = [render(text, row) for row in ([headers] if table else []) + rows]
    except BadInput as error:
        raise Failure(1, f"Template parsing error: {error}\n") from None
    if not table:
        return "".join(f"{line}\n" for line in lines)
    return columns([tuple(line.split("\t")) for line in lines])
