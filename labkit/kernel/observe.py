"""From what the taps saw to a Trace, in the same values as a prediction's, with `observed=True`.

A frame belongs to the probe when it carries the token: the start of the payload (of a SYN, the sequence number). ARP
belongs to it because nothing else is going on. What a kernel accepted, its raw sockets heard.
"""

from dataclasses import replace
from ipaddress import IPv4Address

from ..lab.interface import Interface
from ..lab.lab import Lab
from ..lab.lookup import LOOPBACK_ADDRESS, address_type
from ..lab.packet import ECHO_REPLY, ECHO_REQUEST, REDIRECT, Icmp, Packet, Tcp, Udp, icmp_words
from ..trace.trace import Reply, Step, Trace, Verdict, verdict
from ..trace.transport import listening
from .frames import Tunnels, read_frame, read_packet

_OUTGOING = 4  # PACKET_OUTGOING, linux/if_packet.h
#: Segments that belong to opening a connection; a kernel that knows of no connection resets what answers our SYN.
_OPENING = ("S", "S.", "R.")


class Observation:
    """One probe's raw findings, on their way to being a Trace."""

    def __init__(self, lab: Lab, names: list[str], title: str, wish: dict, seen: dict):
        self.lab, self.names, self.title, self.wish = lab, names, title, wish
        self.tunnels = Tunnels.of(lab)
        self.token = wish["token"].hex()
        self.sent = {seq: stamp for seq, stamp, _, _ in seen["sent"]}
        self.begin = min(self.sent.values(), default=0)
        self.source = names[wish["ns"]]
        heard = [(stamp, names[number], self._read(data)) for stamp, number, data in sorted(seen["heard"]) if self._mine(data)]
        self.strangers = any(self._from_a_stranger(where, packet) for _, where, packet in heard)
        self.steps = self._sightings(seen["frames"])
        self.arrivals: list[str] = []
        self.replies = [
            Reply(seq, "local", errno=code, mtu=mtu or None, at=self._seconds(stamp))
            for seq, stamp, code, mtu in seen["sent"]
            if code
        ]
        self._listen(heard)

    def trace(self) -> Trace:
        steps, replies = tuple(step for _, step in self.steps), tuple(self.replies)
        ending = verdict(steps, replies, bool(self.arrivals), self.source, self.arrivals)
        if ending.kind == "no answer" and steps:
            last = next((s for s in reversed(steps) if not s.aside), steps[-1])
            ending = Verdict("dropped", last.namespace, f"last seen {_direction(last)} {last.interface}, then nothing")
        return Trace(
            self.title,
            self.source,
            IPv4Address(self.wish["dst"]),
            self.wish["proto"],
            steps,
            replies,
            bool(self.arrivals),
            ending,
            len(self.sent),
            0.0,
            self.token,
            True,
            self.wish["sport"],
        )

    def _seconds(self, stamp: int) -> float:
        return (stamp - self.begin) / 1e9

    def _mine(self, data: bytes) -> bool:
        return any(mark in data for mark in self.wish["marks"])

    def _belongs(self, packet: Packet, data: bytes) -> bool:
        """ARP, also in a tunnel or in an error about one; fragments, which may be too short for the token; else what
        carries the token. Not what a kernel adds to a connection that we only opened: it resets what it knows nothing of, which is
        also what it does with the answer of somebody whom nobody asked.
        """
        while packet.inner is not None or getattr(packet.transport, "quoted", None) is not None:
            packet = packet.inner or packet.transport.quoted
        if packet.arp or packet.is_fragment:
            return True
        flags = (*_OPENING, "R") if self.strangers else _OPENING
        return self._mine(data) and (not isinstance(packet.transport, Tcp) or packet.transport.flags in flags)

    def _read(self, data: bytes) -> Packet:
        return self._going(read_packet(data, self.tunnels, self.token))

    def _from_a_stranger(self, where: str, packet: Packet) -> bool:
        """Whether a segment for the sender is an answer from elsewhere than it asked."""
        asked = IPv4Address(self.wish["dst"])
        peer = (asked if int(asked) else LOOPBACK_ADDRESS, self.wish["port"])
        answers = isinstance(packet.transport, Tcp) and packet.transport.flags in ("S.", "R.")
        return answers and where == self.source and (packet.src, packet.sport) != peer

    def _sightings(self, frames: list[tuple]) -> list[tuple[int, Step]]:
        """Steps by time; equal times in order of arrival."""
        steps, told = [], set()
        for stamp, number, name, _, kind, hardware, data in sorted(frames, key=lambda frame: frame[0]):
            packet = read_frame(data, hardware, self.tunnels, self.token)
            if packet is None or not self._belongs(packet, data):
                continue
            where, direction = self.names[number], "out" if kind == _OUTGOING else "in"
            packet = self._going(_without_chance(self.lab[where].find(name), packet))
            if packet.is_error:
                icmp = packet.transport
                mine, here = (packet.src, packet.dst, icmp), (where, icmp.type, icmp.code)
                if direction == "out" and told.isdisjoint((mine, here)):
                    words = f"sends ICMP {icmp_words(icmp)} to {packet.dst}"
                    steps.append((stamp, self._step(stamp, where, None, "raised", words, packet)))
                told.add(mine if direction == "out" else here)  # one that came in here is handed on, be it translated
            steps.append((stamp, self._step(stamp, where, name, direction, str(packet), packet)))
        return steps

    def _going(self, packet: Packet) -> Packet:
        """The packet with its leg, as a prediction's has it: told by what it carries, of which a fragment behind the first has nothing."""
        carried = packet.innermost
        if carried.ip is None or carried.ip.offset:
            return packet
        match carried:
            case Packet(is_error=True):
                leg = "error"
            case Packet(transport=Icmp(type=type)) if type == ECHO_REPLY:
                leg = "answer"
            case Packet(transport=Tcp(flags=flags)) if flags != "S":
                leg = "answer"
            case Packet(transport=Udp(dport=port)) if port == self.wish["sport"]:
                leg = "answer"
            case _:
                leg = "request"
        return replace(packet, leg=leg)

    def _step(self, stamp: int, where: str, interface: str | None, kind: str, text: str, packet: Packet) -> Step:
        return Step(self._seconds(stamp), where, interface, kind, text, packet, aside=packet.arp is not None)

    def _listen(self, heard: list[tuple]) -> None:
        """Find requests that were delivered, and answers that reached the sender."""
        for stamp, where, packet in heard:
            if packet.inner is not None or self._from_a_stranger(where, packet):
                continue
            reply = self._reply(packet) if where == self.source else None
            if reply is not None:
                self._note(stamp, where, "the answer is here" if reply[1] == "reply" else f"the sender learns: {packet}", packet)
                at = self._seconds(stamp)
                seq, kind, *rest = reply
                began = self.sent.get(seq, self.begin)
                self.replies.append(
                    Reply(seq, kind, packet.src, packet.ttl, *rest, at=at, time=(stamp - began) / 1e9, size=packet.size)
                )
            elif self._is_request(where, packet):
                self.arrivals.append(where)
                self._note(stamp, where, "delivered", packet)

    def _note(self, stamp: int, where: str, words: str, packet: Packet) -> None:
        """Put a step behind the frame that brought it, which has the same stamp."""
        at = sum(time <= stamp for time, _ in self.steps)
        self.steps.insert(at, (stamp, self._step(stamp, where, None, "deliver", words, packet)))

    def _reply(self, packet: Packet) -> tuple | None:
        """(seq, kind, type, code, mtu, gateway) when the packet answers the probe."""
        match packet.transport:
            case Icmp(type=type, code=code) as icmp if icmp.is_error and icmp.quoted is not None:
                asked = icmp.quoted.transport
                if icmp.quoted.inner is not None or getattr(asked, "dport", None) in self.tunnels.vxlan | self.tunnels.bare:
                    return None  # about a tunnel's datagram: nobody has asked
                seq = asked.seq if isinstance(asked, Icmp) else 1
                return seq, "redirect" if type == REDIRECT else "error", type, code, icmp.mtu, icmp.gateway
            case Icmp(type=type) as icmp if type == ECHO_REPLY:
                return icmp.seq, "reply", 0, 0
            case Udp(dport=port) if self.wish["proto"] == "udp" and port == self.wish["sport"]:
                return 1, "reply"
            case Tcp(flags=flags) if flags in ("S.", "R."):
                return 1, "reply" if flags == "S." else "refused"
        return None

    def _is_request(self, where: str, packet: Packet) -> bool:
        """A request that something takes: a group's packets are heard by all, and taken by hardly anyone."""
        ns = self.lab[where]
        group = not packet.dst.is_loopback and address_type(self.lab, ns, packet.dst) != "local"
        match packet.transport:
            case Icmp(type=type) if type == ECHO_REQUEST:
                ignored = ns.sysctls.number("net.ipv4.icmp_echo_ignore_all")
                return not (ignored or (group and ns.sysctls.number("net.ipv4.icmp_echo_ignore_broadcasts")))
            case Tcp(flags=flags):
                return flags == "S" and not group
            case Udp():
                return not group or listening(ns, "udp", packet.dst, packet.dport)
        return False


def _without_chance(interface: Interface | None, packet: Packet) -> Packet:
    """A bridge that never had a port has a MAC address by chance, and nobody but itself sees it: the lab's stands for it."""
    if interface is None or interface.bridge is None or interface.bridge.watches_ports or packet.eth is None:
        return packet
    arp = replace(packet.arp, sender_mac=interface.mac) if packet.arp is not None else None
    return replace(packet, eth=replace(packet.eth, src=interface.mac), arp=arp)


def _direction(step: Step) -> str:
    return "coming in at" if step.kind == "in" else "going out of"
