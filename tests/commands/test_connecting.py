"""nc, curl and sh -c, against what netcat-openbsd 1.219 and curl 7.88 printed on 6.18 in the same network."""

import pytest

import labkit


@pytest.fixture
def lab():
    """host 10.0.0.1 -- 10.0.0.2 a, where TCP port 8080 and UDP port 5353 are open."""
    lab = labkit.Lab()
    for line in (
        "ip netns add a", "ip link add v type veth peer name e netns a", "ip link set v up", "ip -n a link set e up",
        "ip link set lo up", "ip addr add 10.0.0.1/24 dev v", "ip -n a addr add 10.0.0.2/24 dev e",
        "ip netns exec a nc -lk -p 8080", "ip netns exec a nc -lu 5353", "ip route add blackhole 10.7.0.0/16",
        "ip route add prohibit 10.8.0.0/16", "ip route add unreachable 10.6.0.0/16",
    ):  # fmt: skip
        done = lab.sh(line)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    return lab


NC = {
    "nc -zv 10.0.0.2 8080": (0, "Connection to 10.0.0.2 8080 port [tcp/http-alt] succeeded!\n"),
    "nc -zvn 10.0.0.2 8080": (0, "Connection to 10.0.0.2 8080 port [tcp/*] succeeded!\n"),
    "nc -zv 10.0.0.2 81": (1, "nc: connect to 10.0.0.2 port 81 (tcp) failed: Connection refused\n"),
    "nc -z 10.0.0.2 81": (1, ""),
    "nc -zvw 1 10.0.0.3 80": (1, "nc: connect to 10.0.0.3 port 80 (tcp) timed out: Operation now in progress\n"),
    "nc -zv -w 5 10.0.0.3 80": (1, "nc: connect to 10.0.0.3 port 80 (tcp) failed: No route to host\n"),
    "nc -zv 10.9.0.3 80": (1, "nc: connect to 10.9.0.3 port 80 (tcp) failed: Network is unreachable\n"),
    "nc -zv 10.7.0.1 80": (1, "nc: connect to 10.7.0.1 port 80 (tcp) failed: Invalid argument\n"),
    "nc -zv 10.8.0.1 80": (1, "nc: connect to 10.8.0.1 port 80 (tcp) failed: Permission denied\n"),
    "nc -zv 10.6.0.1 80": (1, "nc: connect to 10.6.0.1 port 80 (tcp) failed: No route to host\n"),
    "nc -zv 10.0.0.255 80": (1, "nc: connect to 10.0.0.255 port 80 (tcp) failed: Network is unreachable\n"),
    "nc -zvu 10.0.0.255 53": (1, "nc: connect to 10.0.0.255 port 53 (udp) failed: Permission denied\n"),
    "nc -zvu 10.0.0.2 5353": (0, "Connection to 10.0.0.2 5353 port [udp/mdns] succeeded!\n"),
    "nc -zvu 10.0.0.2 5354": (1, ""),
    "nc -zvu -w 1 10.0.0.3 5354": (0, "Connection to 10.0.0.3 5354 port [udp/*] succeeded!\n"),
    "nc -zv 10.0.0.2 8081-8079": (
        0,
        "nc: connect to 10.0.0.2 port 8079 (tcp) failed: Connection refused\n"
        "Connection to 10.0.0.2 8080 port [tcp/http-alt] succeeded!\n"
        "nc: connect to 10.0.0.2 port 8081 (tcp) failed: Connection refused\n",
    ),
    "nc -zv localhost http": (1, "nc: connect to localhost (127.0.0.1) port 80 (tcp) failed: Connection refused\n"),
    "nc -zv 10.0.0.2 foo": (1, "nc: port number invalid: foo\n"),
    "nc -zv 10.0.0.2 0": (1, "nc: port number too small: 0\n"),
    "nc -zv 10.0.0.2 70000": (1, "nc: port number too large: 70000\n"),
    "nc -zv 10.0.0.2": (1, "nc: missing port number\n"),
    "nc -zv -w x 10.0.0.2 80": (1, "nc: timeout invalid: x\n"),
    "nc -zv nosuch 80": (1, 'nc: getaddrinfo for host "nosuch" port 80: Temporary failure in name resolution\n'),
    "nc -lz 80": (1, "nc: cannot use -z and -l\n"),
    "nc -l x": (1, "nc: getaddrinfo: Servname not supported for ai_socktype\n"),
}  # fmt: skip


@pytest.mark.parametrize("line", NC)
def test_nc_says_what_netcat_says(lab, line):
    assert lab.sh(line) == labkit.commands.result.Result(NC[line][0], "", NC[line][1])


TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n"
FAILED = "curl: (7) Failed to connect to {} ms: Couldn't connect to server\n"
CURL = {
    "curl -s http://10.0.0.2:8080/": (0, ""),
    "curl -sS http://10.0.0.2:81/": (7, FAILED.format("10.0.0.2 port 81 after 0")),
    "curl -s http://10.0.0.2:81/": (7, ""),
    "curl -sSm1 -o /dev/null http://10.0.0.3/": (28, "curl: (28) Connection timed out after 1000 milliseconds\n"),
    "curl -sS --connect-timeout 1 10.0.0.3": (
        28, "curl: (28) Failed to connect to 10.0.0.3 port 80 after 1000 ms: Timeout was reached\n",
    ),
    "curl -sS http://10.0.0.3/": (7, FAILED.format("10.0.0.3 port 80 after 3060")),
    "curl -sS nosuch": (6, "curl: (6) Could not resolve host: nosuch\n"),
    "curl -sS http://10.0.0.2:8o/": (3, "curl: (3) URL using bad/illegal format or missing URL\n"),
    "curl -sS foo://10.0.0.2": (1, 'curl: (1) Protocol "foo" not supported or disabled in libcurl\n'),
    "curl -m x 10.0.0.2": (2, "curl: option -m: expected a proper numerical parameter\n" + TRY),
    "curl": (2, TRY),
}  # fmt: skip


@pytest.mark.parametrize("line", CURL)
def test_curl_says_what_curl_says(lab, line):
    assert lab.sh(line) == labkit.commands.result.Result(CURL[line][0], "", CURL[line][1])


def test_a_connection_that_nobody_answers_is_given_up_after_two_minutes(lab):
    lab.sh("ip -n a route del 10.0.0.0/24")
    lab.sh("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:99 dev v")
    assert "port 80 (tcp) failed: Connection timed out" in lab.sh("nc -zv 10.0.0.2 80").stderr
    assert lab.now > 130


def test_listeners_show_in_netstat(lab):
    assert "tcp        0      0 0.0.0.0:8080            0.0.0.0:*               LISTEN" in lab.sh("netstat -ltn", on="a").stdout


def test_sh_runs_a_line_in_its_namespace(lab):
    assert lab.sh('ip netns exec a sh -c "ip -br addr | grep -c 10.0.0.2"').stdout == "1\n"
    assert lab.sh("bash -c 'ping -c 1 -W 1 10.0.0.2 >/dev/null && echo yes || echo no'").stdout == "yes\n"
    assert lab.sh("sh").returncode == 2


@pytest.mark.parametrize("value, why", [
    ("x", "expected a proper numerical parameter"), ("-1", "expected a positive numerical parameter"), ("9" * 400, "too large number"),
])
def test_curl_says_what_is_wrong_with_a_number_of_seconds(lab, value, why):
    assert lab.sh(f"curl -m {value} http://10.0.0.2").stderr.startswith(f"curl: option -m: {why}\n")


@pytest.fixture
def behind(lab):
    """A router a, behind which 10.5 is prohibited, 10.6 unreachable, 10.7 a blackhole, 10.8 thrown, and 10.9 nowhere."""
    for line in (
        "ip route flush 10.0.0.0/8", "ip route del blackhole 10.7.0.0/16", "ip route del prohibit 10.8.0.0/16",
        "ip route del unreachable 10.6.0.0/16", "ip route add 10.0.0.0/24 dev v", "ip route add default via 10.0.0.2",
        "ip netns exec a sysctl -qw net.ipv4.ip_forward=1", "ip -n a route add prohibit 10.5.0.0/24",
        "ip -n a route add unreachable 10.6.0.0/24", "ip -n a route add blackhole 10.7.0.0/24", "ip -n a route add throw 10.8.0.0/24",
    ):  # fmt: skip
        lab.sh(line)
    return lab


@pytest.mark.parametrize("net", [5, 6, 7, 8, 9])
def test_a_udp_port_is_closed_only_where_somebody_says_so(behind, net):
    """Other errors only fail a write now and then, and nc writes again (strace of 1.219: EHOSTUNREACH every second time)."""
    for words, shown in (("-zvu", "domain"), ("-zvun", "*"), ("-zvu -w 2", "domain"), ("-zu", None)):
        answer = behind.sh(f"nc {words} 10.{net}.0.1 53")
        assert (answer.returncode, answer.stderr) == (0, f"Connection to 10.{net}.0.1 53 port [udp/{shown}] succeeded!\n" if shown else "")


@pytest.mark.parametrize("net, nc, curl", [
    (5, "failed: No route to host", 7), (6, "failed: No route to host", 7), (7, "timed out: Operation now in progress", 28),
    (8, "failed: Network is unreachable", 7), (9, "failed: Network is unreachable", 7),
])
def test_a_tcp_connection_ends_with_what_the_router_says(behind, net, nc, curl):
    assert behind.sh(f"nc -zv -w 2 10.{net}.0.1 53").stderr == f"nc: connect to 10.{net}.0.1 port 53 (tcp) {nc}\n"
    assert behind.sh(f"curl -sS -m 3 http://10.{net}.0.1").returncode == curl


def test_nc_waits_for_objections_as_long_as_it_is_told(behind):
    behind.sh("ping -c 1 10.0.0.2")
    for words, seconds in (("-zvu", 3), ("-zvu -w 7", 7)):
        before = behind.now
        behind.sh(f"nc {words} 10.5.0.1 53")
        assert seconds <= behind.now - before < seconds + 1
