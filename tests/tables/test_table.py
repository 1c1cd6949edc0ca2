"""The lookup: longest prefix, then TOS, then metric, then order; and what it says about the losers."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import BadInput
from labkit.tables.route import Route
from labkit.tables.table import RouteTable

NODE2 = """\
default via 192.168.128.1 dev eth0 proto static metric 100
10.20.0.0/16 dev flannel0 proto kernel scope link src 10.20.92.0
10.20.92.0/24 dev docker0 proto kernel scope link src 10.20.92.1
"""


def test_the_longest_prefix_wins_and_the_losers_are_told_why():
    assert str(RouteTable.parse(NODE2).lookup("10.20.92.11")) == """\
10.20.92.11: 10.20.92.0/24 dev docker0 proto kernel scope link src 10.20.92.1
  * 10.20.92.0/24 dev docker0 proto kernel scope link src 10.20.92.1: longest prefix (/24)
  - 10.20.0.0/16 dev flannel0 proto kernel scope link src 10.20.92.0: matches, but /16 is shorter than /24
  - default via 192.168.128.1 dev eth0 proto static metric 100: matches, but /0 is shorter than /24"""


def test_nothing_matches():
    lookup = RouteTable.parse("10.0.0.0/8 dev eth0").lookup("11.0.0.1")
    assert not lookup
    assert str(lookup) == "11.0.0.1: no route matches"


def test_a_route_that_cannot_be_used_is_passed_over_for_a_shorter_one():
    lookup = RouteTable.parse(NODE2).lookup("10.20.92.11", unfit=lambda route: "its link is down" if route.dev == "docker0" else None)
    assert lookup.route.dev == "flannel0"
    assert lookup.considered[0].why == "passed over: its link is down"


@pytest.mark.parametrize(("tos", "dev"), [(0, "plain"), (0x10, "low"), (0x08, "plain")])
def test_a_route_for_exactly_this_tos_comes_first_and_one_for_another_never(tos, dev):
    table = RouteTable.parse("10.0.0.0/8 dev plain metric 1\n10.0.0.0/8 tos 0x10 dev low metric 9")
    assert table.lookup("10.1.1.1", tos=tos).route.dev == dev


@pytest.mark.parametrize("text", ["10.0.0.0/8 dev b metric 2\n10.0.0.0/8 dev a metric 1", "10.0.0.0/8 dev a\n10.0.0.0/8 dev b"])
def test_the_lower_metric_wins_and_then_the_first_in_the_table(text):
    assert RouteTable.parse(text).lookup("10.1.1.1").route.dev == "a"


def test_append_goes_behind_its_twins_and_prepend_before_them():
    table = RouteTable.parse("10.0.0.0/8 dev a\n10.0.0.0/8 dev b")
    table.append(Route(IPv4Network("10.0.0.0/8"), dev="last"))
    table.prepend(Route(IPv4Network("10.0.0.0/8"), dev="first"))
    table.prepend(Route(IPv4Network("10.0.0.0/9"), dev="longer"))
    assert [route.dev for route in table] == ["longer", "first", "a", "b", "last"]


def test_the_kernels_order_is_by_address_then_longest_prefix_first():
    text = (
        "0.0.0.0/1 dev a\ndefault dev b\n10.0.0.0/16 dev c\n10.0.0.0/8 tos 0x10 dev d\n"
        "10.0.0.0/8 dev e\n10.0.0.0/8 dev f metric 7\n10.0.1.0/24 dev g"
    )
    assert str(RouteTable(reversed(list(RouteTable.parse(text))))) == text


def test_a_multipath_route_is_one_line_in_the_explanation():
    text = "10.0.0.0/8\n\tnexthop via 10.1.0.2 dev a weight 1\n\tnexthop via 10.1.0.3 dev a weight 1"
    assert "10.0.0.0/8 nexthop via 10.1.0.2 dev a weight 1 nexthop" in str(RouteTable.parse(text).lookup("10.1.1.1"))


@pytest.mark.parametrize("address", ["", "10.20.92", "10.20.92.256", "node2", "fe80::1", None, -1])
def test_an_address_that_is_none_is_refused_with_an_example(address):
    with pytest.raises(BadInput, match="such as 10.20.92.11"):
        RouteTable.parse(NODE2).lookup(address)


# Few bits, so that prefixes overlap often.
prefixes = st.builds(
    lambda n, length: IPv4Network((n << 28 >> (32 - length) << (32 - length), length)), st.integers(0, 15), st.integers(0, 5)
)
routes = st.builds(Route, dst=prefixes, metric=st.integers(0, 2), tos=st.sampled_from([0, 0, 0, 8, 16]), dev=st.sampled_from("abcdef"))


@given(st.lists(routes, max_size=12), st.integers(0, 15), st.sampled_from([0, 8, 16]))
def test_the_winner_is_the_one_the_rule_names(listed, number, tos):
    address = IPv4Address(number << 28)
    table = RouteTable(listed)
    fit = [route for route in listed if address in route.dst and route.tos in (0, tos)]
    best = min(fit, key=lambda route: (-route.dst.prefixlen, -route.tos, route.metric), default=None)
    lookup = table.lookup(address, tos)
    assert lookup.route == best
    assert {candidate.route for candidate in lookup.considered} == {route for route in listed if address in route.dst}
    assert [candidate.won for candidate in lookup.considered].count(True) == (best is not None)
