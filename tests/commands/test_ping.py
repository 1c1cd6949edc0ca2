"""ping's words, against what iputils 20221126 printed on 6.18 in the same network (times are the lab's fixed ones)."""

import errno

import pytest

import labkit
from labkit.commands.ping import error_words, exit_status, in_flight, statistics, trip_words
from labkit.trace.trace import Reply
from tests.commands.chain import chain, done

ANSWERS = {
    "ping -c 1 10.1.3.10": (0, """\
PING 10.1.3.10 (10.1.3.10) 56(84) bytes of data.
64 bytes from 10.1.3.10: icmp_seq=1 ttl=62 time=0.050 ms

--- 10.1.3.10 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 0.050/0.050/0.050/0.000 ms
"""),
    "ping -c 5 10.1.1.99": (1, """\
PING 10.1.1.99 (10.1.1.99) 56(84) bytes of data.
From 10.1.1.10 icmp_seq=1 Destination Host Unreachable
From 10.1.1.10 icmp_seq=2 Destination Host Unreachable
From 10.1.1.10 icmp_seq=3 Destination Host Unreachable
From 10.1.1.10 icmp_seq=4 Destination Host Unreachable
From 10.1.1.10 icmp_seq=5 Destination Host Unreachable

--- 10.1.1.99 ping statistics ---
5 packets transmitted, 0 received, +5 errors, 100% packet loss, time 4000ms
pipe 4
"""),
    "ping -c 3 -W 1 10.1.1.99": (1, """\
PING 10.1.1.99 (10.1.1.99) 56(84) bytes of data.

--- 10.1.1.99 ping statistics ---
3 packets transmitted, 0 received, 100% packet loss, time 2000ms

"""),
    "ping -c 1 -w 2 10.1.1.99": (1, """\
PING 10.1.1.99 (10.1.1.99) 56(84) bytes of data.

--- 10.1.1.99 ping statistics ---
2 packets transmitted, 0 received, 100% packet loss, time 1000ms

"""),
    "ping -c 3 -I eth0 10.1.1.99": (1, """\
PING 10.1.1.99 (10.1.1.99) from 10.1.1.10 eth0: 56(84) bytes of data.

--- 10.1.1.99 ping statistics ---
3 packets transmitted, 0 received, 100% packet loss, time 2000ms
pipe 3
"""),
    "ping -c 1 -I 10.1.1.10 10.1.2.99": (1, """\
PING 10.1.2.99 (10.1.2.99) from 10.1.1.10 : 56(84) bytes of data.
From 10.1.1.1 icmp_seq=1 Destination Host Unreachable

--- 10.1.2.99 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms

"""),
    "ping -c 1 10.9.9.9": (1, """\
PING 10.9.9.9 (10.9.9.9) 56(84) bytes of data.
From 10.1.1.1 icmp_seq=1 Destination Net Unreachable

--- 10.9.9.9 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms

"""),
    "ping -c 1 -t 2 10.1.3.10": (1, """\
PING 10.1.3.10 (10.1.3.10) 56(84) bytes of data.
From 10.1.2.2 icmp_seq=1 Time to live exceeded

--- 10.1.3.10 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms

"""),
    "ping -c 1 -s 8 10.1.1.1": (0, """\
PING 10.1.1.1 (10.1.1.1) 8(36) bytes of data.
16 bytes from 10.1.1.1: icmp_seq=1 ttl=64

--- 10.1.1.1 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms

"""),
    "ping -c 1 0": (0, """\
PING 0 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.050 ms

--- 0 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 0.050/0.050/0.050/0.000 ms
"""),
    "ping -c 2 -i 0.2 -q 10.1.1.1": (0, """\
PING 10.1.1.1 (10.1.1.1) 56(84) bytes of data.

--- 10.1.1.1 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 200ms
rtt min/avg/max/mdev = 0.050/0.050/0.050/0.000 ms
"""),
}  # fmt: skip

