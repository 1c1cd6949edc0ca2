"""Names in a cluster: what pods find under them, and that the questions are packets. Written from the specification; nothing was
recorded."""

import pytest

import labkit

from .kubectl_recorded import documents, kubectl

SERVICES = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: each}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: web.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: away}
spec: {type: ExternalName, externalName: db.example.org}
"""


@pytest.fixture(scope="module")
def cluster():
    lab, pods = labkit.scenarios.cluster(dns=True), documents("workload.yaml")
    for name in ("web-b", "web-a", "client1", "client2", "web-c"):
        kubectl(lab, "kubectl apply -f -", pods[name])
    lab.sh("kubectl apply -f -", on="k8s-master", stdin=SERVICES)
    return lab


@pytest.fixture
def lab(cluster):
    return cluster.copy()


def web(lab) -> str:
    return kubectl(lab, "kubectl get svc web -o jsonpath={.spec.clusterIP}")


def test_the_add_on_stands_where_kubelets_look_for_it(lab):
    assert "10.96.0.10" in kubectl(lab, "kubectl get svc -n kube-system kube-dns")
    assert kubectl(lab, "kubectl get deploy -n kube-system").splitlines()[1].split()[:2] == ["coredns", "2/2"]


@pytest.mark.parametrize(
    "name", ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "web.default.svc.cluster.local.", "alias"]
)
def test_a_service_is_found_by_all_its_names(lab, name):
    result = lab.sh(f"curl -s http://{name}/", on="client1")
    assert result.returncode == 0 and "client=10.20.37.5:" in result.stdout, result


def test_a_service_of_another_namespace_needs_its_namespace(lab):
    kubectl(lab, "kubectl create namespace prod")
    kubectl(lab, "kubectl create service clusterip api -n prod --tcp=80:8080")
    assert lab.sh("nslookup api.prod.svc.cluster.local", on="client1").returncode == 0
    assert lab.sh("curl http://api/", on="client1").stderr.endswith("curl: (6) Could not resolve host: api\n")


def test_nslookup_asks_for_every_domain_of_the_search_list(lab):
    result = lab.sh("nslookup web", on="client1")
    assert result.stdout.startswith(
        f"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tweb.default.svc.cluster.local\nAddress: {web(lab)}\n\n"
        "** server can't find web.svc.cluster.local: NXDOMAIN\n\n"
    ) and result.returncode == 1  # fmt: skip
    whole = lab.sh("nslookup web.default.svc.cluster.local", on="client1")
    assert (whole.returncode, whole.stdout) == (
        0, "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
        f"Name:\tweb.default.svc.cluster.local\nAddress: {web(lab)}\n\n\n")  # fmt: skip


def test_busybox_adds_no_domain_to_a_name_with_a_dot(lab):
    result = lab.sh("nslookup web.default", on="client1")
    assert result.returncode == 1 and "** server can't find web.default: SERVFAIL" in result.stdout


def test_a_headless_service_is_its_ready_endpoints(lab):
    shown = lab.sh("nslookup each.default.svc.cluster.local", on="client2").stdout
    assert [line for line in shown.splitlines() if line.startswith("Address: ")] == [
        f"Address: {a}" for a in ("10.20.37.3", "10.20.37.4", "10.20.92.4")
    ]
    kubectl(lab, "kubectl label pod web-a app-")
    assert "10.20.37.4" not in lab.sh("nslookup each.default.svc.cluster.local", on="client2").stdout


def test_the_addresses_of_an_alias_in_the_cluster_come_with_it(lab):
    names = "alias.default.svc.cluster.local", "web.default.svc.cluster.local"
    shown = lab.sh(f"nslookup {names[0]}", on="client1")
    assert shown.stdout.endswith(f"{names[0]}\tcanonical name = {names[1]}\nName:\t{names[1]}\nAddress: {web(lab)}\n\n\n")
    assert shown.returncode == 0


def test_aliases_that_lead_in_a_circle_have_no_address(lab):
    for name, target in (("one", "two"), ("two", "one"), ("self", "self"), ("none", "nosuch")):
        kubectl(lab, f"kubectl create service externalname {name} --external-name={target}.default.svc.cluster.local")
    for name in ("one", "two", "self", "none"):
        assert lab.sh(f"curl http://{name}/", on="client1").returncode == 6
        assert "Address: " not in lab.sh(f"nslookup {name}.default.svc.cluster.local", on="client1").stdout


def test_an_external_name_is_another_name(lab):
    assert (
        "away.default.svc.cluster.local\tcanonical name = db.example.org\n"
        in lab.sh("nslookup away.default.svc.cluster.local", on="client1").stdout
    )
    assert lab.sh("curl http://away/", on="client1").returncode == 6


def test_an_address_has_a_name(lab):
    assert "name = web.default.svc.cluster.local" in lab.sh(f"nslookup {web(lab)}", on="client1").stdout


def test_a_question_is_a_packet_through_the_rules(lab):
    before = lab.sh("conntrack -L -p udp", on="k8s-node1").stdout
    lab.sh("nslookup web.default.svc.cluster.local", on="client1")
    after = lab.sh("conntrack -L -p udp", on="k8s-node1").stdout
    assert "dst=10.96.0.10" in after and before != after


def test_without_a_running_name_server_no_name_is_found(lab):
    kubectl(lab, "kubectl scale deploy -n kube-system coredns --replicas=0")
    assert lab.sh("curl http://web/", on="client1").returncode == 6
    assert "no servers could be reached" in lab.sh("nslookup web", on="client1").stdout


def test_the_recorded_cluster_has_no_name_server():
    lab = labkit.scenarios.cluster()
    assert kubectl(lab, "kubectl get svc -n kube-system") == "No resources found in kube-system namespace."
