"""ChainExplorer: a packet's walk through the chains of one machine, rule by rule, and what changes when a rule does.

The walk is what a trace says of that machine (steps `filter` and `nat`, with the rules that did not take the packet), between where it
came in and where it went out. A line that was not there before the last change is marked.
"""

from dataclasses import dataclass
from html import escape
from itertools import zip_longest

import ipywidgets as widgets

from ..commands.iptables_save import ORDER
from ..lab.lab import Lab
from ..tables.chains import ASKED
from ..trace.trace import Step
from .contents import shortened
from .describe import caption
from .exploration import LABELS, PROTOCOLS, Exploration
from .explorer import WIDE, Explorer, Field, PictureBox, button, choice, offer, page, text_field
from .svg import sheet, text

NEW = "(a new rule)"
#: What of a trace belongs to the walk.
WALKED = ("in", "filter", "choice", "nat", "route", "forward", "drop", "deliver", "out")
WIDTH, LEFT, TOP, ROW, MOST = 880, 116, 56, 17, 60


@dataclass(frozen=True, slots=True)
class Line:
    """`sign` is "" where the packet is told, "✓" for what took it, "·" for a rule that did not, "✗" where it is lost."""

    sign: str
    place: str
    words: str
    new: bool = False


class ChainModel(Exploration):
    """An exploration that looks at one namespace."""

    def __init__(self, lab: Lab, at: str, source: str | None, to: str | None, proto: str, port: int | None):
        super().__init__(lab, source, to)
        self.at, self.before = lab[at].name, frozenset()
        self.ask(proto=proto)
        self.ask(port=port)
        self._first = self.question

    def lines(self) -> list[Line]:
        """The walk, in order."""
        steps = [step for step in self.trace.steps if step.namespace == self.at and step.kind in WALKED and not step.aside]
        found = [line for step, after in zip_longest(steps, steps[1:]) for line in _told(step, after)]
        return [Line(line.sign, line.place, line.words, bool(self.before) and line.words not in self.before) for line in found]

    def rules(self) -> dict[str, str]:
        """Each rule of the namespace as the line that would replace it -> the line that deletes it."""
        netfilter = self.lab[self.at].netfilter
        found = {}
        for name in ORDER:
            for chain in netfilter.tables[name].chains.values() if netfilter is not None and name in netfilter.tables else ():
                for number, rule in enumerate(chain.rules, 1):
                    line = f"iptables -t {name} -R {chain.name} {number} {rule.spec}".rstrip()
                    found[line] = f"iptables -t {name} -D {chain.name} {number}"
        return found

    def change(self, old: str, new: str) -> None:
        """Type a line; with an empty one the old rule goes."""
        self.before = frozenset(line.words for line in self.lines())
        line = new.strip() or self.rules().get(old, "")
        if line:
            self.edit(self.at, "", line)

    def text(self) -> str:
        rows = [f"{line.sign or ' '} {line.place:<12} {line.words}{'  (new)' if line.new else ''}" for line in self.lines()]
        return "\n".join([f"{self.trace.title}, at {self.at}:", *rows, f"=> {self.trace.verdict}"])

    def svg(self) -> str:
        lines = self.lines()
        shown = lines if len(lines) <= MOST else [*lines[: MOST - 1], Line("", "", f"+ {len(lines) - MOST + 1} more lines")]
        asked = [f"{place} {', '.join(name for name in tables if name)}" for place, tables in ASKED.items()]
        out = [text("key", 8, 15, f"at {self.at} · tables in the order of asking:"), text("key", 8, 31, " · ".join(asked))]
        for at, line in enumerate(shown):
            y = TOP + at * ROW
            css = "bad" if line.sign == "✗" else "name" if line.sign == "✓" else "soft" if line.sign == "·" else ""
            if line.new:
                out.append(f'<rect class="bridge on" x="4" y="{y - 12}" width="{WIDTH - 8}" height="{ROW - 1}" rx="3"/>')
            out += [text("soft", 8, y, line.place), text(css, LEFT, y, line.sign), text(css, LEFT + 16, y, shortened(line.words, 108))]
            if line.new:
                out.append(text("key", WIDTH - 32, y, "new"))
        height = TOP + (len(shown) + 1) * ROW
        verdict = f"{'✓' if self.trace.verdict.ok else '✗'} {caption(self.trace)}"
        out.append(text("name" if self.trace.verdict.ok else "bad", 8, height - 2, shortened(verdict, 118)))
        return sheet(WIDTH, height + 12, self.trace.title, self.text(), out)


