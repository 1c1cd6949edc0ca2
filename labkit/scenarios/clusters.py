"""Labs of several machines: two nodes with flannel between them, and the cluster of the source notes."""

import json

from ..front import Lab
from ..planes.docker import Docker
from ..planes.etcd import Etcd
from ..planes.flannel import NOTES, TODAY, Flanneld, Registry, exactly, lowest
from ..planes.kubernetes import Cluster
from .script import cable, crossover, pod, run

_BACKENDS = {"udp": {"Type": "udp", "Port": 8285}, "vxlan": {"Type": "vxlan", "VNI": 1}, "host-gw": {"Type": "host-gw"}}
NAMESPACE = "hyjx--hyjx-group3"
PREFIX = "/awcloud.com/network"
#: machine -> (its number on the wire, the subnet chance gave it, the hours it has been a node)
_NODES = {"k8s-node2": (222, "10.20.92.0/24"), "k8s-node1": (221, "10.20.37.0/24")}
_DAY = 86400.0


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
    crossover(lab, node1="192.168.90.1/24", node2="192.168.90.2/24")
    for node in ("node1", "node2"):
        run(lab, node, "sysctl -qw net.ipv4.ip_forward=1")
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


def seed_cluster() -> Lab:
    """k8s-master, k8s-node1 and k8s-node2 on one switch, as the notes show them.

          wp-mysql-t5w0m          wp-frontend-0rlk4  mysql-demo-e81sy
          10.20.37.5              10.20.92.3         10.20.92.11
               |                        |                 |
        docker0 10.20.37.1/24        docker0 10.20.92.1/24
        flannel0 10.20.37.0/16       flannel0 10.20.92.0/16
             k8s-node1                    k8s-node2            k8s-master (etcd, kubectl)
        eth0 192.168.138.221/20      eth0 192.168.138.222/20   eth0 192.168.138.220/20
               |                            |                      |
           ====+============ switch ========+======================+====
                             192.168.128.1/20, the default gateway
    """
    lab = Lab("k8s-master")
    _switch(lab)
    _machine(lab, "k8s-master", 220)
    etcd = Etcd(lab, "k8s-master", api=2)
    etcd.store.put(f"{PREFIX}/config", '{"NetWork":"10.20.0.0/16"}')
    registry = Registry(etcd.store, PREFIX, NOTES)
    for name, (number, _) in _NODES.items():
        lab.add_machine(name)
        _machine(lab, name, number)
    cluster = Cluster(lab, "k8s-master")
    _node(lab, "k8s-node2", registry, cluster)
    # Two nodes of which the notes show the leases only; their addresses are ours.
    for subnet, number in (("10.20.100.0/24", 224), ("10.20.53.0/24", 223)):
        registry.reserve(subnet, f"192.168.138.{number}")
    _node(lab, "k8s-node1", registry, cluster)
    _pods(cluster)
    lab.probes = [
        ("wp-mysql-t5w0m", "10.20.92.11"), ("mysql-demo-e81sy", "10.20.37.5"), ("wp-frontend-0rlk4", "10.20.92.11"),
        ("k8s-node1", "10.20.92.11"), ("wp-mysql-t5w0m", "192.168.138.222"), ("k8s-node1", "192.168.128.1"),
    ]
    return lab


def _switch(lab: Lab) -> None:
    """What joins the machines: a bridge, which is the default gateway too."""
    lab.add_machine("switch", role="switch")
    run(lab, "switch", """
        ip link set lo up
        ip link add br0 type bridge
        ip addr add 192.168.128.1/20 dev br0
        ip link set br0 up
        """, "cable")


def _machine(lab: Lab, name: str, number: int) -> None:
    """A CentOS machine of the time: NetworkManager gives its lines metric 100, libvirt brings virbr0."""
    cable(lab, name, "eth0", "switch", "br0")
    run(lab, name, "ip link set lo up", "systemd")
    run(lab, name, f"""
        ip addr add 192.168.138.{number}/20 brd + dev eth0 metric 100
        ip route add default via 192.168.128.1 dev eth0 proto static metric 100
        """, "NetworkManager")
    run(lab, name, """
        ip link add virbr0 type bridge
        ip addr add 192.168.122.1/24 brd + dev virbr0
        ip link set virbr0 up
        """, "libvirtd")


def _node(lab: Lab, name: str, registry: Registry, cluster: Cluster) -> None:
    """flanneld takes a lease, dockerd is started with it, and the machine joins the cluster."""
    number, subnet = _NODES[name]
    daemon = Flanneld(lab, name, registry, choose=exactly(subnet))
    bip = f"{daemon.lease.subnet.network_address + 1}/{daemon.lease.subnet.prefixlen}"
    run(lab, name, "sysctl -qw net.ipv4.ip_forward=1", "sysctl.d")
    engine = Docker(lab, on=name, version="20.10", bip=bip, mtu=daemon.backend.mtu, ip_masq=not daemon.ip_masq)
    cluster.join(engine, f"192.168.138.{number}", age=30 * _DAY)


def _pods(cluster: Cluster) -> None:
    """The ages are those of the notes' second listing."""
    for name, node, ip, image, days in (
        ("wp-frontend-0rlk4", "k8s-node2", "10.20.92.3", "wordpress:4.5", 1),
        ("mysql-demo-e81sy", "k8s-node2", "10.20.92.11", "mysql:5.6", 1),
        ("wp-mysql-t5w0m", "k8s-node1", "10.20.37.5", "mysql:5.6", 2),
    ):
        cluster.run(name, node=node, image=image, namespace=NAMESPACE, ip=ip, age=days * _DAY)
