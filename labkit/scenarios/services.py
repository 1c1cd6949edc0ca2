"""A cluster of today, as recorded: nodes with kubelet, flanneld and kube-proxy, a master with the API, and who asks from outside."""

import json
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ..commands import filesystem
from ..errors import BadInput, shown
from ..front import Lab
from ..lab import links
from ..lab.program import Listener, listen
from ..planes.flannel import Flanneld
from ..planes.kubernetes import dns as names
from ..planes.kubernetes.api import Api
from ..planes.kubernetes.ctl import install
from ..planes.kubernetes.endpoints import EndpointController
from ..planes.kubernetes.kubelet import Kubelet
from ..planes.kubernetes.node_leases import NET_CONF, NodeLeases
from ..planes.kubernetes.proxy import KubeProxy
from ..planes.kubernetes.workloads import Controllers
from .script import cable, run

_MASTER = ("k8s-master", "192.168.138.220/20")
_NODES = {"k8s-node1": "192.168.138.221", "k8s-node2": "192.168.138.222"}
_POD_CIDRS = {"k8s-node1": "10.20.37.0/24", "k8s-node2": "10.20.92.0/24"}
_OUTSIDE = {"outside": "192.168.138.50", "far": "203.0.113.9"}
_BACKENDS = ("udp", "vxlan", "host-gw")
#: The nodes' own name server, as recorded; nobody is there.
_RESOLV = "search example.org\nnameserver 192.0.2.53\n"
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def cluster(
    master: tuple[str, str] = _MASTER, nodes: dict[str, str] = _NODES, pod_cidrs: dict[str, str] | None = None, backend: str = "vxlan",
    pod_network: str = "10.20.0.0/16", service_network: str = "10.96.0.0/16", gateway: str = "192.168.128.1",
    outside: dict[str, str] = _OUTSIDE, kube_proxy: dict | None = None, dns: bool = False,
) -> Lab:  # fmt: skip
    """Nodes on one link with a master, and a router to the rest of the world; no pods yet.

        outside .138.50 --+                    +-- k8s-node1 .138.221   pods 10.20.37.0/24
        k8s-master .220 --+-- 192.168.128.0/20 +-- k8s-node2 .138.222   pods 10.20.92.0/24
        router .128.1 ----+
          +-- far 203.0.113.9

    Without arguments it is the recorded cluster A. `nodes`: names and addresses, with the prefix length of the master's; `pod_cidrs`: of
    a node that is not in it the controller-manager gives out the next /24 of `pod_network`; `outside`: who is on the nodes' link is
    there, everybody else behind the `gateway`; `kube_proxy`: keys as in kube-proxy's own configuration; `dns`: with CoreDNS,
    which the recorded cluster had not.
    """
    name, link, router = master[0], _interface(master[1]), _address(gateway)
    if backend not in _BACKENDS:
        raise BadInput(f"backend {shown(backend)} is not one of {', '.join(_BACKENDS)}")
    pods, services = _network(pod_network), _network(service_network)
    pod_cidrs = dict(_POD_CIDRS if pod_cidrs is None and nodes == _NODES else pod_cidrs or {})
    lab = Lab(name)
    _wire(lab, link, router, {name: link.ip} | {node: _address(address) for node, address in nodes.items()}, outside)
    api = Api(lab, name, service_network=services)
    lab.daemons.add(api)
    install(lab)
    listen(lab[name], Listener("tcp", None, 6443, "kube-apiserver"))
    Controllers(api, pods)
    for namespace in _NAMESPACES:
        api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}, "status": {"phase": "Active"}})
    kubelets = [_node(lab, api, node, _address(address), pods, services, pod_cidrs.get(node), backend) for node, address in nodes.items()]
    EndpointController(api)
    proxies = [KubeProxy(lab, kubelet.machine, api, kubelet.address, kube_proxy or {}, pod_network) for kubelet in kubelets]
    _first_service(api, link.ip, services)
    for proxy in proxies:
        proxy.start()
    if dns:
        names.install(api)
    return lab


