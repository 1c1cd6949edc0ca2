"""flannel under Kubernetes, where the Node is the lease, held against the recorded states of two clusters."""

import json

import pytest

import labkit
from labkit.planes.flannel import Flanneld
from labkit.planes.kubernetes.node_leases import NodeLeases

from .services_recorded import NODES, RECORDINGS, cluster, kubectl, server, typed

STATES = RECORDINGS / "flannel-kube-subnet-mgr"
BACK = RECORDINGS / "cluster-b" / "node-comes-back"


def routes(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines())


def annotations(lab: labkit.Lab, node: str) -> dict[str, str]:
    notes = server(lab).get("Node", node)["metadata"]["annotations"]
    return {name.partition("/")[2]: text for name, text in notes.items() if name.startswith("flannel.alpha.coreos.com/")}


def restarted(lab: labkit.Lab, backend: str = "") -> None:
    for node in NODES:
        if backend:
            conf = json.dumps({"Network": "10.20.0.0/16", "Backend": {"Type": backend}})
            typed(lab, f"echo '{conf}' > /etc/kube-flannel/net-conf.json", node)
        typed(lab, "systemctl restart flanneld", node)


def same(lab: labkit.Lab, state: str) -> None:
    for node in NODES:
        assert routes(typed(lab, "ip route", node)) == routes((STATES / state / node / "ip-route.txt").read_text()), state
        assert typed(lab, "cat /run/flannel/subnet.env", node) == (STATES / state / node / "subnet.env").read_text(), state


def test_six_recorded_states_of_a_cluster():
    lab = cluster()
    same(lab, "1-running")
    assert annotations(lab, "k8s-node1")["kube-subnet-manager"] == "true"
    (up,) = [one for one in server(lab).get("Node", "k8s-node1")["status"]["conditions"] if one["type"] == "NetworkUnavailable"]
    assert (up["status"], up["reason"], up["message"]) == ("False", "FlannelIsUp", "Flannel is running on this node")
    kubectl(lab, "annotate node k8s-node2 flannel.alpha.coreos.com/backend-data- flannel.alpha.coreos.com/kube-subnet-manager-")
    same(lab, "2-annotation-removed")
    mac = lab["k8s-node2"].find("flannel.1").mac
    restarted(lab)
    same(lab, "3-flanneld-restarted")
    assert json.loads(annotations(lab, "k8s-node2")["backend-data"]) == {"VNI": 1, "VtepMAC": mac}
    restarted(lab, "host-gw")
    same(lab, "4-host-gw")
    assert (annotations(lab, "k8s-node1")["backend-type"], annotations(lab, "k8s-node1")["backend-data"]) == ("host-gw", "null")
    restarted(lab, "udp")
    same(lab, "5-udp")
    assert annotations(lab, "k8s-node1")["backend-type"] == ""
    restarted(lab, "vxlan")
    same(lab, "6-vxlan-again")


def test_a_deleted_node_takes_its_lines_along_on_the_others():
    lab = cluster()
    kubectl(lab, "delete node k8s-node2")
    left = typed(lab, "ip route; ip neigh show nud permanent", "k8s-node1")
    recorded = json.loads((STATES / "node-deleted.json").read_text())[1]["stdout"]
    assert routes(left) == routes(recorded)
    assert "dst 192.168.138.222" not in typed(lab, "bridge fdb show", "k8s-node1")
    assert lab.trace("client2", "10.20.92.1").answered  # its pods run on


@pytest.mark.parametrize("node, file", [("", "no-node-name.txt"), ("nosuch", "unknown-node.txt"), ("no-cidr", "node-without-podcidr.txt")])
def test_without_a_node_of_its_own_flanneld_does_not_start(node, file):
    lab = cluster(pods=False)
    lab.daemons["flanneld", "k8s-node1"].stop()
    with server(lab).changing():
        if node == "no-cidr":
            server(lab).put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}, "spec": {}})
        with pytest.raises(labkit.LabError) as refused:
            Flanneld(lab, "k8s-node1", NodeLeases(server(lab), "k8s-node1", node), dev="eth0")
    assert str(refused.value) in (STATES / file).read_text()


def test_a_node_that_comes_back_has_another_subnet_and_its_bridge_is_in_the_way():
    lab = cluster("cluster-b")
    kubectl(lab, "delete node worker-c")
    typed(lab, "systemctl restart kubelet", "worker-c")
    assert server(lab).get("Node", "worker-c")["spec"]["podCIDR"] == "10.244.3.0/24"

    def same(state: str) -> None:
        for node in ("worker-a", "worker-b", "worker-c"):
            assert routes(typed(lab, "ip route", node)) == routes((BACK / state / node / "ip-route.txt").read_text()), (state, node)
            assert typed(lab, "cat /run/flannel/subnet.env", node) == (BACK / state / node / "subnet.env").read_text()

    same("1-node-registered-again")
    for node in ("worker-a", "worker-b", "worker-c"):
        typed(lab, "systemctl restart flanneld", node)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new-c", "namespace": "prod", "labels": {"app": "new"}},
           "spec": {"nodeName": "worker-c", "containers": [{"name": "web", "image": "lab/web:1"}]}}  # fmt: skip
    kubectl(lab, "apply -f -", json.dumps(pod))
    same("2-flanneld-restarted")
    assert "ContainerCreating" in kubectl(lab, "get pods -n prod new-c")
    why = 'plugin type="flannel" failed (add): failed to delegate add: failed to set bridge addr: "cni0" already has an IP address'
    assert f"{why} different from 10.244.3.1/24" in kubectl(lab, "describe pod -n prod new-c")
    typed(lab, "ip link del cni0", "worker-c")
    typed(lab, "sleep 20", "worker-c")
    same("3-bridge-deleted")
    assert "10.244.3.3" in kubectl(lab, "get pods -n prod -o wide new-c")
