"""ifconfig, route, netstat and arp, against what net-tools 2.10 answered on 6.18."""

import pytest

import labkit
from tests.commands.chain import chain, done
from tests.commands.state import state

#: Lines run one after the other on h1, each with its exit status, stderr and stdout ("" unless given).
SLIPS = {
    "route add -net 10.7.0.0/24 gw 10.9.9.9": (7, "SIOCADDRT: Network is unreachable\n"),
    "route add -net 10.7.0.0 gw 10.1.1.1": (7, "SIOCADDRT: Invalid argument\n"),
    "route add -net 10.7.0.0/32 gw 10.1.1.1": (7, "SIOCADDRT: Invalid argument\n"),
    "route add -net 10.7.0.0/16": (7, "SIOCADDRT: No such device\n"),
    "route add default gw 0.0.0.0": (7, "SIOCADDRT: Invalid argument\n"),
    "route add default gw 10.1.1.1": (7, "SIOCADDRT: File exists\n"),
    "route del -net 10.7.0.0/16": (7, "SIOCDELRT: No such process\n"),
    "route del default eth0:1": (7, "SIOCDELRT: No such device\n"),
    "route del default dev nosuch": (7, "SIOCDELRT: No such device\n"),
    "route add nosuch gw 10.1.1.1": (6, "nosuch: Host name lookup failure\n"),
    "route add default gw nosuch": (6, "nosuch: Unknown host\n"),
    "route add default gw 10.0.0.300": (6, "10.0.0.300: Unknown host\n"),
    "ifconfig nosuch": (1, "nosuch: error fetching interface information: Device not found\n"),
    "ifconfig nosuch up": (255, "nosuch: ERROR while getting interface flags: No such device\n"),
    "ifconfig nosuch 1.2.3.4 netmask 255.0.0.0": (
        255,
        "SIOCSIFADDR: No such device\nnosuch: ERROR while getting interface flags: No such device\n"
        "SIOCSIFNETMASK: No such device\n",
    ),
    "ifconfig nosuch mtu 1400": (1, "SIOCSIFMTU: No such device\n"),
    "ifconfig eth0 mtu 67": (1, "SIOCSIFMTU: Invalid argument\n"),
    "ifconfig eth0 224.0.0.1": (1, "SIOCSIFADDR: Invalid argument\n"),
    "ifconfig eth0 netmask 255.0.255.0": (1, "SIOCSIFNETMASK: Invalid argument\n"),
    "ifconfig eth0 eth0": (1, "eth0: Host name lookup failure\nifconfig: `--help' gives usage information.\n"),
    "ifconfig -x": (1, "ifconfig: option `-x' not recognised.\nifconfig: `--help' gives usage information.\n"),
    "arp nosuch": (255, "nosuch: Host name lookup failure\n"),
    "arp 10.0.0.1/33": (255, "10.0.0.1/33: Unknown host\n"),
}

#: A mistake of grammar -> its first line; a usage text follows.
USAGES = {
    "route add 10.6.0.0 netmask 255.255.0.0 gw 10.1.1.1": "route: netmask 0000ffff doesn't make sense with host route",
    "route add -net 10.7.0.0 netmask 255.0.255.0 gw 10.1.1.1": "route: bogus netmask 255.0.255.0",
    "route add -net 10.5.0.1/16 gw 10.1.1.1": "route: netmask doesn't match route address",
    "route add default gw default": "route: default: cannot use a NETWORK as gateway!",
    "route add default eth0 eth0": "Usage: inet_route [-vF] del {-host|-net} Target[/prefix] [gw Gw] [metric M] [[dev] If]",
    "route flush": "Flushing `inet' routing table not supported",
    "route show": "Usage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables",
    "ifconfig eth0 mtu": "Usage:",
    "netstat -rn -i": "usage: netstat [-vWeenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}",
    "netstat -Q": "netstat: invalid option -- 'Q'",
    "arp -x": "arp: invalid option -- 'x'",
}

