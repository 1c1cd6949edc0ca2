"""tcpdump's words for what the last probe showed, against tcpdump 4.99.3 in the same network."""

import pytest

from tests.commands.chain import chain, done


@pytest.fixture
def lab():
    return chain()


def lines(lab, line: str, on: str) -> list[str]:
    return done(lab, line, on).splitlines()


def test_with_the_link_header(lab):
    done(lab, "ping -c 1 10.1.3.10", "h1")
    h1, r1 = lab["h1"].find("eth0").mac, lab["r1"].find("eth0").mac
    assert lines(lab, "tcpdump -n -e -i eth0", "r1") == [
        f"00:00:00.000000 {h1} > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: "
        "Request who-has 10.1.1.1 tell 10.1.1.10, length 28",
        f"00:00:00.000000 {r1} > {h1}, ethertype ARP (0x0806), length 42: Reply 10.1.1.1 is-at {r1}, length 28",
        f"00:00:00.000000 {h1} > {r1}, ethertype IPv4 (0x0800), length 98: "
        "10.1.1.10 > 10.1.3.10: ICMP echo request, id 1, seq 1, length 64",
        f"00:00:00.000000 {r1} > {h1}, ethertype IPv4 (0x0800), length 98: "
        "10.1.3.10 > 10.1.1.10: ICMP echo reply, id 1, seq 1, length 64",
        "",
    ]


ERRORS = {
    "ping -c 1 -t 1 10.1.3.10": "IP 10.1.1.1 > 10.1.1.10: ICMP time exceeded in-transit, length 92",
    "ping -c 1 10.9.9.9": "IP 10.1.1.1 > 10.1.1.10: ICMP net 10.9.9.9 unreachable, length 92",
    "ping -c 1 10.1.2.99": "IP 10.1.1.1 > 10.1.1.10: ICMP host 10.1.2.99 unreachable, length 92",
    "ping -c 1 -s 3000 10.9.9.9": "IP 10.1.1.1 > 10.1.1.10: ICMP net 10.9.9.9 unreachable, length 556",
    "traceroute -n -q 1 -m 1 10.1.1.1": "IP 10.1.1.1 > 10.1.1.10: ICMP 10.1.1.1 udp port 33434 unreachable, length 68",
}


@pytest.mark.parametrize("probe", ERRORS)
def test_icmp_errors_name_what_they_are_about(lab, probe):
    lab.sh(probe, on="h1")
    assert lines(lab, "tcpdump -n -t -i eth0 icmp and src 10.1.1.1", "h1")[0] == ERRORS[probe]


def test_fragments(lab):
    done(lab, "ping -c 1 -s 3000 10.1.1.1", "h1")
    assert lines(lab, "tcpdump -nt -i eth0 -c 3 icmp", "h1") == [
        "IP 10.1.1.10 > 10.1.1.1: ICMP echo request, id 1, seq 1, length 1480",
        "IP 10.1.1.10 > 10.1.1.1: ip-proto-1",
        "IP 10.1.1.10 > 10.1.1.1: ip-proto-1",
    ]


def test_any_names_the_interface_and_the_way(lab):
    done(lab, "ping -c 1 10.1.3.10", "h1")
    assert lines(lab, "tcpdump -nt -i any -c 3", "r1") == [
        "eth0  B   ARP, Request who-has 10.1.1.1 tell 10.1.1.10, length 28",
        "eth0  Out ARP, Reply 10.1.1.1 is-at " + lab["r1"].find("eth0").mac + ", length 28",
        "eth0  In  IP 10.1.1.10 > 10.1.3.10: ICMP echo request, id 1, seq 1, length 64",
    ]


def test_lo_shows_a_packet_once(lab):
    done(lab, "ping -c 1 127.0.0.1", "h1")
    assert lines(lab, "tcpdump -nt -i lo", "h1") == [
        "IP 127.0.0.1 > 127.0.0.1: ICMP echo request, id 1, seq 1, length 64",
        "IP 127.0.0.1 > 127.0.0.1: ICMP echo reply, id 1, seq 1, length 64",
        "",
    ]


def test_what_it_tells_on_stderr(lab):
    done(lab, "ping -c 1 10.1.1.1", "h1")
    assert lab.sh("tcpdump -n -i eth0 -c 1", on="h1").stderr == (
        "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
        "listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
        "1 packet captured\n4 packets received by filter\n0 packets dropped by kernel\n"
    )


REFUSALS = {
    "tcpdump -i nosuch": "tcpdump: nosuch: No such device exists\n(No such device exists)\n",
    "tcpdump -i eth0 -c 0": "tcpdump: invalid packet count 0\n",
    "tcpdump -i eth0 icmp arp": "tcpdump: can't parse filter expression: syntax error\n",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_a_slip_is_refused(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stderr) == (1, REFUSALS[line])


def test_an_interface_that_is_down_cannot_be_listened_at(lab):
    done(lab, "ip link set eth0 down", "h1")
    assert lab.sh("tcpdump -n -i eth0", on="h1").stderr == "tcpdump: eth0: That device is not up\n"
