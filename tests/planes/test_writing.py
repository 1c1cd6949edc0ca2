"""A plane hands words to a command: nothing of somebody else's is run, and a line written quickly is the line that was typed."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from labkit import Lab, LabError, scenarios
from labkit.planes import writing
from labkit.planes.flannel import Lease
from labkit.tables.values import alike

EVIL = (
    "$(ip link del eth0)", "`ip link del eth0`", "1; ip link del eth0", "1\nip link del eth0",
    "02:00:00:00:00:01 dev eth0", "{}", "{0.lab}",
)  # fmt: skip
PREFIX = "/coreos.com/network"


def test_each_value_stays_one_word_and_the_command_is_quoted():
    lab = Lab()
    writing.run(lab, lab["host"], "docker", "ip link add name {} address 02:00:00:00:00:{} type bridge", "a;b", "07")
    assert lab["host"].find("a;b").mac == "02:00:00:00:00:07"
    assert str(lab["host"].find("a;b").origin) == "docker: ip link add name 'a;b' address 02:00:00:00:00:07 type bridge"
    with pytest.raises(LabError, match="docker on host: `ip link add name 'a;b' type bridge`: RTNETLINK answers: File exists"):
        writing.run(lab, lab["host"], "docker", "ip link add name {} type bridge", "a;b")
    writing.run(lab, lab["host"], "docker", "ip link add name {} type bridge", "a;b", fine="File exists")


@pytest.mark.parametrize("backend", ["udp", "vxlan", "host-gw"])
@pytest.mark.parametrize("value", EVIL)
def test_no_part_of_a_lease_is_run_as_a_command(backend, value):
    lab = scenarios.flannel(backend)
    store = lab.daemons["etcd", "node1"].store
    good = f'"PublicIP":"192.168.90.3","BackendType":"{backend}"'
    escaped = value.replace("\n", "\\n")
    for key, lease in (
        ("10.1.31.0-24", f'{{{good},"BackendData":{{"VtepMAC":"{escaped}"}}}}'),
        ("10.1.32.0-24", f'{{"PublicIP":"{escaped}","BackendType":"{backend}","BackendData":{{"VtepMAC":"02:00:00:00:00:01"}}}}'),
        ("10.1.33.0-24", f'{{"PublicIP":"192.168.90.3","BackendType":"{escaped}"}}'),
        (f"10.1.34.0-24{value}", f"{{{good}}}"),
    ):
        store.put(f"{PREFIX}/subnets/{key}", lease)
        store.delete(f"{PREFIX}/subnets/{key}")
    for node in ("node1", "node2"):
        assert lab[node].find("eth0") is not None and lab.daemons["flanneld", node].log
    assert lab.trace(*lab.probes[0]).answered


@pytest.mark.parametrize("backend", ["vxlan", "host-gw"])
def test_a_line_written_without_parsing_is_the_line_that_the_command_writes(backend, monkeypatch):
    quick = _busy(backend)
    with monkeypatch.context() as patch:
        patch.setattr(writing, "write", lambda verb, *how: writing.run(*how))
        typed = _busy(backend)
    assert alike(quick, typed), "the same lines in the same order, down to who wrote them and how"
    assert [d.log for d in quick.daemons.values()] == [d.log for d in typed.daemons.values()]
    assert any("flanneld on node1: `" in line for line in quick.daemons["flanneld", "node1"].log) or backend == "host-gw"


def _busy(backend: str) -> Lab:
    """Leases come, move, fail and go."""
    lab = scenarios.flannel(backend)
    registry = lab.daemons["flanneld", "node1"].registry

    def put(number: int, node: int, mac: str = "02:00:00:00:99:99") -> None:
        data = {"VNI": 1, "VtepMAC": mac} if backend == "vxlan" else {}
        lease = Lease(IPv4Network(f"10.1.{number}.0/24"), IPv4Address(f"192.168.90.{node}"), backend, data)
        registry.store.put(registry.path(lease), lease.value())

    put(30, 3)
    put(31, 4)
    put(30, 5)
    put(31, 4, "02-00-00-00-99-98")
    lab.sh("ip link set flannel.1 down; ip link set eth0 down", on="node2")
    put(32, 6)
    put(33, 1)
    put(34, 0)
    lab.sh("ip link set flannel.1 down", on="node1")
    put(35, 7)
    lab.sh("sleep 11")
    registry.store.delete(f"{PREFIX}/subnets/10.1.31.0-24")
    return lab
