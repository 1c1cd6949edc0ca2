"""The clock of a probe: events in order of time, and the steps they leave.

Frames that cross a wire are events, so that a flood reaches all ports before any of them answers,
as the kernel's receive queues have it. Everything between two wires is one function call.
"""

from collections.abc import Callable
from heapq import heappop

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.lookup import Decision
from ..lab.namespace import Namespace
from ..lab.packet import Packet
from .steps import Reply, Step

#: event name -> handler(net, *arguments); filled by `handles`.
HANDLERS: dict[str, Callable] = {}

#: A lab that loops (two routers pointing at each other, a ring of bridges) ends here.
MOST_EVENTS = 20_000


def handles(event: str):
    """Make a function the handler of an event."""

    def register(function):
        HANDLERS[event] = function
        return function

    return register


class Net:
    """A lab in motion: what is due, what has happened, and what came back."""

    def __init__(self, lab: Lab, token: str):
        self.lab = lab
        self.token = token
        self.steps: list[Step] = []
        self.replies: list[Reply] = []
        self.sent_at: dict[int, float] = {}
        self.source = ""
        self.source_port = 0
        self.first_port = 0  # UDP probes that count their destination port up from here
        self.device: str | None = None  # what the probing socket is bound to (ping -I eth0)
        self.sending = False  # true while a program is in the middle of sending
        self.arrivals: list[str] = []  # namespaces in which a request was delivered
        self.route_errors: dict[tuple, tuple[float, float]] = {}  # (namespace, told) -> seconds saved up, and when
        self._events = 0

    @property
    def now(self) -> float:
        return self.lab.now

    def post(self, event: str, *arguments, after: float = 0.0) -> None:
        """Let something happen `after` seconds from now; events of one time in the order posted."""
        self.lab.post(event, *arguments, after=after)

    def run(self, until: float, done: Callable[[], bool]) -> None:
        """Let events happen until nothing is due before `until`, or `done()` says enough.

        The clock then stands at the time of the last event, or at `until`.
        """
        agenda = self.lab.agenda
        while agenda and agenda[0][0] <= until + 1e-9:
            if done() and agenda[0][0] > self.lab.now + 1e-9:
                return
            if self._events >= MOST_EVENTS:
                agenda[:] = [e for e in agenda if e[0] > self.lab.now + 1e-9]
                return
            self._events += 1
            time, _, event, arguments = heappop(agenda)
            self.lab.now = max(self.lab.now, time)
            HANDLERS[event](self, *arguments)
        if not done():
            self.lab.now = max(self.lab.now, until)

    def step(
        self, ns: Namespace, interface: Interface | None, kind: str, text: str, packet: Packet | None = None,
        decision: Decision | None = None, details: tuple[str, ...] = (), aside: bool = False,
    ) -> None:
        aside = aside or (packet is not None and (packet.arp is not None or packet.token != self.token))
        self.steps.append(
            Step(self.now, ns.name, interface.name if interface else None, kind, text, packet, decision, details, aside)
        )

    def sight(self, ns: Namespace, interface: Interface, direction: str, packet: Packet) -> None:
        """Note what a tap on this interface sees."""
        self.step(ns, interface, direction, str(packet), packet)

    def drop(self, ns: Namespace, interface: Interface | None, why: str, packet: Packet, aside: bool = False) -> None:
        self.step(ns, interface, "drop", f"dropped: {why}", packet, aside=aside)
