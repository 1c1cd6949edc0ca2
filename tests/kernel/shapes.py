"""What random labs look like: a LAN, a chain of routers, a vxlan tunnel, nodes with pods; and what goes wrong in them."""

import itertools
from random import Random

PROBES = (
    {},
    {},
    {},
    {"proto": "udp"},
    {"proto": "tcp"},
    {"proto": "udp", "port": 53},
    {"ttl": 1},
    {"ttl": 2},
    {"ttl": 3},
    {"size": 0},
    {"size": 1400},
    {"size": 1472, "df": True},
    {"size": 1473, "df": True},
    {"size": 2000},
    {"size": 3001, "df": False},
    {"size": 4000, "proto": "udp"},
)


class Script:
    """Lines in the making. `places` are (namespace, interface, address) of hosts; `routers` forward."""

    def __init__(self, random: Random):
        self.random = random
        self.lines: list[tuple[str, str]] = []
        self.probes: list[tuple[str, str, dict]] = []
        self.places: list[tuple[str, str, str]] = []
        self.routers: list[str] = []

    def __call__(self, line: str, on: str = "host") -> None:
        self.lines.append((on, line))

    def chance(self, likely: float) -> bool:
        return self.random.random() < likely

    def namespace(self, name: str) -> None:
        self(f"ip netns add {name}")
        if self.chance(0.8):
            self("ip link set lo up", name)

    def pair(self, one: str, dev: str, other: str, far: str) -> None:
        """A veth pair between two namespaces, both ends up."""
        extra = f" mtu {self.random.choice((1400, 1300, 1280, 9000))}" if self.chance(0.12) else ""
        self(f"ip link add {dev} netns {one}{extra} type veth peer name {far} netns {other}")
        self(f"ip link set {dev} up", one)
        self(f"ip link set {far} up", other)

    def address(self, on: str, dev: str, text: str) -> None:
        self(f"ip addr add {text} dev {dev}", on)
        self.places.append((on, dev, text.partition("/")[0]))

    def router(self, name: str) -> None:
        self.routers.append(name)
        if self.chance(0.93):
            self("sysctl -w net.ipv4.ip_forward=1", name)

    def disturb(self) -> None:
        """A fault or three, and the probes."""
        for _ in range(self.random.choice((0, 0, 1, 1, 1, 2, 3))):
            fault(self)
        for _ in range(self.random.choice((1, 2, 3))):
            source = self.random.choice(self.places)[0]
            target = (
                self.random.choice(self.places)[2]
                if self.chance(0.9)
                else self.random.choice(("10.9.9.9", "10.0.0.77", "127.0.0.1", "10.0.0.255"))
            )
            how = dict(self.random.choice(PROBES))
            if self.chance(0.05):
                how["src"] = next(address for on, _, address in self.places if on == source)
            self.probes.append((source, target, how))
        if self.chance(0.3):
            self.probes.append(self.probes[0])  # once more, with what was learned


def lan(script: Script) -> None:
    """Hosts on a bridge, sometimes with a second bridge behind it."""
    bridges = ["br0", "br1"][: script.random.choice((1, 1, 2))]
    for bridge in bridges:
        script(f"ip link add {bridge} type bridge")
        script(f"ip link set {bridge} up")
    if len(bridges) == 2:
        script("ip link add up0 type veth peer name up1")
        for number, bridge in enumerate(bridges):
            script(f"ip link set up{number} master {bridge} up")
    for number in range(script.random.randint(2, 4)):
        host = f"h{number}"
        script.namespace(host)
        script.pair(host, "eth0", "host", f"v{number}")
        script(f"ip link set v{number} master {script.random.choice(bridges)}")
        mask = script.random.choice((24, 24, 24, 24, 16, 25, 30))
        script.address(host, "eth0", f"10.0.0.{number + 1}/{mask}")
        if script.chance(0.4):
            script("ip route add default via 10.0.0.254", host)
    if script.chance(0.6):
        script.address("host", "br0", "10.0.0.254/24")
        script.router("host")
        script("ip link set lo up")


