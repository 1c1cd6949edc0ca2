"""Rules on a path: what is looked up again, who is told of a refusal, whose answer counts. Each was seen on the kernel (Linux 6.18)."""

import pytest

from tests.trace.test_netfilter import routed


def test_a_destination_changed_at_output_is_looked_up_again():
    lab = routed()
    lab.sh("iptables -t nat -A OUTPUT -d 127.0.0.9 -j DNAT --to-destination 10.0.2.2", on="a")
    trace = lab.trace("a", "127.0.0.9", src="10.0.1.2", proto="udp", port=5)
    assert [str(p.dst) for p in trace.seen("b", "eth0", "in")][:1] == ["10.0.2.2"]
    assert trace.seen("a", "lo") == ()


@pytest.mark.parametrize(("target", "counted"), [("10.0.2.2", 1), ("192.0.2.9", 0)])
def test_what_has_no_way_after_the_translation_never_comes_to_the_filter(target, counted):
    lab = routed()
    lab.sh("ip route del default", on="a")
    lab.sh("ip route add 10.0.2.0/24 via 10.0.1.1", on="a")
    lab.sh("iptables -t nat -A OUTPUT -d 10.0.1.7 -j DNAT --to-destination " + target, on="a")
    lab.sh("iptables -A OUTPUT -j ACCEPT", on="a")
    lab.trace("a", "10.0.1.7")
    assert lab.sh("iptables -vS OUTPUT", on="a").stdout.endswith(f"-A OUTPUT -c {counted} {84 * counted} -j ACCEPT\n")


def test_an_answer_from_whom_nobody_asked_is_no_answer():
    lab = routed()
    lab.sh("nc -lk -p 80", on="b")
    lab.sh("iptables -t nat -A POSTROUTING -p tcp --sport 80 -j ACCEPT", on="b")
    lab.sh("iptables -t raw -A PREROUTING -p tcp --sport 80 -j CT --notrack", on="r")
    lab.sh("iptables -t nat -A PREROUTING -d 10.0.1.9 -p tcp -j DNAT --to-destination 10.0.2.2", on="r")
    lab.sh("ip route add 10.0.1.9/32 via 10.0.1.1", on="a")
    trace = lab.trace("a", "10.0.1.9", proto="tcp", port=80)
    assert not trace.answered and "no connection here is with 10.0.2.2:80" in str(trace)
    assert lab.sh("nc -zv -w 1 10.0.1.9 80", on="a").stderr.endswith("timed out: Operation now in progress\n")


def test_a_connection_that_a_rule_refuses_with_a_reset_says_so_where_nobody_was_reached():
    lab = routed()
    lab.sh("iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset", on="r")
    verdict = lab.trace("a", "10.0.2.2", proto="tcp", port=80).verdict
    assert str(verdict).startswith("connection refused at r: a rule there refuses it in the name of 10.0.2.2")
    assert lab.sh("nc -zv -w 1 10.0.2.2 80", on="a").stderr.endswith("Connection refused\n")


def test_an_error_about_an_answer_is_not_told_to_whoever_asked():
    lab = routed()
    lab.sh("iptables -A INPUT -p tcp --sport 80 -j REJECT --reject-with icmp-net-unreachable", on="a")
    lab.sh("ip link set lo up", on="a")
    assert lab.sh("nc -zv -w 1 10.0.1.2 80", on="a").stderr.endswith("timed out: Operation now in progress\n")
