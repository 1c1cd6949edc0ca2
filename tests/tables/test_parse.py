"""Reading route tables from text: every tool's format, every recorded file, and bad input."""

from ipaddress import IPv4Address, IPv4Network
from json import dumps, loads

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import BadInput
from labkit.tables.names import PROTOS, SCOPES, TYPES
from labkit.tables.read import FLAGS, METRICS
from labkit.tables.route import TIMES, NextHop, Route, netstat_lines, route_json, route_n_lines
from labkit.tables.table import RouteTable

IP_ROUTE = """\
default via 192.168.128.1 dev eth0  proto static  metric 100
10.20.0.0/16 dev flannel0  proto kernel  scope link  src 10.20.92.0
10.20.92.0/24 dev docker0  proto kernel  scope link  src 10.20.92.1
192.168.128.0/20 dev eth0  proto kernel  scope link  src 192.168.138.222  metric 100
"""
NETSTAT = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
0.0.0.0         192.168.128.1   0.0.0.0         UG        0 0          0 eth0
10.20.0.0       0.0.0.0         255.255.0.0     U         0 0          0 flannel0
10.20.92.0      0.0.0.0         255.255.255.0   U         0 0          0 docker0
192.168.128.0   0.0.0.0         255.255.240.0   U         0 0          0 eth0
"""
ROUTE_N = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         192.168.128.1   0.0.0.0         UG    100    0        0 eth0
10.20.0.0       0.0.0.0         255.255.0.0     U     0      0        0 flannel0
10.20.92.0      0.0.0.0         255.255.255.0   U     0      0        0 docker0
192.168.128.0   0.0.0.0         255.255.240.0   U     100    0        0 eth0
"""

#: Printed by iproute2 6.1 and net-tools 2.10 on Linux 6.18 for one and the same table.
SIX = """\
10.1.0.0/24 dev va proto kernel scope link src 10.1.0.1
10.5.0.0/16
	nexthop via 10.1.0.2 dev va weight 2
	nexthop via 10.1.0.3 dev va weight 1 onlink
10.6.0.0/16 tos 0x10 via 10.1.0.2 dev va metric 5 linkdown mtu lock 1400 window 3000 rtt 100ms rttvar 12ms advmss 1300 features ecn rto_min lock 2s congctl cubic
unreachable 10.7.0.1 metric 3000000000
throw 10.8.0.0/17 metric 4
blackhole 10.8.0.0/16"""
SIX_N = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
10.1.0.0        0.0.0.0         255.255.255.0   U     0      0        0 va
10.5.0.0        10.1.0.2        255.255.0.0     UG    0      0        0 va
10.6.0.0        10.1.0.2        255.255.0.0     UG    5      0        0 va
10.7.0.1        -               255.255.255.255 !H    -1294967296 -        0 -
10.8.0.0        0.0.0.0         255.255.128.0   U     4      0        0 *
10.8.0.0        0.0.0.0         255.255.0.0     U     0      0        0 *"""
SIX_NETSTAT = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
10.1.0.0        0.0.0.0         255.255.255.0   U         0 0          0 va
10.5.0.0        10.1.0.2        255.255.0.0     UG        0 0          0 va
10.6.0.0        10.1.0.2        255.255.0.0     UG     1340 3000     100 va
10.7.0.1        -               255.255.255.255 !H        - -          - -
10.8.0.0        0.0.0.0         255.255.128.0   U         0 0          0 *
10.8.0.0        0.0.0.0         255.255.0.0     U         0 0          0 *"""
SIX_JSON = """\
[{"dst":"10.1.0.0/24","dev":"va","protocol":"kernel","scope":"link","prefsrc":"10.1.0.1","flags":[]},\
{"dst":"10.5.0.0/16","flags":[],"nexthops":[{"gateway":"10.1.0.2","dev":"va","weight":2,"flags":[]},\
{"gateway":"10.1.0.3","dev":"va","weight":1,"flags":["onlink"]}]},{"dst":"10.6.0.0/16","tos":"0x10",\
"gateway":"10.1.0.2","dev":"va","metric":5,"flags":["linkdown"],"metrics":[{"mtu":1400,"window":3000,"rtt":100,\
"rttvar":12,"advmss":1300,"ecn":null,"rto_min":2000,"congestion":"cubic"}]},\
{"type":"unreachable","dst":"10.7.0.1","metric":3000000000,"flags":[]},\
{"type":"throw","dst":"10.8.0.0/17","metric":4,"flags":[]},{"type":"blackhole","dst":"10.8.0.0/16","flags":[]}]
"""


def test_old_iproute2_put_two_spaces_and_they_read_the_same():
    assert str(RouteTable.parse(IP_ROUTE)).splitlines() == [" ".join(line.split()) for line in IP_ROUTE.splitlines()]


