"""Route tables and rules as netlink requests.

With an address come routes of the kernel's own. They are worked out beforehand, with the lab's own account of what an
address brings; the rest is written, and what the lab has lost (someone deleted it) is deleted, last, because a
gateway may have needed it to be accepted.
"""

from ipaddress import IPv4Network

from ..lab.addresses import write_routes
from ..lab.lookup import lookup_gateway
from ..lab.namespace import Namespace
from ..tables.names import PROTOS, TYPES, scope_number
from ..tables.policy import Rule, first_rules
from ..tables.route import ERROR_TYPES, NextHop, Route
from . import messages as m

RTNH_F_ONLINK = 4
#: A metric that nobody else has.
_LAST = 0xFFFFFFF0
_RULE_ACTIONS = {"lookup": 1, "blackhole": 6, "unreachable": 7, "prohibit": 8}
FIB_RULE_INVERT = 2


def routes(plan) -> None:
    for number, ns in plan.each():
        cleared, written, deleted = _changes(plan.lab, ns)
        props = _props(plan.lab, ns, written)
        for kind, some in ((m.NEWROUTE, props), (m.DELROUTE, cleared), (m.NEWROUTE, written), (m.DELROUTE, props + deleted)):
            flags, verb = (m.CREATE | m.APPEND, "append") if kind == m.NEWROUTE else (0, "del")
            for route in some:
                plan.add(number, _route(ns, route, kind, flags), f"ip route {verb} {_line(route)}")


def rules(plan) -> None:
    for number, ns in plan.each():
        gone, new = [r for r in first_rules() if r not in ns.rules], [r for r in ns.rules if r not in first_rules()]
        for rule in new:
            plan.add(number, _rule(rule, m.NEWRULE, m.CREATE | m.EXCL), f"ip rule add priority {rule.priority}")
        for rule in gone:
            plan.add(number, _rule(rule, m.DELRULE, 0), f"ip rule del priority {rule.priority}")


def _changes(lab, ns: Namespace) -> tuple[list[Route], list[Route], list[Route]]:
    """Routes to delete first, to write in an order the kernel accepts, and to delete after that.

    Among routes to the same place the order counts: the first wins. Where the kernel's own would come out too early, it
    is deleted and written in its turn.
    """
    there = _by_place(route for table in _by_itself(lab, ns).values() for route in table)
    wanted = _by_place(route for table in ns.tables.values() for route in table)
    cleared, groups, deleted = [], [], []
    for place in wanted.keys() | there.keys():
        have, want = there.get(place, []), wanted.get(place, [])
        if have == want[: len(have)]:
            groups.append(want[len(have) :])
        elif want:
            cleared += have
            groups.append(want)
        else:
            deleted += have
    groups = sorted((group for group in groups if group), key=_turn)
    return cleared, [route for group in groups for route in group], deleted


def _turn(group: list[Route]) -> tuple:
    """Errors last, because they would hide gateways; before them gateways; first what is on a link."""
    return (
        all(route.type in ERROR_TYPES for route in group),
        any(leg.gateway is not None for route in group for leg in route.legs),
        -max(scope_number(route.scope) for route in group),
        group[0].table,
        group[0].order,
    )


def _props(lab, ns: Namespace, written: list[Route]) -> list[Route]:
    """Routes that are only there while others are written: to gateways that are on no link any more.

    When the address is deleted by which a gateway was on-link, the kernel keeps the gateway's routes; but it would not
    take them now.
    """
    lost = dict.fromkeys(
        (leg.gateway, leg.dev)
        for route in written
        for leg in route.legs
        if leg.gateway is not None and "onlink" not in (*route.flags, *leg.flags) and not _on_link(lab, ns, leg, route.table)
    )
    return [Route(IPv4Network(int(gateway)), None, dev, _LAST, scope="link") for gateway, dev in lost]


def _on_link(lab, ns: Namespace, leg: NextHop, table: int) -> bool:
    found = lookup_gateway(lab, ns, leg.gateway, leg.dev, table)
    return found is not None and found.type in ("unicast", "local") and any(other.dev == leg.dev for other in found.legs)


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


def _line(route: Route) -> str:
    return " ".join(str(route).split())


def _route(ns: Namespace, route: Route, kind: int, flags: int) -> bytes:
    attributes = [
        ("RTA_DST", str(route.dst.network_address) if route.dst.prefixlen else None),
        ("RTA_TABLE", route.table),
        ("RTA_PRIORITY", route.metric or None),
        ("RTA_PREFSRC", str(route.src) if route.src is not None else None),
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
        kind,
        flags,
        attributes,
        family=m.AF_INET,
        dst_len=route.dst.prefixlen,
        tos=route.tos,
        table=route.table if route.table < 256 else 0,
        proto=_proto(route.proto),
        scope=scope_number(route.scope),
        type=TYPES.index(route.type) + 1,
        **fields,
    )


def _leg(ns: Namespace, leg: NextHop) -> dict:
    return {
        "oif": _index(ns, leg.dev),
        "hops": leg.weight - 1,
        "flags": RTNH_F_ONLINK if "onlink" in leg.flags else 0,
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


#: linux/rtnetlink.h RTAX_*, of the metrics that a route of the lab may have.
_RTAX = {"mtu": 2, "advmss": 8}


def _rule(rule: Rule, kind: int, flags: int) -> bytes:
    return m.message(
        kind,
        flags,
        [
            ("FRA_SRC", str(rule.src.network_address) if rule.src.prefixlen else None),
            ("FRA_DST", str(rule.dst.network_address) if rule.dst.prefixlen else None),
            ("FRA_IIFNAME", rule.iif),
            ("FRA_OIFNAME", rule.oif),
            ("FRA_PRIORITY", rule.priority),
            ("FRA_FWMARK", rule.fwmark),
            ("FRA_TABLE", rule.table),
            ("FRA_PROTOCOL", _proto(rule.proto)),
        ],
        family=m.AF_INET,
        src_len=rule.src.prefixlen,
        dst_len=rule.dst.prefixlen,
        tos=rule.tos,
        table=rule.table if rule.table < 256 else 0,
        action=_RULE_ACTIONS[rule.action],
        flags=FIB_RULE_INVERT if rule.invert else 0,
    )


def _index(ns: Namespace, dev: str | None) -> int | None:
    interface = ns.find(dev) if dev else None
    return interface.index if interface is not None else None


def _proto(name: str) -> int:
    return PROTOS[name] if name in PROTOS else int(name)
