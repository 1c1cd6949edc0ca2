"""The clock of a probe: events in order of time, the steps they leave, and what each kind of interface does with a frame.

Frames that cross a wire are events, so that a flood reaches all ports before any of them answers, as the kernel's
receive queues have it, and no way is ever deeper than one hop. Between two wires everything is one function call.
A storm (a ring of bridges, a tunnel that carries itself) would go on for ever: it is cut short and told as a step.

kernel: net/core/dev.c, drivers/net/veth.c, tun.c, loopback.c. Each driver counts in its own way: veth with the Ethernet
header, loopback and vxlan without, a bridge with it when sending and without when receiving (observed on 6.18).
"""

import errno
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from heapq import heapify, heappop
from typing import TYPE_CHECKING

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.lookup import Decision
from ..lab.namespace import Namespace
from ..lab.packet import Packet
from .trace import Step

if TYPE_CHECKING:
    from .probe import Session

#: event name -> handler(net, *arguments); filled by `handles`.
HANDLERS: dict[str, Callable] = {}

#: The events that are a frame on its way; their arguments begin with the namespace, the interface's uid, and the packet.
FRAMES = frozenset({"receive", "bridge_out", "vxlan_out", "tun_out"})
#: How many events one moment may hold, and how many more for each interface of the lab: a flood reaches everybody.
MOST_AT_ONCE, MORE_AT_ONCE = 3_000, 20
#: From so many events of one moment on frames are told apart; the same one at the same interface so often is a ring.
SUSPICIOUS, ROUND = 500, 8


def handles(event: str):
    """Make a function the handler of an event."""
    return partial(HANDLERS.setdefault, event)


