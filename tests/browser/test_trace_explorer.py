"""The TraceExplorer in a real browser, beyond what every notebook's is put through (test_notebooks.py)."""

import re

import pytest
from playwright.sync_api import expect

from tests.benchmarks.usual_way import ADDRESSES, OURS, USUAL, compared

pytestmark = pytest.mark.needs("browser")

EVIL = """
lab = labkit.Lab()
for name, dev, address in (("<img src=x onerror=alert(1)>", "a", 1), ("<svg onload=alert(2)>", "b", 2)):
    lab.add_namespace("host", name)
lab.sh("ip link add a type veth peer name b")
TraceExplorer(lab, "<img src=x onerror=alert(1)>", "127.0.0.1")
"""

TYPED = ("[click](javascript:alert(4)) ![x](http://example.org/x.png)", "<img src=y> `code` a|b *x* __y__ $z$ www.example.org x@y.org")
ANSWER = f"""
from labkit.course import nb00
from IPython.display import display
for typed in {TYPED!r}:
    display(nb00.first_ttl.check(typed))
"""

#: Types each address in turn, and waits until what `shown` finds is another one.
KEY_TO_SCREEN = """async ([label, shown, addresses]) => {
  const found = [...document.querySelectorAll('label')].find(l => l.textContent === label)
  const input = found.parentElement.querySelector('input')
  const picture = () => { const it = found.closest('.jp-CodeCell').querySelector(shown); return it && (it.src || it) }
  const times = []
  for (let i = 0; i < 15; i++) {
    const before = picture()
    const start = performance.now()
    input.value = addresses[i % 2]
    input.dispatchEvent(new Event('input', {bubbles: true}))
    input.dispatchEvent(new Event('change', {bubbles: true}))
    while (!picture() || picture() === before) await new Promise(requestAnimationFrame)
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[7]
}"""


@pytest.fixture(scope="module")
def page(open_notebook):
    with open_notebook([OURS, USUAL, ANSWER, EVIL]) as page:
        yield page


@pytest.fixture
def explorer(page):
    """The first cell's explorer, made anew."""
    page.set_viewport_size({"width": 1280, "height": 1600})
    cell = page.locator(".jp-CodeCell").first
    cell.locator(".jp-InputPrompt").click()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    expect(cell.get_by_role("img", name="ping from wp-mysql-t5w0m to 10.20.92.11")).to_be_visible()
    return cell


def verdict(explorer):
    return explorer.get_by_role("status")


def test_stepping_tells_the_decision_and_who_lost(page, explorer, keep_screenshot):
    for _ in range(2):
        explorer.get_by_role("button", name="Step forward").click()
    expect(verdict(explorer)).to_contain_text("step 2 of")
    expect(verdict(explorer)).to_contain_text("table main, asked for 10.20.92.11")
    expect(explorer.get_by_role("row", name=re.compile("^chosen default via 10.20.37.1"))).to_be_visible()
    keep_screenshot(page, "step")


def test_a_pinned_trace_is_compared_and_the_commands_are_shown(page, explorer, keep_screenshot):
    explorer.get_by_role("button", name="Pin to compare").click()
    line = "ip route add default via 10.20.37.1 dev eth0"
    explorer.get_by_label("Line", exact=True).select_option(line)
    expect(explorer.get_by_label("becomes")).to_have_value(line)
    explorer.get_by_label("becomes").fill("")
    explorer.get_by_label("becomes").press("Enter")
    expect(explorer.get_by_text("ip route del default via 10.20.37.1 dev eth0")).to_be_visible()
    expect(explorer.get_by_role("row", name=re.compile("^gone wp-mysql-t5w0m eth0 out")).first).to_be_visible()
    keep_screenshot(page, "compared")


def change_theme(page, name: str) -> None:
    page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab ' + name})", name)
    page.wait_for_selector("#jupyterlab-splash", state="detached")


