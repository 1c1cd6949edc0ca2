"""A daemon of a machine: what systemd knows of a service, and what starts and stops it.

Control planes are daemons (flanneld, docker, etcd, kube-apiserver). They live a room further up; here is what the
lab, and `systemctl` in its shell, ask of them.
"""

from typing import Protocol

from ..errors import LabError


class Daemon(Protocol):
    """`name` is its unit without ".service"; `description` and `command` are what the unit file says (Description=,
    ExecStart=); `log` is what it told the journal, oldest first."""

    name: str
    machine: str
    description: str
    command: str
    running: bool
    log: list[str]

    def start(self) -> None:
        """Nothing when it runs already. LabError, which is the last line of its log too, when it cannot."""

    def stop(self) -> None:
        """Nothing when it does not run."""


class Daemons(dict[tuple[str, str], Daemon]):
    """Each daemon under its name and its machine: `lab.daemons["flanneld", "k8s-node1"]`."""

    def add(self, daemon: Daemon) -> None:
        self[daemon.name, daemon.machine] = daemon

    def __missing__(self, key):
        known = ", ".join(f"{name} on {machine}" for name, machine in self) or "none"
        raise LabError(f"there is no daemon {key!r} in this lab; there are: {known}")
