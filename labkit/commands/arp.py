"""arp(8) of net-tools 2.10: the neighbour table in its old clothes, from /proc/net/arp.

`arp -s` and `-d` speak ioctl(2): without `-i` the kernel looks for the interface by a route that
reaches the address directly (kernel: net/ipv4/arp.c arp_req_set, arp_req_delete).
"""

import errno
import re
from ipaddress import IPv4Address

from ..errors import KernelError, strerror
from ..lab import neighbors
from ..lab.interface import Interface
from ..lab.lookup import find_route
from ..tables.neighbor import VALID, Neighbor
from . import hosts
from .getopt import getopt
from .result import Context, Failure, Result
from .usage import usage, usage_in_two

_LONG = {
    "verbose": "v", "version": "V", "all": "a", "delete": "d", "file": "f", "numeric": "n", "set": "s",
    "protocol": "A:", "hw-type": "H:", "device": "i:", "help": "h", "use-device": "D", "symbolic": "N",
}  # fmt: skip
_TITLE = "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
_VERSION = """net-tools 2.10
+I18N +SELINUX
AF: (inet) +UNIX +INET +INET6 +IPX +AX25 +NETROM +X25 +ATALK +ECONET +ROSE -BLUETOOTH
HW: (ether) +ETHER +ARC +SLIP +PPP +TUNNEL -TR +AX25 +NETROM +X25 +FR +ROSE +ASH +SIT +FDDI +HIPPI +HDLC/LAPB +EUI64 
"""


def arp(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("arp", args, "A:H:adfp:nsei:t:vh?DNV", _LONG)
    given = dict(options)
    if "?" in given:
        raise Failure(3, given["?"] + usage("arp"))
    if "h" in given:
        return Result(0, *usage_in_two("arp"))
    if "V" in given:
        return Result(0, _VERSION)
    family, hardware = given.get("A") or given.get("p", "inet"), given.get("H") or given.get("t", "ether")
    if family != "inet":
        return Result(255, "", f"arp: {family}: unknown address family.\n")
    if hardware != "ether":
        return Result(255, "", f"arp: {hardware}: unknown hardware type.\n")
    action = next((letter for letter, _ in reversed(options) if letter in "adfs"), "a")
    if action == "f":
        return Result(255, "", f"arp: cannot open etherfile {words[0] if words else '/etc/ethers'} !\n")
    if action in "ds":
        return _write(ctx, action, words, given)
    return _show(ctx, words[0] if words else None, given, dict.fromkeys(("H", "t", "i")).keys() & given.keys())


def _show(ctx: Context, name: str | None, given: dict[str, str], narrowed) -> Result:
    wanted = _host(name) if name is not None else None
    entries = [n for n in neighbors.dump(ctx.lab, ctx.ns) if n.state != "NOARP"]
    shown = [n for n in entries if wanted in (None, n.address) and given.get("i", n.dev) == n.dev]
    called = (lambda address: None) if "n" in given else hosts.name_of
    bsd = "a" in given and "e" not in given
    out = "".join(_bsd_line(n, called(n.address)) if bsd else _line(n, called(n.address)) for n in shown)
    if shown and not bsd:
        out = _TITLE + out
    if "v" in given:
        out += f"Entries: {len(entries)}\tSkipped: {len(entries) - len(shown)}\tFound: {len(shown)}\n"
    if not shown:
        if wanted is not None and "a" not in given:
            out += f"{name} ({wanted}) -- no entry\n"
        elif wanted is not None or narrowed:
            out += f"arp: in {len(entries)} entries no match found.\n"
    return Result(0, out)


def _line(n: Neighbor, name: str | None) -> str:
    known = n.state in VALID and n.lladdr is not None
    flags = ("C" if known else "") + ("M" if n.state == "PERMANENT" else "")
    hardware = f"{'ether':<8}{n.lladdr:<20}" if known else f"{'':<8}{'(incomplete)':<20}"
    return f"{name or str(n.address):<23.23}  {hardware}{flags:<6}{'':<15} {n.dev}\n"


def _bsd_line(n: Neighbor, name: str | None) -> str:
    known = n.state in VALID and n.lladdr is not None
    hardware = f"{n.lladdr} [ether]" if known else "<incomplete>"
    return f"{name or '?'} ({n.address}) at {hardware} {'PERM ' if n.state == 'PERMANENT' else ''}on {n.dev}\n"


def _host(name: str) -> IPv4Address:
    found = IPv4Address(0) if name == "default" else hosts.address(name)
    if found is None:
        raise Failure(255, hosts.herror(name))
    return found


def _write(ctx: Context, action: str, words: list[str], given: dict[str, str]) -> Result:
    """`arp -s HOST HWADDR [temp] [dev IF]` and `arp -d HOST [dev IF]`."""
    if not words:
        raise Failure(255, "arp: need host name\n")
    address, rest = _host(words[0]), words[1:]
    lladdr = None
    if action == "s":
        if not rest:
            raise Failure(255, "arp: need hardware address\n")
        lladdr = _hardware(rest.pop(0), address)
    dev, permanent = given.get("i", ""), True
    while rest:
        match rest.pop(0):
            case "temp":
                permanent = False
            case "priv":
                pass
            case "pub":
                raise Failure(255, "The lab has no published entries: see the sysctl proxy_arp.\n")
            case "dev" if rest:
                dev = rest.pop(0)
            case _:
                raise Failure(3, usage("arp"))
    if action == "s":
        return _set(ctx, address, lladdr, dev, permanent)
    return _delete(ctx, address, dev)


def _hardware(word: str, address: IPv4Address) -> str:
    """Six numbers in hexadecimal; what is left away keeps the bytes of the socket address."""
    parts = [p for p in word.split(":")][:6]
    if not all(re.fullmatch(r"[0-9a-fA-F]{1,2}", p) for p in parts):
        raise Failure(255, "arp: invalid hardware address\n")
    given = bytes(int(p, 16) for p in parts)
    return (given + (bytes(2) + address.packed)[len(given) :]).hex(":")


def _set(ctx: Context, address: IPv4Address, lladdr: str, dev: str, permanent: bool) -> Result:
    try:
        interface = _interface(ctx, address, dev)
        if interface.kind in ("loopback", "tun"):  # no Ethernet
            raise KernelError(errno.EINVAL)
        neighbors.put(ctx.lab, ctx.ns, interface.name, address, lladdr, "PERMANENT" if permanent else "STALE", "replace")
    except KernelError as refusal:
        return Result(255, "", f"SIOCSARP: {strerror(refusal.code)}\n")
    return Result()


def _delete(ctx: Context, address: IPv4Address, dev: str) -> Result:
    try:
        neighbors.delete(ctx.lab, ctx.ns, _interface(ctx, address, dev).name, address)
    except KernelError as refusal:
        if refusal.code == errno.ENOENT:
            return Result(255, f"No ARP entry for {address}\n")
        return Result(255, "", f"SIOCDARP(dontpub): {strerror(refusal.code)}\n")
    return Result()


def _interface(ctx: Context, address: IPv4Address, dev: str) -> Interface:
    """The interface named, or the one by which the address is directly reached."""
    if dev:
        found = ctx.ns.find(dev)
        if found is None:
            raise KernelError(errno.ENODEV)
        return found
    decision = find_route(ctx.lab, ctx.ns, address, least_scope=253)
    if decision.errno:
        raise KernelError(decision.errno)
    return ctx.ns.loopback if decision.kind == "local" else ctx.ns.find(decision.dev)
