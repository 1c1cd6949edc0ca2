"""Every task: wrong answers somebody may well give, right ones by another way than the one that was thought of.

A case is (status, words of the feedback, lines); a line is `namespace: command`.
"""

import pytest

import labkit
from labkit.course import nb00, nb01, nb02, nb03, nb04, nb05

POD, OTHER, NODE1, NODE2 = "wp-mysql-t5w0m", "mysql-demo-e81sy", "k8s-node1", "k8s-node2"
SILENT, MEND = "ip route add blackhole 10.20.92.3", "ip route add 10.20.92.0/24 dev docker0"
WIRE = (
    "host: ip link add v9 type veth peer name c9", "host: ip link set v9 master docker0 up",
    "host: ip link set c9 netns $(docker inspect -f '{{.State.Pid}}' none1)", "none1: ip link set c9 up",
)  # fmt: skip
WIRED = (*WIRE, "none1: ip addr add 172.17.0.77/16 dev c9", "none1: ip route add default via 172.17.0.1")
RUN = "host: docker run -d --name sniff --network container:pub1"
POD3 = (
    "node: ip netns add pod3", "node: ip link add veth3 type veth peer name eth0 netns pod3",
    "node: ip link set veth3 master docker0 up", "pod3: ip link set lo up", "pod3: ip link set eth0 up",
)  # fmt: skip
BOX = ("host: ip netns add box", "host: ip link add v0 type veth peer name eth0 netns box", "host: ip link set v0 up",
       "box: ip link set eth0 up", "box: ip link set lo up")  # fmt: skip
AROUND = (f"{NODE1}: ip route add 10.20.92.0/24 via 192.168.138.222", f"{NODE2}: ip route add 10.20.37.0/24 via 192.168.138.221",
          f"{NODE2}: sysctl -w net.ipv4.ip_forward=1")  # fmt: skip

