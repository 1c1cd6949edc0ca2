"""Family a: overlapping route tables and lookups in one namespace that owns a few interfaces."""
from __future__ import annotations

from random import Random

from tests.conform.script import Script, chance

PREFIXES = ("default", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.20.0.0/16", "10.20.92.0/24", "10.20.92.0/22",
            "10.20.92.11", "10.20.92.11/32", "10.20.92.0/25", "10.20.37.0/24", "172.16.0.0/12", "192.168.0.0/16",
            "192.168.128.0/20",
            "10.20/16", "10/8", "10.20.92.8/29", "203.0.113.0/24", "10.20.92.10/31")
TARGETS = ("10.20.92.11", "10.20.92.12", "10.20.92.130", "10.20.93.1", "10.20.37.5", "10.20.1.1", "10.9.9.9", "192.168.139.7",
           "8.8.8.8",
           "172.20.1.1", "10.1.0.1", "10.1.0.2", "10.1.0.255", "10.1.0.0", "10.2.0.77", "127.0.0.1", "255.255.255.255",
           "224.0.0.5",
           "203.0.113.9", "0.0.0.0", "10.3.0.1", "192.168.128.1")
GATEWAYS = ("10.1.0.2", "10.1.0.3", "10.1.0.254", "10.2.0.2", "10.2.0.9", "10.1.0.2", "10.2.0.2", "10.3.0.6", "10.9.9.9",
            "10.1.0.255", "10.1.0.1")
DEVICES = ("eth0", "eth1", "eth2")
SHOWS = ("ip route", "ip route show", "ip -j route", "route -n", "netstat -rn", "ip route list", "ip r",
         "ip route show table main",
         "ip route show table all", "ip route show table local", "ip -d route", "ip -4 route", "ip -j -d route show table all",
         "ip -o route",
         "ip route show table default", "ip route list table 255", "netstat -rne", "ip -br route")


def routes(random: Random) -> Script:
    """Interfaces with addresses, then routes piled up, looked up, shown and taken away."""
    script = Script()
    interfaces(random, script)
    for _ in range(random.randint(4, 9)):
        script(change(random))
    for _ in range(random.randint(2, 4)):
        script(lookup(random))
    for _ in range(random.randint(2, 3)):
        script(show(random))
    for _ in range(random.randint(1, 4)):
        script(later(random))
        if chance(random, 0.4):
            script(lookup(random))
    for view in random.sample(SHOWS, 3):
        script(view)
    return script


def interfaces(random: Random, script: Script) -> None:
    """eth0, eth1, sometimes eth2, with addresses from 10.1/10.2/10.3; the far ends stay in the same namespace."""
    devices = DEVICES[:random.randint(2, 3)]
    for number, device in enumerate(devices):
        script(f"ip link add {device} type veth peer name far{number}")
    for number, device in enumerate(devices):
        mask = random.choice((24, 24, 24, 24, 24, 24, 24, 24, 16, 25, 28, 30, 31, 32))
        script(f"ip addr add 10.{number + 1}.0.{random.choice((1, 5))}/{mask} dev {device}")
        if chance(random, 0.93):
            script(f"ip link set {device} up")
        if chance(random, 0.9):
            script(f"ip link set far{number} up")
    if chance(random, 0.5):
        script("ip link set lo up")
    if chance(random, 0.2):
        script(f"ip addr add 10.1.0.{random.randint(2, 250)}/24 dev eth0")


def change(random: Random) -> str:
    """One line that changes the table, most of them right."""
    prefix = random.choice(PREFIXES)
    if chance(random, 0.15):
        kind = random.choice(("unreachable", "prohibit", "blackhole", "throw"))
        return f"ip route add {kind} {prefix}{options(random, plain=True)}"
    if chance(random, 0.08):
        hops = [f" nexthop via {random.choice(GATEWAYS[:5])} dev {random.choice(DEVICES[:2])} weight {random.randint(1, 3)}"
                for _ in range(2)]
        return f"ip route add {prefix}{''.join(hops)}"
    if chance(random, 0.1):
        return net_tools(random, prefix)
    verb = random.choice(("add", "add", "add", "add", "replace", "append", "prepend", "change", "a"))
    return f"ip route {verb} {prefix}{target(random)}{options(random)}"


def target(random: Random) -> str:
    """Where a route goes: gateway, device or both."""
    gateway, device = random.choice(GATEWAYS), random.choice(DEVICES[:2] * 3 + DEVICES)
    if chance(random, 0.6):                        # one that fits
        return random.choice((" via 10.1.0.2", " via 10.2.0.2 dev eth1", " dev eth0", " dev eth1", " via 10.1.0.3",
                              " via 10.2.0.9"))
    return random.choice((f" via {gateway}", f" via {gateway}", f" dev {device}", f" dev {device}",
                          f" via {gateway} dev {device}",
                          f" via {gateway} dev {device} onlink", f" dev {device} via {gateway}"))


