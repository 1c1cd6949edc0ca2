"""Which Debian package a missing tool is in."""

import re

PACKAGES = {
    "ip": "iproute2", "bridge": "iproute2", "ss": "iproute2", "tc": "iproute2", "ping": "iputils-ping", "arping": "iputils-arping",
    "tracepath": "iputils-tracepath", "traceroute": "traceroute", "tcpdump": "tcpdump", "ifconfig": "net-tools",
    "route": "net-tools", "netstat": "net-tools", "arp": "net-tools", "sysctl": "procps", "iptables": "iptables",
    "iptables-save": "iptables", "iptables-restore": "iptables", "nft": "nftables", "conntrack": "conntrack", "brctl": "bridge-utils",
    "nc": "netcat-openbsd", "curl": "curl", "iperf3": "iperf3", "ethtool": "ethtool", "nsenter": "util-linux", "unshare": "util-linux",
    "dig": "dnsutils", "mtr": "mtr-tiny", "nmap": "nmap", "socat": "socat", "docker": "docker.io", "etcdctl": "etcd-client",
}  # fmt: skip

#: sh: 1: ping: not found
_NOT_FOUND = re.compile(r"(?:^|: )([\w.+-]+): (?:command )?not found", re.MULTILINE)


def named(errors: str) -> str:
    """A sentence for each tool that the shell did not find and whose package is known."""
    missing = [tool for tool in _NOT_FOUND.findall(errors) if tool in PACKAGES]
    return "".join(f"{tool} is not installed here; on Debian it is in the package {PACKAGES[tool]}.\n" for tool in missing)
