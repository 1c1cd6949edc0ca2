"""`ip link` and `ip tuntap` answer as the real tools did."""

import pytest

import labkit
from labkit.commands.shell import sh
from labkit.lab.lab import Lab
from tests.commands.replaying import assert_same_answers


@pytest.mark.parametrize("name", ["ip_link", "ip_link_bad", "ip_tuntap"])
def test_every_recorded_line_is_answered_alike(name):
    assert_same_answers(name)


def test_a_refused_creation_leaves_nothing_behind():
    lab = Lab()
    assert sh(lab, "ip link add a0 type veth peer name a0").returncode == 2
    assert sh(lab, "ip link add a1 master lo type veth peer name a2").returncode == 2
    assert [i.name for i in lab["host"].by_index()] == ["lo"]


@pytest.mark.parametrize(
    ("refused", "used"), [("master lo type veth peer name r", 2), ("master lo type bridge", 1), ("mtu 5 type bridge", 0)])
def test_links_that_are_taken_back_have_had_their_indexes(refused, used):
    lab = labkit.Lab()
    assert lab.sh(f"ip link add lt {refused}").returncode == 2
    assert lab.sh("ip link add after type bridge").returncode == 0
    assert lab.sh("ip -o link show after").stdout.startswith(f"{2 + used}: "), "observed on 6.18"


def test_what_the_lab_does_not_keep_is_said_in_one_sentence():
    lab = Lab()
    sh(lab, "ip link add br0 type bridge")
    for line in ("ip link set br0 trailers off", "ip link set br0 type bridge stp_state 1", "ip xfrm state"):
        result = sh(lab, line)
        assert result.returncode == 1 and result.stderr.count("\n") == 1 and "lab" in result.stderr, line


def test_lo_by_another_name_still_carries_what_is_for_ourselves():
    lab = labkit.Lab()
    lab.sh("ip link set lo name loop0; ip link set loop0 up")
    assert lab.sh("ping -c 1 127.0.0.1").returncode == 0
    assert lab.sh("ip route get 127.0.0.1").stdout.startswith("local 127.0.0.1 dev loop0 src 127.0.0.1")
    assert "inet 127.0.0.1/8 scope host loop0" in lab.sh("ip addr").stdout
