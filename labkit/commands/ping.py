"""ping(8) of iputils 20221126: send echo requests, say what came back.

Before the first packet ping connects a socket to learn its source address, and gives up with the
kernel's reason when that fails; with `-I ADDRESS` it does not ask. Without -c it is stopped after
three packets, as if by ^C.
"""

import errno
from ipaddress import IPv4Address

from ..lab.lookup import Decision, address_type, output
from ..trace.probe import Session, probe, stopped
from ..trace.send import path_mtu
from ..trace.trace import Reply
from . import hosts
from .ping_options import UNTIL_STOPPED, Options, read
from .ping_words import connect_words, exit_status, reply_lines, statistics
from .result import Context, Failure, Result

#: The largest payload: 65535 bytes less IP and ICMP header.
LARGEST = 65507
#: Above this the kernel refuses without a word (raw_sendmsg: longer than 65535 with the ICMP header).
UNSPEAKABLE = 65527


def ping(ctx: Context, args: list[str]) -> Result:
    options, words = read(args)
    name = words[-1]
    err = options.complaints
    target = hosts.address(name)
    if target is None:
        raise Failure(2, f"{err}ping: {name}: {hosts.gai_words(name)}\n")
    name = hosts.canonical(name)
    hops = [_hop(word, err) for word in words[:-1]]
    hop = hops[0] if hops else target
    source, warning = _source(ctx, options, hop)
    err += warning
    if len(words) > 1:  # all but the last are routers on the way: an IP option, for root alone
        raise Failure(2, err + "ping: record route: Operation not permitted\n")
    if int(target) == 0:
        target = source
    if options.source is not None:
        _check_bind(ctx, source)
    if options.ttl == 0:
        raise Failure(2, err + "ping: cannot set unicast time-to-live: Invalid argument\n")
    head = f"PING {name} ({target}) "
    if options.device or options.source:
        head += f"from {source} {options.device or ''}: "
    head += f"{options.size}({options.size + 28}) bytes of data.\n"
    return _run(ctx, options, name, target, head, err)


def _run(ctx: Context, options: Options, name: str, target: IPv4Address, head: str, err: str) -> Result:
    """Everything from the first packet on."""
    replies, sent, start = _send(ctx, options, target)
    many = options.broadcast or target.is_multicast or not int(target)
    who = str if options.numeric or hosts.numeric(name) is not None else hosts.shown
    lines, complaints = ("", "") if options.quiet else reply_lines(replies, options.size, None if many else target, who)
    closing = statistics(name, replies, sent, options.interval, options.size, start)
    return Result(exit_status(replies, options.count, options.deadline), head + lines + closing, err + complaints + stopped(ctx.lab))


def _hop(word: str, err: str) -> IPv4Address:
    """A router on the way. It is asked for as an IPv4 host, and then only an empty part makes a name impossible."""
    found = hosts.address(word)
    if found is None:
        hosts.refuse_ipv6(word)
        why = "Temporary failure in name resolution"
        if word != "." and not all(word.removesuffix(".").split(".")):
            why = "Name or service not known"
        raise Failure(2, f"{err}ping: {word}: {why}\n")
    return found


def _source(ctx: Context, options: Options, target: IPv4Address) -> tuple[IPv4Address, str]:
    """The source address, and what ping says about it on stderr."""
    device = ctx.ns.find(options.device) if options.device else None
    if options.device and device is None:
        raise Failure(2, f"{options.complaints}ping: SO_BINDTODEVICE {options.device}: No such device\n")
    if options.source is not None:
        return hosts.numeric(options.source) or IPv4Address(0), ""
    decision = output(ctx.lab, ctx.ns, target, oif=options.device, tos=options.tos)
    if int(target) == 0 and decision.src is not None:  # connect(2) looks up what 0.0.0.0 became, too
        decision = output(ctx.lab, ctx.ns, decision.src, oif=options.device, tos=options.tos)
    code = _connect(ctx, decision)
    warning = ""
    if code == errno.EACCES and options.broadcast:
        warning = "WARNING: pinging broadcast address\n"
        code = decision.errno
    if code:
        raise Failure(2, options.complaints + warning + connect_words(code, options.broadcast))
    source = decision.src or IPv4Address(0)
    if device is not None and not any(a.ip == source and a.label == device.name for a in device.addresses):
        warning += f"ping: Warning: source address might be selected on device other than: {options.device}\n"
    return source, warning


def _connect(ctx: Context, decision: Decision) -> int:
    """The errno of connect(2): the lookup's own, or EACCES for a broadcast address."""
    if decision.errno:
        return decision.errno
    broadcast = decision.kind == "broadcast" or int(decision.dst) == 0xFFFFFFFF
    return errno.EACCES if broadcast else 0


def _check_bind(ctx: Context, source: IPv4Address) -> None:
    """bind(2) takes only an address of this namespace (or a group's)."""
    if int(source) and address_type(ctx.lab, ctx.ns, source) not in ("local", "multicast", "broadcast"):
        raise Failure(2, "ping: bind: Cannot assign requested address\n")


def _send(ctx: Context, options: Options, target: IPv4Address) -> tuple[tuple[Reply, ...], int, float]:
    """The replies, how many packets were sent, and when the first was."""
    count, wait = options.count, options.wait
    if count is None and options.deadline is None:
        count, wait = UNTIL_STOPPED, options.interval
    if options.size > LARGEST:
        return _too_large(ctx, options, target, min(count or 1, ctx.lab.most_frames + 1))
    trace = probe(
        ctx.lab, ctx.ns.name, target, ttl=options.ttl, size=options.size, df=_df(options, target),
        src=options.source, dev=options.device, tos=options.tos & 255, count=count or 2**31,
        interval=options.interval, wait=wait, deadline=options.deadline,
    )  # fmt: skip
    return trace.replies, trace.sent, trace.start


def _df(options: Options, target: IPv4Address) -> str | None:
    """Broadcast and multicast pings are never fragmented, unless told otherwise."""
    if options.df is None and (options.broadcast or target.is_multicast):
        return "fixed"
    return options.df


def _too_large(ctx: Context, options: Options, target: IPv4Address, count: int) -> tuple[tuple[Reply, ...], int, float]:
    """No IP packet can be that long: our own kernel refuses every one."""
    session = Session(ctx.lab, ctx.ns)
    if options.size > UNSPEAKABLE:
        ctx.lab.moved += count
        ctx.lab.now += (count - 1) * options.interval + options.wait
        return (), count, session.start
    decision = output(ctx.lab, ctx.ns, target, oif=options.device)
    mtu = min(path_mtu(session.net, ctx.ns, decision), 65535)
    ctx.lab.now += count * options.interval
    refused = []
    while len(refused) < count and not ctx.lab.exhausted:
        ctx.lab.moved += 1
        refused.append(Reply(len(refused) + 1, "local", errno=errno.EMSGSIZE, mtu=mtu))
    return tuple(refused), len(refused), session.start
