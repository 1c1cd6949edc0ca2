"""What is typed in a real lab changes the lab, never the machine: also not when root of the machine runs it.

Every line is tried in the lab; what it was after is then looked at from outside.
"""

import os
import socket
from pathlib import Path

import pytest

from labkit import scenarios
from tests.tool_versions import another_version

pytestmark = pytest.mark.needs("namespaces")

WITNESS = "labkit-was-here"
#: Folders of the machine that root, or whoever runs this, may write to.
FOLDERS = ["/etc", "/var/tmp", "/usr/bin", str(Path.home())]


@pytest.fixture(scope="module")
def real():
    with scenarios.veth_pair().realize() as real:
        real.sh("mkdir -p /tmp/below")
        yield real


@pytest.mark.parametrize(
    "way",
    [
        "touch {file}",
        "mount -o remount,rw / ; touch {file}",
        "mount -o remount,rw,bind / ; touch {file}",
        "mount --bind {folder} /tmp/below && {{ mount -o remount,rw,bind /tmp/below; cd /tmp/below; touch labkit-was-here; }}",
        "mount --rbind / /tmp/below; mount --make-rslave /tmp/below; mount -o remount,rw,bind /tmp/below; touch /tmp/below{file}",
        "mount --bind / /tmp/below && touch /tmp/below{file}",
        "umount -l {folder}; umount -l /; touch {file}",
        "touch /proc/1/root{file}",
        "touch /proc/2/root{file}",
        "nsenter -t 1 -m touch {file}",
        "nsenter -t 1 -U -m touch {file}",
        "nsenter -t 2 -U -m touch {file}",
        "unshare -m sh -c 'mount -o remount,rw,bind /; touch {file}'",
        "unshare -U -r -m sh -c 'mount -o remount,rw,bind /; touch {file}'",
        "mount -t overlay none -o lowerdir=/usr,upperdir={folder},workdir={folder} /tmp/below",
        "ip netns exec ns1 sh -c 'umount -l /; mount -o remount,rw /; touch {file}'",
    ],
)
def test_no_file_of_the_machine_is_written(real, way):
    for folder in FOLDERS:
        file = f"{folder}/{WITNESS}"
        done = real.sh(way.format(file=file, folder=folder))
        real.sh("umount -l /tmp/below")
        try:
            assert done.returncode != 0 and not os.path.exists(file), (folder, done)
        finally:
            Path(file).unlink(missing_ok=True)


@pytest.mark.parametrize(
    "line",
    [
        ": >> /proc/sysrq-trigger",
        ": >> /proc/sys/kernel/core_pattern",
        ": >> /proc/sys/vm/swappiness",
        ": >> /proc/sys/user/max_net_namespaces",
        ": >> /proc/sys/net/../vm/swappiness",
        ": >> /proc/1/oom_score_adj",
        ": >> /sys/kernel/uevent_helper",
        ": >> /sys/kernel/mm/ksm/run",
        "mount -t sysfs none /tmp/below && cd /tmp/below && : >> kernel/mm/ksm/run",
        "mount -t sysfs -o ro none /tmp/below && mount -o remount,rw,bind /tmp/below",
        "mount -t proc none /tmp/below",
        "unshare -p -f --mount-proc true",
        "unshare -C true",
        "unshare -U -r -C true",
        "mount -t cgroup2 none /tmp/below",
        "mkdir /sys/fs/cgroup/labkit-was-here",
        "umount -l /proc/sys/net",
        "umount -l /dev/null",
        "chmod 600 /dev/null",
        "mknod /tmp/disk b 7 0",
        "cat /proc/1/environ",
        "cat /proc/2/environ",
        "echo x > /proc/2/fd/1",
        "readlink /proc/1/ns/mnt",
        "readlink /proc/2/ns/net",
    ],
)
def test_no_setting_and_no_process_outside_is_reached(real, line):
    done = real.sh(line)
    real.sh("umount -l /tmp/below")
    assert done.returncode != 0, done
    assert real.sh("echo still here").stdout == "still here\n"


