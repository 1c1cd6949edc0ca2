"""conntrack(8) of conntrack-tools 1.4.7: -L, -D, -F, -C over a namespace's connections. Order and what is drawn by chance differ."""

from math import ceil

from ..lab.connections import Connection
from .hosts import numeric
from .result import Context, Failure, Result
from .rule_values import PROTOCOLS
from .words import is_digits

NAME = "conntrack v1.4.7 (conntrack-tools)"
_HINT = "Try `conntrack -h' or 'conntrack --help' for more information.\n"
_COMMANDS = {"-L": "-L", "--dump": "-L", "-D": "-D", "--delete": "-D", "-F": "-F", "--flush": "-F", "-C": "-C", "--count": "-C"}
_VALUED = {
    "-p": "proto", "--proto": "proto", "-s": "src", "--src": "src", "--orig-src": "src", "-d": "dst", "--dst": "dst", "--orig-dst": "dst",
    "-r": "reply_src", "--reply-src": "reply_src", "-q": "reply_dst", "--reply-dst": "reply_dst",
    "--sport": "sport", "--orig-port-src": "sport", "--dport": "dport", "--orig-port-dst": "dport",
    "--state": "state", "-o": "output", "--output": "output",
}  # fmt: skip
_FLAGS = {"-n": "snat", "--src-nat": "snat", "-g": "dnat", "--dst-nat": "dnat", "-j": "any", "--any-nat": "any"}


def conntrack(ctx: Context, args: list[str]) -> Result:
    command, said, rest = None, {}, [*args]
    while rest:
        word = rest.pop(0)
        if word in _COMMANDS:
            command = _COMMANDS[word]
            if rest and rest[0] == "conntrack":
                rest.pop(0)
        elif word in _VALUED:
            if not rest:
                raise Failure(2, f"conntrack: option requires an argument -- '{word.lstrip('-')}'\n{NAME}: Unknown argument\n{_HINT}")
            said[_VALUED[word]] = rest.pop(0)
            if _VALUED[word] == "proto" and said["proto"].lower() in PROTOCOLS:
                said["proto"] = said["proto"].lower()
        elif word in _FLAGS:
            said[_FLAGS[word]] = ""
        elif word in ("-E", "--event", "-I", "--create", "-U", "--update", "-G", "--get", "-S", "--stats"):
            raise Failure(2, f"The lab's conntrack knows -L, -D, -F and -C, not {word}.\n")
        else:
            what = "Unknown argument" if word.startswith("-") else "Bad parameter"
            raise Failure(2, f"{NAME}: {what}\n{_HINT}")
    if command is None:
        raise Failure(2, f"{NAME}: You need to supply an operation.\n{_HINT}")
    _check(said)
    netfilter, now = ctx.ns.netfilter, ctx.lab.now
    found = [one for one in (netfilter.connections.all(now) if netfilter is not None else ()) if _wanted(one, said)]
    if command == "-F":
        for one in found:
            netfilter.connections.remove(one)
        return Result(0, "", f"{NAME}: connection tracking table has been emptied.\n")
    if command == "-C":
        return Result(0, f"{len(found)}\n")
    extended = "extended" in said.get("output", "")
    out = "".join(("ipv4     2 " if extended else "") + shown(one, now) + "\n" for one in found)
    if command == "-D":
        for one in found:
            netfilter.connections.remove(one)
        return Result(0 if found else 1, out, f"{NAME}: {len(found)} flow entries have been deleted.\n")
    return Result(0, out, f"{NAME}: {len(found)} flow entries have been shown.\n")


def _check(said: dict[str, str]) -> None:
    known = said.get("proto", "tcp")
    if known not in (*PROTOCOLS, "icmpv6") and not (is_digits(known) and int(known) < 256):
        raise Failure(2, f"{NAME}: `{said['proto']}' unsupported protocol\n{_HINT}")
    for name in ("src", "dst", "reply_src", "reply_dst"):
        if name in said and numeric(said[name].partition("/")[0]) is None:
            raise Failure(2, f"{NAME}: Invalid network\n{_HINT}" if "/" in said[name] else f"{NAME}: Invalid IP address\n{_HINT}")


def _wanted(one: Connection, said: dict[str, str]) -> bool:
    original, reply = one.original, one.reply
    held = {
        "proto": original.proto, "src": str(original.src), "dst": str(original.dst),
        "reply_src": str(reply.src), "reply_dst": str(reply.dst),
        "sport": str(original.sport), "dport": str(original.dport), "state": one.state,
    }  # fmt: skip
    if any(said[name] != value for name, value in held.items() if name in said):
        return False
    snat, dnat = reply.dst != original.src, reply.src != original.dst
    if original.proto != "icmp":
        snat, dnat = snat or reply.dport != original.sport, dnat or reply.sport != original.dport
    return not ("snat" in said and not snat or "dnat" in said and not dnat or "any" in said and not (snat or dnat))


def shown(one: Connection, now: float) -> str:
    """An entry as -L prints it."""
    proto = one.original.proto
    state = f"{one.state} " if one.state else ""
    unreplied, assured = "" if one.replied else "[UNREPLIED] ", "[ASSURED] " if one.assured else ""
    left = max(ceil(one.expires - now - 1e-6) - 1, 0)
    ends = f"{_tuple(one.original)} {unreplied}{_tuple(one.reply)}"
    return f"{proto:<8} {PROTOCOLS[proto]} {left} {state}{ends} {assured}mark={one.mark} use=1"


def _tuple(what) -> str:
    ends = f"src={what.src} dst={what.dst}"
    if what.proto == "icmp":
        return f"{ends} type={what.dport} code=0 id={what.sport}"
    return f"{ends} sport={what.sport} dport={what.dport}"