REFUSALS = {
    "ping": (1, "ping: usage error: Destination address required\n"),
    "ping -c 1 10.1.1.255": (
        2, "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"),
    "ping -c 1 -I 10.1.3.99 10.1.3.10": (2, "ping: bind: Cannot assign requested address\n"),
    "ping -c 1 -I nosuch0 10.1.3.10": (2, "ping: SO_BINDTODEVICE nosuch0: No such device\n"),
    "ping -c 1 nosuch.example": (2, "ping: nosuch.example: Temporary failure in name resolution\n"),
    "ping -c 1 10.1.1.1/24": (2, "ping: 10.1.1.1/24: Name or service not known\n"),
    "ping -c 1 10.1.1.1/24 10.1.3.10": (2, "ping: 10.1.1.1/24: Temporary failure in name resolution\n"),
    "ping -c 1 -W -I nosuch": (
        2, "ping: option argument contains garbage: -I\nping: this will become fatal error in the future\n"
        "ping: nosuch: Temporary failure in name resolution\n"),
    "ping -c 1 -t 0 10.1.3.10": (2, "ping: cannot set unicast time-to-live: Invalid argument\n"),
    "ping -c 1 -t 256 10.1.3.10": (1, "ping: invalid argument: '256': out of range: 0 <= value <= 255\n"),
    "ping -c x 10.1.3.10": (1, "ping: invalid argument: 'x'\n"),
    "ping -M bad 10.1.1.1": (2, "ping: invalid -M argument: bad\n"),
    "ping -c 1 10.1.1.1 10.1.3.10": (2, "ping: record route: Operation not permitted\n"),
}  # fmt: skip

LOCAL_ROUTES = {
    "unreachable": "ping: connect: No route to host\n",
    "prohibit": "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n",
    "blackhole": "ping: connect: Invalid argument\n",
    "throw": "ping: connect: Network is unreachable\n",
}


@pytest.fixture
def lab():
    return chain()


@pytest.mark.parametrize("line", ANSWERS)
def test_ping_prints_what_the_real_one_printed(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stdout, got.stderr) == (*ANSWERS[line], "")


@pytest.mark.parametrize("line", REFUSALS)
def test_ping_gives_up_before_the_first_packet(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stderr, got.stdout) == (*REFUSALS[line], "")


@pytest.mark.parametrize("kind", LOCAL_ROUTES)
def test_a_route_of_ones_own_that_refuses(lab, kind):
    done(lab, f"ip route add {kind} 10.9.0.0/16", "h1")
    got = lab.sh("ping -c 1 10.9.9.9", on="h1")
    assert (got.returncode, got.stderr) == (2, LOCAL_ROUTES[kind])


def test_an_mtu_too_small_on_the_way_is_learned(lab):
    for ns, dev in (("r1", "eth1"), ("r2", "eth0")):
        done(lab, f"ip link set {dev} mtu 1400", ns)
    assert lab.sh("ping -c 3 -i 0.2 -s 1472 10.1.3.10", on="h1").stdout.split("\n")[1:8] == [
        "From 10.1.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)",
        "1480 bytes from 10.1.3.10: icmp_seq=2 ttl=62 time=0.050 ms",
        "1480 bytes from 10.1.3.10: icmp_seq=3 ttl=62 time=0.050 ms",
        "",
        "--- 10.1.3.10 ping statistics ---",
        "3 packets transmitted, 2 received, +1 errors, 33.3333% packet loss, time 400ms",
        "rtt min/avg/max/mdev = 0.050/0.050/0.050/0.000 ms",
    ]
    got = lab.sh("ping -c 1 -s 1472 -M do 10.1.3.10", on="h1")
    assert (got.returncode, got.stderr) == (1, "ping: local error: message too long, mtu=1400\n")
    assert "1 packets transmitted, 0 received, +1 errors" in got.stdout


def test_ping_from_an_address_does_not_ask_for_a_route_first(lab):
    done(lab, "ip route del default", "h1")
    got = lab.sh("ping -c 1 -W 1 -I 10.1.1.10 10.1.3.10", on="h1")
    assert got.returncode == 1
    assert got.stdout.endswith("1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n")


def test_a_count_that_no_time_is_enough_for_is_a_count(lab):
    got = lab.sh(f"ping -c {2**62} -w 3 10.1.1.1", on="h1")
    assert got.returncode == 1 and "3 packets transmitted, 3 received" in got.stdout


def test_without_a_count_ping_is_stopped_after_three_packets(lab):
    got = lab.sh("ping 10.1.1.1", on="h1")
    assert (got.returncode, got.stdout.count("icmp_seq=")) == (0, 3)
    assert "3 packets transmitted, 3 received" in got.stdout


@pytest.mark.parametrize("line, neighbor", [("ping -c 1 -W 1 10.1.1.99", "INCOMPLETE"), ("ping -c 1 10.1.1.99", "FAILED")])
def test_the_clock_stops_with_ping(lab, line, neighbor):
    lab.sh(line, on="h1")
    assert done(lab, "ip neigh", "h1") == f"10.1.1.99 dev eth0 {neighbor} \n"


