"""Every notebook in a real JupyterLab: run whole, its explorers used as a learner would, held against axe."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.needs("browser")

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
NEW = "(a new line)"


@dataclass(frozen=True)
class Use:
    """What is done with a notebook's TraceExplorer, first `title`: `to` is typed, the verdict is `then`;
    the route in `line` goes (or by a new line, `becomes`), and the verdict is `without`."""

    title: str
    to: str
    then: str
    line: str
    becomes: str
    without: str


CLUSTER = Use("ping from wp-mysql-t5w0m to 10.20.92.11", "10.20.92.99", "host unreachable at k8s-node2",
              "ip route add default via 10.20.37.1 dev eth0", "", "network is unreachable at wp-mysql-t5w0m")
USES = {
    "00-start-here": CLUSTER,
    "02-same-node-pods": Use(
        "ping from pod1 to 10.20.92.11", "192.168.77.1", "net unreachable at node",
        "ip route add default via 10.20.92.1 dev eth0", "", "network is unreachable at pod1"),
    "03-veth-pairs": Use(
        "ping from ns2 to 192.168.50.1", "192.168.50.99", "dropped at ns2",
        NEW, "ip route del 192.168.50.0/24 dev tap2", "network is unreachable at ns2"),
    "04-cross-node-flannel": CLUSTER,
}  # fmt: skip
#: The notebooks that have a TraceExplorer.
traced = pytest.mark.parametrize("opened", [path for path in NOTEBOOKS if path.stem in USES], ids=[*USES], indirect=True)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def opened(request, open_notebook):
    """(page, path) of a notebook that was opened and run."""
    with open_notebook(request.param) as page:
        yield page, request.param


@pytest.fixture
def page(opened):
    return opened[0]


@pytest.fixture
def use(opened) -> Use:
    return USES[opened[1].stem]


@pytest.fixture
def explorer(page, use) -> Locator:
    """The notebook's TraceExplorer, as its cell has just made it."""
    cell = cell_of(page, "TraceExplorer(")
    cell.locator(".jp-InputPrompt").click()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    expect(cell.get_by_role("img", name=use.title)).to_be_visible()
    expect(verdict(cell)).to_contain_text("answered at")
    return cell


def cell_of(page, code: str) -> Locator:
    return page.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea", has_text=code))


def verdict(explorer: Locator) -> Locator:
    return explorer.get_by_role("status")


def enter(field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")


def test_every_cell_has_run(opened):
    page, path = opened
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text=re.compile(r"\[\d+\]"))).to_have_count(len(cells))


@traced
def test_an_address_is_changed_with_the_keyboard_alone(page, use, explorer):
    explorer.get_by_label("To", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(use.to)
    page.keyboard.press("Enter")
    expect(verdict(explorer)).to_contain_text(use.then)


@traced
def test_a_bad_address_gets_a_sentence_and_the_picture_stays(use, explorer):
    enter(explorer.get_by_label("To", exact=True), "10.20.92.300")
    expect(explorer.get_by_role("alert")).to_contain_text("is not an IPv4 address")
    expect(explorer.get_by_role("img", name=use.title)).to_be_visible()


@traced
def test_a_route_is_removed_and_the_verdict_changes(page, opened, use, explorer, keep_screenshot):
    enter(explorer.get_by_label("To", exact=True), use.to)
    expect(verdict(explorer)).to_contain_text(use.then)
    explorer.get_by_label("Line", exact=True).select_option(use.line)
    if use.line != NEW:
        expect(explorer.get_by_label("becomes")).to_have_value(use.line)
    enter(explorer.get_by_label("becomes"), use.becomes)
    expect(verdict(explorer)).to_contain_text(use.without)
    explorer.locator(".labkit-scroll").scroll_into_view_if_needed()
    keep_screenshot(page, f"{opened[1].stem}-route-removed")
    explorer.get_by_role("button", name="Undo").click()
    expect(verdict(explorer)).to_contain_text(use.then)


@traced
def test_play_steps_on_by_itself_in_the_dark_as_well(page, opened, explorer, keep_screenshot):
    explorer.get_by_role("button", name="Play", exact=True).click()
    expect(verdict(explorer)).to_contain_text("step 2 of")
    ground = explorer.locator("svg.labkit > rect").first
    try:
        theme(page, "Dark")
        expect(ground).to_have_css("fill", "rgb(22, 25, 29)")
        explorer.locator(".labkit-scroll").scroll_into_view_if_needed()
        keep_screenshot(page, f"{opened[1].stem}-dark")
    finally:
        theme(page, "Light")
    expect(ground).to_have_css("fill", "rgb(255, 255, 255)")


def theme(page, name: str) -> None:
    page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab ' + name})", name)
    page.wait_for_selector("#jupyterlab-splash", state="detached")


def look_up(box: Locator) -> None:
    enter(box.get_by_label("Address"), "10.20.300.1")
    expect(box.get_by_role("alert")).to_contain_text("is not an IPv4 address")
    enter(box.get_by_label("Address"), "8.8.8.8")
    expect(box.get_by_role("img", name=re.compile("^8.8.8.8 among"))).to_be_visible()


def send_a_frame(box: Locator) -> None:
    enter(box.get_by_label("Wait (seconds)"), "soon")
    expect(box.get_by_role("alert")).to_contain_text("is not a number of seconds")
    box.get_by_role("button", name="Send frame").click()
    expect(box.get_by_role("status").filter(has_text="behind port")).to_contain_text("0 s")


def add_a_byte(box: Locator) -> None:
    enter(box.get_by_label("Payload bytes"), "-1")
    expect(box.get_by_role("alert")).to_contain_text("is not a number of bytes")
    box.get_by_role("button", name="One byte too big").click()
    expect(box.get_by_role("status").filter(has_text="Message too long")).to_be_visible()


def join_a_node(box: Locator) -> None:
    enter(box.get_by_label("Subnet"), "10.20.1.0/24")
    box.get_by_role("button", name="A node joins").click()
    expect(box.get_by_role("alert")).to_contain_text("is not one of the")
    enter(box.get_by_label("Subnet"), "10.20.92.0/24")
    box.get_by_role("button", name="A node joins").click()
    expect(box.get_by_role("img", name="3 flannel nodes and their leases")).to_be_visible()


ANSWERS = {
    "RouteExplorer(": look_up, "BridgeExplorer(": send_a_frame, "EncapExplorer(": add_a_byte, "LeaseExplorer(": join_a_node,
}  # fmt: skip


def test_the_smaller_explorers_answer_what_is_typed_or_pressed(opened):
    page, path = opened
    sources = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
    for code, answer in ANSWERS.items():
        if code in sources:
            answer(cell_of(page, code))


def test_axe_finds_nothing_serious(page):
    assert serious(page) == []


def serious(page) -> list[str]:
    """What axe finds in the outputs."""
    found = Axe().run(page, context=".jp-OutputArea-output").response["violations"]
    return [f"{v['id']}: {v['help']}: {[node['html'] for node in v['nodes']]}" for v in found if v["impact"] in ("serious", "critical")]
