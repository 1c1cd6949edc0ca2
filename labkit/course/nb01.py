"""Questions and tasks of notebook 01, Docker's four network modes."""

from ..lab.lab import Lab
from ..scenarios import docker_host
from .chapter import Chapter
from .exercise import Question, Task
from .judging import unanswered, without

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

own_namespaces = Question(
    "Six containers run: br1, br2 and pub1 in bridge mode, host1 in host mode, cont1 in container mode, none1 without a network. "
    "How many network namespaces did Docker make for them?", 4,
    "br1, br2, pub1 and none1 have one each. host1 lives in the machine's, cont1 in br1's.",
    {
        6: "One for each container would be six. Two of the modes share a namespace that is there already.",
        5: "One of host1 and cont1 you have counted in: neither has a namespace of its own.",
        3: "none1 has a namespace, too. There is only next to nothing in it.",
        1: "That would be all of them in host mode.",
    },
    "Go through the modes: whose tables does the container use?",
)

ttl_outside = Question(
    "br1 pings br2, and the replies have ttl=64. What do the replies of 192.168.77.1, the machine outside, have?", 63,
    "The host forwards between docker0 and its eth0: it is a router for its containers, and routers lower the TTL.",
    {
        64: "Between br1 and br2 there is only a bridge. Outside lies another network: who carries the packet over?",
        62: "The TTL in the reply is what is left of the reply. It passes one router on its way back.",
    },
    "How many routers stand between the two?",
)

seen_outside = Question(
    "br1 (172.17.0.2) pings 192.168.77.1. Which address does the machine outside see as the sender?", "192.168.77.2",
    "The host's, on the wire between the two. Nobody outside knows 172.17.0.0/16, so the host puts its own name on the packet.",
    {
        "host": "Right machine; which of its addresses, please?",
        "the host": "Right machine; which of its addresses, please?",
        "172.17.0.2": "That is how it starts. But `outside` has no route to 172.17.0.0/16: how would it answer?",
        "172.17.0.1": "That is docker0, on the containers' side. The packet leaves by another interface.",
    },
    "Look at the routes of `outside`: to which of the addresses on the way could it answer at all?",
)

without_masquerade = Question(
    "The rule that masquerades is gone, and br1 pings outside. On which machine is a packet lost for want of a route?", "outside",
    "The ping arrives, under the name 172.17.0.2, and the answer has no way back.",
    {"host": "The host forwards as before: masquerading only changes the name. Where does the packet get to?",
     "br1": "br1 sends it off as before."},
    "The ping leaves the host with the sender 172.17.0.2. Who has to send something to that address?",
)

client_outside = Question(
    "`outside` asks `http://192.168.77.2:8080/`. Which client's address does the server in pub1 see?", "192.168.77.1",
    "Only the destination is replaced. The sender stays who it is.",
    {
        "192.168.77.2": "That is what `outside` asked for, the destination.",
        "172.17.0.1": "So it would be if a program on the host asked in its place. Here the packet itself is led inside.",
    },
    "Which of the two addresses has to be replaced so that the packet gets to pub1?",
)

client_loopback = Question(
    "`curl http://127.0.0.1:8080/` on the host: which client's address does the server in pub1 see?", "172.17.0.1",
    "docker-proxy takes the connection and opens one of its own, from the host's address on docker0.",
    {
        "127.0.0.1": "A container could not answer that one: in each namespace it is its own lo. Somebody asks in curl's place.",
        "192.168.77.2": "That is the host's address on the other side. Who connects to 172.17.0.4 takes the one on docker0.",
        "192.168.77.1": "That is the machine outside; it has no part in this.",
    },
    "A program on the host opens a connection to 172.17.0.4. Which of the host's addresses does it take?",
)

straight_inside = Question(
    "True or False: `outside` has a route to 172.17.0.0/16, asks 172.17.0.4, port 80, directly, and is answered.", False,
    "The way is there, a rule of the table raw is in it.",
    {True: "So it was up to Docker 27. Look for a rule that names 172.17.0.4."},
    "Published is the host's port 8080. What would be the use of publishing if everybody could go straight in?",
)

between_networks = Question(
    "True or False: n1 (172.18.0.2) pings br1 (172.17.0.2), the host forwards, and an answer comes.", False,
    "There are routes both ways, and a rule that drops: networks are kept apart.",
    {True: "The routes would do it. But the rules of Docker come on top of them."},
    "What are networks for, if all containers reach each other anyway?",
)

by_name = Question(
    "Which pings by name work: \"n1 to n2\" (in net1), \"br1 to br2\" (in the default network), \"both\" or \"none\"?",
    ("n1 to n2", "n1->n2", "n1", "n1 n2"),
    "Docker's name server is there on networks that somebody made, not on the default bridge.",
    {
        "both": "On one of the two networks nobody answers a question for a name.",
        "none": "On the network that you made there is a name server.",
        "br1 to br2": "It is just the other way round.",
    },
    "The default bridge is the older of the two.",
)

