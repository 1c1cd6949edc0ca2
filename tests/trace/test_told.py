"""A printed trace shows the step that holds the cause, also where it is not on the packet's own path."""

from labkit.front import Lab

from . import learning

ONE_MAC = """
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip netns add c1
ip netns add c2
ip link add v1 type veth peer name eth0 netns c1
ip link add v2 type veth peer name eth0 netns c2
ip link set v1 master docker0 up
ip link set v2 master docker0 up
ip -n c1 link set eth0 address 02:42:ac:11:00:02
ip -n c2 link set eth0 address 02:42:ac:11:00:02
ip -n c1 addr add 172.17.0.2/16 dev eth0
ip -n c2 addr add 172.17.0.6/16 dev eth0
ip -n c1 link set lo up
ip -n c1 link set eth0 up
ip -n c2 link set eth0 up
"""


def typed(*lines: str) -> Lab:
    lab = Lab()
    for line in filter(None, lines):
        assert not lab.sh(line).returncode or " ping " in line, line
    return lab


def test_two_hosts_with_one_mac_address_and_the_answer_that_the_bridge_throws_away():
    text = str(typed(*ONE_MAC.splitlines()).trace("c1", "172.17.0.6"))
    assert "nobody has" not in text and text.count("is-at 02:42:ac:11:00:02") == 2
    assert "moved from v1 to v2" in text and "hairpin is off" in text


def test_a_question_that_was_lost_on_the_way_is_shown_with_the_reason():
    lab = typed("ip link add u type veth peer name w", "ip link set u up", "ip link set w up", "ip addr add 10.0.0.1/24 dev u",
                "ip link add x type vxlan id 7 dstport 8472 local 10.0.0.1 dev u", "ip link set x up", "ip addr add 10.1.0.1/24 dev x")
    text = str(lab.trace("host", "10.1.0.2"))
    lost = next(step for step in lab.trace("host", "10.1.0.2").steps if step.kind == "drop" and step.packet.arp)
    assert lost.aside and lost.text in text and "nobody has" not in text


def test_where_nobody_has_the_address_nothing_is_said_to_be_lost():
    lab = typed("ip link add u type veth peer name w", "ip link set u up", "ip link set w up", "ip addr add 10.0.0.1/24 dev u")
    text = str(lab.trace("host", "10.0.0.2"))
    assert "nobody has 10.0.0.2" in text and "who-has" not in text


def test_a_route_that_goes_by_a_redirect_says_whose():
    lab = typed(*learning.LAN, learning.REDIRECT)
    route = next(step for step in lab.trace("b", "10.50.0.2").steps if step.kind == "route")
    assert route.text.endswith("; goes by the redirect learned from 192.168.2.1: next hop 192.168.2.2")
    assert str(route.decision.learned.gateway) == "192.168.2.2"
    lab.sh("ip -n b route flush cache")
    assert "redirect" not in next(step for step in lab.trace("b", "10.50.0.2").steps if step.kind == "route").text


def test_a_route_that_goes_by_a_path_mtu_says_whose():
    lab = typed(*learning.PATH, learning.TOO_BIG)
    assert "learned from 10.1.0.2: at most 1400 bytes" in str(lab.trace("b", "10.2.0.2"))
    refused = lab.trace("b", "10.2.0.2", size=1472, df=True)
    assert refused.verdict.kind == "message too long" and "at most 1400 bytes" in str(refused)


def test_a_redirect_is_believed_for_five_minutes_and_a_path_mtu_for_ten():
    redirected, measured = typed(*learning.LAN, learning.REDIRECT), typed(*learning.PATH, learning.TOO_BIG)
    for lab, dst, seconds in ((redirected, "10.50.0.2", 300), (measured, "10.2.0.2", 600)):
        lab.sh(f"sleep {seconds - 3}")
        assert "expires" in lab.sh(f"ip -n b route get {dst}").stdout
        lab.sh("sleep 4")
        assert lab.sh(f"ip -n b route get {dst}").stdout.endswith("cache \n")