def chain(script: Script) -> None:
    """Two hosts with one to three routers between them."""
    count = script.random.randint(1, 3)
    names = ["a", *(f"r{i}" for i in range(count)), "b"]
    for name in names:
        script.namespace(name)
    for number, (left, right) in enumerate(itertools.pairwise(names)):
        script.pair(left, f"e{number}", right, f"w{number}")
        script.address(left, f"e{number}", f"10.{number}.0.1/24")
        script.address(right, f"w{number}", f"10.{number}.0.2/24")
    for number, name in enumerate(names[1:-1]):
        script.router(name)
        if number + 1 < count:
            script(f"ip route add default via 10.{number + 1}.0.2", name)
        for behind in range(number):
            script(f"ip route add 10.{behind}.0.0/24 via 10.{number}.0.1", name)
    script("ip route add default via 10.0.0.2", "a")
    script(f"ip route add default via 10.{count}.0.1", "b")
    if script.chance(0.3):
        script("ip addr add 10.99.0.1/32 dev lo", "a")


def tunnel(script: Script) -> None:
    """Two nodes, a vxlan between them, routed or bridged."""
    for node in ("n1", "n2"):
        script.namespace(node)
    script.pair("n1", "eth0", "n2", "eth0")
    learning = script.random.choice(("", " nolearning"))
    routed = script.chance(0.5)
    for number, node in ((1, "n1"), (2, "n2")):
        other = 3 - number
        script.address(node, "eth0", f"192.168.7.{number}/24")
        lower = " dev eth0" if script.chance(0.7) else ""
        script(
            f"ip link add vx0 address 02:aa:00:00:00:0{number} "
            f"type vxlan id 7 dstport 8472 local 192.168.7.{number}{lower}{learning}",
            node,
        )
        pod = f"p{number}"
        script.namespace(pod)
        script.pair(pod, "eth0", node, "v0")
        script("ip link add br0 type bridge", node)
        script("ip link set br0 up", node)
        script("ip link set v0 master br0", node)
        script("ip link set vx0 up", node)
        if routed:
            script.router(node)
            script.address(node, "br0", f"10.{number}.0.1/24")
            script.address(pod, "eth0", f"10.{number}.0.2/24")
            script(f"ip route add default via 10.{number}.0.1", pod)
            script(f"ip addr add 10.{number}.0.0/32 dev vx0", node)
            script(f"ip neigh add 10.{other}.0.0 lladdr 02:aa:00:00:00:0{other} dev vx0", node)
            script(f"bridge fdb append 02:aa:00:00:00:0{other} dev vx0 dst 192.168.7.{other}", node)
            script(f"ip route add 10.{other}.0.0/24 via 10.{other}.0.0 dev vx0 onlink", node)
        else:
            script("ip link set vx0 master br0", node)
            script.address(pod, "eth0", f"10.1.0.{number}/24")
            script(f"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.7.{other}", node)


def nodes(script: Script) -> None:
    """Two nodes with a bridge and pods each, joined by a switch; host-gw routes."""
    script("ip link add br0 type bridge")
    script("ip link set br0 up")
    for number in (1, 2):
        node, other = f"n{number}", 3 - number
        script.namespace(node)
        script.pair(node, "eth0", "host", f"s{number}")
        script(f"ip link set s{number} master br0")
        script.address(node, "eth0", f"192.168.8.{number}/24")
        script.router(node)
        script("ip link add cni0 type bridge", node)
        script("ip link set cni0 up", node)
        script.address(node, "cni0", f"10.{number}.0.1/24")
        for pod in range(script.random.choice((1, 1, 2))):
            name = f"p{number}{pod}"
            script.namespace(name)
            script.pair(name, "eth0", node, f"v{pod}")
            script(f"ip link set v{pod} master cni0", node)
            script.address(name, "eth0", f"10.{number}.0.{pod + 2}/24")
            script(f"ip route add default via 10.{number}.0.1", name)
        script(f"ip route add 10.{other}.0.0/24 via 192.168.8.{other}", node)


