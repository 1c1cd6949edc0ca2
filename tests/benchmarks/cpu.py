"""CPU time, which is the same whatever else the machine does, and the larger labs that are measured."""

import json
import random
import statistics
import time
from ipaddress import IPv4Address

import labkit
from labkit.planes.etcd import Etcd
from labkit.planes.flannel import Flanneld, Registry
from labkit.scenarios.script import cable, pod, run


def cpu_ms(run) -> float:
    """Milliseconds of CPU that one call takes."""
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1000


def median_cpu_ms(run, rounds: int = 5, least: float = 40) -> float:
    """The median over rounds of so many calls as take a while: where the CPU clock ticks every 4 ms a single one tells nothing."""
    calls = max(1, int(least / max(cpu_ms(run), 0.01)))
    return statistics.median(cpu_ms(lambda: [run() for _ in range(calls)]) / calls for _ in range(rounds))


def node(pods: int) -> labkit.Lab:
    """A node with so many pods on a bridge."""
    lab = labkit.Lab("node")
    run(lab, "node", """
        ip link set lo up
        ip link add cni0 type bridge
        ip addr add 10.1.0.1/16 dev cni0
        ip link set cni0 up
        sysctl -qw net.ipv4.ip_forward=1
        """)
    for number in range(pods):
        address = IPv4Address("10.1.0.2") + number
        pod(lab, "node", f"pod{number}", f"{address}/16", "cni0", "10.1.0.1", f"v{number}")
    lab.probes = [("pod0", "10.1.0.3"), ("pod0", "10.1.0.4")]
    return lab


def cluster(backend: str, nodes: int) -> tuple[labkit.Lab, float]:
    """So many nodes on one switch with flannel between them and a pod each, and the seconds of CPU that flanneld took."""
    lab = labkit.Lab("master")
    lab.add_machine("sw", role="switch")
    run(lab, "sw", "ip link add br0 type bridge\nip link set br0 up", "cable")
    names = [f"n{number}" for number in range(nodes)]
    for number, name in enumerate(names):
        lab.add_machine(name)
        cable(lab, name, "eth0", "sw", "br0")
        address = IPv4Address("172.16.0.10") + number
        run(lab, name, f"ip link set lo up\nip addr add {address}/12 dev eth0\nsysctl -qw net.ipv4.ip_forward=1")
    etcd = Etcd(lab, "master")
    registry, daemons = Registry(etcd.store), []
    etcd.store.put("/coreos.com/network/config", json.dumps({"Network": "10.0.0.0/8", "SubnetLen": 24, "Backend": {"Type": backend}}))
    took = cpu_ms(lambda: daemons.extend(Flanneld(lab, name, registry, dev="eth0") for name in names))
    for daemon in daemons:
        subnet = daemon.lease.subnet
        run(lab, daemon.machine, f"ip link add cni0 type bridge\nip addr add {subnet[1]}/24 dev cni0\nip link set cni0 up")
        pod(lab, daemon.machine, f"pod-{daemon.machine}", f"{subnet[2]}/24", "cni0", str(subnet[1]), "v0", daemon.backend.mtu)
        lab.probes.append((f"pod-{daemon.machine}", str(subnet[2])))
    return lab, took / 1000


def prefixes(count: int) -> list[str]:
    """So many different prefixes, of lengths as a BGP table has them, the same every time."""
    rng, lengths = random.Random(1), [24] * 60 + [23] * 10 + [22] * 12 + [21] * 5 + [20] * 5 + [19] * 3 + [18] * 2 + [17] + [16] * 2
    found: dict[str, None] = {}
    while len(found) < count:
        length = rng.choice(lengths)
        found[f"{IPv4Address(rng.randrange(1 << 24, 224 << 24) >> (32 - length) << (32 - length))}/{length}"] = None
    return list(found)
