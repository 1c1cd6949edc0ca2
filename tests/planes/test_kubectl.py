"""kubectl of today answers as the recorded one did: every recorded line of cluster A, and what goes wrong in lines nobody recorded."""

import difflib
import json

import pytest

from . import services_recorded
from .kubectl_recorded import RECORDINGS, answer, apply, busy_cluster, cluster, documents, kubectl, lines

#: One Service each, and the lines that look at it.
SERVICES = sorted(path.parent.name for path in RECORDINGS.glob("*/kubectl.txt") if path.parent.name not in ("start", "containers"))
#: Addresses that were written into a Service's status by hand.
BALANCED = {"lb": "192.168.128.200", "lblocal": "192.168.128.201", "lbsrc": "192.168.128.202"}

#: A pod's own files and processes the lab does not keep apart.
PROCESS = "the lab has no processes to list"
FILE = "a file of the recorded image, of each container's own"
SLICE = "the lab's slices have no generation and no owner"
UNHEALTHY = "a kubelet of the lab tells of no probe that failed"
CHANCE = "a number that is drawn by chance, and the column is as wide as it"
NODE = "what the recorded node had lived through, and its images"
FILES = ("kubectl.txt", "apply.txt", "get-describe.txt", "exec-logs.txt", "mistakes.txt")
KERNEL = "the recorded table has the width of a longer kernel version, which was shortened afterwards"
BUSYBOX = "busybox's ip prints another form than iproute2's, whose words the lab's containers have"
BACKEND = "which of three pods answers is chance"
ORDER = "which three of the four a slice names first is chance"
LIVED = "pods that had come and gone before, and their addresses"
_BACK = "cluster-b/node-comes-back"
#: (recording, command) -> why the lab's answer is another one.
OTHERWISE = {
    ("start", "kubectl get nodes -o wide"): KERNEL,
    ("kubectl/get-describe.txt", "kubectl get nodes -o wide"): KERNEL,
    ("kubectl/get-describe.txt", "kubectl describe node k8s-node1"): NODE,
    ("kubectl/get-describe.txt", "kubectl get node k8s-node1 -o yaml"): NODE,
    ("kubectl/get-describe.txt", "kubectl explain service.spec.type"): "the lab has no descriptions of fields, and says so",
    ("kubectl/exec-logs.txt", "kubectl exec client1 -- ip route"): BUSYBOX,
    ("kubectl/exec-logs.txt", "kubectl exec client1 -- ip addr"): BUSYBOX,
    ("kubectl/exec-logs.txt", "kubectl exec svc/web -- hostname"): BACKEND,
    ("kubectl/mistakes.txt", "kubectl get svc ex1 -o wide"): CHANCE,
    ("kubectl/mistakes.txt", "kubectl get svc cs1 cs5"): CHANCE,
    ("not-ready/1-not-ready", "kubectl get endpointslices -n default -l kubernetes.io/service-name=slow -o yaml"): SLICE,
    ("not-ready/2-ready", "kubectl get endpointslices -n default -l kubernetes.io/service-name=slow -o yaml"): SLICE,
    ("not-ready/1-not-ready", "kubectl describe pod -n default slow"): UNHEALTHY,
    ("not-ready/2-ready", "kubectl describe pod -n default slow"): UNHEALTHY,
    ("containers", "kubectl exec -n default pair -- ip addr"): BUSYBOX,
    ("containers", "kubectl exec -n default pair -c shell -- ip addr"): BUSYBOX,
    ("containers", "kubectl exec -n default pair -c db -- ip route"): BUSYBOX,
    ("containers", "kubectl exec -n default on-host -- ip addr show eth0"): BUSYBOX,
    ("containers", "kubectl exec -n default pair -c shell -- netstat -ltn"): "the lab lists sockets by port, busybox as they were opened",
    ("containers", "kubectl exec -n default pair -c shell -- ps"): PROCESS,
    ("containers", "kubectl exec -n default pair -c web -- ps"): PROCESS,
    ("containers", "kubectl exec -n default pair -c shell -- cat /etc/image"): FILE,
    ("containers", "kubectl exec -n default pair -c web -- cat /etc/image"): FILE,
    ("containers", "kubectl exec -n default pair -c db -- cat /etc/image"): FILE,
    ("cluster-b/nodeport-cluster", "kubectl get endpointslices -n prod -l kubernetes.io/service-name=np"): ORDER,
    ("cluster-b/nodeport-cluster", "kubectl describe svc -n prod np"): ORDER,
    (f"{_BACK}/1-node-registered-again", "kubectl get pods -n prod -o wide"): LIVED,
    (f"{_BACK}/2-flanneld-restarted", "kubectl get pods -n prod -o wide"): LIVED,
    (f"{_BACK}/3-bridge-deleted", "kubectl get pods -n prod -o wide"): LIVED,
}

