"""Questions and tasks of notebook 07: from the outside to a Service."""

from ..errors import LabError
from ..lab.lab import Lab
from ..scenarios import web
from ..scenarios.script import run
from .chapter import Chapter
from .exercise import Question, Task
from .judging import probe

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

cluster_ip_outside = Question(
    "True or False: the machine outside reaches the Service by its ClusterIP, 10.96.0.54.", False,
    "The rules for it are on the nodes, and the packet never comes to a node: the way there is the default route, to the router.",
    {True: "Who translates 10.96.0.54? Does a packet from outside pass one of those machines?"},
    "Ask the kernel of outside for the way: `ip route get 10.96.0.54`.",
)
listeners = Question(
    "How many programs on k8s-node1 listen at TCP port 30080?", 0,
    "None. The port is in a rule, as the address was.",
    {1: "kube-proxy did that once, to reserve the port, up to version 1.23. Look at `ss -ltn`.",
     3: "Three pods serve, each at its own port 8080, in its own namespace. Look at `ss -ltn` on the node."},
    "`ss -ltn` lists who listens.",
)
entry_and_pod = Question(
    "outside asks k8s-node1 at port 30080, and the draw says web-c. On which node is web-c?", "k8s-node2",
    "Every node takes connections for every pod, wherever that is. The first node passes it on.",
    {"k8s-node1": "web-a and web-b are there. `kubectl get pods -o wide` says where web-c is."},
    "`kubectl get pods -o wide`.",
)
seen_here = Question(
    "outside asks k8s-node1, and the draw says web-a, on the same node. Which client address does web-a see?", "10.20.37.1",
    "The packet is marked, and masquerading takes the address of the interface where it leaves: cni0.",
    {"cni0": "That is the interface. Which address has it?",
     "192.168.138.50": "That is the client's own. It is replaced: look for the mark in the chain KUBE-EXT.",
     "192.168.138.221": "That is the address of eth0, where the packet came *in*. It leaves by cni0.",
     "10.20.37.0": "That is flannel.1, for packets to the other node. web-a is on this one."},
    "Which interface does the packet leave k8s-node1 by?",
)
seen_there = Question(
    "And if the draw says web-c, on k8s-node2: which client address does web-c see?", "10.20.37.0",
    "flannel.1 of k8s-node1: there the packet leaves the node that translated it.",
    {"flannel.1": "That is the interface. Which address has it?",
     "192.168.138.50": "That is the client's own. It is replaced, on k8s-node1.",
     "10.20.37.1": "That is cni0. To the other node the packet leaves by another interface.",
     "192.168.138.221": "eth0 carries the outer packet. The one inside left by flannel.1.",
     "10.20.92.1": "That would be masquerading on k8s-node2. The mark does not travel: it exists on one node only."},
    "Which interface does the pods' network have towards the other node?",
)
way_back = Question(
    "web-c, on k8s-node2, answers a client that asked k8s-node1. True or False: the answer goes from k8s-node2 straight to the "
    "client.", False,
    "web-c answers whom it saw, and that was k8s-node1. Only k8s-node1 can turn the addresses back.",
    {True: "To whom does web-c send its answer? It saw 10.20.37.0."},
    "Which client address did web-c see?",
)
unmasked = Question(
    "Nobody masquerades on k8s-node1, and the draw says web-c. From which address does the answer come to outside?", "10.20.92.3",
    "web-c answers the client directly, as itself. outside has asked 192.168.138.221 and resets what comes from anybody else.",
    {"192.168.138.221": "Only k8s-node1 could put that there, and the answer does not come by k8s-node1.",
     "10.20.37.0": "That is what web-c saw before. Now the client's own address arrives there.",
     "192.168.138.222": "k8s-node2 forwards the answer, and its connection table has nothing to turn back."},
    "web-c sees 192.168.138.50 now. Where does k8s-node2 send a packet for that address?",
)
local_client = Question(
    "externalTrafficPolicy is Local. outside asks k8s-node2, where web-c is. Which client address does web-c see?", "192.168.138.50",
    "The client's own. A node that only ever chooses pods of its own needs no masquerading: the answer comes by anyway.",
    {"outside": "That is the machine. Which address has it?", "10.20.92.1": "That is what policy Cluster would make of it.",
     "10.20.92.0": "That is flannel.1. Is the packet passed to another node?",
     "192.168.138.222": "That is whom outside asked."},
    "With policy Local no rule marks packets from outside.",
)
local_without = Question(
    "With policy Local, outside asks a node that has no endpoint. Refused at once, or timeout?",
    ("timeout", "time out", "times out", "timed out", "silence", "drop", "dropped"),
    "A rule in the table filter drops it: `has no local endpoints`. A load balancer is to notice, not a client.",
    {"refused": "That is what a Service without any endpoint does. This one has some, but not here, and kube-proxy writes DROP."},
    "`iptables-save | grep nplocal` on that node, table filter.",
)
pod_short_cut = Question(
    "client1 is on that node, and asks the node's own port 30081. True or False: it gets an answer.", True,
    "The first rule of KUBE-EXT lets pods take the short cut to all endpoints, wherever they are.",
    {False: "Read the chain KUBE-EXT-MLZDZM6IDCF2QUU3 from its top, as a packet from 10.20.37.4."},
    "Whose packets does `-s 10.20.0.0/16` take?",
)
health = Question(
    "What does the health check of k8s-node1 say about local endpoints, when only web-c serves? A number.", 0,
    "0, with the status 503: a load balancer takes the node out. On k8s-node2 it is 1, with 200.",
    {1: "That is what k8s-node2 says: web-c is there.", 3: "Only web-c has the label at the moment, and each node counts its own."},
    "Each node counts the endpoints that are on it.",
)
ranges = Question(
    "The load balancer's address is only for 192.168.138.50. True or False: far, 203.0.113.9, still gets an answer at the node's port "
    "30082.", True,
    "The ranges guard the load balancer's address alone. The NodePort beside it is another door, and it stays open.",
    {False: "The guard is `-d 192.168.128.200/32 … -j DROP`. What does it say of packets to 192.168.138.222?"},
    "Which destination does the rule in KUBE-PROXY-FIREWALL name?",
)
who_passes = Question(
    "FORWARD drops on both nodes, and flannel's rules are gone. Which still work? As letters. A: outside → k8s-node1:30080, led to web-a. "
    "B: the same, led to web-c. C: client1 → 10.96.0.50, led to web-b beside it. D: k8s-node1 itself → 10.96.0.50, led to web-b.",
    ("AD", "A D", "A, D", "A,D", "DA"),
    "A is marked, and KUBE-FORWARD accepts what is marked. D is not forwarded at all: it is the node's own. B passes k8s-node1 by its "
    "mark, "
    "but the mark does not travel: on k8s-node2 it is a stranger. C has no mark.",
    {"A": "D too: what a node sends itself goes through OUTPUT, not FORWARD.", "D": "A too: see what KUBE-FORWARD says of the mark 0x4000.",
     "ABD": "B passes the first node. What has it on the second, where the mark is gone?",
     "ABCD": "Something must be dropped: try each.", "ACD": "C is a bridged pair, but bridge-nf shows it to FORWARD, and it has no mark.",
     "AB": "The mark of B exists on k8s-node1 only. And what of D: is it forwarded?"},
    "Two things pass: what has the mark 0x4000 on *this* node, and what is not forwarded.",
)
local_knock = Question(
    "Policy Local, and web-c has left the Service np. True or False: a knock at k8s-node2's port 30080 is answered.", False,
    "web-a and web-b are on k8s-node1, and policy Local never leads a stranger to another node.",
    {True: "Which endpoints are on k8s-node2 now?"},
)
real_client = Question(
    "On the real kernel: outside asks k8s-node2 at the port with policy Local. With which source does the request leave k8s-node2 by "
    "cni0?", "192.168.138.50",
    "As it came: nothing on the way has touched the source.",
    {"10.20.92.1": "That would be policy Cluster."},
    "Policy Local keeps the client.",
)

