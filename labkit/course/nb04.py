"""Questions and tasks of notebook 04: pods on two nodes, flannel between them."""

from ..lab.lab import Lab
from ..scenarios import flannel, seed_cluster
from ..scenarios.script import run
from .chapter import Chapter
from .exercise import Question, Task
from .judging import in_table, not_from, probe, unanswered

CHAPTER = Chapter(__name__)
progress, __dir__ = CHAPTER.progress, CHAPTER.names

ttl_cross_node = Question(
    "wp-mysql-t5w0m on k8s-node1 pings mysql-demo-e81sy on k8s-node2. Which TTL does ping show for the answer?", 60,
    "Four take one off: the kernel of k8s-node2, flanneld there, flanneld on k8s-node1, and the kernel of k8s-node1.",
    {
        64: "64 is for two pods of one node, where nobody routes. Here two nodes do.",
        62: "Two nodes route, so 62 is the natural guess, and with vxlan or host-gw it is right. With the UDP backend a program "
            "on each node has the packet as well, and lowers the TTL as a router would.",
        63: "More than one machine handles the answer on its way.",
        61: "61 is what k8s-node1 itself sees when it pings that pod: one routing decision less.",
    },
    "Read `ttl=` in the answer above.",
)  # fmt: skip
first_decision = Question(
    "Which namespace makes the first routing decision of this walk?", "wp-mysql-t5w0m",
    "A pod has a routing table of its own: 10.20.92.11 is not in its /24, so it goes to the gateway, 10.20.37.1.",
    {
        "k8s-node1": "That is where the notes begin. But who decided to send the packet to 10.20.37.1?",
        "mysql-demo-e81sy": "That is the destination. Its first decision is about the answer.",
    },
    "The packet is made in a pod, and a pod has a routing table of its own.",
)
line_on_node1 = Question(
    "Which line of k8s-node1's table takes 10.20.92.11? Answer with a prefix such as 192.168.122.0/24.", "10.20.0.0/16",
    "Two lines match, with 0 and with 16 bits. The longest match wins; that it is the second line in the list means nothing.",
    {
        "default": "It matches, with 0 bits. Another line matches more.",
        "0.0.0.0/0": "It matches, with 0 bits. Another line matches more.",
        "10.20.37.0/24": "That one does not match: 10.20.92.11 has 92 where it wants 37.",
        "10.20.92.0/24": "That line is in the table of k8s-node2. k8s-node1 has none for the subnets of others.",
    },
    "Compare 10.20.92.11 with each destination, as many bits as the mask has.",
)
kind_of_flannel0 = Question(
    "What kind of interface is flannel0? Answer with the word that `ip -d link` has for it.", "tun",
    "A TUN is a pipe between the kernel and a program: no MAC address, no ports, bare IP packets.",
    {
        "bridge": "So say the notes. A bridge has a MAC address and ports and carries frames. Look at `link/none`.",
        "veth": "A veth has a twin. At the other end of flannel0 there is a program.",
        "tap": "A TAP carries Ethernet frames and has a MAC address. This one has none.",
        "vxlan": "With the vxlan backend there would be one, flannel.1. This cluster uses the UDP backend.",
    },
    "Read the last line of `ip -d link show flannel0`.",
)
asks_etcd = Question(
    "Pods of the two nodes exchange a thousand packets. How often is etcd asked for the way?", 0,
    "flanneld watches the leases and keeps them in memory. A packet is looked up in that list, and nowhere else.",
    {
        1000: "A question to a database for every packet? The network would be as slow as the database.",
        1: "Not even for the first packet: the leases were read before it came, and changes are told, not asked for.",
    },
    "Does the trace show a packet between k8s-node1 and the master?",
)
node2_address = Question(
    "What is k8s-node2's address on the wire, without prefix length?", "192.168.138.222",
    "138, as the lease, the outer header and node2's own table say. The slip hides well: 192.168.139.222 is in the same /20.",
    {
        "192.168.139.222": "Ping it. Then compare with the lease: `etcdctl get /awcloud.com/network/subnets/10.20.92.0-24`.",
    },
    "The lease of 10.20.92.0-24 says it.",
)
overhead = Question(
    "How many bytes does the UDP backend put before a pod's packet?", 28,
    "20 of IP header and 8 of UDP header. 1500 − 28 = 1472, the MTU of flannel0.",
    {
        8: "That is the UDP header. The two node addresses need an IP header as well.",
        20: "That is the IP header. The two ports need a UDP header as well.",
        50: "50 is vxlan: it has a VXLAN header and the inner Ethernet header too.",
    },
    "Compare the two lengths: the packet inside and the one around it.",
)
order = Question(
    "Put these in order, as letters: A, k8s-node2's kernel chooses docker0. B, flanneld on k8s-node1 wraps. "
    "C, flanneld on k8s-node2 unwraps and writes into flannel0. D, k8s-node1's kernel sends UDP to 192.168.138.222.",
    ("BDCA", "B D C A", "B, D, C, A", "B,D,C,A"),
    "Wrapped once, unwrapped once, and each time a kernel chooses what comes next.",
    {
        "CABD": "That is the order of the notes: unwrapping at the destination told before the wrapping. What was wrapped, then?",
        "BCDA": "C happens on the other node, so the datagram has to be sent there first.",
        "DBCA": "What would D send? The kernel gets the datagram from flanneld.",
    },
    "Go through the steps of the trace.",
)
bits_match = Question(
    "Three lines of k8s-node2's table match 10.20.92.11. Which wins?", "10.20.92.0/24",
    "/24 is longer than /16 and /0. Its place in the list has no say.",
    {
        "10.20.0.0/16": "It would send the packet back into flannel0, where it came from. A longer match wins.",
        "default": "It matches everything, and so loses against everything.",
        "0.0.0.0/0": "It matches everything, and so loses against everything.",
    },
    "The longest prefix wins.",
)
remembers = Question(
    "True or False: k8s-node2 remembers from which node the request came, and sends the answer back there.", False,
    "The answer is a packet like any other. k8s-node2 looks up 10.20.37.5 in its own table and flanneld in its own list.",
    {True: "Take flannel's route away on k8s-node2 alone: the request still arrives, and the answer does not find its way."},
)
silent_ttl = Question(
    "ping -t 2: the request leaves with TTL 2. Who says `Time to live exceeded`? An address, or: nobody.", ("nobody", "no one", "none"),
    "flanneld gets it with TTL 1, lowers it to 0 and drops it without a word. A program is not as polite as a kernel.",
    {
        "10.20.37.1": "That is the answer for TTL 1. With 2 the packet gets past the kernel of k8s-node1.",
        "10.20.92.0": "That is the answer for TTL 4. With 2 the packet does not leave k8s-node1.",
        "10.20.37.0": "flannel0's address, as if its program had answered. The program keeps silent.",
    },
    "Who has the packet second: a kernel, or a program?",
)
largest_payload = Question(
    "`ping -M do -s N`: what is the largest N that passes from pod to pod?", 1444,
    "1444 + 8 of ICMP + 20 of IP = 1472, the MTU on this way; with flannel's 28 it fills 1500 exactly.",
    {
        1472: "1472 is the MTU: the whole IP packet. -s counts the payload only, without 8 bytes of ICMP and 20 of IP.",
        1500: "1500 is what the wire takes. flannel needs 28 of it, and the inner headers another 28.",
        1445: "One byte too big.",
        1452: "That leaves room for the IP header of the inner packet. There is an ICMP header of 8 bytes as well.",
    },
    "MTU of flannel0, less the pod's own IP header (20) and ICMP header (8).",
)
third_lease = Question(
    "The notes list three subnets: 10.20.37.0/24, 10.20.92.0/24 and 10.20.0.53/24. What should the third be?", "10.20.53.0/24",
    "etcd has 10.20.53.0-24. As written it is an address in 10.20.0.0/24, the zeroth subnet, which flannel never hands out.",
    {
        "10.20.0.53/32": "That would be one machine. flannel hands out subnets; look for a lease with 53 in it.",
        "10.20.0.0/24": "That is what 10.20.0.53/24 would belong to, and flannel skips it. Look for a lease with 53 in it.",
    },
    "`etcdctl ls /awcloud.com/network/subnets`",
)
candidates = Question(
    "Among how many subnets of 10.20.0.0/16 does flannel choose at random?", 100,
    "It walks up from 10.20.1.0/24, skips what is taken, and stops at 100. So in a small cluster the third number stays low.",
    {
        256: "A /16 has 256 subnets of /24. flannel does not look at all of them: count `registry.free()`.",
        255: "All but the zeroth would be 255. flannel does not look at all of them: count `registry.free()`.",
        254: "That is the number of usable addresses in a /24. Count `registry.free()`.",
    },
    "Count `registry.free()`.",
)
lease_gone = Question(
    "The lease of 10.20.92.0/24 is gone. What does the pod hear: net unreachable, host unreachable or nothing?", ("nothing", "silence"),
    "flanneld has no entry for the address now. It says nothing about ICMP packets, so a ping gets silence.",
    {
        "net unreachable": "A kernel without a route says so. This one still has 10.20.0.0/16, and hands the packet to flanneld.",
        "host unreachable": "That comes when somebody asks for a MAC address and gets none. Nobody gets that far.",
    },
    "The kernel's tables on k8s-node1 did not change. Who drops the packet?",
)
without_flanneld = Question(
    "flanneld on k8s-node1 is stopped. Which interface of k8s-node1 does the pod's packet leave by?", "eth0",
    "flannel0 goes with the program, and its route with it. What is left is `default`, to a gateway that knows no pods.",
    {
        "flannel0": "A TUN lives as long as a program holds it open. `ip -br addr` shows that it is gone.",
        "docker0": "docker0 has the node's own /24, which does not match.",
    },
    "Look at the table that is left: which line still matches 10.20.92.11?",
)
lines_of_vxlan = Question(
    "How many lines does flanneld write on a node for each other node's lease with vxlan?", 3,
    "A route (which VTEP), a neighbour (the VTEP's MAC address) and an FDB entry (on which node that MAC address is).",
    {
        1: "host-gw needs one. vxlan has to say two things more: the VTEP's MAC address, and on which node it is.",
        0: "That is the UDP backend: the kernel's tables know nothing of other nodes, only the program does.",
        2: "A route, a neighbour, and one more: who_wrote finds it by the VTEP's MAC address.",
    },
    "`ip route`, `ip neigh`, `bridge fdb show dev flannel.1`",
)
vxlan_without_flanneld = Question(
    "True or False: with vxlan, pods still reach each other across nodes after flanneld has been stopped.", True,
    "The kernel does the wrapping, and the lines stay. Only what changes from now on is missed.",
    {False: "With the UDP backend, yes: there the program handles each packet. Who wraps with vxlan?"},
)

