"""Named namespaces of a machine: added with `ip netns add`, deleted with all that is in them."""

import errno

from ..errors import KernelError
from . import links
from .lab import Lab
from .namespace import Namespace


def delete(lab: Lab, machine: str, label: str) -> None:
    """Delete a namespace: its virtual interfaces are destroyed, and their peers with them."""
    ns = lab.on_machine(machine, label)
    if ns is None:
        raise KernelError(errno.ENOENT)
    destroy(lab, ns)


def destroy(lab: Lab, ns: Namespace) -> None:
    """Take a namespace out of the lab."""
    lab.carry_out(_destroy, ns.name)


def _destroy(lab: Lab, name: str) -> None:
    ns = lab.namespaces.get(name)
    if ns is None:
        return
    for interface in list(ns.interfaces.values()):
        if interface.index in ns.interfaces and interface.kind != "loopback":
            links.delete(lab, ns, interface)
    for other in lab.namespaces.values():
        other.nsids.pop(name, None)
    del lab.namespaces[name]
    for loopback in ns.interfaces.values():
        lab.interfaces.pop(loopback.uid, None)


def listed(lab: Lab, machine: str) -> list[Namespace]:
    """What `ip netns list` shows: the newest first, as a directory on tmpfs lists them."""
    named = [ns for ns in lab.namespaces.values() if ns.named and ns.machine == machine]
    return named[::-1]
