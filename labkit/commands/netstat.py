"""netstat(8) and arp(8) of net-tools 2.10 and ss(8) of iproute2 6.1: open sockets, neighbours, and what netstat shows besides.

The lab's sockets are those that listen, of UDP and TCP. ss makes each column as wide as its longest word (misc/ss.c render_calc_width).
"""

from ipaddress import IPv4Address

from ..lab import neighbors
from ..lab.program import Listener, open_sockets
from ..tables.neighbor import VALID, Neighbor
from . import hosts
from .connecting import SERVICES
from .ifconfig import short_line, short_title, shown
from .net_route import listing
from .result import Context, Failure, Result
from .usage import usage, usage_in_two
from .words import getopt

_NETSTAT = {
    "route": "r", "interfaces": "i", "numeric": "n", "extend": "e", "verbose": "v", "cache": "C", "fib": "F",
    "listening": "l", "all": "a", "tcp": "t", "udp": "u", "raw": "w", "unix": "x", "wide": "W", "help": "h",
    "version": "V", "inet": "4", "inet6": "6",
    "groups": "g", "statistics": "s", "masquerade": "M", "continuous": "c", "context": "Z", "protocol": "A:", "programs": "p",
}  # fmt: skip
_ARP = {
    "verbose": "v", "version": "V", "all": "a", "delete": "d", "file": "f", "numeric": "n", "set": "s",
    "protocol": "A:", "hw-type": "H:", "device": "i:", "help": "h", "use-device": "D", "symbolic": "N",
}  # fmt: skip
_SS = {
    "all": "a", "listening": "l", "numeric": "n", "tcp": "t", "udp": "u", "processes": "p", "ipv4": "4", "no-header": "H",
    "version": "V", "raw": "w", "unix": "x", "ipv6": "6", "oneline": "O", "resolve": "r",
}  # fmt: skip
_ARP_TITLE = "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
_SS_KNOWS = "The lab's ss knows -a, -l, -n, -t, -u, -p, -4, -O and -H"


def netstat(ctx: Context, args: list[str]) -> Result:
    options, _ = getopt("netstat", args, "A:CFMacdeghilnNoprsStuUvVWw2fx64?Z", _NETSTAT)
    given = dict(options)
    complaints = "".join(value for letter, value in options if letter == "?")
    if complaints or sum(letter in "rigsM" for letter, _ in options) > 1:
        raise Failure(3, complaints + usage("netstat"))
    if "h" in given:
        return Result(0, *usage_in_two("netstat"))
    extended = sum(letter == "e" for letter, _ in options)
    if given.keys() - set("rinealtuwxpvW4") or extended > ("r" in given):
        raise Failure(1, "The lab's netstat understands -r, -i and the list of open sockets, all of IPv4, with -a -e -l -n -p -t -u.\n")
    if "r" in given:
        return listing(ctx, netstat=not extended, numeric="n" in given)
    if "i" in given:
        rows = "".join(short_line(ctx, label, interface) for label, interface in shown(ctx, "a" in given))
        return Result(0, "Kernel Interface table\n" + short_title(16) + rows)
    return Result(0, _sockets(ctx, given))


def _sockets(ctx: Context, given: dict[str, str]) -> str:
    """Without -l or -a there are none."""
    families = {"t", "u", "w", "x"} & given.keys()
    which = "servers and established" if "a" in given else "only servers" if "l" in given else "w/o servers"
    out = ""
    if not families or families - {"x"}:
        out += f"Active Internet connections ({which})\n"
        title = "Proto Recv-Q Send-Q Local Address           Foreign Address         State      "
        out += title + (f" {'PID/Program name':<20}\n" if "p" in given else "\n")
        if {"a", "l"} & given.keys():
            out += "".join(_listener(s, given) for s in open_sockets(ctx.ns) if not families or s.proto[0] in families)
    if not families or "x" in families:
        out += f"Active UNIX domain sockets ({which})\n"
        program = "PID/Program name     " if "p" in given else ""
        out += f"Proto RefCnt Flags       Type       State         I-Node   {program}Path\n"
    return out


def _listener(s: Listener, given: dict[str, str]) -> str:
    six = s.proto.endswith("6")
    local, state = f"{s.address or ('::' if six else '0.0.0.0')}:{_port(s, given)}", "LISTEN" if s.proto.startswith("tcp") else ""
    owner = f" {f'{s.pid}/{s.owner}' if s.owner else '-':<20}" if "p" in given else ""
    return f"{s.proto:<5} {0:>6} {0:>6} {local:<23} {':::*' if six else '0.0.0.0:*':<23} {state:<11}{owner}\n"


