"""Two nodes with a pod each, and flannel between them."""

import json

from ..front import Lab
from ..lab import links
from ..planes.etcd import Etcd
from ..planes.flannel import TODAY, Flanneld, Registry, exactly, lowest
from .build import pod, run

_BACKENDS = {"udp": {"Type": "udp", "Port": 8285}, "vxlan": {"Type": "vxlan", "VNI": 1}, "host-gw": {"Type": "host-gw"}}


def flannel(backend: str = "udp", subnets: tuple[str, str] | None = None, version: tuple[int, int] = TODAY) -> Lab:
    """Two nodes on one cable, a pod on each; backend "udp", "vxlan" or "host-gw".

        pod1 10.1.5.2                            pod2 10.1.6.2
        +-- eth0 --+                             +-- eth0 --+
             ||                                       ||
        +----v0--------------+              +---------v0---+
        | cni0 10.1.5.1/24   |  node1 node2 |   cni0 10.1.6.1/24
        | flannel0/flannel.1 |              | flannel0/flannel.1
        +------ eth0 --------+              +--- eth0 -----+
          192.168.90.1/24 ========================= 192.168.90.2/24

    `subnets`: what the two nodes happen to get, by default the first two. With vxlan the interface is
    flannel.1, with host-gw there is none.
    """
    lab = Lab("node1", "node2")
    _cable(lab)
    etcd = Etcd(lab, "node1", api=2 if version < (0, 18) else 3)
    registry = Registry(etcd.store, version=version)
    config = {"Network": "10.1.0.0/16", "SubnetLen": 24, "SubnetMin": "10.1.5.0", "SubnetMax": "10.1.40.0"}
    config["Backend"] = _BACKENDS.get(backend, {"Type": backend})
    etcd.store.put("/coreos.com/network/config", json.dumps(config, separators=(",", ":")))
    for number in (1, 2):
        choose = exactly(subnets[number - 1]) if subnets else lowest
        daemon = Flanneld(lab, f"node{number}", registry, dev="eth0", choose=choose)
        _bridge(lab, number, daemon)
    addresses = [str(lab[f"pod{number}"].find("eth0").addresses[0].ip) for number in (1, 2)]
    lab.probes = [("pod1", addresses[1]), ("pod2", addresses[0]), ("node1", addresses[1])]
    return lab


def _cable(lab: Lab) -> None:
    """eth0 of the one node is plugged into eth0 of the other."""
    with lab.writing("cable"):
        links.create(lab, lab["node1"], "eth0", "veth", peer_name="eth0", peer_ns=lab["node2"])
    for number in (1, 2):
        run(lab, f"node{number}", f"""
            ip link set lo up
            ip addr add 192.168.90.{number}/24 dev eth0
            ip link set eth0 up
            sysctl -qw net.ipv4.ip_forward=1
            """)


def _bridge(lab: Lab, number: int, daemon: Flanneld) -> None:
    """The node's bridge in its subnet, as a CNI plugin makes it, and a pod on it."""
    subnet, mtu = daemon.lease.subnet, daemon.backend.mtu
    gateway, address = subnet.network_address + 1, subnet.network_address + 2
    run(lab, f"node{number}", f"""
        ip link add cni0 mtu {mtu} type bridge
        ip addr add {gateway}/{subnet.prefixlen} dev cni0
        ip link set cni0 up
        """)
    pod(lab, f"node{number}", f"pod{number}", f"{address}/{subnet.prefixlen}", "cni0", str(gateway), "v0", mtu)