CASES = {
    (nb00.mend, nb00._lost): [
        ("open", "", []), ("open", "", [f"{NODE2}: ip route get 10.20.92.11", f"{POD}: ping -c 1 10.20.92.11"]),
        ("wrong", f"but {POD} answers", [f"{POD}: ip route add local 10.20.92.0/24 dev lo"]),
        ("wrong", f"but {POD} answers", [f"{POD}: ip addr add {a}/32 dev lo" for a in ("10.20.92.3", "10.20.92.11")]),
        ("wrong", "gets no answer", [f"{NODE1}: {MEND}"]),
        ("wrong", "gets no answer", [f"{NODE2}: ip route add 10.20.93.0/24 dev docker0"]),
        ("wrong", "all of it and no more", [f"{NODE2}: ip route add 10.20.92.0/25 dev docker0"]),
        ("wrong", "all of it and no more", [f"{NODE2}: ip route add 10.20.92.0/23 dev docker0"]),
        ("wrong", "not by one line", [f"{NODE2}: ip route add 10.20.92.{n}/25 dev docker0" for n in (0, 128)]),
        ("right", "", [f"{NODE2}: ip link set docker0 down", f"{NODE2}: ip link set docker0 up"]),
        ("right", "", [f"{NODE2}: route add -net 10.20.92.0 netmask 255.255.255.0 dev docker0"]),
        ("right", "", [f"{NODE1}: ip route add 1.2.3.0/24 dev docker0", f"{NODE2}: ip route add 10.20.92.0/24 dev docker0 metric 5"]),
    ],
    (nb00.one_silent, labkit.scenarios.seed_cluster): [
        ("open", "", []), ("open", "", [f"{NODE1}: ip route get 10.20.92.3"]),
        ("wrong", "not by one line in the table of k8s-node1", [f"{POD}: {SILENT}"]),
        ("wrong", "not by one line", [f"{NODE2}: ip rule add from 10.20.37.0/24 to 10.20.92.3 blackhole"]),
        ("wrong", "", ["wp-frontend-0rlk4: ip route del default"]),
        ("wrong", "That was too much", [f"{NODE1}: ip route add blackhole 10.20.92.0/24"]),
        ("wrong", "still answers", [f"{NODE2}: ip neigh add 10.20.92.77 lladdr 02:00:00:00:00:77 dev docker0"]),
        ("wrong", "still answers", [f"{NODE1}: ip route add blackhole 10.20.92.4"]),
        ("right", "", [f"{NODE1}: ip route add prohibit 10.20.92.3"]), ("right", "", [f"{NODE1}: route add -host 10.20.92.3 reject"]),
        ("right", "", [f"{NODE1}: ip route add 10.20.92.3 via 192.168.128.1"]),
        ("right", "", [f"{NODE1}: ip route add blackhole 10.20.92.77", f"{NODE1}: {SILENT}"]),
    ],
    (nb01.default_again, nb01._no_way_out): [
        ("open", "", []),
        ("open", "", ["br2: ip route get 172.17.0.2", "host: sysctl -w net.ipv4.ip_forward=0", "host: sysctl -w net.ipv4.ip_forward=1"]),
        ("wrong", "but br2 answers", ["br2: ip addr add 192.168.77.1/32 dev lo"]),
        ("wrong", "but br2 answers", ["br2: ip route add local 192.168.77.1 dev lo"]),
        ("wrong", "", ["br2: ip route add default dev eth0"]),
        ("wrong", "network is unreachable", ["host: ip route add 10.0.0.0/8 via 192.168.77.1"]),
        ("wrong", "network is unreachable", ["br2: ip route add 10.0.0.0/8 via 172.17.0.1"]),
        ("right", "", ["br2: route add default gw 172.17.0.1"]), ("right", "", ["host: docker restart br2"]),
    ],
    (nb01.wired, labkit.scenarios.docker_host): [
        ("open", "", []), ("open", "", [f"{RUN} tiny:1 sleep 600"]), ("wrong", "nothing but lo", WIRE[:2]),
        ("wrong", "but none1 answers", [
            f"none1: ip addr add {a}/32 dev lo" for a in ("172.17.0.2", "192.168.77.1")] + ["none1: ip link add x type bridge"]),
        ("wrong", "none1 should have 172.17.0.77/16", [
            line.replace(".77/16", ".77/24").replace("default via", "default dev c9 onlink via") for line in WIRED]),
        ("wrong", "", [WIRED[0], *WIRED[2:]]), ("wrong", "192.168.77.1", WIRED[:-1]),
        ("wrong", "Docker did it", [
            "host: docker rm -f none1", "host: docker run -d --name none1 tiny:1 sleep 600",
            "none1: ip addr add 172.17.0.77/16 dev eth0"]),
        ("right", "", WIRED),
        ("right", "", [*WIRE[:2], "host: ip link set c9 netns $(docker inspect -f '{{.State.Pid}}' none1) name eth0",
                       "none1: ifconfig eth0 172.17.0.77 netmask 255.255.0.0 up", "none1: route add default gw 172.17.0.1"]),
    ],
    (nb01.sniff, labkit.scenarios.docker_host): [
        ("open", "", []),
        ("open", "", ["host: docker exec pub1 ip addr"]),
        ("wrong", "no container called sniff", ["host: docker run -d --name snif --network container:pub1 tiny:1 sleep 600"]),
        ("wrong", "should run `tiny:1 sleep 600`", [f"{RUN} busybox sleep 600"]), ("wrong", "should run", [f"{RUN} tiny:1 sleep 60"]),
        ("wrong", "the namespace of br1", ["host: docker run -d --name sniff --network container:br1 tiny:1 sleep 600"]),
        ("wrong", "the namespace of host", ["host: docker run -d --name sniff --network host tiny:1 sleep 600"]),
        ("wrong", "a namespace of its own", ["host: docker run -d --name sniff tiny:1 sleep 600"]),
        ("right", "", ["host: docker run -d --name sniff --net=container:$(docker ps -q --filter name=pub1) tiny:1 sleep 600"]),
    ],
    (nb02.repair, nb02.broken_node): [
        ("open", "", []), ("open", "", ["pod1: ping -c 1 10.20.92.11", "node: bridge link"]),
        ("wrong", "but pod1 answers", ["pod1: ip addr add 10.20.92.11/32 dev lo"]),
        ("wrong", "no answer", ["node: ip link set veth2 mtu 1400"]),
        ("wrong", "TTL 63", ["node: ip link set veth2 master docker0", "pod2: ip route add default via 10.20.92.1"]),
        ("wrong", "10.20.92.3/24", [
            "node: ip link set veth2 master docker0", "pod1: ip route add 10.20.92.11 dev eth0",
            "pod2: ip route add default via 10.20.92.1"]),
        ("right", "", ["node: ip link set dev veth2 master docker0",
                       "pod1: ifconfig eth0 10.20.92.3 netmask 255.255.255.0", "pod1: ip route replace default via 10.20.92.1",
                       "pod2: route add default gw 10.20.92.1"]),
    ],
    (nb02.third_pod, labkit.scenarios.same_node): [
        ("open", "", []), ("wrong", "no namespace called pod3", ["node: ip netns add Pod3"]), ("wrong", "no eth0", POD3[:1]),
        ("wrong", "it has 10.20.92.12/16", [
            *POD3, "pod3: ip addr add 10.20.92.12/16 dev eth0", "pod3: ip route add default via 10.20.92.1"]),
        ("wrong", "is taken", [*POD3, "pod3: ip addr add 10.20.92.11/24 dev eth0", "pod3: ip route add default via 10.20.92.1"]),
        ("wrong", "192.0.2.1", [*POD3, "pod3: ip addr add 10.20.92.12/24 dev eth0"]),
        ("wrong", "", [
            *POD3[:2], "pod3: ip link set eth0 up", "pod3: ip link set lo up", "pod3: ip addr add 10.20.92.12/24 dev eth0",
            "pod3: ip addr add 10.20.92.3/32 dev lo"]),
        ("right", "", [*POD3, "pod3: ifconfig eth0 10.20.92.200/24", "pod3: route add default gw 10.20.92.1"]),
    ],
    (nb03.loopbacks, labkit.scenarios.veth_pair): [
        ("open", "", []), ("open", "", ["ns2: ping -c 1 192.168.50.2"]), ("wrong", "ns2 gets no answer", ["ns1: ip link set lo up"]),
        ("wrong", "ns1 gets no answer", ["host: ip link set lo up"]), ("wrong", "ns1 gets no answer", ["ns2: ip link set lo up"]),
        ("wrong", "ns1 gets no answer", ["ns1: ip addr add 127.0.0.1/8 dev lo"]),
        ("right", "", ["ns1: ifconfig lo up", "host: ip netns exec ns2 ip link set dev lo up"]),
    ],
    (nb03.repair, nb03.broken): [
        ("open", "", []), ("wrong", "no answer", ["ns1: ip link set tap1 up"]),
        ("wrong", "but ns1 answers", [
            "ns1: ip addr add 192.168.50.2/32 dev lo", "ns1: ip link set lo up", "ns2: ip addr add 192.168.50.1/32 dev lo",
            "ns2: ip link set lo up"]),
        ("wrong", "mtu=1000", ["ns1: ip link set tap1 up mtu 1000", "ns2: ip addr add 192.168.50.2/24 dev tap2"]),
        ("wrong", "no answer", ["ns1: ip link set tap1 up", "ns2: ip addr add 192.168.50.2/24 dev tap2", "ns2: ip link set tap2 mtu 1400"]),
        ("right", "", ["ns1: ifconfig tap1 up", "ns2: ifconfig tap2 192.168.50.2 netmask 255.255.255.0 mtu 1500"]),
        ("right", "", ["ns1: ip link set tap1 up", "ns2: ip addr replace 192.168.50.2/24 dev tap2", "ns2: ip link set tap2 mtu 9000"]),
    ],
    (nb03.box, labkit.Lab): [
        ("open", "", []),
        ("wrong", "No veth pair", [
            "host: ip netns add box", "host: ip link set lo up", "host: ip addr add 10.9.0.2/24 dev lo", "box: ip link set lo up",
            "box: ip addr add 10.9.0.1/24 dev lo", "box: ip addr add 10.9.0.2/24 dev lo",
        ]),
        ("wrong", "no namespace called box", ["host: ip netns add bos"]),
        ("wrong", "host should have 10.9.0.1/24; it has 10.9.0.2/24", [
            *BOX, "host: ip addr add 10.9.0.2/24 dev v0", "box: ip addr add 10.9.0.1/24 dev eth0"]),
        ("wrong", "box should have 10.9.0.2/24", [*BOX, "host: ip addr add 10.9.0.1/24 dev v0", "box: ip addr add 10.9.0.2 dev eth0"]),
        ("wrong", "box gets no answer from 10.9.0.2", [
            *BOX[:-1], "host: ip addr add 10.9.0.1/24 dev v0", "box: ip addr add 10.9.0.2/24 dev eth0"]),
        ("right", "", [*BOX, "host: ifconfig v0 10.9.0.1/24", "box: ifconfig eth0 10.9.0.2 netmask 255.255.255.0"]),
        ("right", "", [
            "host: ip netns add box", "host: ip link add v1 type veth peer name v2", "host: ip link set v2 netns box",
            "host: ip addr add 10.9.0.1/24 dev v1", "host: ip link set v1 up", "box: ip addr add 10.9.0.2/24 dev v2",
            "box: ip link set v2 up", "box: ip link set lo up",
        ]),
    ],
    (nb04.repair, nb04.broken_cluster): [
        ("open", "", []), ("open", "", [f"{POD}: ping -c 1 10.20.92.11"]),
        ("wrong", f"but {POD} answers", [
            f"{POD}: ip addr add 10.20.92.11/32 dev lo", f"{POD}: sysctl -w net.ipv4.ip_default_ttl=60",
            f"{OTHER}: ip addr add 10.20.37.5/32 dev lo", f"{OTHER}: sysctl -w net.ipv4.ip_default_ttl=60",
        ]),
        ("wrong", "TTL 62, not 60", AROUND),
        ("wrong", "but not through flanneld", [*AROUND, *(f"{pod}: sysctl -w net.ipv4.ip_default_ttl=62" for pod in (POD, OTHER))]),
        ("wrong", "no answer", [f"{NODE2}: sysctl -w net.ipv4.ip_forward=1"]),
        ("right", "", [
            f"{NODE1}: ifconfig flannel0 up", f"{NODE2}: route add -net 10.20.0.0/16 dev flannel0",
            f"{NODE2}: echo 1 > /proc/sys/net/ipv4/ip_forward"]),
    ],
    (nb05.by_hand, nb05.without_flannel): [
        ("open", "", []), ("open", "", ["node1: ip route get 10.1.5.2"]),
        ("wrong", "no answer", ["node1: ip route add 10.1.6.0/24 dev eth0", "node2: ip route add 10.1.5.0/24 dev eth0"]),
        ("wrong", "answer lost", ["node1: ip route add 10.1.6.0/24 via 192.168.90.2"]),
        ("wrong", "but pod1 answers", ["pod1: ip addr add 10.1.6.2/32 dev lo", "pod2: ip addr add 10.1.5.2/32 dev lo"]),
        ("wrong", "not by one line", [
            "node1: ip rule add to 10.1.6.0/24 table 7", "node1: ip route add default via 192.168.90.2 table 7",
            "node2: ip route add 10.1.5.0/24 via 192.168.90.1"]),
        ("right", "", ["node1: route add -net 10.1.6.0/24 gw 192.168.90.2", "node2: ip route add default via 192.168.90.1"]),
        ("right", "", ["node1: ip route add 10.1.0.0/16 via 192.168.90.2", "node2: ip route add 10.1.5.0/24 nexthop via 192.168.90.1"]),
    ],
}  # fmt: skip
ALL = [pytest.param(task, start, case, id=f"{task.text[:24]}-{number}")
       for (task, start), cases in CASES.items() for number, case in enumerate(cases)]  # fmt: skip


