"""The whole lookup: rules in order, tables, next hops that can be used, the source address, and whether a source is to be believed.

kernel: net/ipv4/fib_rules.c, fib_trie.c fib_table_lookup, route.c ip_route_output_key_hash_rcu;
fib_frontend.c fib_validate_source (rp_filter, martians).
"""

import errno
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from ..tables.names import scope_number
from ..tables.policy import Rule
from ..tables.route import ERROR_TYPES, LOCAL, MAIN, NextHop, Route
from ..tables.table import Lookup, Unfit
from ..tables.values import Value
from .interface import Interface
from .lab import Lab
from .learned import Learned, consult
from .namespace import Namespace

#: The group that every interface is in.
ALL_HOSTS = IPv4Address("224.0.0.1")
LOOPBACK_ADDRESS = IPv4Address("127.0.0.1")
_NOTHING, _BROADCAST = IPv4Address(0), IPv4Address("255.255.255.255")
_LOCAL_MULTICAST = IPv4Network("224.0.0.0/24")
#: What a local sender is told by a route of such a type.
_ERRNO = {kind: getattr(errno, name) for kind, (name, _) in ERROR_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """One table that was asked on the way, and what it said."""

    rule: Rule
    lookup: Lookup


@dataclass(frozen=True, slots=True)
class Decision(Value):
    """Where a packet goes next. kind: a route type ("unicast", "local", "broadcast", "unreachable", …), or "none" when no rule led
    to a route. `errno` is what a local sender gets when it is not to be sent; 0 otherwise. `src` is the source address the kernel
    would choose. `asked` holds the tables in order, the deciding one last. `leg` is the next hop that was taken, and `learned` what
    a router told us about it."""

    dst: IPv4Address
    kind: str
    route: Route | None = None
    dev: str | None = None
    gateway: IPv4Address | None = None
    src: IPv4Address | None = None
    errno: int = 0
    asked: tuple[Asked, ...] = ()
    leg: NextHop | None = None
    learned: Learned | None = None

    @property
    def lookup(self) -> Lookup | None:
        """The lookup in the table that decided."""
        return self.asked[-1].lookup if self.asked else None

    @property
    def next_hop(self) -> IPv4Address:
        """Whom to ask for a MAC address: the gateway, or the destination itself."""
        return self.gateway or self.dst


def find_route(
    lab: Lab, ns: Namespace, dst: IPv4Address, *, src: IPv4Address | None = None, iif: str | None = None,
    oif: str | None = None, tos: int = 0, mark: int = 0, linkdown_ok: bool = False, least_scope: int = 0,
) -> Decision:
    """Follow the rules until a table has a route that can be used (kernel: fib_lookup). `oif` keeps only next hops through that
    interface; `linkdown_ok` uses them without carrier even where they are to be ignored; `least_scope` is the farthest scope that
    will do."""
    asked = []

    def unfit(route: Route) -> str | None:
        return _unfit(ns, route, oif, linkdown_ok, least_scope)

    for rule in ns.rules:
        if not _applies(rule, dst, src, iif, oif, tos, mark):
            continue
        if rule.action != "lookup":
            # An action the kernel does not know refuses as a blackhole does (fib4_rule_action).
            action = rule.action if rule.action in ERROR_TYPES else "blackhole"
            return Decision(dst, action, errno=_ERRNO[action], asked=tuple(asked))
        if rule.table not in ns.tables:
            continue
        found = ns.tables[rule.table].lookup(dst, tos, unfit)
        asked.append(Asked(rule, found))
        route = found.route
        if route is None or route.type == "throw" or _beaten_in_main(ns, route, dst, tos, unfit):
            continue
        if route.type in ERROR_TYPES:
            return Decision(dst, route.type, route, errno=_ERRNO[route.type], asked=tuple(asked))
        leg = _leg(ns, route, src, dst, oif, linkdown_ok)
        return Decision(dst, route.type, route, leg.dev, _used_gateway(lab, ns, route, leg), asked=tuple(asked), leg=leg)
    return Decision(dst, "none", errno=errno.ENETUNREACH, asked=tuple(asked))


def _beaten_in_main(ns: Namespace, route: Route, dst: IPv4Address, tos: int, unfit: Unfit) -> bool:
    """Without rules of our own local and main are one table, in which the longest prefix wins. kernel: fib_trie.c fib_trie_unmerge;
    observed on 6.18 with `ip route add local 10.70.0.0/16 …`."""
    if route.table != LOCAL or ns.custom_rules or route.dst.prefixlen == 32:
        return False
    longer = ns.main.lookup(dst, tos, unfit).route
    return longer is not None and longer.dst.prefixlen > route.dst.prefixlen


def _applies(rule: Rule, dst, src, iif, oif, tos: int, mark: int) -> bool:
    """Whether a rule's selector fits; a packet of our own comes in on "lo"."""
    fits = (
        dst in rule.dst
        and (rule.src.prefixlen == 0 or (src or _NOTHING) in rule.src)
        and rule.iif in (None, iif or "lo")
        and rule.oif in (None, oif)
        and rule.tos in (0, tos)
        and (rule.fwmark is None or (rule.fwmark ^ mark) & rule.fwmask == 0)
    )
    return fits != rule.invert


def _unfit(ns: Namespace, route: Route, oif: str | None, linkdown_ok: bool, least_scope: int) -> str | None:
    """Why a route cannot be used now, or None."""
    if least_scope and scope_number(route.scope) < least_scope:
        return f"its scope is {route.scope}: not on a link of ours"
    if route.type in ERROR_TYPES or route.type == "throw":
        return None
    reasons = [_unfit_leg(ns, leg, oif, linkdown_ok) for leg in route.legs]
    return reasons[0] if all(reasons) else None


def _unfit_leg(ns: Namespace, leg: NextHop, oif: str | None, linkdown_ok: bool) -> str | None:
    if "dead" in leg.flags:
        return f"its link {leg.dev} is down"
    if oif is not None and leg.dev != oif:
        return f"it leaves by {leg.dev}, but {oif} was asked for"
    interface = ns.find(leg.dev) if leg.dev else None
    if interface is not None and interface.up and not interface.carrier and not linkdown_ok:
        if ns.sysctls.either(leg.dev, "ignore_routes_with_linkdown"):
            return f"{leg.dev} has no carrier, and such routes are ignored here"
    return None


def _leg(ns: Namespace, route: Route, src, dst, oif, linkdown_ok) -> NextHop:
    """The next hop of a route; of a multipath route one by a hash of the addresses. The kernel's hash is seeded by chance; the
    lab's is the sum of both addresses (layer 3, as fib_multipath_hash_policy 0), so the same flow always takes the same leg."""
    usable = [leg for leg in route.legs if _unfit_leg(ns, leg, oif, linkdown_ok) is None]
    if len(usable) <= 1 or oif is not None:  # with a given interface the first will do (fib_select_path)
        return usable[0] if usable else route.legs[0]
    slots = [leg for leg in usable for _ in range(leg.weight)]
    return slots[(int(src or 0) + int(dst)) % len(slots)]


def _used_gateway(lab: Lab, ns: Namespace, route: Route, leg: NextHop) -> IPv4Address | None:
    """A gateway that was found by a route of scope host, as our own addresses are, is not used (kernel: rt_set_nexthop)."""
    if leg.gateway is None or "onlink" in leg.flags:
        return leg.gateway
    found = lookup_gateway(lab, ns, leg.gateway, leg.dev, route.table)
    return None if found is not None and found.scope == "host" else leg.gateway


def lookup_gateway(
    lab: Lab, ns: Namespace, gateway: IPv4Address, dev: str | None, table: int, least_scope: int = 253
) -> Route | None:
    """The route by which a gateway is on-link (or ourselves), in `table` first, then by the rules."""
    if table not in (0, MAIN) and table in ns.tables:
        found = ns.tables[table].lookup(gateway, 0, lambda r: _unfit(ns, r, dev, True, least_scope))
        if found.route is not None and found.route.type not in ERROR_TYPES and found.route.type != "throw":
            return found.route
    decision = find_route(lab, ns, gateway, oif=dev, linkdown_ok=True, least_scope=least_scope)
    return decision.route


def address_type(lab: Lab, ns: Namespace, address: IPv4Address) -> str:
    """"local", "broadcast", "multicast" or "unicast", by the local table (kernel: inet_addr_type). As long as there is no local
    table the kernel takes every address for a broadcast."""
    if address in (_NOTHING, _BROADCAST):
        return "broadcast"
    if address.is_multicast:
        return "multicast"
    if LOCAL not in ns.tables:
        return "broadcast"
    route = ns.local.lookup(address).route
    return "unicast" if route is None else route.type


def output(
    lab: Lab, ns: Namespace, dst: IPv4Address, *, src: IPv4Address | None = None, oif: str | None = None,
    tos: int = 0, mark: int = 0,
) -> Decision:
    """The decision for a packet of our own, with its source address (ip_route_output_key)."""
    group = "broadcast" if dst == _BROADCAST else "multicast" if dst.is_multicast else None
    if src is not None and not oif:
        if src.is_multicast or src in (_NOTHING, _BROADCAST):
            return Decision(dst, "none", errno=errno.EINVAL)
        if not ns.owns(src) and address_type(lab, ns, src) != "local":
            return Decision(dst, "none", errno=errno.ENETUNREACH)
        owner = next((i for i in ns.by_index() if i.owns(src)), None) if group else None
        if owner is not None:
            return Decision(dst, group, dev=owner.name, src=src)
    if oif is not None:
        device = ns.find(oif)
        if device is None:
            return Decision(dst, "none", errno=errno.ENODEV)
        if not device.up:
            return Decision(dst, "none", errno=errno.ENETUNREACH)
        if dst == _BROADCAST or dst in _LOCAL_MULTICAST:
            return Decision(dst, group, dev=oif, src=src or select_address(ns, device, None, 253))
        if src is None and dst == _NOTHING:
            src = select_address(ns, device, None, 254)
    if dst == _NOTHING:
        dst = src or LOOPBACK_ADDRESS
        return Decision(dst, "local", dev=ns.loopback.name, src=dst)
    decision = find_route(lab, ns, dst, src=src, oif=oif, tos=tos, mark=mark)
    if decision.errno and oif is not None:
        # "Apparently, routing tables are wrong. Assume that the destination is on link."
        on_link = src or select_address(ns, ns.find(oif), None, 253)
        return Decision(dst, group or "unicast", dev=oif, src=on_link, asked=decision.asked)
    if decision.errno:
        return decision
    chosen = src or _preferred(ns, decision)
    if decision.kind == "local":
        return Decision(dst, "local", decision.route, ns.loopback.name, None, chosen, 0, decision.asked)
    if chosen is not None and chosen.is_loopback and not ns.sysctls.either(decision.dev, "route_localnet"):
        if ns.find(decision.dev).kind != "loopback":
            return Decision(dst, "none", errno=errno.EINVAL, asked=decision.asked)
    # A default route leads to groups too, but not by its gateway (kernel: __mkroute_output).
    by_gateway = group is None or (group == "multicast" and decision.route.dst.prefixlen >= 4)
    if not by_gateway:
        decision = replace(decision, gateway=None, leg=None)
    return consult(ns, replace(decision, kind=group or decision.kind, src=chosen), lab.now)


def _preferred(ns: Namespace, decision: Decision) -> IPv4Address | None:
    """The route's `src`, or else the address that fits the next hop (kernel: fib_semantics.c fib_result_prefsrc)."""
    route = decision.route
    if route.src is not None:
        return route.src
    if route.type == "local":
        return decision.dst
    near = next((leg.gateway for leg in route.legs if leg.dev == decision.dev), None)
    return select_address(ns, ns.find(decision.dev), near, scope_number(route.scope))


def select_address(ns: Namespace, interface: Interface | None, near: IPv4Address | None, scope: int) -> IPv4Address:
    """An address to send from (kernel: inet_select_addr). Of the interface's primary addresses the one in whose subnet `near` is,
    else the first; if it has none, the first of any interface that may be seen so far away. 0.0.0.0 when there is none."""
    first = None
    for address in interface.addresses if interface is not None else ():
        if address.secondary or min(scope_number(address.scope), 254) > scope:
            continue
        if near is None or near in address.network:
            return address.ip
        first = first or address.ip
    if first is not None:
        return first
    for other in ns.by_index():
        for address in other.addresses:
            if not address.secondary and address.scope != "link" and scope_number(address.scope) <= scope:
                return address.ip
    return _NOTHING


def martian_source(ns: Namespace, interface: Interface, src: IPv4Address) -> str | None:
    """Why no packet at all may have this source, or None."""
    if src.is_multicast or int(src) == 0xFFFFFFFF:
        return f"a martian: {src} can be nobody's source address"
    if src.is_loopback and interface.kind != "loopback" and not ns.sysctls.either(interface.name, "route_localnet"):
        return f"a martian: {src} is a loopback address and came in at {interface.name}"
    return None


def source_fault(lab: Lab, ns: Namespace, interface: Interface, src: IPv4Address, decision: Decision) -> str | None:
    """Why a packet with this source is not taken from this interface, or None."""
    return verdict(lab, ns, interface, src, decision)[0]


def verdict(lab: Lab, ns: Namespace, interface: Interface, src: IPv4Address, decision: Decision) -> tuple[str | None, bool]:
    """(fault or None, whether the source is on this interface's own link): the way back held against the way in
    (kernel: __fib_validate_source)."""
    if interface.kind == "loopback":
        return None, False
    name, sysctls = interface.name, ns.sysctls
    mode = sysctls.larger(name, "rp_filter")
    own = f"a martian: the source {src} is an address of our own, yet it came in at {name}"
    same_way = decision.kind == "unicast" and decision.dev == name and sysctls.either(name, "send_redirects")
    if mode == 0 and not same_way:
        return (None if sysctls.either(name, "accept_local") or not ns.owns(src) else own), False
    back = find_route(lab, ns, src, src=decision.dst, iif=name)
    if back.errno or back.kind in ("none", "throw"):
        return (f"rp_filter={mode}: there is no route back to {src}" if mode else None), False
    if back.kind != "unicast" and not (back.kind == "local" and sysctls.either(name, "accept_local")):
        return own, False
    leg = next((leg for leg in back.route.legs if leg.dev == name), None)
    if leg is not None:
        return None, leg.gateway is None  # whatever the route's scope: it is the next hop's that counts
    if not interface.addresses:
        return (f"rp_filter={mode}: {name} has no address" if mode else None), False
    if mode == 1:
        return f"rp_filter=1: the way back to {src} is {back.dev}, but it came in at {name}", False
    return None, False


def redirects(ns: Namespace, interface: Interface, src: IPv4Address, decision: Decision, on_link: bool) -> bool:
    """Whether the sender of a packet that leaves where it came in is told of the nearer router (kernel: __mkroute_input)."""
    if decision.dev != interface.name or not on_link or not ns.sysctls.either(interface.name, "send_redirects"):
        return False
    return ns.sysctls.either(interface.name, "shared_media") or one_link(interface, src, decision.leg.gateway)


def one_link(interface: Interface, one: IPv4Address, other: IPv4Address | None) -> bool:
    """Whether both are in the subnet of one of the interface's primary addresses (kernel: inet_addr_onlink)."""
    subnets = [address.network for address in interface.addresses if not address.secondary]
    return any(one in subnet and (other is None or other in subnet) for subnet in subnets)
