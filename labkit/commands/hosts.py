"""Host names and addresses as the C library reads them.

An address may be short (`10.1` is 10.0.0.1) or in hexadecimal. Names are those in the machine's /etc/hosts; every other name is asked
of the first name server in /etc/resolv.conf, in a UDP datagram to port 53 (lab/program.py RESOLVERS), with the domains of its search list
behind it in turn, and where none answers it gets what the C library says then. As a program reads these files without being told on
which machine it runs, the shell says so once for each command (`reading`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address

from ..errors import KernelError
from ..lab.program import RESOLVERS, Alias, Denial
from . import filesystem as files
from .result import Context, Failure
from .words import is_digits, whole

#: A name with another character, or an empty part, is refused without asking any server (RFC 1123, glibc res_hnok).
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\.")
_PART = re.compile(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")


def numeric(word: str) -> IPv4Address | None:
    """inet_aton(3): one to four numbers; the last one fills what is left."""
    parts = word.split(".")
    if len(parts) > 4 or not all(_PART.fullmatch(p) for p in parts):
        return None
    *front, last = [whole(part, base=0) for part in parts]
    room = 4 - len(front)
    if any(p > 255 for p in front) or last >= 256**room:
        return None
    return IPv4Address(int.from_bytes(bytes(front), "big") * 256**room + last)


_here: ContextVar[Context] = ContextVar("_here")
#: Whether the last name that was looked up is one that does not exist.
_denied: ContextVar[bool] = ContextVar("_denied", default=False)
#: How many names may lead from one to the next.
_MOST_ALIASES = 8


@contextmanager
def reading(ctx: Context):
    """Within this block names are those of the machine a command runs on."""
    token = _here.set(ctx)
    try:
        yield
    finally:
        _here.reset(token)


def _entries() -> Iterator[tuple[IPv4Address, list[str]]]:
    """The lines of /etc/hosts that name an IPv4 address (hosts(5)): `#` begins a comment, the first name is the host's own."""
    ctx = _here.get(None)
    try:
        text = files.read(ctx.lab, ctx.ns, "/etc/hosts") if ctx is not None else ""
    except KernelError:
        text = ""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        known = numeric(words[0]) if len(words) > 1 else None
        if known is not None:
            yield known, words[1:]


def _entry(word: str) -> tuple[IPv4Address, list[str]] | None:
    wanted = word.lower()
    return next((entry for entry in _entries() if wanted in map(str.lower, entry[1])), None)


def address(word: str) -> IPv4Address | None:
    """The address of a host, or None."""
    found = numeric(word)
    if found is None:
        entry = _entry(word)
        found = entry[0] if entry is not None else None
    if found is None and word and not impossible(word):
        found = _looked_up(word)
    return found


def _looked_up(word: str) -> IPv4Address | None:
    """Its names in turn, until one has an address or nobody answers (glibc: resolv/res_query.c __res_context_search)."""
    _denied.set(False)
    for name in candidates(word):
        for _ in range(_MOST_ALIASES):
            answers = asked(name)
            found = next((one for one in answers if isinstance(one, IPv4Address)), None)
            alias = next((one for one in answers if isinstance(one, Alias)), None)
            if alias is None or found is not None:
                break
            name = alias
        if found is not None:
            return found
        if not isinstance(answers, Denial):
            return None
        _denied.set(answers.code == "NXDOMAIN")
    return None


def candidates(word: str) -> list[str]:
    """A name as it is asked: with the domains of the search list, and as it is; the latter first when it has ndots dots
    (resolv.conf(5))."""
    search, ndots = _search()
    if word.endswith(".") or not search:
        return [word]
    longer = [f"{word}.{domain}" for domain in search]
    return [word, *longer] if word.count(".") >= ndots else [*longer, word]


def _search() -> tuple[list[str], int]:
    ctx = _here.get(None)
    try:
        lines = files.read(ctx.lab, ctx.ns, "/etc/resolv.conf").splitlines() if ctx is not None else []
    except KernelError:
        lines = []
    words = [line.split() for line in lines]
    search = next((known[1:] for known in reversed(words) if known[:1] in (["search"], ["domain"])), [])
    dots = [option[6:] for known in words if known[:1] == ["options"] for option in known[1:] if option.startswith("ndots:")]
    return search[:6], min(whole(dots[-1]), 15) if dots and is_digits(dots[-1]) else 1


def asked(question: str | IPv4Address, server: IPv4Address | None = None) -> list:
    """What the name server says: addresses of a name, names of an address; none when none answers."""
    ctx = _here.get(None)
    server = server or (name_server(ctx) if ctx is not None else None)
    if server is None:
        return []
    from ..trace.probe import probe  # most commands resolve no name: they need not wait for the whole room

    tried = probe(ctx.lab, ctx.ns.name, server, proto="udp", port=53)
    answers = tried.accepted is not None and RESOLVERS.get(tried.accepted.socket.owner)
    return answers(ctx.lab, ctx.lab[tried.accepted.namespace], question) if answers and tried.answered else []


def name_server(ctx: Context) -> IPv4Address | None:
    """The first one that the machine asks (resolv.conf(5))."""
    try:
        lines = files.read(ctx.lab, ctx.ns, "/etc/resolv.conf").splitlines()
    except KernelError:
        return None
    return next((
        found for line in lines if (words := line.split())[:1] == ["nameserver"] and (found := numeric("".join(words[1:2])))
    ), None)  # fmt: skip


def canonical(word: str) -> str:
    """The name under which a host is shown: the first of its line in /etc/hosts."""
    entry = _entry(word) if numeric(word) is None else None
    return entry[1][0] if entry is not None else word


def name_of(address: IPv4Address) -> str | None:
    """The name of an address, if it stands in /etc/hosts or a name server of this machine's own knows it: to ask another one for each
    line would take a real tool seconds, and the lab asks none."""
    found = next((names[0] for known, names in _entries() if known == address), None)
    ctx = _here.get(None)
    near = ctx is not None and not found and (server := name_server(ctx)) is not None and server.is_loopback
    return next(iter(asked(address)), None) if near else found


def shown(address: IPv4Address) -> str:
    """The name and the address, or the address alone (ping)."""
    name = name_of(address)
    return f"{name} ({address})" if name is not None else str(address)


def impossible(word: str) -> bool:
    """Whether the word cannot be a host's name, so that nobody is asked for it."""
    return not _NAME.fullmatch(word)


def refuse_ipv6(word: str) -> None:
    """The lab has none of IPv6, and says so where the real tool would go on with it."""
    try:
        IPv6Address(word.partition("/")[0].strip("[]"))
    except ValueError:
        return
    raise Failure(1, f"The lab has IPv4 only: give an IPv4 address such as 10.0.0.1, not {word}.\n")


def gai_words(word: str) -> str:
    """Why getaddrinfo(3) has no address (ping, traceroute)."""
    refuse_ipv6(word)
    return "Name or service not known" if impossible(word) or _denied.get() else "Temporary failure in name resolution"


def herror(word: str, gateway: bool = False) -> str:
    """The line by which net-tools says that gethostbyname(3) has no address.

    For a gateway net-tools looks among the networks last, and that never says "try again".
    """
    refuse_ipv6(word)
    if not word:
        return "Unknown host\n" if gateway else "Unknown server error\n"
    digits = is_digits(word.replace(".", "")) and not word.endswith(".")
    unknown = gateway or digits or impossible(word)
    return f"{word}: {'Unknown host' if unknown else 'Host name lookup failure'}\n"
