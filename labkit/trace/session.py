"""A program with an open socket: what it sends, and what its namespace hears for it.

Every probe of the lab is a Session: a trace, ping, traceroute, tracepath, nc and curl. It has a source port of its own
from its namespace, knows its packets by a token, and notes each answer with the packet that it answers.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from ..lab.interface import Interface
from ..lab.lab import MOST_FRAMES, Lab
from ..lab.lookup import address_type, output
from ..lab.namespace import Namespace
from ..lab.packet import ECHO_REQUEST, Icmp, IPv4, Packet, Tcp, Udp
from ..tables.values import Value
from .engine import Net
from .ip_out import path_mtu, send
from .steps import Reply

ANY = IPv4Address(0)
#: A probe that waited long has its last timers run out while the program ends: three pings with
#: `-W 1` to a silent neighbour see it FAILED afterwards (observed).
LONG, ENDING = 0.9, 0.15


@dataclass(frozen=True, slots=True)
class Request(Value):
    """What a program asks its kernel to send, everything but the packet's number.

    `df` is "fixed" (always DF), "no" (never) or "want" (Linux's default: unless it has to be fragmented here).
    """

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
    """`first_port`: UDP packets are numbered by their destination port from there on (0: they are not).

    `replies` in the order they came; `arrivals` are the namespaces in which a request was delivered.
    """

    def __init__(self, lab: Lab, ns: Namespace, proto: str = "icmp", first_port: int = 0):
        lab.probes_sent += 1
        self.lab, self.ns, self.first_port = lab, ns, first_port
        self.id = lab.probes_sent
        self.token = f"probe-{self.id}"
        self.port = ns.new_port(proto) if proto != "icmp" else 0
        self.net = Net(lab, self)
        self.start = lab.now
        self.device: str | None = None  # what the socket is bound to (ping -I eth0)
        self.sent_at: dict[int, float] = {}
        self.replies: list[Reply] = []
        self.arrivals: list[str] = []

    def send(self, request: Request, seq: int) -> int:
        """One packet; what our own kernel refuses is a reply of kind "local". Returns the errno, or 0."""
        lab, net = self.lab, self.net
        lab.moved += 1
        self.sent_at[seq], self.device = lab.now, request.dev
        packet = self._packet(request, seq)
        net.step(self.ns, None, "send", str(request), packet)
        if int(request.src) and address_type(lab, self.ns, request.src) == "unicast":
            code = errno.EADDRNOTAVAIL  # what bind(2) says before anything is sent
        else:
            net.sending = True
            code = send(net, self.ns, packet, request.dev, request.df)
            net.sending = False
        if code:
            mtu = None
            if code == errno.EMSGSIZE:
                decision = output(lab, self.ns, request.dst, src=request.src if int(request.src) else None, oif=request.dev)
                mtu = path_mtu(net, self.ns, decision)
            self.replies.append(Reply(seq, "local", errno=code, mtu=mtu, at=lab.now))
        return code

    def wait(self, until: float, done: Callable[[], bool]) -> None:
        """Let things happen until then, or until `done()`, or until the line has moved too much."""
        if not self.lab.exhausted:
            self.net.run(until, lambda: done() or self.lab.exhausted)

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
        self.replies.append(
            replace(reply, kind=kind, at=self.lab.now, time=waited, arrived_on=interface.name if interface else None)
        )

    def _heard(self, interface: Interface | None, reply: Reply) -> bool:
        """A socket bound to an interface misses what arrives elsewhere.

        From lo it gets echo replies, but no errors: `ping -I eth0` never says that its own kernel
        found nobody on the link (observed on 6.18).
        """
        if self.device is None or interface is None or interface.name == self.device:
            return True
        return interface.kind == "loopback" and reply.kind == "reply"

    def _packet(self, request: Request, seq: int) -> Packet:
        match request.proto:
            case "icmp":
                transport = Icmp(ECHO_REQUEST, 0, self.id, seq)
            case "udp":
                transport = Udp(self.port, request.port)
            case _:
                transport = Tcp(self.port, request.port)
        size = 0 if request.proto == "tcp" else request.size
        ip = IPv4(request.src, request.dst, request.ttl, df=request.df != "no", tos=request.tos)
        return Packet(ip=ip, transport=transport, size=size, token=self.token, leg="request")


def pass_time(lab: Lab, seconds: float) -> None:
    """Let time pass: what is due meanwhile (timers, leases that expire) happens."""
    net = Net(lab)
    net.quiet_until = lab.now + seconds
    net.run(net.quiet_until, lambda: False)


def stopped(lab: Lab) -> str:
    """What a program says at its end (on stderr) when the line has moved too much; else nothing."""
    return f"The lab stops here: one line moves at most {MOST_FRAMES:,} frames.\n" if lab.exhausted else ""