def options(random: Random, plain: bool = False) -> str:
    """Metric, src, proto, scope, tos, mtu: mostly none."""
    words = ""
    if chance(random, 0.3):
        words += f" metric {random.choice((0, 1, 10, 50, 100, 100, 200, 1024))}"
    if chance(random, 0.06):
        words += f" tos {random.choice(('0x10', '0x08', '4', '0x1c'))}"
    if plain:
        return words
    if chance(random, 0.15):
        words += f" src {random.choice(('10.1.0.1', '10.1.0.5', '10.2.0.1', '10.2.0.5', '10.7.7.7', '127.0.0.1'))}"
    if chance(random, 0.08):
        words += f" proto {random.choice(('kernel', 'static', 'boot', 'dhcp', 'bird', '99', 'zebra'))}"
    if chance(random, 0.08):
        words += f" scope {random.choice(('link', 'global', 'host', 'site', '200'))}"
    if chance(random, 0.06):
        words += random.choice((" mtu 1400", " mtu lock 1300", " advmss 1360"))
    if chance(random, 0.05):
        words += f" table {random.choice(('main', 'default', 'local', '100', '254'))}"
    return words


def net_tools(random: Random, prefix: str) -> str:
    """The same with route(8)."""
    gateway, device = random.choice(GATEWAYS), random.choice(DEVICES)
    return random.choice((
        f"route add default gw {gateway}", f"route add -net 10.20.0.0 netmask 255.255.0.0 gw {gateway}",
        f"route add -net 10.20.0.0/16 dev {device}",
        f"route add -host 10.20.92.11 gw {gateway}", f"route add -host 10.20.92.11 dev {device}",
        f"route add -net {prefix} gw {gateway} metric 5",
        "route del default", "route del -net 10.20.0.0 netmask 255.255.0.0", f"route add 10.20.92.11 gw {gateway}",
        "route add -net 10.20.92.0/24 reject",
        f"route del -net 10.20.0.0/16 gw {gateway}", f"route add default {device}"))


def lookup(random: Random) -> str:
    """`ip route get` in its forms."""
    to = random.choice(TARGETS)
    return "ip route get " + random.choice((
        to, to, to, f"{to} from 10.1.0.1", f"{to} from 10.2.0.5", f"{to} oif eth1",
        f"{to} tos 0x10",
        f"{to} from 10.7.7.7 iif eth0", f"{to} mark 5", f"to {to}", f"{to}/32", f"{to}/24"))


def show(random: Random) -> str:
    """`ip route show` with a filter."""
    device, gateway, prefix = random.choice(DEVICES), random.choice(GATEWAYS), random.choice(PREFIXES)
    return random.choice((
        f"ip route show dev {device}", f"ip route show via {gateway}",
        f"ip route show proto {random.choice(('kernel', 'boot', 'static'))}",
        f"ip route show scope {random.choice(('link', 'global', 'host'))}", f"ip route show {prefix}",
        f"ip route show exact {prefix}",
        f"ip route show root {prefix}", f"ip route show match {random.choice(TARGETS)}", f"ip -j route show dev {device}",
        f"ip route show type {random.choice(('unicast', 'unreachable', 'blackhole', 'local'))}",
        f"ip route show table local dev {device}",
        f"ip route list default dev {device}", f"ip route show metric {random.choice((100, 10))}",
        f"ip route show src {random.choice(GATEWAYS)}",
        f"ip route show to {prefix}", f"ip route show root {prefix} match {random.choice(TARGETS)}", "ip route show table 100",
        f"ip route show table all dev {device}", "ip route show tos 0x10", random.choice(SHOWS), random.choice(SHOWS)))


def later(random: Random) -> str:
    """Deletions, flushes, links and addresses that come and go."""
    prefix, device = random.choice(PREFIXES), random.choice(DEVICES)
    return random.choice((
        f"ip route del {prefix}", f"ip route del {prefix}", f"ip route del {prefix} via {random.choice(GATEWAYS)}",
        f"ip route del {prefix} dev {device}", f"ip route del {prefix} metric 100", f"ip route flush dev {device}",
        f"ip route flush {prefix}",
        "ip route flush proto boot", "ip route flush table main", f"ip route flush root {prefix}", f"ip link set {device} down",
        f"ip link set {device} up", "ip link set far0 down", f"ip addr flush dev {device}",
        "ip addr del 10.1.0.1/24 dev eth0",
        f"ip addr add 10.1.0.77/24 dev {device}", f"ip route del unreachable {prefix}", f"ip link del {device}",
        "ip route flush cache",
        f"ip route replace {prefix}{target(random)}", f"ip route change {prefix}{target(random)}",
        f"ip route append {prefix}{target(random)}",
        f"ip route del {prefix} table main", "ip route del 10.1.0.0/24", "ip route del table local 10.1.0.1",
        "route del default"))
