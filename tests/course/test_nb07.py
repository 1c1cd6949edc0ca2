"""The answers of notebook 07 are what the lab answers, and its tasks count whatever lets packets in."""

import json

import pytest

import labkit
from labkit.course import nb07 as q

NODE1, NODE2 = "192.168.138.221", "192.168.138.222"


def cluster(*names):
    lab = labkit.scenarios.web()
    for name in names:
        assert lab.sh(f"kubectl apply -f {name}.yaml", on="k8s-master").returncode == 0
    return lab


def knock(lab, source, to, port, endpoint=None):
    return lab.trace(source, to, proto="tcp", port=port, endpoint=endpoint)


def test_a_door_on_every_node():
    lab = cluster("np")
    assert q.cluster_ip_outside.check(knock(lab, "outside", "10.96.0.54", 80).answered)
    assert q.listeners.check(sum(socket.port == 30080 for socket in lab["k8s-node1"].listeners))
    assert q.entry_and_pod.check(lab["web-c"].machine)
    for question, endpoint in ((q.seen_here, "10.20.37.2"), (q.seen_there, "10.20.92.3")):
        trace = knock(lab, "outside", NODE1, 30080, endpoint)
        assert question.check(str(trace.accepted.client))
    back = [step.namespace for step in trace.steps if step.leg == "answer" and step.kind == "forward"]
    assert q.way_back.check("k8s-node1" not in back)
    for rule in ("KUBE-EXT-LDATH6LIB7VCFHLW 1", "FLANNEL-POSTRTG 5"):
        lab.sh(f"iptables -t nat -D {rule}", on="k8s-node1")
    trace = knock(lab, "outside", NODE1, 30080, "10.20.92.3")
    assert not trace.answered and q.unmasked.check(str(trace.seen("outside", "eth0", "in")[0].src))


def test_policy_local():
    lab = cluster("nplocal")
    assert q.local_client.check(str(knock(lab, "outside", NODE2, 30081).accepted.client))
    lab.sh("kubectl label pod web-a app-\nkubectl label pod web-b app-", on="k8s-master")
    status = lab.sh(f"curl -s -m 3 http://{NODE1}:30081/", on="outside").returncode
    assert q.local_without.check({7: "refused", 28: "timeout"}[status])
    assert q.pod_short_cut.check(knock(lab, "client1", NODE1, 30081).answered)


def test_a_load_balancer():
    lab = cluster("lb")
    lab.sh("kubectl label pod web-a app-\nkubectl label pod web-b app-", on="k8s-master")
    spec = {"externalTrafficPolicy": "Local", "healthCheckNodePort": 32000, "loadBalancerSourceRanges": ["192.168.138.50/32"]}
    for change in ({"spec": spec}, {"status": {"loadBalancer": {"ingress": [{"ip": "192.168.128.200"}]}}}):
        more = "--subresource=status" if "status" in change else ""
        assert lab.sh(f"kubectl patch svc lb {more} -p '{json.dumps(change)}'", on="k8s-master").returncode == 0
    assert q.health.check(json.loads(lab.sh(f"curl -s http://{NODE1}:32000/", on="outside").stdout)["localEndpoints"])
    lab.sh(f"ip route add 192.168.128.200 via {NODE2}", on="router")
    assert lab.sh("curl -s -m 3 http://192.168.128.200/", on="far").returncode == 28
    assert q.ranges.check(knock(lab, "far", NODE2, 30082).answered)


def test_forward_drops():
    lab = cluster("web", "np")
    for node in ("k8s-node1", "k8s-node2"):
        lab.sh("iptables -P FORWARD DROP\niptables -F FLANNEL-FWD", on=node)
    ways = {"A": ("outside", NODE1, 30080, "10.20.37.2"), "B": ("outside", NODE1, 30080, "10.20.92.3"),
            "C": ("client1", "10.96.0.50", 80, "10.20.37.3"), "D": ("k8s-node1", "10.96.0.50", 80, "10.20.37.3")}  # fmt: skip
    assert q.who_passes.check("".join(name for name, way in ways.items() if knock(lab, *way).answered))


def test_the_explorers_question():
    lab = cluster("np")
    lab.sh("""kubectl patch svc np -p '{"spec":{"externalTrafficPolicy":"Local"}}'\nkubectl label pod web-c app-""", on="k8s-master")
    assert q.local_knock.check(knock(lab, "outside", NODE2, 30080).answered)


@pytest.mark.needs("namespaces", "vxlan", "iptables")
def test_on_the_kernel():
    judged = labkit.kernel.judge(cluster("nplocal"), "outside", NODE2, proto="tcp", port=30081)
    assert judged.same and q.real_client.check(str(judged.observed.seen("k8s-node2", "cni0", "out")[0].src))


def test_a_service_that_forgets_its_client_does_not_count():
    lab = q.half_a_service()
    lab.sh("""kubectl patch svc front -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'""", on="k8s-master")
    assert "sees 10.20." in str(q.both_nodes.check(lab))
    other = q.half_a_service()
    pod = """{apiVersion: v1, kind: Pod, metadata: {name: more, labels: {tier: front}}, spec: {nodeName: k8s-node2,
        containers: [{name: web, image: "lab/web:1", env: [{name: PORTS, value: "8080"}]}]}}"""
    assert other.sh("kubectl apply -f -", on="k8s-master", stdin=pod).returncode == 0
    assert q.both_nodes.check(other), "another pod there is as good"


def test_the_front_door():
    lab = q.closed_cluster()
    assert q.by_route.check(lab).status == "open"
    lab.sh("ip route add 10.96.0.54 via 192.168.138.222", on="outside")
    assert q.by_route.check(lab)
    wrong = q.closed_cluster()
    wrong.sh("ip route add 10.96.0.0/16 via 192.168.138.220", on="outside")
    assert "gets no answer" in str(q.by_route.check(wrong))
