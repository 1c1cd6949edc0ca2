"""What the differential test accepts is exactly what it says: each case stands beside one that looks like it and is a fault."""
import pytest

from tests.conform.compare import first_difference
from tests.conform.kernel_shell import NOT_FOUND, TOO_LONG, Answer
from tests.conform.known import LEFT_OUT, counted_less, known
from tests.conform.run import Run, Summary
from tests.conform.script import Line

PING = "exit 1\nPING 10.9.9.9 (10.9.9.9) 56(84) bytes of data.\n{}\n--- 10.9.9.9 ping statistics ---\n" \
       "8 packets transmitted, 0 received,{} 100% packet loss, time Tms\n\n"
TOLD = "From 10.0.0.1 icmp_seq={} Destination Net Unreachable\n"
HEAD = "exit 0\ntraceroute to 10.9.9.9 (10.9.9.9), 3 hops max, 60 byte packets\n"
STATS = "exit 0\n    TX:  bytes packets errors dropped carrier collsns           \n          {}      39      0     {}       0       0 \n"
LEGS = "ip route add 10.9.0.0/16 nexthop via 10.0.0.1 nexthop via 10.0.0.2"


def accepted(line, expected, got, *before):
    return bool(known([*(Line("host", earlier) for earlier in before), Line("host", line)], expected, got))


def told(*numbers):
    return PING.format("".join(TOLD.format(n) for n in numbers), f" +{len(numbers)} errors," if numbers else "")


def test_a_router_that_falls_silent_is_known_and_nothing_else_about_a_ping():
    ping = "ping -c 8 10.9.9.9"
    assert accepted(ping, told(1, 2, 3), told(1, 2, 3, 4, 5))
    assert accepted(ping, told(), told(1, 2, 3, 4, 5))
    assert accepted("ping -q -c 8 10.9.9.9", PING.format("", " +1 errors,"), PING.format("", " +5 errors,")), "a quiet ping counts only"
    assert not accepted(ping, told(1, 2, 3, 4, 5), told(1, 2, 3)), "the kernel never says more"
    assert not accepted(ping, told(7), told(1, 2)), "another packet was answered"
    assert not accepted(ping, "exit 0\n64 bytes from 10.9.9.9: icmp_seq=1 ttl=64 time=T ms\n", told(1, 2)), "an answer is no silence"
    assert not accepted(ping, told(1).replace("8 packets", "7 packets"), told(1, 2)), "the counts stay the same"


def test_a_router_that_falls_silent_is_known_in_traceroute():
    trace = "traceroute -n -w 1 -m 3 10.9.9.9"
    error = HEAD + " 1  10.0.0.1  T ms !N  T ms !N  T ms !N\n"
    assert accepted(trace, HEAD + " 1  10.0.0.1  T ms !N  * *\n", error)
    assert accepted(trace, HEAD + " 1  * * *\n 2  * * *\n 3  * * *\n", error)
    assert not accepted(trace, HEAD + " 1  * * *\n 2  10.0.0.9  T ms  T ms  T ms\n", error), "the kernel went on"
    assert not accepted(trace, HEAD + " 1  10.0.0.7  T ms !N  * *\n", error), "another router spoke"
    assert not accepted(trace, HEAD + " 1  10.0.0.1  T ms  T ms  T ms\n", error), "it was no error"


def test_only_a_sentence_of_the_lab_that_fails_is_a_refusal():
    line = "ip link add x type macvlan"
    assert accepted(line, "exit 0", "exit 2\nstderr:\nThe lab has interfaces of the kinds veth and bridge, not macvlan.\n")
    assert accepted(line, "exit 0", "exit 2\nstderr:\nping: the lab's ping does not know -f; it understands -c\n")
    assert not accepted(line, "exit 0", "exit 2\nstderr:\nthis lab is on fire\n")
    assert not accepted(line, "exit 0", "exit 2\nstderr:\nThe lab is on fire.\n")
    assert not accepted(line, "exit 0", "exit 0\nstderr:\nThe lab has no macvlan.\n"), "a line that does well was not refused"
    assert not accepted(line, "exit 0", "exit 2\nsome text\nstderr:\nThe lab has no macvlan.\n"), "it printed something besides"
    assert not accepted(line, "exit 0", "exit 2\nstderr:\nTraceback\nThe lab has no macvlan.\n")
    assert not accepted(line, "exit 0", "refused: The lab has no macvlan"), "an exception is no answer of a tool"


