"""Docker's four modes in the lab, held against a real engine's host (tests/recordings/docker)."""

import json
import re

import pytest

import labkit
from labkit.lab.program import Listener

from .docker_host import BRIDGE, FRESH, NETWORKS, OTHER_MODES, RECORDINGS, host, typed

#: Where the recordings were made, and what had been typed by then.
STAGES = {
    "0-fresh": ([FRESH],),
    "1-one-bridge-container": ([FRESH], BRIDGE[:1]),
    "2-modes": ([FRESH], BRIDGE, OTHER_MODES),
}


def comparable(text: str) -> list:
    """`ip -j` output without what Docker and the kernel take from chance, and without IPv6."""
    text = re.sub(r'"link_netns": ?"dkr"', '"link_netnsid":0', text)
    text = re.sub(r'("\w+_timer"): ?[\d.]+', r"\1:0", text)
    text = re.sub(r"8000\.[0-9a-f:]+", "8000.chance", text)
    named = {name: f"veth-{n}" for n, name in enumerate(dict.fromkeys(re.findall(r"veth[0-9a-f]{7}", text)))}
    named |= {name: f"br-{n}" for n, name in enumerate(dict.fromkeys(re.findall(r"br-[0-9a-f]{12}", text)))}
    for name, stands_for in named.items():
        text = text.replace(name, stands_for)
    records = json.loads(text)
    for record in records:
        record.pop("inet6_addr_gen_mode", None)
        if "addr_info" in record:
            record["addr_info"] = [a for a in record["addr_info"] if a["family"] == "inet"]
        if not record.get("address", "").startswith(("02:42:ac:", "00:")):
            record["address"] = "chance"
    return records


def ipv4(routes: str) -> list:
    return [route for route in json.loads(routes) if ":" not in route["dst"] and route["dev"] != "ip6"]


def recorded(path: str) -> str:
    return (RECORDINGS / path).read_text()


@pytest.mark.parametrize("stage", STAGES)
def test_the_host_has_the_recorded_interfaces_and_addresses(stage):
    lab = host(*STAGES[stage])
    assert comparable(typed(lab, "ip -d -j addr")) == comparable(recorded(f"host/{stage}/ip-addr.json"))


@pytest.mark.parametrize("stage", STAGES)
def test_the_host_has_the_recorded_routes(stage):
    lab = host(*STAGES[stage])
    assert typed(lab, "ip route") == recorded(f"host/{stage}/ip-route.txt")
    routes = json.loads(typed(lab, "ip -j route show table all"))
    assert routes == ipv4(recorded(f"host/{stage}/ip-route-all.json"))


@pytest.mark.parametrize("stage", STAGES)
def test_the_host_has_the_recorded_bridge_ports(stage):
    lab = host(*STAGES[stage])
    assert comparable(typed(lab, "bridge -j link") or "[]") == comparable(recorded(f"host/{stage}/bridge-link.json"))


@pytest.mark.parametrize("stage", STAGES)
def test_the_host_has_the_recorded_sysctls_as_far_as_the_lab_knows_them(stage):
    settings = host(*STAGES[stage])["host"].sysctls
    compared = 0
    for key, value in re.findall(r"^(net\.ipv4\.\S+) = (.*)$", recorded(f"host/{stage}/sysctl.txt"), re.MULTILINE):
        if key in settings:
            assert settings[key] == value, key
            compared += 1
    assert compared > 15


@pytest.mark.parametrize("name", ["br1", "br2", "pub1", "none1", "cont1"])
def test_a_container_has_the_recorded_interfaces_and_routes(name):
    lab = host([FRESH], BRIDGE, OTHER_MODES)
    inside = f"docker exec {name}"
    assert comparable(typed(lab, f"{inside} ip -d -j addr")) == comparable(recorded(f"container/{name}/ip-addr.json"))
    assert typed(lab, f"{inside} ip route") == recorded(f"container/{name}/ip-route.txt")
    routes = json.loads(typed(lab, f"{inside} ip -j route show table all"))
    assert routes == ipv4(recorded(f"container/{name}/ip-route-all.json"))


def test_in_host_mode_a_container_sees_the_hosts_routes_those_of_user_defined_networks_too():
    lab = host([FRESH], BRIDGE, OTHER_MODES, NETWORKS[:3])
    seen = typed(lab, "docker exec host1 ip route")
    assert seen == typed(lab, "ip route")
    without_state = re.sub(r"br-[0-9a-f]{12}", "br", seen).replace(" linkdown", "")
    assert without_state == re.sub(r"br-[0-9a-f]{12}", "br", recorded("container/host1/ip-route.txt"))


