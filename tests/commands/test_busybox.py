"""wget and nslookup as busybox has them, as far as no recording shows it (tests/planes/test_docker_29.py has those)."""

import pytest

import labkit


@pytest.fixture
def lab():
    return labkit.scenarios.docker_host()


@pytest.mark.parametrize("line", [
    "wget -qO- http://127.0.0.1:8080/", "wget -q -O - 127.0.0.1:8080", "wget -q http://127.0.0.1:8080/a.txt; cat a.txt",
])  # fmt: skip
def test_a_page_is_printed_or_stored(lab, line):
    assert lab.sh(line).stdout == "name=pub1 client=172.17.0.1\n"


@pytest.mark.parametrize(("line", "said"), [
    ("wget -q http://nosuch/", "wget: bad address 'nosuch'\n"), ("wget -q -T 1 http://192.168.77.99/", "wget: download timed out\n"),
    ("wget -q http://127.0.0.1:99999/", "wget: bad port spec '99999'\n"), ("wget -T x http://1.2.3.4/", "wget: invalid number 'x'\n"),
    ("wget https://x/", "wget: not an http or ftp url: https://x/\n"), ("wget", "Usage: wget "),
    ("wget -z x", "wget: invalid option -- 'z'\n"),
    ("wget -q -O /nosuch/x 127.0.0.1:8080", "wget: can't open '/nosuch/x': No such file or directory\n"),
    ("nslookup", "Usage: nslookup "), ("nslookup a b c", "Usage: nslookup "), ("nslookup br1 y", "nslookup: bad address 'y'\n"),
])  # fmt: skip
def test_slips_are_refused(lab, line, said):
    result = lab.sh(line)
    assert result.returncode == 1 and result.stderr.startswith(said)


def test_an_address_is_asked_for_its_name(lab):
    lab.sh("docker network create net1; docker run -d --name n1 --network net1 tiny:1 sleep 9")
    assert "2.0.18.172.in-addr.arpa\tname = n1.net1\n" in lab.sh("docker exec n1 nslookup 172.18.0.2").stdout
