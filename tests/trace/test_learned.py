"""What is learned hangs on the next hop: the lab shows and forgets it as the kernel did."""

import pytest

from labkit.front import Lab

from .learning import EXPERIMENTS, asked, recorded

KERNEL = recorded()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_lab_learns_and_forgets_as_the_kernel_did(experiment):
    assert asked(Lab().sh, experiment) == KERNEL[experiment]


#: Asked of this machine's kernel again, one of each kind; all of them by `python -m tests.trace.learning`.
@pytest.mark.needs("namespaces", "ping")
@pytest.mark.parametrize("experiment", [*EXPERIMENTS][::9])
def test_the_kernel_still_learns_and_forgets_so(experiment):
    from tests.conform.kernel_shell import KernelShell

    with KernelShell() as shell:
        assert asked(shell.sh, experiment) == KERNEL[experiment]
