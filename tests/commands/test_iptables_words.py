"""iptables' words where no recorded script had them: what is listed, and what is told of a slip (asked of 1.8.9 on a kernel)."""

import pytest

import labkit


def test_names_are_listed_where_nobody_asked_for_numbers():
    """As iptables 1.8.9 lists them: ports, ranges, levels of LOG, and a mark that is its own mask."""
    lab = labkit.Lab()
    for rule in ("-p tcp -m multiport ! --sports 22,53:80", "-p udp --dport 53:80", "-j LOG --log-level 3 --log-uid",
                 "-j MARK --set-xmark 0xffffffff"):  # fmt: skip
        assert lab.sh(f"iptables -A INPUT {rule}").returncode == 0
    told = [line.split("anywhere", 2)[-1].strip() for line in lab.sh("iptables -L INPUT").stdout.splitlines()[2:]]
    assert told == ["multiport sports  !ssh,domain:http", "udp dpts:domain:80", "LOG level err uid", "MARK or 0xffffffff"]
    told = [line.split("0.0.0.0/0")[-1].strip() for line in lab.sh("iptables -nL INPUT").stdout.splitlines()[2:]]
    assert told == ["multiport sports  !22,53:80", "udp dpts:53:80", "LOG flags 8 level 3", "MARK or 0xffffffff"]


@pytest.mark.parametrize(("ends", "complaint"), [
    ("-d 10.0.0.1/77 -s any", "host/network `any' not found"), ("-s any/", "invalid mask `' specified"), ("-s any/0 -d //0", ""),
    ("-s 1.2.3.4,5.6.7.8 ! -d 1.1.1.1", "! not allowed with multiple source or destination IP addresses"),
])  # fmt: skip
def test_what_is_said_first_of_two_ends(ends, complaint):
    said = labkit.Lab().sh(f"iptables -A INPUT {ends}").stderr
    assert said.partition("\n")[0].partition("(nf_tables): ")[2] == complaint


@pytest.mark.parametrize(("words", "complaint"), [
    ("--append", 'option "--append" requires an argument'), ("-A", 'option "-A" requires an argument'),
    ("-A INPUT -p tcp --tcp-flags SYN -m tcp", "--tcp-flags requires two args."),
    ("-A INPUT -p tcp --tcp-flags -j ACCEPT", "Unknown TCP flag `-j'"),
    ("-A INPUT -comment -j ACCEPT", "-c requires packet and byte counter"),
    ("-A INPUT -c ,2", "-c requires packet and byte counter"), ("-A INPUT -c 1,", "-c byte counter not numeric"),
    ("-A INPUT -c x 1", "-c packet counter not numeric"),
    ("-t nat -A OUTPUT -j DNAT --to-destination 10.1.00.1", 'Bad IP address "10.1.00.1"'),
])  # fmt: skip
def test_slips(words, complaint):
    said = labkit.Lab().sh(f"iptables {words}").stderr
    assert said.partition("\n")[0].partition("(nf_tables): ")[2] == complaint
