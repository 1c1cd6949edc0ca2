"""How what a learner does once grows with the lab it is done in: CPU time, and the ratio of a large lab to a small one.

Reported in the closing summary. Asserted are ratios alone, and those with room: a search of all lines would be ten times worse.
"""

from ipaddress import IPv4Address

import pytest

import labkit
from labkit.view import TraceExplorer
from tests.benchmarks.cpu import cpu_ms, median_cpu_ms, node, prefixes


def lookup_us(count: int) -> float:
    """A lookup, with its explanation, in a table of so many routes."""
    some = prefixes(count)
    table = labkit.RouteTable.parse("".join(f"{prefix} via 10.0.0.9 dev eth0\n" for prefix in some))
    asked = [IPv4Address(prefix.split("/")[0]) + 1 for prefix in some[:400]]
    assert table.lookup(asked[0]).considered
    return median_cpu_ms(lambda: [table.lookup(address) for address in asked]) / len(asked) * 1000


def test_a_lookup_in_a_large_table_takes_no_longer_than_in_a_small_one(measure):
    small, large = lookup_us(1000), lookup_us(10_000)
    measure(f"a lookup with its explanation among 10,000 routes: {large:.1f} us of CPU (goal: at most 10), "
            f"{large / small:.1f} times as long as among 1,000 (goal: at most 2)")
    assert large < 5 * small


def test_a_route_more_takes_no_longer_in_a_long_table(measure):
    lab = labkit.Lab()
    for line in ("ip link set lo up", "ip link add br0 type bridge", "ip addr add 10.0.0.1/24 dev br0", "ip link set br0 up"):
        assert lab.sh(line).returncode == 0
    lines = [f"ip route add {IPv4Address('20.0.0.0') + 256 * number}/24 via 10.0.0.9" for number in range(3000)]
    lab.sh("ip route")  # loads what the command needs
    hundreds = [cpu_ms(lambda part=lines[n : n + 100]: [lab.sh(line) for line in part]) / 100 for n in range(0, 3000, 100)]
    assert len(lab["host"].main) == 3001
    first, last = min(hundreds[:5]), min(hundreds[-5:])
    measure(f"ip route add: the first {first:.2f} ms of CPU, the 3,000th {last:.2f}: {last / first:.2f} times as long (goal: at most 1.5)")
    assert last < 4 * first


@pytest.mark.parametrize(("namespaces", "change_goal", "edit_goal"), [(7, 8, 10), (30, 15, 20), (201, 60, 120)])
def test_an_explorer_of_a_large_lab(namespaces, change_goal, edit_goal, measure):
    lab = labkit.scenarios.seed_cluster() if namespaces == 7 else node(namespaces - 1)
    assert len(lab.namespaces) == namespaces
    explorer = TraceExplorer(lab, *lab.probes[0])
    to, others = explorer.fields["to"].control, [str(to) for _, to in lab.probes[:2]] * 20
    mtus = iter(range(6000, 7000))

    def change() -> None:
        to.value = others[0] if to.value != others[0] else others[1]

    def edit() -> None:
        explorer._edit(f"ip link set lo mtu {next(mtus)}")

    changed, edited = median_cpu_ms(change), median_cpu_ms(edit, least=1)
    assert not explorer.model.messages and len(explorer.model.edits) > 5
    measure(f"an explorer of {namespaces} namespaces: a change {changed:.1f} ms of CPU (goal: at most {change_goal}), "
            f"an edit {edited:.1f} (goal: at most {edit_goal})")
