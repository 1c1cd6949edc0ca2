"""Realizing a lab, taps and all, against what `ip -batch` needs for the same lines in the same run.

Reported as a ratio in the closing summary, not asserted: it is a matter of what else the machine does.
"""

import subprocess
import time
from statistics import median

import pytest

import labkit

UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

GOAL = 1.44
ROUNDS = 9


def lines() -> list[tuple[str, str]]:
    """Two nodes with two pods each, and vxlan between them: (namespace, line)."""
    found = []
    for node in ("n1", "n2"):
        found.append(("host", f"netns add {node}"))
    found.append(("host", "link add eth0 netns n1 type veth peer name eth0 netns n2"))
    for number in (1, 2):
        node, other = f"n{number}", 3 - number
        found += [
            (node, line)
            for line in (
                "link set lo up",
                f"addr add 192.168.7.{number}/24 dev eth0",
                "link set eth0 up",
                "link add cni0 type bridge",
                f"addr add 10.{number}.0.1/24 dev cni0",
                "link set cni0 up",
                f"link add flannel.1 address 02:aa:00:00:00:0{number} "
                f"type vxlan id 1 local 192.168.7.{number} dev eth0 dstport 8472 nolearning",
                f"addr add 10.{number}.0.0/32 dev flannel.1",
                "link set flannel.1 up",
            )
        ]
        for pod in (1, 2):
            name = f"p{number}{pod}"
            found += [
                ("host", f"netns add {name}"),
                ("host", f"link add eth0 netns {name} type veth peer name v{pod} netns {node}"),
            ]
            found += [(node, f"link set v{pod} master cni0"), (node, f"link set v{pod} up")]
            found += [
                (name, line)
                for line in (
                    "link set lo up",
                    f"addr add 10.{number}.0.{pod + 1}/24 dev eth0",
                    "link set eth0 up",
                    f"route add default via 10.{number}.0.1",
                )
            ]
        found += [
            (node, f"neigh add 10.{other}.0.0 lladdr 02:aa:00:00:00:0{other} dev flannel.1"),
            (node, f"route add 10.{other}.0.0/24 via 10.{other}.0.0 dev flannel.1 onlink"),
        ]
    return found


def batch_ms(folder, some: list[tuple[str, str]]) -> float:
    """Milliseconds that `ip -batch` takes, a file for each namespace, in namespaces that vanish afterwards."""
    files: dict[str, list[str]] = {}
    for on, line in some:
        files.setdefault(on, []).append(line)
    commands = ["mount -t tmpfs t /run", "mkdir /run/netns", "a=$(date +%s%N)"]
    for on, typed in files.items():
        (folder / on).write_text("\n".join(typed) + "\n")
        commands.append(f"ip {'' if on == 'host' else f'-n {on} '}-batch {folder / on}")
    script = " && ".join([*commands, "echo $(($(date +%s%N) - a))"])
    done = subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1e6


def star(pods: int) -> list[tuple[str, str]]:
    """A bridge with so many namespaces at it: (namespace, line)."""
    found = [("host", "link add br0 type bridge"), ("host", "addr add 10.0.0.1/16 dev br0"), ("host", "link set br0 up")]
    for pod in range(pods):
        name = f"p{pod}"
        found += [("host", f"netns add {name}"), ("host", f"link add v{pod} type veth peer name eth0 netns {name}")]
        found += [("host", f"link set v{pod} master br0 up"), (name, "link set lo up")]
        found += [(name, f"addr add 10.0.{1 + pod // 250}.{1 + pod % 250}/16 dev eth0"), (name, "link set eth0 up")]
    return found


@pytest.mark.needs("namespaces", "vxlan")
def test_realizing_two_nodes_with_four_pods(tmp_path, measure):
    measure(compared("two nodes with four pods", lines(), tmp_path, ROUNDS, GOAL))


def compared(what: str, typed: list[tuple[str, str]], folder, rounds: int, goal: float) -> str:
    """What both take, in a sentence."""
    lab = labkit.Lab()
    for on, line in typed:
        assert lab.sh(f"ip {line}", on=on).returncode == 0, line

    def realize_ms() -> float:
        start = time.perf_counter()
        real = lab.realize()
        took = (time.perf_counter() - start) * 1000
        real.close()
        return took

    realize_ms()  # the first one loads pyroute2
    pairs = [(realize_ms(), batch_ms(folder, typed)) for _ in range(rounds)]
    ratio = median(ours / theirs for ours, theirs in pairs)  # pair by pair: what else the machine does, it does to both
    ours, theirs = (min(column) for column in zip(*pairs, strict=True))
    return (
        f"realizing {what}, {len(typed)} lines: {ours:.0f} ms, ip -batch {theirs:.0f} ms: "
        f"{ratio:.2f} times as long (goal: at most {goal:g})"
    )
