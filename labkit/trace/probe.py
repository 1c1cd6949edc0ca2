"""A probe: packets sent from a namespace, everything they cause, and what came back when.

The timing is ping's (iputils ping_common.c): one packet every `interval` seconds; it ends when every
packet is accounted for, or a while after the last: 10 seconds if nothing came back at all, one
interval if something did.
"""

import errno
from ipaddress import IPv4Address

from ..errors import BadInput, LabError
from ..lab.lab import Lab
from ..lab.lookup import address_type, output
from ..lab.namespace import Namespace
from ..lab.packet import ECHO_REQUEST, Icmp, IPv4, Packet, Tcp, Udp
from . import ip_in  # noqa: F401  (its handlers)
from .engine import Net
from .ip_out import path_mtu, send
from .steps import Reply
from .trace import Trace

#: Seconds ping waits for the first answer after its last packet.
LINGER = 10.0
#: A probe that waited long has its last timers run out while the program ends: three pings with
#: `-W 1` to a silent neighbour see it FAILED afterwards (observed).
LONG, ENDING = 0.9, 0.15
#: The source port of UDP and TCP probes: the first of the kernel's range.
SOURCE_PORT = 32768
DEFAULT_PORT = {"udp": 33434, "tcp": 80}


def trace(lab: Lab, source: str, destination: str, **how) -> Trace:
    """One probe from a namespace to an address; see `probe`."""
    return probe(lab, source, destination, **how)


def end_program(lab: Lab, start: float) -> None:
    """What a program that began at `start` lets happen while it ends."""
    if lab.now - start > LONG:
        pass_time(lab, ENDING)


def pass_time(lab: Lab, seconds: float) -> None:
    """Let time pass: what is due meanwhile (timers, leases that expire) happens."""
    ends = lab.now + seconds
    while lab.now < ends:
        Net(lab, "").run(min(ends, lab.now + 3600.0), lambda: False)


def probe(
    lab: Lab,
    source: str,
    destination,
    *,
    proto: str = "icmp",
    port: int | None = None,
    ttl: int | None = None,
    size: int = 56,
    df: bool | str | None = None,
    src=None,
    dev: str | None = None,
    tos: int = 0,
    count: int = 1,
    interval: float = 1.0,
    wait: float = LINGER,
    deadline: float | None = None,
) -> Trace:
    """Send `count` packets and follow them, there and back.

    size: payload bytes. df: True sets DF, False clears it, None is Linux's default: set unless the
    packet has to be fragmented here. wait: seconds to linger for the first answer; deadline:
    seconds after which it ends whatever happens (or at the first error). Raises LabError when there
    is no such namespace or interface, BadInput when an address or number does not parse.
    """
    asked = request(lab, source, destination, proto=proto, port=port, ttl=ttl, size=size, df=df, src=src, dev=dev, tos=tos)
    lab.probes_sent += 1
    net = Net(lab, f"probe-{lab.probes_sent}")
    net.source, net.source_port, net.device = source, SOURCE_PORT, dev
    start = lab.now
    sent = _exchange(net, asked, start, count, interval, wait, deadline)
    trace = Trace.of(net, asked, start, sent)
    end_program(lab, start)
    lab.sightings = [step for step in trace.steps if step.sighting]
    return trace


def request(
    lab: Lab, source: str, destination, *, proto: str = "icmp", port: int | None = None, ttl: int | None = None,
    size: int = 56, df: bool | str | None = None, src=None, dev: str | None = None, tos: int = 0,
) -> "Request":
    """What is to be sent, checked: the words are those of `probe`."""
    ns = lab[source]
    dst = _address(destination, "destination")
    own = _address(src, "source") if src is not None else IPv4Address(0)
    _check(ns, proto, port, ttl, size, dev)
    return Request(ns, dst, own, proto, port or DEFAULT_PORT.get(proto, 0), ttl, size, _df(df), dev, tos, lab.probes_sent + 1)


class Request:
    """What is sent: everything but the sequence number."""

    __slots__ = ("ns", "dst", "src", "proto", "port", "ttl", "size", "df", "dev", "tos", "id")

    def __init__(self, ns: Namespace, dst: IPv4Address, src: IPv4Address, proto, port, ttl, size, df, dev, tos, id):
        self.ns, self.dst, self.src, self.proto, self.port = ns, dst, src, proto, port
        self.ttl = ttl if ttl is not None else int(ns.sysctls["net.ipv4.ip_default_ttl"])
        self.size, self.df, self.dev, self.tos, self.id = size, df, dev, tos, id

    def packet(self, seq: int, token: str) -> Packet:
        match self.proto:
            case "icmp":
                transport = Icmp(ECHO_REQUEST, 0, self.id, seq)
            case "udp":
                transport = Udp(SOURCE_PORT, self.port)
            case _:
                transport = Tcp(SOURCE_PORT, self.port)
        size = 0 if self.proto == "tcp" else self.size
        ip = IPv4(self.src, self.dst, self.ttl, df=self.df != "no", tos=self.tos)
        return Packet(ip=ip, transport=transport, size=size, token=token)

    def __str__(self) -> str:
        what = {"icmp": "ping", "udp": f"UDP to port {self.port}", "tcp": f"TCP to port {self.port}"}[self.proto]
        return f"{what} from {self.ns.name} to {self.dst}"


