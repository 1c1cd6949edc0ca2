"""Addresses the old way: what ioctl(2) does for ifconfig(8), one value at a time.

Every call goes by a label ("eth0", "eth0:1") and means the first address with it. A new address
starts with the netmask of its class; each change takes the address off and puts it back, so routes
through the interface are lost with its last one (kernel: net/ipv4/devinet.c devinet_ioctl).
"""

import errno
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from ..errors import KernelError
from . import addresses, links
from .interface import Address, Interface
from .lab import Lab
from .namespace import Namespace


def device(ns: Namespace, label: str) -> Interface:
    """The interface of a label; KernelError(ENODEV) when there is none."""
    interface = ns.find(label.partition(":")[0])
    if interface is None:
        raise KernelError(errno.ENODEV)
    return interface


def labelled(interface: Interface, label: str) -> Address | None:
    return next((a for a in interface.addresses if a.label == label), None)


def set_address(lab: Lab, ns: Namespace, label: str, ip: IPv4Address) -> None:
    """SIOCSIFADDR. 0.0.0.0 takes the address away."""
    interface = device(ns, label)
    length = class_length(ip)
    old = labelled(interface, label)
    if old is not None:
        if old.ip == ip:
            return
        addresses.delete(lab, ns, interface, old)
    if int(ip) == 0:
        return
    broadcast = None
    if interface.kind == "tun":
        length = 32
    elif interface.kind != "loopback" and length < 31:
        broadcast = IPv4Address(int(ip) | (0xFFFFFFFF >> length))
    scope = "host" if ip.is_loopback else "global"
    addresses.add(lab, ns, interface, Address(IPv4Interface((ip, length)), label, scope, broadcast))


def class_length(ip: IPv4Address) -> int:
    """The prefix length of the address's class, A to C; a group's address has none."""
    first = int(ip) >> 24
    if int(ip) in (0, 0xFFFFFFFF):
        return 0
    if 224 <= first < 240:
        raise KernelError(errno.EINVAL)
    return 8 if first < 128 else 16 if first < 192 else 24 if first < 224 else 32


def set_netmask(lab: Lab, ns: Namespace, label: str, mask: IPv4Address) -> None:
    """SIOCSIFNETMASK. The broadcast address follows if it was the old mask's."""
    interface, old = _existing(ns, label)
    hole = ~int(mask) & 0xFFFFFFFF
    if hole & (hole + 1):
        raise KernelError(errno.EINVAL)
    length = int(mask).bit_count()
    if length == old.interface.network.prefixlen:
        return
    broadcast = old.broadcast
    usual = int(old.ip) | int(old.interface.hostmask)
    if interface.kind not in ("tun", "loopback") and length < 31 and broadcast is not None and int(broadcast) == usual:
        broadcast = IPv4Address(int(old.ip) | hole)
    _change(lab, ns, interface, old, replace(old, interface=IPv4Interface((old.ip, length)), broadcast=broadcast))


def set_broadcast(lab: Lab, ns: Namespace, label: str, broadcast: IPv4Address) -> None:
    """SIOCSIFBRDADDR."""
    interface, old = _existing(ns, label)
    if broadcast != (old.broadcast or IPv4Address(0)):
        _change(lab, ns, interface, old, replace(old, broadcast=broadcast if int(broadcast) else None))


def set_queue(ns: Namespace, label: str, length: int) -> None:
    """SIOCSIFTXQLEN: a negative length is refused (kernel: net/core/dev_ioctl.c)."""
    interface = device(ns, label)
    if length < 0:
        raise KernelError(errno.EINVAL)
    interface.txqlen = length


def set_up(lab: Lab, ns: Namespace, label: str, up: bool) -> None:
    """SIOCSIFFLAGS. Taking an alias such as eth0:1 down deletes its address and nothing else."""
    interface = device(ns, label)
    if ":" not in label:
        return links.set_up(lab, ns, interface, up)
    address = labelled(interface, label)
    if address is None:
        raise KernelError(errno.EADDRNOTAVAIL)
    if not up:
        addresses.delete(lab, ns, interface, address)


def _existing(ns: Namespace, label: str) -> tuple[Interface, Address]:
    interface = device(ns, label)
    address = labelled(interface, label)
    if address is None:
        raise KernelError(errno.EADDRNOTAVAIL)
    return interface, address


def _change(lab: Lab, ns: Namespace, interface: Interface, old: Address, new: Address) -> None:
    addresses.delete(lab, ns, interface, old)
    addresses.add(lab, ns, interface, new)
