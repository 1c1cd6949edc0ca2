"""Every line ends soon, whatever its numbers, digits and depths: Docker's client, templates and published ports; etcdctl."""

import shlex
import time

import pytest

import labkit
from labkit.commands.result import Context
from labkit.commands.shell import run_argv
from labkit.planes.docker.template import render

NINES = "9" * 5000
#: What no tool takes for a number, though Python would, or would choke on.
ODD = ("²", "٣", NINES, f"-{NINES}", "1_6", " 1", "1e5", "0x")


def quickly(lab: labkit.Lab, line: str, on: str | None = None):
    start = time.process_time()
    result = lab.sh(line, on=on)
    assert time.process_time() - start < 4, "2 s are promised; the rest is for a busy machine"
    return result


DATA = {"Name": "/one", "List": list(range(50)), "Map": {str(n): {"n": n} for n in range(50)}, "Up": True, "Number": 5}


@pytest.mark.parametrize(("template", "complaint"), [
    ("{{range .Up}}x{{end}}", "range can't iterate over true"),
    ("{{range .Map}}{{range .}}{{range .}}x{{end}}{{end}}{{end}}", "range can't iterate over 0"),
    ("{{range .Name}}x{{end}}", "range can't iterate over /one"),
    ("{{" + "(" * 2000 + "}}", "50 blocks or parentheses deep"),
    ("{{if 1}}" * 1000, "50 blocks or parentheses deep"),
    ("{{if 1}}" * 2000, "up to 10,000 characters: this one has 16,000"),
    ("{{--5}}", 'bad number syntax: "--5"'), ("{{" + NINES + "}}", "bad number syntax"), ("{{²}}", "²"), ("{{٣}}", "٣"),
    ("{{index .List -1}}", "error calling index"), ("{{index .List 50}}", "error calling index"),
    ("{{range $.List}}" * 7 + "x" + "{{end}}" * 7, "cuts a template short"),
    ("{{range $}}{{range $.Map}}{{range $.Map}}{{range $.Map}}{{end}}{{end}}{{end}}{{end}}", "cuts a template short"),
    ("{{range $.Map}}{{range $.Map}}{{range $.Map}}{{len \"" + "1" * 4000 + "\"}}{{end}}{{end}}{{end}}", "cuts a template short"),
    ("{{range .Map}}{{range $.Map}}{{len (json $)}}{{end}}{{end}}", "cuts a template short"),
    ("{{" + " " * 9000, "unclosed action"), ("{{" * 4000, "unclosed action"), ("{{range}}{{end}}", "missing value"),
])  # fmt: skip
def test_a_template_ends_and_says_what_cut_it_short(template, complaint):
    start = time.process_time()
    with pytest.raises(labkit.LabError) as refused:
        render(template, DATA)
    assert complaint in str(refused.value) and len(str(refused.value)) < 300 and time.process_time() - start < 4


def test_blocks_and_parentheses_may_stand_in_one_another():
    assert render("{{if 1}}" * 40 + "x" + "{{end}}" * 40, DATA) == "x"
    assert render("{{" + "(" * 40 + ".Number" + ")" * 40 + "}}", DATA) == "5"
    assert render("{{range .List}}{{range $.List}}x{{end}}{{end}}", DATA) == "x" * 2500


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_number_is_refused_as_go_refuses_it(odd):
    lab = labkit.scenarios.docker_host()
    for line in (
        "docker run -d -p '{}:80' tiny:1 sleep 9", "docker run -d -p '80:{}' tiny:1 sleep 9", "docker run -d -p '1-{}:80' tiny:1 sleep 9",
        "docker run -d --expose '{}' tiny:1 sleep 9", "docker ps -n '{}'", "docker run -d --restart 'on-failure:{}' tiny:1 sleep 9",
        "docker network create --subnet '10.9.0.0/{}' n1", "docker network create --subnet '10.9.{}.0/24' n2",
        "docker network create -o 'com.docker.network.driver.mtu={}' n3",
    ):  # fmt: skip
        refused = quickly(lab, line.format(odd))
        assert refused.returncode in (1, 125) and refused.stderr, line
    for cluster, on, line in (
        (labkit.scenarios.seed_cluster(), "k8s-master", "etcdctl set --ttl '{}' /a b"),
        (labkit.scenarios.flannel(), "node1", "etcdctl get --limit '{}' /a"),
    ):
        refused = quickly(cluster, line.format(odd), on=on)
        assert refused.returncode == 1 and "strconv.ParseInt: parsing" in refused.stderr


@pytest.mark.parametrize("ports", ["-p 1-65535:1-65535", "-P --expose 1-8000", "-P --expose 1-65535", "-p 1-65535", "-p 1-65535:80",
                                   "-p 1-65535:1-65535 " * 50, "--expose 1-65535 " * 50])  # fmt: skip
