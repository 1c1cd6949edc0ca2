"""nc(1) of netcat-openbsd 1.219 and curl(1) 7.88: whether somebody listens at a port.

No data passes on the wires. A shell of the lab runs nothing in the background, so `nc -l` leaves a listener behind in its namespace and
is done; listeners answer until the namespace goes. What a program answers to an HTTP request it says itself (a web server's line, with
the address it saw), nc says nothing; a proxy opens a connection of its own. As on a terminal there is no progress meter.
"""

import errno
import re
from collections import deque
from datetime import timedelta
from ipaddress import IPv4Address
from typing import NamedTuple

from ..errors import KernelError, strerror
from ..lab.lab import EPOCH
from ..lab.lookup import output
from ..lab.program import Accepted, Listener, listen
from ..trace.probe import pass_time, probe, stopped
from ..trace.trace import Reply
from . import hosts
from .result import Context, Failure, Result
from .usage import usage
from .words import given as read_options
from .words import whole

#: One SYN stands for all its repetitions; after two minutes without an answer the kernel gives up
#: (net.ipv4.tcp_syn_retries 6, from 6.5 on 131 s).
GIVES_UP = 131.0

#: ICMP "destination unreachable" by code (kernel: net/ipv4/icmp.c icmp_err_convert).
_UNREACHABLE = {0: errno.ENETUNREACH, 1: errno.EHOSTUNREACH, 2: errno.ENOPROTOOPT, 3: errno.ECONNREFUSED, 9: errno.ENETUNREACH,
                10: errno.EHOSTUNREACH, 13: errno.EHOSTUNREACH}


class _Attempt(NamedTuple):
    """`errno` is 0 when the connection stands, EINPROGRESS when the time was too short; `seconds` it took; `accepted`: who took it."""

    errno: int
    seconds: float
    accepted: Accepted | None = None


def connect(ctx: Context, address: IPv4Address, port: int, wait: float, sport: int | None = None) -> _Attempt:
    """Try to connect for at most `wait` seconds."""
    code = _refusal(ctx, address, errno.ENETUNREACH)
    if code:
        return _Attempt(code, 0.0)
    tried = probe(ctx.lab, ctx.ns.name, address, proto="tcp", port=port, wait=min(wait, GIVES_UP), sport=sport, closes=True)
    for reply in (reply for reply in tried.replies if reply.errno != errno.EPERM):
        code = errno.ECONNREFUSED if reply.kind == "refused" else _icmp_errno(reply)
        if code or reply.kind == "reply":
            return _Attempt(code, reply.time, tried.accepted)
    return _Attempt(errno.EINPROGRESS, wait) if wait < GIVES_UP else _Attempt(errno.ETIMEDOUT, GIVES_UP)


def answer(ctx: Context, accepted: Accepted | None) -> str | None:
    """What comes back on a connection that stands, for an HTTP request: None when the program there breaks it off."""
    if accepted is None or ctx.lab.exhausted:
        return "" if accepted is None else None
    if accepted.socket.to is None:
        return accepted.said
    there = connect(Context(ctx.lab, ctx.lab[accepted.namespace]), *accepted.socket.to, wait=GIVES_UP)
    return answer(ctx, there.accepted) if not there.errno else None


def _refusal(ctx: Context, address: IPv4Address, broadcast: int) -> int:
    """Why nothing is sent at all, or 0; `broadcast` is what the protocol says to broadcast and multicast addresses."""
    decision = output(ctx.lab, ctx.ns, address)
    group = decision.kind in ("broadcast", "multicast") or int(address) == 0xFFFFFFFF
    return decision.errno or (broadcast if group else 0)


def _icmp_errno(reply: Reply) -> int:
    """The errno of an ICMP error, 0 for none."""
    if reply.kind != "error":
        return reply.errno
    return errno.EHOSTUNREACH if reply.type == 11 else _UNREACHABLE.get(reply.code, 0)


#: Names that services(5) has for ports of this course.
SERVICES = {
    ("tcp", 21): "ftp", ("tcp", 22): "ssh", ("tcp", 23): "telnet", ("tcp", 25): "smtp", ("tcp", 53): "domain",
    ("udp", 53): "domain", ("udp", 67): "bootps", ("udp", 68): "bootpc", ("tcp", 80): "http", ("udp", 123): "ntp",
    ("tcp", 443): "https", ("udp", 443): "https", ("tcp", 3306): "mysql", ("udp", 5353): "mdns",
    ("tcp", 5432): "postgresql", ("tcp", 6379): "redis", ("tcp", 8080): "http-alt", ("tcp", 8081): "tproxy",
}  # fmt: skip
#: How long `nc -zu` waits for somebody to object.
_UDP_SECONDS = 3.0


