"""Family b: hosts on bridges, with odd masks, secondary addresses, links down, and what a ping leaves behind."""
from __future__ import annotations

from random import Random

from tests.conform.script import BRIDGE_VIEWS, STATE_VIEWS, Script, chance, counters

MASKS = (24, 24, 24, 24, 16, 25, 26, 28, 29, 30, 31, 32, 23)


def lans(random: Random) -> Script:
    """One or two bridges in the host, two to four hosts, some of it wrong; then probes and looks."""
    script = Script()
    hosts = ["a", "b", "c", "d"][:random.randint(2, 4)]
    script.netns(*hosts)
    bridges = ["br0", "br1"][:1 if chance(random, 0.8) else 2]
    for bridge in bridges:
        script(f"ip link add {bridge} type bridge" if chance(random, 0.8) else f"ip link add name {bridge} type bridge")
    addresses = [plug(random, script, number, host, bridges) for number, host in enumerate(hosts)]
    for bridge in bridges:
        if chance(random, 0.85):
            script(f"ip link set {bridge} up")
        if chance(random, 0.4):
            script(f"ip addr add 10.0.{random.choice((0, 0, 1))}.254/24 dev {bridge}")
    for _ in range(random.randint(1, 3)):
        if chance(random, 0.5):
            script(*disturb(random, hosts, bridges))
        script(ping(random, addresses), random.choice(hosts * 3 + ["host"]))
    script.look(random, ("ip neigh", "arp -n", "ip -j neigh", "ip neigh show dev eth0", "ip neigh show 10.0.0.2", "ip n"), 1)
    script(random.choice(BRIDGE_VIEWS))
    for _ in range(random.randint(0, 2)):
        script(counters(random, *bridges, *(f"v{host}" for host in hosts)))
        script(counters(random, "eth0", "lo"), random.choice(hosts))
    script.look(random, STATE_VIEWS + BRIDGE_VIEWS, 1)
    return script


def plug(random: Random, script: Script, number: int, host: str, bridges: list[str]) -> str:
    """A host on a bridge; the address it was given."""
    script(f"ip link add v{host} type veth peer name eth0 netns {host}")
    if chance(random, 0.95):
        script(f"ip link set v{host} master {random.choice(bridges)}")
    if chance(random, 0.95):
        script(f"ip link set v{host} up")
    if chance(random, 0.95):
        script("ip link set eth0 up", host)
    if chance(random, 0.6):
        script("ip link set lo up", host)
    address = f"10.0.{0 if chance(random, 0.9) else 1}.{number + 1}"
    extra = random.choice(("", "", "", "", "", "", " noprefixroute", " broadcast +", " brd 10.0.0.127", " label eth0:1",
                           " scope link"))
    script(f"ip addr add {address}/{random.choice(MASKS)} dev eth0{extra}", host)
    if chance(random, 0.2):
        script(f"ip addr add 10.0.0.{number + 101}/{random.choice(MASKS)} dev eth0", host)
    if chance(random, 0.15):
        script(f"ip route add {random.choice(('default', '10.0.1.0/24', '10.0.0.0/16'))} via 10.0.0.254", host)
    return address


def ping(random: Random, addresses: list[str]) -> str:
    """A probe, mostly one packet and mostly to a host that is there."""
    to = random.choice(addresses * 3 + ["10.0.0.254", "10.0.0.254", "10.0.0.99", "10.0.0.255", "10.0.1.9", "10.0.0.101",
                                        "127.0.0.1", "10.0.0.0"])
    words = random.choice(("", "", "", "-n ", "-q ", "-i 0.2 ", "-I eth0 ", "-s 100 ", "-s 1472 -M do ", "-b "))
    return f"ping -c {random.choice((1, 1, 1, 2))} -W 1 {words}{to}"


def disturb(random: Random, hosts: list[str], bridges: list[str]) -> tuple[str, str]:
    """Something a learner does to a LAN, and where."""
    host, other, bridge = random.choice(hosts), random.choice(hosts), random.choice(bridges)
    return random.choice((
        (f"ip link set v{host} down", "host"), (f"ip link set v{host} nomaster", "host"), ("ip link set eth0 down", host),
        ("ip addr flush dev eth0", host), (f"ip link set {bridge} down", "host"), (f"ip link set {bridge} up", "host"),
        (f"ip link del v{host}", "host"), (f"ip netns del {host}", "host"), ("ip neigh flush all", host),
        ("ip neigh flush dev eth0", host),
        ("ip neigh add 10.0.0.99 lladdr 0a:00:00:00:00:99 dev eth0", host),
        (f"ip neigh add 10.0.0.{hosts.index(other) + 1} lladdr 0a:00:00:00:00:98 nud permanent dev eth0", host),
        ("ip neigh del 10.0.0.1 dev eth0", host),
        ("ip neigh replace 10.0.0.1 lladdr 0a:00:00:00:00:97 dev eth0 nud reachable", host),
        (f"ip link set {bridge} address 0a:00:00:00:00:f0", "host"), ("ip link set eth0 address 0a:00:00:00:00:f1", host),
        (f"ip link set v{host} mtu 1400", "host"), ("ip link set eth0 mtu 1400", host),
        (f"ip link set {bridge} mtu 1300", "host"),
        (f"bridge fdb add 0a:00:00:00:00:99 dev v{host} master static", "host"),
        (f"bridge fdb del 0a:00:00:00:00:99 dev v{host} master", "host"),
        (f"bridge link set dev v{host} hairpin on", "host"), (f"bridge link set dev v{host} learning off", "host"),
        (f"bridge link set dev v{host} isolated on", "host"),
        (f"ip link set v{host} master {bridge}", "host"), (f"ip addr del 10.0.0.{hosts.index(host) + 1}/24 dev eth0", host),
        ("ip link set eth0 arp off", host), ("ip link set lo up", host), ("ip link set lo down", host),
        ("ifconfig eth0 down", host), ("ifconfig eth0 up", host),
        (f"ip link set v{host} up", "host"), ("ip link set eth0 promisc on", host), (f"ip link del {bridge}", "host"),
        (f"bridge fdb show br {bridge}", "host"),
        (f"bridge fdb show dev v{host}", "host"), (f"bridge link show dev v{host}", "host")))
