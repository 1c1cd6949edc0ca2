"""What this machine lets the tests do, and what happens to a test it does not let run.

A test that needs more than Python says so: `@pytest.mark.needs("namespaces", "tun")`. Each such *part* is probed by
creating the thing, never by asking who we are. Where a part is absent the test is skipped with the reason; in CI
(CI=true) any skip is a failure unless tests/allowed_skips.txt lists it. The closing summary says which parts ran.
"""

import fnmatch
import functools
import importlib.util
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

# The same examples every time, and no deadline: a test that fails, fails for everybody.
hypothesis.settings.register_profile("labkit", derandomize=True, deadline=None)
hypothesis.settings.load_profile("labkit")

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips.txt")

# Every probe runs in namespaces of its own, which vanish with it.
# iptables wants its lock file, nft and iproute2 their folders: hence a /run of our own.
SANDBOX = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
KERNEL_PARTS = {
    "namespaces": "ip link add v0 type veth peer name v1 && ip link add b0 type bridge",
    "vxlan": "ip link add x0 type vxlan id 1 dstport 8472",
    "tun": "ip tuntap add t0 mode tun",
    "nftables": "nft add table ip t",
    "iptables": "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE",
}
TOOL_PARTS = {"ping": "ping", "traceroute": "traceroute", "tracepath": "tracepath", "tcpdump": "tcpdump",
              "net-tools": "netstat", "nc": "nc", "curl": "curl"}
PARTS = [*KERNEL_PARTS, *TOOL_PARTS, "browser"]


@functools.cache
def why_absent(part: str) -> str | None:
    """None when this machine has `part`, else one line that says what is missing."""
    if part in KERNEL_PARTS:
        return _why_kernel_refuses(KERNEL_PARTS[part])
    if part in TOOL_PARTS:
        return None if shutil.which(TOOL_PARTS[part]) else f"the command {TOOL_PARTS[part]} is not installed"
    if part == "browser":
        if importlib.util.find_spec("playwright") is None:
            return "the Python package playwright is not installed"
        return None if shutil.which("chromium") else "the command chromium is not installed"
    raise LookupError(f"no part is called {part!r}; there are {', '.join(PARTS)}")


def _why_kernel_refuses(script: str) -> str | None:
    try:
        done = subprocess.run([*SANDBOX, "sh", "-c", f"mount -t tmpfs tmpfs /run && {script}"],
                              capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[0]


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
    absent = [f"{part}: {why_absent(part)}" for part in parts if why_absent(part)]
    if absent:
        pytest.skip("; ".join(absent))
    item.config.parts_ran.update(parts)


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
