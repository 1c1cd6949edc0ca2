"""Families g and h: packet filters. A router between two networks, and a host with two bridges; rules of every kind in every table, then
probes, and what the rules, their counters and the connections show.

Only pings and connections that nobody answers: how many segments a TCP connection takes is chance, and so is how many datagrams nc sends
to find that a UDP port is closed: in scripts that ask either, nothing that counts is looked at. Every probe of UDP and TCP names its source
port, each another one, so that no NAT has to choose.
"""
from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.conform.script import Script, chance


@dataclass(frozen=True)
class Place:
    """The machine that filters, and what rules there and probes may name: addresses and networks, interfaces, the new destinations and
    sources of NAT, bridge ports, who probes (the likely ones several times) and what."""

    machine: str
    addresses: tuple[str, ...]
    devices: tuple[str, ...]
    destinations: tuple[str, ...]
    sources: tuple[str, ...]
    probers: tuple[str, ...]
    probed: tuple[str, ...]
    ports: tuple[str, ...] = ()


ROUTER = Place(
    "r", ("10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.0.2", "10.0.0.0/24", "10.1.0.0/24", "10.0.0.0/8", "10.1.0.2/31", "0/0", "192.0.2.7"),
    ("left", "right", "lo", "le+"), ("10.1.0.2", "10.0.0.1", "10.1.0.1", "192.0.2.9"), ("10.1.0.1", "10.0.0.2", "192.0.2.9", "10.0.0.77"),
    ("a", "a", "a", "b", "r"), ("10.1.0.2", "10.1.0.2", "10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.0.9", "192.0.2.9", "127.0.0.1"))
#: c1 and c2 are on one bridge, c3 on another, x is behind a cable.
BRIDGES = Place(
    "h", ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.1.0.3", "10.0.0.0/24", "10.1.0.0/24", "10.2.0.9", "10.0.0.0/8", "0/0", "10.0.0.2/31"),
    ("br0", "br1", "up", "br+", "lo"), ("10.0.0.3", "10.0.0.2", "10.1.0.3", "10.0.0.1", "10.2.0.9", "192.0.2.9"),
    ("10.0.0.1", "10.2.0.1", "10.1.0.1", "192.0.2.9", "10.0.0.77"),
    ("c1", "c1", "c2", "c3", "h", "x"),
    ("10.0.0.3", "10.0.0.3", "10.0.0.2", "10.0.0.1", "10.1.0.3", "10.1.0.1", "10.2.0.9", "10.2.0.1", "192.0.2.9"),
    ("v1", "v2", "v3", "v+", "up"))
CHAINS = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
          "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"), "raw": ("PREROUTING", "OUTPUT")}
REJECTS = ("", " --reject-with icmp-host-unreachable", " --reject-with net-prohib", " --reject-with icmp-admin-prohibited",
           " --reject-with icmp-net-unreachable", " --reject-with proto-unreach", " --reject-with icmp-host-prohibited")
LOOKS = ("iptables -S", "iptables -nL", "iptables -nL --line-numbers", "iptables -t nat -S",
         "iptables -t nat -nL", "iptables -L FORWARD -n", "iptables -S FORWARD", "iptables -t raw -S", "iptables -t mangle -nL")
COUNTS = ("iptables-save", "iptables-save -t nat", "iptables-save -c", "iptables -nvL", "iptables -vS", "iptables -t nat -nvL",
          "iptables -t mangle -nvL", "iptables -nvxL", "iptables-save -c -t filter", "iptables -nvL FORWARD")


def filters(random: Random) -> Script:
    """A router between two networks."""
    script = Script()
    script.netns("a", "r", "b")
    for left, right, net in (("a", "r", "10.0.0"), ("r", "b", "10.1.0")):
        script(f"ip link add right netns {left} type veth peer name left netns {right}")
        for on, dev, last in ((left, "right", 1), (right, "left", 2)):
            script(f"ip addr add {net}.{last}/24 dev {dev}", on)
            script(f"ip link set {dev} up", on)
            script("ip link set lo up", on)
    script("ip route add default via 10.0.0.2", "a")
    script("ip route add default via 10.1.0.1", "b")
    script("sysctl -qw net.ipv4.ip_forward=1", "r")
    work(random, script, ROUTER)
    return script


