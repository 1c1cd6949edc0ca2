"""A bounded part of the fuzz with its seed; `python -m tests.fuzz --lines 300000` does more."""

import gc
from random import Random

import labkit
from tests.fuzz.mutate import bent
from tests.fuzz.run import Summary, _fault, run
from tests.fuzz.seeds import typed

LINES, SEED = 12000, 1


def test_bent_lines_of_every_tool_find_no_fault(measure):
    summary = run(LINES, SEED, stop_after=3)
    measure(f"fuzz: {summary}")
    assert not summary.faults, "\n\n".join(map(str, summary.faults))


def test_no_lab_outlives_its_lines():
    run(600, SEED)
    gc.collect()
    held = sum(type(one) is labkit.Lab for one in gc.get_objects())
    run(1500, SEED + 100)
    gc.collect()
    assert sum(type(one) is labkit.Lab for one in gc.get_objects()) <= held, "something keeps what was typed into"


def test_the_lines_are_of_every_tool():
    lines = typed()
    assert len(lines) > 1500
    assert {line.split()[0] for line in lines} >= set("ip bridge ping route ifconfig docker kubectl etcdctl nc awk".split())
    assert [bent(Random(5), lines) for _ in range(3)] == [bent(Random(5), lines) for _ in range(3)], "a seed is a line"


class Broken:
    """A lab with one fault."""

    revision, namespaces = 1, {}

    def __init__(self, answer):
        self.answer = answer

    def sh(self, line, on):
        return self.answer(self)


def test_a_fault_is_seen():
    def crashes(lab):
        raise KeyError("x")

    def changes(lab):
        lab.revision += 1
        return type("Answer", (), {"returncode": 1, "__str__": lambda self: "no"})()

    assert "KeyError" in _fault(Broken(crashes), "host", "ip addr", False, Summary())
    assert "changed something" in _fault(Broken(changes), "host", "ip addr add x", True, Summary())
    assert _fault(Broken(changes), "host", "ip link set x up", True, Summary()) is None, "some tools do"
