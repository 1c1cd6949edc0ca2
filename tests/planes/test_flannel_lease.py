"""Lease keys and values as etcd keeps them (flannel subnet_test.go, registry_test.go)."""

import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import BadInput
from labkit.planes.flannel import NOTES, RECORDED, Lease
from labkit.planes.flannel.registry import parse_key

RECORDINGS = Path(__file__).parent.parent / "recordings" / "flannel"


def test_a_key_writes_the_slash_as_a_dash():
    subnet = IPv4Network("10.12.13.0/24")
    assert parse_key("10.12.13.0-24").network == subnet
    assert Lease(subnet, IPv4Address("1.2.3.4")).key == "10.12.13.0-24"


@pytest.mark.parametrize("key", [
    "10", "10.12.13.0", "10.12.13-24", "10.12.13.300-24", "10.12.13.0-24hi", "&2001::-56", "10.12.13.0-24&:12:13:-56",
    "10.12.13.0-24&20011::-56", "10.12.13.0-24&2001-56", "10.12.13.0-24&2001::", "10.12.13.0-24&2001::-56hi",
    "10.12.13.0-32", "10.12.13.0/24", "", "10.12.13.0-24&fd00:12:13::-56",
])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(BadInput, match="such as 10.20.92.0-24"):
        parse_key(key)


def test_a_whole_path_parses_by_its_end():
    assert parse_key("/x/y/subnets/10.1.5.0-24").network == IPv4Network("10.1.5.0/24")


@given(st.integers(0, 2**32 - 1), st.integers(0, 31))
def test_every_subnet_has_a_key_that_reads_back(address, length):
    subnet = IPv4Network((address, length), strict=False)
    key = Lease(subnet, IPv4Address("1.2.3.4")).key
    assert parse_key(f"/coreos.com/network/subnets/{key}").network == subnet


@given(st.text(max_size=30))
def test_any_text_is_a_key_or_bad_input(text):
    try:
        subnet = parse_key(text).network
    except BadInput:
        return
    assert subnet.prefixlen <= 31


def lease(**how) -> Lease:
    return Lease(IPv4Network("10.1.5.0/24"), IPv4Address("1.2.3.4"), **how)


def test_the_value_of_a_lease_has_changed_with_the_years():
    vxlan = {"backend": "vxlan", "data": {"VNI": 1, "VtepMAC": "82:b0:f2:1e:7b:6b"}}
    assert lease().value() == '{"PublicIP":"1.2.3.4","PublicIPv6":null}'
    assert lease().value(NOTES) == '{"PublicIP":"1.2.3.4"}'
    assert json.loads(lease(**vxlan).value(NOTES))["BackendData"] == {"VtepMAC": "82:b0:f2:1e:7b:6b"}


@pytest.mark.parametrize("backend", ["udp", "vxlan", "hostgw"])
def test_the_recorded_leases_read_and_write_back(backend):
    tree = json.loads((RECORDINGS / backend / "etcd.txt").read_text())
    subnets = next(node for node in tree["node"]["nodes"] if node["key"].endswith("/subnets"))
    for node in subnets["nodes"]:
        found = Lease.read(node["key"], node["value"])
        assert (found.backend, found.key) == (backend.replace("hostgw", "host-gw"), node["key"].rpartition("/")[2])
        assert found.value(RECORDED) == node["value"]


@pytest.mark.parametrize("value", ["x", "{}", "[]", "3", '{"PublicIP":"1.2.3"}', '{"PublicIP":null}'])
def test_a_value_that_is_no_lease_is_refused(value):
    with pytest.raises(BadInput, match="PublicIP"):
        Lease.read("10.1.5.0-24", value)
