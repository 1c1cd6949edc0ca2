"""An interrupt (Ctrl-C) at any line of labkit leaves a lab that is whole: no end without its other, no index that disagrees."""

import sys
from contextlib import suppress

import pytest

import labkit
from labkit.tables.values import YOU

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Interrupted(BaseException):
    """As KeyboardInterrupt, but pytest does not stop for it."""


def lines_of(action, interrupted_at=0):
    """Do it and count the lines of labkit that run; raise at the one of this number."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if "/labkit/" not in frame.f_code.co_filename:
            return None
        count += 1
        if count == interrupted_at:
            sys.settrace(None)
            raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def interrupted(base, action, places):
    """Copies of a lab in which this was interrupted at so many lines, one after the other."""
    action(base.copy())  # what is loaded when first used
    whole = base.copy()
    lines = lines_of(lambda: action(whole))
    for place in range(1, lines + 1, max(1, lines // places)):
        lab = base.copy()
        with suppress(Interrupted):  # Python itself swallows one that comes while a generator is being closed
            lines_of(lambda: action(lab), place)  # noqa: B023
        yield place, lab


def assert_whole(lab):
    """Every place that knows of an interface, a port, a route or an entry says the same, and everything can be listed and traced."""
    assert lab.origin == YOU and lab.begun == []
    here = [interface for ns in lab.namespaces.values() for interface in ns.interfaces.values()]
    assert {id(i) for i in here} == {id(i) for i in lab.interfaces.values()} and len(here) == len(lab.interfaces)
    for name, ns in lab.namespaces.items():
        names = {i.name for i in ns.interfaces.values()}
        assert all(i.namespace == name and ns.interfaces[i.index] is i and ns.find(i.name) is i for i in ns.interfaces.values())
        assert {key.split(".conf.")[1].rpartition(".")[0] for key in ns.sysctls if ".conf." in key} == names | {"all", "default"}
        for i in ns.interfaces.values():
            peer = lab.peer(i)
            assert i.kind != "veth" or (peer is not None and lab.peer(peer) is i)
            assert (i.master is None) == (i.port is None)
            assert i.master is None or (ns.find(i.master).bridge is not None and i in ns.ports(i.master))
            assert all(address.label.partition(":")[0] == i.name for address in i.addresses)
            assert all(any(r.type == "local" and r.dst.network_address == a.ip for r in ns.local) for a in i.addresses)
        for table in ns.tables.values():
            assert all(leg.dev is None or leg.dev in names for route in table for leg in route.legs)
            assert all(route in table.of(route.dst) for route in table)
        assert all(dev in names for dev, _ in ns.neighbors)
        assert ns.nsids.keys() <= lab.namespaces.keys()
    for name in [*lab.namespaces]:
        for line in ("ip -d addr", "ip route show table all", "bridge link", "bridge fdb", "ip neigh", "ifconfig -a", "ip netns"):
            lab.sh(line, on=name)
    for source, destination in lab.probes:
        if source in lab.namespaces:
            lab.trace(source, destination)


VETH = [
    "ip link add a type veth peer name b netns ns2", "ip link del tap1", "ip netns del ns1", "ip link set tap1 netns ns2",
    "ip netns add ns3", "ip link set tap1 name eth7", "ip link set tap1 down", "ip addr add 10.9.9.1/24 dev tap1",
    "ip addr del 192.168.50.1/24 dev tap1",
    "ip route replace 10.0.0.0/8 via 192.168.50.2", "ping -c 1 192.168.50.2", "ip link add br0 type bridge", "ip tuntap add t0 mode tun",
    "ip link add vx type vxlan id 5 remote 192.168.50.2 dev tap1 dstport 8472", "ip addr flush dev tap1", "ifconfig tap1 10.1.1.1/24",
]  # fmt: skip
BRIDGED = [
    "ip link set v0 master br0", "ip link set p0 nomaster", "ip link del br0", "ip link set br0 name br9", "ip link del p0",
    "ip link set p0 netns ns1", "ip link set br0 down", "ip link set p0 address 02:00:00:00:99:99", "ip netns del ns1",
    "ip link set p0 name p9",
]  # fmt: skip
DOCKER = ["docker rm -f br1", "docker stop br1", "docker run -d --name zz tiny:1 sleep 600", "docker network create n9"]


def bridged():
    """host: br0 with ports p0 (a veth end, its peer in ns1) and vx (a vxlan over up0), and an idle pair v0."""
    lab = labkit.Lab()
    for line in (
        "ip netns add ns1", "ip link add br0 type bridge", "ip link set br0 up", "ip addr add 10.0.0.1/24 dev br0",
        "ip link add p0 type veth peer name e netns ns1", "ip link set p0 master br0 up", "ip -n ns1 link set e up",
        "ip -n ns1 addr add 10.0.0.2/24 dev e", "ip -n ns1 route add default via 10.0.0.1", "ip link add up0 type veth peer name far",
        "ip link set up0 up", "ip link set far up", "ip addr add 10.1.0.1/24 dev up0", "ip link add v0 type veth peer name v1",
        "ip link add vx type vxlan id 7 dstport 8472 dev up0 remote 10.1.0.2", "ip link set vx master br0 up", "ping -c 1 10.0.0.2",
    ):  # fmt: skip
        assert lab.sh(line).returncode == 0, line
    lab.probes = [("ns1", "10.0.0.1"), ("host", "10.0.0.2")]
    return lab


CASES = [*(("ns1", labkit.scenarios.veth_pair, line) for line in VETH), *((None, bridged, line) for line in BRIDGED),
         *((None, labkit.scenarios.docker_host, line) for line in DOCKER)]  # fmt: skip
#: At so many lines of each action; `LABKIT_INTERRUPTS` asks for more.
PLACES = 24


@pytest.mark.parametrize(("on", "scenario", "line"), CASES, ids=[line for _, _, line in CASES])
def test_an_interrupt_at_any_line_leaves_a_whole_lab(on, scenario, line):
    base = scenario()
    for _, lab in interrupted(base, lambda lab: lab.sh(line, on=on), PLACES):
        assert_whole(lab)


def test_an_interrupted_trace_leaves_a_whole_lab():
    base = labkit.scenarios.veth_pair()
    for _, lab in interrupted(base, lambda lab: lab.trace("ns1", "192.168.50.2"), PLACES):
        assert_whole(lab)
        assert lab.trace("ns1", "192.168.50.2").verdict.kind == "answered"


def test_what_was_begun_is_finished():
    """An interface that was being deleted is gone afterwards, with its peer; one being renamed has its new name everywhere."""
    base = labkit.scenarios.veth_pair()
    for line, shown in (("ip link del tap1", ""), ("ip link set tap1 name eth7", "eth7")):
        seen = set()
        for _, lab in interrupted(base, lambda lab: lab.sh(line, on="ns1"), 200):  # noqa: B023
            state = " ".join(i.name for i in lab["ns1"].by_index() if i.name != "lo"), len(lab["ns2"].interfaces), len(lab["ns1"].main)
            seen.add(state)
        assert seen == {("tap1", 2, 1), (shown, 2 if shown else 1, 1 if shown else 0)}, line
