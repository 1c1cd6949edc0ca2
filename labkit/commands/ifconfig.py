"""ifconfig(8) of net-tools 2.10: show interfaces, or change one word by word.

Each word is carried out before the next is read, so what stands before a mistake has happened. Any
word that is no keyword is taken for an address. The exit status is 1 after a call that failed, and
255 after a flag that did, as the C code mixes the two: some failures are added, others overwrite.
"""

import errno
import re
from ipaddress import IPv4Address

from ..errors import KernelError, strerror
from ..lab import ioctl, links
from . import hosts
from .ifconfig_show import long_lines, short_line, short_title, show_all, shown
from .result import Context, Failure, Result
from .route import prefix_mask
from .usage import usage, usage_in_two
from .words import atoi, whole

#: IFNAMSIZ less its closing zero: a longer name is cut off.
_LONGEST = 15
_KNOWN = "up down mtu netmask broadcast hw ether txqueuelen name arp promisc allmulti multicast"
_NOT_KNOWN = frozenset({
    "add", "del", "tunnel", "dstaddr", "pointopoint", "pointtopoint", "-pointopoint", "-pointtopoint", "mem_start",
    "io_addr", "irq", "media", "port", "dynamic", "-dynamic", "keepalive", "outfill", "inet6", "unix", "ax25",
    "netrom", "rose", "ipx", "ddp", "ec", "ash", "x25",
})  # fmt: skip
#: A flag's word -> (attribute of an interface, value when the word stands there without a dash).
_FLAGS = {
    "arp": ("arp", True), "promisc": ("promisc", True), "allmulti": ("allmulticast", True),
    "multicast": ("multicast", True),
}  # fmt: skip


def ifconfig(ctx: Context, args: list[str]) -> Result:
    everything = short = verbose = False
    while args and args[0].startswith("-"):
        match args.pop(0):
            case "-a":
                everything = True
            case "-s":
                short = True
            case "-v":
                verbose = True
            case "-V" | "-version" | "--version":
                return Result(0, "net-tools 2.10\n")
            case "-h" | "-?" | "-help" | "--help":
                return Result(0, *usage_in_two("ifconfig"))
            case word:
                complaint = f"ifconfig: option `{word}' not recognised.\n"
                return Result(1, "", complaint + "ifconfig: `--help' gives usage information.\n")
    if len(args) < 2:
        return _show(ctx, args[0][:_LONGEST] if args else None, everything, short)
    change = _Change(ctx, args[0][:_LONGEST])
    change.carry_out(args[1:])
    if verbose and change.status:
        change.err += f"WARNING: at least one error occured. ({change.status})\n"
    return Result(change.status % 256, "", change.err)


def _show(ctx: Context, label: str | None, everything: bool, short: bool) -> Result:
    title = short_title(9) if short else ""
    if label is None:
        if not short:
            return Result(0, show_all(ctx, everything))
        rows = "".join(short_line(ctx, name, interface) for name, interface in shown(ctx, everything))
        return Result(0, title + rows)
    interface = ctx.ns.find(label.partition(":")[0])
    if interface is None:
        return Result(1, title, f"{label}: error fetching interface information: Device not found\n")
    return Result(0, title + (short_line if short else long_lines)(ctx, label, interface))


