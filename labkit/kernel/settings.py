"""Which files under /proc/sys a realized namespace gets written, and with what.

A new namespace inherits some of its settings from the machine it is made on: so all that the lab models are written,
and those that would add packets of their own are set to the kernel's defaults. Three departures from a plain
kernel, because a prediction has no clock: no IPv6, no limit on ICMP errors, and neighbours that do not age (see
build_links.ageless).
"""

from ..lab.namespace import Namespace
from ..lab.sysctls import PER_INTERFACE, Sysctls

#: Settings the lab does not model, with the values that keep them out of the picture.
FIXED = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/ipv4/icmp_msgs_per_sec": "100000",
    "net/ipv4/icmp_msgs_burst": "100000",
} | {
    f"net/ipv4/conf/{scope}/{key}": value
    for scope in ("all", "default")
    for key, value in {
        "arp_filter": "0",
        "arp_notify": "0",
        "arp_accept": "0",
        "drop_gratuitous_arp": "0",
        "shared_media": "1",
    }.items()
}
_NO_LIMIT = {"net.ipv4.icmp_ratelimit": "0"}
#: These may fail: net.bridge is there only with the module br_netfilter, and a group that is not mapped into the user
#: namespace cannot be named (EINVAL, observed on 6.18).
_MAY_FAIL = ("net.bridge.", "net.ipv4.ping_group_range")


def of_namespace(sysctls: Sysctls) -> list[tuple[str, str, bool]]:
    """(path, value, whether it must be there) for a new namespace; ip_forward first, it writes others."""
    wanted = {key: sysctls[key] for key in sysctls if ".conf." not in key or ".conf.all." in key or ".conf.default." in key}
    wanted |= {
        f"net.ipv4.conf.lo.{key}": sysctls[f"net.ipv4.conf.lo.{key}"]
        for key in PER_INTERFACE
        if f"net.ipv4.conf.lo.{key}" in sysctls
    }
    wanted |= _NO_LIMIT
    first = {"net.ipv4.ip_forward": wanted.pop("net.ipv4.ip_forward")}
    written = [(_path(key), value, not key.startswith(_MAY_FAIL)) for key, value in (first | wanted).items()]
    return written + [(path, value, False) for path, value in FIXED.items()]


def of_interfaces(ns: Namespace) -> list[tuple[str, str, bool]]:
    """What each interface has otherwise than "default", from which it took its settings when it was made."""
    return [
        (f"net/ipv4/conf/{interface.name}/{key}", str(ns.sysctls.conf(interface.name, key)), True)
        for interface in ns.by_index()
        if interface.kind != "loopback"
        for key in PER_INTERFACE
        if ns.sysctls.conf(interface.name, key) != ns.sysctls.conf("default", key)
    ]


def _path(key: str) -> str:
    return key.replace(".", "/")