class Net:
    """A lab in motion: what is due, and what has happened. `session` is the program whose probe it is, if any. `sending`: that
    program is in the middle of sending. `nesting`: in how many interfaces the frame in hand has been put since it last waited in a
    queue (kernel: dev_xmit_recursion). `quiet_until`: until then nothing happens but what is due."""

    def __init__(self, lab: Lab, session: "Session | None" = None, token: str = ""):
        self.lab, self.session = lab, session
        self.token = session.token if session is not None else token
        self.steps: list[Step] = []
        self.sending, self.nesting, self.quiet_until = False, 0, 0.0
        self.route_errors: dict[tuple, tuple[float, float]] = {}  # (namespace, told) -> seconds saved up, and when
        self._moment, self._events = -1.0, 0
        self._room = MOST_AT_ONCE + MORE_AT_ONCE * len(lab.interfaces)
        self._passed: dict[tuple, int] = {}

    @property
    def now(self) -> float:
        return self.lab.now

    def post(self, event: str, *arguments, after: float = 0.0) -> None:
        """Let something happen `after` seconds from now; events of one time in the order posted."""
        self.lab.post(event, *arguments, after=after)

    def next_look(self, period: float, *looks: str) -> float:
        """Seconds until somebody who looks every `period` seconds may find something: before anything else is due than
        such looks nothing changes, so those until then are left out."""
        others = (time for time, _, event, _ in self.lab.agenda if event not in looks)
        return period * max(1, (min((self.quiet_until, *others)) - self.now) // period)

    def run(self, until: float, done: Callable[[], bool]) -> None:
        """Let events happen until nothing is due before `until`, or `done()` says enough. The clock then stands at the time of the
        last event, or at `until`."""
        lab, agenda = self.lab, self.lab.agenda
        while agenda and agenda[0][0] <= until + 1e-9:
            if done() and agenda[0][0] > lab.now + 1e-9:
                return
            time, _, event, arguments = heappop(agenda)
            lab.now = max(lab.now, time)
            if self._goes_on(event, arguments):
                lab.moved += 1
                self.nesting = 0
                HANDLERS[event](self, *arguments)
        if not done():
            lab.now = max(lab.now, until)

    def _goes_on(self, event: str, arguments: tuple) -> bool:
        """Whether an event still happens: in a storm frames are told apart, and a ring, or the moment, ends."""
        if self.lab.now != self._moment:
            self._moment, self._events = self.lab.now, 0
            self._passed.clear()
        self._events += 1
        if self._events < SUSPICIOUS or event not in FRAMES:
            return True
        if self._events > self._room:
            due = self.lab.now + 1e-9
            self.lab.agenda[:] = [e for e in self.lab.agenda if e[0] > due or e[2] not in FRAMES]
            heapify(self.lab.agenda)
            self._storm(arguments, f"frames went round in a ring without end: {self._events} of them in one moment, cut short here")
            self._events, self._room = 0, max(self._room // 2, SUSPICIOUS)
            return False
        key = (event, arguments[1], *_likeness(arguments[2]))
        passed = self._passed[key] = self._passed.get(key, 0) + 1
        if passed == ROUND:
            self._storm(arguments, f"frames went round in a ring: this one came by {ROUND} times in one moment")
        return passed < ROUND

    def _storm(self, arguments: tuple, words: str) -> None:
        namespace, uid, packet, *_ = arguments
        if namespace in self.lab.namespaces:
            self.step(self.lab[namespace], self.lab.interface(uid), "storm", words, packet)

    def step(
        self, ns: Namespace, interface: Interface | None, kind: str, text: str, packet: Packet | None = None,
        decision: Decision | None = None, details: tuple[str, ...] = (), aside: bool = False, why: str = "", because: Step | None = None,
        at: str = "",
    ) -> None:
        aside = aside or (packet is not None and (packet.arp is not None or packet.token != self.token))
        dev = interface.name if interface else None
        self.steps.append(Step(self.lab.now, ns.name, dev, kind, text, packet, decision, details, aside, why or text, because, at))

    def sight(self, ns: Namespace, interface: Interface, direction: str, packet: Packet) -> None:
        """Note what a tap on this interface sees."""
        self.step(ns, interface, direction, "", packet)

    def drop(self, ns: Namespace, interface: Interface | None, why: str, packet: Packet, aside: bool = False, at: str = "") -> None:
        self.step(ns, interface, "drop", f"dropped: {why}", packet, aside=aside, why=why, at=at)

    def drop_in_stack(self, ns: Namespace, interface: Interface | None, why: str, packet: Packet) -> None:
        """The interface handed it up; IP, or what is above, does not take it."""
        self.drop(ns, interface, why, packet, at="stack")


def _likeness(packet: Packet) -> list:
    """What tells two frames apart: headers, of what is inside too, but not to any depth."""
    found = []
    while packet is not None and len(found) < 12:
        found += (packet.eth, packet.arp, packet.ip, packet.transport)
        packet = packet.inner
    return found


#: A receiver takes frames this much longer than its MTU: room for a VLAN tag (kernel: dev.c __is_skb_forwardable; observed on 6.18).
SLACK = 4


def transmit(net: Net, ns: Namespace, interface: Interface, packet: Packet) -> int:
    """Send a frame (or, on a TUN, a packet) out of an interface. Returns 0, or ENOBUFS when a veth's other end does not take it: a
    local sender is told so."""
    if not interface.up or not interface.carrier:
        why = "is down"
        if interface.up:
            peer = net.lab.peer(interface)
            if peer is not None:
                why = f"the other end of the pair, {peer.name} in {peer.namespace}, is down"
            else:
                why = "none of its ports has carrier" if interface.kind == "bridge" else "no program holds it open"
            why = f"has no carrier: {why}"
        interface.count("tx_dropped")
        net.drop(ns, interface, f"{interface.name} {why}", packet)
        return 0
    net.sight(ns, interface, "out", packet)
    match interface.kind:
        case "veth":
            return _cross(net, interface, packet)
        case "loopback":
            interface.count_packet("tx", packet.length)
            interface.count_packet("rx", packet.length)
            net.post("receive", ns.name, interface.uid, packet)
        case "bridge":
            interface.count_packet("tx", packet.frame_length)
            net.post("bridge_out", ns.name, interface.uid, packet, net.nesting + 1)
        case "vxlan":
            net.post("vxlan_out", ns.name, interface.uid, packet, net.nesting + 1)
        case "tun":
            net.post("tun_out", ns.name, interface.uid, packet)
        case _:
            net.drop(ns, interface, f"{interface.name} is a {interface.kind} interface: nothing is behind it", packet)
    return 0


def _cross(net: Net, interface: Interface, packet: Packet) -> int:
    """What enters one end of a veth pair leaves the other, if it fits there."""
    peer = net.lab.peer(interface)
    if packet.length > peer.mtu + SLACK:
        interface.count("tx_dropped")
        peer.count("rx_dropped")
        net.drop(net.lab[peer.namespace], peer, f"{packet.length} bytes are too long for {peer.name}, whose MTU is {peer.mtu}", packet)
        return errno.ENOBUFS
    interface.count_packet("tx", packet.frame_length)
    peer.count_packet("rx", packet.frame_length)
    if (packet.mark or packet.tracked is not None or packet.came_in) and peer.namespace != interface.namespace:
        packet = replace(packet, mark=0, tracked=None, came_in="")  # kernel: net/core/skbuff.c skb_scrub_packet
    net.post("receive", peer.namespace, peer.uid, packet)
    return 0
