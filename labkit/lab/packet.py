"""A packet: headers around a payload, and packets nest.

`Packet` is one frozen value with its link header (`eth`), its network header (`ip` or `arp`), its
transport header, and, in a tunnel, the packet it carries (`.inner`). A packet on a TUN has no
link header: `eth` is None. `token` is the payload's mark, by which a probe is recognised through
every rewriting; `leg` says from the start on whether it is a request, an answer or an error about either.

`str()` is the packet in one line, in tcpdump's words where tcpdump has some.
"""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from ..tables.values import Value

BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"


@dataclass(frozen=True, slots=True)
class Ethernet:
    src: str
    dst: str


@dataclass(frozen=True, slots=True)
class IPv4:
    """`offset` and `more` describe a fragment; offset is in bytes."""

    src: IPv4Address
    dst: IPv4Address
    ttl: int = 64
    df: bool = True
    tos: int = 0
    offset: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Arp:
    op: str  # "request" | "reply"
    sender_mac: str
    sender_ip: IPv4Address
    target_mac: str | None
    target_ip: IPv4Address
    words: str = field(init=False, repr=False, compare=False)  # worked out once: a flood shows them at every port

    def __post_init__(self):
        asks, tells = f"who-has {self.target_ip} tell {self.sender_ip}", f"{self.sender_ip} is-at {self.sender_mac}"
        object.__setattr__(self, "words", f"ARP {asks if self.op == 'request' else tells}")


@dataclass(frozen=True, slots=True)
class Icmp:
    """Type and code as numbers; an error quotes the packet it is about, and may name an MTU."""

    type: int
    code: int = 0
    id: int = 0
    seq: int = 0
    mtu: int | None = None
    gateway: IPv4Address | None = None
    quoted: "Packet | None" = None

    @property
    def is_error(self) -> bool:
        return self.type in (3, 4, 5, 11, 12)


@dataclass(frozen=True, slots=True)
class Udp:
    sport: int
    dport: int


@dataclass(frozen=True, slots=True)
class Tcp:
    sport: int
    dport: int
    flags: str = "S"


ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 5, 8, 11

#: ICMP errors in tcpdump's and ping's sense, (type, code) -> words.
ICMP_WORDS = {
    (0, 0): "echo reply", (8, 0): "echo request", (3, 0): "net unreachable", (3, 1): "host unreachable", (3, 2): "protocol unreachable",
    (3, 3): "port unreachable", (3, 4): "fragmentation needed", (3, 13): "communication administratively prohibited",
    (5, 0): "redirect for network", (5, 1): "redirect for host", (11, 0): "time to live exceeded",
    (11, 1): "fragment reassembly time exceeded",
}  # fmt: skip

