"""A whole number as typed into a field."""

from ..errors import BadInput


def number(typed: str, least: int, most: int, what: str = "a number") -> int:
    """The number; BadInput says which there may be. Decimal digits only, and any number of them."""
    text = typed.strip()
    digits = (text.lstrip("0") or "0") if text.isascii() and text.isdecimal() else ""
    if not digits or len(digits) > len(str(most)) or not least <= int(digits) <= most:
        shown = repr(text) if len(text) <= 40 else f"{text[:40]!r}…"
        raise BadInput(f"{shown} is not {what} from {least} to {most}")
    return int(digits)
