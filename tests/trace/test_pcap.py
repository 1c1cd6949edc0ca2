"""A trace written as a capture, read back with scapy: the same headers, and checksums and lengths that hold."""

import pytest

import labkit
from labkit import LabError, scenarios

scapy = pytest.importorskip("scapy.all")

LABS = {
    "veth pair": (scenarios.veth_pair, {}),
    "udp": (scenarios.flannel, {"backend": "udp"}),
    "vxlan": (scenarios.flannel, {"backend": "vxlan"}),
}
PROBES = (
    {},
    {"size": 0},
    {"size": 7},
    {"size": 3000},
    {"proto": "udp"},
    {"proto": "tcp"},
    {"ttl": 1},
    {"size": 1472, "df": True},
    {"size": 2500, "proto": "udp"},
)


@pytest.mark.parametrize("how", PROBES, ids=str)
@pytest.mark.parametrize("name", LABS)
def test_every_frame_is_valid_and_says_what_the_sighting_says(tmp_path, name, how):
    function, arguments = LABS[name]
    lab = function(**arguments)
    trace = lab.trace(*lab.probes[0], **how)
    trace.to_pcap(tmp_path / "t.pcapng")
    frames = scapy.rdpcap(str(tmp_path / "t.pcapng"))
    assert len(frames) == len(trace.sightings)
    for frame, sighting in zip(frames, trace.sightings, strict=True):
        packet = sighting.packet
        if packet.eth:
            assert (frame.src, frame.dst) == (packet.eth.src, packet.eth.dst)
        if packet.arp:
            assert (frame.psrc, frame.pdst, frame.op) == (
                str(packet.arp.sender_ip),
                str(packet.arp.target_ip),
                1 if packet.arp.op == "request" else 2,
            )
            continue
        ip = frame[scapy.IP]
        assert (ip.src, ip.dst, ip.ttl, ip.len) == (str(packet.src), str(packet.dst), packet.ttl, len(ip))
        assert ip.frag * 8 == packet.ip.offset and bool(ip.flags.MF) == packet.ip.more and bool(ip.flags.DF) == packet.ip.df
        assert checksums(scapy.IP(bytes(ip))) == checksums(rebuilt(ip))


def rebuilt(ip):
    """The same packet with every checksum and length worked out by scapy, as far as they cover what is in the frame."""
    copy = layer = scapy.IP(bytes(ip))
    while layer:
        if not (isinstance(layer, scapy.UDP) and layer.chksum == 0):  # vxlan's outer UDP goes without
            for field in ("chksum", "len"):
                if field in layer.fields:
                    delattr(layer, field)
        cut = isinstance(layer, scapy.IP) and (layer.flags.MF or layer.frag)
        layer = None if cut or " in ICMP" in layer.payload.name else layer.payload
    return scapy.IP(bytes(copy))


def checksums(packet) -> list:
    found, layer = [], packet
    while layer:
        found += [(layer.name, field, layer.fields[field]) for field in ("chksum", "len") if field in layer.fields]
        layer = layer.payload
    return found


def test_fragments_add_up_to_the_datagram(tmp_path):
    lab = scenarios.veth_pair()
    trace = lab.trace("ns1", "192.168.50.2", size=4000)
    trace.to_pcap(tmp_path / "t.pcapng")
    frames = [
        frame
        for frame in scapy.rdpcap(str(tmp_path / "t.pcapng"))
        if scapy.IP in frame and frame.sniffed_on == "ns1/tap1" and frame[scapy.IP].src == "192.168.50.1"
    ]
    assert len(frames) == 3
    (whole,) = [packet for packet in scapy.defragment(frames) if scapy.ICMP in packet]
    assert scapy.IP(bytes(whole[scapy.IP])).len == 4028


def test_interfaces_are_named_and_directions_kept(tmp_path):
    lab = scenarios.veth_pair()
    trace = lab.trace("ns1", "192.168.50.2")
    trace.to_pcap(tmp_path / "t.pcapng")
    frames = scapy.rdpcap(str(tmp_path / "t.pcapng"))
    assert [frame.sniffed_on for frame in frames] == [f"{s.namespace}/{s.interface}" for s in trace.sightings]
    assert [frame.direction for frame in frames] == [1 if s.direction == "in" else 2 for s in trace.sightings]


def test_a_path_that_cannot_be_written_is_a_sentence(tmp_path):
    trace = scenarios.veth_pair().trace("ns1", "192.168.50.2")
    with pytest.raises(LabError, match="cannot write"):
        trace.to_pcap(tmp_path / "no" / "t.pcapng")


def test_a_trace_without_packets_is_a_file_without_packets(tmp_path):
    trace = labkit.Lab().trace("host", "10.0.0.1")
    trace.to_pcap(tmp_path / "t.pcapng")
    assert len(scapy.rdpcap(str(tmp_path / "t.pcapng"))) == 0
