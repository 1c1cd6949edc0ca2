"""A recorded scenario in the lab: its cluster, its pods, its objects, and what the person who recorded it did besides."""

import re
from ipaddress import IPv4Address
from pathlib import Path

import yaml

import labkit
from labkit.lab.program import Listener, listen

RECORDINGS = Path(__file__).parent.parent / "recordings" / "kubernetes"
#: Cluster B: other names and addresses, host-gw, podCIDRs given out by the controller-manager.
CLUSTER_B = {
    "master": ("master-b", "172.30.4.10/24"), "nodes": {f"worker-{x}": f"172.30.4.{n}" for x, n in (("a", 21), ("b", 22), ("c", 23))},
    "pod_cidrs": {}, "backend": "host-gw", "pod_network": "10.244.0.0/16", "service_network": "10.43.0.0/16", "gateway": "172.30.4.1",
    "outside": {"outside": "172.30.4.200", "far": "203.0.113.9"},
}  # fmt: skip
NODES = {"k8s-node1": "192.168.138.221", "k8s-node2": "192.168.138.222"}
#: Where web-a and web-b had been deleted and made anew before.
_LATER = ("all-together", "containers", "forward-policy-drop-with-", "hairpin", "stale-endpoint")
#: Addresses of load balancers, which were written into the status by hand.
_BALANCERS = {"lb": "192.168.128.200", "lblocal": "192.168.128.201", "lbsrc": "192.168.128.202"}


def folders(file: str) -> list[str]:
    """The scenarios that have a file of that name and objects of their own."""
    found = {path.parent for path in RECORDINGS.glob("**/objects.yaml")}
    return sorted(str(folder.relative_to(RECORDINGS)) for folder in found if [*folder.glob(file)])


def cluster(folder: str = "", pods: bool = True) -> labkit.Lab:
    """The cluster of a scenario, with kube-proxy's configuration of that time and its pods."""
    path, b = RECORDINGS / folder / "kube-proxy.yaml", folder.startswith("cluster-b")
    keys = yaml.safe_load(path.read_text()) if path.exists() else None
    lab = labkit.scenarios.cluster(**(CLUSTER_B if b else {}), kube_proxy=keys)
    if pods:
        apply(lab, "cluster-b/workload.yaml" if b else "workload.yaml")
    if folder.startswith(_LATER):
        made_anew(lab, "web-a", "web-b")
    return lab


def made_anew(lab: labkit.Lab, *names: str) -> None:
    """Pods of the workload are deleted and applied again, one by one."""
    manifests = (RECORDINGS / "workload.yaml").read_text().split("---\n")
    kubectl(lab, f"delete pod {' '.join(names)}")
    for name in names:
        kubectl(lab, "apply -f -", next(text for text in manifests if f"name: {name}," in text))


def scenario(folder: str) -> labkit.Lab:
    """A scenario's lab, as it was when it was recorded."""
    lab = cluster(folder)
    if folder == "forward-policy-drop-without-flannel":  # web-c had been made anew
        lab.daemons["kubelet", "k8s-node2"].cni.addresses.last = IPv4Address("10.20.92.5")
        made_anew(lab, "web-c")
    if folder == "not-ready":
        lab.daemons["kubelet", "k8s-node1"].cni.addresses.last = IPv4Address("10.20.37.11")
        for node in NODES:
            typed(lab, "systemctl restart flanneld", node)
    text = (RECORDINGS / folder / "objects.yaml").read_text()
    if folder.startswith("all-together"):  # a NodePort that chance gave
        text = re.sub(r"(name: lblocal\n(?:.*\n)*?.*targetPort: 8080\n)", r"\1    nodePort: 32748\n", text)
    kubectl(lab, "apply -f -", text)
    api = server(lab)
    for name, address in _BALANCERS.items() if folder != "loadbalancer-pending" else ():
        service = api.get("Service", name, "default")
        if service is not None:
            api.put(service | {"status": {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}})
    listen(lab["far"], Listener("tcp", None, 7070, "legacy", "pod=legacy-box client={client}:{port}\n"))
    if folder.startswith("forward-policy-drop"):
        for node in NODES:
            typed(lab, "iptables -P FORWARD DROP", node)
            if "without" in folder:
                lab.daemons["flanneld", node].stop()
                typed(lab, 'iptables -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD', node)
    return lab


def server(lab: labkit.Lab):
    return next(daemon for (name, _), daemon in lab.daemons.items() if name == "kube-apiserver")


def kubectl(lab: labkit.Lab, words: str, stdin: str = "") -> str:
    return typed(lab, f"kubectl {words}", server(lab).machine, stdin)


def apply(lab: labkit.Lab, name: str) -> None:
    kubectl(lab, "apply -f -", (RECORDINGS / name).read_text())


def typed(lab: labkit.Lab, line: str, on: str, stdin: str = "") -> str:
    result = lab.sh(line, on=on, stdin=stdin)
    assert result.returncode == 0, (line, result.stdout, result.stderr)
    return result.stdout


def sandboxes(lab: labkit.Lab) -> dict[tuple[str, str], object]:
    """What runs on the nodes, by namespace and name of the pod."""
    return {key: sandbox for (name, _), daemon in lab.daemons.items() if name == "kubelet" for key, sandbox in daemon.pods.items()}


def place(lab: labkit.Lab, source: str) -> str:
    """Where a probe came from: `pod:NAMESPACE/NAME`, `node:NAME` or `ns:NAME`."""
    kind, _, name = source.partition(":")
    return sandboxes(lab)[tuple(name.split("/"))].namespace.name if kind == "pod" else name


_SHARED = ("-A KUBE-SERVICES ", "-A KUBE-NODEPORTS ", "-A KUBE-EXTERNAL-SERVICES ", "-A KUBE-PROXY-FIREWALL ")
#: Left by what ran before on the recorded machines.
_LEFT_OVER = ("CNI-", "KUBE-MARK-DROP")


def rules(text: str) -> str:
    """iptables-save without counters, nfacct, and what an earlier scenario left; the Services in a shared chain by name, tables too."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r" -m nfacct --nfacct-name +\S+", "", re.sub(r" \[\d+:\d+\]", "", line))
        if not line.startswith("#") and not any(word in line for word in _LEFT_OVER):
            lines.append(line.rstrip())
    lines = [line for line in lines if not line.startswith("-A KUBE-NODEPORTS -d 127.0.0.0/8 ")]
    tables, begin = [], 0
    for at, line in enumerate(lines):
        if line == "COMMIT":
            tables.append(_ordered(lines[begin:at]))
            begin = at + 1
    return "\n".join(sorted(tables))


def _ordered(lines: list[str]) -> str:
    def last(line: str) -> tuple:
        return "NOTE:" in line, line

    shared = {chain: sorted((line for line in lines if line.startswith(chain)), key=last) for chain in _SHARED}
    told: list[str] = []
    for line in lines:
        chain = next((chain for chain in _SHARED if line.startswith(chain)), None)
        told += shared.pop(chain, []) if chain else [line]
    return "\n".join(told)
