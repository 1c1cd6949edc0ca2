"""ifconfig(8) of net-tools 2.10: show interfaces (as `netstat -i` does, too), or change one word by word.

Each label is shown on its own, with the first address that bears it: `eth0`, and `eth0:1` if an address
is labelled so. Of other addresses without a label of their own nothing is seen (lib/interface.c).

Each word is carried out before the next is read, so what stands before a mistake has happened. Any
word that is no keyword is taken for an address. It speaks ioctl(2): a new address starts with the netmask
of its class, and each change takes the address off and puts it back, so routes through the interface are
lost with its last one (kernel: net/ipv4/devinet.c devinet_ioctl). The exit status is 1 after a call that
failed, and 255 after a flag that did.
"""

import errno
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from ..errors import KernelError, strerror
from ..lab import addresses, carrier, links
from ..lab.interface import Address, Interface
from . import hosts
from .result import Context, Failure, Result
from .usage import usage, usage_in_two
from .words import atoi, whole

#: IFNAMSIZ less its closing zero: a longer name is cut off.
_LONGEST = 15
_KNOWS = "The lab's ifconfig understands -a, -s, up, down, an address with its length or netmask, and mtu; ip does the rest.\n"
_LEFT_OUT = frozenset(
    "add del tunnel dstaddr pointopoint pointtopoint mem_start io_addr irq media port dynamic keepalive outfill inet6 unix ax25 netrom "
    "rose ipx ddp ec ash x25 broadcast hw txqueuelen name arp promisc allmulti multicast trailers".split()
)
#: The kernel's numbers for the flags, in ifconfig's order, and its letter in short listings.
_FLAGS = {
    "UP": (0x1, "U"), "BROADCAST": (0x2, "B"), "LOOPBACK": (0x8, "L"), "POINTOPOINT": (0x10, "p"),
    "RUNNING": (0x40, "R"), "NOARP": (0x80, "O"), "PROMISC": (0x100, "P"), "ALLMULTI": (0x200, "A"),
    "MULTICAST": (0x1000, "M"),
}  # fmt: skip
_LETTERS = "ABLMPOpRU"
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


def ifconfig(ctx: Context, args: list[str]) -> Result:
    everything = short = False
    while args and args[0].startswith("-"):
        match args.pop(0):
            case "-a":
                everything = True
            case "-s":
                short = True
            case "-h" | "-?" | "-help" | "--help":
                return Result(0, *usage_in_two("ifconfig"))
            case "-v" | "-V" | "-version" | "--version":
                raise Failure(1, _KNOWS)
            case word:
                complaint = f"ifconfig: option `{word}' not recognised.\n"
                return Result(1, "", complaint + "ifconfig: `--help' gives usage information.\n")
    if len(args) < 2:
        return _show(ctx, args[0][:_LONGEST] if args else None, everything, short)
    name, words = args[0][:_LONGEST], args[1:]
    if ":" in name or any(word.removeprefix("-") in _LEFT_OUT for word in words):
        raise Failure(1, _KNOWS)
    change = _Change(ctx, name)
    change.carry_out(words)
    return Result(change.status % 256, "", change.err)


def _show(ctx: Context, label: str | None, everything: bool, short: bool) -> Result:
    # the headings stand six columns too far left, netstat's fit
    title, lines = (short_title(9), short_line) if short else ("", _long_lines)
    if label is None:
        return Result(0, title + "".join(lines(ctx, name, interface) for name, interface in shown(ctx, everything)))
    interface = ctx.ns.find(label.partition(":")[0])
    if interface is None:
        return Result(1, title, f"{label}: error fetching interface information: Device not found\n")
    return Result(0, title + lines(ctx, label, interface))


