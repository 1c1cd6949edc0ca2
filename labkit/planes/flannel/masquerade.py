"""What flanneld tells the packet filter (--ip-masq): what leaves the pods' network goes under the node's address, and pods are forwarded.

0.5, of the notes' time, has a chain FLANNEL (network/ipmasq.go); 0.14 rules in POSTROUTING and FORWARD themselves (network/iptables.go;
tests/recordings/flannel); 0.20 the same in chains FLANNEL-POSTRTG and FLANNEL-FWD, behind a look at kube-proxy's mark
(tests/recordings/kubernetes); today's has one more there (pkg/trafficmngr/iptables/iptables.go). They stay when flanneld ends; those of
another lease go when it has a new one.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from .. import writing
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
        if chain.startswith("FLANNEL") and not writing.holds(node.lab, node.ns, f"iptables -t {table} -S {chain} 1 --wait"):
            node.run(f"iptables -t {table} -N {chain} --wait")
    first = [line for line in wanted if line[1] in ("POSTROUTING", "FORWARD")] if node.version == KUBERNETES else []
    _each(node, "-D", first, there=True)
    _each(node, "-I", first, there=False)
    _each(node, "-A", wanted, there=False)


def withdraw(node: Node, old: Iterable[Line]) -> None:
    """Take out those that are there."""
    _each(node, "-D", old, there=True)


def _each(node: Node, verb: str, lines: Iterable[Line], there: bool) -> None:
    for table, chain, words, comment in lines:
        told, _, target = words.rpartition("-j ")
        words = f"{told}-m comment --comment {{}} -j {target}" if comment else words
        given = (comment,) * bool(comment)
        if writing.holds(node.lab, node.ns, f"iptables -t {table} -C {chain} {words} --wait", *given) is there:
            node.run(f"iptables -t {table} {verb} {chain} {words} --wait", *given)
