"""What the lab does in each experiment is what the kernel did."""

import pytest

from labkit.front import Lab

from .experiments import EXPERIMENTS, asked, on_the_kernel, recorded

KERNEL = {name: recorded(name) for name in EXPERIMENTS}
EVERY = [(name, title) for name, experiments in EXPERIMENTS.items() for title in experiments]


@pytest.mark.parametrize(("name", "title"), EVERY)
def test_the_lab_does_as_the_kernel_did(name, title):
    assert asked(Lab().sh, EXPERIMENTS[name][title]) == KERNEL[name][title]


#: Asked of this machine's kernel again, one of each kind; all of them by `python -m tests.trace.experiments`.
@pytest.mark.needs("namespaces", "ping", "nc", "traceroute")
@pytest.mark.parametrize(("name", "title"), EVERY[::16])
def test_the_kernel_still_does_so(name, title):
    lines, answers = EXPERIMENTS[name][title], KERNEL[name][title]
    assert any(on_the_kernel(lines) == answers for _ in range(3))  # on a busy machine a timer may run out in between
