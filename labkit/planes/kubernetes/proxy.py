"""kube-proxy 1.32 in iptables mode, on one node: it reads Services and EndpointSlices and types `iptables-restore --noflush`.

No packet ever comes to it. When it stops, its rules stay; when it starts, it writes what there is to write. On its first sync, and when
somebody flushed its canary chain, it writes everything; afterwards the chains of those Services that changed, and the chains that all
share. kubernetes: pkg/proxy/iptables/proxier.go, pkg/proxy/conntrack/cleanup.go (1.32).
"""

import json
from bisect import bisect_left
from ipaddress import IPv4Address
from itertools import chain

from ...errors import KernelError
from ...lab.lab import Lab
from ...lab.program import Listener, listen
from .. import writing
from ..iptables_lines import Iptables
from .api import Api
from .kubelet_rules import TOOL, ensure_firewall
from .proxy_config import ProxyConfig
from .proxy_rules import MARK, Block, Endpoint, ServicePort, rules

WHO = "kube-proxy"
_EXTERNAL = ("kubernetes externally-visible service portals", "-m conntrack --ctstate NEW")
_PORTALS, _NEW = "kubernetes service portals", "-m conntrack --ctstate NEW"
_FIREWALL = ("kubernetes load balancer firewall", _NEW)
#: (table, built-in chain, chain, comment, words): each is inserted at the top where it is missing, in this order (iptablesJumpChains).
JUMPS = (
    ("filter", "INPUT", "KUBE-EXTERNAL-SERVICES", *_EXTERNAL), ("filter", "FORWARD", "KUBE-EXTERNAL-SERVICES", *_EXTERNAL),
    ("filter", "INPUT", "KUBE-NODEPORTS", "kubernetes health check service ports", ""),
    ("filter", "FORWARD", "KUBE-SERVICES", _PORTALS, _NEW), ("filter", "OUTPUT", "KUBE-SERVICES", _PORTALS, _NEW),
    ("filter", "FORWARD", "KUBE-FORWARD", "kubernetes forwarding rules", ""),
    ("filter", "INPUT", "KUBE-PROXY-FIREWALL", *_FIREWALL), ("filter", "OUTPUT", "KUBE-PROXY-FIREWALL", *_FIREWALL),
    ("filter", "FORWARD", "KUBE-PROXY-FIREWALL", *_FIREWALL), ("nat", "OUTPUT", "KUBE-SERVICES", _PORTALS, ""),
    ("nat", "PREROUTING", "KUBE-SERVICES", _PORTALS, ""), ("nat", "POSTROUTING", "KUBE-POSTROUTING", "kubernetes postrouting rules", ""),
)  # fmt: skip
CANARY = "KUBE-PROXY-CANARY"
_FORWARD = (
    "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
)
_POSTROUTING = (
    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN", "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
)  # fmt: skip
_LAST = (
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" '
    "-m addrtype --dst-type LOCAL"
)
#: What connection tracking is told (pkg/proxy/apis/config/v1alpha1/defaults.go).
_CONNTRACK = {"established": 86400, "close_wait": 3600}

#: A Service by (namespace, name); one of its ports by (namespace, name, port's name).
Key = tuple[str, str]
PortKey = tuple[str, str, str]
#: The head of what it answers itself, but for the date and the length.
HEAD = ("HTTP/1.1 200 OK", "Content-Type: application/json", "X-Content-Type-Options: nosniff")


