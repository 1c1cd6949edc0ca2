"""The rules of one port of a Service, as kube-proxy 1.32 writes them in iptables mode; nothing is written here, only worded.

Words: VIP, the Service's own address; the three outer doors are a NodePort, an external IP and a load balancer's address. A port has up to
four chains of the same sixteen characters: KUBE-SVC- (choose among all endpoints), KUBE-SVL- (among those of this node), KUBE-EXT- (who
comes through an outer door), KUBE-FW- (who may come through a load balancer's), and KUBE-SEP- for each endpoint.
kubernetes: pkg/proxy/iptables/proxier.go syncProxyRules, pkg/proxy/topology.go CategorizeEndpoints (1.32).
"""

from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

from ...tables.values import Value

MARK = "KUBE-MARK-MASQ"


@dataclass(frozen=True, slots=True)
class Endpoint(Value):
    """`ready` is false of one that gets nothing new; `local`: it is on this node."""

    address: str
    port: int
    ready: bool = True
    local: bool = False

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServicePort(Value):
    """What kube-proxy reads of one port of a Service. `affinity`: seconds of ClientIP affinity, 0 for none."""

    namespace: str
    service: str
    name: str
    proto: str
    address: str
    port: int
    node_port: int = 0
    external: tuple[str, ...] = ()
    balancer: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    affinity: int = 0
    internal_local: bool = False
    policy_local: bool = False
    health_port: int = 0

    @property
    def title(self) -> str:
        """`default/web`, or `default/web:http`."""
        return f"{self.namespace}/{self.service}" + (f":{self.name}" if self.name else "")

    @property
    def outer(self) -> bool:
        return bool(self.node_port or self.external or self.balancer)

    @property
    def external_local(self) -> bool:
        return self.policy_local and self.outer

    def chain(self, prefix: str, endpoint: Endpoint | None = None) -> str:
        """The prefix and sixteen characters of a SHA-256 in base 32."""
        text = f"{self.title}{self.proto}{endpoint or ''}"
        return f"KUBE-{prefix}-{b32encode(sha256(text.encode()).digest()).decode()[:16]}"


@dataclass(slots=True)
class Block:
    """The rules of one port: `chains` of its own in the table nat, and lines in the chains that all share: `services`, `node_ports` (nat),
    `refused`, `refused_outside`, `checks`, `firewall` (filter). Each is a line of iptables-restore."""

    chains: dict[str, list[str]] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    node_ports: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    refused_outside: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    firewall: tuple[str, ...] = ()


def rules(port: ServicePort, endpoints: Iterable[Endpoint], from_pod: str, masquerade_all: bool, node: IPv4Address) -> Block:
    """All rules of a port on the node of that address. `from_pod`: how a packet of a local pod is told, "" for not at all."""
    return _Wording(port, sorted({e for e in endpoints if e.ready}, key=str), from_pod, masquerade_all, node).block()


