"""Family c: chains of routers with something missing, refused, too small or too short, and probes across them."""
from __future__ import annotations

from itertools import pairwise
from random import Random

from tests.conform.nearer import nearer
from tests.conform.script import Script, chance, counters


def routers(random: Random) -> Script:
    """left - r1 (- r2 - r3) - right: the net between node i and i+1 is 10.(i+1).0.0/24. Or routers beside one another."""
    if chance(random, 0.2):
        return nearer(random)
    script = Script()
    nodes = ["left", *[f"r{i + 1}" for i in range(random.choice((1, 1, 2, 2, 3)))], "right"]
    script.netns(*nodes)
    for i, (west, east) in enumerate(pairwise(nodes)):
        script.cable("e", west, "w", east)
        script(f"ip addr add 10.{i + 1}.0.1/24 dev e", west)
        script(f"ip addr add 10.{i + 1}.0.2/24 dev w", east)
    way(random, script, nodes)
    for node in nodes:
        if chance(random, 0.75):
            script("ip link set lo up", node)
    for _ in range(random.randint(0, 2)):
        script(*spoil(random, nodes))
    for _ in range(random.randint(2, 4)):
        script(probe(random, nodes), random.choice((nodes[0], nodes[0], nodes[0], nodes[-1], random.choice(nodes))))
    for _ in range(random.randint(0, 3)):
        script(learned(random, nodes), random.choice((nodes[0], nodes[0], random.choice(nodes))))
    script.namespaces.remove("host")
    if not any("trace" in line.line for line in script.lines):      # how much traceroute sends depends on how fast it is
        for _ in range(random.randint(0, 2)):
            script(counters(random, "e", "w", "lo"), random.choice(nodes))
    script.look(random, ("ip neigh", "ip route", "route -n", "ip -br a", "arp -n", "netstat -rn"), 1)
    if chance(random, 0.3):
        if chance(random, 0.6):
            script(random.choice(("nc -l -k -p 8080", "nc -lk 8080")), nodes[-1])
        for _ in range(random.randint(1, 2)):
            script(connection(random, nodes), random.choice((nodes[0], nodes[0], random.choice(nodes))))
    return script


def way(random: Random, script: Script, nodes: list[str]) -> None:
    """Forwarding on, and routes both ways; a few left out."""
    last = len(nodes) - 1
    for i, node in enumerate(nodes):
        if 0 < i < last and chance(random, 0.93):
            script(random.choice(("sysctl -w net.ipv4.ip_forward=1", "sysctl -q -w net.ipv4.ip_forward=1",
                                  "sysctl net.ipv4.ip_forward=1")), node)
        if i == 0 or (i < last - 1 and chance(random, 0.95)):
            script(f"ip route add {'default' if i == 0 else f'10.{last}.0.0/24'} via 10.{i + 1}.0.2", node)
        if i == last or (i > 1 and chance(random, 0.95)):
            script(f"ip route add {'default' if i == last else '10.1.0.0/24'} via 10.{i}.0.1", node)


def spoil(random: Random, nodes: list[str]) -> tuple[str, str]:
    """One thing wrong, and where."""
    last, node, router = len(nodes) - 1, random.choice(nodes), random.choice(nodes[1:-1])
    kind = random.choice(("unreachable", "prohibit", "blackhole", "throw"))
    return random.choice((
        (f"ip route add {kind} 10.{last}.0.2", router), (f"ip route add {kind} 10.{last}.0.0/25", router),
        (f"ip route add {kind} 10.{last}.0.0/25", nodes[0]),
        (f"ip route add {kind} 10.1.0.1", router), ("sysctl -w net.ipv4.ip_forward=0", router),
        ("ip link set e mtu 1400", router),
        ("ip link set w mtu 1300", router), ("ip link set e mtu 1000", nodes[0]), ("ip link set e down", router),
        ("ip link set w down", random.choice(nodes[1:])),
        ("ip route del default", nodes[-1]), ("ip route del default", nodes[0]),
        (f"ip route replace 10.{last}.0.0/24 via 10.1.0.1", nodes[1]),
        (f"ip route replace 10.1.0.0/24 via 10.{min(last, 2)}.0.2", router),
        (f"ip route add 10.9.0.{nodes.index(node) + 1} via 10.1.0.2", router),
        ("sysctl -w net.ipv4.conf.all.rp_filter=2", router), ("ip route add blackhole default", router),
        ("sysctl -w net.ipv4.conf.all.rp_filter=2", random.choice((nodes[0], nodes[-1]))),
        ("sysctl -w net.ipv4.conf.all.rp_filter=1", router), ("sysctl -w net.ipv4.conf.w.rp_filter=2", router),
        ("sysctl -w net.ipv4.conf.all.rp_filter=1", nodes[-1]),
        (f"ip addr add 10.9.0.{nodes.index(node) + 1}/32 dev lo", node),
        (f"ip route add 10.9.0.{last + 1} via 10.1.0.2", nodes[0]),
        ("sysctl -w net.ipv4.icmp_echo_ignore_all=1", nodes[-1]), (f"ip addr del 10.{last}.0.2/24 dev w", nodes[-1]),
        ("ip route flush table main", router),
        ("ip route replace default via 10.1.0.2 mtu 1200", nodes[0]), ("sysctl -w net.ipv4.ip_default_ttl=2", nodes[0]),
        ("sysctl -w net.ipv4.conf.w.forwarding=0", router),
        ("ip route add 99.0.0.0/8 via 10.1.0.2", nodes[0]), ("ip addr add 99.0.0.1/32 dev e", nodes[0]),
        ("sysctl -w net.ipv4.conf.all.accept_local=1", router)))