#: What was done before each state of `changes`.
CHANGES = {
    "1-all": "kubectl apply -f -", "2-label-removed": "kubectl label pod web-c app-", "3-label-back": "kubectl label pod web-c app=web",
    "4-pod-deleted": "kubectl delete pod web-a", "5-proxy-stopped": "systemctl stop kube-proxy",
    "6-pod-deleted-while-stopped": "kubectl delete pod web-b", "7-proxy-started-again": "systemctl start kube-proxy",
}  # fmt: skip


def replay(lab, name: str, file: str = "kubectl.txt") -> list[str]:
    """What differs, of the lines that are not listed above."""
    wrong = []
    for line in lines(f"{name}/{file}"):
        got, expected = answer(lab, line)
        known = OTHERWISE.get((name if file == "kubectl.txt" else f"{name}/{file}", line.command.strip()))
        if known is None and got != expected:
            changes = difflib.unified_diff(expected.splitlines(), got.splitlines(), "recorded", "the lab", lineterm="", n=0)
            wrong.append("\n".join([f"$ {line.command}", *changes]))
        elif known is not None and got == expected:
            wrong.append(f"$ {line.command}\nagrees, though it is listed: {known}")
    return wrong


def show(wrong: list[str]) -> None:
    assert not wrong, f"{len(wrong)} lines differ\n\n" + "\n\n".join(wrong)


@pytest.fixture(scope="module")
def fresh():
    return cluster()


def again(lab, *names: str) -> None:
    """Pods are deleted and come back, with the next addresses."""
    pods = documents("workload.yaml")
    kubectl(lab, f"kubectl delete pod {' '.join(names)}")
    for name in names:
        kubectl(lab, "kubectl apply -f -", pods[name])


@pytest.fixture(scope="module")
def busy():
    return busy_cluster()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_shown_as_it_was_recorded(fresh, name):
    lab = fresh.copy()
    if name == "all-together-iptables-1.32":
        again(lab, "web-a", "web-b")
    apply(lab, f"{name}/objects.yaml")
    for service in documents(f"{name}/objects.yaml"):
        if service in BALANCED:
            given = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": BALANCED[service]}]}}})
            assert "patched" in kubectl(lab, f"kubectl patch svc {service} --subresource=status -p '{given}'")
    show(replay(lab, name))


def test_a_cluster_without_services_is_shown_as_it_was_recorded(fresh):
    show(replay(fresh.copy(), "start"))


def test_several_containers_are_shown_as_they_were_recorded(fresh):
    lab = fresh.copy()
    again(lab, "web-a", "web-b")
    parts = (RECORDINGS / "containers/objects.yaml").read_text().split("---\n")
    for part in sorted(parts, key=lambda part: "kind: Pod" in part):  # the Services were there when the containers started
        assert not part.strip() or "created" in kubectl(lab, "kubectl apply -f -", part)
    show(replay(lab, "containers"))


@pytest.mark.parametrize("file", ["get-describe.txt", "exec-logs.txt", "mistakes.txt"])
def test_words_and_slips_are_answered_as_they_were_recorded(busy, file):
    show(replay(busy.copy(), "kubectl", file))


def test_a_file_of_many_objects_is_applied_as_it_was_recorded(fresh):
    lab = fresh.copy()
    lab.sh("cat > objects.yaml", on="k8s-master", stdin=(RECORDINGS / "kubectl/objects.yaml").read_text())
    show(replay(lab, "kubectl", "apply.txt"))


def test_a_pod_that_is_not_ready_and_then_is(fresh):
    lab, client = fresh.copy(), documents("workload.yaml")["client1"]
    fillers = [f"filler{n}" for n in range(7)]  # the recorded pod has 10.20.37.12
    for name in fillers:
        kubectl(lab, "kubectl apply -f -", client.replace("client1", name))
    kubectl(lab, f"kubectl delete pod {' '.join(fillers)}")
    apply(lab, "not-ready/objects.yaml")
    show(replay(lab, "not-ready/1-not-ready"))
    assert kubectl(lab, "kubectl exec slow -- touch /tmp/ready") == ""
    lab.sh("sleep 3", on="k8s-master")
    show(replay(lab, "not-ready/2-ready"))


def test_endpoints_that_come_and_go_are_shown_as_they_were_recorded(fresh):
    lab, states = fresh.copy(), sorted(path.parent.name for path in RECORDINGS.glob("changes/*/kubectl.txt"))
    assert len(states) == 7
    for state in states:
        for words in CHANGES[state].split("; "):
            for on in ("k8s-node1", "k8s-node2") if words.startswith("systemctl") else ("k8s-master",):
                assert lab.sh(words, on=on, stdin=(RECORDINGS / "changes/objects.yaml").read_text()).returncode == 0
        show(replay(lab, f"changes/{state}"))


def test_another_cluster_is_shown_as_it_was_recorded():
    lab = services_recorded.cluster("cluster-b")
    apply(lab, "cluster-b/nodeport-cluster/objects.yaml")
    show(replay(lab, "cluster-b/nodeport-cluster"))


