"""What the kernel shows as files: /proc/net, /proc/sys/net and /sys/class/net, made when they are read.

The layouts are the kernel's own: net/ipv4/fib_trie.c fib_route_seq_show, net/ipv4/arp.c arp_format_neigh_entry,
net/core/net-procfs.c dev_seq_printf_stats; who may write what was observed on 6.18.
"""

import errno
import re
from collections.abc import Callable, Container
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from posixpath import dirname

from ..errors import KernelError
from ..lab import learned, neighbors, routes
from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..lab.sysctls import Sysctls
from ..tables.neighbor import VALID
from ..tables.route import MAIN, tcp_values

_SYS = "/proc/sys/"
_OF_INTERFACE = re.compile(r"(net\.ipv[46]\.(?:conf|neigh)\.)(.+)\.([^.]+)")
_ROOTS = ("/proc", "/sys")
#: Below these a name that is not here is on no machine; of the rest the lab has nothing.
_OWN = ("/proc/sys/net/ipv4", "/proc/sys/net/bridge", "/proc/net/", "/sys/class/net/")
_NOT_HERE = "The lab has of /proc only net and sys/net, and of /sys only class/net."
#: It acts when it is written, whatever is written, and has no value (kernel: ipv4_sysctl_rtcache_flush).
FLUSH = "net.ipv4.route.flush"
_NO_MAC = "00:00:00:00:00:00"
#: In the order of the kernel's columns: what `ip -s link` counts.
_RECEIVED = ("bytes", "packets", "errors", "dropped", "fifo", "frame", "compressed", "multicast")
_SENT = ("bytes", "packets", "errors", "dropped", "fifo", "collisions", "carrier", "compressed")


def holds(path: str) -> bool:
    return path.startswith(tuple(f"{root}/" for root in _ROOTS)) or path in _ROOTS


def paths(lab: Lab, ns: Namespace) -> dict[str, Callable[[], str]]:
    """Every file, and what makes its text."""
    found = {
        "/proc/net/route": lambda: route_text(lab, ns),
        "/proc/net/arp": lambda: arp_text(lab, ns),
        "/proc/net/dev": lambda: device_text(ns),
    }
    for key in ns.sysctls:
        found[_SYS + swapped(key)] = lambda key=key: f"{ns.sysctls[key]}\n"
    for name in ns.netfilter.recent_names() if ns.netfilter is not None else ():
        found[f"/proc/net/xt_recent/{name}"] = lambda name=name: recent_text(ns, name)
    for interface in ns.by_index():
        for name, value in _ATTRIBUTES.items():
            found[f"/sys/class/net/{interface.name}/{name}"] = lambda i=interface, value=value: f"{value(lab, i)}\n"
    return found


def names(lab: Lab, ns: Namespace) -> set[str]:
    """The paths of every file and of every directory that holds some."""
    found = set()
    for path in paths(lab, ns):
        while path not in found and path != "/":
            found.add(path)
            path = dirname(path)
    return found


def read(lab: Lab, ns: Namespace, path: str) -> str:
    key = _key(path)
    if key in ns.sysctls:
        return f"{ns.sysctls[key]}\n"
    make = paths(lab, ns).get(path)
    if make is not None:
        return make()
    if is_directory(lab, ns, path):
        raise KernelError(errno.EISDIR)
    if not is_known(ns.sysctls, key):
        raise KernelError(errno.ENOENT) if path.startswith(_OWN) else KernelError(errno.ENOENT, _NOT_HERE)
    value = unmodelled(ns.sysctls, key)
    if value is None and key != FLUSH:
        raise not_modelled(key)
    return f"{value}\n" if value is not None else ""


def is_directory(lab: Lab, ns: Namespace, path: str) -> bool:
    return any(name.startswith(f"{path}/") for name in paths(lab, ns))


def check(lab: Lab, ns: Namespace, path: str) -> None:
    """Whether it may be written: below /proc/sys only, and nothing new."""
    if is_known(ns.sysctls, _key(path)) and not is_directory(lab, ns, path):
        return
    read(lab, ns, path)
    raise KernelError(errno.EACCES)


def write(ns: Namespace, path: str, text: str) -> None:
    """Each write sets the value anew; an empty one is no write."""
    if text:
        set_value(ns, _key(path), text.strip())


def set_value(ns: Namespace, key: str, value: str) -> None:
    """Write a setting, as sysctl(8) does, and what the kernel forgets along with it (net/ipv4/devinet.c)."""
    if key == FLUSH:
        return learned.flush(ns)
    if key not in ns.sysctls:
        if value != unmodelled(ns.sysctls, key):
            raise not_modelled(key)
        return None
    before = ns.sysctls[key]
    ns.sysctls[key] = value
    if key.endswith(("forward", "forwarding")) and ns.sysctls[key] != before:
        learned.routes_changed(ns)


def not_modelled(key: str) -> KernelError:
    """The lab's refusal of a setting that the kernel has and the lab does not obey."""
    return KernelError(errno.EPERM, f"The lab does not model {key}.")


def _key(path: str) -> str:
    return swapped(path.removeprefix(_SYS)) if path.startswith(_SYS) else ""


def swapped(name: str) -> str:
    """Dots for slashes and slashes for dots: `eth0.5` is a name with a dot."""
    return name.translate(str.maketrans("./", "/."))