def _exchange(net: Net, request: Request, start: float, count: int, interval: float, wait: float, deadline: float | None) -> int:
    """Send on time, let things happen in between, stop when ping would. Returns how many were sent."""
    sent, code = 0, 0
    ends = start + deadline if deadline is not None else None

    def unnoticed(reply: Reply) -> bool:
        """From a chosen source ping goes on sending without a route: it never asked for one first.
        And what an interface refuses for the moment (ENOBUFS) it counts as sent and lost."""
        return reply.errno == errno.ENOBUFS or (bool(int(request.src)) and reply.errno != errno.EMSGSIZE)

    def enough() -> bool:
        errors = sum(r.kind == "error" or (r.kind == "local" and not unnoticed(r)) for r in net.replies)
        answers = sum(r.kind in ("reply", "refused") for r in net.replies)
        return answers + errors >= count or (deadline is not None and errors > 0)

    while True:
        due = start + sent * interval
        if sent >= count and deadline is None:
            break
        if ends is not None and due >= ends:
            break
        net.run(due, enough)
        if enough():
            break
        net.lab.now = max(net.lab.now, due)
        sent += 1
        code = send_one(net, request, sent)
        net.run(net.lab.now, lambda: False)
    last = start + (sent - 1) * interval
    if ends is not None:
        net.run(ends, enough)
        return sent
    if code and enough():  # ping notices a packet of its own that was refused when the next one is due
        net.run(last + interval, lambda: False)
    net.run(last, enough)
    while not enough():
        answered = any(r.kind in ("reply", "refused") for r in net.replies)
        limit = last + (max(interval, 0.0) if answered else wait)
        before = len(net.replies)
        net.run(limit, lambda before=before: enough() or len(net.replies) > before)
        if len(net.replies) == before:
            break
    return sent


def send_one(net: Net, request: Request, seq: int) -> int:
    """One packet; what our own kernel refuses is a reply of kind "local". Returns the errno, or 0."""
    net.sent_at[seq] = net.now
    packet = request.packet(seq, net.token)
    net.step(request.ns, None, "send", str(request), packet)
    if int(request.src) and address_type(net.lab, request.ns, request.src) == "unicast":
        code = errno.EADDRNOTAVAIL  # what bind(2) says before anything is sent
    else:
        net.sending = True
        code = send(net, request.ns, packet, request.dev, request.df)
        net.sending = False
    if code:
        mtu = None
        if code == errno.EMSGSIZE:
            decision = output(net.lab, request.ns, request.dst, src=request.src if int(request.src) else None, oif=request.dev)
            mtu = path_mtu(net, request.ns, decision)
        net.replies.append(Reply(seq, "local", errno=code, mtu=mtu, at=net.now))
    return code


def _df(df: bool | str | None) -> str:
    """"fixed" (always DF), "no" (never) or "want" (Linux's default)."""
    return {None: "want", True: "fixed", False: "no"}.get(df, df)


def _check(ns: Namespace, proto: str, port, ttl, size, dev) -> None:
    if proto not in ("icmp", "udp", "tcp"):
        raise BadInput(f"proto {proto!r} is not one of icmp, udp, tcp")
    if port is not None and not 1 <= port <= 65535:
        raise BadInput(f"port {port!r} is not a number from 1 to 65535")
    if ttl is not None and not 1 <= ttl <= 255:
        raise BadInput(f"ttl {ttl!r} is not a number from 1 to 255")
    if not 0 <= size <= 65507:
        raise BadInput(f"size {size!r} is not a number of bytes from 0 to 65507")
    if dev is not None and ns.find(dev) is None:
        there = ", ".join(i.name for i in ns.by_index())
        raise LabError(f"there is no interface {dev!r} in {ns.name}; there are: {there}")


def _address(value, what: str) -> IPv4Address:
    try:
        return IPv4Address(value)
    except ValueError:
        raise BadInput(
            f"the {what} {value!r} is not an IPv4 address: four numbers from 0 to 255 with dots, such as 10.20.92.11"
        ) from None
