"""`show(lab)` and `show(trace)`: a picture in a notebook, with its text beside it.

The same input gives the same bytes, so a notebook's stored outputs can be compared strictly.
"""

import re
from base64 import b64encode
from html import escape

from ..errors import BadInput
from ..lab.lab import Lab
from ..trace.trace import Trace
from .describe import as_text
from .scene import Scene, scene
from .svg import svg

#: What scrolls can be reached by Tab and moved by the arrow keys, which JupyterLab otherwise takes for itself.
FOCUS = 'tabindex="0" data-lm-suppress-shortcuts="true"'


#: How far a picture shrinks on a narrow page before its box scrolls: text of 11 pixels is still to be read.
LEAST = 0.9


def width_of(svg: str) -> float:
    """The width in pixels that a picture was made for."""
    return float(re.search(r'width="([0-9.]+)"', svg)[1])


def bundle(svg: str, name: str, text: str) -> dict[str, str]:
    """A picture in all the forms a viewer may choose from.

    JupyterLab shows an SVG output as an <img> without any name, and not at all before the notebook is
    run; hence the same SVG as an <img> with a name, which it also shows in a notebook just opened.
    """
    source = b64encode(svg.encode()).decode()
    img = f'<img alt="{escape(name)}" style="max-width:max(100%,{width_of(svg) * LEAST:.0f}px)" src="data:image/svg+xml;base64,{source}"/>'
    html = f'<div {FOCUS} style="overflow-x:auto">{img}</div>'
    return {"text/html": html, "image/svg+xml": svg, "text/plain": text}


class Picture:
    """What a notebook displays: an SVG, and for where none can be shown a text."""

    def __init__(self, scene: Scene, text: str):
        self.scene = scene
        self.text = text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return bundle(svg(self.scene), f"{self.scene.title}. {self.scene.description}", self.text)

    def __str__(self) -> str:
        return self.text


def show(lab: Lab, trace: Trace | None = None, step: int | None = None, before: Trace | None = None) -> Picture:
    """A picture of the lab, with a trace's way through it if one is given.

    step: the number of the step in `trace.steps` to point at. before: an earlier trace to compare with.
    Raises BadInput when `lab` is no lab or there is no such step.
    """
    if not isinstance(lab, Lab):
        raise BadInput(f"show() draws a lab, and a trace in it: show(lab) or show(lab, trace); got {type(lab).__name__}")
    if trace is not None and step is not None and not 0 <= step < len(trace.steps):
        raise BadInput(f"the trace has steps 0 to {len(trace.steps) - 1}; there is no step {step}")
    return Picture(scene(lab, trace, step, before), as_text(lab, trace))
