"""What a packet filter costs: a trace through a thousand rules, reading ten thousand, and nothing where there are none."""

import statistics
import time

import labkit

from .test_speed import median_ms


def router() -> labkit.Lab:
    """a - r - b."""
    lab = labkit.Lab()
    for line in """ip netns add a; ip netns add r; ip netns add b
        ip link add right netns a type veth peer name left netns r; ip link add right netns r type veth peer name left netns b
        ip -n a addr add 10.0.0.1/24 dev right; ip -n r addr add 10.0.0.2/24 dev left; ip -n r addr add 10.1.0.1/24 dev right
        ip -n b addr add 10.1.0.2/24 dev left; ip -n a link set right up; ip -n r link set left up; ip -n r link set right up
        ip -n b link set left up; ip -n a route add default via 10.0.0.2; ip -n b route add default via 10.1.0.1
        ip netns exec r sysctl -qw net.ipv4.ip_forward=1""".split("\n"):
        assert not lab.sh(line).returncode
    return lab


def rules(number: int) -> str:
    """A table of so many rules that match nothing, and one that does."""
    lines = [f"-A FORWARD -s 10.{9 + at // 250}.{at % 250}.0/24 -p tcp -m tcp --dport {at % 60000} -j DROP" for at in range(number - 1)]
    last = "-A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT"
    return "\n".join(["*filter", ":FORWARD ACCEPT [0:0]", *lines, last, "COMMIT\n"])


def test_a_trace_through_a_thousand_rules(measure):
    lab = router()
    bare = median_ms(lambda: lab.trace("a", "10.1.0.2"), 30)
    assert lab.sh("iptables-restore", on="r", stdin=rules(1000)).returncode == 0
    full = median_ms(lambda: lab.trace("a", "10.1.0.2"), 30)
    measure(f"trace a -> r -> b: {bare:.2f} ms without rules, {full:.2f} ms when r has 1,000 (goal: under 3)")


def test_restoring_ten_thousand_lines(measure):
    lab, text = labkit.Lab(), rules(10_000)
    took = []
    for _ in range(3):
        start = time.process_time()
        assert lab.sh("iptables-restore", stdin=text).returncode == 0
        took.append(time.process_time() - start)
    measure(f"iptables-restore of 10,000 lines: {statistics.median(took):.2f} s of CPU (goal: under 1)")
