"""One question asked twice, of the lab's tables and of the kernel, and the two answers held against each other."""

from dataclasses import dataclass

from ..errors import BadInput, LabError
from ..lab.lab import Lab
from ..trace.diff import Diff
from ..trace.probe import probe
from ..trace.trace import Trace
from .availability import available
from .realize import realize


@dataclass(frozen=True, slots=True)
class Judgement:
    """`compared` holds `observed` against `predicted`; where the kernel cannot be asked both are None, and `why` says why."""

    predicted: Trace
    observed: Trace | None = None
    compared: Diff | None = None
    why: str = ""

    @property
    def same(self) -> bool | None:
        """Whether the kernel did what was predicted; None when it could not be asked."""
        return self.compared.same if self.compared is not None else None

    def __str__(self) -> str:
        if self.compared is not None:
            return str(self.compared)
        return f"{self.predicted.title}: {self.predicted.verdict}.\nPredicted only, because {self.why}"


def judge(lab: Lab, source: str, destination: str, **how) -> Judgement:
    """Predict what a probe does, watch it do so in real namespaces, and compare; the lab stays as it is.

    how: as in `lab.trace`. LabError when this cannot be asked of the lab either.
    """
    if not isinstance(lab, Lab):
        raise BadInput(f"the kernel judges a lab, such as labkit.scenarios.veth_pair(); this is a {type(lab).__name__}")
    predicted = probe(lab.copy(), source, destination, **how)
    found = available()
    if not found:
        return Judgement(predicted, why=f"{found.why}. To have it: {found.fix}")
    try:
        with realize(lab) as real:
            observed = real.trace(source, destination, **how)
    except LabError as error:
        return Judgement(predicted, why=str(error))
    return Judgement(predicted, observed, predicted.diff(observed))
