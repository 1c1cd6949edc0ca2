"""Why this machine does not give what a real lab needs, and what truly helps: a limit, a switch, or whoever runs the machine.

What could not be had and the errno come from the child (inside/holder.py); which of the possible causes it is, the
machine's own files tell. Nobody is advised what he cannot do, nor to turn a switch that is not there or not the cause.
"""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from shutil import which

from ..errors import LabError

#: What takes Docker's own rules away (seccomp and AppArmor forbid namespaces and mounts, masks a new /proc and /sys).
CONTAINER = (
    "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined "
    "--device /dev/net/tun"
)
_ELSEWHERE = "a Linux machine of your own, not on this host"


class Unavailable(LabError):
    """This machine does not give what a real lab needs: `why`, and `fix`, what would help."""

    def __init__(self, what: str, code: int):
        self.why, self.fix = explain(what, code)
        super().__init__(f"{self.why}; for a real lab: {self.fix}")


def explain(what: str, code: int) -> tuple[str, str]:
    """(why, what helps) for something that was refused with this errno."""
    reason = f"the kernel refuses {what or 'something'} ({os.strerror(code)})"
    if what.startswith("starting") and code not in (errno.EAGAIN, errno.ENOMEM):
        return reason, "a Python that this user may run"
    cause = _CAUSES.get(code)
    return cause(what, reason) if cause else (reason, _ELSEWHERE)


def typed(line: str) -> str:
    """A line for the one who may do everything here: with sudo, without, or, who has no password for that, for somebody else."""
    if _on_a_hub():
        return _ELSEWHERE
    if os.geteuid() == 0:
        return line
    return f"sudo {line}" if _may_be_root() else f"ask who runs this machine to type: {line}"


def kernel(line: str) -> str:
    """A line about the kernel, which is the host's."""
    if _in_a_container() and not os.access("/proc/sys/kernel/hostname", os.W_OK) and not _on_a_hub():
        return f"on the host of this container: {line}"
    return typed(line)


def allowed(line: str = "") -> str:
    """What helps where rules are in the way: if they are a container's, other ones; if not, the line."""
    if _in_a_container() and not _on_a_hub():
        return f"start the container with {CONTAINER}"
    return typed(line) if line else _ELSEWHERE


def _none_left(what: str, reason: str) -> tuple[str, str]:
    """ENOSPC: namespaces are counted, by kind (namespaces(7), "The /proc/sys/user directory")."""
    kinds = {"network namespaces": ("net",), "mount namespaces": ("mnt",)}.get(what, ("user", "mnt", "pid", "net", "uts", "ipc"))
    limits = {f"user.max_{kind}_namespaces": _number(f"/proc/sys/user/max_{kind}_namespaces") for kind in kinds}
    name, limit = min(((name, limit) for name, limit in limits.items() if limit is not None), key=lambda pair: pair[1])
    if len(kinds) > 1 and limit > _FEW:
        return f"the kernel makes no more {what}: all are in use, or 32 are in one another", "end what else makes namespaces"
    return f"the kernel makes no more {what}: {name} is {limit} here", kernel(f"sysctl -w {name}={max(15000, 4 * limit)}")


#: A lab has one namespace of most kinds, two of some: a limit above this has not been reached by it.
_FEW = 100


def _not_permitted(what: str, reason: str) -> tuple[str, str]:
    """EPERM or EACCES: a switch of the distribution, a container, or a chroot (user_namespaces(7))."""
    for name, off, on in _SWITCHES:
        if os.geteuid() != 0 and _number(f"/proc/sys/{name.replace('.', '/')}") == off:
            return f"{reason}: {name} is {off} here", kernel(f"sysctl -w {name}={on}")
    if _in_a_chroot():
        return f"{reason}: it makes no user namespaces in a chroot", "run it outside of the chroot"
    if _in_a_container():
        return f"{reason}: the container's rules forbid it", allowed()
    return f"{reason}: the rules of this machine forbid it", _ELSEWHERE


#: Debian's switch and Ubuntu's: name, the value that forbids, the value that allows. Root is not asked by either.
_SWITCHES = (("kernel.unprivileged_userns_clone", 0, 1), ("kernel.apparmor_restrict_unprivileged_userns", 1, 0))


def _too_many_files(what: str, reason: str) -> tuple[str, str]:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    why = f"a process may have {hard} files open here (the hard limit RLIMIT_NOFILE); a lab needs 100, and six for each namespace"
    if _in_a_container() and not _on_a_hub():
        return why, "start the container with docker run --ulimit nofile=65536"
    return why, typed(f"prlimit --pid {os.getpid()} --nofile=65536")


