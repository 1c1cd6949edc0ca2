"""A line bent: words lost, doubled, exchanged with those of other lines, odd ones put in, lines joined and wrapped."""

from random import Random

ODD = (
    "", "0", "-1", "1", "7", "255", "65535", "65536", "4294967296", "9" * 30, "9" * 5000, "1e999", "0x10", "²", "١٢", "４", "\u200b",
    "\ud800", "é" * 20, "a" * 300, "10.0.0.1", "10.0.0.1/24", "10.0.0.0/33", "0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1",
    "::1", "fe80::1/64", "default", "all", "any", "lo", "eth0", "nosuch", "host", "ns1", "ns2", "br1", "help", "dev", "via", "up",
    "down", "master", "nomaster", "type", "name", "del", "add", "show", "-", "--", "-h", "-x", "-c", "-n", "-j", "..", "/", "a/b",
    "e th", "*", "?", "[", "(a+)+$", "{{.}}", "{{range .}}", "{", "'", '"', "`", "$", "$X", "${X}", "$(", "$(ip r)", "$((1+1))", "<",
    ">", ">>", "<<", "|", "||", "&", "&&", ";", "#", "\\", "!", "~", "\n", "\t", "\x00", "%d", "\x1b[0m",
)  # fmt: skip
WRAPS = (
    "ip netns exec ns1 {}", "ip -n ns1 {}", "sh -c '{}'", "docker exec br1 {}", "sudo {}", "for x in 1 2; do {}; done", "X=1; {}",
    "echo $({})", "{} | grep -v x", "{} | awk '{{print $2}}'", "{} | head -n 3", "{} > /tmp/x", "{}; {}", "{} && {}", "{} || echo no",
    "{} 2>&1 | wc -l", "nsenter -t 1 -n {}", "! {}",
)  # fmt: skip


def bent(random: Random, lines: list[str]) -> str:
    """One of the lines, bent up to three times, now and then joined with another."""
    words = random.choice(lines).split(" ")
    for _ in range(random.choice((0, 0, 1, 1, 1, 2, 3))):
        random.choice(SLIPS)(random, words, lines)
    line = " ".join(words)
    if random.random() < 0.08:
        line = random.choice(WRAPS).format(line, random.choice(lines))
    return line


def _drop(random: Random, words: list[str], lines: list[str]) -> None:
    if len(words) > 1:
        del words[random.randrange(1, len(words))]


def _twice(random: Random, words: list[str], lines: list[str]) -> None:
    at = random.randrange(len(words))
    words.insert(at, words[at])


def _swap(random: Random, words: list[str], lines: list[str]) -> None:
    one, other = random.randrange(len(words)), random.randrange(len(words))
    words[one], words[other] = words[other], words[one]


def _exchange(random: Random, words: list[str], lines: list[str]) -> None:
    words[random.randrange(len(words))] = random.choice(random.choice(lines).split(" "))


def _odd(random: Random, words: list[str], lines: list[str]) -> None:
    at = random.randrange(len(words) + 1)
    words[at : at + random.randrange(2)] = [random.choice(ODD)]


def _inside(random: Random, words: list[str], lines: list[str]) -> None:
    at = random.randrange(len(words))
    cut = random.randrange(len(words[at]) + 1)
    words[at] = words[at][:cut] + random.choice(ODD) + words[at][cut + random.randrange(2) :]


def _cut(random: Random, words: list[str], lines: list[str]) -> None:
    del words[random.randrange(1, len(words) + 1) :]


SLIPS = (_drop, _twice, _swap, _exchange, _exchange, _odd, _odd, _inside, _cut)
