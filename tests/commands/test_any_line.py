"""Whatever is typed, the lab's shell answers: it never raises, and a line that is refused changes nothing."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

import labkit
from tests.commands.state import state

WORDS = """
ip bridge ping ifconfig route netstat arp sysctl traceroute tcpdump docker kubectl etcdctl
link addr address route neigh netns rule tuntap fdb show add del delete set replace change append flush get list exec
-n -4 -j -br -d -s -c -t -i -W -I -M do dev via src metric type veth bridge vxlan peer name id local remote dstport nolearning
master nomaster up down mtu 1400 68 999999 0 -1 lo tap1 tap2 eth0 br0 nosuch ns1 ns2 host lladdr nud permanent onlink table all
main scope link global default 10.0.0.1 10.0.0.1/24 10.0.0.0/24 10.0.0.0/33 192.168.50.1 192.168.50.2/24 300.1.1.1 0/0
blackhole unreachable prohibit proto kernel static 02:00:00:00:00:aa zz:00 net.ipv4.ip_forward net.ipv4.ip_forward=1 =
run ps network create inspect rm --name web nginx pods get -o wide | ; && grep awk '{print $1}' head # ' " ` $( )
""".split()

line = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join),
    st.text(max_size=40),
)


@settings(max_examples=600)
@given(line)
def test_any_line_gets_an_answer_of_text_and_a_status(text):
    lab = labkit.scenarios.veth_pair()
    answer = lab.sh(text)
    assert isinstance(answer.returncode, int) and 0 <= answer.returncode <= 255
    assert isinstance(answer.stdout, str) and isinstance(answer.stderr, str)


# Two exceptions, which are the real tools' own: of several words of `ip link set` the kernel keeps those before the
# one it refuses, and sysctl goes on after a name it does not know.
single = st.lists(st.sampled_from([w for w in WORDS if w not in ("|", ";", "&&", "`", "$(", ")", "'", '"', "#")]), min_size=1, max_size=8)


@settings(max_examples=600)
@given(single.filter(lambda words: words[:3] != ["ip", "link", "set"] and words[0] != "sysctl").map(" ".join))
def test_a_line_that_is_refused_changes_nothing(text):
    lab = labkit.scenarios.veth_pair()
    before = copy.deepcopy(state(lab))
    if lab.sh(text).returncode and not text.startswith(("ping", "trace")):
        assert state(lab) == before
