"""Daemons: what systemd starts and stops, and what each finds of itself or of others when it starts again."""

import copy

import pytest

from labkit import Docker, Lab, LabError, scenarios
from labkit.commands.result import Context
from labkit.commands.shell import run_argv
from labkit.planes.docker.network import Refused
from labkit.trace.probe import pass_time


def address(lab: Lab, dev: str, on: str | None = None) -> list[str]:
    """The addresses of an interface as `ip` prints them."""
    return [line.split()[3] for line in lab.sh(f"ip -4 -o addr show {dev}", on=on).stdout.splitlines()]


def test_daemons_are_found_by_name_and_machine_and_services_shows_the_same_ones():
    lab = scenarios.seed_cluster()
    assert set(lab.daemons) == {
        ("etcd", "k8s-master"), ("kube-apiserver", "k8s-master"), ("flanneld", "k8s-node1"), ("flanneld", "k8s-node2"),
        ("docker", "k8s-node1"), ("docker", "k8s-node2"), ("kubelet", "k8s-node1"), ("kubelet", "k8s-node2"),
    }  # fmt: skip
    for (name, machine), daemon in lab.daemons.items():
        assert lab.services[name][machine] is daemon and daemon.running
        assert (daemon.name, daemon.machine) == (name, machine) and daemon.description and daemon.command
    assert lab.services["kubernetes"] is lab.daemons["kube-apiserver", "k8s-master"]
    with pytest.raises(LabError, match="no daemon .* there are: etcd on k8s-master"):
        lab.daemons["flanneld", "k8s-master"]


@pytest.mark.parametrize("make", [scenarios.seed_cluster, scenarios.docker_host, lambda: scenarios.flannel("vxlan")])
def test_every_daemon_of_a_lab_stops_and_starts_again_and_twice_is_once(make):
    lab = make()
    for daemon in lab.daemons.values():
        daemon.stop()
        daemon.stop()
        assert not daemon.running
    for daemon in lab.daemons.values():
        daemon.start()
        daemon.start()
        assert daemon.running and daemon.log == []


def test_a_stopped_docker_takes_its_containers_with_it_and_leaves_its_bridges():
    lab = scenarios.docker_host()
    lab.sh("docker network create --subnet 172.30.0.0/16 net1; docker run -d --network net1 --name one tiny:1 sleep 9")
    bridges = lab.sh("ip -o link show type bridge").stdout.count("\n")
    lab.daemons["docker", "host"].stop()
    assert "Cannot connect to the Docker daemon" in lab.sh("docker ps").stderr
    assert lab.sh("ip -o link show type bridge").stdout.count("\n") == bridges == 2
    assert "veth" not in lab.sh("ip link").stdout and list(lab.namespaces) == ["host", "outside"]
    lab.daemons["docker", "host"].start()
    assert lab.sh("docker ps -q").stdout == "" and "Exited (137)" in lab.sh("docker ps -a").stdout
    shown = lab.sh("docker start br1 one; docker inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' br1").stdout
    assert shown.split()[-1] == "172.17.0.2"
    assert "bytes from 172.30.0.1" in lab.sh("docker exec one ping -c 1 172.30.0.1").stdout


def test_containers_come_back_with_docker_as_their_restart_policy_says():
    lab = Lab()
    docker = Docker(lab)
    for policy in ("no", "always", "unless-stopped", "on-failure:3"):
        for kind in ("kept", "stopped"):
            name = f"{kind}-{policy.partition(':')[0]}"
            assert lab.sh(f"docker run -d --restart {policy} --name {name} tiny:1 sleep 9").returncode == 0
    lab.sh("docker stop stopped-no stopped-always stopped-unless-stopped stopped-on-failure")
    docker.stop()
    docker.start()
    names = lab.sh("docker ps --format '{{.Names}}'").stdout.split()
    assert sorted(names) == ["kept-always", "kept-on-failure", "kept-unless-stopped", "stopped-always"]
    refused = lab.sh("docker run -d --restart often tiny:1 sleep 9")
    assert refused.returncode == 125 and "unknown policy 'often'" in refused.stderr


