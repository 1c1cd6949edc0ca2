"""Accepted differences between the lab and the kernel, each with its reason; the aim is that this list stays short.

An entry is a reason and a test of (line, kernel's answer, lab's answer). A difference that is not listed fails.
"""
from __future__ import annotations

from collections.abc import Callable

from tests.conform.script import Line

KNOWN: dict[str, Callable[[Line, str, str], bool]] = {}


def known(line: Line, expected: str, got: str) -> str:
    """Why this difference is accepted, or ""."""
    return next((reason for reason, applies in KNOWN.items() if applies(line, expected, got)), "")
