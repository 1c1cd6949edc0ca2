"""From tables to requests: what the child is to do, in which order, so that its kernel holds this very lab.

The order: namespaces, settings, devices, masters, addresses, up, neighbours and forwarding entries, routes, rules,
programs, taps. It is the tables that are built, not the commands that led to them. What packets taught the lab
(learned neighbours and forwarding entries, path MTUs, redirects) is not carried over: real probes learn it anew,
as the lab's own did.

A new namespace inherits some of its settings from the machine it is made on: so all that the lab models are written,
and those that would add packets of their own are set to the kernel's defaults. Three departures from a plain
kernel, because a prediction has no clock: no IPv6, no limit on ICMP errors, and neighbours that do not age (see
build_links.ageless).
"""

import pickle
import re
from ipaddress import IPv4Address
from pathlib import Path

from ..commands.iptables_save import ORDER, saved
from ..errors import LabError
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..lab.program import Listener
from ..lab.sysctls import PER_INTERFACE, Sysctls
from . import build_links, build_routes
from .child import Child, Refused

#: Settings the lab does not model, with the values that keep them out of the picture.
FIXED = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/ipv4/icmp_msgs_per_sec": "100000",
    "net/ipv4/icmp_msgs_burst": "100000",
} | {
    f"net/ipv4/conf/{scope}/{key}": value
    for scope in ("all", "default")
    for key, value in {
        "arp_filter": "0",
        "arp_notify": "0",
        "arp_accept": "0",
        "drop_gratuitous_arp": "0",
        "shared_media": "1",
    }.items()
}
_NO_LIMIT = {"net.ipv4.icmp_ratelimit": "0"}
#: These may fail: net.bridge is there only with the module br_netfilter, and a group that is not mapped into the user
#: namespace cannot be named (EINVAL, observed on 6.18).
_MAY_FAIL = ("net.bridge.", "net.ipv4.ping_group_range")


def of_namespace(sysctls: Sysctls) -> list[tuple[str, str, bool]]:
    """(path, value, whether it must be there) for a new namespace; ip_forward first, it writes others."""
    wanted = {key: sysctls[key] for key in sysctls if ".conf." not in key or ".conf.all." in key or ".conf.default." in key}
    wanted |= {
        f"net.ipv4.conf.lo.{key}": sysctls[f"net.ipv4.conf.lo.{key}"]
        for key in PER_INTERFACE
        if f"net.ipv4.conf.lo.{key}" in sysctls
    }
    wanted |= _NO_LIMIT
    first = {"net.ipv4.ip_forward": wanted.pop("net.ipv4.ip_forward")}
    written = [(_path(key), value, not key.startswith(_MAY_FAIL)) for key, value in (first | wanted).items()]
    return written + [(path, value, False) for path, value in FIXED.items()]


def of_interfaces(ns: Namespace) -> list[tuple[str, str, bool]]:
    """What each interface has otherwise than "default", from which it took its settings when it was made."""
    return [
        (f"net/ipv4/conf/{interface.name}/{key}", str(ns.sysctls.conf(interface.name, key)), True)
        for interface in ns.by_index()
        if interface.kind != "loopback"
        for key in PER_INTERFACE
        if ns.sysctls.conf(interface.name, key) != ns.sysctls.conf("default", key)
    ]


def _path(key: str) -> str:
    return key.replace(".", "/")


#: Where the package `labkit` is, for the programs that run in the child.
PACKAGE = str(Path(__file__).parent.parent.parent)


class Plan:
    """What is to be done, in order: `steps` are (verb, arguments) of inside/holder.py."""

    def __init__(self, lab: Lab):
        self.lab = lab
        self.namespaces = list(lab.namespaces.values())
        self.number = {ns.name: i for i, ns in enumerate(self.namespaces)}
        self.steps: list[tuple] = []
        self._requests: dict[int, tuple[list[bytes], list[str]]] = {}

    def add(self, number: int, request: bytes, words: str) -> None:
        """Put a netlink request into the current phase; `words` is how a person would have typed it."""
        requests, spoken = self._requests.setdefault(number, ([], []))
        requests.append(request)
        spoken.append(words)

    def close_phase(self) -> None:
        """What follows needs everything so far."""
        self.steps += [("netlink", (number, *both)) for number, both in self._requests.items()]
        self._requests = {}

    def each(self):
        return enumerate(self.namespaces)


