"""LeaseExplorer: nodes join and leave a flannel network; see which subnet each gets and what each writes."""

import ipywidgets as widgets

from .explorer import Explorer, PictureBox, button, choice, offer, text_field
from .leasing import BACKENDS, CONFIG, Leasing

NOBODY = "(nobody)"


class LeaseExplorer(Explorer):
    """A flannel network of its own, empty at first. config: the JSON document an operator stores.

    Raises BadInput when the config does not parse.
    """

    def __init__(self, config: str | None = None, nodes: int = 2):
        model = Leasing(config)
        for _ in range(nodes):
            model.join()
        self.backend = choice("Backend", BACKENDS, model.registry.config().backend)
        self.config = text_field("Config", model.config)
        self.subnet = text_field("Subnet", "", "empty: the first free one")
        self.leaver = choice("Node", [NOBODY], NOBODY)
        self.config.control.layout.width = "560px"
        self.picture = PictureBox()
        wrap = widgets.Layout(flex_flow="row wrap")
        joins = widgets.HBox([self.subnet, button("A node joins", self._join)], layout=wrap)
        leaves = widgets.HBox([self.leaver, button("It leaves", self._leave)], layout=wrap)
        again = widgets.HBox([button("Take back", self._back), button("Reset", self._reset)], layout=wrap)
        fields = {"backend": self.backend, "config": self.config, "subnet": self.subnet, "leaver": self.leaver}
        super().__init__(model, fields, [widgets.HBox([self.backend, self.config], layout=wrap), joins, leaves, again, self.picture])
        self.watch("backend", lambda name: setattr(self.config.control, "value", CONFIG.format(name)))
        self.watch("config", model.set_config)

    def _join(self) -> None:
        self.act("subnet", self._join_as_typed)

    def _join_as_typed(self) -> None:
        self.model.join(self.subnet.control.value)
        self.subnet.control.value = ""

    def _leave(self) -> None:
        self.act("leaver", self.model.leave, self.leaver.control.value)

    def _back(self) -> None:
        self.act("subnet", self.model.back)

    def _reset(self) -> None:
        self.act("subnet", self.model.reset)

    def draw(self) -> None:
        there = self.model.joined() or [NOBODY]
        offer(self.leaver, there, self.leaver.control.value if self.leaver.control.value in there else there[0])
        self.picture.show(self.model.svg())
