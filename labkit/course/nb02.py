"""Questions and tasks of notebook 02: two pods on one node. `broken_node()` is the lab of the repair task."""

from ipaddress import IPv4Address, IPv4Network

from ..front import Lab
from ..scenarios import cluster, same_node
from ..scenarios.script import run
from .chapter import Chapter
from .exercise import Question, Task
from .judging import not_from, probe, without

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

ttl_same_node = Question(
    "A pod pings another pod of the same node. Which TTL does ping show for the answer?", 64,
    "Linux sends with TTL 64, and only a router lowers it. A bridge forwards frames and leaves the IP packet in them alone.",
    {
        63: "63 would mean that one router handled the packet. docker0 does have an address, but here it works as a switch.",
        62: "62 would mean two routers, as between nodes with vxlan or host-gw.",
        60: "60 is what flannel's UDP backend leaves of 64 between two nodes. These pods share a node.",
        255: "Some systems start at 255. Linux starts at 64 (net.ipv4.ip_default_ttl).",
    },
    "Linux starts at 64. How many routers lower it on this way?",
)
containers_of_a_pod = Question(
    "A pod of one application: how many containers does Docker run for it?", 2,
    "The application's own, and the pause container, whose name contains k8s_POD_: so `grep -v POD` leaves the other one.",
    {1: "Look at the names again: one of the lines is not MySQL."},
    "Count the lines that name the pod.",
)
which_container = Question(
    "When which of the two containers stops does the pod's address go away: mysql or pause?", ("pause", "POD"),
    "The pause container's start made the namespace. An application that crashes and comes back finds the same eth0 and address.",
    {"mysql": "mysql joined a namespace that was there before it. Stop it, and the namespace, eth0 and the address remain."},
    "Who made the namespace, and who joined it?",
)
addresses_of_three = Question(
    "A pod of three containers: how many addresses do they have together, 127.0.0.1 aside?", 1,
    "One. It is the pod's, and all three are in it.",
    {3: "That would be one for each container, as with `docker run`. Compare what `ip -br addr` says in two of them.",
     2: "Compare what `ip -br addr` says in two of them."},
    "How many network namespaces are there?",
)
own_neighbour = Question(
    "In the container shell: who answers at 127.0.0.1, port 3306? The container's name.", "db",
    "127.0.0.1 is the pod's own loopback, and db listens there.",
    {"shell": "shell serves nothing.", "web": "web listens at 8080.",
     "nobody": "Which network namespace does 127.0.0.1 belong to, and who else is in it?",
     "mysql": "Its image could be MySQL; the *container* is called otherwise."},
    "Which container of the pod listens at port 3306?",
)
shared_files = Question(
    "True or False: a file that the container web writes to /tmp is there for the container db.", False,
    "Each container has a mount namespace of its own, with the files of its own image.",
    {True: "Look: `ls /tmp` in one and in the other."},
)
same_port = Question(
    "Two containers of one pod both listen at port 8080. How many of them run?", 1,
    "The second is told that the address is in use, and ends.",
    {2: "With two addresses that would work. How many has the pod?", 0: "The first finds the port free."},
    "How many programs can listen at one port of one network namespace?",
)
own_route = Question(
    "Which line of the pod's table does 10.20.92.11 take? Give the destination as `ip route` prints it.", "10.20.92.0/24",
    "Two lines match, and the longer prefix wins: 24 bits against the 0 bits of `default`.",
    {
        "default": "`default` matches every address, with 0 bits. A line that matches more bits wins, wherever it stands.",
        "10.20.0.0/16": "That line is in the node's table. The pod has a table of its own, with two lines.",
        "0.0.0.0/0": "That is `default`. It matches with 0 bits, and a line that matches more bits wins.",
    },
    "Which of the two lines matches more bits of 10.20.92.11?",
)
address_of_docker0 = Question(
    "What is the address of docker0 on k8s-node2? Without a prefix length.", "10.20.92.1",
    "10.20.92.0/24 is the subnet. docker0 has one address in it, 10.20.92.1, and the pods use it as their gateway.",
    {
        "10.20.92.0": "That is the subnet's number, with all host bits 0. Look at the `inet` line of docker0.",
        "10.20.92.0/24": "A subnet is not an address: it is all 256 of them. Look at the `inet` line of docker0.",
    },
    "Read the `inet` line of `ip addr show docker0` on the node.",
)
asked_for = Question(
    "pod1 sends to 10.20.92.11 for the first time. Which address does it ask for with ARP?", "10.20.92.11",
    "The route it takes has no gateway, so the destination itself is the next hop: pod1 asks for pod2's MAC address.",
    {
        "10.20.92.1": "The gateway is asked for when the route has `via`. The line for 10.20.92.0/24 has none.",
        "10.20.92.3": "That is the one who asks: `tell 10.20.92.3`.",
        "10.20.92.255": "The request goes to everybody (in Ethernet: ff:ff:ff:ff:ff:ff), but it asks for one address.",
    },
    "Does the winning route have a gateway (`via`)?",
)
docker0_sees = Question(
    "True or False: while pod1 pings pod2, tcpdump on docker0 itself shows the ping.", False,
    "The frame comes in at veth1 and leaves at veth2. docker0, the interface, is the node's own place on the bridge, and nothing "
    "in the ping is for the node. Only the broadcast ARP request comes up to it, because a broadcast is for everybody.",
    {True: "The bridge handled the frame, yes. But docker0, the interface, is the node's own place on it, as veth2 is pod2's."},
)
without_address = Question(
    "True or False: without an address on docker0 and with ip_forward=0, the ping from pod1 to pod2 is answered.", True,
    "Both are settings of the node's IP layer, and the frames never reach it. A bridge needs no address to be a switch.",
    {False: "What did the node's routing table do in the trace before? Nothing: the way has no route step on the node."},
)
gateway_gone = Question(
    "True or False: without its default route, pod1 still gets an answer from 10.20.92.11.", True,
    "pod2 is in pod1's own subnet: the line 10.20.92.0/24 is enough. Everybody else is `Network is unreachable`, at once.",
    {False: "Which line carried this traffic all along? It is still there."},
)
wrong_mask = Question(
    "pod1 has 10.20.92.3/29. With which TTL does its echo request arrive in pod2?", 63,
    "For pod1 the other pod is now elsewhere, so it sends to its gateway: the node routes the packet and lowers the TTL. "
    "It works, but by a detour, and every packet costs the node a routing decision.",
    {
        64: "10.20.92.0/29 ends at 10.20.92.7, and 10.20.92.11 is not on that link: which line is left, and who routes?",
        62: "One router handles the request, not two: the node receives on docker0 and sends on docker0.",
    },
    "Which addresses are in 10.20.92.0/29? Then: who is the next hop for 10.20.92.11?",
)
who_complains = Question(
    "veth2 is down. Which address does ping name as the sender of `Destination Host Unreachable`?", "10.20.92.3",
    "pod1's own kernel asked three times and gave up. No message came from anywhere: the complaint is home-made.",
    {
        "10.20.92.1": "The gateway has no part in this: the destination is on-link for pod1, so pod1 asks by itself.",
        "10.20.92.11": "It never heard the question: its cable is cut.",
    },
    "Who asks for the MAC address of 10.20.92.11, gets no answer, and gives up?",
)
ttl_of_one = Question(
    "True or False: a ping from pod1 to pod2 with a TTL of 1 is answered.", True,
    "Only routers lower a TTL, and between the two pods there is a bridge and no router.",
    {False: "Who would lower it to 0? The frame passes a bridge, and a bridge leaves the packet in it alone."},
    "Is there a router on this way?",
)
sightings = Question(
    "ARP question, answer, ping and reply between the two pods: how many sightings on all interfaces together?", 17,
    "The question is seen at five places (docker0 is the fifth), the other three at four each.",
    {
        16: "Four frames at four places. The question is a broadcast: who else gets it?",
        20: "docker0 sees the question alone. The other three are for one pod, and pass from port to port.",
        8: "The ping and its reply are eight. ARP is seen as well.",
        4: "That is the number of frames. Each is seen at several interfaces.",
    },
    "Count the places for each of the four, then add.",
)

bridged_and_filtered = Question(
    "True or False: FORWARD has the policy DROP on the node, and pod2 still answers pod1.", False,
    "The kernel shows bridged packets to the packet filter too, because `net.bridge.bridge-nf-call-iptables` is 1.",
    {True: "So it would be if only what is routed were asked about. There is a setting by which bridged packets are, too."},
    "Would a Service, which is a rule, work for a pod next door if bridged packets met no rule?",
)

own_address = Question(
    "pod1 pings 10.20.92.3, its own address. Which interface carries the packet?", ("lo", "loopback"),
    "The local table is asked before main, and it has the pod's own addresses: such a packet turns round at lo.",
    {
        "eth0": "The address is configured on eth0, but `ip route get` answers `local … dev lo`.",
        "docker0": "That is the node's. Ask `ip route get 10.20.92.3` in the pod.",
    },
    "Ask `ip route get 10.20.92.3` in pod1.",
)  # fmt: skip


def broken_node() -> Lab:
    """The node of two pods after somebody's bad day."""
    lab = same_node()
    run(lab, "node", "ip link set veth2 nomaster", "somebody")
    run(lab, "pod1", """
        ip addr add 10.20.92.3/29 dev eth0
        ip addr del 10.20.92.3/24 dev eth0
        """, "somebody")
    run(lab, "pod2", "ip route del default", "somebody")
    return lab


def _bridged(lab: Lab, source: str, destination: str, by: str) -> str | None:
    """None when the right pod answers and no router touched the request."""
    trace = probe(lab, source, destination)
    if missing := not_from(by, trace):
        return missing
    ttl = next(s.packet.ttl for s in trace.sightings if (s.namespace, s.direction, s.packet.leg) == (by, "in", "request"))
    detour = f"{source} reaches {destination}, but the packet arrives with TTL {ttl}: a router had it. Look at {source}'s mask."
    return None if ttl == 64 else detour


def _leaves_the_pod(lab: Lab, pod: str) -> str | None:
    """Whether a packet for elsewhere gets as far as the node."""
    trace = probe(lab, pod, "192.0.2.1")
    if trace.seen(lab.home, "docker0", "in"):
        return None
    return f"a packet from {pod} for 192.0.2.1, which is elsewhere, does not get as far as the node: {trace.verdict}."


def _repaired(lab: Lab) -> str | None:
    checks = (
        (_bridged, "pod1", "10.20.92.11", "pod2"), (_bridged, "pod2", "10.20.92.3", "pod1"), (_leaves_the_pod, "pod1"),
        (_leaves_the_pod, "pod2"), (without, "pod1", "10.20.92.3/24"),
    )  # fmt: skip
    return next((missing for check, *what in checks if (missing := check(lab, *what))), None)


repair = Task(
    "Three things are wrong on this node. Find them with commands, repair them, and check again.", _repaired,
    "Both pods talk through the bridge with TTL 64, and both find the way out.", start=broken_node,
    answer=(("node", "ip link set veth2 master docker0"), ("pod1", """
        ip addr add 10.20.92.3/24 dev eth0
        ip addr del 10.20.92.3/29 dev eth0
        ip route replace default via 10.20.92.1
        """), ("pod2", "ip route add default via 10.20.92.1")),
    hints=("`bridge link` on the node: which cables are plugged in?", "`ip -n pod1 addr`: which others are in pod1's network, by its mask?",
           "`ip -n pod2 route`: where does pod2 send what is not next door?"),
)


def _third_pod(lab: Lab) -> str | None:
    if "pod3" not in lab.namespaces:
        return "There is no namespace called pod3 yet: `ip netns add pod3` makes it."
    eth0 = lab["pod3"].find("eth0")
    if eth0 is None:
        return "pod3 has no eth0 yet: `ip link add veth3 type veth peer name eth0 netns pod3` makes a pair with one end in it."
    if not eth0.addresses:
        return "pod3's eth0 has no address yet: take a free one of 10.20.92.0/24, with its /24."
    address = eth0.addresses[0].ip
    if address not in IPv4Network("10.20.92.0/24") or address in (IPv4Address("10.20.92.0"), IPv4Address("10.20.92.255")):
        return f"{address} is not an address for a pod of this node: take a free one of 10.20.92.1 … 10.20.92.254."
    if str(address) in ("10.20.92.1", "10.20.92.3", "10.20.92.11"):
        return f"{address} is taken. Two machines with one address both answer to ARP, and nobody knows who gets the packets."
    if (loopback := lab["pod3"].find("lo")) is None or not loopback.up:
        return "lo is still down in pod3: a ping to its own address would fail. `ip -n pod3 link set lo up`"
    checks = (
        (_bridged, "pod3", "10.20.92.3", "pod1"), (_bridged, "pod1", str(address), "pod3"), (_leaves_the_pod, "pod3"),
        (without, "pod3", f"{address}/24"),
    )  # fmt: skip
    return next((missing for check, *what in checks if (missing := check(lab, *what))), None)


third_pod = Task(
    "Give the node a third pod called pod3, by hand: namespace, cable, bridge port, address, default route.", _third_pod,
    "That is what a container engine or a CNI plugin does for every pod, in the same order.",
    start=same_node,
    answer=(("node", """
        ip netns add pod3
        ip link add veth3 type veth peer name eth0 netns pod3
        ip link set veth3 master docker0 up
        """), ("pod3", """
        ip link set lo up
        ip addr add 10.20.92.12/24 dev eth0
        ip link set eth0 up
        ip route add default via 10.20.92.1
        """)),
    hints=("`ip netns add pod3`, then a pair with one end in it: `ip link add veth3 type veth peer name eth0 netns pod3`.",
           "The end on the node is plugged in and brought up: `ip link set veth3 master docker0 up`.",
           "Inside, with `ip -n pod3 …`: `link set lo up`, `addr add 10.20.92.12/24 dev eth0`, `link set eth0 up`, the default route."),
)

#: In one line, with the second container's port left open.
_CLASH = (
    "{{apiVersion: v1, kind: Pod, metadata: {{name: clash}}, spec: {{nodeName: k8s-node1, containers: ["
    '{{name: first, image: "lab/web:1", env: [{{name: PORTS, value: "8080"}}]}}, '
    '{{name: second, image: "lab/web:1", env: [{{name: PORTS, value: "{}"}}]}}]}}}}'
)


def clashing_pod() -> Lab:
    """The cluster of today, and a pod whose two containers want the same port."""
    lab = cluster()
    with lab.writing("somebody"):
        lab.sh("kubectl apply -f -", on="k8s-master", stdin=_CLASH.format(8080))
    return lab


def _both_serve(lab: Lab) -> str | None:
    api = lab.daemons["kube-apiserver", "k8s-master"]
    pod = api.get("Pod", "clash", "default")
    if pod is None:
        return "There is no pod called clash now. Apply it again, changed."
    told = pod["status"].get("containerStatuses", [])
    if len(told) != 2 or not all(one["ready"] for one in told):
        return f"Of the two containers of clash, {sum(one['ready'] for one in told)} are ready."
    listening = sorted(socket.port for socket in lab["clash"].listeners)
    for port in listening:
        trace = probe(lab, "k8s-node1", pod["status"]["podIP"], proto="tcp", port=port)
        if missing := not_from("clash", trace):
            return missing
    return None if len(listening) == 2 else "Both run, but not both of them serve at a port."


two_ports = Task(
    "Let both containers of the pod clash run and serve, each at a port of its own.",
    _both_serve, "One network, two ports, two servers.", start=clashing_pod,
    answer=(("k8s-master", f"kubectl delete pod clash\necho '{_CLASH.format(8081)}' | kubectl apply -f -"),),
    hints=("What is a pod made of is fixed once it runs: delete it, and apply it changed.",
           "Give the second container another number in PORTS."),
)
