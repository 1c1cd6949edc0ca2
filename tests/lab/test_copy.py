"""A copy of a lab is a lab of its own, alike in all; and a lab knows when it is not as it was."""

import copy
import pickle
from functools import partial

import pytest

import labkit
from labkit.tables.route import Route
from labkit.tables.values import KERNEL, Origin, alike

READY = {
    "veth_pair": labkit.scenarios.veth_pair, "same_node": labkit.scenarios.same_node, "docker_host": labkit.scenarios.docker_host,
    "udp": labkit.scenarios.flannel, "vxlan": lambda: labkit.scenarios.flannel(backend="vxlan"),
    "host-gw": lambda: labkit.scenarios.flannel(backend="host-gw"), "seed_cluster": labkit.scenarios.seed_cluster,
}  # fmt: skip
SHOWN = """
ip -d addr
ip -s link
ip route show table all
ip neigh
bridge fdb
ip rule
sysctl -a
ip netns
docker ps -a
docker network ls
kubectl get pods -o wide
etcdctl ls --recursive
""".strip().splitlines()

WRITES = """
ip link add br7 type bridge
ip addr add 10.77.0.1/24 dev br7
ip link set br7 up
bridge fdb add 02:00:00:00:00:77 dev br7 master
ip neigh add 10.77.0.9 lladdr 02:00:00:00:00:79 dev br7
ip rule add to 10.77.0.0/16 lookup 7
sysctl -w net.ipv4.ip_forward=0
ip link set lo down
ip netns add ns77
ip link set lo mtu 7000
docker rm -f web1
docker network create seven
""".strip().splitlines()


def shown(lab) -> list:
    return [lab.sh(line, on=name) for name in lab.namespaces for line in SHOWN]


@pytest.fixture(params=READY)
def lab(request):
    return READY[request.param]()


def pickled(lab):
    return pickle.loads(pickle.dumps(lab))


@pytest.mark.parametrize("way", [labkit.Lab.copy, copy.deepcopy, pickled])
def test_a_copy_shows_the_same_and_sends_packets_the_same_way(lab, way):
    before = shown(lab)
    other = way(lab)
    assert alike(lab, other)
    assert shown(other) == before
    source, to = lab.probes[0]
    first = str(other.trace(source, to))
    assert shown(lab) == before, "a packet in the copy leaves nothing behind in the original"
    assert str(lab.trace(source, to)) == first
    assert shown(other) == shown(lab)


def test_a_write_to_a_copy_or_to_the_original_stays_there(lab):
    before = shown(lab)
    other = lab.copy()
    for line in WRITES:
        other.sh(line)
    assert shown(lab) == before
    assert not alike(lab, other)
    changed = shown(other)
    lab.sh("ip link add br8 type bridge")
    assert shown(other) == changed


def test_daemons_of_a_copy_work_for_the_copy():
    lab = labkit.scenarios.flannel(backend="vxlan")
    other = lab.copy()
    node = next(name for name in other.namespaces if name.startswith("node"))
    other.daemons["flanneld", node].stop()
    assert lab.daemons["flanneld", node].lab is lab and other.daemons["flanneld", node].lab is other
    assert all(daemon.lab is there for there in (lab, other) for daemon in there.daemons.values() if hasattr(daemon, "lab"))
    assert lab.sh("ip route", on=node) == labkit.scenarios.flannel(backend="vxlan").sh("ip route", on=node)


LOOKED = (*SHOWN, *"""
ip -j -d link
route -n
ifconfig -a
arp -n
netstat -rn
ip route get 10.20.92.11
tcpdump -c 1
true
echo hi
ip link add lo type bridge
ip route add 10.98.0.0/16 dev nosuch
ip foo
nosuch
bridge link
ss -lntu
cat /etc/hosts
systemctl status flanneld
false; echo $?
docker network inspect bridge
""".strip().splitlines())


