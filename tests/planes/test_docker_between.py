"""Engines between the two that the lab has, 26 and 28: their recorded rules are read as they are, and decide as they did."""

import re

import pytest

from .docker_host import RECORDINGS, typed
from .test_docker_29 import host

STAGES = ("1-one-bridge-container", "2-modes", "3-networks-empty")
SAVED = [(version, stage) for version in (26, 28) for stage in STAGES]


def recorded(version: int, path: str) -> str:
    return (RECORDINGS.parent / f"docker-{version}" / path).read_text()


def tables(text: str) -> list[str]:
    """What iptables-save says of each table."""
    return sorted(re.sub(r"#.*\n", "", text).split("COMMIT\n"))


@pytest.mark.parametrize(("version", "stage"), SAVED)
def test_recorded_rules_are_read_and_printed_to_the_byte(version, stage):
    saved = recorded(version, f"host/{stage}/iptables-save.txt")
    lab = with_rules(version, stage)
    assert tables(typed(lab, "iptables-save -c")) == tables(saved)
    for part in re.split(r"^# ", recorded(version, f"host/{stage}/iptables-S.txt"), flags=re.MULTILINE)[1:]:
        table, _, listed = part.partition("\n")
        assert typed(lab, f"iptables -t {table} -S") == listed


def with_rules(version: int, stage: str):
    """29's host up to a stage, that writes no rules of its own, with the recorded ones."""
    lab = host(stage, iptables=False)
    result = lab.sh("iptables-restore -c", stdin=recorded(version, f"host/{stage}/iptables-save.txt"))
    assert not result.returncode, result.stderr
    return lab


def rows(version: int, name: str, *sources: str) -> list[list[str]]:
    """Those of a table whose target is a container on the default bridge, and whose source is one of these."""
    split = [line.split("\t") for line in recorded(version, name).splitlines()]
    return [[*row, "", ""] for row in split if row[0] in sources and any(re.match(r"172\.17\.", word) for word in row)]


@pytest.mark.parametrize("version", [26, 28])
def test_whoever_was_let_through_is_and_nobody_else(version):
    lab = with_rules(version, "2-modes")
    for name in ("pub1", "pub2"):
        typed(lab, f"docker exec -d {name} nc -lk {80 if name == 'pub1' else 9000}")
    for source, what, target, address, status, *_ in rows(version, "direct.tsv", "outside", "host"):
        port = target.partition(":")[2]
        line = f"ping -n -c 1 -W 1 {address}" if what == "ping" else f"curl -s -m 3 http://{address}:{port}/"
        expected = {"rc=0": 0, "rc=1": 1 if what == "ping" else 7, "rc=124": 28}[status]
        assert lab.sh(line, on=source).returncode == expected, (source, what, target)
    for source, target, address, status, *_ in rows(version, "pings.tsv", "br1", "br2", "pub1"):
        assert lab.sh(f"docker exec {source} ping -n -c 1 -W 1 {address}").returncode == int(status != "rc=0"), (source, target)