def test_a_bridge_of_a_network_that_somebody_deleted_is_there_again_after_the_start():
    lab = Lab()
    docker = Docker(lab)
    lab.sh("docker network create --subnet 172.30.0.0/16 -o com.docker.network.bridge.name=br7 net1")
    docker.stop()
    lab.sh("ip link del br7; ip link del docker0")
    docker.start()
    assert address(lab, "br7") == ["172.30.0.1/16"] and address(lab, "docker0") == ["172.17.0.1/16"]


@pytest.mark.parametrize(
    "before, bip, after",
    [
        (["172.17.42.1/16"], "10.1.33.1/24", ["10.1.33.1/24"]),  # flannel issue 166: the address is exchanged
        (["172.17.42.1/16"], None, ["172.17.42.1/16"]),
        (["10.1.33.9/24"], "10.1.33.1/24", ["10.1.33.1/24"]),
        (["10.1.33.1/16"], "10.1.33.1/24", ["10.1.33.1/24"]),
        (["192.0.2.1/24", "10.1.33.1/24"], "10.1.33.1/24", ["192.0.2.1/24", "10.1.33.1/24"]),
        ([], "10.1.33.1/24", ["10.1.33.1/24"]),
        ([], None, ["172.17.0.1/16"]),
    ],
)
def test_docker_takes_the_docker0_that_is_there(before, bip, after):
    lab = Lab()
    lab.sh("ip link add docker0 address 02:00:00:00:00:77 type bridge")
    for each in before:
        lab.sh(f"ip addr add {each} dev docker0")
    Docker(lab, bip=bip)
    assert address(lab, "docker0") == after and "UP" in lab.sh("ip link show docker0").stdout
    assert "02:00:00:00:00:77" in lab.sh("ip link show docker0").stdout, "the bridge is the one that was there"
    gateway = str(lab.daemons["docker", "host"].networks["bridge"].gateway)
    assert gateway in [each.partition("/")[0] for each in after]


def test_a_docker0_that_is_no_bridge_keeps_docker_from_starting():
    lab = Lab()
    lab.sh("ip link add docker0 type veth peer name other")
    before = lab.sh("ip addr; ip route").stdout
    why = 'failed to start daemon: Error initializing network controller: Error creating default "bridge" network: '
    with pytest.raises(Refused, match=why + "existing interface docker0 is not a bridge"):
        Docker(lab)
    assert lab.sh("ip addr; ip route").stdout == before and not lab.daemons
    assert "-P FORWARD DROP" in lab.sh("iptables -S").stdout, "the driver's own chains and forwarding come before its networks"
    lab.sh("ip link del docker0")
    docker = Docker(lab)
    docker.stop()
    lab.sh("ip link del docker0; ip link add docker0 type veth peer name other")
    with pytest.raises(Refused, match="is not a bridge"):
        docker.start()
    assert not docker.running and "is not a bridge" in docker.log[-1]


def test_a_bip_that_overlaps_a_network_of_dockers_own_is_refused():
    lab = Lab()
    docker = Docker(lab)
    lab.sh("docker network create --subnet 10.1.0.0/16 net1")
    docker.stop()
    docker.options["bip"] = "10.1.33.1/24"
    with pytest.raises(Refused, match="Pool overlaps with other one on this address space"):
        docker.start()


