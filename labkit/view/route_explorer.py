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
        model = RouteLookup(table, address)
        self.address = text_field("Address", str(model.address))
        area = widgets.Textarea(str(model.table), description="Table", rows=6, continuous_update=False, style=WIDE)
        area.layout.width = "720px"
        self.table = Field(area)
        self.picture = PictureBox()
        super().__init__(model, {"address": self.address, "table": self.table}, [self.address, self.picture, self.table])
        self.watch("address", model.set_address)
        self.watch("table", model.set_table)

    def draw(self) -> None:
        self.picture.show(self.model.svg())
