"""TraceExplorer: change anything in a lab and see at once what the packet does now, and why.

Controls only; what they do is in exploration.py, what they show in svg.py and details.py.
"""

import asyncio
from html import escape

import ipywidgets as widgets

from ..lab.lab import Lab
from .describe import as_text, difference, differing_hops
from .details import step_html
from .exploration import PROTOCOLS, Exploration
from .explorer import WIDE, Explorer, Field, PictureBox, button, choice, page, text_field
from .lines import editable
from .svg import svg

NEW = "(a new line)"
#: Seconds that a step stands while playing.
PACE = 0.8


class TraceModel(Exploration):
    """The exploration, with its picture and its text."""

    def svg(self) -> str:
        return svg(self.scene())

    def text(self) -> str:
        return as_text(self.lab, self.trace)


class TraceExplorer(Explorer):
    """Ask where a packet goes, step through it, change any line, compare.

    lab: any lab; it is copied, never changed. source, to: where the first packet goes from and to (a
    namespace's name or an address). Raises BadInput when `lab` is no lab.
    """

    def __init__(self, lab: Lab, source: str | None = None, to: str | None = None):
        self.model = TraceModel(lab, source, to)
        self._updating = False
        self.fields = self._question_fields()
        self.where = choice("Change in", list(self.model.lab.namespaces), self.model.question.source)
        self.which = choice("Line", [NEW], NEW)
        self.line = text_field("becomes", "", "empty deletes the line")
        self.which.control.layout.width = self.line.control.layout.width = "560px"
        self.play = button("Play", self._play)
        self._playing: asyncio.Task | None = None
        self.picture, self.story, self.given = PictureBox(), widgets.HTML(), widgets.HTML()
        self.where.control.observe(lambda _: self._list_lines(), "value")
        self.which.control.observe(lambda _: self._copy_line(), "value")
        self.line.control.observe(lambda change: self._edit(change.new), "value")
        super().__init__(self.model, self._arranged())
        self._list_lines()
        self.redraw()

    def _question_fields(self) -> dict[str, Field]:
        question, names = self.model.question, list(self.model.lab.namespaces)
        to = widgets.Combobox(value=question.to, options=names, description="To", continuous_update=False, style=WIDE)
        fields = {
            "source": choice("From", names, question.source), "to": Field(to),
            "proto": choice("Protocol", PROTOCOLS, question.proto), "port": text_field("Port", "", "for udp and tcp"),
            "ttl": text_field("TTL", "", "the sender's own"), "size": text_field("Payload bytes", str(question.size)),
        }  # fmt: skip
        for name, field in fields.items():
            field.control.observe(lambda change, name=name: self._ask(name, change.new), "value")
        return fields

    def _arranged(self) -> list[widgets.Widget]:
        from ..kernel import available

        whole = button("Whole way", lambda: self._go(None))
        steps = [button("Step back", self._back), button("Step forward", self._forward), whole]
        changes = [button("Undo", self._undo), button("Reset", self._reset), button("Pin to compare", self._pin)]
        self.real = button("Run it on the kernel", self._on_the_kernel)
        real = [self.real] if available() else []
        wrap = widgets.Layout(flex_flow="row wrap")
        return [
            widgets.HBox(list(self.fields.values()), layout=wrap), self.picture, widgets.HBox([*steps, self.play], layout=wrap),
            self.story, widgets.HBox([self.where, self.which, self.line], layout=wrap),
            widgets.HBox([*changes, *real], layout=wrap), self.given,
        ]  # fmt: skip

    # --- what the controls do -------------------------------------------------------------------

    def _ask(self, name: str, value) -> None:
        if not self._updating:
            self.model.ask(**{name: value})
            self.redraw()

    def _edit(self, new: str) -> None:
        if self._updating:
            return
        old = self.which.control.value
        if self.model.edit(self.where.control.value, "" if old == NEW else old, new):
            self._list_lines()
        self.redraw()

    def _list_lines(self) -> None:
        """Offer the lines of the chosen namespace."""
        lines = editable(self.model.lab[self.where.control.value])
        self._quietly(self.which.control, options=[NEW, *lines], value=NEW)
        self._quietly(self.line.control, value="")

    def _copy_line(self) -> None:
        if not self._updating:
            line = self.which.control.value
            self._quietly(self.line.control, value="" if line == NEW else line)

    def _quietly(self, control: widgets.Widget, **values) -> None:
        """Set a control without taking it for the learner's doing."""
        before, self._updating = self._updating, True
        try:
            for name, value in values.items():
                setattr(control, name, value)
        finally:
            self._updating = before

    def _go(self, to: int | None) -> None:
        self.model.go(to)
        self.redraw()

    def _forward(self) -> None:
        self.model.forward()
        self.redraw()

    def _back(self) -> None:
        self.model.back()
        self.redraw()

    def _play(self) -> None:
        """Step on by itself, from where it stands or from the start; pressed again it stops."""
        if self._playing is not None:
            self._playing.cancel()
        else:
            self._playing = asyncio.ensure_future(self._step_on())

    async def _step_on(self) -> None:
        """Not widgets.Play: its buttons have no names that a screen reader could say."""
        self.play.description = "Stop"
        try:
            if self.model.step == len(self.model.told) - 1:
                self.model.go(None)
            while self.model.step is None or self.model.step < len(self.model.told) - 1:
                self._forward()
                await asyncio.sleep(PACE)
        finally:
            self.play.description, self._playing = "Play", None

    def _undo(self) -> None:
        self.model.undo()
        self._list_lines()
        self.redraw()

    def _reset(self) -> None:
        self.model.reset()
        self._list_lines()
        self.redraw()

    def _pin(self) -> None:
        self.model.pin()
        self.redraw()

    def _on_the_kernel(self) -> None:
        """May take as long as real ARP does, some seconds; pressing it twice would only ask twice."""
        self.real.description, self.real.disabled = "Running…", True
        try:
            self.model.run_on_the_kernel()
        finally:
            self.real.description, self.real.disabled = "Run it on the kernel", False
        self.redraw()

    # --- what is shown --------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show the model's present state; only what changed is sent to the browser."""
        model = self.model
        for name, field in {**self.fields, "line": self.line}.items():
            field.say(model.messages.get(name, ""))
        place = f"step {model.step + 1} of {len(model.told)}" if model.step is not None else ""
        self.picture.show(model.svg())
        self.story.value = page(step_html(model.trace, model.current, model.after, place), live=True)
        given = self._given()
        self.given.value = page(given) if given else ""

    def _given(self) -> str:
        """The commands for what was changed, what differs from the pinned trace, what the kernel said."""
        model, pieces = self.model, []
        if model.edits:
            pieces.append(f"<p>The commands for what you changed:</p><pre>{escape(model.commands())}</pre>")
        if model.output:
            pieces.append(f"<pre>{escape(model.output)}</pre>")
        if model.pinned is not None:
            pieces.append(f"<p>Compared with the pinned trace: {escape(difference(model.trace, model.pinned))}</p>")
            rows = [f"<tr><td>{sign}</td><td>{escape(hop)}</td></tr>" for sign, hop in differing_hops(model.trace, model.pinned)]
            pieces.append(f"<table><tr><th></th><th>hop</th></tr>{''.join(rows)}</table>" if rows else "")
        if model.observed:
            pieces.append(f"<p>On the kernel:</p><pre>{escape(model.observed)}</pre>")
        return "".join(pieces)
