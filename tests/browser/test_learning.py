"""What a learner meets: a copy without answers, cells to type in, answers without quotes, pictures that show where a packet was."""

import re

import pytest
from playwright.sync_api import expect

from labkit.course.copy import copy_course
from tests.browser.test_notebooks import cell_of, enter, serious, theme

pytestmark = pytest.mark.needs("browser")

PICTURES = [
    "import labkit\nfrom labkit.view import BridgeExplorer, TraceExplorer\n%load_ext labkit\nlab = labkit.scenarios.seed_cluster()",
    "cluster = TraceExplorer(labkit.scenarios.seed_cluster(), 'wp-mysql-t5w0m', '10.20.92.11')\ncluster",
    "TraceExplorer(labkit.scenarios.same_node(), 'pod1', '10.20.92.11')",
    "BridgeExplorer(labkit.scenarios.same_node(), 'docker0')",
    "%%lab k8s-node1\nip -d link show flannel0",
]


@pytest.fixture(scope="module")
def copy(open_notebook, tmp_path_factory):
    """The first notebook of a learner's copy."""
    folder = copy_course(tmp_path_factory.mktemp("copy")).folder
    with open_notebook(folder / "00-start-here.ipynb") as page:
        yield page


@pytest.fixture(scope="module")
def pictures(open_notebook):
    with open_notebook(PICTURES, mode="lab") as page:
        yield page


def type_into(page, cell, text: str) -> None:
    """Put another text into a cell, and run it."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")


def at(page, part: str) -> str:
    """The cell's source begins so; quotes and dots of the editor are its own."""
    return page.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea", has_text=part)).first


def test_in_a_copy_no_question_is_answered_and_no_line_typed(copy):
    first = copy.locator(".jp-OutputArea-output", has_text="Not answered yet.")
    expect(first).to_have_count(10)
    expect(at(copy, "q.typed(2) shows mine")).not_to_contain_text("ip route del 10.20.92.0/24\n")


def test_each_question_shows_its_form(copy):
    expect(at(copy, "q.sets.check(").locator(".jp-OutputArea")).to_contain_text("a number, as in check(3), in place of the three dots")
    expect(at(copy, "q.which_line.check(").locator(".jp-OutputArea")).to_contain_text('your answer in quotes, as in check("…"),')
    expect(at(copy, "q.order_decides.check(").locator(".jp-OutputArea")).to_contain_text("True or False in place of the three dots")


@pytest.mark.parametrize(("typed", "said"), [
    ("q.which_line.check(docker0)", "docker0 is no word of Python's. Put words and addresses in quotes"),
    ("q.which_line.check(10.20.92.0/24)", "Python cannot read this answer. Put words and addresses in quotes"),
    ('q.which_line.check("dev docker0")', "Right, in another form."), ('q.which_line.check("flannel0")', "Not quite."),
    ('q.which_line.check("docker0")', "Right."), ("q.which_line.check(24)", "That is not an answer of the kind asked for."),
    ("q.which_line.hint()", "Hint. (1 of 1)"), ("q.which_line.solution()", "Solution. docker0"),
])  # fmt: skip
def test_an_answer_in_any_form_gets_one_sentence_and_no_traceback(copy, typed, said):
    cell = at(copy, "q.which_line.")
    type_into(copy, cell, typed)
    expect(cell.locator(".jp-OutputArea")).to_contain_text(said)
    expect(cell.locator(".jp-OutputArea")).not_to_contain_text("Traceback")
    expect(cell.locator("[data-mime-type$='jupyter.error']")).to_have_count(0)


def test_a_line_is_typed_and_tab_completes_it(copy):
    cell = at(copy, "q.typed(1) shows mine")
    cell.locator(".cm-content").click()
    copy.keyboard.press("Control+End")
    copy.keyboard.type("ip -br addr show flan")
    copy.wait_for_selector(".jp-mod-completer-enabled")
    copy.keyboard.press("Tab")
    expect(copy.locator(".jp-Completer-item")).to_contain_text("flannel0")
    copy.keyboard.press("Enter")
    expect(cell.locator(".cm-content")).to_contain_text("show flannel0")
    copy.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("10.20.92.0/16")


def test_progress_is_counted(copy):
    cell = at(copy, "q.progress()")
    cell.locator(".jp-InputPrompt").click()
    copy.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    expect(cell.locator(".jp-OutputArea")).to_contain_text(re.compile(r"\d of 11 right\. Not tried yet: q.sets, "))


@pytest.mark.parametrize("name", ["Light", "Dark"])
def test_in_both_themes_axe_finds_nothing_serious(copy, pictures, name, keep_screenshot):
    try:
        for page in (copy, pictures):
            theme(page, name)
            assert serious(page) == []
        keep_screenshot(copy, f"copy-{name.lower()}")
    finally:
        for page in (copy, pictures):
            theme(page, "Light")


@pytest.fixture
def cluster(pictures):
    """The explorer of the whole cluster, as it was at first."""
    cell = cell_of(pictures, "cluster = TraceExplorer(")
    cell.get_by_role("button", name="Reset").click()
    expect(cell.get_by_role("status")).to_contain_text("answered at mysql-demo-e81sy")
    return cell


def inside(point, box) -> bool:
    return box[0] - 8 <= point[0] <= box[0] + box[2] + 8 and box[1] - 8 <= point[1] <= box[1] + box[3] + 8


