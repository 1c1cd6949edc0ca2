"""BridgeExplorer: frames sent one by one through one bridge, and what it learned.

A station is what is behind a bridge port. Each frame goes through the lab's own forwarding routine, in a
copy of the lab; the history is played again from the start whenever one step is taken back.
"""

from dataclasses import dataclass
from html import escape
from ipaddress import IPv4Address

import ipywidgets as widgets

from ..errors import BadInput, LabError
from ..lab import bridges
from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..lab.packet import BROADCAST_MAC, ECHO_REPLY, Ethernet, Icmp, IPv4, Packet
from ..trace import forward  # noqa: F401  (its handlers)
from ..trace.engine import Net, transmit
from ..trace.trace import Step
from .contents import Chip
from .explorer import Explorer, PictureBox, button, choice, offer, page, text_field
from .number import number
from .scene import Mark, Part, Scene, Trail, Wire
from .svg import svg

EVERYBODY, NOBODY = "everybody", "a MAC address nobody has"
NOBODYS_MAC = "02:00:00:ff:ff:ff"


@dataclass(frozen=True, slots=True)
class Station:
    """What is behind a port: the other end of its veth pair."""

    name: str
    port: str
    mac: str
    namespace: str
    interface: str


@dataclass(frozen=True, slots=True)
class Act:
    """kind: "frame" (from a station's name to another's, EVERYBODY or NOBODY), "wait" or "line"."""

    kind: str
    what: str = ""
    to: str = ""
    seconds: float = 0.0


