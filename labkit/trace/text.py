"""A Trace as text: namespaces as headings, decisions in order, the candidates that lost below them.

Sightings are told with an arrow: `<-` came in, `->` went out. ARP is told in one line a question.
"""

from itertools import groupby

from .steps import Step


def trace_text(trace) -> str:
    """The whole explanation; the last line is the verdict."""
    lines = [trace.title]
    told = [step for step in trace.steps if not _untold(step)]
    for place, steps in groupby(told, key=lambda step: step.namespace):
        lines.append(f"[{place}]")
        for step in steps:
            lines += _lines(step)
    lines.append(f"=> {trace.verdict}")
    return "\n".join(lines)


def _untold(step: Step) -> bool:
    """What the explanation leaves out: ARP frames and flooded copies that end nowhere."""
    return step.aside


def _lines(step: Step) -> list[str]:
    where = f"{step.interface} " if step.interface else ""
    match step.kind:
        case "in":
            return [f"  <- {where}{step.text}"]
        case "out":
            return [f"  -> {where}{step.text}"]
    head = f"     {where}{step.text}"
    return [head, *(f"       not {line}" for line in step.details)]
