"""Accepted differences between the lab and the kernel, each with its reason; the aim is that this list stays short.

An entry is a reason and a test of (the script up to the line, kernel's answer, lab's answer) that says exactly what may
differ: all else must be the same. A difference that is not listed fails; a listed one is counted and ends its script,
because what follows may follow from it. What the lab refuses in its own words is bounded besides (run.py).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network

from tests.conform.script import Line

PROBES = re.compile(r"\b(ping|traceroute)\b(?! (?:exec|help))")
ADDRESS = re.compile(r"(?<![\d.])\d+\.\d+\.\d+\.\d+(?![\d.])")

#: What ping prints when a router says that it has no route, and how it counts them.
PING_ERROR = re.compile(r"From \S+ icmp_seq=\d+ (?:Destination (?:Net|Host) Unreachable|Packet filtered)\n")
PING_COUNT = re.compile(r", \+\d+ errors|, pipe \d+")
#: What traceroute puts behind a hop that says so.
HOP_ERROR = re.compile(r" ?\d+:? .*ms +![NHXA]\b")
HOP_ANSWER = re.compile(r"ms(?! +!)")


def told_less(script: Sequence[Line], expected: str, got: str) -> bool:
    """The kernel's answer lacks some of a router's route errors that the lab's has; otherwise they are the same."""
    tool = PROBES.search(script[-1].line)
    if not tool or expected.partition("\n")[0] != got.partition("\n")[0]:
        return False
    return told_ping_less(expected, got) if tool[1] == "ping" else silent_hops(expected, got)


def told_ping_less(expected: str, got: str) -> bool:
    """Rows of route errors are missing, and their number; nothing else."""
    left, right = (PING_ERROR.findall(text) for text in (expected, got))
    counted = [sum(map(int, re.findall(r"\+(\d+) errors", text))) for text in (expected, got)]
    fewer = set(left) <= set(right) and (len(left) < len(right) or not right and counted[0] < counted[1])
    return fewer and bare(expected) == bare(got)


def bare(text: str) -> str:
    """A ping's answer without route errors."""
    return PING_COUNT.sub("", PING_ERROR.sub("", text))


def silent_hops(expected: str, got: str) -> bool:
    """Up to some hop the same; there the lab's says !N to the end, and the kernel's less or nothing, and so do those behind."""
    left, right = expected.splitlines(), got.splitlines()
    same = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), min(len(left), len(right)))
    told, less = right[same:], left[same:]
    words = {"*"}.union(*(row.split()[1:] for row in told))
    errors = [sum(row.count("!") for row in rows) for rows in (less, told)]
    said = all(map(HOP_ERROR.match, told)) and all(words >= {*row.split()[1:]} and not HOP_ANSWER.search(row) for row in less)
    return bool(less) and errors[0] < errors[1] and said


def names_noarp(script: Sequence[Line], expected: str, got: str) -> bool:
    """The kernel's answer is the lab's and some entries that need no asking."""
    rows = [row for row in expected.splitlines() if not row.endswith(" NOARP ")]
    return "neigh" in script[-1].line and " NOARP " in expected and rows == got.splitlines()


def another_leg(script: Sequence[Line], expected: str, got: str) -> bool:
    """What goes by a route with several next hops: `get` may name another leg, a probe may fare as the other leg lets it.

    Such a route must lead to an address that the line names, or back from it to one the script gave out. A probe's first
    row (what was asked) is the same, and so are the kinds of rows that follow.
    """
    line = script[-1].line
    if re.search(r"\broute get\b|\br g\b", line):
        return leads(script, ADDRESS.findall(line)) and LEG.sub("", expected) == LEG.sub("", got)
    own = [address for earlier in script if " addr" in earlier.line for address in ADDRESS.findall(earlier.line)]
    if not PROBES.search(line) or not leads(script, ADDRESS.findall(line) + own):
        return False
    left, right = expected.splitlines()[1:], got.splitlines()[1:]
    return bool(left and right) and left[0] == right[0] and all(map(PROBE_ROW.match, left[1:] + right[1:]))


#: What a leg of a route decides in the answer of `ip route get`.
LEG = re.compile(r" via [\d.]+| dev \S+| src [\d.]+|\"(?:gateway|dev|prefsrc)\":\"[^\"]*\",?")
#: Every row that ping and traceroute print below the first.
PROBE_ROW = re.compile(
    r"$|\d+ bytes from |From [\d.]+[: ]|--- .* statistics ---|\d+ packets transmitted|rtt min|stderr:|ping: local error"
    r"|  ?\d+  "
)


def leads(script: Sequence[Line], addresses: Sequence[str]) -> bool:
    """Whether a route with several next hops that the script wrote covers one of these addresses."""
    written = [line.line for line in script if line.line.count("nexthop") > 1]
    found = [re.search(r"(?:add|append|replace|change|prepend) +(\S+)", line) for line in written]
    prefixes = [prefix for one in found if one and (prefix := _network(one[1])) is not None]
    return any(IPv4Address(address) in prefix for address in addresses for prefix in prefixes)


def _network(word: str) -> IPv4Network | None:
    """A destination as iproute2 reads it: `10.20/16` is 10.20.0.0/16; None where the word is none."""
    address, _, length = "0/0".partition("/") if word == "default" else word.partition("/")
    try:
        return IPv4Network((".".join([*address.split("."), "0", "0", "0"][:4]), length or 32), strict=False)
    except ValueError:
        return None