OUTSIDE, NODES, SERVERS = "outside", {"k8s-node1": "192.168.138.221", "k8s-node2": "192.168.138.222"}, ("web-a", "web-b", "web-c")

_FRONT = """apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  type: NodePort
  clusterIP: 10.96.0.70
  externalTrafficPolicy: Local
  selector: {tier: front}
  ports: [{port: 80, targetPort: 8080, nodePort: 30090}]
"""


def half_a_service() -> Lab:
    """The cluster, and a Service that answers on one node."""
    lab = web()
    with lab.writing("somebody"):
        lab.sh("kubectl apply -f -", on="k8s-master", stdin=_FRONT)
    run(lab, "k8s-master", "kubectl label pod web-a tier=front", "somebody")
    return lab


def _kept_on_both(lab: Lab) -> str | None:
    for node, address in NODES.items():
        trace = probe(lab, OUTSIDE, address, proto="tcp", port=30090)
        if not trace.answered:
            return f"{OUTSIDE} gets no answer from {node}, port 30090: {trace.verdict}."
        if (seen := str(trace.accepted.client)) != "192.168.138.50":
            return f"{node} answers, but {trace.verdict.where} sees {seen} as its client, not 192.168.138.50."
    return None


both_nodes = Task(
    "The Service front, port 30090 on every node, keeps the client's address. Let it answer on both nodes, and keep it so.",
    _kept_on_both, "Both nodes answer, and the server knows its client.", start=half_a_service,
    answer=(("k8s-master", "kubectl label pod web-c tier=front"),),
    hints=("`kubectl get endpoints front`: on which nodes are they? `kubectl describe svc front` says which label is wanted.",
           "Policy Local answers only where there is an endpoint. Give k8s-node2 one."),
)


def closed_cluster() -> Lab:
    """The cluster with the Service np, and a client that has no way to its ClusterIP."""
    lab = web()
    run(lab, "k8s-master", "kubectl apply -f np.yaml", "somebody")
    return lab


def _by_cluster_ip(lab: Lab) -> str | None:
    try:
        trace = probe(lab, OUTSIDE, "10.96.0.54", proto="tcp", port=80)
    except LabError as error:
        return f"The packet cannot be sent: {error}"
    if not trace.answered:
        return f"{OUTSIDE} gets no answer from 10.96.0.54, port 80: {trace.verdict}."
    return None if trace.verdict.where in SERVERS else f"{trace.verdict.where} answers, not one of the web pods."


by_route = Task(
    "Let outside reach 10.96.0.54 at port 80, the Service's own address, by one line on outside.",
    _by_cluster_ip, "A node translates whatever comes by, and its rules do not ask from where.", start=closed_cluster,
    answer=(("outside", "ip route add 10.96.0.0/16 via 192.168.138.221"),),
    hints=("Who knows what 10.96.0.54 is? Send the packet by way of such a machine.", "`ip route add NETWORK via ADDRESS`."),
)
