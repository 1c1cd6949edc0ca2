"""The network config: what an operator stores for flannel, with its defaults and checks.

flannel: pkg/subnet/config.go (v0.5.5 subnet/config.go before 0.10). `version` is flannel's,
as (major, minor): the rules changed with 0.10.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from ...errors import BadInput
from .. import go

Version = tuple[int, int]
#: The flannel of the source notes, the one that was recorded for the tests, and a recent one.
NOTES, RECORDED, TODAY = (0, 5), (0, 14), (0, 28)

_KEYS = {
    "network", "subnetlen", "subnetmin", "subnetmax", "backend", "enableipv4", "enableipv6", "enablenftables",
    "ipv6network", "ipv6subnetlen", "ipv6subnetmin", "ipv6subnetmax",
}


@dataclass(frozen=True, slots=True)
class Range:
    """The subnets of one address family: every /`length` from `first` to `last` within `network`."""

    network: IPv4Network | IPv6Network
    length: int
    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address

    @property
    def step(self) -> int:
        """Addresses in one subnet."""
        return 1 << (self.network.max_prefixlen - self.length)

    @property
    def offset(self) -> int:
        """How far behind where a /`length` begins each subnet does: 0, but for flannel before 0.10."""
        return int(self.first) % self.step

    def __len__(self) -> int:
        return max(0, (int(self.last) - int(self.first)) // self.step + 1)

    def subnet(self, number: int) -> IPv4Network | IPv6Network:
        return ip_network((int(self.first) - self.offset + number * self.step, self.length))

    def numbers(self, other: IPv4Network | IPv6Network) -> range:
        """Which of the subnets overlap a network."""
        start = int(self.first) - self.offset
        first, last = int(other.network_address) - start, int(other.broadcast_address) - start
        return range(max(0, first // self.step), min(len(self), last // self.step + 1))

    def holds(self, subnet: IPv4Network | IPv6Network) -> bool:
        """Whether a lease of this subnet is one this range could have given."""
        return subnet.prefixlen == self.length and self.first <= subnet.network_address + self.offset <= self.last


@dataclass(frozen=True, slots=True)
class Config:
    """`backend` is its type in small letters; `options` are the backend's own keys, as written."""

    ipv4: Range | None
    ipv6: Range | None = None
    backend: str = "udp"
    options: dict = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, version: Version = TODAY) -> "Config":
        """Read the JSON document. Raises BadInput with what is wrong and what would be right."""
        found = _document(text)
        backend = found.get("backend") or {}
        if not isinstance(backend, dict):
            raise BadInput(f'flannel config: Backend is an object such as {{"Type": "vxlan"}}, not {backend!r}')
        ipv4 = _range(found, "", IPv4Network, version) if found.get("enableipv4", True) else None
        ipv6 = _range(found, "ipv6", IPv6Network, version) if found.get("enableipv6") else None
        # The code takes udp when there is no Backend; flannel's own configuration page says vxlan.
        kind = option(backend, "Type", "udp")
        if not isinstance(kind, str):
            raise BadInput(f'flannel config: Backend Type {kind!r} is no name such as "vxlan"')
        return cls(ipv4, ipv6, kind.lower(), backend)


def option(options: dict, name: str, default):
    """A backend option; Go's JSON decoder does not care for the case of a key."""
    found = next((value for key, value in options.items() if key.lower() == name.lower()), None)
    return default if found is None else found


def number(options: dict, name: str, default: int, least: int, most: int) -> int:
    """A backend option that is a number."""
    found = option(options, name, default)
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise BadInput(f"flannel config: {name} {found!r} is no number from {least} to {most}")
    return found


def flag(options: dict, name: str) -> bool:
    """A backend option that is true or false."""
    found = option(options, name, False)
    if not isinstance(found, bool):
        raise BadInput(f"flannel config: {name} {found!r} is neither true nor false")
    return found


