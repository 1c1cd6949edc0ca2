"""A realized lab as a learner holds it: tools, probes, clear errors, and what of it this machine allows."""

import re
import shutil
import threading

import pytest

import labkit
from labkit import LabError, scenarios
from labkit.lab import links
from labkit.lab.interface import Vxlan
from labkit.lab.program import Listener
from tests.tool_versions import same

pytestmark = pytest.mark.needs("namespaces")


@pytest.fixture(scope="module")
def real():
    with scenarios.veth_pair().realize() as real:
        yield real


@pytest.mark.needs("ping", "sysfs")
def test_real_tools_run_in_the_namespace_they_are_told(real):
    assert real.sh("ip -n ns1 route").stdout == "192.168.50.0/24 dev tap1 proto kernel scope link src 192.168.50.1 \n"
    assert "1 received" in real.sh("ping -c 1 192.168.50.1", on="ns2").stdout
    assert real.sh("ip netns").stdout.split()[0] in ("ns1", "ns2")


def test_both_executors_print_the_same_tables(real):
    lab = scenarios.veth_pair()
    for line in ("ip link", "ip addr", "ip route", "ip route show table local"):
        for on in lab.namespaces:
            assert (on, line, real.sh(line, on=on).stdout) == (on, line, lab.sh(line, on=on).stdout)


@pytest.mark.needs("sysfs")
def test_a_machine_lists_its_own_namespaces_only():
    lab = labkit.Lab("one", "two")
    lab.sh("ip netns add mine", on="one")
    lab.sh("ip netns add yours", on="two")
    with lab.realize() as real:
        assert real.sh("ip netns", on="one").stdout == "mine\n"
        assert real.sh("ip netns", on="two").stdout == "yours\n"
        assert real.sh("ip netns add later && ip netns", on="two").stdout.split() == ["later", "yours"]
        assert real.sh("ip -n later link", on="two").returncode == 0, "what was added stays"


def test_a_missing_tool_is_named_with_its_package(real):
    missing = real.sh("PATH=/nowhere; tcpdump -D")
    assert missing.returncode == 127 and "package tcpdump" in missing.stderr


def test_the_shells_own_tools_are_there_whatever_the_path_was(monkeypatch, tmp_path):
    """A folder below /tmp on the PATH is the machine's, and a lab has a /tmp of its own."""
    for name in ("unshare", "python3"):
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    with scenarios.veth_pair().realize() as real:
        assert real.sh("ls -d /").stdout == "/\n"


def test_a_tool_that_hangs_is_ended_and_said_so(real):
    late = real.sh("echo begun; sleep 60 & sleep 60", timeout=0.4)
    assert (late.returncode, late.stdout) == (124, "begun\n") and "0.4 seconds" in late.stderr
    assert real.sh("echo still here").stdout == "still here\n"


@pytest.mark.needs("procps")
def test_a_pipe_of_tools_and_a_namespace_file_of_settings(real):
    assert real.sh("ip -o link | wc -l", on="ns1").stdout == "2\n"
    assert real.sh("sysctl -n net.ipv4.ip_forward", on="ns1").stdout == "0\n"


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda real: real.sh("ip link", on="ns9"), "there is no namespace 'ns9'"),
        (lambda real: real.trace("ns9", "192.168.50.1"), "there is no namespace 'ns9'"),
        (lambda real: real.trace("ns1", "nowhere"), "not an IPv4 address"),
        (lambda real: real.trace("ns1", "192.168.50.2", dev="eth7"), "there is no interface 'eth7'"),
        (lambda real: real.trace("ns1", "192.168.50.2", ttl=0), "ttl 0"),
    ],
)
def test_bad_input_is_a_sentence_and_the_lab_stays_usable(real, ask, words):
    with pytest.raises(LabError, match=words):
        ask(real)
    assert real.trace("ns1", "192.168.50.2").answered


def test_a_probe_to_nowhere_is_a_verdict(real):
    assert real.trace("ns1", "10.99.99.99").verdict.kind == "network is unreachable"
    assert not real.trace("ns1", "192.168.50.77").delivered


def test_names_the_kernel_refuses_are_told_with_the_kernels_words():
    lab = labkit.Lab()
    lab["host"].rename(links.create(lab, lab["host"], "short", "bridge"), "short", "a-name-that-is-far-too-long")
    with pytest.raises(LabError, match="the real kernel refuses `ip link add a-name-that-is-far-too-long"):
        lab.realize()


