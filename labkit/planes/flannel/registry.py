"""Leases, and their registry: who has which subnet, as keys and values in etcd, watched by every flanneld.

flannel: pkg/lease/lease.go, pkg/subnet/subnet.go, pkg/subnet/etcd/{registry,local_manager}.go. Nothing here is random: flanneld
picks one of the free subnets by chance, the lab's by `choose`, which takes the first unless told otherwise.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import BadInput, LabError
from .. import go
from ..etcd.store import Event, Store
from .config import TODAY, Config, Range, Version

PREFIX = "/coreos.com/network"
#: A lease is good for a day; it is renewed when an hour is left. In seconds.
TTL, RENEW_MARGIN = 86400.0, 3600.0
#: flanneld stops looking after this many free subnets.
CANDIDATES = 100

# Anchored at the end only, so that a whole path parses.
_KEY = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)-([0-9]{1,3})\Z")
Chooser = Callable[[list[IPv4Network]], IPv4Network]


@dataclass(frozen=True, slots=True)
class Lease:
    """`public_ip` is the node that holds the subnet; `data` is the backend's (a vxlan's VTEP MAC address).

    `expires` is on the lab's clock; None is a reservation, which never does. `offset`: before 0.10 flannel let subnets
    begin anywhere, and counted so many addresses from where the network does (flannel issue #430).
    """

    subnet: IPv4Network
    public_ip: IPv4Address
    backend: str = "udp"
    data: dict = field(default_factory=dict)
    expires: float | None = None
    offset: int = 0

    @property
    def address(self) -> IPv4Address:
        """The first address of the subnet: the node's own in flannel's network."""
        return self.subnet.network_address + self.offset if self.offset else self.subnet.network_address

    @property
    def key(self) -> str:
        """10.20.92.0/24 as `10.20.92.0-24`: a slash would begin a new level."""
        return f"{self.address}-{self.subnet.prefixlen}"

    def value(self, version: Version = TODAY) -> str:
        """The JSON text etcd keeps. The udp backend writes neither type nor data."""
        found: dict = {"PublicIP": str(self.public_ip)}
        if version >= (0, 15):  # dual stack; 0.14 was recorded without
            found["PublicIPv6"] = None
        if self.backend != "udp":
            found["BackendType"] = self.backend
        if self.data:
            # Up to 0.8 the VNI was not written (flannel issue #325).
            found["BackendData"] = {k: v for k, v in self.data.items() if k != "VNI" or version >= (0, 9)}
        return json.dumps(found, separators=(",", ":"))

    @classmethod
    @lru_cache(maxsize=4096)
    def read(cls, key: str, value: str, expires: float | None = None) -> "Lease":
        """A lease from what etcd keeps; BadInput when it is none. All nodes read all leases: each is parsed once."""
        address = parse_key(key)
        subnet = address.network
        try:
            found = go.document(value)
            kind, data = found.get("BackendType") or "udp", found.get("BackendData")
            if not (isinstance(found["PublicIP"], str) and isinstance(kind, str)):
                raise TypeError
            offset = int(address) - int(subnet.network_address)
            return cls(subnet, IPv4Address(found["PublicIP"]), kind, data if isinstance(data, dict) else {}, expires, offset)
        except (KeyError, TypeError, ValueError, AttributeError):
            short = value if len(value) < 80 else f"{value[:80]}…"
            raise BadInput(f'lease {key}: the value {short!r} is not like {{"PublicIP":"192.168.138.222"}}') from None


def parse_key(key: str) -> IPv4Interface:
    """Where the subnet of a key begins, or of a path that ends in one, with its length. BadInput when it is no lease key."""
    match = _KEY.search(key)
    try:
        if match and int(match[2]) < 32:  # read as a number of five bits
            return IPv4Interface((match[1], int(match[2])))
    except ValueError:
        pass
    raise BadInput(f"{key!r} is no lease key such as 10.20.92.0-24")


class ConfigNotFound(LabError):
    """Nobody has stored a network config."""


class OutOfSubnets(LabError):
    """Every subnet of the range overlaps a lease."""


def lowest(free: list[IPv4Network]) -> IPv4Network:
    """The lab's choice by default: the first free subnet."""
    return free[0]


def exactly(subnet: str) -> Chooser:
    """A chooser that insists on one subnet, as chance would have had it on a real node. BadInput when it is none."""
    try:
        return partial(_only, IPv4Network(subnet.strip()))
    except ValueError as error:
        raise BadInput(f"{subnet!r} is not a subnet such as 10.20.37.0/24: {error}") from None


def _only(wanted: IPv4Network, free: list[IPv4Network]) -> IPv4Network:
    if wanted not in free:
        raise BadInput(f"{wanted} is not one of the {len(free)} subnets flanneld would choose from: {free[0]} … {free[-1]}")
    return wanted


@dataclass(frozen=True, slots=True)
class Added:
    lease: Lease


@dataclass(frozen=True, slots=True)
class Removed:
    subnet: IPv4Network


Heard = Callable[[Added | Removed], None]


class Registry:
    """The leases under `prefix` in an etcd store, as the flannel of `version` keeps them."""

    def __init__(self, store: Store, prefix: str = PREFIX, version: Version = TODAY):
        self.store, self.prefix, self.version = store, prefix, version

    @property
    def flags(self) -> str:
        """What flanneld is started with to find it."""
        return f"-etcd-prefix={self.prefix}"

    def check(self) -> None:
        """LabError when no etcd answers."""
        if not self.store.serving:
            raise LabError("client: etcd cluster is unavailable or misconfigured: etcd does not run")

    def config(self) -> Config:
        """The operator's config. Raises ConfigNotFound, or BadInput when it does not parse."""
        self.check()
        entry = self.store.get(f"{self.prefix}/config")
        if entry is None:
            example = '{"Network": "10.20.0.0/16"}'
            raise ConfigNotFound(f"{self.prefix}/config is not in etcd: store a config such as {example} there")
        return Config.parse(entry.value, self.version)

    def leases(self) -> list[Lease]:
        """All leases and reservations, in the order they were made. What is none is left out."""
        return self.sorted_out()[0]

    def sorted_out(self) -> tuple[list[Lease], list[str]]:
        """The leases, and why the rest under their directory are none."""
        leases, bad = [], []
        for entry in self.store.under(f"{self.prefix}/subnets/"):
            try:
                leases.append(Lease.read(entry.key, entry.value, entry.expires))
            except BadInput as error:
                bad.append(str(error))
        return leases, bad

    def path(self, lease: Lease) -> str:
        return f"{self.prefix}/subnets/{lease.key}"

    def acquire(self, public_ip: IPv4Address, backend: str = "udp", data: dict | None = None,
                previous: IPv4Network | None = None, choose: Chooser = lowest) -> Lease:  # fmt: skip
        """A lease for a node: the one it has, else the one it had before, else a free one.

        A node is known by its public address: a changed address means a new subnet.
        Raises OutOfSubnets, ConfigNotFound.
        """
        subnets, (leases, bad) = self.config().ipv4, self.sorted_out()
        wanted = Lease(IPv4Network("0.0.0.0/0"), public_ip, backend, data or {}, offset=subnets.offset)
        mine = next((lease for lease in leases if lease.public_ip == public_ip), None)
        if mine is not None:
            if subnets.holds(mine.subnet):
                return self.renew(replace(wanted, subnet=mine.subnet, expires=mine.expires))
            self.store.delete(self.path(mine))
            leases.remove(mine)
        held = {lease.subnet for lease in leases}
        if previous is not None and previous not in held and subnets.holds(previous):
            return self._create(replace(wanted, subnet=previous))
        free = _free(subnets, leases)
        if bad:  # of no lease, but in the way: chance would find another
            free = [subnet for subnet in free if self.store.get(self.path(replace(wanted, subnet=subnet))) is None]
        if not free:
            raise OutOfSubnets(f"out of subnets: all {len(subnets)} of {subnets.first} … {subnets.last} overlap a lease")
        chosen = choose(free)
        if chosen not in free:
            raise BadInput(f"{chosen} is not one of the free subnets {free[0]} … {free[-1]}")
        return self._create(replace(wanted, subnet=chosen))

    def free(self) -> list[IPv4Network]:
        """The subnets flanneld chooses from: the first 100 that overlap no lease, from SubnetMin upwards."""
        return _free(self.config().ipv4, self.leases())

    def renew(self, lease: Lease) -> Lease:
        """A day more from now, the rest unchanged; a reservation stays one."""
        self.check()
        entry = self.store.put(self.path(lease), lease.value(self.version), None if lease.expires is None else TTL)
        return replace(lease, expires=entry.expires)

    def release(self, lease: Lease) -> None:
        """Give a lease back."""
        self.store.delete(self.path(lease))

    def reserve(self, subnet: str, public_ip: str) -> Lease:
        """A lease that never expires, written by an operator (flannel: reservations.md)."""
        try:
            lease = Lease(IPv4Network(subnet), IPv4Address(public_ip))
        except ValueError as error:
            raise BadInput(f"a reservation is a subnet and an address, such as 10.20.92.0/24 and 192.168.138.222: {error}") from None
        self.store.put(self.path(lease), lease.value(self.version))
        return lease

    def watch(self, own: Lease, heard: Heard, lost: Callable[[], None] = lambda: None, log: list[str] | None = None) -> "Watch":
        """Hear of every lease but one's own: first those there are, then each change.

        `lost` is called when one's own lease is deleted or expires. What is no lease gets a line in the log, and
        nothing else (flannel: subnet/etcd/registry.go getSubnets, parseSubnetWatchResponse).
        """
        watch = Watch(self, own, heard, lost, [] if log is None else log)
        leases, bad = self.sorted_out()
        watch.log += [f"Ignoring bad subnet node: {why}" for why in bad]
        for lease in leases:
            if lease.subnet != own.subnet:
                heard(Added(lease))
        self.store.watch(f"{self.prefix}/subnets/", watch.on_change)
        return watch

    def _create(self, lease: Lease) -> Lease:
        """Only if the key is not there. On a real cluster a lost race is tried again; here nobody races."""
        entry = self.store.create(self.path(lease), lease.value(self.version), TTL)
        return replace(lease, expires=entry.expires)


def _free(subnets: Range, leases: list[Lease]) -> list[IPv4Network]:
    """The first 100 subnets that overlap no lease."""
    found: list[IPv4Network] = []
    number = 0
    taken = sorted((r.start, r.stop) for r in (subnets.numbers(lease.subnet) for lease in leases) if r)
    for start, stop in [*taken, (len(subnets), len(subnets))]:
        while number < start and len(found) < CANDIDATES:
            found.append(subnets.subnet(number))
            number += 1
        number = max(number, stop)
    return found


@dataclass(eq=False)
class Watch:
    """One flanneld's long-lived watch: etcd is never asked about a packet."""

    registry: Registry
    own: Lease
    heard: Heard
    lost: Callable[[], None]
    log: list[str]

    def on_change(self, event: Event) -> None:
        try:
            if event.action == "put":
                lease = Lease.read(event.key, event.value, event.expires)
                subnet, change = lease.subnet, Added(lease)
            else:
                subnet = parse_key(event.key).network
                change = Removed(subnet)
        except BadInput as error:
            self.log.append(f"Watch subnets: {error}")
            return
        if subnet != self.own.subnet:
            self.heard(change)
        elif event.action != "put":
            self.lost()

    def stop(self) -> None:
        self.registry.store.unwatch(self.on_change)
