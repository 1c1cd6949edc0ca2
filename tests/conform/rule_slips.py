"""Family j: the words of iptables, iptables-save, iptables-restore and conntrack, as learners type them, rightly and wrongly.

A good rule now and then has a word too many, too few, twice, elsewhere, misspelt or of the wrong kind; what a line did is looked at behind
it.
"""
from __future__ import annotations

from random import Random

from tests.conform.filters import COUNTS, LOOKS, ROUTER, rule
from tests.conform.script import Script, chance

#: Words of one kind: what is good for an option, and what looks as if it were.
VALUES = {
    "chain": ("INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING", "U1", "U2", "NOPE", "input", "DOCKER", "-"),
    "target": ("ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "U1", "U2", "NOPE", "accept", "DORP", "MASQUERADE", "SNAT", "DNAT", "REDIRECT",
               "MARK", "CT"),
    "table": ("filter", "nat", "mangle", "raw", "nope", "NAT"),
    "address": ("10.0.0.1", "10.0.0.5/24", "10.0.0.0/255.255.255.0", "0/0", "10.0.0.1/33", "10.0.0.300", "10.0.0.1,10.0.0.2", "1.2.3",
                "10/8", "::1", "localhost", "10.0.0.1/", "10.0.0.0/8.8.8.8", "0.0.0.0", "any"),
    "port": ("80", "http", "53", "80:90", ":80", "80:", "0", "65535", "65536", "nope", "90:80", "80,81", "-1", "0x50", "domain"),
    "proto": ("tcp", "udp", "icmp", "TCP", "6", "17", "1", "0", "all", "tpc", "256", "sctp", "47", "-1", "icmpv6"),
    "device": ("eth0", "eth+", "+", "lo", "averyveryverylongname", "docker0", "a/b", "eth0:1"),
    "state": ("NEW", "ESTABLISHED,RELATED", "new", "NEW,FOO", "INVALID", "UNTRACKED", "DNAT", "", "ESTABLISHED,", "Related"),
    "reject": ("icmp-port-unreachable", "port-unreach", "tcp-reset", "tcp-rst", "net-unreach", "icmp-admin-prohibited", "admin-prohib",
               "nope", "host-prohib"),
    "icmp": ("8", "echo-request", "ping", "3/1", "any", "255", "256", "nope", "pong", "8/0", "host-unreachable", "network-unreachable",
             "3/300"),
    "mark": ("1", "0x10", "1/0xff", "0x100000000", "nope", "-1", "0/0", "4294967295"),
    "to": ("10.0.0.2", "10.0.0.2:80", ":80", "10.0.0.2-10.0.0.5", "10.0.0.2:80-90", "nope", "10.0.0.2:70000", "10.0.0.300", "10.0.0.2:http",
           "10.0.0.2:"),
    "ports": ("80", "80-90", "70000", "http", "90-80", "nope", "0"),
    "number": ("1", "2", "9", "0", "-1", "x", "99999999999"),
    "types": ("LOCAL", "UNICAST", "LOCAL,BROADCAST", "local", "FOO", "ANYCAST"),
    "flags": ("SYN,ACK SYN", "ALL SYN", "NONE NONE", "SYN", "FOO SYN", "SYN,RST,ACK,FIN SYN"),
    "text": ("plain", "'two words'", "a/b", "'it is \"so\"'", "''"),
}
MATCHES = ("-m state --state {state}", "-m conntrack --ctstate {state}", "-m addrtype --dst-type {types}", "-m addrtype --src-type {types}",
           "-m mark --mark {mark}", "-m comment --comment {text}", "-m multiport --dports {port}", "-m multiport --ports 80,{port}",
           "-m multiport --sports {port}", "-m tcp --dport {port}", "-m udp --dport {port}", "-m icmp --icmp-type {icmp}", "--dport {port}",
           "--sport {port}", "--syn", "--tcp-flags {flags}", "--icmp-type {icmp}", "-m limit --limit 5/min",
           "-m limit --limit 3/second --limit-burst {number}", "-m statistic --mode nth --every {number}",
           "-m statistic --mode nth --every 3 --packet {number}", "-m statistic --mode random --probability 0.5",
           "-m physdev --physdev-in {device}", "-m physdev --physdev-is-bridged", "-m nope", "-m state", "-m tcp", "-m mark",
           "-m conntrack --ctstate NEW --ctstate {state}")  # fmt: skip
TARGETS = ("-j {target}", "-j {target}", "-j REJECT --reject-with {reject}", "-j MARK --set-mark {mark}", "-j MARK --set-xmark {mark}",
           "-j MARK --or-mark {mark}", "-j DNAT --to-destination {to}", "-j DNAT --to {to}", "-j SNAT --to-source {to}",
           "-j REDIRECT --to-ports {ports}", "-j MASQUERADE --to-ports {ports}", "-j MASQUERADE --random-fully",
           "-j LOG --log-prefix {text}", "-j LOG --log-level {number}", "-j CT --notrack", "-g {target}", "-j", "")  # fmt: skip