def near(one, other) -> bool:
    """Whether the middle of the first is within the second or next to its edge."""
    a, b = one.bounding_box(), other.bounding_box()
    x, y = a["x"] + a["width"] / 2, a["y"] + a["height"] / 2
    return b["x"] - 12 <= x <= b["x"] + b["width"] + 12 and b["y"] - 12 <= y <= b["y"] + b["height"] + 12


def test_every_fragment_has_a_trail_of_its_own_and_none_crosses_the_picture(cluster):
    enter(cluster.get_by_label("Payload bytes"), "1500")
    expect(cluster.get_by_role("status")).to_contain_text("in 2 fragments")
    trails = cluster.locator("svg polyline.request")
    boxes = [[float(box.get_attribute(name)) for name in ("x", "y", "width", "height")] for box in cluster.locator("svg rect.on").all()]
    assert trails.count() >= 3, "two fragments, and the swatch of the legend"
    for trail in trails.all():
        points = [tuple(map(float, point.split(","))) for point in trail.get_attribute("points").split()]
        for a, b in zip(points, points[1:], strict=False):
            level = abs(b[0] - a[0]) <= 1 or abs(b[1] - a[1]) <= 1
            assert level or any(inside(a, box) and inside(b, box) for box in boxes), "no line goes slantwise over the picture"


def test_a_packet_dropped_in_flanneld_is_lost_at_flanneld(cluster):
    enter(cluster.get_by_label("TTL"), "3")
    expect(cluster.get_by_role("status")).to_contain_text("dropped at k8s-node2: flanneld")
    lost = cluster.locator("svg circle.lost").first
    assert [near(lost, program) for program in cluster.locator("svg rect.program.on").all()].count(True) == 1


def test_a_packet_that_may_not_be_forwarded_is_lost_at_routing(cluster):
    cluster.get_by_label("Change in").select_option("k8s-node2")
    enter(cluster.get_by_label("becomes"), "sysctl -w net.ipv4.ip_forward=0")
    expect(cluster.get_by_role("status")).to_contain_text("ip_forward is 0")
    lost = cluster.locator("svg circle.lost").first
    assert any(near(lost, routing) for routing in cluster.locator("svg rect.routing.on").all())
    assert not any(near(lost, tunnel) for tunnel in cluster.locator("svg rect.tunnel").all())


def test_bridged_and_routed_look_different(pictures):
    cell = cell_of(pictures, "'pod1'")
    expect(cell.locator("svg rect.bridge.on")).to_have_count(1)
    expect(cell.locator("svg rect.routing.on")).to_have_count(0)
    cell.get_by_label("Change in").select_option("pod1")
    for line in ("ip addr add 10.20.92.3/29 dev eth0", "ip addr del 10.20.92.3/24 dev eth0"):
        enter(cell.get_by_label("becomes"), line)
        expect(cell.locator("pre", has_text=line)).to_be_visible()
    expect(cell.locator("svg rect.routing.on")).to_have_count(1)
    expect(cell.locator("svg text.ttl", has_text="ttl 64 → 63")).to_have_count(1)


def test_a_frame_to_everybody_goes_up_to_the_node(pictures):
    cell = cell_of(pictures, "BridgeExplorer(")
    cell.get_by_label("to", exact=True).select_option("everybody")
    cell.get_by_role("button", name="Send frame").click()
    expect(cell.locator("svg.labkit")).to_contain_text("a copy goes up to node")
    expect(cell.locator("svg.labkit")).not_to_contain_text("no route")


def test_on_a_laptop_picture_steps_and_decision_are_seen_together(pictures, cluster, keep_screenshot):
    pictures.set_viewport_size({"width": 1366, "height": 768})
    try:
        for _ in range(10):
            cluster.get_by_role("button", name="Step forward").click()
        expect(cluster.get_by_role("status")).to_contain_text("step 10 of")
        cluster.locator(".labkit-beside").evaluate("box => box.scrollIntoView({block: 'center'})")
        keep_screenshot(pictures, "laptop")
        seen = [cluster.locator(".labkit-beside svg"), cluster.get_by_role("button", name="Step forward"), cluster.get_by_role("status"),
                cluster.get_by_role("row", name=re.compile("^chosen"))]
        for thing in seen:
            box = thing.bounding_box()
            assert box["y"] >= 85 and box["y"] + min(box["height"], 500) <= 745, thing
        assert cluster.locator("svg text.name").first.bounding_box()["height"] >= 8
    finally:
        pictures.set_viewport_size({"width": 1280, "height": 1600})


def test_on_a_narrow_page_no_line_of_an_output_is_broken_and_the_keyboard_moves_it(pictures):
    pictures.set_viewport_size({"width": 800, "height": 900})
    try:
        cell = cell_of(pictures, "ip -d link show flannel0")
        output = cell.locator("pre").last
        lines = output.inner_text().rstrip("\n").count("\n") + 1
        assert output.evaluate("pre => pre.scrollWidth > pre.clientWidth")
        assert output.bounding_box()["height"] < (lines + 2) * 20
        cell.locator(".jp-InputPrompt").click()
        for _ in range(40):
            pictures.keyboard.press("Tab")
            if output.evaluate("pre => pre === document.activeElement"):
                break
        pictures.keyboard.press("ArrowRight")
        pictures.wait_for_function("pre => pre.scrollLeft > 0", arg=output.element_handle())
    finally:
        pictures.set_viewport_size({"width": 1280, "height": 1600})
