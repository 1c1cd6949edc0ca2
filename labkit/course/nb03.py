"""Questions and tasks of notebook 03, veth pairs.

The tasks look at packets, not at commands: any way to get there counts.
"""

from ..front import Lab
from ..scenarios import veth_pair
from .chapter import Chapter
from .exercise import Question, Task
from .judging import unanswered, without

CHAPTER = Chapter(__name__)
progress, typed, __dir__ = CHAPTER.progress, CHAPTER.typed, CHAPTER.names

ttl_over_a_cable = Question(
    "ns2 pings ns1 over one cable. Which TTL do the replies show?", 64,
    "Linux sends with 64, only a router lowers it, and a cable is none.",
    {
        63: "That would be one router between the two. There is a cable, and nothing else.",
        60: "That was the cluster of notebook 00, where four take one off.",
        62: "Two routers would make it 62. How many are there?",
    },
    "Linux sends with 64. Who is between the two, to lower it?",
)

route_writer = Question(
    "Which command made the kernel write the route 192.168.50.0/24 in ns2? Count the ten commands from 1.", 9,
    "An interface that has an address and is up gives its network a route. Whichever of the two comes last writes it.",
    {
        7: "7 wrote the address. tap2 was still down then, and the kernel writes the route only when the interface is up.",
        6: "6 wrote an address in ns1; each namespace has its own tables.",
        8: "8 brought tap1 up, which wrote the same route into the tables of ns1. The question is about ns2.",
        10: "A ping writes into the neighbour table (who has which MAC address), never into the route table.",
    },
    "Ask the lab: lab.who_wrote(\"192.168.50.0/24\").",
)

kind_of_tap1 = Question(
    "What kind of interface is tap1? Answer with the word that `ip -d link` has for it.", "veth",
    "The name is only a name. A TAP would have a program at its other end; this one has tap2.",
    {
        "tap": "That is its name. A TAP device hands its frames to a program; here the other end is a second interface.",
        "tun": "A TUN device hands bare IP packets to a program. tap1 has a MAC address and a twin.",
        "ether": "`link/ether` says that it carries Ethernet frames, as many kinds do. Look at the second line of details.",
    },
    "It is the first word of the last line that `ip -d link` prints.",
)

own_address = Question(
    "ns2 sends one ping to its own address 192.168.50.2. How many replies come back?", 0,
    "A packet to oneself travels over lo, and lo of a new namespace is down.",
    {1: "It seems natural. But which interface does a packet to oneself leave by? Try `ip route get 192.168.50.2`."},
    "It is either one reply or none.",
)

flag_of_tap2 = Question(
    "tap1 in ns1 goes down. Which flag appears at tap2 in ns2?", "NO-CARRIER",
    "tap2 is still UP: that is its owner's will. NO-CARRIER says that nobody is there at the other end.",
    {
        "DOWN": "DOWN is the state, behind the word `state`. The flags are the words between < and >.",
        "UP": "UP was there before: it says that the owner wants the interface to work.",
        "M-DOWN": "M-DOWN is shown when the other end is in the same namespace and down. Here it is in another one.",
        "LOWER_UP": "LOWER_UP says that there is a carrier. It is the one that goes.",
    },
    "The flags are the words between < and >.",
)

route_stays = Question(
    "tap1 in ns1 is down. Is the route 192.168.50.0/24 still in the table of ns2?", True,
    "It stays, with `linkdown` behind it, and is used all the same. Only taking down tap2 itself removes it.",
    {False: "The kernel removes a route when its own interface goes down. Losing the carrier only marks it."},
)

told_what_fits = Question(
    "tap2 has MTU 1400. ns1 sends it a packet of 1500 bytes. Does ns1 get to hear which size would fit?", False,
    "Two can tell a sender: its own interface, and a router on the way. tap1 allows 1500, and a cable is no router.",
    {True: "Who would tell it? Its own end has MTU 1500, and the ICMP message `fragmentation needed` comes from routers only."},
)

addresses_left = Question(
    "tap2 is moved from ns2 to the host. How many IPv4 addresses does it have there?", 0,
    "A move takes everything off that belongs to the namespace: addresses, routes, neighbours. And it takes the interface down.",
    {1: "The address was a line in the tables of ns2. The interface moved, the tables did not."},
    "An address is a line in the tables of a namespace. Does the table move along?",
)

left_over = Question(
    "ns1, which holds tap1, is deleted. How many of the two ends are left?", 0,
    "A namespace takes its veth ends with it, and one end takes the other along. Half a cable does not exist.",
    {1: "tap2 was in another namespace, but a pair is created and deleted as one.",
     2: "Interfaces live in a namespace. A virtual one dies with it."},
    "Can there be a cable with one end?",
)

refused = Question(
    "Of the seven slips, how many are refused?", 7,
    "All of them, and none has changed anything: a refusal is the best that can happen to a slip.",
    {
        6: "Adding the same address twice is refused, too, and so is a name that is too long.",
        5: "Two more: adding what is there is refused, and a name has at most 15 characters.",
        0: "One of them, at least, names an interface that is not on this machine.",
    },
    "Which of them asks for something that is there already, that is elsewhere, or that cannot be?",
)

