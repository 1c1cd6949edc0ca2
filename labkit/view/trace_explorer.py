"""TraceExplorer: change anything in a lab and see at once what the packet does now, and why.

Controls only; what they do is in exploration.py, what they show in svg.py and details.py.
"""

import asyncio
from html import escape

import ipywidgets as widgets

from ..lab.lab import Lab
from .describe import as_text, difference, differing_hops, step_html
from .exploration import LABELS, PROTOCOLS, Exploration, Question
from .explorer import WIDE, Explorer, Field, PictureBox, beside, button, choice, offer, page, text_field
from .lines import editable
from .svg import svg

NEW = "(a new line)"
#: Seconds that a step stands while playing.
PACE = 0.8


class TraceModel(Exploration):
    """The exploration, with its picture and its text."""

    def svg(self, verdict: bool = True) -> str:
        return svg(self.scene(), verdict)

    def text(self) -> str:
        return as_text(self.lab, self.trace)


class TraceExplorer(Explorer):
    """Ask where a packet goes, step through it, change any line, compare.

    lab: any lab; it is copied, never changed. source, to: where the first packet goes from and to (a
    namespace's name or an address). Raises BadInput when `lab` is no lab.
    """

    def __init__(self, lab: Lab, source: str | None = None, to: str | None = None):
        model = TraceModel(lab, source, to)
        self.asked = _question_fields(model)
        self.where = choice("Change in", list(model.lab.namespaces), model.question.source)
        self.which = choice("Line", [NEW], NEW)
        self.line = text_field("becomes", "", "empty deletes the line")
        self.which.control.layout.width = self.line.control.layout.width = "560px"
        self.play = button("Play", self._play)
        self._playing: asyncio.Task | None = None
        self.picture, self.story, self.given = PictureBox(), widgets.HTML(), widgets.HTML()
        super().__init__(model, {**self.asked, "where": self.where, "which": self.which, "line": self.line}, self._arranged())
        for name in self.asked:
            self.watch(name, lambda value, name=name: model.ask(**{name: value}))
        self.watch("where", lambda _: self._let_go())
        self.watch("which", self._copy_line)
        self.watch("line", self._edit)

    def _arranged(self) -> list[widgets.Widget]:
        from ..kernel import available

        whole = button("Whole way", lambda: self._go(None))
        steps = [button("Step back", self._back), button("Step forward", self._forward), whole]
        changes = [button("Undo", self._undo), button("Reset", self._reset), button("Pin to compare", self._pin)]
        self.real = button("Run it on the kernel", self._on_the_kernel)
        real = [self.real] if available() else []
        wrap = widgets.Layout(flex_flow="row wrap")
        return [
            widgets.HBox(list(self.asked.values()), layout=wrap),
            beside(self.picture, widgets.HBox([*steps, self.play], layout=wrap), self.story),
            widgets.HBox([self.where, self.which, self.line], layout=wrap), widgets.HBox([*changes, *real], layout=wrap), self.given,
        ]  # fmt: skip

    # --- what the controls do -------------------------------------------------------------------

    def _edit(self, new: str) -> None:
        old = self.which.control.value
        if self.model.edit(self.where.control.value, "" if old == NEW else old, new):
            self._let_go()

    def _let_go(self) -> None:
        """No line is chosen."""
        self.quietly(setattr, self.which.control, "value", NEW)
        self.quietly(setattr, self.line.control, "value", "")

    def _copy_line(self, line: str) -> None:
        self.quietly(setattr, self.line.control, "value", "" if line == NEW else line)

    def _go(self, to: int | None) -> None:
        self.act("line", self.model.go, to)

    def _forward(self) -> bool:
        return self.act("line", self.model.forward)

    def _back(self) -> None:
        self.act("line", self.model.back)

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
            while (-1 if self.model.step is None else self.model.step) < len(self.model.told) - 1:
                if not self._forward():
                    break
                await asyncio.sleep(PACE)
        finally:
            self.play.description, self._playing = "Play", None

    def _undo(self) -> None:
        if self.act("line", self.model.undo):
            self._let_go()

    def _reset(self) -> None:
        if self.act("line", self.model.reset):
            self._let_go()
            for name, value in vars_of(self.model.question).items():
                self.quietly(setattr, self.asked[name].control, "value", value)

    def _pin(self) -> None:
        self.act("line", self.model.pin)

    def _on_the_kernel(self) -> None:
        """May take as long as real ARP does, some seconds; pressing it twice would only ask twice."""
        self.real.description, self.real.disabled = "Running…", True
        self.act("line", self.model.run_on_the_kernel)
        self.real.description, self.real.disabled = "Run it on the kernel", False

    # --- what is shown --------------------------------------------------------------------------

    def draw(self) -> None:
        model = self.model
        names = list(model.lab.namespaces)
        offer(self.fields["source"], names, self.fields["source"].control.value)
        self.fields["to"].control.options = names
        offer(self.where, names, self.where.control.value if self.where.control.value in names else model.lab.home)
        lines = [NEW, *editable(model.lab[self.where.control.value])]
        if list(self.which.control.options) != lines:
            self.which.control.options = lines
            self._let_go()
        place = f"step {model.step + 1} of {len(model.told)}" if model.step is not None else ""
        self.picture.show(model.svg(verdict=False))
        self.story.value = page(step_html(model.trace, model.current, model.after, place), live=True, scrolls=True)
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


def vars_of(question: Question) -> dict[str, str]:
    """What stands in the fields that ask a question."""
    empty = {"port": question.port or "", "ttl": question.ttl or ""}
    return {name: str(empty.get(name, getattr(question, name))) for name in ("source", "to", "proto", "port", "ttl", "size")}


def _question_fields(model: Exploration) -> dict[str, Field]:
    question, names = model.question, list(model.lab.namespaces)
    to = widgets.Combobox(value=question.to, options=names, description="To", continuous_update=False, style=WIDE)
    return {
        "source": choice("From", names, question.source), "to": Field(to),
        "proto": choice("Protocol", PROTOCOLS, question.proto), "port": text_field(LABELS["port"], "", "udp: 33434, tcp: 80"),
        "ttl": text_field(LABELS["ttl"], "", "the sender's own"), "size": text_field(LABELS["size"], str(question.size), "56"),
    }  # fmt: skip
