"""Docker's address management: which subnet a network gets, which address an endpoint.

Subnets come from a list of pools, the first that overlaps nothing; addresses are handed out lowest
free first, so a freed low one is used again at once. (moby: libnetwork ipams/defaultipam,
ipamutils)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...tables.values import Kept
from .refused import Refused

#: (pool, prefix length of the subnets cut from it), in Docker's order.
POOLS = (
    *((IPv4Network(f"172.{n}.0.0/16"), 16) for n in (17, 18, 19)),
    (IPv4Network("172.20.0.0/14"), 16),
    (IPv4Network("172.24.0.0/14"), 16),
    (IPv4Network("172.28.0.0/14"), 16),
    (IPv4Network("192.168.0.0/16"), 20),
)


def candidates(pools: Iterable[tuple[IPv4Network, int]] = POOLS) -> Iterator[IPv4Network]:
    """Every subnet the pools can give, in order."""
    for pool, length in pools:
        yield from pool.subnets(new_prefix=length)


def choose_subnet(taken: Iterable[IPv4Network], pools: Iterable[tuple[IPv4Network, int]] = POOLS) -> IPv4Network:
    """The first subnet that overlaps nothing taken: other networks, and the host's on-link routes."""
    taken = list(taken)
    for subnet in candidates(pools):
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise Refused("could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network")


@dataclass(slots=True)
class AddressPool(Kept):
    """The addresses of one subnet. `given` are handed out; `within` narrows what is handed out unasked, and of that
    nothing below `low` is free."""

    subnet: IPv4Network
    within: IPv4Network | None = None
    given: set[IPv4Address] = field(default_factory=set)
    low: int = 0

    def __post_init__(self):
        if self.subnet.prefixlen < 31:
            self.given |= {self.subnet.network_address, self.subnet.broadcast_address}

    def lowest(self) -> IPv4Address:
        """Hand out the lowest free address."""
        within = self.within or self.subnet
        for number in range(max(self.low, int(within[0])), int(within[-1]) + 1):
            self.low, address = number + 1, IPv4Address(number)
            if address not in self.given:
                self.given.add(address)
                return address
        raise Refused("no available IPv4 addresses on this network's address pools")

    def take(self, address: IPv4Address) -> IPv4Address:
        """Hand out this very address."""
        if address not in self.subnet:
            raise Refused(f"Invalid address {address}: It does not belong to any of this network's subnets")
        if address in self.given:
            raise Refused("Address already in use")
        self.given.add(address)
        return address

    def release(self, address: IPv4Address) -> None:
        self.given.discard(address)
        self.low = min(self.low, int(address))

    def interface(self, address: IPv4Address) -> IPv4Interface:
        """The address with the subnet's prefix length."""
        return IPv4Interface(f"{address}/{self.subnet.prefixlen}")
