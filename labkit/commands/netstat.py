"""netstat(8) of net-tools 2.10: the routing table (-r), the interfaces (-i), and the open sockets."""

from ..lab.sockets import Listener, open_sockets
from .getopt import getopt
from .ifconfig_show import short_line, short_title, show_all, shown
from .nc import SERVICES
from .result import Context, Failure, Result
from .routing_table import listing_status, routing_table
from .usage import usage, usage_in_two

_LONG = {
    "route": "r", "interfaces": "i", "numeric": "n", "extend": "e", "verbose": "v", "cache": "C", "fib": "F",
    "listening": "l", "all": "a", "tcp": "t", "udp": "u", "raw": "w", "unix": "x", "wide": "W", "help": "h",
    "version": "V", "inet": "4", "inet6": "6",
    "groups": "g", "statistics": "s", "masquerade": "M", "continuous": "c", "context": "Z", "protocol": "A:", "programs": "p",
}  # fmt: skip


def netstat(ctx: Context, args: list[str]) -> Result:
    options, _ = getopt("netstat", args, "A:CFMacdeghilnNoprsStuUvVWw2fx64?Z", _LONG)
    given = dict(options)
    complaints = "".join(value for letter, value in options if letter == "?")
    views = sum(letter in "rigsM" for letter, _ in options)
    if complaints or views > 1:
        raise Failure(3, complaints + usage("netstat"))
    if "h" in given:
        return Result(0, *usage_in_two("netstat"))
    if {"g", "s", "M", "c", "6", "Z"} & given.keys() or given.get("A", "inet") != "inet":
        return Result(1, "", "The lab's netstat understands -r, -i and the list of open sockets, all of IPv4.\n")
    if "r" in given:
        extended = sum(letter == "e" for letter, _ in options)
        return Result(listing_status(ctx), routing_table(ctx, extended, "n" in given, "C" in given))
    if "i" in given:
        if "e" in given:
            return Result(0, "Kernel Interface table\n" + show_all(ctx, "a" in given))
        rows = "".join(short_line(ctx, label, interface) for label, interface in shown(ctx, "a" in given))
        return Result(0, "Kernel Interface table\n" + short_title(16) + rows)
    return Result(0, _sockets(ctx, given))


def _sockets(ctx: Context, given: dict[str, str]) -> str:
    """Open sockets: the lab's are listeners only, so without -l or -a there are none."""
    families = {"t", "u", "w", "x", "U", "S"} & given.keys()
    which = "servers and established" if "a" in given else "only servers" if "l" in given else "w/o servers"
    out = ""
    if not families or families - {"x"}:
        out += f"Active Internet connections ({which})\n"
        title = "Proto Recv-Q Send-Q Local Address           Foreign Address         State      "
        out += title + (f" {'PID/Program name':<20}\n" if "p" in given else "\n")
        if {"a", "l"} & given.keys():
            out += "".join(_listener(socket, given) for socket in _listed(ctx, families))
    if not families or "x" in families:
        out += f"Active UNIX domain sockets ({which})\n"
        program = "PID/Program name     " if "p" in given else ""
        out += f"Proto RefCnt Flags       Type       State         I-Node   {program}Path\n"
    return out


def _listed(ctx: Context, families: set[str]) -> list[Listener]:
    wanted = {"t": "tcp", "u": "udp"}
    return [s for s in open_sockets(ctx.ns) if not families or s.proto in {wanted.get(f) for f in families}]


def _listener(s: Listener, given: dict[str, str]) -> str:
    port = str(s.port) if "n" in given else SERVICES.get((s.proto, s.port), str(s.port))
    local, state = f"{s.address or '0.0.0.0'}:{port}", "LISTEN" if s.proto == "tcp" else ""
    owner = f" {f'{s.pid}/{s.owner}' if s.owner else '-':<20}" if "p" in given else ""
    return f"{s.proto:<5} {0:>6} {0:>6} {local:<23} {'0.0.0.0:*':<23} {state:<11}{owner}\n"