def test_a_network_takes_a_bridge_that_is_there_and_leaves_it_when_it_goes():
    lab = Lab()
    Docker(lab)
    lab.sh("ip link add br7 type bridge; ip addr add 192.0.2.1/24 dev br7")
    named = "docker network create --subnet 172.30.0.0/16 -o com.docker.network.bridge.name"
    assert lab.sh(f"{named}=br7 net1").returncode == 0
    assert address(lab, "br7") == ["172.30.0.1/16"]
    assert lab.sh("docker network rm net1").returncode == 0 and lab["host"].find("br7") is not None
    lab.sh("ip link add x0 type veth peer name x1")
    for name, why in (
        ("x0", "existing interface x0 is not a bridge"), ("a" * 16, "numerical result out of range"), ("a/b", "invalid argument"),
        ("docker0", "networks have same bridge name"),
    ):  # fmt: skip
        before = lab.sh("ip addr; docker network ls").stdout
        refused = lab.sh(f"{named}={name} net2")
        assert refused.returncode == 1 and why in refused.stderr and lab.sh("ip addr; docker network ls").stdout == before


@pytest.mark.parametrize("evil", ["a;ip link del eth9", "$(ip link del eth9)", "`ip link del eth9`", "a' b", "x\nip link del eth9"])
def test_no_option_of_a_network_is_run_as_a_command(evil):
    lab = Lab()
    Docker(lab)
    lab.sh("ip link add eth9 type bridge")
    words = ["docker", "network", "create", "-o", f"com.docker.network.bridge.name={evil}", "z"]
    assert run_argv(Context(lab, lab["host"]), words).returncode == 1
    assert lab["host"].find("eth9") is not None


def test_a_veth_name_that_somebody_has_is_not_taken_again():
    first = Lab()
    Docker(first)
    first.sh("docker run -d --name one tiny:1 sleep 9")
    name = next(i.name for i in first["host"].interfaces.values() if i.name.startswith("veth"))
    lab = Lab()
    Docker(lab)
    lab.sh(f"ip link add {name} type bridge")
    assert lab.sh("docker run -d --name one tiny:1 sleep 9").returncode == 0
    assert lab["host"].find(name).bridge is not None and "bytes from" in lab.sh("docker exec one ping -c 1 172.17.0.1").stdout


def test_an_interface_in_a_container_that_has_the_name_of_the_next_one_is_in_the_way():
    lab = Lab()
    Docker(lab)
    lab.sh("docker network create net1; docker run -d --name one tiny:1 sleep 9; docker exec one ip link add eth1 type bridge")
    refused = lab.sh("docker network connect net1 one")
    assert refused.returncode == 1 and '"eth1": file exists' in refused.stderr
    assert lab.sh("docker exec one ip -o link").stdout.count("\n") == 3, "lo, eth0 and the bridge"
    assert lab.sh("ip -o link").stdout.count("veth") == 1


def test_without_etcd_nobody_is_answered_and_a_lease_is_renewed_when_it_is_back():
    lab = scenarios.flannel("vxlan")
    etcd, flanneld = lab.daemons["etcd", "node1"], lab.daemons["flanneld", "node2"]
    etcd.stop()
    assert "Error: " in lab.sh("etcdctl get --prefix /", on="node1").stderr
    flanneld.stop()
    with pytest.raises(LabError, match="etcd cluster is unavailable"):
        flanneld.start()
    assert not flanneld.running and "unavailable" in flanneld.log[-1]
    pass_time(lab, 86400 - 1800)
    first = lab.daemons["flanneld", "node1"]
    assert [line for line in first.log if line.startswith("Error renewing lease (trying again in 1 min)")]
    etcd.start()
    flanneld.start()
    pass_time(lab, 86400)
    assert [str(lease.subnet) for lease in first.registry.leases()] == ["10.1.5.0/24", "10.1.6.0/24"]
    assert lab.trace(*lab.probes[0]).answered