def type_line(explorer, line: str) -> None:
    explorer.get_by_label("becomes").fill(line)
    explorer.get_by_label("becomes").press("Enter")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_what_goes_wrong_is_told_beside_the_field_and_the_explorer_goes_on(page, explorer, keep_screenshot, theme):
    change_theme(page, theme)
    type_line(explorer, "ip route add default via 10.9.9.9")
    expect(explorer.get_by_role("alert")).to_contain_text("Nexthop has invalid gateway")
    type_line(explorer, "ip netns add n9")
    expect(explorer.get_by_role("alert")).to_have_count(0)
    expect(explorer.get_by_label("Change in").locator("option", has_text="n9")).to_have_count(1)
    explorer.get_by_label("Change in").select_option("k8s-node1")
    type_line(explorer, "docker rm -f $(docker ps -q)")
    expect(explorer.get_by_role("alert")).to_contain_text("there is no namespace 'wp-mysql-t5w0m' any more")
    expect(explorer.get_by_label("From", exact=True)).to_have_value("wp-mysql-t5w0m (gone)")
    keep_screenshot(page, f"gone-{theme.lower()}")
    explorer.get_by_role("button", name="Undo").click()
    expect(verdict(explorer)).to_contain_text("answered at mysql-demo-e81sy")
    expect(explorer.get_by_role("alert")).to_have_count(0)
    change_theme(page, "Light")


@pytest.mark.needs("namespaces", "tun")
def test_the_kernel_is_asked_by_a_button(page, explorer, keep_screenshot):
    button = explorer.get_by_role("button", name="Run it on the kernel")
    button.click()
    expect(explorer.get_by_text("The kernel does the same: answered at mysql-demo-e81sy")).to_be_visible()
    expect(button).to_be_enabled()
    keep_screenshot(page, "on-the-kernel")


def test_on_a_narrow_page_the_picture_scrolls_in_its_own_box(page, explorer, keep_screenshot):
    page.set_viewport_size({"width": 800, "height": 1600})
    keep_screenshot(page, "narrow")
    box = explorer.locator(".labkit-scroll")
    name = box.get_by_text("wp-mysql-t5w0m", exact=True).first
    assert name.bounding_box()["height"] >= 11, "text of 11 pixels is about as high as it was made"
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert box.bounding_box()["x"] + box.bounding_box()["width"] <= 800
    box.locator("[tabindex]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())


def test_names_that_are_markup_stay_text(page):
    cell = page.locator(".jp-CodeCell").last
    expect(cell.get_by_role("img", name="ping from <img src=x onerror=alert(1)> to 127.0.0.1")).to_be_visible()
    cell.get_by_label("To", exact=True).fill("<img src=y onerror=alert(3)>")
    cell.get_by_label("To", exact=True).press("Enter")
    expect(cell.get_by_role("alert")).to_contain_text("<img src=y onerror=alert(3)>")
    assert cell.locator(".jp-OutputArea-output :is(img, script)").count() == 0


@pytest.mark.parametrize("number", range(len(TYPED)))
def test_an_answer_stays_text_in_its_own_feedback(page, number):
    shown = page.locator(".jp-CodeCell").nth(2).locator(".jp-RenderedMarkdown").nth(number)
    expect(shown).to_contain_text(f"'{TYPED[number]}' is not a whole number")
    assert shown.locator(":is(a, img, em, code, table, .MathJax, mjx-container)").count() == 0
    assert shown.locator("strong").all_inner_texts() == ["That is not an answer of the kind asked for."]


def test_from_key_to_screen(page, explorer, measure):
    """The median time from Enter to the changed picture, as the browser sees it, beside the usual way."""
    ours = page.evaluate(KEY_TO_SCREEN, ["To", "svg.labkit", ADDRESSES])
    usual = page.evaluate(KEY_TO_SCREEN, ["Usual way", "img", ADDRESSES])
    measure(compared("from key to screen", ours, usual, goal=120))
    assert 0 < ours and 0 < usual
