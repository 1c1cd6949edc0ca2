"""Family d: vxlan the way flannel writes it (fdb, neighbours, onlink routes), TUN devices, and slips with both."""
from __future__ import annotations

from random import Random

from tests.conform.script import BRIDGE_VIEWS, STATE_VIEWS, Script, chance, counters

VIEWS = (*STATE_VIEWS, *BRIDGE_VIEWS, "ip neigh show dev flannel.1", "bridge fdb show dev flannel.1",
         "ip route show dev flannel.1")


def tunnels(random: Random) -> Script:
    """Two nodes joined by a wire with a vxlan over it, routed or bridged, or TUN devices alone."""
    script = Script()
    random.choice((tuns, bridged, routed, routed))(random, script)
    return script


def wire(random: Random, script: Script) -> None:
    """Two nodes that reach each other."""
    script.netns("n1", "n2")
    script.cable("eth0", "n1", "eth0", "n2")
    for i, node in enumerate(("n1", "n2")):
        script(f"ip addr add 192.168.0.{i + 1}/24 dev eth0", node)
        if chance(random, 0.7):
            script("ip link set lo up", node)


def bridged(random: Random, script: Script) -> None:
    """A vxlan in a bridge on each node, and a pod behind each: one Ethernet over two machines."""
    wire(random, script)
    script.netns("p1", "p2")
    for i, (node, pod) in enumerate((("n1", "p1"), ("n2", "p2"))):
        far = random.choice(("", f" remote 192.168.0.{2 - i}", f" remote 192.168.0.{2 - i}"))
        vni, learning = random.choice((7, 7, 7, 7, 8)), random.choice(("", "", " nolearning"))
        script(f"ip link add vx0 type vxlan id {vni} local 192.168.0.{i + 1} dev eth0 dstport 4789{far}{learning}", node)
        script("ip link add br0 type bridge", node)
        script(f"ip link add veth0 type veth peer name eth0 netns {pod}", node)
        for port in ("vx0", "veth0"):
            if chance(random, 0.95):
                script(f"ip link set {port} master br0", node)
        for name in ("vx0", "veth0", "br0"):
            script(f"ip link set {name} up", node)
        script("ip link set eth0 up", pod)
        script(f"ip addr add 10.5.0.{i + 1}/24 dev eth0", pod)
        if not far and chance(random, 0.8):
            script(f"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.0.{2 - i}", node)
        if chance(random, 0.3):
            script("ip link set eth0 mtu 1450", pod)
        if chance(random, 0.2):
            script(f"ip addr add 10.5.0.{i + 101}/24 dev br0", node)
    for _ in range(random.randint(1, 3)):
        i = random.randint(0, 1)
        size = random.choice(("", "", "", "-s 1422 -M do ", "-s 1423 -M do ", "-s 1423 ", "-s 1472 ", "-s 1472 -M do ",
                              "-t 1 "))
        script(f"ping -c 1 -W 1 {size}10.5.0.{random.choice((2 - i, 2 - i, 2 - i, 101, 102, 9))}", f"p{i + 1}")
        if chance(random, 0.3):
            script(*spoil_bridged(random, i))
    script.look(random, ("ip -s link", "ip neigh", "bridge fdb", "ip -br link", "ifconfig", "netstat -i",
                         "bridge fdb show br br0"), 1)


def spoil_bridged(random: Random, i: int) -> tuple[str, str]:
    """Something done to a bridged vxlan, and where."""
    return random.choice((
        "ip link set vx0 down", "ip link set vx0 nomaster", "ip link set br0 down", "ip link set eth0 mtu 1400",
        "ip link set veth0 mtu 1450", "ip link set vx0 mtu 1400", "bridge fdb show dev vx0", "ip -s link show vx0",
        f"bridge fdb del 00:00:00:00:00:00 dev vx0 dst 192.168.0.{2 - i}", "ip neigh flush all",
        "bridge link set dev vx0 learning off", "ip -s -s link show br0", "ip -d link show vx0")), f"n{i + 1}"


