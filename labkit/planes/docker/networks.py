"""The networks of one engine: made, found, removed. Each bridge network is lines on the host."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import BadInput
from ...lab.lab import Lab
from .. import go
from .ids import network_id
from .ipam import AddressPool, choose_subnet
from .network import DEFAULT_MTU, PREDEFINED, Network
from .refused import Refused
from .wiring import raise_bridge, write


class Networks:
    """bridge, host and none are there from the start; `add` makes further bridges."""

    def __init__(self, lab: Lab, machine: str, log: list[str]):
        self.lab, self.machine, self.log = lab, machine, log
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
        """Make the three predefined networks, the default bridge anew, and what is gone of the others' bridges
        (moby: daemon/daemon_unix.go initNetworkController)."""
        self._by_name.pop("bridge", None)
        subnet, gateway = _bip(bip) if bip else self._elect(bridge)
        default = Network(
            "bridge", self._new_id("bridge"), "bridge", bridge, mtu=mtu,
            asked={"Subnet": str(subnet)} | ({"Gateway": str(gateway)} if gateway else {}),
            options=_default_options(bridge, mtu, ip_masq),
        )
        try:
            self._raise(default, AddressPool(subnet))
        except Refused as error:
            failed = 'Error initializing network controller: Error creating default "bridge" network'
            raise Refused(f"failed to start daemon: {failed}: {error}") from None
        for name in ("host", "none"):
            if name not in self._by_name:
                self._by_name[name] = Network(name, self._new_id(name), PREDEFINED[name])
        for network in [n for n in self if not n.predefined]:
            try:
                raise_bridge(self.lab, self.lab[self.machine], network)
            except Refused as error:
                self.log.append(f"could not create bridge network for id {network.id} bridge name {network.bridge} "
                                f"while booting up from persistent state: {error}")  # fmt: skip

    def _elect(self, bridge: str) -> tuple[IPv4Network, IPv4Address | None]:
        """The default bridge's subnet when nobody chose one: that of the address which the interface has already,
        or the first free pool (moby: libnetwork netutils.ElectInterfaceAddresses)."""
        found = self.lab[self.machine].find(bridge)
        if found is None or not found.addresses:
            return self._free_subnet(), None
        address = found.addresses[0]
        return address.network, address.ip if address.ip != address.network.network_address else None

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
        identity = self._new_id(name)
        network = Network(
            name, identity, "bridge", options.get("com.docker.network.bridge.name") or f"br-{identity[:12]}",
            mtu=_mtu(options.get("com.docker.network.driver.mtu", str(DEFAULT_MTU))),
            internal=internal, attachable=attachable, asked=asked, options=options, labels=labels,
        )
        within = IPv4Network(asked["IPRange"]) if "IPRange" in asked else None
        return self._raise(network, AddressPool(subnet, within))

    def _new_id(self, name: str) -> str:
        self._made += 1
        return network_id(self.machine, name, self._made)

    def _raise(self, network: Network, pool: AddressPool) -> Network:
        """Write the bridge's lines. Its gateway, if nobody chose it, is the first address handed out."""
        if any(n.subnet and n.subnet.overlaps(pool.subnet) for n in self):
            raise Refused("Pool overlaps with other one on this address space")
        network.pool = pool
        network.gateway = pool.take(IPv4Address(network.asked["Gateway"])) if "Gateway" in network.asked else pool.lowest()
        twin = next((n for n in self if n.bridge == network.bridge), None)
        if twin is not None:
            raise Refused(
                f"cannot create network {network.id} ({network.bridge}): "
                f"conflicts with network {twin.id} ({twin.bridge}): networks have same bridge name"
            )
        raise_bridge(self.lab, self.lab[self.machine], network)
        self._by_name[network.name] = network
        return network

    def remove(self, network: Network) -> None:
        """Remove a network nobody is in, and its bridge, unless that was there before."""
        if network.predefined:
            raise Refused(f"{network.name} is a pre-defined network and cannot be removed")
        del self._by_name[network.name]
        host = self.lab[self.machine]
        if network.made and host.find(network.bridge):
            write(self.lab, host, "ip link del dev {}", network.bridge)


def _bip(bip: str) -> tuple[IPv4Network, IPv4Address]:
    """The default bridge's subnet and gateway from --bip."""
    try:
        interface = IPv4Interface(str(bip))
    except ValueError:
        raise BadInput(f"bip {bip!r} is not an address with a prefix length, such as 172.17.0.1/16") from None
    return interface.network, interface.ip


def _mtu(text: str) -> int:
    """moby: libnetwork drivers/bridge/bridge.go fromLabels, Validate."""
    try:
        number = go.integer(text, "Atoi")
    except ValueError as error:
        raise Refused(f"failed to parse com.docker.network.driver.mtu value: {text} ({error})") from None
    if number < 0:
        raise Refused(f"invalid MTU number: {number}")
    return number or DEFAULT_MTU


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
