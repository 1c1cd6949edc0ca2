"""A skipped test is a failure in CI unless it is listed with its reason: tried on a small suite of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.__main__ import Sum

ROOT = Path(__file__).parent.parent
SUITE = """
import pytest
def test_plain(): pass
def test_skips(): pytest.skip("no such tool")
def test_listed(): pytest.skip("no such tool")
@pytest.mark.xfail
def test_known(): assert False
"""


@pytest.fixture
def run_suite(tmp_path):
    """Runs SUITE beside a copy of our conftest.py, with a list of allowed skips; returns the finished pytest."""
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_suite.py").write_text(SUITE)

    def run(ci: str, allowed: str) -> subprocess.CompletedProcess:
        (tmp_path / "allowed_skips.txt").write_text(allowed)
        env = os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)}
        return subprocess.run([sys.executable, "-m", "pytest", "-p", "no:nbval", "-p", "no:cacheprovider", "-q", tmp_path],
                              cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    return run


def test_in_ci_a_skip_fails_unless_it_is_listed(run_suite):
    done = run_suite(ci="true", allowed="test_suite.py::test_listed # the tool is not packaged\n")
    assert done.stdout.rstrip().splitlines()[-1].startswith("1 failed, 1 passed, 1 skipped, 1 xfailed")
    assert "FAILED test_suite.py::test_skips" in done.stdout


def test_elsewhere_a_skip_is_a_skip(run_suite):
    done = run_suite(ci="", allowed="")
    assert done.stdout.rstrip().splitlines()[-1].startswith("1 passed, 2 skipped, 1 xfailed")


def test_a_listed_skip_needs_a_reason(run_suite):
    done = run_suite(ci="true", allowed="test_suite.py::test_listed\n")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no reason" in done.stderr


def test_the_sum_of_several_runs_names_what_failed(tmp_path):
    report = tmp_path / "0.xml"
    report.write_text('<testsuite><testcase classname="tests.a" name="test_b"><failure message="AssertionError: one&#10;more"/></testcase>'
                      '<testcase classname="tests.a" name="test_c"/></testsuite>')
    found = Sum()
    found.add(report)
    found.add(tmp_path / "1.xml")
    lines = str(found).splitlines()
    assert lines[-1] == "1 passed, 2 failed, 0 skipped"
    assert lines[-4:-1] == ["What failed:", "tests.a test_b: AssertionError: one", "a run of pytest ended without its report 1.xml"]
