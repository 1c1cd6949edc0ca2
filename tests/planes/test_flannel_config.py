"""The network config: defaults, checks and complaints (flannel config_test.go)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import BadInput
from labkit.planes.flannel import NOTES, Config


def range_of(text: str, **how):
    subnets = Config.parse(text, **how).ipv4
    return str(subnets.network), subnets.length, str(subnets.first), str(subnets.last)


@pytest.mark.parametrize(("text", "expected", "count"), [
    ('{"network":"10.3.0.0/16"}', ("10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0"), 255),
    ('{"Network":"10.3.0.0/16","SubnetMin":"10.3.5.0","SubnetMax":"10.3.8.0","SubnetLen":28}',
     ("10.3.0.0/16", 28, "10.3.5.0", "10.3.8.0"), 49),
    ('{"NetWork":"10.20.0.0/16"}', ("10.20.0.0/16", 24, "10.20.1.0", "10.20.255.0"), 255),
    ('{"Network":"10.3.0.0/22"}', ("10.3.0.0/22", 24, "10.3.1.0", "10.3.3.0"), 3),
    ('{"Network":"10.3.0.0/23"}', ("10.3.0.0/23", 25, "10.3.0.128", "10.3.1.128"), 3),
    ('{"Network":"10.3.7.0/24"}', ("10.3.7.0/24", 26, "10.3.7.64", "10.3.7.192"), 3),
    ('{"Network":"192.168.1.16/28"}', ("192.168.1.16/28", 30, "192.168.1.20", "192.168.1.28"), 3),
    ('{"Network":"10.3.0.0/16","SubnetLen":18}', ("10.3.0.0/16", 18, "10.3.64.0", "10.3.192.0"), 3),
    ('{"Network":"10.0.0.0/8","SubnetLen":20,"SubnetMin":"10.10.0.0","SubnetMax":"10.99.0.0"}',
     ("10.0.0.0/8", 20, "10.10.0.0", "10.99.0.0"), 1425),
    ('{"Network":"10.3.5.7/16"}', ("10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0"), 255),
])
def test_the_range_of_subnets_follows_from_the_network(text, expected, count):
    assert range_of(text) == expected
    assert len(Config.parse(text).ipv4) == count


@pytest.mark.parametrize("keys", [{"EnableIPv4": False, "EnableIPv6": True}, {"EnableIPv6": True, "Network": "10.3.0.0/16"},
                                  {"EnableIPv4": False, "Network": "10.3.0.0/16"}])  # fmt: skip
def test_nodes_with_ipv6_are_refused_in_the_labs_words(keys):
    with pytest.raises(BadInput, match="The lab's nodes have IPv4 only"):
        Config.parse(json.dumps({"IPv6Network": "fc00::/48", **keys}))


@pytest.mark.parametrize(("text", "complaint"), [
    ('{"Network":"192.168.1.16/29"}', "too small"),
    ('{"Network":"10.3.0.0/16","SubnetLen":31}', "too long: at most 30"),
    ('{"Network":"10.3.0.0/16","SubnetLen":17}', "too short: at least 18"),
    ('{"Network":"10.3.0.0/16","SubnetMin":"10.4.0.0"}', "SubnetMin 10.4.0.0 is outside"),
    ('{"Network":"10.3.0.0/16","SubnetMax":"10.4.0.0"}', "SubnetMax 10.4.0.0 is outside"),
    ('{"Network":"10.3.0.0/16","SubnetMin":"10.3.1.128"}', "not where a /24 begins"),
    ("{}", "Network is missing"),
    ('{"Netwrok":"10.3.0.0/16"}', "'Netwrok'"),
    ('{"Network":"fc00::/48"}', "10.20.0.0/16"),
    ('{"Network":"10.3.0.0/33"}', "10.20.0.0/16"),
    ('{"Network":16}', "Network 16 is no network"),
    ('{"Network":"10.3.0.0/16","SubnetLen":"24"}', "no number"),
    ('{"Network":"10.3.0.0/16","SubnetMin":"x"}', "SubnetMin 'x' is no address"),
    ('{"Network":"10.3.0.0/16","Backend":"vxlan"}', "Backend is an object"),
    ('{"Network":"10.3.0.0/16"', "not JSON"),
    ("[]", "a JSON object"),
])
def test_what_is_wrong_with_a_config_is_said(text, complaint):
    with pytest.raises(BadInput, match=complaint.replace("(", r"\(")):
        Config.parse(text)


def test_an_inverted_range_is_not_noticed_here():
    config = Config.parse('{"Network":"10.3.0.0/16","SubnetMin":"10.3.9.0","SubnetMax":"10.3.5.0"}')
    assert len(config.ipv4) == 0


def test_without_a_backend_the_code_takes_udp():
    assert Config.parse('{"Network":"10.3.0.0/16"}').backend == "udp"
    assert Config.parse('{"Network":"10.3.0.0/16","backend":{"type":"VXLAN"}}').backend == "vxlan"


@pytest.mark.parametrize(("text", "length"), [
    ('{"Network":"10.3.0.0/16"}', 24), ('{"Network":"10.3.0.0/23"}', 24), ('{"Network":"10.3.7.0/24"}', 25),
    ('{"Network":"192.168.1.16/29"}', 30), ('{"Network":"10.3.0.0/16","SubnetLen":31}', 31),
])
def test_the_flannel_of_the_notes_had_fewer_rules(text, length):
    assert Config.parse(text, version=NOTES).ipv4.length == length
    assert range_of('{"Network":"10.3.0.0/16","SubnetMin":"10.3.1.128"}', version=NOTES)[2] == "10.3.1.128"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["Network", "SubnetLen", "SubnetMin", "SubnetMax", "Backend", "Type", "EnableIPv6"]),
                        inner | st.sampled_from(["10.0.0.0/8", "10.9.0.0", "10.3.0.0/30"]), max_size=5), max_leaves=8))
def test_any_json_is_a_config_or_bad_input(document):
    try:
        config = Config.parse(json.dumps(document))
    except BadInput:
        return
    assert config.ipv4.first in config.ipv4.network
