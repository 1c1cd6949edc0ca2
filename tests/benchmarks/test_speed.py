"""How long the things a learner waits for take. Reported in the closing summary, not asserted: machines differ."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def median_ms(run, rounds: int) -> float:
    def once() -> float:
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) * 1000
    return statistics.median(once() for _ in range(rounds))


def python(statement: str, rounds: int = 7) -> float:
    """Milliseconds of CPU that a fresh Python takes for a statement: the median."""
    timed = f"import time; start = time.process_time(); {statement}; print((time.process_time() - start) * 1000)"
    command = [sys.executable, "-c", timed]
    return statistics.median(float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout) for _ in range(rounds))


def test_importing_labkit(measure):
    bare, first = python("import labkit"), python("import labkit; labkit.Lab().sh('ip addr')")
    measure(f"import labkit: {bare:.1f} ms of CPU, as its parts are loaded when first used; "
            f"import and the first answer of the shell: {first:.0f} ms (goal: under 100)")


def test_a_trace_across_the_seed_cluster(measure):
    import labkit

    lab = labkit.scenarios.seed_cluster()
    took = median_ms(lambda: lab.trace("wp-mysql-t5w0m", "10.20.92.11"), 50)
    measure(f"trace 10.20.37.5 -> 10.20.92.11 across the seed cluster: {took:.2f} ms (goal: under 5)")


def test_building_the_seed_cluster(measure):
    import labkit

    measure(f"building the seed cluster: {median_ms(labkit.scenarios.seed_cluster, 5):.1f} ms")


#: What a learner types at the seed cluster, looks and probes mixed; nothing here changes a table for good.
LINES = (
    "ip addr", "ip -br link", "ip route", "ip -j route", "ip route get 10.20.92.11", "ip neigh", "ip netns", "ip -d link",
    "bridge fdb", "bridge link", "route -n", "netstat -rn", "ifconfig", "arp -n", "sysctl net.ipv4.ip_forward", "ip -s link",
    "ip addr add 10.99.0.1/24 dev lo", "ip addr del 10.99.0.1/24 dev lo", "ip route add 10.98.0.0/16 dev nosuch", "ip rout",
    "ping -c 1 -W 1 10.20.92.11", "ping -c 1 127.0.0.1", "traceroute -n -q 1 10.20.92.11", "iptables -S", "ip foo",
)  # fmt: skip


def test_one_answer_of_the_shell(measure):
    import labkit

    lab = labkit.scenarios.seed_cluster()
    places = ("wp-mysql-t5w0m", *lab.namespaces)[:4]
    took = [median_ms(lambda line=line, on=on: lab.sh(line, on=on), 5) for line in LINES for on in places]
    slowest = max(zip(took, [line for line in LINES for _ in places], strict=True))
    measure(f"one answer of Lab.sh, {len(took)} lines: median {statistics.median(took):.2f} ms (goal: under 1), "
            f"slowest {slowest[0]:.1f} ms ({slowest[1]})")
