"""A real JupyterLab on loopback and a real Chromium, offline: what a learner sees and presses.

`open_notebook` gives a page with a notebook run to its end; one JupyterLab serves all. Everything Jupyter writes
goes to a temporary folder, and a request to anywhere but this machine is a failure.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
SETTINGS = {
    # No pop-up asking about news, and every cell in the page, seen or not.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
IDLE = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
SECONDS = 60_000  # milliseconds that a slow machine may take for any one thing


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """(address, token, folder for notebooks) of a running JupyterLab."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "course" / "notebooks"
    folder.mkdir(parents=True)
    (home / "course" / "data").symlink_to(ROOT / "data")
    for name, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    server = _start(home, folder, port, token)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/api/status?token={token}", server, home / "log")
        yield f"http://127.0.0.1:{port}", token, folder
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def _start(home: Path, folder: Path, port: int, token: str) -> subprocess.Popen:
    places = {
        "HOME": "", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(home / place) for name, place in places.items()}}
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.port_retries": 0, "IdentityProvider.token": token,
        "ServerApp.root_dir": folder.parent, "ServerApp.allow_root": True, "ServerApp.terminals_enabled": False,
        "LabApp.expose_app_in_browser": True, "LabApp.extension_manager": "readonly",
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", *(f"--{name}={value}" for name, value in options.items())]
    with open(home / "log", "wb") as log:
        return subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)


def _wait_until_up(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline, f"JupyterLab does not come up:\n{log.read_text()}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def browser():
    """For a module only: as long as Playwright runs, no other test of this process may have an event loop."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def context(browser):
    """What pages share: above all the cache, so that JupyterLab is loaded once."""
    with browser.new_context(viewport={"width": 1280, "height": 1600}, locale="en-US", reduced_motion="reduce") as context:
        context.set_default_timeout(SECONDS)
        yield context


@pytest.fixture(scope="module")
def open_notebook(jupyter, context):
    """`with open_notebook(path or list of cells) as page`: that notebook, run whole without an error or a warning; in the mode "doc"
    alone on the page, in "lab" beside JupyterLab's side bar.

    A request that leaves this machine, and a dialog that a script of ours would open, fail the test.
    """
    address, token, folder = jupyter

    @contextmanager
    def open(what, mode="doc"):
        file = _stored(what, folder)
        requests, dialogs = [], []
        with context.new_page() as page:
            page.on("request", lambda request: requests.append(request.url))
            page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
            page.goto(f"{address}/{mode}/tree/notebooks/{file.name}?token={token}&reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.wait_for_function(IDLE)
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
            wrong = page.locator("[data-mime-type$='jupyter.error'], [data-mime-type$='jupyter.stderr']")
            assert wrong.all_inner_texts() == []
            yield page
            page.evaluate("async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll() }")
        assert [url for url in requests if not url.startswith(LOCAL)] == []
        assert dialogs == []

    return open


def _stored(what: Path | list[str], folder: Path) -> Path:
    """A notebook, or one made of these cells, where JupyterLab finds it."""
    if isinstance(what, Path):
        return Path(shutil.copy(what, folder))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}  # else Lab asks which
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in what], metadata=kernel)
    file = folder / f"{secrets.token_hex(4)}.ipynb"
    nbformat.write(notebook, file)
    return file


@pytest.fixture(scope="session")
def keep_screenshot(tmp_path_factory):
    """keep_screenshot(page, name): a picture of the page, to be looked at; in a checkout that may be written to, beside this file."""
    here = ROOT / "tests" / "browser"
    folder = here / "screenshots" if os.access(here, os.W_OK) else tmp_path_factory.mktemp("screenshots")

    def keep(page: Page, name: str) -> None:
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")

    return keep
