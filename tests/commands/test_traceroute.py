"""traceroute 2.1.2 and tracepath 20221126, against what they printed on 6.18 in the same network."""

import pytest

from labkit.trace.probe import ENDING
from tests.commands.chain import chain, done

HEAD = "traceroute to {0} ({0}), {1} hops max, 60 byte packets\n"
TRACEROUTES = {
    "traceroute -n 10.1.3.10": HEAD.format("10.1.3.10", 30)
    + " 1  10.1.1.1  0.050 ms  0.050 ms  0.050 ms\n"
    + " 2  10.1.2.2  0.050 ms  0.050 ms  0.050 ms\n"
    + " 3  10.1.3.10  0.050 ms  0.050 ms  0.050 ms\n",
    "traceroute -n -I -q 1 -m 2 10.1.3.10": HEAD.format("10.1.3.10", 2) + " 1  10.1.1.1  0.050 ms\n 2  10.1.2.2  0.050 ms\n",
    "traceroute -q 1 10.1.1.1": HEAD.format("10.1.1.1", 30) + " 1  10.1.1.1 (10.1.1.1)  0.050 ms\n",
    "traceroute -n -q 1 10.9.9.9": HEAD.format("10.9.9.9", 30) + " 1  10.1.1.1  0.050 ms !N\n",
    "traceroute -n 10.1.1.99": HEAD.format("10.1.1.99", 30)
    + " 1  10.1.1.10  3060.050 ms !H  3060.050 ms !H  3060.050 ms !H\n",
    "traceroute -n -q 1 10.1.2.99": HEAD.format("10.1.2.99", 30) + " 1  10.1.1.1  0.050 ms\n 2  10.1.1.1  3060.050 ms !H\n",
    "traceroute -n -w 1 -m 2 10.1.1.99": HEAD.format("10.1.1.99", 2) + " 1  * * *\n 2  * * *\n",
}

TRACEPATHS = {
    "tracepath -n 10.1.3.10": """\
 1?: [LOCALHOST]                      pmtu 1500
 1:  10.1.1.1                                              0.050ms 
 1:  10.1.1.1                                              0.050ms 
 2:  10.1.2.2                                              0.050ms 
 3:  10.1.3.10                                             0.050ms reached
     Resume: pmtu 1500 hops 3 back 3 
""",
    "tracepath -n -l 1000 -m 1 10.1.3.10": """\
 1:  10.1.1.1                                              0.050ms 
     Too many hops: pmtu 1000
     Resume: pmtu 1000 
""",
    "tracepath -n 10.1.2.99": """\
 1?: [LOCALHOST]                      pmtu 1500
 1:  10.1.1.1                                              0.050ms 
 1:  10.1.1.1                                              0.050ms 
 2:  no reply
 2:  10.1.1.1                                            3060.050ms !H
     Resume: pmtu 1500 
""",
    "tracepath -n 10.1.1.10": """\
 1:  10.1.1.10                                             0.050ms reached
     Resume: pmtu 65535 hops 1 back 1 
""",
    "tracepath -n 10.1.1.255": " 1:  send failed\n     Resume: pmtu 65535 \n",
}

REFUSALS = {
    "traceroute -n": (2, "", 'Specify "host" missing argument.\n'),
    "traceroute -n -m 0 10.0.0.1": (2, "", "first hop out of range\n"),
    "traceroute -n -m 300 10.0.0.1": (2, "", "max hops cannot be more than 255\n"),
    "traceroute -n -q 11 10.0.0.1": (2, "", "no more than 10 probes per hop\n"),
    "traceroute -n -w 1 -m br0 10.0.0.1": (2, "", "Cannot handle `-m' option with arg `br0' (argc 5)\n"),
    "traceroute -n -m": (2, "", "Option `-m' (argc 2) requires an argument: `-m max_ttl'\n"),
    "traceroute -x": (2, "", "Bad option `-x' (argc 1)\n"),
    "traceroute -n nosuch 1 -m 3 10.0.0.1": (2, "", "Extra arg `10.0.0.1' (position 3, argc 6)\n"),
    "traceroute -n 0 1 -m 3 10.0.0.1": (2, "", "Extra arg `10.0.0.1' (position 3, argc 6)\n"),
    "traceroute -n 10.1.1.255": (
        1, "traceroute to 10.1.1.255 (10.1.1.255), 30 hops max, 60 byte packets", "\nconnect: Permission denied\n"),
    "traceroute -n -I 10.1.1.255": (1, "", "\nconnect: Permission denied\n"),
    "traceroute a/b": (
        2, "", "a/b: Name or service not known\nCannot handle \"host\" cmdline arg `a/b' on position 1 (argc 1)\n"),
    "tracepath -n nosuch": (1, "", "tracepath: nosuch: Temporary failure in name resolution\n"),
    "tracepath -m 300 10.1.3.10": (1, "", "tracepath: invalid argument: '300': out of range: 0 <= value <= 255\n"),
    "tracepath -l 20 10.1.3.10": (1, "", "tracepath: pktlen must be within: 28 < value <= 2147483647\n"),
}  # fmt: skip


@pytest.fixture
def lab():
    return chain()


@pytest.mark.parametrize("line", TRACEROUTES | TRACEPATHS)
def test_the_path_is_shown_as_the_real_tool_showed_it(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stdout, got.stderr) == (0, (TRACEROUTES | TRACEPATHS)[line], "")


@pytest.mark.parametrize("line", REFUSALS)
def test_a_slip_is_refused_in_the_tools_words(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stdout, got.stderr) == REFUSALS[line]


def test_tracepath_finds_the_smallest_mtu_and_it_is_remembered(lab):
    for ns, dev in (("r1", "eth1"), ("r2", "eth0")):
        done(lab, f"ip link set {dev} mtu 1400", ns)
    first = done(lab, "tracepath -n 10.1.3.10", "h1")
    assert " 2:  10.1.1.1                                              0.050ms pmtu 1400\n" in first
    assert done(lab, "tracepath -n 10.1.3.10", "h1").startswith(" 1?: [LOCALHOST]                      pmtu 1400\n")


def test_probes_wait_side_by_side(lab):
    lab.sh("traceroute -n -w 1 -m 5 10.1.1.99", on="h1")  # 15 probes
    assert lab.now == pytest.approx(1.0 + ENDING)
    lab.sh("traceroute -n -w 1 -m 7 10.1.1.98", on="h1")  # 21: the last five go out when the first have waited
    assert lab.now == pytest.approx(3.0 + 2 * ENDING)


def test_a_prohibit_route_on_the_way_is_host_unreachable_for_tracepath():
    lab = chain()  # recorded: tracepath goes by the socket's errno, and "filtered" is EHOSTUNREACH there
    lab.sh("ip route add prohibit 10.9.0.0/16", on="r1")
    assert lab.sh("tracepath -n -m 4 10.9.0.1", on="h1").stdout.count(" !H\n") == 2
