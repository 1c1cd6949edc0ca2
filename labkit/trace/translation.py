"""NAT: what a connection's first packet is asked, and how all its packets are changed by the answer.

kernel: net/netfilter/nf_nat_core.c, nf_nat_proto.c, nf_nat_masquerade.c. Where the kernel draws a port by chance because the one asked for
is taken, the next free one upwards is taken here.
"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

from ..lab.connections import CLASSES, Connection, Tracked, Tuple
from ..lab.lookup import select_address
from ..lab.packet import REDIRECT, Icmp, Packet
from ..tables.chains import Spec, Table
from .walk import Walk, device, drop, tell


def translate(here: Walk, table: Table | None, ask: Callable[[Walk, Table], bool]) -> bool:
    """`ask` the nat chain for a connection's first packet, then change the packet as its entry says (kernel: nf_nat_inet_fn)."""
    tracked = here.packet.tracked
    if tracked is None or tracked.connection is None:
        return True
    connection, source = tracked.connection, here.place in ("POSTROUTING", "INPUT")
    if tracked.related:
        translated = connection.source_changed or connection.destination_changed
        if here.packet.transport.type == REDIRECT and (translated or not (connection.source_done and connection.destination_done)):
            why = f"a redirect about a connection that {'is' if translated else 'may yet be'} translated would mislead"
            here.net.drop_in_stack(here.ns, device(here), why, here.packet)
            return False
        _translate_error(here, tracked, source)
        return True
    done = connection.source_done if source else connection.destination_done
    if not done and not tracked.answering:
        if table is not None and not ask(here, table):
            return False
        if not (connection.source_done if source else connection.destination_done):
            _bind(here, connection, source)  # the null binding: only a clash changes anything
    elif connection.leaves_by and here.place == "POSTROUTING" and here.oif != connection.leaves_by and not tracked.answering:
        here.netfilter.connections.remove(connection)
        here.net.drop_in_stack(here.ns, device(here), f"masqueraded to {connection.leaves_by}, and now leaves by {here.oif}", here.packet)
        return False
    changed = connection.source_changed if source is not tracked.answering else connection.destination_changed
    if changed:
        target = (connection.original if tracked.answering else connection.reply).inverse
        before = here.packet
        here.see(rewritten(before, target, source))
        _told(here, before, connection)
    return True


def _told(here: Walk, before: Packet, connection: Connection) -> None:
    after = here.packet

    def ends(packet: Packet) -> str:
        ports = packet.proto in ("tcp", "udp")
        return f"{packet.src}{f':{packet.sport}' if ports else ''} > {packet.dst}{f':{packet.dport}' if ports else ''}"

    if ends(before) != ends(after):
        why = "as its connection was" if connection.confirmed else "from now on for this connection"
        here.net.step(here.ns, device(here), "nat", f"{here.place}: {ends(before)} becomes {ends(after)}, {why}", after)


def rewritten(packet: Packet, target: Tuple, source: bool) -> Packet:
    """A packet with one side as the tuple has it; an ICMP id belongs to both."""
    transport = packet.transport
    if isinstance(transport, Icmp):
        transport = replace(transport, id=target.sport) if transport.quoted is None else transport
    else:
        transport = replace(transport, sport=target.sport) if source else replace(transport, dport=target.dport)
    packet = packet.with_ip(src=target.src) if source else packet.with_ip(dst=target.dst)
    return replace(packet, transport=transport)


def _translate_error(here: Walk, tracked: Tracked, source: bool) -> None:
    """An ICMP error about a translated packet: what it quotes is turned back, and the error's own address on that side (kernel:
    nf_nat_icmp_reply_translation)."""
    connection = tracked.connection
    changed = connection.source_changed if source is not tracked.answering else connection.destination_changed
    if not changed:
        return
    other = connection.original if tracked.answering else connection.reply
    icmp = here.packet.transport
    quoted = rewritten(icmp.quoted, other, not source)
    outer = other.inverse
    packet = here.packet.with_ip(src=outer.src) if source else here.packet.with_ip(dst=outer.dst)
    here.see(replace(packet, transport=replace(icmp, quoted=quoted)))


