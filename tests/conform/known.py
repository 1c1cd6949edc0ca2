"""Accepted differences between the lab and the kernel, each with its reason; the aim is that this list stays short.

An entry is a reason and a test of (the script up to the line, kernel's answer, lab's answer). A difference that is not
listed fails; a listed one ends its script, because what follows may follow from it.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tests.conform.script import Line

#: What ping, traceroute and tracepath print when a router says that it has no route.
ROUTE_ERROR = re.compile(r"Destination (?:Net|Host) Unreachable|Packet filtered|![NHXA]\b")
ERRORS = re.compile(r"\+(\d+) errors")


def told_less(script: Sequence[Line], expected: str, got: str) -> bool:
    """The kernel's answer shows fewer of a router's route errors than the lab's, and is otherwise about the same."""
    probe = re.search(r"\b(ping|traceroute|tracepath)\b", script[-1].line)
    return bool(probe) and told(expected) < told(got)


def told(answer: str) -> int:
    """How many errors an answer shows; a quiet ping only counts them."""
    return len(ROUTE_ERROR.findall(answer)) + sum(map(int, ERRORS.findall(answer)))


def names_noarp(script: Sequence[Line], expected: str, got: str) -> bool:
    """The kernel's answer is the lab's and some entries that need no asking."""
    rows = [row for row in expected.splitlines() if not row.endswith(" NOARP ")]
    return "neigh" in script[-1].line and " NOARP " in expected and rows == got.splitlines()


def another_leg(script: Sequence[Line], expected: str, got: str) -> bool:
    """A probe or lookup after a route with several next hops was written."""
    asks = re.search(r"\b(get|ping|traceroute|tracepath)\b", script[-1].line)
    return bool(asks) and any(line.line.count("nexthop") > 1 for line in script)


def dropped_again(script: Sequence[Line], expected: str, got: str) -> bool:
    """Counters that differ in numbers only, after an MTU was changed."""
    changed = any(re.search(r"\bmtu\b", line.line) for line in script)
    looks = re.search(r"-s link|\bifconfig\b|\bnetstat -i", script[-1].line)
    return changed and bool(looks) and re.sub(r" *\d+", "", expected) == re.sub(r" *\d+", "", got)


def refused(script: Sequence[Line], expected: str, got: str) -> bool:
    """The lab answered in its own words."""
    return re.search(r"\b(the|this) lab\b", got, re.IGNORECASE) is not None


KNOWN: dict[str, Callable[[Sequence[Line], str, str], bool]] = {
    # net/ipv4/route.c ip_error, with no sysctl outside of the first namespace. A person types more slowly than that.
    "a router tells a sender of missing routes five times, then once a second; in the lab each program begins anew": told_less,
    # Addresses of loopback, TUN, broadcast and multicast; only `nud all` and `nud noarp` show them, not even `arp -n` does.
    "the kernel keeps neighbour entries for what it never asks for (NOARP), the lab keeps none": names_noarp,
    # net/ipv4/fib_semantics.c fib_select_multipath: the seed of the hash is random.
    "which leg of a multipath route a flow takes is chance in the kernel": another_leg,
    # iputils ping_common.c pinger: ENOBUFS counts as "not yet", several times a second.
    "ping sends again and again what the other end of a veth pair is too small for; the lab counts the first": dropped_again,
    "what the lab leaves out it refuses in a sentence that names what there is (README, limits)": refused,
}


def known(script: Sequence[Line], expected: str, got: str) -> str:
    """Why this difference is accepted, or ""."""
    return next((reason for reason, applies in KNOWN.items() if applies(script, expected, got)), "")