class _Wording:
    """`cluster` are the endpoints to choose from for policy Cluster, `local` for policy Local; empty where nobody is led there."""

    def __init__(self, port: ServicePort, ready: list[Endpoint], from_pod: str, masquerade_all: bool, node: IPv4Address):
        self.port, self.from_pod, self.masquerade_all, self.node = port, from_pod, masquerade_all, node
        self.any = bool(ready)
        self.cluster = ready if not port.internal_local or port.outer else []
        self.local = [e for e in ready if e.local] if port.internal_local or port.external_local else []
        self.svc, self.svl, self.ext, self.fw = (port.chain(prefix) for prefix in ("SVC", "SVL", "EXT", "FW"))
        self.inside, self.inner = (self.svl, self.local) if port.internal_local else (self.svc, self.cluster)
        self.outside, self.outer = (self.svl, self.local) if port.external_local else (self.svc, self.cluster)
        self.lost = "REJECT" if not self.any else "DROP"
        self.why = _comment(f"{port.title} has no {'local ' if self.any else ''}endpoints")
        self.made = Block()

    def block(self) -> Block:
        port, made = self.port, self.made
        if self.inner:
            made.services += (f"-A KUBE-SERVICES {_comment(f'{port.title} cluster IP')} {self._to(port.address)} -j {self.inside}",)
        else:
            made.refused += (f"-A KUBE-SERVICES {self.why} {self._to(port.address)} -j {self.lost}",)
        self._doors()
        if port.health_port:
            comment = _comment(f"{port.title} health check node port")
            made.checks += (f"-A KUBE-NODEPORTS {comment} -m tcp -p tcp --dport {port.health_port} -j ACCEPT",)
        if self.inner:
            self._mark_inside()
        if self.any and port.outer:
            self._come_in()
            if port.balancer and port.ranges:
                self._guard()
        for chain, chosen in ((self.svc, self.cluster), (self.svl, self.local)):
            if chosen:
                self._choose(chain, chosen)
        for endpoint in dict.fromkeys((*self.cluster, *self.local)):
            self._lead_to(endpoint)
        made.chains = {name: [f"-A {name} {line}" for line in lines] for name, lines in made.chains.items()}
        return made

    def _match(self) -> str:
        return f"-m {self.port.proto} -p {self.port.proto}"

    def _to(self, address: str) -> str:
        return f"{self._match()} -d {address} --dport {self.port.port}"

    def _doors(self) -> None:
        """Who comes to an external IP, a load balancer's address or the NodePort is led to KUBE-EXT, or lost."""
        port, made = self.port, self.made
        guarded = self.any and port.balancer and port.ranges
        balancer = self.fw if guarded else self.ext
        for what, addresses, chain in (("external", port.external, self.ext), ("loadbalancer", port.balancer, balancer)):
            for address in addresses:
                if self.any:
                    made.services += (f"-A KUBE-SERVICES {_comment(f'{port.title} {what} IP')} {self._to(address)} -j {chain}",)
                if guarded and chain == self.fw:
                    comment = _comment(f"{port.title} traffic not accepted by {self.fw}")
                    made.firewall += (f"-A KUBE-PROXY-FIREWALL {comment} {self._to(address)} -j DROP",)
                if not self.outer:
                    made.refused_outside += (f"-A KUBE-EXTERNAL-SERVICES {self.why} {self._to(address)} -j {self.lost}",)
        if port.node_port:
            if self.any:
                made.node_ports += (f"-A KUBE-NODEPORTS {_comment(port.title)} {self._match()} --dport {port.node_port} -j {self.ext}",)
            if not self.outer:
                local = f"-m addrtype --dst-type LOCAL {self._match()} --dport {port.node_port}"
                made.refused_outside += (f"-A KUBE-EXTERNAL-SERVICES {self.why} {local} -j {self.lost}",)

    def _mark_inside(self) -> None:
        """Who comes to the VIP and is no pod of this node is masqueraded, or everybody."""
        chain = self.made.chains.setdefault(self.inside, [])
        to = f"{_comment(f'{self.port.title} cluster IP')} {self._to(self.port.address)}"
        if self.masquerade_all:
            chain.append(f"{to} -j {MARK}")
        elif self.from_pod:
            chain.append(f"{to} ! {self.from_pod} -j {MARK}")

    def _come_in(self) -> None:
        """KUBE-EXT: with policy Local only the node itself is masqueraded, and it and its pods are led to all endpoints."""
        title, chain = self.port.title, self.made.chains.setdefault(self.ext, [])
        if not self.port.external_local:
            chain.append(f"{_comment(f'masquerade traffic for {title} external destinations')} -j {MARK}")
        else:
            if self.from_pod:
                chain.append(f"{_comment(f'pod traffic for {title} external destinations')} {self.from_pod} -j {self.svc}")
            own = "-m addrtype --src-type LOCAL"
            chain.append(f"{_comment(f'masquerade LOCAL traffic for {title} external destinations')} {own} -j {MARK}")
            chain.append(f"{_comment(f'route LOCAL traffic for {title} external destinations')} {own} -j {self.svc}")
        if self.outer:
            chain.append(f"-j {self.outside}")

    def _guard(self) -> None:
        """KUBE-FW: who is in a source range goes on; who comes to its end is dropped by KUBE-PROXY-FIREWALL."""
        title, chain = self.port.title, self.made.chains.setdefault(self.fw, [])
        comment = _comment(f"{title} loadbalancer IP")
        chain += [f"{comment} -s {source} -j {self.ext}" for source in self.port.ranges]
        if any(self.node in IPv4Network(source) for source in self.port.ranges):
            chain += [f"{comment} -s {address} -j {self.ext}" for address in self.port.balancer]
        chain.append(_comment(f"other traffic to {title} will be dropped by KUBE-PROXY-FIREWALL"))

    def _choose(self, chain: str, chosen: list[Endpoint]) -> None:
        """First who was here before goes where it went before, then chance decides: each of n endpoints in one case of n."""
        lines = self.made.chains.setdefault(chain, [])
        ends = [(_comment(f"{self.port.title} -> {endpoint}"), self.port.chain("SEP", endpoint)) for endpoint in chosen]
        if self.port.affinity:
            again = f"--rcheck --seconds {self.port.affinity} --reap"
            lines += [f"{comment} -m recent --name {end} {again} -j {end}" for comment, end in ends]
        for left, (comment, end) in zip(range(len(ends), 0, -1), ends, strict=True):
            chance = f" -m statistic --mode random --probability {1 / left:.10f}" if left > 1 else ""
            lines.append(f"{comment}{chance} -j {end}")

    def _lead_to(self, endpoint: Endpoint) -> None:
        """KUBE-SEP: a pod that came to itself is masqueraded; then the destination is the endpoint."""
        chain, comment = self.port.chain("SEP", endpoint), _comment(self.port.title)
        noted = f" -m recent --name {chain} --set" if self.port.affinity else ""
        self.made.chains[chain] = [
            f"{comment} -s {endpoint.address} -j {MARK}", f"{comment}{noted} {self._match()} -j DNAT --to-destination {endpoint}",
        ]  # fmt: skip


def _comment(words: str) -> str:
    return f'-m comment --comment "{words}"'