class KubeProxy:
    """The daemon of one node. A Daemon. `written`: the block of each port as it stands in the tables, in order of the ports;
    `checked`: the Services with a healthCheckNodePort."""

    name, description = "kube-proxy", "Kubernetes Kube-Proxy Server"
    command = "/usr/bin/kube-proxy --config=/etc/kubernetes/kube-proxy.yaml"

    def __init__(self, lab: Lab, machine: str, api: Api, address: IPv4Address, keys: dict, pod_network: str):
        self.lab, self.machine, self.api, self.address, self.pod_network = lab, machine, api, address, pod_network
        self.config = ProxyConfig.of(keys, pod_network)
        self.running = False
        self.log: list[str] = []
        self.changed: set[Key] = set()
        self.ports: dict[Key, dict[PortKey, tuple[ServicePort, tuple[Endpoint, ...]]]] = {}
        self.slices: dict[Key, dict[str, dict]] = {}
        self.written: list[tuple[PortKey, Block]] = []
        self.checked: set[Key] = set()
        self.sockets: tuple[Listener, ...] = ()
        api.watchers.append(self.hear)
        api.settlers.append(self.settle)
        lab.daemons.add(self)

    def start(self) -> None:
        """Set the kernel up, then write everything."""
        if self.running:
            return
        self.running = True
        self.log.append('Using iptables proxier')
        if self.config.localhostNodePorts:
            self._run("sysctl -qw net.ipv4.conf.all.route_localnet=1")
        for state, seconds in _CONNTRACK.items():
            self._run(f"sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_{state}={seconds}")
        loopback = IPv4Address("127.0.0.1")
        self._open(Listener("tcp", None, 10256, WHO, _healthz(), HEAD), Listener("tcp", loopback, 10249, WHO, "ok"))
        self._read_all()
        self._sync_all()

    def stop(self) -> None:
        """Its sockets are closed; every rule stays."""
        if self.running:
            self.running = False
            for socket in self.sockets:
                self.lab[self.machine].listeners.discard(socket)
            self.sockets = ()
            self.log.append("Shutting down")

    def configure(self, keys: dict) -> None:
        """A new configuration file, read when it is started again."""
        self.config = ProxyConfig.of(keys, self.pod_network)

    # --- what it hears ------------------------------------------------------------------------------

    def hear(self, verb: str, one: dict) -> None:
        meta = one["metadata"]
        if one["kind"] == "Service":
            self.changed.add((meta["namespace"], meta["name"]))
        elif one["kind"] == "EndpointSlice":
            key = meta["namespace"], (meta.get("labels") or {}).get("kubernetes.io/service-name", "")
            held = self.slices.setdefault(key, {})
            held[meta["name"]] = one
            if verb == "DELETED":
                del held[meta["name"]]
            self.changed.add(key)

    def settle(self) -> bool:
        if not self.running or not self.changed:
            self.changed.clear()
            return False
        changed, self.changed = self.changed, set()
        before = {key: self.ports.get(key) for key in changed}
        for key in changed:
            self._read(key)
        if all(self.ports.get(key) == before[key] for key in changed):
            return False
        self._sync(changed)
        return True

    def _read_all(self) -> None:
        self.ports, self.slices, self.checked = {}, {}, set()
        for one in self.api.list("EndpointSlice"):
            self.hear("ADDED", one)
        self.changed = set()
        for service in self.api.list("Service"):
            self._read((service["metadata"]["namespace"], service["metadata"]["name"]))

    def _read(self, key: Key) -> None:
        """A Service's ports and their endpoints, as the API has them now."""
        service = self.api.get("Service", key[1], key[0])
        found = service_ports(service) if service is not None else []
        held = self.slices.get(key, {})
        slices = [held[name] for name in sorted(held)]
        here = {(*key, port.name): (port, tuple(self._endpoints(slices, port))) for port in found}
        if here:
            self.ports[key] = here
        else:
            self.ports.pop(key, None)
        if any(port.health_port for port in found):
            self.checked.add(key)
        else:
            self.checked.discard(key)

    def _endpoints(self, slices: list[dict], port: ServicePort):
        """Those of the slices that have a port of that name and protocol."""
        for one in slices:
            number = next((p["port"] for p in one.get("ports") or () if (p.get("name") or "", p.get("protocol", "TCP").lower())
                           == (port.name, port.proto) and p.get("port")), None)  # fmt: skip
            for end in (one.get("endpoints") or ()) if number is not None else ():
                ready = (end.get("conditions") or {}).get("ready", True) is not False
                for address in end.get("addresses", []):
                    yield Endpoint(address, number, ready, end.get("nodeName") == self.machine)

    # --- what it writes -----------------------------------------------------------------------------

    def _sync_all(self) -> None:
        """Everything anew: the chains and jumps, and the rules of every Service."""
        iptables = Iptables(self.lab, self.lab[self.machine], WHO, TOOL)
        for table in ("mangle", "nat", "filter"):
            iptables.ensure_chain(table, CANARY)
        for table, built_in, target, comment, words in JUMPS:
            iptables.ensure_chain(table, target)
            iptables.ensure(table, "-I", f"{built_in} {f'{words} ' if words else ''}-m comment --comment {{}} -j {target}", comment)
        ensure_firewall(self.lab, iptables.ns, WHO)
        self.written = []
        self._sync(set(self.ports), first=True)

    def _sync(self, changed: set[Key], first: bool = False) -> None:
        """One `iptables-restore --noflush`: the chains of these Services, and those that all share."""
        if not self._intact():
            return self._sync_all()
        node = self.api.get("Node", self.machine)
        from_pod = self.config.from_pod((node or {}).get("spec", {}).get("podCIDR", ""))
        fresh, stale = [], []
        for key in changed:
            ports = self.ports.get(key, {})
            made = [(port, rules(*what, from_pod, self.config.masqueradeAll, self.address)) for port, what in ports.items()]
            here = slice(*(bisect_left(self.written, ((*key, name),)) for name in ("", chr(0x10FFFF))))
            fresh += made
            stale += self.written[here]
            self.written[here] = sorted(made)
        self._restore([block for _, block in fresh], [block for _, block in stale], first)
        self._clean_connections(changed)
        self._answer_checks()

    def _intact(self) -> bool:
        netfilter = self.lab[self.machine].netfilter
        there = netfilter.tables if netfilter is not None else {}
        return all(name in there and CANARY in there[name].chains for name in ("mangle", "nat", "filter"))

    def _restore(self, fresh: list[Block], stale: list[Block], first: bool) -> None:
        chains = {chain: lines for block in fresh for chain, lines in block.chains.items()}
        nat = self.lab[self.machine].netfilter.tables["nat"].chains
        gone = {chain for block in stale for chain in block.chains}
        if first:  # the first sync of this process: whatever an earlier one left
            gone = {name for name in nat if name.startswith(("KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-"))}
        gone = sorted((gone & nat.keys()) - chains.keys())
        blocks = [block for _, block in self.written]
        local = "" if self.config.localhostNodePorts else " ! -d 127.0.0.0/8"
        tables: dict[str, dict[str, list[str]]] = {
            "filter": {
                "KUBE-SERVICES": [line for block in blocks for line in block.refused],
                "KUBE-EXTERNAL-SERVICES": [line for block in blocks for line in block.refused_outside],
                "KUBE-FORWARD": [*_FORWARD], "KUBE-NODEPORTS": [line for block in blocks for line in block.checks],
                "KUBE-PROXY-FIREWALL": [line for block in blocks for line in block.firewall],
            },
            "nat": {
                "KUBE-SERVICES": [*(line for block in blocks for line in block.services), f"{_LAST}{local} -j KUBE-NODEPORTS"],
                "KUBE-NODEPORTS": [line for block in blocks for line in block.node_ports], "KUBE-POSTROUTING": [*_POSTROUTING],
                MARK: [f"-A {MARK} -j MARK --or-mark 0x4000"], **chains, **{chain: [] for chain in gone},
            },
        }  # fmt: skip
        text: list[str] = []
        for table, wanted in tables.items():
            text += [f"*{table}", *(f":{chain} - [0:0]" for chain in wanted), *chain.from_iterable(wanted.values())]
            text += [f"-X {chain}" for chain in gone if table == "nat"]
            text.append("COMMIT")
        writing.run(self.lab, self.lab[self.machine], WHO, "iptables-restore -w 5 --noflush --counters", stdin="\n".join(text) + "\n")

    def _run(self, line: str) -> None:
        writing.run(self.lab, self.lab[self.machine], WHO, line)

    # --- what else it does --------------------------------------------------------------------------

    def _clean_connections(self, changed: set[Key]) -> None:
        """UDP has no end: an entry that still leads to an endpoint that is gone, or that began before there was any, is deleted."""
        netfilter = self.lab[self.machine].netfilter
        for key in changed:
            for port, endpoints in self.ports.get(key, {}).values():
                if port.proto != "udp":
                    continue
                doors = {(IPv4Address(a), port.port) for a in (port.address, *port.external, *port.balancer)}
                served = {IPv4Address(e.address) for e in endpoints if e.ready}
                for one in netfilter.connections.all(self.lab.now):
                    to = (one.original.dst, one.original.dport)
                    own = port.node_port and to[1] == port.node_port and self.lab[self.machine].owns(to[0])
                    if one.original.proto == "udp" and (to in doors or own) and one.reply.src not in served and served:
                        netfilter.connections.remove(one)

    def _answer_checks(self) -> None:
        """A healthCheckNodePort is a socket of kube-proxy's on every node, which says how many endpoints are here."""
        wanted: dict[int, tuple[str, str, int]] = {}
        for key in self.checked:
            for port, endpoints in self.ports[key].values():
                wanted[port.health_port] = *key, sum(e.local and e.ready for e in endpoints)
        ns = self.lab[self.machine]
        for socket in self.sockets[2:]:
            ns.listeners.discard(socket)
        self.sockets = self.sockets[:2]
        self._open(*(Listener("tcp", None, port, WHO, _check(*what), _head(what[2])) for port, what in sorted(wanted.items())))

    def _open(self, *sockets: Listener) -> None:
        for socket in sockets:
            try:
                listen(self.lab[self.machine], socket)
            except KernelError as error:
                self.log.append(f"Failed to start healthcheck server on {socket.port}: {error}")
                continue
            self.sockets += (socket,)


