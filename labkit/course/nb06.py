"""Questions and tasks of notebook 06: from a pod to a Service."""

from ..errors import LabError
from ..lab.lab import Lab
from ..scenarios import web
from ..scenarios.script import run
from .chapter import Chapter
from .exercise import Question, Task
from .judging import not_from, probe

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

holders = Question(
    "How many interfaces of all machines and pods have the address 10.96.0.50?", 0,
    "None. The address stands in no address table and in no route of its own; it stands in rules.",
    {1: "On which machine would that be? Look at `ip -br addr` of the one you think of.",
     2: "One on each node would be a good guess for a proxy. Look at `ip -br addr` of both.",
     3: "Three pods stand behind it, and each has an address of its own. Is one of these 10.96.0.50?"},
    "`ip -br addr` lists a machine's addresses. Look at a node.",
)
pings = Question(
    "True or False: a ping to 10.96.0.50 is answered by one of the three web pods.", False,
    "The rule speaks of TCP and port 80. A ping is neither, so no rule takes it, and it leaves by the default route.",
    {True: "Read the rule of 10.96.0.50 in KUBE-SERVICES word by word: which packets does it take?"},
    "A rule takes a packet when all that it says is true of it. What does `-p tcp` say?",
)
second_share = Question(
    "Each of three endpoints is to get a third of all connections. How many per cent of those that come to it must the second rule "
    "take?", 50,
    "A third never comes to the second rule. Of the two thirds that do, it takes a half: a third of all.",
    {33: "A third of what comes there would be a third of two thirds: 2/9 of all. The last endpoint would get 4/9.",
     66: "That would leave 2/9 of all for the last endpoint.", 67: "That would leave 2/9 of all for the last endpoint.",
     100: "Then nothing would be left for the third."},
    "How much of all comes to the second rule, when the first has taken a third?",
)
translator = Question(
    "client1 asks 10.96.0.50. On which machine does the packet get a pod's address as its destination?", "k8s-node1",
    "On the client's own node, before the packet is routed there. Whoever comes later sees an ordinary packet from pod to pod.",
    {"client1": "The pod sends to 10.96.0.50 and never learns of anything else. It has no rules.",
     "k8s-node2": "k8s-node2 only sees the packet if web-c was drawn, and then it already says 10.20.92.3.",
     "k8s-master": "The master keeps the Service in its database. No packet of the connection comes by there.",
     "web-a": "That is where the packet may end. Something on the way has to choose between three first."},
    "The choice comes before the routing decision that it makes a difference to. Whose is that?",
)
answer_source = Question(
    "web-c answers from 10.20.92.3. Which source address has the answer when it comes to client1?", "10.96.0.50",
    "The entry in k8s-node1's connection table turns it back. client1 asked 10.96.0.50 and would take an answer from nobody else.",
    {"10.20.92.3": "That is what web-c writes. client1's TCP has no connection with 10.20.92.3 and would refuse such an answer.",
     "10.20.37.1": "That is cni0. It forwards the answer, and forwarding changes no address."},
    "Whom did client1 ask? From whom does it expect to hear?",
)
draws = Question(
    "One connection carries a thousand packets to the Service. How often does the draw take place on k8s-node1?", 1,
    "Only the first packet of a connection comes to the rules of the table nat. For all others the entry in the connection table decides.",
    {1000: "Then the packets of one connection would go to three different pods, and none of these could make sense of them.",
     3: "There are three rules, but how many packets come to them?",
     0: "The first packet of a connection has no entry yet. Somebody has to make it."},
    "What does the table nat see of a connection? Notebook 01 had it.",
)
while_stopped = Question(
    "kube-proxy is stopped on both nodes. Of the next three connections from client1, how many fail?", 0,
    "The rules are in the kernel, and nobody has taken them out. kube-proxy only writes; packets never pass through it.",
    {3: "Then kube-proxy would have to be on the packet's way. Did any step of the trace name it?",
     1: "Which one would it be? Nothing about the three endpoints has changed."},
    "In which step of the trace did the packet come to kube-proxy?",
)
seen_by_itself = Question(
    "web-a asks 10.96.0.50 and is led to itself. Which client address does it see?", "10.20.37.1",
    "cni0's: masquerading takes the address of the interface where the packet leaves.",
    {"10.20.37.2": "Its own. It would then answer itself, inside, without the node ever seeing the answer. So the node replaces it.",
     "10.96.0.50": "That is whom it asked. The *destination* is translated to 10.20.37.2; this is about the source.",
     "cni0": "That is the interface. Which address has it?",
     "192.168.138.221": "The node's eth0. But the packet leaves the node's kernel by cni0, towards the pod."},
    "The mark makes POSTROUTING masquerade. Which address does that give?",
)
untranslated = Question(
    "client1 and web-a are on one bridge, and bridge-nf-call-iptables is 0. client1 gets an answer. From which address?", "10.20.37.2",
    "The bridge hands the answer straight to client1's port; no hook is passed, so nobody turns the address back. client1 drops it.",
    {"10.96.0.50": "For that the answer would have to pass the node's hooks, where the connection's entry is looked up. Does the "
    "bridge bring it there?",
     "web-a": "From that pod, yes. Which address does it write?",
     "10.20.37.1": "That is the node. The request passed it, for 10.96.0.50 is not on the link. The answer is for a neighbour."},
    "web-a sees that 10.20.37.4 is on its own link. Which way does its answer take?",
)
with_two = Question(
    "web-b leaves the Service. How many rules of its KUBE-SVC chain then have a probability?", 1,
    "One of two: 0.5 for the first, and the last takes what is left.",
    {2: "The last rule never needs one: it takes whatever comes to it.", 3: "There are two endpoints left, and the last rule needs no "
    "probability.",
     0: "Then the first would take everything."},
    "Three endpoints needed two rules with a probability.",
)
nobody_there = Question(
    "A Service without endpoints: is a connection to it refused at once, or does it time out? Answer: refused, or: timeout.",
    ("refused", "refuse", "refused at once", "connection refused", "rejected", "reject"),
    "kube-proxy writes a REJECT for it, in the table filter. The client hears at once.",
    {"timeout": "That would be so if the packet went nowhere, or to a DROP. kube-proxy is kinder: look at KUBE-SERVICES in the table "
    "filter.",
     "times out": "That would be so if the packet went nowhere, or to a DROP. kube-proxy is kinder: look at KUBE-SERVICES in the table "
     "filter."},
    "Is there a rule for 10.96.0.50 in the table filter now? What does it do?",
)
stale = Question(
    "kube-proxy is stopped on k8s-node1, then web-b is deleted. Of six connections from client1, fairly dealt, how many get no answer?", 2,
    "The three rules still stand, so a third of the connections goes to an address that nobody has.",
    {0: "That would need new rules, and who writes them is stopped.",
     6: "Two of the three endpoints are as alive as before.", 3: "There were three endpoints. What share goes to each?"},
    "The rules are as they were. What share do they lead to web-b?",
)
asked_server = Question(
    "client1 looks up the name `web`. To which address does it send the question? ", "10.96.0.10",
    "The name server is a Service itself: a ClusterIP, with two pods behind it, and the same kind of rules.",
    {"10.96.0.50": "That is what the answer will say. Whom does it ask?",
     "kube-dns": "That is the Service's name. Which address has it?",
     "10.96.0.1": "That is the Service of the API. Read /etc/resolv.conf."},
    "Read /etc/resolv.conf in the pod.",
)
full_name = Question(
    "A pod of the namespace default asks for `web`. What is the first full name that is looked up? Without a dot at its end.",
    "web.default.svc.cluster.local",
    "The first entry of `search` is put behind it, since `web` has fewer dots than the five that `ndots` asks for.",
    {"web": "With `ndots:5` a name with fewer than five dots is tried with the search list first.",
     "web.svc.cluster.local": "That is the second entry of the list. It would be tried if the first were not found.",
     "web.cluster.local": "That is the third entry of the list.", "web.default": "That is what a pod of another namespace would ask for."},
    "Read the line `search` in /etc/resolv.conf from left to right.",
)
stale_node = Question(
    "kube-proxy is stopped on k8s-node1, and web-c leaves. On which node do the rules still lead to web-c?", "k8s-node1",
    "Each node's rules are written by its own kube-proxy, and that of k8s-node1 was not there to hear of it.",
    {"k8s-node2": "web-c is there, but its rules are written by a kube-proxy that runs.", "nobody": "Each node has its own rules. Who "
    "writes those of k8s-node1?"},
    "Who writes the rules of which node?",
)
translated_where = Question(
    "On the real kernel: when the request is seen at client1's own eth0, which destination does it have?", "10.96.0.50",
    "It leaves the pod as it was made. The node translates it afterwards.",
    {"10.20.92.3": "That is what it has when it leaves k8s-node1 by flannel.1. At its own eth0 it has not met a rule yet."},
    "The pod's own kernel has no rules.",
)

