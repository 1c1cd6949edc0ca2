"""The course in the browser alone: `make lite`'s site, on a plain file server, with no network and no Python behind it.

Every notebook is run whole as it is stored, and gives the stored outputs; the learner's copy, which the site opens with, is typed into.
"""

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import IDLE, LOCAL
from tests.browser.test_learning import at, type_into
from tests.browser.test_notebooks import NOTEBOOKS, USES, cell_of, enter, verdict
from tests.stored import advice, cells, may_differ, outputs

pytestmark = pytest.mark.needs("browser", "hosting")

ROOT = Path(__file__).parent.parent.parent
MOST_MEGABYTES = 60
FIRST_CELL = 20  # seconds on a quiet machine of two cores; reported, as no machine is always quiet
RAN = "() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells.some(cell => cell.execution_count)"
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The folder that is served."""
    folder = tmp_path_factory.mktemp("lite") / "site"
    subprocess.run([sys.executable, "-m", "hosting.lite", folder], cwd=ROOT, check=True, capture_output=True, timeout=500)
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server and nothing else."""

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def address(site):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def lite(address, context, measure_all):
    """The page that the site's folder opens, its first chapter run whole. What left this machine fails the last test here."""
    with context.new_page() as page:
        page.requests = []
        context.on("request", lambda request: page.requests.append(request.url))
        start = time.monotonic()
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        shown = time.monotonic() - start
        page.wait_for_function(IDLE, timeout=180_000)
        page.evaluate(f"() => {{ window.ended = ({RUN_ALL})() }}")
        page.wait_for_function(RAN)
        measure_all(f"the course in the browser alone: shown after {shown:.1f} s, first cell after {time.monotonic() - start:.1f} s "
                    f"(goal on two quiet cores: {FIRST_CELL}; load average here {os.getloadavg()[0]:.1f})")
        page.evaluate("() => window.ended")
        yield page


@pytest.fixture(scope="module")
def measure_all(request):
    return request.config.measured.append


def run_whole(page: Page, text: str) -> dict:
    """Put a notebook beside the learner's and run it from top to bottom: what it is then."""
    page.evaluate("""async text => {
        const app = window.jupyterapp
        await app.serviceManager.contents.save('stored.ipynb', {type: 'notebook', format: 'json', content: JSON.parse(text)})
        await app.commands.execute('docmanager:open', {path: 'stored.ipynb', factory: 'Notebook'})
    }""", text)
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.path === 'stored.ipynb'")
    page.wait_for_function(IDLE, timeout=180_000)
    page.evaluate(RUN_ALL)
    page.wait_for_function(IDLE)
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON()")


def shut(page: Page) -> None:
    page.evaluate("""async () => {
        const shown = window.jupyterapp.shell.currentWidget
        await shown.context.save()
        await shown.sessionContext.shutdown()
        shown.close()
    }""")


def test_the_site_is_small(site, measure_all):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    measure_all(f"the site of the course in the browser alone: {size:.0f} MB (goal: at most {MOST_MEGABYTES})")
    assert size <= MOST_MEGABYTES


def test_the_first_page_is_the_first_chapter_of_a_learners_copy(lite):
    expect(lite.locator(".jp-mod-current .lm-TabBar-tabLabel", has_text="00-start-here.ipynb").first).to_be_visible()
    expect(at(lite, "q.typed(1) shows mine")).to_be_visible()
    assert [text for text in lite.locator(".jp-Dialog").all_inner_texts()] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_whole_and_gives_the_stored_outputs(lite, path):
    text = path.read_text(encoding="utf-8")
    stored = cells(json.loads(text))
    try:
        run = cells(run_whole(lite, text))
        assert [cell["execution_count"] for cell in run] == [cell["execution_count"] for cell in stored]
        for before, now in zip(stored, run, strict=True):
            source = "".join(before["source"])
            if may_differ(before):
                said = " ".join(outputs(now).values())
                assert "error" not in outputs(now) and "stderr" not in outputs(now), source
                assert not said or "runs in a web browser" in said, source
                assert not advice(now), source
            elif "Growth(" in source or "matplotlib" in "".join(outputs(before).get("image/svg+xml", "")):
                assert outputs(now)["text/plain"].startswith(outputs(before)["text/plain"] + "\n(On a machine of your own")
            else:
                assert outputs(now) == outputs(before), source
    finally:
        shut(lite)


def test_a_question_takes_a_typed_answer(lite):
    cell = at(lite, "q.which_line.")
    type_into(lite, cell, 'q.which_line.check("docker0")')
    expect(cell.locator(".jp-OutputArea")).to_contain_text("Right.")


def test_a_line_is_typed_into_a_lab(lite):
    cell = at(lite, "q.typed(1) shows mine")
    type_into(lite, cell, "%%lab k8s-node2\nip route get 10.20.92.11  # q.typed(1) shows mine")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("10.20.92.11 dev docker0 src 10.20.92.1")


def test_an_explorer_answers_a_changed_address(lite):
    use = USES["00-start-here"]
    explorer = cell_of(lite, "TraceExplorer(")
    enter(explorer.get_by_label("To", exact=True), use.to)
    expect(verdict(explorer)).to_contain_text(use.then)


def test_a_link_opens_the_next_chapter_beside_this_one(lite):
    lite.get_by_role("link", name="01 Docker network modes →").first.click()
    lite.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.path === '01-docker-network-modes.ipynb'")
    lite.wait_for_function(IDLE, timeout=180_000)
    shut(lite)


def test_the_doctor_says_what_is_true_in_a_browser(lite, keep_screenshot):
    told = at(lite, "print(doctor())").locator(".jp-OutputArea")
    expect(told).to_contain_text("ok    The packages that draw are here")
    expect(told).to_contain_text("this Python runs in a web browser, and there is no Linux kernel under it")
    expect(told).to_contain_text("every notebook works, predicted only. To have it: take the course on a machine with Linux")
    keep_screenshot(lite, "lite")


def test_no_request_has_left_this_machine(lite):
    assert len(lite.requests) > 50
    assert [url for url in lite.requests if not url.startswith(LOCAL)] == []
