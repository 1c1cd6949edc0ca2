"""Names from /etc/hosts, in the tools that look for them (observed: iputils 20221126, net-tools 2.10, glibc 2.36)."""

import pytest

import labkit

HOSTS = "127.0.0.1 localhost\n10.0.0.2 node2 node2.lab alias2 # c\n10.0.0.3\tnode2\n::1 six\n10.0.0.7 Upper\nrubbish x\n"


@pytest.fixture
def lab():
    lab = labkit.Lab()
    lab.sh("ip link set lo up; ip addr add 10.0.0.2/32 dev lo; ip addr add 10.0.0.7/32 dev lo; cat > /etc/hosts", stdin=HOSTS)
    return lab


@pytest.mark.parametrize(("line", "first", "second"), [
    ("ping -c1 node2", "PING node2 (10.0.0.2) 56", "64 bytes from node2 (10.0.0.2): icmp_seq=1"),
    ("ping -c1 10.0.0.2", "PING 10.0.0.2 (10.0.0.2) 56", "64 bytes from 10.0.0.2: icmp_seq=1"),
    ("ping -nc1 node2", "PING node2 (10.0.0.2) 56", "64 bytes from 10.0.0.2: icmp_seq=1"),
    ("ping -c1 alias2", "PING node2 (10.0.0.2) 56", "64 bytes from node2 (10.0.0.2): icmp_seq=1"),
    ("ping -c1 NODE2", "PING node2 (10.0.0.2) 56", "64 bytes from node2 (10.0.0.2): icmp_seq=1"),
    ("ping -c1 upper", "PING Upper (10.0.0.7) 56", "64 bytes from Upper (10.0.0.7): icmp_seq=1"),
    ("ping -c1 localhost", "PING localhost (127.0.0.1) 56", "64 bytes from localhost (127.0.0.1): icmp_seq=1"),
    ("traceroute alias2", "traceroute to alias2 (10.0.0.2), 30", " 1  node2 (10.0.0.2)  "),
    ("traceroute -n alias2", "traceroute to alias2 (10.0.0.2), 30", " 1  10.0.0.2  "),
])  # fmt: skip
def test_a_name_of_the_file_is_a_host(lab, line, first, second):
    shown = lab.sh(line).stdout.splitlines()
    assert shown[0].startswith(first) and shown[1].startswith(second), shown


@pytest.mark.parametrize("name", ["nosuch", "x", "six", "node2."])
def test_a_name_that_is_not_in_the_file_is_asked_of_a_server_that_nobody_reaches(lab, name):
    assert lab.sh(f"ping -c1 {name}").stderr == f"ping: {name}: Temporary failure in name resolution\n"


def test_without_the_file_there_are_no_names(lab):
    lab.sh("rm /etc/hosts")
    assert lab.sh("ping -c1 node2").returncode == lab.sh("ping -c1 localhost").returncode == 2


def test_addresses_are_shown_by_their_names_unless_asked_not_to(lab):
    lab.sh("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip addr add 10.0.0.9/24 dev v0")
    lab.sh("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:09 dev v0; route add -host node2 dev v0; route add -net 10.5.0.0/16 gw upper")
    assert "node2                    ether   02:00:00:00:00:09" in lab.sh("arp").stdout
    assert "10.0.0.2                 ether   02:00:00:00:00:09" in lab.sh("arp -n").stdout
    assert "node2           0.0.0.0         255.255.255.255 UH " in lab.sh("route").stdout
    assert "10.5.0.0        Upper           255.255.0.0     UG " in lab.sh("netstat -r").stdout
    assert "10.0.0.2        0.0.0.0         255.255.255.255 UH " in lab.sh("route -n").stdout


def test_nc_and_curl_connect_by_name(lab):
    assert lab.sh("nc -zv alias2 80").stderr == "nc: connect to alias2 (10.0.0.2) port 80 (tcp) failed: Connection refused\n"
    assert "Failed to connect to alias2 port 80" in lab.sh("curl alias2").stderr


def test_each_machine_has_names_of_its_own():
    lab = labkit.scenarios.flannel("udp")
    lab.sh("echo 10.9.9.9 only >> /etc/hosts", on="node1")
    assert lab.sh("ping -c1 only", on="node1").stderr == "ping: connect: Network is unreachable\n"
    assert lab.sh("ping -c1 only", on="node2").stderr == "ping: only: Temporary failure in name resolution\n"
