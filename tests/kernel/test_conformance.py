"""Every ready lab with every fault: predicted, realized, probed, and held against each other.

All of them run beforehand in a few threads, because a probe to nowhere waits three seconds; the tests read the results.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import pytest

from labkit import scenarios

from .faults import FAULTS, apply

SCENARIOS = {
    "veth pair": (scenarios.veth_pair, {}),
    "same node": (scenarios.same_node, {}),
    "docker host": (scenarios.docker_host, {}),
    "flannel udp": (scenarios.flannel, {"backend": "udp"}),
    "flannel vxlan": (scenarios.flannel, {"backend": "vxlan"}),
    "flannel host-gw": (scenarios.flannel, {"backend": "host-gw"}),
    "seed cluster": (scenarios.seed_cluster, {}),
}
#: These have a TUN, which an ordinary user cannot always open.
NEEDS_TUN = ("flannel udp", "seed cluster")
#: On these runs a Docker or a flanneld, which write rules.
NEEDS_IPTABLES = ("docker host", "seed cluster", "flannel udp", "flannel vxlan", "flannel host-gw")
#: Probes of a healthy lab, besides the plain ping.
HEALTHY = (
    {},
    {"proto": "udp"},
    {"proto": "tcp"},
    {"size": 0},
    {"size": 1400, "df": True},
    {"size": 1430, "df": True},
    {"size": 1472, "df": True},
    {"size": 2000},
    {"size": 4000, "df": False},
    {"size": 3000, "proto": "udp"},
)
WORKERS = 6

#: A fault that cannot happen in a scenario: nobody has a gateway, a written neighbour, a lease … there.
NOT_THERE = {
    ("veth pair", "forwarding off"),
    ("veth pair", "wrong gateway"),
    ("veth pair", "FDB entry missing"),
    ("veth pair", "hairpin"),
    ("same node", "forwarding off"),
    ("same node", "wrong gateway"),
    ("same node", "lease gone"),
    ("veth pair", "lease gone"),
    ("docker host", "lease gone"),
    ("docker host", "forwarding off"),
    ("docker host", "wrong gateway"),
}


def marked(scenario: str, *values):
    parts = ["namespaces", "tun" if scenario in NEEDS_TUN else "vxlan"] + ["iptables"] * (scenario in NEEDS_IPTABLES)
    return pytest.param(scenario, *values, marks=pytest.mark.needs(*parts))


def made(scenario: str):
    function, how = SCENARIOS[scenario]
    return function(**how)


def held(scenario: str, probes, lines=()) -> list[str]:
    """What differs, in words: each probe is predicted, and sent for real, in a lab with these lines typed."""
    lab = made(scenario)
    apply(lab, lines)
    wrong = []
    with lab.realize() as real:
        for source, destination, how in probes:
            found = lab.trace(source, destination, **how).diff(real.trace(source, destination, **how))
            if not found.same:
                wrong.append(f"{source} to {destination} {how}\n{found}")
    return wrong


def faulty(scenario: str, fault: str) -> dict[str, list[str]]:
    """variant -> what differs."""
    lab = made(scenario)
    source, destination = lab.probes[0]
    variants = FAULTS[fault](lab, lab.trace(source, destination))
    return {what: held(scenario, [(source, destination, how)], lines) for what, lines, how in variants}


@cache
def jobs() -> dict[tuple, Future]:
    """Everything at once; the threads wait more than they work."""
    pool = ThreadPoolExecutor(WORKERS)
    return {(scenario, fault): pool.submit(faulty, scenario, fault) for scenario in SCENARIOS for fault in FAULTS}


@pytest.mark.parametrize("scenario", [marked(name) for name in SCENARIOS])
def test_a_healthy_lab_does_what_was_predicted(scenario):
    probes = made(scenario).probes
    assert probes, "a ready lab says which probes it is about"
    assert held(scenario, [(source, destination, how) for source, destination in probes for how in HEALTHY]) == []


@pytest.mark.parametrize(("scenario", "fault"), [marked(name, fault) for name in SCENARIOS for fault in FAULTS])
def test_a_broken_lab_breaks_as_predicted(scenario, fault):
    found = jobs()[scenario, fault].result()
    assert bool(found) != ((scenario, fault) in NOT_THERE), f"{len(found)} variants of this fault"
    assert {what: "\n".join(wrong) for what, wrong in found.items() if wrong} == {}
