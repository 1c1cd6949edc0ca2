"""Packet filter, connections and NAT: 58 recorded scripts, answered whole as the kernel and the tools did (tests/recordings/netfilter)."""

import json
import re
from pathlib import Path

import pytest

import labkit

RECORDINGS = Path(__file__).parent.parent / "recordings" / "netfilter"
SCRIPTS = [script for file in sorted(RECORDINGS.glob("*.json")) for script in json.loads(file.read_text())]
#: Seconds that an entry counts down from, by protocol and state.
STARTS = (10, 30, 60, 120, 180, 300, 432000)
#: (lines that it is about, what is chance in their answers, what stands for it)
CHANCE = [
    (r"ping", r"time=[\d.]+ ms", "time=T"), (r"ping", r"rtt min.*", "rtt"), (r"ping", r"time \d+ms", "time T"),
    (r"ping", r", pipe \d+", ""),
    (r" neigh", r"\b(REACHABLE|STALE|DELAY|PROBE)\b", "VALID"), (r"netns list", r" \(id.*", ""), (r"-br (link|addr)", r"@if\d+", "@if"),
    (r"conntrack -[LD]", r"\b(id|use)=\d+", r"\1=N"),
    (r"conntrack -[LD]", r" \d+ (FIN_WAIT|CLOSE_WAIT|LAST_ACK|TIME_WAIT|CLOSE) (?=src.*\[ASSURED\])", " 120 CLOSING "),
    (r"iptables", r"^(# .*) on \w{3} \w{3} .*", r"\1"), (r"iptables-save(?!.* -c)", r"^(:\S+ [A-Z]+) \[.*", r"\1"),
    (r"route get", r"expires \d+sec", "expires"),
]  # fmt: skip


def comparable(line: str, text: str) -> list[str]:
    """What a line printed, by rows, without chance and the clock; sorted where the order is a hash's."""
    rows = [row.rstrip() for row in text.splitlines() if row.strip()]
    for about, chance, fixed in CHANCE:
        if re.search(about, line):
            rows = [re.sub(chance, fixed, row).rstrip() for row in rows]
    if re.search(r"conntrack -[LD]", line):
        rows = [re.sub(r"^(\w+ +\d+) (\d+)", lambda m: f"{m[1]} {min(s for s in STARTS if int(m[2]) <= s)}", row) for row in rows]
    return sorted(rows) if re.search(r"conntrack -[LD]| neigh|netns list", line) else rows


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script['kind']}-{script['seed']}")
def test_a_recorded_script_is_answered_whole(script):
    lab = labkit.Lab()
    for number, (line, status, out, err) in enumerate(script["answers"]):
        got = lab.sh(line)
        seen = got.returncode, comparable(line, got.stdout), comparable(line, got.stderr)
        assert seen == (status, comparable(line, out), comparable(line, err)), f"line {number}: {line}"


def test_all_kinds_are_here():
    assert {script["kind"] for script in SCRIPTS} == {"filter", "nat", "bridged", "words", "services", "slips"}
    assert sum(len(script["answers"]) for script in SCRIPTS) > 4400
