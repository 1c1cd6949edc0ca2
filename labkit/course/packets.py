"""What tasks ask of a lab: whether packets get through. Always asked of a copy, so that a check leaves no neighbour
entry, no learned address and no moved clock behind in the learner's lab."""


from ..lab.lab import Lab
from ..trace.trace import Trace


def probe(lab: Lab, source: str, destination: str, **how) -> Trace:
    """`lab.trace`, on a copy of the lab."""
    return lab.copy().trace(source, destination, **how)


def unanswered(lab: Lab, source: str, destination: str, **how) -> str | None:
    """None when the answer comes back; else a sentence with what happened instead."""
    trace = probe(lab, source, destination, **how)
    return None if trace.answered else f"{source} gets no answer from {destination}: {trace.verdict}."