pieces = Question(
    "ns2 pings with a payload of 1473 bytes; the MTU is 1500. In how many pieces does the request go?", 2,
    "1473 and 28 bytes of headers are 1501, one too many. The first piece takes all that fits, the second the rest.",
    {
        1: "1473 bytes of payload, 8 of ICMP and 20 of IP: does that fit into 1500?",
        3: "Two pieces hold nearly 3000 bytes.",
    },
    "Add the headers: 8 bytes of ICMP, 20 of IP.",
)

sightings = Question(
    "ARP question, its answer, the ping and its reply over one cable: how many sightings?", 8,
    "Four frames, each seen where it leaves one end and where it comes out of the other.",
    {
        4: "That is the number of frames. Each is seen at both ends of the cable.",
        2: "The ping and its reply are two frames; two of ARP go before them, and each is seen at both ends.",
        6: "Question and answer, ping and reply: four frames, each at two ends.",
    },
    "How many frames, and how many ends?",
)

local_is_wrong = Question(
    "`ip addr add local 192.168.50.1/24 dev tap1`: is `local` a mistake?", False,
    "It is what `ip` calls the address of this end; the word may be left out, and mostly is.",
    {True: "The command was accepted with exit status 0, and the address was there. Unusual is not wrong."},
)


PAIR = ("ns1", "192.168.50.2", "ns2"), ("ns2", "192.168.50.1", "ns1")


def _each(lab: Lab, *probes: tuple, **how) -> str | None:
    """What is missing first of all the answers: (source, destination, who should answer)."""
    return next((missing for probe in probes if (missing := unanswered(lab, *probe, **how))), None)


loopbacks = Task(
    "Make both namespaces answer their own addresses.",
    lambda lab: _each(lab, ("ns1", "192.168.50.1", "ns1"), ("ns2", "192.168.50.2", "ns2"), *PAIR),
    "Both lo are up. That is a line every tool that makes namespaces runs first.", start=veth_pair,
    answer=(("ns1", "ip link set lo up"), ("ns2", "ip link set lo up")),
    hints=("Which interface does a packet to oneself leave by, and which state is it in?", "`ip -n ns1 link set …`, and the same for ns2."),
)


def broken() -> Lab:
    """The pair of this notebook with three slips in it."""
    lab = veth_pair()
    for line in (
        "ip -n ns2 addr del 192.168.50.2/24 dev tap2", "ip -n ns2 addr add 192.168.5.2/24 dev tap2",
        "ip -n ns2 link set tap2 mtu 1000", "ip -n ns1 link set tap1 down",
    ):  # fmt: skip
        lab.sh(line)
    return lab


def _repaired(lab: Lab) -> str | None:
    """First as the notebook pings, then in one piece: fragments would hide an MTU that is too small."""
    return _each(lab, PAIR[0]) or _each(lab, PAIR[1], size=1472) or _each(lab, *PAIR, size=1472, df=True)


repair = Task(
    "Mend the lab `broken`, so that ns1 and ns2 exchange pings of 1472 bytes of payload, in one piece, over 192.168.50.1 and "
    "192.168.50.2.",
    _repaired,
    "An interface was down, an address was in the wrong network, an MTU was too small: carrier, address, size, in the order "
    "in which they are worth looking at.", start=broken,
    answer=(("ns1", "ip link set tap1 up"), ("ns2", """
        ip addr add 192.168.50.2/24 dev tap2
        ip link set tap2 mtu 1500
        """)),
    hints=("Carrier first: `ip -n ns1 -br link`. Is everything up that should be?",
           "Then addresses: `ip -n ns2 addr`. Is tap2 in the network of tap1?",
           "Then size: `ip -n ns2 link` shows the `mtu` of tap2. 1472 bytes of payload are a packet of 1500."),
)


def _boxed(lab: Lab) -> str | None:
    if "box" not in lab.namespaces:
        return "There is no namespace called box yet."
    if not any((peer := lab.peer(i)) is not None and peer.namespace == "host" for i in lab["box"].by_index()):
        return "No veth pair leads from host to box yet: one end must be in each."
    return (without(lab, "host", "10.9.0.1/24") or without(lab, "box", "10.9.0.2/24")
            or _each(lab, ("host", "10.9.0.2", "box"), ("box", "10.9.0.1", "host"), ("box", "10.9.0.2", "box")))  # fmt: skip


box = Task(
    "In the lab `mine`, join the machine host (10.9.0.1/24) and a namespace called box (10.9.0.2/24) by a veth pair, "
    "so that each answers the other and box answers itself.",
    _boxed,
    "That is what a container engine does for a container: a namespace, a pair with one end moved into it, an address, up.",
    start=Lab,
    answer=(("host", """
        ip netns add box
        ip link add v0 type veth peer name eth0 netns box
        ip addr add 10.9.0.1/24 dev v0
        ip link set v0 up
        """), ("box", """
        ip addr add 10.9.0.2/24 dev eth0
        ip link set eth0 up
        ip link set lo up
        """)),
    hints=("The ten lines at the top of this notebook do nearly the same; here one end stays on the machine.",
           "`ip netns add box`, `ip link add v0 type veth peer name eth0 netns box`, then an address and `up` for each end.",
           "box answers itself over lo, which is down in a new namespace."),
)
