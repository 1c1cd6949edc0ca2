"""What all explorers share: labelled fields with a message beside each, a picture, the static twin.

Pictures are SVG text in widgets.HTML, redrawn by `observe`: fast, readable by a screen reader, and
testable. No Output, no interact: they stall runs of a notebook and flicker.
"""

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from ..errors import LabError
from .picture import FOCUS, bundle, width_of
from .svg import PAGE, THEME

WIDE = {"description_width": "110px"}


class Explorer(widgets.VBox):
    """Controls around a model that has `svg()`, `text()` and `messages`: the complaint about a field, by its name.

    A subclass names its fields, watches them, has a `picture`, and says in `draw` how its controls follow from the model.
    Where widgets cannot live (GitHub, print, a notebook not yet run) its picture and text stand in.
    """

    def __init__(self, model, fields: dict[str, "Field"], children):
        self.model, self.fields, self._updating = model, fields, False
        style = widgets.HTML(f"<style>{THEME}{PAGE}</style>")
        super().__init__([style, *children])
        self.add_class("labkit-explorer")
        self.redraw()

    def watch(self, name: str, do: Callable) -> None:
        """When the field of this name changes, `do(new value)`."""
        self.fields[name].control.observe(lambda change: self.act(name, do, change.new), "value")

    def act(self, name: str, do: Callable, *given) -> bool:
        """Do what a control asks and draw it: every callback comes through here.

        An exception would vanish in the browser, so it becomes a sentence beside the field, and the model is as it
        was: models put new values in the place of old ones and change none in place. False if so.
        """
        if self._updating:
            return True
        before = dict(vars(self.model))
        self.model.messages.pop(name, None)
        try:
            do(*given)
            self.redraw()
            return True
        except Exception as error:
            vars(self.model).clear()
            vars(self.model).update(before)
            self.model.messages[name] = complaint(error)
            self.redraw()
            return False

    def redraw(self) -> None:
        """Show the model's present state; only what changed is sent to the browser."""
        for name, field in self.fields.items():
            field.say(self.model.messages.get(name, ""))
        self.quietly(self.draw)
        self.picture.old(bool(self.model.messages))

    def draw(self) -> None:
        """Bring every control and picture to the model's state."""
        raise NotImplementedError

    def quietly(self, do: Callable, *given) -> None:
        """Set controls without taking it for the learner's doing."""
        before, self._updating = self._updating, True
        try:
            do(*given)
        finally:
            self._updating = before

    def _repr_mimebundle_(self, **kwargs):
        live = super()._repr_mimebundle_(**kwargs)
        text = self.model.text()
        return {**live, **bundle(self.model.svg(), text, text)}


def complaint(error: Exception) -> str:
    """What is said beside a field: a LabError speaks for itself, anything else is a fault of the program's own."""
    if isinstance(error, LabError):
        return str(error)
    return f"labkit itself failed at this and changed nothing ({type(error).__name__}: {error})"


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
        self.value = f'<div {FOCUS} style="--wide:{width_of(svg):.0f}px">{svg}</div>'

    def old(self, is_old: bool) -> None:
        """Whether it still shows what was before an input that was refused; then it says so."""
        (self.add_class if is_old else self.remove_class)("labkit-old")


def beside(picture: PictureBox, *others: widgets.Widget) -> widgets.HBox:
    """A picture with what belongs to it at its right, or where there is no room below."""
    told = widgets.VBox(others)
    told.add_class("labkit-told")
    both = widgets.HBox([picture, told])
    both.add_class("labkit-beside")
    return both


def text_field(label: str, value: str, placeholder: str = "") -> Field:
    """One line of text; it counts when Enter is pressed or the field is left."""
    return Field(widgets.Text(value, description=label, placeholder=placeholder, continuous_update=False, style=WIDE))


def choice(label: str, options, value) -> Field:
    return Field(widgets.Dropdown(options=options, value=value, description=label, style=WIDE))


def offer(field: Field, options: list[str], value: str) -> None:
    """Other options for a choice, with one of them chosen; one that is there no more is offered as gone."""
    if value not in options:  # a Dropdown takes pairs of label and value for all options or for none
        options = [*((name, name) for name in options), (f"{value} (gone)", value)]
    if list(field.control.options) != options:
        field.control.options = options
    field.control.value = value


def button(label: str, act) -> widgets.Button:
    """A button with words on it; `act()` is called without arguments."""
    made = widgets.Button(description=label)
    made.on_click(lambda _: act())
    return made


def page(html: str, live: bool = False, scrolls: bool = False) -> str:
    """A piece of HTML in the explorers' style; `live` lets a screen reader say it when it changes, `scrolls` the keyboard move it."""
    role = ' role="status" aria-live="polite"' if live else ""
    return f'<div class="labkit page"{role}{f" {FOCUS}" if scrolls else ""}>{html}</div>'
