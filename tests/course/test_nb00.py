"""Notebook 00: the lab and the saved table give the answers, and the tasks tell done from half done from undone."""

from pathlib import Path

import pytest

import labkit
from labkit.course import nb00 as q

TABLE = labkit.RouteTable.parse((Path(labkit.__file__).parent.parent / "data/k8s-node2/ip-route.txt").read_text())
POD, OTHER, FRONTEND = "wp-mysql-t5w0m", "10.20.92.11", "10.20.92.3"


@pytest.fixture
def lab():
    return labkit.scenarios.seed_cluster()


def test_the_ttl_a_ping_starts_with_and_how_often_it_is_lowered(lab):
    trace = lab.trace(POD, OTHER)
    ping = next(sighting.packet for sighting in trace.sightings if sighting.packet.arp is None)
    assert ping.ip.ttl == q.first_ttl.answer
    assert q.first_ttl.answer - trace.reply_ttl == q.lowered.answer


def test_the_lines_that_win(lab):
    assert TABLE.lookup(OTHER).route.dev == q.which_line.answer
    assert str(TABLE.lookup("192.168.144.1").route.gateway) == q.gateway.answer
    upside_down = labkit.RouteTable.parse("\n".join(reversed(str(TABLE).splitlines())))
    assert q.order_decides.answer is False and upside_down.lookup(OTHER).route.dev == "docker0"


def test_the_next_best_line_when_the_winner_is_gone(lab):
    lab.sh("ip route del 10.20.92.0/24", on="k8s-node2")
    assert f"dev {q.next_best.answer} " in lab.sh(f"ip route get {OTHER}", on="k8s-node2").stdout


def test_the_author_of_the_pods_default_route(lab):
    (written,) = lab.who_wrote("default", on=POD)
    assert written.origin.who == q.author.answer[0]


@pytest.mark.parametrize("line, status", [
    ("ip route", "open"), ("ip route add 10.20.92.0/24 dev docker0", "right"), ("ip route add 10.20.92.0/24 dev eth0", "wrong"),
    ("ip route add 10.20.92.8/29 dev docker0", "wrong"), ("ip route add 10.20.92.0/25 dev docker0", "wrong"),
])  # fmt: skip
def test_mend(lab, line, status):
    lab.sh("ip route del 10.20.92.0/24", on="k8s-node2")
    lab.sh(line, on="k8s-node2")
    assert q.mend.check(lab).status == status


@pytest.mark.parametrize("line, on, status", [
    ("ip route", "k8s-node1", "open"), (f"ip route add blackhole {FRONTEND}", "k8s-node1", "right"),
    (f"ip route add unreachable {FRONTEND}", "k8s-node1", "right"),
    ("ip route add blackhole 10.20.92.0/24", "k8s-node1", "wrong"),
    (f"ip route add {FRONTEND} dev flannel0", "k8s-node1", "wrong"), (f"ip route add blackhole {FRONTEND}", "k8s-node2", "wrong"),
])  # fmt: skip
def test_one_silent(lab, line, on, status):
    assert lab.sh(line, on=on).returncode == 0
    assert q.one_silent.check(lab).status == status


def test_how_many_sets_of_tables_there_are_and_where_a_ttl_of_three_ends(lab):
    assert q.sets.check(len(lab.namespaces))
    assert q.ttl_three.check(lab.trace(POD, OTHER, ttl=3).verdict.where)
