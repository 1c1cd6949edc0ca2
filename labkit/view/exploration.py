"""What the TraceExplorer knows, without any widget: a lab of its own, a question, and what was changed.

Every answer starts from a fresh copy of the lab, so exploring changes nobody else's lab, and the same
question gives the same answer whatever was asked before. Bad input leaves all as it was, with a message.
"""

from dataclasses import dataclass, replace

from ..commands.hosts import numeric
from ..errors import BadInput, LabError
from ..front import Lab
from ..trace.trace import Step, Trace, Verdict
from . import lines
from .describe import observed_words
from .number import number
from .scene import Scene, scene

PROTOCOLS = ("icmp", "udp", "tcp")
#: The fields that hold a number, and what stands before them.
LABELS = {"port": "Port", "ttl": "TTL", "size": "Payload bytes"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent. `to` is an address or the name of a namespace; `endpoint`: where rules that choose by chance are to lead it."""

    source: str
    to: str
    proto: str = "icmp"
    port: int | None = None
    ttl: int | None = None
    size: int = 56
    endpoint: str = ""

    def how(self) -> dict:
        """What `trace` takes besides source and destination."""
        pinned = {"endpoint": self.endpoint} if self.endpoint else {}
        return {"proto": self.proto, "port": self.port, "ttl": self.ttl, "size": self.size} | pinned


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that were given together in one namespace; undo takes all of them back."""

    on: str
    lines: tuple[str, ...]


class Exploration:
    """A question asked of a lab under changes. `messages` holds the complaint about a field, by its name."""

    def __init__(self, lab: Lab, source: str | None = None, to: str | None = None):
        if not isinstance(lab, Lab):
            raise BadInput(f"an explorer takes a lab, such as labkit.scenarios.veth_pair(); got {type(lab).__name__}")
        self._base = lab.copy()
        self.lab = lab.copy()
        first = lab.probes[0] if lab.probes else (lab.home, "127.0.0.1")
        self.question = self._first = Question(source or first[0], to or str(first[1]))
        self.edits: list[Edit] = []
        self.messages: dict[str, str] = {}
        self.output = ""  # what the last line printed
        self.observed = ""  # what the kernel showed of this question
        self.pinned: Trace | None = None
        self.step: int | None = None
        self.lab[self.question.source]  # says which there are, when there is no such namespace
        self.trace: Trace = self._ask(self.lab, self.question)

    # --- the question ---------------------------------------------------------------------------

    def ask(self, **fields) -> bool:
        """Change the question: source, to, proto, port, ttl, size as typed. False if it cannot be."""
        (name, value), *_ = fields.items()
        self.messages.pop(name, None)
        try:
            question = replace(self.question, **{name: _typed(name, value)})
            trace = self._ask(self.lab, question)
        except LabError as error:
            self.messages[name] = str(error)
            return False
        self.question, self.trace, self.step = question, trace, None
        return True

    def address_of(self, to: str, lab: Lab | None = None) -> str:
        """An address as ping reads it, with one to four numbers; for a namespace's name, its first address that others can reach."""
        lab = lab or self.lab
        if to not in lab.namespaces:
            return str(numeric(to) or to)
        found = [a.ip for i in lab[to].by_index() for a in i.addresses if not a.ip.is_loopback]
        if not found:
            raise BadInput(f"{to} has no address to send to: give it one, or type an address")
        return str(found[0])

    def _ask(self, lab: Lab, question: Question) -> Trace:
        """The trace of a question, on a copy of the lab: a probe leaves neighbours and FDB entries behind."""
        fresh = lab.copy()
        if question.source not in lab.namespaces:  # a line has deleted it
            trace = self._unsent("source", f"there is no namespace {question.source!r} any more: choose another, or take the line back")
        else:
            trace = fresh.trace(question.source, self.address_of(question.to, fresh), **question.how())
        self.after, self.observed = fresh, ""
        return trace

    def _unsent(self, field: str, why: str) -> Trace:
        """What there is to see when the question cannot be asked: nothing, and why."""
        self.messages[field] = why
        return replace(self.trace, steps=(), replies=(), delivered=False, verdict=Verdict("not sent", self.question.source, why))

    # --- changes --------------------------------------------------------------------------------

    def edit(self, on: str, old: str, new: str) -> bool:
        """Put the line `new` in the place of `old` ("" for none) in a namespace. False if it cannot be."""
        new = new.strip()
        if old == new:
            return True
        trial, outputs = self.lab.copy(), []
        before = trial.revision

        def run(line: str):
            result = trial.sh(line, on=on)
            outputs.append(result.stdout)
            return result

        given, complaint = lines.change(trial, trial[on], old, new, run)
        if complaint:
            self.messages["line"] = complaint
            return False
        self.messages.pop("line", None)
        self.output = "".join(outputs)
        if trial.revision != before:  # else it only showed something
            self._take(trial, [*self.edits, Edit(on, tuple(given))])
        return True

    def undo(self) -> None:
        """Take the last change back: the lab as it was given, and all changes but one."""
        self._replay(self.edits[:-1])

    def reset(self) -> None:
        """The lab and the question as at the start, nothing pinned, no complaint left."""
        self.question, self.pinned, self.messages = self._first, None, {}
        self._replay([])

    def commands(self) -> str:
        """The lines for what was changed, ready to be typed on a real machine."""
        return "\n".join(f"ip netns exec {edit.on} {line}" if edit.on in self._named() else line
                         for edit in self.edits for line in edit.lines)

    def _named(self) -> set[str]:
        return {ns.name for ns in self._base.namespaces.values() if ns.name != ns.machine}

    def _replay(self, edits: list[Edit]) -> None:
        lab = self._base.copy()
        for edit in edits:
            for line in edit.lines:
                lab.sh(line, on=edit.on)
        self.output = ""
        self._take(lab, edits)

    def _take(self, lab: Lab, edits: list[Edit]) -> None:
        """Go on with this lab, and with the question where it can still be asked."""
        self.lab, self.edits, self.step = lab, edits, None
        self.messages.pop("source", None)
        self.messages.pop("to", None)
        try:
            self.trace = self._ask(lab, self.question)
        except LabError as error:
            self.trace, self.after, self.observed = self._unsent("to", str(error)), lab, ""

    # --- looking --------------------------------------------------------------------------------

    @property
    def told(self) -> list[int]:
        """The places in `trace.steps` of the steps on the packet's own way."""
        return [i for i, step in enumerate(self.trace.steps) if not step.aside]

    @property
    def current(self) -> Step | None:
        return None if self.step is None else self.trace.steps[self.told[self.step]]

    def go(self, to: int | None) -> None:
        """Point at the n-th told step; None shows the whole way."""
        self.step = None if to is None or not self.told else min(max(to, 0), len(self.told) - 1)

    def forward(self) -> None:
        self.go(0 if self.step is None else self.step + 1)

    def back(self) -> None:
        self.go(None if not self.step else self.step - 1)

    def pin(self) -> None:
        """Keep this trace to compare later ones with; a second time lets it go."""
        self.pinned = None if self.pinned is not None else self.trace

    def run_on_the_kernel(self) -> None:
        """Ask the same of real namespaces, and hold what they show against the prediction."""
        question = self.question
        try:
            with self.lab.realize() as real:
                seen = real.trace(question.source, self.address_of(question.to), **question.how())
            self.observed = observed_words(self.trace, seen)
        except LabError as error:
            self.observed = str(error)

    def scene(self) -> Scene:
        place = None if self.step is None else self.told[self.step]
        return scene(self.lab, self.trace, place, self.pinned)


def _typed(name: str, value):
    """A field's text as a value; BadInput says what would be right."""
    if name not in LABELS:
        return value.strip()
    text = str(value if value is not None else "").strip()
    if not text:
        return getattr(Question("", ""), name)
    least, most = {"port": (1, 65535), "ttl": (1, 255), "size": (0, 65507)}[name]
    return number(text, least, most, {"port": "a port", "ttl": "a TTL", "size": "a number of payload bytes"}[name])