def route_text(lab: Lab, ns: Namespace) -> str:
    """/proc/net/route: the main table, addresses as the CPU's numbers."""
    lines = ["Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"] if ns.tables else []
    for route in routes.dump(lab, ns, MAIN):
        if route.type in ("broadcast", "multicast"):
            continue
        leg = route.legs[0]
        flags = 0x1 | (0x2 if leg.gateway else 0) | (0x4 if route.dst.prefixlen == 32 else 0)
        flags |= 0x200 if route.type in ("unreachable", "prohibit") else 0
        addresses = _hex(route.dst.network_address), _hex(leg.gateway or IPv4Address(0)), _hex(route.dst.netmask)
        mss, window, rtt = tcp_values(route)
        lines.append(
            f"{leg.dev or '*'}\t{addresses[0]}\t{addresses[1]}\t{flags:04X}\t0\t0\t{route.metric}\t{addresses[2]}\t{mss}\t{window}\t{rtt}"
        )
    return "".join(f"{line:<127}\n" for line in lines)


def _hex(address: IPv4Address) -> str:
    return address.packed[::-1].hex().upper()


def arp_text(lab: Lab, ns: Namespace) -> str:
    """/proc/net/arp: flag 2 is a complete entry, 4 a permanent one."""
    lines = ["IP address       HW type     Flags       HW address            Mask     Device"]
    for n in neighbors.dump(lab, ns):
        if n.state == "NOARP":
            continue
        known = n.state in VALID and n.lladdr is not None
        flags = (0x2 if known else 0) | (0x4 if n.state == "PERMANENT" else 0)
        lines.append(f"{n.address!s:<16} 0x{1:<10x}0x{flags:<10x}{n.lladdr if known else _NO_MAC:<17}     *        {n.dev}")
    return "".join(f"{line}\n" for line in lines)


#: The kernel counts time in jiffies: a thousand a second, from five minutes before they overflow (include/linux/jiffies.h).
_JIFFIES = 2**32 - 300_000


def recent_text(ns: Namespace, name: str) -> str:
    """/proc/net/xt_recent/NAME: who was seen when, oldest first (net/netfilter/xt_recent.c recent_seq_show)."""
    lines = []
    for address, noted in ns.netfilter.recent.get(name, {}).items():
        times = [str(_JIFFIES + int(time * 1000)) for time in noted.times]
        told = f"src={IPv4Address(address)} ttl: {noted.ttl} last_seen: {times[-1]} oldest_pkt: {len(times)}"
        lines.append(f"{told} {', '.join(times)}\n")
    return "".join(lines)


def device_text(ns: Namespace) -> str:
    """/proc/net/dev: what every interface has counted."""
    out = "Inter-|   Receive                                                |  Transmit\n"
    out += " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
    for interface in ns.by_index():
        rx = [interface.counters.get(f"rx_{name}", 0) for name in _RECEIVED]
        tx = [interface.counters.get(f"tx_{name}", 0) for name in _SENT]
        out += "{:>6}: {:>7} {:>7} {:>4} {:>4} {:>4} {:>5} {:>10} {:>9}".format(interface.name, *rx)
        out += " {:>8} {:>7} {:>4} {:>4} {:>4} {:>5} {:>7} {:>10}\n".format(*tx)
    return out


def _carrier(lab: Lab, interface: Interface) -> int:
    """1 or 0; an interface that is down has none to tell of."""
    if not interface.up:
        raise KernelError(errno.EINVAL)
    return int(interface.carrier)


def _iflink(lab: Lab, interface: Interface) -> int:
    peer = lab.peer(interface)
    return peer.index if peer is not None else interface.index


#: The files of an interface: /sys/class/net/NAME/… (kernel: Documentation/ABI/testing/sysfs-class-net).
_ATTRIBUTES: dict[str, Callable[[Lab, Interface], object]] = {
    "address": lambda lab, i: i.mac,
    "carrier": _carrier,
    "ifindex": lambda lab, i: i.index,
    "iflink": _iflink,
    "mtu": lambda lab, i: i.mtu,
    "operstate": lambda lab, i: i.operstate.lower(),
    "tx_queue_len": lambda lab, i: i.txqlen,
}


def is_known(settings: Sysctls, key: str) -> bool:
    """Whether the kernel has this setting, or a directory of some, though the lab may not obey it."""
    return key in settings or _beyond(key, settings.interfaces) is not None or any(name.startswith(f"{key}.") for name in _defaults())


def unmodelled(settings: Sysctls, key: str) -> str | None:
    """The value of a setting that the kernel has and the lab does not obey; None where the lab cannot say it."""
    return _defaults().get(_beyond(key, settings.interfaces))


@cache
def _defaults() -> dict[str, str | None]:
    """What the kernel has beside what the lab obeys (6.18): name and a new namespace's value, None where that is the machine's own."""
    lines = Path(__file__).with_name("sysctl_defaults.txt").read_text().splitlines()
    return {name: value if sign else None for name, sign, value in (line.partition(" = ") for line in lines)}


def _beyond(key: str, interfaces: Container[str]) -> str | None:
    """The line of sysctl_defaults.txt for a setting, if it has one: of each interface it holds one for all."""
    found = _OF_INTERFACE.fullmatch(key)
    name = f"{found[1]}*.{found[3]}" if found and found[2] in interfaces else key
    return name if name in _defaults() and (found is None or name != key) else None