def _document(text: str) -> dict:
    """The document with its keys in small letters."""
    try:
        document = go.document(text)
    except ValueError as error:
        raise BadInput(f'flannel config: not JSON ({error}); it looks like {{"Network": "10.20.0.0/16"}}') from None
    if not isinstance(document, dict):
        raise BadInput(f'flannel config: a JSON object such as {{"Network": "10.20.0.0/16"}} is wanted, not {text[:80]!r}')
    found = {key.lower(): value for key, value in document.items()}
    if "network" not in found and found.get("enableipv4", True):
        hint = next((key for key in document if key.lower() not in _KEYS), None)
        raise BadInput("flannel config: Network is missing" + (f"; what is {hint!r}?" if hint else ""))
    return found


def _range(found: dict, family: str, kind, version: Version) -> Range:
    """Network, SubnetLen, SubnetMin and SubnetMax of one address family ("" is IPv4)."""
    names = {key: f"IPv6{key}" if family else key for key in ("Network", "SubnetLen", "SubnetMin", "SubnetMax")}
    network = _network(names["Network"], found.get(f"{family}network"), kind)
    length = _length(names["SubnetLen"], found.get(f"{family}subnetlen", 0), network, version)
    step = 1 << (network.max_prefixlen - length)
    address = type(network.network_address)
    # Counting from the network address skips the zeroth subnet.
    first = _bound(names["SubnetMin"], found.get(f"{family}subnetmin"), address) or network.network_address + step
    last = _bound(names["SubnetMax"], found.get(f"{family}subnetmax"), address) or network.broadcast_address - step + 1
    for name, bound in ((names["SubnetMin"], first), (names["SubnetMax"], last)):
        if bound not in network:
            raise BadInput(f"flannel config: {name} {bound} is outside {names['Network']} {network}")
        if version >= (0, 10) and int(bound) % step:
            raise BadInput(f"flannel config: {name} {bound} is not where a /{length} begins")
    return Range(network, length, first, last)


def _network(name: str, value, kind) -> IPv4Network | IPv6Network:
    try:
        return go.cidr(value, kind)
    except ValueError:
        example = "10.20.0.0/16" if kind is IPv4Network else "fc00::/48"
        raise BadInput(f"flannel config: {name} {value!r:.80} is no network such as {example}") from None


def _bound(name: str, value, kind) -> IPv4Address | IPv6Address | None:
    """None where nothing was said, or the zero address, which flannel cannot tell from it."""
    if value is None:
        return None
    try:
        found = kind(value if isinstance(value, str) else "")
        return found if int(found) else None
    except ValueError:
        raise BadInput(f"flannel config: {name} {value!r} is no address such as 10.20.1.0") from None


def _length(name: str, length, network: IPv4Network | IPv6Network, version: Version) -> int:
    """SubnetLen, given or by default: /24 (/64) where four of them fit, else a quarter of the network."""
    if not isinstance(length, int) or isinstance(length, bool):
        raise BadInput(f"flannel config: {name} {length!r} is no number such as 24")
    size, prefix = network.max_prefixlen, network.prefixlen
    usual = 24 if network.version == 4 else 64
    if version < (0, 10):
        if length and length < prefix:
            raise BadInput(f"flannel config: {name} /{length} is larger than the network {network}")
        length = length or (usual if prefix < usual else prefix + 1)
        if not 0 < length <= size:
            raise BadInput(f"flannel config: {name} {length} is no prefix length of a subnet in {network}")
        return length
    if length:
        if length > size - 2:
            raise BadInput(f"flannel config: {name} {length} is too long: at most {size - 2}, so that a tunnel and a bridge fit")
        if length < prefix + 2:
            raise BadInput(f"flannel config: {name} {length} is too short: at least {prefix + 2}, for four subnets in {network}")
        return length
    if prefix > size - 4:
        raise BadInput(f"flannel config: the network {network} is too small: at most /{size - 4}")
    return usual if prefix <= usual - 2 else prefix + 2
