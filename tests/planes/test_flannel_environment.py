"""subnet.env and dockerd's options (flannel mk_docker_opts_test, main_test.go)."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from labkit.errors import BadInput
from labkit.planes.flannel import node

RECORDINGS = Path(__file__).parent.parent / "recordings" / "flannel"
ENV = "FLANNEL_SUBNET=10.1.74.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n"


def test_docker_masquerades_when_flannel_does_not():
    assert node.docker_options(ENV) == "--bip=10.1.74.1/24 --ip-masq=true --mtu=1472"
    assert "--ip-masq=false" in node.docker_options(ENV.replace("false", "true"))
    assert node.docker_options(ENV, masquerade=False) == "--bip=10.1.74.1/24 --mtu=1472"


@pytest.mark.parametrize(("value", "expected"), [
    ("not-a-cidr", []),
    ("10.5.72.1", []),
    ("10.5.72.1/24,not-a-cidr,10.5.73.1/24", ["10.5.72.0/24", "10.5.73.0/24"]),
])
def test_what_is_no_network_is_left_out(value, expected):
    assert [str(network) for network in node.networks(f"FLANNEL_SUBNET={value}\n")] == expected


def test_docker_cannot_start_before_there_is_a_lease():
    with pytest.raises(BadInput, match="no lease yet"):
        node.docker_options("FLANNEL_SUBNET=not-a-cidr\n")


def test_a_subnet_outside_todays_network_is_forgotten():
    text = "FLANNEL_SUBNET=10.5.72.1/24\n"
    assert node.previous(text, IPv4Network("10.6.0.0/16")) is None
    assert node.previous(text, IPv4Network("10.5.0.0/16")) == IPv4Network("10.5.72.0/24")


@pytest.mark.parametrize("file", sorted(RECORDINGS.glob("*/subnet*.env")), ids=lambda file: "-".join(file.parts[-2:]))
def test_the_recorded_files_are_written_the_same(file):
    text = file.read_text()
    found = node.variables(text)
    subnet = node.networks(text)[0]
    network = IPv4Network(found["FLANNEL_NETWORK"])
    assert node.environment(network, subnet, int(found["FLANNEL_MTU"]), found["FLANNEL_IPMASQ"] == "true") == text
