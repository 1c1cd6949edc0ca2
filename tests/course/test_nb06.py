"""The answers of notebook 06 are what the lab answers, and its tasks count whatever leads packets there."""

import re

import pytest

import labkit
from labkit.course import nb06 as q


@pytest.fixture
def lab():
    lab = labkit.scenarios.web()
    assert lab.sh("kubectl apply -f web.yaml", on="k8s-master").returncode == 0
    return lab


def to(lab, source, endpoint):
    return lab.trace(source, "10.96.0.50", proto="tcp", port=80, endpoint=endpoint)


def asked(lab, times):
    line = f"for i in $(seq {times}); do curl -s -m 3 http://10.96.0.50/ || echo none; done"
    return lab.sh(line, on="client1").stdout.split("\n")[:-1]


def drawn(lab):
    """How many packets the three rules of the draw have counted."""
    listed = lab.sh("iptables -t nat -vnL KUBE-SVC-LOLE4ISW44XBNF3G", on="k8s-node1").stdout.splitlines()
    return sum(int(line.split()[0]) for line in listed[3:])


def test_what_a_service_address_is(lab):
    held = [ns for ns in lab.namespaces.values() for i in ns.by_index() for a in i.addresses if str(a.ip) == "10.96.0.50"]
    assert q.holders.check(len(held))
    assert q.pings.check(lab.trace("client1", "10.96.0.50").answered)


def test_the_walk(lab):
    rules = lab.sh("iptables -t nat -S KUBE-SVC-LOLE4ISW44XBNF3G", on="k8s-node1").stdout
    shares = re.findall(r"--probability (\S+)", rules)
    assert q.second_share.check(round(100 * float(shares[1])))
    trace = to(lab, "client1", "10.20.92.3")
    (choice,) = trace.told(kinds="choice")
    assert q.translator.check(str(choice).split()[0])
    assert q.answer_source.check(str(trace.seen("client1", "eth0", "in")[0].src))
    before = drawn(lab)
    assert asked(lab, 1) == ["pod=web-a client=10.20.37.4:32769"]
    assert q.draws.check(drawn(lab) - before)


def test_without_kube_proxy(lab):
    for node in ("k8s-node1", "k8s-node2"):
        lab.sh("systemctl stop kube-proxy", on=node)
    assert q.while_stopped.check(asked(lab, 3).count("none"))
    lab.sh("kubectl delete pod web-b", on="k8s-master")
    assert q.stale.check(asked(lab, 6).count("none"))


def test_itself_and_its_neighbour(lab):
    assert q.seen_by_itself.check(str(to(lab, "web-a", "10.20.37.2").accepted.client))
    lab.sh("sysctl -w net.bridge.bridge-nf-call-iptables=0", on="k8s-node1")
    trace = to(lab, "client1", "10.20.37.2")
    assert not trace.answered and q.untranslated.check(str(trace.seen("client1", "eth0", "in")[0].src))


def test_endpoints_that_go(lab):
    lab.sh("kubectl label pod web-b app-", on="k8s-master")
    assert q.with_two.check(lab.sh("iptables -t nat -S KUBE-SVC-LOLE4ISW44XBNF3G", on="k8s-node1").stdout.count("--probability"))
    lab.sh("systemctl stop kube-proxy", on="k8s-node1")
    lab.sh("kubectl label pod web-c app-", on="k8s-master")
    (stale,) = [node for node in ("k8s-node1", "k8s-node2") if "10.20.92.3" in lab.sh("iptables-save", on=node).stdout.replace("/32", " ")]
    assert q.stale_node.check(stale)
    lab.sh("systemctl start kube-proxy", on="k8s-node1")
    lab.sh("kubectl label pod web-a app-", on="k8s-master")
    assert q.nobody_there.check({7: "refused", 28: "timeout"}[lab.sh("curl -s -m 3 http://10.96.0.50/", on="client1").returncode])


def test_names():
    lab = labkit.scenarios.web(dns=True)
    lab.sh("kubectl apply -f web.yaml", on="k8s-master")
    resolv = lab.sh("cat /etc/resolv.conf", on="client1").stdout
    assert q.asked_server.check(re.search(r"nameserver (\S+)", resolv)[1])
    assert q.full_name.check("web." + re.search(r"search (\S+)", resolv)[1])
    assert lab.sh("curl -s http://web/", on="client1").stdout.startswith("pod=web-")


@pytest.mark.needs("namespaces", "vxlan", "iptables")
def test_on_the_kernel(lab):
    judged = labkit.kernel.judge(lab, "client1", "10.96.0.50", proto="tcp", port=80)
    assert judged.same and q.translated_where.check(str(judged.observed.seen("client1", "eth0", "out")[0].dst))


def test_a_service_by_hand_must_lead_to_both_and_fairly():
    lab = q.without_proxy()
    rule = "iptables -t nat -A PREROUTING -d 10.96.0.99 -p tcp --dport 80"
    lab.sh(f"{rule} -j DNAT --to-destination 10.20.37.3:8080", on="k8s-node1")
    assert "8 to web-b: that is not half and half" in str(q.by_hand.check(lab))
    first = rule.replace("-A PREROUTING", "-I PREROUTING")
    for share, good in (("random --probability 0.9", False), ("random --probability 0.5", True), ("nth --every 2 --packet 0", True)):
        lab.sh(f"{first} -m statistic --mode {share} -j DNAT --to-destination 10.20.37.2:8080", on="k8s-node1")
        assert bool(q.by_hand.check(lab)) is good, share
        lab.sh("iptables -t nat -D PREROUTING 1", on="k8s-node1")


def test_half_of_the_repair_is_told():
    lab = q.misspelt_service()
    assert q.mend.check(lab).status == "open"
    lab.sh("""kubectl patch svc shop -p '{"spec":{"selector":{"app":"web"}}}'""", on="k8s-master")
    assert "8081" in str(q.mend.check(lab)) or "gets no answer" in str(q.mend.check(lab))
