"""The kernel's settings of one namespace that the model obeys, with a new namespace's values.

Keys are spelled as sysctl(8) prints them. `net.ipv4.conf.all.X` and `net.ipv4.conf.<if>.X` combine
as ip-sysctl.rst says for each X: rp_filter by the larger, proxy_arp and accept_local by "either".
"""

import errno
import re
from collections.abc import Container

from ..errors import KernelError

#: Settings outside of `conf`, with the value a new network namespace has (observed on 6.18).
GLOBAL = {
    "net.ipv4.ip_forward": "0", "net.ipv4.ip_default_ttl": "64", "net.ipv4.icmp_echo_ignore_all": "0",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1", "net.ipv4.icmp_errors_use_inbound_ifaddr": "0", "net.ipv4.icmp_ratelimit": "1000",
    "net.ipv4.ip_no_pmtu_disc": "0", "net.ipv4.ip_forward_use_pmtu": "0", "net.ipv4.fib_multipath_hash_policy": "0",
    "net.ipv4.route.min_adv_mss": "256", "net.ipv4.route.min_pmtu": "552", "net.ipv4.route.mtu_expires": "600",
    "net.ipv4.ping_group_range": "1\t0", "net.bridge.bridge-nf-call-iptables": "1",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait": "60", "net.netfilter.nf_conntrack_tcp_timeout_established": "432000",
}  # fmt: skip

#: Settings of each interface (and of "all" and "default").
PER_INTERFACE = {
    "forwarding": "0", "rp_filter": "0", "accept_local": "0", "arp_ignore": "0", "arp_announce": "0", "proxy_arp": "0",
    "accept_redirects": "1", "send_redirects": "1", "secure_redirects": "1", "shared_media": "1",
    "drop_unicast_in_l2_multicast": "0", "log_martians": "0", "promote_secondaries": "0",
    "ignore_routes_with_linkdown": "0", "route_localnet": "0", "src_valid_mark": "0",
}  # fmt: skip

_CONF = "net.ipv4.conf."

#: As many characters of a number do not fit into the kernel's buffer (kernel/sysctl.c TMPBUFLEN; observed on 6.18).
_LONGEST_NUMBER = 21
#: What the kernel takes as a number, and the least and most for settings that have some (6.18).
_NUMBER = re.compile(r"(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_RANGES = {
    "net.ipv4.ip_default_ttl": (1, 255), "net.ipv4.icmp_echo_ignore_all": (0, 1), "net.ipv4.icmp_echo_ignore_broadcasts": (0, 1),
    "net.ipv4.icmp_errors_use_inbound_ifaddr": (0, 1), "net.ipv4.icmp_ratelimit": (0, 2**31 - 1), "net.ipv4.ip_no_pmtu_disc": (0, 255),
    "net.ipv4.ip_forward_use_pmtu": (0, 255), "net.ipv4.fib_multipath_hash_policy": (0, 3), "net.ipv4.route.min_pmtu": (68, 2**31 - 1),
}  # fmt: skip


class Sysctls:
    """A mapping of sysctl names to their text; an unknown name raises KernelError(ENOENT). `_groups` holds the settings of each
    interface by its name, and of "" those outside of `conf`. A group is never changed, a write puts another in its place: so a new
    interface has the very group of "default", and a copy those of its original."""

    __slots__ = SEEN = ("_groups",)

    def __init__(self):
        self._groups = {"": GLOBAL, "all": PER_INTERFACE, "default": PER_INTERFACE}

    def __deepcopy__(self, memo) -> "Sysctls":
        new = object.__new__(Sysctls)
        new._groups = dict(self._groups)
        return new

    def __contains__(self, key: str) -> bool:
        group, name = _cut(key)
        return name in self._groups.get(group, ())

    def __getitem__(self, key: str) -> str:
        group, name = _cut(key)
        try:
            return self._groups[group][name]
        except KeyError:
            raise KernelError(errno.ENOENT) from None

    def __setitem__(self, key: str, value: str) -> None:
        """Write one value, with what the kernel changes along with it (ip-sysctl.rst)."""
        before, value = self[key], _accepted(key, value)
        self._write(*_cut(key), value)
        if key in ("net.ipv4.ip_forward", f"{_CONF}all.forwarding") and value != before:
            # It writes every interface's `forwarding`, and a router takes no redirects (net/ipv4/devinet.c inet_forward_change).
            self._write("", "net.ipv4.ip_forward", value)
            self._write("all", "accept_redirects", "0" if int(value) else "1")
            for group in filter(None, self._groups):
                self._write(group, "forwarding", value)

    def __iter__(self):
        return iter(sorted(f"{_CONF}{group}.{name}" if group else name for group, held in self._groups.items() for name in held))

    @property
    def interfaces(self) -> Container[str]:
        """Whatever has settings of its own: the interfaces, "all" and "default"."""
        return self._groups

    def number(self, key: str) -> int:
        return int(self[key])

    def conf(self, interface: str, key: str) -> int:
        """The setting of one interface alone."""
        return int(self._groups[interface][key])

    def either(self, interface: str, key: str) -> bool:
        """True when "all" or the interface says so."""
        return bool(self.conf("all", key) or self.conf(interface, key))

    def larger(self, interface: str, key: str) -> int:
        """The larger of "all" and the interface's own."""
        return max(self.conf("all", key), self.conf(interface, key))

    def add_interface(self, name: str) -> None:
        """A new interface starts with what "default" says."""
        self._groups[name] = self._groups["default"]

    def drop_interface(self, name: str) -> None:
        self._groups.pop(name, None)

    def rename_interface(self, old: str, new: str) -> None:
        if old in self._groups:
            self._groups[new] = self._groups.pop(old)

    def keep(self, names: set[str]) -> None:
        """Have settings for these interfaces and no others."""
        self._groups = {name: self._groups.get(name, self._groups["default"]) for name in ("", "all", "default", *sorted(names))}

    def _write(self, group: str, name: str, value: str) -> None:
        self._groups[group] = self._groups[group] | {name: value}


def _cut(key: str) -> tuple[str, str]:
    """The group a name belongs to, and its name in there: net.ipv4.conf.eth0.1.forwarding is `forwarding` of eth0.1."""
    group, _, name = key.removeprefix(_CONF).rpartition(".")
    return (group, name) if key.startswith(_CONF) else ("", key)


def _accepted(key: str, text: str) -> str:
    """The number the kernel keeps of what is written, or KernelError(EINVAL). It reads the first number, decimal, 0x… or octal, and
    ignores what stands behind a space (kernel: kernel/sysctl.c proc_dointvec; observed on 6.18)."""
    words = text.split()
    if key == "net.ipv4.ping_group_range":
        if len(words) != 2 or not all(_NUMBER.fullmatch(word) and word.isdigit() and len(word) < 11 for word in words):
            raise KernelError(errno.EINVAL)
        return "\t".join(words) if int(words[0]) <= int(words[1]) else "1\t0"
    found = _NUMBER.fullmatch(words[0]) if words else None
    if not found or len(words[0]) >= _LONGEST_NUMBER:
        raise KernelError(errno.EINVAL)
    octal = found[2].startswith("0") and found[2].isdigit()
    number = int(found[2], 8 if octal else 0) * (-1 if found[1] else 1)
    least, most = _RANGES.get(key, (-(2**31), 2**31 - 1))
    if not least <= number <= most:
        raise KernelError(errno.EINVAL)
    return str(int(bool(number)) if key.startswith("net.bridge.") else number)
