"""System calls that Python 3.11 does not have: namespaces and mounts."""

import ctypes
import os

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 0x40000, 2

#: The network namespace number n of the lab is open as this file descriptor plus n: netlink messages may name it.
FIRST_FD = 100

_libc = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Put this process into new namespaces."""
    _call(_libc.unshare(flags), "unshare")


def enter(number: int) -> None:
    """Go into the lab's network namespace of that number."""
    _call(_libc.setns(FIRST_FD + number, CLONE_NEWNET), f"setns {number}")


def enter_mounts(fd: int) -> None:
    """Go into another mount namespace."""
    _call(_libc.setns(fd, CLONE_NEWNS), "setns mounts")


def mount(kind: str, where: str) -> None:
    """Mount a fresh filesystem."""
    _call(_libc.mount(b"none", where.encode(), kind.encode(), 0, None), f"mount {kind} on {where}")


def bind(source: str, where: str) -> None:
    """Make a file appear in a second place."""
    _call(_libc.mount(source.encode(), where.encode(), None, MS_BIND, None), f"bind {source} on {where}")


def unmount(where: str) -> None:
    _call(_libc.umount2(where.encode(), MNT_DETACH), f"umount {where}")


def new_namespace(number: int) -> None:
    """Make the namespace of that number and stay in it; number 0 is the one this process started in."""
    if number:
        unshare(CLONE_NEWNET)
    handle = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.dup2(handle, FIRST_FD + number, inheritable=False)
    os.close(handle)
