"""Transcripts: prompts, comments, interrupted pings; and every command of the source notes replayed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Lab, scenarios
from labkit.commands.transcript import comparable, parse
from labkit.errors import BadInput

TRANSCRIPTS = Path(__file__).parent.parent.parent / "data" / "transcripts"

#: (transcript, number of the command) -> why it does not print what the notes show; see data/README.md.
DIFFERENT = {
    ("same-node", 0): "the listing leaves out wp-mysql-t5w0m; erratum 40: AGE 23h",
    ("cross-node", 0): "the listing leaves out wp-frontend-0rlk4",
}
COMMANDS = {"same-node": 5, "veth-pair": 10, "cross-node": 6}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_notes_prints_what_they_show(name):
    lab = Lab() if name == "veth-pair" else scenarios.seed_cluster()
    replayed = lab.replay((TRANSCRIPTS / f"{name}.txt").read_text())
    assert len(replayed) == COMMANDS[name]
    assert [one.returncode for one in replayed] == [0] * len(replayed)
    different = {(name, i) for i, one in enumerate(replayed) if not one.same}
    assert different == {key for key in DIFFERENT if key[0] == name}, str(replayed)


def test_the_prompts_host_chooses_the_machine():
    lab = scenarios.seed_cluster()
    replayed = lab.replay("[root@k8s-node1 ~]# ip route get 10.20.92.11\n[root@k8s-node2 ~]# ip route get 10.20.92.11\n")
    assert [one.host for one in replayed] == ["k8s-node1", "k8s-node2"]
    assert "flannel0" in replayed[0].got and "docker0" in replayed[1].got


def test_in_a_lab_of_one_machine_every_host_is_that_one():
    replayed = Lab().replay("[root@centos ~]# ip netns add ns1\nme@laptop:~$ ip netns\nns1\n$ ip netns\nns1\n")
    assert {one.host for one in replayed} == {"host"}
    assert replayed.same


def test_a_host_that_is_no_machine_is_refused_before_anything_has_run():
    lab = scenarios.seed_cluster()
    with pytest.raises(BadInput, match="line 2 .* no machine 'centos'; it has k8s-master, k8s-node2, k8s-node1"):
        lab.replay("[root@k8s-node1 ~]# ip netns add x\n[root@centos ~]# ip netns add y\n")
    assert lab.sh("ip netns", on="k8s-node1").stdout == ""


@pytest.mark.parametrize(("text", "complaint"), [
    ("default via 10.0.0.1 dev eth0\n", "line 1 .* before any prompt: 'default via 10.0.0.1 dev eth0'"),
    ("# a comment\n\nout\n$ ip route\n", "line 3 .* before any prompt: 'out'"),
    ("# a comment\n", "has no prompt"),
    ("", "has no prompt"),
])
def test_a_malformed_transcript_says_where_and_what_would_be_right(text, complaint):
    with pytest.raises(BadInput, match=complaint) as caught:
        Lab().replay(text)
    assert "[root@node1 ~]# ip route" in str(caught.value)


def test_white_space_comments_and_times_do_not_count():
    lab = scenarios.veth_pair()
    replayed = lab.replay("""
        # who is there
        $ ip netns exec ns1 ip route
        192.168.50.0/24   dev tap1  proto kernel  scope link  src 192.168.50.1

        $ ip netns exec ns1 ping -c 1 192.168.50.2
        PING 192.168.50.2 (192.168.50.2) 56(84) bytes of data.
        64 bytes from 192.168.50.2: icmp_seq=1 ttl=64 time=99.9 ms

        --- 192.168.50.2 ping statistics ---
        1 packets transmitted, 1 received, 0% packet loss, time 5ms
        rtt min/avg/max/mdev = 99.9/99.9/99.9/0.000 ms
        """)
    assert replayed.same, str(replayed)


def test_an_interrupted_ping_sends_as_many_packets_as_are_shown():
    lab = scenarios.veth_pair()
    shown = "PING 192.168.50.2 (192.168.50.2) 56(84) bytes of data.\n" + "".join(
        f"64 bytes from 192.168.50.2: icmp_seq={n} ttl=64 time=0.1 ms\n" for n in (1, 2))
    closing = ("^C\n--- 192.168.50.2 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time 1001ms\n"
               "rtt min/avg/max/mdev = 0.1/0.1/0.1/0.0 ms\n")
    typed = "$ ip netns exec ns1 ping 192.168.50.2\n"
    replayed = lab.replay(f"{typed}{shown}{typed}{shown}{closing}")
    assert replayed.same, str(replayed)
    assert "statistics" not in replayed[0].got and "statistics" in replayed[1].got


def test_what_differs_is_shown_line_by_line():
    replayed = Lab().replay("$ ip netns add ns1\n$ ip netns\nns2\n$ ip netns add ns1\n")
    assert [one.same for one in replayed] == [True, False, False]
    assert replayed[2].returncode == 1 and "File exists" in replayed[2].got
    assert str(replayed).splitlines()[:4] == [
        "same       [host] ip netns add ns1", "different  [host] ip netns", "    - ns2", "    + ns1"]


def test_no_break_spaces_of_a_web_page_are_spaces():
    (typed,) = parse("[root@centos\xa0~]#\xa0ip\xa0netns add\xa0ns1\n")
    assert (typed.host, typed.command) == ("centos", "ip netns add ns1")


def test_what_a_notebook_cell_shows_can_be_pasted_back():
    lab = scenarios.veth_pair()
    assert lab.replay("""
        [root@ns1 ~]# # who is there
        [root@ns1 ~]# ping -c 1 10.9.9.9
        ping: connect: Network is unreachable
        (exit status 2)
        """).same


def test_a_line_that_goes_on_is_one_command():
    (typed,) = parse("$ ip netns \\\n> add ns1\n")
    assert typed.command == "ip netns add ns1"


@given(st.text(max_size=200))
def test_any_text_is_a_transcript_or_bad_input(text):
    try:
        commands = parse(text)
    except BadInput:
        return
    assert all(typed.command for typed in commands)


@given(st.text(alphabet="ab \t#$\n", max_size=60))
def test_comparing_is_about_words_only(text):
    again = "\n".join(comparable(text))
    assert comparable(again) == comparable(text)


@pytest.mark.parametrize("what", [None, 5, b"$ ip route", ["$ ip route"]])
def test_what_is_no_text_is_refused_in_a_sentence(what):
    lab = Lab()
    for read in (lab.replay, lab.who_wrote):
        with pytest.raises(BadInput, match=type(what).__name__):
            read(what)


def test_half_a_character_is_shown_as_one_that_is_unknown():
    assert "\ufffd" in str(Lab().replay("$ ip link show \ud800"))
