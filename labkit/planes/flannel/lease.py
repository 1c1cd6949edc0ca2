"""A lease: which subnet belongs to which node, as a key and a value in etcd.

The key is `10.20.92.0-24`: a slash would begin a new level. flannel: pkg/subnet/subnet.go,
pkg/lease/lease.go.
"""

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Network

from ...errors import BadInput
from .. import go
from .config import TODAY, Version

# Anchored at the end only, so that a whole path parses.
_KEY = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)-([0-9]{1,3})(?:&([a-f0-9:]+)-([0-9]{1,3}))?\Z")


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
    subnet6: IPv6Network | None = None
    offset: int = 0

    @property
    def address(self) -> IPv4Address:
        """The first address of the subnet: the node's own in flannel's network."""
        return self.subnet.network_address + self.offset if self.offset else self.subnet.network_address

    @property
    def key(self) -> str:
        return format_key(IPv4Interface((self.address, self.subnet.prefixlen)), self.subnet6)

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
    def read(cls, key: str, value: str, expires: float | None = None) -> "Lease":
        """A lease from what etcd keeps; BadInput when it is none. All nodes read all leases: each is parsed once."""
        return _read(cls, key, value, expires)


@lru_cache(maxsize=4096)
def _read(make: type[Lease], key: str, value: str, expires: float | None) -> Lease:
    address, subnet6 = _parsed(key)
    subnet = address.network
    try:
        found = go.document(value)
        kind, data = found.get("BackendType") or "udp", found.get("BackendData")
        if not (isinstance(found["PublicIP"], str) and isinstance(kind, str)):
            raise TypeError
        return make(
            subnet, IPv4Address(found["PublicIP"]), kind, data if isinstance(data, dict) else {}, expires, subnet6,
            int(address) - int(subnet.network_address),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        short = value if len(value) < 80 else f"{value[:80]}…"
        raise BadInput(f'lease {key}: the value {short!r} is not like {{"PublicIP":"192.168.138.222"}}') from None


def format_key(subnet: IPv4Network | IPv4Interface, subnet6: IPv6Network | None = None) -> str:
    """10.20.92.0/24 as `10.20.92.0-24`; with IPv6 behind `&`."""
    return "&".join(str(network).replace("/", "-") for network in (subnet, subnet6) if network is not None)


def parse_key(key: str) -> tuple[IPv4Network, IPv6Network | None]:
    """The subnets of a key, or of a path that ends in one. BadInput when it is no lease key."""
    address, subnet6 = _parsed(key)
    return address.network, subnet6


def _parsed(key: str) -> tuple[IPv4Interface, IPv6Network | None]:
    match = _KEY.search(key)
    try:
        address, length, address6, length6 = match.groups()
        if int(length) > 31:  # read as a number of five bits
            raise ValueError
        subnet6 = IPv6Network((address6, int(length6)), strict=False) if address6 else None
        return IPv4Interface((address, int(length))), subnet6
    except (AttributeError, ValueError):
        raise BadInput(f"{key!r} is no lease key such as 10.20.92.0-24") from None