def test_ranges_of_ports_are_published_or_refused_soon(ports):
    lab = labkit.Lab()
    labkit.Docker(lab)
    quickly(lab, f"docker run -d --name one {ports} tiny:1 sleep 9")
    for line in ("docker ps", "docker ps --format '{{.Ports}}'", "docker inspect one", "docker rm -f one"):
        quickly(lab, line)
    assert not list(lab["host"].listeners)
    assert quickly(lab, "docker run -d -p 1-3:1-3 -p 80 tiny:1 sleep 9").returncode == 0
    assert "1-3->1-3/tcp" in lab.sh("docker ps").stdout and "32768->80/tcp" in lab.sh("docker ps").stdout


def test_a_range_with_one_port_taken_publishes_nothing():
    lab = labkit.Lab()
    labkit.Docker(lab)
    lab.sh("nc -l 1700")
    before = list(lab["host"].listeners)
    refused = lab.sh("docker run -d -p 1600-1800:1600-1800 tiny:1 sleep 9")
    assert refused.returncode == 125 and "failed to bind host port 0.0.0.0:1700/tcp: address already in use" in refused.stderr
    assert list(lab["host"].listeners) == before
    assert "32769->80/tcp" in lab.sh("docker run -d -p 80 -p 80 tiny:1 sleep 9; docker ps").stdout


def test_keys_of_etcd_have_a_longest_one_and_any_depth_below_it():
    lab = labkit.scenarios.seed_cluster()
    assert "keys of up to 2,000 characters" in quickly(lab, "etcdctl set " + "/a" * 5000 + " b").stderr
    for number in range(20):
        assert quickly(lab, f"etcdctl set {'/b' * 990}/{number} c").returncode == 0
    shown = quickly(lab, "etcdctl ls /b --recursive").stdout.splitlines()
    assert len(shown) == 989 + 20 and shown[0] == "/b/b" and shown[-1].endswith("/19")
    assert quickly(lab, "etcdctl rm /b --recursive").returncode == 0 and "/b" not in lab.sh("etcdctl ls /").stdout.split()
    other = labkit.scenarios.flannel("vxlan")
    assert "keys of up to 2,000 characters" in quickly(other, f"etcdctl put {'k' * 2001} v", on="node1").stderr


@pytest.mark.parametrize("scenario, on, lines", [
    ("seed_cluster", "k8s-master", ("etcdctl set /\ud800 b", "etcdctl ls / --sort", "etcdctl get /\ud800", "kubectl get \ud800")),
    ("flannel", "node1", ("etcdctl put \ud800 \udfff", "etcdctl get --prefix ''", "etcdctl get --from-key \ud800", "etcdctl del \ud800")),
    ("docker_host", "host", ("docker network create \ud800", "docker run -d --network \ud800 tiny:1 sleep 9", "docker inspect \ud800",
                             "docker run -d --hostname \ud800 --name ok tiny:1 sleep 9", "docker network rm \ud800")),
])  # fmt: skip
def test_half_a_character_in_a_word_is_a_character(scenario, on, lines):
    lab = getattr(labkit.scenarios, scenario)()
    for line in lines:
        assert run_argv(Context(lab, lab[on]), shlex.split(line)).returncode in (0, 1)


def test_no_image_name_takes_long():
    lab = labkit.Lab()
    labkit.Docker(lab)
    assert quickly(lab, f"docker run -d a{'.' * 5000}! sleep 9").returncode == 125
    assert quickly(lab, f"docker run -d registry:5000/a/b_c.d:v1.2-{'x' * 5000}@sha256:00 sleep 9").returncode == 0


def test_a_filter_by_name_takes_no_longer_than_the_names_are_long():
    lab = labkit.scenarios.docker_host()
    assert "names of up to 240 characters" in lab.sh(f"docker run -d --name {'a' * 241} tiny:1 sleep 9").stderr
    lab.sh(f"docker run -d --name {'a' * 240} tiny:1 sleep 9; docker network create net1")
    lab.sh("docker run -d --name one --network net1 tiny:1 sleep 9")
    for pattern, count in (("^/?br[12]$", 2), ("(a+)+b", 0), ("(a+)+$", 1), ("(a*)*(a*)*z", 0), ("r1", 1), ("^b", 2), ("", 8)):
        shown = quickly(lab, f"docker ps --filter 'name={pattern}' --format '{{{{.Names}}}}'")
        assert (shown.returncode, len(shown.stdout.split())) == (0, count), pattern
    for wrong in ("(", "[a", "a{9000}", "(" * 500):
        assert quickly(lab, f"docker ps --filter 'name={wrong}'").returncode == 1, wrong
    lab.sh("docker stop one; docker network rm net1")
    assert lab.sh("docker ps -a --filter network=net1 --format '{{.Names}}'").stdout == "one\n"
