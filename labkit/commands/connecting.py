"""A TCP connection tried out, as connect(2) ends: what nc and curl have in common.

The lab's connections carry no data. One SYN stands for all its repetitions; after two minutes without an answer the
kernel gives up (net.ipv4.tcp_syn_retries 6, from 6.5 on 131 s).
"""

import errno
from ipaddress import IPv4Address
from typing import NamedTuple

from ..lab.lookup import output
from ..trace.probe import probe
from ..trace.trace import Reply
from .result import Context

GIVES_UP = 131.0

#: ICMP "destination unreachable" by code (kernel: net/ipv4/icmp.c icmp_err_convert).
_UNREACHABLE = {0: errno.ENETUNREACH, 1: errno.EHOSTUNREACH, 2: errno.ENOPROTOOPT, 3: errno.ECONNREFUSED, 13: errno.EHOSTUNREACH}


class Attempt(NamedTuple):
    """`errno` is 0 when the connection stands, EINPROGRESS when the time was too short; `seconds` it took."""

    errno: int
    seconds: float


def connect(ctx: Context, address: IPv4Address, port: int, wait: float) -> Attempt:
    """Try to connect for at most `wait` seconds."""
    code = refusal(ctx, address, errno.ENETUNREACH)
    if code:
        return Attempt(code, 0.0)
    replies = probe(ctx.lab, ctx.ns.name, address, proto="tcp", port=port, wait=min(wait, GIVES_UP)).replies
    for reply in replies:
        code = errno.ECONNREFUSED if reply.kind == "refused" else icmp_errno(reply)
        if code or reply.kind == "reply":
            return Attempt(code, reply.time)
    return Attempt(errno.EINPROGRESS, wait) if wait < GIVES_UP else Attempt(errno.ETIMEDOUT, GIVES_UP)


def refusal(ctx: Context, address: IPv4Address, broadcast: int) -> int:
    """Why nothing is sent at all, or 0; `broadcast` is what the protocol says to broadcast and multicast addresses."""
    decision = output(ctx.lab, ctx.ns, address)
    group = decision.kind in ("broadcast", "multicast") or int(address) == 0xFFFFFFFF
    return decision.errno or (broadcast if group else 0)


def icmp_errno(reply: Reply) -> int:
    """The errno of an ICMP error, 0 for none."""
    if reply.kind != "error":
        return reply.errno
    return errno.EHOSTUNREACH if reply.type == 11 else _UNREACHABLE.get(reply.code, 0)
