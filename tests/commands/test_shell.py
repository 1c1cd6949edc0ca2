"""The lab's shell: what bash does is done as bash does it, what the lab does not know is refused in its own words."""

import pytest

import labkit
from labkit.commands.language import LONGEST, is_complete
from labkit.commands.shell import Variables
from tests.commands.replaying import assert_same_answers

REFUSED = "The lab"


def test_every_line_is_answered_as_bash_answers_it():
    assert_same_answers("bash")


@pytest.mark.parametrize(("text", "out"), [
    ("for i in 1 2\ndo\n  echo $i\n\ndone\necho end", "1\n2\nend\n"),
    ("echo a |\ncat\necho a &&\n\necho b", "a\na\nb\n"),
    ("echo a \\\n  b", "a b\n"),
    ("echo 'a\nb'", "a\nb\n"),
    ("X=1\n# a comment\necho $X # another", "1\n"),
    ("cat <<EOF\na $HOME \"b\" 'c' \\$x \\\\ \\a $(echo d)\nEOF\necho z", "a /root \"b\" 'c' $x \\ \\a d\nz\n"),
    ("cat <<'EOF'\na $HOME \\$x\nEOF", "a $HOME \\$x\n"),
    ("cat <<-EOF\n\ttab\n\tEOF", "tab\n"),
    ("cat <<A <<B\na\nA\nb\nB", "b\n"),
    ("cat <<EOF | wc -l; echo z\na\nb\nEOF", "2\nz\n"),
    ("cat > /tmp/f <<EOF\nkept\nEOF\ncat /tmp/f", "kept\n"),
])  # fmt: skip
def test_a_text_of_several_lines_is_run_line_by_line(text, out):
    result = labkit.Lab().sh(text)
    assert (result.returncode, result.stdout, result.stderr) == (0, out, "")


def test_a_namespace_is_never_called_by_the_name_of_a_variable():
    lab = labkit.Lab()
    assert lab.sh("NS=blue; ip netns add $NS; ip netns list").stdout == "blue\n"
    result = lab.sh("ip netns add $UNSET")
    assert (result.returncode, result.stderr) == (1, "No netns name specified\n")
    assert lab.sh("ip netns list").stdout == "blue\n"


def test_a_loop_makes_many_namespaces_and_each_line_knows_what_wrote_it():
    lab = labkit.Lab()
    loop = "for i in {1..3}; do ip link add v$i type veth peer name p$i; ip addr add 10.0.$i.1/24 dev v$i; done"
    assert not lab.sh(loop).returncode
    assert [i.name for i in lab["host"].by_index()] == ["lo", "p1", "v1", "p2", "v2", "p3", "v3"]
    assert {address.origin.command for address in lab["host"].find("v2").addresses} == {loop}


def test_every_interface_gets_a_setting_by_a_pattern_of_files():
    lab = labkit.Lab()
    lab.sh("ip link add v0 type veth peer name v1")
    assert not lab.sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > $f; done").returncode
    assert lab.sh("sysctl -n net.ipv4.conf.v1.rp_filter").stdout == "2\n"


def test_variables_live_as_long_as_the_shell():
    lab, variables = labkit.Lab(), Variables()
    lab.sh("X=1; false", variables=variables)
    assert lab.sh("echo $X $?", variables=variables).stdout == "1 1\n"
    assert lab.sh("sh -c 'echo .$X.'; export X", variables=variables).stdout == "..\n"
    assert lab.sh("sh -c 'echo .$X.'", variables=variables).stdout == ".1.\n"
    assert lab.sh("echo $X $?").stdout == "0\n"


def test_a_line_reads_what_it_is_handed():
    assert labkit.Lab().sh("wc -l", stdin="a\nb\n").stdout == "2\n"


@pytest.mark.parametrize("line", [
    "if true; then ip addr; fi", "while true; do ip addr; done", "until false; do ip addr; done", "case a in a) ip addr;; esac",
    "f() { ip addr; }", "function f { ip addr; }", "(ip addr)", "{ ip addr; }", "[[ a = a ]]", "[ a = a ]",
    "select x in a; do ip addr; done",
    "time ip addr", "ping 10.0.0.1 &", "echo $((1+1))", "for ((i=0;i<3;i++)); do ip addr; done", "a=(1 2)", "echo ${X:-1}", "echo ${#X}",
    "echo $$", "echo $1", "echo $#", "echo $@", "echo $!", "echo $RANDOM", "echo $'a'", "ip addr 3>x", "ip addr 2>&-", "ip addr <>x",
    "ip addr >|x", "ip addr |& wc", "cat <(ip addr)", "cd /tmp", "set -e", "eval ip addr", "source x", "read x", "trap x 0",
    "for i do ip addr; done",
])  # fmt: skip
def test_what_bash_knows_and_the_lab_does_not_is_refused_before_anything_runs(line):
    lab = labkit.Lab()
    result = lab.sh(line)
    assert result.returncode and result.stderr.startswith(REFUSED) and result.stderr.count("\n") == 1, result
    assert result.stdout == ""


