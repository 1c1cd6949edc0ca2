"""What kube-proxy's rules do is what they do in the kernel: a cluster with Services of every kind, its rules and servers made real.

Held against each other is every packet at every interface, there and back: addresses, MAC addresses, ports, TTL, flags, lengths and the
packet in a tunnel, and how the probe ended (trace/diff.py says what is left out). Chance is the kernel's: the prediction is led to the
endpoint that the kernel drew, and then all must agree; over many probes the kernel draws every endpoint that the lab names, and no other.
"""

import re
import sys

import pytest

import labkit
from labkit.trace.probe import probe
from tests.planes.services_recorded import NODES, sandboxes, scenario, typed

pytestmark = pytest.mark.needs("namespaces", "iptables", "vxlan")

FIRST, SECOND = NODES.values()
#: Services: three endpoints (two on the first node), one that sticks, of node 2 alone, and without any; UDP; load balancers.
WEB, STICKY, TAIL, LONELY, LOCAL, DNS = (f"10.96.0.{n}" for n in (50, 54, 61, 53, 67, 56))
BALANCER, BALANCER_LOCAL, EXTERNAL = "192.168.128.200", "192.168.128.201", "192.168.138.99"
#: NodePorts: policy Cluster, policy Local, no endpoints.
CLUSTER, ONLY_HERE, NOBODY = 30080, 30081, 30082
#: A pod, a node, the outside; to a ClusterIP, a NodePort, an address from outside. UDP ports are negative.
PROBES = [
    ("client1", WEB, 80), ("client2", WEB, 80), ("k8s-node1", WEB, 80), ("k8s-node2", WEB, 80), ("k8s-master", WEB, 80),
    ("outside", WEB, 80), ("client1", WEB, 8080), ("client1", "10.96.0.99", 80), ("client1", "10.96.0.1", 443),
    ("client1", STICKY, 80), ("client2", STICKY, 80),
    ("outside", FIRST, CLUSTER), ("outside", SECOND, CLUSTER), ("far", FIRST, CLUSTER), ("k8s-node1", FIRST, CLUSTER),
    ("k8s-node1", "127.0.0.1", CLUSTER), ("client1", FIRST, CLUSTER), ("client1", SECOND, CLUSTER), ("k8s-node2", FIRST, CLUSTER),
    ("outside", FIRST, ONLY_HERE), ("outside", SECOND, ONLY_HERE), ("far", SECOND, ONLY_HERE), ("client1", FIRST, ONLY_HERE),
    ("k8s-node1", FIRST, ONLY_HERE), ("k8s-node1", SECOND, ONLY_HERE), ("client2", FIRST, ONLY_HERE),
    ("client1", LONELY, 80), ("k8s-node1", LONELY, 80), ("outside", FIRST, NOBODY), ("k8s-node1", FIRST, NOBODY),
    ("client1", SECOND, NOBODY), ("client1", LOCAL, 80), ("client2", LOCAL, 80), ("k8s-node1", LOCAL, 80),
    ("web-a", WEB, 80), ("web-c", WEB, 80), ("web-c", TAIL, 80), ("web-c", SECOND, ONLY_HERE), ("web-c", FIRST, ONLY_HERE),
    ("outside", BALANCER, 80), ("client1", BALANCER, 80), ("outside", BALANCER_LOCAL, 80), ("outside", EXTERNAL, 80),
    ("client1", DNS, -53), ("k8s-node1", DNS, -53), ("web-b", DNS, -53), ("outside", DNS, -53),
]  # fmt: skip
_CLIENT = re.compile(r"pod=(\S+) client=([\d.]+):\d+\n")


def how(port: int) -> dict:
    return {"proto": "tcp" if port > 0 else "udp", "port": abs(port)}


@pytest.fixture(scope="module")
def lab():
    lab = scenario("all-together-iptables-1.32")
    for address in (BALANCER, BALANCER_LOCAL, EXTERNAL):
        typed(lab, f"ip route add {address}/32 via {SECOND}", "outside")
    return lab


@pytest.fixture(scope="module")
def pods(lab):
    return {name: str(sandbox.address) for (_, name), sandbox in sandboxes(lab).items()}


@pytest.fixture(scope="module")
def real(lab):
    with lab.realize() as real:
        yield real


@pytest.mark.parametrize(("source", "to", "port"), PROBES)
def test_the_kernel_does_what_the_lab_says(lab, source, to, port):
    judged = labkit.kernel.judge(lab, source, to, **how(port))
    assert judged.same, judged.compared or judged.why
    predicted, observed = judged.predicted, judged.observed
    assert predicted.endpoint == observed.endpoint
    if observed.verdict.kind != "dropped":  # of what is lost the kernel does not say where
        assert (predicted.verdict.kind, predicted.verdict.where) == (observed.verdict.kind, observed.verdict.where)