@pytest.mark.parametrize("task, start, case", ALL)
def test_a_task_tells_wrong_ways_from_other_right_ways(task, start, case):
    status, words, lines = case
    lab = start()
    for line in lines:
        on, _, command = line.partition(": ")
        assert lab.sh(command, on=on).returncode in ((0, 1) if "ping" in command else (0,)), lab.sh(command, on=on)
    feedback = task.check(lab)
    assert (feedback.status, words in feedback.text) == (status, True), feedback


@pytest.mark.parametrize("task", [task for task, _ in CASES], ids=lambda task: task.text[:24])
@pytest.mark.parametrize("thing", [None, 5, "lab", labkit, labkit.Lab, labkit.Lab("other"), labkit.Lab().sh("ip route")])
def test_what_is_no_lab_of_this_task_is_told_in_a_sentence(task, thing):
    feedback = task.check(thing)
    assert feedback.status == "odd" and "Hand over" in feedback.text and task.text in feedback.text


@pytest.mark.parametrize("task, start", CASES, ids=lambda thing: getattr(thing, "text", "")[:24])
def test_a_lab_of_another_notebook_is_never_right(task, start):
    for other in ("veth_pair", "same_node", "docker_host", "flannel"):
        lab = getattr(labkit.scenarios, other)()
        if lab.namespaces.keys() != start().namespaces.keys():
            assert task.check(lab).status in ("odd", "wrong"), (task, other)
