"""The button "Run it on the kernel": the same question asked of real namespaces, and what it then says."""

import pytest

import labkit
from labkit.view.describe import observed_words
from labkit.view.trace_explorer import TraceExplorer

NODE, POD = "k8s-node1", "wp-mysql-t5w0m"
real = pytest.mark.needs("namespaces", "tun", "iptables")


@pytest.fixture
def explorer():
    return TraceExplorer(labkit.scenarios.seed_cluster(), POD, "10.20.92.11")


def pressed(explorer) -> str:
    explorer.real.click()
    return explorer.model.observed


@real
def test_a_packet_that_travels(explorer):
    count = len(explorer.model.trace.sightings)
    assert pressed(explorer) == (
        f"The kernel does the same: answered at mysql-demo-e81sy: the answer came back to {POD} with TTL 60.\n"
        f"On the interfaces: {count} sightings, each as predicted."
    )
    assert "The kernel does the same" in explorer.given.value
    assert explorer.real.description == "Run it on the kernel" and not explorer.real.disabled


@real
def test_a_packet_that_does_not(explorer):
    explorer.where.control.value, explorer.which.control.value = POD, "ip route add default via 10.20.37.1 dev eth0"
    explorer.line.control.value = ""
    assert pressed(explorer) == (
        f"The kernel does the same: network is unreachable at {POD}: its own kernel refuses: Network is unreachable.\n"
        "On the interfaces: nothing, as predicted."
    )


@real
def test_what_was_changed_is_changed_on_the_kernel_too(explorer):
    for line in ("ip route add 10.20.92.0/24 via 192.168.138.222", "ip addr add 10.20.37.9/24 dev docker0"):
        assert explorer.model.edit(NODE, "", line)
    assert "10.20.92.0/24 via 192.168.138.222" in explorer.model.commands()
    assert pressed(explorer).startswith(f"The kernel does the same: {explorer.model.trace.verdict}.")


@real
def test_a_container_started_in_the_explorer_is_there_too():
    explorer = TraceExplorer(labkit.scenarios.docker_host())
    assert explorer.model.edit("host", "", "docker run -d --name more busybox sleep 1d")
    assert explorer.model.ask(source="more") and explorer.model.ask(to="172.17.0.2")
    assert pressed(explorer).startswith("The kernel does the same: answered at br1")


def test_what_the_kernel_says_is_gone_with_the_next_question(explorer):
    explorer.model.observed = "The kernel does the same"
    explorer.fields["ttl"].control.value = "9"
    assert explorer.model.observed == "" and "The kernel" not in explorer.given.value


def test_where_no_lab_can_be_realized_it_says_why(explorer, monkeypatch):
    def refused(lab):
        raise labkit.LabError("namespaces: not permitted")

    monkeypatch.setattr(type(explorer.model.lab), "realize", refused)
    assert pressed(explorer) == "namespaces: not permitted"


def test_another_outcome_is_told_with_every_packet(explorer):
    predicted = explorer.model.trace
    explorer.fields["to"].control.value = "10.20.92.99"
    words = observed_words(predicted, explorer.model.trace).splitlines()
    assert words[0] == "The kernel does something else: host unreachable at k8s-node2: 10.20.92.0 says: host unreachable."
    assert words[1].startswith("different: ") and len(words) > 20
