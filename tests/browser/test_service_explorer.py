"""The explorer of Services in a real browser, with the keyboard: a pod leaves, the draw is pinned, a kube-proxy is stopped."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.needs("browser")

CELL = """
import labkit
from labkit.view import ServiceExplorer
lab = labkit.scenarios.web()
lab.sh("kubectl apply -f web.yaml", on="k8s-master")
ServiceExplorer(lab, "web", "client1")
"""


@pytest.fixture(scope="module")
def explorer(open_notebook):
    with open_notebook([CELL]) as page:
        yield page.locator(".jp-CodeCell").first


def said(explorer) -> str:
    return explorer.locator("svg desc").first.text_content()


def test_the_draw_is_pinned_and_both_tuples_are_there(explorer):
    expect(explorer.get_by_role("img", name="TCP to port 80 from client1 to 10.96.0.50")).to_be_visible()
    explorer.get_by_label("Endpoint").select_option("10.20.92.3")
    expect(explorer.locator("svg text", has_text="k8s-node2: sent 10.20.37.4:32768 > 10.20.92.3:8080")).to_be_visible()
    assert "answered at web-c" in said(explorer)


def test_a_pod_leaves_while_a_kube_proxy_is_stopped_and_all_is_taken_back(explorer):
    explorer.get_by_label("kube-proxy off").select_option("k8s-node1")
    expect(explorer.locator("svg text", has_text="k8s-node1, kube-proxy stopped")).to_be_visible()
    explorer.get_by_label("Pod", exact=True).select_option("web-b")
    explorer.get_by_role("button", name="Leaves it").focus()
    explorer.page.keyboard.press("Enter")
    expect(explorer.locator("svg text", has_text="--to-destination 10.20.37.3:8080")).to_have_count(1)
    explorer.get_by_role("button", name="Reset").focus()
    explorer.page.keyboard.press("Enter")
    expect(explorer.locator("svg text", has_text="--to-destination 10.20.37.3:8080")).to_have_count(2)
