"""LeaseExplorer: nodes join and leave a flannel network; see which subnet each gets and what each writes."""

import ipywidgets as widgets

from .explorer import Explorer, PictureBox, button, choice, text_field
from .leasing import BACKENDS, CONFIG, Leasing

NOBODY = "(nobody)"


class LeaseExplorer(Explorer):
    """A flannel network of its own, empty at first. config: the JSON document an operator stores.

    Raises BadInput when the config does not parse.
    """

    def __init__(self, config: str | None = None, nodes: int = 2):
        self.model = Leasing(config)
        for _ in range(nodes):
            self.model.join()
        self.backend = choice("Backend", BACKENDS, self.model.registry.config().backend)
        self.config = text_field("Config", self.model.config)
        self.subnet = text_field("Subnet", "", "empty: the first free one")
        self.leaver = choice("Node", [NOBODY], NOBODY)
        self.config.control.layout.width = "560px"
        self.picture = PictureBox()
        self.backend.control.observe(lambda change: self._set_config(CONFIG.format(change.new)), "value")
        self.config.control.observe(lambda change: self._do(self.model.set_config, change.new), "value")
        wrap = widgets.Layout(flex_flow="row wrap")
        joins = widgets.HBox([self.subnet, button("A node joins", self._join)], layout=wrap)
        leaves = widgets.HBox([self.leaver, button("It leaves", self._leave)], layout=wrap)
        again = widgets.HBox([button("Take back", self._back), button("Reset", self._reset)], layout=wrap)
        super().__init__(self.model, [widgets.HBox([self.backend, self.config], layout=wrap), joins, leaves, again, self.picture])
        self.redraw()

    def _do(self, act, *arguments) -> None:
        act(*arguments)
        self.redraw()

    def _set_config(self, config: str) -> None:
        self.config.control.value = config

    def _join(self) -> None:
        self._do(self.model.join, self.subnet.control.value)
        if "subnet" not in self.model.messages:
            self.subnet.control.value = ""

    def _leave(self) -> None:
        self._do(self.model.leave, self.leaver.control.value)

    def _back(self) -> None:
        self._do(self.model.back)

    def _reset(self) -> None:
        self._do(self.model.reset)

    def redraw(self) -> None:
        """Show the model's present state."""
        self.config.say(self.model.messages.get("config", ""))
        self.subnet.say(self.model.messages.get("subnet", ""))
        there = self.model.joined()
        if list(self.leaver.control.options) != (there or [NOBODY]):
            self.leaver.control.options = there or [NOBODY]
        self.picture.show(self.model.svg())