def test_a_duplicate_is_refused_by_the_kernel_too():
    lab = labkit.Lab()
    links.create(lab, lab["host"], "br0", "bridge")
    links.create(lab, lab["host"], "br1", "bridge").name = "br0"
    with pytest.raises(LabError, match="refuses `ip link add br0 type bridge` in host: "):
        lab.realize()


def test_a_closed_lab_says_so():
    real = scenarios.veth_pair().realize()
    real.close()
    real.close()
    with pytest.raises(LabError, match="closed"):
        real.sh("ip link")


def test_later_changes_of_the_lab_do_not_reach_the_real_one():
    lab = scenarios.veth_pair()
    with lab.realize() as real:
        lab.sh("ip netns del ns2")
        assert real.trace("ns1", "192.168.50.2").answered


def test_what_a_person_deleted_is_not_there_and_what_was_kept_is():
    lab = scenarios.veth_pair()
    for line in (
        "ip route add 10.0.0.0/8 via 192.168.50.2",
        "ip route del 192.168.50.0/24",
        "ip rule add from 10.0.0.0/8 lookup 7 pref 100",
        "ip route add unreachable 10.9.0.0/16",
        "ip neigh add 192.168.50.9 lladdr 02:00:00:00:00:99 dev tap1",
    ):
        assert lab.sh(line, on="ns1").returncode == 0, line
    with lab.realize() as real:
        for line in ("ip route", "ip route show table local", "ip rule", "ip neigh"):
            assert real.sh(line, on="ns1").stdout == lab.sh(line, on="ns1").stdout


def without_timers(text: str) -> str:
    """A running kernel's timers run."""
    return re.sub(r"_timer +[0-9.]+", "_timer", text)


@pytest.mark.needs("vxlan")
def test_devices_print_as_the_lab_prints_them():  # or say what it prints, where iproute2 is not the one it speaks
    lab = labkit.Lab()
    for line in (
        "ip link add br0 mtu 1400 type bridge ageing_time 1000",
        "ip link add v0 mtu 1300 type veth peer name v1",
        "ip link set v0 master br0",
        "ip link set br0 up",
        "ip link set v0 up",
        "ip link set v1 up arp off",
        "bridge link set dev v0 hairpin on",
        "ip addr add 10.0.0.1/24 dev br0",
        "ip addr add 10.0.0.2/24 dev br0",
        "bridge fdb add 02:00:00:00:00:77 dev v0 master static",
    ):
        assert lab.sh(line).returncode == 0, line
    links.create(lab, lab["host"], "vx0", "vxlan", vxlan=Vxlan(42, port=4789, learning=False))
    with lab.realize() as real:
        for line in ("ip -d link show br0", "ip link", "ip addr", "ip route", "bridge link", "ip -d link show vx0"):
            shown, printed = without_timers(real.sh(line).stdout), without_timers(lab.sh(line).stdout)
            assert same(line, shown, printed), f"{line}:\n{shown}\n{printed}"
        assert "02:00:00:00:00:77 dev v0 master br0 static" in real.sh("bridge fdb show br br0").stdout


def test_tcp_and_udp_find_an_open_port():
    lab = scenarios.veth_pair()
    for proto, port in (("tcp", 80), ("udp", 53)):
        lab["ns2"].listeners.add(Listener(proto, None, port))
    with lab.realize() as real:
        for how in ({"proto": "tcp", "port": 80}, {"proto": "udp", "port": 53}, {"proto": "tcp", "port": 81}):
            found = lab.trace("ns1", "192.168.50.2", **how).diff(real.trace("ns1", "192.168.50.2", **how))
            assert found.same, str(found)


def test_several_pings_are_one_trace():
    with scenarios.veth_pair().realize() as real:
        seen = real.trace("ns1", "192.168.50.2", count=3, interval=0.1)
    assert [reply.seq for reply in seen.replies] == [1, 2, 3] and seen.observed


def test_two_threads_may_ask_the_same_lab(real):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(real.trace("ns1", "192.168.50.2").answered)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 4


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("destination", ("10.0.0.255", "10.0.0.7"))
def test_a_bridge_without_ports_has_a_mac_address_by_chance_which_is_no_difference(destination):
    lab = labkit.Lab()
    for line in ("ip link set lo up", "ip link add br0 type bridge", "ip link set br0 up", "ip addr add 10.0.0.254/24 dev br0"):
        lab.sh(line)
    with lab.realize() as real:
        diff = lab.copy().trace("host", destination).diff(real.trace("host", destination))
    assert diff.same, str(diff)
