"""Open sockets in ss and netstat, as iproute2 6.1 and net-tools 2.10 print them (observed on 6.18)."""

import pytest

import labkit


@pytest.fixture
def lab():
    lab = labkit.Lab()
    lab.sh("nc -l 80; nc -u -l 82")
    return lab


SS = {
    "-lntu": "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
             "udp   UNCONN 0      0            0.0.0.0:82        0.0.0.0:*          \n"
             "tcp   LISTEN 0      1            0.0.0.0:80        0.0.0.0:*          \n",
    "-ltn": "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
            "LISTEN 0      1            0.0.0.0:80        0.0.0.0:*          \n",
    "-lt": "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
           "LISTEN 0      1            0.0.0.0:http      0.0.0.0:*          \n",
    "-lntuH": "udp UNCONN 0      0      0.0.0.0:82 0.0.0.0:*\ntcp LISTEN 0      1      0.0.0.0:80 0.0.0.0:*\n",
    "-tn": "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n",
    "": "Netid State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n",
}  # fmt: skip


@pytest.mark.parametrize("options", SS)
def test_ss_lists_sockets_in_columns_as_wide_as_their_words(lab, options):
    assert lab.sh(f"ss {options}").stdout == SS[options]


def test_netstat_lists_tcp_first_and_udp_without_a_state(lab):
    assert lab.sh("netstat -tuln").stdout == (
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n"
        "tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN     \n"
        "udp        0      0 0.0.0.0:82              0.0.0.0:*                          \n"
    )


def test_a_socket_has_an_owner(lab):
    pid = lab.sh("netstat -tlnp").stdout.splitlines()[-1].split()[-1]
    assert pid.endswith("/nc")
    assert f'users:(("nc",pid={pid.removesuffix("/nc")},fd=3))' in lab.sh("ss -tlnp").stdout


def test_the_kernel_listens_for_a_vxlan_that_is_up_and_nobody_owns_that_socket(lab):
    lab.sh("ip link add vx type vxlan id 1 dstport 8472")
    assert "8472" not in lab.sh("ss -lnu").stdout
    lab.sh("ip link set vx up")
    assert "0.0.0.0:8472" in lab.sh("ss -lnup").stdout
    assert lab.sh("netstat -ulnp").stdout.splitlines()[-1] == (
        "udp        0      0 0.0.0.0:8472            0.0.0.0:*                           -                   ")


def test_flanneld_listens_at_its_port_on_the_node():
    lab = labkit.scenarios.flannel("udp")
    assert "8285" in lab.sh("netstat -uln", on="node1").stdout
    assert '("flanneld",pid=' in lab.sh("ss -lunp", on="node1").stdout


def test_etcd_listens_while_it_runs():
    lab = labkit.scenarios.seed_cluster()
    assert ":2379" in lab.sh("netstat -tlnp", on="k8s-master").stdout
    lab.daemons["etcd", "k8s-master"].stop()
    assert ":2379" not in lab.sh("netstat -tlnp", on="k8s-master").stdout


@pytest.mark.parametrize(("line", "why"), [
    ("nc -l 80", "nc: Address already in use\n"), ("nc -l 127.0.0.1 80", "nc: Address already in use\n"),
    ("nc -l 10.9.9.9 81", "nc: Cannot assign requested address\n"),
])  # fmt: skip
def test_a_port_is_taken_once(lab, line, why):
    result = lab.sh(line)
    assert (result.returncode, result.stderr) == (1, why)


@pytest.mark.parametrize("options", ["-ltn sport = :80", "-s", "--foo", "-i", "state listening"])
def test_what_the_lab_does_not_list_is_refused(lab, options):
    assert lab.sh(f"ss {options}").stderr.startswith("The lab's ss")