def _bind(
    here: Walk, connection: Connection, source: bool, address: IPv4Address | None = None, ports: tuple[int, int] | None = None
) -> None:
    """Settle one side of a connection: the address and port asked for, or those it has (kernel: nf_nat_setup_info)."""
    now = connection.reply.inverse
    if source:
        wanted = now._replace(src=address or now.src)
        connection.source_done = True
        new = wanted._replace(sport=_free_port(here, connection, wanted, ports))
        connection.source_changed = connection.source_changed or new != now
    else:
        port = now.dport
        if ports is not None and now.proto != "icmp":
            port = port if ports[0] <= port <= ports[1] else ports[0]
        new = now._replace(dst=address or now.dst, dport=port)
        connection.destination_done = True
        connection.destination_changed = connection.destination_changed or new != now
    connection.reply = new.inverse


def _free_port(here: Walk, connection: Connection, wanted: Tuple, ports: tuple[int, int] | None) -> int:
    """The source port, or ICMP id, that a connection gets: its own if that is free, else the next one upwards."""
    connections, now, own = here.netfilter.connections, here.net.now, wanted.sport
    if ports is not None and wanted.proto != "icmp":
        if ports[0] == ports[1]:
            return ports[0]
        low, high = ports
    else:
        low, high = (0, 65535) if wanted.proto == "icmp" else next((r for r in CLASSES if own <= r[1]), CLASSES[-1])
        if not connections.taken(wanted.inverse, connection, now):
            return own
    first = own if low <= own <= high else low
    for port in (*range(first, high + 1), *range(low, first)):
        if not connections.taken(wanted._replace(sport=port).inverse, connection, now):
            return port
    return own


def _address_and_ports(words: str) -> tuple[IPv4Address | None, tuple[int, int] | None]:
    """`10.0.0.2`, `10.0.0.2-10.0.0.5`, `:80`, `10.0.0.2:80-90`: of several addresses the first."""
    host, _, ports = words.partition(":")
    low, _, high = ports.partition("-")
    address = IPv4Address(host.partition("-")[0]) if host else None
    return address, (int(low), int(high or low)) if low else None


def _to_destination(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    return _settled(here, table, words, False, *_address_and_ports(spec.get("--to-destination")))


def _to_source(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    return _settled(here, table, words, True, *_address_and_ports(spec.get("--to-source")))


def _masquerade(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    """The address of the interface it leaves by, on the side of the next hop; without any the packet is dropped."""
    device = here.ns.find(here.oif)
    address = select_address(here.ns, device, here.next_hop, 0) if device is not None and device.addresses else None
    if address is None:
        return drop(here, table, f"{words}, and {here.oif} has no address", ())
    here.packet.tracked.connection.leaves_by = here.oif
    ports = _address_and_ports(f":{spec.get('--to-ports')}")[1] if spec.get("--to-ports") else None
    return _settled(here, table, words, True, address, ports)


def _redirect(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    """To this machine itself: the first address of the interface it came in by, or for its own packets 127.0.0.1."""
    device = here.ns.find(here.iif) if here.iif else None
    if here.place == "OUTPUT":
        address = IPv4Address("127.0.0.1")
    elif device is None or not device.addresses:
        return drop(here, table, f"{words}, and {here.iif} has no address", ())
    else:
        address = device.addresses[0].ip
    ports = _address_and_ports(f":{spec.get('--to-ports')}")[1] if spec.get("--to-ports") else None
    return _settled(here, table, words, False, address, ports)


def _settled(here: Walk, table: Table, words: str, source: bool, address: IPv4Address | None, ports: tuple[int, int] | None) -> bool:
    tell(here, table, words, ())
    _bind(here, here.packet.tracked.connection, source, address, ports)
    if here.net.session is not None and not source:
        here.net.session.translated_to = here.packet.tracked.connection.reply.src
    return True


TRANSLATIONS = {"DNAT": _to_destination, "SNAT": _to_source, "MASQUERADE": _masquerade, "REDIRECT": _redirect}
