"""What a kubelet tells the packet filter of its node: that nobody reaches 127.0.0.0/8 from outside, and how packets are marked.

The chains KUBE-IPTABLES-HINT and KUBE-KUBELET-CANARY are empty: one tells others which iptables is used here, the other, when it has
vanished, that somebody has flushed the tables. kubernetes: pkg/kubelet/kubelet_network_linux.go (1.32).
"""

from ...lab.lab import Lab
from ...lab.namespace import Namespace
from .. import writing

FIREWALL = "KUBE-FIREWALL"
_GUARD = "-m comment --comment {} -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"


def ensure_firewall(lab: Lab, host: Namespace, who: str) -> None:
    """The chain, the jumps to it and its one rule, where they are missing. kube-proxy writes them too."""
    _make(lab, host, who, "filter", FIREWALL)
    _ensure(lab, host, who, "filter", "-A", f"{FIREWALL} {_GUARD}", "block incoming localnet connections")
    for built_in in ("OUTPUT", "INPUT"):
        _ensure(lab, host, who, "filter", "-I", f"{built_in} -j {FIREWALL}")


def write(lab: Lab, host: Namespace) -> None:
    """All of a kubelet's, when it starts."""
    for table, chain in (("mangle", "KUBE-IPTABLES-HINT"), ("mangle", "KUBE-KUBELET-CANARY"), ("nat", "KUBE-KUBELET-CANARY"),
                         ("filter", "KUBE-KUBELET-CANARY"), ("nat", "KUBE-MARK-MASQ")):  # fmt: skip
        _make(lab, host, "kubelet", table, chain)
    _ensure(lab, host, "kubelet", "nat", "-A", "KUBE-MARK-MASQ -j MARK --or-mark 0x4000")
    ensure_firewall(lab, host, "kubelet")


def _make(lab: Lab, host: Namespace, who: str, table: str, chain: str) -> None:
    if host.netfilter is None or chain not in host.netfilter.table(table).chains:
        writing.run(lab, host, who, f"iptables -w 5 -t {table} -N {chain}")


def _ensure(lab: Lab, host: Namespace, who: str, table: str, verb: str, line: str, *values) -> None:
    if not writing.holds(lab, host, f"iptables -t {table} -C {line}", *values):
        writing.run(lab, host, who, f"iptables -w 5 -t {table} {verb} {line}", *values)
