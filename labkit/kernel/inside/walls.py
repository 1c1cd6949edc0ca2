"""What the lab's processes see of the machine's files: all of them, read-only, but for a /tmp, a /run and a /dev of their own
and the settings of their own networks.

It is worked out in a first user namespace, and the lab lives in a second one inside of it: going there, the kernel locks every
mount as it is (mount_namespaces(7), "Restrictions on mount namespaces"). Whoever is root in the lab, and may be root outside,
can then neither remount, nor unmount, nor look below what was mounted here. A device file could be written through a read-only
mount, so no mount but those of `_DEVICES` opens one; and /proc and /sys are files of root's, who needs no capability there.
"""

import os

from . import system

_OWN = {"/tmp": "mode=1777", "/run": "mode=755", "/dev": "mode=755"}
_DEVICES = ("null", "zero", "full", "random", "urandom", "net/tun")
#: A control group's files belong to the user outside: nobody is to mount them.
_FORBIDDEN = "/proc/sys/user/max_cgroup_namespaces"


def close_off(kept: list[str]) -> int:
    """Do it, as process 1, and return a /proc that may be written to. The folders `kept` are to be seen wherever they are."""
    system.mount(None, "/", system.MS_REC | system.MS_PRIVATE)
    system.mount("proc", "/proc")
    if os.path.exists(_FORBIDDEN):
        _write(_FORBIDDEN, b"0")
    own = {os.path.realpath(folder): how for folder, how in _OWN.items() if os.path.isdir(folder)}
    covered = tuple(f"{folder}/" for folder in own)
    kept = [path for path in map(os.path.realpath, kept) if os.path.isdir(path) and path.startswith(covered)]
    shown = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in kept + _devices()}
    system.bind("/proc/sys/net", "/proc/sys/net")
    system.restrict("/", system.READ_ONLY | system.NO_DEVICES, below=True)
    system.restrict("/proc/sys/net", drop=system.READ_ONLY)
    proc = _soon_covered(next(iter(own)))
    for folder, how in own.items():
        system.mount("tmpfs", folder, 0, f"{how},size=256m")
    for path, fd in shown.items():
        _show(path, fd, path not in kept)
        os.close(fd)
    _finish_dev()
    return proc


def _write(path: str, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    os.write(fd, data)
    os.close(fd)


def _soon_covered(where: str) -> int:
    """A /proc that only this file descriptor leads to, once something else is mounted there."""
    system.mount("proc", where)
    return os.open(where, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _devices() -> list[str]:
    return [f"/dev/{name}" for name in _DEVICES if os.path.exists(f"/dev/{name}")]


def _show(path: str, fd: int, device: bool) -> None:
    """Put what is open as `fd` back where it was."""
    if device:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))
    else:
        os.makedirs(path, exist_ok=True)
    system.bind(f"/proc/self/fd/{fd}", path)
    if device:
        system.restrict(path, drop=system.NO_DEVICES)


def _finish_dev() -> None:
    for folder, kind, options in (("pts", "devpts", "newinstance,ptmxmode=0666"), ("shm", "tmpfs", "mode=1777,size=64m")):
        os.makedirs(f"/dev/{folder}", exist_ok=True)
        system.mount(kind, f"/dev/{folder}", 0, options)
    os.mkdir("/dev/sys")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    for name, target in links.items():
        os.symlink(target, f"/dev/{name}")