@pytest.mark.parametrize("make, name, machine, port", [
    (lambda: scenarios.flannel("udp"), "flanneld", "node1", "-u 8285"), (lambda: scenarios.flannel("udp"), "etcd", "node1", "2379"),
    (scenarios.seed_cluster, "flanneld", "k8s-node2", "-u 8285"), (scenarios.seed_cluster, "etcd", "k8s-master", "2379"),
])  # fmt: skip
def test_a_port_that_somebody_listens_at_keeps_a_daemon_from_starting(make, name, machine, port):
    lab = make()
    daemon = lab.daemons[name, machine]
    daemon.stop()
    before = lab.sh("ip addr; ip route", on=machine).stdout
    assert lab.sh(f"nc -l {port}", on=machine).returncode == 0
    with pytest.raises(LabError, match=f"listen .*:{port[-4:]}: bind: address already in use"):
        daemon.start()
    assert not daemon.running and "already in use" in daemon.log[-1] and lab.sh("ip addr; ip route", on=machine).stdout == before


def test_what_expires_while_etcd_is_down_goes_when_it_is_back():
    lab = scenarios.flannel("udp")
    lab.daemons["flanneld", "node2"].stop()
    lab.daemons["etcd", "node1"].stop()
    pass_time(lab, 86500)
    lab.daemons["etcd", "node1"].start()
    assert "10.1.6.0" not in lab.sh("etcdctl get --prefix / --keys-only", on="node1").stdout


def test_without_the_api_server_kubectl_finds_nobody_and_the_pods_go_on():
    lab = scenarios.seed_cluster()
    lab.daemons["kube-apiserver", "k8s-master"].stop()
    assert "was refused" in lab.sh("kubectl get pods").stderr
    assert lab.trace(*lab.probes[0]).answered


def test_the_kubelet_brings_the_pods_back_when_docker_is_back():
    lab = scenarios.seed_cluster()
    kubelet, docker = lab.daemons["kubelet", "k8s-node2"], lab.daemons["docker", "k8s-node2"]
    pods = "kubectl get pods -o wide --namespace hyjx--hyjx-group3 --no-headers"
    docker.stop()
    assert lab.sh(pods).stdout.split()[1:7] == ["0/1", "Error", "0", "1d", "<none>", "k8s-node2"]
    docker.start()
    shown = {line.split()[0]: line.split()[1:] for line in lab.sh(pods).stdout.splitlines()}
    assert [shown[name][2:6:3] for name in ("mysql-demo-e81sy", "wp-mysql-t5w0m")] == [["1", "k8s-node2"], ["0", "k8s-node1"]]
    assert {shown[name][4] for name in ("wp-frontend-0rlk4", "mysql-demo-e81sy")} == {"10.20.92.2", "10.20.92.3"}
    assert lab.trace("wp-mysql-t5w0m", shown["mysql-demo-e81sy"][4]).answered
    kubelet.stop()
    docker.stop()
    docker.start()
    assert "0/1" in lab.sh(pods).stdout and lab.sh("docker ps -q", on="k8s-node2").stdout == ""
    kubelet.start()
    assert "0/1" not in lab.sh(pods).stdout and lab.sh("docker ps -aq", on="k8s-node2").stdout.count("\n") == 12


def test_a_node_whose_kubelet_says_nothing_is_not_ready_after_a_while():
    lab = scenarios.seed_cluster()
    lab.daemons["kubelet", "k8s-node1"].stop()
    assert "NotReady" not in lab.sh("kubectl get nodes").stdout
    lab.sh("sleep 41")
    assert [line.split()[1] for line in lab.sh("kubectl get nodes --no-headers").stdout.splitlines()] == ["NotReady", "Ready"]
    assert lab.trace(*lab.probes[0]).answered, "its pods go on"
    lab.daemons["kubelet", "k8s-node1"].start()
    assert "NotReady" not in lab.sh("kubectl get nodes").stdout


def test_a_lab_with_daemons_is_copied_with_them():
    lab = scenarios.seed_cluster()
    other = copy.deepcopy(lab)
    other.daemons["flanneld", "k8s-node1"].stop()
    assert lab.daemons["flanneld", "k8s-node1"].running and other.daemons["flanneld", "k8s-node1"].lab is other
