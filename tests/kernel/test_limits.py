"""Where a machine gives less than a lab needs, one sentence says what it is and what truly helps.

The limits are real ones, set for a process of the test's own: in a nested user namespace, or by setrlimit.
"""

import errno
import grp
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import labkit
from labkit import LabError, kernel, scenarios
from labkit.kernel import availability, limits

ROOT = Path(__file__).parent.parent.parent
NESTED = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def star(count: int) -> labkit.Lab:
    """So many namespaces on one bridge, the machine's own among them."""
    lab = labkit.Lab()
    lab.sh("ip link add br0 up type bridge")
    for number in range(count - 1):
        lab.sh(f"ip netns add n{number}")
        lab.sh(f"ip link add v{number} up master br0 type veth peer name eth0 netns n{number}")
        lab.sh(f"ip addr add 10.0.{number // 250}.{number % 250 + 1}/16 dev eth0", on=f"n{number}")
        lab.sh("ip link set eth0 up", on=f"n{number}")
    return lab


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("count", [96, 97, 98, 230])
def test_a_lab_of_any_size_is_real(count):
    lab, last = star(count), count - 2
    with lab.realize() as real:
        predicted = lab.trace("n0", f"10.0.{last // 250}.{last % 250 + 1}")
        assert predicted.answered and predicted.diff(real.trace("n0", str(predicted.destination))).same
        assert real.sh("ip netns | wc -l").stdout == f"{count - 1}\n"


def said(setting: str, script: str, env: dict | None = None) -> str:
    """What a Python prints that lives under such a setting: a shell's line, typed as root of a user namespace of its own."""
    body = "from labkit import scenarios, kernel, LabError\nimport labkit\n" + textwrap.dedent(script)
    command = [*NESTED, "sh", "-c", f'{setting} && exec "$0" -c "$1"', sys.executable, body]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BINDER", "JUPYTERHUB"))} | (env or {})
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done
    return done.stdout


REALIZE = """
    try:
        scenarios.veth_pair().realize()
    except LabError as error:
        print(error)
    found = kernel.available()
    print(bool(found), found.why, found.fix)
"""


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("kind", ["user", "mnt", "pid", "net", "uts", "ipc"])
def test_a_limit_of_namespaces_is_named_with_the_line_that_lifts_it(kind):
    name = f"user.max_{kind}_namespaces"
    sentence, available = said(f"echo 0 > /proc/sys/user/max_{kind}_namespaces", REALIZE).splitlines()
    for line in (sentence, available):
        assert f"{name} is 0 here" in line and f"sysctl -w {name}=15000" in line
        assert "No space" not in line and "unprivileged_userns_clone" not in line
    assert available.startswith("False")


@pytest.mark.needs("namespaces")
def test_a_lab_with_more_networks_than_the_machine_allows_says_so_and_leaves_nothing():
    script = """
        import time
        lab = labkit.Lab()
        for number in range(9):
            lab.sh(f"ip netns add n{number}")
        for _ in range(3):
            try:
                lab.realize()
            except LabError as error:
                print(error)
        for _ in range(40):  # the kernel takes namespaces down in its own time
            try:
                real = scenarios.veth_pair().realize()
                break
            except LabError:
                time.sleep(0.25)
        print(real.sh("echo still possible").stdout)
    """
    *refused, works = said("echo 8 > /proc/sys/user/max_net_namespaces", script).split("\n")[:4]
    assert all("user.max_net_namespaces is 8 here" in line for line in refused)
    assert works == "still possible"


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("most", [64, 104, 110])
def test_too_few_open_files_is_said_with_the_number_there_is(most):
    sentence, available = said(f"ulimit -n {most}", REALIZE).splitlines()
    assert f"may have {most} files open" in sentence and "RLIMIT_NOFILE" in available


@pytest.mark.needs("namespaces")
def test_a_masked_proc_is_a_containers_doing():
    sentence, available = said("mount -t tmpfs none /proc/bus", REALIZE).splitlines()
    assert "/proc (Operation not permitted)" in sentence and available.startswith("False")
    assert "systempaths=unconfined" in available or "not on this host" in available


@pytest.mark.needs("namespaces", "sysfs")
def test_a_masked_sys_forbids_ip_netns_exec_and_only_that():
    (available,) = said("mount -t tmpfs none /sys/kernel", REALIZE).splitlines()
    assert available.startswith("True ip netns exec: mount of /sys failed")


@pytest.mark.needs("namespaces", "tun")
def test_without_tun_only_tun_is_missing():
    (available,) = said("mount -t tmpfs none /dev/net", REALIZE).splitlines()
    assert available.startswith("True tun: ") and "/dev/net/tun" in available or "modprobe tun" in available


@pytest.mark.needs("namespaces")
def test_on_a_hub_nobody_is_told_to_type_what_only_the_owner_may():
    for variable in ("BINDER_LAUNCH_HOST", "JUPYTERHUB_USER"):
        text = said("echo 0 > /proc/sys/user/max_user_namespaces", REALIZE, {variable: "x"})
        assert "not on this host" in text and not {"sudo", "sysctl -w", "docker"} & set(text.replace(":", " ").split())


@pytest.fixture
def machine(monkeypatch):
    """Say what the machine's files hold, who asks, and whether it is a container."""

    def be(numbers: dict, user: int = 1000, container: bool = False, sudo: bool = True):
        monkeypatch.setattr(limits, "_number", lambda path: numbers.get(path.removeprefix("/proc/sys/").replace("/", ".")))
        monkeypatch.setattr(limits.os, "geteuid", lambda: user)
        monkeypatch.setattr(limits, "_in_a_container", lambda: container)
        monkeypatch.setattr(limits, "_in_a_chroot", lambda: False)
        monkeypatch.setattr(limits, "_on_a_hub", lambda: False)
        monkeypatch.setattr(limits, "_may_be_root", lambda: sudo)

    return be


