"""Questions and tasks of notebook 00, start here."""

from ..lab.lab import Lab
from ..scenarios import seed_cluster
from .chapter import Chapter
from .exercise import Question, Task
from .judging import in_table, probe, unanswered

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

sets = Question(
    "The cluster: k8s-master, two nodes, the switch, three pods. How many sets of tables, one for each namespace, are there?", 7,
    "Four machines and three pods: each has its own addresses, routes, neighbours.",
    {4: "That is one for each machine, the switch included. The pods have a namespace each as well.",
     3: "The pods have one each. So have the machines, and the switch.",
     6: "One is missing. Did you count the switch?",
     1: "All of it stands in one picture, but no table is shared: each namespace looks into its own."},
    "Count the machines, the switch and the pods.",
)

first_ttl = Question(
    "Which TTL does Linux give to the packets of a ping?", 64,
    "Every router lowers it by one, and the packet dies at zero, so no packet circles for ever.",
    {255: "255 is the most that fits the field, and what many network devices send. Linux is more modest.",
     128: "That is what Windows sends.",
     60: "That is what was left when the reply came in. It started with more."},
    "It is a power of two.",
)

lowered = Question(
    "The reply arrived with ttl=60. How many times was it lowered on its way?", 4,
    "Twice by a kernel that forwards, twice by a program called flanneld. Notebook 04 watches each of them.",
    {2: "Two machines forwarded it, that is true. Somebody else lowered it as well.",
     60: "60 is what was left.",
     0: "It started with 64."},
    "A packet of Linux starts with 64.",
)

which_line = Question(
    "Which interface does 10.20.92.11 leave k8s-node2 by?", "docker0",
    "Three lines match, and the longest prefix wins: /24 before /16 before /0.",
    {"flannel0": "10.20.0.0/16 matches, and it stands above the other. But the order of the lines says nothing.",
     "eth0": "The default route matches every address, but with the shortest prefix of all, /0: it takes what is left.",
     "virbr0": "192.168.122.0/24 has nothing in common with 10.20.92.11."},
    "Compare the address with each line: which of them contain it?",
)

next_best = Question(
    "The line 10.20.92.0/24 is deleted. Which interface does 10.20.92.11 leave k8s-node2 by now?", "flannel0",
    "/16 is the longest prefix that is left. The kernel never asks whether the choice makes sense.",
    {"eth0": "The default route matches, but 10.20.0.0/16 matches too, and it is longer.",
     "none": "There would be no route only if nothing matched, not even the default.",
     "docker0": "docker0 still exists, but no line leads there any more."},
    "Which lines are left that contain the address?",
)

order_decides = Question(
    "\"The third line is tried first, because the packet prefers it.\" Does the number of a line decide which one is taken?",
    False,
    "Only the length of the prefix does; among equals, the lower metric. The order on the screen is the order of the addresses.",
    {True: "default stands first and contains every address. If the order decided, every packet would take it."},
)

author = Question(
    "Who wrote the default route inside the pod wp-mysql-t5w0m?", ("docker", "dockerd"),
    "Docker made the pod's namespace and wrote its lines. Kubernetes said which pod, and left the network to Docker.",
    {"kubernetes": "It asked for the pod. The lines were written by somebody whom it asked.",
     "the kernel": "The kernel writes the route to the own network (`proto kernel`). A default route must be given.",
     "kernel": "The kernel writes the route to the own network (`proto kernel`). A default route must be given.",
     "you": "You have written nothing so far."},
    'Ask: lab.who_wrote("default", on="wp-mysql-t5w0m").',
)

ttl_three = Question(
    "The ping starts with a TTL of 3. On which machine does it end?", "k8s-node2",
    "k8s-node1's kernel makes it 2, flanneld there 1, and flanneld on k8s-node2 makes it 0 and throws it away.",
    {"k8s-node1": "There it is lowered twice, once by the kernel and once by flanneld: 1 is left, and the packet goes on.",
     "mysql-demo-e81sy": "It would need a TTL of 5 to get there: four take one off, and one must be left.",
     "switch": "A bridge lowers no TTL."},
    "Go along the way of the request in the picture, and take one off at each `ttl`.",
)

gateway = Question(
    "k8s-node2 sends to 192.168.144.1. Which address is its next hop?", "192.168.128.1",
    "192.168.128.0/20 ends with 192.168.143.255. Outside of it only the default route is left, and that has a gateway.",
    {"192.168.144.1": "That would be so if it were in 192.168.128.0/20. A /20 is 16 times 256 addresses: where does it end?",
     "none": "Every address matches the default route."},
    "Which lines contain the address? table.lookup(\"192.168.144.1\") knows.",
)


ASKING, NODE = "wp-mysql-t5w0m", "k8s-node2"


def _lost() -> Lab:
    """The cluster without the line of k8s-node2 that leads to its own pods."""
    lab = seed_cluster()
    lab.sh("ip route del 10.20.92.0/24", on=NODE)
    return lab


def _mended(lab: Lab) -> str | None:
    for address, pod in (("10.20.92.11", "mysql-demo-e81sy"), ("10.20.92.3", "wp-frontend-0rlk4")):
        if missing := unanswered(lab, ASKING, address, pod):
            return missing
    for address, dev in (("10.20.92.2", "docker0"), ("10.20.92.254", "docker0"), ("10.20.91.254", "flannel0"), ("10.20.93.1", "flannel0")):
        found = lab[NODE].main.lookup(address).route
        if found is None or found.dev != dev:
            return f"{address} should leave {NODE} by {dev}: the line must hold for 10.20.92.0/24, all of it and no more."
    return None


mend = Task(
    "Bring the pods of k8s-node2, which has all of 10.20.92.0/24, back into reach, with one line in its table.",
    lambda lab: _mended(lab) or in_table(lab, NODE, _lost, _mended),
    "The longest prefix leads to docker0 again.", start=_lost,
    answer=((NODE, "ip route add 10.20.92.0/24 dev docker0"),),
    hints=("Which line was deleted? `ip route` on k8s-node1 has one of the same kind for its own pods.",
           "The line says: for 10.20.92.0/24, out of docker0. `ip route add PREFIX dev INTERFACE` writes one."),
)


def _one_silent(lab: Lab) -> str | None:
    if missing := unanswered(lab, ASKING, "10.20.92.11", "mysql-demo-e81sy"):
        return f"That was too much: {missing}"
    if probe(lab, ASKING, "10.20.92.3").answered:
        return f"10.20.92.3 still answers {ASKING}."
    if unanswered(lab, NODE, "10.20.92.3", "wp-frontend-0rlk4"):
        return f"10.20.92.3 should still answer its own node, {NODE}: write the line on k8s-node1."
    return None


one_silent = Task(
    "With one line in the table of k8s-node1, make 10.20.92.3 unreachable from its pods; 10.20.92.11 must still answer.",
    lambda lab: _one_silent(lab) or in_table(lab, "k8s-node1", seed_cluster, _one_silent),
    "A /32 is the longest prefix there is, so one address can be given a line of its own.", start=seed_cluster,
    answer=(("k8s-node1", "ip route add blackhole 10.20.92.3"),),
    hints=("A line for all of 10.20.92.0/24 would take 10.20.92.11 along. Which prefix holds one address and no other?",
           "`ip route add` with one of the words that lead nowhere, and the address alone."),
)