def _wire(lab: Lab, link: IPv4Interface, gateway: IPv4Address, machines: dict[str, IPv4Address], outside: dict[str, str]) -> None:
    """The link is a switch; the router is the default gateway of everybody, and has no way out of its own."""
    lab.add_machine("switch", role="switch")
    run(lab, "switch", """
        ip link set lo up
        ip link add br0 type bridge
        ip link set br0 up
        """, "cable")
    lab.add_machine("router")
    _plug(lab, "router", gateway, link)
    run(lab, "router", "sysctl -qw net.ipv4.ip_forward=1", "router")
    here = {name: _address(address) for name, address in outside.items()}
    for name in (*machines, *here):
        if name not in lab.namespaces:
            lab.add_machine(name)
    for name, address in (machines | {name: address for name, address in here.items() if address in link.network}).items():
        _plug(lab, name, address, link)
        run(lab, name, f"ip route add default via {gateway} dev eth0", "systemd-networkd")
    for number, (name, address) in enumerate(((n, a) for n, a in here.items() if a not in link.network), 1):
        network = IPv4Network((address, 24), strict=False)
        near = network.network_address + (1 if address != network.network_address + 1 else 254)
        _far(lab, name, address, near, number)


def _far(lab: Lab, name: str, address: IPv4Address, near: IPv4Address, number: int) -> None:
    """A machine on a link of its own behind the router."""
    with lab.writing("cable"):
        links.create(lab, lab["router"], f"eth{number}", "veth", peer_name="eth0", peer_ns=lab[name])
    for machine, device, own in (("router", f"eth{number}", near), (name, "eth0", address)):
        run(lab, machine, f"""
            ip addr add {own}/24 brd + dev {device}
            ip link set {device} up
            """, "cable")
    run(lab, name, "ip link set lo up", "systemd")
    run(lab, name, f"ip route add default via {near} dev eth0", "systemd-networkd")


def _plug(lab: Lab, name: str, address: IPv4Address, link: IPv4Interface) -> None:
    cable(lab, name, "eth0", "switch", "br0")
    run(lab, name, "ip link set lo up", "systemd")
    run(lab, name, f"ip addr add {address}/{link.network.prefixlen} brd + dev eth0", "systemd-networkd")


def _node(
    lab: Lab, api: Api, name: str, address: IPv4Address, pods: IPv4Network, services: IPv4Network, pod_cidr: str | None, backend: str,
) -> Kubelet:  # fmt: skip
    """A machine becomes a node: its settings and files, a Node, kubelet and flanneld."""
    run(lab, name, "sysctl -qw net.ipv4.ip_forward=1", "sysctl.d")
    filesystem.write(lab, lab[name], "/etc/resolv.conf", _RESOLV)
    filesystem.of(lab, lab[name], to_write=True).directories.add("/etc/kube-flannel")
    conf = {"Network": str(pods), "Backend": {"Type": backend}}
    filesystem.write(lab, lab[name], NET_CONF, json.dumps(conf, indent=2) + "\n")
    if pod_cidr is not None:
        spec = {"podCIDR": str(_network(pod_cidr)), "podCIDRs": [str(_network(pod_cidr))]}
        api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec})
    kubelet = Kubelet(lab, name, api, address, services.network_address + 10)
    kubelet.start()
    Flanneld(lab, name, NodeLeases(api, name, name), dev="eth0")
    return kubelet


def _first_service(api: Api, address: IPv4Address, services: IPv4Network) -> None:
    """default/kubernetes, which the API server itself keeps: how pods find it (pkg/controlplane/reconcilers)."""
    labels = {"component": "apiserver", "provider": "kubernetes"}
    port = {"name": "https", "port": 6443, "protocol": "TCP"}
    spec = {"clusterIP": str(services.network_address + 1), "clusterIPs": [str(services.network_address + 1)], "type": "ClusterIP",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}], "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}  # fmt: skip
    mirrored = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    meta = {"name": "kubernetes", "namespace": "default"}
    with api.changing():
        status = {"loadBalancer": {}}
        api.put({"apiVersion": "v1", "kind": "Service", "metadata": meta | {"labels": labels}, "spec": spec, "status": status})
        api.put({"apiVersion": "v1", "kind": "Endpoints", "metadata": meta | {"labels": mirrored},
                 "subsets": [{"addresses": [{"ip": str(address)}], "ports": [port]}]})  # fmt: skip
        api.put({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                 "metadata": meta | {"labels": {"kubernetes.io/service-name": "kubernetes"}},
                 "endpoints": [{"addresses": [str(address)], "conditions": {"ready": True}}], "ports": [port]})  # fmt: skip


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise BadInput(f"{shown(text)} is no address such as 192.168.138.221") from None


def _interface(text: str) -> IPv4Interface:
    try:
        found = IPv4Interface(text)
    except ValueError:
        found = None
    if found is None or "/" not in text:
        raise BadInput(f"the master's address {shown(text)} has no form such as 192.168.138.220/20")
    return found


def _network(text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError:
        raise BadInput(f"{shown(text)} is no network such as 10.20.0.0/16") from None
