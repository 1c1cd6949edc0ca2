"""A Trace as text: namespaces as headings, what happened there in order, the losers below a decision.

The first column is the kind of step; `<-` is a packet that came in, `->` one that went out. ARP frames
and copies that a bridge floods to others are left out here, unless the cause of the ending is among them; they are in
`.steps` and `.sightings`.
"""

from itertools import groupby

from .steps import Step

_LABELS = {"in": "<-", "out": "->", "raised": "icmp", "heard": "icmp"}


def trace_text(trace) -> str:
    """The whole explanation; the last line is the verdict."""
    lines = [trace.title]
    for place, steps in groupby(_told(trace), key=lambda step: step.namespace):
        lines.append(f"{place}")
        for step in steps:
            lines += _lines(step)
    lines.append(f"=> {trace.verdict}")
    return "\n".join(lines)


def _told(trace) -> list[Step]:
    """The steps of the probe's own path, and of a frame that is the cause of something: its way to where it was lost."""
    causes = {id(step.because) for step in trace.steps if not step.aside} | {id(trace.verdict.cause)}
    told: list[Step] = []
    way: list[Step] = []
    for step in trace.steps:
        way = [*way, step] if way and way[-1].packet == step.packet else [step]
        if not step.aside:
            told.append(step)
        elif id(step) in causes:
            told += [earlier for earlier in way if earlier.aside]
    return told


def _lines(step: Step) -> list[str]:
    where = f"{step.interface}: " if step.interface else ""
    label = _LABELS.get(step.kind, step.kind)
    return [f"  {label:<8} {where}{step.text}", *(f"  {'':<8} not `{line.replace(': ', '`: ', 1)}" for line in step.details)]
