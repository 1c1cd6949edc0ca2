"""Two traces held against each other: what is the same, what differs, and what of the prediction is to be doubted."""

import errno
from dataclasses import replace
from ipaddress import IPv4Address

from labkit import scenarios


def traced(*lines: tuple[str, str], **how):
    lab = scenarios.same_node()
    for on, line in lines:
        assert lab.sh(line, on=on).returncode == 0, line
    return lab.trace("pod1", "10.20.92.11", **how)


def test_a_trace_is_the_same_as_itself():
    trace = traced()
    found = trace.diff(trace)
    assert found.same and len(found.rows) == len(trace.sightings) and {row.kind for row in found.rows} == {"same"}
    assert str(found).startswith(f"same: {len(trace.sightings)} sightings agree")


def test_a_packet_that_is_not_seen_is_missing_and_one_too_many_is_extra():
    whole = traced()
    cut = replace(whole, steps=whole.steps[:-8], replies=())
    missing, extra = whole.diff(cut), cut.diff(whole)
    lost = len(whole.sightings) - len(cut.sightings)
    assert (missing.count("missing"), missing.count("extra")) == (lost, 0) == (extra.count("extra"), extra.count("missing"))
    assert ("answered", True, False) in missing.outcome and not missing.same and not extra.same


def test_a_header_that_differs_is_named_with_both_values():
    found = traced(ttl=64).diff(traced(ttl=9))
    changed = [row for row in found.rows if row.kind == "header"]
    assert changed and all(row.fields == (("TTL", 64, 9),) for row in changed)
    assert "TTL: 64 predicted, 9 observed" in str(found)


def test_above_a_difference_stand_the_decisions_to_doubt():
    found = traced().diff(traced(("node", "ip link set veth2 down")))
    row = next(row for row in found.rows if row.kind == "missing" and row.place[0] == "node")
    assert row.doubts and all(doubt.startswith("node") for doubt in row.doubts)
    text = str(found).splitlines()
    at = next(i for i, line in enumerate(text) if line.startswith("- node"))
    assert "doubt: node" in text[at - 1]


def test_who_knew_a_mac_address_before_is_a_note_not_a_difference():
    lab = scenarios.same_node()
    cold, warm = lab.trace("pod1", "10.20.92.11"), lab.trace("pod1", "10.20.92.11")
    assert cold.diff(warm).same and warm.diff(cold).same
    assert "only the prediction has pod1 ask for the MAC address of 10.20.92.11" in str(cold.diff(warm))
    assert "only in reality pod1 asks" in str(warm.diff(cold))


def test_an_answer_with_another_mac_address_is_a_difference_though():
    trace = traced()
    steps = tuple(
        replace(step, packet=replace(step.packet, arp=replace(step.packet.arp, sender_mac="02:ff:ff:ff:ff:ff")))
        if step.packet is not None and step.packet.arp and step.packet.arp.op == "reply"
        else step
        for step in trace.steps
    )
    found = trace.diff(replace(trace, steps=steps))
    assert {row.fields[0][0] for row in found.rows if row.kind == "header"} == {"sender MAC"}


def test_the_inner_packet_counts_and_the_source_port_of_vxlan_does_not():
    lab = scenarios.flannel(backend="vxlan")
    trace = lab.trace(*lab.probes[0])

    def changed(inner: bool):
        def other(packet):
            if packet is None or packet.inner is None:
                return packet
            if inner:
                return replace(packet, inner=packet.inner.with_ip(dst=IPv4Address("10.0.0.1")))
            return replace(packet, transport=replace(packet.transport, sport=40000))

        return replace(trace, steps=tuple(replace(step, packet=other(step.packet)) for step in trace.steps))

    assert trace.diff(changed(inner=False)).same
    rows = [row for row in trace.diff(changed(inner=True)).rows if row.kind == "header"]
    assert rows and rows[0].fields[0][0] == "inner destination"


def test_the_order_of_two_exchanges_at_one_place_is_no_difference():
    trace = traced()
    assert trace.diff(replace(trace, steps=trace.steps[::-1])).same


def test_whether_a_sender_hears_of_a_frame_too_long_depends_on_what_was_known_and_is_not_compared():
    lab = scenarios.veth_pair()
    lab.sh("ip link set tap1 mtu 1300", on="ns1")
    cold = lab.trace("ns2", "192.168.50.1", size=1400)
    warm = lab.trace("ns2", "192.168.50.1", size=1400)
    assert not cold.replies and warm.replies[0].errno == errno.ENOBUFS
    assert cold.diff(warm).same