def test_a_node_that_comes_back_is_shown_as_it_was_recorded():
    lab = services_recorded.cluster("cluster-b")
    kubectl(lab, "kubectl delete node worker-c")
    lab.sh("systemctl restart kubelet", on="worker-c")
    show(replay(lab, f"{_BACK}/1-node-registered-again"))
    for node in ("worker-a", "worker-b", "worker-c"):
        lab.sh("systemctl restart flanneld", on=node)
    container = {"name": "web", "image": "lab/web:1", "env": [{"name": "PORTS", "value": "8080"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new-c", "namespace": "prod", "labels": {"app": "new"}},
           "spec": {"nodeName": "worker-c", "containers": [container]}}  # fmt: skip
    assert kubectl(lab, "kubectl apply -f -", json.dumps(pod)) == "pod/new-c created"
    show(replay(lab, f"{_BACK}/2-flanneld-restarted"))
    lab.sh("ip link del cni0; sleep 20", on="worker-c")
    show(replay(lab, f"{_BACK}/3-bridge-deleted"))


def test_most_recorded_lines_agree():
    recorded = sum(len(lines(path.relative_to(RECORDINGS).as_posix())) for path in RECORDINGS.rglob("*.txt") if path.name in FILES)
    assert recorded - len(OTHERWISE) >= 335, f"{recorded} recorded, {len(OTHERWISE)} listed as different"


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_some_namespaces_stay(fresh, name):
    lab = fresh.copy()
    says = f'Error from server (Forbidden): namespaces "{name}" is forbidden: this namespace may not be deleted\n[exit status 1]'
    assert kubectl(lab, f"kubectl delete ns {name}") == says
    assert kubectl(lab, f"kubectl get ns {name} -o name") == f"namespace/{name}"


def test_the_servers_own_service_comes_back(fresh):
    lab, uid = fresh.copy(), "kubectl get svc kubernetes -o jsonpath={.metadata.uid}"
    before, rules = kubectl(lab, uid), lab.sh("iptables-save -t nat", on="k8s-node1").stdout
    assert kubectl(lab, "kubectl delete svc kubernetes") == 'service "kubernetes" deleted'
    assert kubectl(lab, uid) not in ("", before)
    assert "192.168.138.220:6443" in kubectl(lab, "kubectl get endpoints kubernetes")
    after = lab.sh("iptables-save -t nat", on="k8s-node1").stdout
    assert [line for line in after.splitlines() if "KUBE-SEP" in line] == [line for line in rules.splitlines() if "KUBE-SEP" in line]


REFUSED = "was refused - did you specify the right host or port?\n"
_OPENAPI = ('error: error validating "STDIN": error validating data: failed to download openapi: Get "https://192.168.138.220:6443/openapi/v2?'
            'timeout=32s": dial tcp 192.168.138.220:6443: connect: connection refused; if you choose to ignore these errors, turn '
            "validation off with --validate=false\n")  # fmt: skip


@pytest.mark.parametrize("line, shown, says", [
    ("get pods", "", REFUSED), ("delete pod web-a", "", REFUSED), ("logs web-a", "", REFUSED), ("get", "", "See 'kubectl get -h' for help"),
    ("apply -f -", "", _OPENAPI), ("create -f -", "", _OPENAPI), ("apply -f nosuch", "", 'the path "nosuch" does not exist'),
    ("apply", "", "must specify one of -f and -k"),
    ("version", "Client Version: v1.32.3\nKustomize Version: v5.5.0\n", REFUSED),
    ("cluster-info", "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n", REFUSED),
])  # fmt: skip
def test_a_server_that_is_stopped(fresh, line, shown, says):
    lab = fresh.copy()
    lab.sh("systemctl stop kube-apiserver", on="k8s-master")
    result = lab.sh(f"kubectl {line}", on="k8s-master", stdin=documents("workload.yaml")["web-a"])
    assert result.returncode == 1 and result.stdout == shown and says in result.stderr


@pytest.mark.parametrize("line, says", [
    ("get pods --sort-by=foo", """error: couldn't find any field with path "{.foo}" in the list of objects"""),
    ("patch svc kubernetes -p x",
     "Error from server (BadRequest): json: cannot unmarshal string into Go value of type map[string]interface {}"),
    ("patch svc kubernetes -p '[]'",
     "Error from server (BadRequest): json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ("version -o json", "The lab's kubectl tells its version as text: leave out -o."),
])  # fmt: skip
def test_slips_that_nobody_recorded(fresh, line, says):
    assert kubectl(fresh.copy(), f"kubectl {line}") == f"{says}\n[exit status 1]"


@pytest.mark.parametrize("bad, says", [
    ("kind: Service\n", "error validating data: apiVersion not set"), ("- a\n", "error validating data: invalid object to validate"),
    ("a: [1\n", "error converting YAML to JSON"),
])  # fmt: skip
def test_a_file_is_applied_up_to_where_it_cannot_be_read(fresh, bad, says):
    lab, service = fresh.copy(), "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {ports: [{port: 80}]}\n"
    result = lab.sh("kubectl apply -f -", on="k8s-master", stdin="---\n".join([service % "one", bad, service % "two"]))
    assert (result.returncode, result.stdout) == (1, "service/one created\n") and says in result.stderr
