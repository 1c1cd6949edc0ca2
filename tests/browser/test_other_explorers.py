"""The smaller explorers in a real browser: each is used once, then all are held against axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.needs("browser")

CELLS = [
    "import labkit\nfrom labkit.view import BridgeExplorer, EncapExplorer, LeaseExplorer, RouteExplorer, show",
    "RouteExplorer(labkit.scenarios.seed_cluster()['k8s-node2'].main, '10.20.92.11')",
    "BridgeExplorer(labkit.scenarios.docker_host(), 'docker0')",
    "EncapExplorer('vxlan')",
    "LeaseExplorer()",
    "lab = labkit.scenarios.veth_pair()\nshow(lab, lab.trace('ns1', '192.168.50.2'))",
]


@pytest.fixture
def page_of_all(open_notebook):
    page = open_notebook(CELLS)
    expect(page.get_by_role("img", name="2 flannel nodes and their leases")).to_be_visible()
    return page


def press(field, text: str) -> None:
    field.fill(text)
    field.press("Enter")


def test_each_answers_what_is_typed_or_pressed(page_of_all, keep_screenshot):
    page = page_of_all
    press(page.get_by_label("Address"), "10.20.37.5")
    expect(page.get_by_role("img", name="10.20.37.5 among 5 routes")).to_be_visible()
    page.get_by_role("button", name="Send frame").click()
    expect(page.get_by_role("status").filter(has_text="behind port")).to_contain_text("02:42:ac:11:00:02")
    page.get_by_role("button", name="One byte too big").click()
    expect(page.get_by_role("status").filter(has_text="Message too long")).to_be_visible()
    press(page.get_by_label("Subnet"), "10.20.92.0/24")
    page.get_by_role("button", name="A node joins").click()
    expect(page.get_by_role("img", name="3 flannel nodes and their leases")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 3200})
    keep_screenshot(page, "all-explorers")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()
    page.wait_for_selector("#jupyterlab-splash", state="detached")
    keep_screenshot(page, "all-explorers-dark")


def test_axe_finds_nothing_serious(page_of_all):
    found = Axe().run(page_of_all, context=".jp-OutputArea-output")
    serious = [f"{v['id']}: {v['help']}: {[node['html'] for node in v['nodes']]}"
               for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []
