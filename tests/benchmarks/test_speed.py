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


def python(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)


def test_importing_labkit(measure):
    labkit, nothing = median_ms(lambda: python("import labkit"), 7), median_ms(lambda: python("pass"), 7)
    measure(f"import labkit: {labkit - nothing:.0f} ms (goal: under 100)")


def test_a_trace_across_the_seed_cluster(measure):
    import labkit

    lab = labkit.scenarios.seed_cluster()
    took = median_ms(lambda: lab.trace("wp-mysql-t5w0m", "10.20.92.11"), 50)
    measure(f"trace 10.20.37.5 -> 10.20.92.11 across the seed cluster: {took:.2f} ms (goal: under 5)")


def test_building_the_seed_cluster(measure):
    import labkit

    measure(f"building the seed cluster: {median_ms(labkit.scenarios.seed_cluster, 5):.1f} ms")
