"""The recorded Docker host, built again in the lab with the lines that were typed there."""

from pathlib import Path

import labkit
from labkit.lab import links

RECORDINGS = Path(__file__).parent.parent / "recordings" / "docker"

#: A first container had come and gone before the recordings, as the interface indexes there show.
FRESH = "docker run --rm tiny:1 true"
BRIDGE = [
    "docker run -d --name br1 tiny:1 sleep 600",
    "docker run -d --name br2 tiny:1 sleep 600",
    "docker run -d --name pub1 -p 8080:80 tiny:1 sleep 600",
    "docker run -d --name pub2 -p 9000-9002:9000-9002 -p 127.0.0.1:8081:80/udp tiny:1 sleep 600",
    "docker run -d --name lnk1 --link br1:db tiny:1 sleep 600",
]
OTHER_MODES = [
    "docker run -d --name host1 --network host tiny:1 sleep 600",
    "docker run -d --name none1 --network none tiny:1 sleep 600",
    "docker run -d --name cont1 --network container:br1 tiny:1 sleep 600",
]
NETWORKS = [
    "docker network create --subnet 172.30.1.0/24 net1",
    "docker network create net2",
    "docker network create net3",
    "docker run -d --name fixed --network net1 --ip 172.30.1.77 tiny:1 sleep 600",
    "docker create --name stopped1 tiny:1 sleep 600",
    "docker create --name exited1 tiny:1 true",
]


def machine() -> labkit.Lab:
    """The host and the machine beside it, before Docker."""
    lab = labkit.Lab("host", "outside")
    links.create(lab, lab["host"], "eth0", "veth", peer_name="eth0", peer_ns=lab["outside"])
    for name, number in (("host", 2), ("outside", 1)):
        for line in ("ip link set lo up", f"ip addr add 192.168.77.{number}/24 dev eth0", "ip link set eth0 up"):
            typed(lab, line, name)
    typed(lab, "ip route add default via 192.168.77.1")
    typed(lab, "ip route add 172.17.0.0/16 via 192.168.77.2", "outside")
    return lab


def typed(lab: labkit.Lab, line: str, on: str = "host") -> str:
    """What a line prints; it has to work."""
    result = lab.sh(line, on)
    assert result.returncode == 0, f"{line}: {result.stderr}"
    return result.stdout


def host(*stages: list[str]) -> labkit.Lab:
    lab = machine()
    labkit.Docker(lab, version="20.10")
    for stage in stages:
        for line in stage:
            typed(lab, line)
    return lab
