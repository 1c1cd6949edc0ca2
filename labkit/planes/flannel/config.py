"""The network config: what an operator stores for flannel, with its defaults and checks.

flannel: pkg/subnet/config.go (v0.5.5 subnet/config.go before 0.10). `version` is flannel's,
as (major, minor): the rules changed with 0.10.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ...errors import BadInput
from .. import go

Version = tuple[int, int]
#: The flannel of the source notes, the one that was recorded for the tests, the one of the recorded Kubernetes, and a recent one.
NOTES, RECORDED, KUBERNETES, TODAY = (0, 5), (0, 14), (0, 20), (0, 28)

_KEYS = {"network", "subnetlen", "subnetmin", "subnetmax", "backend", "enableipv4", "enableipv6", "enablenftables"}


@dataclass(frozen=True, slots=True)
class Range:
    """The subnets to choose from: every /`length` from `first` to `last` within `network`."""

    network: IPv4Network
    length: int
    first: IPv4Address
    last: IPv4Address

    @property
    def step(self) -> int:
        """Addresses in one subnet."""
        return 1 << (32 - self.length)

    @property
    def offset(self) -> int:
        """How far behind where a /`length` begins each subnet does: 0, but for flannel before 0.10."""
        return int(self.first) % self.step

    def __len__(self) -> int:
        return max(0, (int(self.last) - int(self.first)) // self.step + 1)

    def subnet(self, number: int) -> IPv4Network:
        return IPv4Network((int(self.first) - self.offset + number * self.step, self.length))

    def numbers(self, other: IPv4Network) -> range:
        """Which of the subnets overlap a network."""
        start = int(self.first) - self.offset
        first, last = int(other.network_address) - start, int(other.broadcast_address) - start
        return range(max(0, first // self.step), min(len(self), last // self.step + 1))

    def holds(self, subnet: IPv4Network) -> bool:
        """Whether a lease of this subnet is one this range could have given."""
        return subnet.prefixlen == self.length and self.first <= subnet.network_address + self.offset <= self.last


@dataclass(frozen=True, slots=True)
class Config:
    """`backend` is its type in small letters; `options` are the backend's own keys, as written."""

    ipv4: Range
    backend: str = "udp"
    options: dict = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, version: Version = TODAY) -> "Config":
        """Read the JSON document. Raises BadInput with what is wrong and what would be right."""
        found = _document(text)
        backend = found.get("backend") or {}
        if not isinstance(backend, dict):
            raise BadInput(f'flannel config: Backend is an object such as {{"Type": "vxlan"}}, not {backend!r}')
        subnets = _range(found, version)
        # The code takes udp when there is no Backend; flannel's own configuration page says vxlan.
        kind = option(backend, "Type", "udp")
        if not isinstance(kind, str):
            raise BadInput(f'flannel config: Backend Type {kind!r} is no name such as "vxlan"')
        return cls(subnets, kind.lower(), backend)


def option(options: dict, name: str, default):
    """A backend option; Go's JSON decoder does not care for the case of a key."""
    found = next((value for key, value in options.items() if key.lower() == name.lower()), None)
    return default if found is None else found


def number(options: dict, name: str, default: int, least: int, most: int) -> int:
    found = option(options, name, default)
    if type(found) is not int or not least <= found <= most:
        raise BadInput(f"flannel config: {name} {found!r} is no number from {least} to {most}")
    return found


def flag(options: dict, name: str) -> bool:
    found = option(options, name, False)
    if type(found) is not bool:
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
    if found.get("enableipv6") or not found.get("enableipv4", True):
        raise BadInput("flannel config: The lab's nodes have IPv4 only: EnableIPv4 stays true and EnableIPv6 false")
    if "network" not in found:
        hint = next((key for key in document if key.lower() not in _KEYS), None)
        raise BadInput("flannel config: Network is missing" + (f"; what is {hint!r}?" if hint else ""))
    return found


def _range(found: dict, version: Version) -> Range:
    try:
        network = go.cidr(found["network"])
    except ValueError:
        raise BadInput(f"flannel config: Network {found['network']!r:.80} is no network such as 10.20.0.0/16") from None
    length = _length(found.get("subnetlen", 0), network, version)
    step = 1 << (32 - length)
    # Counting from the network address skips the zeroth subnet.
    first = _bound("SubnetMin", found) or network.network_address + step
    last = _bound("SubnetMax", found) or network.broadcast_address - step + 1
    for name, bound in (("SubnetMin", first), ("SubnetMax", last)):
        if bound not in network:
            raise BadInput(f"flannel config: {name} {bound} is outside Network {network}")
        if version >= (0, 10) and int(bound) % step:
            raise BadInput(f"flannel config: {name} {bound} is not where a /{length} begins")
    return Range(network, length, first, last)


def _bound(name: str, found: dict) -> IPv4Address | None:
    """None where nothing was said, or the zero address, which flannel cannot tell from it."""
    value = found.get(name.lower())
    try:
        address = IPv4Address(0 if value is None else value if isinstance(value, str) else "")
        return address if int(address) else None
    except ValueError:
        raise BadInput(f"flannel config: {name} {value!r} is no address such as 10.20.1.0") from None


def _length(length, network: IPv4Network, version: Version) -> int:
    """SubnetLen, given or by default: /24 where four of them fit, else a quarter of the network."""
    if type(length) is not int:
        raise BadInput(f"flannel config: SubnetLen {length!r} is no number such as 24")
    prefix = network.prefixlen
    if version < (0, 10):
        if length and length < prefix:
            raise BadInput(f"flannel config: SubnetLen /{length} is larger than the network {network}")
        length = length or (24 if prefix < 24 else prefix + 1)
        if not 0 < length <= 32:
            raise BadInput(f"flannel config: SubnetLen {length} is no prefix length of a subnet in {network}")
        return length
    if length > 30:
        raise BadInput(f"flannel config: SubnetLen {length} is too long: at most 30, so that a tunnel and a bridge fit")
    if length and length < prefix + 2:
        raise BadInput(f"flannel config: SubnetLen {length} is too short: at least {prefix + 2}, for four subnets in {network}")
    if not length and prefix > 28:
        raise BadInput(f"flannel config: the network {network} is too small: at most /28")
    return length or (24 if prefix <= 22 else prefix + 2)
