"""nc(1) of netcat-openbsd 1.219: try out a port (`nc -z`), or open one (`nc -l`).

A shell of the lab runs nothing in the background, so `nc -l` leaves a listener behind in its namespace and is done;
listeners answer until the namespace goes. No data passes.
"""

import errno
from ipaddress import IPv4Address

from ..errors import KernelError, strerror
from ..lab.sockets import Listener, listen
from ..trace.probe import pass_time, probe, stopped
from . import hosts
from .connecting import GIVES_UP, connect, icmp_errno, refusal
from .getopt import getopt
from .result import Context, Failure, Result
from .usage import usage
from .words import whole

#: Names that services(5) has for ports of this course.
SERVICES = {
    ("tcp", 21): "ftp", ("tcp", 22): "ssh", ("tcp", 23): "telnet", ("tcp", 25): "smtp", ("tcp", 53): "domain",
    ("udp", 53): "domain", ("udp", 67): "bootps", ("udp", 68): "bootpc", ("tcp", 80): "http", ("udp", 123): "ntp",
    ("tcp", 443): "https", ("udp", 443): "https", ("tcp", 3306): "mysql", ("udp", 5353): "mdns",
    ("tcp", 5432): "postgresql", ("tcp", 6379): "redis", ("tcp", 8080): "http-alt",
}  # fmt: skip
_UNDERSTOOD = "4klnpuvwz"
#: How long `nc -zu` waits for somebody to object.
_UDP_SECONDS = 3.0


def nc(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("nc", args, "46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz")
    for letter, value in options:
        if letter == "?":
            raise Failure(1, value + usage("nc"))
        if letter not in _UNDERSTOOD:
            dashed = " ".join(f"-{c}" for c in _UNDERSTOOD)
            raise Failure(1, f"The lab's nc does not know -{letter}; it understands {dashed}.\n")
    given = dict(options)
    if "l" in given:
        return _listen(ctx, given, words)
    wait = _timeout(given["w"]) if "w" in given else None
    if "k" in given:
        raise Failure(1, "nc: must use -l with -k\n")
    if not words:
        raise Failure(1, usage("nc"))
    if len(words) == 1:
        raise Failure(1, "nc: missing port number\n")
    if "z" not in given:
        raise Failure(1, "The lab's nc sends no data: try the port out with nc -z.\n")
    return _scan(ctx, given, words[0], [port for word in words[1:] for port in _ports(word)], wait)


def _listen(ctx: Context, given: dict[str, str], words: list[str]) -> Result:
    """`nc -l -p PORT`, `nc -l [ADDRESS] PORT`: a listener on every address, or on one that is named."""
    if "z" in given:
        raise Failure(1, "nc: cannot use -z and -l\n")
    if len(words) > 2 or ("p" in given and words):
        raise Failure(1, usage("nc"))
    own = hosts.address(words[0]) if len(words) == 2 else None
    port = given["p"] if "p" in given else words[-1] if words else None
    if port is None:
        raise Failure(1, "nc: missing port number\n")
    number = whole(port)
    if number is None or not 0 < number < 65536:
        raise Failure(1, "nc: getaddrinfo: Servname not supported for ai_socktype\n")
    try:
        listen(ctx.ns, Listener("udp" if "u" in given else "tcp", own if own is not None and int(own) else None, number, "nc"))
    except KernelError as error:
        raise Failure(1, f"nc: {error}\n") from None
    return Result()


def _timeout(word: str) -> float:
    return float(_strtonum(word, "timeout", 0, (2**31 - 1) // 1000))


def _strtonum(word: str, what: str, least: int, most: int) -> int:
    """strtonum(3) of OpenBSD: a decimal number, or which way it is wrong."""
    number = whole(word)
    if number is None or not least <= number <= most:
        why = "invalid" if number is None else "too small" if number < least else "too large"
        raise Failure(1, f"nc: {what} {why}: {word}\n")
    return number


def _ports(word: str) -> range:
    """One port or several, `LOW-HIGH`; a service's name will do for one."""
    named = next((port for (_, port), name in SERVICES.items() if name == word), None)
    if named:
        return range(named, named + 1)
    ends = [_strtonum(part, "port number", 1, 65535) for part in word.split("-", 1)]
    return range(min(ends), max(ends) + 1)


def _scan(ctx: Context, given: dict[str, str], host: str, ports: list[int], wait: float | None) -> Result:
    """Try each port; the exit status is 0 when one of them answered."""
    address = hosts.numeric(host) if "n" in given else hosts.address(host)
    proto = "udp" if "u" in given else "tcp"
    if address is None:
        hosts.refuse_ipv6(host)
        why = "Name or service not known" if "n" in given else hosts.gai_words(host)
        raise Failure(1, f'nc: getaddrinfo for host "{host}" port {ports[0]}: {why}\n')
    shown = host if host == str(address) else f"{host} ({address})"
    status, err = 1, ""
    for port in ports:
        if ctx.lab.exhausted:
            break
        failed = _udp(ctx, address, port, wait, "v" in given) if proto == "udp" else _tcp(ctx, address, port, wait)
        if not failed:
            status = 0
            name = "*" if "n" in given else SERVICES.get((proto, port), "*")
            err += f"Connection to {shown} {port} port [{proto}/{name}] succeeded!\n"
        elif failed != _OBJECTION:
            err += f"nc: connect to {shown} port {port} ({proto}) {failed}\n"
    return Result(status, "", (err if "v" in given else "") + stopped(ctx.lab))


#: Of a UDP port that is closed nc says nothing.
_OBJECTION = "objection"


def _tcp(ctx: Context, address: IPv4Address, port: int, wait: float | None) -> str:
    code = connect(ctx, address, port, wait or GIVES_UP).errno
    how = "timed out" if code == errno.EINPROGRESS else "failed"
    return f"{how}: {strerror(code)}" if code else ""


def _udp(ctx: Context, address: IPv4Address, port: int, wait: float | None, verbose: bool) -> str:
    """A UDP port counts as open unless it is refused; only with -v does nc send something and wait for that.

    It writes once a second, and of the errors that a write brings back it minds no other (udptest; observed with 1.219).
    """
    code = refusal(ctx, address, errno.EACCES)
    if code:
        return f"failed: {strerror(code)}"
    if not verbose:
        return ""
    ends = ctx.lab.now + (wait or _UDP_SECONDS)
    replies = probe(ctx.lab, ctx.ns.name, address, proto="udp", port=port, size=1, wait=wait or _UDP_SECONDS).replies
    if any(reply.kind == "error" and icmp_errno(reply) == errno.ECONNREFUSED for reply in replies):
        return _OBJECTION
    pass_time(ctx.lab, ends - ctx.lab.now)
    return ""
