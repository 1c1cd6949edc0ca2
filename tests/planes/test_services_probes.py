"""What a client gets through a Service, held against the recorded probes: exit status, message, and the address that the server saw.

Where chance chose the endpoint, a trace that is led to the recorded one must come to it from the recorded address.
"""

import json
import re
from collections import Counter

import pytest

import labkit

from .services_recorded import NODES, RECORDINGS, cluster, folders, kubectl, place, sandboxes, scenario, server, typed

#: What the lab does not know (a shell in the background, /proc/net/xt_recent), and what is chance on a real machine: an ICMP error that
#: the kernel's rate limit left out.
_LEFT_OUT = re.compile(r"tcpdump|xt_recent")
_RATE_LIMITED = {("clusterip-all-endpoints", "http://10.96.0.50:8080/")}
_CLIENT = re.compile(r"pod=([\w/-]+) client=([\d.]+)")


def probes(folder: str) -> list[dict]:
    recorded = json.loads((RECORDINGS / folder / "probes.json").read_text())
    return [one for one in recorded if "command" in one and not _LEFT_OUT.search(one["command"])]


def plain(text: str) -> str:
    """Without source ports, milliseconds and dates."""
    text = re.sub(r'(Updated|Time)": "[^"]*"|Content-Length: 1(17|71)\n', r"\1", re.sub(r"(?m)^Date: .*", "Date: ...", text))
    return re.sub(r"after \d+ m(illiseconds|s)", "after N ms", re.sub(r"(client=[\d.]+):\d+", r"\1", text))


def prepare(lab: labkit.Lab, folder: str, probe: dict) -> None:
    """What the person who recorded it did before this probe."""
    note = probe.get("note") or ""
    if found := re.search(r"hands it to (\S+)", note):
        address = re.search(r"http://([\d.]+)", probe["command"])[1]
        who = "outside" if "a route here" in note else "router"
        typed(lab, f"ip route replace {address}/32 via {NODES[found[1]]}", who)
    if found := re.search(r"outside has a route (\S+) via (\S+)", note):
        typed(lab, f"ip route replace {found[1]} via {found[2]}", "outside")
    if "kubectl delete pod web-a" in note:
        kubectl(lab, "delete pod web-a")
    if "kube-proxy is stopped" in note:
        for node in NODES:
            typed(lab, "systemctl stop kube-proxy", node)
        kubectl(lab, "delete pod web-c")
    if folder == "hairpin":
        hairpin(lab, probe["hairpin"], probe["bridge-nf-call-iptables"])


def hairpin(lab: labkit.Lab, mode: str, filtered: str) -> None:
    for node in NODES:
        typed(lab, f"sysctl -qw net.bridge.bridge-nf-call-iptables={filtered}", node)
        for port in lab[node].ports("cni0"):
            typed(lab, f"bridge link set dev {port.name} hairpin {mode}", node)


@pytest.mark.parametrize("folder", [name for name in folders("probes.json") if name != "changes"])
def test_a_client_gets_the_recorded_answer(folder):
    lab = scenario(folder)
    if folder == "outside-to-clusterip-by-route":
        typed(lab, "ip route add 10.96.0.0/16 via 192.168.138.221", "outside")
    if folder.startswith("all-together"):  # the load balancers lead to the node with the endpoint
        for address in ("192.168.128.200", "192.168.128.201", "192.168.138.99"):
            typed(lab, f"ip route add {address}/32 via {NODES['k8s-node2']}", "outside")
    for probe in probes(folder):
        prepare(lab, folder, probe)
        command = re.sub(r"\btimeout \d+ | \| sed 's/\^Date.*", "", probe["command"])  # `plain` does what sed did
        if any(folder == name and url in command for name, url in _RATE_LIMITED):
            continue
        result = lab.sh(command, on=place(lab, probe["from"]))
        if "answers" in probe:
            same_distribution(lab, probe, Counter(map(plain, result.stdout.splitlines())))
            continue
        told = result.returncode, plain(result.stdout), plain(result.stderr)
        wanted = probe["exit"], plain(probe["stdout"]), plain(probe["stderr"])
        got, recorded = _CLIENT.match(told[1]), _CLIENT.match(wanted[1])
        if got and recorded and got[1] != recorded[1]:
            assert seen_by(lab, probe, recorded[1]) == recorded[2], probe
        else:
            assert told == wanted, probe


