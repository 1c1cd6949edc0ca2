"""What the BridgeExplorer knows: frames sent one by one through one bridge, and what it learned.

A station is what is behind a bridge port. Each frame goes through the lab's own forwarding routine, in a
copy of the lab; the history is played again from the start whenever one step is taken back.
"""

import copy
from dataclasses import dataclass
from ipaddress import IPv4Address

from ..errors import BadInput, LabError
from ..lab import fdb
from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..lab.packet import BROADCAST_MAC, ECHO_REPLY, Ethernet, Icmp, IPv4, Packet
from ..trace import ip_in  # noqa: F401  (its handlers)
from ..trace.devices import transmit
from ..trace.engine import Net
from ..trace.steps import Step

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
        self._base = copy.deepcopy(lab)
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

    def wait(self, seconds: str) -> bool:
        """Let the lab's clock run, as typed."""
        text = seconds.strip()
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 86400:
            self.messages["wait"] = f"{text!r} is not a number of seconds from 1 to 86400; entries age out after 300"
            return False
        self.messages.pop("wait", None)
        self._do(Act("wait", seconds=int(text)))
        return True

    def give(self, line: str) -> bool:
        """A line of the lab's shell where the bridge is, such as `bridge link set dev veth1 hairpin on`."""
        result = copy.deepcopy(self.lab).sh(line, on=self.namespace)
        if result.returncode:
            self.messages["line"] = result.stderr.strip() or f"exit status {result.returncode}"
            return False
        self.messages.pop("line", None)
        self._do(Act("line", line))
        return True

    def back(self) -> None:
        self._replay(self.acts[:-1])

    def reset(self) -> None:
        self._replay([])

    def _replay(self, acts: list[Act]) -> None:
        self.lab = copy.deepcopy(self._base)
        self.acts: list[Act] = []
        self.steps: tuple[Step, ...] = ()
        for act in acts:
            self._do(act)

    def _do(self, act: Act) -> None:
        self.acts.append(act)
        self.steps = ()
        match act.kind:
            case "frame":
                self.steps = self._frame(act)
            case "wait":
                self.lab.now += act.seconds
            case "line":
                self.lab.sh(act.what, on=self.namespace)

    def _frame(self, act: Act) -> tuple[Step, ...]:
        """Put a frame on a station's wire; an echo reply, which nobody answers."""
        sender = self.station(act.what)
        mac = {EVERYBODY: BROADCAST_MAC, NOBODY: NOBODYS_MAC}.get(act.to) or self.station(act.to).mac
        there = self.lab[sender.namespace]
        ip = IPv4(IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2"))
        token = f"frame-{len(self.acts)}"
        packet = Packet(ip, Icmp(ECHO_REPLY), Ethernet(sender.mac, mac), size=56, token=token)
        net = Net(self.lab, token)
        transmit(net, there, there.find(sender.interface), packet)
        net.run(self.lab.now, lambda: False)
        return tuple(net.steps)

    # --- what there is --------------------------------------------------------------------------

    @property
    def stations(self) -> list[Station]:
        """Who is behind the ports, in the ports' order."""
        found = []
        for port in self.ns.ports(self.bridge):
            peer = self.lab.peer(port)
            if peer is not None:
                found.append(Station(peer.namespace, port.name, peer.mac, peer.namespace, peer.name))
        return found

    def station(self, name: str) -> Station:
        for station in self.stations:
            if station.name == name:
                return station
        raise LabError(f"nobody called {name!r} is behind {self.bridge}; there are: {', '.join(s.name for s in self.stations)}")

    def port(self, station: Station) -> Interface:
        return self.ns.find(station.port)

    def entries(self) -> list[tuple[str, str, str]]:
        """(MAC address, port, age in words) of every live entry; the ports' own addresses are left out."""
        bridge = self.ns.find(self.bridge)
        return [(e.mac, e.dev, f"{self.lab.now - e.seen:.0f} s" if e.state == "" else e.state)
                for e in fdb.live(self.lab, bridge) if e.state != "permanent"]

    def seen(self, direction: str) -> list[str]:
        """The ports at which the last frame was seen, "in" or "out"."""
        ports = {station.port for station in self.stations}
        return [s.interface for s in self.steps if s.namespace == self.namespace and s.kind == direction and s.interface in ports]

    def sentences(self) -> list[str]:
        """What the bridge decided about the last frame, and what was dropped on the way."""
        told = [s for s in self.steps if s.kind in ("bridge", "learn") and s.namespace == self.namespace]
        lost = [s for s in self.steps if s.kind == "drop" and s.namespace == self.namespace]
        return [s.text for s in [*told, *lost]]

    def text(self) -> str:
        """The last act, what came of it, and what the bridge knows now."""
        lines = [": ".join([f"{self.bridge} in {self.namespace}", *map(_words, self.acts[-1:])])]
        lines += [f"  {sentence}" for sentence in self.sentences()]
        lines += [f"  {mac} is behind {port} ({age})" for mac, port, age in self.entries()] or ["  it has learned nothing yet"]
        return "\n".join(lines)


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
