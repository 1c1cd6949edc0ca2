"""The options of ping (iputils 20221126): how they are read and how they are refused.

Left out, and refused in a sentence: flooding, IPv6, IP options and what only shows on a terminal.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from .getopt import getopt
from .result import Failure
from .usage import usage
from .words import whole

#: Without -c ping runs until it is stopped. The lab stops it after three packets.
UNTIL_STOPPED = 3

_SHORT = "h?4bRT:6F:N:aABc:CdDe:fi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:"
_UNDERSTOOD = "4BbciIMnqQstwW"


@dataclass(slots=True)
class Options:
    """What a line asks for. `df` is "fixed", "want" or "no"; None is the kernel's default ("want")."""

    count: int | None = None
    interval: float = 1.0
    size: int = 56
    ttl: int | None = None
    df: str | None = None
    device: str | None = None
    source: str | None = None
    wait: float = 10.0
    deadline: int | None = None
    quiet: bool = False
    numeric: bool = False
    broadcast: bool = False
    tos: int = 0
    complaints: str = ""


def read(args: list[str]) -> tuple[Options, list[str]]:
    """The options and the destinations; Failure as ping gives up."""
    found, words = getopt("ping", args, _SHORT)
    options = Options()
    for letter, value in found:
        if letter in "?h":
            raise Failure(2, value + usage("ping"))
        if letter not in _UNDERSTOOD:
            dashed = " ".join(f"-{c}" for c in _UNDERSTOOD)
            raise Failure(2, f"The lab's ping does not know -{letter}; it understands {dashed}.\n")
        try:
            _take(options, letter, value)
        except Failure as failure:
            raise Failure(failure.result.returncode, options.complaints + failure.result.stderr) from None
    if not words:
        raise Failure(1, options.complaints + "ping: usage error: Destination address required\n")
    return options, words


def _take(options: Options, letter: str, value: str) -> None:
    match letter:
        case "c":
            options.count = number(value, 1, 2**63 - 1)
        case "s":
            options.size = number(value, 0, 2**31 - 1)
        case "t":
            options.ttl = number(value, 0, 255)
        case "w":
            options.deadline = number(value, 0, 2**31 - 1) or None
        case "i":
            options.interval = max(_seconds(options, value, "bad timing interval"), 0.0)
        case "W":
            options.wait = _seconds(options, value, "bad linger time")
            if options.wait < 0:
                raise Failure(2, f"ping: bad linger time: {value}\n")
        case "I" if _is_address(value):
            options.source = value
        case "I":
            options.device = value
        case "M":
            options.df = {"do": "fixed", "dont": "no", "want": "want"}.get(value)
            if options.df is None:
                raise Failure(2, f"ping: invalid -M argument: {value}\n")
        case "n":
            options.numeric = True
        case "Q":
            options.tos = _tos(value)
        case "q":
            options.quiet = True
        case "b":
            options.broadcast = True


def _is_address(word: str) -> bool:
    """inet_pton(3): four numbers from 0 to 255 without leading zeros, as Python reads them."""
    try:
        IPv4Address(word)
    except ValueError:
        return False
    return True


def number(word: str, least: int, most: int, tool: str = "ping") -> int:
    """strtol_or_err of iputils: a decimal number between two bounds."""
    found = whole(word)
    if found is None:
        raise Failure(1, f"{tool}: invalid argument: '{word}'\n")
    if not least <= found <= most:
        raise Failure(1, f"{tool}: invalid argument: '{word}': out of range: {least} <= value <= {most}\n")
    return found


def _seconds(options: Options, word: str, what: str) -> float:
    """A number of seconds; ping only grumbles about what stands behind it."""
    found = re.match(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", word)
    rest = word[found.end() :] if found else word
    if rest:
        options.complaints += f"ping: option argument contains garbage: {rest}\n"
        options.complaints += "ping: this will become fatal error in the future\n"
    value = float(found[0]) if found else 0.0
    if abs(value) > (2**31 - 1) / 1000:
        raise Failure(2, f"ping: {what}: {word}\n")
    return int(value * 1000) / 1000


def _tos(word: str) -> int:
    tos = whole(word, base=0 if word[:2] in ("0x", "0X") else 10)
    if tos is None:
        raise Failure(2, f"ping: bad TOS value: {word}\n")
    if tos > 255:
        raise Failure(2, f"ping: the decimal value of TOS bits must be in range 0-255: {tos}\n")
    return tos
