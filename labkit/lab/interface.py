"""An interface: one end of something, inside one namespace.

kind: "loopback", "veth" (one end of a pair), "bridge", "vxlan", "tun", "tap", "dummy".
An interface with a `master` is a bridge port. Carrier is the kernel's: see `links.carrier`.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ..tables.fdb import Fdb
from ..tables.values import YOU, Kept, Origin, Value

ZERO_MAC = "00:00:00:00:00:00"
_COUNTERS = {way: (f"{way}_packets", f"{way}_bytes") for way in ("rx", "tx")}


@dataclass(frozen=True, slots=True)
class Address(Value):
    """An address on an interface. `secondary` is the kernel's word for the second in a subnet. `peer` is the far end of a
    point-to-point address, and its prefix. `ip` and `network` follow from `interface` and `peer`."""

    interface: IPv4Interface
    label: str
    scope: str = "global"
    broadcast: IPv4Address | None = None
    peer: IPv4Interface | None = None
    secondary: bool = False
    noprefixroute: bool = False
    metric: int = 0
    origin: Origin = field(default=YOU, compare=False)
    ip: IPv4Address = field(init=False, repr=False, compare=False)
    network: IPv4Network = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "ip", self.interface.ip)
        object.__setattr__(self, "network", (self.peer or self.interface).network)

    @property
    def prefixlen(self) -> int:
        return self.network.prefixlen


@dataclass(slots=True)
class Port(Kept):
    """What a bridge keeps about one of its ports (bridge(8))."""

    hairpin: bool = False
    learning: bool = True
    flood: bool = True
    mcast_flood: bool = True
    bcast_flood: bool = True
    isolated: bool = False
    number: int = 0


@dataclass(slots=True)
class Bridge(Kept):
    """What makes an interface a bridge. `mac_set` is true once a user chose its MAC address;
    `mtu_set` likewise. Times are in seconds."""

    fdb: Fdb = field(default_factory=Fdb)
    ageing: float = 300.0
    mac_set: bool = False
    mtu_set: bool = False
    had_ports: bool = False

    @property
    def watches_ports(self) -> bool:
        """Whether carrier follows the ports: from the first one on, or from the choice of a MAC address
        (kernel: br_stp_change_bridge_id looks at the ports; observed on 6.18)."""
        return self.had_ports or self.mac_set


@dataclass(slots=True)
class Vxlan(Kept):
    """What makes an interface a vxlan tunnel end (VTEP)."""

    vni: int
    local: IPv4Address | None = None
    remote: IPv4Address | None = None
    dev: str | None = None
    port: int = 8472
    learning: bool = True
    ttl: int = 0
    fdb: Fdb = field(default_factory=Fdb)


@dataclass(slots=True)
class Tun(Kept):
    """What makes an interface a TUN or TAP; `program` names who holds it open (None: nobody)."""

    mode: str = "tun"
    persist: bool = True
    pi: bool = False
    program: str | None = None
    owner: int | None = None
    group: int | None = None


@dataclass(slots=True, eq=False)
class Interface(Kept):
    """`uid` is the lab-wide number by which a veth end finds its peer; `index` is the kernel's interface index inside its
    namespace; `unlinked` is the operstate while up without carrier; `filters` are MAC addresses somebody made it listen to;
    `counters` are named as `ip -j -s link` names them, with "rx_" or "tx_" before it."""

    uid: int
    index: int
    name: str
    kind: str
    mac: str = ZERO_MAC
    mtu: int = 1500
    up: bool = False
    namespace: str = ""
    peer: int | None = None
    master: str | None = None
    txqlen: int = 1000
    arp: bool = True
    multicast: bool = True
    promisc: bool = False
    allmulticast: bool = False
    alias: str = ""
    addresses: list[Address] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    port: Port | None = None
    bridge: Bridge | None = None
    vxlan: Vxlan | None = None
    tun: Tun | None = None
    carrier: bool = True
    operstate: str = "DOWN"
    unlinked: str = "DOWN"
    qdisc: str = "noop"
    counters: dict[str, int] = field(default_factory=dict)
    origin: Origin = field(default=YOU)

    @property
    def has_link_header(self) -> bool:
        """False for a TUN: what passes through it starts with the IP header."""
        return self.kind != "tun"

    @property
    def noarp(self) -> bool:
        """True where nobody is ever asked for a MAC address."""
        return not self.arp or self.kind in ("tun", "loopback")

    def count(self, counter: str, by: int = 1) -> None:
        """Count something that happened here."""
        self.counters[counter] = self.counters.get(counter, 0) + by

    def count_packet(self, way: str, size: int) -> None:
        """A packet more, "rx" or "tx", and its bytes."""
        packets, size_of_all = _COUNTERS[way]
        self.counters[packets] = self.counters.get(packets, 0) + 1
        self.counters[size_of_all] = self.counters.get(size_of_all, 0) + size

    def owns(self, address: IPv4Address) -> bool:
        return any(a.ip == address for a in self.addresses)


def is_group(mac: str) -> bool:
    """Broadcast and multicast: the lowest bit of the first byte."""
    return bool(int(mac[:2], 16) & 1)