def test_a_redirect_is_shown_and_taken_once_the_new_router_is_known(lab):
    """h1's gateway r1 sends what is for 10.3.0.0/16 back to the same link, to a router there."""
    done(lab, "ip link set eth0 down", "h1")
    for line in ("ip link add br0 type bridge", "ip link set br0 up"):
        done(lab, line, "r1")
    for name in ("h1", "h2"):
        done(lab, f"ip link add lan netns {name} type veth peer name {name} netns r1")
        done(lab, f"ip link set {name} up master br0", "r1")
        done(lab, "ip link set lan up", name)
    done(lab, "ip addr add 10.2.0.1/24 dev br0", "r1")
    done(lab, "ip addr add 10.2.0.10/24 dev lan", "h1")
    done(lab, "ip addr add 10.2.0.2/24 dev lan", "h2")
    done(lab, "ip addr add 10.3.0.1/32 dev lo", "h2")
    done(lab, "ip route add default via 10.2.0.1", "h1")
    done(lab, "ip route add 10.3.0.0/16 via 10.2.0.2", "r1")
    assert lab.sh("ping -c 3 -i 0.2 10.3.0.1", on="h1").stdout.split("\n")[1:6] == [
        "From 10.2.0.1: icmp_seq=1 Redirect Host(New nexthop: 10.2.0.2)",
        "64 bytes from 10.3.0.1: icmp_seq=1 ttl=64 time=0.050 ms",
        "From 10.2.0.1: icmp_seq=2 Redirect Host(New nexthop: 10.2.0.2)",
        "64 bytes from 10.3.0.1: icmp_seq=2 ttl=64 time=0.050 ms",
        "64 bytes from 10.3.0.1: icmp_seq=3 ttl=64 time=0.050 ms",
    ]


ERRORS = {
    (3, 0): "Destination Net Unreachable", (3, 1): "Destination Host Unreachable", (3, 3): "Destination Port Unreachable",
    (3, 4): "Frag needed and DF set (mtu = 1400)", (3, 10): "Destination Host Prohibited", (3, 13): "Packet filtered",
    (3, 99): "Dest Unreachable, Bad Code: 99", (11, 0): "Time to live exceeded", (11, 1): "Frag reassembly time exceeded",
}  # fmt: skip


@pytest.mark.parametrize("number", ERRORS)
def test_icmp_errors_have_words(number):
    assert error_words(Reply(1, "error", type=number[0], code=number[1], mtu=1400)) == ERRORS[number]


@pytest.mark.parametrize("trip, words", [(50, "0.050"), (999, "0.999"), (1234, "1.23"), (12345, "12.3"), (123456, "123")])
def test_times_have_three_digits(trip, words):
    assert trip_words(trip) == words


def test_duplicates_are_counted_apart():
    replies = [Reply(1, "reply", ttl=64), Reply(1, "reply", ttl=64)]
    text = statistics("x", replies, sent=1, interval=1.0, size=56, start=0.0)
    assert "1 packets transmitted, 1 received, +1 duplicates, 0% packet loss, time 0ms" in text


def test_the_pipe_is_what_was_under_way_when_an_answer_came():
    together = [Reply(seq, "error", type=3, code=1, at=3.06) for seq in (1, 2, 3)]
    assert in_flight(together, sent=3, interval=1.0, start=0.0) == 3
    prompt = [Reply(seq, "reply", at=seq - 1.0) for seq in (1, 2, 3)]
    assert in_flight(prompt, sent=3, interval=1.0, start=0.0) == 1


def test_with_a_deadline_every_answer_counts_for_the_exit_status():
    one = [Reply(1, "reply")]
    assert exit_status(one, count=2, deadline=None) == 0
    assert exit_status(one, count=2, deadline=1) == 1
    assert exit_status([Reply(1, "local", errno=errno.EMSGSIZE)], count=1, deadline=None) == 1


@pytest.mark.parametrize("word, words", (
    ("eth0:1", "ping: invalid source address: eth0:1\n"), ("01:00:5e:00:00:01", "ping: invalid source address: 01:00:5e:00:00:01\n"),
    ("fe80::1", "The lab has IPv4 only: give an IPv4 address such as 10.0.0.1, not fe80::1.\n"),
    ("eth7", "ping: SO_BINDTODEVICE eth7: No such device\n"),
))  # fmt: skip
def test_what_has_a_colon_is_an_address_to_be_sent_from_and_no_interface(word, words):
    result = labkit.scenarios.veth_pair().sh(f"ping -c 1 -I {word} 192.168.50.2", on="ns1")
    assert result.returncode != 0 and result.stderr == words
