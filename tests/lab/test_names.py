"""Names lead to interfaces and namespaces, through every rename, move and deletion."""

import random

import pytest

import labkit

NAMES, SPACES = ("a", "b", "c", "veth1", "br0"), ("n1", "n2", "n3")


def agree(lab) -> None:
    """What is found by name is what a search of all finds."""
    for ns in lab.namespaces.values():
        for name in (*NAMES, "lo", "veth0", "eth9", *(i.name for i in ns.interfaces.values())):
            assert ns.find(name) is next((i for i in ns.interfaces.values() if i.name == name), None)
        for bridge in (*NAMES, "eth9"):
            assert ns.ports(bridge) == sorted((i for i in ns.interfaces.values() if i.master == bridge), key=lambda i: i.index)
        assert {key.split(".")[3] for key in ns.sysctls if ".conf." in key} == {"all", "default", *(i.name for i in ns.interfaces.values())}
        assert all(lab.interface(i.uid) is i and i.namespace == ns.name for i in ns.interfaces.values())
    for label in SPACES:
        for machine in ("host", "other"):
            every = [ns for ns in lab.namespaces.values() if ns.named and (ns.machine, ns.label) == (machine, label)]
            assert lab.on_machine(machine, label) is (every[0] if every else None)
    assert len(lab.interfaces) == sum(len(ns.interfaces) for ns in lab.namespaces.values())


@pytest.mark.parametrize("seed", range(40))
def test_names_stay_right_whatever_is_done_to_interfaces_and_namespaces(seed):
    rng = random.Random(seed)
    lab = labkit.Lab("host", "other")
    make = (
        lambda: f"ip netns add {rng.choice(SPACES)}",
        lambda: f"ip netns del {rng.choice(SPACES)}",
        lambda: f"ip link add {rng.choice(NAMES)} type {rng.choice(['bridge', 'veth', 'dummy'])}",
        lambda: f"ip link add {rng.choice(NAMES)} type veth peer name {rng.choice(NAMES)} netns {rng.choice(SPACES)}",
        lambda: f"ip link add {rng.choice(NAMES)} type vxlan id {rng.choice('12')} dev {rng.choice(NAMES)} dstport 0",
        lambda: f"ip tuntap add {rng.choice(NAMES)} mode tap",
        lambda: f"ip link set {rng.choice(NAMES)} name {rng.choice(NAMES)}",
        lambda: f"ip link set {rng.choice(NAMES)} netns {rng.choice((*SPACES, '1'))}",
        lambda: f"ip link set {rng.choice(NAMES)} master br0",
        lambda: f"ip link del {rng.choice(NAMES)}",
    )
    done = 0
    for _ in range(60):
        on = rng.choice([*lab.namespaces])
        done += lab.sh(rng.choice(make)(), on=on).returncode == 0
        if rng.random() < 0.05:
            lab = lab.copy()
        agree(lab)
    assert done > 5


@pytest.mark.parametrize("name", ["", ".", "..", "../../etc/x", "a/b", "a\0b", "x" * 256, "é" * 128, "\ud800", 5, None, ["a"]])
def test_a_namespace_is_a_file_and_named_like_one(name):
    lab = labkit.Lab()
    for add in (lambda: lab.add_namespace("host", name), lambda: lab.add_machine(name), lambda: labkit.Lab("one", name)):
        with pytest.raises(labkit.LabError, match="cannot be a namespace's name"):
            add()
    assert list(lab.namespaces) == ["host"]
    assert lab.add_namespace("host", "blanks and é are fine").named
