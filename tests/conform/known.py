"""Accepted differences between the lab and the kernel, each with its reason; the aim is that this list stays short.

An entry is a reason and a test of (line, kernel's answer, lab's answer). A difference that is not listed fails.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from tests.conform.script import Line

#: What ping, traceroute and tracepath print when a router says that it has no route.
ROUTE_ERROR = re.compile(r"Destination (?:Net|Host) Unreachable|Packet filtered|![NHXA]\b")


def told_less(line: Line, expected: str, got: str) -> bool:
    """The kernel's answer shows fewer of a router's route errors than the lab's, and is otherwise about the same."""
    probe = re.search(r"\b(ping|traceroute|tracepath)\b", line.line)
    return bool(probe) and len(ROUTE_ERROR.findall(expected)) < len(ROUTE_ERROR.findall(got))


KNOWN: dict[str, Callable[[Line, str, str], bool]] = {
    # net/ipv4/route.c ip_error, with no sysctl outside of the first namespace. A person types more slowly than that.
    "a router tells one sender of missing routes five times at once, then once a second; the lab tells it always": told_less,
}


def known(line: Line, expected: str, got: str) -> str:
    """Why this difference is accepted, or ""."""
    return next((reason for reason, applies in KNOWN.items() if applies(line, expected, got)), "")
