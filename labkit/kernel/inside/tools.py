"""Real tools in the namespaces: `ip`, `ping`, … run by a shell, with a time limit, while programs of the lab go on.

A machine of the lab has a mount namespace of its own, made when first needed, so that `ip netns` there lists the
machine's named namespaces and no others; and each of its network namespaces a copy of it, whose /sys shows that network.
"""

import os
import signal
import subprocess
import time

from . import system
from .taps import Loop

TIMED_OUT = 124  # as timeout(1) says it
#: A tool that prints without end is cut here.
_MOST_OUTPUT = 4 << 20


class Views:
    """The mount namespaces, as file descriptors. `named`: machine -> {label: namespace number}, for `ip netns`."""

    def __init__(self, named: dict[str, dict[str, int]]):
        self.named = named
        self._own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self._machines: dict[str, int] = {}
        self._networks: dict[int, int] = {}

    def of(self, machine: str, number: int) -> int:
        """What a tool is to see in this network namespace of a machine."""
        if machine not in self._machines:
            self._machines[machine] = self._copy(self._own, lambda: _furnish(self.named[machine]))
        if number not in self._networks:
            self._networks[number] = self._copy(self._machines[machine], lambda: _show_network(number))
        return self._networks[number]

    def _copy(self, mounts: int, change) -> int:
        """A changed copy, made by going there and coming back."""
        system.enter_mounts(mounts)
        try:
            system.unshare(system.CLONE_NEWNS, "mount namespaces")
            change()
            return os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            system.enter_mounts(self._own)
            system.enter(0)


def _furnish(names: dict[str, int]) -> None:
    """A machine's /run; shared, because what one copy mounts in it (`ip netns add`) the others are to see."""
    system.mount("tmpfs", "/run", 0, "mode=755,size=64m")
    system.mount(None, "/run", system.MS_SHARED)
    os.mkdir("/run/netns")
    for name, number in names.items():
        os.close(os.open(f"/run/netns/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0))
        system.bind(f"/proc/self/fd/{system.FIRST_FD + number}", f"/run/netns/{name}")


#: Where /sys shows a network. /sys itself stays as it is: what `ip netns exec` puts there must be as read-only as what it
#: covers, and it takes care of that only when it could not unmount it first (iproute2: lib/namespace.c netns_switch).
_SYS_NETWORK = "class/net", "devices/virtual/net"


def _show_network(number: int) -> None:
    system.enter(number)
    try:
        system.mount("sysfs", "/dev/sys", system.MS_RDONLY)
        for folder in _SYS_NETWORK:
            system.bind(f"/dev/sys/{folder}", f"/sys/{folder}")
    except OSError:  # not everywhere allowed; only `ip tuntap` reads it
        pass


def run(line: str, number: int, mounts: int, seconds: float, loop: Loop) -> tuple[int, bytes, bytes]:
    """Run a line with the shell in a namespace: (exit status, stdout, stderr). 124 when it took too long."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", line],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: _inside(number, mounts),
        start_new_session=True,
        env=_environment(),
    )
    deadline = time.monotonic() + seconds
    outputs = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    open_ones = set(outputs)

    def read(fd: int) -> None:
        data = os.read(fd, 1 << 16)
        if data and sum(map(len, outputs[fd])) < _MOST_OUTPUT:
            outputs[fd].append(data)
        elif not data:
            loop.remove(fd)
            open_ones.discard(fd)

    for fd in outputs:
        loop.add(fd, lambda fd=fd: read(fd))
    loop.run(lambda: not open_ones, deadline)
    for fd in open_ones:
        loop.remove(fd)
    status = _end(process, bool(open_ones), deadline)
    out, err = (b"".join(parts) for parts in outputs.values())
    process.stdout.close(), process.stderr.close()
    return status, out, err


def _end(process: subprocess.Popen, late: bool, deadline: float) -> int:
    try:
        return process.wait(0 if late else max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return TIMED_OUT


def _inside(number: int, mounts: int) -> None:
    """In the tool's process: its namespaces."""
    system.enter_mounts(mounts)
    system.enter(number)
    os.chdir("/tmp")


def _environment() -> dict[str, str]:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return {"PATH": f"{path}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/tmp", "COLUMNS": "80"}
