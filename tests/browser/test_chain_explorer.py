"""The explorer of chains in a real browser: a packet is chosen, a rule typed, replaced and taken back, with the keyboard alone."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.needs("browser")

CELL = """
import labkit
from labkit.view import ChainExplorer
ChainExplorer(labkit.scenarios.docker_host(), "host", "outside", "192.168.77.2", proto="tcp", port=8080)
"""


@pytest.fixture(scope="module")
def explorer(open_notebook):
    with open_notebook([CELL]) as page:
        yield page.locator(".jp-CodeCell").first


def said(explorer) -> str:
    return explorer.locator("svg desc").first.text_content()


def test_a_rule_is_typed_and_taken_back(explorer):
    expect(explorer.get_by_role("img", name="TCP to port 8080 from outside to 192.168.77.2")).to_be_visible()
    assert "answered at pub1" in said(explorer)
    field = explorer.get_by_label("becomes")
    field.fill("iptables -I DOCKER-USER -j DROP")
    field.press("Enter")
    expect(explorer.locator("svg text.bad", has_text="-A DOCKER-USER -j DROP").first).to_be_visible()
    expect(explorer.locator("svg text.key", has_text="new").first).to_be_visible()
    explorer.get_by_role("button", name="Undo").focus()
    explorer.page.keyboard.press("Enter")
    expect(explorer.locator("svg text.bad")).to_have_count(0)


def test_a_slip_is_said_beside_the_field(explorer):
    field = explorer.get_by_label("becomes")
    field.fill("iptables -A DOCKER-USER -j NOSUCH")
    field.press("Enter")
    expect(explorer.get_by_role("alert")).to_contain_text("NOSUCH")
    explorer.get_by_role("button", name="Reset").click()
    expect(explorer.get_by_role("alert")).to_have_count(0)


def test_another_packet_is_asked_for(explorer):
    explorer.get_by_label("From", exact=True).select_option("br1")
    explorer.get_by_label("Protocol").select_option("icmp")
    to = explorer.get_by_label("To", exact=True)
    to.fill("192.168.77.1")
    to.press("Enter")
    expect(explorer.get_by_role("img", name="ping from br1 to 192.168.77.1")).to_be_visible()
    assert "MASQUERADE" in said(explorer)
