"""Beside tools of another version than the lab speaks, what is common is compared, and no less than that."""

import pytest

from tests import tool_versions
from tests.tool_versions import same

LAB = "2: br0: <BROADCAST>\n    promiscuity 0  allmulti 0 stp_state 0 \n"
LATER = "2: br0: <BROADCAST>\n    promiscuity 0 allmulti 0 mcast_later 1 stp_state 0 \n"


@pytest.fixture
def later(monkeypatch):
    monkeypatch.setattr(tool_versions, "others", lambda: {"ip": "ip utility, iproute2-6.15.0", "iptables": "iptables v1.8.11"})


def test_a_later_tool_may_print_more_words(later):
    assert same("ip -d link", LATER, LAB) and tool_versions.told().startswith("of ip utility, iproute2-6.15.0; iptables v1.8.11 only")


@pytest.mark.parametrize("tool", [
    LATER.replace("stp_state 0", "stp_state 1"), LATER.replace("allmulti 0 ", ""), LATER + "3: br1\n", "2: br0: <BROADCAST>\n"])
def test_what_both_print_must_be_the_same(later, tool):
    assert not same("ip -d link", tool, LAB)


def test_a_tool_of_the_spoken_version_is_held_to_every_blank(later):
    assert not same("arp -n", LATER, LAB)


def test_json_is_compared_by_its_fields(later):
    assert same("ip -j link", '[{"a":1,"later":2,"flags":["UP","B"]}]', '[{"a":1,"flags":["UP","B"]}]')
    assert not same("ip -j link", '[{"a":2}]', '[{"a":1}]')


def test_what_later_tools_print_elsewhere_is_not_compared(later):
    assert same("ip -d link", "vxlan id 1 ttl auto reserved_bits 0x0 nolearning\n", "vxlan id 1 nolearning ttl auto udpcsum\n")
    assert same("ip -V", "ip utility, iproute2-6.15.0, libbpf 1.5.0\n", "ip utility, iproute2-6.1.0, libbpf 1.1.2\n")


def test_later_iptables_names_protocols_and_counts_what_a_policy_decided(later):
    assert same("iptables -nvL", "Chain INPUT (policy ACCEPT 2 packets, 168 bytes)\n 0 0 LOG icmp -- * *\n",
                "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n 0 0 LOG 1    -- * *\n")
    assert same("iptables -vS", "-P INPUT DROP -c 1 84\n-A INPUT -c 1 60 -j LOG\n", "-P INPUT DROP -c 0 0\n-A INPUT -c 1 60 -j LOG\n")
    assert not same("iptables -vS", "-A INPUT -c 1 60 -j LOG\n", "-A INPUT -c 0 0 -j LOG\n")
    assert not same("iptables -nL", "LOG tcp -- 0.0.0.0/0\n", "LOG 1    -- 0.0.0.0/0\n")