def nc(ctx: Context, args: list[str]) -> Result:
    beyond = "6bCDdFhI:i:M:m:NO:P:q:rSs:T:tUV:W:X:x:Z"
    given, words = read_options("nc", args, "4klnp:uvw:z", beyond=beyond, hint=usage("nc"))
    if "l" in given:
        return _listen(ctx, given, words)
    wait = _timeout(given["w"]) if "w" in given else None
    if "k" in given:
        raise Failure(1, "nc: must use -l with -k\n")
    if not words:
        raise Failure(1, usage("nc"))
    if len(words) == 1:
        raise Failure(1, "nc: missing port number\n")
    if "z" not in given and "u" in given and ctx.stdin and len(words) == 2:
        return _datagram(ctx, given, words[0], words[1], wait)
    if "z" not in given:
        raise Failure(1, "The lab's nc sends no data over TCP: try the port out with nc -z, or send a datagram: "
                         "echo hi | nc -u HOST PORT.\n")  # fmt: skip
    return _scan(ctx, given, words[0], [port for word in words[1:] for port in _ports(word)], wait)


def _datagram(ctx: Context, given: dict[str, str], host: str, port: str, wait: float | None) -> Result:
    """`echo hi | nc -u -w 1 HOST PORT`: what comes back is printed; nc ends when nothing came for `wait` seconds."""
    address, number = hosts.numeric(host) if "n" in given else hosts.address(host), _ports(port)[0]
    if address is None:
        hosts.refuse_ipv6(host)
        raise Failure(1, f'nc: getaddrinfo for host "{host}" port {number}: {hosts.gai_words(host)}\n')
    code = _refusal(ctx, address, errno.EACCES)
    if code:
        return Result(1, "", f"nc: connect to {host} port {number} (udp) failed: {strerror(code)}\n" if "v" in given else "")
    sport = _ports(given["p"])[0] if "p" in given else None
    wait = wait or _UDP_SECONDS
    asked = probe(ctx.lab, ctx.ns.name, address, proto="udp", port=number, size=len(ctx.stdin.encode()), wait=wait, sport=sport)
    text = asked.accepted.said if asked.answered and asked.accepted is not None else ""
    if asked.answered:
        pass_time(ctx.lab, wait)
    return Result(0, text, stopped(ctx.lab))


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
    sport = _ports(given["p"])[0] if "p" in given else None
    for port in ports:
        if ctx.lab.exhausted:
            break
        failed = _udp(ctx, address, port, wait, "v" in given, sport) if proto == "udp" else _tcp(ctx, address, port, wait, sport)
        if not failed:
            status = 0
            name = "*" if "n" in given else SERVICES.get((proto, port), "*")
            err += f"Connection to {shown} {port} port [{proto}/{name}] succeeded!\n"
        elif failed != _OBJECTION:
            err += f"nc: connect to {shown} port {port} ({proto}) {failed}\n"
    return Result(status, "", (err if "v" in given else "") + stopped(ctx.lab))


#: Of a UDP port that is closed nc says nothing.
_OBJECTION = "objection"


def _tcp(ctx: Context, address: IPv4Address, port: int, wait: float | None, sport: int | None) -> str:
    code = connect(ctx, address, port, wait or GIVES_UP, sport).errno
    how = "timed out" if code == errno.EINPROGRESS else "failed"
    return f"{how}: {strerror(code)}" if code else ""


def _udp(ctx: Context, address: IPv4Address, port: int, wait: float | None, verbose: bool, sport: int | None) -> str:
    """A UDP port counts as open unless it is refused; only with -v does nc send something and wait for that.

    It writes once a second, and of the errors that a write brings back it minds no other (udptest; observed with 1.219).
    """
    code = _refusal(ctx, address, errno.EACCES)
    if code:
        return f"failed: {strerror(code)}"
    if not verbose:
        return ""
    ends = ctx.lab.now + (wait or _UDP_SECONDS)
    replies = probe(ctx.lab, ctx.ns.name, address, proto="udp", port=port, size=1, wait=wait or _UDP_SECONDS, sport=sport).replies
    if any(reply.errno == errno.EPERM or reply.kind == "error" and _icmp_errno(reply) == errno.ECONNREFUSED for reply in replies):
        return _OBJECTION
    pass_time(ctx.lab, ends - ctx.lab.now)
    return ""


_TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n"
_PORTS = {"http": 80, "https": 443}
#: Option -> what it sets; those below take a value.
_CURL_FLAGS = {"-s": "silent", "--silent": "silent", "-S": "show", "--show-error": "show", "-i": "head",
               "--include": "head", **dict.fromkeys(("-4", "-f", "-k", "-L"), "")}
_CURL_VALUES = {"-m": "limit", "--max-time": "limit", "--connect-timeout": "patience", "-o": "", "--output": ""}
#: What curl itself has besides: nearly every letter, and these of its 250 long names.
_CURL_REAL = re.compile(
    r"-[0-46a-zA-Z#:]|--(anyauth|basic|cacert|cert|compressed|cookie|data(-\w+)?|fail|form|get|head|header|help|http[0-3.]*|include|insecure"
    r"|interface|ipv[46]|json|keepalive-time|limit-rate|location|max-redirs|noproxy|no-\w+|output-dir|progress-bar|proxy|range|referer|remote-\w+"
    r"|request|resolve|retry(-\w+)*|socks\w*|ssl|tcp-\w+|tls\S+|trace\S*|unix-socket|upload-file|url|user|user-agent|verbose|version|write-out)"
)
_URL = re.compile(r"(?:([a-z]+)://|(?![a-z]+://))([^/:?#]+)(?::([0-9]*))?(?:[/?#].*)?", re.IGNORECASE)


