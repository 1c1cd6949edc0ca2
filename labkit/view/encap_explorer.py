"""EncapExplorer: a ping as it goes over the wire between two nodes, header by header, byte by byte."""

from html import escape

import ipywidgets as widgets

from .encapsulation import BACKENDS, Encapsulation
from .explorer import Explorer, PictureBox, button, choice, page, text_field


class EncapExplorer(Explorer):
    """The frame between two flannel nodes. backend: "none" (host-gw), "udp" or "vxlan"; size: payload bytes.

    Raises BadInput for any other backend or size.
    """

    def __init__(self, backend: str = "udp", size: int = 56):
        model = Encapsulation(backend, size)
        self.backend = choice("Encapsulation", list(BACKENDS), model.backend)
        self.size = text_field("Payload bytes", str(model.size))
        self.picture, self.table = PictureBox(), widgets.HTML()
        fits = button("As much as fits", lambda: self.act("size", self._set, 0))
        over = button("One byte too big", lambda: self.act("size", self._set, 1))
        row = widgets.HBox([self.backend, self.size, fits, over], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__(model, {"backend": self.backend, "size": self.size}, [row, self.picture, self.table])
        self.watch("backend", model.set_backend)
        self.watch("size", model.set_size)

    def _set(self, over: int) -> None:
        self.size.control.value = str(self.model.largest + over)

    def draw(self) -> None:
        self.picture.show(self.model.svg())
        layers = [f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in layer)}</tr>" for layer in self.model.layers()]
        head = "<tr><th>at byte</th><th>bytes</th><th>header</th><th>what it says</th></tr>"
        table = f"<table>{head}{''.join(layers)}</table>" if layers else ""
        self.table.value = page(f"<p>{escape(self.model.verdict())}</p>{table}", live=True)
