"""Family f: links moved between namespaces, namespaces deleted, renames, peers, and every way to show them."""
from __future__ import annotations

from random import Random

from tests.conform.script import Script, chance

NAMES = ("eth0", "eth1", "veth0", "veth1", "va", "vb", "br0", "blue", "veth2")
VIEWS = ("ip link", "ip -br link", "ip -br addr", "ip -d link show type veth", "ip addr", "ip -j addr", "ip -j link", "ip route", "ip netns", "ip netns list", "ip -s link", "ip l", "ip a",
         "ip link show type veth", "ip link show type bridge", "ip link show up", "ip addr show up", "ip -j -br link", "ip -j -br addr", "ifconfig", "ifconfig -a", "ip -o link", "ip netns list-id",
         "ip -br -4 a", "ip -c=never link", "ip link show master br0", "ip addr show scope global", "ip link ls", "bridge link", "ip -4 addr", "ip route show table local", "ip -j netns", "ip -s -j link show lo",
         "ip -o -4 addr", "ip addr show to 10.0.0.0/8", "ip addr show primary", "ip addr show secondary", "ip -d addr show dev lo", "ip -s link show lo", "ip netns identify", "ip link show nomaster")


def moves(random: Random) -> Script:
    """A few links of all kinds, then moves and deletions among three namespaces, looked at as they happen."""
    script = Script()
    script.netns(*random.sample(("a", "b", "c"), random.randint(1, 3)))
    for _ in range(random.randint(2, 4)):
        script(*make(random, script.namespaces))
    for _ in range(random.randint(5, 10)):
        script(*act(random, script.namespaces))
        if chance(random, 0.35):
            script(random.choice(VIEWS), random.choice(script.namespaces))
    script.look(random, VIEWS, 2)
    script.look(random, ("ip addr", "ip link", "ip -d link show type veth", "ip -br link"), 1)
    script("ip netns")
    return script


def make(random: Random, spaces: list[str]) -> tuple[str, str]:
    """A line that makes a link."""
    one, two, on, there = *random.sample(NAMES, 2), random.choice(spaces), random.choice(spaces[1:] or spaces)
    return random.choice((
        f"ip link add {one} type veth peer name {two}", f"ip link add {one} type veth peer name {two} netns {there}", f"ip link add {one} type veth peer {two}",
        f"ip link add {one} netns {there} type veth peer name {two}", f"ip link add {one} type veth", "ip link add type veth", f"ip link add br0 type bridge",
        f"ip link add {one} mtu 1400 type veth peer name {two} mtu 1300", f"ip link add dev {one} address 0a:00:00:00:00:0{random.randint(1, 5)} type veth peer name {two}",
        f"ip link add {one} up type veth peer name {two}", f"ip link add {one} type veth peer name {two} address 0a:00:00:00:00:0{random.randint(6, 9)}",
        f"ip link add {one} type veth peer name {two} netns {there}", f"ip link add {one} type veth peer name {two} netns {there}",
        f"ip link add {one} type veth peer name {one} netns {there}", f"ip link add {one} index {random.randint(10, 20)} type veth peer name {two}", f"ip link add {one} type dummy")), on


def act(random: Random, spaces: list[str]) -> tuple[str, str]:
    """A line that moves, renames, sets or deletes."""
    one, two, on, there = *random.sample(NAMES, 2), random.choice(spaces), random.choice(spaces[1:] or spaces)
    address = f"10.0.{random.randint(0, 2)}.{random.randint(1, 3)}/{random.choice((24, 24, 24, 25, 16, 30, 31, 32))}"
    choices = [
        f"ip link set {one} netns {there}", f"ip link set {one} netns {there}", f"ip link set {one} netns {there} name {two}", f"ip link set dev {one} netns {there} up", f"ip link set {one} name {two}",
        f"ip link set {one} up", f"ip link set {one} up", f"ip link set {one} up", f"ip link set {one} down", f"ip link set {one} mtu {random.choice((68, 67, 1280, 1400, 9000, 65535, 65536, 0))}",
        f"ip link set {one} address 0a:00:00:00:00:{random.randint(10, 99)}", f"ip link set {one} master br0", f"ip link set {one} nomaster", f"ip link set {one} master {two}",
        f"ip link del {one}", f"ip link del {one} type veth", f"ip addr add {address} dev {one}", f"ip addr add {address} dev {one}", f"ip addr add {address} dev {one}", f"ip addr add {address} brd + dev {one}",
        f"ip addr del {address} dev {one}", f"ip addr flush dev {one}", f"ip netns del {there}", f"ip netns add {there}", f"ip netns exec {there} ip link", f"ip -n {there} link", f"ip -n {there} addr show {one}",
        f"ip netns exec {there} ip -br addr", f"ip -n {there} link set {one} up", f"ip -n {there} link set {one} netns 1", f"ip link set {one} alias uplink", f"ip link set {one} txqueuelen 500", f"ip link set {one} arp off",
        f"ip link set {one} multicast off", f"ip link set {one} promisc on", f"ip link set {one} group 5", f"ip link show {one}", f"ip -d link show {one}", f"ip -s link show {one}", f"ip -j link show {one}", f"ip addr show {one}",
        f"ip addr show dev {one}", f"ip -br link show {one}", f"ifconfig {one}", f"ifconfig {one} {address}", f"ifconfig {one} 10.3.0.1 netmask 255.255.255.0 up", f"ifconfig {one} up", f"ifconfig {one} down",
        f"ifconfig {one} mtu 1400", f"ip route add 10.9.0.0/16 dev {one}", "ip link set lo up", "ip link set lo down", f"ip -n {there} route", "ip link set lo netns " + there, "ip link del lo", "ip link set lo name lo1",
        f"ip link set {one} up name {two}", f"ip link set {one} down name {two}", f"ip link set {one} mtu 1400 up", f"ip link set {one} carrier off", f"ip link set {one} brd ff:ff:ff:ff:ff:fe",
        f"ip addr add {address} dev {one} label {one}:x", f"ip addr replace {address} dev {one}", f"ip addr change {address} dev {one}", f"ip addr add {address} dev {one} valid_lft 100 preferred_lft 50",
        f"ip address add 10.8.0.1 peer 10.8.0.2/32 dev {one}", f"ip link set dev {one} up", f"ip link set up dev {one}", f"ip link set up {one}", f"ip netns set {there} {random.randint(0, 9)}", "ip -all netns del"]
    return random.choice(choices), on
