"""`python -m tests.usage` records the usage texts of labkit/commands/usage anew, each from the installed tool's own output."""

import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "labkit" / "commands" / "usage"
#: The name of each text -> the line that prints it, and nothing else.
LINES = {
    "ip": "ip help",
    "ip-address": "ip address help",
    "ip-link": "ip link help",
    "ip-link-bridge": "ip link help bridge",
    "ip-link-bridge_slave": "ip link help bridge_slave",
    "ip-link-veth": "ip link help veth",
    "ip-link-vxlan": "ip link help vxlan",
    "ip-neigh": "ip neigh help",
    "ip-netns": "ip netns help",
    "ip-route": "ip route help",
    "ip-rule": "ip rule help",
    "ip-tuntap": "ip tuntap help",
    "bridge": "bridge help",
    "bridge-fdb": "bridge fdb help",
    "bridge-link": "bridge link help",
    "arp": "arp -x 2>&1 | tail -n +2",
    "ifconfig": "ifconfig lo mtu",
    "inet_route": "route add default lo lo",
    "netstat": "netstat -r -i",
    "route": "route show",
    "nc": "nc -h 2>&1 | sed -n '/^usage/,/destination/p'",
    "ping": "ping -h",
    "sysctl": "sysctl -h",
    "tcpdump": "tcpdump -h 2>&1 | grep -v OpenSSL",
    "traceroute": "traceroute --help",
}


def recorded(line: str) -> str:
    """What the tool prints on both streams."""
    return subprocess.run(["sh", "-c", f"{{ {line}; }} 2>&1"], stdout=subprocess.PIPE, text=True, timeout=10).stdout


if __name__ == "__main__":
    for name, line in LINES.items():
        (FOLDER / f"{name}.txt").write_text(recorded(line), encoding="utf-8")
