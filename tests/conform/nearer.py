"""Part of family c: hosts and routers on one switch, where redirects are learned, and what becomes of them when something changes."""
from __future__ import annotations

from random import Random

from tests.conform.script import Script, chance

HOSTS = {"b": 20, "gw": 1, "near": 2, "far": 3}


def nearer(random: Random) -> Script:
    """b's gateway knows a nearer router to 10.50.0.0/24; the last of them has 10.50.0.2."""
    script = Script()
    script("ip link add sw type bridge")
    script("ip link set sw up")
    script.netns(*HOSTS)
    for name, last in HOSTS.items():
        script.veth(f"s{name}", "host", "e", name)
        script(f"ip link set s{name} master sw")
        script("ip link set lo up", name)
        script(f"ip addr add 192.168.2.{last}/24 dev e", name)
    router, end = random.choice((("near", "far"), ("near", "far"), ("near", "near")))
    script("ip addr add 10.50.0.2/32 dev lo", end)
    script("ip addr add 10.50.0.2/32 dev lo", "gw") if chance(random, 0.1) else script("ip route add 10.50.0.0/24 via 192.168.2.2", "gw")
    script("sysctl -qw net.ipv4.ip_forward=1", "gw")
    if router != end:
        script("ip route add 10.50.0.0/24 via 192.168.2.3", router)
        script("sysctl -qw net.ipv4.ip_forward=1", router)
    script(f"ip route add {random.choice(('default', 'default', '10.0.0.0/8', '10.50.0.0/16'))} via 192.168.2.1", "b")
    for line in random.sample(SETTINGS, random.choice((0, 0, 1, 1, 2))):
        script(line, random.choice(("b", "b", "b", "gw")))
    script("ping -c 3 -i 0.3 -W 1 10.50.0.2", "b")
    for _ in range(random.randint(3, 7)):
        script(random.choice(CHANGES if chance(random, 0.45) else LOOKS), "b")
    script("ip route get 10.50.0.2", "b")
    script("ip route show cache table all", "b")
    script.namespaces.remove("host")
    return script


SETTINGS = (
    "sysctl -w net.ipv4.conf.all.accept_redirects=0", "sysctl -w net.ipv4.conf.e.accept_redirects=0", "sysctl -w net.ipv4.ip_forward=1",
    "sysctl -w net.ipv4.conf.all.shared_media=0", "sysctl -w net.ipv4.conf.e.shared_media=0",
    "sysctl -w net.ipv4.conf.e.secure_redirects=0",
    "sysctl -w net.ipv4.conf.all.secure_redirects=0", "sysctl -w net.ipv4.conf.all.send_redirects=0",
    "sysctl -w net.ipv4.conf.e.send_redirects=0",
    "sysctl -w net.ipv4.conf.all.rp_filter=1", "ip link set e mtu 1400", "ip addr add 192.168.2.77/25 dev e",
    "ip route add default via 192.168.2.2 metric 9", "ip neigh add 192.168.2.2 lladdr 02:00:00:00:00:77 dev e",
)  # fmt: skip
LOOKS = (
    "ip route get 10.50.0.2", "ip route get 10.50.0.2", "ip -j route get 10.50.0.2", "ip route get 10.50.0.3", "ip route show cache",
    "ip route show cache", "ip -j route show cache", "ip route show cache table all", "ip -d route show cache",
    "ip route get 10.50.0.2 oif e",
    "ip route get 10.50.0.2 from 192.168.2.20", "ip route", "ping -c 1 -W 1 10.50.0.2",
    "ip route get 10.50.0.2 from 192.168.2.3 iif e", "ip route show cache dev e", "ip route show cache via 192.168.2.2",
)  # fmt: skip
CHANGES = (
    "ip route flush cache", "sysctl -w net.ipv4.route.flush=1", "ip route add 10.50.0.0/24 via 192.168.2.1",
    "ip route add 10.50.0.2 via 192.168.2.1", "ip route add 10.50.0.0/24 via 192.168.2.3",
    "ip route add 10.50.0.0/24 via 192.168.2.1 metric 4",
    "ip route add 10.50.0.0/24 dev e", "ip route replace default via 192.168.2.1", "ip route replace default via 192.168.2.1 proto static",
    "ip route replace default via 192.168.2.2", "ip route change default via 192.168.2.1 mtu 1300", "ip route del default",
    "ip route add default via 192.168.2.1", "ip route append default via 192.168.2.3",
    "ip route prepend default via 192.168.2.3 proto static",
    "ip route del 10.50.0.0/24", "ip route add 10.60.0.0/24 via 192.168.2.1", "ip route flush table main", "ip route flush proto boot",
    "ip link set e down", "ip link set e up", "ip addr add 192.168.2.21/24 dev e", "ip addr del 192.168.2.20/24 dev e",
    "ip addr add 192.168.2.20/24 dev e", "ip rule add to 10.50.0.0/24 table 100", "ip route add default via 192.168.2.1 table 100",
    "ip neigh flush dev e", "ip neigh del 192.168.2.2 dev e", "ip link set e mtu 1400", "sysctl -w net.ipv4.ip_forward=1",
    "ip route replace default nexthop via 192.168.2.1", "ip route add blackhole 10.50.0.2", "ip route flush root 10.0.0.0/8",
)  # fmt: skip
