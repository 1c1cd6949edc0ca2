"""Family e: learners' slips of grammar: right lines bent, wrong names, missing words, things done twice, abbreviations."""
from __future__ import annotations

from random import Random

from tests.conform.script import Script, chance

GOOD = (
    "ip addr add 10.0.0.1/24 dev eth0", "ip addr del 10.0.0.1/24 dev eth0", "ip addr show dev eth0", "ip addr flush dev eth0",
    "ip link set eth0 up", "ip link set eth0 down", "ip link set dev eth0 mtu 1400",
    "ip link set eth0 name eth9", "ip link set eth0 address 0a:00:00:00:00:01", "ip link set eth0 master br0",
    "ip link set eth0 nomaster", "ip link set eth0 netns ns1", "ip link del eth0", "ip link show eth0",
    "ip link add br1 type bridge", "ip link add va type veth peer name vb",
    "ip link add vx type vxlan id 5 dstport 8472 dev eth0", "ip route add 10.20.0.0/16 via 10.0.0.2",
    "ip route add default via 10.0.0.2 dev eth0",
    "ip route add 10.30.0.0/16 dev eth0", "ip route del 10.20.0.0/16", "ip route get 10.20.1.1", "ip route show dev eth0",
    "ip route replace 10.20.0.0/16 via 10.0.0.3", "ip route show table local", "ip route flush dev eth0",
    "ip neigh add 10.0.0.9 lladdr 0a:00:00:00:00:09 dev eth0", "ip neigh del 10.0.0.9 dev eth0", "ip neigh show dev eth0",
    "ip neigh replace 10.0.0.9 lladdr 0a:00:00:00:00:0a dev eth0 nud permanent", "ip neigh flush dev eth0",
    "ip netns add ns2", "ip netns del ns1", "ip netns exec ns1 ip addr", "ip netns list", "ip -n ns1 link",
    "ip tuntap add dev tun0 mode tun", "ip tuntap del dev tun0 mode tun", "ip rule", "ip rule add from 10.0.0.0/8 table 100",
    "bridge fdb show", "bridge fdb add 0a:00:00:00:00:01 dev eth0", "bridge link",
    "bridge fdb del 0a:00:00:00:00:01 dev eth0 master", "bridge link show dev eth0", "route -n",
    "route add -net 10.40.0.0 netmask 255.255.0.0 gw 10.0.0.2",
    "route add default gw 10.0.0.2", "route del default", "netstat -rn", "ifconfig eth0",
    "ifconfig eth0 10.0.0.5 netmask 255.255.255.0 up", "ifconfig eth0 down", "arp -n", "ping -c 1 -W 1 10.0.0.1",
    "ping -c 1 -W 1 -I eth0 10.0.0.2",
    "ping -c 1 -W 1 -s 100 -t 5 127.0.0.1", "traceroute -n -w 1 -m 3 10.0.0.1",
    "sysctl net.ipv4.ip_forward", "sysctl -w net.ipv4.ip_forward=1", "sysctl -w net.ipv4.conf.all.rp_filter=1",
    "sysctl -n net.ipv4.conf.eth0.rp_filter",
    "ip addr add 10.0.0.1 dev eth0", "ip addr add local 10.0.0.3/24 dev eth0 label eth0:1", "ip link set eth0 txqueuelen 100",
    "ip -j addr", "ip -br link", "ip -d link show eth0", "ip route append 10.20.0.0/16 via 10.0.0.4",
    "ip route add blackhole 10.66.0.0/16", "ip route change 10.20.0.0/16 via 10.0.0.5", "ip -4 addr", "ip link set lo up")
SHORT = {"addr": ("a", "ad", "address", "add"), "link": ("l", "li", "lin"), "route": ("r", "ro", "rou"),
         "neigh": ("n", "ne", "neighbor", "neighbour"), "netns": ("net", "netn", "ns"),
         "show": ("s", "sh", "sho", "list", "ls", "lst", "l"),
         "add": ("a", "ad"), "del": ("d", "de", "delete", "rm", "remove"), "set": ("s", "se"), "flush": ("f", "fl"),
         "replace": ("rep", "r"), "append": ("app",), "change": ("c", "ch", "chg"), "get": ("g",), "exec": ("e", "ex"),
         "type": ("t",), "peer": ("p",), "name": ("n",), "dev": ("d",), "via": ("v",), "fdb": ("f",),
         "tuntap": ("tunt", "tunta"), "rule": ("ru",), "master": ("m", "mas"), "mtu": ("m",), "lladdr": ("ll",),
         "default": ("def",)}
