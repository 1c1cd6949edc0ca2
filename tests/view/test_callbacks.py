"""Whatever goes wrong inside a control's callback is a sentence beside a field, and the explorer goes on.

Controls are moved as the browser moves them, by messages to the widget: an exception there would vanish.
"""

import asyncio
from random import Random

import ipywidgets as widgets
import pytest

from labkit import LabError
from labkit.scenarios import docker_host, same_node, veth_pair, web
from labkit.view import BridgeExplorer, EncapExplorer, LeaseExplorer, RouteExplorer, ServiceExplorer, TraceExplorer
from labkit.view.trace_explorer import NEW


def service():
    lab = web()
    lab.sh("kubectl apply -f np.yaml", on="k8s-master")
    return ServiceExplorer(lab, "np")


EXPLORERS = {
    "trace": lambda: TraceExplorer(veth_pair(), "ns1", "192.168.50.2"), "bridge": lambda: BridgeExplorer(same_node(), "docker0"),
    "route": lambda: RouteExplorer("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0", "10.0.0.7"),
    "encap": EncapExplorer, "lease": LeaseExplorer, "service": service,
}  # fmt: skip
CONTROLS = (widgets.Dropdown, widgets.Text, widgets.Combobox, widgets.Textarea, widgets.Button)
#: What is only read when a button is pressed.
WAITING = ("Frame from", "to", "Subnet", "Node", "Pod")
GOOD = {"Command": "ip link", "Address": "10.0.0.9", "Table": "default dev a", "Config": '{"Network": "10.3.0.0/16"}', "Subnet": ""}


def browser(widget, **state) -> None:
    """The message that JupyterLab sends when a control is moved; a button is clicked."""
    data = {"method": "update", "state": state, "buffer_paths": []} if state else {"method": "custom", "content": {"event": "click"}}
    widget._handle_msg({"content": {"data": data}, "buffers": []})


def controls(widget):
    for child in getattr(widget, "children", ()):
        yield from [child] if isinstance(child, CONTROLS) else controls(child)


def messages(explorer) -> str:
    return "".join(field.message.value for field in explorer.fields.values())


def named(explorer, label: str):
    return next(control for control in controls(explorer) if control.description == label)


def fail(*_, **__):
    raise RecursionError("boom")


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_error_in_any_callback_of_an_explorer_is_told_beside_a_field_and_the_explorer_goes_on(name, monkeypatch):
    explorer = EXPLORERS[name]()
    picture, text, draw = explorer.picture.value, explorer.model.text(), type(explorer).draw
    for control in [control for control in controls(explorer) if control.description not in ("Play", "Run it on the kernel")]:
        failures = [fail, draw]
        monkeypatch.setattr(type(explorer), "draw", lambda self, failures=failures: failures.pop(0)(self) if failures else draw(self))
        if isinstance(control, widgets.Button):
            browser(control)
        elif isinstance(control, widgets.Dropdown):
            browser(control, index=(control.index + 1) % max(len(control.options), 2))
        else:
            browser(control, value=GOOD.get(control.description, "3"))
        assert "boom" in messages(explorer) or control.description in WAITING, control.description
        assert (explorer.picture.value, explorer.model.text()) == (picture, text), control.description
        monkeypatch.setattr(type(explorer), "draw", draw)
        explorer.model.messages.clear()
        explorer.redraw()
    assert messages(explorer) == ""


def test_a_fault_of_the_program_is_told_apart_from_a_wrong_line(monkeypatch):
    explorer = EXPLORERS["trace"]()
    monkeypatch.setattr(type(explorer.model), "edit", fail)
    browser(explorer.line.control, value="ip route")
    assert "labkit itself failed at this and changed nothing (RecursionError: boom)" in explorer.line.message.value


def test_a_picture_that_cannot_be_drawn_leaves_the_one_before(monkeypatch):
    explorer = EXPLORERS["trace"]()
    before, asked = explorer.picture.value, explorer.model.question
    drawn = type(explorer.model).svg

    def svg(model, verdict=True):
        if model.question.ttl == 9:
            raise LabError("this cannot be drawn")
        return drawn(model, verdict)

    monkeypatch.setattr(type(explorer.model), "svg", svg)
    browser(explorer.fields["ttl"].control, value="9")
    assert "this cannot be drawn" in explorer.fields["ttl"].message.value
    assert (explorer.picture.value, explorer.model.question) == (before, asked)
    browser(explorer.fields["ttl"].control, value="8")
    assert explorer.fields["ttl"].message.value == "" and explorer.model.question.ttl == 8


