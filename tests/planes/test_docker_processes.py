"""A container's namespace has no name; `ip` reaches it by the number of the container's process."""

import pytest

import labkit

WIRE = """
ip link add v9 type veth peer name c9
ip link set v9 master docker0 up
ip link set c9 netns $(docker inspect -f '{{.State.Pid}}' none1)
docker exec none1 ip link set c9 name eth0
docker exec none1 ip addr add 172.17.0.77/16 dev eth0
docker exec none1 ip link set eth0 up
docker exec none1 ip route add default via 172.17.0.1
docker exec none1 ping -c 1 192.168.77.1
""".strip().splitlines()


@pytest.fixture
def lab():
    return labkit.scenarios.docker_host()


def pid(lab, name):
    return lab.sh(f"docker inspect -f '{{{{.State.Pid}}}}' {name}").stdout.strip()


def test_a_container_without_network_can_be_wired_by_hand(lab):
    assert [line for line in WIRE if lab.sh(line).returncode] == []


def test_no_process_of_that_number_is_no_such_process(lab):
    lab.sh("ip link add v9 type veth peer name c9")
    result = lab.sh("ip link set v9 netns 9999")
    assert (result.returncode, result.stderr) == (2, "RTNETLINK answers: No such process\n")


def test_a_namespace_shared_by_containers_has_the_processes_of_both_until_they_end(lab):
    both = int(pid(lab, "br1")), int(pid(lab, "cont1"))
    assert lab["br1"].pids == set(both)
    lab.sh("docker stop br1")
    assert lab.of_process("host", both[0]) is None and lab.of_process("host", both[1]) is lab["br1"]


def test_a_container_in_host_mode_lives_in_the_hosts_namespace(lab):
    assert lab.of_process("host", int(pid(lab, "host1"))) is lab["host"]
    assert lab.of_process("host", 1) is lab["host"]
