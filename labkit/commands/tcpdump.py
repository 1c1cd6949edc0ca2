"""tcpdump(8) 4.99, looking back: what the last probe showed at an interface.

A real tcpdump runs while the packets pass; the lab's is called afterwards, and shows what it would
have shown during the last ping, traceroute or trace. Times are the lab's clock. On lo every packet is
shown once, as there. Ports and TCP's numbers that a real host picks by chance are the lab's fixed ones.
"""

from collections.abc import Callable

from ..lab.interface import Interface
from ..lab.packet import IP_HEADER, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Arp, Icmp, Packet, Tcp, Udp
from ..trace.trace import Step
from . import hosts
from .result import Context, Failure, Result
from .usage import usage
from .words import given as read_options
from .words import is_digits, whole

_BEYOND = "AbB:C:dDE:fF:G:HIJj:LM:NOQ:r:ST:uvV:w:W:xXy:z:#"
_LINK = {"tun": "RAW (Raw IP)"}


def tcpdump(ctx: Context, args: list[str]) -> Result:
    long = {"count": "#", "immediate-mode": "l", "interface": "i:"}
    given, words = read_options("tcpdump", args, "c:ehi:Klnpqs:tUZ:", long, beyond=_BEYOND, hint=usage("tcpdump"))
    if "h" in given:
        return Result(0, usage("tcpdump"))
    count = whole(given["c"]) if "c" in given else None
    if "c" in given and not 0 < (count or 0) < 2**31:
        raise Failure(1, f"tcpdump: invalid packet count {given['c']}\n")
    interface, wanted = _interface(ctx, given.get("i")), _filter(words)
    steps = [s for s in _seen(ctx, interface) if wanted(s.packet)]
    shown = steps[:count] if count else steps
    everywhere = interface is None
    out = "".join(_line(ctx, s, "e" in given and not everywhere, "t" not in given, everywhere) for s in shown)
    if len(shown) < (count or len(shown) + 1):
        out += "\n"  # what stopping it by ^C leaves
    return Result(0, out, _about(interface, len(shown), len(steps)))


def _interface(ctx: Context, name: str | None) -> Interface | None:
    """The interface to look at; None is "any". Without -i the first that is up."""
    if name == "any":
        return None
    if name is None:
        name = next((i.name for i in ctx.ns.by_index() if i.up and i.kind != "loopback"), ctx.ns.loopback.name)
    found = ctx.ns.find(name)
    if found is None:
        raise Failure(1, f"tcpdump: {name}: No such device exists\n(No such device exists)\n")
    if not found.up:
        raise Failure(1, f"tcpdump: {name}: That device is not up\n")
    return found


def _seen(ctx: Context, interface: Interface | None) -> list[Step]:
    """Sightings of the last probe here; what leaves by lo comes in there, and is shown once."""
    here = [s for s in ctx.lab.sightings if s.namespace == ctx.ns.name and (interface is None or s.interface == interface.name)]
    return [s for s in here if not (s.interface == ctx.ns.loopback.name and s.kind == "out")]


def _line(ctx: Context, step: Step, link: bool, timed: bool, everywhere: bool) -> str:
    seconds = round(step.time * 1_000_000)
    hours, rest = divmod(seconds // 1_000_000, 3600)
    text = f"{hours:02}:{rest // 60:02}:{rest % 60:02}.{seconds % 1_000_000:06} " if timed else ""
    if everywhere:
        eth = step.packet.eth
        flooded = eth is not None and int(eth.dst[:2], 16) & 1
        way = "Out" if step.kind == "out" else ("B" if flooded else "In")
        text += f"{step.interface:<5} {way:<3} "
    return f"{text}{_packet_line(step.packet, link)}\n"


def _about(interface: Interface | None, shown: int, passed: int) -> str:
    """What tcpdump tells on stderr, first and last."""
    name = interface.name if interface is not None else "any"
    kind = _LINK.get(interface.kind, "EN10MB (Ethernet)") if interface is not None else "LINUX_SLL2 (Linux cooked v2)"
    first = "" if interface is not None else "tcpdump: data link type LINUX_SLL2\n"
    return (
        f"{first}tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
        f"listening on {name}, link-type {kind}, snapshot length 262144 bytes\n"
        f"{shown} packet{'' if shown == 1 else 's'} captured\n"
        f"{passed} packet{'' if passed == 1 else 's'} received by filter\n0 packets dropped by kernel\n"
    )


def _filter(words: list[str]) -> Callable[[Packet], bool]:
    """A filter expression: `icmp`, `arp`, `udp`, `tcp`, `ip`, `[src|dst] host A`, `[udp|tcp] [src|dst] port N`, with and, or, not."""
    words = " ".join(words).replace("&&", "and").replace("||", "or").replace("!", "not ").split()
    if not words:
        return lambda packet: True
    for joint, how in (("or", any), ("and", all)):
        if joint in words:
            at = words.index(joint)
            parts = [_filter(words[:at]), _filter(words[at + 1 :])]
            if not words[:at] or not words[at + 1 :]:
                break
            return lambda packet, how=how, parts=parts: how(part(packet) for part in parts)
    match words:
        case ["not", *rest] if rest:
            inner = _filter(rest)
            return lambda packet: not inner(packet)
        case ["arp" | "icmp" | "udp" | "tcp" as proto]:
            return lambda packet: packet.proto == proto
        case ["udp" | "tcp" as proto, *rest] if "port" in rest:
            inner = _filter(rest)
            return lambda packet: packet.proto == proto and inner(packet)
        case ["ip"]:
            return lambda packet: packet.ip is not None
        case [("src" | "dst") as end, "port", number] if is_digits(number):
            return lambda packet: (packet.sport if end == "src" else packet.dport) == whole(number)
        case ["port", number] if is_digits(number):
            return lambda packet: whole(number) in (packet.sport, packet.dport)
        case [("src" | "dst") as end, *host] if _host(host) is not None:
            return lambda packet: (packet.src if end == "src" else packet.dst) == _host(host)
        case _ if _host(words) is not None:
            return lambda packet: _host(words) in (packet.src, packet.dst)
    for word in words:
        hosts.refuse_ipv6(word)
        if word in _FILTERS:
            raise Failure(1, f"The lab's tcpdump filters know {_FILTERED}, not {word}.\n")
    raise Failure(1, "tcpdump: can't parse filter expression: syntax error\n")


#: What the lab understands of pcap-filter(7), and more words of it.
_FILTERED = "ip, arp, icmp, udp, tcp, [src|dst] host, [udp|tcp] [src|dst] port, and, or, not"
_FILTERS = frozenset(
    "ip6 icmp6 rarp ether net mask portrange gateway broadcast multicast inbound outbound vlan mpls proto less greater len "
    "igmp esp ah sctp pim vrrp stp type subtype geneve".split()
)


def _host(words: list[str]):
    """The address of `[host] A`, or None."""
    words = words[words[:1] == ["host"] :]
    return hosts.address(words[0]) if len(words) == 1 else None


#: UDP ports whose payload tcpdump takes for a tunnel. 8472 is Linux's for vxlan, and OTV's by IANA.
_TUNNELS = {
    4789: "VXLAN, flags [I] (0x08), vni {0}",
    8472: "OTV, flags [I] (0x08), overlay 0, instance {0}",
}
_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}
_TCP_OPTIONS = "options [mss 1460,sackOK,TS val 1 ecr {0},nop,wscale 7]"


