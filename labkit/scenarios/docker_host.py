"""One machine with a Docker engine and a container in each network mode."""

from ..front import Lab
from ..lab import links
from ..planes.docker import Docker
from .build import run


def docker_host() -> Lab:
    """A Docker host, six containers on it, and a machine outside. cont1 lives in br1's namespace, host1 in the host's.

        br1 = cont1        br2          pub1         none1         host1
        172.17.0.2     172.17.0.3    172.17.0.4     (lo only)    (the host's own)
        +-- eth0 --+  +-- eth0 --+  +-- eth0 --+   +---------+
             ||            ||            ||
        +--veth…---------veth…---------veth…---------------------------------+
        |  docker0 172.17.0.1/16                                             |  host
        +------------------------- eth0 192.168.77.2/24 ---------------------+
                                     ||
                           eth0 192.168.77.1/24  outside

    It is the host of tests/recordings/docker, but for one line: the engine here does no NAT (see
    `labkit.planes.docker`), so `outside` has a route back to 172.17.0.0/16, which a masquerading
    Docker does not need.
    """
    lab = Lab("host", "outside")
    with lab.writing("cable"):
        links.create(lab, lab["host"], "eth0", "veth", peer_name="eth0", peer_ns=lab["outside"])
    for machine, address in (("host", "192.168.77.2/24"), ("outside", "192.168.77.1/24")):
        run(lab, machine, f"""
            ip link set lo up
            ip addr add {address} dev eth0
            ip link set eth0 up
            """)
    run(lab, "host", "ip route add default via 192.168.77.1")
    run(lab, "outside", "ip route add 172.17.0.0/16 via 192.168.77.2")
    Docker(lab)
    run(lab, "host", """
        docker run -d --name br1 tiny:1 sleep 600
        docker run -d --name br2 tiny:1 sleep 600
        docker run -d --name host1 --network host tiny:1 sleep 600
        docker run -d --name none1 --network none tiny:1 sleep 600
        docker run -d --name cont1 --network container:br1 tiny:1 sleep 600
        docker run -d --name pub1 -p 8080:80 tiny:1 sleep 600
        """)
    lab.probes = [
        ("br1", "172.17.0.3"), ("br1", "172.17.0.1"), ("br1", "192.168.77.2"), ("br1", "192.168.77.1"),
        ("host", "172.17.0.2"), ("none1", "172.17.0.3"), ("outside", "172.17.0.2"),
    ]  # fmt: skip
    return lab
