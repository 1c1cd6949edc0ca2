"""What flanneld tells the packet filter (--ip-masq): what leaves the pods' network goes under the node's address, and pods are forwarded.

0.5, of the notes' time, has a chain FLANNEL (network/ipmasq.go); 0.14 rules in POSTROUTING and FORWARD themselves (network/iptables.go;
tests/recordings/flannel); 0.20 the same in chains FLANNEL-POSTRTG and FLANNEL-FWD, behind a look at kube-proxy's mark
(tests/recordings/kubernetes); today's has one more there (pkg/trafficmngr/iptables/iptables.go). They stay when flanneld ends; those of
another lease go when it has a new one.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from ..iptables_lines import Iptables
from .config import KUBERNETES, NOTES, TODAY
from .node import Node

#: Nobody answers a group under one address.
_BUT_GROUPS = "! -d 224.0.0.0/4"
#: (table, chain, words, comment) of a rule.
Line = tuple[str, str, str, str]


def rules(network: IPv4Network, subnet: IPv4Network, node: Node, ip_masq: bool) -> Iterator[Line]:
    """Each rule, in order."""
    if node.version == NOTES:
        if ip_masq:
            yield "nat", "FLANNEL", f"-d {network} -j ACCEPT", ""
            yield "nat", "FLANNEL", f"{_BUT_GROUPS} -j MASQUERADE", ""
            yield "nat", "POSTROUTING", f"-s {network} -j FLANNEL", ""
            yield "nat", "POSTROUTING", f"! -s {network} -d {network} -j MASQUERADE", ""
        return
    today, chains = node.version == TODAY, node.version >= KUBERNETES
    postrouting, masq = ("FLANNEL-POSTRTG", "flanneld masq") if chains else ("POSTROUTING", "")
    forward, passed = ("FLANNEL-FWD", "flanneld forward") if chains else ("FORWARD", "")
    if ip_masq:
        if chains:
            yield "nat", "POSTROUTING", "-j FLANNEL-POSTRTG", masq
            yield "nat", postrouting, "-m mark --mark 0x4000/0x4000 -j RETURN", masq
        if today:
            yield "nat", postrouting, f"-s {subnet} -d {network} -j RETURN", masq
            yield "nat", postrouting, f"-s {network} -d {subnet} -j RETURN", masq
        else:
            yield "nat", postrouting, f"-s {network} -d {network} -j RETURN", masq
            yield "nat", postrouting, f"-s {network} {_BUT_GROUPS} -j MASQUERADE --random-fully", masq
        yield "nat", postrouting, f"! -s {network} -d {subnet} -j RETURN", masq
        if today:
            yield "nat", postrouting, f"-s {network} {_BUT_GROUPS} -j MASQUERADE --random-fully", masq
        yield "nat", postrouting, f"! -s {network} -d {network} -j MASQUERADE --random-fully", masq
    if chains:
        yield "filter", "FORWARD", "-j FLANNEL-FWD", passed
    yield "filter", forward, f"-s {network} -j ACCEPT", passed
    yield "filter", forward, f"-d {network} -j ACCEPT", passed


def write(node: Node, wanted: list[Line]) -> None:
    """Append those that are not there, and make the chains they need; 0.20 puts its jumps before all others at each start."""
    for table, chain in dict.fromkeys((line[0], line[1]) for line in wanted):
        if chain.startswith("FLANNEL"):
            _iptables(node).ensure_chain(table, chain)
    first = [line for line in wanted if line[1] in ("POSTROUTING", "FORWARD")] if node.version == KUBERNETES else []
    withdraw(node, first)
    for verb, lines in (("-I", first), ("-A", wanted)):
        for table, line, given in map(_worded, lines):
            _iptables(node).ensure(table, verb, line, *given)


def withdraw(node: Node, old: Iterable[Line]) -> None:
    """Take out those that are there."""
    for table, line, given in map(_worded, old):
        _iptables(node).remove(table, line, *given)


def _iptables(node: Node) -> Iptables:
    return Iptables(node.lab, node.ns, "flanneld", last=" --wait")


def _worded(rule: Line) -> tuple[str, str, tuple[str, ...]]:
    """The table, the line with a {} for the comment, and the comment, if there is one."""
    table, chain, words, comment = rule
    told, _, target = words.rpartition("-j ")
    return table, f"{chain} {f'{told}-m comment --comment {{}} -j {target}' if comment else words}", (comment,) * bool(comment)
