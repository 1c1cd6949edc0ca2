"""The `ip` command of iproute2 6.1: options in front, then an object, then what to do with it.

Objects and options may be shortened as iproute2 shortens them: the first in its own order that
begins with the word wins (`ip a`, `ip r`, `ip n`). What the kernel does is in the room `lab`.
"""

from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module

from ...tables.names import named_tables
from ..filesystem import table_names
from ..grammar import Words, read_word, run, unsupported
from ..result import Context, Failure, Result
from ..usage import usage
from .netns import named_namespace
from .options import OPTIONS, Options, read_options

_UNSUPPORTED = unsupported('The lab\'s ip knows address, link, route, rule, neighbor, netns and tuntap, not "{}".')
#: Every object of iproute2 6.1 in the order in which it compares them (ip/ip.c).
OBJECTS = (
    ("address~", "object", "address"), ("addrlabel~ maddress~", "", _UNSUPPORTED), ("route~", "object", "route"),
    ("rule~", "object", "rule"), ("neighbor~ neighbour~", "object", "neigh"), ("ntable~ ntbl~", "", _UNSUPPORTED),
    ("link~", "object", "link"), ("l2tp~ fou~ ila~ macsec~ tunnel~ tunl~", "", _UNSUPPORTED), ("tuntap~ tap~", "object", "tuntap"),
    ("token~ tcpmetrics~ tcp_metrics~ monitor~ xfrm~ mroute~ mrule~", "", _UNSUPPORTED), ("netns~", "object", "netns"),
    ("netconf~ vrf~ sr~ nexthop~ mptcp~ ioam~", "", _UNSUPPORTED), ("help~", "object", None), ("stats~", "", _UNSUPPORTED),
)  # fmt: skip
#: The files here that are not called as their object is; each has its COMMANDS.
_FILES = {"address": "addr", "route": "route_add"}


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
    options, word = Options(**said), words.take()
    if options.human and options.stats:
        raise Failure(1, "The lab does not round its counters: leave -h and -iec away.\n")
    found = read_word(OBJECTS, word, words)
    if found is None:
        raise Failure(1, f'Object "{word}" is unknown, try "ip help".\n')
    if found["object"] is None:
        raise Failure(255, usage("ip"))
    commands = import_module(f".{_FILES.get(found['object'], found['object'])}", __package__).COMMANDS
    names = table_names(ctx.lab, ctx.ns)
    with named_tables(names) if names else nullcontext():
        result = run(commands, f"ip {found['object']}", ctx, options, words.rest())
    return replace(result, stderr=names.complaint + result.stderr) if names and names.asked else result
