"""Bridge ports: what the kernel does when an interface joins a bridge, leaves it, or changes its MAC address.

kernel: net/bridge/br_if.c br_add_if, br_del_if; br_stp_if.c; facts.md section 4.
"""

import errno

from ..errors import EXFULL, KernelError
from ..tables.fdb import FdbEntry
from ..tables.origin import KERNEL
from . import carrier, nesting, routes_state
from .interface import ZERO_MAC, Interface, Port
from .lab import Lab
from .namespace import Namespace

#: As many ports has a bridge (kernel: net/bridge/br_private.h BR_MAX_PORTS, of which 0 is none).
MOST = 1023


def set_master(lab: Lab, ns: Namespace, interface: Interface, bridge_name: str | None) -> None:
    """Make an interface a port of a bridge, or none. It leaves its old bridge in any case."""
    if bridge_name == interface.master:
        return
    if interface.master:
        _release(lab, ns, interface)
    if bridge_name is None:
        return
    bridge = ns.find(bridge_name)
    if bridge is None:
        raise KernelError(errno.ENODEV)
    if bridge.bridge is None:
        raise KernelError(errno.EOPNOTSUPP)
    if interface.kind in ("loopback", "tun") or interface.mac == ZERO_MAC:
        raise KernelError(errno.EINVAL)
    if interface.bridge is not None:
        raise KernelError(errno.ELOOP, "Can not enslave a bridge to a bridge")
    _enslave(lab, ns, interface, bridge)


def _enslave(lab: Lab, ns: Namespace, interface: Interface, bridge: Interface) -> None:
    taken = {p.port.number for p in ns.ports(bridge.name)}
    number = next((n for n in range(1, MOST + 1) if n not in taken), None)
    if number is None:
        raise KernelError(EXFULL)
    nesting.check(ns, bridge, interface)
    interface.port = Port(number=number)
    ns.enslave(interface, bridge.name)
    bridge.bridge.had_ports = True
    _add_local_entry(bridge, interface)
    _adjust_mac(ns, bridge)
    carrier.adjust_bridge_mtu(lab, ns, bridge)
    carrier.refresh_bridge(lab, ns, bridge)


def _release(lab: Lab, ns: Namespace, interface: Interface) -> None:
    bridge = ns.find(interface.master)
    ns.enslave(interface, None)
    interface.port = None
    bridge.bridge.fdb.discard(lambda entry: entry.dev == interface.name)
    _adjust_mac(ns, bridge)
    carrier.adjust_bridge_mtu(lab, ns, bridge)
    carrier.refresh_bridge(lab, ns, bridge)


def _adjust_mac(ns: Namespace, bridge: Interface) -> None:
    """Unless a user chose one, a bridge takes the lowest MAC address among its ports; without ports it is all zeros.

    kernel: net/bridge/br_stp_if.c br_stp_recalculate_bridge_id.
    """
    if bridge.bridge.mac_set:
        return
    mac = min((port.mac for port in ns.ports(bridge.name)), default=ZERO_MAC)
    if mac != bridge.mac:
        bridge.mac = mac
        routes_state.forget_neighbors(ns, bridge.name)


def _add_local_entry(bridge: Interface, interface: Interface) -> None:
    """A bridge knows its ports' own MAC addresses for good."""
    bridge.bridge.fdb.add(FdbEntry(interface.mac, interface.name, master=bridge.name, state="permanent", origin=KERNEL))


def readdress(ns: Namespace, bridge: Interface, port: Interface) -> None:
    """A port has another MAC address: the bridge knows the new one for its own, and may take it."""
    bridge.bridge.fdb.discard(lambda entry: entry.dev == port.name and entry.state == "permanent")
    _add_local_entry(bridge, port)
    _adjust_mac(ns, bridge)