def routed(random: Random, script: Script) -> None:
    """flannel.1 on each node, perhaps with pods behind cni0."""
    wire(random, script)
    for i, node in enumerate(("n1", "n2")):
        vxlan(random, script, i, node)
    pods = chance(random, 0.4)
    if pods:
        for i, node in enumerate(("n1", "n2")):
            behind(random, script, i, node)
    for node in ("n1", "n2"):
        if chance(random, 0.3):
            script(*spoil(random, node))
    if pods:
        for _ in range(random.randint(1, 3)):
            script(from_pod(random, i := random.randint(0, 1)), f"p{i + 1}")
    for _ in range(random.randint(1, 3)):
        i = random.randint(0, 1)
        to = random.choice((f"10.244.{1 - i}.0", f"10.244.{1 - i}.0", f"192.168.0.{2 - i}", f"10.244.{1 - i}.1",
                            f"10.244.{1 - i}.9", f"10.244.{i}.0"))
        script(f"ping -c 1 -W 1 {random.choice(('', '', '-s 1422 -M do ', '-s 1423 -M do ', '-I flannel.1 ', '-t 1 '))}{to}",
               f"n{i + 1}")
    script.namespaces.remove("host")
    for _ in range(random.randint(0, 2)):
        script(counters(random, "eth0", "flannel.1", "lo"), random.choice(("n1", "n2")))
    script.look(random, VIEWS, 1 if pods else 2)
    script.look(random,
                ("ip -d link show flannel.1", "ip -j -d link show flannel.1", "ip neigh", "bridge fdb show dev flannel.1",
                 "arp -n"), 1)
    return script


def behind(random: Random, script: Script, i: int, node: str) -> None:
    """A pod on cni0, and a node that forwards for it."""
    script.netns(f"p{i + 1}")
    script("ip link add cni0 type bridge", node)
    script(f"ip addr add 10.244.{i}.1/24 dev cni0", node)
    script(f"ip link add veth0 type veth peer name eth0 netns p{i + 1}", node)
    script("ip link set veth0 master cni0", node)
    script("ip link set veth0 up", node)
    script("ip link set cni0 up", node)
    script("ip link set eth0 up", f"p{i + 1}")
    if chance(random, 0.5):
        script("ip link set eth0 mtu 1450", f"p{i + 1}")
    script(f"ip addr add 10.244.{i}.2/24 dev eth0", f"p{i + 1}")
    if chance(random, 0.95):
        script(f"ip route add default via 10.244.{i}.1", f"p{i + 1}")
    if chance(random, 0.95):
        script("sysctl -w net.ipv4.ip_forward=1", node)


def from_pod(random: Random, i: int) -> str:
    """A probe from a pod to the other pod or something on the way."""
    to = random.choice([f"10.244.{1 - i}.2"] * 4 + [f"10.244.{1 - i}.1", f"10.244.{1 - i}.0", f"192.168.0.{2 - i}",
                                                    f"10.244.{1 - i}.9"])
    if chance(random, 0.1):
        return f"traceroute -n -q 1 -w 1 -m 4 {to}"
    words = random.choice(("", "", *[f"-t {random.randint(1, 4)} "] * 2, "-s 1422 -M do ", "-s 1423 -M do ", "-s 1423 ",
                            "-s 1472 -M want ", "-s 1472 -M dont ", "-s 1472 "))
    return f"ping -c {random.choice((1, 1, 2))} -W 1 {words}{to}"


def vxlan(random: Random, script: Script, i: int, node: str) -> None:
    """flannel.1 on a node: device, address, the other node's route, neighbour and FDB entry."""
    far, mac = 1 - i, f"0a:00:00:00:00:0{2 - i}"
    words = [f"ip link add flannel.1 address 0a:00:00:00:00:0{i + 1} type vxlan id {random.choice((1, 1, 1, 1, 5))}",
             f"local 192.168.0.{i + 1}" if chance(random, 0.8) else "", "dev eth0" if chance(random, 0.9) else "", "dstport 8472",
             random.choice(("", "", "", "nolearning", "nolearning", "ttl 5"))]
    script(" ".join(filter(None, words)), node)
    script(f"ip addr add 10.244.{i}.0/{random.choice((32, 32, 32, 16))} dev flannel.1", node)
    script("ip link set flannel.1 up", node)
    if chance(random, 0.95):
        script(f"ip route add 10.244.{far}.0/24 via 10.244.{far}.0 dev flannel.1{' onlink' if chance(random, 0.9) else ''}", node)
    if chance(random, 0.92):
        verb, state = random.choice(("add", "replace")), random.choice((" nud permanent", " nud permanent", ""))
        script(f"ip neigh {verb} 10.244.{far}.0 lladdr {mac} dev flannel.1{state}", node)
    if chance(random, 0.92):
        verb, state = random.choice(("add", "append")), random.choice((" self permanent", " self", "", " permanent"))
        known = random.choice((mac, mac, mac, "00:00:00:00:00:00"))
        script(f"bridge fdb {verb} {known} dev flannel.1 dst 192.168.0.{far + 1}{state}", node)