CLIENT, SERVERS = "client1", {"10.20.37.2": "web-a", "10.20.37.3": "web-b", "10.20.92.3": "web-c"}


def misspelt_service() -> Lab:
    """The cluster, and a Service that somebody wrote in a hurry."""
    lab = web()
    run(lab, "k8s-master", "kubectl create service clusterip shop --clusterip=10.96.0.60 --tcp=80:8081", "somebody")
    run(lab, "k8s-master", "kubectl label pod web-b app-", "somebody")
    return lab


def _leads_to(lab: Lab, service: str, port: int, servers: dict[str, str]) -> str | None:
    """None when each of these answers client1 by way of the Service's address, and nobody else does."""
    for address, server in servers.items():
        try:
            trace = probe(lab, CLIENT, service, proto="tcp", port=port, endpoint=address)
        except LabError:
            trace = probe(lab, CLIENT, service, proto="tcp", port=port)
            if not trace.answered:
                return f"{CLIENT} gets no answer from {service}, port {port}: {trace.verdict}."
            return f"{service}, port {port}, never leads to {server}, {address}."
        if missing := not_from(server, trace):
            return missing
    return None


mend = Task(
    "The Service shop, 10.96.0.60, is to lead to all three web pods at port 80. Mend it with kubectl.",
    lambda lab: _leads_to(lab, "10.96.0.60", 80, SERVERS),
    "Selector, port and labels fit one another, and each of the three answers.", start=misspelt_service,
    answer=(("k8s-master", """
        kubectl label pod web-b app=web
        kubectl patch svc shop -p '{"spec":{"selector":{"app":"web"},"ports":[{"port":80,"name":"80-8081","targetPort":8080}]}}'
        """),),
    hints=("`kubectl get endpoints shop`: which pods does it find? Compare `kubectl describe svc shop` with `kubectl get pods "
    "--show-labels`.",
           "`targetPort` is where the pods listen. At which port does `curl http://10.20.37.2:8080/` answer?",
           "`kubectl patch svc shop -p '{\"spec\":{\"selector\":{\"app\":\"web\"}}}'` is the first of three lines."),
)


