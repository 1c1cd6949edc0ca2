"""What can go wrong on the way of a probe: each fault is put into a lab where a healthy prediction says the way leads.

A fault is a function (lab, healthy trace) -> list of variants; a variant is (what, lines, how): lines to type as
(namespace, line), and what to change about the probe.
"""

Variant = tuple[str, list[tuple[str, str]], dict]


def places(trace) -> list[tuple[str, str]]:
    """(namespace, interface) on the probe's way, in order, once each."""
    return list(dict.fromkeys(s[:2] for s in trace.sightings if not s.packet.arp and s.interface != "lo"))


def used_routes(trace) -> list[tuple[str, object]]:
    """(namespace, route) of the main tables that decided something."""
    found = [
        (s.namespace, s.decision.route)
        for s in trace.steps
        if s.kind == "route" and s.decision is not None and s.decision.route is not None and s.decision.route.table == 254
    ]
    return list(dict.fromkeys(found))


def link_down(lab, trace) -> list[Variant]:
    return [(f"{dev} of {on} down", [(on, f"ip link set {dev} down")], {}) for on, dev in places(trace)]


def route_missing(lab, trace) -> list[Variant]:
    return [
        (f"{on} lost {route.dst}", [(on, f"ip route del {route.dst} dev {route.dev}")], {}) for on, route in used_routes(trace)
    ]


def wrong_mask(lab, trace) -> list[Variant]:
    found = []
    for on, dev in places(trace):
        for address in lab[on].find(dev).addresses:
            for mask in (30, 16):
                lines = [(on, f"ip addr add {address.ip}/{mask} dev {dev}"), (on, f"ip addr del {address.interface} dev {dev}")]
                found.append((f"{address.ip}/{mask} on {dev} of {on}", lines, {}))
    return found


def forwarding_off(lab, trace) -> list[Variant]:
    routers = dict.fromkeys(s.namespace for s in trace.steps if s.kind == "forward")
    return [(f"{on} does not forward", [(on, "sysctl -w net.ipv4.ip_forward=0")], {}) for on in routers]


def wrong_gateway(lab, trace) -> list[Variant]:
    """Another address of the gateway's subnet, where nobody is."""
    return [
        (
            f"{on} goes by {route.gateway + 77}",
            [(on, f"ip route replace {route.dst} via {route.gateway + 77} dev {route.dev}")],
            {},
        )
        for on, route in used_routes(trace)
        if route.gateway is not None and not route.onlink
    ]


def small_mtu(lab, trace) -> list[Variant]:
    found = []
    for on, dev in places(trace):
        for how in ({"size": 1300, "df": True}, {"size": 1300, "df": False}, {"size": 1300, "proto": "udp"}):
            found.append((f"MTU 1200 on {dev} of {on}, {how}", [(on, f"ip link set {dev} mtu 1200")], how))
    return found


def low_ttl(lab, trace) -> list[Variant]:
    return [(f"TTL {ttl}", [], {"ttl": ttl}) for ttl in range(1, 7)]


def neighbor_missing(lab, trace) -> list[Variant]:
    """Written entries deleted; and a neighbour that is not there at all."""
    found = [
        (f"{on} forgot {n.address}", [(on, f"ip neigh del {n.address} dev {n.dev}")], {})
        for on, ns in lab.namespaces.items()
        for n in ns.neighbors.values()
        if n.state == "PERMANENT"
    ]
    last_on, last_dev = trace.verdict.where, places(trace)[-1][1]
    interface = lab[last_on].find(last_dev) or next(i for i in lab[last_on].by_index() if i.addresses and i.kind != "loopback")
    gone = [(last_on, f"ip addr del {a.interface} dev {interface.name}") for a in interface.addresses]
    return [*found, (f"nobody has the address in {last_on}", gone, {})]


