"""Questions and tasks of notebook 04: pods on two nodes, flannel between them."""

from ..lab.lab import Lab
from ..scenarios import seed_cluster
from ..scenarios.script import run
from .chapter import Chapter
from .exercise import Question, Task
from .judging import not_from, probe

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

kernels = Question(
    "From pod to pod on two nodes, four take one off the TTL. How many of them are kernels?", 2,
    "The kernel of each node, once. The other two are flanneld, a program, on each node.",
    {
        4: "That would be four decisions by route table. Each node makes one for this packet; who else has it in hand?",
        1: "Both nodes forward the packet, each by its own route table.",
        3: "It is the same on both sides: what one node does to the packet, the other does in reverse.",
        0: "Every kernel that forwards lowers the TTL. Both nodes do.",
    },
    "Notebook 00 listed all four places: `forward` is a kernel's, `wrap` and `unwrap` are flanneld's.",
)
first_decision = Question(
    "Which namespace makes the first routing decision of this walk?", "wp-mysql-t5w0m",
    "A pod has a routing table of its own: 10.20.92.11 is not in its /24, so it goes to the gateway, 10.20.37.1.",
    {
        "k8s-node1": "That is where most descriptions begin. But who decided to send the packet to 10.20.37.1?",
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
        "bridge": "It is often called one. A bridge has a MAC address and ports and carries frames. Look at `link/none`.",
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
        "CABD": "That tells the unwrapping at the destination before the wrapping. What was wrapped, then?",
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
forward_policy = Question(
    "FORWARD has the policy DROP on k8s-node2 alone. On which machine is the ping from wp-mysql-t5w0m to 10.20.92.11 dropped?", "k8s-node2",
    "It arrives there, comes out of flanneld, and would have to be forwarded from flannel0 to docker0.",
    {"k8s-node1": "On k8s-node1 the policy is ACCEPT, and the packet comes from docker0.",
     "mysql-demo-e81sy": "It does not get that far: who has to forward it to the pod?"},
    "Which machine has to pass the packet on, and has the policy DROP?",
)

masqueraded_as = Question(
    "k8s-node1 masquerades what leaves it from 10.20.37.0/24. Which sender does mysql-demo-e81sy see?", "10.20.37.0",
    "The address of flannel0, the interface where the packet leaves.",
    {"192.168.138.221": "That would be so if the packet left by eth0. The datagram does; the packet in it left by flannel0.",
     "10.20.37.5": "That is the pod's own, and it is replaced.",
     "10.20.37.1": "That is docker0. Masquerading takes the address of the interface where the packet goes *out*."},
    "Masquerading takes the address of the interface where the packet leaves. Which one is that?",
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
without_flanneld = Question(
    "flanneld on k8s-node1 is stopped. Which interface of k8s-node1 does the pod's packet leave by?", "eth0",
    "flannel0 goes with the program, and its route with it. What is left is `default`, to a gateway that knows no pods.",
    {
        "flannel0": "A TUN lives as long as a program holds it open. When flanneld ends, it goes.",
        "docker0": "docker0 has the node's own /24, which does not match.",
    },
    "Look at the table that is left: which line still matches 10.20.92.11?",
)
refused = Question(
    "Of the seven lines, how many are refused?", 6,
    "The last one is accepted: k8s-node2's address is a neighbour, and nobody asks whether the line makes sense.",
    {
        7: "One of them is a good line: a subnet, by way of a machine on the node's own wire.",
        5: "One more. Look at the host bits of each destination, at each gateway, at each name.",
        4: "Two more. Look at the host bits of each destination, at each gateway, at each name.",
    },
    "Which gateway is on one of the node's own links?",
)
not_forwarding = Question(
    "ip_forward is 0 on k8s-node2. On which machine is the ping dropped?", "k8s-node2",
    "flanneld unwraps the packet and writes it into flannel0, and there it would have to be forwarded to docker0.",
    {
        "k8s-node1": "That node still forwards. The datagram gets to k8s-node2, which it is for: that is no forwarding.",
        "switch": "The switch is a bridge to these two. It forwards nothing, in the sense of `ip_forward`.",
        "mysql-demo-e81sy": "The packet does not get there: between flannel0 and docker0 the kernel of its node would have to forward it.",
    },
    "Where does a packet come in by one interface and leave by another, and the machine is not the one it is for?",
)
ttl_at_docker0 = Question(
    "The request starts with TTL 64. Which TTL has it when it leaves k8s-node2 by docker0?", 60,
    "Lowered by two kernels and two programs, on a real kernel as in the lab.",
    {
        61: "That is what flanneld writes into flannel0. The kernel takes one more off when it forwards to docker0.",
        62: "With a tunnel in the kernel it would be 62. Here a program on each node takes one off as well.",
        64: "Between 64 and docker0 of the other node lie two kernels that forward and two programs.",
    },
    "Two kernels, two programs.",
)

POD_A, POD_B, TO_A, TO_B = "wp-mysql-t5w0m", "mysql-demo-e81sy", "10.20.37.5", "10.20.92.11"


def broken_cluster() -> Lab:
    """The cluster after a night of repairs."""
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
