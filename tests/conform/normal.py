"""What depends on chance or on the clock, written as fixed words, the same way for both sides.

Only what two runs on the kernel itself answer differently is replaced, and each rule says what that is. Interface
indexes, counters, states and the order of all else are left as they are. Neighbours are sorted: the kernel lists them
by a hash with a random key. MAC addresses become MAC1, MAC2, … in the order in which a script's answers first show
them, so that two that are equal stay equal; the well-known ones stay.
"""
from __future__ import annotations

import json
import re

Rule = tuple[re.Pattern[str], str]

RULES: tuple[Rule, ...] = (
    # ping: round trip times, and the wall time of the whole run ("time 1004ms")
    (re.compile(r"time=[\d.]+ ms"), "time=T ms"),
    (re.compile(r"time \d+ms"), "time Tms"),
    (re.compile(r"(rtt min/avg/max/mdev = )[\d./]+ ms"), r"\1T ms"),
    # curl: how long it took to fail
    (re.compile(r"after \d+ (ms|milliseconds)"), r"after T \1"),
    # traceroute: times of each probe
    (re.compile(r"(?<=  )\d+\.\d+ ms"), "T ms"),
    # a learned path MTU counts down
    (re.compile(r"expires \d+sec"), "expires Tsec"),
    (re.compile(r'"expires":\d+'), '"expires":T'),
    # `ip -s route show cache`: how many packets now use the kernel's copy of the route, and how old it is
    (re.compile(r" users \d+( age \d+sec)?"), " users N"),
    # `ip -d link`: bridge timers run
    (re.compile(r"(\w+_timer) +[\d.]+"), r"\1 T"),
    (re.compile(r'("\w+_timer"):[\d.]+'), r"\1:T"),
    # `ip addr`: lifetimes count down
    (re.compile(r'("(?:valid|preferred)_life_time"):(?!4294967295)\d+'), r"\1:T"),
    # tcpdump: the clock
    (re.compile(r"^\d\d:\d\d:\d\d\.\d{6}", re.MULTILINE), "T"),
)
MAC = re.compile(r"(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9a-f:])")
BRIDGE_ID = re.compile(r"\b8000\.([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})")        # a priority and a MAC without leading zeros
NEIGHBOR = re.compile(r"\d+\.\d+\.\d+\.\d+ (dev|lladdr|ref|used|proxy|[A-Z]+ $| {4,}(ether|\(incomplete\))).*")
CACHED = re.compile(r"\S.*\n    cache.*\n")
KEPT = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:", "33:33:", "0a:00:00:")


class Normal:
    """Normalises the answers of one script in turn; remembers the MAC addresses it has named."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        text = sort_cache(sort_neighbors(text))
        for pattern, word in RULES:
            text = pattern.sub(word, text)
        text = BRIDGE_ID.sub(lambda found: "8000." + ":".join(byte.zfill(2) for byte in found[1].split(":")), text)
        return MAC.sub(self.mac, text)

    def mac(self, found: re.Match[str]) -> str:
        """MAC1, MAC2, … in order of appearance."""
        mac = found[0]
        if mac.startswith(KEPT):
            return mac
        return self.names.setdefault(mac, f"MAC{len(self.names) + 1}")


def sort_cache(text: str) -> str:
    """The entries of `ip route show cache`, two lines each, in order of address: the kernel's hash has a random key."""
    entries = CACHED.findall(text)
    return "".join(sorted(entries)) if len(entries) > 1 and "".join(entries) == text else text


def sort_neighbors(text: str) -> str:
    """The rows of `ip neigh`, `arp -n` and `ip -j neigh` in order of address; any other text as it is."""
    if text.startswith('[{"dst":') and '"state":[' in text:
        return json.dumps(sorted(json.loads(text), key=json.dumps), separators=(",", ":")) + "\n"
    rows = text.splitlines(keepends=True)
    neighbors = iter(sorted(row for row in rows if NEIGHBOR.match(row)))
    return "".join(next(neighbors) if NEIGHBOR.match(row) else row for row in rows)