POD_A, POD_B, TO_A, TO_B = "wp-mysql-t5w0m", "mysql-demo-e81sy", "10.20.37.5", "10.20.92.11"


def broken_cluster() -> Lab:
    """The notes' cluster after a night of repairs."""
    lab = seed_cluster()
    run(lab, "k8s-node1", "ip link set flannel0 down", "somebody")
    run(lab, "k8s-node2", """
        ip route del 10.20.0.0/16
        sysctl -qw net.ipv4.ip_forward=0
        """, "somebody")
    return lab


def _through_flannel(lab: Lab, source: str, destination: str, by: str) -> str | None:
    """None when the right pod answers, by way of flanneld on both nodes."""
    trace = probe(lab, source, destination)
    if trace.answered and trace.verdict.where == by and trace.reply_ttl != 60:
        return f"{source} gets an answer from {destination} with TTL {trace.reply_ttl}, not 60: it does not go through flannel0 both ways."
    wrapped = {step.namespace for step in trace.steps if step.kind == "wrap"}
    around = f"{source} gets an answer from {destination}, but not through flanneld on both nodes."
    return not_from(by, trace) or (None if {"k8s-node1", "k8s-node2"} <= wrapped else around)


repair = Task(
    "Three things are wrong on the two nodes. Find them, mend them with commands, and check again.",
    lambda lab: _through_flannel(lab, POD_A, TO_B, POD_B) or _through_flannel(lab, POD_B, TO_A, POD_A),
    "Both pods reach each other through flannel0, with TTL 60.", start=broken_cluster,
    answer=(("k8s-node1", "ip link set flannel0 up"), ("k8s-node2", """
        ip route add 10.20.0.0/16 dev flannel0
        sysctl -w net.ipv4.ip_forward=1
        """)),
    hints=("k8s-node1 first: `ip -br link`. Which interface should be up and is not?",
           "k8s-node2 lacks a line that k8s-node1 has: compare the two tables.",
           "And a node that carries packets for others needs `sysctl net.ipv4.ip_forward` to be 1."),
)


