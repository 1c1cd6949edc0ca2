"""What ifconfig(8) and `netstat -i` show of interfaces (net-tools 2.10, lib/interface.c).

Each label is shown on its own, with the first address that bears it: `eth0`, and `eth0:1` if an
address is labelled so. Of other addresses without a label of their own nothing is seen.
"""

import re
from ipaddress import IPv4Address

from ..lab import carrier
from ..lab.interface import Address, Interface
from ..lab.ioctl import labelled
from .result import Context

#: The kernel's numbers for the flags, in ifconfig's order, and its letter in short listings.
_FLAGS = {
    "UP": (0x1, "U"), "BROADCAST": (0x2, "B"), "LOOPBACK": (0x8, "L"), "POINTOPOINT": (0x10, "p"),
    "RUNNING": (0x40, "R"), "NOARP": (0x80, "O"), "PROMISC": (0x100, "P"), "ALLMULTI": (0x200, "A"),
    "MULTICAST": (0x1000, "M"),
}  # fmt: skip
_LETTERS = "ABLMPOpRU"
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


def flags(ctx: Context, interface: Interface) -> set[str]:
    """The flags as ioctl(2) tells them: RUNNING is up and operational."""
    words = set(carrier.flags(ctx.lab, interface)) & _FLAGS.keys()
    return words | {"RUNNING"} if interface.up and interface.operstate in ("UP", "UNKNOWN") else words


def shown(ctx: Context, everything: bool) -> list[tuple[str, Interface]]:
    """(label, interface) pairs in ifconfig's order; those that are down only when asked for."""
    found = {}
    for interface in ctx.ns.interfaces.values():
        if interface.up or everything:
            for label in [interface.name, *(a.label for a in interface.addresses)]:
                found[label] = interface
    return sorted(found.items(), key=lambda item: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", item[0])])


def show_all(ctx: Context, everything: bool) -> str:
    return "".join(long_lines(ctx, label, interface) for label, interface in shown(ctx, everything))


def long_lines(ctx: Context, label: str, interface: Interface) -> str:
    """One paragraph."""
    present = flags(ctx, interface)
    number = sum(_FLAGS[flag][0] for flag in present)
    names = ",".join(flag for flag in _FLAGS if flag in present)
    lines = [f"{label}: flags={number}<{names}>  mtu {interface.mtu}"]
    address = labelled(interface, label)
    if address is not None:
        lines.append("        " + _inet(address, present))
    lines.append("        " + _hardware(interface))
    if ":" not in label:
        lines += _statistics(interface)
    return "\n".join(lines) + "\n\n"


def _inet(address: Address, present: set[str]) -> str:
    mask = IPv4Address(~(0xFFFFFFFF >> address.prefixlen) & 0xFFFFFFFF)
    text = f"inet {address.ip}  netmask {mask}"
    if "BROADCAST" in present:
        text += f"  broadcast {address.broadcast or '0.0.0.0'}"
    if "POINTOPOINT" in present:
        text += f"  destination {address.peer.network_address if address.peer else address.ip}"
    return text


def _hardware(interface: Interface) -> str:
    match interface.kind:
        case "loopback":
            name, title = "loop", "Local Loopback"
        case "tun":
            name, title = "unspec " + "-".join(["00"] * 16), "UNSPEC"
        case _:
            name, title = f"ether {interface.mac}", "Ethernet"
    return f"{name}  txqueuelen {interface.txqlen}  ({title})"


def _statistics(interface: Interface) -> list[str]:
    count = interface.counters.get
    return [
        f"        RX packets {count('rx_packets', 0)}  bytes {_bytes(count('rx_bytes', 0))}",
        f"        RX errors {count('rx_errors', 0)}  dropped {count('rx_dropped', 0)}  overruns 0  frame 0",
        f"        TX packets {count('tx_packets', 0)}  bytes {_bytes(count('tx_bytes', 0))}",
        f"        TX errors {count('tx_errors', 0)}  dropped {count('tx_dropped', 0)} overruns 0  "
        f"carrier {count('tx_carrier_errors', 0)}  collisions {count('tx_collisions', 0)}",
    ]


def _bytes(number: int) -> str:
    """For example `2721 (2.6 KiB)`: one digit, cut off and not rounded."""
    tenths, unit = number * 10, "B"
    for power, name in enumerate(_UNITS, 1):
        if number > 1024**power:
            tenths, unit = number * 10 // 1024**power, name
    return f"{number} ({tenths // 10}.{tenths % 10} {unit})"


def short_title(width: int) -> str:
    """Headings of the short table; ifconfig's stand six columns too far left, netstat's fit."""
    return f"{'Iface':<{width}}  MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"


def short_line(ctx: Context, label: str, interface: Interface) -> str:
    present = {_FLAGS[flag][1] for flag in flags(ctx, interface)}
    letters = "".join(c for c in _LETTERS if c in present)
    if ":" in label:
        numbers = f"{'     - no statistics available -':<56}"
    else:
        count = interface.counters.get
        numbers = f"{count('rx_packets', 0):>8} {count('rx_errors', 0):>6} {count('rx_dropped', 0):>6} {0:<6} "
        numbers += f"{count('tx_packets', 0):>8} {count('tx_errors', 0):>6} {count('tx_dropped', 0):>6} {0:>6} "
    return f"{label:<15} {interface.mtu:>5} {numbers}{letters}\n"
