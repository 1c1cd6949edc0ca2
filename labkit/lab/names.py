"""What names the kernel takes for interfaces (kernel: net/core/dev.c dev_valid_name)."""

import errno

from ..errors import KernelError
from .namespace import Namespace

#: IFNAMSIZ is 16 with the closing zero byte.
LONGEST = 15


def valid_interface_name(name: str) -> bool:
    """Not empty, at most 15 bytes, not "." or "..", without '/', ':' and white space."""
    if not name or len(name.encode()) > LONGEST or name in (".", ".."):
        return False
    return not any(c in "/:" or c.isspace() for c in name)


def free_name(ns: Namespace, pattern: str) -> str:
    """The kernel's own name: `veth%d` becomes the lowest veth number that is free."""
    number = 0
    while ns.find(f"{pattern}{number}"):
        number += 1
    return f"{pattern}{number}"


def claim(ns: Namespace, name: str | None, pattern: str) -> str:
    """A name for a new interface: the one asked for, or the next of the pattern."""
    if name is None:
        return free_name(ns, pattern)
    if not valid_interface_name(name):
        raise KernelError(errno.EINVAL)
    if ns.find(name):
        raise KernelError(errno.EEXIST)
    return name