def bridged(random: Random) -> Script:
    """A host with two bridges; what goes from port to port of one passes its rules or does not."""
    script = Script()
    script.netns("h", "c1", "c2", "c3", "x")
    for bridge, net in (("br0", "10.0.0"), ("br1", "10.1.0")):
        script(f"ip link add {bridge} type bridge", "h")
        script(f"ip addr add {net}.1/24 dev {bridge}", "h")
        script(f"ip link set {bridge} up", "h")
    for number, (bridge, net) in enumerate((("br0", "10.0.0"), ("br0", "10.0.0"), ("br1", "10.1.0")), start=1):
        last = 3 if number == 3 else number + 1
        script(f"ip link add v{number} netns h type veth peer name eth0 netns c{number}")
        script(f"ip link set v{number} master {bridge}", "h")
        if chance(random, 0.4):
            script(f"bridge link set dev v{number} hairpin on", "h")
        script(f"ip link set v{number} up", "h")
        script(f"ip addr add {net}.{last}/24 dev eth0", f"c{number}")
        script("ip link set eth0 up", f"c{number}")
        script("ip link set lo up", f"c{number}")
        script(f"ip route add default via {net}.1", f"c{number}")
    script("ip link add up netns h type veth peer name eth0 netns x")
    for on, dev, last in (("h", "up", 1), ("x", "eth0", 9)):
        script(f"ip addr add 10.2.0.{last}/24 dev {dev}", on)
        script(f"ip link set {dev} up", on)
        script("ip link set lo up", on)
    if chance(random, 0.7):
        script("ip route add 10.0.0.0/15 via 10.2.0.1", "x")
    script("sysctl -qw net.ipv4.ip_forward=1", "h")
    script(f"sysctl -qw net.bridge.bridge-nf-call-iptables={random.choice((1, 1, 1, 0))}", "h")
    work(random, script, BRIDGES)
    return script


def work(random: Random, script: Script, place: Place) -> None:
    """Rules, probes, changes, looks."""
    on, chains = place.machine, ["U1", "U2"][: random.randint(0, 2)]
    for name in chains:
        script(f"iptables -N {name}", on)
    asks = random.choice(("", "", "tcp", "udp"))
    for _ in range(random.randint(2, 7)):
        script(rule(random, place, chains, not asks), on)
    for port in range(4001, 4001 + random.randint(3, 7)):
        probe(random, script, place, port, asks)
        if chance(random, 0.3):
            script(change(random, place, chains, not asks), on)
    for view in random.sample(LOOKS if asks else LOOKS + COUNTS * 2, 3):
        script(view, on)


def rule(random: Random, place: Place, chains: list[str], counted: bool = True) -> str:
    """A rule that somebody may write, mostly a good one."""
    table = random.choice(("filter",) * 6 + ("nat",) * 4 + ("mangle", "raw"))
    chain = random.choice(CHAINS[table] + (tuple(chains) * 2 if table == "filter" else ()))
    if table == "filter" and chance(random, 0.4):
        chain = "FORWARD"
    words, proto = [], random.choice(("", "", "icmp", "icmp", "icmp", "tcp", "udp", "1", "all"))
    if chance(random, 0.35):
        words.append(f"{no(random)}-s {random.choice(place.addresses)}")
    if chance(random, 0.3):
        words.append(f"{no(random)}-d {random.choice(place.addresses)}")
    if chance(random, 0.2) and chain not in ("OUTPUT", "POSTROUTING"):
        words.append(f"{no(random)}-i {random.choice(place.devices)}")
    if chance(random, 0.2) and chain not in ("INPUT", "PREROUTING"):
        words.append(f"{no(random)}-o {random.choice(place.devices)}")
    if proto:
        words.append(f"-p {proto}")
    words += matches(random, proto, counted)
    if place.ports and chance(random, 0.2):
        words.append(physdev(random, place, chain))
    words.append(target(random, place, table, chain, proto, chains))
    verb = random.choice(("-A", "-A", "-A", "-I", "--append"))
    return " ".join(filter(None, ["iptables", "" if table == "filter" else f"-t {table}", verb, chain, *words]))


def no(random: Random) -> str:
    return "! " if chance(random, 0.15) else ""


def physdev(random: Random, place: Place, chain: str) -> str:
    """A match of bridge ports that the chain allows."""
    comes = ("-in", "-is-in") if chain not in ("OUTPUT",) else ()
    goes = ("-out", "-is-out", "-is-bridged") if chain in ("FORWARD", "POSTROUTING") else ()
    what = random.choice(comes + goes or ("-is-bridged",))
    return f"-m physdev {no(random)}--physdev{what}{f' {random.choice(place.ports)}' if what in ('-in', '-out') else ''}"


