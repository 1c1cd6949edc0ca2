"""Route tables and rules as netlink requests.

With an address come routes of the kernel's own. They are worked out beforehand, with the lab's own account of what an
address brings; the rest is written, and what the lab has lost (someone deleted it) is deleted, last, because a
gateway may have needed it to be accepted.
"""

from ..lab.addresses import scope_number, write_routes
from ..lab.namespace import Namespace
from ..tables.names import PROTOS, TYPES
from ..tables.route import NextHop, Route
from ..tables.rule import Rule, first_rules
from . import messages as m

RTNH_F_ONLINK = 4
_RULE_ACTIONS = {"lookup": 1, "blackhole": 6, "unreachable": 7, "prohibit": 8}
FIB_RULE_INVERT = 2


def routes(plan) -> None:
    for number, ns in plan.each():
        written, deleted = _changes(plan.lab, ns)
        for route in written:
            flags = m.CREATE | m.APPEND
            plan.add(number, _route(ns, route, m.NEWROUTE, flags), f"ip route append {_line(route)}")
        for route in deleted:
            plan.add(number, _route(ns, route, m.DELROUTE, 0), f"ip route del {_line(route)}")


def rules(plan) -> None:
    for number, ns in plan.each():
        gone, new = [r for r in first_rules() if r not in ns.rules], [r for r in ns.rules if r not in first_rules()]
        for rule in new:
            plan.add(number, _rule(rule, m.NEWRULE, m.CREATE | m.EXCL), f"ip rule add priority {rule.priority}")
        for rule in gone:
            plan.add(number, _rule(rule, m.DELRULE, 0), f"ip rule del priority {rule.priority}")


def _changes(lab, ns: Namespace) -> tuple[list[Route], list[Route]]:
    """Routes to write, in an order the kernel accepts, and routes to delete after that."""
    there = _by_place(route for table in _by_itself(lab, ns).values() for route in table)
    wanted = _by_place(route for table in ns.tables.values() for route in table)
    written, deleted = [], []
    for place in wanted.keys() | there.keys():
        have, want = there.get(place, []), wanted.get(place, [])
        if have == want[:len(have)]:
            written += want[len(have):]
        else:
            extra = [route for route in have if route not in want]
            deleted += extra
            written += [route for route in want if route not in have]
    written.sort(key=lambda route: (-scope_number(route.scope), _gateways(route), route.order))
    return written, deleted


def _by_itself(lab, ns: Namespace) -> dict:
    """The tables that the addresses of this namespace bring about."""
    blank = Namespace(ns.name, ns.machine)
    for interface in ns.by_index():
        for address in interface.addresses:
            write_routes(lab, blank, interface, address)
    return blank.tables


def _by_place(some) -> dict[tuple, list[Route]]:
    """Routes that differ in nothing the kernel keys by: table, prefix, TOS, metric."""
    places: dict[tuple, list[Route]] = {}
    for route in some:
        places.setdefault((route.table, route.order), []).append(route)
    return places


def _gateways(route: Route) -> bool:
    return any(leg.gateway is not None for leg in route.legs)


def _line(route: Route) -> str:
    return " ".join(str(route).split())


def _route(ns: Namespace, route: Route, kind: int, flags: int) -> bytes:
    attributes = [
        ("RTA_DST", str(route.dst.network_address) if route.dst.prefixlen else None), ("RTA_TABLE", route.table),
        ("RTA_PRIORITY", route.metric or None), ("RTA_PREFSRC", str(route.src) if route.src is not None else None),
        ("RTA_METRICS", _metrics(route)),
    ]
    fields = {"flags": 0}
    if route.nexthops:
        attributes.append(("RTA_MULTIPATH", [_leg(ns, leg) for leg in route.nexthops]))
    else:
        attributes.append(("RTA_GATEWAY", str(route.gateway) if route.gateway is not None else None))
        attributes.append(("RTA_OIF", _index(ns, route.dev)))
        fields["flags"] = RTNH_F_ONLINK if route.onlink else 0
    return m.message(
        kind, flags, attributes, family=m.AF_INET, dst_len=route.dst.prefixlen, tos=route.tos,
        table=route.table if route.table < 256 else 0, proto=_proto(route.proto), scope=scope_number(route.scope),
        type=TYPES.index(route.type) + 1, **fields,
    )


def _leg(ns: Namespace, leg: NextHop) -> dict:
    return {
        "oif": _index(ns, leg.dev), "hops": leg.weight - 1, "flags": RTNH_F_ONLINK if "onlink" in leg.flags else 0,
        **m.nested([("RTA_GATEWAY", str(leg.gateway) if leg.gateway is not None else None)]),
    }


def _metrics(route: Route) -> dict | None:
    """("mtu", "lock 1400") and the like; a locked one sets its bit in RTAX_LOCK."""
    if not route.metrics:
        return None
    lock, values = 0, []
    for name, text in route.metrics:
        words = text.split()
        values.append((f"RTAX_{name.upper()}", int(words[-1])))
        lock |= (1 << _RTAX[name]) if "lock" in words else 0
    return m.nested([("RTAX_LOCK", lock or None), *values])


_RTAX = {name: number for number, name in enumerate(
    ("lock", "mtu", "window", "rtt", "rttvar", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd", "features",
     "rto_min", "initrwnd", "quickack"), start=1)}  # fmt: skip


def _rule(rule: Rule, kind: int, flags: int) -> bytes:
    return m.message(
        kind, flags,
        [("FRA_SRC", str(rule.src.network_address) if rule.src.prefixlen else None),
         ("FRA_DST", str(rule.dst.network_address) if rule.dst.prefixlen else None), ("FRA_IIFNAME", rule.iif),
         ("FRA_OIFNAME", rule.oif), ("FRA_PRIORITY", rule.priority), ("FRA_FWMARK", rule.fwmark), ("FRA_TABLE", rule.table),
         ("FRA_PROTOCOL", _proto(rule.proto))],
        family=m.AF_INET, src_len=rule.src.prefixlen, dst_len=rule.dst.prefixlen, tos=rule.tos,
        table=rule.table if rule.table < 256 else 0, action=_RULE_ACTIONS[rule.action],
        flags=FIB_RULE_INVERT if rule.invert else 0,
    )


def _index(ns: Namespace, dev: str | None) -> int | None:
    interface = ns.find(dev) if dev else None
    return interface.index if interface is not None else None


def _proto(name: str) -> int:
    return PROTOS[name] if name in PROTOS else int(name)
