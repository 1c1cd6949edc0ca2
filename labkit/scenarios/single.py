"""Labs of one host: two namespaces on a cable, two pods on a bridge, and Docker's network modes."""

from ..front import Lab
from ..planes.docker import Docker
from .script import crossover, pod, run


def veth_pair() -> Lab:
    """Two namespaces and a veth pair between them, as in the source notes.

        ns1  192.168.50.1/24          ns2  192.168.50.2/24
        +-----------+                 +-----------+
        |      tap1 |=================| tap2      |
        +-----------+                 +-----------+
    """
    lab = Lab()
    run(lab, "host", """
        ip link add tap1 type veth peer name tap2
        ip netns add ns1
        ip netns add ns2
        ip link set tap1 netns ns1
        ip link set tap2 netns ns2
        ip -n ns1 addr add 192.168.50.1/24 dev tap1
        ip -n ns2 addr add 192.168.50.2/24 dev tap2
        ip -n ns1 link set tap1 up
        ip -n ns2 link set tap2 up
        """)
    lab.probes = [("ns1", "192.168.50.2"), ("ns2", "192.168.50.1")]
    return lab


def same_node() -> Lab:
    """A node with a bridge and two pods on it; the node is also the pods' way out.

        pod1 10.20.92.3     pod2 10.20.92.11
        +----------+        +----------+
        |   eth0   |        |   eth0   |
        +----||----+        +----||----+
        +---veth1---------------veth2---+
        |   docker0  10.20.92.1/24      |  node
        +-------------------------------+
    """
    lab = Lab("node")
    run(lab, "node", """
        ip link set lo up
        ip link add docker0 type bridge
        ip addr add 10.20.92.1/24 dev docker0
        ip link set docker0 up
        sysctl -qw net.ipv4.ip_forward=1
        """)
    for number, address in ((1, "10.20.92.3"), (2, "10.20.92.11")):
        pod(lab, "node", f"pod{number}", f"{address}/24", "docker0", "10.20.92.1", f"veth{number}")
    lab.probes = [("pod1", "10.20.92.11"), ("pod2", "10.20.92.3"), ("pod1", "10.20.92.1"), ("node", "10.20.92.11")]
    return lab


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

    It is the host of tests/recordings/docker-29, but for one line: `outside` has no route to 172.17.0.0/16. It needs none: what
    comes from a container comes under the host's address.
    """
    lab = Lab("host", "outside")
    crossover(lab, host="192.168.77.2/24", outside="192.168.77.1/24")
    run(lab, "host", "ip route add default via 192.168.77.1")
    Docker(lab)
    run(lab, "host", """
        docker run -d --name br1 tiny:1 sleep 600
        docker run -d --name br2 tiny:1 sleep 600
        docker run -d --name host1 --network host tiny:1 sleep 600
        docker run -d --name none1 --network none tiny:1 sleep 600
        docker run -d --name cont1 --network container:br1 tiny:1 sleep 600
        docker run -d --name pub1 -p 8080:80 lab/web
        """)
    lab.probes = [
        ("br1", "172.17.0.3"), ("br1", "172.17.0.1"), ("br1", "192.168.77.2"), ("br1", "192.168.77.1"),
        ("host", "172.17.0.2"), ("none1", "172.17.0.3"), ("outside", "192.168.77.2"),
    ]  # fmt: skip
    return lab
