"""etcdctl, v2 and v3, against the real one's recorded answers (tests/recordings/etcd)."""

import re
from pathlib import Path

import pytest

from labkit import Lab
from labkit.commands.result import Context
from labkit.commands.shell import run_argv
from labkit.errors import BadInput
from labkit.planes.etcd import Etcd

RECORDINGS = Path(__file__).parent.parent / "recordings" / "etcd"


def session(api: int) -> list[tuple[str, str]]:
    text = (RECORDINGS / f"etcdctl-v{api}.txt").read_text()
    return [tuple(block.split("\n", 1)) for block in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]


@pytest.mark.parametrize("api", [2, 3])
def test_a_whole_session_is_answered_as_recorded(api):
    lab = Lab()
    Etcd(lab, "host", api)
    for command, recorded in session(api):
        shown = run_argv(Context(lab, lab["host"]), command.split(" "))
        hints = [line for line in shown.stderr.splitlines() if not line.startswith("The lab's etcdctl")]
        answer = [*shown.stdout.splitlines(), *(f"STDERR: {line}" for line in hints), f"rc={shown.returncode}"]
        assert answer == recorded.splitlines(), command


def test_an_unknown_command_says_what_there_is():
    lab = Lab()
    Etcd(lab, "host", 2)
    assert "understands: get, ls, mk, rm, set" in lab.sh("etcdctl put /x y").stderr
    Etcd(lab, "host", 3)
    assert "understands: del, get, put" in lab.sh("etcdctl ls").stderr


def test_on_another_machine_nobody_answers():
    lab = Lab("master", "node")
    Etcd(lab, "master", 2)
    shown = lab.sh("etcdctl ls", on="node")
    assert shown.returncode == 2 and "dial tcp 127.0.0.1:2379: connect: connection refused" in shown.stderr
    Etcd(lab, "master", 3)
    assert lab.sh("etcdctl get /x", on="node").stderr == "Error: context deadline exceeded\n"


def test_a_key_with_a_ttl_goes_when_its_time_has_come():
    lab = Lab()
    Etcd(lab, "host", 2)
    lab.sh("etcdctl set /x y --ttl 2")
    assert lab.sh("sleep 1.5; etcdctl get /x").stdout == "y\n"
    assert lab.sh("sleep 1; etcdctl get /x").returncode == 4
    lab.sh("etcdctl set /x y --ttl 2; etcdctl set /x z; sleep 5")
    assert lab.sh("etcdctl get /x").stdout == "z\n", "set again without a TTL, it stays"


def test_there_are_two_apis():
    with pytest.raises(BadInput, match="2 or 3"):
        Etcd(Lab(), "host", 4)
