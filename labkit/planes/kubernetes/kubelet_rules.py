"""What a kubelet tells the packet filter of its node: that nobody reaches 127.0.0.0/8 from outside, and how packets are marked.

The chains KUBE-IPTABLES-HINT and KUBE-KUBELET-CANARY are empty: one tells others which iptables is used here, the other, when it has
vanished, that somebody has flushed the tables. kubernetes: pkg/kubelet/kubelet_network_linux.go (1.32).
"""

from ...lab.lab import Lab
from ...lab.namespace import Namespace
from ..iptables_lines import Iptables

FIREWALL = "KUBE-FIREWALL"
#: As kubelet and kube-proxy wait for the lock (pkg/util/iptables WaitSecondsValue).
TOOL = "iptables -w 5"
_GUARD = "-m comment --comment {} -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"


def ensure_firewall(lab: Lab, host: Namespace, who: str) -> None:
    """The chain, the jumps to it and its one rule, where they are missing. kube-proxy writes them too."""
    iptables = Iptables(lab, host, who, TOOL)
    iptables.ensure_chain("filter", FIREWALL)
    iptables.ensure("filter", "-A", f"{FIREWALL} {_GUARD}", "block incoming localnet connections")
    for built_in in ("OUTPUT", "INPUT"):
        iptables.ensure("filter", "-I", f"{built_in} -j {FIREWALL}")


def write(lab: Lab, host: Namespace) -> None:
    """All of a kubelet's, when it starts."""
    iptables = Iptables(lab, host, "kubelet", TOOL)
    for table, chain in (("mangle", "KUBE-IPTABLES-HINT"), ("mangle", "KUBE-KUBELET-CANARY"), ("nat", "KUBE-KUBELET-CANARY"),
                         ("filter", "KUBE-KUBELET-CANARY"), ("nat", "KUBE-MARK-MASQ")):  # fmt: skip
        iptables.ensure_chain(table, chain)
    iptables.ensure("nat", "-A", "KUBE-MARK-MASQ -j MARK --or-mark 0x4000")
    ensure_firewall(lab, host, "kubelet")

