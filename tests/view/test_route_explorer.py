"""The RouteExplorer: bits counted, winners named, pasted tables read, bad input told."""

from ipaddress import IPv4Address, IPv4Network
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import LabError
from labkit.view.route_explorer import RouteExplorer, bits, same_bits

TABLE = """default via 192.168.128.1 dev eth0 proto static metric 100
10.20.0.0/16 dev flannel0 proto kernel scope link src 10.20.92.0
10.20.92.0/24 dev docker0 proto kernel scope link src 10.20.92.1"""


@pytest.fixture
def explorer():
    return RouteExplorer(TABLE, "10.20.92.11")


def test_every_line_tells_how_many_bits_agree_and_why_it_won_or_lost(explorer):
    told = [(str(line.route.dst), line.same, line.needed, line.won, line.why) for line in explorer.model.lines()]
    assert told == [
        ("0.0.0.0/0", 0, 0, False, "matches, but /0 is shorter than /24"),
        ("10.20.0.0/16", 16, 16, False, "matches, but /16 is shorter than /24"),
        ("10.20.92.0/24", 24, 24, True, "longest prefix (/24)"),
    ], "in the order of the table"


def test_lines_pasted_in_another_order_are_the_same_table(explorer):
    before = explorer.picture.value
    explorer.table.control.value = "\n".join(reversed(str(explorer.model.table).splitlines()))
    assert explorer.picture.value == before, "a kernel keeps them in an order of its own"


def test_a_typed_address_is_looked_up_at_once(explorer):
    explorer.address.control.value = "10.20.37.5"
    assert [line.won for line in explorer.model.lines()] == [False, True, False]
    assert "bit 18 differs" in explorer.model.text()
    assert "10.20.37.5 among 3 routes" in explorer.picture.value


def test_without_a_match_the_picture_says_so():
    explorer = RouteExplorer("10.20.92.0/24 dev docker0", "11.0.0.1")
    assert "✗ no route: network is unreachable" in explorer.picture.value
    assert explorer.model.text().endswith("no route: network is unreachable")


def test_a_bad_address_is_told_and_the_picture_stays(explorer):
    picture = explorer.picture.value
    explorer.address.control.value = "10.20.92.300"
    assert "is not an IPv4 address" in explorer.address.message.value
    assert explorer.picture.value == picture


def test_another_table_can_be_pasted_in_another_format(explorer):
    explorer.table.control.value = (
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
        "10.20.92.8      0.0.0.0         255.255.255.248 U         0 0          0 br-test\n"
    )
    assert [str(line.route.dst) for line in explorer.model.lines()] == ["10.20.92.8/29"]
    assert explorer.table.message.value == ""


@pytest.mark.parametrize(("text", "why"), [("10.0.0.0/33 dev eth0", "line 1"), ("", "there is no route in this text")])
def test_a_table_that_does_not_parse_is_told_and_the_last_one_stays(explorer, text, why):
    explorer.table.control.value = text
    assert why in explorer.table.message.value
    assert len(explorer.model.lines()) == 3


def test_the_picture_is_well_formed_whatever_the_names_are():
    explorer = RouteExplorer("10.20.92.0/24 dev <b>&", "10.20.92.11")
    ElementTree.fromstring(explorer.picture.value)
    assert "<b>" not in explorer.picture.value


def test_a_long_table_is_cut_and_says_so():
    explorer = RouteExplorer("\n".join(f"10.{n}.0.0/16 dev eth0" for n in range(40)), "10.3.0.1")
    assert "+ 24 more lines" in explorer.picture.value
    assert [line.won for line in explorer.model.lines()].index(True) == 3 and "10.3.0.0/16" in explorer.picture.value


@pytest.mark.parametrize("wrong", [None, 3, "no table", ""])
def test_something_that_is_no_table_is_refused_with_a_sentence(wrong):
    with pytest.raises(LabError):
        RouteExplorer(wrong)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_route_contains_an_address_exactly_when_all_its_bits_agree(address, network, length):
    network = IPv4Network((network, length), strict=False)
    address = IPv4Address(address)
    same = same_bits(address, network)
    assert (same == length) == (address in network)
    head = bits(address).replace(".", ""), bits(network.network_address).replace(".", "")
    assert head[0][:same] == head[1][:same]
