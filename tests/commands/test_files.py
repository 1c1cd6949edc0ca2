"""The few files of a machine: who sees which, and what the tools read in them."""

import copy
import pickle

import pytest

import labkit


@pytest.fixture
def lab():
    lab = labkit.Lab()
    lab.sh("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip addr add 10.1.1.5/26 dev v0")
    return lab


NAMED = "echo '128 link1' >> /etc/iproute2/rt_tables; " \
        "echo '0x81 hex' | tee -a /etc/iproute2/rt_tables; echo '300 big # c' >> /etc/iproute2/rt_tables"


def test_a_named_table_is_written_asked_for_and_shown_by_its_name(lab):
    assert lab.sh(NAMED).stderr == ""
    assert not lab.sh("ip route add table link1 default via 10.1.1.1 dev v0; ip rule add from 10.1.1.5 table link1").returncode
    assert not lab.sh("ip route add table hex 10.3.0.0/16 dev v0; ip rule add from 10.1.1.6 lookup big").returncode
    assert lab.sh("ip rule").stdout == (
        "0:\tfrom all lookup local\n32764:\tfrom 10.1.1.6 lookup big\n32765:\tfrom 10.1.1.5 lookup link1\n"
        "32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n")
    assert lab.sh("ip route show table link1").stdout == "default via 10.1.1.1 dev v0 \n"
    assert "10.3.0.0/16 dev v0 table hex scope link \n" in lab.sh("ip route show table all").stdout
    assert lab.sh("ip route get 8.8.8.8 from 10.1.1.5").stdout.startswith("8.8.8.8 from 10.1.1.5 via 10.1.1.1 dev v0 table link1 ")
    assert lab["host"].tables[128]


def test_a_name_that_nobody_wrote_down_is_no_table(lab):
    result = lab.sh("ip route add table nosuch 1.0.0.0/8 dev v0")
    assert (result.returncode, result.stderr) == (255, 'Error: argument "nosuch" is wrong: "table" value is invalid\n\n')


def test_a_line_that_is_none_ends_the_names_and_is_complained_of(lab):
    lab.sh("echo junk line here >> /etc/iproute2/rt_tables; echo 130 after >> /etc/iproute2/rt_tables")
    result = lab.sh("ip route show table after")
    assert result.stderr.startswith("Database /etc/iproute2/rt_tables is corrupted at junk line here\n\nError: argument \"after\"")
    assert lab.sh("ip link show lo").stderr == ""


def test_without_the_file_a_table_is_a_number(lab):
    lab.sh(f"{NAMED}; ip rule add from 10.1.1.5 table link1; rm /etc/iproute2/rt_tables")
    assert "lookup 128" in lab.sh("ip rule").stdout and "lookup main" in lab.sh("ip rule").stdout


def test_the_namespaces_of_a_machine_see_its_files_but_for_those_in_etc_netns(lab):
    lab.sh("ip netns add blue; ip netns add red; mkdir -p /etc/netns/blue; echo nameserver 10.0.0.9 > /etc/netns/blue/resolv.conf")
    assert lab.sh("ip netns exec blue cat /etc/resolv.conf").stdout == "nameserver 10.0.0.9\n"
    assert lab.sh("ip netns exec red cat /etc/resolv.conf").stdout == lab.sh("cat /etc/resolv.conf").stdout != "nameserver 10.0.0.9\n"
    lab.sh("echo x > /tmp/x", on="blue")
    assert lab.sh("cat /tmp/x").stdout == "x\n"


def test_machines_and_containers_have_files_of_their_own():
    lab = labkit.scenarios.docker_host()
    lab.sh("echo x > /tmp/x")
    container = next(ns.name for ns in lab.namespaces.values() if ns.role == "container")
    assert lab.sh("cat /tmp/x", on=container).stderr == "cat: /tmp/x: No such file or directory\n"


def test_a_copy_of_a_lab_has_files_of_its_own(lab):
    lab.sh("echo one > /tmp/x")
    for other in (copy.deepcopy(lab), lab.copy(), pickle.loads(pickle.dumps(lab))):
        assert other.sh("cat /tmp/x; echo two > /tmp/x").stdout == "one\n"
    assert lab.sh("cat /tmp/x").stdout == "one\n"