def test_an_error_while_playing_is_told(monkeypatch):
    explorer = EXPLORERS["trace"]()
    monkeypatch.setattr("labkit.view.trace_explorer.PACE", 0)
    monkeypatch.setattr("labkit.view.trace_explorer.step_html", lambda trace, step, *_: fail() if step is not None else "")

    async def press_and_wait():
        explorer._play()
        await asyncio.wait_for(explorer._playing, 5)

    asyncio.run(press_and_wait())
    assert "boom" in messages(explorer) and explorer.play.description == "Play"


def test_a_new_namespace_is_offered_in_every_choice_of_the_trace_explorer():
    explorer = EXPLORERS["trace"]()
    browser(explorer.line.control, value="ip netns add n9")
    for name in "source", "to", "where":
        assert "n9" in explorer.fields[name].control.options
    browser(explorer.where.control, index=explorer.where.control.options.index("n9"))
    assert "ip link set lo down" in explorer.which.control.options
    browser(named(explorer, "Undo"))
    assert "n9" not in explorer.where.control.options and explorer.where.control.value == "host"


@pytest.mark.parametrize("button", ["Undo", "Reset"])
def test_a_namespace_deleted_while_it_asks_is_told_and_undone(button):
    explorer = EXPLORERS["trace"]()
    first = explorer.picture.value
    browser(explorer.line.control, value="ip netns del ns1")
    assert "there is no namespace &#x27;ns1&#x27; any more" in explorer.fields["source"].message.value
    assert "not sent at ns1" in explorer.story.value and explorer.where.control.value == "host"
    assert explorer.fields["source"].control.value == "ns1", "what was asked still stands"
    browser(explorer.line.control, value="ip netns add n9")
    assert "n9" in explorer.where.control.options and explorer.line.message.value == ""
    for label in ("Step forward", "Step back", "Pin to compare", "Pin to compare"):
        browser(named(explorer, label))
    for _ in range(2):
        browser(named(explorer, button))
    assert (explorer.picture.value, messages(explorer)) == (first, "")


def test_a_trace_explorer_goes_on_from_another_namespace_when_its_own_is_gone():
    explorer = EXPLORERS["trace"]()
    browser(explorer.line.control, value="ip netns del ns1")
    browser(explorer.fields["to"].control, value="127.0.0.1")
    browser(explorer.fields["source"].control, index=0)
    browser(explorer.fields["to"].control, value="127.0.0.1")
    assert explorer.model.trace.verdict.where == "host" and messages(explorer) == ""


@pytest.mark.parametrize("line", ["ip link del tap1", "ip link set tap1 name other", "ip link set tap1 netns 1", "ip netns del ns2"])
def test_an_interface_or_a_neighbour_that_vanishes_is_drawn_without_it_and_comes_back(line):
    explorer = EXPLORERS["trace"]()
    first = explorer.picture.value
    browser(named(explorer, "Step forward"))
    browser(named(explorer, "Pin to compare"))
    browser(explorer.line.control, value=line)
    assert messages(explorer) == "" and explorer.picture.value != first
    browser(named(explorer, "Pin to compare"))
    browser(named(explorer, "Undo"))
    assert explorer.picture.value == first


@pytest.mark.parametrize("line", ["ip link del docker0", "ip link set docker0 down; ip link set docker0 name other"])
def test_a_bridge_explorer_keeps_its_bridge_and_says_so(line):
    explorer = BridgeExplorer(docker_host(), "docker0")
    first = explorer.picture.value
    browser(explorer.line.control, value=line)
    assert "the bridge that is shown here" in explorer.line.message.value and explorer.picture.value == first
    browser(named(explorer, "Send frame"))
    assert explorer.model.acts and explorer.picture.value != first
    browser(named(explorer, "Reset"))
    assert explorer.picture.value == first


