"""The description of a picture: what is in it, where it stands, which way the packet went."""

from itertools import combinations

import pytest

import labkit
from labkit.view.scene import scene

TALL = ("machine", "namespace")


def part(picture, *key):
    return next(p for p in picture.parts if p.key == key)


def overlap(a, b) -> bool:
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def inside(a, b) -> bool:
    return b.x <= a.x and b.y <= a.y and a.x + a.w <= b.x + b.w and a.y + a.h <= b.y + b.h


@pytest.mark.parametrize(("nodes", "pods"), [(1, 1), (1, 4), (2, 2), (3, 4)])
def test_no_two_boxes_cover_each_other(cluster, nodes, pods):
    picture = scene(cluster(nodes, pods))
    chips = [p for p in picture.parts if p.kind not in (*TALL, "socket")]
    assert [(a.key, b.key) for a, b in combinations(chips, 2) if overlap(a, b)] == []
    namespaces = [p for p in picture.parts if p.kind == "namespace"]
    assert [(a.key, b.key) for a, b in combinations(namespaces, 2) if overlap(a, b)] == []


def test_a_namespace_stands_inside_its_machine(cluster):
    lab = cluster(2, 3)
    picture = scene(lab)
    for box in [p for p in picture.parts if p.kind == "namespace"]:
        assert inside(box, part(picture, "", lab[box.key[0]].machine)), f"{box.key} sticks out"


def test_an_interface_stands_on_the_edge_of_its_namespace(pair):
    picture = scene(pair)
    box, chip = part(picture, "ns1"), part(picture, "ns1", "tap1")
    assert chip.x < box.x + box.w < chip.x + chip.w


def test_everything_stands_inside_the_picture(cluster):
    picture = scene(cluster(3, 4))
    assert all(0 <= p.x and p.x + p.w <= picture.width and 0 <= p.y and p.y + p.h <= picture.height for p in picture.parts)
    assert all(0 <= x <= picture.width and 0 <= y <= picture.height for wire in picture.wires for x, y in wire.points)


def test_three_nodes_with_four_pods_fit_the_width_of_a_notebook(cluster):
    assert scene(cluster(3, 4)).width <= 820


def test_a_trace_moves_nothing(cluster):
    lab = cluster(2, 2)
    places = {p.key: (p.x, p.y, p.w, p.h) for p in scene(lab).parts}
    trace = lab.trace("pod-1-2", "10.20.2.3")
    assert {p.key: (p.x, p.y, p.w, p.h) for p in scene(lab, trace, 7).parts} == places


def test_the_request_visits_its_interfaces_in_order(pair):
    picture = scene(pair, pair.trace("ns1", "192.168.50.2"))
    assert part(picture, "ns1", "tap1").on_path and part(picture, "ns2", "tap2").on_path
    numbers = [m for m in picture.marks if m.kind == "number"]
    assert [m.text for m in numbers] == ["1", "2"]
    assert numbers[0].at[0] < numbers[1].at[0], "1 is on tap1, left of tap2"


def test_there_and_back_are_two_trails(pair):
    legs = [trail.leg for trail in scene(pair, pair.trace("ns1", "192.168.50.2")).trails]
    assert legs == ["request", "answer"]


def test_an_icmp_error_is_a_trail_of_its_own(chain):
    picture = scene(chain, chain.trace("a", "10.0.2.2", ttl=1))
    assert [trail.leg for trail in picture.trails] == ["request", "error"]
    assert "lost" in [m.kind for m in picture.marks]
    assert picture.ok is False


def test_a_trail_runs_along_the_wires(pair):
    picture = scene(pair, pair.trace("ns1", "192.168.50.2"))
    (wire,) = [w for w in picture.wires if w.kind == "veth"]
    assert set(wire.points) <= set(picture.trails[0].points)


def test_the_current_step_is_pointed_at(chain):
    trace = chain.trace("a", "10.0.2.2")
    step = next(i for i, s in enumerate(trace.steps) if s.kind == "forward")
    picture = scene(chain, trace, step)
    assert [p.key for p in picture.parts if p.now] == [("r", "", "routing")]
    (label,) = [m for m in picture.marks if m.kind == "now"]
    assert label.text == "ttl 63, 84 bytes"


def test_what_differs_from_the_trace_before_is_marked(chain):
    before = chain.trace("a", "10.0.2.2")
    chain["r"].sysctls["net.ipv4.ip_forward"] = "0"
    picture = scene(chain, chain.trace("a", "10.0.2.2"), before=before)
    assert {p.key for p in picture.parts if p.changed} == {("r", "right"), ("b", "eth0")}
    assert picture.trails[0].leg == "before"
    assert "As before up to r left, then another way." in picture.description


def test_an_interface_that_is_down_says_so(pair):
    from labkit.lab import links

    links.set_up(pair, pair["ns2"], pair["ns2"].find("tap2"), False)
    picture = scene(pair)
    assert part(picture, "ns2", "tap2").lines[-1] == "down"
    assert part(picture, "ns1", "tap1").lines[-1] == "no carrier"
    assert [w.up for w in picture.wires] == [False]


def test_a_large_lab_is_summarised_but_never_the_way_of_the_packet(cluster):
    lab = cluster(6, 7)
    picture = scene(lab, lab.trace("pod-6-8", "10.20.5.7"))
    drawn = {p.key[0] for p in picture.parts if p.kind == "namespace"}
    assert {"pod-6-8", "pod-5-7", "node5", "node6"} <= drawn
    assert len(drawn) < len(lab.namespaces)
    more = [p.lines[0] for p in picture.parts if p.kind == "more"]
    assert "+ 3 more namespaces: pod-1-6, pod-1-7, pod-1-8" in more
    assert len(more) == 6


