"""Daemons started and stopped from the shell, with systemd's words and exit statuses (systemd 252)."""

import pytest

import labkit


@pytest.fixture
def lab():
    return labkit.scenarios.flannel("vxlan")


def answer(lab, line):
    result = lab.sh(line, on="node1")
    return result.returncode, result.stdout + result.stderr


def test_a_daemon_is_stopped_and_started(lab):
    assert answer(lab, "systemctl is-active flanneld") == (0, "active\n")
    assert answer(lab, "systemctl stop flanneld.service") == (0, "")
    assert not lab.daemons["flanneld", "node1"].running
    assert answer(lab, "systemctl is-active flanneld") == (3, "inactive\n")
    assert answer(lab, "service flanneld start") == (0, "")
    assert lab.daemons["flanneld", "node1"].running
    assert answer(lab, "systemctl restart flanneld") == (0, "")


def test_the_status_says_whether_it_runs(lab):
    status, text = answer(lab, "systemctl status flanneld")
    assert status == 0 and "● flanneld.service - Flanneld overlay address etcd agent\n" in text and "Active: active (running)\n" in text
    lab.sh("systemctl stop flanneld", on="node1")
    status, text = answer(lab, "systemctl status flanneld")
    assert status == 3 and "○ flanneld.service" in text and "Active: inactive (dead)\n" in text


@pytest.mark.parametrize(("line", "expected"), [
    ("systemctl start x", (5, "Failed to start x.service: Unit x.service not found.\n")),
    ("systemctl stop x", (5, "Failed to stop x.service: Unit x.service not loaded.\n")),
    ("systemctl restart x", (5, "Failed to restart x.service: Unit x.service not found.\n")),
    ("systemctl status x", (4, "Unit x.service could not be found.\n")),
    ("systemctl is-active x", (3, "inactive\n")),
    ("systemctl start", (1, "Too few arguments.\n")),
    ("systemctl daemon-reload", (0, "")),
    ("systemctl enable --now flanneld", (0, "")),
    ("service x start", (5, "Failed to start x.service: Unit x.service not found.\n")),
    ("journalctl -u x", (0, "-- No entries --\n")),
])  # fmt: skip
def test_a_unit_that_is_not_there_is_refused_in_systemds_words(lab, line, expected):
    assert answer(lab, line) == expected


@pytest.mark.parametrize("line", ["systemctl", "systemctl mask flanneld", "systemctl list-units", "journalctl", "journalctl -fu flanneld"])
def test_what_the_lab_does_not_do_with_daemons_is_refused(lab, line):
    status, text = answer(lab, line)
    assert status and text.startswith("The lab's ")


def test_a_daemon_that_cannot_start_says_why_in_its_log(lab):
    lab.sh("systemctl stop flanneld; ip link set eth0 down; ip addr flush dev eth0", on="node1")
    status, text = answer(lab, "systemctl start flanneld")
    assert status == 1 and text.startswith("Job for flanneld.service failed")
    assert lab.sh("journalctl -u flanneld", on="node1").stdout.startswith("node1 flanneld[")


def test_a_pod_has_no_systemd():
    lab = labkit.scenarios.seed_cluster()
    pod = next(ns.name for ns in lab.namespaces.values() if ns.role in ("pod", "container"))
    assert lab.sh("systemctl status flanneld", on=pod).stderr.startswith("System has not been booted with systemd")


def test_subnet_env_is_a_file_of_the_node_and_stays_when_flanneld_ends(lab):
    daemon = lab.daemons["flanneld", "node1"]
    assert daemon.env and lab.sh("cat /run/flannel/subnet.env", on="node1").stdout == daemon.env
    lab.sh("systemctl stop flanneld", on="node1")
    assert lab.sh("grep SUBNET /run/flannel/subnet.env", on="node1").stdout.startswith("FLANNEL_SUBNET=")
