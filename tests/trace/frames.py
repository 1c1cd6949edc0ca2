"""Experiments on frames for everybody, for a group, and for somebody else: what is answered, forwarded, or told.

A neighbour entry with such a MAC address makes the frames. The answers are in recorded/frames.txt; see experiments.py.
"""

#: a - b - c; b forwards, and listens at ports 8080.
CHAIN = (
    "ip netns add a", "ip netns add b", "ip netns add c",
    "ip link add e netns a type veth peer name w netns b", "ip link add e netns b type veth peer name w netns c",
    *(f"ip -n {ns} link set {dev} up" for ns, dev in (
        ("a", "lo"), ("b", "lo"), ("c", "lo"), ("a", "e"), ("b", "w"), ("b", "e"), ("c", "w"))),
    "ip -n a addr add 10.1.0.1/24 dev e", "ip -n b addr add 10.1.0.2/24 dev w",
    "ip -n b addr add 10.2.0.1/24 dev e", "ip -n c addr add 10.2.0.2/24 dev w",
    "ip -n a route add default via 10.1.0.2", "ip -n c route add default via 10.2.0.1",
    "ip netns exec b sysctl -qw net.ipv4.ip_forward=1",
)  # fmt: skip
LISTENERS = ("ip netns exec b nc -l -k -p 8080",)
EVERYBODY, GROUP, OTHER = "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02:00:00:00:00:99"


def at(ns: str, *lines: str) -> tuple[str, ...]:
    """Questions in one namespace."""
    return tuple(f"?ip netns exec {ns} {line}" for line in lines)


def asks_by(mac: str) -> tuple[str, ...]:
    """Everything that may be sent to, through, or past b in frames to this address."""
    return (*CHAIN, *LISTENERS, f"ip -n a neigh replace 10.1.0.2 lladdr {mac} dev e", *at(
        "a", "ping -c 1 -W 1 10.1.0.2", "ping -c 1 -W 1 10.2.0.1", "ping -c 1 -W 1 10.2.0.2", "ping -c 1 -W 1 -t 1 10.2.0.2",
        "ping -c 1 -W 1 99.9.9.9", "ping -c 1 -W 1 -s 3000 10.1.0.2", "nc -zv -w 1 10.1.0.2 8080", "nc -zv -w 1 10.1.0.2 81",
        "nc -zv -w 1 10.2.0.1 81", "nc -zv -w 1 10.2.0.2 81", "nc -zvu -w 1 10.1.0.2 53", "nc -zvu -w 1 10.2.0.2 53",
        "traceroute -n -q 1 -w 1 -m 2 10.2.0.2"))


def answers_by(mac: str) -> tuple[str, ...]:
    """The same asked as usual, and answered in frames to this address."""
    return (*CHAIN, *LISTENERS, f"ip -n b neigh replace 10.1.0.1 lladdr {mac} dev w", *at(
        "a", "ping -c 1 -W 1 10.1.0.2", "ping -c 1 -W 1 10.2.0.2", "ping -c 1 -W 1 -t 1 10.2.0.2", "ping -c 1 -W 1 99.9.9.9",
        "nc -zv -w 1 10.1.0.2 8080", "nc -zv -w 1 10.1.0.2 81", "nc -zv -w 1 10.2.0.2 81", "nc -zvu -w 1 10.1.0.2 53"))


EXPERIMENTS: dict[str, tuple[str, ...]] = {
    "asked in frames for everybody": asks_by(EVERYBODY),
    "asked in frames for a group": asks_by(GROUP),
    "asked in frames for somebody else": asks_by(OTHER),
    "answered in frames for everybody": answers_by(EVERYBODY),
    "answered in frames for a group": answers_by(GROUP),
    "a host that wants no unicast in frames for many": (
        *CHAIN, "ip netns exec b sysctl -qw net.ipv4.conf.w.drop_unicast_in_l2_multicast=1", *at("a", "ping -c 1 -W 1 10.1.0.2"),
        f"ip -n a neigh replace 10.1.0.2 lladdr {EVERYBODY} dev e", *at("a", "ping -c 1 -W 1 10.1.0.2", "ping -c 1 -W 1 10.2.0.1"),
        f"ip -n a neigh replace 10.1.0.2 lladdr {GROUP} dev e", *at("a", "ping -c 1 -W 1 10.1.0.2", "nc -zvu -w 1 10.1.0.2 53")),
    "IP broadcasts and groups": (
        *CHAIN, *LISTENERS, "ip netns exec b sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0", *at(
            "a", "ping -c 1 -W 1 -b 10.1.0.255", "nc -zv -w 1 10.1.0.255 8080", "nc -zvu -w 1 10.1.0.255 53")),
    "an IP broadcast in a frame for one host": (
        *CHAIN, "ip netns exec b sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0", *LISTENERS, "ip -n b addr add 10.3.0.1/24 dev e",
        *at("a", "ping -c 1 -W 1 10.2.0.255", "ping -c 1 -W 1 10.3.0.255", "nc -zv -w 1 10.3.0.255 8080", "nc -zvu -w 1 10.3.0.255 53")),
    "a /31 with its peer as broadcast address": (
        "ip netns add r", "ip link add eth2 type veth peer name eth0 netns r", "ip link set lo up", "ip link set eth2 up",
        "ip -n r link set lo up", "ip -n r link set eth0 up", "ip -n r addr add 192.168.98.3/31 dev eth0",
        "ip addr add 192.168.98.2/31 brd 192.168.98.3 dev eth2", "?ip netns exec r nc -nvz -w 1 192.168.98.2 80",
        "?ip netns exec r ping -c 1 -W 1 192.168.98.2", "?ping -c 1 -W 1 -b 192.168.98.3",
        "?ip netns exec r nc -nvzu -w 1 192.168.98.2 53"),
    "a route to lo": (
        "ip link set lo up", "ip link add e type veth peer name w", "ip link set e up", "ip link set w up", "ip addr add 10.1.0.1/24 dev e",
        "ip route add 10.9.0.0/24 dev lo", "?ip route get 10.9.0.5", "?ping -c 1 -W 1 10.9.0.5", "?ping -c 1 -W 1 -I 10.1.0.1 10.9.0.5",
        "?nc -zv -w 1 10.9.0.5 80", "?nc -zvu -w 1 10.9.0.5 53"),
}  # fmt: skip
