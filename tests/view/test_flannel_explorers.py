"""The LeaseExplorer and the EncapExplorer, without a browser."""

from xml.etree import ElementTree

import pytest

from labkit import LabError
from labkit.view.encap_explorer import EncapExplorer
from labkit.view.lease_explorer import LeaseExplorer


@pytest.fixture
def leases():
    return LeaseExplorer()


@pytest.mark.parametrize(("backend", "length", "largest"), [("none", 84, 1472), ("udp", 112, 1444), ("vxlan", 134, 1422)])
def test_a_ping_on_the_wire_and_what_its_mtu_leaves(backend, length, largest):
    model = EncapExplorer(backend).model
    assert (model.wire.length, model.largest) == (length, largest)
    at, size, *_ = model.layers()[-1]
    assert at + size == length + 14, "the layers add up to the frame"


def test_the_layers_of_vxlan_are_a_frame_in_a_datagram():
    layers = EncapExplorer("vxlan").model.layers()
    assert [(name, size) for _, size, name, _ in layers] == [
        ("Ethernet", 14), ("IPv4", 20), ("UDP", 8), ("VXLAN", 8), ("Ethernet", 14), ("IPv4", 20), ("ICMP", 8), ("payload", 56),
    ]  # fmt: skip
    assert [at for at, *_ in layers] == [0, 14, 34, 42, 50, 64, 84, 92]


@pytest.mark.parametrize("backend", ["none", "udp", "vxlan"])
def test_as_much_as_fits_fills_the_wire_and_one_byte_more_is_refused(backend):
    explorer = EncapExplorer(backend)
    explorer.size.control.value = str(explorer.model.largest)
    assert explorer.model.wire.length == 1500
    explorer.size.control.value = str(explorer.model.largest + 1)
    assert explorer.model.wire is None
    assert "Message too long" in explorer.picture.value


def test_another_backend_is_drawn_at_once():
    explorer = EncapExplorer("udp")
    explorer.backend.control.value = "vxlan"
    assert "VXLAN 8" in explorer.picture.value
    ElementTree.fromstring(explorer.picture.value)


@pytest.mark.parametrize("typed", ["", "-1", "x", "65508"])
def test_a_size_that_is_none_is_told_and_the_picture_stays(typed):
    explorer = EncapExplorer("udp")
    picture = explorer.picture.value
    explorer.size.control.value = typed
    assert "is not a number of bytes" in explorer.size.message.value
    assert explorer.picture.value == picture


def test_an_unknown_encapsulation_is_refused():
    with pytest.raises(LabError, match="none, udp, vxlan"):
        EncapExplorer("gre")


def test_each_node_writes_a_line_for_every_other(leases):
    assert leases.model.lines("node1")[-1] == "(in flanneld) 10.20.2.0/24 -> 192.168.138.222:8285"
    leases._join()
    assert leases.model.joined() == ["node1", "node2", "node3"]
    assert leases.model.lines("node1")[-1] == "(in flanneld) 10.20.3.0/24 -> 192.168.138.223:8285"


def test_with_vxlan_it_is_three_lines_for_every_other_node(leases):
    leases.backend.control.value = "vxlan"
    lines = leases.model.lines("node1")
    assert sorted(line.split()[1] for line in lines if "10.20.2.0" in line or "222" in line) == ["fdb", "neigh", "route"]


def test_a_node_that_leaves_takes_its_lines_along_and_frees_its_subnet(leases):
    leases.leaver.control.value = "node2"
    leases._leave()
    assert leases.model.joined() == ["node1"]
    assert not [line for line in leases.model.lines("node1") if "10.20.2.0" in line]
    leases._join()
    assert str(leases.model.daemons["node3"].lease.subnet) == "10.20.2.0/24"


def test_a_subnet_can_be_asked_for(leases):
    leases.subnet.control.value = "10.20.92.0/24"
    leases._join()
    assert "/coreos.com/network/subnets/10.20.92.0-24" in leases.picture.value
    assert leases.subnet.control.value == ""


@pytest.mark.parametrize(("typed", "why"), [
    ("10.20.1.0/24", "is not one of the"), ("10.99.0.0/24", "is not one of the"), ("zz", "is not a subnet such as"),
])  # fmt: skip
def test_a_subnet_that_cannot_be_had_is_told_and_nobody_joins(leases, typed, why):
    leases.subnet.control.value = typed
    leases._join()
    assert why in leases.subnet.message.value
    assert leases.model.joined() == ["node1", "node2"]


@pytest.mark.parametrize("config", [
    "", "{", "[]", '{"Network": "10.20.0.0/30"}', '{"Network": "10.20.0.0/16", "Backend": {"Type": "x"}}',
])  # fmt: skip
def test_a_config_that_is_none_is_told_and_the_network_stays(leases, config):
    picture = leases.picture.value
    leases.config.control.value = config
    assert "flannel config" in leases.config.message.value
    assert leases.picture.value == picture


def test_take_back_and_reset(leases):
    picture = leases.picture.value
    leases._join()
    leases._back()
    assert leases.picture.value == picture
    leases._join()
    leases.config.control.value = "no config"
    leases._reset()
    assert leases.picture.value == picture, "as it was at the start"
    assert leases.config.control.value == leases.model.config and leases.config.message.value == ""


def test_the_picture_holds_as_many_nodes_as_it_says(leases):
    for _ in range(5):
        leases._join()
    assert len(leases.model.joined()) == 6
    assert "let one leave first" in leases.subnet.message.value
    ElementTree.fromstring(leases.picture.value)


@pytest.mark.parametrize(("backend", "largest"), [("udp", 1444), ("vxlan", 1422), ("none", 1472)])
def test_one_byte_too_big_sticks_out_of_the_picture_and_says_by_how_much(backend, largest):
    explorer = EncapExplorer(backend, largest)
    assert "too long" not in explorer.picture.value and 'class="good"' in explorer.verdict.value
    explorer._set(1)
    assert f"payload {largest + 1}, 1 too long" in explorer.picture.value and 'class="routing over"' in explorer.picture.value
    assert "Message too long" in explorer.verdict.value and len(explorer.model.layers()) == {"udp": 6, "vxlan": 8, "none": 4}[backend]
