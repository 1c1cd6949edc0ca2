"""The packet filter lines that Docker writes: its chains, what each network, container and published port adds to them.

Nothing here forwards or translates: every line is an `iptables` command as dockerd itself types it, so `iptables -S` shows them and
`lab.who_wrote` names them. Two engines write differently: 20.10 puts four rules for each network into FORWARD and keeps networks apart
by DOCKER-ISOLATION-STAGE-1 and -2; 29 has chains of its own for each purpose and one DROP for each network in DOCKER, and in the table raw
nobody but the network itself reaches a container's address. Sources: moby 29 daemon/libnetwork/drivers/bridge/internal/iptabler
(network.go, endpoint.go, port.go, iptabler.go); 20.10 libnetwork drivers/bridge/setup_ip_tables.go, iptables/iptables.go; recordings
of both.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from ...errors import LabError
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ..iptables_lines import Iptables
from .network import Network, Refused
from .published import ANY, Binding

_ESTABLISHED = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
_LOCAL = "-m addrtype --dst-type LOCAL -j DOCKER"
#: The engine's chains in the table filter; in nat it has DOCKER alone.
_CHAINS = {
    "29": ("DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT", "DOCKER-INTERNAL"),
    "20.10": ("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: `-A` puts it behind the others of its chain, `-I` before them."""

    table: str
    verb: str
    chain: str
    words: str