def test_a_rejected_ping_may_print_the_errno_or_not_and_nothing_else():
    line, rule = "ping -c 1 10.9.9.9", "iptables -A OUTPUT -j REJECT"
    errno = told(1) + "\nstderr:\nping: sendmsg: Operation not permitted"
    assert accepted(line, errno, told(1), rule) and accepted(line, told(1), errno, rule)
    assert not accepted(line, errno, told(1)), "nobody rejects"
    assert not accepted(line, errno, told(2), rule), "another packet"
    assert not accepted("ip addr", errno, told(1), rule), "no ping"


def test_a_route_with_two_legs_excuses_only_what_goes_by_it():
    one, other = (f"exit 0\n10.9.9.9 via 10.0.0.{n} dev e{n} src 10.0.{n}.5 uid 0 \n    cache \n" for n in (1, 2))
    assert accepted("ip route get 10.9.9.9", one, other, LEGS)
    assert not accepted("ip route get 10.9.9.9", one, other), "there is no such route"
    assert not accepted("ip route get 10.8.9.9", one, other, LEGS), "it does not lead there"
    assert not accepted("ip route get 10.9.9.9", one, other.replace("uid 0", "uid 1"), LEGS), "a leg decides only where it goes"
    assert not accepted("ip route get 10.9.9.9", one, "exit 2\nstderr:\nRTNETLINK answers: Network is unreachable\n", LEGS)
    lost = told()
    assert accepted("ping -c 8 10.9.9.9", lost, told(1, 2).replace("Net", "Host"), LEGS)
    assert not accepted("ping -c 8 10.9.9.9", lost, "exit 2\nstderr:\nping: connect: Network is unreachable\n", LEGS)
    assert not accepted("ping -c 8 10.7.9.9", told(1, 2), "exit 0\nPING 10.7.9.9\n64 bytes from x\n", LEGS)


def test_packets_dropped_at_a_small_mtu_may_be_more_but_no_other_counter_differs():
    small = "ip link set e0 mtu 1400"
    assert accepted("ip -s link show dev e0", STATS.format(7582, 150), STATS.format(7582, 3), small)
    assert not accepted("ip -s link show dev e0", STATS.format(7583, 150), STATS.format(7582, 3), small)
    assert not accepted("ip -s link show dev e0", STATS.format(7582, 150), STATS.format(7582, 0), small), "the lab dropped none"
    assert not accepted("ip -s link show dev e0", STATS.format(7582, 2), STATS.format(7582, 3), small)
    assert not accepted("ip -s link show dev e0", STATS.format(7582, 150), STATS.format(7582, 3)), "no MTU was changed"


class Machine:
    def __init__(self, answer):
        self.answer = answer

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def sh(self, line, on="host"):
        return self.answer

    def keep_up(self, seconds):
        pass


@pytest.mark.parametrize("lab, same", [
    (Answer(NOT_FOUND, "", "bash: nosuch: command not found\nThe lab understands: arp, ip.\n"), True),
    (Answer(NOT_FOUND, "", "bash: other: command not found\n"), False),
    (Answer(NOT_FOUND, "text\n", "bash: nosuch: command not found\n"), False),
])
def test_of_a_command_that_is_not_found_the_text_is_compared(lab, same):
    kernel = Answer(NOT_FOUND, "", "nosuch: command not found\n")
    found = first_difference([Line("host", "nosuch")], lambda: Machine(kernel), lambda: Machine(lab))
    assert (found is None) == same


def test_a_line_that_takes_too_long_is_counted():
    late = Run(left=lambda: Machine(Answer(TOO_LONG, "", "")), right=lambda: Machine(Answer(0, "", ""))).one("e", 1)
    assert late.lines.total() == 1 and late.listed.total() == 1 and not late.differences


def test_more_than_one_refusal_in_a_hundred_lines_fails_the_run():
    summary = Summary()
    summary.lines["a"], summary.listed[LEFT_OUT] = 1000, 10
    assert not summary.wrong
    summary.listed[LEFT_OUT] = 11
    assert "11 of 1000 lines refused by the lab" in summary.wrong


def test_counters_may_be_smaller_after_two_probes_and_nothing_else_may_differ():
    probes = [Line("n1", "traceroute -n 10.0.0.9"), Line("n1", "ping -c 1 10.0.0.9"), Line("host", "ip -s link")]
    less, more = "exit 0\n  TX: packets 6 bytes 552\n", "exit 0\n  TX: packets 9 bytes 820\n"
    assert counted_less(probes, less, more)
    assert not counted_less(probes, more, less)
    assert not counted_less(probes[1:], less, more)
    assert not counted_less([*probes[:2], Line("host", "ip link")], less, more)
    assert not counted_less(probes, less, more.replace("TX", "RX"))
    assert not counted_less(probes, less, more.replace("exit 0", "exit 1"))
