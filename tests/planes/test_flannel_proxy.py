"""The UDP backend's program on its own: its array, its TTLs, its silence."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from labkit.lab.packet import Icmp, IPv4, Packet, Udp
from labkit.lab.program import Dropped, ToPeer, ToTun
from labkit.planes.flannel.udp import Proxy

NODES = {net: IPv4Address(f"192.168.138.{n}") for n, net in enumerate(("10.20.0.0/16", "10.20.92.0/24", "10.20.53.0/24"), 1)}


def proxy(*subnets: str) -> Proxy:
    found = Proxy("flannel0", IPv4Address("10.20.37.0"))
    for subnet in subnets:
        found.set(IPv4Network(subnet), NODES[subnet], 8285)
    return found


def packet(dst: str = "10.20.92.11", ttl: int = 63, transport=None, **ip) -> Packet:
    header = IPv4(IPv4Address("10.20.37.5"), IPv4Address(dst), ttl, **ip)
    return Packet(ip=header, transport=transport or Icmp(8, 0, 1, 1), size=56, token="t")


def datagram(inner: Packet) -> Packet:
    """What arrives at the program's socket."""
    return Packet(ip=IPv4(IPv4Address("192.168.138.222"), IPv4Address("192.168.138.221")), transport=Udp(8285, 8285), inner=inner)


def order(program: Proxy) -> list[str]:
    return [str(entry.subnet) for entry in program.entries]


def test_the_first_entry_that_contains_the_address_wins_and_not_the_longest():
    program = proxy("10.20.0.0/16", "10.20.92.0/24")
    assert program.find(IPv4Address("10.20.92.11")).subnet == IPv4Network("10.20.0.0/16")


def test_a_hit_changes_places_with_the_one_in_front():
    program = proxy("10.20.53.0/24", "10.20.92.0/24", "10.20.0.0/16")
    program.find(IPv4Address("10.20.200.1"))
    assert order(program) == ["10.20.0.0/16", "10.20.92.0/24", "10.20.53.0/24"]


def test_deleting_moves_the_last_entry_into_the_hole():
    program = proxy("10.20.53.0/24", "10.20.92.0/24", "10.20.0.0/16")
    program.remove(IPv4Network("10.20.53.0/24"))
    assert order(program) == ["10.20.0.0/16", "10.20.92.0/24"]
    program.remove(IPv4Network("10.20.92.0/24"))
    program.remove(IPv4Network("10.20.92.0/24"))
    assert order(program) == ["10.20.0.0/16"]


def test_the_same_subnet_is_replaced_where_it_stands():
    program = proxy("10.20.53.0/24", "10.20.92.0/24")
    program.set(IPv4Network("10.20.53.0/24"), IPv4Address("192.168.138.9"), 8285)
    assert order(program) == ["10.20.53.0/24", "10.20.92.0/24"]
    assert program.entries[0].peer == IPv4Address("192.168.138.9")


def test_both_ends_lower_the_ttl():
    (action,) = proxy("10.20.92.0/24").from_tun(packet(ttl=63))
    assert isinstance(action, ToPeer) and action.packet.ttl == 62
    assert (action.peer, action.port) == (NODES["10.20.92.0/24"], 8285)
    (action,) = proxy().from_socket(datagram(action.packet))
    assert isinstance(action, ToTun) and action.packet.ttl == 61


def test_a_ttl_that_reaches_0_is_dropped_in_silence():
    (action,) = proxy("10.20.92.0/24").from_tun(packet(ttl=1))
    assert isinstance(action, Dropped)
    (action,) = proxy().from_socket(datagram(packet(ttl=1)))
    assert isinstance(action, Dropped)


def test_a_udp_sender_is_told_that_no_lease_has_its_destination():
    dropped, told = proxy().from_tun(packet("10.20.200.1", transport=Udp(40000, 53)))
    assert isinstance(dropped, Dropped) and isinstance(told, ToTun)
    error = told.packet
    assert (str(error.src), str(error.dst), error.ttl) == ("10.20.37.0", "10.20.37.5", 8)
    assert (error.transport.type, error.transport.code) == (3, 0)
    assert error.length == 20 + 8 + 28, "it quotes the IP header and eight bytes"


@pytest.mark.parametrize("offender", [
    packet("10.20.200.1"), packet("10.20.200.1", transport=Icmp(3, 1)), packet("10.20.200.1", transport=Udp(1, 2), offset=1448),
], ids=["a ping", "an ICMP error", "a later fragment"])
def test_nobody_is_told_about(offender):
    (action,) = proxy().from_tun(offender)
    assert isinstance(action, Dropped)


def test_the_lookup_comes_before_the_ttl():
    dropped, _ = proxy().from_tun(packet("10.20.200.1", ttl=1, transport=Udp(1, 2)))
    assert "no lease" in dropped.why
