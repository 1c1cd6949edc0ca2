"""One step of a trace, opened: its sentence, the packet's headers, the table that was asked. As HTML.

Every text that is not ours is escaped; tables carry the chosen line by a word as well as by colour.
"""

from html import escape

from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..lab.packet import ETHERNET_HEADER, IP_HEADER, VXLAN_HEADER, Packet, icmp_words
from ..tables.table import RouteTable, one_line
from ..trace.trace import Step, Trace

Row = tuple[str, str, int]


def step_html(trace: Trace, step: Step | None, lab: Lab, place: str) -> str:
    """The sentence for a step and everything behind it, or the verdict when no step is chosen."""
    if step is None:
        css = "good" if trace.verdict.ok else "bad"
        return f'<p class="{css}">{escape(str(trace.verdict))}</p><p class="soft">Step forward to see each decision.</p>'
    where = f"{step.namespace} {step.interface}" if step.interface else step.namespace
    pieces = [f'<p><span class="soft">{escape(place)}</span> <b>{escape(where)}</b>: {escape(step.text)}</p>']
    pieces.append(table_html(step, lab))
    if step.packet is not None:
        pieces.append(headers_html(step.packet, lab.namespaces.get(step.namespace), step.interface))
    return "".join(pieces)


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
