"""What Docker's rules do is what they do in the kernel: published ports, masquerading, networks kept apart, for both engines."""

from itertools import product

import pytest

import labkit
from tests.planes.docker_host import machine, typed

pytestmark = pytest.mark.needs("namespaces", "iptables")

PROBES = [
    ("outside", "192.168.77.2", {"proto": "tcp", "port": 8080}), ("outside", "192.168.77.2", {"proto": "tcp", "port": 9000}),
    ("host", "192.168.77.2", {"proto": "tcp", "port": 8080}), ("one", "192.168.77.2", {"proto": "tcp", "port": 8080}),
    ("web", "192.168.77.2", {"proto": "tcp", "port": 8080}), ("n1", "192.168.77.2", {"proto": "tcp", "port": 8080}),
    ("one", "192.168.77.1", {}), ("one", "192.168.77.1", {"proto": "udp"}), ("one", "192.168.77.1", {"ttl": 1}),
    ("n1", "172.17.0.2", {}), ("n1", "172.18.0.3", {"proto": "tcp", "port": 80}), ("outside", "172.17.0.2", {}),
    ("outside", "172.17.0.3", {"proto": "tcp", "port": 80}), ("inner", "192.168.77.1", {}), ("host", "172.19.0.2", {}),
]  # fmt: skip


@pytest.fixture(scope="module", params=[{}, {"version": "20.10"}, {"userland_proxy": False}, {"icc": False}], ids=str)
def lab(request):
    lab = machine()
    labkit.Docker(lab, **request.param)
    for line in (
        "docker run -d --name one tiny:1 sleep 9", "docker run -d --name web -p 8080:80 lab/web", "docker network create net1",
        "docker run -d --name n1 --network net1 tiny:1 sleep 9", "docker run -d --name n2 --network net1 -p 9000:80 -p 9001:81 lab/web",
        "docker network create --internal inside", "docker run -d --name inner --network inside tiny:1 sleep 9",
    ):  # fmt: skip
        typed(lab, line)
    return lab


@pytest.mark.parametrize(("source", "to", "how"), PROBES)
def test_the_kernel_does_what_the_lab_says(lab, source, to, how):
    judged = labkit.kernel.judge(lab.copy(), source, to, **how)
    assert judged.compared is not None and judged.compared.same, judged.compared or judged.why


@pytest.mark.needs("curl")
def test_a_real_client_reads_what_the_labs_does(lab):
    """Also where a docker-proxy stands between the two; behind port 9001 it finds nobody."""
    asked = (("outside", 8080), ("host", 8080), ("web", 8080), ("n1", 8080), ("outside", 9000), ("host", 9001), ("n1", 9001))
    with lab.realize() as real:
        for (source, port), address in product(asked, ("192.168.77.2", "127.0.0.1")):
            line = f"curl -s -m 2 http://{address}:{port}/"
            read, predicted = real.sh(line, on=source), lab.copy().sh(line, on=source)
            assert (read.returncode, read.stdout) == (predicted.returncode, predicted.stdout), (line, source)