@pytest.mark.parametrize("name", ["web-a", "web-b", "web-c"])
def test_both_are_led_to_the_same_endpoint(lab, pods, name):
    for source in ("client1", name):  # at last the pod that comes to itself
        judged = labkit.kernel.judge(lab, source, WEB, proto="tcp", port=80, endpoint=pods[name])
        assert judged.same, judged.compared or judged.why
        assert str(judged.observed.endpoint) == pods[name] and judged.observed.verdict.where == name


def test_the_kernel_draws_every_endpoint_of_the_lab_and_no_other(lab, real, pods):
    """That one of three is never drawn in 40 probes happens three times in ten million."""
    drawn = {str(real.trace("client1", WEB, proto="tcp", port=80).endpoint) for _ in range(40)}
    assert drawn == {pods[name] for name in ("web-a", "web-b", "web-c")}
    dealt = {str(lab.copy().trace("client1", WEB, proto="tcp", port=80, endpoint=address).endpoint) for address in drawn}
    assert dealt == drawn
    assert len({real.trace("client1", STICKY, proto="tcp", port=80).endpoint for _ in range(8)}) == 1
    assert {str(real.trace("outside", SECOND, proto="tcp", port=ONLY_HERE).endpoint) for _ in range(8)} == {pods["web-c"]}


def test_an_endpoint_that_the_kernel_never_draws_is_told(real, monkeypatch):
    monkeypatch.setattr(sys.modules["labkit.kernel.realize"], "MOST_DRAWS", 3)
    with pytest.raises(labkit.LabError, match="of 3 probes the kernel led none to 10.20.37.99: they went to 10.20."):
        real.trace("client1", WEB, proto="tcp", port=80, endpoint="10.20.37.99")


def test_past_the_bridges_own_interface_goes_what_is_for_a_confirmed_neighbour(lab, pods):
    """Of two connections of one pod to another on its node the second."""
    lab, to = lab.copy(), {"proto": "tcp", "port": 80, "endpoint": pods["web-a"]}
    with lab.realize() as real:
        for on_bridge in (1, 0):
            seen = real.trace("client1", WEB, **to)
            predicted = probe(lab, "client1", WEB, sport=seen.port, **to)
            assert predicted.diff(seen).same, predicted.diff(seen)
            assert len(predicted.seen("k8s-node1", "cni0", "out")) == on_bridge


def test_where_bridged_answers_pass_by_the_filter_the_client_resets_what_the_pod_answers_in_its_own_name(lab, pods):
    lab, to = lab.copy(), {"proto": "tcp", "port": 80, "endpoint": pods["web-a"]}
    typed(lab, "sysctl -qw net.bridge.bridge-nf-call-iptables=0", "k8s-node1")
    for source, answered in (("client1", False), ("web-a", True), ("k8s-node1", True), ("client2", True)):
        judged = labkit.kernel.judge(lab, source, WEB, **to)
        assert judged.same, judged.compared or judged.why
        assert judged.observed.answered is answered


@pytest.mark.needs("curl")
@pytest.mark.parametrize(("source", "to", "port"), [
    ("client1", WEB, 80), ("client2", WEB, 80), ("k8s-node1", WEB, 80), ("web-a", WEB, 80), ("outside", FIRST, CLUSTER),
    ("far", SECOND, ONLY_HERE), ("outside", SECOND, ONLY_HERE), ("client1", FIRST, ONLY_HERE), ("web-c", TAIL, 80),
])  # fmt: skip
def test_a_real_client_reads_the_address_that_the_lab_says_the_server_sees(lab, real, pods, source, to, port):
    for _ in range(4):
        said = real.sh(f"curl -sS -m 5 http://{to}:{port}/", on=source)
        assert said.returncode == 0, said.stderr
        name, client = _CLIENT.fullmatch(said.stdout).groups()
        led = lab.copy().trace(source, to, proto="tcp", port=port, endpoint=pods[name])
        assert (led.accepted.namespace, str(led.accepted.client)) == (name, client)


@pytest.mark.needs("curl")
@pytest.mark.parametrize(("source", "to", "port"), [("client1", LONELY, 80), ("outside", FIRST, ONLY_HERE), ("outside", FIRST, NOBODY)])
def test_a_real_client_fails_as_the_labs_does(lab, real, source, to, port):
    line = f"curl -s -m 1 http://{to}:{port}/"
    assert real.sh(line, on=source).returncode == lab.copy().sh(line, on=source).returncode != 0


@pytest.mark.needs("nc")
def test_a_datagram_is_answered_with_what_the_program_says(real):
    name, client = _CLIENT.fullmatch(real.sh(f"echo hi | nc -u -w 1 {DNS} 53", on="client1").stdout).groups()
    assert name in ("web-a", "web-b", "web-c") and client == "10.20.37.4"