PINGS = [line.split("\t") for line in recorded("pings.tsv").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("source", "target", "address", "status", "ttl", "message"), PINGS, ids=lambda v: v.replace(" ", "-"))
def test_a_ping_ends_as_recorded(source, target, address, status, ttl, message):
    lab = host(BRIDGE[:3], OTHER_MODES)
    answer = lab.sh(f"docker exec {source} ping -c 1 {address}")
    assert (answer.returncode == 0) == (status == "rc=0")
    assert re.findall("ttl=[0-9]+", answer.stdout) == ([ttl] if ttl else [])
    assert message.rpartition(": ")[2] in answer.stderr


def transcript() -> list[tuple[str, list[str], int]]:
    """(command, lines printed, exit status) of errors.txt."""
    entries = []
    for entry in re.split(r"^\$ ", recorded("errors.txt"), flags=re.MULTILINE)[1:]:
        command, *lines = entry.splitlines()
        status = next(i for i, line in enumerate(lines) if line.startswith("    rc="))
        entries.append((command, [line.strip() for line in lines[:status]], int(lines[status].partition("=")[2])))
    return entries


def same_ids(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{64}\b", "ID", text)


def test_what_docker_refuses_is_refused_in_its_words():
    lab = host(BRIDGE, OTHER_MODES, NETWORKS)
    for command, lines, status in transcript():
        answer = lab.sh(command)
        printed = (answer.stderr + answer.stdout if answer.returncode == 0 else answer.stdout + answer.stderr).splitlines()
        assert (sorted(map(same_ids, printed)), answer.returncode) == (sorted(map(same_ids, lines)), status), command


def test_ports_in_host_mode_are_asked_for_but_not_published():
    lab = host()
    lab.sh("docker run -d --name x1 --network host -p 80:80 tiny:1 sleep 600")
    template = "{{json .NetworkSettings.Ports}} {{json .HostConfig.PortBindings}}"
    assert typed(lab, f"docker inspect -f '{template}' x1") == '{} {"80/tcp":[{"HostIp":"","HostPort":"80"}]}\n'


@pytest.mark.parametrize("network", ["bridge", "host", "none"])
def test_a_network_inspected_has_the_recorded_shape(network):
    lab = host([FRESH], BRIDGE, OTHER_MODES)
    assert without_chance(typed(lab, f"docker network inspect {network}")) == without_chance(recorded(f"network/{network}.json"))


def without_chance(text: str):
    """Ids and times out, containers by their names."""
    (network,) = json.loads(text)
    assert re.fullmatch("[0-9a-f]{64}", network["Id"])
    network["Id"] = network["Created"] = ""
    network["Containers"] = {c["Name"]: c | {"EndpointID": ""} for c in network["Containers"].values()}
    return list(network.items())


def test_in_container_mode_the_namespace_is_the_others_own():
    lab = host(BRIDGE[:1], OTHER_MODES)
    engine = lab.services["docker"]["host"]
    assert engine.find("cont1").namespace is engine.find("br1").namespace
    assert engine.find("host1").namespace is lab["host"]
    assert [i.name for i in engine.find("none1").namespace.by_index()] == ["lo"]


def test_docker0_has_no_carrier_before_its_first_container():
    assert "<NO-CARRIER,BROADCAST,MULTICAST,UP>" in typed(host(), "ip link show docker0")


def test_two_containers_on_docker0_talk_without_the_bridge_interface_seeing_a_frame():
    lab = host(BRIDGE[:2])
    lab.sh("docker exec br1 ping -c 1 172.17.0.3")
    seen = [s for s in lab.trace("br1", "172.17.0.3").sightings if s.packet.arp is None]
    assert "docker0" not in {s.interface for s in seen}
    assert lab.trace("br1", "172.17.0.3").reply_ttl == 64


def test_every_line_docker_writes_says_so_and_names_its_command():
    lab = host(BRIDGE[:1])
    (route,) = [r for r in lab["br1"].main if r.dst.prefixlen == 0]
    assert (route.origin.who, route.origin.command) == ("docker", "ip route add default via 172.17.0.1")
    eth0 = lab["br1"].find("eth0")
    assert {eth0.origin.who, eth0.addresses[0].origin.who, lab["host"].find("docker0").origin.who} == {"docker"}


def test_a_freed_low_address_is_used_again_at_once():
    lab = host(BRIDGE[:3])
    typed(lab, "docker rm -f br2")
    typed(lab, "docker run -d --name br4 tiny:1 sleep 600")
    assert typed(lab, "docker inspect -f '{{.NetworkSettings.IPAddress}}' br4") == "172.17.0.3\n"


def test_a_restarted_container_gets_the_lowest_free_address_not_its_old_one():
    lab = host(BRIDGE[:2])
    typed(lab, "docker stop br1")
    typed(lab, "docker stop br2")
    typed(lab, "docker start br2")
    assert typed(lab, "docker inspect -f '{{.NetworkSettings.IPAddress}}' br2") == "172.17.0.2\n"
    assert lab.trace("host", "172.17.0.2").answered


def test_a_stopped_container_leaves_nothing_behind():
    lab = host()
    before = typed(lab, "ip -br link"), set(lab.namespaces), set(lab["host"].listeners)
    typed(lab, "docker run -d --name aa -p 8080:80 tiny:1 sleep 600")
    assert Listener("tcp", None, 8080) in lab["host"].listeners
    typed(lab, "docker rm -f aa")
    assert (typed(lab, "ip -br link"), set(lab.namespaces), set(lab["host"].listeners)) == before


def test_a_refused_start_leaves_no_interface_and_no_address_behind():
    lab = host(BRIDGE[:3])
    before = typed(lab, "ip addr"), set(lab.namespaces), set(lab["host"].listeners)
    assert lab.sh("docker run -d --name xx -p 9090:80 -p 8080:81 tiny:1 sleep 600").returncode == 125
    assert (typed(lab, "ip addr"), set(lab.namespaces), set(lab["host"].listeners)) == before
    typed(lab, "docker rm xx")
    typed(lab, "docker run -d --name yy tiny:1 sleep 600")
    assert typed(lab, "docker inspect -f '{{.NetworkSettings.IPAddress}}' yy") == "172.17.0.5\n"


def test_who_shares_a_stopped_containers_network_is_left_with_lo():
    lab = host(BRIDGE[:1], OTHER_MODES)
    typed(lab, "docker stop br1")
    assert re.findall(r"^\d+: (\S+?)[:@]", typed(lab, "docker exec cont1 ip link"), re.MULTILINE) == ["lo"]
    typed(lab, "docker start br1")
    assert "172.17.0.2/16" in typed(lab, "docker exec br1 ip addr")
    assert "172.17.0.2/16" not in typed(lab, "docker exec cont1 ip addr")


def test_a_bridge_that_was_deleted_by_hand_stops_the_next_start_with_a_sentence():
    lab = host(BRIDGE[:1])
    typed(lab, "ip link del docker0")
    refused = lab.sh("docker run -d --name late tiny:1 sleep 600")
    assert refused.returncode == 125
    assert "could not find bridge docker0: route ip+net: no such network interface" in refused.stderr


def test_on_a_flannel_node_the_engine_takes_bip_and_mtu_and_kubelets_pods_their_addresses():
    lab = labkit.Lab("node")
    engine = labkit.Docker(lab, on="node", version="20.10", bip="10.20.92.1/24", mtu=1472, ip_masq=False)
    pause = engine.run("k8s_POD_mysql-demo-e81sy", image="pause", ip="10.20.92.11", namespace="mysql-demo-e81sy", role="pod")
    demo = engine.run("k8s_mysql-demo_mysql-demo-e81sy", image="mysql", network=f"container:{pause.name}")
    assert demo.namespace is pause.namespace is lab["mysql-demo-e81sy"]
    assert str(pause.ip) == "10.20.92.11"
    eth0 = pause.namespace.find("eth0")
    assert (eth0.mac, eth0.mtu, lab["node"].find("docker0").mtu) == ("02:42:0a:14:5c:0b", 1472, 1472)
    line = "docker exec -it `docker ps |grep -v POD |grep mysql-demo-e81sy |awk '{print $1}'` ip route list"
    assert typed(lab, line, "node").splitlines() == [
        "default via 10.20.92.1 dev eth0 ", "10.20.92.0/24 dev eth0 proto kernel scope link src 10.20.92.11 "
    ]  # fmt: skip


def test_without_an_engine_on_the_machine_nobody_answers():
    lab = host(BRIDGE[:1])
    sentence = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
    for place in ("outside", "br1"):
        assert (lab.sh("docker ps", place).returncode, lab.sh("docker ps", place).stderr) == (1, sentence)
    assert lab.sh("docker run tiny", "outside").returncode == 125


def test_a_command_without_d_runs_to_its_end_and_its_answer_is_shown():
    lab = host()
    answer = lab.sh("docker run --rm --network none tiny:1 ip -br addr")
    assert (answer.returncode, answer.stdout.split()) == (0, ["lo", "UNKNOWN", "127.0.0.1/8"])
    assert typed(lab, "docker ps -aq") == ""
    missing = lab.sh("docker run --rm tiny:1 vim")
    assert missing.returncode == 127 and 'exec: "vim": executable file not found in $PATH' in missing.stderr


def test_docker_host_is_about_probes_that_end_as_on_the_real_host():
    lab = labkit.scenarios.docker_host()
    ends = {(source, to): lab.trace(source, to).reply_ttl for source, to in lab.probes}
    assert ends[("br1", "172.17.0.3")] == 64
    assert ends[("br1", "192.168.77.1")] == 63
    assert ends[("none1", "172.17.0.3")] is None
    assert len(ends) >= 6
