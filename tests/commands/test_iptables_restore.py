"""iptables-restore --noflush: what stays of the rules that are there, and what goes; as iptables 1.8.9 (nf_tables) did it on a kernel."""

import labkit
from labkit.tables.values import Origin


def restore(lab, text: str):
    return lab.sh("iptables-restore --noflush", stdin=text)


def test_rules_that_are_written_again_have_counted_nothing():
    lab = labkit.Lab()
    assert lab.sh("ip link set lo up").returncode == 0
    text = "*filter\n:A - [0:0]\n-A A -s 127.0.0.1/32\n-A A -s 127.0.0.1/32\n-A A -d 10.9.0.1/32\nCOMMIT\n"
    assert restore(lab, f"{text[:-7]}-A OUTPUT -j A\nCOMMIT\n").returncode == 0
    for count in (1, 0):
        if count:
            assert lab.sh("ping -c 1 127.0.0.1").returncode == 0
        else:
            assert restore(lab, text).returncode == 0
        rules = lab["host"].netfilter.tables["filter"].chains["A"].rules
        assert [bool(rule.packets) for rule in rules] == [bool(count), bool(count), False]
        assert len({id(rule) for rule in rules}) == 3


def test_rules_that_are_written_again_by_somebody_else_are_theirs():
    lab, text = labkit.Lab(), "*filter\n:A - [0:0]\n-A A -j RETURN\nCOMMIT\n"
    assert restore(lab, text).returncode == 0
    with lab.writing("kube-proxy", "iptables-restore"):
        assert restore(lab, text).returncode == 0
    assert lab["host"].netfilter.tables["filter"].chains["A"].rules[0].origin == Origin("kube-proxy", "iptables-restore")


def test_rules_in_another_order_stand_in_that_order():
    lab, words = labkit.Lab(), [f"-A A -s 10.0.0.{number}/32 -j RETURN" for number in range(1, 6)]
    for lines in (words, words[::-1], words[3:] + words[:2], words):
        assert restore(lab, "\n".join(["*filter", ":A - [0:0]", *lines, "COMMIT\n"])).returncode == 0
        assert lab.sh("iptables -S A").stdout.splitlines()[1:] == lines


def test_chains_in_a_row_are_dropped_but_for_one_that_a_rule_leads_to():
    lab = labkit.Lab()
    assert restore(lab, "*filter\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n-A C -j RETURN\n-A INPUT -j B\nCOMMIT\n").returncode == 0
    before = lab.sh("iptables -S").stdout
    for name in ("B", "C"):
        refused = restore(lab, f"*filter\n-X A\n-X {name}\nCOMMIT\n")
        assert refused.returncode and f"CHAIN_DEL failed (Device or resource busy): chain {name}" in refused.stderr
        assert lab.sh("iptables -S").stdout == before
    assert restore(lab, "*filter\n-X A\n-F INPUT\n-X B\n-F C\n-X C\nCOMMIT\n").returncode == 0
    assert "-N" not in lab.sh("iptables -S").stdout


def test_a_rule_is_refused_with_its_own_line_whatever_was_flushed_before():
    lines = ["*raw", ":A - [0:0]", "-A A -j ACCEPT", "-A A -s 10.0.0.1 -j RETURN", "-F A",
             "-A PREROUTING -s 10.0.0.1 -j REJECT", "-A A -j RETURN", "COMMIT\n"]  # fmt: skip
    refused = restore(labkit.Lab(), "\n".join(lines))
    assert refused.returncode == 4
    assert "line 6: RULE_APPEND failed (Invalid argument): rule in chain PREROUTING" in refused.stderr


def test_a_chain_in_use_is_refused_by_the_kernel_at_the_commit():
    lab = labkit.Lab()
    assert lab.sh("iptables-restore", stdin="*filter\n:B1 - [0:0]\n-A INPUT -j B1\nCOMMIT\n").returncode == 0
    refused = lab.sh("iptables-restore --noflush", stdin="*filter\n-A INPUT -s 1.2.3.4\n-X B1\nCOMMIT\n")
    assert (refused.returncode, refused.stderr) == (
        4, "iptables-restore v1.8.9 (nf_tables): \nline 3: CHAIN_DEL failed (Device or resource busy): chain B1\n")
    assert lab.sh("iptables -S INPUT").stdout == "-P INPUT ACCEPT\n-A INPUT -j B1\n"
