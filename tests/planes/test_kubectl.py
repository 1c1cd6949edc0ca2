"""kubectl of today answers as the recorded one did: every recorded line of cluster A, and what goes wrong in lines nobody recorded."""

import difflib
import json

import pytest

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
FILES = ("kubectl.txt", "get-describe.txt", "exec-logs.txt", "mistakes.txt")
KERNEL = "the recorded table has the width of a longer kernel version, which was shortened afterwards"
BUSYBOX = "busybox's ip prints another form than iproute2's, whose words the lab's containers have"
BACKEND = "which of three pods answers is chance"
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
}


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


def test_most_recorded_lines_agree():
    recorded = sum(len(lines(path.relative_to(RECORDINGS).as_posix())) for path in RECORDINGS.rglob("*.txt") if path.name in FILES)
    assert recorded - len(OTHERWISE) >= 230, f"{recorded} recorded, {len(OTHERWISE)} listed as different"
