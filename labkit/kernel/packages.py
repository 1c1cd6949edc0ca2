"""Which Debian package a missing tool is in."""

import re

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
