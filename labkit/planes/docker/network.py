"""Docker's networks: none, host, and bridges with a subnet and a gateway; which subnet one gets, and which address an endpoint.

Each bridge network is lines on the host, typed as "docker". Subnets come from a list of pools, the first that overlaps nothing;
addresses are handed out lowest free first, so a freed low one is used again at once (moby: libnetwork ipams/defaultipam, ipamutils).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...errors import BadInput, LabError
from ...lab.lab import Lab
from ...lab.namespace import LONGEST, Namespace, valid_interface_name
from ...tables.values import Kept
from .. import go, writing
from .release import said

#: Networks every engine has, with their drivers; `docker network rm` refuses them.
PREDEFINED = {"bridge": "bridge", "host": "host", "none": "null"}
DEFAULT_MTU = 1500
_BRIDGE_NAME, _MTU = "com.docker.network.bridge.name", "com.docker.network.driver.mtu"
_ICC, _MASQUERADE = "com.docker.network.bridge.enable_icc", "com.docker.network.bridge.enable_ip_masquerade"
_MODE, _MODES = "com.docker.network.bridge.gateway_mode_ipv4", ("nat", "nat-unprotected", "routed")
#: (pool, prefix length of the subnets cut from it), in Docker's order.
POOLS = (
    *((IPv4Network(f"172.{n}.0.0/16"), 16) for n in (17, 18, 19)),
    *((IPv4Network(f"172.{n}.0.0/14"), 16) for n in (20, 24, 28)),
    (IPv4Network("192.168.0.0/16"), 20),
)


class Refused(LabError):
    """What the engine refuses, in its own words."""


def write(lab: Lab, ns: Namespace, line: str, *values) -> None:
    """Run a command as "docker" (see writing.run); Refused when it fails."""
    try:
        writing.run(lab, ns, "docker", line, *values)
    except LabError as error:
        raise Refused(str(error)) from None


def long_id(*what) -> str:
    """64 hexadecimal digits, as Docker's ids have; the first 12 are the short id. Where Docker takes chance, the lab takes
    what the thing stands for: the same commands give the same ids, interface names and MAC addresses every time."""
    return sha256("/".join(map(str, what)).encode(errors="surrogatepass")).hexdigest()


def local_mac(*what, head: str = "") -> str:
    """A locally administered MAC address in place of a random one, with these first bytes."""
    digits = long_id(*what)
    if head:
        return f"{head}:{bytes.fromhex(digits[:8]).hex(':')}"
    return f"{int(digits[:2], 16) & 0xFE | 2:02x}:{bytes.fromhex(digits[2:12]).hex(':')}"


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


@dataclass(slots=True)
class Network(Kept):
    """`bridge` is the name of the interface, `made` whether the engine made it or found it; `asked` is what the
    IPAM settings of its maker said ("Subnet", "Gateway", "IPRange"), empty when the engine chose."""

    name: str
    id: str
    driver: str = "bridge"
    bridge: str = ""
    pool: AddressPool | None = None
    gateway: IPv4Address | None = None
    made: bool = False
    mtu: int = DEFAULT_MTU
    internal: bool = False
    attachable: bool = False
    asked: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def icc(self) -> bool:
        """Whether its containers may talk with each other."""
        return self.options.get(_ICC, "true") == "true"

    @property
    def masquerades(self) -> bool:
        """Whether what leaves the machine gets the machine's address."""
        return self.options.get(_MASQUERADE, "true") == "true"

    @property
    def gateway_mode(self) -> str:
        """How the outside reaches its containers: "nat", "nat-unprotected" or "routed"."""
        return self.options.get(_MODE, "nat")

    @property
    def predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def user_subnet(self) -> bool:
        """True when its maker chose the subnet, so that --ip may choose an address."""
        return bool(self.asked) and not self.predefined

    @property
    def subnet(self) -> IPv4Network | None:
        return self.pool.subnet if self.pool else None


