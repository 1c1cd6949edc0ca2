"""Family i: Services. Two nodes with pods on a bridge each, and rules in the way in which kube-proxy writes them, some of it left out or
wrong; endpoints come and go; then connections and pings, and what the rules and the connections show.

Nobody listens anywhere: who is refused was translated, and the connection that was refused says whereto. The choice of an endpoint goes by
`statistic --mode nth`, or by a probability of 0 or 1.
"""
from __future__ import annotations

from random import Random

from tests.conform.filters import LOOKS
from tests.conform.script import Script, chance

PODS = {"p1": "10.20.1.2", "p2": "10.20.1.3", "q1": "10.20.2.2"}
NODES = {"n1": "192.168.9.1", "n2": "192.168.9.2"}
VIPS = ("10.96.0.50", "10.96.0.60")
POD_NETWORK = "10.20.0.0/16"


def services(random: Random) -> Script:
    """Nodes n1 (pods p1, p2) and n2 (q1), a client x, all on one bridge in the host."""
    script = Script()
    script.netns(*NODES, *PODS, "x")
    script("ip link add lan type bridge")
    script("ip link set lan up")
    for name, address in (*NODES.items(), ("x", "192.168.9.9")):
        script(f"ip link add l{name} type veth peer name eth0 netns {name}")
        script(f"ip link set l{name} master lan")
        script(f"ip link set l{name} up")
        script(f"ip addr add {address}/24 dev eth0", name)
        script("ip link set eth0 up", name)
        script("ip link set lo up", name)
    bridge_nf, hairpin = random.choice((1, 1, 1, 0)), chance(random, 0.7)
    for number, node in enumerate(NODES, start=1):
        script("ip link add cni0 type bridge", node)
        script(f"ip addr add 10.20.{number}.1/24 dev cni0", node)
        script("ip link set cni0 up", node)
        script("sysctl -qw net.ipv4.ip_forward=1", node)
        script(f"sysctl -qw net.bridge.bridge-nf-call-iptables={bridge_nf}", node)
        script(f"ip route add 10.20.{3 - number}.0/24 via 192.168.9.{3 - number}", node)
        script("ip route add default via 192.168.9.9", node)
        if chance(random, 0.5):
            script("sysctl -qw net.ipv4.conf.all.route_localnet=1", node)
    for pod, address in PODS.items():
        node = "n1" if pod < "q" else "n2"
        script(f"ip link add v{pod} netns {node} type veth peer name eth0 netns {pod}")
        script(f"ip link set v{pod} master cni0", node)
        if hairpin:
            script(f"bridge link set dev v{pod} hairpin on", node)
        script(f"ip link set v{pod} up", node)
        script(f"ip addr add {address}/24 dev eth0", pod)
        script("ip link set eth0 up", pod)
        script("ip link set lo up", pod)
        script(f"ip route add default via {address.rpartition('.')[0]}.1", pod)
    if chance(random, 0.4):
        script(f"ip route add {random.choice(('10.96.0.0/16', '10.20.0.0/16'))} via 192.168.9.1", "x")
    written = [node for node in NODES if chance(random, 0.8)] or ["n1"]
    for node in written:
        write(random, script, node)
    for port in range(4001, 4001 + random.randint(4, 8)):
        connect(random, script, port)
        if chance(random, 0.3):
            script(change(random), random.choice(written))
    script("conntrack -L", random.choice(written))
    for view in random.sample(LOOKS, 2):
        script(view, random.choice(written))
    return script


def write(random: Random, script: Script, node: str) -> None:
    """The chains of one node, by one restore or line by line."""
    lines: dict[str, list[str]] = {"nat": [], "filter": []}
    nat, chains = lines["nat"], {"nat": ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-MARK-MASQ", "KUBE-POSTROUTING"],
                                 "filter": ["KUBE-FORWARD", "KUBE-SERVICES", "KUBE-FIREWALL"]}
    nat += [f"-A {chain} -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES" for chain in ("PREROUTING", "OUTPUT")]
    nat += ["-A POSTROUTING -j KUBE-POSTROUTING", "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000",
            "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"]
    if chance(random, 0.7):
        nat.append("-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000")
    if chance(random, 0.9):
        nat.append("-A KUBE-POSTROUTING -j MASQUERADE")
    if chance(random, 0.5):
        nat.append(f"-A POSTROUTING -s {POD_NETWORK} ! -d {POD_NETWORK} -j MASQUERADE")
    lines["filter"] += ["-A FORWARD -j KUBE-FORWARD", "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
                        "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
                        "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                        "-A INPUT -j KUBE-FIREWALL", "-A OUTPUT -j KUBE-FIREWALL",
                        "-A OUTPUT -m conntrack --ctstate NEW -j KUBE-SERVICES", "-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES",
                        "-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"]
    for number, vip in enumerate(VIPS[: random.randint(1, 2)], start=1):
        service(random, lines, chains, number, vip)
    nat.append("-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")
    if chance(random, 0.7):
        text = "\n".join(f"*{table}\n" + "\n".join([f":{chain} - [0:0]" for chain in chains[table]] + lines[table]) + "\nCOMMIT"
                         for table in lines)
        script(f"iptables-restore -n <<'EOF'\n{text}\nEOF", node)
    else:
        for table in lines:
            for chain in chains[table]:
                script(f"iptables -t {table} -N {chain}", node)
            for line in lines[table]:
                script(f"iptables -t {table} {line}", node)
    if chance(random, 0.25):
        script("iptables -P FORWARD DROP", node)