def shown(ctx: Context, everything: bool) -> list[tuple[str, Interface]]:
    """(label, interface) pairs in ifconfig's order; those that are down only when asked for."""
    found = {}
    for interface in ctx.ns.interfaces.values():
        if interface.up or everything:
            for label in [interface.name, *(a.label for a in interface.addresses)]:
                found[label] = interface
    return sorted(found.items(), key=lambda item: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", item[0])])


def _flags(ctx: Context, interface: Interface) -> set[str]:
    """The flags as ioctl(2) tells them: RUNNING is up and operational."""
    words = set(carrier.flags(ctx.lab, interface)) & _FLAGS.keys()
    return words | {"RUNNING"} if interface.up and interface.operstate in ("UP", "UNKNOWN") else words


def labelled(interface: Interface, label: str) -> Address | None:
    return next((a for a in interface.addresses if a.label == label), None)


def _long_lines(ctx: Context, label: str, interface: Interface) -> str:
    """One paragraph."""
    present = _flags(ctx, interface)
    number = sum(_FLAGS[flag][0] for flag in present)
    names = ",".join(flag for flag in _FLAGS if flag in present)
    lines = [f"{label}: flags={number}<{names}>  mtu {interface.mtu}"]
    address = labelled(interface, label)
    if address is not None:
        lines.append(_inet(address, present))
    name, title = {
        "loopback": ("loop", "Local Loopback"),
        "tun": ("unspec " + "-".join(["00"] * 16), "UNSPEC"),
    }.get(interface.kind, (f"ether {interface.mac}", "Ethernet"))
    lines.append(f"{name}  txqueuelen {interface.txqlen}  ({title})")
    if ":" not in label:
        n = {key: interface.counters.get(key, 0) for key in _COUNTED}
        lines += [
            f"RX packets {n['rx_packets']}  bytes {_bytes(n['rx_bytes'])}",
            f"RX errors {n['rx_errors']}  dropped {n['rx_dropped']}  overruns 0  frame 0",
            f"TX packets {n['tx_packets']}  bytes {_bytes(n['tx_bytes'])}",
            f"TX errors {n['tx_errors']}  dropped {n['tx_dropped']} overruns 0  carrier {n['tx_carrier_errors']}  "
            f"collisions {n['tx_collisions']}",
        ]
    return "\n        ".join(lines) + "\n\n"


_COUNTED = (
    *(f"{way}_{what}" for way in ("rx", "tx") for what in ("packets", "bytes", "errors", "dropped")), "tx_carrier_errors", "tx_collisions",
)  # fmt: skip


def _inet(address: Address, present: set[str]) -> str:
    mask = IPv4Address(~(0xFFFFFFFF >> address.prefixlen) & 0xFFFFFFFF)
    text = f"inet {address.ip}  netmask {mask}"
    if "BROADCAST" in present:
        text += f"  broadcast {address.broadcast or '0.0.0.0'}"
    if "POINTOPOINT" in present:
        text += f"  destination {address.peer.network_address if address.peer else address.ip}"
    return text


def _bytes(number: int) -> str:
    """For example `2721 (2.6 KiB)`: one digit, cut off and not rounded."""
    tenths, unit = number * 10, "B"
    for power, name in enumerate(_UNITS, 1):
        if number > 1024**power:
            tenths, unit = number * 10 // 1024**power, name
    return f"{number} ({tenths // 10}.{tenths % 10} {unit})"


def short_title(width: int) -> str:
    return f"{'Iface':<{width}}  MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"


def short_line(ctx: Context, label: str, interface: Interface) -> str:
    present = {_FLAGS[flag][1] for flag in _flags(ctx, interface)}
    if ":" in label:
        numbers = f"{'     - no statistics available -':<56}"
    else:
        n = {key: interface.counters.get(key, 0) for key in _COUNTED}
        numbers = f"{n['rx_packets']:>8} {n['rx_errors']:>6} {n['rx_dropped']:>6} {0:<6} "
        numbers += f"{n['tx_packets']:>8} {n['tx_errors']:>6} {n['tx_dropped']:>6} {0:>6} "
    return f"{label:<15} {interface.mtu:>5} {numbers}{''.join(c for c in _LETTERS if c in present)}\n"


class _Change:
    """The words behind an interface's name, carried out one after the other."""

    def __init__(self, ctx: Context, name: str):
        self.ctx, self.name = ctx, name
        self.status, self.err = 0, ""
        self.mask: IPv4Address | None = None  # from ADDRESS/LENGTH, set at the end
        self.masked = False

    def carry_out(self, words: list[str]) -> None:
        words = words[words[0] == "inet" :]
        while words:
            word = words.pop(0)
            if word in ("mtu", "netmask") and not words:
                self.give_up(3, usage("ifconfig"))
            match word:
                case "up" | "down":
                    self.set_up(word == "up")
                case "mtu":
                    mtu = atoi(words.pop(0))
                    self.call("SIOCSIFMTU", lambda mtu=mtu: links.set_mtu(self.ctx.lab, self.ctx.ns, self.device(), mtu))
                case "netmask":
                    self.netmask(words.pop(0))
                case _:
                    self.address(word)
        if self.mask is not None:
            self.set_netmask(self.mask)

    def device(self) -> Interface:
        interface = self.ctx.ns.find(self.name)
        if interface is None:
            raise KernelError(errno.ENODEV)
        return interface

    def call(self, name: str, change: Callable[[], None]) -> bool:
        """One ioctl; a refusal is printed, and the next word follows."""
        try:
            change()
        except KernelError as refusal:
            self.err += f"{name}: {strerror(refusal.code)}\n"
            self.status = 1
            return False
        return True

    def give_up(self, status: int, words: str) -> None:
        """Stop at once; what was done stays done."""
        raise Failure(status, self.err + words)

    def set_up(self, up: bool) -> None:
        """Read the flags, write them back changed."""
        if self.ctx.ns.find(self.name) is None:
            self.err += f"{self.name}: ERROR while getting interface flags: No such device\n"
            self.status = -1
        elif not self.call("SIOCSIFFLAGS", lambda: links.set_up(self.ctx.lab, self.ctx.ns, self.device(), up)):
            self.status = -1

    def address(self, word: str) -> None:
        host, slash, length = word.partition("/")
        if slash:
            if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]*", length) or self.masked:
                self.give_up(3, usage("ifconfig"))
            self.mask = IPv4Address(prefix_mask(whole(length or "0", base=0) or 0))
        found = _resolve(host)
        if found is None:
            self.give_up(1, hosts.herror(host) + "ifconfig: `--help' gives usage information.\n")
        self.call("SIOCSIFADDR", lambda: _set_address(self.ctx, self.device(), found))
        self.set_up(True)

    def netmask(self, word: str) -> None:
        """A name without an address is counted, and the next word follows."""
        if self.masked:
            self.give_up(3, usage("ifconfig"))
        found = _resolve(word)
        if found is None:
            self.err += hosts.herror(word)
            self.status = 1
        else:
            self.masked = True
            self.set_netmask(found)

    def set_netmask(self, mask: IPv4Address) -> None:
        before = self.status
        self.call("SIOCSIFNETMASK", lambda: _set_netmask(self.ctx, self.device(), mask))
        self.status |= before


