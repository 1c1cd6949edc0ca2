"""Random labs for a bounded time, and what random labs found before; by hand: python -m tests.kernel.random_labs."""

import os

import pytest

from . import random_labs
from .random_labs import Case

pytestmark = pytest.mark.needs("namespaces", "vxlan")

#: A new seed each day of the year would make a failure come and go; LABKIT_SEED=7 tries others.
SEED = int(os.environ.get("LABKIT_SEED", "1"))
LABS, SECONDS = 60, 45

#: Each of these went another way than predicted when it was found: (lines, probe).
FOUND = {
    "a vxlan keeps its MTU when that of the interface below is lowered": (
        [
            ("host", "ip link add e0 type veth peer name e1"),
            ("host", "ip link set e0 up"),
            ("host", "ip addr add 10.0.0.1/24 dev e0"),
            ("host", "ip link add vx0 type vxlan id 7 dstport 8472 local 10.0.0.1 dev e0"),
            ("host", "ip link set vx0 up"),
            ("host", "ip addr add 10.1.0.1/24 dev vx0"),
            ("host", "ip link set e0 mtu 1400"),
        ],
        ("host", "10.1.0.2", {"size": 1473, "df": True}),
    ),
    "an entry of the FDB is not bound to the vxlan's own interface": (
        [
            ("host", "ip link add e0 type veth peer name e1"),
            ("host", "ip link set e0 up"),
            ("host", "ip link set e1 up"),
            ("host", "ip link add vx0 type vxlan id 7 dstport 8472 local 192.168.7.2 dev e0"),
            ("host", "ip link set vx0 up"),
            ("host", "ip addr add 10.2.0.1/24 dev vx0"),
            ("host", "ip neigh add 10.2.0.2 lladdr 02:aa:00:00:00:01 dev vx0"),
            ("host", "bridge fdb append 02:aa:00:00:00:01 dev vx0 dst 192.168.7.1"),
        ],
        ("host", "10.2.0.2", {}),
    ),
    "a bridge made with an MTU follows its ports all the same": (
        [
            ("host", "ip netns add a"),
            ("host", "ip link add b0 mtu 1500 type bridge"),
            ("host", "ip link set b0 up"),
            ("host", "ip link add v0 mtu 1200 type veth peer name e netns a"),
            ("host", "ip link set v0 master b0 up"),
            ("a", "ip link set e up"),
            ("host", "ip addr add 10.0.0.1/24 dev b0"),
            ("a", "ip addr add 10.0.0.2/24 dev e"),
        ],
        ("host", "10.0.0.2", {"size": 1300, "df": True}),
    ),
    "a source that is not ours is refused by bind": (
        [("host", "ip link set lo up")],
        ("host", "127.0.0.1", {"src": "10.0.0.1"}),
    ),
    "a broadcast is heard by all and delivered to nobody": (
        [
            ("host", "ip netns add a"),
            ("host", "ip link add v0 type veth peer name e netns a"),
            ("host", "ip link set v0 up"),
            ("a", "ip link set e up"),
            ("host", "ip addr add 10.0.0.1/24 dev v0"),
            ("a", "ip addr add 10.0.0.2/24 dev e"),
        ],
        ("host", "10.0.0.255", {"proto": "udp", "port": 53}),
    ),
    "a bridged packet too long for a port is fragmented on the way": (
        [
            ("host", "ip link add b0 type bridge"),
            ("host", "ip link set b0 up"),
            ("host", "ip netns add a"),
            ("host", "ip netns add b"),
            ("host", "ip link add va type veth peer name e netns a"),
            ("host", "ip link add vb type veth peer name e netns b"),
            ("host", "ip link set va master b0 up"),
            ("host", "ip link set vb master b0 up"),
            ("a", "ip link set e up"),
            ("b", "ip link set e up"),
            ("a", "ip addr add 10.0.0.1/24 dev e"),
            ("b", "ip addr add 10.0.0.2/24 dev e"),
            ("host", "ip link set vb mtu 1200"),
        ],
        ("a", "10.0.0.2", {"size": 1300, "df": False}),
    ),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_stays_found(what):
    lines, probe = FOUND[what]
    assert random_labs.difference(Case(0, what, tuple(lines), (probe,))) is None


def test_random_labs_do_what_was_predicted(measure):
    summary = random_labs.run(LABS, SEED, SECONDS, stop_after=1)
    measure(f"random labs from seed {SEED} on: {summary}")
    assert [f"{case}\n{reason}" for case, reason in summary.differences] == []
    assert summary.labs > 0
    assert not summary.too_many, summary


def test_the_same_seed_makes_the_same_lab():
    assert [random_labs.case(seed) for seed in range(20)] == [random_labs.case(seed) for seed in range(20)]


def test_a_difference_is_cut_down_to_the_lines_that_matter():
    """With a judge that minds one line only, nothing but that line and one probe is left."""
    whole = random_labs.case(5)
    assert len(whole.lines) > 6
    culprit = whole.lines[4]
    smallest, reason = random_labs.shrunk(whole, lambda case: "bad" if culprit in case.lines and case.probes else None)
    assert (smallest.lines, len(smallest.probes), reason) == ((culprit,), 1, "bad")
