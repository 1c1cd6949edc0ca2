"""Labs larger than any lesson's: what they take to build, and a packet to cross them. `make bench` runs this file, `make test` does not."""

import pytest

import labkit
from tests.benchmarks.cpu import cluster, cpu_ms
from tests.benchmarks.test_realize import compared, star


def test_a_cluster_of_200_nodes_with_vxlan(measure):
    lab, took = cluster("vxlan", 200)
    measure(f"flannel vxlan on 200 nodes: built in {took:.1f} s of CPU (goal: at most 5)")
    pairs = [(lab.probes[n][0], lab.probes[199 - n][1]) for n in range(0, 100, 5)]
    traces = []
    cold = cpu_ms(lambda: traces.extend(lab.trace(*pair) for pair in pairs)) / len(pairs)
    assert all(trace.answered for trace in traces)
    assert min(len(trace.steps) for trace in traces) > 400, "each asks all 200 nodes"
    measure(f"a cold trace there: {cold:.1f} ms of CPU (goal: at most 8)")


def test_a_cluster_of_500_nodes_with_udp(measure):
    _, took = cluster("udp", 500)
    measure(f"flannel udp on 500 nodes: built in {took:.1f} s of CPU (goal: at most 5)")


def test_a_thousand_containers(measure):
    lab = labkit.scenarios.docker_host()
    lab.sh("docker network create --subnet 10.9.0.0/16 wide")
    hundreds = [cpu_ms(lambda: [lab.sh("docker run -d --network wide nginx") for _ in range(100)]) / 100 for _ in range(10)]
    assert lab.sh("docker ps -q").stdout.count("\n") >= 1000
    measure(f"docker run: the first hundred {hundreds[0]:.2f} ms of CPU each, the tenth {hundreds[-1]:.2f} (goal: at most 3)")


@pytest.mark.needs("namespaces")
def test_realizing_a_star_of_200_namespaces(tmp_path, measure):
    measure(compared("a star of 200 namespaces", star(200), tmp_path, 3, 0.5))