SHAPES = {"lan": lan, "chain": chain, "tunnel": tunnel, "nodes": nodes}


def fault(script: Script) -> None:
    """Something a person breaks. No multipath: the kernel's hash is seeded by chance."""
    random = script.random
    on, dev, address = random.choice(script.places)
    other = random.choice(script.places)
    anywhere = random.choice([line_on for line_on, _ in script.lines])
    net = ".".join(address.split(".")[:3])
    far = ".".join(other[2].split(".")[:3])
    script(
        *random.choice(
            (
                (f"ip link set {dev} down", on),
                (f"ip link set {dev} mtu {random.choice((1280, 1400, 1492))}", on),
                ("ip route del default", on),
                (f"ip route del {far}.0/24", on),
                (f"ip addr del {address}/24 dev {dev}", on),
                (f"ip addr add {net}.200/25 dev {dev}", on),
                ("sysctl -w net.ipv4.ip_forward=0", anywhere),
                ("sysctl -w net.ipv4.conf.all.rp_filter=1", anywhere),
                ("sysctl -w net.ipv4.conf.all.rp_filter=2", anywhere),
                (f"sysctl -w net.ipv4.conf.{dev}.forwarding=0", on),
                (f"sysctl -w net.ipv4.conf.{dev}.send_redirects=0", on),
                ("sysctl -w net.ipv4.conf.all.accept_local=1", on),
                ("sysctl -w net.ipv4.icmp_echo_ignore_all=1", on),
                ("sysctl -w net.ipv4.conf.all.arp_ignore=1", on),
                ("sysctl -w net.ipv4.conf.all.proxy_arp=1", anywhere),
                ("sysctl -w net.ipv4.ip_default_ttl=3", on),
                (f"ip neigh add {other[2]} lladdr 02:bb:00:00:00:01 dev {dev}", on),
                (f"ip neigh add {net}.1 lladdr 02:bb:00:00:00:02 dev {dev}", on),
                (f"ip route add unreachable {far}.0/24 metric 5", on),
                (f"ip route add blackhole {other[2]}/32", on),
                (f"ip route add prohibit {other[2]}/32", on),
                (f"ip route replace default via {net}.77", on),
                (f"ip route add {other[2]}/32 dev {dev}", on),
                (f"ip route add {far}.0/24 via {net}.1 mtu 1300", on),
                (f"ip route add {other[2]}/32 via {net}.2", on),
                (f"ip addr add {other[2]}/32 dev lo", anywhere),
                ("ip link set lo down", on),
                ("ip link set v0 nomaster", anywhere),
                ("bridge link set dev v0 hairpin on", anywhere),
                ("bridge link set dev v0 learning off", anywhere),
                ("bridge link set dev v0 isolated on", anywhere),
                ("bridge link set dev v1 isolated on", anywhere),
                ("bridge link set dev v0 flood off", anywhere),
                (f"ip link set {dev} address 02:cc:00:00:00:0{random.randint(1, 9)}", on),
                ("ip link set eth0 arp off", on),
                ("ip link set br0 down", anywhere),
                ("ip link set br0 mtu 1300", anywhere),
                ("ip link set br0 promisc on", anywhere),
                (f"ip link set {dev} promisc on", on),
                ("ip link set vx0 down", anywhere),
                ("bridge fdb del 02:aa:00:00:00:02 dev vx0 dst 192.168.7.2", "n1"),
                ("bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.7.99", "n1"),
                ("ip neigh del 10.2.0.0 dev vx0", "n1"),
                ("bridge fdb add 02:bb:00:00:00:07 dev v0 master static", anywhere),
                ("ip neigh flush all", anywhere),
                (f"ip route flush dev {dev}", on),
                (f"ip rule add from {net}.0/24 lookup 100", on),
                (f"ip route add default via {net}.1 table 100", on),
                ("ip rule del pref 32766", on),
            )
        )
    )
