"""The CNI plugin `portmap`: a pod's hostPort is a translation on its own node, whatever kube-proxy does.

A chain a pod, named after it, and a rule in CNI-HOSTPORT-DNAT that leads there; who comes from the node's own pods, or from 127.0.0.1, is
marked (0x2000) and masqueraded. containernetworking plugins 1.1: plugins/meta/portmap/portmap.go, pkg/utils/utils.go.
"""

import hashlib
from ipaddress import IPv4Address, IPv4Network

from ...lab.lab import Lab
from .. import writing
from ..iptables_lines import Iptables
from .cni import BRIDGE, NAME, WHO

_LOCAL = "-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"
_MARK = "0x2000/0x2000"


def chain_name(sandbox: str) -> str:
    """At most 28 characters (utils.MustFormatChainNameWithPrefix)."""
    return f"CNI-DN-{hashlib.sha512((NAME + sandbox).encode()).hexdigest()}"[:28]


def host_ports(pod: dict) -> list[dict]:
    """The ports of a pod's containers that ask for one of the node's."""
    return [port for container in pod["spec"]["containers"] for port in container.get("ports", []) if port.get("hostPort")]


def add(lab: Lab, machine: str, sandbox: str, address: IPv4Address, subnet: IPv4Network, ports: list[dict]) -> None:
    """The rules of one pod, and before the first those of the plugin itself."""
    chain = chain_name(sandbox)

    iptables = Iptables(lab, lab[machine], WHO, last=" --wait")
    iptables.ensure_chain("nat", "CNI-HOSTPORT-SETMARK")
    mark = f"CNI-HOSTPORT-SETMARK -m comment --comment {{}} -j MARK --set-xmark {_MARK}"
    iptables.ensure("nat", "-A", mark, "CNI portfwd masquerade mark")
    iptables.ensure_chain("nat", "CNI-HOSTPORT-MASQ")
    iptables.ensure("nat", "-A", f"CNI-HOSTPORT-MASQ -m mark --mark {_MARK} -j MASQUERADE")
    masquerade = "POSTROUTING -m comment --comment {} -j CNI-HOSTPORT-MASQ"
    iptables.ensure("nat", "-A", masquerade, "CNI portfwd requiring masquerade")
    writing.run(lab, lab[machine], WHO, "sysctl -qw net.ipv4.conf.{}.route_localnet=1", BRIDGE)
    iptables.ensure_chain("nat", "CNI-HOSTPORT-DNAT")
    for built_in in ("PREROUTING", "OUTPUT"):
        iptables.ensure("nat", "-A", f"{built_in} {_LOCAL}")
    iptables.ensure_chain("nat", chain)
    plain = Iptables(lab, lab[machine], WHO)
    for proto in dict.fromkeys(port.get("protocol", "TCP").lower() for port in ports):
        of_it = [port for port in ports if port.get("protocol", "TCP").lower() == proto]
        numbers = ",".join(str(port["hostPort"]) for port in of_it)
        comment = f'dnat name: "{NAME}" id: "{sandbox}"'
        words = f"-p {proto} -m comment --comment {{}} -m multiport --dports {numbers} -j {chain}"
        plain.type("nat", f"-A CNI-HOSTPORT-DNAT {words}", comment)
        for port in of_it:
            at = f"-d {port['hostIP']} " if port.get("hostIP") else ""
            asked = f"{at}-p {proto} --dport {port['hostPort']}"
            for source in (subnet, "127.0.0.1"):
                plain.type("nat", f"-A {chain} -s {source} {asked} -j CNI-HOSTPORT-SETMARK")
            plain.type("nat", f"-A {chain} {asked} -j DNAT --to-destination {address}:{port['containerPort']}")


def remove(lab: Lab, machine: str, sandbox: str) -> None:
    """A pod's chain, and what leads there; the plugin's own chains stay."""
    iptables, chain = Iptables(lab, lab[machine], WHO), chain_name(sandbox)
    if not iptables.has_chain("nat", chain):
        return
    table = iptables.ns.netfilter.table("nat")
    for number in reversed(range(len(table.chains["CNI-HOSTPORT-DNAT"].rules))):
        if table.chains["CNI-HOSTPORT-DNAT"].rules[number].spec.target == chain:
            iptables.type("nat", f"-D CNI-HOSTPORT-DNAT {number + 1}")
    for verb in ("-F", "-X"):
        iptables.type("nat", f"{verb} {chain}")
