"""Nothing is left behind, however it ends; nothing of the machine's own is touched.

Left-overs are looked for where the kernel shows them: processes, network namespaces of processes, interfaces.
"""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit import LabError, scenarios

pytestmark = pytest.mark.needs("namespaces")
ROOT = Path(__file__).parent.parent.parent


def descendants(pid: int) -> set[int]:
    """The process and all below it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def namespaces(pids: set[int]) -> set[str]:
    """The network namespaces those processes are in or hold open."""
    found = set()
    for pid in pids:
        for link in (f"/proc/{pid}/ns/net", *(f"/proc/{pid}/fd/{fd}" for fd in listed(f"/proc/{pid}/fd"))):
            try:
                found.add(os.readlink(link))
            except OSError:
                pass
    return {name for name in found if name.startswith("net:")}


def listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def all_namespaces() -> set[str]:
    """Every network namespace that any process on this machine keeps alive."""
    return namespaces({int(entry) for entry in os.listdir("/proc") if entry.isdigit()})


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


NOTEBOOKS = {
    "building": "while True:\n    print('ready', flush=True)\n    lab.realize().close()",
    "probing": "real = lab.realize()\nprint('ready', flush=True)\nwhile True:\n    real.trace('ns1', '192.168.50.77')",
    "running a tool": "real = lab.realize()\nprint('ready', flush=True)\nreal.sh('sleep 100 & sleep 100', timeout=90)",
    "idle": "real = lab.realize()\nprint('ready', flush=True)\nimport time\ntime.sleep(100)",
}


@pytest.mark.parametrize("doing", NOTEBOOKS)
def test_a_killed_notebook_leaves_nothing_after_a_second(doing):
    script = f"from labkit import scenarios\nlab = scenarios.veth_pair()\n{NOTEBOOKS[doing]}"
    notebook = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with notebook.stdout as output:
        assert output.readline() == "ready\n"
        time.sleep(0.3 if doing != "building" else 0.05)
        family = descendants(notebook.pid)
        theirs = namespaces(family) - {os.readlink("/proc/self/ns/net")}
        assert len(family) > 1 or doing == "building"
        notebook.send_signal(signal.SIGKILL)
        notebook.wait()
    end = time.monotonic() + 1
    while any(alive(pid) for pid in family) and time.monotonic() < end:
        time.sleep(0.01)
    assert [pid for pid in family if alive(pid)] == []
    assert theirs & all_namespaces() == set()


def test_a_holder_that_is_killed_is_a_clear_error_and_the_next_lab_works():
    lab = scenarios.veth_pair()
    real = lab.realize()
    os.kill(real._child.process.pid, signal.SIGKILL)
    with pytest.raises(Exception, match="the real lab ended"):
        real.sh("ip link")
    with lab.realize() as again:
        assert again.sh("true").returncode == 0


def test_two_hundred_labs_in_a_row_leak_nothing():
    lab = scenarios.veth_pair()

    def once():
        with lab.realize() as real:
            real.sh("true")

    for _ in range(3):
        once()
    gc.collect()
    before = len(listed("/proc/self/fd")), len(descendants(os.getpid())), resident()
    for _ in range(200):
        once()
    gc.collect()
    after = len(listed("/proc/self/fd")), len(descendants(os.getpid())), resident()
    assert after[:2] == before[:2]
    assert after[2] - before[2] < 8 << 20, "bytes of memory"


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_lab_that_is_forgotten_is_closed():
    real = scenarios.veth_pair().realize()
    pid = real._child.process.pid
    del real
    gc.collect()
    assert not alive(pid)


def test_twenty_labs_at_once_do_not_disturb_each_other():
    lab = scenarios.veth_pair()
    labs = [lab.realize() for _ in range(20)]
    try:
        with ThreadPoolExecutor(4) as pool:
            traces = list(pool.map(lambda real: real.trace("ns1", "192.168.50.2"), labs))
        predicted = lab.trace("ns1", "192.168.50.2")
        differences = [str(found) for found in map(predicted.diff, traces) if not found.same]
        assert differences == []
        labs[0].sh("ip link set tap1 down", on="ns1")
        assert [real.trace("ns1", "192.168.50.2").answered for real in labs[:3]] == [False, True, True]
    finally:
        for real in labs:
            real.close()


def own_network() -> str:
    """Everything about this machine's own network that a lab could change."""
    lines = ["ip -j addr", "ip -j route show table all", "ip -j neigh show nud permanent", "ip netns"]
    lines += ["nft list ruleset"] if shutil.which("nft") else []  # without nft the lab's own line changes nothing either
    seen = [subprocess.run(line.split(), capture_output=True, text=True).stdout for line in lines]
    return json.dumps([stable(text) for text in [*seen, own_settings()]], indent=0)


