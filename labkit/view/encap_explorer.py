"""EncapExplorer: one ping on the wire between two nodes, header by header, as layers of bytes.

Three ready labs that differ in flannel's backend alone; "none" is host-gw, which wraps nothing. DF is set,
so what does not fit is refused and not cut.
"""

from html import escape

import ipywidgets as widgets

from .. import scenarios
from ..errors import BadInput
from ..lab.packet import ETHERNET_HEADER, Packet
from ..trace.trace import Trace
from .contents import shortened
from .describe import headers
from .explorer import Explorer, PictureBox, button, choice, page, text_field
from .number import number
from .svg import sheet, text, wrapped

BACKENDS = {"none": "host-gw", "udp": "udp", "vxlan": "vxlan"}
#: Headers of a ping from the IP header on: what an MTU leaves for the payload.
_PING = 28
_PER_BYTE, _ROW, _LEFT, _PAYLOAD = 3.4, 30, 70, 150


class Encapsulation:
    """A backend and a payload size, the last good ones. BadInput, and all as it was, for another."""

    def __init__(self, backend: str = "udp", size: int = 56):
        self._labs: dict = {}
        self.messages: dict[str, str] = {}
        self.size = 56
        self.set_backend(backend)
        self.set_size(str(size))

    def set_backend(self, backend: str) -> None:
        """One of "none", "udp", "vxlan"."""
        if backend not in BACKENDS:
            raise BadInput(f"there is no encapsulation {backend!r}: {', '.join(BACKENDS)}")
        self.backend = backend
        self._probe()

    def set_size(self, typed: str) -> None:
        """Another number of payload bytes."""
        self.size = number(typed, 0, 65507, "a number of bytes")
        self._probe()

    @property
    def largest(self) -> int:
        """The most payload that passes whole."""
        return self.lab["pod1"].find("eth0").mtu - _PING

    @property
    def wire(self) -> Packet | None:
        """The frame that leaves the first node, or None when none does."""
        frames = self.trace.seen("node1", "eth0", "out")
        return frames[0] if frames else None

    def layers(self) -> list[tuple[int, int, str, str]]:
        """(offset, bytes, name, what it says) from the first byte of the frame; of one too big, as it would be if it were sent."""
        rows, at = [], 0
        for name, words, size in headers(self.wire or self._fitting):
            size = self.size if name == "payload" else size
            rows.append((at, size, name, words))
            at += size
        return rows

    def verdict(self) -> str:
        """What fits, in a sentence."""
        if self.wire is None:
            return f"{self.size} and {_PING} bytes of headers: {self.trace.verdict}"
        mtu = self.lab["node1"].find("eth0").mtu
        overhead = self.wire.length - self.size - _PING
        return (f"{self.wire.length} of {mtu} bytes on the wire (and {ETHERNET_HEADER} of Ethernet, which no MTU counts); "
                f"the tunnel takes {overhead}, so at most {self.largest} bytes of payload pass")

    def text(self) -> str:
        lines = [f"{self.backend}: {self.size} bytes of payload from pod1 to pod2"]
        lines += [f"{at:>6} {size:>5}  {name:<9} {words}" for at, size, name, words in self.layers()]
        return "\n".join([*lines, self.verdict()])

    def svg(self, verdict: bool = True) -> str:
        layers = self.layers()
        title = f"{self.size} bytes of payload with encapsulation {self.backend}"
        body = [text("soft", 8, 16, "at byte"), text("soft", _LEFT, 16, "header, bytes, what it says")]
        for row, layer in enumerate(layers):
            body.append(_layer(26 + row * _ROW, *layer, self.largest))
        bottom = 26 + len(layers) * _ROW
        mtu = _LEFT + layers[-1][0] * _PER_BYTE + _PAYLOAD
        body.append(f'<path class="crossed" d="M{mtu:.1f} {bottom - _ROW - 4}V{bottom}"/>')
        body.append(text("bad", mtu - 118, bottom + 12, "the MTU ends here"))
        bottom += 32
        sign, css = ("✓", "name") if self.wire is not None else ("✗", "bad")
        said = wrapped(f"{sign} {self.verdict()}", 100) if verdict else []
        body += [text(css, 8, bottom + i * 15, line) for i, line in enumerate(said)]
        return sheet(760, bottom + len(said) * 15, title, self.text(), body)

    def _probe(self) -> None:
        if self.backend not in self._labs:
            self._labs[self.backend] = scenarios.flannel(backend=BACKENDS[self.backend])
        self.lab = self._labs[self.backend].copy()
        source, destination = self.lab.probes[0]
        fits = self.lab.copy().trace(source, destination, size=min(self.size, self.largest), df=True)
        self._fitting: Packet = fits.seen("node1", "eth0", "out")[0]
        self.trace: Trace = self.lab.trace(source, destination, size=self.size, df=True)


def _layer(y: int, at: int, size: int, name: str, words: str, largest: int) -> str:
    """One header: where it begins, a bar as long as it is, its name and contents behind the bar. The payload's is full when it fills
    the MTU, and sticks out when it is longer."""
    payload = name == "payload"
    x = _LEFT + at * _PER_BYTE
    over = max(size - largest, 0) if payload else 0
    width = size * _PER_BYTE
    if payload:
        width = min(_PAYLOAD * min(size, largest) / largest + (8 + _PAYLOAD * over / largest if over else 0), 230)
    css = {"payload": "routing", "UDP": "tunnel", "VXLAN": "tunnel", "ICMP": "program"}.get(name, "bridge")
    bar = f'<rect class="{css}{" over" if over else ""}" x="{x:.1f}" y="{y}" width="{max(width, 4):.1f}" height="22"/>'
    label = f"{name} {size}" + (f", {over} too long" if over else "")
    after = x + max(width, 4) + 6
    room = int((760 - after) / 6.7) - len(label) - 2
    said = "" if payload else shortened(words, room) if room > 8 else ""
    return "".join([text("soft", 8, y + 15, str(at)), bar, text("bad" if over else "name", after, y + 15, label),
                    text("soft", after + (len(label) + 1) * 6.7, y + 15, said)])


class EncapExplorer(Explorer):
    """The frame between two flannel nodes. backend: "none" (host-gw), "udp" or "vxlan"; size: payload bytes.

    Raises BadInput for any other backend or size.
    """

    def __init__(self, backend: str = "udp", size: int = 56):
        model = Encapsulation(backend, size)
        self.backend = choice("Encapsulation", list(BACKENDS), model.backend)
        self.size = text_field("Payload bytes", str(model.size))
        self.picture, self.verdict = PictureBox(), widgets.HTML()
        fits = button("As much as fits", lambda: self.act("size", self._set, 0))
        over = button("One byte too big", lambda: self.act("size", self._set, 1))
        row = widgets.HBox([self.backend, self.size, fits, over], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__(model, {"backend": self.backend, "size": self.size}, [row, self.picture, self.verdict])
        self.watch("backend", model.set_backend)
        self.watch("size", model.set_size)

    def _set(self, over: int) -> None:
        self.size.control.value = str(self.model.largest + over)

    def draw(self) -> None:
        self.picture.show(self.model.svg(verdict=False))
        css = "good" if self.model.wire is not None else "bad"
        self.verdict.value = page(f'<p class="{css}">{escape(self.model.verdict())}</p>', live=True)
