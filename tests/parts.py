"""The parts that a machine may lack: each is found out by making or starting the thing, never by asking who we are.

A test names those it needs (`@pytest.mark.needs("namespaces", "ping")`); where one is absent it is skipped, with the line that
brings the part. Every part of the kernel is tried in namespaces of its own, which vanish with it.
"""

import functools
import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass

# iptables wants its lock file, nft and iproute2 their folders: hence a /run of our own.
SANDBOX = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
DOCTOR = 'python -c "from labkit.course.doctor import doctor; print(doctor())" tells what stands in the way'


@dataclass(frozen=True, slots=True)
class Part:
    """`command` must be there and its `version` tell the `maker`, `package` be installed and start, and `script` run.

    Else `cure` is the line to type.
    """

    name: str
    cure: str
    command: str = ""
    version: str = ""
    maker: str = ""
    package: str = ""
    script: str = ""

    def why_absent(self) -> str:
        """"" when this machine has it, else what is missing and the line that brings it."""
        if self.command and not shutil.which(self.command):
            return f"there is no {self.command} on the PATH; to have it: {self.cure}"
        if self.maker and self.maker not in said(f"{self.command} {self.version}"):
            return f"{self.command} is not the one of {self.maker}; to have it: {self.cure}"
        if self.package and importlib.util.find_spec(self.package) is None:
            return f"the Python package {self.package} is not installed; to have it: {'make test' if self.command else self.cure}"
        if self.package and (wrong := stopped(self.package)):
            return f"{self.package} does not start ({wrong}); to have it: {self.cure}"
        refused = refusal(self.script) if self.script else ""
        return f"{refused}; {self.cure}" if refused else ""


def refusal(script: str) -> str:
    """What the kernel or the tool says against a script, or ""."""
    try:
        done = subprocess.run([*SANDBOX, "sh", "-c", f"mount -t tmpfs tmpfs /run && {script}"],
                              capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[0]


def stopped(package: str) -> str:
    """What stops a package's own program, or ""; what playwright brings is a Node.js that wants libatomic, which Debian may not have."""
    done = subprocess.run([sys.executable, "-m", package, "--version"], capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1].split(": ", 1)[-1]


def said(line: str) -> str:
    """All that a tool prints, here about its version. Where it may not be started (ping has file capabilities, which a user whom
    all are denied cannot have: execve(2), EPERM), a user namespace of one's own lets it."""
    why = ""
    for before in ((), SANDBOX):
        try:
            return subprocess.run([*before, *line.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20).stdout
        except OSError as error:
            why = str(error)
    return why


def debian(name: str, package: str, command: str, **more: str) -> Part:
    """A part that is a tool."""
    return Part(name, f"sudo apt install {package}", command, **more)


def kernel(name: str, script: str, cure: str = DOCTOR) -> Part:
    """A part that is the kernel's, asked for by `ip`."""
    return Part(name, cure, script=script)


PARTS = {part.name: part for part in (
    debian("iproute2", "iproute2", "ip"),
    kernel("namespaces", "ip link add v0 type veth peer name v1 && ip link add b0 type bridge"),
    kernel("vxlan", "ip link add x0 type vxlan id 1 dstport 8472"),
    kernel("tun", "ip tuntap add t0 mode tun"),
    kernel("sysfs", "ip netns add n0 && ip -n n0 link", "`ip -n` mounts /sys anew, which this container does not let it"),
    debian("nftables", "nftables", "nft", script="nft add table ip t"),
    debian("iptables", "iptables", "iptables", script="iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE"),
    debian("ping", "iputils-ping", "ping", version="-V", maker="iputils"),
    debian("traceroute", "traceroute", "traceroute", version="--version", maker="Modern traceroute"),
    debian("tcpdump", "tcpdump", "tcpdump"),
    debian("net-tools", "net-tools", "netstat", version="--version", maker="net-tools"),
    debian("procps", "procps", "sysctl", version="--version", maker="procps"),
    debian("nc", "netcat-openbsd", "nc", version="-h", maker="OpenBSD"),
    debian("curl", "curl", "curl"),
    Part("browser", "sudo apt install chromium libatomic1", command="chromium", package="playwright"),
    Part("hosting", "make lite", package="jupyterlite_core"),
)}


@functools.cache
def why_absent(name: str) -> str:
    """"" when this machine has the part of that name, else one line that says what is missing and what brings it."""
    if name not in PARTS:
        raise LookupError(f"no part is called {name!r}; there are {', '.join(PARTS)}")
    if PARTS[name].script and name != "iproute2" and why_absent("iproute2"):
        return why_absent("iproute2")
    return PARTS[name].why_absent()