def test_what_was_put_over_the_machines_folders_cannot_be_lifted():
    with scenarios.veth_pair().realize() as real:
        real.sh("mkdir -p /tmp/mark /dev/mark")
        for cover in ("/tmp", "/dev", "/proc", "/sys", "/run"):
            real.sh(f"umount -l {cover}; umount -l {cover}; umount -R {cover}; mount --move {cover} /mnt")
        assert real.sh("ls -d /tmp/mark /dev/mark").returncode == 0
        assert real.sh("ls /dev/mem /dev/kmsg /dev/vda/dev/sda").stdout == ""


def test_the_host_name_and_shared_memory_are_the_labs_own(real):
    before = socket.gethostname()
    assert real.sh("hostname lab && hostname").stdout == "lab\n"
    assert real.sh("ipcmk -M 100 >/dev/null; touch /dev/shm/labkit-was-here; ipcs -m | grep -c 100").returncode == 0
    assert socket.gethostname() == before and not os.path.exists("/dev/shm/labkit-was-here")


def test_only_harmless_devices_are_there(real):
    assert set(real.sh("cd /dev && find . -type b -o -type c").stdout.split()) <= {
        f"./{name}" for name in ("null", "zero", "full", "random", "urandom", "net/tun", "pts/ptmx")
    }


def test_all_but_a_few_mounts_are_read_only(real):
    mounts = [line.split() for line in real.sh("cat /proc/self/mounts").stdout.splitlines()]
    writable = {where for _, where, _, options, *_ in mounts if "rw" in options.split(",")}
    assert writable - {"/run/netns/ns1", "/run/netns/ns2"} <= {"/tmp", "/run", "/dev", "/dev/pts", "/dev/shm", "/proc/sys/net"}


def test_process_1_stays_and_is_in_the_labs_own_network(real):
    assert real.sh("kill -9 1; kill -INT 1; kill -TERM 1; echo still here").stdout == "still here\n"
    there = real.sh("ip link add m0 type bridge && ip link set m0 netns 1 && ip link show m0")
    # Later iproute2 looks the process up itself, and process 1 lets nobody look (observed with 6.15).
    assert there.returncode == 0 or another_version("ip") and 'Invalid "netns" value' in there.stderr, there


@pytest.mark.needs("procps")
def test_what_a_learner_needs_can_be_written(real):
    assert real.sh("echo x > /tmp/x && echo x > /run/x && cat /tmp/x").stdout == "x\n"
    assert real.sh("cat /tmp/x; pwd; ls ~ > /dev/null", on="ns1").stdout == "x\n/tmp\n", "one /tmp for the whole lab"
    assert real.sh("sysctl -w net.ipv4.ip_forward=1 && sysctl -n net.ipv4.ip_forward", on="ns1").stdout.split()[-1] == "1"
    assert real.sh("sysctl -n net.ipv4.ip_forward", on="ns2").stdout == "0\n"
    assert real.sh("python3 -c 'import pty; pty.openpty()' 2>&1").stdout == ""


def test_sys_shows_the_network_that_a_tool_runs_in(real):
    assert real.sh("ls /sys/class/net", on="ns1").stdout.split() == ["lo", "tap1"]
    assert real.sh("cat /sys/class/net/tap2/mtu /sys/devices/virtual/net/tap2/mtu", on="ns2").stdout.split() == ["1500"] * 2


@pytest.mark.needs("sysfs")
def test_sys_shows_it_to_ip_netns_exec_too(real):
    assert real.sh("ip netns exec ns2 ls /sys/class/net").stdout.split() == ["lo", "tap2"]


@pytest.mark.needs("tun")
def test_a_learner_makes_tuns(real):
    assert real.sh("ip tuntap add t0 mode tun && ip tuntap", on="ns1").stdout == "t0: tun persist\n"
    assert real.sh("ip tuntap", on="ns2").stdout == ""
