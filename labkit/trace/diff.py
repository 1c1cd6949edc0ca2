"""A prediction held against an observation, place by place, header by header.

A place is (namespace, interface, direction). At each place the packets are paired, then compared in what a network decides:
addresses, MAC addresses, TTL, DF, ports, fragments, lengths, and the packet inside. IP id, checksums and the source port of vxlan
differ by nature and are left out; so are addresses, MAC addresses and TTL of a fragment behind the first (and the VNI around it), whose
headers the kernel writes anew for the way on, where connections are tracked, while the observer still holds it (ip_do_fragment); the
probe's own port is "its own" on both sides. Rows: "same", "header" (same packet, another header), "missing" (predicted, not seen),
"extra" (seen, not predicted).

ARP depends on what was known before: a side that had an entry asks nothing. Questions that only one side asked, and the answers to
them, are told as notes and make no difference; what both asked is compared like everything else, but not how often: an unanswered
question is repeated for three seconds, and a probe may be over before.

`str()` of a Diff has the prediction on the left, the observation on the right, and above a difference what to doubt.
"""

from __future__ import annotations

import errno
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lab.packet import Icmp, Packet, Tcp

if TYPE_CHECKING:
    from .trace import Sighting, Trace

_DECISIONS = ("route", "arp", "bridge", "forward", "wrap", "unwrap", "fragment", "raised", "heard", "drop", "deliver", "storm")
#: How many of the decisions before a difference are shown.
_DOUBTS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One packet at one place. `fields` are (header, predicted, observed) of those that differ. `doubts` are the predicted
    decisions that led here, for a row that is not the same."""

    kind: str
    predicted: Sighting | None
    observed: Sighting | None
    fields: tuple[tuple[str, object, object], ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.predicted or self.observed)[:3]


@dataclass(frozen=True, slots=True)
class Diff:
    """`same` is the verdict; `outcome` lists what differs in how the probe ended, as (what, predicted, observed)."""

    rows: tuple[Row, ...]
    outcome: tuple[tuple[str, object, object], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not self.outcome and all(row.kind == "same" for row in self.rows)

    def count(self, kind: str) -> int:
        return sum(row.kind == kind for row in self.rows)

    def __str__(self) -> str:
        """The first line is the verdict."""
        counts = [f"{self.count(kind)} {kind}" for kind in _SIGN if self.count(kind)] + ["another outcome"] * bool(self.outcome)
        width = min(max((len(_cell(row.predicted)) for row in self.rows), default=0), _WIDEST)
        lines = [f"same: {len(self.rows)} sightings agree" if self.same else "different: " + ", ".join(counts),
                 f"  {'predicted':<{width}} observed"]
        for row in self.rows:
            lines += [f"    doubt: {doubt}" for doubt in row.doubts]
            lines.append(f"{_SIGN[row.kind]}{_cell(row.predicted):<{width}} {_cell(row.observed) if row.kind != 'same' else 'same'}")
            lines += [f"    {name}: {one} predicted, {other} observed" for name, one, other in row.fields]
        lines += [f"! {name}: {_list(one)} predicted, {_list(other)} observed" for name, one, other in self.outcome]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def diff(predicted: Trace, observed: Trace) -> Diff:
    """Compare two traces of the same probe."""
    left, right, notes = _without_one_sided_arp(predicted, observed)
    pairs = _aligned(left, right, (predicted.port, observed.port))
    rows = tuple(_row(predicted, observed, one, other) for one, other in pairs)
    return Diff(rows, _outcome(predicted, observed), notes)


def _without_one_sided_arp(predicted: Trace, observed: Trace) -> tuple[list[Sighting], list[Sighting], tuple[str, ...]]:
    """Both sides' sightings without the ARP exchanges that only one of them needed."""
    left, right = _exchanges(predicted), _exchanges(observed)
    notes = [f"only the prediction has {asker} ask for the MAC address of {key[1]}: in reality it was known"
             for key, asker in left.items() if key not in right]
    notes += [f"only in reality {asker} asks for the MAC address of {key[1]}: in the prediction it was known"
              for key, asker in right.items() if key not in left]
    both = {None, *left.keys() & right.keys()}
    one, other = ([s for s in trace.sightings if _exchange(s) in both] for trace in (predicted, observed))
    often = Counter(map(_question, one)) & Counter(map(_question, other))
    return _at_most(one, often), _at_most(other, often), tuple(notes)