@pytest.mark.parametrize("text", [NETSTAT, ROUTE_N], ids=["netstat -rn", "route -n"])
def test_net_tools_columns_give_the_same_routes_as_ip_route(text):
    routes = RouteTable.parse(text)
    assert [(r.dst, r.gateway, r.dev) for r in routes] == [(r.dst, r.gateway, r.dev) for r in RouteTable.parse(IP_ROUTE)]


def test_route_n_has_the_metrics_and_netstat_has_none():
    assert [r.metric for r in RouteTable.parse(ROUTE_N)] == [100, 0, 0, 100]
    assert [r.metric for r in RouteTable.parse(NETSTAT)] == [0, 0, 0, 0]


@pytest.mark.parametrize(("text", "lines"), [(NETSTAT, netstat_lines), (ROUTE_N, route_n_lines)], ids=["netstat", "route"])
def test_columns_print_as_they_were_read(text, lines):
    assert lines(RouteTable.parse(text)) == text.splitlines()


def test_one_table_prints_as_each_real_tool_prints_it():
    table = RouteTable.parse(SIX)
    assert str(table) == SIX
    assert "\n".join(route_n_lines(table)) == SIX_N
    assert "\n".join(netstat_lines(table)) == SIX_NETSTAT
    assert [route_json(route) for route in table] == loads(SIX_JSON)


def test_json_says_what_the_text_says_but_for_the_locks():
    assert str(RouteTable.parse(SIX_JSON)) == SIX.replace("lock ", "")


def test_details_and_one_line_forms_are_read_too():
    text = "unicast 10.5.0.0/16 table main proto boot scope global \\\tnexthop via 10.1.0.2 dev va weight 2 \\\tnexthop dev vb weight 1"
    legs = (NextHop(IPv4Address("10.1.0.2"), "va", 2), NextHop(None, "vb"))
    assert list(RouteTable.parse(text)) == [Route(IPv4Network("10.5.0.0/16"), nexthops=legs)]


def test_table_all_keeps_the_tables_apart_and_leaves_ipv6_out():
    text = """\
10.1.0.0/24 dev va proto kernel scope link src 10.1.0.1
local 10.1.0.1 dev va table local proto kernel scope host src 10.1.0.1
fe80::/64 dev va proto kernel metric 256 pref medium
unreachable default dev lo table unspec proto kernel metric 4294967295 error -101 pref medium
default via fe80::1 dev va proto ra metric 1024"""
    table = RouteTable.parse(text)
    assert str(table).splitlines() == text.splitlines()[:2]
    assert table.lookup("10.1.0.1").route.type == "local"


BAD = [
    ("10.1.0.0/24 dev", ["line 1", "'dev'", "interface name"]),
    ("default via 10.1.0.1 dev eth0\n10.1.0.0/33 dev eth0", ["line 2", "'10.1.0.0/33'", "10.20.92.0/24"]),
    ("10.1.0.7/24 dev eth0", ["line 1", "'10.1.0.7/24'", "without host bits"]),
    ("default via 10.1.0.256 dev eth0", ["line 1", "'10.1.0.256'", "0 to 255"]),
    ("default via gateway dev eth0", ["line 1", "'gateway'"]),
    ("default via 10.1.0.1 device eth0", ["line 1", "'device'", "via dev proto"]),
    ("default via 10.1.0.1 via 10.1.0.2", ["line 1", "'via'", "before"]),
    ("10.1.0.0/24 dev a-name-longer-than-15", ["line 1", "'a-name-longer-than-15'"]),
    ("10.1.0.0/24 dev eth0 metric -1", ["line 1", "'-1'", "4294967295"]),
    ("10.1.0.0/24 dev eth0 mtu big", ["line 1", "'big'", "mtu"]),
    ("10.1.0.0/24 dev eth0 scope near", ["line 1", "'near'", "link"]),
    ("\tnexthop via 10.1.0.1 dev eth0 weight 1", ["line 1", "'nexthop'"]),
    ("10.0.0.0/8\n\tnexthop via 10.1.0.1 dev eth0 weight 257", ["line 2", "'257'", "256"]),
    ("hello world", ["line 1", "'hello'", "destination"]),
    ("[1, 2]", ["route 1", "1"]),
    ("[{}, {]", ["line 1", "not JSON"]),
    ('{"dst": "default"}', ["array"]),
    ('[{"dst": "10.0.0.0/40"}]', ["route 1", "'10.0.0.0/40'"]),
    ('[{"dst": "default", "gateway": 7}]', ["route 1", "'gateway'", "7"]),
    ('[{"dst": "default", "via": "10.0.0.1"}]', ["route 1", "'via'", "gateway"]),
    ('[{"dev": "eth0"}]', ["route 1", "'dst'"]),
    ("Kernel IP routing table\nDestination Gateway\n", ["line 2", "headings"]),
    ("Kernel IP routing table", ["headings"]),
    (ROUTE_N + "10.0.0.0 0.0.0.0 255.0.0.0 U 0 0 eth0", ["line 7", "eight columns"]),
    (ROUTE_N.replace("255.255.240.0", "255.240.255.0"), ["line 6", "'255.240.255.0'", "netmask"]),
    (ROUTE_N.replace("255.255.240.0", "255.0.0.0    "), ["line 6", "'192.168.128.0'", "first address"]),
    (ROUTE_N.replace("UG ", "XG "), ["line 3", "'XG'", "flags"]),
    (NETSTAT.replace("192.168.128.1 ", "gateway       "), ["line 3", "'gateway'", "-n"]),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[text.split("\n")[-1][:40] or str(i) for i, (text, _) in enumerate(BAD)])
