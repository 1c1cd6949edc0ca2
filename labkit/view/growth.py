"""What grows with the number of nodes, and what does not: measured in labs of several sizes, told as a table and a plot.

Every number is counted in a lab: the lines that flanneld wrote on one node, the bytes and the TTL of a ping between two pods.
"""

import io
import sys
from base64 import b64encode
from html import escape

from ..front import Lab
from ..lab.lab import written
from ..planes.etcd import Etcd
from ..planes.flannel import Flanneld, Registry
from ..scenarios import flannel
from ..scenarios.script import cable, run

BACKENDS = ("udp", "vxlan", "host-gw")
SIZES = (2, 5, 10, 20)
#: Where no pip can bring matplotlib, by Python's name for the system.
_NO_PLOT = {"emscripten": "On a machine of your own this is a plot; in a browser it is told as text"}
_CONFIG = '{{"Network": "10.1.0.0/16", "Backend": {{"Type": "{}"}}}}'


def lines_on_one_node(backend: str, nodes: int) -> tuple[int, int]:
    """How many lines flanneld has in the kernel's tables of the first node for all others, and how many entries in its own list."""
    lab = Lab("lan")
    run(lab, "lan", "ip link add br0 type bridge\nip link set br0 up")
    registry = Registry(Etcd(lab, "lan").store)
    registry.store.put(f"{registry.prefix}/config", _CONFIG.format(backend))
    alone = 0
    for number in range(1, nodes + 1):
        lab.add_machine(f"node{number}")
        cable(lab, f"node{number}", "eth0", "lan", "br0")
        run(lab, f"node{number}", f"ip addr add 192.168.90.{number}/24 dev eth0")
        Flanneld(lab, f"node{number}", registry, dev="eth0")
        alone = _written(lab) if number == 1 else alone
    return _written(lab) - alone, sum(len(program.entries) for program in lab["node1"].programs.values())


def _written(lab: Lab) -> int:
    return sum(line.origin.who == "flanneld" for line in written(lab["node1"]))


def price(backend: str) -> tuple[int, int]:
    """(bytes added on the wire, TTL of the answer) of a ping between two pods."""
    lab = flannel(backend)
    way = lab.trace("pod1", "10.1.6.2")
    return way.seen("node1", "eth0", "out")[0].length - 84, way.reply_ttl


class Growth:
    """The figures; a notebook shows them as a plot, with the table as its text."""

    def __init__(self):
        self.lines = {backend: [lines_on_one_node(backend, nodes) for nodes in SIZES] for backend in BACKENDS}
        self.prices = {backend: price(backend) for backend in BACKENDS}

    def __str__(self) -> str:
        head = f"{'':10}{'bytes added':>12}{'TTL':>5}   lines on one node of a cluster of " + ", ".join(map(str, SIZES))
        rows = []
        for backend in BACKENDS:
            kernel, own = ([pair[i] for pair in self.lines[backend]] for i in (0, 1))
            own_words = f" (and {', '.join(map(str, own))} in the program's list)" if any(own) else ""
            added, ttl = self.prices[backend]
            rows.append(f"{backend:10}{added:>12}{ttl:>5}   {', '.join(map(str, kernel))}{own_words}")
        return "\n".join([head, *rows])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        try:
            svg = self.svg()
        except ImportError:
            return {"text/plain": f"{self}\n({_NO_PLOT.get(sys.platform, 'To see it as a plot: pip install matplotlib')})"}
        source = b64encode(svg.encode()).decode()
        html = f'<img alt="{escape(str(self))}" style="max-width:100%" src="data:image/svg+xml;base64,{source}"/>'
        return {"text/html": html, "image/svg+xml": svg, "text/plain": str(self)}

    def svg(self) -> str:
        """The plot. ImportError without matplotlib."""
        import matplotlib
        from matplotlib.figure import Figure

        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "labkit", "font.size": 9, "font.family": "sans-serif"}):
            figure = Figure(figsize=(8.4, 3))
            lines, added, ttl = figure.subplots(1, 3, width_ratios=(2, 1, 1))
            figure.subplots_adjust(left=0.07, right=0.99, bottom=0.17, top=0.88, wspace=0.3)
            for backend, sign, dash in zip(BACKENDS, "os^", ("-", "--", ":"), strict=True):
                lines.plot(SIZES, [kernel for kernel, _ in self.lines[backend]], f"{sign}{dash}", label=backend)
            lines.set(title="lines of flanneld on one node", xlabel="nodes in the cluster", xticks=SIZES)
            lines.legend()
            for axes, title, at in (added, "bytes added to a packet", 0), (ttl, "TTL of the answer", 1):
                bars = axes.bar(BACKENDS, [self.prices[backend][at] for backend in BACKENDS], color=("C0", "C1", "C2"))
                axes.bar_label(bars)
                axes.set(title=title, ylim=(0, 72))
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        return text.getvalue()
