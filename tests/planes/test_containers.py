"""Several containers in one pod: what they share and what is each one's own, as recorded (tests/recordings/kubernetes/containers)."""

import pytest

import labkit

POD = """{apiVersion: v1, kind: Pod, metadata: {name: pair}, spec: {nodeName: k8s-node1, containers: [
{name: web, image: "lab/web:1", env: [{name: PORTS, value: "8080"}]},
{name: db, image: "lab/db:1"}, {name: shell, image: "lab/tools:1"}]}}"""


@pytest.fixture
def pair():
    lab = labkit.scenarios.cluster()
    assert lab.sh("kubectl apply -f -", on="k8s-master", stdin=POD).returncode == 0
    return lab


def inside(lab, container, command):
    return lab.sh(f"kubectl exec pair -c {container} -- {command}", on="k8s-master").stdout


def test_one_network_one_host_name(pair):
    assert inside(pair, "shell", "curl -s http://127.0.0.1:3306/").startswith("pod=pair client=127.0.0.1:")
    assert {inside(pair, one, "hostname") for one in ("web", "db", "shell")} == {"pair\n"}
    assert len({inside(pair, one, "ip -br addr") for one in ("web", "db", "shell")}) == 1


def test_each_has_files_of_its_own(pair):
    for one in ("db", "web"):
        inside(pair, one, f"touch /tmp/{one}")
    assert [inside(pair, one, "ls /tmp") for one in ("web", "db", "shell")] == ["web\n", "db\n", ""]
    assert pair.sh("ls /tmp", on="pair").stdout == "web\n", "in the pod itself one is in its first container"
    copy = pair.copy()
    inside(copy, "db", "rm /tmp/db")
    assert inside(pair, "db", "ls /tmp") == "db\n"


def test_what_kubelet_mounts_is_one_file_in_all(pair):
    inside(pair, "db", "sh -c 'echo 10.0.0.9 there >> /etc/hosts'")
    assert all("10.0.0.9 there" in inside(pair, one, "cat /etc/hosts") for one in ("web", "db", "shell"))


@pytest.mark.parametrize("container", ["web", "db"])
def test_a_container_that_comes_back_has_its_images_files_and_the_pods_address(pair, container):
    inside(pair, container, "touch /tmp/note")
    address = inside(pair, "shell", "ip -br addr")
    pair.daemons["kubelet", "k8s-node1"].restart(("default", "pair"), container)
    assert inside(pair, container, "ls /tmp") == "" and "10.20.37.2\tpair" in inside(pair, container, "cat /etc/hosts")
    assert inside(pair, "shell", "ip -br addr") == address