def curl(ctx: Context, args: list[str]) -> Result:
    said, urls = _read_curl(args)
    result = Result()
    out = err = ""
    for url in urls:
        result = _fetch(ctx, said, url)
        out, err = out + result.stdout, err + result.stderr
    return Result(result.returncode, out, err if "show" in said or "silent" not in said else "")


def _read_curl(args: list[str]) -> tuple[dict[str, float], list[str]]:
    """What the options say, and the URLs: `limit` seconds for everything, `patience` for connecting; 0: none."""
    if not args:
        raise Failure(2, _TRY)
    said, urls, words = {}, [], deque(args)
    while words:
        word = words.popleft()
        if re.match(r"-[a-zA-Z0-9].", word, re.DOTALL):  # bundled letters: `-sSm1` is `-s -S -m 1`
            words.appendleft(word[2:] if word[:2] in _CURL_VALUES else f"-{word[2:]}")
            word = word[:2]
        if word in _CURL_VALUES:
            if not words:
                raise Failure(2, f"curl: option {word}: requires parameter\n" + _TRY)
            value = words.popleft()
            if field := _CURL_VALUES[word]:
                said[field] = _curl_seconds(word, value)
        elif word in _CURL_FLAGS:
            said[_CURL_FLAGS[word]] = 1.0
        elif word.startswith("-") and word != "-":
            if not _CURL_REAL.fullmatch(word):
                raise Failure(2, f"curl: option {word}: is unknown\n" + _TRY)
            understood = " ".join((*_CURL_FLAGS, *_CURL_VALUES))
            raise Failure(2, f"The lab's curl does not know {word}; it understands {understood}.\n")
        else:
            urls.append(word)
    if not urls:
        raise Failure(2, "curl: no URL specified!\n" + _TRY)
    return said, urls


def _curl_seconds(option: str, value: str) -> float:
    seconds = float(value) if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", value) else None
    if seconds is None or not 0 <= seconds <= 2**63 / 1000:
        why = "expected a proper numerical parameter" if seconds is None else "expected a positive numerical parameter"
        raise Failure(2, f"curl: option {option}: {why if (seconds or 0) <= 0 else 'too large number'}\n" + _TRY)
    return seconds


def _fetch(ctx: Context, said: dict[str, float], url: str) -> Result:
    found = _URL.fullmatch(url)
    hosts.refuse_ipv6(re.sub(r"[a-z]*://|\].*|:\d+$|/.*", "", url))
    port = whole(found[3] or "0") if found else None
    if port is None or port > 65535:
        return Result(3, "", "curl: (3) URL using bad/illegal format or missing URL\n")
    scheme = (found[1] or "http").lower()
    if scheme not in _PORTS:
        return Result(1, "", f'curl: (1) Protocol "{scheme}" not supported or disabled in libcurl\n')
    address = hosts.address(found[2])
    if address is None:
        return Result(6, "", f"curl: (6) Could not resolve host: {found[2]}\n")
    shown = found[2] if hosts.numeric(found[2]) is None else str(address)
    return _fetched(ctx, said, shown, address, port if found[3] else _PORTS[scheme])


def _head(ctx: Context, accepted: Accepted | None, text: str) -> str:
    """The lines before an answer (net/http server.go writes the date and the length last). Failure where they are not known."""
    if accepted is None or not accepted.socket.head:
        raise Failure(2, "The lab's curl knows the headers of kube-proxy's health checks alone; without -i it prints what a server says.\n")
    date = (EPOCH + timedelta(seconds=int(ctx.lab.now))).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return "\n".join([*accepted.socket.head, f"Date: {date}", f"Content-Length: {len(text)}", "", ""])


def _fetched(ctx: Context, said: dict[str, float], host: str, address: IPv4Address, port: int) -> Result:
    waits = [seconds for field in ("limit", "patience") if (seconds := said.get(field))]
    refused = _Attempt(errno.ECONNREFUSED, 0.0)
    code, after, accepted = connect(ctx, address, port, min(waits, default=GIVES_UP)) if port else refused
    if not code:
        text = answer(ctx, accepted)
        if text is None:
            return Result(56, "", "curl: (56) Recv failure: Connection reset by peer\n")
        return Result(0, (_head(ctx, accepted, text) if "head" in said else "") + text)
    if code == errno.EINPROGRESS and min(waits) == said.get("limit"):
        return Result(28, "", f"curl: (28) Connection timed out after {said['limit'] * 1000:.0f} milliseconds\n")
    status = 28 if code in (errno.EINPROGRESS, errno.ETIMEDOUT) else 7
    why = "Timeout was reached" if code == errno.EINPROGRESS else "Couldn't connect to server"
    return Result(status, "", f"curl: ({status}) Failed to connect to {host} port {port} after {after * 1000:.0f} ms: {why}\n")
