"""How Go reads numbers, MAC addresses, networks and JSON, as Docker, etcd and flannel take and refuse them; and its columns.

Python is more generous in each: digits of other scripts, `1_6`, blanks, NaN; and less in one, numbers of thousands
of digits. Each reader raises ValueError in Go's words.
"""

import json
import re
from ipaddress import IPv4Network
from itertools import accumulate

#: How many levels a document may have.
DEEPEST = 30
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_MAC = re.compile(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}")


def integer(text: str, function: str = "ParseInt") -> int:
    """strconv.ParseInt(text, 10, 64), or strconv.Atoi."""
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f'strconv.{function}: parsing "{text}": invalid syntax')
    digits = digits.lstrip("0") or "0"
    number = int(sign + digits) if len(digits) < 20 else 2**64
    if not -(2**63) <= number < 2**63:
        raise ValueError(f'strconv.{function}: parsing "{text}": value out of range')
    return number


def unsigned(text: str) -> int:
    """The same of a number that may have no sign."""
    if text[:1] in ("+", "-"):
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return integer(text)


def mac(text: object) -> str:
    """net.ParseMAC, of the six bytes an Ethernet address has."""
    if not isinstance(text, str) or not _MAC.fullmatch(text):
        raise ValueError(f"address {text}: invalid MAC address")
    return text.replace("-", ":").lower()


def cidr(text: object) -> IPv4Network:
    """net.ParseCIDR: the network, host bits masked away."""
    try:
        address, length = text.split("/")
        if length.isascii() and length.isdigit() and len(length) < 5:
            return IPv4Network((address, int(length)), strict=False)
    except (AttributeError, ValueError):
        pass
    raise ValueError(f"invalid CIDR address: {text}")


def columns(rows: list[list[str]]) -> str:
    """text/tabwriter with a least width of 10 and three blanks between columns; the last one as it is."""
    widths = [max(10, *(len(cell) + 3 for cell in column)) for column in zip(*rows, strict=True)][:-1]
    return "".join("".join(f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)) + "\n" for row in rows)


def document(text: str) -> object:
    """json.Unmarshal; the lab reads fewer levels than Go's 10,000, as what it keeps is copied level by level."""
    depths = accumulate(1 if c in "{[" else -1 for c in _JSON_STRING.sub("", text) if c in "{[}]")
    if max(depths, default=0) > DEEPEST:
        raise ValueError(f"exceeded max depth: the lab reads {DEEPEST} levels")
    return json.loads(text, parse_constant=_no_constant, parse_int=lambda digits: int(digits) if len(digits) < 20 else 2**64)


def _no_constant(word: str):
    raise ValueError(f"invalid character '{word[0]}' looking for beginning of value")
