"""The `ip` command of iproute2 6.1: options in front, then an object, then what to do with it.

Objects and options may be shortened as iproute2 shortens them: the first in its own order that
begins with the word wins (`ip a`, `ip r`, `ip n`). What the kernel does is in the room `lab`.
"""

from dataclasses import replace
from importlib import import_module

from ...lab.files import table_names
from ...tables.names import named_tables
from ..grammar import Words, matches
from ..result import Context, Failure, Result
from ..usage import usage
from .netns import named_namespace
from .options import OPTIONS, Options, read_options

#: Every object of iproute2 6.1 in the order in which it compares them (ip/ip.c), and the file here
#: that knows it; None: the lab does not.
OBJECTS = (
    ("address", "addr"), ("addrlabel", None), ("maddress", None), ("route", "route_add"), ("rule", "rule"),
    ("neighbor", "neigh"), ("neighbour", "neigh"), ("ntable", None), ("ntbl", None), ("link", "link"),
    ("l2tp", None), ("fou", None), ("ila", None), ("macsec", None), ("tunnel", None), ("tunl", None),
    ("tuntap", "tuntap"), ("tap", "tuntap"), ("token", None), ("tcpmetrics", None), ("tcp_metrics", None),
    ("monitor", None), ("xfrm", None), ("mroute", None), ("mrule", None), ("netns", "netns"), ("netconf", None),
    ("vrf", None), ("sr", None), ("nexthop", None), ("mptcp", None), ("ioam", None), ("help", ""), ("stats", None),
)  # fmt: skip

def ip(ctx: Context, args: list[str]) -> Result:
    """Run one `ip` line; `args` are the words after `ip`."""
    words = Words(args)
    said = read_options(OPTIONS, words, "ip -help")
    if "version" in said:
        return Result(0, "ip utility, iproute2-6.1.0, libbpf 1.1.2\n")
    if "netns" in said:
        ctx = replace(ctx, ns=named_namespace(ctx, said.pop("netns")))
    if "help" in said or not words:
        raise Failure(255, usage("ip"))
    options = Options(**said)
    if options.human and options.stats:
        raise Failure(1, "The lab does not round its counters: leave -h and -iec away.\n")
    names = table_names(ctx.lab, ctx.ns)
    if names is None:
        return _object(ctx, options, words)
    with named_tables(names):
        try:
            result = _object(ctx, options, words)
        except Failure as failure:
            result = failure.result
    return replace(result, stderr=(names.complaint if names.asked else "") + result.stderr)


def _object(ctx: Context, options: Options, words: Words) -> Result:
    word = words.take()
    for name, module in OBJECTS:
        if matches(word, name):
            if module is None:
                raise Failure(1, f'The lab\'s ip knows address, link, route, rule, neighbor, netns and tuntap, not "{name}".\n')
            if module == "":
                raise Failure(255, usage("ip"))
            return import_module(f".{module}", __package__).run(ctx, options, words.rest())
    raise Failure(1, f'Object "{word}" is unknown, try "ip help".\n')
