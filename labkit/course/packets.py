"""What tasks ask of a lab: whether packets get through, and who answers them. Always asked of a copy, so that a check
leaves no neighbour entry, no learned address and no moved clock behind in the learner's lab."""

from ..lab.lab import Lab
from ..trace.trace import Trace


def probe(lab: Lab, source: str, destination: str, **how) -> Trace:
    """`lab.trace`, on a copy of the lab."""
    return lab.copy().trace(source, destination, **how)


def unanswered(lab: Lab, source: str, destination: str, by: str, **how) -> str | None:
    """None when the answer comes back, and from the namespace `by`; else a sentence with what happened instead."""
    return not_from(by, probe(lab, source, destination, **how))


def not_from(by: str, trace: Trace) -> str | None:
    """The same of a trace there is already. Whoever has the address answers, also the asker itself, so it matters who."""
    where = trace.verdict.where
    if not trace.answered:
        return f"{trace.source} gets no answer from {trace.destination}: {trace.verdict}."
    return None if where == by else f"{trace.source} asks {trace.destination}, but {where} answers: that address belongs to {by} alone."


def without(lab: Lab, name: str, address: str) -> str | None:
    """None when an interface of the namespace has this address, prefix length and all."""
    held = [str(a.interface) for interface in lab[name].by_index() for a in interface.addresses if not a.ip.is_loopback]
    return None if address in held else f"{name} should have {address}; it has {', '.join(held) or 'no address'}."
