"""Notebook 05: the questions' answers are what the lab does; the task tells undone from half done from done."""

import sys

from labkit.course import nb04, nb05
from labkit.scenarios import flannel, seed_cluster
from labkit.view.encap_explorer import Encapsulation
from labkit.view.growth import BACKENDS, SIZES, Growth
from labkit.view.lease_explorer import Leasing
from tests.course.test_nb04 import given


def test_the_answers_about_leases_are_what_the_lab_does():
    lab = seed_cluster()
    assert nb05.key_for_a_pod.check("10.20.92.11" in lab.sh("etcdctl ls /awcloud.com/network/subnets").stdout)
    leasing = Leasing(nodes=3)
    assert nb05.entries_of_three.check(sum(line.startswith("(in flanneld)") for line in leasing.lines("node1")))
    lab = given(seed_cluster(), [("k8s-master", "etcdctl rm /awcloud.com/network/subnets/10.20.92.0-24")])
    assert lab.trace(nb04.POD_A, nb04.TO_B).replies == () and nb05.lease_gone.check("nothing")


def test_the_answers_about_backends_are_what_the_lab_does():
    lab = flannel("vxlan")
    tables = "ip route; ip neigh; bridge fdb show dev flannel.1"
    before = lab.sh(tables, on="node1").stdout.splitlines()
    given(lab, [("node1", "etcdctl del /coreos.com/network/subnets/10.1.6.0-24")])
    assert nb05.lines_of_vxlan.check(len(before) - len(lab.sh(tables, on="node1").stdout.splitlines()))
    lab = flannel("vxlan")
    lab.services["flanneld"]["node1"].stop()
    assert nb05.vxlan_without_flanneld.check(lab.trace("pod1", "10.1.6.2").answered)


def test_the_registry_offers_as_many_subnets_as_the_answer_says():
    registry = seed_cluster().services["flanneld"]["k8s-node1"].registry
    assert nb05.candidates.check(len(registry.free()))
    assert nb05.third_lease.answer in [str(lease.subnet) for lease in registry.leases()]


def test_the_answers_about_a_wrapped_packet_are_what_the_lab_does():
    trace = flannel("vxlan").trace("pod1", "10.1.6.2")
    (request, _) = trace.seen("node1", "eth0")
    assert nb05.ttl_of_vxlan.check(trace.reply_ttl) and nb05.port_of_vxlan.check(request.dport)
    assert nb05.bytes_of_vxlan.check(request.length - 84) and nb05.bytes_of_vxlan.check(1500 - Encapsulation("vxlan").largest - 28)


def test_what_grows_is_counted_in_labs_and_told_as_text_and_as_a_plot():
    growth = Growth()
    per_other = {"udp": 0, "vxlan": 3, "host-gw": 1}
    assert growth.lines == {b: [(per_other[b] * (n - 1), (n - 1) * (b == "udp")) for n in SIZES] for b in BACKENDS}
    assert growth.prices == {"udp": (28, 60), "vxlan": (50, 62), "host-gw": (0, 62)}
    assert nb05.lines_of_fifty.check(per_other["vxlan"] * 49)
    shown = growth._repr_mimebundle_()
    assert "and 1, 4, 9, 19 in the program's list" in shown["text/plain"] and shown["image/svg+xml"].count("<svg") == 1
    assert shown["image/svg+xml"] == growth.svg() and "lines of flanneld on one node" in growth.svg()
    assert 'alt="' in shown["text/html"]


def test_without_matplotlib_the_figures_are_told_and_how_to_have_the_plot(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = Growth()._repr_mimebundle_()
    assert set(shown) == {"text/plain"} and shown["text/plain"].endswith("(To see it as a plot: pip install matplotlib)")


def test_in_a_browser_nobody_is_told_to_install_what_is_not_to_be_had_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert Growth()._repr_mimebundle_()["text/plain"].endswith("(On a machine of your own this is a plot; in a browser it is told as text)")


def test_one_route_on_each_node_joins_the_pods():
    lab = nb05.without_flannel()
    assert nb05.by_hand.check(lab).status == "open"
    given(lab, [("node1", "ip route add 10.1.6.0/24 via 192.168.90.2")])
    feedback = nb05.by_hand.check(lab)
    assert feedback.status == "wrong" and "answer lost" in feedback.text
    assert nb05.by_hand.check(given(lab, [("node2", "ip route add 10.1.5.0/24 via 192.168.90.1")]))
