"""Interfaces on top of one another: a vxlan on the one it sends through (`dev`), a bridge on its ports.

kernel: net/core/dev.c __netdev_upper_dev_link. Two ends of a veth pair are neighbours, not one on top of the other.
"""

import errno

from ..errors import KernelError
from .interface import Interface
from .namespace import Namespace

#: The longest chain (kernel: include/linux/netdevice.h MAX_NEST_DEV).
HIGHEST = 8


def check(ns: Namespace, upper: Interface | None, lower: Interface) -> None:
    """Whether `upper` (None: one that is being made) may stand on `lower`: EBUSY for a circle, EMLINK for too high a tower."""
    vxlans = [i for i in ns.interfaces.values() if i.vxlan is not None and i.vxlan.dev is not None]
    if not vxlans:
        return

    def below(interface: Interface) -> list[Interface]:
        if interface.bridge is not None:
            return ns.ports(interface.name)
        through = ns.find(interface.vxlan.dev) if interface.vxlan is not None and interface.vxlan.dev else None
        return [through] if through is not None else []

    def above(interface: Interface) -> list[Interface]:
        bridge = ns.find(interface.master) if interface.master else None
        return [v for v in vxlans if v.vxlan.dev == interface.name] + ([bridge] if bridge is not None else [])

    if upper is not None and upper in _reached(lower, below):
        raise KernelError(errno.EBUSY)
    if len(_levels(lower, below)) + (len(_levels(upper, above)) if upper is not None else 1) > HIGHEST:
        raise KernelError(errno.EMLINK)


def _levels(interface: Interface, step) -> list[list[Interface]]:
    """The interface, those one step on, and so forth: as many as the longest way has."""
    levels = [[interface]]
    while further := [found for held in levels[-1] for found in step(held)]:
        levels.append(further)
    return levels


def _reached(interface: Interface, step) -> list[Interface]:
    return [found for level in _levels(interface, step) for found in level]
