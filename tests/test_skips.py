"""A skipped test is a failure in CI unless it is listed with its reason: tried on a small suite of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