def without_flannel() -> Lab:
    """Two nodes with a bridge and a pod each, and nothing that joins their subnets."""
    lab = flannel("host-gw")
    for node, other in (("node1", "10.1.6.0/24"), ("node2", "10.1.5.0/24")):
        lab.daemons["flanneld", node].stop()
        run(lab, node, f"ip route del {other}")
    return lab


def _joined(lab: Lab) -> str | None:
    if missing := unanswered(lab, "pod1", "10.1.6.2", "pod2") or unanswered(lab, "pod2", "10.1.5.2", "pod1"):
        return missing
    ttl = probe(lab, "pod1", "10.1.6.2").reply_ttl
    return None if ttl == 62 else f"They talk, with TTL {ttl}. Without a tunnel it is 62: one router on each node."


def _half_joined(lab: Lab, node: str) -> str | None:
    """Whether one line of this node's table is enough, once the other node has its own."""

    def other() -> Lab:
        there = without_flannel()
        line = {"node1": "10.1.5.0/24 via 192.168.90.1", "node2": "10.1.6.0/24 via 192.168.90.2"}[node]
        there.sh(f"ip route add {line}", on={"node1": "node2", "node2": "node1"}[node])
        return there

    return in_table(lab, node, other, _joined)


by_hand = Task(
    "Be flanneld: join the pods of node1 and node2 with one line on each node.",
    lambda lab: _joined(lab) or _half_joined(lab, "node1") or _half_joined(lab, "node2"),
    "Two routes, and that is all the host-gw backend is.", start=without_flannel,
    answer=(("node1", "ip route add 10.1.6.0/24 via 192.168.90.2"), ("node2", "ip route add 10.1.5.0/24 via 192.168.90.1")),
    hints=("node1 has to know: 10.1.6.0/24 is behind whom?",
           "`ip route add 10.1.6.0/24 via …` with the address of node2, and the same back."),
)