class Switching:
    """One bridge, the frames sent through it so far, and what the last of them did."""

    def __init__(self, lab: Lab, bridge: str, on: str | None = None):
        self._base = lab.copy()
        self.namespace = _holder(self._base, bridge, on)
        self.bridge = bridge
        self.messages: dict[str, str] = {}
        self._replay([])
        if len(self.stations) < 2:
            raise BadInput(f"{bridge} in {self.namespace} has {len(self.stations)} ports with a veth pair; frames need two")

    @property
    def ns(self) -> Namespace:
        return self.lab[self.namespace]

    # --- what is done ---------------------------------------------------------------------------

    def send(self, station: str, to: str) -> None:
        """One frame from a station."""
        self._do(Act("frame", station, to))

    def wait(self, seconds: str) -> None:
        """Let the lab's clock run, as typed."""
        self._do(Act("wait", seconds=number(seconds, 1, 86400, "a number of seconds")))

    def give(self, line: str) -> None:
        """A line of the lab's shell where the bridge is, such as `bridge link set dev veth1 hairpin on`."""
        trial = self.lab.copy()
        result = trial.sh(line, on=self.namespace)
        if result.returncode:
            raise LabError(result.stderr.strip() or f"exit status {result.returncode}")
        if not _there(trial, self.namespace, self.bridge):
            raise LabError(f"That would take {self.bridge} away, the bridge that is shown here, and is left undone")
        changed = trial.revision != self.lab.revision
        self.lab, self.acts, self.steps = trial, [*self.acts, Act("line", line)] if changed else self.acts, ()
        self.output = result.stdout

    def back(self) -> None:
        self._replay(self.acts[:-1])

    def reset(self) -> None:
        self.messages = {}
        self._replay([])

    def _replay(self, acts: list[Act]) -> None:
        lab, steps = self._base.copy(), ()
        for place, act in enumerate(acts, 1):
            steps = self._play(lab, act, place)
        self.lab, self.acts, self.steps, self.output = lab, acts, steps, ""

    def _do(self, act: Act) -> None:
        lab, acts = self.lab.copy(), [*self.acts, act]
        self.steps = self._play(lab, act, len(acts))
        self.lab, self.acts, self.output = lab, acts, ""

    def _play(self, lab: Lab, act: Act, number: int) -> tuple[Step, ...]:
        """Let one act happen in a lab: what a frame did, step by step."""
        if act.kind == "frame":
            return self._frame(lab, act, number)
        if act.kind == "wait":
            lab.now += act.seconds
        else:
            lab.sh(act.what, on=self.namespace)
        return ()

    def _frame(self, lab: Lab, act: Act, number: int) -> tuple[Step, ...]:
        """Put a frame on a station's wire; an echo reply, which nobody answers."""
        there = _stations(lab, self.namespace, self.bridge)
        sender = _station(there, act.what)
        mac = {EVERYBODY: BROADCAST_MAC, NOBODY: NOBODYS_MAC}.get(act.to) or _station(there, act.to).mac
        ip = IPv4(IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2"))
        token = f"frame-{number}"
        packet = Packet(ip, Icmp(ECHO_REPLY), Ethernet(sender.mac, mac), size=56, token=token)
        net = Net(lab, token=token)
        ns = lab[sender.namespace]
        transmit(net, ns, ns.find(sender.interface), packet)
        net.run(lab.now, lambda: False)
        return tuple(net.steps)

    # --- what there is --------------------------------------------------------------------------

    @property
    def stations(self) -> list[Station]:
        """Who is behind the ports, in the ports' order."""
        return _stations(self.lab, self.namespace, self.bridge)

    def station(self, name: str) -> Station:
        return _station(self.stations, name)

    def port(self, station: Station) -> Interface:
        return self.ns.find(station.port)

    def entries(self) -> list[tuple[str, str, str]]:
        """(MAC address, port, age in words) of every live entry; the ports' own addresses are left out."""
        bridge = self.ns.find(self.bridge)
        return [(e.mac, e.dev, f"{self.lab.now - e.seen:.0f} s" if e.state == "" else e.state)
                for e in bridges.live(self.lab, bridge) if e.state != "permanent"]

    def seen(self, direction: str) -> list[str]:
        """The ports at which the last frame was seen, "in" or "out"."""
        ports = {station.port for station in self.stations}
        return [s.interface for s in self.steps if s.namespace == self.namespace and s.kind == direction and s.interface in ports]

    def sentences(self) -> list[str]:
        """What the bridge decided about the last frame, and what it dropped; what becomes of a copy above it is not the bridge's."""
        here = [s for s in self.steps if s.namespace == self.namespace]
        told = [s.text for s in here if s.kind in ("bridge", "learn")]
        up = any(s.kind == "in" and s.interface == self.bridge for s in here)
        lost = [s.text for s in here if s.kind == "drop" and s.at != "stack"]
        return [*told, *([f"a copy goes up to {self.namespace}, by the bridge's own interface {self.bridge}"] if up else []), *lost]

    def text(self) -> str:
        """The last act, what came of it, and what the bridge knows now."""
        lines = [": ".join([f"{self.bridge} in {self.namespace}", *map(_words, self.acts[-1:])])]
        lines += [f"  {sentence}" for sentence in self.sentences()]
        lines += [f"  {mac} is behind {port} ({age})" for mac, port, age in self.entries()] or ["  it has learned nothing yet"]
        return "\n".join(lines)


def _stations(lab: Lab, namespace: str, bridge: str) -> list[Station]:
    peers = ((port, lab.peer(port)) for port in lab[namespace].ports(bridge))
    return [Station(peer.namespace, port.name, peer.mac, peer.namespace, peer.name) for port, peer in peers if peer is not None]


def _station(there: list[Station], name: str) -> Station:
    for station in there:
        if station.name == name:
            return station
    raise LabError(f"nobody called {name!r} is behind the bridge now; there are: {', '.join(s.name for s in there) or 'none'}")


def _there(lab: Lab, namespace: str, bridge: str) -> bool:
    """Whether that namespace still has that bridge."""
    held = lab[namespace].find(bridge) if namespace in lab.namespaces else None
    return held is not None and held.bridge is not None


def _words(act: Act) -> str:
    if act.kind == "frame":
        return f"a frame from {act.what} to {act.to}"
    return f"{act.seconds:.0f} seconds later" if act.kind == "wait" else act.what


def _holder(lab: Lab, bridge: str, on: str | None) -> str:
    """The namespace that has the bridge."""
    holders = [ns.name for ns in lab.namespaces.values() if (i := ns.find(bridge)) is not None and i.bridge is not None]
    if on is not None:
        lab[on]
        if on not in holders:
            raise BadInput(f"{on} has no bridge {bridge!r}")
        return on
    if len(holders) != 1:
        where = f"several namespaces have one: {', '.join(holders)}; say on=" if holders else "no namespace of this lab has one"
        raise BadInput(f"which bridge {bridge!r}? {where}")
    return holders[0]


_BAR, _PORT, _STATION, _ROW, _TOP = 14.0, 190.0, 360.0, 64.0, 16.0


def bridge_scene(model: Switching) -> Scene:
    """The bridge as a bar at the left, a row for each port."""
    stations = model.stations
    came, left = model.seen("in"), model.seen("out")
    height = _TOP + _ROW * max(len(stations), 1)
    bar = Part("bridge", (model.namespace, model.bridge), _BAR, _TOP, 110, height - _TOP - 10,
               (model.bridge, f"in {model.namespace}"), on_path=bool(model.steps))
    parts, wires, trails, marks = [bar], [], [], []
    for row, station in enumerate(stations):
        y = _TOP + row * _ROW
        port, far = _chip(station, model), Chip("interface", (station.namespace, station.interface), (station.name, station.mac))
        on = station.port in came or station.port in left
        parts.append(Part("interface", port.key, _PORT, y, port.w, port.h, port.lines, port.state, on))
        parts.append(Part("interface", far.key, _STATION, y, far.w, far.h, far.lines, on_path=on))
        middle = y + port.h / 2
        points = ((_STATION, middle), (_PORT + port.w, middle)), ((_PORT, middle), (_BAR + 110, middle))
        wires += [Wire("veth", (port.key, far.key), points[0]), Wire("port", (port.key, bar.key), points[1])]
        if station.port in came:
            trails += [Trail("in", line) for line in points]
        if station.port in left:
            trails += [Trail("out", line[::-1]) for line in points[::-1]]
            marks.append(Mark("arrived", (_STATION + far.w, y)))
    sentences = model.sentences()
    return Scene(
        700, height, f"{model.bridge} and its {len(stations)} ports", model.text(), tuple(parts), tuple(wires), tuple(trails),
        tuple(marks), "; ".join(sentences), bool(left) or None if model.steps else None,
    )


def _chip(station, model: Switching) -> Chip:
    """A port and what is unusual about it."""
    port = model.port(station)
    said = [word for word, on in (("hairpin", port.port.hairpin), ("no learning", not port.port.learning),
                                  ("no flood", not port.port.flood), ("isolated", port.port.isolated)) if on]
    return Chip("interface", (model.namespace, port.name), (port.name, ", ".join(said) or "bridge port"))


class BridgeModel(Switching):
    """The bridge and its frames, with a picture."""

    def svg(self) -> str:
        return svg(bridge_scene(self))


class BridgeExplorer(Explorer):
    """Frames through one bridge of a lab. on: the namespace that has it, where several have one.

    The lab is copied. Raises BadInput when there is no such bridge, or it has fewer than two ports.
    """

    def __init__(self, lab: Lab, bridge: str, on: str | None = None):
        model = BridgeModel(lab, bridge, on)
        names = [station.name for station in model.stations]
        self.source = choice("Frame from", names, names[0])
        self.to = choice("to", [*names, EVERYBODY, NOBODY], names[1])
        self.wait = text_field("Wait (seconds)", "", "such as 299 or 300")
        self.line = text_field("Command", "", f"bridge link set dev {model.stations[0].port} hairpin on")
        self.line.control.layout.width = "560px"
        self.picture, self.table = PictureBox(), widgets.HTML()
        wrap = widgets.Layout(flex_flow="row wrap")
        buttons = [button("Send frame", self._send_frame), button("Take back", self._back), button("Reset", self._reset)]
        fields = {"source": self.source, "to": self.to, "wait": self.wait, "line": self.line}
        super().__init__(model, fields, [
            widgets.HBox([self.source, self.to, *buttons], layout=wrap), self.picture, self.table,
            widgets.HBox([self.wait, self.line], layout=wrap),
        ])  # fmt: skip
        self.watch("wait", lambda text: self._typed(self.wait, model.wait, text))
        self.watch("line", lambda text: self._typed(self.line, model.give, text))

    def _send_frame(self) -> None:
        self.act("to", lambda: self.model.send(self.source.control.value, self.to.control.value))

    def _typed(self, field, act, text: str) -> None:
        """Do what was typed and empty the field, so that the same can be typed again."""
        if text.strip():
            act(text)
            self.quietly(setattr, field.control, "value", "")

    def _back(self) -> None:
        self.act("to", self.model.back)

    def _reset(self) -> None:
        if self.act("to", self.model.reset):
            for field in (self.wait, self.line):
                self.quietly(setattr, field.control, "value", "")

    def draw(self) -> None:
        names = [station.name for station in self.model.stations]
        offer(self.source, names, self.source.control.value)
        offer(self.to, [*names, EVERYBODY, NOBODY], self.to.control.value)
        self.picture.show(self.model.svg())
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in entry)}</tr>" for entry in self.model.entries())
        head = "<tr><th>MAC address</th><th>behind port</th><th>age</th></tr>"
        learned = f"<table>{head}{rows}</table>" if rows else "<p>The bridge has learned nothing yet.</p>"
        printed = f"<pre>{escape(self.model.output)}</pre>" if self.model.output else ""
        self.table.value = page(f"{printed}<p>After {self.model.lab.now:.0f} seconds:</p>{learned}", live=True)
