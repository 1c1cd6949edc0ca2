"""From tables to requests: what the child is to do, in which order, so that its kernel holds this very lab.

The order: namespaces, settings, devices, masters, addresses, up, neighbours and forwarding entries, routes, rules,
programs, taps. It is the tables that are built, not the commands that led to them. What packets taught the lab
(learned neighbours and forwarding entries, path MTUs, redirects) is not carried over: real probes learn it anew,
as the lab's own did.
"""

import pickle
from ipaddress import IPv4Address
from pathlib import Path



from ..errors import LabError
from ..lab.lab import Lab
from . import build_links, build_routes
from .child import Child, Refused
from .settings import of_interfaces, of_namespace

#: Where the package `labkit` is, for the programs that run in the child.
PACKAGE = str(Path(__file__).parent.parent.parent)


class Plan:
    """The lab's namespaces by number, and a request list for each phase."""

    def __init__(self, lab: Lab):
        self.lab = lab
        self.namespaces = list(lab.namespaces.values())
        self.number = {ns.name: i for i, ns in enumerate(self.namespaces)}
        self._requests: dict[int, tuple[list[bytes], list[str]]] = {}

    def add(self, number: int, request: bytes, words: str) -> None:
        """Put a request into the phase; `words` is how a person would have typed it."""
        requests, spoken = self._requests.setdefault(number, ([], []))
        requests.append(request)
        spoken.append(words)

    def send(self, child: Child) -> None:
        """Have the phase done, namespace by namespace."""
        for number, (requests, words) in self._requests.items():
            child.ask("netlink", number, requests, words)
        self._requests = {}


def build(lab: Lab, child: Child) -> None:
    """Make the lab in the child; LabError names what the real kernel refuses, and where."""
    plan = Plan(lab)
    try:
        _build(plan, child)
    except Refused as refused:
        where = plan.namespaces[refused.namespace].name
        raise LabError(f"the real kernel refuses `{refused.what}` in {where}: {refused.why}") from None


def _build(plan: Plan, child: Child) -> None:
    child.ask("namespaces", len(plan.namespaces), _named(plan))
    for number, ns in enumerate(plan.namespaces):
        child.ask("sysctls", number, of_namespace(ns.sysctls))
    for phase in (build_links.veths, build_links.others):
        phase(plan)
        plan.send(child)
    for number, ns in enumerate(plan.namespaces):
        for interface in ns.by_index():
            if interface.tun is not None:
                tun = interface.tun
                child.ask("tun", number, interface.name, interface.index, tun.mode, tun.pi, tun.program is not None)
        child.ask("sysctls", number, of_interfaces(ns))
    build_links.vxlans(plan)
    build_links.joined_and_up(plan)
    plan.send(child)
    build_links.neighbors(plan)
    build_links.forwarding(plan)
    build_routes.routes(plan)
    build_routes.rules(plan)
    plan.send(child)
    _programs(plan, child)
    child.ask("settle", {number: sorted(ns.interfaces) for number, ns in enumerate(plan.namespaces)})
    child.ask("watch")


def _named(plan: Plan) -> dict[str, dict[str, int]]:
    """For each machine the names that `ip netns` lists there."""
    named: dict[str, dict[str, int]] = {ns.machine: {} for ns in plan.namespaces}
    for number, ns in enumerate(plan.namespaces):
        if ns.named:
            named[ns.machine][ns.label] = number
    return named


def _programs(plan: Plan, child: Child) -> None:
    for number, ns in enumerate(plan.namespaces):
        for program in ns.programs.values():
            child.ask("program", number, pickle.dumps(program), PACKAGE, program.tun)
        for proto, address, port in sorted(ns.listeners, key=str):
            child.ask("listener", number, proto, str(address or IPv4Address(0)), port)