def _exchange(sighting: Sighting) -> tuple | None:
    """The ARP exchange seen, be it in a tunnel: (MAC address that asks, address asked for)."""
    arp = sighting.packet.innermost.arp
    if arp is None:
        return None
    return (arp.sender_mac, arp.target_ip) if arp.op == "request" else (arp.target_mac, arp.sender_ip)


def _exchanges(trace: Trace) -> dict[tuple, str]:
    """Every ARP exchange, and where it was seen first."""
    found: dict[tuple, str] = {}
    for sighting in trace.sightings:
        found.setdefault(_exchange(sighting), sighting.namespace)
    found.pop(None, None)
    return found


def _question(sighting: Sighting) -> tuple | None:
    """The place and the exchange of an ARP request."""
    arp = sighting.packet.innermost.arp
    return (sighting[:3], _exchange(sighting)) if arp and arp.op == "request" else None


def _at_most(sightings: list[Sighting], often: Counter) -> list[Sighting]:
    """Without questions repeated more often than on the other side: they go on when the probe is long over."""
    seen: Counter = Counter()
    kept = []
    for sighting in sightings:
        key = _question(sighting)
        seen[key] += 1
        if key is None or not 0 < often[key] < seen[key]:
            kept.append(sighting)
    return kept


def _aligned(left: list[Sighting], right: list[Sighting], ports: tuple[int, int]) -> list[tuple[Sighting | None, Sighting | None]]:
    """Pairs in the order of the left side; what only the right side has stands where it happened there."""
    partner: dict[int, int] = {}
    for place in dict.fromkeys(s[:3] for s in [*left, *right]):
        here, there = ([i for i, s in enumerate(side) if s[:3] == place] for side in (left, right))
        partner |= _at_one_place({i: left[i].packet for i in here}, {i: right[i].packet for i in there}, ports)
    back = {there: here for here, there in partner.items()}
    extras, after = {}, -1
    for there, sighting in enumerate(right):
        if there in back:
            after = max(after, back[there])
        else:
            extras.setdefault(after, []).append((None, sighting))
    pairs = extras.get(-1, [])
    for here, sighting in enumerate(left):
        pairs.append((sighting, right[partner[here]] if here in partner else None))
        pairs += extras.get(here, [])
    return pairs


def _at_one_place(ours: dict[int, Packet], theirs: dict[int, Packet], ports: tuple[int, int]) -> dict[int, int]:
    """Which of ours is which of theirs: first those alike in every header, then those of the same kind, in their order. Two
    exchanges that do not wait for each other may pass a place in either order."""
    partner: dict[int, int] = {}
    for told_by in (headers, _kind_of_packet):
        others = {j: told_by(packet, own=ports[1]) for j, packet in theirs.items()}
        for i, packet in ours.items():
            key = told_by(packet, own=ports[0])
            same = next((j for j, other in others.items() if other == key and j not in partner.values()), None)
            if same is not None and i not in partner:
                partner[i] = same
    return partner


def _kind_of_packet(packet: Packet, own: int) -> tuple:
    """What makes two packets with different headers the same packet."""
    if packet.arp:
        return ("arp", packet.arp.op)
    if packet.is_fragment:
        return (packet.proto, packet.ip.offset)
    icmp = (packet.transport.type,) if isinstance(packet.transport, Icmp) else ()
    return (packet.proto, *icmp, packet.inner is not None)


def headers(packet: Packet, within: str = "", own: int = 0) -> dict[str, object]:
    """Every header field that is compared, by name; those of an inner packet are called "inner …". `own` is the probe's port."""
    found: dict[str, object] = {}
    if packet.eth and not (packet.ip and packet.ip.offset):
        found |= {"source MAC": packet.eth.src, "destination MAC": packet.eth.dst}
    if packet.arp:
        arp = packet.arp
        found |= {"ARP": arp.op, "sender": arp.sender_ip, "sender MAC": arp.sender_mac,
                  "target": arp.target_ip, "target MAC": arp.target_mac}
    else:
        found |= _ip_headers(packet, own)
    named = {f"{within}{name}": value for name, value in found.items()}
    return named | (headers(packet.inner, f"{within}inner ", own) if packet.inner else {})


