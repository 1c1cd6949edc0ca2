"""What is for us: ICMP, or a socket of UDP or TCP (tunnels are UDP too); and the ICMP errors of routers and hosts.

kernel: net/ipv4/icmp.c, route.c (redirects, path MTU), udp.c, tcp_ipv4.c. The kernel limits how many errors it sends a second;
the lab does not. A listener of the lab answers every UDP datagram with one of the same size, and every SYN with SYN-ACK.
"""

from dataclasses import replace
from ipaddress import IPv4Address

from ..lab.connections import Connection, Tracked
from ..lab.interface import Interface
from ..lab.learned import learn_gateway, link_failed
from ..lab.lookup import Decision, address_type, one_link, output
from ..lab.namespace import Namespace
from ..lab.packet import ECHO_REPLY, ECHO_REQUEST, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Icmp, IPv4, Packet, Tcp, Udp, icmp_words
from ..lab.program import Accepted, Listener
from ..tables.neighbor import Neighbor
from .arp import RETRANS, ask
from .engine import Net, handles
from .send import learn_path_mtu, send
from .trace import Reply
from .tunnels import program_in, vxlan_in, vxlans_at


def deliver(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """Hand a whole packet to what it is for. A unicast route to lo brings back what is for nobody here: no answer may come from
    that address (kernel: __ip_dev_find)."""
    if interface.kind == "loopback" and address_type(net.lab, ns, packet.dst) == "unicast":
        return net.drop_in_stack(ns, interface, f"back from lo, and {packet.dst} is no address of ours: nothing can answer from it", packet)
    {Icmp: _icmp_in, Udp: _udp_in, Tcp: _tcp_in}[type(packet.transport)](net, ns, interface, packet)


def _udp_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    tunnels = vxlans_at(ns, packet.dport)
    if tunnels:
        return vxlan_in(net, ns, interface, tunnels, packet)
    program = next((p for p in ns.programs.values() if p.port == packet.dport and p.address in (None, packet.dst)), None)
    if program is not None:
        return program_in(net, ns, interface, program, packet)
    if net.session is not None and net.session.hears(ns, packet):
        return take_answer(net, ns, interface, packet, Reply(1, "reply", packet.src, packet.ttl, size=packet.size))
    open_at = listening(ns, "udp", packet.dst, packet.dport)
    if open_at is not None:
        _accepted(net, ns, interface, packet, open_at)
        return None if open_at.owner == "nc" else _answer(net, ns, packet, Udp(packet.dport, packet.sport))  # nc listens and says nothing
    if address_type(net.lab, ns, packet.dst) != "local":
        return net.drop_in_stack(ns, interface, f"no socket takes UDP broadcasts at port {packet.dport}", packet)
    arrived(net, ns, interface, packet, f"but nobody listens at UDP port {packet.dport}")
    if packet.group:
        return net.drop_in_stack(ns, interface, "no ICMP error about what came in a frame for many hosts", packet)
    error(net, ns, packet, UNREACHABLE, 3)


def _tcp_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    tcp = packet.transport
    if address_type(net.lab, ns, packet.dst) != "local":
        return net.drop_in_stack(ns, interface, f"TCP takes no notice of what is for many hosts, as {packet.dst} is", packet)
    if packet.group:
        if tcp.flags == "S":
            arrived(net, ns, interface, packet, f"a SYN for TCP port {packet.dport}")
        return net.drop_in_stack(ns, interface, "TCP takes no notice of what came in a frame for many hosts", packet)
    if tcp.flags in (".", "F."):
        return _tcp_goes_on(net, ns, packet)
    if tcp.flags != "S":
        if net.session is not None and packet.token == net.session.token and not net.session.speaks(ns, packet):
            return _stranger(net, ns, interface, packet)
        kind = "refused" if "R" in tcp.flags else "reply"
        return take_answer(net, ns, interface, packet, Reply(1, kind, packet.src, packet.ttl))
    open_at = listening(ns, "tcp", packet.dst, packet.dport)
    if open_at is not None:
        _accepted(net, ns, interface, packet, open_at)
        return _answer(net, ns, packet, Tcp(packet.dport, packet.sport, "S."))
    arrived(net, ns, interface, packet, f"but nobody listens at TCP port {packet.dport}: refused")
    _answer(net, ns, packet, Tcp(packet.dport, packet.sport, "R."))


def _stranger(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """An answer from somebody whom nobody here asked, as where only one direction was translated (kernel: tcp_v4_rcv no_tcp_socket)."""
    if "R" in packet.transport.flags and listening(ns, "tcp", packet.dst, packet.dport) is not None:
        return net.step(ns, interface, "heard", "whoever asked has reset the connection", packet)
    net.drop_in_stack(ns, interface, f"no connection here is with {packet.src}:{packet.sport}", packet)
    if "R" not in packet.transport.flags:
        answer(net, ns, packet, Tcp(packet.dport, packet.sport, "R"), df=True)


def _accepted(net: Net, ns: Namespace, interface: Interface, packet: Packet, socket: Listener) -> None:
    """A program takes it."""
    who = socket.owner if socket.to or socket.says else "a program"
    then = f", and opens a connection of its own to {socket.to[0]}:{socket.to[1]}" if socket.to else ""
    arrived(net, ns, interface, packet, f"{who} listens at {packet.proto.upper()} port {packet.dport}{then}")
    if net.session is not None:
        net.session.accepted = Accepted(ns.name, socket, packet.src, packet.sport)


def _tcp_goes_on(net: Net, ns: Namespace, packet: Packet) -> None:
    """A connection stands, and is closed by both: a FIN is answered with one, the last with an ACK."""
    if packet.transport.flags == "F.":
        last = "." if net.session is not None and net.session.hears(ns, packet) else "F."
        answer(net, ns, packet, Tcp(packet.dport, packet.sport, last), df=True)


def _answer(net: Net, ns: Namespace, packet: Packet, transport: Udp | Tcp) -> None:
    net.step(ns, None, "send", f"answers {packet.src}", packet)
    answer(net, ns, packet, transport, df=True, size=packet.size)


def answer(
    net: Net, ns: Namespace, about: Packet, transport: Icmp | Udp | Tcp, *, df: bool, tos: int = 0, size: int = 0, leg: str = "answer",
    tracked: Tracked | None = None,
) -> None:
    """Send something back to a packet's sender, from the address it was sent to if that is ours."""
    own = about.dst if address_type(net.lab, ns, about.dst) == "local" else IPv4Address(0)
    ip = IPv4(own, about.src, ns.sysctls.number("net.ipv4.ip_default_ttl"), df=df, tos=tos)
    packet = Packet(ip=ip, transport=transport, size=size, token=about.token, leg=leg, tracked=tracked)
    send(net, ns, packet, df="want" if df else "fixed")


def listening(ns: Namespace, proto: str, address: IPv4Address, port: int) -> Listener | None:
    """The socket that is open for this address and port."""
    return next((socket for socket in ns.listeners.at(proto, port) if socket.address in (None, address)), None)


#: Seconds between two redirects to start with, after which quiet it starts anew, and how many at most.
REDIRECT_LOAD, REDIRECT_SILENCE, REDIRECTS_AT_MOST = 0.02, 20.48, 9
#: How many missing routes one sender is told of in a row.
ROUTE_ERRORS = 5.0


def error(net: Net, ns: Namespace, about: Packet, type: int, code: int, mtu: int | None = None, gateway: IPv4Address | None = None) -> None:
    """Tell a packet's sender what became of it; never about an error, a broadcast, a later fragment. The source is the address the
    packet was sent to if that is ours, else whatever the way back to the sender suggests."""
    if about.is_error or about.ip.offset or about.group:
        return
    if address_type(net.lab, ns, about.dst) in ("broadcast", "multicast") or int(about.src) == 0:
        return
    icmp = Icmp(type, code, mtu=mtu, gateway=gateway, quoted=about.bare())
    net.step(ns, None, "raised", f"sends ICMP {icmp_words(icmp)} to {about.src}", about)
    tracked = about.tracked
    if tracked is not None and tracked.connection is not None:  # the error goes with what it is about (nf_ct_attach)
        tracked = Tracked(tracked.connection, not tracked.answering, related=True, state="RELATED")
    answer(net, ns, about, icmp, tos=0xC0, df=False, leg="error", tracked=tracked)


@handles("reject")
def reject(net: Net, namespace: str, about: Packet, code: int) -> None:
    """A rule refuses a packet and says so: with an ICMP error, or (code -1) with a RST in the name of the one it was for."""
    ns, tcp = net.lab[namespace], about.transport
    if code >= 0:
        return error(net, ns, about, UNREACHABLE, code)
    if isinstance(tcp, Tcp) and "R" not in tcp.flags:
        tracked = about.tracked
        if tracked is not None and tracked.connection is not None:
            tracked = Tracked(tracked.connection, not tracked.answering, state="ESTABLISHED")
            _closed(ns, tracked.connection)
        ip = IPv4(about.dst, about.src, ns.sysctls.number("net.ipv4.ip_default_ttl"), df=True)
        net.step(ns, None, "raised", f"refuses the connection to {about.dst} with a RST", about)
        packet = Packet(ip=ip, transport=Tcp(tcp.dport, tcp.sport, "R."), token=about.token, leg="answer", tracked=tracked)
        send(net, ns, packet, any_src=True)


def _closed(ns: Namespace, connection: Connection) -> None:
    """A RST of our own making does to a connection what one from outside does."""
    if connection.replied:
        connection.state = "CLOSE"
    elif connection.confirmed:
        ns.netfilter.connections.remove(connection)


def route_error(net: Net, ns: Namespace, about: Packet, code: int) -> None:
    """Tell a packet's sender that there is no way: five times in a row, then once a second (kernel: ip_error). Every program finds
    all five left: a person types more slowly than the lab's clock goes."""
    key = ns.name, about.src
    saved, since = net.route_errors.get(key, (ROUTE_ERRORS, net.now))
    saved = min(saved + net.now - since, ROUTE_ERRORS)
    told = saved > 1 - 1e-6
    net.route_errors[key] = saved - told, net.now
    if about.src in ns.redirects_sent:  # the kernel times both by one clock (inet_peer.rate_last)
        ns.redirects_sent[about.src] = ns.redirects_sent[about.src][0], net.now
    if told:
        error(net, ns, about, UNREACHABLE, code)


def redirect(net: Net, ns: Namespace, about: Packet, gateway: IPv4Address) -> None:
    """Tell a packet's sender of a nearer router; the one that does not listen is told ever less often. kernel: net/ipv4/route.c
    ip_rt_send_redirect: 20 ms after the first, then 40, 80, …, nine times at most; after 20 seconds of quiet it starts anew."""
    told, last = ns.redirects_sent.get(about.src, (0, net.now))
    if net.now - last > REDIRECT_SILENCE:
        told = 0
    if told >= REDIRECTS_AT_MOST:
        ns.redirects_sent[about.src] = told, net.now
    elif told == 0 or net.now > last + REDIRECT_LOAD * 2**told:
        error(net, ns, about, REDIRECT, 1, gateway=gateway)
        ns.redirects_sent[about.src] = told + 1, net.now


@handles("unresolvable")
def unresolvable(net: Net, namespace: str, dev: str, packet: Packet) -> None:
    """A neighbour did not answer: host unreachable, to ourselves or to the one we forward for."""
    ns = net.lab[namespace]
    link_failed(ns, packet.dst)
    net.drop(ns, ns.find(dev), f"nobody answered for the next hop on {dev}", packet)
    error(net, ns, packet, UNREACHABLE, 1)


def _icmp_in(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """An ICMP packet for us."""
    icmp = packet.transport
    if icmp.type == ECHO_REQUEST:
        return _echo(net, ns, interface, packet)
    if icmp.type == ECHO_REPLY:
        return take_answer(net, ns, interface, packet, Reply(icmp.seq, "reply", packet.src, packet.ttl, 0, 0, size=packet.size))
    if icmp.is_error and icmp.quoted is not None:
        _take_error(net, ns, interface, packet, icmp)


def _echo(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> None:
    """Answer a ping from the address it was sent to; a broadcast is ignored by default."""
    broadcast = address_type(net.lab, ns, packet.dst) != "local"
    if ns.sysctls.number("net.ipv4.icmp_echo_ignore_all") or (broadcast and ns.sysctls.number("net.ipv4.icmp_echo_ignore_broadcasts")):
        return net.drop_in_stack(ns, interface, "echo requests like this are ignored (icmp_echo_ignore_*)", packet)
    arrived(net, ns, interface, packet, "an echo request for us")
    net.step(ns, None, "send", f"answers {packet.src}", packet)
    echo = Icmp(ECHO_REPLY, 0, packet.transport.id, packet.transport.seq)
    answer(net, ns, packet, echo, tos=packet.ip.tos, df=False, size=packet.size)


def _take_error(net: Net, ns: Namespace, interface: Interface, packet: Packet, icmp: Icmp) -> None:
    """An error about something we sent: remember what it teaches, tell the program."""
    quoted = icmp.quoted
    owned = not quoted.is_error and "R" not in getattr(quoted.transport, "flags", "")  # a socket sent it: it is the one that learns
    if icmp.type == UNREACHABLE and icmp.code == 4:
        mode = ns.sysctls.number("net.ipv4.ip_no_pmtu_disc")
        if mode == 2 or (mode == 3 and not isinstance(quoted.transport, Tcp)):
            return net.drop_in_stack(ns, interface, f"ip_no_pmtu_disc is {mode}: no router is believed about MTUs", packet)
        icmp = replace(icmp, mtu=icmp.mtu if mode != 1 else 0)
        if owned:
            learn_path_mtu(net, ns, quoted, _way_of(net, ns, quoted), icmp.mtu or 0, packet.src)
    if icmp.type == REDIRECT and owned:
        _redirected(net, ns, interface, packet, icmp)
    if (quoted.whole or quoted).inner is not None:  # also about a fragment of a tunnel's datagram
        return net.step(ns, interface, "heard", f"a tunnel learns: {icmp_words(icmp)} from {packet.src}; nobody inside is told", packet)
    if isinstance(quoted.transport, Icmp) and quoted.transport.type != ECHO_REQUEST:
        return net.step(ns, interface, "heard", "no ping asked with this packet: nobody here is told", packet)
    if quoted.leg == "answer":
        return net.step(ns, interface, "heard", "it is about an answer: whoever asked is not told", packet)
    if icmp.type in (UNREACHABLE, TIME_EXCEEDED, REDIRECT):
        seq = net.session.number_of(quoted) if net.session is not None else 1
        kind = "redirect" if icmp.type == REDIRECT else "error"
        reply = Reply(seq, kind, packet.src, packet.ttl, icmp.type, icmp.code, icmp.mtu, icmp.gateway, size=packet.length)
        take_answer(net, ns, interface, packet, reply)


def _way_of(net: Net, ns: Namespace, quoted: Packet) -> Decision:
    """How the socket that sent a packet would send the next one."""
    bound = net.session.device if net.session is not None and quoted.token == net.token else None
    return output(net.lab, ns, quoted.dst, src=quoted.src, oif=bound, tos=quoted.ip.tos)


def _redirected(net: Net, ns: Namespace, interface: Interface, packet: Packet, icmp: Icmp) -> None:
    """Take a redirect once the new gateway's MAC address is known; the first only starts ARP (kernel: __ip_do_redirect)."""
    quoted = icmp.quoted
    decision = _way_of(net, ns, quoted)
    fault = _redirect_fault(net, ns, interface, packet.src, icmp.gateway, decision)
    if fault:
        return net.step(ns, interface, "learn", f"takes no notice of the redirect: {fault}", packet)
    entry = ns.neighbors.get((decision.dev, icmp.gateway))
    if entry is not None and entry.usable:
        learn_gateway(ns, decision, icmp.gateway, packet.src, net.now)
        net.step(ns, interface, "learn", f"will send to {quoted.dst} by {icmp.gateway} from now on", packet)
    elif entry is None or entry.state == "FAILED":
        out = ns.find(decision.dev)  # ask for the neighbour, without a packet that waits for it
        ns.neighbors[out.name, icmp.gateway] = Neighbor(icmp.gateway, out.name, None, "INCOMPLETE", net.now)
        ask(net, ns, out, icmp.gateway, None)
        net.post("arp_timer", ns.name, out.name, icmp.gateway, 1, after=RETRANS)


def _redirect_fault(
    net: Net, ns: Namespace, interface: Interface, sender: IPv4Address, gateway: IPv4Address, decision: Decision
) -> str | None:
    """Why a redirect is not to be believed, or None."""
    name, sysctls = interface.name, ns.sysctls
    if decision.errno or decision.leg is None or decision.gateway != sender:
        return f"{sender} is not the gateway to {decision.dst}"
    every, own = sysctls.conf("all", "accept_redirects"), sysctls.conf(name, "accept_redirects")
    if not (every and own if sysctls.conf(name, "forwarding") else every or own):  # ip-sysctl.rst accept_redirects
        return f"accept_redirects is 0 for {name}"
    if gateway == sender or address_type(net.lab, ns, gateway) != "unicast":
        return f"{gateway} is no other router"
    if sysctls.either(name, "shared_media"):
        return None
    if not one_link(interface, gateway, sender):
        return f"{gateway} is not in the subnet of {sender}, and shared_media is 0"
    known = any(gateway == leg.gateway and leg.dev == name for table in ns.tables.values() for route in table for leg in route.legs)
    return None if known or not sysctls.either(name, "secure_redirects") else f"{gateway} is no gateway of ours, and secure_redirects is 1"


def arrived(net: Net, ns: Namespace, interface: Interface | None, packet: Packet, words: str) -> None:
    """The request is where it should be."""
    net.step(ns, interface, "deliver", f"delivered: {words}", packet)
    session = net.session
    if session is not None and packet.token == session.token and packet.inner is None:  # a tunnel's datagram is not the request itself
        session.arrivals.append(ns.name)


def take_answer(net: Net, ns: Namespace, interface: Interface | None, packet: Packet, reply: Reply) -> None:
    """An answer for the program that sent the probe, if it is this namespace's."""
    words = {"reply": "the answer is here", "refused": "the connection is refused"}.get(reply.kind)
    net.step(ns, interface, "deliver", words or f"the sender learns: {icmp_words(packet.transport)} from {packet.src}", packet)
    if net.session is not None:
        net.session.note(ns, interface, packet, reply)
