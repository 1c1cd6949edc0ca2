"""The TraceExplorer's callbacks, without a browser and without a kernel."""

import asyncio
import copy

import pytest

import labkit
from labkit import LabError
from labkit.view import trace_explorer
from labkit.view.exploration import Edit, Exploration
from labkit.view.trace_explorer import NEW, TraceExplorer


@pytest.fixture
def explorer(chain):
    return TraceExplorer(chain, "a", "10.0.2.2")


def choose(explorer, namespace: str, line: str) -> None:
    explorer.where.control.value = namespace
    explorer.which.control.value = line


def verdict(explorer) -> str:
    return str(explorer.model.trace.verdict)


def test_an_address_typed_is_asked_at_once(explorer):
    explorer.fields["to"].control.value = "10.0.2.99"
    assert verdict(explorer).startswith("host unreachable at r")
    assert "host unreachable at r" in explorer.story.value
    assert "ping from a to 10.0.2.99" in explorer.picture.value


def test_a_name_is_as_good_as_an_address(explorer):
    explorer.fields["to"].control.value = "r"
    assert str(explorer.model.trace.destination) == "10.0.1.1"


@pytest.mark.parametrize(("field", "text", "why"), [
    ("to", "10.0.2.300", "is not an IPv4 address"), ("to", "nobody", "is not an IPv4 address"),
    ("to", "host", "has no address to send to"), ("ttl", "0", "from 1 to 255"), ("ttl", "x", "from 1 to 255"),
    ("size", "-1", "not a number of payload bytes from 0 to 65507"), ("ttl", "0", "not a TTL"), ("port", "²", "from 1 to 65535"),
])  # fmt: skip
def test_bad_input_is_told_beside_the_field_and_the_picture_stays(explorer, field, text, why):
    picture = explorer.picture.value
    explorer.fields[field].control.value = text
    assert why in explorer.fields[field].message.value
    assert 'role="alert"' in explorer.fields[field].message.value
    assert explorer.picture.value == picture
    explorer.fields[field].control.value = {"to": "10.0.2.2"}.get(field, "56")
    assert explorer.fields[field].message.value == ""


def test_what_is_typed_stays_text(explorer):
    explorer.fields["to"].control.value = "<img src=x onerror=alert(1)>"
    assert "<img" not in explorer.fields["to"].message.value
    assert "&lt;img" in explorer.fields["to"].message.value


def test_the_lab_given_is_never_changed(chain):
    before = copy.deepcopy(chain)
    explorer = TraceExplorer(chain, "a", "10.0.2.2")
    choose(explorer, "r", "sysctl -w net.ipv4.ip_forward=1")
    explorer.line.control.value = "sysctl -w net.ipv4.ip_forward=0"
    assert verdict(explorer).startswith("dropped at r")
    assert chain["r"].sysctls["net.ipv4.ip_forward"] == "1"
    assert chain["a"].neighbors == before["a"].neighbors == {}


def test_the_same_question_gives_the_same_picture(explorer):
    first = explorer.picture.value
    explorer.fields["ttl"].control.value = "1"
    explorer.fields["ttl"].control.value = ""
    assert explorer.picture.value == first


def test_a_route_is_deleted_by_emptying_its_line(explorer):
    choose(explorer, "a", "ip route add default via 10.0.1.1 dev eth0")
    explorer.line.control.value = ""
    assert verdict(explorer).startswith("network is unreachable at a")
    assert explorer.model.commands() == "ip netns exec a ip route del default via 10.0.1.1 dev eth0"


def test_an_address_is_changed_in_place_and_the_routes_the_kernel_drops_come_back(explorer):
    choose(explorer, "a", "ip addr add 10.0.1.2/24 dev eth0")
    explorer.line.control.value = "ip addr add 10.0.1.7/24 dev eth0"
    assert explorer.model.edits == [Edit("a", (
        "ip addr del 10.0.1.2/24 dev eth0", "ip addr add 10.0.1.7/24 dev eth0", "ip route add default via 10.0.1.1 dev eth0",
    ))]  # fmt: skip
    assert verdict(explorer).startswith("answered at b")


def test_a_link_is_set_down_and_undone(explorer):
    choose(explorer, "b", "ip link set eth0 up")
    explorer.line.control.value = "ip link set eth0 down"
    assert verdict(explorer).startswith("host unreachable at r")
    explorer._undo()
    assert verdict(explorer).startswith("answered at b")
    assert explorer.model.commands() == ""


def test_reset_takes_everything_back(explorer):
    for line in ("ip link set eth0 down", "sysctl -w net.ipv4.ip_forward=1"):
        choose(explorer, "b", NEW)
        explorer.line.control.value = line
    assert len(explorer.model.edits) == 2
    explorer._reset()
    assert explorer.model.edits == [] and verdict(explorer).startswith("answered")


def test_a_line_the_kernel_refuses_is_told_and_changes_nothing(explorer):
    choose(explorer, "a", "ip route add default via 10.0.1.1 dev eth0")
    explorer.line.control.value = "ip route add default via 10.9.9.9"
    assert "Nexthop has invalid gateway" in explorer.line.message.value
    assert explorer.model.edits == [] and verdict(explorer).startswith("answered")


def test_a_line_that_only_shows_something_is_no_change(explorer):
    choose(explorer, "a", NEW)
    explorer.line.control.value = "ip route"
    assert "default via 10.0.1.1" in explorer.given.value
    assert explorer.model.edits == []


