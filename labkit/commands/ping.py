"""ping(8) of iputils 20221126: send echo requests, say what came back.

Before the first packet ping connects a socket to learn its source address, and gives up with the
kernel's reason when that fails; with `-I ADDRESS` it does not ask. Without -c it is stopped after
three packets, as if by ^C. Left out, and refused in a sentence: flooding, IPv6, IP options and what
only shows on a terminal.

Every round trip is shown as taking 0.050 ms more than the lab's clock says; the wall time in the
statistics is what the packets' interval makes it (ping_common.c gather_statistics and finish, ping.c pr_icmph).
"""

import errno
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from ..errors import strerror
from ..lab.lookup import address_type, output
from ..trace.probe import Session, probe, stopped
from ..trace.send import path_mtu
from ..trace.trace import Reply
from . import hosts
from .result import Context, Failure, Result
from .usage import usage
from .words import getopt, whole

#: The largest payload: 65535 bytes less IP and ICMP header.
LARGEST = 65507
#: Above this the kernel refuses without a word (raw_sendmsg: longer than 65535 with the ICMP header).
UNSPEAKABLE = 65527
#: Without -c ping runs until it is stopped. The lab stops it after three packets.
UNTIL_STOPPED = 3
#: The round trip that is shown where the lab's own clock shows none, in microseconds.
ROUND_TRIP = 50
#: Up to this payload there is no room for the time of sending, and ping shows no round trip.
TIMED_FROM = 16
_SHORT = "h?4bRT:6F:N:aABc:CdDe:fi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:"


@dataclass(slots=True)
class _Options:
    """What a line asks for. `df` is "fixed", "want" or "no"; None is the kernel's default ("want")."""

    count: int | None = None
    interval: float = 1.0
    size: int = 56
    ttl: int | None = None
    df: str | None = None
    device: str | None = None
    source: str | None = None
    wait: float = 10.0
    deadline: int | None = None
    quiet: bool = False
    numeric: bool = False
    broadcast: bool = False
    tos: int = 0
    complaints: str = ""


def _read(args: list[str]) -> tuple[_Options, list[str]]:
    """The options and the destinations; Failure as ping gives up."""
    found, words = getopt("ping", args, _SHORT)
    options = _Options()
    for letter, value in found:
        if letter in "?h":
            raise Failure(2, value + usage("ping"))
        if letter not in _READERS:
            dashed = " ".join(f"-{c}" for c in _READERS)
            raise Failure(2, f"The lab's ping does not know -{letter}; it understands {dashed}.\n")
        try:
            _READERS[letter](options, value)
        except Failure as failure:
            raise Failure(failure.result.returncode, options.complaints + failure.result.stderr) from None
    options.deadline = options.deadline or None
    if not words:
        raise Failure(1, options.complaints + "ping: usage error: Destination address required\n")
    return options, words


def _number(field: str, least: int, most: int) -> Callable[[_Options, str], None]:
    """strtol_or_err of iputils: a decimal number between two bounds."""

    def read(options: _Options, word: str) -> None:
        found = whole(word)
        if found is None:
            raise Failure(1, f"ping: invalid argument: '{word}'\n")
        if not least <= found <= most:
            raise Failure(1, f"ping: invalid argument: '{word}': out of range: {least} <= value <= {most}\n")
        setattr(options, field, found)

    return read


