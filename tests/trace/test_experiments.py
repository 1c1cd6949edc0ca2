"""What the lab does in each experiment is what the kernel did."""

import pytest

from labkit.front import Lab

from .experiments import EXPERIMENTS, asked, on_the_kernel, recorded, written

KERNEL = {name: recorded(name) for name in EXPERIMENTS}
EVERY = [(name, title) for name, experiments in EXPERIMENTS.items() for title in experiments]


@pytest.mark.parametrize(("name", "title"), EVERY)
def test_the_lab_does_as_the_kernel_did(name, title):
    assert written(asked(Lab().sh, EXPERIMENTS[name][title])) == KERNEL[name][title]


#: Asked of this machine's kernel again, one of each kind; all of them by `python -m tests.trace.experiments`.
@pytest.mark.needs("namespaces", "sysfs", "ping", "procps", "nc", "traceroute")
@pytest.mark.parametrize(("name", "title"), EVERY[::16])
def test_the_kernel_still_does_so(name, title):
    lines = EXPERIMENTS[name][title]
    for _ in range(3):  # on a busy machine a timer may run out in between
        different = [(ours, theirs) for ours, theirs in zip(asked(Lab().sh, lines), on_the_kernel(lines), strict=True)
                     if not ours.is_that_of(theirs)]
        if not different:
            break
    assert different == []
