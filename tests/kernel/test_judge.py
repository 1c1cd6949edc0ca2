"""The judge: what was predicted and what the kernel did, in one value that says why where there is nothing to compare."""

import sys

import pytest

import labkit
from labkit import kernel
from labkit.kernel.availability import Availability, Part
from labkit.view.diff_table import diff_html, judgement_html

MODULE = sys.modules["labkit.kernel.realize"]  # `kernel.judge` itself is the function


@pytest.mark.needs("namespaces")
def test_the_kernel_does_what_was_predicted_and_the_lab_learns_nothing_of_it():
    lab = labkit.scenarios.veth_pair()
    before = lab.revision
    judged = kernel.judge(lab, "ns1", "192.168.50.2", ttl=9)
    assert judged.same and judged.observed.observed and not judged.predicted.observed and judged.why == ""
    assert str(judged) == str(judged.compared) and judgement_html(judged) == diff_html(judged.compared)
    assert lab.revision == before


@pytest.mark.needs("namespaces")
def test_what_the_kernel_refuses_is_the_reason_why_there_is_only_a_prediction(monkeypatch):
    def refuse(lab):
        raise labkit.LabError("the kernel has no vxlan")

    monkeypatch.setattr(MODULE, "realize", refuse)
    judged = kernel.judge(labkit.scenarios.veth_pair(), "ns1", "192.168.50.2")
    assert (judged.same, judged.observed, judged.compared) == (None, None, None)
    assert str(judged).splitlines()[-1] == "Predicted only, because the kernel has no vxlan"


def test_without_a_kernel_to_ask_the_prediction_stands_alone_with_the_line_that_would_help(monkeypatch):
    monkeypatch.setattr(MODULE, "available", lambda: Availability({"linux": Part("linux", False, "this is no <Linux>", "use Linux")}))
    judged = kernel.judge(labkit.scenarios.veth_pair(), "ns1", "192.168.50.2")
    assert str(judged).splitlines() == [
        "ping from ns1 to 192.168.50.2: answered at ns2: the answer came back to ns1 with TTL 64.",
        "Predicted only, because linux: this is no <Linux>. To have it: use Linux",
    ]
    assert "this is no &lt;Linux&gt;" in judgement_html(judged)


@pytest.mark.parametrize("lab, source, to, words", [
    ("lab", "ns1", "192.168.50.2", "the kernel judges a lab"), (None, "nobody", "192.168.50.2", "there is no namespace 'nobody'"),
    (None, "ns1", "192.168.50.300", "is not an IPv4 address"),
])  # fmt: skip
def test_what_cannot_be_asked_of_the_lab_is_told(lab, source, to, words):
    with pytest.raises(labkit.LabError, match=words):
        kernel.judge(lab or labkit.scenarios.veth_pair(), source, to)
