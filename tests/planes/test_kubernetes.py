"""Pods share a namespace that the pause container owns; kubectl shows them with the notes' columns."""

import pytest

from labkit import Lab, scenarios
from labkit.errors import LabError
from labkit.planes.docker import Docker
from labkit.planes.kubernetes import Cluster
from labkit.planes.kubernetes.kubectl import age


@pytest.fixture
def lab():
    lab = Lab("master", "node")
    cluster = Cluster(lab, "master")
    cluster.join(Docker(lab, on="node", bip="10.20.92.1/24"), "192.168.138.222", age=3 * 3600)
    cluster.run("web-1", node="node", image="nginx:1.11", ip="10.20.92.3", age=90)
    cluster.run("api-1", node="node", image="python:2", namespace="shop", age=86400)
    return lab


def cluster_of(lab: Lab) -> Cluster:
    return lab.services["kubernetes"]


def test_a_pods_namespace_is_named_after_the_pod_and_belongs_to_the_pause_container(lab):
    assert lab["web-1"].role == "pod"
    pod = cluster_of(lab).find("default", "web-1")
    assert pod.pause.namespace is lab["web-1"] and pod.containers[0].namespace is lab["web-1"]
    assert pod.pause.name.startswith("k8s_POD_web-1_default_")
    assert pod.containers[0].name.startswith("k8s_nginx_web-1_default_")


def test_a_containers_restart_keeps_the_pods_address(lab):
    name = cluster_of(lab).find("default", "web-1").containers[0].name
    before = lab.sh("ip addr show eth0", on="web-1").stdout
    assert lab.sh(f"docker stop {name}", on="node").returncode == 0
    assert "0/1" in lab.sh("kubectl get pods").stdout
    assert lab.sh(f"docker start {name}", on="node").returncode == 0
    assert lab.sh("ip addr show eth0", on="web-1").stdout == before


def test_a_deleted_pod_takes_its_namespace_along(lab):
    cluster = cluster_of(lab)
    cluster.delete(cluster.find("default", "web-1"))
    assert "web-1" not in lab.namespaces
    assert lab.sh("docker ps -aq", on="node").stdout.count("\n") == 2
    assert lab.sh("kubectl get pods").stderr == "No resources found in default namespace.\n"


def test_the_columns_of_the_notes(lab):
    assert lab.sh("kubectl get pods -o wide").stdout == (
        "NAME      READY     STATUS    RESTARTS   AGE       IP           NODE\n"
        "web-1     1/1       Running   0          1m        10.20.92.3   node\n")
    assert lab.sh("kubectl get pods --all-namespaces").stdout == (
        "NAMESPACE   NAME      READY     STATUS    RESTARTS   AGE\n"
        "shop        api-1     1/1       Running   0          1d\n"
        "default     web-1     1/1       Running   0          1m\n")
    assert lab.sh("kubectl get nodes -o wide").stdout == (
        "NAME      STATUS    AGE       INTERNAL-IP\n"
        "node      Ready     3h        192.168.138.222\n")


def test_the_listing_of_the_notes_to_the_last_blank():
    shown = scenarios.seed_cluster().sh("kubectl --namespace=hyjx--hyjx-group3 get pods -o wide").stdout.splitlines()
    assert shown[0] == "NAME                READY     STATUS    RESTARTS   AGE       IP            NODE"
    assert shown[2] == "wp-frontend-0rlk4   1/1       Running   0          1d        10.20.92.3    k8s-node2"


@pytest.mark.parametrize("line", [
    "kubectl -n shop get po", "kubectl get pod -n=shop", "kubectl get pods -nshop", "kubectl --namespace shop get pods api-1",
    "kubectl get pod/api-1 --namespace=shop",
])
def test_the_same_question_in_other_words(lab, line):
    shown = lab.sh(line)
    assert shown.returncode == 0 and shown.stdout.splitlines()[1].startswith("api-1 ")


@pytest.mark.parametrize(("line", "code", "message"), [
    ("kubectl get pods -n nowhere", 0, "No resources found in nowhere namespace.\n"),
    ("kubectl get podz", 1, 'error: the server doesn\'t have a resource type "podz"\n'),
    ("kubectl get pod web-2", 1, 'Error from server (NotFound): pods "web-2" not found\n'),
    ("kubectl get node web-2", 1, 'Error from server (NotFound): nodes "web-2" not found\n'),
    ("kubectl get", 1, "error: Required resource not specified\n"),
    ("kubectl get pods -o xml", 1, 'for the output format "xml", allowed formats are: wide\n'),
    ("kubectl get pods --frob", 1, "Error: unknown flag: --frob\n"),
    ("kubectl get pods -n", 1, "Error: flag needs an argument: 'n' in -n\n"),
    ("kubectl frob", 1, 'error: unknown command "frob" for "kubectl"\n'),
    ("kubectl exec", 1, "error: pod or type/name must be specified\n"),
    ("kubectl exec web-1", 1, "error: you must specify at least one command for the container\n"),
    ("kubectl exec web-2 -- ip route", 1, 'Error from server (NotFound): pods "web-2" not found\n'),
    ("kubectl exec web-1 -- frob", 126, "command terminated with exit code 126\n"),
])
def test_what_kubectl_refuses(lab, line, code, message):
    shown = lab.sh(line)
    assert (shown.returncode, shown.stdout) == (code, "")
    assert message in shown.stderr


@pytest.mark.parametrize("line", [
    "kubectl exec web-1 -- ip route", "kubectl exec -it web-1 -c nginx -- ip route", "kubectl exec web-1 ip route",
    "kubectl -n default exec pod/web-1 ip route",
])
def test_exec_runs_in_the_pod(lab, line):
    assert lab.sh(line).stdout == (
        "default via 10.20.92.1 dev eth0 \n10.20.92.0/24 dev eth0 proto kernel scope link src 10.20.92.3 \n")


def test_a_failing_command_in_a_pod_hands_on_its_status(lab):
    shown = lab.sh("kubectl exec web-1 -- ip link show eth7")
    assert shown.returncode == 1
    assert shown.stderr == 'Device "eth7" does not exist.\ncommand terminated with exit code 1\n'


def test_flags_behind_exec_belong_to_the_command(lab):
    assert "1 packets transmitted" in lab.sh("kubectl exec web-1 ping -c 1 10.20.92.1").stdout


def test_on_a_node_there_is_no_api_server(lab):
    assert "localhost:8080 was refused" in lab.sh("kubectl get pods", on="node").stderr


def test_a_pod_needs_a_node_and_a_name_of_its_own(lab):
    with pytest.raises(LabError, match="no node 'nowhere' in the cluster; there are: node"):
        cluster_of(lab).run("web-2", node="nowhere", image="nginx")
    with pytest.raises(LabError, match='"web-1" already exists'):
        cluster_of(lab).run("web-1", node="node", image="nginx")


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (86399, "23h"), (86400, "1d"), (400 * 86400, "1y"),
])
def test_an_age_is_its_largest_unit(seconds, text):
    assert age(seconds) == text