def fdb_missing(lab, trace) -> list[Variant]:
    """A tunnel's entry deleted; a bridge port that does not learn."""
    found = []
    for on, ns in lab.namespaces.items():
        for device in ns.by_index():
            if device.vxlan is not None:
                found += [
                    (f"{on} does not know where {e.mac} is", [(on, f"bridge fdb del {e.mac} dev {device.name} dst {e.dst}")], {})
                    for e in device.vxlan.fdb
                    if e.dst is not None
                ]
    for on, dev in places(trace):
        if lab[on].find(dev).master:
            found.append((f"{dev} of {on} learns nothing", [(on, f"bridge link set dev {dev} learning off")], {}))
    return found


def rp_filter(lab, trace) -> list[Variant]:
    """Strict and loose checks, of a source nobody has a route to."""
    foreign = [(trace.source, "ip addr add 10.99.0.1/32 dev lo"), (trace.source, "ip link set lo up")]
    found = []
    for on in dict.fromkeys(on for on, _ in places(trace)):
        for mode in (1, 2):
            check = [(on, f"sysctl -w net.ipv4.conf.all.rp_filter={mode}")]
            found += [
                (f"rp_filter={mode} in {on}", check, {}),
                (f"rp_filter={mode} in {on}, from 10.99.0.1", foreign + check, {"src": "10.99.0.1"}),
            ]
    return found


def wrong_mac(lab, trace) -> list[Variant]:
    """A written neighbour entry that is wrong, wherever somebody is asked for a MAC address."""
    asked = dict.fromkeys(
        (s.namespace, s.interface, s.packet.arp.target_ip)
        for s in trace.sightings
        if s.packet.arp and s.packet.arp.op == "request" and s.direction == "out" and _asks(lab, s)
    )
    found = [
        (f"{on} has {target} wrong", [(on, f"ip neigh replace {target} lladdr 02:ee:00:00:00:01 dev {dev}")], {})
        for on, dev, target in asked
    ]
    found += [
        (f"{on} has {n.address} wrong", [(on, f"ip neigh replace {n.address} lladdr 02:ee:00:00:00:02 dev {n.dev}")], {})
        for on, ns in lab.namespaces.items()
        for n in ns.neighbors.values()
        if n.state == "PERMANENT"
    ]
    return found


def _asks(lab, sighting) -> bool:
    """Whether the question is this interface's own, not one that a bridge passes on."""
    return (
        lab[sighting.namespace].find(sighting.interface).mac == sighting.packet.arp.sender_mac
        and lab[sighting.namespace].find(sighting.interface).addresses
    )


def hairpin(lab, trace) -> list[Variant]:
    """A bridge port that sends back where a frame came from; and one isolated from the others."""
    ports = [(on, dev) for on, dev in places(trace) if lab[on].find(dev).master]
    return [
        (f"{what} on {dev} of {on}", [(on, f"bridge link set dev {dev} {what} on")], {})
        for on, dev in ports
        for what in ("hairpin", "isolated")
    ]


def lease_gone(lab, trace) -> list[Variant]:
    """Each node's lease deleted from the registry: see `delete_leases`."""
    return [(f"the lease of {name} is gone", [(name, "lease")], {}) for name in lab.services.get("flanneld", {})]


FAULTS = {
    "link down": link_down, "route missing": route_missing, "wrong mask": wrong_mask, "forwarding off": forwarding_off,
    "wrong gateway": wrong_gateway, "small MTU": small_mtu, "TTL": low_ttl, "neighbour missing": neighbor_missing,
    "FDB entry missing": fdb_missing, "lease gone": lease_gone,
    "rp_filter": rp_filter, "wrong MAC": wrong_mac, "hairpin": hairpin,
}  # fmt: skip


def apply(lab, lines: list[tuple[str, str]]) -> None:
    for on, line in lines:
        if line == "lease":
            daemon = lab.services["flanneld"][on]
            daemon.registry.release(daemon.lease)
        else:
            lab.sh(line, on=on)