def own_settings() -> str:
    """What `sysctl -a` prints, which is in a package of its own."""
    found = []
    for folder, _, names in os.walk("/proc/sys"):
        for name in names:
            try:
                found.append(f"{folder}/{name} = {Path(folder, name).read_text(errors='replace')!r}")
            except OSError:  # some are for writing only
                pass
    return "\n".join(found)


#: Settings that count or come by chance, and are no settings.
CHANGING = (
    "random",
    "_count",
    "-nr",
    "-state",
    "nr_",
    "ns_last_pid",
    "pty/nr",
    "perf_event_max_sample_rate",
    "cad_pid",
    "fs/quota",
    "expires",
    "valid_life_time",
    "preferred_life_time",
    "dentry",
    "inode",
    "sched_domain",
)


def stable(text: str) -> list[str]:
    return [line for line in text.splitlines() if not any(word in line for word in CHANGING)]


@pytest.mark.needs("vxlan", "iptables")
def test_the_machines_own_network_is_untouched():
    before = own_network()
    for lab in (scenarios.veth_pair(), scenarios.flannel(backend="vxlan"), scenarios.docker_host()):
        source, destination = lab.probes[0]
        with lab.realize() as real:
            real.trace(source, destination)
            real.sh(
                "echo 1 > /proc/sys/net/ipv4/ip_forward; ip route add blackhole 192.0.2.0/24; ip netns add stray; nft add table ip stray"
            )
    assert own_network() == before


def test_an_interrupted_call_does_not_confuse_the_next_one():
    script = textwrap.dedent("""
        import os, signal, threading
        from labkit import scenarios
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
        real = scenarios.veth_pair().realize()
        for seconds in (0.05, 0.15, 0.4):
            threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            try:
                real.trace("ns1", "192.168.50.77")
            except KeyboardInterrupt:
                print("interrupted", real.sh("echo mine").stdout.strip(), real.trace("ns1", "192.168.50.2").answered)
        """)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted mine True\n" * 3, done.stderr


FORKED = """
import multiprocessing, os, sys, time
from labkit import LabError, scenarios
real = scenarios.veth_pair().realize()

def ask():
    for question in (lambda: real.sh("echo child"), lambda: real.trace("ns1", "192.168.50.2")):
        try:
            print("child was answered", question())
        except LabError as error:
            print("child:", str(error)[:36])
    real.close()
    sys.stdout.flush()
"""


@pytest.mark.parametrize(
    "fork",
    [
        "pid = os.fork()\nif pid == 0:\n    ask()\n    os._exit(0)\nos.waitpid(pid, 0)",
        "pid = os.fork()\nif pid == 0:\n    ask()\n    sys.exit()\nos.waitpid(pid, 0)",
        "worker = multiprocessing.get_context('fork').Process(target=ask)\nworker.start()\nworker.join()",
    ],
)
def test_a_forked_process_is_refused_and_the_notebook_goes_on(fork):
    script = f"{FORKED}\n{fork}\nprint('parent:', real.sh('echo mine').stdout, real.trace('ns1', '192.168.50.2').answered)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "child: this real lab belongs to the process\n" * 2 + "parent: mine\n True\n", done
    assert done.stderr == ""


def test_a_forked_process_does_not_keep_the_lab_alive():
    script = f"""{FORKED}
print(real._child.process.pid, flush=True)
worker = os.fork()
if worker == 0:
    time.sleep(30)
    os._exit(0)
print(worker, flush=True)
time.sleep(30)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as notebook:
        holder, worker = int(notebook.stdout.readline()), int(notebook.stdout.readline())
        notebook.kill()
        try:
            end = time.monotonic() + 3
            while alive(holder) and time.monotonic() < end:
                time.sleep(0.01)
            assert not alive(holder) and alive(worker)
        finally:
            os.kill(worker, signal.SIGKILL)


def test_closing_does_not_wait_for_whoever_else_holds_the_pipe():
    real = scenarios.veth_pair().realize()
    other_end = os.dup(real._child.process.stdin.fileno())
    try:
        begin = time.monotonic()
        real.close()
        assert time.monotonic() - begin < 2
    finally:
        os.close(other_end)


@pytest.mark.parametrize("nonsense", [b"\xff\xff\xff\xff1234", b"\x04\0\0\0????", b"\x01\0\0\0N", b"\x06\0\0\0s\1\0\0\0x"])
def test_an_answer_that_is_none_ends_the_lab_at_once(nonsense):
    real = scenarios.veth_pair().realize()
    real._child._buffer = nonsense
    begin = time.monotonic()
    with pytest.raises(LabError, match="no answer and was ended"):
        real.sh("true")
    assert time.monotonic() - begin < 5 and real._child.closed
