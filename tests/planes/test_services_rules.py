"""What kube-proxy, kubelet, flanneld and the CNI plugins write, held against the recorded iptables-save of each node, byte for byte."""

import csv
import re

import pytest

import labkit
from labkit.planes.kubernetes.proxy_rules import Endpoint, ServicePort

from .services_recorded import NODES, RECORDINGS, cluster, folders, kubectl, rules, scenario, server, typed

#: `changes` has tests of its own.
_OTHERWISE = ("changes", "forward-policy-drop-without-flannel")


@pytest.mark.parametrize("folder", [name for name in folders("*/iptables-save.txt") if name not in _OTHERWISE])
def test_each_node_has_the_recorded_rules(folder):
    lab = scenario(folder)
    recorded = sorted((RECORDINGS / folder).glob("*/iptables-save.txt"))
    assert recorded
    for path in recorded:
        assert rules(typed(lab, "iptables-save", path.parent.name)) == rules(path.read_text())


def test_a_cluster_whose_forwarding_nobody_allows_has_the_recorded_rules():
    """Recorded after kube-proxy had found its jump in POSTROUTING behind flanneld's: of that chain the order is not compared."""
    folder = "forward-policy-drop-without-flannel"
    lab = scenario(folder)
    for node in NODES:
        texts = rules((RECORDINGS / folder / node / "iptables-save.txt").read_text()), rules(typed(lab, "iptables-save", node))
        wanted, got = ([line for line in text.splitlines() if not line.startswith("-A POSTROUTING")] for text in texts)
        jumps = [sorted(line for line in text.splitlines() if line.startswith("-A POSTROUTING")) for text in texts]
        assert got == wanted and jumps[0] == jumps[1]


@pytest.mark.parametrize("state", ["1-cleaned", "2-kube-proxy"])
def test_a_cluster_without_services_has_the_recorded_rules(state):
    lab = cluster()
    for node in NODES:
        text = typed(lab, "iptables-save", node)
        if state == "1-cleaned":
            wanted = {line.split()[0] for line in (RECORDINGS / f"start/{state}/{node}/iptables-save.txt").read_text().splitlines()
                      if line.startswith(":")}  # fmt: skip
            assert wanted <= {line.split()[0] for line in text.splitlines() if line.startswith(":")}
        else:
            assert rules(text) == rules((RECORDINGS / f"start/{state}/{node}/iptables-save.txt").read_text())


def test_every_recorded_chain_name_is_made_of_its_text():
    rows = list(csv.DictReader((RECORDINGS / "chain-names.tsv").open(), delimiter="\t"))
    assert len(rows) > 100
    for row in rows:
        namespace, _, rest = row["service port"].partition("/")
        service, _, name = rest.partition(":")
        address, _, port = row["endpoint"].rpartition(":")
        end = Endpoint(address, int(port)) if row["endpoint"] else None
        made = ServicePort(namespace, service, name, row["protocol"], "10.96.0.1", 80).chain(row["kind"], end)
        assert made == row["name"], row


def test_a_changed_service_is_written_by_kube_proxy_and_nobody_else():
    lab = scenario("clusterip-all-endpoints")
    wrote = lab.who_wrote("-A KUBE-SVC-LOLE4ISW44XBNF3G", on="k8s-node1")
    assert {line.origin.who for line in wrote} == {"kube-proxy"}
    assert "iptables-restore" in wrote[0].origin.command
    kubectl(lab, "delete svc web")
    assert not lab.who_wrote("-A KUBE-SVC-LOLE4ISW44XBNF3G")


STATES = {
    "1-all": "apply", "2-label-removed": "label pod web-c app-", "3-label-back": "label pod web-c app=web",
    "4-pod-deleted": "delete pod web-a", "5-proxy-stopped": "stop", "6-pod-deleted-while-stopped": "delete pod web-b",
    "7-proxy-started-again": "start", "8-service-deleted": "delete svc",
}  # fmt: skip


def test_endpoints_come_and_go_and_a_stopped_kube_proxy_leaves_its_rules():
    lab = cluster("changes")
    for state, words in STATES.items():
        match words:
            case "apply":
                kubectl(lab, "apply -f -", (RECORDINGS / "changes/objects.yaml").read_text())
            case "stop" | "start":
                for node in NODES:
                    typed(lab, f"systemctl {words} kube-proxy", node)
            case "delete svc":
                names = [one["metadata"]["name"] for one in server(lab).list("Service", "default")]
                kubectl(lab, f"delete svc {next(name for name in names if name != 'kubernetes')}")
            case _:
                kubectl(lab, words)
        for path in sorted((RECORDINGS / "changes" / state).glob("*/iptables-save.txt")):
            assert rules(typed(lab, "iptables-save", path.parent.name)) == rules(path.read_text()), state


def test_an_unready_pod_is_no_endpoint_until_it_is_ready():
    lab = scenario("not-ready")
    for state in ("1-not-ready", "2-ready"):
        if state == "2-ready":
            typed(lab, "touch /tmp/ready", "slow")
            typed(lab, "sleep 2", "slow")
        for path in sorted((RECORDINGS / "not-ready" / state).glob("*/iptables-save.txt")):
            assert rules(typed(lab, "iptables-save", path.parent.name)) == rules(path.read_text()), state


def test_a_host_port_is_a_translation_by_the_portmap_plugin():
    lab = scenario("containers")
    text = typed(lab, "iptables-save -t nat", "k8s-node1")
    recorded = (RECORDINGS / "containers/k8s-node1/iptables-save.txt").read_text()

    def of_plugin(text: str) -> list[str]:

        lines = [line for line in text.splitlines() if "CNI-" in line]
        return [re.sub(r"CNI-DN-[0-9a-f]{21}", "CNI-DN-x", re.sub(r"[0-9a-f]{64}", "ID", re.sub(r" \[.*", "", line))) for line in lines]

    assert of_plugin(text) == of_plugin(recorded)
    kubectl(lab, "delete pod hostport")
    assert "CNI-DN-" not in typed(lab, "iptables-save -t nat", "k8s-node1")


def test_kube_proxy_sets_the_recorded_sysctls():
    lab = labkit.scenarios.cluster()
    for line in (RECORDINGS / "start/2-kube-proxy/k8s-node1/sysctl.txt").read_text().splitlines():
        assert typed(lab, f"sysctl {line.split()[0]}", "k8s-node1").strip() == line


def test_flushed_tables_are_written_anew_with_the_next_change():
    lab = scenario("nodeport-cluster")
    before = rules(typed(lab, "iptables-save", "k8s-node1"))
    for table in ("nat", "filter", "mangle"):
        typed(lab, f"iptables -t {table} -F", "k8s-node1")
        typed(lab, f"iptables -t {table} -X", "k8s-node1")
    kubectl(lab, "label pod web-c app-")
    kubectl(lab, "label pod web-c app=web")
    after = rules(typed(lab, "iptables-save", "k8s-node1"))
    assert [line for line in before.splitlines() if "KUBE-SVC" in line] == [line for line in after.splitlines() if "KUBE-SVC" in line]
