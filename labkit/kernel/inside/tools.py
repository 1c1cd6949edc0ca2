"""Real tools in the namespaces: `ip`, `ping`, … run by a shell, with a time limit, while programs of the lab go on.

A machine of the lab has a mount namespace of its own, made when first needed, so that `ip netns` there lists the
machine's named namespaces and no others, and /sys shows the namespace the tool runs in.
"""

import os
import signal
import subprocess
import time

from . import system
from .loop import Loop

TIMED_OUT = 124  # as timeout(1) says it
#: A tool that prints without end is cut here.
_MOST_OUTPUT = 4 << 20


class Machines:
    """`named`: machine -> {label: namespace number}, for `ip netns`."""

    def __init__(self, named: dict[str, dict[str, int]]):
        self.named = named
        self._mounts: dict[str, int] = {}

    def mounts(self, machine: str) -> int:
        """The machine's mount namespace, as a file descriptor."""
        if machine not in self._mounts:
            self._mounts[machine] = self._make(self.named[machine])
        return self._mounts[machine]

    def _make(self, names: dict[str, int]) -> int:
        """A child makes the mounts and lives until we hold them open."""
        ready, done = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.close(done[1])  # or reading its other end would never end
            _furnish(names)
            os.write(ready[1], b".")
            os.read(done[0], 1)
            os._exit(0)
        try:
            os.close(ready[1])
            if os.read(ready[0], 1) != b".":
                raise OSError("the mounts of a machine could not be made")
            return os.open(f"/proc/{child}/ns/mnt", os.O_RDONLY)
        finally:
            os.close(done[1])
            os.waitpid(child, 0)
            os.close(ready[0]), os.close(done[0])


def _furnish(names: dict[str, int]) -> None:
    try:
        system.unshare(system.CLONE_NEWNS)
        system.mount("tmpfs", "/run")
        os.mkdir("/run/netns")
        for name, number in names.items():
            os.close(os.open(f"/run/netns/{name}", os.O_CREAT | os.O_WRONLY, 0))
            system.bind(f"/proc/self/fd/{system.FIRST_FD + number}", f"/run/netns/{name}")
    except OSError:
        os._exit(1)


def run(line: str, number: int, mounts: int, seconds: float, loop: Loop) -> tuple[int, bytes, bytes]:
    """Run a line with the shell in a namespace: (exit status, stdout, stderr). 124 when it took too long."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", line],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: _inside(number, mounts),
        start_new_session=True,
        cwd="/",
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
    """In the tool's process: its namespaces, and a /sys that shows this network."""
    system.enter_mounts(mounts)
    system.enter(number)
    for renew in (system.unmount, lambda where: system.mount("sysfs", where)):
        try:
            renew("/sys")
        except OSError:  # not everywhere allowed; only `ip tuntap` reads it
            pass


def _environment() -> dict[str, str]:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return {"PATH": f"{path}:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": "/", "COLUMNS": "80"}
