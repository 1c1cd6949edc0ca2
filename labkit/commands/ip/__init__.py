"""The `ip` command of iproute2 6.1: options in front, then an object, then what to do with it.

Objects and options may be shortened as iproute2 shortens them: the first in its own order that
begins with the word wins (`ip a`, `ip r`, `ip n`). What the kernel does is in the room `lab`.
"""

from dataclasses import replace
from importlib import import_module

from ...lab.files import table_names
from ...tables.names import named_tables
from ..grammar import Words, matches, unsigned, wrong
from ..result import Context, Failure, Result
from .netns import named_namespace
from .options import Options

USAGE = """\
Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |
                   link | macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |
                    -h[uman-readable] | -iec | -j[son] | -p[retty] |
                    -f[amily] { inet | inet6 | mpls | bridge | link } |
                    -4 | -6 | -M | -B | -0 |
                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |
                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |
                    -c[olor]}
"""

#: Every object of iproute2 6.1 in the order in which it compares them (ip/ip.c), and the file here
#: that knows it; None: the lab does not.
OBJECTS = (
    ("address", "addr"), ("addrlabel", None), ("maddress", None), ("route", "route"), ("rule", "rule"),
    ("neighbor", "neigh"), ("neighbour", "neigh"), ("ntable", None), ("ntbl", None), ("link", "link"),
    ("l2tp", None), ("fou", None), ("ila", None), ("macsec", None), ("tunnel", None), ("tunl", None),
    ("tuntap", "tuntap"), ("tap", "tuntap"), ("token", None), ("tcpmetrics", None), ("tcp_metrics", None),
    ("monitor", None), ("xfrm", None), ("mroute", None), ("mrule", None), ("netns", "netns"), ("netconf", None),
    ("vrf", None), ("sr", None), ("nexthop", None), ("mptcp", None), ("ioam", None), ("help", ""), ("stats", None),
)  # fmt: skip

_FAMILIES = ("inet", "inet6", "link", "mpls", "bridge")
_FAMILY_OPTIONS = {"-4": "inet", "-6": "inet6", "-0": "link", "-M": "mpls", "-B": "bridge"}

#: The other options in the order in which they are compared, and the field of `Options` that each
#: sets; "" is accepted and changes nothing here.
_SWITCHES = (
    ("-human", "human"), ("-human-readable", "human"), ("-iec", "iec"), ("-stats", "stats"), ("-statistics", "stats"),
    ("-details", "details"), ("-resolve", "resolve"), ("-oneline", "oneline"), ("-timestamp", ""), ("-tshort", ""),
    ("-Version", "version"), ("-force", ""), ("-batch", "batch"), ("-brief", "brief"), ("-json", "json"),
    ("-pretty", "pretty"), ("-rcvbuf", "rcvbuf"), ("-color", "color"), ("-help", "help"), ("-netns", "netns"),
    ("-Numeric", "numeric"), ("-all", "all"),
)  # fmt: skip


def ip(ctx: Context, args: list[str]) -> Result:
    """Run one `ip` line; `args` are the words after `ip`."""
    words = Words(args)
    options = Options()
    while words and words.rest()[0].startswith("-"):
        word = words.take()
        if word == "--":
            break
        word = word.removeprefix("-") if word.startswith("--") else word
        switch = _switch(word)
        if switch == "version":
            return Result(0, "ip utility, iproute2-6.1.0, libbpf 1.1.2\n")
        if switch == "netns":
            ctx = replace(ctx, ns=named_namespace(ctx, words.take() if words else "(null)"))
        elif switch in ("loops", "family", "batch", "rcvbuf"):
            options = _with_operand(options, switch, words)
        elif switch:
            options = replace(options, **({"family": switch} if word in _FAMILY_OPTIONS else _raised(options, switch)))
    if not words:
        raise Failure(255, USAGE)
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
                raise Failure(255, USAGE)
            return import_module(f".{module}", __package__).run(ctx, options, words.rest())
    raise Failure(1, f'Object "{word}" is unknown, try "ip help".\n')


def _switch(word: str) -> str:
    """The field of `Options` an option sets, or what else it asks for."""
    if word in _FAMILY_OPTIONS:
        return _FAMILY_OPTIONS[word]
    if word == "-echo":
        return ""
    word, when = _colored(word)
    for key, field in (("-loops", "loops"), ("-family", "family"), *_SWITCHES):
        if matches(word, key):
            if field == "help":
                raise Failure(255, USAGE)
            return "" if when in ("auto", "never") else field
    raise Failure(255, f'Option "{word}" is unknown, try "ip -help".\n')


def _colored(word: str) -> tuple[str, str]:
    """`-color=never` in its two parts; `auto` means no colours, since a Result is no terminal."""
    option, _, when = word.partition("=")
    return (option, when) if matches(option, "-color") and when in ("always", "auto", "never") else (word, "")


def _with_operand(options: Options, switch: str, words: Words) -> Options:
    """An option that takes a word; without one the whole usage is shown."""
    if not words:
        raise Failure(255, USAGE)
    word = words.take()
    if switch == "batch":
        raise Failure(1, f'Cannot open file "{word}" for reading: No such file or directory\n')
    if switch == "rcvbuf" and unsigned(word) is None:
        raise Failure(255, f"Invalid rcvbuf size '{word}'\n")
    if switch != "family":
        return options
    if word == "help":
        raise Failure(255, USAGE)
    if word not in _FAMILIES:
        raise wrong(word, "invalid protocol family")
    return replace(options, family=word)


def _raised(options: Options, switch: str) -> dict:
    return {switch: options.stats + 1 if switch == "stats" else True}
