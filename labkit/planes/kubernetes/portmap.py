"""The CNI plugin `portmap`: a pod's hostPort is a translation on its own node, whatever kube-proxy does.

A chain a pod, named after it, and a rule in CNI-HOSTPORT-DNAT that leads there; who comes from the node's own pods, or from 127.0.0.1, is
marked (0x2000) and masqueraded. containernetworking plugins 1.1: plugins/meta/portmap/portmap.go, pkg/utils/utils.go.
"""

import hashlib
from ipaddress import IPv4Address, IPv4Network

from ...lab.lab import Lab
from .. import writing
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

    def run(line: str, *values) -> None:
        writing.run(lab, lab[machine], WHO, line, *values)

    def ensure(verb: str, line: str, *values) -> None:
        if not writing.holds(lab, lab[machine], f"iptables -t nat -C {line}", *values):
            run(f"iptables -t nat {verb} {line} --wait", *values)

    def make(name: str) -> None:
        if not writing.holds(lab, lab[machine], f"iptables -t nat -S {name} 1"):
            run(f"iptables -t nat -N {name} --wait")

    make("CNI-HOSTPORT-SETMARK")
    ensure("-A", f"CNI-HOSTPORT-SETMARK -m comment --comment {{}} -j MARK --set-xmark {_MARK}", "CNI portfwd masquerade mark")
    make("CNI-HOSTPORT-MASQ")
    ensure("-A", f"CNI-HOSTPORT-MASQ -m mark --mark {_MARK} -j MASQUERADE")
    ensure("-A", "POSTROUTING -m comment --comment {} -j CNI-HOSTPORT-MASQ", "CNI portfwd requiring masquerade")
    run("sysctl -qw net.ipv4.conf.{}.route_localnet=1", BRIDGE)
    make("CNI-HOSTPORT-DNAT")
    for built_in in ("PREROUTING", "OUTPUT"):
        ensure("-A", f"{built_in} {_LOCAL}")
    make(chain)
    for proto in dict.fromkeys(port.get("protocol", "TCP").lower() for port in ports):
        of_it = [port for port in ports if port.get("protocol", "TCP").lower() == proto]
        numbers = ",".join(str(port["hostPort"]) for port in of_it)
        comment = f'dnat name: "{NAME}" id: "{sandbox}"'
        words = f"-p {proto} -m comment --comment {{}} -m multiport --dports {numbers} -j {chain}"
        run(f"iptables -t nat -A CNI-HOSTPORT-DNAT {words}", comment)
        for port in of_it:
            at = f"-d {port['hostIP']} " if port.get("hostIP") else ""
            asked = f"{at}-p {proto} --dport {port['hostPort']}"
            for source in (subnet, "127.0.0.1"):
                run(f"iptables -t nat -A {chain} -s {source} {asked} -j CNI-HOSTPORT-SETMARK")
            run(f"iptables -t nat -A {chain} {asked} -j DNAT --to-destination {address}:{port['containerPort']}")


def remove(lab: Lab, machine: str, sandbox: str) -> None:
    """A pod's chain, and what leads there; the plugin's own chains stay."""
    netfilter, chain = lab[machine].netfilter, chain_name(sandbox)
    table = netfilter.tables.get("nat") if netfilter is not None else None
    if table is None or chain not in table.chains:
        return
    for number in reversed(range(len(table.chains["CNI-HOSTPORT-DNAT"].rules))):
        if table.chains["CNI-HOSTPORT-DNAT"].rules[number].spec.target == chain:
            writing.run(lab, lab[machine], WHO, f"iptables -t nat -D CNI-HOSTPORT-DNAT {number + 1}")
    for verb in ("-F", "-X"):
        writing.run(lab, lab[machine], WHO, f"iptables -t nat {verb} {chain}")