def _port(s: Listener, given: dict[str, str]) -> str:
    return str(s.port) if "n" in given else SERVICES.get((s.proto[:3], s.port), str(s.port))


def ss(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("ss", args, "alntupw4x6HOrV", _SS)
    given = dict(options)
    if "?" in given:
        raise Failure(255, f"{_SS_KNOWS}: {given['?'].removeprefix('ss: ')}")
    if "V" in given:
        return Result(0, "ss utility, iproute2-6.1.0\n")
    if words:
        raise Failure(255, f"{_SS_KNOWS}, and no filters such as {words[0]!r}: put grep behind it.\n")
    families = {"t", "u", "w", "x"} & given.keys()
    found = open_sockets(ctx.ns) if {"a", "l"} & given.keys() else []
    if len({"4", "6"} & given.keys()) == 1:
        found = [s for s in found if s.proto.endswith("6") == ("6" in given)]
    found = [s for s in found if not families or s.proto[0] in families]
    found.sort(key=lambda s: (s.proto[0] == "t", s.proto))  # ss lists UDP before TCP
    rows = [_row(s, given) for s in found]
    if "H" not in given:
        rows.insert(0, ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process"])
    first = 1 if len(families) == 1 else 0  # of one family its name is not said
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    out = ""
    for row in rows:
        for place in range(first, len(row)):
            text, width = row[place], widths[place]
            out += " " if place in (1, 2, 3, 4, 6) and place > first else ""
            out += f"{text:>{width}}" if place in (4, 6) else f"{text:<{width}}"
        out += "\n"
    return Result(0, out)


def _row(s: Listener, given: dict[str, str]) -> list[str]:
    tcp, six = s.proto.startswith("tcp"), s.proto.endswith("6")
    users = f' users:(("{s.owner}",pid={s.pid},fd=3))' if "p" in given and s.owner else ""
    backlog = (1 if s.owner == "nc" else 4096) if tcp else 0  # Go programs ask for all that net.core.somaxconn allows
    anyone = "[::]" if six else "0.0.0.0"
    local, peer = f"{s.address or anyone}:", f"{anyone}:"
    return [s.proto[:3], "LISTEN" if tcp else "UNCONN", f"{0:<6}", f"{backlog:<6}", local, _port(s, given), peer, "*", users]


def arp(ctx: Context, args: list[str]) -> Result:
    """The neighbour table in its old clothes, from /proc/net/arp."""
    options, words = getopt("arp", args, "A:H:adfp:nsei:t:vh?DNV", _ARP)
    given = dict(options)
    if "?" in given:
        raise Failure(3, given["?"] + usage("arp"))
    if "h" in given:
        return Result(0, *usage_in_two("arp"))
    if given.keys() - set("aeni"):
        raise Failure(255, "The lab's arp shows neighbours of IPv4, and understands -a -e -i -n; ip neigh writes them.\n")
    name = words[0] if words else None
    wanted = _host(name) if name is not None else None
    entries = [n for n in neighbors.dump(ctx.lab, ctx.ns) if n.state != "NOARP"]
    found = [n for n in entries if wanted in (None, n.address) and given.get("i", n.dev) == n.dev]
    bsd = "a" in given and "e" not in given
    out = "" if bsd or not found else _ARP_TITLE
    out += "".join(_neighbor(n, None if "n" in given else hosts.name_of(n.address), bsd) for n in found)
    if not found and wanted is not None and "a" not in given:
        out = f"{name} ({wanted}) -- no entry\n"
    elif not found and (wanted is not None or "i" in given):
        out = f"arp: in {len(entries)} entries no match found.\n"
    return Result(0, out)


def _neighbor(n: Neighbor, name: str | None, bsd: bool) -> str:
    known, permanent = n.state in VALID and n.lladdr is not None, n.state == "PERMANENT"
    if bsd:
        hardware = f"{n.lladdr} [ether]" if known else "<incomplete>"
        return f"{name or '?'} ({n.address}) at {hardware} {'PERM ' if permanent else ''}on {n.dev}\n"
    flags = ("C" if known else "") + ("M" if permanent else "")
    hardware = f"{'ether':<8}{n.lladdr:<20}" if known else f"{'':<8}{'(incomplete)':<20}"
    return f"{name or str(n.address):<23.23}  {hardware}{flags:<6}{'':<15} {n.dev}\n"


def _host(name: str) -> IPv4Address:
    found = IPv4Address(0) if name == "default" else hosts.address(name)
    if found is None:
        raise Failure(255, hosts.herror(name))
    return found
