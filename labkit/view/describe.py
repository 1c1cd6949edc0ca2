"""A picture, and one step of a trace, in words: for who cannot see it, and for who wants to know more.

Every text in HTML that is not ours is escaped; tables carry the chosen line by a word as well as by colour.
"""

from difflib import SequenceMatcher
from html import escape
from itertools import groupby

from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..lab.packet import ETHERNET_HEADER, IP_HEADER, VXLAN_HEADER, Packet, icmp_words
from ..tables.table import RouteTable, one_line
from ..trace.trace import Step, Trace
from .contents import state


def title_of(lab: Lab, trace: Trace | None) -> str:
    if trace is not None:
        return trace.title
    machines = [ns.name for ns in lab.namespaces.values() if ns.name == ns.machine]
    return f"the lab: {', '.join(machines)}"


def describe(lab: Lab, trace: Trace | None = None, before: Trace | None = None) -> str:
    """Sentences that say what the picture shows."""
    inside = sum(ns.name != ns.machine for ns in lab.namespaces.values())
    machines = len(lab.namespaces) - inside
    sentences = [f"{_count(machines, 'machine')} with {_count(inside, 'further namespace')}."]
    if trace is None:
        return sentences[0]
    sentences.append(f"The packet comes by {way_words(trace)}.")
    verdict = caption(trace)
    sentences.append(f"{verdict[0].upper()}{verdict[1:]}.")
    if before is not None:
        sentences.append(difference(trace, before))
    return " ".join(sentences)


def caption(trace: Trace) -> str:
    """The verdict, and in how many pieces the request went."""
    pieces = len({fragment(step.packet) for step in trace.steps if step.sighting and not step.aside and step.leg == "request"})
    return f"{trace.verdict}" + (f" (the request went in {pieces} fragments)" if pieces > 1 else "")


def fragment(packet: Packet | None) -> int:
    """At which byte of its packet a fragment begins, be it inside of a tunnel or outside; 0 for what is whole."""
    while packet is not None:
        if packet.is_fragment and packet.ip.offset:
            return packet.ip.offset
        packet = packet.inner
    return 0


def way_words(trace: Trace) -> str:
    """Every interface a tap would have seen the packet on, in order."""
    return ", ".join(_way(trace)) or "no interface"


def _way(trace: Trace) -> list[str]:
    seen = [step for step in trace.steps if step.sighting and not step.aside and not fragment(step.packet)]
    places = [f"{step.namespace} {step.interface}" for step in seen]
    return [place for place, _ in groupby(places)]


def difference(trace: Trace, before: Trace) -> str:
    """What is not as it was in the trace before, in a sentence."""
    now, then = _way(trace), _way(before)
    if now == then:
        same = str(trace.verdict) == str(before.verdict)
        return "The way is the same as before." if same else f"The same way as before, but then: {before.verdict}."
    common = next((i for i, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), min(len(now), len(then)))
    where = f"As before up to {now[common - 1]}, then" if common else "From the start"
    return f"{where} another way. The trace before ended so: {before.verdict}."


def hops(trace: Trace) -> list[tuple[str, str]]:
    """(where, what) of every sighting on the packet's own way."""
    return [(f"{s.namespace} {s.interface} {s.kind}", s.text) for s in trace.steps if s.sighting and not s.aside]


def differing_hops(trace: Trace, before: Trace) -> list[tuple[str, str]]:
    """(sign, hop) of what is not as it was: "gone", "new", or "changed" where only the packet differs."""
    now, then = hops(trace), hops(before)
    matcher = SequenceMatcher(None, [place for place, _ in then], [place for place, _ in now], autojunk=False)
    found = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for (place, old), (_, new) in zip(then[a:b], now[c:d], strict=True):
                found += [("changed", f"{place}: {new}; before: {old}")] if old != new else []
        else:
            found += [("gone", f"{place}: {packet}") for place, packet in then[a:b]]
            found += [("new", f"{place}: {packet}") for place, packet in now[c:d]]
    return found


def observed_words(predicted: Trace, seen: Trace) -> str:
    """What the kernel did with the same probe: a sentence, and every packet when it is not what was predicted."""
    found = predicted.diff(seen)
    if not found.same:
        return f"The kernel does something else: {seen.verdict}.\n{found}"
    count = len(found.rows)
    what = f"{_count(count, 'sighting')}, each" if count else "nothing,"
    return "\n".join([f"The kernel does the same: {seen.verdict}.", f"On the interfaces: {what} as predicted.", *found.notes])


def as_text(lab: Lab, trace: Trace | None = None) -> str:
    """The picture as lines of text: each namespace with its interfaces and what they lead to."""
    lines = []
    for ns in lab.namespaces.values():
        lines.append(f"{ns.name}" if ns.name == ns.machine else f"  {ns.name}")
        for interface in ns.by_index():
            if interface.kind == "loopback":
                continue
            words = [interface.name, *(f"{a.ip}/{a.prefixlen}" for a in interface.addresses)]
            if interface.kind not in ("veth",):
                words.append(f"({interface.kind})")
            if interface.master:
                words.append(f"in {interface.master}")
            peer = lab.peer(interface)
            if peer is not None:
                words.append(f"<-> {peer.namespace} {peer.name}")
            if state(interface):
                words.append(f"[{state(interface)}]")
            lines.append(("    " if ns.name != ns.machine else "  ") + " ".join(words))
    if trace is not None:
        lines += [trace.title, f"  by {way_words(trace)}", f"  => {caption(trace)}"]
    return "\n".join(lines)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