OTHERS = ("iptables -N {chain}", "iptables -X {chain}", "iptables -E {chain} {chain}", "iptables -P {chain} {target}",
          "iptables -F {chain}", "iptables -Z {chain}", "iptables -Z {chain} {number}", "iptables -D {chain} {number}",
          "iptables -R {chain} {number} -j {target}", "iptables -I {chain} {number} -j {target}", "iptables -L {chain} {number}",
          "iptables -S {chain} {number}", "iptables -L {chain} -n", "iptables -t {table} -S", "iptables -t {table} -nL",
          "iptables -t {table} -N U3", "iptables -C {chain} -j {target}", "iptables -t {table} -F", "iptables", "iptables -V",
          "iptables -A", "iptables -N", "iptables -P {chain}", "iptables -L -j ACCEPT", "iptables -A {chain} -D {chain} 1",
          "iptables -L {chain} {chain}", "iptables -n", "iptables -vX", "iptables -X", "iptables -nL -v -x --line-numbers",
          "iptables-save -t {table}", "iptables-save nope", "iptables-save -c -t nat", "conntrack -L", "conntrack -D",
          "conntrack -L -p {proto}", "conntrack -D -s 10.0.0.1", "conntrack -F", "iptables -F nope -t nat",
          "iptables -D {chain} -j {target}", "iptables --list", "iptables --append {chain} --jump {target}",
          "iptables --policy FORWARD DROP", "iptables --flush", "iptables --new-chain U2", "iptables -A {chain} {target}",
          "iptables -w -S {chain}", "iptables -S --wait")  # fmt: skip
RESTORED = ("*{table}", "COMMIT", ":{chain} ACCEPT [0:0]", ":{chain} - [0:0]", ":{chain} DROP [3:4]", "# a comment",
            "-A {chain} -j {target}", "-A {chain} -p {proto} -j {target}", "[5:420] -A {chain} -j {target}", "-I {chain} -j {target}",
            "-D {chain} -j {target}", "-F {chain}", "-N U4", "", "nope", "-P {chain} DROP", "-X U1")  # fmt: skip


def rule_slips(random: Random) -> Script:
    """Some lines, and what the tables are then."""
    script = Script()
    script.netns("m")
    script("iptables -N U1", "m")
    for _ in range(random.randint(10, 22)):
        how = random.random()
        if how < 0.3:
            line = slip(random, rule(random, ROUTER, ["U1"]))
        elif how < 0.65:
            line = anything(random)
        elif how < 0.92:
            line = filled(random, random.choice(OTHERS))
        else:
            line = restored(random)
        script(line, "m")
        if chance(random, 0.3):
            script(random.choice(LOOKS + COUNTS), "m")
    script("iptables-save", "m")
    return script


def filled(random: Random, words: str) -> str:
    """A pattern with a value for each {kind}: mostly one of the first three."""
    while "{" in words:
        kind = words[words.index("{") + 1 : words.index("}")]
        values = VALUES[kind]
        words = words.replace("{" + kind + "}", random.choice(values[:3] if chance(random, 0.5) else values), 1)
    return words


def anything(random: Random) -> str:
    """A rule of parts that fit by chance."""
    table = f"-t {filled(random, '{table}')} " if chance(random, 0.4) else ""
    parts = [f"iptables {table}{random.choice(('-A', '-A', '-I', '-D', '-C'))} {{chain}}"]
    parts += random.sample(("-s {address}", "-d {address}", "! -s {address}", "-i {device}", "-o {device}"), random.choice((0, 0, 1, 1, 2)))
    if chance(random, 0.6):
        parts.append(f"{'! ' if chance(random, 0.1) else ''}-p {{proto}}")
    parts += random.sample(MATCHES, random.choice((0, 1, 1, 2)))
    parts.append(random.choice(TARGETS))
    return filled(random, " ".join(part for part in parts if part))


def slip(random: Random, line: str) -> str:
    """A line with one word lost, doubled, moved or misspelt; now and then none."""
    words = line.split(" ")
    at, how = random.randrange(1, len(words)), random.random()
    if '"' in line or how < 0.2:
        return line
    if how < 0.4:
        del words[at]
    elif how < 0.55:
        words.insert(at, words[at])
    elif how < 0.7:
        words.append(words.pop(at))
    elif how < 0.9:
        word = words[at]
        spot = random.randrange(len(word)) if word else 0
        words[at] = word[:spot] + word[spot + 1 :] if chance(random, 0.5) else word[:spot] + word[spot : spot + 1] + word[spot:]
    else:
        words.insert(at, random.choice(("!", "-v", "-n", "0", "nope", "--", "-j")))
    return " ".join(word for word in words if word)


def restored(random: Random) -> str:
    """A restore of good and bad lines."""
    lines = [filled(random, random.choice(RESTORED)) for _ in range(random.randint(1, 5))]
    if chance(random, 0.8):
        lines = [filled(random, "*{table}"), *lines, "COMMIT"]
    text = "\n".join(lines)
    return f"iptables-restore{random.choice(('', '', ' -n', ' --noflush', ' -c', ' --test', ' -T nat'))} <<'EOF'\n{text}\nEOF"