@pytest.mark.parametrize("line", [
    "for i in {1..4000}; do echo $i > /dev/null; done", "for i in {1..99}; do for j in {1..99}; do X=1; done; done",
    "X=aaaaaaaaaaaaaaaa; for i in {1..99}; do X=$X$X; done", "echo {1..999999999}", "echo " + "{a,b}" * 40, "seq 1000000000",
    "ip netns exec a " * 40 + "ip link", "sh -c 'sh -c \"sh -c ls\"'; " + "echo $(" * 30 + ")" * 30, "echo " + "{a," * 40 + "}" * 40,
    "for i in a; do " * 20 + "ls; " + "done; " * 20, "echo " + "a" * LONGEST, "echo \ud800", 'echo "' + "$(echo \"" * 30,
    "ip " + "-4 " * 20_000 + "addr", "sysctl " + "net " * 10_000, "ls " + "/proc/sys/net/ipv4/conf/*/* " * 2_000,
    "echo /etc/" + "[a-" * 20_000, "echo /e" + "*a" * 20_000 + "*b",
    "X=1; for i in {1..40}; do for j in {1..40}; do echo $(echo $(echo $i)); done; done",
])  # fmt: skip
def test_a_line_without_end_is_cut_short_and_says_so(line):
    lab = labkit.Lab()
    lab.sh("ip netns add a")
    result = lab.sh(line)
    assert result.returncode and REFUSED in result.stderr, result
    assert len(result.stdout) < 100_000


@pytest.mark.parametrize("line", [None, b"ip addr", 5, ["ip"]])
def test_what_is_no_text_is_no_line(line):
    with pytest.raises(labkit.LabError, match="is text"):
        labkit.Lab().sh(line)


@pytest.mark.parametrize(("text", "complete"), [
    ("ip addr", True), ("ip addr \\", False), ("for i in a; do", False), ("for i in a; do ls; done", True), ("cat <<EOF", False),
    ("cat <<EOF\na\nEOF", True), ("echo 'a", False), ('echo "$(a', False), ("a |", False), ("a &&", False), ("echo >", True), ("if", True),
    ("a \\\\", True), ("", True),
])  # fmt: skip
def test_an_open_line_goes_on_in_the_next(text, complete):
    assert is_complete(text) is complete


@pytest.mark.parametrize(("pattern", "names"), [
    ("/etc/host[n]ame", "/etc/hostname"), ("/etc/host[!n]*", "/etc/hosts"), ("/etc/*/rt_t*s", "/etc/iproute2/rt_tables"),
    ("/sys/class/net/?o/mtu", "/sys/class/net/lo/mtu"), ("/nope/*", "/nope/*"), ("'/etc/h*'", "/etc/h*"), ("*", "*"), ("/etc/[", "/etc/["),
    ("/e*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "/e*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), ("/etc/host.*", "/etc/host.*"),
])  # fmt: skip
def test_a_pattern_is_the_files_that_fit(pattern, names):
    assert labkit.Lab().sh(f"echo {pattern}").stdout == f"{names}\n"


def test_outputs_go_where_they_are_sent_in_the_order_of_the_words():
    lab = labkit.Lab()
    assert lab.sh("cat /nope /etc/hostname 2>/dev/null").stderr == ""
    both = lab.sh("cat /nope > /tmp/x 2>&1; cat /tmp/x")
    assert both.stdout == "cat: /nope: No such file or directory\n" and both.stderr == ""
    only_one = lab.sh("cat /nope 2>&1 > /tmp/x; cat /tmp/x")
    assert only_one.stdout == "cat: /nope: No such file or directory\n"


def test_an_interrupt_leaves_no_wrong_origin(monkeypatch):
    from labkit.commands import shell

    def interrupted(ctx, argv):
        raise KeyboardInterrupt

    lab = labkit.Lab()
    before = lab.origin
    monkeypatch.setattr(shell, "run_argv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lab.sh("ip addr")
    assert lab.origin == before


WHITE = "\0\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000\ufeff\U00100e30"


@pytest.mark.parametrize("line", (
    "{}", "a{}b", "echo x{}", "echo '{}' \"{}\"", "X={}; echo $X", "cat <<E\n{}\nE", "for x in a{}b; do echo $x; done",
))  # fmt: skip
def test_only_the_blanks_of_bash_part_words_and_every_line_ends(line):
    for character in WHITE:
        assert isinstance(labkit.Lab().sh(line.replace("{}", character)).returncode, int)