def matches(random: Random, proto: str, counted: bool) -> list[str]:
    found = []
    if proto in ("tcp", "udp") and chance(random, 0.6):
        ports = random.choice(("53", "80", "4000:4010", "1024:", ":1023", "http"))
        found.append(f"{no(random)}--{random.choice(('dport', 'sport'))} {ports}")
    if proto == "icmp" and chance(random, 0.4):
        kind = random.choice(("echo-request", "echo-reply", "8", "0", "3", "3/1", "time-exceeded", "11/0", "any"))
        found.append(f"{no(random)}--icmp-type {kind}")
    if proto == "tcp" and chance(random, 0.2):
        found.append(f"{no(random)}--syn")
    if chance(random, 0.25):
        states = random.sample(("NEW", "ESTABLISHED", "RELATED", "INVALID"), random.randint(1, 2))
        match, option = random.choice((("conntrack", "--ctstate"), ("state", "--state")))
        found.append(f"-m {match} {no(random)}{option} {','.join(states)}")
    if chance(random, 0.12):
        found.append(f"-m addrtype {no(random)}--{random.choice(('src', 'dst'))}-type {random.choice(('LOCAL', 'UNICAST', 'BROADCAST'))}")
    if chance(random, 0.1):
        found.append(f"-m mark {no(random)}--mark {random.choice(('1', '0x2', '0/0xff', '1/1'))}")
    if counted and chance(random, 0.1):
        found.append(f"-m statistic --mode nth --every {random.choice((2, 3))} --packet {random.choice((0, 1))}")
    if proto in ("tcp", "udp") and chance(random, 0.15):
        found.append(f"-m multiport --{random.choice(('dports', 'sports', 'ports'))} {random.choice(('53,80', '80,4000:4005', '1:100'))}")
    if chance(random, 0.12):
        found.append(f"-m comment --comment {random.choice(('plain', chr(34) + 'two words' + chr(34)))}")
    return found


def target(random: Random, place: Place, table: str, chain: str, proto: str, chains: list[str]) -> str:
    if table == "nat":
        if chain in ("PREROUTING", "OUTPUT"):
            port = ":80" if proto in ("tcp", "udp") and chance(random, 0.5) else ""
            return random.choice((f"-j DNAT --to-destination {random.choice(place.destinations)}{port}",
                                  "-j REDIRECT", "-j ACCEPT", "-j RETURN"))
        if chain == "POSTROUTING":
            return random.choice(("-j MASQUERADE", "-j MASQUERADE",
                                  f"-j SNAT --to-source {random.choice(place.sources[:-1])}", "-j ACCEPT"))
        return random.choice(("-j ACCEPT", f"-j SNAT --to-source {place.sources[-1]}", ""))
    if table == "raw":
        return random.choice(("", "-j ACCEPT", "-j DROP", "-j CT --notrack"))
    if table == "mangle":
        return random.choice((f"-j MARK --set-mark {random.choice(('1', '2', '0x10/0xff'))}", "-j MARK --or-mark 1", "", "-j DROP"))
    jumps = tuple(f"-j {name}" for name in chains if name != chain)
    return random.choice(("-j ACCEPT", "-j ACCEPT", "-j DROP", f"-j REJECT{random.choice(REJECTS)}", "-j RETURN", "", "-j LOG", *jumps * 2))


def probe(random: Random, script: Script, place: Place, port: int, asks: str) -> None:
    """A ping, or a try at a port that nobody listens at."""
    on, to = random.choice(place.probers), random.choice(place.probed)
    how = random.random()
    if how < (0.5 if asks else 1):
        script(f"ping -n -c 1 -W 1 {random.choice(('', '', '', '-t 1 ', '-s 100 '))}{to}", on)
    elif asks == "tcp":
        script(f"nc -zv -w 1 -p {port} {to} {random.choice((80, 443))}", on)
    else:
        script(f"nc -zuv -w 1 -p {port} {to} {random.choice((53, 80))}", on)


def change(random: Random, place: Place, chains: list[str], counted: bool) -> str:
    return random.choice((
        "iptables -P FORWARD DROP", "iptables -P INPUT DROP", "iptables -P FORWARD ACCEPT", "iptables -F FORWARD", "iptables -F",
        "iptables -D FORWARD 1", "iptables -Z", "iptables -t nat -F", rule(random, place, chains, counted),
        rule(random, place, chains, counted), "iptables -X", "iptables -X INPUT",
        "iptables -P OUTPUT DROP", "conntrack -F", "iptables -R FORWARD 1 -j ACCEPT", "iptables -D INPUT -j DROP", "conntrack -L",
    ))  # fmt: skip