def test_bad_input_is_told_the_line_the_word_and_what_would_be_right(text, said):
    with pytest.raises(BadInput) as caught:
        RouteTable.parse(text)
    assert [words for words in said if words not in str(caught.value)] == []


prefixes = st.builds(
    lambda n, length: IPv4Network((n >> (32 - length) << (32 - length), length)), st.integers(0, 2**32 - 1), st.integers(0, 32)
)
addresses = st.builds(IPv4Address, st.integers(0, 2**32 - 1))
devices = st.from_regex(r"[a-z][a-z0-9.-]{0,14}", fullmatch=True)
flags = st.lists(st.sampled_from(FLAGS), max_size=2, unique=True).map(tuple)
legs = st.builds(NextHop, st.none() | addresses, st.none() | devices, st.integers(1, 256), flags)
metrics = st.lists(
    st.tuples(st.sampled_from(sorted(METRICS - TIMES - {"features", "congctl"})), st.integers(0, 2**32 - 1).map(str)),
    max_size=3,
    unique_by=lambda pair: pair[0],
).map(tuple)
routes = st.builds(
    Route,
    dst=prefixes,
    gateway=st.none() | addresses,
    dev=st.none() | devices,
    metric=st.integers(0, 2**32 - 1),
    src=st.none() | addresses,
    type=st.sampled_from(TYPES),
    tos=st.integers(0, 255),
    table=st.sampled_from([254, 255, 253, 100, 356, 2**32 - 1]),
    proto=st.sampled_from(sorted(PROTOS)),
    scope=st.sampled_from(sorted(SCOPES)),
    flags=flags,
    metrics=metrics,
    nexthops=st.lists(legs, max_size=3).map(tuple),
)


@given(st.lists(routes, max_size=6).map(RouteTable))
def test_printing_and_reading_back_gives_the_same_table(table):
    assert RouteTable.parse(str(table)) == table


@given(st.lists(routes, max_size=6).map(RouteTable))
def test_json_and_reading_back_gives_the_same_table(table):
    assert RouteTable.parse(dumps([route_json(route) for route in table])) == table


words = st.sampled_from(
    "default via dev proto src metric table tos nexthop weight mtu lock eth0 10.1.0.1 10.1.0.0/24 0.0.0.0 unreachable "
    "kernel 100 rtt 2s fe80::1 onlink U UG ! * - \\ [ ] { } : , \"dst\" null 1e400 -1".split()
) | st.text(max_size=6)
half_json = ["[", "[{", '[{"dst":"default","flags":[], ', '[{"dst":"default","metrics":[{"mtu":']
heads = st.sampled_from(["", NETSTAT, ROUTE_N, IP_ROUTE, *half_json])


@given(heads, st.lists(st.tuples(words, st.sampled_from([" ", " ", "\n", "\t", "  "])).map("".join), max_size=12).map("".join))
def test_garbage_is_refused_with_bad_input_and_nothing_else(head, tail):
    try:
        table = RouteTable.parse(head + tail)
    except BadInput as refusal:
        assert "line" in str(refusal) or "route" in str(refusal)
    else:
        assert RouteTable.parse(str(table)) == table


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
keys = st.sampled_from("type dst tos gateway dev table protocol scope prefsrc metric flags metrics nexthops".split())


@given(st.dictionaries(keys, json_values | st.sampled_from(["10.1.0.0/24", "eth0", "link", 5, [{"mtu": 7}], [{"dev": "a"}]])))
def test_json_with_values_of_any_kind_is_read_or_refused_with_bad_input(entry):
    try:
        table = RouteTable.parse(dumps([{"dst": "default"} | entry]))
    except BadInput as refusal:
        assert "route 1" in str(refusal)
    else:
        assert RouteTable.parse(str(table)) == table


@pytest.mark.parametrize("hidden", ["\b", "\x1b[0m", "\u200b"])
def test_json_that_hides_a_character_in_a_name_is_refused_as_no_text_could_say_it(hidden):
    with pytest.raises(BadInput, match="route 1.*an interface name"):
        RouteTable.parse(dumps([{"dst": "default", "dev": f"{hidden}eth0"}]))
