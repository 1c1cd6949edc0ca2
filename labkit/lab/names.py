"""What names are taken: by the kernel for interfaces (kernel: net/core/dev.c dev_valid_name), and for namespaces, which are files."""

import errno

from ..errors import KernelError
from .namespace import Namespace

#: IFNAMSIZ is 16 with the closing zero byte; NAME_MAX.
LONGEST, LONGEST_FILE = 15, 255


def valid_interface_name(name: str) -> bool:
    """Not empty, at most 15 bytes, without '/', ':' and white space, and none of a few words.

    "all" and "default" are taken: net.ipv4.conf.all and net.ipv4.conf.default.
    """
    if not name or len(name.encode()) > LONGEST or name in (".", "..", "all", "default"):
        return False
    return not any(c in "/:" or c.isspace() for c in name)


def valid_namespace_name(name: str) -> bool:
    """Whether /run/netns/NAME can be a file (iproute2: ip/ipnetns.c invalid_name)."""
    try:
        return 0 < len(name.encode()) <= LONGEST_FILE and not set("/\0") & set(name) and name not in (".", "..")
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def free_name(ns: Namespace, pattern: str) -> str:
    """The kernel's own name: `veth%d` becomes the lowest veth number that is free."""
    number = 0
    while ns.find(pattern.replace("%d", str(number))):
        number += 1
    return pattern.replace("%d", str(number))


def claim(ns: Namespace, name: str | None, kind: str) -> str:
    """A name for a new or renamed interface: the one asked for, or the next of a pattern.

    The pattern is the kind's own (`veth%d`) or the asked name itself, if it has a `%d`.
    """
    if name is None:
        return free_name(ns, f"{kind}%d")
    if not valid_interface_name(name):
        raise KernelError(errno.EINVAL)
    if "%" in name:
        if name.count("%") != 1 or "%d" not in name:
            raise KernelError(errno.EINVAL)
        return free_name(ns, name)
    if ns.find(name):
        raise KernelError(errno.EEXIST)
    return name
