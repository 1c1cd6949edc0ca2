"""BridgeExplorer: send frames one by one, and watch a bridge learn, flood, forward, age and keep back."""

from html import escape

import ipywidgets as widgets

from ..lab.lab import Lab
from .bridge_picture import bridge_scene
from .explorer import Explorer, PictureBox, button, choice, offer, page, text_field
from .svg import svg
from .switching import EVERYBODY, NOBODY, Switching


class BridgeModel(Switching):
    """The bridge and its frames, with a picture."""

    def svg(self) -> str:
        return svg(bridge_scene(self))


class BridgeExplorer(Explorer):
    """Frames through one bridge of a lab. on: the namespace that has it, where several have one.

    The lab is copied. Raises BadInput when there is no such bridge, or it has fewer than two ports.
    """

    def __init__(self, lab: Lab, bridge: str, on: str | None = None):
        model = BridgeModel(lab, bridge, on)
        names = [station.name for station in model.stations]
        self.source = choice("Frame from", names, names[0])
        self.to = choice("to", [*names, EVERYBODY, NOBODY], names[1])
        self.wait = text_field("Wait (seconds)", "", "such as 299 or 300")
        self.line = text_field("Command", "", f"bridge link set dev {model.stations[0].port} hairpin on")
        self.line.control.layout.width = "560px"
        self.picture, self.table = PictureBox(), widgets.HTML()
        wrap = widgets.Layout(flex_flow="row wrap")
        buttons = [button("Send frame", self._send), button("Take back", self._back), button("Reset", self._reset)]
        fields = {"source": self.source, "to": self.to, "wait": self.wait, "line": self.line}
        super().__init__(model, fields, [
            widgets.HBox([self.source, self.to, *buttons], layout=wrap), self.picture, self.table,
            widgets.HBox([self.wait, self.line], layout=wrap),
        ])  # fmt: skip
        self.watch("wait", lambda text: self._typed(self.wait, model.wait, text))
        self.watch("line", lambda text: self._typed(self.line, model.give, text))

    def _send(self) -> None:
        self.act("to", lambda: self.model.send(self.source.control.value, self.to.control.value))

    def _typed(self, field, act, text: str) -> None:
        """Do what was typed and empty the field, so that the same can be typed again."""
        if text.strip():
            act(text)
            self.quietly(setattr, field.control, "value", "")

    def _back(self) -> None:
        self.act("to", self.model.back)

    def _reset(self) -> None:
        self.act("to", self.model.reset)

    def draw(self) -> None:
        names = [station.name for station in self.model.stations]
        offer(self.source, names, self.source.control.value)
        offer(self.to, [*names, EVERYBODY, NOBODY], self.to.control.value)
        self.picture.show(self.model.svg())
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in entry)}</tr>" for entry in self.model.entries())
        head = "<tr><th>MAC address</th><th>behind port</th><th>age</th></tr>"
        learned = f"<table>{head}{rows}</table>" if rows else "<p>The bridge has learned nothing yet.</p>"
        self.table.value = page(f"<p>After {self.model.lab.now:.0f} seconds:</p>{learned}", live=True)