def _no_process(what: str, reason: str) -> tuple[str, str]:
    """EAGAIN of fork(2)."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    why = f"no further process may be started: RLIMIT_NPROC is {hard} (`ulimit -Hu`), and a container may have a limit of its own"
    return why, "end some of your programs, or " + typed(f"prlimit --pid {os.getpid()} --nproc={max(4096, 2 * hard)}")


def _no_memory(what: str, reason: str) -> tuple[str, str]:
    return f"{reason}: there is not enough memory", "fewer namespaces, or end other programs first"


def _all_files(what: str, reason: str) -> tuple[str, str]:
    number = _number("/proc/sys/fs/file-max") or 0
    return f"all programs together may have {number} files open here", kernel(f"sysctl -w fs.file-max={max(100000, 2 * number)}")


def _not_in_this_kernel(what: str, reason: str) -> tuple[str, str]:
    return f"{reason}: it was built without, or is too old", "Linux 5.12 or later with user namespaces (CONFIG_USER_NS)"


_CAUSES: dict[int, Callable[[str, str], tuple[str, str]]] = {
    errno.ENOSPC: _none_left,
    errno.EPERM: _not_permitted,
    errno.EACCES: _not_permitted,
    errno.EMFILE: _too_many_files,
    errno.EAGAIN: _no_process,
    errno.ENOMEM: _no_memory,
    errno.ENFILE: _all_files,
    errno.ENOSYS: _not_in_this_kernel,
    errno.EINVAL: _not_in_this_kernel,
}


#: Whose members may use sudo, by the distributions' own rules (Debian and Ubuntu, Fedora and Arch, macOS).
_ADMINISTRATORS = {"sudo", "wheel", "admin"}


def _may_be_root() -> bool:
    """Whether sudo is here, this process may gain by it (prctl(2), PR_SET_NO_NEW_PRIVS), and its user is one of those it is for."""
    import grp

    try:
        held = "NoNewPrivs:\t1" in Path("/proc/self/status").read_text()
    except OSError:
        held = False
    groups = {group.gr_name for group in grp.getgrall() if group.gr_gid in os.getgroups()}
    return which("sudo") is not None and not held and bool(groups & _ADMINISTRATORS)


def _on_a_hub() -> bool:
    """Binder and JupyterHub: the machine is somebody else's."""
    return any(name.startswith(("BINDER_", "JUPYTERHUB_")) for name in os.environ)


def _in_a_container() -> bool:
    marked = any(os.path.exists(path) for path in ("/.dockerenv", "/run/.containerenv"))
    return marked or any(name in os.environ for name in ("container", "KUBERNETES_SERVICE_HOST"))


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None


def _in_a_chroot() -> bool:
    """Then the root is no mount point, as a rule."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False
    return not any(line.split()[4] == "/" for line in mounts)


#: package -> its tools
_TOOLS = {
    "iproute2": "ip bridge ss tc",
    "iputils-ping": "ping",
    "iputils-arping": "arping",
    "iputils-tracepath": "tracepath",
    "traceroute": "traceroute",
    "tcpdump": "tcpdump",
    "net-tools": "ifconfig route netstat arp",
    "procps": "sysctl",
    "iptables": "iptables iptables-save iptables-restore",
    "nftables": "nft",
    "conntrack": "conntrack",
    "bridge-utils": "brctl",
    "netcat-openbsd": "nc",
    "curl": "curl",
    "iperf3": "iperf3",
    "ethtool": "ethtool",
    "util-linux": "nsenter unshare",
    "dnsutils": "dig",
    "mtr-tiny": "mtr",
    "nmap": "nmap",
    "socat": "socat",
    "docker.io": "docker",
    "etcd-client": "etcdctl",
}
PACKAGES = {tool: package for package, tools in _TOOLS.items() for tool in tools.split()}

#: sh: 1: ping: not found
_NOT_FOUND = re.compile(r"(?:^|: )([\w.+-]+): (?:command )?not found", re.MULTILINE)


def named(errors: str) -> str:
    """A sentence for each tool that the shell did not find and whose package is known."""
    missing = [tool for tool in _NOT_FOUND.findall(errors) if tool in PACKAGES]
    return "".join(f"{tool} is not installed here; on Debian it is in the package {PACKAGES[tool]}.\n" for tool in missing)
