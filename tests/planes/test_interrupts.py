"""Ctrl-C between two lines of a plane: what was begun is undone or can be undone, and nobody is blamed for later lines."""

import pytest

from labkit import Docker, Lab, scenarios
from labkit.planes import writing
from labkit.tables.values import YOU


def docker_lab() -> Lab:
    lab = Lab()
    Docker(lab)
    lab.sh("docker network create net1; docker run -d --name old -p 80 tiny:1 sleep 9")
    return lab


def flannel_lab(backend: str) -> Lab:
    lab = scenarios.flannel(backend)
    lab.daemons["flanneld", "node1"].stop()
    lab.sh("ip link del flannel.1", on="node1")
    return lab


ACTIONS = {
    "docker run": (docker_lab, lambda lab: lab.sh("docker run -d --name one -p 8080:80 tiny:1 sleep 9")),
    "docker network create": (docker_lab, lambda lab: lab.sh("docker network create net2")),
    "docker network connect": (docker_lab, lambda lab: lab.sh("docker network connect net1 old")),
    "docker restart": (docker_lab, lambda lab: lab.sh("docker restart old")),
    "dockerd": (docker_lab, lambda lab: (lab.daemons["docker", "host"].stop(), lab.daemons["docker", "host"].start())),
    **{b: (lambda b=b: flannel_lab(b), lambda lab: lab.daemons["flanneld", "node1"].start()) for b in ("udp", "vxlan", "host-gw")},
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("after", [False, True])
def test_an_interrupt_leaves_nothing_that_is_in_the_way_of_the_next_try(action, after, monkeypatch):
    make, act = ACTIONS[action]
    real = writing.run
    for number in range(30):
        lab, calls = make(), iter(range(10**6))

        def run(*how, number=number, calls=calls, **more):
            """The line of that number is cut before or after it."""
            mine = next(calls) == number
            if mine and not after:
                raise KeyboardInterrupt
            real(*how, **more)
            if mine:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(writing, "run", run)
            try:
                act(lab)
                break
            except KeyboardInterrupt:
                pass
        assert lab.origin == YOU
        for line in ("ip -d addr; ip route; ip neigh; bridge fdb", "docker ps -a; docker network ls"):
            assert lab.sh(line).returncode in (0, 1, 127)
        for probe in lab.probes:
            lab.trace(*probe)
        _goes_on(lab)
    assert number > 0 or action == "host-gw"


def _goes_on(lab: Lab) -> None:
    """Everything can be removed and made again."""
    for (name, _), daemon in lab.daemons.items():
        daemon.start()
        assert daemon.running, name
    if ("docker", "host") not in lab.daemons:
        assert all(lab.trace(*probe).answered for probe in lab.probes)
        return
    lab.sh("docker rm -f old; docker rm -f one; docker network rm net1; docker network rm net2")
    assert list(lab.namespaces) == ["host"] and "veth" not in lab.sh("ip link").stdout and not list(lab["host"].listeners)
    assert lab.sh("docker run -d --name one -p 80 tiny:1 sleep 9; docker exec one ping -c 1 172.17.0.1").returncode == 0
    assert lab.sh("docker inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' one").stdout == "172.17.0.2\n"