def without_proxy() -> Lab:
    """The cluster with kube-proxy stopped on k8s-node1."""
    lab = web()
    run(lab, "k8s-node1", "systemctl stop kube-proxy", "somebody")
    return lab


_TAKES = "iptables -t nat -A PREROUTING -d 10.96.0.99 -p tcp --dport 80"
by_hand = Task(
    "Be kube-proxy. On k8s-node1 alone, let connections from client1 to 10.96.0.99, TCP port 80, go to web-a and web-b, port 8080, "
    "half and half. Two rules in PREROUTING of the table nat will do.",
    lambda lab: _by_chance(lab),
    "You have written a Service.", start=without_proxy,
    answer=(("k8s-node1", f"{_TAKES} -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.20.37.2:8080\n"
             f"{_TAKES} -j DNAT --to-destination 10.20.37.3:8080"),),
    hints=("Start with one: `-d 10.96.0.99 -p tcp --dport 80 -j DNAT --to-destination 10.20.37.3:8080`.",
           "The other goes before it, with `-m statistic --mode random --probability 0.5`.",
           "`iptables -t nat -I PREROUTING …` puts a rule in front."),
)


def _by_chance(lab: Lab) -> str | None:
    """None when some connections go to the two in equal parts."""
    lab, led = lab.copy(), []
    for _ in range(8):
        trace = lab.trace(CLIENT, "10.96.0.99", proto="tcp", port=80)
        if not trace.answered:
            return f"{CLIENT} gets no answer from 10.96.0.99, port 80: {trace.verdict}."
        led.append(trace.verdict.where)
    told = ", ".join(f"{led.count(name)} to {name}" for name in dict.fromkeys(led))
    return None if led.count("web-a") == led.count("web-b") == 4 else f"Of eight connections went {told}: that is not half and half."
