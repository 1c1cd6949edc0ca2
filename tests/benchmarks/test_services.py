"""What kube-proxy's work costs on three nodes with 1,000 Services of 3 endpoints: all of them at once, and one that changes."""

import statistics

import labkit
from tests.benchmarks.cpu import cpu_ms
from tests.planes.services_recorded import RECORDINGS, kubectl, server

PORTS = [{"port": 80, "targetPort": 8080}]


def service(number: int, **words) -> dict:
    """A Service of the three pods web-a, web-b and web-c."""
    meta, spec = {"name": f"s{number}", "namespace": "default"}, {"selector": {"app": "web"}, "ports": PORTS, **words}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def endpoints(number: int, *addresses: str) -> dict:
    """Those of a Service without a selector, as somebody writes them."""
    subsets = [{"addresses": [{"ip": address} for address in addresses], "ports": [{"port": 8080}]}]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": f"s{number}", "namespace": "default"}, "subsets": subsets}


def test_one_service_of_a_thousand_changes(measure):
    nodes = {f"k8s-node{number}": f"192.168.138.{220 + number}" for number in (1, 2, 3)}
    lab = labkit.scenarios.cluster(nodes=nodes, pod_cidrs={})
    kubectl(lab, "apply -f -", (RECORDINGS / "workload.yaml").read_text())
    api = server(lab)

    def all_of_them() -> None:
        with api.changing():
            for number in range(1000):
                api.apply(service(number))

    many = cpu_ms(all_of_them)
    api.apply(service(2000, selector={}))
    outside = [f"192.0.2.{number}" for number in (1, 2, 3)]
    changes = {
        "is added": lambda n: api.apply(service(1000 + n)),
        "gets affinity": lambda n: api.apply(service(100 * n, sessionAffinity="ClientIP")),
        "gets or loses an endpoint": lambda n: api.apply(endpoints(2000, *outside[n % 2 :])),
        "is deleted": lambda n: api.delete("Service", f"s{100 * n + 50}", "default"),
    }
    took = {what: statistics.median(cpu_ms(lambda n=n, run=run: run(n)) for n in range(9)) for what, run in changes.items()}
    measure(f"kube-proxy on three nodes, 1,000 Services of 3 endpoints: {many / 1000:.1f} s of CPU (goal: under 10); when one "
            + ", ".join(f"{what} {ms:.0f} ms" for what, ms in took.items()) + " (goal: 20)")
    text = lab.sh("iptables-save -t nat", on="k8s-node2").stdout
    assert text.count("default/s1008 cluster IP") == 2 and "default/s850 " not in text
    assert text.count("default/s2000 -> ") == 3 and "--name KUBE-SEP" in text
    assert max(took.values()) < many / 25