def test_reading_a_file_changes_nothing_and_writing_one_does(lab):
    before = lab.revision
    lab.sh("cat /etc/hosts /proc/net/route; ls /etc")
    assert lab.revision == before
    lab.sh("echo x > /tmp/x")
    assert lab.revision != before


ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
v0\t00000000\t0200000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
v0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
v0\t0000030A\t00000000\t0001\t0\t0\t0\t0000FFFF\t140\t0\t0
*\t0000050A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
v1\t0100060A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
v0\t0000070A\t0200000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
*\t0000080A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
v0\t0000090A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
v0\t0000090A\t0200000A\t0003\t0\t0\t5\t0000FFFF\t0\t0\t0
"""
NEIGHBOURS = """\
IP address       HW type     Flags       HW address            Mask     Device
10.0.0.5         0x1         0x0         00:00:00:00:00:00     *        v0
10.0.0.9         0x1         0x6         02:00:00:00:00:09     *        v0
10.0.0.10        0x1         0x2         02:00:00:00:00:0a     *        v0
"""


def test_the_kernels_tables_are_files_in_its_own_layout():
    """What a kernel 6.18 showed after the same lines."""
    lab = labkit.Lab()
    lab.sh("ip link add v0 type veth peer name v1; ip addr add 10.0.0.1/24 dev v0; ip link set v0 up; ip link set v1 up")
    for line in ("default via 10.0.0.2 dev v0", "10.9.0.0/16 via 10.0.0.2 metric 5 mtu 1400", "unreachable 10.8.0.0/16",
                 "10.7.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.0.3", "10.6.0.1 dev v1", "blackhole 10.5.0.0/16",
                 "10.9.0.0/16 dev v0 tos 8", "table 7 1.0.0.0/8 dev v0",
                 "10.3.0.0/16 dev v0 advmss 100"):  # fmt: skip
        assert not lab.sh(f"ip route add {line}").returncode, line
    lab.sh("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0; ip neigh add 10.0.0.10 dev v0 lladdr 02:00:00:00:00:0a nud reachable")
    lab.sh("ip neigh add 10.0.0.5 dev v0 nud failed; ip neigh add 10.0.0.6 dev v0 lladdr 02:00:00:00:00:06 nud noarp")
    text = lab.sh("cat /proc/net/route").stdout
    assert [line.rstrip() for line in text.splitlines()] == ROUTES.splitlines()
    assert {len(line) for line in text.splitlines()} == {127}
    assert sorted(lab.sh("cat /proc/net/arp").stdout.splitlines()) == sorted(NEIGHBOURS.splitlines())


def test_an_interface_is_a_directory(lab):
    assert lab.sh("ls /sys/class/net").stdout == "lo\nv0\nv1\n"
    assert lab.sh("cat /sys/class/net/v0/mtu /sys/class/net/v0/operstate /sys/class/net/v0/carrier").stdout == "1500\nup\n1\n"
    lab.sh("ip link set v0 down")
    assert lab.sh("cat /sys/class/net/v0/carrier").stderr == "cat: /sys/class/net/v0/carrier: Invalid argument\n"


@pytest.mark.parametrize(("line", "why"), [
    ("echo 5 > /proc/net/route", "bash: /proc/net/route: Permission denied\n"),
    ("echo 1 > /proc/sys/net/ipv4/foo", "bash: /proc/sys/net/ipv4/foo: No such file or directory\n"),
    ("echo x > /proc/sys/net/ipv4/ip_forward", "bash: echo: write error: Invalid argument\n"),
    ("echo 1 > /proc/sys/net/ipv4", "bash: /proc/sys/net/ipv4: Is a directory\n"),
    ("echo x | tee /proc/sys/net/ipv4/ip_forward", "tee: /proc/sys/net/ipv4/ip_forward: Invalid argument\n"),
    ("rm /proc/net/route", "rm: cannot remove '/proc/net/route': Operation not permitted\n"),
    ("touch /proc/net/x", "touch: cannot touch '/proc/net/x': No such file or directory\n"),
    ("rm -r /etc", "rm: cannot remove '/etc': Device or resource busy\n"),
    ("for i in {1..20}; do cat /tmp/x >> /tmp/y; cat /tmp/y >> /tmp/x; done", "No space left on device"),
])  # fmt: skip
def test_what_may_not_be_written_is_refused_as_the_kernel_refuses_it(lab, line, why):
    lab.sh("echo 1 > /tmp/x")
    result = lab.sh(line)
    assert result.returncode == 1 and why in result.stderr


@pytest.mark.parametrize("path", ["/proc/cpuinfo", "/proc/sys/kernel/hostname", "/sys/devices"])
def test_what_only_a_real_machine_has_is_refused_in_the_labs_words(lab, path):
    assert "The lab has of /proc only net and sys/net" in lab.sh(f"cat {path}").stderr