class Networks:
    """The networks of one engine: bridge, host and none are there from the start; `add` makes further bridges."""

    def __init__(self, lab: Lab, machine: str, log: list[str], firewall):
        self.lab, self.machine, self.log, self.firewall = lab, machine, log, firewall
        self._by_name: dict[str, Network] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Network]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Network | None:
        return self._by_name.get(name)

    def __getitem__(self, name: str) -> Network:
        """The network of that name; refused when there is none."""
        if name not in self._by_name:
            raise Refused(f"network {name} not found")
        return self._by_name[name]

    def find(self, word: str) -> Network:
        """A network by its name, its id or a beginning of its id."""
        found = [n for n in self if word and n.id.startswith(word)]
        return found[0] if len(found) == 1 and word not in self._by_name else self[word]

    def start(self, bip: str | None, mtu: int, bridge: str, ip_masq: bool, icc: bool) -> None:
        """Make the three predefined networks, the default bridge anew, and what is gone of the others' bridges
        (moby: daemon/daemon_unix.go initNetworkController)."""
        self._by_name.pop("bridge", None)
        subnet, gateway = _bip(bip) if bip else self._elect(bridge)
        default = Network(
            "bridge", self._new_id("bridge"), bridge=bridge, mtu=mtu,
            asked={"Subnet": str(subnet)} | ({"Gateway": str(gateway)} if gateway else {}),
            options={
                "com.docker.network.bridge.default_bridge": "true",
                _ICC: str(icc).lower(),
                _MASQUERADE: str(ip_masq).lower(),
                "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
                _BRIDGE_NAME: bridge,
                _MTU: str(mtu),
            },
        )  # fmt: skip
        try:
            self._create(default, AddressPool(subnet))
        except Refused as error:
            failed = 'Error initializing network controller: Error creating default "bridge" network'
            raise Refused(f"failed to start daemon: {failed}: {error}") from None
        for name in ("host", "none"):
            if name not in self._by_name:
                self._by_name[name] = Network(name, self._new_id(name), PREDEFINED[name])
        for network in [n for n in self if not n.predefined]:
            try:
                self._write(network)
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
        mode = options.get(_MODE, "nat")
        if self.firewall.version != "20.10" and mode not in _MODES:
            if mode == "isolated":
                raise Refused(f"The lab's networks know the gateway modes {', '.join(_MODES)}, not isolated")
            raise Refused(f"failed to parse {_MODE} value: {mode} (unknown gateway mode {mode})")
        subnet = IPv4Network(asked["Subnet"]) if asked else self._free_subnet()
        identity = self._new_id(name)
        network = Network(
            name, identity, bridge=options.get(_BRIDGE_NAME) or f"br-{identity[:12]}", mtu=_mtu(options.get(_MTU, str(DEFAULT_MTU))),
            internal=internal, attachable=attachable, asked=asked, options=options, labels=labels,
        )
        within = IPv4Network(asked["IPRange"]) if "IPRange" in asked else None
        return self._create(network, AddressPool(subnet, within))

    def _new_id(self, name: str) -> str:
        self._made += 1
        return long_id("network", self.machine, name, self._made)

    def _create(self, network: Network, pool: AddressPool) -> Network:
        """Write the bridge's lines. Its gateway, if nobody chose it, is the first address handed out."""
        if any(n.subnet and n.subnet.overlaps(pool.subnet) for n in self):
            raise Refused(said(self.firewall.version, "overlap"))
        network.pool = pool
        network.gateway = pool.take(IPv4Address(network.asked["Gateway"])) if "Gateway" in network.asked else pool.lowest()
        if same := next((n for n in self if n.bridge == network.bridge), None):
            raise Refused(f"cannot create network {network.id} ({network.bridge}): "
                          f"conflicts with network {same.id} ({same.bridge}): networks have same bridge name")  # fmt: skip
        self._write(network)
        self._by_name[network.name] = network
        return network

    def _write(self, network: Network) -> None:
        """The bridge, and what the packet filter says of it; both or neither."""
        create_bridge(self.lab, self.lab[self.machine], network, self.firewall.version)
        try:
            if self.firewall.hairpin:  # what the machine sends to its own 127.0.0.1 is led to a container
                write(self.lab, self.lab[self.machine], "sysctl -w net/ipv4/conf/{}/route_localnet=1", network.bridge)
            self.firewall.add_network(network)
        except BaseException:
            self._unwrite(network)
            raise

    def _unwrite(self, network: Network) -> None:
        self.firewall.remove_network(network)
        host = self.lab[self.machine]
        if network.made and host.find(network.bridge):
            write(self.lab, host, "ip link del dev {}", network.bridge)

    def remove(self, network: Network) -> None:
        """Remove a network nobody is in, and its bridge, unless that was there before."""
        if network.predefined:
            raise Refused(f"{network.name} is a pre-defined network and cannot be removed")
        del self._by_name[network.name]
        self._unwrite(network)


def create_bridge(lab: Lab, host: Namespace, network: Network, version: str) -> None:
    """Make a network's bridge, or take the one that is there (moby: libnetwork drivers/bridge createNetwork).

    Docker chooses its MAC address, so the bridge does not follow its ports (setup_device_linux.go).
    No transmit queue, and an MTU that the kernel takes from the ports: observed on 20.10.
    """
    name, found = network.bridge, host.find(network.bridge)
    if found is not None and found.bridge is None:
        raise Refused(f"existing interface {name} is not a bridge")
    if not valid_interface_name(name) or "%" in name:
        raise Refused("numerical result out of range" if len(name.encode(errors="replace")) > LONGEST else "invalid argument")
    try:
        if found is None:
            mac = local_mac("mac", host.name, network.id, head="02:42" if version == "20.10" else "")
            write(lab, host, "ip link add name {} address {} txqueuelen 0 type bridge", name, mac)
        _give_address(lab, host, network)
        write(lab, host, "ip link set dev {} up", name)
    except BaseException:
        if found is None and host.find(name) is not None:
            write(lab, host, "ip link del dev {}", name)
        raise
    network.made = network.made or found is None


def _give_address(lab: Lab, host: Namespace, network: Network) -> None:
    """The bridge's address, in place of another of its network or else of its first (setup_ipv4_linux.go)."""
    wanted = network.pool.interface(network.gateway)
    held = [address.interface for address in host.find(network.bridge).addresses]
    before = next((address for address in held if address.ip in wanted.network), held[0] if held else None)
    if before == wanted:
        return
    if before is not None:
        write(lab, host, "ip addr del {} dev {}", before, network.bridge)
    write(lab, host, "ip addr add {} brd + dev {}", wanted, network.bridge)


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
        raise Refused(f"failed to parse {_MTU} value: {text} ({error})") from None
    if number < 0:
        raise Refused(f"invalid MTU number: {number}")
    return number or DEFAULT_MTU
