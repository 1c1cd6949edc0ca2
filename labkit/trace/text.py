"""A Trace as text: namespaces as headings, what happened there in order, the losers below a decision.

The first column is the kind of step; `<-` is a packet that came in, `->` one that went out. ARP frames
and copies that a bridge floods to others are left out here; they are among `.steps` and `.sightings`.
"""

from itertools import groupby

from .steps import Step

_LABELS = {"in": "<-", "out": "->", "raised": "icmp", "heard": "icmp"}


def trace_text(trace) -> str:
    """The whole explanation; the last line is the verdict."""
    lines = [trace.title]
    told = [step for step in trace.steps if not step.aside]
    for place, steps in groupby(told, key=lambda step: step.namespace):
        lines.append(f"{place}")
        for step in steps:
            lines += _lines(step)
    lines.append(f"=> {trace.verdict}")
    return "\n".join(lines)


def _lines(step: Step) -> list[str]:
    where = f"{step.interface}: " if step.interface else ""
    label = _LABELS.get(step.kind, step.kind)
    return [f"  {label:<8} {where}{step.text}", *(f"  {'':<8} not `{line.replace(': ', '`: ', 1)}" for line in step.details)]