def test_a_lab_without_anything_can_be_drawn():
    from labkit import Lab

    assert part(scene(Lab()), "host").lines == ("host", "only lo, down")


def test_a_pair_whose_ends_share_a_namespace_is_joined_beside_it():
    from labkit.front import Lab
    from labkit.lab import links

    lab = Lab()
    links.create(lab, lab["host"], "tap1", "veth", peer_name="tap2")
    (wire,) = [w for w in scene(lab).wires if w.kind == "veth"]
    assert len(wire.points) == 4


def test_the_description_names_every_interface_of_the_way(pair):
    words = scene(pair, pair.trace("ns1", "192.168.50.2")).description
    assert "The packet comes by ns1 tap1, ns2 tap2, ns1 tap1." in words
    assert "Answered at ns2" in words


def test_what_view_offers_is_the_same_however_often_it_is_asked_for():
    import labkit.view

    offered = {name: getattr(labkit.view, name) for name in labkit.view._LATER}
    assert all(callable(thing) for thing in offered.values())
    assert {name: getattr(labkit.view, name) for name in labkit.view._LATER} == offered


@pytest.fixture(scope="module")
def seed():
    return labkit.scenarios.seed_cluster()


def crossings(picture):
    """The pairs of parts that a trail joins although no wire does and they are in different namespaces."""
    wires = {frozenset(points) for wire in picture.wires for points in zip(wire.points, wire.points[1:], strict=False)}
    places = {part.key: part for part in picture.parts if len(part.key) > 1 and part.key[0]}

    def home(x, y):
        return {key[0] for key, part in places.items() if part.x - 1 <= x <= part.x + part.w + 1 and part.y - 1 <= y <= part.y + part.h + 1}

    found = []
    for trail in picture.trails:
        for a, b in zip(trail.points, trail.points[1:], strict=False):
            if home(*a) and home(*b) and not home(*a) & home(*b) and frozenset((a, b)) not in wires:
                found.append((trail.leg, a, b))
    return found


@pytest.mark.parametrize("size", [56, 1473, 4000])
def test_fragments_are_trails_of_their_own_and_none_jumps(seed, size):
    trace = seed.copy().trace("wp-mysql-t5w0m", "10.20.92.11", size=size)
    picture = scene(seed, trace)
    pieces = 1 if size == 56 else 2 if size == 1473 else 3
    legs = [trail.leg for trail in picture.trails]
    assert crossings(picture) == []
    assert (legs.count("request"), legs.count("answer")) == (pieces, pieces)
    assert (f"in {pieces} fragments" in picture.caption) == (pieces > 1)


def lost(picture):
    """The part at whose upper left corner the sign stands."""
    (mark,) = [mark for mark in picture.marks if mark.kind == "lost"]
    return next(part.key for part in picture.parts if (part.x + 2, part.y) == mark.at)


@pytest.mark.parametrize(("ttl", "where"), [
    (1, ("k8s-node1", "", "routing")), (2, ("k8s-node1", "flannel0", "program")), (3, ("k8s-node2", "flannel0", "program")),
    (4, ("k8s-node2", "", "routing")),
])  # fmt: skip
def test_a_packet_is_lost_where_its_ttl_ends_in_the_kernel_or_in_flanneld(seed, ttl, where):
    picture = scene(seed, seed.copy().trace("wp-mysql-t5w0m", "10.20.92.11", ttl=ttl))
    assert lost(picture) == where
    assert next(part for part in picture.parts if part.key == where).on_path
    if ttl == 3:
        assert not next(part for part in picture.parts if part.key == ("k8s-node2", "flannel0")).on_path, "it never got there"


def test_what_is_not_forwarded_is_lost_in_routing(seed):
    lab = seed.copy()
    assert lab.sh("sysctl -w net.ipv4.ip_forward=0", on="k8s-node2").returncode == 0
    assert lost(scene(lab, lab.trace("wp-mysql-t5w0m", "10.20.92.11"))) == ("k8s-node2", "", "routing")


def test_the_picture_says_where_the_ttl_is_lowered(seed):
    picture = scene(seed, seed.copy().trace("wp-mysql-t5w0m", "10.20.92.11"))
    assert [mark.text for mark in picture.marks if mark.kind == "ttl"] == ["ttl 64 → 63", "ttl 63 → 62", "ttl 62 → 61", "ttl 61 → 60"]


def passed(picture):
    return {part.key for part in picture.parts if part.on_path}


def test_a_bridged_ping_passes_the_switch_and_a_routed_one_the_interface_and_routing_too():
    lab = labkit.scenarios.same_node()
    switch, own, routing = ("node", "docker0", "switch"), ("node", "docker0"), ("node", "", "routing")
    bridged = passed(scene(lab, lab.copy().trace(*lab.probes[0])))
    assert switch in bridged and not {own, routing} & bridged
    for line in ("ip addr flush dev eth0", "ip addr add 10.20.92.3/29 dev eth0", "ip route add default via 10.20.92.1"):
        assert lab.sh(line, on="pod1").returncode == 0
    assert {switch, own, routing} <= passed(scene(lab, lab.trace(*lab.probes[0])))