def _healthz() -> str:
    """The text of pkg/proxy/healthcheck/proxy_health.go; what it says of times is always the same."""
    never = '"1970-01-01 00:00:00 +0000 UTC"'
    return f'{{"lastUpdated": {never},"currentTime": {never}, "nodeEligible": true}}'


def _head(local: int) -> tuple[str, ...]:
    """A load balancer reads the status, and how many endpoints there are as a weight (pkg/proxy/healthcheck/service_health.go)."""
    status = HEAD[0] if local else "HTTP/1.1 503 Service Unavailable"
    return status, *HEAD[1:], f"X-Load-Balancing-Endpoint-Weight: {local}"


def _check(namespace: str, name: str, local: int) -> str:
    told = {"service": {"namespace": namespace, "name": name}, "localEndpoints": local, "serviceProxyHealthy": True}
    return json.dumps(told, indent="\t")


def service_ports(service: dict) -> list[ServicePort]:
    """What kube-proxy reads of a Service; nothing of one without an address of its own (headless, ExternalName)."""
    spec, meta = service["spec"], service["metadata"]
    address = spec.get("clusterIP") or "None"
    if address == "None" or spec.get("type") == "ExternalName":
        return []
    kind = spec.get("type", "ClusterIP")
    ingress = (service.get("status", {}).get("loadBalancer") or {}).get("ingress") or []
    seconds = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds", 10800)
    return [
        ServicePort(
            meta["namespace"], meta["name"], port.get("name", ""), port.get("protocol", "TCP").lower(), address, port["port"],
            port.get("nodePort", 0) if kind in ("NodePort", "LoadBalancer") else 0,
            external=tuple(spec.get("externalIPs") or ()),
            balancer=tuple(one["ip"] for one in ingress if one.get("ip") and one.get("ipMode", "VIP") == "VIP"),
            ranges=tuple(spec.get("loadBalancerSourceRanges") or ()),
            affinity=seconds if spec.get("sessionAffinity") == "ClientIP" else 0,
            internal_local=spec.get("internalTrafficPolicy") == "Local",
            policy_local=spec.get("externalTrafficPolicy") == "Local",
            health_port=spec.get("healthCheckNodePort", 0) if spec.get("externalTrafficPolicy") == "Local" else 0,
        )
        for port in spec.get("ports") or ()
    ]