DEBIAN, UBUNTU = "kernel.unprivileged_userns_clone", "kernel.apparmor_restrict_unprivileged_userns"


@pytest.mark.parametrize(
    ("numbers", "fix"),
    [
        ({DEBIAN: 0}, f"sudo sysctl -w {DEBIAN}=1"),
        ({UBUNTU: 1}, f"sudo sysctl -w {UBUNTU}=0"),
        ({DEBIAN: 1, UBUNTU: 1}, f"sudo sysctl -w {UBUNTU}=0"),
        ({DEBIAN: 1, UBUNTU: 0}, "not on this host"),
        ({}, "not on this host"),
    ],
)
def test_a_switch_is_advised_only_where_it_is_and_is_the_cause(machine, numbers, fix):
    machine(numbers)
    why, help_ = limits.explain("namespaces", errno.EPERM)
    assert "Operation not permitted" in why and help_.endswith(fix)


@pytest.mark.parametrize(("group", "status", "before"), [
    ("sudo", "NoNewPrivs:\t0", "sudo"), ("wheel", "", "sudo"),
    ("users", "NoNewPrivs:\t0", "ask who runs this machine to type:"), ("sudo", "NoNewPrivs:\t1", "ask who runs this machine to type:"),
])  # fmt: skip
def test_sudo_is_advised_only_to_whom_it_obeys(monkeypatch, group, status, before):
    monkeypatch.setattr(limits, "which", lambda name: name)
    monkeypatch.setattr(limits, "_on_a_hub", lambda: False)
    monkeypatch.setattr(limits.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(limits.os, "getgroups", lambda: [27])
    monkeypatch.setattr(grp, "getgrall", lambda: [grp.struct_group((group, "x", 27, []))])
    monkeypatch.setattr(limits.Path, "read_text", lambda path: f"Name:\tpython\n{status}\n")
    assert limits.typed("true") == f"{before} true"


def test_root_needs_no_sudo_and_is_not_stopped_by_switches(machine):
    machine({DEBIAN: 0}, user=0)
    assert DEBIAN not in "".join(limits.explain("namespaces", errno.EPERM))
    machine({"user.max_net_namespaces": 20}, user=0)
    assert limits.explain("network namespaces", errno.ENOSPC)[1] == "sysctl -w user.max_net_namespaces=15000"


def test_who_has_no_sudo_is_told_whom_to_ask(machine):
    machine({"user.max_user_namespaces": 0}, sudo=False)
    assert limits.explain("namespaces", errno.ENOSPC)[1].startswith("ask who runs this machine to type: sysctl")


def test_a_container_is_started_otherwise(machine):
    machine({}, user=0, container=True)
    why, fix = limits.explain("namespaces", errno.EPERM)
    assert "container" in why and "docker run --security-opt seccomp=unconfined" in fix
    assert "--ulimit nofile=" in limits.explain("open files", errno.EMFILE)[1]


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOMEM, errno.ENFILE, errno.ENOSYS, errno.EINVAL, errno.EIO, errno.EPERM])
def test_every_refusal_is_a_sentence_with_something_to_do(code):
    why, fix = limits.explain("something", code)
    assert why and fix and "\n" not in why + fix


@pytest.mark.needs("namespaces")
def test_no_more_processes_is_a_sentence_even_in_the_middle(monkeypatch):
    with scenarios.veth_pair().realize() as real:
        monkeypatch.setattr(real._child, "_answer", lambda deadline: ("stopped", ("", errno.EAGAIN)))
        with pytest.raises(LabError, match="RLIMIT_NPROC"):
            real.sh("true")


@pytest.mark.parametrize(("system", "why"), [
    ("darwin", "not Linux.*WSL"), ("win32", "not Linux.*WSL"), ("emscripten", "in a web browser.*on a machine with Linux$"),
])  # fmt: skip
def test_elsewhere_than_on_linux_a_lab_stays_a_prediction(monkeypatch, system, why):
    monkeypatch.setattr(availability.sys, "platform", system)
    assert not kernel.available() and "pip" not in kernel.available().fix
    with pytest.raises(LabError, match=why):
        with labkit.scenarios.seed_cluster().realize() as real:
            real.trace("wp-mysql-t5w0m", "10.20.92.11")


@pytest.mark.parametrize("lacking", [["pyroute2"], ["scapy"], ["pyroute2", "scapy"]])
def test_without_the_packages_it_says_which(monkeypatch, lacking):
    monkeypatch.setattr(availability, "find_spec", lambda name: None if name in lacking else True)
    monkeypatch.setattr(availability.sys, "platform", "linux")
    with pytest.raises(LabError, match=f"pip install {' '.join(lacking)}"):
        scenarios.veth_pair().realize()
    assert kernel.available().fix == f"pip install {' '.join(lacking)}"


@pytest.mark.needs("namespaces")
def test_what_is_available_is_told_by_part():
    found = kernel.available()
    assert found and found.parts["veth"] and found.parts["bridge"]
    assert all(part.why and part.fix for part in found.parts.values() if not part)


@pytest.mark.needs("namespaces")
def test_a_python_that_cannot_be_started_is_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(LabError, match="/nowhere/python"):
        scenarios.veth_pair().realize()
    assert not kernel.available()
