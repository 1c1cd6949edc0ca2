"""What Binder makes of this repository, told by repo2docker itself without building anything; and what its two scripts do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.copy import FIRST

ROOT = Path(__file__).parent.parent
BINDER = ROOT / ".binder"


@pytest.mark.needs("hosting")
def test_repo2docker_installs_the_pinned_versions_and_runs_our_scripts(tmp_path):
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "--user-id=1000", "--user-name=visitor", ROOT]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=os.environ | {"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    steps = ['pip install --no-cache-dir -r ".binder/requirements.txt"', "RUN ./.binder/postBuild", "{REPO_DIR}/.binder/start"]
    places = [said.index(step) for step in steps]
    assert places == sorted(places), "in this order"
    assert re.search(r"environment\S*py-2d3-2e12", said), "Python 3.12"


def test_what_binder_installs_is_what_make_lab_installs():
    lines = [line for line in (BINDER / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == ["-c ../constraints.txt", "-e .[notebooks,kernel,hub]"]
    assert (BINDER / "runtime.txt").read_text() == "python-3.12\n"


def test_a_visitor_finds_a_copy_of_the_course_where_the_link_leads(tmp_path):
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    subprocess.run([BINDER / "postBuild"], cwd=tmp_path, env=env, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "my-course" / FIRST).exists()
    assert f"urlpath=lab/tree/my-course/{FIRST}" in (ROOT / "README.md").read_text()


def test_the_server_that_binder_starts_asks_about_no_news():
    command = [BINDER / "start", sys.executable, "-c", "import os; print(os.environ['JUPYTER_CONFIG_PATH'])"]
    said = subprocess.check_output(command, cwd=ROOT, env={"JUPYTER_CONFIG_PATH": "/elsewhere"}, text=True, timeout=60)
    ours, theirs = said.strip().split(":")
    settings = json.loads(Path(ours, "labconfig/default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false", "checkForUpdates": False}
    assert theirs == "/elsewhere"
