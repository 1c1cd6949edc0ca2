"""What ping prints: from the replies of a probe to lines, statistics and an exit status.

Pure functions of the replies. Every round trip is shown as taking 0.050 ms more than the lab's clock
says; the wall time in the statistics is what the packets' interval makes it.
iputils ping_common.c gather_statistics and finish, ping.c pr_icmph; observed with 20221126.
"""

import errno
import struct
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from ..errors import strerror
from ..trace.trace import Reply

#: The round trip that is shown where the lab's own clock shows none, in microseconds.
ROUND_TRIP = 50
#: Up to this payload there is no room for the time of sending, and ping shows no round trip.
TIMED_FROM = 16

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
