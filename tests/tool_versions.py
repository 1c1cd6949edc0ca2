"""Whose words the lab speaks: those of Debian 12's tools. Beside a tool of another version only what is common is compared.

Common is: the exit status; whether anything is on the error stream (how a tool refuses, and its usage, belong to a version); and
of each line of output every word that the lab prints, in its order (later versions print more words, and other blanks).
"""

import functools
import re
import shutil

from tests.parts import said

#: A tool's commands -> how it tells its version, and that of Debian 12.
SPOKEN = {
    ("ip", "bridge"): ("ip -V", "iproute2-6.1."),
    ("ping",): ("ping -V", "iputils 20221126"),
    ("netstat", "ifconfig", "route", "arp"): ("netstat --version", "net-tools 2.10"),
    ("traceroute",): ("traceroute --version", "version 2.1.2"),
    ("curl",): ("curl --version", "curl 7.88."),
    ("sysctl",): ("sysctl --version", "procps-ng 4.0.2"),
    ("iptables", "iptables-save", "iptables-restore"): ("iptables -V", "v1.8.9 (nf_tables)"),
    ("conntrack",): ("conntrack -V", "conntrack v1.4.7"),
}
#: What iproute2 after 6.1 prints in another place, or no longer (iplink_vxlan.c).
MOVED = {"nolearning", "udpcsum", "noudp6zerocsumtx", "noudp6zerocsumrx", '"learning":false', '"learning":true'}
#: iptables 1.8.9 makes chains without a counter of their own, so what their policy decided is never counted.
VERSION = re.compile(r"iproute2-[\d.]+, libbpf [\d.]+|iptables-save v[\d.]+|"
                     r"(?<=ACCEPT |..DROP )(?:\[\d+:\d+\]|\d+ packets, \d+ bytes|-c \d+ \d+$)", re.M)
#: iptables 1.8.9 alone lists protocols by number (iptables/xshared.c save_rule_details).
PROTOCOLS = {"all": "0", "icmp": "1", "tcp": "6", "udp": "17"}
WORD = re.compile(r"[^\s,{}\[\]]+")


@functools.cache
def others() -> dict[str, str]:
    """The commands here that are of another version, and what each says it is."""
    found = {}
    for commands, (line, version) in SPOKEN.items():
        if shutil.which(line.split()[0]):
            told = said(line).strip()
            found |= dict.fromkeys(commands if version not in told else (), told.partition("\n")[0])
    return found


def told() -> str:
    """A sentence about the tools of another version, or ""."""
    return f"of {'; '.join(dict.fromkeys(others().values()))} only what is common is compared" if others() else ""


def another_version(line: str) -> bool:
    """Whether a line runs a tool of another version."""
    return any(word in others() for word in line.split())


def same(line: str, expected: str, got: str) -> bool:
    """Whether the lab's output is the tool's; of a tool of another version, whether it says the same."""
    return expected == got or another_version(line) and common(expected, got)


def common(expected: str, got: str) -> bool:
    """Whether every line of the tool's output has all the words of the lab's, in order."""
    left, right = (VERSION.sub("", text).splitlines() for text in (expected, got))
    return len(left) == len(right) and all(map(has_words, left, right))


def has_words(longer: str, shorter: str) -> bool:
    """Whether the words of one line are among those of another, in order."""
    words = iter([PROTOCOLS.get(word, word) for word in WORD.findall(longer)])
    return all(PROTOCOLS.get(word, word) in words for word in WORD.findall(shorter) if word not in MOVED)