#: Header lengths in bytes. A TCP SYN from Linux carries 20 bytes of options.
IP_HEADER, ICMP_HEADER, UDP_HEADER, ETHERNET_HEADER, VXLAN_HEADER = 20, 8, 8, 14, 8
#: TCP's header with Linux's options: a SYN says MSS, SACK, timestamp and window scale, a RST nothing, the others a timestamp.
TCP_SYN, TCP_RST, TCP_HEADER = 40, 20, 32
#: So many packets in one another are told.
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Packet(Value):
    """`size` is the payload in bytes, not counting any header; with `inner` it is that packet's length (0: not counted yet). A
    fragment's `size` is all it carries behind its IP header, and `whole` is the packet it is of. `leg` is "request", "answer" or
    "error" ("" for ARP); a tunnel's datagram has that of what it carries. `mark` is the kernel's fwmark: it never leaves the
    namespace; nor does `tracked`, its connection (lab/connections.py Tracked), or `came_in`, the bridge port by which netfilter knows it.
    `largest`: the longest of the fragments that it was put together of, no longer than which it is sent on (kernel: frag_max_size).
    `group`: it came in a frame for everybody or for a group (kernel: PACKET_BROADCAST, PACKET_MULTICAST)."""

    ip: IPv4 | None = None
    transport: Icmp | Udp | Tcp | None = None
    eth: Ethernet | None = None
    arp: Arp | None = None
    inner: "Packet | None" = None
    size: int = 0
    token: str = ""
    vni: int | None = None
    whole: "Packet | None" = None
    leg: str = ""
    mark: int = 0
    group: bool = False
    tracked: "object" = field(default=None, compare=False, repr=False)
    came_in: str = field(default="", compare=False, repr=False)
    largest: int = field(default=0, compare=False, repr=False)

    @property
    def src(self) -> IPv4Address:
        return self.ip.src if self.ip else self.arp.sender_ip

    @property
    def dst(self) -> IPv4Address:
        return self.ip.dst if self.ip else self.arp.target_ip

    @property
    def ttl(self) -> int | None:
        return self.ip.ttl if self.ip else None

    @property
    def innermost(self) -> "Packet":
        """What a tunnel carries, or the packet itself."""
        packet = self
        while packet.inner is not None:
            packet = packet.inner
        return packet

    @property
    def proto(self) -> str:
        """"arp", "icmp", "udp" or "tcp"."""
        if self.arp:
            return "arp"
        return type(self.transport).__name__.lower()

    @property
    def sport(self) -> int | None:
        return getattr(self.transport, "sport", None)

    @property
    def dport(self) -> int | None:
        return getattr(self.transport, "dport", None)

    @property
    def is_error(self) -> bool:
        return isinstance(self.transport, Icmp) and self.transport.is_error

    @property
    def is_fragment(self) -> bool:
        return self.ip is not None and (self.ip.more or self.ip.offset > 0)

    @property
    def length(self) -> int:
        """Bytes from the IP header on: what an MTU is compared with. An ARP packet has 28."""
        if self.arp:
            return 28
        if self.is_fragment:
            return IP_HEADER + self.size
        return IP_HEADER + self._header_length() + self._payload_length()

    @property
    def frame_length(self) -> int:
        """Bytes with the Ethernet header, if there is one."""
        return self.length + (ETHERNET_HEADER if self.eth else 0)

    def _header_length(self) -> int:
        if isinstance(self.transport, Tcp):
            flags = self.transport.flags
            return TCP_SYN if "S" in flags else TCP_RST if "R" in flags else TCP_HEADER
        return 8

    def _payload_length(self) -> int:
        if self.inner is not None:
            return (VXLAN_HEADER if self.vni is not None else 0) + (self.size or self.inner.frame_length)
        if self.is_error and self.transport.quoted is not None:
            # Linux quotes as much as fits in 576 bytes in all (kernel: net/ipv4/icmp.c).
            return min(self.transport.quoted.length, 576 - IP_HEADER - ICMP_HEADER)
        return self.size

    def with_ip(self, **changes) -> "Packet":
        """The same packet with some IP header fields changed."""
        return replace(self, ip=replace(self.ip, **changes))

    def framed(self, src: str, dst: str) -> "Packet":
        """The same packet in an Ethernet frame."""
        return replace(self, eth=Ethernet(src, dst))

    def bare(self) -> "Packet":
        """The same packet without its Ethernet header."""
        return replace(self, eth=None) if self.eth else self

    def __str__(self) -> str:
        return self._words(0)

    def _words(self, deep: int) -> str:
        """For example `10.20.37.5 > 10.20.92.11: ICMP echo request, ttl 64, length 84`."""
        if self.arp:
            return self.arp.words
        match self.transport:
            case Icmp() as icmp:
                what = f"ICMP {icmp_words(icmp)}"
            case Udp():
                what = "UDP, VXLAN" if self.vni is not None else "UDP"
            case Tcp(flags=flags):
                what = f"TCP [{flags}]"
            case _:
                what = "IP fragment"
        source, destination = (f"{ip}.{port}" if port is not None else ip for ip, port in ((self.src, self.sport), (self.dst, self.dport)))
        text = f"{source} > {destination}: {what}, ttl {self.ttl}, length {self.length}"
        if self.is_fragment:
            text += f", fragment at byte {self.ip.offset}"
        return text + (f" [ {self.inner._words(deep + 1) if deep < DEEPEST else '…'} ]" if self.inner else "")


def icmp_words(icmp) -> str:
    """What an Icmp, or a reply with its type, code and mtu, says."""
    words = ICMP_WORDS.get((icmp.type, icmp.code), f"type {icmp.type} code {icmp.code}")
    return f"{words} (mtu {icmp.mtu})" if icmp.mtu else words
