"""What of a real lab this machine allows, found out by making each thing in a throw-away child.

Asking who we are, or whether `unshare` works, would not do: some distributions let an ordinary user make a namespace and
then refuse the first interface in it.
"""

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import LabError
from ..lab.interface import Vxlan
from . import messages as m
from .child import Child, Refused
from .limits import Unavailable, allowed, kernel, typed

#: Without these there is no real lab at all.
_ESSENTIAL = ("linux", "packages", "namespaces", "settings", "veth", "bridge", "taps")
#: Why, and what helps, where the system is another: on most, and on some by Python's name for them.
_NO_LINUX = ("this is not Linux: network namespaces are a thing of the Linux kernel",
             "use Linux: on Windows WSL 2 is one, elsewhere a virtual machine")
_ELSEWHERE = {"emscripten": ("this Python runs in a web browser, and there is no Linux kernel under it",
                             "take the course on a machine with Linux")}
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
    parts = before_the_child()
    if not all(parts.values()):
        return Availability(parts)
    try:
        child = Child()
        try:
            child.ask("namespaces", 2, {"host": {"t": 1}})
            parts["namespaces"] = Part("namespaces", True)
            _try_each(child, parts)
        finally:
            child.close()
    except Unavailable as lacking:
        parts["namespaces"] = Part("namespaces", False, lacking.why, lacking.fix)
    except LabError as error:
        parts["namespaces"] = Part("namespaces", False, str(error), allowed())
    return Availability(parts)


def before_the_child() -> dict[str, Part]:
    """What can be told without trying."""
    if not sys.platform.startswith("linux"):
        return {"linux": Part("linux", False, *_ELSEWHERE.get(sys.platform, _NO_LINUX))}
    lacking = " ".join(name for name in ("pyroute2", "scapy") if find_spec(name) is None)
    return {
        "linux": Part("linux", True),
        "packages": Part("packages", False, f"Python packages are not installed: {lacking}", f"pip install {lacking}")
        if lacking
        else Part("packages", True),
    }


def _try_each(child: Child, parts: dict[str, Part]) -> None:
    parts["settings"] = _tried("settings", allowed(), child, "sysctls", 1, [("net/ipv4/ip_forward", "1", True)])
    veth = {"attrs": [["VETH_INFO_PEER", m.nested([("IFLA_IFNAME", "v1")])]]}
    vxlan = m.nested([("IFLA_VXLAN_ID", 1), ("IFLA_VXLAN_PORT", Vxlan(1).port)])
    for kind, data in (("veth", veth), ("bridge", None), ("vxlan", vxlan)):
        info = m.nested([("IFLA_INFO_KIND", kind), ("IFLA_INFO_DATA", data)])
        request = m.message(m.NEWLINK, m.CREATE | m.EXCL, [("IFLA_IFNAME", f"t{kind}"), ("IFLA_LINKINFO", info)])
        parts[kind] = _tried(kind, kernel(f"modprobe {kind}"), child, "netlink", 1, [request], [f"ip link add type {kind}"])
    parts["tun"] = _tried("tun", _tun_fix(), child, "tun", 1, "t0", 1000, "tun", False, True)
    parts["taps"] = _tried("taps", allowed(), child, "watch")
    parts["iproute2"] = _runs("iproute2", typed("apt install iproute2"), child, "ip link")
    if parts["iproute2"]:  # it mounts a /sys, which a container's masks forbid
        parts["ip netns exec"] = _runs("ip netns exec", allowed(), child, "ip netns exec t true")
    filters = "nft add table ip t", "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE"
    parts["packet filter"] = _runs("packet filter", typed("apt install nftables iptables"), child, *filters)


def _tun_fix() -> str:
    return typed("chmod 0666 /dev/net/tun") if os.path.exists("/dev/net/tun") else allowed("modprobe tun")


def _tried(name: str, fix: str, child: Child, verb: str, *arguments) -> Part:
    try:
        child.ask(verb, *arguments)
    except Refused as refused:
        return Part(name, False, refused.why, fix)
    except Unavailable as lacking:
        return Part(name, False, lacking.why, lacking.fix)
    return Part(name, True)


def _runs(name: str, fix: str, child: Child, *lines: str) -> Part:
    """Whether one of these lines does what it says."""
    found = [child.ask("sh", line, "host", 0, 10.0, seconds=10.0) for line in lines]
    if any(status == 0 for status, _, _ in found):
        return Part(name, True)
    why = found[0][2].decode(errors="replace").strip().splitlines()
    return Part(name, False, why[-1] if why else "it is refused", fix)
