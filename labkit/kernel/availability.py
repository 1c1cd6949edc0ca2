"""What of a real lab this machine allows, found out by making each thing in a throw-away child.

Asking who we are, or whether `unshare` works, would not do: some distributions let an ordinary user make a namespace and
then refuse the first interface in it.
"""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from shutil import which

from ..errors import LabError
from ..lab.interface import Vxlan
from . import messages as m
from .child import Child, Refused

#: Debian's setting and Ubuntu's; a machine has at most one of them.
_USERNS_FIX = "sudo sysctl -e -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
_MODULE_FIX = "sudo modprobe {}"
_TUN_FIX = "sudo sh -c 'modprobe tun; chmod 0666 /dev/net/tun'"
#: Without these there is no real lab at all.
_ESSENTIAL = ("linux", "packages", "namespaces", "veth", "bridge", "taps")
_LESSONS = {
    "vxlan": "flannel's vxlan backend",
    "tun": "flannel's UDP backend",
    "packet filter": "NAT: published ports and Services",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One primitive: whether it can be had, why not, and the one line that would help."""

    name: str
    here: bool
    why: str = ""
    fix: str = ""

    def __bool__(self) -> bool:
        return self.here

    def __str__(self) -> str:
        if self.here:
            return f"{self.name}: here"
        lessons = f" ({_LESSONS[self.name]}: predicted only)" if self.name in _LESSONS else ""
        return f"{self.name}: not here{lessons}: {self.why}; to have it: {self.fix}"


@dataclass(frozen=True, slots=True)
class Availability:
    """Truthy when labs can be realized here; `parts` tells about each primitive, by name."""

    parts: dict[str, Part]

    def __bool__(self) -> bool:
        return all(self.parts.get(name) for name in _ESSENTIAL)

    @property
    def why(self) -> str:
        """Why no lab can be realized, or else what some labs lack; "" when nothing is missing."""
        return "; ".join(f"{part.name}: {part.why}" for part in self._missing())

    @property
    def fix(self) -> str:
        """The line to type first, or ""."""
        return next((part.fix for part in self._missing()), "")

    def _missing(self) -> list[Part]:
        absent = [part for part in self.parts.values() if not part]
        return [part for part in absent if part.name in _ESSENTIAL] or absent

    def __str__(self) -> str:
        return "\n".join(str(part) for part in self.parts.values())


def available() -> Availability:
    """Try everything a real lab is made of. Takes a fraction of a second; changes nothing."""
    parts = _before_the_child()
    if not all(parts.values()):
        return Availability(parts)
    try:
        child = Child()
        try:
            child.ask("namespaces", 2, {"host": {}})
            parts["namespaces"] = Part("namespaces", True)
            _try_each(child, parts)
        finally:
            child.close()
    except LabError as error:
        parts["namespaces"] = Part("namespaces", False, str(error), _USERNS_FIX)
    return Availability(parts)


def _before_the_child() -> dict[str, Part]:
    linux = sys.platform.startswith("linux")
    why = "this is not Linux: network namespaces are a thing of the Linux kernel"
    parts = {"linux": Part("linux", linux, "" if linux else why, "" if linux else "use Linux, or a virtual machine with it")}
    lacking = [name for name in ("pyroute2", "scapy") if find_spec(name) is None]
    why = f"the Python packages {' and '.join(lacking)} are not installed"
    parts["packages"] = Part(
        "packages", not lacking, why if lacking else "", f"pip install {' '.join(lacking)}" if lacking else ""
    )
    if linux and which("unshare") is None:
        parts["namespaces"] = Part("namespaces", False, "unshare is not installed", "sudo apt install util-linux")
    return parts


def _try_each(child: Child, parts: dict[str, Part]) -> None:
    veth = {"attrs": [["VETH_INFO_PEER", m.nested([("IFLA_IFNAME", "v1")])]]}
    vxlan = m.nested([("IFLA_VXLAN_ID", 1), ("IFLA_VXLAN_PORT", Vxlan(1).port)])
    for name, kind, data, fix in (
        ("veth", "veth", veth, _USERNS_FIX),
        ("bridge", "bridge", None, _MODULE_FIX.format("bridge")),
        ("vxlan", "vxlan", vxlan, _MODULE_FIX.format("vxlan")),
    ):
        info = m.nested([("IFLA_INFO_KIND", kind), ("IFLA_INFO_DATA", data)])
        request = m.message(m.NEWLINK, m.CREATE | m.EXCL, [("IFLA_IFNAME", f"t{kind}"), ("IFLA_LINKINFO", info)])
        parts[name] = _tried(name, fix, child, "netlink", 1, [request], [f"ip link add type {kind}"])
    parts["tun"] = _tried("tun", _TUN_FIX, child, "tun", 1, "t0", 1000, "tun", False, True)
    parts["taps"] = _tried("taps", _USERNS_FIX, child, "watch")
    parts["packet filter"] = _packet_filter(child)


def _tried(name: str, fix: str, child: Child, verb: str, *arguments) -> Part:
    try:
        child.ask(verb, *arguments)
    except (Refused, RuntimeError) as error:
        return Part(name, False, str(error).strip().splitlines()[-1], fix)
    return Part(name, True)


def _packet_filter(child: Child) -> Part:
    """One of nft and iptables will do."""
    lines = "nft add table ip t", "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE"
    found = [child.ask("sh", line, "host", 1, 10.0, seconds=10.0) for line in lines]
    if any(status == 0 for status, _, _ in found):
        return Part("packet filter", True)
    why = found[0][2].decode(errors="replace").strip().splitlines()
    return Part("packet filter", False, why[-1] if why else "it is refused", "sudo apt install nftables iptables")