def test_the_stations_of_a_bridge_explorer_are_those_behind_the_ports_now():
    explorer = EXPLORERS["bridge"]()
    for line in ("ip netns add pod3", "ip link add veth3 type veth peer name eth0 netns pod3", "ip link set veth3 master docker0"):
        browser(explorer.line.control, value=line)
    assert "pod3" in explorer.source.control.options and "pod3" in explorer.to.control.options
    for line in ("ip netns del pod1", "ip netns del pod2", "ip netns del pod3"):
        browser(explorer.line.control, value=line)
    assert explorer.model.stations == [] and messages(explorer) == ""
    browser(named(explorer, "Send frame"))
    assert "nobody called &#x27;pod1&#x27; is behind the bridge now" in messages(explorer)
    for _ in range(6):
        browser(named(explorer, "Take back"))
    assert messages(explorer) == "" and explorer.source.control.options == ("pod1", "pod2")


def test_the_complaint_about_a_time_goes_when_the_field_is_emptied():
    explorer = EXPLORERS["bridge"]()
    browser(explorer.wait.control, value="1e9")
    assert explorer.wait.message.value
    browser(explorer.wait.control, value="")
    assert explorer.wait.message.value == ""


def test_an_explorer_chooses_a_line_to_change_by_messages_alone():
    explorer = EXPLORERS["trace"]()
    line = "ip link set tap1 up"
    browser(explorer.which.control, index=explorer.which.control.options.index(line))
    assert explorer.line.control.value == line
    browser(explorer.line.control, value="ip link set tap1 down")
    assert explorer.model.edits and explorer.which.control.value == NEW and explorer.line.control.value == ""


@pytest.mark.parametrize("typed", ["9" * 5000, "６４", "²", "\ud800", "[[[[" * 2000, "1e3", "-1"])
@pytest.mark.parametrize("name", EXPLORERS)
def test_what_a_field_cannot_take_is_told_and_nothing_is_drawn_anew(name, typed):
    explorer = EXPLORERS[name]()
    picture = explorer.picture.value
    for control in [c for c in controls(explorer) if isinstance(c, (widgets.Text, widgets.Combobox)) and c.description not in WAITING]:
        browser(control, value=typed)
        assert messages(explorer) and "labkit itself" not in messages(explorer), control.description
        assert explorer.picture.value == picture, control.description
        explorer.model.messages.clear()


#: What takes things away that an explorer shows, or brings new ones.
ROUGH = """ip netns del {ns}|ip link del {dev}|ip link set {dev} down|ip link set {dev} netns {ns}|ip link set {dev} name x{n}
ip netns add q{n}|ip link add z{n} type veth peer name y{n}|ip link set {dev} nomaster|ip link set {dev} master docker0|ip link del docker0
ip addr flush dev {dev}|ip route flush table main|ip addr add 10.{n}.0.1/24 dev {dev}|ip route add default dev {dev}|"quote
docker rm -f $(docker ps -aq)|docker run -d --name c{n} tiny:1 sleep 60|docker network create k{n}|ip link add b{n} type bridge
sysctl -w net.ipv4.ip_forward=0|ip link set {dev} mtu 68|ip tuntap add t{n} mode tun|sleep 400|ip rule add to 10.0.0.0/8 blackhole
ip netns del {ns}; ip netns add {ns}"""


@pytest.mark.parametrize("make", [
    EXPLORERS["trace"], EXPLORERS["bridge"], EXPLORERS["lease"], lambda: TraceExplorer(docker_host(), "br1", "192.168.77.1"),
    lambda: BridgeExplorer(docker_host(), "docker0"),
])  # fmt: skip
def test_no_burst_of_moves_brings_an_explorer_to_a_fault_of_its_own(make):
    chance, explorer = Random(7), make()
    lines = [line for row in ROUGH.splitlines() for line in row.split("|")]
    for _ in range(60):
        control = chance.choice([c for c in controls(explorer) if c.description not in ("Play", "Run it on the kernel")])
        namespaces = list(explorer.model.lab.namespaces.values())
        devices = [interface.name for ns in namespaces for interface in ns.by_index()]
        if isinstance(control, widgets.Button):
            browser(control)
        elif isinstance(control, widgets.Dropdown):
            browser(control, index=chance.randrange(len(control.options))) if control.options else None
        else:
            line = chance.choice(lines).format(ns=chance.choice(namespaces).name, dev=chance.choice(devices), n=chance.randrange(99))
            browser(control, value=line)
        assert "labkit itself" not in messages(explorer)
