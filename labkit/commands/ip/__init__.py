"""The `ip` command of iproute2 6.1: options in front, then an object, then what to do with it.

Objects and options may be shortened as iproute2 shortens them: the first in its own order that
begins with the word wins (`ip a`, `ip r`, `ip n`). What the kernel does is in the room `lab`.
"""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from importlib import import_module

from ...tables.names import named_tables
from ..filesystem import table_names
from ..grammar import Bare, Words, read_word, run, unsupported, wrong
from ..records import Options
from ..result import Context, Failure, Result
from ..usage import usage
from .netns import named_namespace


def _family(word: str, words: Words) -> dict:
    word = words.take() if words else "help"
    if word == "help":
        return {"help": True}
    if word in ("link", "mpls", "bridge"):
        raise Failure(1, f'The lab knows the families inet and inet6, not "{word}".\n')
    if word not in ("inet", "inet6"):
        raise wrong(word, "invalid protocol family")
    return {"family": word}


def netns_name(word: str, words: Words) -> dict:
    """Each is looked up as it is read; the last one counts."""
    return {"ns": named_namespace(words.ctx, words.take() if words else "(null)")}


def _statistics(word: str, words: Words) -> dict:
    if words.said.get("stats"):
        raise Failure(1, "The lab knows one level of statistics: give -s once.\n")
    return {"stats": True}


_NO_OPTION = unsupported('The lab knows the options -4, -6, -f, -s, -d, -o, -br, -j, -p, -n, -a and -V, not "{}".')
#: In the order in which iproute2 compares them. No colours: a Result is no terminal.
_OPTIONS = (
    ("-loops~", "", _NO_OPTION), ("-family~", "", Bare(_family)), ("-4", "family", "inet"), ("-6", "family", "inet6"),
    ("-0 -M -B", "", _NO_OPTION), ("-human~ -human-readable~ -iec~", "human", True), ("-stats~ -statistics~", "", Bare(_statistics)),
    ("-details~", "details", True), ("-resolve~", "", _NO_OPTION), ("-oneline~", "oneline", True),
    ("-timestamp~ -tshort~ -echo", "", None), ("-Version~", "version", True), ("-force~", "", None), ("-batch~", "", _NO_OPTION),
    ("-brief~", "brief", True), ("-json~", "json", True), ("-pretty~", "pretty", True), ("-rcvbuf~", "", _NO_OPTION),
    ("-c=never -color=never -c=auto -color=auto", "", None), ("-c=always -color=always -color~", "", _NO_OPTION),
    ("-help~", "help", True), ("-netns~", "ns", Bare(netns_name)), ("-Numeric~", "", _NO_OPTION), ("-all~", "all", True),
)  # fmt: skip


def read_options(rows: Iterable[tuple], words: Words, ctx: Context, version: str, help_line: str) -> tuple[Context, Options]:
    """The options in front, each with one dash or two; `--` ends them."""
    while words and words.rest()[0].startswith("-"):
        word = words.take()
        if word == "--":
            break
        word = word.removeprefix("-") if word.startswith("--") else word
        found = read_word(rows, word, words)
        if found is None:
            raise Failure(255, f'Option "{word}" is unknown, try "{help_line}".\n')
        if "version" in found:
            raise Failure(0, "", version)
        if "help" in found:
            raise Failure(255, usage(help_line.split()[0]))
        words.said |= found
    if not words:
        raise Failure(255, usage(help_line.split()[0]))
    said = words.said
    if "ns" in said:
        ctx = replace(ctx, ns=said.pop("ns"))
    return ctx, Options(**said)


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


@cache
def _commands(name: str) -> dict:
    return import_module(f".{_FILES.get(name, name)}", __package__).COMMANDS


def ip(ctx: Context, args: list[str]) -> Result:
    """Run one `ip` line; `args` are the words after `ip`."""
    words = Words(args, ctx)
    ctx, options = read_options(_OPTIONS, words, ctx, "ip utility, iproute2-6.1.0, libbpf 1.1.2\n", "ip -help")
    word = words.take()
    if options.human and options.stats:
        raise Failure(1, "The lab does not round its counters: leave -h and -iec away.\n")
    found = read_word(OBJECTS, word, words)
    if found is None:
        raise Failure(1, f'Object "{word}" is unknown, try "ip help".\n')
    if found["object"] is None:
        raise Failure(255, usage("ip"))
    commands = _commands(found["object"])
    names = table_names(ctx.lab, ctx.ns)
    with named_tables(names) if names else nullcontext():
        result = run(commands, f"ip {found['object']}", ctx, options, words.rest())
    return replace(result, stderr=names.complaint + result.stderr) if names and names.asked else result
