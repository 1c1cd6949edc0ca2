"""Family f: links moved between namespaces, namespaces deleted, renames, peers, and every way to show them."""
from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.conform.script import Script, chance

NAMES = ("eth0", "eth1", "veth0", "veth1", "va", "vb", "br0", "blue", "veth2")
VIEWS = ("ip link", "ip -br link", "ip -br addr", "ip -d link show type veth", "ip addr", "ip -j addr", "ip -j link",
         "ip route", "ip netns", "ip netns list", "ip -s link", "ip l", "ip a",
         "ip link show type veth", "ip link show type bridge", "ip link show up", "ip addr show up", "ip -j -br link",
         "ip -j -br addr", "ifconfig", "ifconfig -a", "ip -o link",
         "ip -br -4 a", "ip -c=never link", "ip link show master br0", "ip addr show scope global", "ip link ls", "bridge link",
         "ip -4 addr", "ip route show table local", "ip -j netns", "ip -s -j link show lo",
         "ip -o -4 addr", "ip addr show to 10.0.0.0/8", "ip addr show primary", "ip addr show secondary",
         "ip -d addr show dev lo", "ip -s link show lo", "ip netns identify", "ip link show nomaster")


@dataclass
class Links:
    """Where each link probably is, so that most lines name one that exists."""

    random: Random
    spaces: list[str]
    places: list[tuple[str, str]] = field(default_factory=list)

    def pick(self) -> tuple[str, str]:
        """A link and its namespace; now and then one that is not there."""
        if self.places and chance(self.random, 0.85):
            return self.random.choice(self.places)
        return self.random.choice(NAMES), self.random.choice(self.spaces)

    def move(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        """A link has another name or place."""
        if old in self.places:
            self.places[self.places.index(old)] = new


def moves(random: Random) -> Script:
    """A few links of all kinds, then moves and deletions among three namespaces, looked at as they happen."""
    script = Script()
    script.netns(*random.sample(("a", "b", "c"), random.randint(1, 3)))
    links = Links(random, script.namespaces)
    for _ in range(random.randint(2, 4)):
        script(*make(random, links))
    for _ in range(random.randint(5, 10)):
        script(*act(random, links))
        if chance(random, 0.35):
            script(random.choice(VIEWS), random.choice(script.namespaces))
    script.look(random, VIEWS, 1)
    script.look(random, ("ip addr", "ip link", "ip -d link show type veth", "ip -br link"), 1)
    script("ip netns")
    return script


def make(random: Random, links: Links) -> tuple[str, str]:
    """A line that makes a link."""
    one, two = random.sample(NAMES, 2)
    on, there = random.choice(links.spaces), random.choice(links.spaces[1:])
    kind = random.random()
    if kind < 0.15:
        links.places.append(("br0", on))
        return "ip link add br0 type bridge", on
    if kind < 0.55:
        links.places += [(one, on), (two, there)]
        return random.choice((f"ip link add {one} type veth peer name {two} netns {there}",
                              f"ip link add {one} type veth peer name {two} netns {there}",
                              f"ip link add dev {one} type veth peer netns {there} name {two}",
                              f"ip link add {one} netns {on} type veth peer name {two} netns {there}")), on
    links.places += [(one, on), (two, on)]
    return random.choice((
        f"ip link add {one} type veth peer name {two}", f"ip link add {one} type veth peer name {two}",
        f"ip link add {one} type veth peer {two}", f"ip link add {one} type veth", "ip link add type veth",
        f"ip link add {one} mtu 1400 type veth peer name {two} mtu 1300",
        f"ip link add {one} mtu {random.choice((67, 1400, 65536))} type {random.choice(('veth', 'bridge', 'vxlan id 7 dstport 4789'))}",
        f"ip link add {one} type veth peer name {two} mtu {random.choice((0, 1400, 70000))}",
        f"ip link add dev {one} address 0a:00:00:00:00:0{random.randint(1, 5)} type veth peer name {two}",
        f"ip link add {one} up type veth peer name {two}",
        f"ip link add {one} type veth peer name {two} address 0a:00:00:00:00:0{random.randint(6, 9)}",
        f"ip link add name {one} type veth peer name {two}", f"ip link add {one} type nosuch")), on


def act(random: Random, links: Links) -> tuple[str, str]:
    """A line that moves, renames, sets, shows or deletes."""
    one, on = links.pick()
    two, there = random.choice(NAMES), random.choice(links.spaces[1:])
    kind = random.random()
    if kind < 0.15:
        links.move((one, on), (one, there))
        return random.choice((f"ip link set {one} netns {there}", f"ip link set dev {one} netns {there}",
                              f"ip link set {one} netns {there} up")), on
    if kind < 0.2:
        links.move((one, on), (one, "host"))
        return f"ip link set {one} netns 1", on
    if kind < 0.25:
        links.move((one, on), (two, on))
        return f"ip link set {one} name {two}", on
    if kind < 0.4:
        return f"ip link set {one} up", on
    return random.choice([*settings(random, one, two, there), *addressing(random, one), *shows(one, there),
                          *removals(one, there)]), on


def settings(random: Random, one: str, two: str, there: str) -> tuple[str, ...]:
    """`ip link set` and `ifconfig` in their forms."""
    return (f"ip link set {one} down", f"ip link set {one} mtu {random.choice((68, 67, 1280, 1400, 9000, 65535, 65536, 0))}",
            f"ip link set {one} address 0a:00:00:00:00:{random.randint(10, 99)}",
            f"ip link set {one} master br0", f"ip link set {one} master br0", f"ip link set {one} nomaster",
            f"ip link set {one} master {two}", f"ip link set {one} netns {there} name {two}", f"ip link set {one} alias uplink",
            f"ip link set {one} txqueuelen 500", f"ip link set {one} arp off", f"ip link set {one} multicast off",
            f"ip link set {one} promisc on", f"ip link set {one} up name {two}",
            f"ip link set {one} down name {two}", f"ip link set {one} mtu 1400 up",
            f"ip link set dev {one} up", f"ip link set up dev {one}",
            f"ip link set up {one}",
            "ip link set lo up", "ip link set lo down", f"ip link set lo netns {there}", "ip link del lo",
            "ip link set lo name lo1", f"ifconfig {one} up", f"ifconfig {one} down", f"ifconfig {one} mtu 1400")


def addressing(random: Random, one: str) -> tuple[str, ...]:
    """Addresses and a route on a link."""
    address = f"10.0.{random.randint(0, 2)}.{random.randint(1, 3)}/{random.choice((24, 24, 24, 25, 16, 30, 31, 32))}"
    return (*[f"ip addr add {address} dev {one}"] * 5, f"ip addr add {address} brd + dev {one}",
            f"ip addr del {address} dev {one}", f"ip addr flush dev {one}", f"ip addr add {address} dev {one} label {one}:x",
            f"ip addr replace {address} dev {one}", f"ip addr change {address} dev {one}",
            f"ip address add 10.8.0.1 peer 10.8.0.2/32 dev {one}",
            f"ifconfig {one} {address}", f"ifconfig {one} 10.3.0.1 netmask 255.255.255.0 up",
            f"ip route add 10.9.0.0/16 dev {one}")


def shows(one: str, there: str) -> tuple[str, ...]:
    """One link, shown in every way."""
    return (f"ip link show {one}", f"ip -d link show {one}", f"ip -s link show {one}", f"ip -j link show {one}",
            f"ip addr show {one}", f"ip addr show dev {one}", f"ip -br link show {one}", f"ifconfig {one}",
            f"ip netns exec {there} ip link", f"ip -n {there} link", f"ip -n {there} addr show {one}",
            f"ip netns exec {there} ip -br addr", f"ip -n {there} route", f"ip -j -d link show {one}",
            f"ip -br addr show dev {one}")


def removals(one: str, there: str) -> tuple[str, ...]:
    """Deletions, of links and of namespaces."""
    return (f"ip link del {one}", f"ip link del {one}", f"ip link del {one} type veth", f"ip link delete dev {one}",
            f"ip netns del {there}", f"ip netns del {there}", f"ip netns add {there}",
            "ip -all netns del")