class _Change:
    """The words behind an interface's name, carried out one after the other."""

    def __init__(self, ctx: Context, label: str):
        self.ctx, self.label = ctx, label
        self.status, self.err = 0, ""
        self.mask: IPv4Address | None = None  # from ADDRESS/LENGTH, set at the end
        self.masked = False

    def call(self, name: str, change, hint: str = "") -> bool:
        """One ioctl; a refusal is printed, and the next word follows."""
        try:
            change()
        except KernelError as refusal:
            self.err += f"{name}: {strerror(refusal.code)}{hint if refusal.code == errno.EBUSY else ''}\n"
            self.status = 1
            return False
        return True

    def give_up(self, status: int, words: str) -> None:
        """Stop at once; what was done stays done."""
        raise Failure(status, self.err + words)

    def show_usage(self) -> None:
        self.give_up(3, usage("ifconfig"))

    def carry_out(self, words: list[str]) -> None:
        words = words[words[0] == "inet" :]
        while words:
            word = words.pop(0)
            if word in ("mtu", "netmask", "hw", "txqueuelen", "name") and not words:
                self.show_usage()
            match word:
                case "up" | "down":
                    self.flag(lambda w=word: ioctl.set_up(self.ctx.lab, self.ctx.ns, self.label, w == "up"))
                case "mtu":
                    self.mtu(words.pop(0))
                case "netmask":
                    self.netmask(words.pop(0))
                case "broadcast":
                    self.broadcast(words.pop(0) if words else None)
                case "-broadcast":
                    self.flag(lambda: None)
                    if self.interface() is not None and self.interface().kind not in ("tun", "loopback"):
                        self.err += f"Warning: Interface {self.label} still in BROADCAST mode.\n"
                case "hw":
                    self.hardware(words)
                case "txqueuelen":
                    self.queue(words.pop(0))
                case "name":
                    self.rename(words.pop(0)[:_LONGEST])
                case "trailers" | "-trailers":
                    self.flag(lambda: None)
                case _ if word.removeprefix("-") in _FLAGS:
                    self.flag(lambda w=word: self.switch(w))
                case _ if word in _NOT_KNOWN:
                    self.give_up(1, f"The lab's ifconfig does not know {word!r}; it understands {_KNOWN}.\n")
                case _:
                    self.address(word)
        if self.mask is not None:
            self.set_netmask(self.mask)

    def interface(self):
        return self.ctx.ns.find(self.label.partition(":")[0])

    def flag(self, change) -> None:
        """Read the flags, write them back changed."""
        if self.interface() is None:
            self.err += f"{self.label}: ERROR while getting interface flags: No such device\n"
            self.status = -1
        elif not self.call("SIOCSIFFLAGS", change):
            self.status = -1

    def switch(self, word: str) -> None:
        attribute, value = _FLAGS[word.removeprefix("-")]
        interface, on = ioctl.device(self.ctx.ns, self.label), value != word.startswith("-")
        if attribute == "arp":
            links.set_arp(self.ctx.ns, interface, on)
        else:
            setattr(interface, attribute, on)

    def resolve(self, word: str) -> IPv4Address | None:
        return IPv4Address(0) if word == "default" else hosts.address(word)

    def resolved(self, word: str) -> IPv4Address | None:
        """An address behind a keyword; a name without one is counted, and the next word follows."""
        found = self.resolve(word)
        if found is None:
            self.err += hosts.herror(word)
            self.status = 1
        return found

    def address(self, word: str) -> None:
        host, slash, length = word.partition("/")
        if slash:
            if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]*", length) or self.masked:
                self.show_usage()
            self.mask = IPv4Address(prefix_mask(whole(length or "0", base=0) or 0))
        found = self.resolve(host)
        if found is None:
            self.give_up(1, hosts.herror(host) + "ifconfig: `--help' gives usage information.\n")
        lab, ns = self.ctx.lab, self.ctx.ns
        self.call("SIOCSIFADDR", lambda: ioctl.set_address(lab, ns, self.label, found))
        if ":" not in self.label or int(found):
            self.flag(lambda: ioctl.set_up(lab, ns, self.label, True))

    def netmask(self, word: str) -> None:
        if self.masked:
            self.show_usage()
        found = self.resolved(word)
        if found is not None:
            self.masked = True
            self.set_netmask(found)

    def set_netmask(self, mask: IPv4Address) -> None:
        before = self.status
        self.call("SIOCSIFNETMASK", lambda: ioctl.set_netmask(self.ctx.lab, self.ctx.ns, self.label, mask))
        self.status |= before

    def broadcast(self, word: str | None) -> None:
        found = self.resolved(word) if word is not None else None
        if word is not None and found is None:
            return
        if found is not None:
            self.call("SIOCSIFBRDADDR", lambda: ioctl.set_broadcast(self.ctx.lab, self.ctx.ns, self.label, found))
        self.flag(lambda: None)

    def mtu(self, word: str) -> None:
        lab, ns = self.ctx.lab, self.ctx.ns
        self.call("SIOCSIFMTU", lambda: links.set_mtu(lab, ns, ioctl.device(ns, self.label), atoi(word)))

    def queue(self, word: str) -> None:
        self.call("SIOCSIFTXQLEN", lambda: ioctl.set_queue(self.ctx.ns, self.label, atoi(word, base=0)))

    def rename(self, new: str) -> None:
        lab, ns = self.ctx.lab, self.ctx.ns
        self.call("SIOCSIFNAME", lambda: links.rename(lab, ns, ioctl.device(ns, self.label), new))

    def hardware(self, words: list[str]) -> None:
        """`hw ether MAC`, the one class of hardware there is."""
        if words.pop(0) != "ether" or not words:
            self.show_usage()
        mac = words.pop(0)
        if not re.fullmatch(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}", mac):
            self.err += f"{mac}: invalid ether address.\n"
            self.status = 1
            return
        mac = ":".join(f"{int(part, 16):02x}" for part in mac.split(":"))
        lab, ns = self.ctx.lab, self.ctx.ns
        hint = " - you may need to down the interface"
        self.call("SIOCSIFHWADDR", lambda: links.set_mac(lab, ns, ioctl.device(ns, self.label), mac), hint=hint)
