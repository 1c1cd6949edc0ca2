"""A table that files its lines answers as one that goes through all of them, whatever was written, and so does its copy."""

import copy
from ipaddress import IPv4Address, IPv4Network

from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.tables.fdb import Fdb, FdbEntry
from labkit.tables.route import LOCAL, MAIN, Route
from labkit.tables.table import RouteTable, _judge, _place

PREFIXES = [*map(IPv4Network, "0.0.0.0/0 0.0.0.0/8 10.0.0.0/8 10.0.0.0/24 10.0.0.0/32 10.0.0.128/25 255.255.255.255/32".split())]
ADDRESSES = [*map(IPv4Address, "0.0.0.0 10.0.0.0 10.0.0.1 10.0.0.200 10.9.9.9 192.0.2.1 255.255.255.255".split())]
routes = st.builds(
    Route, dst=st.sampled_from(PREFIXES), metric=st.sampled_from([0, 5, 9]), tos=st.sampled_from([0, 8, 16]),
    dev=st.sampled_from(["a", "b"]), table=st.sampled_from([MAIN, MAIN, LOCAL, 100, 254 + 256]),
)
verbs = st.sampled_from("append append prepend replace remove discard copy".split())
writes = st.lists(st.tuples(verbs, routes, st.integers(0, 9)), max_size=25)


def scanned(routes: list[Route], address: IPv4Address) -> list[Route]:
    found = [route for route in routes if address in route.dst]
    return sorted(found, key=lambda r: (r.table != LOCAL, -r.dst.prefixlen, -r.tos, r.metric))


def write(table: RouteTable, held: list[Route], what: str, route: Route, number: int) -> None:
    """The same write to a table and to a list of its routes."""
    place = [_place(r) for r in held]
    match what:
        case "append" | "prepend":
            getattr(table, what)(route)
            fits = (lambda p: p <= _place(route)) if what == "append" else (lambda p: p < _place(route))
            held.insert(sum(map(fits, place)), route)
        case "replace" if held:
            old = held[number % len(held)]
            new = Route(dst=old.dst, metric=old.metric, tos=old.tos, table=old.table, dev="c")
            table.replace(old, new)
            held[next(i for i, r in enumerate(held) if r is old)] = new
        case "remove" if held:
            table.remove(held.pop(number % len(held)))
        case "discard":
            gone = table.discard(lambda r: r.dev == route.dev and r.dst == route.dst)
            assert gone == [r for r in held if r.dev == route.dev and r.dst == route.dst]
            held[:] = [r for r in held if r not in gone]


def agrees(table: RouteTable, held: list[Route]) -> None:
    assert [*map(id, table)] == [*map(id, held)]
    for address in ADDRESSES:
        assert table.lookup(address, 8) == _judge(address, scanned(held, address), 8, None)
    for route in held:
        assert table.twins(route) == [r for r in held if _place(r) == _place(route)]


@settings(max_examples=300)
@given(writes)
def test_a_table_whose_routes_are_filed_answers_as_one_that_is_searched(steps):
    table, held, others = RouteTable(), [], []
    for what, route, number in steps:
        if what == "copy":
            others.append((table, [*held]))
            table = copy.deepcopy(table)
            if number % 2:  # go on writing to the original
                others[-1], table = (table, [*held]), others[-1][0]
        write(table, held, what, route, number)
        agrees(table, held)
    for other, lines in others:
        agrees(other, lines)
    assert RouteTable(held) == table


MACS = ["00:00:00:00:00:00", "02:00:00:00:00:01", "02:00:00:00:00:02"]
entries = st.builds(FdbEntry, mac=st.sampled_from(MACS), dev=st.sampled_from(["a", "b"]), seen=st.integers(0, 3))
fdb_verbs = st.sampled_from("add add replace remove discard copy".split())
fdb_writes = st.lists(st.tuples(fdb_verbs, entries, st.integers(0, 9)), max_size=25)


@settings(max_examples=200)
@given(fdb_writes)
def test_a_forwarding_database_filed_by_mac_address_answers_as_one_that_is_searched(steps):
    fdb, held, others = Fdb(), [], []
    for what, entry, number in steps:
        match what:
            case "add":
                fdb.add(entry)
                held.append(entry)
            case "replace" if held:
                old = held[number % len(held)]
                new = FdbEntry(old.mac, "c", seen=7)
                fdb.replace(old, new)
                held[held.index(old)] = new
            case "remove" if held:
                gone = held[number % len(held)]
                fdb.remove(gone)
                held.remove(gone)
            case "discard":
                fdb.discard(lambda e, entry=entry: e.dev == entry.dev)
                held = [e for e in held if e.dev != entry.dev]
            case "copy":
                others.append((fdb, [*held]))
                fdb = copy.deepcopy(fdb)
        for one, lines in [(fdb, held), *others]:
            assert [*one] == lines and len(one) == len(lines)
            for mac in MACS:
                assert one.all(mac) == [e for e in lines if e.mac == mac]
                assert one.find(mac, "b") == next((e for e in lines if e.mac == mac and e.dev == "b"), None)