#: `ifconfig eth0 …` -> the address that `ip addr` shows afterwards.
ADDRESSES = {
    "10.5.0.1": "10.5.0.1/8 brd 10.255.255.255",
    "172.20.1.1": "172.20.1.1/16 brd 172.20.255.255",
    "192.168.7.1": "192.168.7.1/24 brd 192.168.7.255",
    "10.5.0.1/24": "10.5.0.1/24 brd 10.5.0.255",
    "10.5.0.1/32": "10.5.0.1/0 brd 255.255.255.255",
    "10.5.0.1/33": "10.5.0.1/1 brd 127.255.255.255",
    "10.5.0.1/31": "10.5.0.1/31 brd 10.255.255.255",
    "240.0.0.1": "240.0.0.1/32",
    "65536": "0.1.0.0/8 brd 0.255.255.255",
    "10.5.0.1 netmask 255.255.0.0": "10.5.0.1/16 brd 10.5.255.255",
    "10.7.0.6 10.7.0.7": "10.7.0.7/8 brd 10.255.255.255",
}

#: `route …` lines -> what `ip route` shows of 10.5.0.0/16 afterwards.
ROUTES = (
    ("add -net 10.5.0.0/16 gw 10.1.1.1", ["10.5.0.0/16 via 10.1.1.1 dev eth0 "]),
    ("add -net 10.5.0.0/16 gw 10.1.1.3", ["10.5.0.0/16 via 10.1.1.3 dev eth0 ", "10.5.0.0/16 via 10.1.1.1 dev eth0 "]),
    ("del -net 10.5.0.0/16 gw 10.1.1.1", ["10.5.0.0/16 via 10.1.1.3 dev eth0 "]),
    ("add -net 10.5.0.0/16 gw 10.1.1.10", [
        "10.5.0.0/16 via 10.1.1.10 dev eth0 scope link ", "10.5.0.0/16 via 10.1.1.3 dev eth0 "]),
    ("del -net 10.5.0.0/16", ["10.5.0.0/16 via 10.1.1.3 dev eth0 "]),
    ("add -net 10.5.0.0/16 reject", ["unreachable 10.5.0.0/16 scope host ", "10.5.0.0/16 via 10.1.1.3 dev eth0 "]),
    ("del -net 10.5.0.0/16", ["unreachable 10.5.0.0/16 scope host "]),
    ("del -net 10.5.0.0/16 reject", []),
    ("add -net 10.5.0.0 netmask 255.255.0.0 dev eth0 metric 5", ["10.5.0.0/16 dev eth0 scope link metric 5 "]),
    ("del -net 10.5.0.0/16 metric 5", []),
)  # fmt: skip

TABLES = {
    "route -n": """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.1.1.1        0.0.0.0         UG    0      0        0 eth0
10.1.1.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0
""",
    "route": """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
default         10.1.1.1        0.0.0.0         UG    0      0        0 eth0
10.1.1.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0
""",
    "netstat -rn": """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
0.0.0.0         10.1.1.1        0.0.0.0         UG        0 0          0 eth0
10.1.1.0        0.0.0.0         255.255.255.0   U         0 0          0 eth0
""",
    "netstat -rne": """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.1.1.1        0.0.0.0         UG    0      0        0 eth0
10.1.1.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0
""",
    "ifconfig -s": """\
Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg
eth0             1500        0      0      0 0             0      0      0      0 BMRU
lo              65536        0      0      0 0             0      0      0      0 LRU
""",
    "netstat -i": """\
Kernel Interface table
Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg
eth0             1500        0      0      0 0             0      0      0      0 BMRU
lo              65536        0      0      0 0             0      0      0      0 LRU
""",
    "ifconfig lo": """\
lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
        loop  txqueuelen 1000  (Local Loopback)
        RX packets 0  bytes 0 (0.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

""",
    "netstat": """\
Active Internet connections (w/o servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State      
Active UNIX domain sockets (w/o servers)
Proto RefCnt Flags       Type       State         I-Node   Path
""",
}


@pytest.fixture
def lab():
    return chain()


@pytest.mark.parametrize("line", SLIPS)
def test_a_refusal_is_worded_as_net_tools_word_it(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stderr, got.stdout) == (*SLIPS[line], "")


@pytest.mark.parametrize("line", USAGES)
def test_bad_grammar_gets_the_usage_text(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stderr.split("\n")[0], got.stdout) == (3, USAGES[line], "")
    assert "sage: " in got.stderr or "Usage:\n" in got.stderr


@pytest.mark.parametrize("words", ADDRESSES)
def test_ifconfig_sets_an_address_with_the_netmask_of_its_class(lab, words):
    done(lab, f"ifconfig eth0 {words}", "h1")
    assert f"    inet {ADDRESSES[words]} scope global eth0\n" in done(lab, "ip addr show dev eth0", "h1")