class Firewall:
    """What one engine writes. `options` are the daemon's, read when a line is written."""

    def __init__(self, lab: Lab, host: Namespace, version: str, options: dict):
        self.version, self.options = version, options
        self.iptables = Iptables(lab, host, "docker", "iptables --wait")

    @property
    def hairpin(self) -> bool:
        """Without the userland proxy, what a machine or a container sends to its own published port is translated too."""
        return not self.options["userland_proxy"]

    def start(self) -> None:
        """The chains, emptied of what an earlier run left, and the jumps to them. DOCKER-USER is the administrator's and stays."""
        if not self.options["iptables"]:
            return
        self._delete([Line("nat", "-A", "PREROUTING", _LOCAL), *(Line("nat", "-A", "OUTPUT", words) for words in self._output(both=True))])
        for table, name in [("nat", "DOCKER"), *(("filter", name) for name in _CHAINS[self.version])]:
            self._make(table, name, empty=True)
        if self.version == "29":
            self.write([Line("nat", "-A", "PREROUTING", _LOCAL), *(Line("nat", "-A", "OUTPUT", words) for words in self._output())])
            self._jump("FORWARD", "DOCKER-FORWARD")
            for name in ("DOCKER-BRIDGE", "DOCKER-INTERNAL", "DOCKER-CT"):
                self._jump("DOCKER-FORWARD", name)
        else:
            self.write(Line("filter", "-A", name, "-j RETURN") for name in _CHAINS["20.10"][1:])

    def forbid_forwarding(self) -> None:
        """The engine has just switched forwarding on; that nobody passes but whom a rule lets is its part of the bargain."""
        if self.options["iptables"]:
            self.iptables.type("filter", "-P FORWARD DROP")

    def add_network(self, network: Network) -> None:
        """A network's lines; last DOCKER-USER comes first again."""
        if not self.options["iptables"]:
            return
        self.write(self._network(network))
        if self.version == "20.10":
            self._jump("FORWARD", "DOCKER-ISOLATION-STAGE-1")
        self._make("filter", "DOCKER-USER")
        if self.version == "20.10":
            self.write([Line("filter", "-A", "DOCKER-USER", "-j RETURN")])
        self._jump("FORWARD", "DOCKER-USER")

    def remove_network(self, network: Network) -> None:
        self._delete(line for line in self._network(network) if line.chain not in ("PREROUTING", "OUTPUT"))

    def add_container(self, network: Network, address: IPv4Address) -> None:
        """Only 29: who is not on the network may not speak to a container's own address."""
        self.write(self._container(network, address))

    def remove_container(self, network: Network, address: IPv4Address) -> None:
        self._delete(self._container(network, address))

    def add_port(self, network: Network, address: IPv4Address, binding: Binding) -> None:
        self.write(self._port(network, address, binding))

    def remove_port(self, network: Network, address: IPv4Address, binding: Binding) -> None:
        self._delete(self._port(network, address, binding))

    # --- what is written ----------------------------------------------------------------------------

    def _output(self, both: bool = False) -> Iterator[str]:
        """The jump of what the machine itself sends; its own loopback only without the userland proxy."""
        if not self.hairpin or both:
            yield f"! -d 127.0.0.0/8 {_LOCAL}"
        if self.hairpin or both:
            yield _LOCAL

    def _network(self, network: Network) -> list[Line]:
        return [*(self._network_29(network) if self.version == "29" else self._network_20(network))]

    def _network_29(self, network: Network) -> Iterator[Line]:
        bridge, subnet, mode = network.bridge, network.subnet, network.gateway_mode
        if network.internal:
            yield Line("filter", "-I", "DOCKER-INTERNAL", f"-i {bridge} ! -d {subnet} -j DROP")
            yield Line("filter", "-I", "DOCKER-INTERNAL", f"-o {bridge} ! -s {subnet} -j DROP")
            yield Line("filter", "-A", "DOCKER-FORWARD", f"-i {bridge} -o {bridge} -j {'ACCEPT' if network.icc else 'DROP'}")
            return
        if network.masquerades and mode != "routed":
            yield Line("nat", "-I", "POSTROUTING", f"-s {subnet} ! -o {bridge} -j MASQUERADE")
        if self.hairpin:
            yield Line("nat", "-I", "POSTROUTING", f"-m addrtype --src-type LOCAL -o {bridge} -j MASQUERADE")
        if not network.icc:
            yield Line("filter", "-A", "DOCKER-FORWARD", f"-i {bridge} -o {bridge} -j DROP")
        if mode == "routed":
            yield Line("filter", "-A", "DOCKER", f"-o {bridge} -p icmp -j ACCEPT")
        yield Line("filter", "-A", "DOCKER-FORWARD", f"-i {bridge} {'' if network.icc else f'! -o {bridge} '}-j ACCEPT")
        yield Line("filter", "-A", "DOCKER", f"! -i {bridge} -o {bridge} -j {'ACCEPT' if mode == 'nat-unprotected' else 'DROP'}")
        yield Line("filter", "-A", "DOCKER-CT", f"-o {bridge} {_ESTABLISHED}")
        yield Line("filter", "-A", "DOCKER-BRIDGE", f"-o {bridge} -j DOCKER")

    def _network_20(self, network: Network) -> Iterator[Line]:
        bridge, subnet = network.bridge, network.subnet
        between = f"-i {bridge} -o {bridge}"
        own = Line("filter", *(("-I", "FORWARD", f"{between} -j ACCEPT") if network.icc else ("-A", "FORWARD", f"{between} -j DROP")))
        if network.internal:
            yield Line("filter", "-I", "DOCKER-ISOLATION-STAGE-1", f"-i {bridge} ! -d {subnet} -j DROP")
            yield Line("filter", "-I", "DOCKER-ISOLATION-STAGE-1", f"-o {bridge} ! -s {subnet} -j DROP")
            yield own
            return
        yield Line("filter", "-I", "DOCKER-ISOLATION-STAGE-1", f"-i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2")
        yield Line("filter", "-I", "DOCKER-ISOLATION-STAGE-2", f"-o {bridge} -j DROP")
        if network.masquerades:
            yield Line("nat", "-I", "POSTROUTING", f"-s {subnet} ! -o {bridge} -j MASQUERADE")
            if not self.hairpin:
                yield Line("nat", "-I", "DOCKER", f"-i {bridge} -j RETURN")
        if self.hairpin:
            yield Line("nat", "-I", "POSTROUTING", f"-m addrtype --src-type LOCAL -o {bridge} -j MASQUERADE")
        yield own
        yield Line("filter", "-I", "FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT")
        yield Line("nat", "-A", "PREROUTING", _LOCAL)
        for words in self._output():
            yield Line("nat", "-A", "OUTPUT", words)
        yield Line("filter", "-I", "FORWARD", f"-o {bridge} -j DOCKER")
        yield Line("filter", "-I", "FORWARD", f"-o {bridge} {_ESTABLISHED}")

    def _container(self, network: Network, address: IPv4Address) -> list[Line]:
        open_ = network.internal or network.gateway_mode != "nat" or self.options["allow_direct_routing"]
        if self.version != "29" or open_:
            return []
        return [Line("raw", "-A", "PREROUTING", f"-d {address} ! -i {network.bridge} -j DROP")]

    def _port(self, network: Network, address: IPv4Address, binding: Binding) -> Iterator[Line]:
        if network.internal:
            return
        new, bridge, proto = self.version == "29", network.bridge, binding.proto
        mode = network.gateway_mode if new else "nat"
        at = "0/0" if binding.host_ip == ANY else str(binding.host_ip)
        if new and binding.host_ip.is_loopback:
            yield Line("raw", "-A", "PREROUTING", f"-p {proto} -d {at} --dport {binding.host_port} ! -i lo -j DROP")
        there, not_from = f"{address}:{binding.port}", "" if self.hairpin else f" ! -i {bridge}"
        open_ = f"! -i {bridge} -o {bridge} -p {proto} -d {address} --dport {binding.port} -j ACCEPT"
        itself = f"-p {proto} -s {address} -d {address} --dport {binding.port} -j MASQUERADE"
        if mode != "routed":
            yield Line("nat", "-A", "DOCKER", f"-p {proto} -d {at} --dport {binding.host_port} -j DNAT --to-destination {there}{not_from}")
            if new and self.hairpin:
                yield Line("nat", "-A", "POSTROUTING", itself)
        if mode != "nat-unprotected":
            yield Line("filter", "-I" if new else "-A", "DOCKER", open_)
        if not new:
            yield Line("nat", "-A", "POSTROUTING", itself)

    # --- how it is typed ----------------------------------------------------------------------------

    def write(self, lines: Iterable[Line]) -> None:
        """Type those that are not there yet; Refused in the daemon's words when iptables refuses one."""
        for line in lines if self.options["iptables"] else ():
            if not self.iptables.has(line.table, f"{line.chain} {line.words}"):
                self._type(line.verb, line)

    def _delete(self, lines: Iterable[Line]) -> None:
        """Take out those that are there: somebody may have been quicker."""
        for line in lines if self.options["iptables"] else ():
            if self.iptables.has(line.table, f"{line.chain} {line.words}"):
                self._type("-D", line)

    def _type(self, verb: str, line: Line) -> None:
        words = f"{verb} {line.chain} {line.words}"
        try:
            self.iptables.type(line.table, words)
        except LabError as error:
            words = f"--wait -t {line.table} {words}"
            raise Refused(f" (iptables failed: iptables {words}: {str(error).partition('`: ')[2]}\n (exit status 1))") from None

    def _make(self, table: str, name: str, empty: bool = False) -> None:
        """A chain that may be there already."""
        if empty and self.iptables.has_chain(table, name):
            self.iptables.type(table, f"-F {name}")
        self.iptables.ensure_chain(table, name)

    def _jump(self, chain: str, to: str) -> None:
        """A jump, before everything else of its chain."""
        line = Line("filter", "-I", chain, f"-j {to}")
        self._delete([line])
        self._type("-I", line)
