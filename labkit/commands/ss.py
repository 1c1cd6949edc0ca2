"""ss(8) of iproute2 6.1: the open sockets. The lab's are those that listen, of UDP and TCP.

The widths are ss's own (misc/ss.c render_calc_width): each column as wide as its longest word.
"""

from ..lab.sockets import Listener, open_sockets
from .getopt import getopt
from .nc import SERVICES
from .result import Context, Failure, Result

_LONG = {
    "all": "a", "listening": "l", "numeric": "n", "tcp": "t", "udp": "u", "processes": "p", "ipv4": "4", "no-header": "H",
    "version": "V", "raw": "w", "unix": "x", "ipv6": "6", "oneline": "O", "resolve": "r",
}  # fmt: skip
_KNOWS = "The lab's ss knows -a, -l, -n, -t, -u, -p, -4, -O and -H"


def ss(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("ss", args, "alntupw4x6HOrV", _LONG)
    given = dict(options)
    if "?" in given:
        raise Failure(255, f"{_KNOWS}: {given['?'].removeprefix('ss: ')}")
    if "V" in given:
        return Result(0, "ss utility, iproute2-6.1.0\n")
    if words:
        raise Failure(255, f"{_KNOWS}, and no filters such as {words[0]!r}: put grep behind it.\n")
    families = {"t", "u", "w", "x"} & given.keys()
    shown = open_sockets(ctx.ns) if {"a", "l"} & given.keys() and not ("6" in given and "4" not in given) else []
    shown = [s for s in shown if not families or s.proto[0] in families]
    shown.sort(key=lambda s: s.proto, reverse=True)  # ss lists UDP before TCP
    rows = [_row(s, given) for s in shown]
    titles = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process"]
    if "H" not in given:
        rows.insert(0, titles)
    if len(families) == 1:
        rows = [row[1:] for row in rows]
    return Result(0, "".join(_lines(rows, len(families) != 1)))


def _row(s: Listener, given: dict[str, str]) -> list[str]:
    port = str(s.port) if "n" in given else SERVICES.get((s.proto, s.port), str(s.port))
    tcp = s.proto == "tcp"
    users = f' users:(("{s.owner}",pid={s.pid},fd=3))' if "p" in given and s.owner else ""
    backlog = (1 if s.owner == "nc" else 4096) if tcp else 0  # Go programs ask for all that net.core.somaxconn allows
    local = f"{s.address or '0.0.0.0'}:"
    return [s.proto, "LISTEN" if tcp else "UNCONN", f"{0:<6}", f"{backlog:<6}", local, port, "0.0.0.0:", "*", users]


def _lines(rows: list[list[str]], with_netid: bool):
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first = 0 if with_netid else 1
    for row in rows:
        out = ""
        for place, (text, width) in enumerate(zip(row, widths, strict=True), first):
            out += (" " if place in (1, 2, 3, 4, 6) and place > first else "") + (
                f"{text:>{width}}" if place in (4, 6) else f"{text:<{width}}"
            )
        yield out + "\n"