def _packet_line(packet: Packet, link: bool) -> str:
    """What stands behind the time; `link` shows the link header (-e)."""
    if link and packet.eth is not None:
        kind = "ARP (0x0806)" if packet.arp else "IPv4 (0x0800)"
        frame = f"{packet.eth.src} > {packet.eth.dst}, ethertype {kind}, length {packet.frame_length}: "
        return frame + _what(packet) + _inside(packet, link)
    name = "ip: " if link else "ARP, " if packet.arp else "IP "
    return name + _what(packet) + _inside(packet, link)


def _what(packet: Packet) -> str:
    if packet.arp:
        return _arp(packet.arp)
    ends = f"{_end(packet.src, packet.sport)} > {_end(packet.dst, packet.dport)}"
    if packet.ip.offset:
        return f"{packet.src} > {packet.dst}: ip-proto-{_NUMBERS[packet.proto]}"
    match packet.transport:
        case Icmp() as icmp:
            return f"{ends}: ICMP {_icmp(icmp)}, length {packet.length - IP_HEADER}"
        case Udp(dport=dport) if packet.vni is not None and dport in _TUNNELS:
            return f"{ends}: {_TUNNELS[dport].format(packet.vni)}"
        case Udp():
            return f"{ends}: UDP, length {packet.length - IP_HEADER - 8}"
        case Tcp(flags=flags):
            return f"{ends}: {_tcp(flags)}"


def _inside(packet: Packet, link: bool) -> str:
    """The packet that a vxlan packet carries, on a line of its own."""
    if packet.inner is None or packet.vni is None or packet.dport not in _TUNNELS:
        return ""
    return "\n" + _packet_line(packet.inner, link)


def _end(address, port: int | None) -> str:
    return f"{address}.{port}" if port is not None else str(address)


def _arp(arp: Arp) -> str:
    if arp.op == "request":
        return f"Request who-has {arp.target_ip} tell {arp.sender_ip}, length 28"
    return f"Reply {arp.sender_ip} is-at {arp.sender_mac}, length 28"


#: Type and code of an ICMP error -> what it says (`i`) of the packet it quotes (`q`).
_ERRORS = {
    (TIME_EXCEEDED, 0): "time exceeded in-transit", (TIME_EXCEEDED, 1): "ip reassembly time exceeded",
    (REDIRECT, 0): "redirect {q.dst} to net {i.gateway}", (REDIRECT, 1): "redirect {q.dst} to host {i.gateway}",
    (UNREACHABLE, 0): "net {q.dst} unreachable", (UNREACHABLE, 1): "host {q.dst} unreachable",
    (UNREACHABLE, 2): "{q.dst} protocol 1 unreachable", (UNREACHABLE, 3): "{q.dst} {q.proto} port {q.dport} unreachable",
    (UNREACHABLE, 4): "{q.dst} unreachable - need to frag (mtu {i.mtu})",
    (UNREACHABLE, 13): "host {q.dst} unreachable - admin prohibited filter",
}  # fmt: skip


def _icmp(icmp: Icmp) -> str:
    if icmp.type in (0, 8):
        return f"echo {'reply' if icmp.type == 0 else 'request'}, id {icmp.id}, seq {icmp.seq}"
    other = "{q.dst} unreachable - #{i.code}" if icmp.type == UNREACHABLE else "type-#{i.type}"
    return _ERRORS.get((icmp.type, icmp.code), other).format(q=icmp.quoted, i=icmp)


def _tcp(flags: str) -> str:
    if "R" in flags:
        return f"Flags [{flags}], seq 0, ack 1, win 0, length 0"
    if flags == "S":
        return f"Flags [S], seq 0, win 64240, {_TCP_OPTIONS.format(0)}, length 0"
    return f"Flags [{flags}], seq 0, ack 1, win 65160, {_TCP_OPTIONS.format(1)}, length 0"