#: How many packets an interface dropped before it sent them: `ip -s link`, its JSON, ifconfig, netstat -i.
DROPPED = (
    re.compile(r"(TX: +bytes.*\n +\d+ +\d+ +\d+ +)(\d+)"), re.compile(r'("tx":\{"bytes":\d+,"packets":\d+,"errors":\d+,"dropped":)(\d+)'),
    re.compile(r"(TX errors \d+ +dropped )(\d+)"), re.compile(r"(^\S+ +\d+(?: +\d+){6} +)(\d+)(?= +\d+ +[A-Z])", re.MULTILINE),
)


def dropped_again(script: Sequence[Line], expected: str, got: str) -> bool:
    """The kernel's answer counts more packets dropped before they were sent, where an MTU was changed and the lab counts one too."""
    if not any(re.search(r"\bmtu\b", line.line) for line in script):
        return False
    counts = [[int(found[2]) for pattern in DROPPED for found in pattern.finditer(text)] for text in (expected, got)]
    more = len(counts[0]) == len(counts[1]) and all(a == b or a > b > 0 for a, b in zip(*counts, strict=True))
    return more and undropped(expected) == undropped(got)


def undropped(text: str) -> str:
    """The text without those counts and the blanks that set columns."""
    for pattern in DROPPED:
        text = pattern.sub(r"\1N", text)
    return re.sub(r" +", " ", text)


#: Lines that show what interfaces counted.
COUNTERS = re.compile(r"\bip\b.* -s\b.*\blink\b|\bifconfig\b|\bnetstat\b.* -\w*i")


def counted_less(script: Sequence[Line], expected: str, got: str) -> bool:
    """After several probes the kernel's counters are smaller, for the route errors that it did not send; all else is the same."""
    if not COUNTERS.search(script[-1].line) or sum(bool(PROBES.search(line.line)) for line in script[:-1]) < 2:
        return False
    if expected.partition("\n")[0] != got.partition("\n")[0]:
        return False
    shapes = [re.sub(r" *\d+ *", " N ", text) for text in (expected, got)]
    numbers = [[int(n) for n in re.findall(r"\d+", text)] for text in (expected, got)]
    return shapes[0] == shapes[1] and all(kernel <= lab for kernel, lab in zip(*numbers, strict=True))


#: How the lab words what it leaves out: one sentence, with the tool's name before it or not.
REFUSAL = re.compile(
    r"(?:\w+: )?(?:\S+: )?[Tt]he lab(?:'s (?:\w+ ){0,2}\w+)? "
    r"(?:has|have|keeps?|knows?|understands?|sends?|waits?|asks?|goes|reads?|runs?|"
    r"lists|counts|tells|opens|lets|shows|does not|do not|are not) "
)


def refused(script: Sequence[Line], expected: str, got: str) -> bool:
    """The lab failed, and said nothing but that it leaves this out."""
    status, _, said = got.partition("\n")
    if status == "exit 0" or not said.startswith("stderr:\n"):
        return False
    rows = said.splitlines()[1:]
    return len(rows) == 1 and REFUSAL.match(rows[0]) is not None


#: ping's own kernel refuses the packet, and tells so twice: by the call's errno, and by an ICMP error where a rule says so.
NOT_PERMITTED = "\nstderr:\nping: sendmsg: Operation not permitted"


def errno_or_error(script: Sequence[Line], expected: str, got: str) -> bool:
    """A rule rejects ping's own packet: whether ping reads the error before it prints the errno. All else is the same."""
    rejected = any("-j REJECT" in line.line for line in script) and "errors" in expected
    bare_of = [text.replace(NOT_PERMITTED, "").rstrip("\n") for text in (expected, got)]
    return rejected and PROBES.search(script[-1].line) is not None and expected != got and bare_of[0] == bare_of[1]


#: Reason of `refused`, which is bounded.
LEFT_OUT = "what the lab leaves out it refuses in a sentence that names what there is (README, limits)"

KNOWN: dict[str, Callable[[Sequence[Line], str, str], bool]] = {
    # net/ipv4/route.c ip_error, with no sysctl outside of the first namespace. A person types more slowly than that.
    "a router tells a sender of missing routes five times, then once a second; in the lab each program begins anew": told_less,
    "counters after probes of which a router told its sender less than the lab's router": counted_less,
    # Addresses of loopback, TUN, broadcast and multicast; only `nud all` and `nud noarp` show them, not even `arp -n` does.
    "the kernel keeps neighbour entries for what it never asks for (NOARP), the lab keeps none": names_noarp,
    # net/ipv4/fib_semantics.c fib_select_multipath: the seed of the hash is random.
    "which leg of a multipath route a flow takes is chance in the kernel": another_leg,
    # iputils ping_common.c pinger: ENOBUFS counts as "not yet", several times a second.
    "ping sends again and again what the other end of a veth pair is too small for; the lab counts the first": dropped_again,
    # iputils ping_common.c pinger, main_loop: the error is polled for before and after the packet is sent.
    "ping hears the ICMP error of its own kernel before it would print the errno, or after": errno_or_error,
    LEFT_OUT: refused,
}


def known(script: Sequence[Line], expected: str, got: str) -> str:
    """Why this difference is accepted, or ""."""
    return next((reason for reason, applies in KNOWN.items() if applies(script, expected, got)), "")
