"""The TraceExplorer in a real browser: typed at, clicked, read, in both themes."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.needs("browser")

CELLS = ["import labkit\nfrom labkit.view import TraceExplorer\nTraceExplorer(labkit.scenarios.seed_cluster())"]


@pytest.fixture
def explorer(open_notebook):
    page = open_notebook(CELLS)
    expect(page.get_by_role("img", name="ping from wp-mysql-t5w0m to 10.20.92.11")).to_be_visible()
    return page


def verdict(page):
    return page.get_by_role("status").first


def test_an_address_is_changed_with_the_keyboard_alone(explorer):
    page = explorer
    page.get_by_label("To", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("10.20.92.99")
    page.keyboard.press("Enter")
    expect(verdict(page)).to_contain_text("host unreachable at k8s-node2")


def test_a_bad_address_gets_a_sentence_and_the_picture_stays(explorer):
    page = explorer
    page.get_by_label("To", exact=True).fill("10.20.92.300")
    page.get_by_label("To", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is not an IPv4 address")
    expect(page.get_by_role("img", name="ping from wp-mysql-t5w0m to 10.20.92.11")).to_be_visible()


def test_a_route_is_removed_and_the_verdict_changes(explorer, keep_screenshot):
    page = explorer
    page.get_by_role("button", name="Pin to compare").click()
    page.get_by_label("Line", exact=True).select_option("ip route add default via 10.20.37.1 dev eth0")
    expect(page.get_by_label("becomes")).to_have_value("ip route add default via 10.20.37.1 dev eth0")
    page.get_by_label("becomes").fill("")
    page.get_by_label("becomes").press("Enter")
    expect(verdict(page)).to_contain_text("network is unreachable at wp-mysql-t5w0m")
    expect(page.get_by_text("ip route del default via 10.20.37.1 dev eth0")).to_be_visible()
    keep_screenshot(page, "route-removed")
    page.get_by_role("button", name="Undo").click()
    expect(verdict(page)).to_contain_text("answered at mysql-demo-e81sy")


def test_stepping_tells_the_decision_and_who_lost(explorer, keep_screenshot):
    page = explorer
    for _ in range(2):
        page.get_by_role("button", name="Step forward").click()
    expect(verdict(page)).to_contain_text("step 2 of")
    expect(verdict(page)).to_contain_text("table main, asked for 10.20.92.11")
    expect(page.get_by_role("row", name=re.compile("^chosen default via 10.20.37.1"))).to_be_visible()
    keep_screenshot(page, "step-light")


def test_play_steps_on_by_itself(explorer):
    page = explorer
    page.get_by_role("button", name="Play", exact=True).click()
    expect(verdict(page)).to_contain_text("step 3 of")


def test_in_the_dark_theme_the_picture_is_dark(explorer, keep_screenshot):
    page = explorer
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()
    ground = page.locator("svg.labkit > rect").first
    expect(ground).to_have_css("fill", "rgb(22, 25, 29)")
    page.get_by_role("button", name="Step forward").click()
    page.wait_for_selector("#jupyterlab-splash", state="detached")
    keep_screenshot(page, "dark")


def test_axe_finds_nothing_serious(explorer):
    found = Axe().run(explorer, context=".jp-OutputArea-output")
    serious = [f"{v['id']}: {v['help']}: {[node['html'] for node in v['nodes']]}"
               for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []
