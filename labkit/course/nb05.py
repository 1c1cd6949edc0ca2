"""Questions and tasks of notebook 05: leases, and three backends that write the same fact. `without_flannel()` is the lab of the task."""

from ..lab.lab import Lab
from ..scenarios import flannel
from ..scenarios.script import run
from .chapter import Chapter
from .exercise import Question, Task
from .judging import in_table, probe, unanswered

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

key_for_a_pod = Question(
    "True or False: etcd has a key for the pod 10.20.92.11.", False,
    "It has one for the subnet. Which addresses of it are in use, the node alone knows.",
    {True: "Look at the listing of the keys: they are subnets, each with its node."},
    "What is a lease for, a pod or a subnet?",
)
third_lease = Question(
    "Three subnets: 10.20.37.0/24, 10.20.92.0/24 and 10.20.0.53/24. What should the third be?", "10.20.53.0/24",
    "etcd has 10.20.53.0-24. As written it is an address in 10.20.0.0/24, the zeroth subnet, which flannel never hands out.",
    {
        "10.20.0.53/32": "That would be one machine. flannel hands out subnets; look for a lease with 53 in it.",
        "10.20.0.0/24": "That is what 10.20.0.53/24 would belong to, and flannel skips it. Look for a lease with 53 in it.",
    },
    "Look for a key with 53 in it in the listing of `etcdctl ls`.",
)
candidates = Question(
    "Among how many subnets of 10.20.0.0/16 does flannel choose at random?", 100,
    "It walks up from 10.20.1.0/24, skips what is taken, and stops at 100. So in a small cluster the third number stays low.",
    {
        256: "A /16 has 256 subnets of /24. flannel does not look at all of them.",
        255: "All but the zeroth would be 255. flannel does not look at all of them.",
        254: "That is the number of usable addresses in a /24, not of subnets in a /16.",
    },
    "It is a round number in the program: after so many free ones it stops looking. The next cell counts them.",
)
entries_of_three = Question(
    "Three nodes, UDP backend. How many entries has node1's flanneld in its list?", 2,
    "One for each other node. Its own subnet is not on the list: those packets never come to it.",
    {
        3: "One for each lease would be three. What would flanneld do with a packet for its own node?",
        1: "That is what it has with two nodes.",
        6: "That is all three lists together, two entries each.",
    },
    "For which subnets does a packet come to this flanneld at all?",
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
ttl_of_vxlan = Question(
    "Two pods on two nodes, vxlan. Which TTL has the answer?", 62,
    "Two kernels forward, and each takes one off. The wrapping is done by the kernel as well, and that takes nothing off.",
    {
        60: "That is the UDP backend's, where a program on each node takes one off as well.",
        64: "Both nodes forward the packet by their route tables, and each takes one off.",
        63: "The answer passes two nodes, and both forward it.",
    },
    "Who has the packet in hand on its way, and which of them lowers its TTL?",
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
bytes_of_vxlan = Question(
    "How many bytes does vxlan put before a pod's packet, as an MTU counts them?", 50,
    "14 for the inner Ethernet header, 8 for VXLAN, 8 for UDP, 20 for the outer IP header. 1500 − 50 = 1450.",
    {
        28: "That is the UDP backend: an IP header and a UDP header.",
        36: "The pod's packet keeps an Ethernet header of its own inside the tunnel: 14 more.",
        64: "The outermost Ethernet header does not count for an MTU.",
        42: "One of them is missing: inner Ethernet 14, VXLAN 8, UDP 8, outer IP 20.",
    },
    "Add up: inner Ethernet, VXLAN, UDP, outer IP.",
)
lines_of_fifty = Question(
    "vxlan, 50 nodes. How many lines has flanneld written on one node for the others?", 147,
    "49 others, three lines each: a route, a neighbour, an FDB entry.",
    {
        150: "A node writes nothing for itself.",
        49: "That is host-gw, with one line for each other node.",
        50: "How many others are there, and how many lines does each need with vxlan?",
        7350: "That is all 50 nodes together.",
    },
    "How many others, and how many lines for each?",
)
port_of_vxlan = Question(
    "Which UDP port do the packets go to that Linux wraps with vxlan here?", 8472,
    "Linux's own habit, older than the standard. The port assigned to VXLAN is 4789.",
    {4789: "That is the port assigned to VXLAN. Linux, and flannel with it, was there before.",
     8285: "That one is flanneld's, of the UDP backend."},
    "The table above has it in the line `who wraps`.",
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
