"""A word that no tool expects (a number of 5,000 digits, digits of another script, nothing at all) gets an answer like any other."""

import pytest

import labkit

NINES = "9" * 5000
WORDS = {
    "5,000 digits": NINES, "5,000 digits below zero": f"-{NINES}", "many zeros": "0" * 5000 + "1",
    "hexadecimal without end": "0x" + "f" * 5000,
    "a superscript": "²", "Arabic digits": "١٢", "a digit of full width": "４", "beyond floating point": "1e999", "no number": "nan",
    "an underscore": "1_0", "nothing": "''",
}  # fmt: skip
TAKEN = """
ip link set tap1 mtu|ip link set tap1 txqueuelen|ip link set tap1 group|ip link set tap1 index|ip link set tap1 address
ip link set tap1 name|ip link set tap1 netns|ip link add x type vxlan id|ip link add x type vxlan id 5 dstport
ip link add x type vxlan id 5 ttl
ip link add x type vxlan id 5 tos|ip link add x type bridge ageing_time|ip link add x index|ip link show group|ip addr show label
ip addr add|ip addr add 10.0.0.1/24 dev tap1 metric|ip addr add 10.0.0.1/24 dev tap1 scope|ip addr add 10.0.0.1/24 dev tap1 valid_lft
ip route add 10.0.0.0/8 dev tap1 metric|ip route add 10.0.0.0/8 dev tap1 table|ip route add 10.0.0.0/8 dev tap1 tos|ip route add
ip route add 10.0.0.0/8 dev tap1 mtu|ip route add 10.0.0.0/8 dev tap1 rtt|ip route add 10.0.0.0/8 nexthop dev tap1 weight|ip route get
ip route get 10.0.0.1 mark|ip route show table|ip route show proto|ip rule add pref|ip rule add table 5 fwmark|ip rule add table 5 goto
ip neigh add 10.0.0.1 dev tap1 lladdr|ip neigh show nud|ip netns add|ip netns identify|ip netns pids|ip tuntap add x mode tun user
bridge fdb add 02:00:00:00:00:01 dev tap1 dst|bridge fdb add 02:00:00:00:00:01 dev tap1 vlan|bridge fdb add
bridge link set dev tap1 learning
ifconfig tap1|ifconfig tap1 netmask|ifconfig tap1 mtu
route add default gw|route add -net 10.0.0.0/8 dev tap1 metric
route add -net 10.0.0.0 dev tap1 netmask|arp|netstat
ping|ping -c|ping -c 1 -w|ping -c 1 192.168.50.2 -W|ping -c 2 192.168.50.2 -i|ping -c 1 192.168.50.2 -s|ping -c 1 192.168.50.2 -t
ping -c 1 192.168.50.2 -Q|ping -c 1 192.168.50.2 -M|traceroute 192.168.50.2|traceroute|traceroute 192.168.50.2 -m|traceroute 192.168.50.2 -q
traceroute 192.168.50.2 -w|traceroute 192.168.50.2 -f
nc -zv 192.168.50.2|nc -zvu 192.168.50.2|nc -l|nc -zv 192.168.50.2 80 -w|nc -zvu 192.168.50.2 80 -w|curl http://192.168.50.2 -m|curl
tcpdump -c|tcpdump port|tcpdump host
"""


@pytest.mark.parametrize("line", [line for row in TAKEN.split("\n") for line in row.split("|") if line])
def test_every_tool_answers_an_odd_word(line):
    for word in WORDS.values():
        lab = labkit.scenarios.veth_pair()
        for typed in (f"{line} {word}", f"{line}/{word}"):
            answer = lab.sh(typed, on="ns1")
            assert 0 <= answer.returncode <= 255
        assert lab.now < 2**32, "time goes on by no more than a tool may wait"


def sh(*lines):
    lab = labkit.Lab()
    return [str(lab.sh(line)) for line in lines][-1]


@pytest.mark.parametrize("typed, kept", [("1400x", "mtu 1400"), ("01400", "mtu 1400"), ("-4294965896", "mtu 1400")])
def test_ifconfig_reads_numbers_as_c_does(typed, kept):
    assert kept in sh(f"ifconfig lo mtu {typed}", "ip link show lo")


def test_an_mtu_below_zero_is_refused():
    assert sh(f"ifconfig lo mtu {NINES}") == "SIOCSIFMTU: Invalid argument\n"


@pytest.mark.parametrize("typed, metric", [
    ("99999999999", " metric 4294961151"), ("4294967295", ""), ("4294967297", " metric 1"), ("5x", " metric 5"), (NINES, ""),
])
def test_a_metric_of_route_has_sixteen_bits(typed, metric):
    shown = sh("ip link set lo up", f"route add -net 10.0.0.0/8 metric {typed} dev lo", "ip route")
    assert shown == f"10.0.0.0/8 dev lo scope link{metric} \n"


@pytest.mark.parametrize("line, said", [
    ("nc -w 2147484 -zv 127.0.0.1 80", "nc: timeout too large: 2147484\n"), ("nc -w -1 -zv 127.0.0.1 80", "nc: timeout too small: -1\n"),
    ("nc -zv 127.0.0.1 80-", "nc: port number invalid: \n"), ("nc -zv 127.0.0.1 0x50", "nc: port number invalid: 0x50\n"),
    ("nc -zv 127.0.0.1 65536", "nc: port number too large: 65536\n"),
    ("tcpdump -c 2147483648 -i lo", "tcpdump: invalid packet count 2147483648\n"),
    ("tcpdump -c 0x5 -i lo", "tcpdump: invalid packet count 0x5\n"),
])
def test_numbers_out_of_range_are_refused_as_the_real_tools_do(line, said):
    assert sh("ip link set lo up", line) == said


@pytest.mark.parametrize("value, kept", [("0" * 19 + "1", "1"), ("0" * 20 + "1", "64"), (NINES, "64")])
def test_a_sysctl_reads_twenty_characters_of_a_number(value, kept):
    assert sh(f"sysctl -w net.ipv4.ip_default_ttl={value}", "sysctl -n net.ipv4.ip_default_ttl") == f"{kept}\n"