def test_ifconfig_with_all_zeros_takes_the_address_away(lab):
    done(lab, "ifconfig eth0 0.0.0.0", "h1")
    assert "inet" not in done(lab, "ip addr show dev eth0", "h1")


def test_lo_gets_its_own_address_in_front_of_what_is_there():
    lab = labkit.Lab()
    done(lab, "ifconfig lo 10.0.0.5 netmask 255.255.255.0 up")  # the netmask meets lo's first address
    shown = done(lab, "ip addr show dev lo")
    assert "inet 127.0.0.1/24 scope host lo\n" in shown and "inet 10.0.0.5/8 scope global lo\n" in shown


def test_ifconfig_shows_a_label_with_its_address(lab):
    done(lab, "ip addr add 10.7.8.9/24 brd + dev eth0 label eth0:1", "h1")
    assert "inet 10.7.8.9  netmask 255.255.255.0  broadcast 10.7.8.255" in done(lab, "ifconfig eth0:1", "h1")


LEFT_OUT = """ifconfig eth0:1 10.7.8.9|ifconfig eth0:2 down|ifconfig eth0 broadcast 10.5.9.9|ifconfig eth0 hw ether 02:00:00:00:00:05
ifconfig eth0 up txqueuelen 7|ifconfig eth0 name e|ifconfig eth0 -arp|ifconfig eth0 add 10.0.0.9|ifconfig -v|ifconfig eth0 promisc
route -C|route -ee|route add default gw 10.1.1.3 mss 1000|route add -net 10.5.0.0/16 gw 10.1.1.1 irtt 9
netstat -rnee|netstat -rnC|netstat -ie|netstat -s|netstat -g|arp -s 10.1.1.5 02:00:00:00:00:55|arp -d 10.1.1.5|arp -v|arp -H ash|arp -f"""


@pytest.mark.parametrize("line", LEFT_OUT.replace("\n", "|").split("|"))
def test_what_no_learner_needs_is_left_to_ip_and_changes_nothing(lab, line):
    before = state(lab)
    got = lab.sh(line, on="h1")
    assert got.returncode and not got.stdout and got.stderr.startswith("The lab's ") and "understands" in got.stderr
    assert state(lab) == before


def test_what_stands_before_a_mistake_has_happened(lab):
    assert lab.sh("ifconfig eth0 mtu 1400 up nosuch", on="h1").returncode == 1
    assert "mtu 1400" in done(lab, "ifconfig eth0", "h1")


def test_route_adds_in_front_and_deletes_the_first_that_fits(lab):
    for words, expected in ROUTES:
        done(lab, f"route {words}", "h1")
        assert done(lab, "ip route show 10.5.0.0/16", "h1").splitlines() == expected, words


def test_route_takes_a_label_for_its_address(lab):
    done(lab, "ip addr add 10.1.1.11/24 dev eth0 label eth0:1", "h1")
    done(lab, "route add -net 10.5.0.0/16 dev eth0:1", "h1")
    assert done(lab, "ip route show 10.5.0.0/16", "h1") == "10.5.0.0/16 dev eth0 scope link src 10.1.1.11 \n"


@pytest.mark.parametrize("line", TABLES)
def test_tables_look_as_net_tools_print_them(lab, line):
    assert done(lab, line, "h1") == TABLES[line]


def test_arp_shows_neighbours(lab):
    lab.sh("ping -c 1 -W 1 10.1.1.9", on="h1")
    done(lab, "ip neigh add 10.1.1.5 lladdr 02:00:00:00:00:55 dev eth0", "h1")
    assert done(lab, "arp -n", "h1") == (
        "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
        "10.1.1.5                 ether   02:00:00:00:00:55   CM                    eth0\n"
        "10.1.1.9                         (incomplete)                              eth0\n"
    )
    assert done(lab, "arp -a", "h1") == (
        "? (10.1.1.5) at 02:00:00:00:00:55 [ether] PERM on eth0\n? (10.1.1.9) at <incomplete> on eth0\n"
    )
    assert done(lab, "arp 10.1.1.7", "h1") == "10.1.1.7 (10.1.1.7) -- no entry\n"
    assert done(lab, "arp -n -i nosuch", "h1") == "arp: in 2 entries no match found.\n"
