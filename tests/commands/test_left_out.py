"""What the lab leaves out it refuses in one sentence of its own, which names what there is; it never plays a machine without it."""

import ast
from pathlib import Path

import pytest

import labkit
from tests.conform.known import REFUSAL

KINDS = """
amt bareudp batadv bond can dummy erspan geneve gre gretap gtp hsr ifb ip6erspan ip6gre ip6gretap ip6tnl ipip ipoib ipvlan ipvtap macsec
macvlan
macvtap netdevsim netkit nlmon rmnet sit team vcan virt_wifi vlan vrf vti vti6 vxcan wireguard wwan xfrm
""".split()

LINES = """
ip addr add fd00::1/64 dev lo|ip -6 addr add fd00::1/64 dev lo|ip addr del ::1/128 dev lo|ip addr show to fd00::/64
ip route add fd00::/64 dev lo
ip -6 route add default dev lo|ip -6 route add default via fe80::1 dev lo|ip route add 10.0.0.0/8 via inet6 fe80::1 dev lo
ip route get 2001:db8::1
ip route add 10.0.0.0/8 dev lo rtt 5|ip route add 10.0.0.0/8 dev lo hoplimit lock 5|ip route add 10.0.0.0/8 dev lo congctl cubic
ip route add 10.0.0.0/8 nhid 1|ip route add 10.0.0.0/8 dev lo encap mpls 5|ip route add 10.0.0.0/8 nexthop dev lo realms 5
ip route get fibmatch 127.0.0.1|ip route get 127.0.0.1 uid 5|ip route get 127.0.0.1 ipproto tcp|ip route get 127.0.0.1 dport 80
ip route show from 10.0.0.0/8|ip route show realms 5
ip -6 neigh add fd00::1 lladdr 02:00:00:00:00:01 dev lo|ip rule add from fd00::/64 table 5
ip link add x type vxlan id 4 remote fd00::2 dstport 4789
bridge fdb add 02:00:00:00:00:01 dev lo dst fd00::1|ping ::1|ping -6 ::1|ping fe80::1%lo|ping -c 1 ::1 10.0.0.1|traceroute ::1
traceroute -6 ::1
nc -zv ::1 80|nc -zvn ::1 80|nc -6 -zv ::1 80|curl http://[::1]/|curl http://[fd00::1]:8080/x
curl -6 http://[::1]/
arp ::1|arp -s fd00::1 02:00:00:00:00:01|ifconfig lo inet6 add ::1/64|ifconfig lo fd00::1|route add ::1 dev lo|route -6|route -A inet6
netstat -6|netstat --inet6 -rn|tcpdump ip6|tcpdump icmp6|tcpdump host fd00::1|tcpdump ether host 02:00:00:00:00:01|tcpdump net 10.0.0.0/8
ip link set lo vf 0 mac 02:00:00:00:00:01|ip link set lo xdp off|ip tunnel add t0 mode ipip|ip xfrm state|ip nexthop|ip vrf|bridge vlan
bridge mdb
ip -c a|ip -N route|ip -s -s link|ip -h -s link|ip -0 addr|ip -b lines|ip -l 3 addr|ip -f bridge link|ip netns set x 5|ip netns list-id
ip netns attach x 1|ip netns monitor|ip -all netns exec ip link|ip addr add 10.0.0.1/24 dev lo valid_lft 100|ip addr save|ip addr showdump
ip addr add 10.0.0.1/24 dev lo nodad|ip addr add 10.0.0.1/24 anycast 10.0.0.9 dev lo|ip addr show dynamic|ip addr show group default
ip neigh add 10.0.0.1 dev lo managed|ip neigh show vrf x|ip rule add sport 80 table 5|ip rule restore
ip maddr|ip -j monitor|ip route save|curl -v http://127.0.0.1|curl -X POST http://127.0.0.1|curl --head http://127.0.0.1|ping -f 127.0.0.1
traceroute -T 127.0.0.1|tcpdump -w x|nc 127.0.0.1 80|nc -zvx 127.0.0.1:1 127.0.0.1 80|ip link add vx type vxlan id 1 external
ip link set lo group 5|ip link set lo carrier off|ip link set lo dynamic on|ip link set lo broadcast ff:ff:ff:ff:ff:fe|ip link replace lo up
ip link add x index 9 type bridge|ip link show group 5|ip link add x type bridge stp_state 1|ip link set lo type bridge priority 1
ip link set lo type bridge_slave cost 5|ip link add x type vxlan id 1 tos 16|ip link set lo type veth peer name x
bridge -batch x|bridge -color link|bridge fdb get 02:00:00:00:00:01 dev lo|bridge fdb show state static|bridge link set dev lo cost 5
sysctl -b net.ipv4.ip_forward|sysctl --dry-run net.ipv4.ip_forward=7|rm -v /tmp/x|seq -w 3|seq -s, 3|grep -P x|grep -l x /etc/hosts|ls -l
awk 'BEGIN {print 1}'|awk '{printf $1}'|tail -f /etc/hosts|cat -A /etc/hosts|mkdir -m 700 /tmp/x|touch -d now /tmp/x
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_interface_that_the_lab_has_not_is_named(kind):
    lab = labkit.scenarios.veth_pair()
    for line in (f"ip link add x type {kind}", f"ip link add link tap1 name x type {kind} id 5", f"ip link add x type {kind} zz"):
        answer = lab.sh(line, on="ns1")
        assert answer.returncode == 2 and answer.stdout == ""
        assert answer.stderr.startswith("The lab has interfaces of the types veth, bridge and vxlan") and f"not {kind}." in answer.stderr
    assert "Device \"x\" does not exist" in str(lab.sh("ip link show x", on="ns1"))


@pytest.mark.parametrize("word", ["foo", "veth1", "macvlans", "tap"])
def test_what_is_no_kind_at_all_is_the_kernels_to_refuse(word):
    assert str(labkit.Lab().sh(f"ip link add x type {word}")) == "Error: Unknown device type.\n"


@pytest.mark.parametrize("line", [line for row in LINES.strip().split("\n") for line in row.split("|")])
def test_what_is_left_out_is_refused_in_the_labs_own_sentence(line):
    lab = labkit.Lab()
    lab.sh("ip link set lo up")
    answer = lab.sh(line)
    assert answer.returncode and answer.stdout == ""
    assert REFUSAL.match(answer.stderr.splitlines()[-1]), answer.stderr


def test_an_option_that_curl_has_not_is_curls_to_refuse():
    assert str(labkit.Lab().sh("curl --nosuch http://127.0.0.1")).startswith("curl: option --nosuch: is unknown\ncurl: try")


def sentences():
    """(file, words) of each Failure and Result in the commands that speaks of the lab; what is filled in stands as `x`."""
    for path in sorted(Path(labkit.__file__).parent.glob("commands/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Failure", "Result", "unsupported")):
                continue
            for given in node.args:
                parts = given.values if isinstance(given, ast.JoinedStr) else [given]
                text = "".join(part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "x" for part in parts)
                if " lab " in f" {text.lower()} " or "lab's" in text:
                    yield path.name, text


def test_every_refusal_is_worded_in_one_way():
    found = list(sentences())
    assert len(found) > 30
    assert [(name, text) for name, text in found if not REFUSAL.match(text.splitlines()[-1]) and "x: command not found" not in text] == []


def test_a_refusal_names_the_whole_keyword_that_a_short_name_was_taken_for():
    assert 'no "broadcast" of an interface' in str(labkit.Lab().sh("ip link add b type bridge"))
