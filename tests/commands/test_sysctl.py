"""sysctl, against what procps 4.0.2 and the kernel 6.18 answered."""

import pytest

from tests.commands.chain import chain, done

ANSWERS = {
    "sysctl net.ipv4.ip_forward": (0, "net.ipv4.ip_forward = 0\n", ""),
    "sysctl net/ipv4/ip_forward": (0, "net.ipv4.ip_forward = 0\n", ""),
    "sysctl -n net.ipv4.ip_forward net.ipv4.ip_default_ttl": (0, "0\n64\n", ""),
    "sysctl -N net.ipv4.ip_forward": (0, "net.ipv4.ip_forward\n", ""),
    "sysctl -q net.ipv4.ip_forward": (0, "net.ipv4.ip_forward = 0\n", ""),
    "sysctl -w net.ipv4.ip_forward=1 net.ipv4.ip_default_ttl=9": (
        0, "net.ipv4.ip_forward = 1\nnet.ipv4.ip_default_ttl = 9\n", ""),
    "sysctl -q -w net.ipv4.ip_forward=1": (0, "", ""),
    "sysctl -n net.ipv4.ip_forward=1": (0, "1\n", ""),
    "sysctl -w 'net.ipv4.ip_forward = 1'": (0, "net.ipv4.ip_forward = 1\n", ""),
    "sysctl -ar eth0.rp": (0, "net.ipv4.conf.eth0.rp_filter = 0\n", ""),
    "sysctl net.nosuch": (1, "", "sysctl: cannot stat /proc/sys/net/nosuch: No such file or directory\n"),
    "sysctl -e net.nosuch": (0, "", ""),
    "sysctl ab cd": (
        2, "", "sysctl: cannot stat /proc/sys/ab: No such file or directory\n"
        "sysctl: cannot stat /proc/sys/cd: No such file or directory\n"),
    "sysctl -w ab=1 cd=2": (
        1, "", "sysctl: cannot stat /proc/sys/ab: No such file or directory\n"
        "sysctl: cannot stat /proc/sys/cd: No such file or directory\n"),
    "sysctl net.ipv4.conf.eth0/1.forwarding": (
        1, "", "sysctl: cannot stat /proc/sys/net/ipv4/conf/eth0.1/forwarding: No such file or directory\n"),
    "sysctl -w net.ipv4.ip_forward": (1, "", "sysctl: command line(0): invalid syntax, continuing...\n"),
    "sysctl -w a": (1, "", ""),
    "sysctl -w net.ipv4.ip_forward = 1": (1, "", "sysctl: command line(0): invalid syntax, continuing...\n"),
    "sysctl -w =1": (1, "", "sysctl: Path is not under /proc/sys/: /proc/sys/\n"),
    "sysctl -w net.ipv4.ip_forward=x": (1, "", 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n'),
    "sysctl net.ipv4.ip_forward=": (1, "", 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n'),
    "sysctl --": (1, "", "sysctl: no variables specified\nTry `sysctl --help' for more information.\n"),
    "sysctl -w": (1, "", "sysctl: no variables specified\nTry `sysctl --help' for more information.\n"),
    "sysctl .": (255, "", "sysctl: Path is not under /proc/sys/: /proc/sys//\n"),
    "sysctl ''": (255, "", 'sysctl: "" is an unknown key\n'),
}  # fmt: skip

#: What is written -> what the kernel keeps; None: Invalid argument.
VALUES = {
    "net.ipv4.ip_forward": {"2": "2", "-1": "-1", "0x10": "16", "010": "8", "1 2": "1", "2147483648": None, "1x": None},
    "net.ipv4.ip_default_ttl": {"1": "1", "255": "255", "0": None, "256": None},
    "net.ipv4.icmp_echo_ignore_all": {"1": "1", "2": None},
    "net.ipv4.fib_multipath_hash_policy": {"3": "3", "4": None},
    "net.ipv4.ip_no_pmtu_disc": {"255": "255", "256": None},
    "net.bridge.bridge-nf-call-iptables": {"7": "1", "0": "0"},
}


@pytest.fixture
def lab():
    return chain()


@pytest.mark.parametrize("line", ANSWERS)
def test_sysctl_answers_as_the_real_one(lab, line):
    got = lab.sh(line, on="h1")
    assert (got.returncode, got.stdout, got.stderr) == ANSWERS[line]


@pytest.mark.parametrize("key, text", [(key, text) for key, values in VALUES.items() for text in values])
def test_the_kernel_takes_some_values_and_refuses_others(lab, key, text):
    got = lab.sh(f"sysctl -w '{key}={text}'", on="h1")
    kept = VALUES[key][text]
    if kept is None:
        assert (got.returncode, got.stderr) == (1, f'sysctl: setting key "{key}": Invalid argument\n')
    else:
        assert (got.returncode, done(lab, f"sysctl -n {key}", "h1")) == (0, f"{kept}\n")


def test_ip_forward_switches_every_interface_and_the_taking_of_redirects(lab):
    done(lab, "sysctl -w net.ipv4.ip_forward=1", "h1")
    keys = "net.ipv4.conf.eth0.forwarding net.ipv4.conf.default.forwarding net.ipv4.conf.all.accept_redirects"
    assert done(lab, f"sysctl -n {keys}", "h1") == "1\n1\n0\n"
    done(lab, "sysctl -w net.ipv4.conf.eth0.forwarding=0", "h1")
    done(lab, "sysctl -w net.ipv4.ip_forward=1", "h1")  # no change, so it touches nothing
    assert done(lab, "sysctl -n net.ipv4.conf.eth0.forwarding", "h1") == "0\n"


def test_a_file_under_proc_sys_is_the_same_setting(lab):
    done(lab, "echo 1 > /proc/sys/net/ipv4/ip_forward", "h1")
    assert done(lab, "cat /proc/sys/net/ipv4/ip_forward", "h1") == "1\n"


@pytest.mark.parametrize("key", [
    "conf.all.arp_filter", "conf.lo.arp_notify", "conf.lo.arp_accept", "conf.all.accept_source_route",
    "conf.lo.proxy_arp_pvlan", "ip_nonlocal_bind", "tcp_mtu_probing", "neigh.default.gc_thresh1", "neigh.lo.base_reachable_time_ms",
])  # fmt: skip
def test_a_setting_that_the_lab_does_not_obey_is_refused_by_name(lab, key):
    key = f"net.ipv4.{key}"
    for line in (f"sysctl -w {key}=7777", f"sysctl {key}=7777", f"echo 7777 > /proc/sys/{key.replace('.', '/')}"):
        result = lab.sh(line)
        assert (result.returncode, result.stdout, result.stderr) == (1, "", f"The lab does not model {key}.\n"), line


@pytest.mark.parametrize(("key", "value"), [
    ("net.ipv4.conf.all.arp_filter", "0"), ("net.ipv4.ip_local_port_range", "32768\t60999"), ("net.ipv6.conf.all.disable_ipv6", "0"),
    ("net.bridge.bridge-nf-call-arptables", "1"), ("net.ipv4.ip_nonlocal_bind", "0"), ("net.core.somaxconn", "4096"),
])  # fmt: skip
def test_its_value_is_that_of_a_new_namespace_and_may_be_written_again(lab, key, value):
    assert lab.sh(f"sysctl {key}").stdout == f"{key} = {value}\n"
    assert lab.sh(f"cat /proc/sys/{key.replace('.', '/')}").stdout == f"{value}\n"
    assert lab.sh(f"sysctl -w '{key}={value}'").returncode == 0


@pytest.mark.parametrize("key", ["net.ipv4.tcp_mem", "net.netfilter.nf_conntrack_max", "net.ipv6", "net.core"])
def test_a_value_that_is_the_machines_own_is_not_made_up(lab, key):
    assert lab.sh(f"sysctl {key}").stderr == f"The lab does not model {key}.\n"


@pytest.mark.parametrize("key", [
    "net.ipv4.nosuch", "net.ipv4.conf.all.nosuch", "net.ipv4.conf.nosuch.rp_filter", "net.ipv4.conf.nosuch.arp_filter",
])
def test_a_setting_of_no_kernel_is_not_there(lab, key):
    assert lab.sh(f"sysctl {key}").stderr.endswith("No such file or directory\n")


SETTINGS = """\
# c
; d

net.ipv4.ip_forward = 1
 net.ipv4.conf.lo.rp_filter=2 
rubbish line
net.ipv4.nosuch=1
-net.ipv4.ip_default_ttl=9999
net/ipv4/conf/lo/rp_filter=1
=3
net.ipv4.icmp_ratelimit = 5 # x
"""


@pytest.mark.parametrize("line", ["sysctl -p /tmp/f", "sysctl -p/tmp/f", "sysctl --load=/tmp/f", "sysctl -f /tmp/f"])
def test_settings_are_loaded_from_a_file_as_procps_loads_them(lab, line):
    lab.sh("cat > /tmp/f", stdin=SETTINGS)
    result = lab.sh(line)
    assert result.returncode == 1
    assert result.stdout == (
        "net.ipv4.ip_forward = 1\nnet.ipv4.conf.lo.rp_filter = 2\nnet.ipv4.conf.lo.rp_filter = 1\nnet.ipv4.icmp_ratelimit = 5 # x\n")
    assert result.stderr == (
        "sysctl: /tmp/f(6): invalid syntax, continuing...\n"
        "sysctl: cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory\n"
        'sysctl: setting key "net.ipv4.ip_default_ttl": Invalid argument\n'
        "sysctl: Path is not under /proc/sys/: /proc/sys/\n")


def test_the_file_of_a_machine_is_loaded_when_none_is_named(lab):
    assert (lab.sh("sysctl -p").returncode, lab.sh("sysctl -p").stderr) == (0, "")
    lab.sh("echo net.ipv4.ip_forward=1 >> /etc/sysctl.conf; echo net.ipv4.ip_default_ttl=9 > /etc/sysctl.d/9.conf")
    assert lab.sh("sysctl -p").stdout == "net.ipv4.ip_forward = 1\n"
    assert lab.sh("sysctl --system").stdout == (
        "* Applying /etc/sysctl.d/9.conf ...\n* Applying /etc/sysctl.conf ...\nnet.ipv4.ip_default_ttl = 9\nnet.ipv4.ip_forward = 1\n")
    assert lab.sh("sysctl -p /nope").stderr == 'sysctl: cannot open "/nope": No such file or directory\n'


def test_flushing_by_a_setting_prints_what_was_written(lab):
    assert lab.sh("sysctl net.ipv4.route.flush").stdout == ""
    assert lab.sh("sysctl -w net.ipv4.route.flush=1").stdout == "net.ipv4.route.flush = 1\n"


@pytest.mark.parametrize("word", ["net.ipv4.ip_forward=" + "9" * 5000, "net.ipv4.ip_forward=²", "net.ipv4.ping_group_range=² ³", "-r ( -a"])
def test_no_number_and_no_pattern_is_an_exception(lab, word):
    assert lab.sh(f"sysctl {word}").stderr.count("Invalid argument") == (0 if "-r" in word else 1)
