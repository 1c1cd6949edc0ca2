"""A machine that hears a question about somebody else answers without a lookup, and nothing of what is seen is different for it."""

import random

import labkit
from labkit.trace import arp

ADDRESSES = [*(f"10.0.0.{number}" for number in range(1, 7)), "10.0.1.1", "10.0.1.2", "10.0.0.255"]
SETTINGS = ("proxy_arp", "rp_filter", "accept_local", "arp_ignore", "send_redirects", "forwarding")
TYPES = ("local", "broadcast", "anycast", "unreachable", "blackhole", "prohibit", "throw", "unicast", "multicast")


def odd_lan(rng: random.Random) -> labkit.Lab:
    """Machines on one bridge that share addresses, are proxies, filter, and have routes of every type in every table."""
    lab = labkit.Lab()
    lines = [("host", "ip link add br0 type bridge"), ("host", "ip link set br0 up"), ("host", "ip addr add 10.0.0.9/24 dev br0")]
    spots = ["host", *(f"n{number}" for number in range(rng.randint(2, 5)))]
    for name in spots[1:]:
        lines += [("host", f"ip netns add {name}"), ("host", f"ip link add v{name} type veth peer name eth0 netns {name}"),
                  ("host", f"ip link set v{name} master br0 up"), (name, "ip link set eth0 up"),
                  (name, f"ip addr add {rng.choice(ADDRESSES)}/{rng.choice([24, 24, 16, 32])} dev eth0")]  # fmt: skip
    for _ in range(rng.randint(3, 15)):
        on, to = rng.choice(spots), rng.choice(ADDRESSES)
        dev = rng.choice(["br0" if on == "host" else "eth0", "lo"])
        lines.append((on, rng.choice([
            f"sysctl -w net.ipv4.conf.{rng.choice([dev, 'all'])}.{rng.choice(SETTINGS)}={rng.choice('0112')}",
            f"ip route add {rng.choice(TYPES)} {to} dev {dev} table {rng.choice(['main', 'local', '100'])}",
            f"ip route add {rng.choice(TYPES)} 10.0.0.0/28 table {rng.choice(['main', '100'])}",
            f"ip route add 10.0.1.0/24 via {to}", f"ip route del local {to} table local", "ip rule del pref 0",
            f"ip rule add {rng.choice(['from', 'to'])} {to} {rng.choice(['lookup 100', 'blackhole', 'prohibit'])}",
            f"ip addr add {to}/24 dev {dev}",
        ])))  # fmt: skip
    for on, line in lines:
        lab.sh(line, on=on)
    return lab


def sent(seed: int) -> list:
    rng = random.Random(seed)
    lab = odd_lan(rng)
    return [repr(lab.trace(rng.choice([*lab.namespaces]), rng.choice(ADDRESSES)).steps) for _ in range(6)]


def test_a_question_for_others_leaves_the_same_steps_as_when_all_is_looked_up(monkeypatch):
    told = [sent(seed) for seed in range(60)]
    heard = []

    def ask_all(ns, interface, packet) -> bool:
        heard.append(quick(ns, interface, packet))
        return False

    quick = arp._is_for_others
    monkeypatch.setattr(arp, "_is_for_others", ask_all)
    assert [sent(seed) for seed in range(60)] == told
    assert heard.count(True) > 200 and heard.count(False) > 100, "both ways were taken"
    assert "the request is not answered" in repr(told)


def test_a_proxy_still_answers_for_others():
    lab = labkit.Lab()
    for line in ("ip netns add a", "ip link add v0 type veth peer name eth0 netns a", "ip link set v0 up", "ip addr add 10.0.0.1/24 dev v0",
                 "ip -n a link set eth0 up", "ip -n a addr add 10.0.0.2/16 dev eth0", "ip link add br0 type bridge", "ip link set br0 up",
                 "ip route add 10.0.7.0/24 dev br0", "sysctl -w net.ipv4.ip_forward=1"):  # fmt: skip
        assert lab.sh(line).returncode == 0, line
    assert "is-at" not in str(lab.copy().trace("a", "10.0.7.7").steps)
    lab.sh("sysctl -w net.ipv4.conf.v0.proxy_arp=1")
    assert any("10.0.7.7 is-at" in step.text for step in lab.trace("a", "10.0.7.7").steps)