def test_stepping_tells_the_decision_the_table_and_the_headers(explorer):
    explorer._forward()
    explorer._forward()
    assert explorer.model.current.kind == "route"
    assert "table main, asked for 10.0.2.2" in explorer.story.value
    assert '<tr class="won"><td>chosen</td><td>default via 10.0.1.1 dev eth0</td>' in explorer.story.value
    assert '<tr class="lost"><td></td><td>10.0.1.0/24 dev eth0' in explorer.story.value
    assert "<td>20</td><td>IPv4</td>" in explorer.story.value
    explorer._back()
    explorer._back()
    assert explorer.model.step is None


def test_stepping_never_runs_off_the_end(explorer):
    for _ in range(len(explorer.model.told) + 3):
        explorer._forward()
    assert explorer.model.step == len(explorer.model.told) - 1


def test_an_interface_tells_how_much_of_its_mtu_is_left(explorer):
    while explorer.model.current is None or explorer.model.current.kind != "out":
        explorer._forward()
    assert "84 bytes of the MTU 1500 of eth0" in explorer.story.value
    assert "1416 bytes left" in explorer.story.value


def test_pinned_traces_are_compared_hop_by_hop(explorer):
    explorer._pin()
    choose(explorer, "r", "sysctl -w net.ipv4.ip_forward=1")
    explorer.line.control.value = "sysctl -w net.ipv4.ip_forward=0"
    assert "As before up to r left, then another way." in explorer.given.value
    assert 'class="before"' in explorer.picture.value
    assert "<td>gone</td><td>r right out: 10.0.1.2 &gt; 10.0.2.2: ICMP echo request, ttl 63" in explorer.given.value
    explorer._pin()
    assert "before" not in explorer.given.value


def test_a_packet_that_differs_at_the_same_hop_is_a_change(explorer):
    explorer._pin()
    explorer.fields["ttl"].control.value = "9"
    changed = "<td>changed</td><td>a eth0 out: 10.0.1.2 &gt; 10.0.2.2: ICMP echo request, ttl 9, length 84; before:"
    assert changed in explorer.given.value


def test_play_steps_to_the_end_and_stops(explorer, monkeypatch):
    monkeypatch.setattr(trace_explorer, "PACE", 0)

    async def press_and_wait():
        explorer._play()
        await explorer._playing

    asyncio.run(press_and_wait())
    assert explorer.model.step == len(explorer.model.told) - 1
    assert explorer.play.description == "Play"


def test_play_pressed_again_stops(explorer):
    async def press_twice():
        explorer._play()
        await asyncio.sleep(0)
        playing = explorer._playing
        assert explorer.play.description == "Stop"
        explorer._play()
        await asyncio.gather(playing, return_exceptions=True)

    asyncio.run(press_twice())
    assert explorer.model.step == 0 and explorer.play.description == "Play"


def test_the_static_twin_has_a_picture_and_a_text(explorer):
    bundle = explorer._repr_mimebundle_()
    assert bundle["image/svg+xml"] == explorer.model.svg() and str(explorer.model.trace.verdict) in bundle["image/svg+xml"]
    assert bundle["text/plain"].endswith("=> answered at b: the answer came back to a with TTL 63")


def test_an_explorer_of_something_else_says_what_it_takes():
    with pytest.raises(LabError, match="an explorer takes a lab"):
        Exploration("veth_pair")


def test_changes_to_docker_do_not_reach_the_lab_given():
    lab = labkit.scenarios.docker_host()
    names = list(lab.namespaces)
    model = Exploration(lab)
    assert model.edit("host", "", "docker run -d --name more busybox sleep 1d")
    assert list(lab.namespaces) == names
    assert len(model.lab.namespaces) == len(names) + 1


def test_reset_brings_lab_question_and_fields_back_to_the_start(explorer):
    start = {name: field.control.value for name, field in explorer.asked.items()}
    picture = explorer.picture.value
    for name, value in (("proto", "tcp"), ("port", "99"), ("ttl", "1"), ("size", "700"), ("to", "10.0.2.77"), ("port", "x")):
        explorer.asked[name].control.value = value
    explorer._pin()
    explorer._reset()
    assert {name: field.control.value for name, field in explorer.asked.items()} == start
    assert explorer.picture.value == picture and explorer.model.pinned is None
    assert all(field.message.value == "" for field in explorer.fields.values())


def test_an_address_may_be_written_as_ping_takes_it_and_an_empty_field_is_the_default(explorer):
    explorer.fields["to"].control.value = "10.2.2"
    assert str(explorer.model.trace.destination) == "10.2.0.2" and explorer.fields["to"].message.value == ""
    explorer.fields["size"].control.value = "9"
    explorer.fields["size"].control.value = ""
    assert explorer.model.question.size == 56 and explorer.fields["size"].message.value == ""


def test_a_refused_input_marks_the_picture_as_old_until_the_next_good_one(explorer):
    explorer.fields["ttl"].control.value = "0"
    assert "labkit-old" in explorer.picture._dom_classes
    explorer.fields["ttl"].control.value = "9"
    assert "labkit-old" not in explorer.picture._dom_classes


def test_who_listens_nowhere_is_told_with_the_port(explorer):
    explorer.fields["proto"].control.value = "tcp"
    assert str(explorer.model.trace.verdict).endswith("nobody listens at TCP port 80")