def test_looking_leaves_the_revision_as_it_is(lab):
    before = lab.revision
    for name in lab.namespaces:
        for line in LOOKED:
            lab.sh(line, on=name)
            assert lab.revision == before, line


CHANGES = """
ip link set lo mtu 6000
ip link set lo up
ip link set lo alias home
ip link set lo txqueuelen 7
ip link add br7 type bridge
ip link set br7 type bridge ageing_time 1000
ip link add v1 type veth peer name v2
ip link set v1 master br7
bridge link set dev v1 hairpin on
bridge fdb add 02:00:00:00:00:77 dev v1 master static
bridge fdb add 33:33:00:00:00:99 dev v1 self
ip link set v2 name w2
ip link set w2 address 02:00:00:00:00:99
ip netns add ns7
ip link set w2 netns ns7
ip addr add 10.7.0.1/24 dev br7
ip addr change 10.7.0.1/24 dev br7 metric 9
ip link set br7 up
ip route add 10.8.0.0/16 via 10.7.0.2
ip route replace 10.8.0.0/16 via 10.7.0.3
ip neigh add 10.7.0.9 lladdr 02:00:00:00:00:79 dev br7
ip neigh del 10.7.0.9 dev br7
ip rule add to 10.7.0.0/16 lookup 7
ip rule del to 10.7.0.0/16 lookup 7
sysctl -w net.ipv4.ip_forward=1
sysctl -w net.ipv4.conf.br7.rp_filter=1
ip link set lo promisc on
echo 1 > /proc/sys/net/ipv4/conf/all/proxy_arp
ip tuntap add tap7 mode tap
ip link add vx7 type vxlan id 7 dstport 4789
bridge fdb append 00:00:00:00:00:00 dev vx7 dst 10.7.0.5
ping -c 1 127.0.0.1
sleep 1
echo hi > /tmp/a
echo 7 seven >> /etc/iproute2/rt_tables
nc -l 80
ip route del 10.8.0.0/16
ip addr del 10.7.0.1/24 dev br7
ip netns del ns7
ip link del br7
""".strip().splitlines()


def test_whatever_a_person_could_see_changed_moves_the_revision():
    lab = labkit.Lab()
    for line in CHANGES:
        before = lab.revision
        assert lab.sh(line).returncode == 0, line
        assert lab.revision == before + 1, line
        assert lab.copy().revision == lab.revision


def test_what_daemons_know_moves_the_revision_too():
    lab = labkit.scenarios.seed_cluster()
    for on, line in (
        ("k8s-master", "etcdctl set /a b"), ("k8s-master", "etcdctl rm /a"), ("k8s-node1", "docker network create seven"),
        ("k8s-node1", "systemctl stop flanneld"),
    ):  # fmt: skip
        before = lab.revision
        assert lab.sh(line, on=on).returncode == 0, line
        assert lab.revision == before + 1, line


def test_to_change_a_thing_and_change_it_back_leaves_the_revision_as_it_was():
    lab = labkit.Lab()
    before = lab.revision
    lab.sh("ip link add br7 type bridge; ip link del br7; ip link set lo mtu 6000; ip link set lo mtu 65536")
    lab.namespaces["host"].next_index -= 1
    assert lab.revision == before


class Counted(dict):
    """A mapping of a kind of its own, as the lab's daemons are."""


@pytest.mark.parametrize(("one", "other"), [
    (Counted(a=1), Counted(a=2)), (partial(print, 1), partial(print, 2)), ([1], [True]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    (KERNEL, Origin("kernel", "boot")), (Route(origin=KERNEL), Route(origin=Origin("you"))), ((1, 2), (1, 2, 3)),
    (labkit.Lab("a"), labkit.Lab("b")), ({1, 2}, {1}),
])  # fmt: skip
def test_what_differs_in_anything_is_not_alike(one, other):
    assert not alike(one, other)
    assert alike(one, copy.deepcopy(one)) and alike([other, other], copy.deepcopy([other, other]))
