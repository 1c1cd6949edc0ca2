"""Connection tracking: which connection a packet is of, and what it does to that (kernel: net/netfilter/nf_conntrack_core.c)."""

from dataclasses import replace

from ..lab.connections import ICMP, TCP, UDP, UDP_PROVES, UDP_STREAM, Connection, Tracked, tuple_of
from ..lab.packet import ECHO_REQUEST, Icmp, Packet, Tcp
from .walk import Walk, device


def track(here: Walk) -> Packet:
    """The packet with its connection: the one it is of, a new one, or none (kernel: nf_conntrack_in)."""
    packet, now = here.packet, here.net.now
    if packet.tracked is not None:
        return packet
    connections = here.netfilter.connections
    what = tuple_of(packet)
    if what is None:
        return replace(packet, tracked=_related(here, packet))
    found = connections.find(what, now)
    if found is not None and _reopens(found, packet):
        connections.remove(found)
        found = None
    if found is None:
        if not _may_begin(packet):
            return replace(packet, tracked=Tracked(None))
        found = Connection(what, what.inverse, born=now)
        _live_on(here, found, packet, False)
        return replace(packet, tracked=Tracked(found, state="NEW"))
    answering = found.original != what
    tracked = Tracked(found, answering, state="ESTABLISHED" if answering or found.replied else "NEW")
    _live_on(here, found, packet, answering)
    found.replied = found.replied or answering
    return replace(packet, tracked=tracked)


def _related(here: Walk, packet: Packet) -> Tracked:
    """Of an ICMP error: the connection of what it quotes."""
    quoted = packet.transport.quoted if isinstance(packet.transport, Icmp) else None
    about = tuple_of(quoted.whole or quoted) if quoted is not None else None
    found = here.netfilter.connections.find(about.inverse, here.net.now) if about is not None else None
    if found is None:
        return Tracked(None)
    return Tracked(found, found.original != about.inverse, related=True, state="RELATED")


def _may_begin(packet: Packet) -> bool:
    transport = packet.transport
    if isinstance(transport, Tcp):
        return "R" not in transport.flags
    return not isinstance(transport, Icmp) or transport.type == ECHO_REQUEST


def _reopens(connection: Connection, packet: Packet) -> bool:
    """A SYN for a connection that is over begins another one."""
    return isinstance(packet.transport, Tcp) and packet.transport.flags == "S" and connection.state in ("TIME_WAIT", "CLOSE", "LAST_ACK")


def _live_on(here: Walk, connection: Connection, packet: Packet, answering: bool) -> None:
    """What a packet does to its connection's state and to how long it lives."""
    now = here.net.now
    if packet.proto == "icmp":
        connection.expires = now + ICMP
    elif packet.proto == "udp":
        going_on = connection.replied and now - connection.born > UDP_PROVES
        connection.assured = connection.assured or going_on
        connection.expires = now + (UDP_STREAM if going_on else UDP)
    else:
        _tcp(here, connection, packet.transport.flags, answering)
        connection.expires = now + _tcp_lifetime(here, connection.state)


def _tcp_lifetime(here: Walk, state: str) -> float:
    """How long a TCP connection is kept after a packet; of two states the namespace says it (nf_conntrack-sysctl.rst)."""
    if state in ("ESTABLISHED", "CLOSE_WAIT"):
        return float(here.ns.sysctls[f"net.netfilter.nf_conntrack_tcp_timeout_{state.lower()}"])
    return TCP.get(state, 120.0)


def _tcp(here: Walk, connection: Connection, flags: str, answering: bool) -> None:
    """kernel: nf_conntrack_proto_tcp.c tcp_conntracks, as far as the lab's programs speak TCP."""
    state = connection.state
    if "R" in flags:
        if answering and not connection.replied:
            here.netfilter.connections.remove(connection)  # refused at once: nothing stays
        connection.state = "CLOSE"
    elif flags == "S" and not answering:
        connection.state = state or "SYN_SENT"
    elif "S" in flags:
        connection.state = "SYN_RECV" if state in ("SYN_SENT", "SYN_RECV") else state
    elif "F" in flags:
        connection.fins += 1
        connection.state = "FIN_WAIT" if connection.fins == 1 else "LAST_ACK"
    elif state in ("", "SYN_RECV"):  # an ACK; one out of nowhere is taken up (nf_conntrack_tcp_loose)
        connection.state = "ESTABLISHED"
        connection.assured = connection.replied
    elif state == "FIN_WAIT":
        connection.state = "CLOSE_WAIT"
    elif state == "LAST_ACK":
        connection.state = "TIME_WAIT"


def confirm(here: Walk) -> bool:
    """The first packet of a connection is about to leave, or to be delivered: its entry is made. False where another took its place."""
    tracked = here.packet.tracked
    if tracked is None or tracked.connection is None or tracked.answering or tracked.related or tracked.connection.confirmed:
        return True
    connection, connections = tracked.connection, here.netfilter.connections
    if connection.dying:
        return True
    if connections.taken(connection.reply, connection, here.net.now):
        here.net.drop_in_stack(here.ns, device(here), "another connection already uses these addresses and ports", here.packet)
        return False
    connections.confirm(connection)
    return True