def _seconds(field: str, what: str, least: float) -> Callable[[_Options, str], None]:
    """A number of seconds; ping only grumbles about what stands behind it."""

    def read(options: _Options, word: str) -> None:
        found = re.match(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", word)
        rest = word[found.end() :] if found else word
        if rest:
            options.complaints += f"ping: option argument contains garbage: {rest}\n"
            options.complaints += "ping: this will become fatal error in the future\n"
        value = float(found[0]) if found else 0.0
        if abs(value) > (2**31 - 1) / 1000 or int(value * 1000) < least:
            raise Failure(2, f"ping: {what}: {word}\n")
        setattr(options, field, max(int(value * 1000) / 1000, 0.0))

    return read


def _interface(options: _Options, word: str) -> None:
    """An address as inet_pton(3) knows it: four numbers from 0 to 255 without leading zeros, as Python reads them."""
    try:
        IPv4Address(word)
    except ValueError:
        if ":" in word:  # an IPv6 address, or none at all: `-I eth0:1` is no interface (ping.c)
            hosts.refuse_ipv6(word)
            raise Failure(2, f"ping: invalid source address: {word}\n") from None
        options.device = word
    else:
        options.source = word


def _discovery(options: _Options, word: str) -> None:
    options.df = {"do": "fixed", "dont": "no", "want": "want"}.get(word)
    if options.df is None:
        raise Failure(2, f"ping: invalid -M argument: {word}\n")


def _tos(options: _Options, word: str) -> None:
    tos = whole(word, base=0 if word[:2] in ("0x", "0X") else 10)
    if tos is None:
        raise Failure(2, f"ping: bad TOS value: {word}\n")
    if tos > 255:
        raise Failure(2, f"ping: the decimal value of TOS bits must be in range 0-255: {tos}\n")
    options.tos = tos


def _flag(field: str = "") -> Callable[[_Options, str], None]:
    return lambda options, word: setattr(options, field, True) if field else None


_READERS: dict[str, Callable[[_Options, str], None]] = {
    "4": _flag(), "B": _flag(), "b": _flag("broadcast"), "c": _number("count", 1, 2**63 - 1),
    "i": _seconds("interval", "bad timing interval", least=float("-inf")), "I": _interface, "M": _discovery, "n": _flag("numeric"),
    "q": _flag("quiet"), "Q": _tos, "s": _number("size", 0, 2**31 - 1), "t": _number("ttl", 0, 255),
    "w": _number("deadline", 0, 2**31 - 1), "W": _seconds("wait", "bad linger time", least=0.0),
}  # fmt: skip


def ping(ctx: Context, args: list[str]) -> Result:
    options, words = _read(args)
    name = words[-1]
    err = options.complaints
    target = hosts.address(name)
    if target is None:
        raise Failure(2, f"{err}ping: {name}: {hosts.gai_words(name)}\n")
    name = hosts.canonical(name)
    hops = [_hop(word, err) for word in words[:-1]]
    hop = hops[0] if hops else target
    source, warning = _source(ctx, options, hop)
    err += warning
    if len(words) > 1:  # all but the last are routers on the way: an IP option, for root alone
        raise Failure(2, err + "ping: record route: Operation not permitted\n")
    if int(target) == 0:
        target = source
    # bind(2) takes only an address of this namespace (or a group's)
    if options.source is not None and int(source) and address_type(ctx.lab, ctx.ns, source) not in ("local", "multicast", "broadcast"):
        raise Failure(2, "ping: bind: Cannot assign requested address\n")
    if options.ttl == 0:
        raise Failure(2, err + "ping: cannot set unicast time-to-live: Invalid argument\n")
    head = f"PING {name} ({target}) "
    if options.device or options.source:
        head += f"from {source} {options.device or ''}: "
    head += f"{options.size}({options.size + 28}) bytes of data.\n"
    return _run(ctx, options, name, target, head, err)


def _run(ctx: Context, options: _Options, name: str, target: IPv4Address, head: str, err: str) -> Result:
    """Everything from the first packet on."""
    replies, sent, start = _send(ctx, options, target)
    many = options.broadcast or target.is_multicast or not int(target)
    who = str if options.numeric or hosts.numeric(name) is not None else hosts.shown
    lines, complaints = ("", "") if options.quiet else reply_lines(replies, options.size, None if many else target, who)
    closing = statistics(name, replies, sent, options.interval, options.size, start)
    return Result(exit_status(replies, options.count, options.deadline), head + lines + closing, err + complaints + stopped(ctx.lab))


def _hop(word: str, err: str) -> IPv4Address:
    """A router on the way. It is asked for as an IPv4 host, and then only an empty part makes a name impossible."""
    found = hosts.address(word)
    if found is None:
        hosts.refuse_ipv6(word)
        why = "Temporary failure in name resolution"
        if word != "." and not all(word.removesuffix(".").split(".")):
            why = "Name or service not known"
        raise Failure(2, f"{err}ping: {word}: {why}\n")
    return found


def _source(ctx: Context, options: _Options, target: IPv4Address) -> tuple[IPv4Address, str]:
    """The source address, and what ping says about it on stderr."""
    device = ctx.ns.find(options.device) if options.device else None
    if options.device and device is None:
        raise Failure(2, f"{options.complaints}ping: SO_BINDTODEVICE {options.device}: No such device\n")
    if options.source is not None:
        return hosts.numeric(options.source) or IPv4Address(0), ""
    decision = output(ctx.lab, ctx.ns, target, oif=options.device, tos=options.tos)
    if int(target) == 0 and decision.src is not None:  # connect(2) looks up what 0.0.0.0 became, too
        decision = output(ctx.lab, ctx.ns, decision.src, oif=options.device, tos=options.tos)
    code, warning = decision.errno, ""  # of connect(2)
    if not code and (decision.kind == "broadcast" or int(decision.dst) == 0xFFFFFFFF):
        code = errno.EACCES
    if code == errno.EACCES and options.broadcast:
        code, warning = decision.errno, "WARNING: pinging broadcast address\n"
    if code:
        raise Failure(2, options.complaints + warning + connect_words(code, options.broadcast))
    source = decision.src or IPv4Address(0)
    if device is not None and not any(a.ip == source and a.label == device.name for a in device.addresses):
        warning += f"ping: Warning: source address might be selected on device other than: {options.device}\n"
    return source, warning


def _send(ctx: Context, options: _Options, target: IPv4Address) -> tuple[tuple[Reply, ...], int, float]:
    """The replies, how many packets were sent, and when the first was."""
    count, wait = options.count, options.wait
    if count is None and options.deadline is None:
        count, wait = UNTIL_STOPPED, options.interval
    if options.size > LARGEST:
        return _too_large(ctx, options, target, min(count or 1, ctx.lab.most_frames + 1))
    # broadcast and multicast pings are never fragmented, unless told otherwise
    df = "fixed" if options.df is None and (options.broadcast or target.is_multicast) else options.df
    trace = probe(
        ctx.lab, ctx.ns.name, target, ttl=options.ttl, size=options.size, df=df,
        src=options.source, dev=options.device, tos=options.tos & 255, count=min(count or 2**31, 2**31),
        interval=options.interval, wait=wait, deadline=options.deadline,
    )  # fmt: skip
    return trace.replies, trace.sent, trace.start


def _too_large(ctx: Context, options: _Options, target: IPv4Address, count: int) -> tuple[tuple[Reply, ...], int, float]:
    """No IP packet can be that long: our own kernel refuses every one."""
    session = Session(ctx.lab, ctx.ns)
    if options.size > UNSPEAKABLE:
        ctx.lab.moved += count
        ctx.lab.now += (count - 1) * options.interval + options.wait
        return (), count, session.start
    decision = output(ctx.lab, ctx.ns, target, oif=options.device)
    mtu = min(path_mtu(session.net, ctx.ns, decision), 65535)
    ctx.lab.now += count * options.interval
    refused = []
    while len(refused) < count and not ctx.lab.exhausted:
        ctx.lab.moved += 1
        refused.append(Reply(len(refused) + 1, "local", errno=errno.EMSGSIZE, mtu=mtu))
    return tuple(refused), len(refused), session.start


_UNREACHABLE = {
    0: "Destination Net Unreachable", 1: "Destination Host Unreachable", 2: "Destination Protocol Unreachable",
    3: "Destination Port Unreachable", 5: "Source Route Failed", 6: "Destination Net Unknown",
    7: "Destination Host Unknown", 8: "Source Host Isolated", 9: "Destination Net Prohibited",
    10: "Destination Host Prohibited", 11: "Destination Net Unreachable for Type of Service",
    12: "Destination Host Unreachable for Type of Service", 13: "Packet filtered",
    14: "Precedence Violation", 15: "Precedence Cutoff",
}  # fmt: skip


def microseconds(reply: Reply) -> int:
    return round(reply.time * 1_000_000) + ROUND_TRIP


def duplicates(replies: Sequence[Reply]) -> set[int]:
    """Places of those answers whose number was answered before."""
    seen, found = set(), set()
    for i, reply in enumerate(replies):
        if reply.kind == "reply":
            if reply.seq in seen:
                found.add(i)
            seen.add(reply.seq)
    return found


def reply_lines(
    replies: Sequence[Reply], size: int, asked: IPv4Address | None = None, who: Callable[[IPv4Address], str] = str
) -> tuple[str, str]:
    """What stands between the first line and the statistics, on stdout and on stderr.

    `asked` is the one who was, if it was one; `who` says how a sender is called.
    """
    out = err = ""
    again = duplicates(replies)
    for i, reply in enumerate(replies):
        match reply.kind:
            case "reply":
                other = " (DIFFERENT ADDRESS!)" if asked not in (None, reply.sender) else ""
                out += _answer(reply, size, who(reply.sender)) + (" (DUP!)" if i in again else "") + other + "\n"
            case "error":
                out += f"From {who(reply.sender)} icmp_seq={reply.seq} {error_words(reply)}\n"
            case "redirect":
                what = "Redirect Network" if reply.code == 0 else "Redirect Host"
                out += f"From {who(reply.sender)}: icmp_seq={reply.seq} {what}(New nexthop: {reply.gateway})\n"
            case "local" if reply.errno == errno.EMSGSIZE:
                err += f"ping: local error: message too long, mtu={reply.mtu}\n"
            case "local" if reply.errno == errno.ENOBUFS:
                err += "ping: sendmsg: No buffer space available\n"
    return out, err


def _answer(reply: Reply, size: int, sender: str) -> str:
    line = f"{size + 8} bytes from {sender}: icmp_seq={reply.seq} ttl={reply.ttl}"
    return f"{line} time={trip_words(microseconds(reply))} ms" if size >= TIMED_FROM else line


def trip_words(trip: int) -> str:
    """Milliseconds with three significant digits, as gather_statistics rounds them."""
    if trip >= 100_000 - 50:
        return str((trip + 500) // 1000)
    if trip >= 10_000 - 5:
        return f"{(trip + 50) // 1000}.{(trip + 50) % 1000 // 100}"
    if trip >= 1000:
        return f"{(trip + 5) // 1000}.{(trip + 5) % 1000 // 10:02}"
    return f"{trip // 1000}.{trip % 1000:03}"


def error_words(reply: Reply) -> str:
    """An ICMP error in ping's words."""
    match reply.type, reply.code:
        case 3, 4:
            return f"Frag needed and DF set (mtu = {reply.mtu})"
        case 3, code:
            return _UNREACHABLE.get(code, f"Dest Unreachable, Bad Code: {code}")
        case 11, 0:
            return "Time to live exceeded"
        case 11, 1:
            return "Frag reassembly time exceeded"
        case 12, _:
            return "Parameter problem: pointer = 0"
    return f"Bad ICMP type: {reply.type}"


def statistics(name: str, replies: Sequence[Reply], sent: int, interval: float, size: int, start: float) -> str:
    """The closing lines."""
    again = duplicates(replies)
    trips = [microseconds(r) for r in replies if r.kind == "reply"]
    received = len(trips) - len(again)
    counts = [f"{sent} packets transmitted", f"{received} received"]
    if again:
        counts.append(f"+{len(again)} duplicates")
    if errors := sum(counted(r) for r in replies):
        counts.append(f"+{errors} errors")
    if sent:
        counts.append(f"{_percent((sent - received) * 100 / sent)}% packet loss")
        counts.append(f"time {round((sent - 1) * interval * 1000)}ms")
    closing = []
    if trips and size >= TIMED_FROM:
        closing.append(f"rtt min/avg/max/mdev = {_trips(trips)} ms")
    if (pipe := in_flight(replies, sent, interval, start)) > 1:
        closing.append(f"pipe {pipe}")
    if received and not interval and sent > 1:
        closing.append(f"ipg/ewma 0.000/{ROUND_TRIP / 1000:.3f} ms")
    return f"\n--- {name} ping statistics ---\n{', '.join(counts)}\n{', '.join(closing)}\n"


def counted(reply: Reply) -> bool:
    """Whether ping counts it as an error: from the network, or "message too long" from its own kernel."""
    return reply.kind == "error" or (reply.kind == "local" and reply.errno == errno.EMSGSIZE)


def _percent(value: float) -> str:
    """C's %g of a 32-bit float: 33.3333, 50, 100."""
    return f"{struct.unpack('f', struct.pack('f', value))[0]:g}"


def _trips(trips: list[int]) -> str:
    average = sum(trips) // len(trips)
    variance = (sum(t * t for t in trips) - sum(trips) * sum(trips) // len(trips)) // len(trips)
    numbers = (min(trips), average, max(trips), int(variance**0.5))
    return "/".join(f"{n // 1000}.{n % 1000:03}" for n in numbers)


def in_flight(replies: Sequence[Reply], sent: int, interval: float, start: float) -> int:
    """The most packets that were under way when something came back for one of them ("pipe 3")."""
    most = 0
    for reply in replies:
        if reply.kind in ("reply", "error", "unheard"):
            out = sent if not interval else min(sent, int((reply.at - start) / interval + 1e-6) + 1)
            most = max(most, out - reply.seq + 1)
    return most


def exit_status(replies: Sequence[Reply], count: int | None, deadline: int | None) -> int:
    received = len({r.seq for r in replies if r.kind == "reply"})
    return int(received == 0 or (deadline is not None and received < (count or 0)))


def connect_words(code: int, broadcast_allowed: bool) -> str:
    """Why ping does not even start: the errno of its trial connection.

    EACCES is read as "that is a broadcast address", also where a `prohibit` route is the reason.
    """
    if code == errno.EACCES and not broadcast_allowed:
        return "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"
    return f"ping: connect: {strerror(code)}\n"
