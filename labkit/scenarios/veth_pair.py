"""Two namespaces joined by a cable."""

from ..front import Lab
from .build import run


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