def _resolve(word: str) -> IPv4Address | None:
    return IPv4Address(0) if word == "default" else hosts.address(word)


def prefix_mask(length: int) -> int:
    """net-tools shifts 32 ones by the length, as the processor does: by its last five bits.

    So /32 gives no mask at all, and /33 the mask of /1 (lib/inet.c INET_getnetmask).
    """
    return ~(0xFFFFFFFF >> (length & 31)) & 0xFFFFFFFF


def _set_address(ctx: Context, interface: Interface, ip: IPv4Address) -> None:
    """SIOCSIFADDR. 0.0.0.0 takes the address away."""
    length = _class_length(ip)
    old = labelled(interface, interface.name)
    if old is not None:
        if old.ip == ip:
            return
        addresses.delete(ctx.lab, ctx.ns, interface, old)
    if int(ip) == 0:
        return
    broadcast = None
    if interface.kind == "tun":
        length = 32
    elif interface.kind != "loopback" and length < 31:
        broadcast = IPv4Address(int(ip) | (0xFFFFFFFF >> length))
    scope = "host" if ip.is_loopback else "global"
    addresses.add(ctx.lab, ctx.ns, interface, Address(IPv4Interface((ip, length)), interface.name, scope, broadcast))


def _class_length(ip: IPv4Address) -> int:
    """The prefix length of the address's class, A to C; a group's address has none."""
    first = int(ip) >> 24
    if int(ip) in (0, 0xFFFFFFFF):
        return 0
    if 224 <= first < 240:
        raise KernelError(errno.EINVAL)
    return 8 if first < 128 else 16 if first < 192 else 24 if first < 224 else 32


def _set_netmask(ctx: Context, interface: Interface, mask: IPv4Address) -> None:
    """SIOCSIFNETMASK. The broadcast address follows if it was the old mask's."""
    old = labelled(interface, interface.name)
    hole = ~int(mask) & 0xFFFFFFFF
    if old is None or hole & (hole + 1):
        raise KernelError(errno.EADDRNOTAVAIL if old is None else errno.EINVAL)
    length, broadcast = int(mask).bit_count(), old.broadcast
    if length == old.interface.network.prefixlen:
        return
    usual = int(old.ip) | int(old.interface.hostmask)
    if interface.kind not in ("tun", "loopback") and length < 31 and broadcast is not None and int(broadcast) == usual:
        broadcast = IPv4Address(int(old.ip) | hole)
    addresses.delete(ctx.lab, ctx.ns, interface, old)
    addresses.add(ctx.lab, ctx.ns, interface, replace(old, interface=IPv4Interface((old.ip, length)), broadcast=broadcast))
