"""RouteExplorer: type an address, and see bit by bit which line of a table it takes, and why."""

import ipywidgets as widgets

from ..tables.table import RouteTable
from .explorer import WIDE, Explorer, Field, PictureBox, text_field
from .route_lookup import RouteLookup


class RouteExplorer(Explorer):
    """An address against a table. table: a RouteTable, or the text of one in any of the four formats.

    Raises BadInput when the table or the address does not parse.
    """

    def __init__(self, table: RouteTable | str, address: str = ""):
        self.model = RouteLookup(table, address)
        self.address = text_field("Address", str(self.model.address))
        area = widgets.Textarea(str(self.model.table), description="Table", rows=6, continuous_update=False, style=WIDE)
        area.layout.width = "720px"
        self.table = Field(area)
        self.picture = PictureBox()
        self.address.control.observe(lambda change: self._do(self.model.set_address, change.new), "value")
        area.observe(lambda change: self._do(self.model.set_table, change.new), "value")
        super().__init__(self.model, [self.address, self.picture, self.table])
        self.redraw()

    def _do(self, setter, text: str) -> None:
        setter(text)
        self.redraw()

    def redraw(self) -> None:
        """Show the model's present state."""
        self.address.say(self.model.messages.get("address", ""))
        self.table.say(self.model.messages.get("table", ""))
        self.picture.show(self.model.svg())
