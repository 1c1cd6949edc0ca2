"""The ready labs: there by name, each with probes that are answered."""

import subprocess
import sys

import pytest

import labkit

LABS = {
    "veth_pair": {}, "same_node": {}, "seed_cluster": {}, "docker_host": {},
    "flannel udp": {"backend": "udp"}, "flannel vxlan": {"backend": "vxlan"}, "flannel host-gw": {"backend": "host-gw"},
}


def build(name: str):
    return getattr(labkit.scenarios, name.split()[0])(**LABS[name])


@pytest.mark.parametrize("name", LABS)
def test_the_probes_of_a_ready_lab_are_answered(name):
    lab = build(name)
    assert lab.probes
    for source, destination in lab.probes:
        trace = lab.trace(source, destination)
        if source == "none1":  # the container without a network
            assert trace.verdict.kind == "network is unreachable"
        else:
            assert trace.answered, str(trace)


@pytest.mark.parametrize("name", LABS)
def test_the_same_lab_is_built_every_time(name):
    def state(lab):
        return [lab.sh("ip -d addr; ip route show table all; ip neigh; bridge fdb", on=ns).stdout for ns in lab.namespaces]

    assert state(build(name)) == state(build(name))


def test_a_ready_lab_is_there_after_importing_labkit_alone():
    code = "import labkit; print(labkit.scenarios.seed_cluster().home, type(labkit.scenarios.flannel).__name__)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.stdout == "k8s-master function\n", shown.stderr


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(AttributeError, match="veth_pair, same_node, docker_host, flannel, seed_cluster"):
        labkit.scenarios.seed_clutser  # noqa: B018


def test_an_unknown_backend_says_what_there_is():
    with pytest.raises(labkit.LabError, match="'ipip' is not one the lab knows: udp, vxlan, host-gw"):
        labkit.scenarios.flannel("ipip")


def test_everybody_in_the_cluster_has_the_addresses_of_the_picture():
    lab = labkit.scenarios.seed_cluster()
    for machine, ping in (("k8s-master", "192.168.138.222"), ("k8s-node1", "192.168.138.222"), ("k8s-node2", "192.168.128.1")):
        assert lab.sh(f"ping -c 1 {ping}", on=machine).returncode == 0
    assert lab["switch"].role == "switch"