WRONG = ("nosuch", "eth", "averyveryverylongname", "fifteencharsxyz", "sixteencharsxyzw", "", "10.0.0", "10.0.0.256",
         "10.0.0.1/33", "10.0.0.1/", "/24", "10.0.0.1/255.255.255.0", "300.1.1.1", "abc", "-1", "0", "1e3", "99999999999",
         "0x10",
         "10.0.0.1/24", "10.0.0.7/16", "help", "default", "any", "all", "up", "dev", "0a:00:00", "zz:00:00:00:00:00",
         "0a:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00", "eth0/1", "e th", ".", "..",
         "a/b", "::1", "fe80::1/64",
         "255.255.255.255", "224.0.0.1", "0.0.0.0", "127.0.0.1", "10.0.0.255", "10.1", "67", "68", "65535", "65536", "1500",
         "65575", "1.5", "eth0:1", "ns1", "br0", "lo", "--", "-h", "-x", "eth0")
HELPS = ("ip", "ip help", "ip addr help", "ip link help", "ip route help", "ip neigh help", "ip netns help", "ip tuntap help",
         "ip rule help", "bridge", "bridge help", "bridge fdb help", "bridge link help", "ip -V", "bridge -V", "ip -Version",
         "ip zz", "ip -x", "ip route x",
         "ip addr x", "ip link q", "ip neigh x", "ip netns x", "bridge x", "bridge fdb x", "ip foo bar", "ip link set",
         "ip link add", "ip link del", "ip addr add", "ip addr del", "ip route add", "ip route del", "ip route get",
         "ip neigh add", "ip neigh del", "ip netns add",
         "ip netns del", "ip netns exec", "ip netns exec ns1", "ip -n", "ip -n ns1", "ip -n nosuch link",
         "ip netns exec nosuch ip link", "bridge fdb add", "bridge fdb del", "bridge link set", "ping", "ping -h", "ping -c",
         "traceroute", "route -h", "route add", "route del",
         "arp -h", "arp -x", "netstat -x", "ifconfig nosuch", "ifconfig -x", "sysctl", "sysctl -x", "sysctl net.ipv4.nosuch",
         "sysctl -w net.ipv4.ip_forward", "sysctl net/ipv4/ip_forward", "sysctl -w net.ipv4.ip_forward=x",
         "sysctl -w net.ipv4.ip_forward = 1", "sysctl -n net.ipv4.ip_forward",
         "sysctl net.ipv4.conf.nosuch.rp_filter", "sysctl -w net.ipv4.conf.all.rp_filter=7", "sysctl -q net.ipv4.ip_forward=1",
         "sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter", "sysctl -e net.nosuch",
         "sysctl net.ipv4.conf.eth0.forwarding", "ip tuntap add", "ip tuntap del", "ip route flush",
         "ip addr flush", "ip neigh flush", "ip route list table nosuch", "ip route show table 300", "ip addr show dev nosuch",
         "ip route show dev nosuch", "ip neigh show dev nosuch", "bridge fdb show dev nosuch", "bridge link show dev nosuch",
         "bridge fdb show br br0", "bridge fdb show brport eth0",
         "ip -6 addr", "ip -6 route", "ip -f inet addr", "ip -family inet route", "ip -s link show lo",
         "ip -o -br link", "ip -br route", "ip -j route get 10.0.0.9", "ip -d route get 10.0.0.9", "ip -p -j addr show lo",
         "ip -j -p route", "ip -iec link show lo", "ip -t addr", "ip -ts link",
         "ping -c 1 nosuch", "ping -c 1 10.0.0", "ping -c 1 300.1.1.1", "ping -c 0 10.0.0.1",
         "ping -c 1 -t 0 10.0.0.1", "ping -c 1 -t 256 10.0.0.1", "ping -c 1 -s 65508 10.0.0.1", "ping -c 1 -s -1 10.0.0.1",
         "ping -c x 10.0.0.1", "ping -M foo 10.0.0.1",
         "ping -c 1 -W 1 0.0.0.0", "ping -c 1 -W 1 255.255.255.255", "ping -c 1 -W 1 224.0.0.1", "ping -c 1 -W 1 10.0.0.255",
         "ping -i 0 -c 1 -W 1 10.0.0.1", "ping -I nosuch -c 1 10.0.0.1", "ping -I 10.9.9.9 -c 1 10.0.0.1",
         "ping -c 1 -W 1 127.0.0.1", "ping -c 1 -W x 127.0.0.1", "ping 10.0.0.1 -c 1 -W 1",
         "ping -c 1 -W 1 10.0.0.1 10.0.0.2", "traceroute -n nosuch", "traceroute -x", "traceroute -n -m 0 10.0.0.1",
         "traceroute -n -m 300 10.0.0.1", "ip route add", "ip rule list", "ip rule del pref 32766",
         "ip rule show table 100", "ip rule add", "ip r g 10.0.0.1", "ip ro ls", "ip ad ls", "ip l l",
         "ip l sh", "ip nei", "ip n", "ip ro ad 10.50.0.0/16 via 10.0.0.2", "ip l s lo up", "ip l s eth0 d",
         "ip a a 10.0.0.8/24 dev eth0", "ip a d 10.0.0.8/24 dev eth0", "ip r d 10.50.0.0/16", "ip neigh get 10.0.0.9 dev eth0",
         "ip neigh show nud all", "ip neigh show nud permanent", "ip neigh show nud foo", 
         "ip link show dev eth0 up", "ip link show type", "ip link show type foo", "ip link show master nosuch",
         "ip addr show to", "ip addr show label eth0", "ip netns pids ns1", "ip netns identify 1")


