"""ServiceExplorer: a Service's rules on every node side by side, who joins and leaves it, and both tuples of one connection."""

import pytest

import labkit
from labkit.errors import BadInput
from labkit.view import ServiceExplorer


def cluster(*files):
    lab = labkit.scenarios.web()
    for name in files:
        assert lab.sh(f"kubectl apply -f {name}.yaml", on="k8s-master").returncode == 0
    return lab


@pytest.fixture
def explorer():
    return ServiceExplorer(cluster("web"), "web", "client1")


def took(explorer, node):
    return [one.words for one in explorer.model.lines(node) if one.took]


def test_it_shows_the_rules_of_both_nodes_and_which_took_the_packet(explorer):
    model = explorer.model
    assert took(explorer, "k8s-node2") == [] and took(explorer, "k8s-node1") == [
        "-d 10.96.0.50/32 -p tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G",
        "--mode random --probability 0.33333333349 -j KUBE-SEP-CT2244DVAWOYUJCE",
        "-p tcp -j DNAT --to-destination 10.20.37.2:8080",
    ]
    assert [one.words for one in model.lines("k8s-node1")] == [one.words for one in model.lines("k8s-node2")]
    assert model.tuples() == ["k8s-node1: sent 10.20.37.4:32768 > 10.96.0.50:80, answer 10.20.37.2:8080 > 10.20.37.4:32768"]
    assert "answered at web-a" in model.text() and "KUBE-SEP-CT2244DVAWOYUJCE" in explorer.picture.value


def test_the_draw_can_be_pinned_and_a_node_that_only_forwards_has_an_ordinary_entry(explorer):
    explorer.endpoint.control.value = "10.20.92.3"
    assert explorer.model.trace.verdict.where == "web-c"
    assert explorer.model.tuples()[1] == "k8s-node2: sent 10.20.37.4:32768 > 10.20.92.3:8080, answer 10.20.92.3:8080 > 10.20.37.4:32768"


def test_a_pod_that_leaves_takes_its_rules_along_and_a_pin_on_it_is_let_go(explorer):
    explorer.endpoint.control.value, explorer.pod.control.value = "10.20.37.3", "web-b"
    explorer._select(False)
    assert explorer.endpoint.control.value == "(by chance)" and not explorer.model.messages
    assert "10.20.37.3" not in str(explorer.model.lines("k8s-node2"))
    assert [one.words for one in explorer.model.lines("k8s-node1") if one.new] == [
        "--mode random --probability 0.50000000000 -j KUBE-SEP-CT2244DVAWOYUJCE"]
    explorer._select(True)
    assert "10.20.37.3" in explorer.endpoint.control.options
    explorer.act("pod", explorer.model.reset)
    assert not explorer.model.edits and not any(one.new for one in explorer.model.lines("k8s-node1"))


def test_without_endpoints_one_rule_refuses(explorer):
    for pod in ("web-a", "web-b", "web-c"):
        explorer.pod.control.value = pod
        explorer._select(False)
    assert [(one.chain, one.took) for one in explorer.model.lines("k8s-node1")] == [("filter KUBE-SERVICES", True)]
    assert "port unreachable" in explorer.model.text()


def test_where_kube_proxy_is_stopped_the_rules_stay_as_they_were(explorer):
    explorer.stopped.control.value, explorer.pod.control.value = "k8s-node1", "web-c"
    explorer._select(False)
    there = {node: "10.20.92.3" in str(explorer.model.lines(node)) for node in explorer.model.nodes}
    assert there == {"k8s-node1": True, "k8s-node2": False} and "kube-proxy stopped" in explorer.picture.value
    explorer.act("pod", explorer.model.undo)
    assert explorer.stopped.control.value == "k8s-node1"
    explorer.act("pod", explorer.model.undo)
    assert explorer.stopped.control.value == "(nobody)"


def test_every_door_of_a_node_port_and_its_policy():
    explorer = ServiceExplorer(cluster("np"), "np", "outside", "192.168.138.222:30080")
    assert list(explorer.model.doors()) == [
        "ClusterIP 10.96.0.54:80", "NodePort at k8s-node1 192.168.138.221:30080", "NodePort at k8s-node2 192.168.138.222:30080"]
    assert "-j KUBE-MARK-MASQ" in took(explorer, "k8s-node2") and "10.20.92.0" in explorer.model.text()
    explorer.policy.control.value = "Local"
    assert explorer.model.trace.verdict.where == "web-c" and "10.20.92.0" not in str(explorer.model.tuples())
    explorer.door.control.value = "10.96.0.54:80"
    assert not explorer.model.trace.answered, "the ClusterIP means nothing outside"


def test_what_it_cannot_show_is_said_in_a_sentence(explorer):
    with pytest.raises(BadInput, match="takes a cluster with Services"):
        ServiceExplorer(labkit.scenarios.veth_pair())
    with pytest.raises(BadInput, match="there are: kubernetes"):
        ServiceExplorer(labkit.scenarios.web(), "web")
    with pytest.raises(BadInput, match="has no door"):
        ServiceExplorer(cluster("web"), "web", "client1", "10.0.0.1:80")
    other = ServiceExplorer(labkit.scenarios.web(), "kubernetes", "client1")
    other._select(True)
    assert "selects no pods" in other.pod.message.value


def test_the_lab_itself_stays_as_it_is():
    lab = cluster("web")
    before = lab.sh("iptables-save", on="k8s-node1").stdout
    explorer = ServiceExplorer(lab, "web", "client1")
    explorer._select(False)
    assert lab.sh("iptables-save", on="k8s-node1").stdout == before