def spoil(random: Random, node: str) -> tuple[str, str]:
    """One thing a learner does to a vxlan, and where."""
    far = "2" if node == "n1" else "1"
    mac = f"0a:00:00:00:00:0{far}"
    return random.choice((
        f"bridge fdb del {mac} dev flannel.1", f"bridge fdb del {mac} dev flannel.1 dst 192.168.0.{far} self",
        f"bridge fdb add {mac} dev flannel.1 dst 192.168.0.77",
        f"bridge fdb replace {mac} dev flannel.1 dst 192.168.0.77", "bridge fdb add 0a:00 dev flannel.1",
        f"bridge fdb add {mac} dev nosuch", f"bridge fdb add {mac} dev eth0",
        "ip neigh flush dev flannel.1", f"ip neigh del 10.244.{int(far) - 1}.0 dev flannel.1", "ip link set flannel.1 mtu 1400",
        "ip link set flannel.1 mtu 1500", "ip link set eth0 mtu 1400",
        "ip link set flannel.1 down", "ip link set eth0 down", "ip addr flush dev eth0", "ip link del flannel.1",
        "ip link add vx2 type vxlan id 1 dev eth0 dstport 8472",
        "ip link add vx2 type vxlan id 2 dev eth0 dstport 4789", "ip link add vx3 type vxlan id 3 dev nosuch dstport 8472",
        "ip link add vx4 type vxlan dstport 8472",
        "ip link add vx5 type vxlan id 16777216 dstport 8472",
        "ip link add vx6 type vxlan id 6 remote 192.168.0.2 dstport 8472", "ip link set flannel.1 type vxlan id 2",
        "ip -d link show type vxlan", "ip link show type vxlan", "ip link del eth0",
        f"bridge fdb append 00:00:00:00:00:00 dev flannel.1 dst 192.168.0.{far}",
        "ip link add vx7 type vxlan id 7", "ip link add vx8 type vxlan id 8 group 239.1.1.1 dev eth0 dstport 4789",
        "bridge fdb show dev flannel.1")), node


def tuns(random: Random, script: Script) -> None:
    """TUN and TAP devices that no program has opened."""
    on = "host"
    if chance(random, 0.4):
        script.netns("n1")
        on = "n1"
    names = [random.choice(("tun0", "flannel0", "tap1")) for _ in range(random.randint(1, 2))]
    for name in names:
        mode = random.choice(("tun", "tun", "tun", "tap"))
        script(random.choice((f"ip tuntap add dev {name} mode {mode}", f"ip tuntap add {name} mode {mode}",
                              f"ip tuntap add mode {mode} dev {name}",
                              f"ip tuntap add mode {mode} {name}", f"ip tuntap add {name}", f"ip tunt a {name} mode {mode}",
                              f"ip tuntap add dev {name} mode {mode} user root")), on)
        script(f"ip addr add 10.20.{random.choice((37, 92))}.0/{random.choice((16, 16, 32))} dev {name}", on)
        if chance(random, 0.85):
            script(f"ip link set {name} up", on)
        if chance(random, 0.3):
            script(f"ip link set {name} mtu 1472", on)
    for _ in range(random.randint(2, 4)):
        name = random.choice(names)
        script(random.choice((
            "ping -c 1 -W 1 10.20.92.11", "ip route get 10.20.92.11", f"ip route add 10.30.0.0/16 dev {name}",
            f"ip addr add 10.8.0.1 peer 10.8.0.2 dev {name}", "ip route get 10.8.0.2",
            "ping -c 1 -W 1 10.8.0.1", f"ip tuntap del dev {name} mode tun", f"ip tuntap del dev {name} mode tap",
            f"ip tuntap del {name}", f"ip link del {name}", "ip tuntap del dev nosuch mode tun",
            "ip tuntap add dev averyveryverylongname mode tun", "ip tuntap add mode tun", "ip tuntap", "ip tuntap show",
            "ip tuntap list", f"ip -d link show {name}", "ip link set lo up",
            f"ip neigh add 10.20.1.1 lladdr 0a:00:00:00:00:01 dev {name}", f"ip link set {name} down",
            "ip link add t9 type tun", "ip link add t9 type tap")), on)
    script.look(random,
                (*STATE_VIEWS, "ip tuntap", "ip tuntap list", f"ip -d link show {names[0]}", f"ip link show {names[0]}"), 3)
