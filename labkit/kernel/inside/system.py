"""System calls that Python 3.11 does not have: namespaces and mounts. An OSError's `filename` says what was asked for."""

import ctypes
import errno
import os
import resource

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED = 1, 0x1000, 0x4000, 0x40000, 0x100000
#: mount_setattr(2), the same number on every architecture, and the attributes it is asked for here.
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
READ_ONLY, NO_DEVICES = 1, 4
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _SIGKILL = 1, 4, 9

#: The network namespace number n of the lab is open as this file descriptor plus n: netlink messages may name it.
FIRST_FD = 100

_libc = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def unshare(flags: int, what: str) -> None:
    """Put this process into new namespaces (CLONE_NEWPID: the children it has from now on)."""
    _call(_libc.unshare(flags), what)


def become_root(flags: int, proc: int, what: str) -> None:
    """Go into a new user namespace, as its only user, 0, and into new ones that belong to it. `proc` is /proc, open."""
    user, group = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | flags, what)
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        fd = os.open(f"self/{file}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(fd, text.encode())
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"the map of {what}") from None
        finally:
            os.close(fd)


def enter(number: int) -> None:
    """Go into the lab's network namespace of that number."""
    enter_network(FIRST_FD + number)


def enter_network(fd: int) -> None:
    """Go into another network namespace."""
    _call(_libc.setns(fd, CLONE_NEWNET), "a network namespace")


def enter_mounts(fd: int) -> None:
    """Go into another mount namespace."""
    _call(_libc.setns(fd, CLONE_NEWNS), "a mount namespace")


def mount(kind: str | None, where: str, flags: int = 0, options: str = "") -> None:
    """Mount a fresh filesystem; without a kind, change how a mount propagates."""
    _call(_libc.mount(b"none", where.encode(), kind and kind.encode(), flags, options.encode()), f"mount {kind} on {where}")


def bind(source: str, where: str) -> None:
    """Make a file or a folder appear in a second place."""
    _call(_libc.mount(source.encode(), where.encode(), None, MS_BIND, None), f"bind {where}")


def restrict(where: str, add: int = 0, drop: int = 0, *, below: bool = False) -> None:
    """Give a mount attributes, or take some away; `below`: and all mounts that are in it."""
    wanted = (ctypes.c_uint64 * 4)(add, drop, 0, 0)  # struct mount_attr
    flags = ctypes.c_uint(_AT_RECURSIVE if below else 0)
    _call(_libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, where.encode(), flags, wanted, ctypes.c_size_t(32)), "read-only mounts")


def die_with_parent() -> None:
    _call(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL), "the parent's death")


def hide_from_tools() -> None:
    """Nobody in here may look into this process or use what it has open: /proc/PID/fd, ptrace (kernel: proc(5), "dumpable")."""
    _call(_libc.prctl(_PR_SET_DUMPABLE, 0), "a process of its own")


def reserve(count: int) -> None:
    """Keep the numbers of `count` namespaces free of other files, of which each has five: sockets."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if FIRST_FD + 6 * count > limit:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "open files")
    for number in range(count):
        os.dup2(0, FIRST_FD + number, inheritable=False)


def new_namespace(number: int) -> None:
    """Make the namespace of that number and stay in it; number 0 is the one this process started in."""
    if number:
        unshare(CLONE_NEWNET, "network namespaces")
    handle = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.dup2(handle, FIRST_FD + number, inheritable=False)
    os.close(handle)
