"""The BridgeExplorer: a bridge learns, floods, forwards, keeps back and forgets, frame by frame."""

import subprocess
import sys

import pytest

import labkit
from labkit import LabError
from labkit.view.bridge_explorer import EVERYBODY, NOBODY, BridgeExplorer


@pytest.fixture
def explorer(cluster):
    return BridgeExplorer(cluster(1, 3), "cni0")


def send(explorer, source: str, to: str) -> list[str]:
    """Press the button; the ports by which the frame left."""
    explorer.source.control.value, explorer.to.control.value = source, to
    explorer._send_frame()
    return explorer.model.seen("out")


def test_a_frame_for_an_unknown_address_is_flooded_and_its_sender_learned(explorer):
    assert send(explorer, "pod-1-2", "pod-1-3") == ["veth13", "veth14"]
    assert [port for _, port, _ in explorer.model.entries()] == ["veth12"]
    assert "flooded to veth13, veth14" in explorer.picture.value


def test_a_frame_for_a_learned_address_leaves_by_one_port(explorer):
    send(explorer, "pod-1-2", "pod-1-3")
    assert send(explorer, "pod-1-3", "pod-1-2") == ["veth12"]


@pytest.mark.parametrize("to", [EVERYBODY, NOBODY])
def test_broadcasts_and_addresses_nobody_has_are_always_flooded(explorer, to):
    for _ in range(2):
        assert send(explorer, "pod-1-4", to) == ["veth12", "veth13"]


def test_a_frame_is_not_sent_back_where_it_came_from_unless_hairpin_is_on(explorer):
    send(explorer, "pod-1-2", EVERYBODY)
    assert send(explorer, "pod-1-2", "pod-1-2") == []
    assert "hairpin is off" in explorer.picture.value
    explorer.line.control.value = "bridge link set dev veth12 hairpin on"
    assert explorer.line.control.value == "", "the field is free for the next command"
    assert send(explorer, "pod-1-2", "pod-1-2") == ["veth12"]


def test_an_entry_ages_out_after_300_seconds(explorer):
    send(explorer, "pod-1-2", "pod-1-3")
    explorer.wait.control.value = "299"
    assert [age for _, _, age in explorer.model.entries()] == ["299 s"]
    explorer.wait.control.value = "1"
    assert explorer.model.entries() == []
    assert send(explorer, "pod-1-3", "pod-1-2") == ["veth12", "veth14"]


def test_take_back_and_reset(explorer):
    send(explorer, "pod-1-2", "pod-1-3")
    first = explorer.picture.value
    send(explorer, "pod-1-3", "pod-1-2")
    explorer._back()
    assert explorer.picture.value == first
    explorer._reset()
    assert explorer.model.entries() == [] and explorer.model.acts == []


@pytest.mark.parametrize("text", ["-1", "x", "1e3", "0", "²"])
def test_a_time_that_is_none_is_told_beside_the_field(explorer, text):
    explorer.wait.control.value = text
    assert "is not a number of seconds" in explorer.wait.message.value
    assert explorer.model.lab.now == 0


def test_a_command_that_fails_is_told_and_changes_nothing(explorer):
    explorer.line.control.value = "bridge link set dev nope hairpin on"
    assert "Cannot find bridge device" in explorer.line.message.value
    assert explorer.model.acts == []


def test_the_lab_given_learns_nothing(cluster):
    lab = cluster(1, 3)
    send(BridgeExplorer(lab, "cni0"), "pod-1-2", EVERYBODY)
    assert [e for e in lab["node1"].find("cni0").bridge.fdb if e.state == ""] == []


def test_which_bridge_is_meant_must_be_clear(cluster):
    with pytest.raises(LabError, match="several namespaces have one: node1, node2; say on="):
        BridgeExplorer(cluster(2, 2), "cni0")
    with pytest.raises(LabError, match="no namespace of this lab has one"):
        BridgeExplorer(cluster(1, 2), "docker0")
    with pytest.raises(LabError, match="frames need two"):
        BridgeExplorer(cluster(1, 1), "cni0")
    assert BridgeExplorer(cluster(2, 2), "cni0", on="node2").model.namespace == "node2"


def test_the_static_twin_tells_what_the_bridge_knows(explorer):
    send(explorer, "pod-1-2", "pod-1-3")
    assert explorer._repr_mimebundle_()["text/plain"].splitlines() == [
        "cni0 in node1: a frame from pod-1-2 to pod-1-3",
        f"  learns that {explorer.model.station('pod-1-2').mac} is behind veth12",
        f"  {explorer.model.station('pod-1-3').mac} is unknown: flooded to veth13, veth14",
        f"  {explorer.model.station('pod-1-2').mac} is behind veth12 (0 s)",
    ]


def test_a_frame_to_everybody_is_flooded_and_goes_up_and_nothing_is_said_of_what_the_node_does_with_it():
    explorer = BridgeExplorer(labkit.scenarios.same_node(), "docker0")
    send(explorer, "pod1", EVERYBODY)
    sentences = explorer.model.sentences()
    assert any("flooded to veth2" in sentence for sentence in sentences)
    assert any(sentence.startswith("a copy goes up to node") for sentence in sentences)
    assert not any("dropped" in sentence for sentence in sentences)


def test_it_is_the_first_thing_that_moves_a_frame_in_a_fresh_python():
    code = """
from labkit import scenarios
from labkit.view import BridgeExplorer
BridgeExplorer(scenarios.same_node(), "docker0").model.send("pod1", "pod2")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_a_command_prints_is_shown_and_is_no_change(explorer):
    explorer.line.control.value = "bridge fdb show br cni0"
    assert "master cni0 permanent" in explorer.table.value and explorer.model.acts == []
    send(explorer, "pod-1-2", "pod-1-3")
    assert "permanent" not in explorer.table.value


def test_reset_takes_complaints_and_what_was_typed_away(explorer):
    explorer.wait.control.value = "1e9"
    assert explorer.wait.message.value
    explorer._reset()
    assert explorer.wait.message.value == explorer.wait.control.value == ""