def _told(step: Step, after: Step | None) -> list[Line]:
    """A step as lines: the rules that did not take the packet first, as they were asked. `after`: what comes of it."""
    if step.kind != "filter":
        sign = {"nat": "✓", "drop": "✗"}.get(step.kind, "")
        seen = step.kind in ("in", "out")
        if step.kind == "choice":
            table, _, name = step.at.partition(" ")
            said = f"{table}: {step.text.removeprefix(f'{step.at}: ')}"
            return [*(Line("", name, f"    {detail}") for detail in step.details), Line("✓", name, said)]
        return [Line(sign, f"{step.kind} {step.interface}" if seen else step.kind, step.text.partition("; ")[0])]
    table, _, name = step.at.partition(" ")
    lost = [Line("·", name, f"{table} {detail}") for detail in step.details]
    refused = after is not None and after.kind == "drop"
    return [*lost, Line("✗" if refused else "✓", name, f"{table}: {step.text.removeprefix(f'{step.at}: ')}")]


class ChainExplorer(Explorer):
    """Ask where a packet goes and see which rules of one machine it meets; write, replace or delete a rule, and see what changes.

    lab: any lab; it is copied, never changed. at: the machine whose chains are walked. source, to, proto, port: the packet.
    Raises BadInput when `lab` is no lab, LabError when it has no such machine.
    """

    def __init__(self, lab: Lab, at: str = "host", source: str | None = None, to: str | None = None, proto: str = "icmp",
                 port: int | None = None):  # fmt: skip
        model = ChainModel(lab, at, source, to, proto, port)
        question, names = model.question, list(model.lab.namespaces)
        combo = widgets.Combobox(value=question.to, options=names, description="To", continuous_update=False, style=WIDE)
        self.asked = {
            "source": choice("From", names, question.source), "to": Field(combo), "proto": choice("Protocol", PROTOCOLS, question.proto),
            "port": text_field(LABELS["port"], str(question.port or ""), "udp: 33434, tcp: 80"),
        }  # fmt: skip
        self.which, self.line = choice("Rule", [NEW], NEW), text_field("becomes", "", "an iptables line; empty deletes the rule")
        self.which.control.layout.width = self.line.control.layout.width = "720px"
        self.picture, self.given = PictureBox(), widgets.HTML()
        wrap = widgets.Layout(flex_flow="row wrap")
        buttons = [button("Undo", self._undo), button("Reset", self._reset)]
        super().__init__(model, {**self.asked, "line": self.line}, [
            widgets.HBox(list(self.asked.values()), layout=wrap), self.picture, self.which, self.line,
            widgets.HBox(buttons, layout=wrap), self.given,
        ])  # fmt: skip
        for name in self.asked:
            self.watch(name, lambda value, name=name: self._ask(name, value))
        self.which.control.observe(lambda change: self._copy(change.new), "value")
        self.watch("line", self._change)

    def _ask(self, name: str, value) -> None:
        self.model.before = frozenset()
        self.model.ask(**{name: value})

    def _copy(self, rule: str) -> None:
        if not self._updating:
            self.quietly(setattr, self.line.control, "value", "" if rule == NEW else rule)

    def _change(self, new: str) -> None:
        old = self.which.control.value
        self.model.change(old, new)
        if "line" not in self.model.messages:
            self.quietly(setattr, self.line.control, "value", "")

    def _undo(self) -> None:
        self.act("line", self.model.undo)

    def _reset(self) -> None:
        self.model.before = frozenset()
        self.act("line", self.model.reset)

    def draw(self) -> None:
        model, rules = self.model, [NEW, *self.model.rules()]
        offer(self.fields["source"], list(model.lab.namespaces), model.question.source)
        for name, value in (("to", model.question.to), ("proto", model.question.proto), ("port", str(model.question.port or ""))):
            if name not in model.messages:
                self.fields[name].control.value = value
        if list(self.which.control.options) != rules:
            self.which.control.options = rules
            self.which.control.value = NEW
        self.picture.show(model.svg())
        self.given.value = page(f"<p>The commands for what you changed:</p><pre>{escape(model.commands())}</pre>") if model.edits else ""

