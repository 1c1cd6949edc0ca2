"""A trace redrawn the way notebooks usually do it, `interactive_output` and a matplotlib figure: to be measured against.

Code for a cell, run in the kernel with the TraceExplorer beside it: the same boxes, words, wires and ways. Nothing else in this
project uses matplotlib or an Output widget.
"""

ADDRESSES = ["10.20.92.3", "10.20.92.11"]

OURS = """
import labkit
from labkit.view import TraceExplorer

lab = labkit.scenarios.seed_cluster()
explorer = TraceExplorer(lab, "wp-mysql-t5w0m", "10.20.92.11")
explorer
"""

USUAL = """
%matplotlib inline
import copy
import ipywidgets
import matplotlib.pyplot as plt
from labkit.view.scene import scene

def redraw(to):
    trace = copy.deepcopy(lab).trace("wp-mysql-t5w0m", to)
    picture = scene(lab, trace)
    ax = plt.figure(figsize=(8.2, 6.9)).add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, picture.width), ylim=(picture.height, 0))
    for part in picture.parts:
        ax.add_patch(plt.Rectangle((part.x, part.y), part.w, part.h, facecolor="none", edgecolor="#1a1f24" if part.on_path else "#8a949e"))
        for line, words in enumerate(part.lines):
            ax.text(part.x + 6, part.y + 13 + 14 * line, words, fontsize=7.4, family="monospace")
    for line in (*picture.wires, *picture.trails):
        ax.plot(*zip(*line.points))
    plt.show()

usual = ipywidgets.Text("10.20.92.11", description="Usual way", continuous_update=False)
output = ipywidgets.interactive_output(redraw, {"to": usual})
ipywidgets.VBox([usual, output])
"""


def compared(what: str, ours: float, usual: float, goal: int) -> str:
    """The sentence for the closing summary."""
    return (f"seed cluster, {what}: TraceExplorer {ours:.1f} ms (goal: under {goal}), interactive_output with matplotlib "
            f"{usual:.1f} ms: {usual / ours:.1f} times as long")
