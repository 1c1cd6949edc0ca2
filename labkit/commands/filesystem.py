"""The few files of a machine that a learner reads and writes.

Files belong to a machine, or to a container or pod (its mount namespace). The named namespaces of a machine all see
the machine's, but for what stands in /etc/netns/NAME: `ip netns exec` puts that over /etc (ip-netns(8)). What the
kernel itself writes below /proc and /sys is made when it is read (kernel_files.py).
"""

import errno
import posixpath

from ..errors import KernelError
from ..lab.lab import Lab
from ..lab.namespace import Files, Namespace
from ..tables.names import TableNames
from . import kernel_files

HOME = "/root"
RT_TABLES_FILE = "/etc/iproute2/rt_tables"
#: iproute2 6.1's own /etc/iproute2/rt_tables.
RT_TABLES = "#\n# reserved values\n#\n255\tlocal\n254\tmain\n253\tdefault\n0\tunspec\n#\n# local\n#\n#1\tinr.ruhep\n"
#: Directories that are always there.
_SYSTEM = {
    "/", "/dev", "/etc", "/etc/iproute2", "/etc/iproute2/rt_tables.d", "/etc/sysctl.d", "/home", "/mnt", "/opt",
    "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp",
}  # fmt: skip
#: How much may be kept on one machine, in characters.
MOST = 1_000_000


def _owner(lab: Lab, ns: Namespace) -> Namespace:
    return ns if ns.role in ("container", "pod") else lab[ns.machine]


def of(lab: Lab, ns: Namespace, to_write: bool = False) -> Files:
    """The files seen from a namespace; kept once somebody writes, as most labs never look."""
    owner = _owner(lab, ns)
    if owner.files is not None:
        return owner.files
    found = Files({
        "/etc/hostname": f"{owner.label or owner.name}\n",
        "/etc/hosts": "127.0.0.1\tlocalhost\n",
        RT_TABLES_FILE: RT_TABLES,
        "/etc/sysctl.conf": "# What `sysctl -p` sets, one a line, such as net.ipv4.ip_forward = 1\n",
        "/etc/resolv.conf": "# The lab has no name server: names stand in /etc/hosts.\n",
    })  # fmt: skip
    if to_write:
        owner.files = found
    return found


def table_names(lab: Lab, ns: Namespace) -> TableNames | None:
    """How this machine calls its routing tables; None where nobody has changed that."""
    if _owner(lab, ns).files is None:
        return None
    texts = of(lab, ns).texts
    text = texts.get(_place(lab, ns, RT_TABLES_FILE))
    further = [texts[name] for name in sorted(texts) if name.startswith(f"{RT_TABLES_FILE}.d/") and name.endswith(".conf")]
    return None if text == RT_TABLES and not further else TableNames(text or "", *further)


def read(lab: Lab, ns: Namespace, path: str) -> str:
    """What is in a file. KernelError as open(2) and read(2) give it."""
    path = _place(lab, ns, path)
    if kernel_files.holds(path):
        return kernel_files.read(lab, ns, path)
    text = "" if path == "/dev/null" else of(lab, ns).texts.get(path)
    if text is None:
        raise KernelError(errno.EISDIR if is_directory(lab, ns, path) else errno.ENOENT)
    return text


def check(lab: Lab, ns: Namespace, path: str) -> None:
    """What open(2) says before anything is written."""
    path = _place(lab, ns, path)
    if kernel_files.holds(path):
        return kernel_files.check(lab, ns, path)
    if is_directory(lab, ns, path):
        raise KernelError(errno.EISDIR)
    _check_parent(lab, ns, path)


def write(lab: Lab, ns: Namespace, path: str, text: str, append: bool = False) -> None:
    """Make a file of this text, or put it behind what is there."""
    check(lab, ns, path)
    path = _place(lab, ns, path)
    if kernel_files.holds(path):
        kernel_files.write(ns, path, text)
    elif path != "/dev/null":
        texts = of(lab, ns, to_write=True).texts
        text = texts.get(path, "") + text if append else text
        if len(text) + sum(len(other) for name, other in texts.items() if name != path) > MOST:
            raise KernelError(errno.ENOSPC)
        texts[path] = text


def remove(lab: Lab, ns: Namespace, path: str, recursive: bool = False) -> None:
    """unlink(2), or with `recursive` a directory and all below it."""
    path = _place(lab, ns, path)
    if kernel_files.holds(path):
        kernel_files.read(lab, ns, path)
        raise KernelError(errno.EPERM)
    files = of(lab, ns, to_write=True)
    if is_directory(lab, ns, path):
        if not recursive or path in _SYSTEM:
            raise KernelError(errno.EBUSY if recursive else errno.EISDIR)
        for name in [name for name in (*files.texts, *files.directories) if f"{name}/".startswith(f"{path}/")]:
            files.texts.pop(name, None)
            files.directories.discard(name)
    elif files.texts.pop(path, None) is None:
        raise KernelError(errno.ENOENT)


def make_directory(lab: Lab, ns: Namespace, path: str) -> None:
    path = _place(lab, ns, path)
    if is_directory(lab, ns, path) or path in of(lab, ns).texts:
        raise KernelError(errno.EEXIST)
    if kernel_files.holds(path):
        raise KernelError(errno.ENOENT)
    _check_parent(lab, ns, path)
    of(lab, ns, to_write=True).directories.add(path)


def listing(lab: Lab, ns: Namespace, path: str) -> list[str]:
    """The names in a directory, in order. KernelError(ENOTDIR) for a file, ENOENT for nothing."""
    path = _place(lab, ns, path)
    if not is_directory(lab, ns, path):
        read(lab, ns, path)
        raise KernelError(errno.ENOTDIR)
    return sorted(posixpath.basename(name) for name in names(lab, ns, path) if posixpath.dirname(name) == path)


def is_directory(lab: Lab, ns: Namespace, path: str) -> bool:
    path = _place(lab, ns, path)
    if kernel_files.holds(path):
        return kernel_files.is_directory(lab, ns, path)
    return path in _SYSTEM or path in of(lab, ns).directories


def names(lab: Lab, ns: Namespace, path: str) -> set[str]:
    """The paths of all files and directories; the kernel's only where `path` is among them."""
    files = of(lab, ns)
    kernel = kernel_files.names(lab, ns) if kernel_files.holds(path) else ()
    return {*files.texts, *files.directories, *_SYSTEM, *kernel} - {"/"}


def _place(lab: Lab, ns: Namespace, path: str) -> str:
    """The whole path, and for a named namespace the file in /etc/netns that stands over it."""
    path = "/" + posixpath.normpath(posixpath.join(HOME, path)).lstrip("/")
    over = f"/etc/netns/{ns.label}/{path.removeprefix('/etc/')}"
    return over if ns.named and path.startswith("/etc/") and over in of(lab, ns).texts else path


def _check_parent(lab: Lab, ns: Namespace, path: str) -> None:
    parent = posixpath.dirname(path)
    if not is_directory(lab, ns, parent):
        raise KernelError(errno.ENOTDIR if parent in of(lab, ns).texts else errno.ENOENT)
