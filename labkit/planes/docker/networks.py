"""The networks of one engine: made, found, removed. Each bridge network is lines on the host."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import BadInput
from ...lab.lab import Lab
from .ids import network_id
from .ipam import AddressPool, choose_subnet
from .network import DEFAULT_MTU, PREDEFINED, Network, make_bridge_lines
from .refused import Refused
from .wiring import type_lines


class Networks:
    """bridge, host and none are there from the start; `add` makes further bridges."""

    def __init__(self, lab: Lab, machine: str):
        self.lab, self.machine = lab, machine
        self._by_name: dict[str, Network] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Network]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Network | None:
        return self._by_name.get(name)

    def __getitem__(self, name: str) -> Network:
        """The network of that name; refused when there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            raise Refused(f"network {name} not found") from None

    def find(self, word: str) -> Network:
        """A network by its name, its id or a beginning of its id."""
        found = [n for n in self if word and n.id.startswith(word)]
        return found[0] if len(found) == 1 and word not in self._by_name else self[word]

    def start(self, bip: str | None, mtu: int, bridge: str, ip_masq: bool) -> None:
        """Make the three predefined networks, and the default bridge on the host."""
        subnet, gateway = _bip(bip) if bip else (self._free_subnet(), None)
        default = Network(
            "bridge", self._new_id("bridge"), "bridge", bridge, mtu=mtu,
            asked={"Subnet": str(subnet)} | ({"Gateway": str(gateway)} if gateway else {}),
            options=_default_options(bridge, mtu, ip_masq),
        )
        self._raise(default, AddressPool(subnet))
        for name in ("host", "none"):
            self._by_name[name] = Network(name, self._new_id(name), PREDEFINED[name])

    def _free_subnet(self) -> IPv4Network:
        """The first pool that overlaps no network of the engine and no on-link route of the host."""
        on_link = [r.dst for r in self.lab[self.machine].main if r.gateway is None and r.dst.prefixlen]
        return choose_subnet([n.subnet for n in self if n.subnet] + on_link)

    def add(
        self, name: str, asked: dict[str, str], options: dict[str, str], labels: dict[str, str],
        internal: bool = False, attachable: bool = False,
    ) -> Network:
        """Make a user-defined bridge. `asked`: Subnet, Gateway, IPRange as text; without, the next free pool."""
        if name in self._by_name:
            raise Refused(f"network with name {name} already exists")
        subnet = IPv4Network(asked["Subnet"]) if asked else self._free_subnet()
        if any(n.subnet and n.subnet.overlaps(subnet) for n in self):
            raise Refused("Pool overlaps with other one on this address space")
        identity = self._new_id(name)
        network = Network(
            name, identity, "bridge", options.get("com.docker.network.bridge.name", f"br-{identity[:12]}"),
            mtu=int(options.get("com.docker.network.driver.mtu", DEFAULT_MTU)),
            internal=internal, attachable=attachable, asked=asked, options=options, labels=labels,
        )
        within = IPv4Network(asked["IPRange"]) if "IPRange" in asked else None
        return self._raise(network, AddressPool(subnet, within))

    def _new_id(self, name: str) -> str:
        self._made += 1
        return network_id(self.machine, name, self._made)

    def _raise(self, network: Network, pool: AddressPool) -> Network:
        """Write the bridge's lines. Its gateway, if nobody chose it, is the first address handed out."""
        network.pool = pool
        network.gateway = pool.take(IPv4Address(network.asked["Gateway"])) if "Gateway" in network.asked else pool.lowest()
        type_lines(self.lab, make_bridge_lines(network, self.machine), self.machine)
        self._by_name[network.name] = network
        return network

    def remove(self, network: Network) -> None:
        """Remove a network nobody is in, and its bridge."""
        if network.predefined:
            raise Refused(f"{network.name} is a pre-defined network and cannot be removed")
        del self._by_name[network.name]
        if self.lab[self.machine].find(network.bridge):
            type_lines(self.lab, [f"ip link del dev {network.bridge}"], self.machine)


def _bip(bip: str) -> tuple[IPv4Network, IPv4Address]:
    """The default bridge's subnet and gateway from --bip."""
    try:
        interface = IPv4Interface(bip)
    except ValueError:
        raise BadInput(f"bip {bip!r} is not an address with a prefix length, such as 172.17.0.1/16") from None
    return interface.network, interface.ip


def _default_options(bridge: str, mtu: int, ip_masq: bool) -> dict[str, str]:
    """What `docker network inspect bridge` says of the engine's flags."""
    return {
        "com.docker.network.bridge.default_bridge": "true",
        "com.docker.network.bridge.enable_icc": "true",
        "com.docker.network.bridge.enable_ip_masquerade": str(ip_masq).lower(),
        "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
        "com.docker.network.bridge.name": bridge,
        "com.docker.network.driver.mtu": str(mtu),
    }
