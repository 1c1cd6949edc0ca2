"""BridgeExplorer: send frames one by one, and watch a bridge learn, flood, forward, age and keep back."""

from html import escape

import ipywidgets as widgets

from ..lab.lab import Lab
from .bridge_picture import bridge_scene
from .explorer import Explorer, PictureBox, button, choice, page, text_field
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
        self.model = BridgeModel(lab, bridge, on)
        names = [station.name for station in self.model.stations]
        self.source = choice("Frame from", names, names[0])
        self.to = choice("to", [*names, EVERYBODY, NOBODY], names[1])
        self.wait = text_field("Wait (seconds)", "", "such as 299 or 300")
        self.line = text_field("Command", "", f"bridge link set dev {self.model.stations[0].port} hairpin on")
        self.line.control.layout.width = "560px"
        self.picture, self.table = PictureBox(), widgets.HTML()
        self.wait.control.observe(lambda change: self._typed(self.wait, self.model.wait, change.new), "value")
        self.line.control.observe(lambda change: self._typed(self.line, self.model.give, change.new), "value")
        wrap = widgets.Layout(flex_flow="row wrap")
        buttons = [button("Send frame", self._send), button("Take back", self._back), button("Reset", self._reset)]
        super().__init__(self.model, [
            widgets.HBox([self.source, self.to, *buttons], layout=wrap), self.picture, self.table,
            widgets.HBox([self.wait, self.line], layout=wrap),
        ])  # fmt: skip
        self.redraw()

    def _send(self) -> None:
        self.model.send(self.source.control.value, self.to.control.value)
        self.redraw()

    def _typed(self, field, act, text: str) -> None:
        """Do what was typed and empty the field, so that the same can be typed again."""
        if text.strip() and act(text):
            field.control.value = ""
        self.redraw()

    def _back(self) -> None:
        self.model.back()
        self.redraw()

    def _reset(self) -> None:
        self.model.reset()
        self.redraw()

    def redraw(self) -> None:
        """Show the model's present state."""
        self.wait.say(self.model.messages.get("wait", ""))
        self.line.say(self.model.messages.get("line", ""))
        self.picture.show(self.model.svg())
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in entry)}</tr>" for entry in self.model.entries())
        head = "<tr><th>MAC address</th><th>behind port</th><th>age</th></tr>"
        learned = f"<table>{head}{rows}</table>" if rows else "<p>The bridge has learned nothing yet.</p>"
        self.table.value = page(f"<p>After {self.model.lab.now:.0f} seconds:</p>{learned}", live=True)