def service(random: Random, lines: dict[str, list[str]], chains: dict[str, list[str]], number: int, vip: str) -> None:
    """One Service: none to three endpoints, of policy Cluster or Local, with or without a node port."""
    nat, who, proto = lines["nat"], f"default/web{number}", "tcp"
    to = f"-p {proto} -m comment --comment \"{who} cluster IP\" -m {proto} --dport 80"
    pods = random.sample(list(PODS.values()), random.randint(0, 3))
    node_port, local = 30080 + number, chance(random, 0.3)
    if not pods:
        with_ = random.choice(("icmp-port-unreachable", "icmp-port-unreachable", "tcp-reset"))
        lines["filter"].append(f"-A KUBE-SERVICES -d {vip}/32 {to} -j REJECT --reject-with {with_}")
        return
    own = [f"KUBE-SVC-{number}", f"KUBE-EXT-{number}", *(f"KUBE-SEP-{number}-{pod.replace('.', '-')}" for pod in pods)]
    chains["nat"] += own
    nat.append(f"-A KUBE-SERVICES -d {vip}/32 {to} -j {own[0]}")
    nat.append(f"-A KUBE-NODEPORTS -p {proto} -m comment --comment {who} -m {proto} --dport {node_port} -j {own[1]}")
    if chance(random, 0.8):
        not_pods = random.choice((f"! -s {POD_NETWORK}", f"! -s {POD_NETWORK}", "! -i cni0", ""))
        nat.append(f"-A {own[0]} {not_pods} -d {vip}/32 {to} -j KUBE-MARK-MASQ")
    if not local:
        nat.append(f"-A {own[1]} -j KUBE-MARK-MASQ")
    else:
        nat.append(f"-A {own[1]} -s {POD_NETWORK} -j {own[0]}")
        nat.append(f"-A {own[1]} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ")
    nat.append(f"-A {own[1]} -j {own[0]}")
    for at, pod in enumerate(pods):
        left, how = len(pods) - at, ""
        if left > 1:
            how = random.choice((f"-m statistic --mode nth --every {left} --packet 0 ", "-m statistic --mode random --probability 1 ",
                                 "-m statistic --mode random --probability 0 "))
        nat.append(f"-A {own[0]} -m comment --comment \"{who} -> {pod}:8080\" {how}-j {own[2 + at]}")
        nat.append(f"-A {own[2 + at]} -s {pod}/32 -j KUBE-MARK-MASQ")
        nat.append(f"-A {own[2 + at]} -p {proto} -m {proto} -j DNAT --to-destination {pod}:8080")


def connect(random: Random, script: Script, port: int) -> None:
    """A client through one of the doors; each names its port, and nobody listens behind it."""
    on = random.choice(("p1", "p1", "p2", "q1", "n1", "n1", "n2", "x", "x"))
    if chance(random, 0.2):
        return script(f"ping -n -c 1 -W 1 {random.choice((*VIPS, *PODS.values(), *NODES.values()))}", on)
    to = random.choice((*[f"{vip} 80" for vip in VIPS] * 3, "192.168.9.1 30081", "192.168.9.2 30081", "192.168.9.1 30082",
                        "127.0.0.1 30081", "10.20.1.2 8080", "10.96.0.50 81"))
    return script(f"nc -zv -w 1 -p {port} {to}", on)


def change(random: Random) -> str:
    """An endpoint goes or comes, a policy, a forgotten connection."""
    return random.choice((
        "iptables -t nat -F KUBE-SVC-1", "iptables -t nat -D KUBE-SVC-1 1", "iptables -t nat -F KUBE-SERVICES", "iptables -P FORWARD DROP",
        "iptables -P FORWARD ACCEPT", "conntrack -F", "conntrack -L", "iptables -t nat -F KUBE-POSTROUTING",
        "iptables -t nat -L KUBE-SVC-1 -n",
        "iptables -t nat -R KUBE-SVC-1 1 -j KUBE-SEP-1-10-20-1-2", "iptables -D KUBE-FORWARD 1", "iptables -t nat -S KUBE-NODEPORTS",
        "sysctl -qw net.bridge.bridge-nf-call-iptables=0", "iptables -t nat -X KUBE-SVC-1", "iptables -t nat -X KUBE-SVC-7",
    ))  # fmt: skip