Row = tuple[str, str, int]


def step_html(trace: Trace, step: Step | None, lab: Lab, place: str) -> str:
    """The sentence for a step and everything behind it, or the verdict when no step is chosen."""
    if step is None:
        css = "good" if trace.verdict.ok else "bad"
        return f'<p class="{css}">{escape(caption(trace))}</p><p class="soft">Step forward to see each decision.</p>'
    where = f"{step.namespace} {step.interface}" if step.interface else step.namespace
    pieces = [f'<p><span class="soft">{escape(place)}</span> <b>{escape(where)}</b>: {_with_code(step.text)}</p>']
    pieces.append(table_html(step, lab))
    if step.packet is not None:
        pieces.append(headers_html(step.packet, lab.namespaces.get(step.namespace), step.interface))
    return "".join(pieces)


def _with_code(sentence: str) -> str:
    """A sentence of a trace: what stands between backticks is code."""
    return "".join(f"<code>{escape(piece)}</code>" if i % 2 else escape(piece) for i, piece in enumerate(sentence.split("`")))


def headers(packet: Packet) -> list[Row]:
    """The packet's headers from the outside in: name, contents, bytes; the payload last."""
    rows: list[Row] = []
    if packet.eth is not None:
        rows.append(("Ethernet", f"{packet.eth.src} > {packet.eth.dst}", ETHERNET_HEADER))
    if packet.arp is not None:
        return [*rows, ("ARP", packet.arp.words, 28)]
    ip = packet.ip
    flags = " DF" if ip.df else ""
    piece = f" fragment at {ip.offset}" if packet.is_fragment else ""
    rows.append(("IPv4", f"{ip.src} > {ip.dst} ttl {ip.ttl}{flags}{piece}", IP_HEADER))
    rest = packet.length - IP_HEADER
    if packet.is_fragment:
        return [*rows, ("payload", "a piece of a packet", rest)]
    if packet.proto == "icmp":
        rows.append(("ICMP", icmp_words(packet.transport), 8))
    else:
        size = 8 if packet.proto == "udp" else 40
        rows.append((packet.proto.upper(), f"port {packet.sport} > {packet.dport}", size))
    rest -= rows[-1][2]
    if packet.vni is not None:
        rows.append(("VXLAN", f"VNI {packet.vni}", VXLAN_HEADER))
    if packet.inner is not None:
        return rows + headers(packet.inner)
    return [*rows, ("payload", "quoted packet" if packet.is_error else "data", rest)]


def headers_html(packet: Packet, ns: Namespace | None, dev: str | None) -> str:
    """The headers as a table with sizes, and what the interface's MTU leaves."""
    rows, at = [], 0
    for name, words, size in headers(packet):
        rows.append(f"<tr><td>{at}</td><td>{size}</td><td>{escape(name)}</td><td>{escape(words)}</td></tr>")
        at += size
    head = "<tr><th>at byte</th><th>bytes</th><th>header</th><th>what it says</th></tr>"
    interface = ns.find(dev) if ns is not None and dev else None
    room = ""
    if interface is not None:
        left = interface.mtu - packet.length
        css, words = ("", f"{left} bytes left") if left >= 0 else ("bad", f"{-left} bytes too long")
        room = f'<p>{packet.length} bytes of the MTU {interface.mtu} of {escape(dev)}: <span class="{css}">{words}</span></p>'
    return f"<table>{head}{''.join(rows)}</table>{room}"


def table_html(step: Step, lab: Lab) -> str:
    """The table this step consulted, with its lines marked: chosen, lost and why, or no match."""
    ns = lab.namespaces.get(step.namespace)
    if ns is None:
        return ""
    if step.decision is not None and step.decision.asked:
        asked = step.decision.asked[-1]
        table = ns.tables.get(asked.rule.table)
        return _route_table(table, asked.lookup, asked.rule.table) if table is not None else ""
    if step.kind == "bridge" and step.packet is not None and step.packet.eth is not None:
        return _fdb(ns, step)
    return ""


def _route_table(table: RouteTable, lookup, number: int) -> str:
    said = {id(c.route): (c.won, c.why) for c in lookup.considered}
    rows = []
    for route in table:
        won, why = said.get(id(route)) or next(((c.won, c.why) for c in lookup.considered if c.route == route), (None, ""))
        rows.append(_row(one_line(route), won, why or "does not contain the address"))
    name = {254: "main", 255: "local", 253: "default"}.get(number, str(number))
    return _table(f"table {name}, asked for {lookup.dst}", rows)


def _fdb(ns: Namespace, step: Step) -> str:
    bridge = ns.find(step.interface)
    rows = []
    for entry in bridge.bridge.fdb:
        won = entry.mac == step.packet.eth.dst
        line = f"{entry.mac} dev {entry.dev} {entry.state or 'learned'}"
        rows.append(_row(line, won or None, "this is the destination" if won else ""))
    return _table(f"forwarding database of {bridge.name}, after the probe, asked for {step.packet.eth.dst}", rows)


def _row(line: str, won: bool | None, why: str) -> str:
    sign, css = {True: ("chosen", "won"), False: ("lost", "lost"), None: ("", "lost")}[won]
    return f'<tr class="{css}"><td>{sign}</td><td>{escape(line)}</td><td>{escape(why)}</td></tr>'


def _table(title: str, rows: list[str]) -> str:
    return f"<p>{escape(title)}:</p><table><tr><th></th><th>line</th><th>why</th></tr>{''.join(rows)}</table>"
