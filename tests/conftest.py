"""What becomes of a test that needs more than this machine has: see tests/parts.py for the parts.

Where a part is absent the test is skipped with the line that brings it; in CI (CI=true) any skip is a failure unless
tests/allowed_skips.txt lists it. The closing summary says which parts ran; `python -m tests` sums up several runs.
"""

import fnmatch
import os
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

from tests.parts import PARTS, why_absent

# The same examples every time, and no deadline: a test that fails, fails for everybody.
hypothesis.settings.register_profile("labkit", derandomize=True, deadline=None)
hypothesis.settings.load_profile("labkit")

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips.txt")


def allowed_skips(text: str) -> dict[str, str]:
    """The lines `test id pattern  # reason` as a mapping; a line without a reason is an error."""
    allowed = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, _, reason = line.partition(" # ")
        if not reason.strip():
            raise pytest.UsageError(f"{ALLOWED_SKIPS.name}: no reason after ' # ' in {line!r}")
        allowed[pattern.strip()] = reason.strip()
    return allowed


def pytest_configure(config):
    config.parts_ran = Counter()
    config.measured = []
    config.allowed_skips = allowed_skips(ALLOWED_SKIPS.read_text())


def pytest_runtest_setup(item):
    parts = [part for mark in item.iter_markers("needs") for part in mark.args]
    absent = dict.fromkeys(f"{part}: {why_absent(part)}" for part in parts if why_absent(part))
    if absent:
        pytest.skip("\n".join(absent))
    item.config.parts_ran.update(parts)
    item.user_properties += [("part", part) for part in parts]  # for the sum of several runs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    return _no_silent_skip((yield), item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):  # a module that skips itself, e.g. importorskip
    return _no_silent_skip((yield), collector.config)


def _no_silent_skip(report, config):
    expected_failure = hasattr(report, "wasxfail")
    if IN_CI and report.skipped and not expected_failure:
        if not any(fnmatch.fnmatch(report.nodeid, pattern) for pattern in config.allowed_skips):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{reason}\nIn CI a skip is a failure: install what is missing, or list it in {ALLOWED_SKIPS.name}."
    return report


@pytest.fixture
def measure(request):
    """Call it with a sentence that holds a measurement; the closing summary prints it."""
    return request.config.measured.append


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.section("optional parts")
    for part in PARTS:
        absent = why_absent(part)
        ran = config.parts_ran[part]
        terminalreporter.line(f"{part:<12} " + (f"absent: {absent}" if absent else f"here, {ran} tests used it"))
    if config.measured:
        terminalreporter.section("measured")
        for line in config.measured:
            terminalreporter.line(line)
