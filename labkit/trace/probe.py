"""A probe: a program with an open socket, what it sends, everything that causes, and what its namespace hears for it.

Every probe of the lab is a Session: a trace, ping, traceroute, nc and curl. It has a source port of its own from its namespace,
knows its packets by a token, and notes each answer with the packet that it answers.

The timing of `probe` is ping's (iputils ping_common.c): one packet every `interval` seconds; it ends when every packet is accounted
for, or a while after the last: 10 seconds if nothing came back at all, one interval if something did.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from ..errors import BadInput, LabError, shown
from ..lab.interface import Interface
from ..lab.lab import MOST_FRAMES, Lab
from ..lab.lookup import LOOPBACK_ADDRESS, address_type, output
from ..lab.namespace import Namespace
from ..lab.packet import ECHO_REQUEST, Icmp, IPv4, Packet, Tcp, Udp
from ..lab.program import Accepted
from ..tables.table import FOUR_NUMBERS
from ..tables.values import Value
from . import forward  # noqa: F401  (its handlers)
from .engine import Net
from .send import path_mtu, send
from .trace import Reply, Trace

ANY = IPv4Address(0)
#: Seconds ping waits for the first answer after its last packet.
LINGER = 10.0
#: Seconds that nobody waits for, in longer numbers than a float holds.
_ENDLESS = 1e300
DEFAULT_PORT = {"udp": 33434, "tcp": 80}
_DF = {None: "want", True: "fixed", False: "no", "want": "want", "fixed": "fixed", "no": "no"}
#: A probe that waited long has its last timers run out while the program ends: three pings with
#: `-W 1` to a silent neighbour see it FAILED afterwards (observed).
LONG, ENDING = 0.9, 0.15


@dataclass(frozen=True, slots=True)
class Request(Value):
    """What a program asks its kernel to send, everything but the packet's number. `df` is "fixed" (always DF), "no" (never) or
    "want" (Linux's default: unless it has to be fragmented here)."""

    source: str
    dst: IPv4Address
    proto: str = "icmp"
    port: int = 0
    src: IPv4Address = ANY
    ttl: int = 64
    size: int = 56
    df: str = "want"
    dev: str | None = None
    tos: int = 0

    def __str__(self) -> str:
        what = {"icmp": "ping", "udp": f"UDP to port {self.port}", "tcp": f"TCP to port {self.port}"}[self.proto]
        return f"{what} from {self.source} to {self.dst}"


class Session:
    """`first_port`: UDP packets are numbered by their destination port from there on (0: they are not). `replies` in the order they
    came; `arrivals` are the namespaces in which a request was delivered, `accepted` the last program that took one. `endpoint`: where a
    choice by chance on the way is to lead; `translated_to`: where a rule has led a request."""

    def __init__(self, lab: Lab, ns: Namespace, proto: str = "icmp", first_port: int = 0, sport: int | None = None,
                 endpoint: IPv4Address | None = None):  # fmt: skip
        lab.probes_sent += 1
        self.lab, self.ns, self.proto, self.first_port = lab, ns, proto, first_port
        self.id = lab.probes_sent
        self.token = f"probe-{self.id}"
        self.port = sport or (ns.new_port(proto) if proto != "icmp" else 0)
        self.net = Net(lab, self)
        self.start = lab.now
        self.device: str | None = None  # what the socket is bound to (ping -I eth0)
        self.peer: tuple[IPv4Address, int] = ANY, 0
        self.sent_at: dict[int, float] = {}
        self.replies: list[Reply] = []
        self.arrivals: list[str] = []
        self.accepted: Accepted | None = None
        self.endpoint, self.translated_to = endpoint, None

    def send(self, request: Request, seq: int) -> int:
        """One packet; what our own kernel refuses is a reply of kind "local". Returns the errno, or 0."""
        lab, net = self.lab, self.net
        lab.moved += 1
        self.sent_at[seq], self.device = lab.now, request.dev
        self.peer = request.dst if int(request.dst) else LOOPBACK_ADDRESS, request.port
        ports = {"udp": Udp, "tcp": Tcp}.get(request.proto)
        transport = ports(self.port, request.port) if ports else Icmp(ECHO_REQUEST, 0, self.id, seq)
        ip = IPv4(request.src, request.dst, request.ttl, df=request.df != "no", tos=request.tos)
        size = 0 if request.proto == "tcp" else request.size
        packet = Packet(ip=ip, transport=transport, size=size, token=self.token, leg="request")
        net.step(self.ns, None, "send", str(request), packet)
        own = request.src if int(request.src) else None
        if own is not None and address_type(lab, self.ns, own) == "unicast":
            code = errno.EADDRNOTAVAIL  # what bind(2) says before anything is sent
        else:
            net.sending = True
            code = send(net, self.ns, packet, request.dev, request.df)
            net.sending = False
        if code:
            too_long = code == errno.EMSGSIZE
            mtu = path_mtu(net, self.ns, output(lab, self.ns, request.dst, src=own, oif=request.dev)) if too_long else None
            self.replies.append(Reply(seq, "local", errno=code, mtu=mtu, at=lab.now))
        return code

    def wait(self, until: float, done: Callable[[], bool]) -> None:
        """Let things happen until then, or until `done()`, or until the line has moved too much."""
        if not self.lab.exhausted:
            self.net.run(until, lambda: done() or self.lab.exhausted)

    def hang_up(self, request: Request) -> None:
        """Acknowledge the connection that stands, and close it; both ends do. Only those who follow connections take notice."""
        for flags in (".", "F."):
            ip = IPv4(request.src, request.dst, request.ttl)
            send(self.net, self.ns, Packet(ip=ip, transport=Tcp(self.port, request.port, flags), token=self.token, leg="request"))
            self.settle()

    def settle(self) -> None:
        """Let happen what is due now."""
        self.net.run(self.lab.now, lambda: False)

    def close(self) -> None:
        """The program ends: its last timers run out, and `tcpdump` shows what its packets did."""
        if self.lab.now - self.start > LONG:
            pass_time(self.lab, ENDING)
        self.lab.sightings = [step for step in self.net.steps if step.kind in ("in", "out")]

    def hears(self, ns: Namespace, packet: Packet) -> bool:
        """Whether a UDP datagram is for this program's socket."""
        return packet.token == self.token and ns is self.ns and packet.dport == self.port

    def speaks(self, ns: Namespace, packet: Packet) -> bool:
        """Whether a TCP segment is of this program's connection."""
        return ns is self.ns and (packet.src, packet.sport, packet.dport) == (*self.peer, self.port)

    def number_of(self, quoted: Packet) -> int:
        """Which of our packets an error is about: echo requests are numbered, UDP probes may be by port."""
        if isinstance(quoted.transport, Icmp):
            return quoted.transport.seq
        return quoted.dport - self.first_port + 1 if self.first_port else 1

    def note(self, ns: Namespace, interface: Interface | None, packet: Packet, reply: Reply) -> None:
        """An answer came to a namespace; ours if it is about a packet of ours."""
        if packet.token != self.token or ns is not self.ns or reply.seq not in self.sent_at:
            return
        waited = self.lab.now - self.sent_at[reply.seq]
        kind = reply.kind if self._heard(interface, reply) else "unheard"
        self.replies.append(replace(reply, kind=kind, at=self.lab.now, time=waited, arrived_on=interface.name if interface else None))

    def _heard(self, interface: Interface | None, reply: Reply) -> bool:
        """A socket bound to an interface misses what arrives elsewhere. From lo it gets echo replies, but no errors: `ping -I eth0`
        never says that its own kernel found nobody on the link (observed on 6.18)."""
        if self.device is None or interface is None or interface.name == self.device:
            return True
        return interface.kind == "loopback" and reply.kind == "reply"


def probe(
    lab: Lab, source: str, destination, *, count: int = 1, interval: float = 1.0, wait: float = LINGER, deadline: float | None = None,
    sport: int | None = None, closes: bool = False, endpoint=None, **how,
) -> Trace:
    """Send `count` packets from a namespace and follow them, there and back; `how` as in `request`. wait: seconds to linger for the
    first answer; deadline: seconds after which it ends whatever happens (or at the first error). sport: the source port, if not any;
    closes: a TCP connection that stands is closed again, where somebody follows connections; endpoint: where rules that choose by
    chance are to lead it. Raises LabError when there is no such namespace or interface, or the rules led it to another endpoint, BadInput
    when an address or number does not parse."""
    asked = request(lab, source, destination, **how)
    check_times(count=count, interval=interval, wait=wait, deadline=deadline)
    pinned = address(endpoint, "endpoint") if endpoint is not None else None
    session = Session(lab, lab[source], asked.proto, sport=sport, endpoint=pinned)
    with lab.line():
        sent = _exchange(session, asked, count, interval, wait, deadline)
        followed = closes and any(ns.netfilter is not None and ns.netfilter.tracks for ns in lab.namespaces.values())
        if followed and any(reply.kind == "reply" for reply in session.replies):
            session.hang_up(asked)
        session.close()
    if pinned is not None and session.translated_to not in (None, pinned):
        raise LabError(f"no choice on this way leads to {pinned}: the rules led it to {session.translated_to}")
    return Trace.of(session, asked, sent)


def request(
    lab: Lab, source: str, destination, *, proto: str = "icmp", port: int | None = None, ttl: int | None = None,
    size: int = 56, df: bool | str | None = None, src=None, dev: str | None = None, tos: int = 0,
) -> Request:
    """What is to be sent, checked. size: payload bytes. df: True sets DF, False clears it, None is Linux's default: set
    unless the packet has to be fragmented here."""
    ns = lab[source]
    dst = address(destination, "destination")
    own = address(src, "source") if src is not None else ANY
    if proto not in ("icmp", "udp", "tcp"):
        raise BadInput(f"proto {shown(proto)} is not one of icmp, udp, tcp")
    if df is not None and not isinstance(df, bool | str) or df not in _DF:
        raise BadInput(f"df {shown(df)} is not True (set), False (not set) or None (as Linux does)")
    for name, value, low, high in (("port", port, 1, 65535), ("ttl", ttl, 1, 255), ("size", size, 0, 65507), ("tos", tos, 0, 255)):
        if value is not None or name in ("size", "tos"):
            _check_whole(name, value, low, high)
    if dev is not None and (not isinstance(dev, str) or ns.find(dev) is None):
        there = ", ".join(i.name for i in ns.by_index())
        raise LabError(f"there is no interface {shown(dev)} in {ns.name}; there are: {there}")
    if ttl is None:  # to a group one hop is the default (ip(7) IP_MULTICAST_TTL)
        ttl = 1 if dst.is_multicast else ns.sysctls.number("net.ipv4.ip_default_ttl")
    return Request(ns.name, dst, proto, port or DEFAULT_PORT.get(proto, 0), own, ttl, size, _DF[df], dev, tos)


def check_times(*, count: int, interval: float, wait: float, deadline: float | None = None) -> None:
    """Raises BadInput for what no probe can be timed by."""
    _check_whole("count", count, 1, 2**31)
    for name, seconds in (("interval", interval), ("wait", wait), ("deadline", deadline)):
        if seconds is None and name == "deadline":
            continue
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < _ENDLESS:
            raise BadInput(f"{name} {shown(seconds)} is not a number of seconds: 0 or more, such as 0.5")


def _exchange(session: Session, request: Request, count: int, interval: float, wait: float, deadline: float | None) -> int:
    """Send on time, let things happen in between, stop when ping would. Returns how many were sent."""
    lab, start, replies = session.lab, session.start, session.replies
    sent, code, tally = 0, 0, _Tally(session, bool(int(request.src)))
    ends = start + deadline if deadline is not None else None

    def enough() -> bool:
        tally.read_on()
        return tally.answers + tally.errors >= count or (ends is not None and tally.errors > 0)

    while not lab.exhausted:
        due = start + sent * interval
        if (sent >= count and ends is None) or (ends is not None and due >= ends):
            break
        session.wait(due, enough)
        if enough() or lab.exhausted:
            break
        lab.now = max(lab.now, due)
        sent += 1
        code = session.send(request, sent)
        session.settle()
    last = start + (sent - 1) * interval
    if ends is not None:
        session.wait(ends, enough)
        return sent
    if code and enough():  # ping notices a packet of its own that was refused when the next one is due
        session.wait(last + interval, lambda: False)
    session.wait(last, enough)
    before = -1
    while not enough() and not lab.exhausted and before < len(replies):
        before = len(replies)
        session.wait(last + (interval if tally.answers else wait), lambda before=before: enough() or len(replies) > before)
    return sent


class _Tally:
    """How many answers and errors came so far; each reply is looked at once. From a chosen source ping goes on sending without a
    route: it never asked for one first. And what an interface refuses for the moment (ENOBUFS), or the packet filter (EPERM), ping counts
    as sent and lost, and TCP sends again."""

    def __init__(self, session: Session, chosen_source: bool):
        self.replies, self.chosen_source = session.replies, chosen_source
        self.refusals = {errno.ENOBUFS} | ({errno.EPERM} if session.proto != "udp" else set())
        self.read, self.answers, self.errors = 0, 0, 0

    def read_on(self) -> None:
        for reply in self.replies[self.read:]:
            self.read += 1
            unnoticed = reply.errno in self.refusals or (self.chosen_source and reply.errno != errno.EMSGSIZE)
            self.answers += reply.kind in ("reply", "refused")
            self.errors += reply.kind == "error" or (reply.kind == "local" and not unnoticed)


def _check_whole(name: str, value, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        what = "number of bytes" if name == "size" else "number"
        raise BadInput(f"{name} {shown(value)} is not a {what} from {low} to {high}")


def address(value, what: str) -> IPv4Address:
    try:
        if isinstance(value, int):
            raise ValueError
        return IPv4Address(value)
    except ValueError:
        raise BadInput(f"the {what} {shown(value)} is not an IPv4 address: {FOUR_NUMBERS}") from None


def pass_time(lab: Lab, seconds: float) -> None:
    """Let time pass: what is due meanwhile (timers, leases that expire) happens."""
    net = Net(lab)
    net.quiet_until = lab.now + seconds
    net.run(net.quiet_until, lambda: False)


def stopped(lab: Lab) -> str:
    """What a program says at its end (on stderr) when the line has moved too much; else nothing."""
    return f"The lab stops here: one line moves at most {MOST_FRAMES:,} frames.\n" if lab.exhausted else ""
