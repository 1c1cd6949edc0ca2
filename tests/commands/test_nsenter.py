"""nsenter as util-linux 2.38 has it: the namespace of a process, and what it says of slips (asked of the real one)."""

import pytest

import labkit


@pytest.fixture(scope="module")
def lab():
    return labkit.scenarios.docker_host()


@pytest.mark.parametrize("line", [
    "nsenter -t {} -n ip -br addr", "nsenter --target {} --net ip -br addr", "nsenter --target={} -n -- ip -br addr",
    "nsenter -nt {} ip -br addr",
])  # fmt: skip
def test_a_command_runs_in_the_network_of_a_process(lab, line):
    pid = lab.sh("docker inspect -f '{{.State.Pid}}' br1").stdout.strip()
    assert "172.17.0.2/16" in lab.sh(line.format(pid)).stdout


@pytest.mark.parametrize(("line", "said"), [
    ("nsenter -q", "nsenter: invalid option -- 'q'\nTry 'nsenter --help' for more information.\n"),
    ("nsenter --foo", "nsenter: unrecognized option '--foo'\nTry 'nsenter --help' for more information.\n"),
    ("nsenter -n true", "nsenter: neither filename nor target pid supplied for ns/net\n"),
    ("nsenter -t 99999 -n true", "nsenter: cannot open /proc/99999/ns/net: No such file or directory\n"),
    ("nsenter -t x -n true", "nsenter: failed to parse pid: 'x'\n"),
    ("nsenter -t", "nsenter: option requires an argument -- 't'\nTry 'nsenter --help' for more information.\n"),
    ("nsenter -t 1 -n", "The lab opens no shell"),
])  # fmt: skip
def test_slips_are_refused_as_the_real_one_refuses_them(lab, line, said):
    result = lab.sh(line)
    assert result.returncode == 1 and result.stderr.startswith(said)


def test_a_command_that_is_not_there(lab):
    assert lab.sh("nsenter -t 1 -n vim").returncode == 127
