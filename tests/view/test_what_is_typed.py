"""Whatever is typed into whatever field, and whatever things are called: a sentence, no exception, no markup."""

from html.parser import HTMLParser

import ipywidgets as widgets
import pytest

import labkit
from labkit.front import Lab
from labkit.lab import bridges, links
from labkit.view.bridge_explorer import BridgeExplorer
from labkit.view.encap_explorer import EncapExplorer
from labkit.view.explorer import Field
from labkit.view.lease_explorer import LeaseExplorer
from labkit.view.picture import show
from labkit.view.route_explorer import RouteExplorer
from labkit.view.trace_explorer import TraceExplorer

EVIL = "<img src=x onerror=alert(1)>"
NEVER = ["\x00", EVIL, "٣", "²", "9" * 400, "-1", "1e3", "0x10", "💥", "'", "a\nb", "\\", "10.0.0.0/99", "{}", "NaN", "%s{0}"]
#: One of each, and how: a table that a route can be looked up in, a bridge with ports, a cluster.
EXPLORERS = {
    "trace": lambda: TraceExplorer(labkit.scenarios.same_node()),
    "route": lambda: RouteExplorer("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0"),
    "bridge": lambda: BridgeExplorer(labkit.scenarios.docker_host(), "docker0"),
    "lease": LeaseExplorer,
    "encap": EncapExplorer,
}
TYPED_INTO = {
    "trace": ["To", "Port", "TTL", "Payload bytes", "becomes"], "route": ["Address", "Table"],
    "bridge": ["Wait (seconds)", "Command"], "lease": ["Config", "Subnet"], "encap": ["Payload bytes"],
}  # fmt: skip


def inside(widget) -> list[widgets.Widget]:
    """A widget and all that is in it."""
    return [widget, *(deeper for child in getattr(widget, "children", ()) for deeper in inside(child))]


def typed_into(explorer) -> dict[str, Field]:
    found = [widget for widget in inside(explorer) if isinstance(widget, Field)]
    return {f.control.description: f for f in found if isinstance(f.control, widgets.Text | widgets.Textarea | widgets.Combobox)}


def test_no_field_was_forgotten():
    assert {name: sorted(typed_into(make())) for name, make in EXPLORERS.items()} == {n: sorted(f) for n, f in TYPED_INTO.items()}


@pytest.mark.parametrize(("name", "label"), [(name, label) for name, labels in TYPED_INTO.items() for label in labels])
def test_what_cannot_be_is_told_beside_the_field_and_the_picture_stays(name, label):
    explorer = EXPLORERS[name]()
    field, picture = typed_into(explorer)[label], explorer.picture.value
    for text in NEVER:
        if (label, text) == ("To", "0x10"):  # 0.0.0.16, as ping reads it too
            continue
        field.message.value = ""
        field.control.value = text
        if label == "Subnet":  # counts when the button is pressed
            explorer._join()
        assert 'role="alert"' in field.message.value, text
        assert explorer.picture.value == picture, text
        assert markup(field.message.value) == {"span"}, text


class Tags(HTMLParser):
    """The elements of a piece of HTML, and whether any would run a script."""

    def __init__(self):
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        assert not [name for name, value in attributes if name.startswith("on") or "javascript:" in (value or "")]


def markup(html: str) -> set[str]:
    parser = Tags()
    parser.feed(html)
    return parser.found


OURS = {"code",
    "div", "p", "span", "b", "pre", "table", "tr", "th", "td", "style",
    "svg", "title", "desc", "rect", "text", "polyline", "path", "circle",
}  # fmt: skip


@pytest.fixture
def evil() -> Lab:
    """Two namespaces with names that are markup, joined by a bridge and a pair whose names are markup too."""
    lab = Lab()
    switch = lab.add_namespace("host", "<b onclick=x>")
    links.create(lab, switch, "<script>", "bridge")
    for number, name in enumerate((EVIL, "<p><img src=y>")):
        ns = lab.add_namespace("host", name)
        links.create(lab, switch, f"<i>{number}", "veth", peer_name="<u>", peer_ns=ns)
        bridges.set_master(lab, switch, switch.find(f"<i>{number}"), "<script>")
        for line in (f"ip addr add 10.0.0.{number + 1}/24 dev '<u>'", "ip link set '<u>' up"):
            assert not lab.sh(line, on=name).returncode
        lab.sh(f"ip link set '<i>{number}' up", on=switch.name)
    assert not lab.sh("ip link set '<script>' up", on=switch.name).returncode
    return lab


def test_names_stay_text_in_the_trace_explorer(evil):
    explorer = TraceExplorer(evil, EVIL, "10.0.0.2")
    assert explorer.model.trace.answered
    explorer._pin()
    assert explorer.model.edit(EVIL, "", "ip route add 10.9.0.0/24 via 10.0.0.2")
    for _ in explorer.model.told:
        explorer._forward()
        all_ours(explorer)
    explorer.fields["to"].control.value = EVIL
    all_ours(explorer)


def test_names_stay_text_in_the_other_explorers_and_in_pictures(evil):
    bridge = BridgeExplorer(evil, "<script>")
    bridge._send_frame()
    route = RouteExplorer("10.0.0.0/24 dev <script>")
    lease = LeaseExplorer()
    lease.config.control.value = '{"Network": "10.20.0.0/16", "Backend": {"Type": "udp"}, "<img src=x>": 1}'
    for explorer in (bridge, route, lease):
        all_ours(explorer)
        assert markup(explorer._repr_mimebundle_()["text/html"]) <= {"div", "img"}
    shown = show(evil, evil.trace(EVIL, "10.0.0.2"))._repr_mimebundle_()
    assert shown["text/html"].count("<") == 3, "a box and the picture in it, whatever is in its name"


def all_ours(explorer) -> None:
    """Nothing in the explorer is an element that we did not write."""
    for widget in inside(explorer):
        if isinstance(widget, widgets.HTML):
            assert markup(widget.value) <= OURS