def learned(random: Random, nodes: list[str]) -> str:
    """What redirects and "fragmentation needed" left behind, or what becomes of it."""
    last = len(nodes) - 1
    to = random.choice([f"10.{last}.0.2"] * 4 + ["10.1.0.2", f"10.{last}.0.1", f"10.9.0.{last + 1}"])
    return random.choice((
        f"ip route get {to}", f"ip route get {to}", f"ip -j route get {to}", "ip route show cache", "ip route show cache",
        "ip -s route show cache",
        "ip -j route show cache", f"ip route show cache {to}", "ip route show cache table all", "ip route flush cache",
        f"ip route get {to} from 10.1.0.1 iif w", "ip link set e mtu 1450", "sysctl -w net.ipv4.route.flush=1",
        f"ip route add 10.{last}.0.0/24 via 10.1.0.2", "ip route replace default via 10.1.0.2", "ip route add 10.88.0.0/24 via 10.1.0.2",
        "sysctl -w net.ipv4.ip_no_pmtu_disc=1", f"ping -c 1 -W 1 -s 1472 -M do {to}", f"ping -c 2 -i 0.2 -W 1 {to}"))


def connection(random: Random, nodes: list[str]) -> str:
    """nc or curl to a port along the chain; curl only where nobody listens, for there it would wait for words."""
    last = len(nodes) - 1
    to = random.choice([f"10.{last}.0.2"] * 4 + [f"10.{last}.0.1", "10.1.0.2", f"10.{last}.0.78", "99.9.9.9", "127.0.0.1",
                                                 "localhost", f"10.{last}.0.255"])
    return random.choice((f"nc -zv -w 1 {to} 8080", f"nc -z -w 1 {to} 8080", f"nc -zvn -w 2 {to} 80-81", f"nc -zvu -w 1 {to} 53",
                          f"curl -s -m 1 -o /dev/null http://{to}/", f"curl -sS -m 1 http://{to}:81/",
                          f"curl -sS --connect-timeout 1 {to}"))


def probe(random: Random, nodes: list[str]) -> str:
    """ping or traceroute to somewhere along the chain."""
    last = len(nodes) - 1
    to = random.choice([f"10.{last}.0.2"] * 5 + [f"10.{i + 1}.0.{j}" for i in range(last) for j in (1, 2)] + [f"10.{last}.0.77",
            "99.9.9.9", f"10.9.0.{last + 1}", "127.0.0.1", f"10.{last}.0.255"])
    kind = random.random()
    if kind < 0.1:
        bounds = "-w 1 -m 6" if chance(random, 0.7) else "-m 3 -q 1"
        return f"traceroute -n {random.choice(('', '', '-q 1 ', '-m 4 ', '-I ', '-w 1 '))}{bounds} {to}"
    if kind < 0.15:
        return f"ip route get {to}"
    words = random.choice(("", "", "", "", f"-t {random.randint(1, 5)} ", f"-t {random.randint(1, 3)} ", "-s 1372 -M do ",
                           "-s 1373 -M do ", "-s 1472 -M do ", "-s 1473 -M do ",
                           "-s 1473 ", "-s 3000 ", "-s 1400 -M want ", "-s 1400 -M dont ", "-s 8 ", "-s 0 ", "-n ", "-q ",
                           "-I e ", "-I 10.1.0.1 ", "-I w ", "-I 10.77.0.1 ", "-I nosuch "))
    wait = "-W 1 " if chance(random, 0.9) else ""
    count = random.choice((1, 1, 1, 2, 3)) if wait else 1
    interval = "-i 0.2 " if count == 3 or chance(random, 0.3) else ""       # three seconds are close to three ARP tries
    return f"ping -c {count} {interval}{wait}{words}{to}"