def same_distribution(lab: labkit.Lab, probe: dict, got: Counter) -> None:
    """Several answers: as many, and by the same endpoints; of a Service that sticks to one, whichever that is."""
    wanted = probe["answers"]
    assert got.total() == sum(wanted.values())
    if len(wanted) > 1:
        assert set(got) == set(wanted)
        assert max(got.values()) - min(got.values()) <= 1  # the lab deals
    else:
        assert len(got) == 1
        assert _CLIENT.match(*got)[2] == _CLIENT.match(*wanted)[2] or probe["from"].startswith("node:")


def seen_by(lab: labkit.Lab, probe: dict, pod: str) -> str | None:
    """From where a probe comes to that endpoint: a trace that is led there."""
    name = pod.partition("/")[0]
    address = next(str(sandbox.address) for (_, other), sandbox in sandboxes(lab).items() if other == name)
    url = re.search(r"http://([\d.]+)(?::(\d+))?/", probe["command"])
    to, port, proto = (url[1], int(url[2] or 80), "tcp") if url else (*re.search(r"([\d.]{7,}) (\d+)", probe["command"]).groups(), "udp")
    trace = lab.trace(place(lab, probe["from"]), to, proto=proto, port=int(port), endpoint=address)
    return str(trace.accepted.client) if trace.accepted else str(trace.verdict)


def test_connections_are_dealt_to_the_endpoints_in_turn():
    lab = scenario("clusterip-all-endpoints")
    said = typed(lab, "for i in $(seq 60); do curl -sS http://10.96.0.50/; done", "client1")
    counted = Counter(_CLIENT.match(line)[1] for line in said.splitlines())
    assert counted == {"web-a": 20, "web-b": 20, "web-c": 20}


def test_a_trace_shows_every_branch_of_a_choice_and_can_be_led_to_one():
    lab = scenario("clusterip-all-endpoints")
    web = {key[1]: str(sandbox.address) for key, sandbox in sandboxes(lab).items()}
    for name in ("web-c", "web-a", "web-c", "web-b"):
        trace = lab.trace("client1", "10.96.0.50", proto="tcp", port=80, endpoint=web[name])
        assert trace.verdict.where == name and trace.answered
        (choice,) = [step for step in trace.steps if step.kind == "choice"]
        assert choice.at == "nat PREROUTING" and choice.namespace == "k8s-node1"
        assert [line.split()[0] for line in choice.details] == ["0.33333333349", "0.50000000000", "what"]
        assert sum("<- this one" in line for line in choice.details) == 1
        assert f"to {web[name]}:8080 <- this one" in "".join(choice.details)
    with pytest.raises(labkit.LabError, match="no choice on this way leads to 10.20.37.99"):
        lab.trace("client1", "10.96.0.50", proto="tcp", port=80, endpoint="10.20.37.99")


def test_on_the_bridge_itself_is_seen_only_what_is_for_a_neighbour_that_is_not_confirmed():
    lab = scenario("clusterip-all-endpoints")
    web_a = str(sandboxes(lab)["default", "web-a"].address)

    def seen() -> int:
        return len(lab.trace("client1", "10.96.0.50", proto="tcp", port=80, endpoint=web_a).seen("k8s-node1", "cni0", "out"))

    assert [seen(), seen()] == [1, 0]
    typed(lab, "sleep 31", "client1")
    assert seen() == 1  # STALE by then


def test_a_sticky_service_forgets_a_client_after_its_timeout():
    lab = scenario("affinity-clientip-timeout")
    (service,) = [one for one in server(lab).list("Service", "default") if one["spec"].get("sessionAffinity") == "ClientIP"]
    ask = f"curl -sS http://{service['spec']['clusterIP']}/"
    first = plain(typed(lab, ask, "client1"))
    assert all(plain(typed(lab, ask, "client1")) == first for _ in range(3))
    typed(lab, "sleep 61", "client1")
    assert plain(typed(lab, ask, "client1")) != first


def test_a_node_without_a_local_endpoint_says_so_at_the_health_check_port():
    lab = scenario("loadbalancer-local")
    for node, count in (("k8s-node1", 0), ("k8s-node2", 1)):
        said = json.loads(typed(lab, f"curl -sS http://{NODES[node]}:32000/", "outside"))
        assert said == {"service": {"namespace": "default", "name": "lblocal"}, "localEndpoints": count, "serviceProxyHealthy": True}
        assert json.loads(typed(lab, f"curl -sS http://{NODES[node]}:10256/healthz", "outside"))["nodeEligible"] is True


def test_a_pod_is_a_namespace_of_its_name():
    lab = cluster()
    assert lab["web-a"].role == "pod" and lab["web-a"].machine == "k8s-node1"
    kubectl(lab, "create namespace prod")
    kubectl(lab, "run web-a -n prod --image=lab/web:1")
    assert lab["web-a.prod"].role == "pod"
