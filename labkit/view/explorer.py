"""What all explorers share: labelled fields with a message beside each, a picture, the static twin.

Pictures are SVG text in widgets.HTML, redrawn by `observe`: fast, readable by a screen reader, and
testable. No Output, no interact: they stall runs of a notebook and flicker.
"""

from html import escape

import ipywidgets as widgets

from .picture import FOCUS, bundle, least_width
from .theme import PAGE, THEME

WIDE = {"description_width": "110px"}


class Explorer(widgets.VBox):
    """A box of controls around a model that has `svg()` and `text()`.

    Where widgets cannot live (GitHub, print, a notebook not yet run) its picture and text stand in.
    """

    def __init__(self, model, children):
        self.model = model
        style = widgets.HTML(f"<style>{THEME}{PAGE}</style>")
        super().__init__([style, *children])

    def _repr_mimebundle_(self, **kwargs):
        live = super()._repr_mimebundle_(**kwargs)
        text = self.model.text()
        return {**live, **bundle(self.model.svg(), text, text)}


class Field(widgets.HBox):
    """A control with its message beside it."""

    def __init__(self, control: widgets.Widget):
        self.control = control
        self.message = widgets.HTML()
        super().__init__([control, self.message], layout=widgets.Layout(flex_flow="row wrap", max_width="100%"))
        control.layout.max_width = "98%"

    def say(self, complaint: str) -> None:
        """Show a complaint beside the field; an empty one takes it away."""
        words = f'<span class="labkit page" role="alert"><span class="bad">{escape(complaint)}</span></span>' if complaint else ""
        if self.message.value != words:
            self.message.value = words


class PictureBox(widgets.HTML):
    """Where the picture goes; it scrolls where the picture would get too small to read, and stays there when redrawn."""

    def __init__(self):
        super().__init__()
        self.add_class("labkit-scroll")

    def show(self, svg: str) -> None:
        self.value = f'<div {FOCUS} style="--least:{least_width(svg)}px">{svg}</div>'


def text_field(label: str, value: str, placeholder: str = "") -> Field:
    """One line of text; it counts when Enter is pressed or the field is left."""
    return Field(widgets.Text(value, description=label, placeholder=placeholder, continuous_update=False, style=WIDE))


def choice(label: str, options, value) -> Field:
    return Field(widgets.Dropdown(options=options, value=value, description=label, style=WIDE))


def button(label: str, act) -> widgets.Button:
    """A button with words on it; `act()` is called without arguments."""
    made = widgets.Button(description=label)
    made.on_click(lambda _: act())
    return made


def page(html: str, live: bool = False) -> str:
    """A piece of HTML in the explorers' style; `live` lets a screen reader say it when it changes."""
    role = ' role="status" aria-live="polite"' if live else ""
    return f'<div class="labkit page"{role}>{html}</div>'
