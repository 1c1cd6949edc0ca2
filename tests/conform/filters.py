"""Family g: packet filters. A router between two networks, or a host with two bridges; rules of every kind in every table, slips of the
tool's grammar, then probes, and what the rules, their counters and the connections show.

Only pings and connections that nobody answers: how many segments a TCP connection takes is chance, and so is how many datagrams nc sends
to find that a UDP port is closed: where it is asked, nothing that counts is looked at. Every probe of UDP and TCP names its source port,
each another one, so that no NAT has to choose.
"""
from __future__ import annotations

from random import Random

from tests.conform.script import Script, chance

ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.0.2", "10.0.0.0/24", "10.1.0.0/24", "10.0.0.0/8", "10.1.0.2/31", "0/0", "192.0.2.7")
CHAINS = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
          "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"), "raw": ("PREROUTING", "OUTPUT")}
REJECTS = ("", " --reject-with icmp-host-unreachable", " --reject-with net-prohib", " --reject-with icmp-admin-prohibited",
           " --reject-with icmp-net-unreachable", " --reject-with proto-unreach", " --reject-with icmp-host-prohibited")
LOOKS = ("iptables -S", "iptables -nL", "iptables -nL --line-numbers", "iptables -t nat -S",
         "iptables -t nat -nL", "iptables -L FORWARD -n", "iptables -S FORWARD", "iptables -t raw -S", "iptables -t mangle -nL")
COUNTS = ("iptables-save", "iptables-save -t nat", "iptables-save -c", "iptables -nvL", "iptables -vS", "iptables -t nat -nvL",
          "iptables -t mangle -nvL", "iptables -nvxL", "iptables-save -c -t filter", "iptables -nvL FORWARD")


def filters(random: Random) -> Script:
    """A lab, rules, probes and looks."""
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
    chains = ["U1", "U2"][: random.randint(0, 2)]
    for name in chains:
        script(f"iptables -N {name}", "r")
    asks_udp = chance(random, 0.2)
    for _ in range(random.randint(2, 7)):
        script(rule(random, chains, not asks_udp), "r")
    for port in range(4001, 4001 + random.randint(3, 7)):
        probe(random, script, port, asks_udp)
        if chance(random, 0.3):
            script(change(random, chains, not asks_udp), "r")
    for view in random.sample(LOOKS if asks_udp else LOOKS + COUNTS * 2, 3):
        script(view, "r")
    return script


def rule(random: Random, chains: list[str], counted: bool = True) -> str:
    """A rule that somebody may write, mostly a good one."""
    table = random.choice(("filter",) * 6 + ("nat",) * 4 + ("mangle", "raw"))
    chain = random.choice(CHAINS[table] + (tuple(chains) * 2 if table == "filter" else ()))
    if table == "filter" and chance(random, 0.4):
        chain = "FORWARD"
    words, proto = [], random.choice(("", "", "icmp", "icmp", "icmp", "tcp", "udp", "1", "all"))
    if chance(random, 0.35):
        words.append(f"{no(random)}-s {random.choice(ADDRESSES)}")
    if chance(random, 0.3):
        words.append(f"{no(random)}-d {random.choice(ADDRESSES)}")
    if chance(random, 0.2) and chain not in ("OUTPUT", "POSTROUTING"):
        words.append(f"{no(random)}-i {random.choice(('left', 'right', 'lo', 'le+'))}")
    if chance(random, 0.2) and chain not in ("INPUT", "PREROUTING"):
        words.append(f"{no(random)}-o {random.choice(('left', 'right', 'lo', 'ri+'))}")
    if proto:
        words.append(f"-p {proto}")
    words += matches(random, proto, counted)
    words.append(target(random, table, chain, proto, chains))
    verb = random.choice(("-A", "-A", "-A", "-I", "--append"))
    return " ".join(filter(None, ["iptables", "" if table == "filter" else f"-t {table}", verb, chain, *words]))


def no(random: Random) -> str:
    return "! " if chance(random, 0.15) else ""


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


def target(random: Random, table: str, chain: str, proto: str, chains: list[str]) -> str:
    if table == "nat":
        if chain in ("PREROUTING", "OUTPUT"):
            port = ":80" if proto in ("tcp", "udp") and chance(random, 0.5) else ""
            return random.choice((f"-j DNAT --to-destination {random.choice(('10.1.0.2', '10.0.0.1', '10.1.0.1', '192.0.2.9'))}{port}",
                                  "-j REDIRECT", "-j ACCEPT", "-j RETURN"))
        if chain == "POSTROUTING":
            source = random.choice(("10.1.0.1", "10.0.0.2", "192.0.2.9"))
            return random.choice(("-j MASQUERADE", "-j MASQUERADE", f"-j SNAT --to-source {source}", "-j ACCEPT"))
        return random.choice(("-j ACCEPT", "-j SNAT --to-source 10.0.0.77", ""))
    if table == "raw":
        return random.choice(("", "-j ACCEPT", "-j DROP", "-j CT --notrack"))
    if table == "mangle":
        return random.choice((f"-j MARK --set-mark {random.choice(('1', '2', '0x10/0xff'))}", "-j MARK --or-mark 1", "", "-j DROP"))
    jumps = tuple(f"-j {name}" for name in chains if name != chain)
    return random.choice(("-j ACCEPT", "-j ACCEPT", "-j DROP", f"-j REJECT{random.choice(REJECTS)}", "-j RETURN", "", "-j LOG", *jumps * 2))


def probe(random: Random, script: Script, port: int, asks_udp: bool) -> None:
    """A ping, or a try at a port that nobody listens at."""
    on = random.choice(("a", "a", "a", "b", "r"))
    to = random.choice(("10.1.0.2", "10.1.0.2", "10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.0.9", "192.0.2.9", "127.0.0.1"))
    how = random.random()
    if how < 0.75:
        script(f"ping -n -c 1 -W 1 {random.choice(('', '', '', '-t 1 ', '-s 100 '))}{to}", on)
    elif not asks_udp:
        script(f"nc -zv -w 1 -p {port} {to} {random.choice((80, 443))}", on)
    else:
        script(f"nc -zuv -w 1 -p {port} {to} {random.choice((53, 80))}", on)


def change(random: Random, chains: list[str], counted: bool) -> str:
    return random.choice((
        "iptables -P FORWARD DROP", "iptables -P INPUT DROP", "iptables -P FORWARD ACCEPT", "iptables -F FORWARD", "iptables -F",
        "iptables -D FORWARD 1", "iptables -Z", "iptables -t nat -F", rule(random, chains, counted),
        rule(random, chains, counted), "iptables -X",
        "iptables -P OUTPUT DROP", "conntrack -F", "iptables -R FORWARD 1 -j ACCEPT", "iptables -D INPUT -j DROP", "conntrack -L",
    ))  # fmt: skip