def slips(random: Random) -> Script:
    """A small network, right lines bent one way each, some of them twice, and a look at what they did."""
    script = Script()
    script.netns("ns1")
    script("ip link add eth0 type veth peer name far netns ns1")
    if chance(random, 0.5):
        script("ip link add br0 type bridge")
    if chance(random, 0.8):
        script("ip link set eth0 up")
        script("ip link set far up", "ns1")
    if chance(random, 0.8):
        script("ip addr add 10.0.0.1/24 dev eth0")
    if chance(random, 0.4):
        script("ip link set lo up")
    for _ in range(random.randint(6, 12)):
        line = random.choice(HELPS) if chance(random, 0.3) else bend(random, random.choice(GOOD))
        for _ in range(2 if chance(random, 0.12) else 1):
            script(line)
    for view in random.sample(("ip addr", "ip route", "ip neigh", "ip -br link", "ip netns", "route -n", "bridge fdb",
                               "ip rule", "ip -br addr"), 2):
        script(view)
    return script


def bend(random: Random, line: str) -> str:
    """The line with one slip in it, or none."""
    words = line.split()
    at = random.randrange(1, len(words))
    slip = random.choice(("none", "none", "drop", "swap", "twice", "wrong", "wrong", "wrong", "extra", "short", "short", "cut",
                          "help"))
    if slip == "drop":
        del words[at]
    elif slip == "swap" and at + 1 < len(words):
        words[at], words[at + 1] = words[at + 1], words[at]
    elif slip == "twice":
        words.insert(at, words[at])
    elif slip == "wrong":
        words[at] = quoted(random.choice(WRONG))
    elif slip == "extra":
        words.insert(random.randint(1, len(words)), quoted(random.choice(WRONG)))
    elif slip == "short":
        words = [random.choice((word, *SHORT.get(word, ()))) for word in words]
    elif slip == "cut":
        words = words[:at]
    elif slip == "help":
        words.append("help")
    return " ".join(words)


def quoted(word: str) -> str:
    """A word as a shell needs it."""
    return f"'{word}'" if not word or " " in word else word