after_flush = Question(
    "True or False: all rules of filter are flushed, FORWARD has the policy DROP, and `outside` still gets pub1's page.", False,
    "The destination is still replaced (that is the table nat), but then the packet has to be forwarded, and nobody lets it pass.",
    {True: "The table nat is untouched, right. But after it the packet has to pass FORWARD."},
    "Which of the five places does a packet for pub1 pass, and what does the chain say there when no rule decides?",
)

lost_at = Question(
    "`iptables -I DOCKER-USER -j DROP`: at which of the five places is a packet from outside to the published port 8080 lost?",
    ("FORWARD", "filter FORWARD", "chain FORWARD"),
    "FORWARD jumps to DOCKER-USER before anything else.",
    {
        "INPUT": "INPUT is asked for what is for the machine itself. The destination was replaced before.",
        "PREROUTING": "There the destination is replaced, in the table nat. DOCKER-USER is a chain of the table filter.",
        "OUTPUT": "OUTPUT is asked for what programs on the machine send.",
        "POSTROUTING": "So far it does not get. The table filter has nothing to say there.",
    },
    "In which table is DOCKER-USER, and which of its places does a forwarded packet pass? `iptables -S FORWARD` tells.",
)

recorded_port = Question(
    "On the recorded host: where does a packet for the machine's port 9001 go? Answer as address:port.", "172.17.0.5:9001",
    "pub2 has 172.17.0.5; the rule is in the chain DOCKER of the table nat.",
    {
        "172.17.0.5:9000": "That is the rule above it.",
        "172.17.0.4:80": "That is pub1, behind port 8080.",
        "172.17.0.5": "Right address; and the port behind it, please: address:port.",
    },
    "Look for `--dport 9001` in the table nat.",
)

seen_at_docker0 = Question(
    "br1 pings br2, once, and every interface is watched. How many packets are seen at docker0 itself?", 1,
    "The ARP question, which is for everybody. The ping passes from port to port.",
    {
        0: "One thing goes to everybody on the bridge, and the host, which docker0 belongs to, is one of them.",
        2: "That would be the ping and its reply. They pass from port to port; docker0 as an interface is the host's own place.",
        4: "Most frames are for one station alone, and docker0 is not that one.",
    },
    "Which of the frames (question, answer, ping, reply) is a broadcast?",
)

reaches_without_forwarding = Question(
    "ip_forward of the host is set to 0. Which of these does br1 still reach: \"br2\", \"outside\", \"both\" or \"none\"?", "br2",
    "A bridge is no router: frames between its ports are not forwarded in the sense of `ip_forward`.",
    {
        "both": "To go outside, a packet must leave docker0 and enter eth0. Carrying it over is what ip_forward allows.",
        "outside": "It is just the other way round.",
        "none": "br1 and br2 are in the same network, on the same bridge. No router takes part.",
    },
    "For which of them is the host a router?",
)

bridges = Question(
    "How many bridges are on the host after `docker network create net1`?", 2,
    "docker0 for the default network, and one for each network that somebody makes.",
    {1: "One is there now, docker0. The new network gets a bridge of its own: run the next cell, then count.",
     0: "docker0 is a bridge, and it is there already."},
    "docker0 is there already. Does the new network use it, or get one of its own?",
)

host_addresses = Question(
    "Which address has host1 on its eth0?", "192.168.77.2",
    "The host's. It is not a copy: it is the same interface, in the same namespace.",
    {
        "172.17.0.5": "That would be the next free one in bridge mode. In host mode Docker gives out no address.",
        "none": "It has an eth0, and the eth0 has an address: the host's.",
    },
    "In host mode a container uses the host's tables.",
)

published_on_host = Question(
    "A container in host mode is started with `-p 80:80`. What does Docker do: \"refuse\", \"warn\" or \"publish\"?", "warn",
    "It starts, and the option is thrown away: the program listens on the host itself, there is nothing to publish.",
    {"refuse": "That is what container mode does with -p.",
     "publish": "From where to where? The container's ports are the host's."},
    "The program in the container listens on the host's own ports. What could be published, and from where to where?",
)

cont_address = Question(
    "cont1 joined br1. Which address has it?", "172.17.0.2",
    "That of br1: one namespace, one set of addresses. The two even talk to each other over lo.",
    {"172.17.0.4": "Docker gave that one to pub1. cont1 got none: it brought no interface to give an address to."},
    "It sees what br1 sees. You have read br1's address in the section on bridge mode.",
)

left_after_stop = Question(
    "br1 is stopped. How many interfaces has cont1 left, lo included?", 1,
    "The namespace lives as long as somebody is in it, but Docker pulls out the interface of the container that stops.",
    {
        2: "eth0 was br1's: Docker made it for br1 and takes it away with br1.",
        0: "The namespace is still there, since cont1 is in it, and every namespace has a lo.",
    },
    "The eth0 in there was made for br1, the lo for the namespace. Which of them does Docker take away when br1 stops?",
)

none_interfaces = Question(
    "How many interfaces does a container in none mode have?", 1,
    "lo, which is up and has 127.0.0.1/8. The route table `main` is empty, the table `local` is not.",
    {0: "There is one that every namespace is born with, whoever makes it.",
     2: "An eth0 would have to be made by Docker, and in none mode it makes none."},
    "What is in every new namespace, and nobody makes it?",
)