def _ip_headers(packet: Packet, own: int) -> dict[str, object]:
    ip, transport = packet.ip, packet.transport
    found = {"source": ip.src, "destination": ip.dst, "TTL": ip.ttl, "DF": ip.df, "TOS": ip.tos, "protocol": packet.proto}
    if ip.offset:
        del found["source"], found["destination"], found["TTL"]
    if ip.offset or ip.more:
        found |= {"fragment offset": ip.offset, "more fragments": ip.more}  # what it is a fragment of, the others tell
    if not isinstance(transport, Tcp):
        found["length"] = packet.length  # a segment's options are not modelled
    if packet.is_fragment:
        return found
    if isinstance(transport, Icmp):
        found |= {"ICMP": (transport.type, transport.code), "MTU": transport.mtu, "gateway": transport.gateway}
        if transport.quoted is not None:
            quoted = transport.quoted
            found |= {"quoted source": quoted.src, "quoted destination": quoted.dst, "quoted TTL": quoted.ttl}
    else:
        sport, dport = ("its own" if port == own else port for port in (transport.sport, transport.dport))
        found |= {"source port": None if packet.vni is not None else sport, "destination port": dport}
        if packet.inner is None or not packet.inner.ip or not packet.inner.ip.offset:
            found["VNI"] = packet.vni
        if isinstance(transport, Tcp):
            found["flags"] = transport.flags
    return found


def _row(predicted: Trace, observed: Trace, one: Sighting | None, other: Sighting | None) -> Row:
    if one is None:
        return Row("extra", None, other, (), _doubts(predicted, other[:1], None))
    if other is None:
        return Row("missing", one, None, (), _doubts(predicted, one[:1], one))
    left, right = headers(one.packet, own=predicted.port), headers(other.packet, own=observed.port)
    names = [*left, *(name for name in right if name not in left)]
    fields = tuple((name, left.get(name), right.get(name)) for name in names if left.get(name) != right.get(name))
    if not fields:
        return Row("same", one, other)
    return Row("header", one, other, fields, _doubts(predicted, one[:1], one))


def _doubts(predicted: Trace, place: tuple, sighting: Sighting | None) -> tuple[str, ...]:
    """The decisions of that namespace before the sighting (or all of them), the latest last."""
    found = []
    for step in predicted.steps:
        if sighting is not None and step.sighting == sighting:
            break
        if step.namespace == place[0] and step.kind in _DECISIONS:
            found.append(f"{step.namespace} {step.interface or ''}".rstrip() + f": {step.text}")
    return tuple(found[-_DOUBTS:])


def _outcome(predicted: Trace, observed: Trace) -> tuple[tuple[str, object, object], ...]:
    """What differs in how it ended. Not compared: ENOBUFS, which a veth's other end causes only while its MAC address is known
    already, and a real bridge's own multicast reports may have asked for that (observed: random lab 1735)."""
    one, other = ({"delivered": trace.delivered, "answered": trace.answered,
                   "replies": [_reply(r) for r in trace.replies if r.errno != errno.ENOBUFS]} for trace in (predicted, observed))
    return tuple((name, one[name], other[name]) for name in one if one[name] != other[name])


def _reply(reply) -> str:
    """A reply in words, without its time."""
    words = f"{reply.kind} {reply.seq}" + (f" from {reply.sender} ttl {reply.ttl}" if reply.sender is not None else "")
    words += f" type {reply.type} code {reply.code}" if reply.type else ""
    return words + (f" mtu {reply.mtu}" if reply.mtu else "") + (f" errno {reply.errno}" if reply.errno else "")


_SIGN = {"same": "  ", "header": "! ", "missing": "- ", "extra": "+ "}
#: The left column is as wide as its widest cell, but no wider than this.
_WIDEST = 100


def _cell(sighting) -> str:
    if sighting is None:
        return "-"
    arrow = "<-" if sighting.direction == "in" else "->"
    return f"{sighting.namespace} {arrow} {sighting.interface} {sighting.packet}"


def _list(value) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
