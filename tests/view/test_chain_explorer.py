"""ChainExplorer: the walk of a packet through the chains of one machine, and what a changed rule changes."""

import pytest

import labkit
from labkit.errors import LabError
from labkit.view import ChainExplorer


@pytest.fixture
def explorer():
    return ChainExplorer(labkit.scenarios.docker_host(), "host", "outside", "192.168.77.2", proto="tcp", port=8080)


def words(explorer, sign):
    return [line.words for line in explorer.model.lines() if line.sign == sign]


def test_it_tells_the_rules_that_took_the_packet_and_those_that_did_not(explorer):
    taken, passed = words(explorer, "✓"), words(explorer, "·")
    assert "nat: `-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.4:80`" in taken
    assert "raw PREROUTING 1: -d 172.17.0.2/32 ! -i docker0 -j DROP: not -d" in passed
    assert "answered at pub1" in explorer.model.text() and "<svg" in explorer.picture.value
    assert [line.place for line in explorer.model.lines()][:2] == ["in eth0", "PREROUTING"]


def test_a_new_rule_changes_the_walk_and_what_is_new_is_marked(explorer):
    explorer.line.control.value = "iptables -I DOCKER-USER -j DROP"
    lost = [line for line in explorer.model.lines() if line.sign == "✗"]
    assert lost and all(line.new for line in lost) and "dropped at host" in explorer.model.text()
    assert explorer.line.control.value == "" and "iptables -I DOCKER-USER -j DROP" in explorer.given.value
    explorer._undo()
    assert not words(explorer, "✗") and not explorer.given.value


def test_a_rule_is_chosen_replaced_and_deleted(explorer):
    chosen = next(rule for rule in explorer.which.control.options if "--dport 8080" in rule)
    assert chosen.startswith("iptables -t nat -R DOCKER 1 ")
    explorer.which.control.value = chosen
    assert explorer.line.control.value == chosen
    explorer.line.control.value = chosen.replace("8080", "9090")
    assert "docker-proxy" in explorer.model.text(), "no rule translates it any more"
    explorer.which.control.value = next(rule for rule in explorer.which.control.options if "--dport 9090" in rule)
    explorer.line.control.value = ""
    assert not any("--dport 9090" in rule for rule in explorer.which.control.options)


def test_a_slip_is_said_beside_the_field_and_changes_nothing(explorer):
    before = explorer.model.text()
    explorer.line.control.value = "iptables -A NOSUCH -j DROP"
    assert "No chain/target/match by that name" in explorer.line.message.value and explorer.model.text() == before
    explorer.asked["to"].control.value = "nowhere"
    assert explorer.asked["to"].message.value and explorer.model.text() == before
    with pytest.raises(LabError):
        ChainExplorer(labkit.scenarios.docker_host(), "nobody")


def test_the_lab_itself_stays_as_it_is():
    lab = labkit.scenarios.docker_host()
    before = lab.sh("iptables-save").stdout
    ChainExplorer(lab, "host").line.control.value = "iptables -F"
    assert lab.sh("iptables-save").stdout == before