apart = Question(
    "Which two modes give a container a namespace of its own? Answer as \"x and y\".", ("bridge and none", "none and bridge"),
    "One with an interface and a route in it, one with lo alone. The other two move in with somebody.",
    {
        "host and container": "These are the two that share.",
        "container and host": "These are the two that share.",
        "bridge and host": "In host mode a container uses the host's namespace.",
        "bridge and container": "In container mode a container uses another container's namespace.",
    },
    "The modes are bridge, host, container and none.",
)



def _no_way_out() -> Lab:
    lab = docker_host()
    lab.sh("docker exec br2 ip route del default")
    return lab


default_again = Task(
    "Give br2 its way to the outside back.", lambda lab: unanswered(lab, "br2", "192.168.77.1", "outside"),
    "`default via 172.17.0.1`: the bridge's address is the containers' gateway.", start=_no_way_out,
    answer=(("host", "docker exec br2 ip route add default via 172.17.0.1"),),
    hints=("br1 has the line that br2 lacks: `docker exec br1 ip route` shows it.", "`docker exec br2 ip route add default via …`"),
)


def _no_masquerade() -> Lab:
    lab = docker_host()
    lab.sh("iptables -t nat -F POSTROUTING")
    return lab


def _masquerades(lab: Lab) -> str | None:
    missing = unanswered(lab, "br1", "192.168.77.1", "outside")
    if missing:
        return missing
    way = lab["outside"].main.lookup("172.17.0.2")
    return "outside should see the host, and has a way to 172.17.0.0/16 of its own." if way else None


masquerade_again = Task(
    "Give the containers of 172.17.0.0/16 their name outside back: one rule.", _masquerades,
    "The rule is Docker's own, word for word; what goes out at docker0 itself, to a neighbour, keeps its name.", start=_no_masquerade,
    answer=(("host", "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),),
    hints=("You have read the rule: from which source, not out at which interface, jump to what?",
           "`iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o …  -j …`"),
)


def _wired(lab: Lab) -> str | None:
    if len(lab["none1"].interfaces) == 1:
        return "none1 still has nothing but lo: one end of a pair must move into it."
    probes = ("none1", "172.17.0.2", "br1"), ("none1", "192.168.77.1", "outside"), ("br2", "172.17.0.77", "none1")
    if missing := next((missing for probe in probes if (missing := unanswered(lab, *probe))), without(lab, "none1", "172.17.0.77/16")):
        return missing
    plugged = {port.peer for port in lab["host"].ports("docker0") if port.origin.who != "docker"}
    by_hand = any(i.uid in plugged for i in lab["none1"].by_index())
    return None if by_hand else "It works, but Docker did it, or another bridge: plug none1 into docker0 with a pair of your own."


wired = Task(
    "Connect none1 to docker0 by hand, with 172.17.0.77/16 and a default route, so that it reaches br1 and the machine outside.",
    _wired,
    "You are Docker now: a pair, one end in the bridge, one end inside, address, up, default route.", start=docker_host,
    answer=(("host", """
        ip link add v9 type veth peer name c9
        ip link set v9 master docker0 up
        ip link set c9 netns $(docker inspect -f '{{.State.Pid}}' none1)
        docker exec none1 ip addr add 172.17.0.77/16 dev c9
        docker exec none1 ip link set c9 up
        docker exec none1 ip route add default via 172.17.0.1
        """),),
    hints=("First the pair: `ip link add v9 type veth peer name c9`. One end stays: `ip link set v9 master docker0 up`.",
           "The other end moves: `ip link set c9 netns $(docker inspect -f '{{.State.Pid}}' none1)`.",
           "Inside, each line behind `docker exec none1`: the address, `ip link set c9 up`, the default route via docker0's address."),
)


def _containers(lab: Lab) -> dict:
    return {container.name: container for container in lab.daemons["docker", "host"].containers}


def _listens_along(lab: Lab) -> str | None:
    sniff = _containers(lab).get("sniff")
    if sniff is None:
        return "There is no container called sniff."
    if (sniff.image, sniff.request.command) != ("tiny:1", ("sleep", "600")):
        return f"sniff runs `{' '.join((sniff.image, *sniff.request.command))}`, and should run `tiny:1 sleep 600`."
    if not sniff.running:
        return "sniff does not run."
    where = sniff.namespace.name
    if where == "pub1":
        return None
    where = "a namespace of its own" if where == "sniff" else f"the namespace of {where}"
    return f"sniff runs in {where}; it should see the interfaces of pub1 and nothing else."


sniff = Task(
    "Start a container called sniff (image tiny:1, command sleep 600) that sees exactly the interfaces that pub1 sees.",
    _listens_along,
    "Container mode. Tools come to a container that has none in this way, and all containers of a Kubernetes pod live like this.",
    undone=lambda lab: _containers(lab).keys() == _containers(docker_host()).keys(), start=docker_host,
    answer=(("host", "docker run -d --name sniff --network container:pub1 tiny:1 sleep 600"),),
    hints=("Which of the four modes shares the namespace of another container?", "`--network container:NAME`, before the image's name."),
)