def build(lab: Lab, child: Child) -> None:
    """Make the lab in the child; LabError names what the real kernel refuses, and where."""
    plan = Plan(lab)
    try:
        child.tell("build", _namespaces(plan))  # while it does so, the rest is worked out
        steps = _contents(plan)
        child.ask("build", steps, seconds=(len(plan.namespaces) + len(steps)) / 10)
    except Refused as refused:
        where = plan.namespaces[refused.namespace].name
        raise LabError(f"the real kernel refuses `{refused.what}` in {where}: {refused.why}") from None


def _namespaces(plan: Plan) -> list[tuple]:
    made = ("namespaces", (len(plan.namespaces), _named(plan)))
    return [made, *(("fresh_sysctls", (number, of_namespace(ns.sysctls))) for number, ns in plan.each())]


def _contents(plan: Plan) -> list[tuple]:
    """Everything that makes this lab, once its namespaces are there."""
    build_links.veths(plan)
    plan.close_phase()
    build_links.others(plan)
    plan.close_phase()
    plan.steps += _tuns(plan)
    build_links.vxlans(plan)  # after all that may be below one
    plan.close_phase()
    plan.steps += [("sysctls", (number, of_interfaces(ns))) for number, ns in plan.each()]
    build_links.ageless(plan)
    build_links.joined_and_up(plan)
    plan.close_phase()
    build_links.neighbors(plan)
    build_links.forwarding(plan)
    build_routes.routes(plan)
    build_routes.rules(plan)
    plan.close_phase()
    plan.steps += _rules(plan)
    plan.steps += _programs(plan)
    plan.steps.append(("settle", ({number: sorted(ns.interfaces) for number, ns in plan.each()},)))
    plan.steps.append(("watch", ()))
    return plan.steps


def _tuns(plan: Plan) -> list[tuple]:
    return [
        ("tun", (number, i.name, i.index, i.tun.mode, i.tun.pi, i.tun.program is not None))
        for number, ns in plan.each()
        for i in ns.by_index()
        if i.tun is not None
    ]


def _named(plan: Plan) -> dict[str, dict[str, int]]:
    """For each machine the names that `ip netns` lists there."""
    named: dict[str, dict[str, int]] = {ns.machine: {} for ns in plan.namespaces}
    for number, ns in plan.each():
        if ns.named:
            named[ns.machine][ns.label] = number
    return named


def _rules(plan: Plan) -> list[tuple]:
    """The packet filters, as iptables-restore reads them; connections are not carried over, nor is --random-fully: the lab, which does
    not throw dice for a port, could not be held against what the kernel draws."""
    steps = []
    for number, ns in plan.each():
        tables = ns.netfilter.tables if ns.netfilter is not None else {}
        if tables:
            text = "".join(saved(tables[name], counters=True) for name in ORDER if name in tables)
            text = re.sub(r" --random(-fully)?$", "", text, flags=re.MULTILINE)
            steps.append(("restore", (number, ns.machine, text)))
    return steps


def _programs(plan: Plan) -> list[tuple]:
    steps = []
    for number, ns in plan.each():
        steps += [("program", (number, pickle.dumps(p), PACKAGE, p.tun)) for p in ns.programs.values()]
        listeners = sorted(ns.listeners, key=str)
        steps += [("listener", (number, _listener(socket))) for socket in listeners if not socket.proto.endswith("6")]
    return steps


def _listener(socket: Listener) -> dict:
    """A socket of the lab for inside/servers.py."""
    to = (str(socket.to[0]), socket.to[1]) if socket.to else None
    return {
        "proto": socket.proto, "address": str(socket.address or IPv4Address(0)), "port": socket.port,
        "says": socket.says, "to": to, "silent": socket.owner == "nc",
    }  # fmt: skip
