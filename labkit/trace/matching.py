"""What a rule asks of a packet: each match as a test (kernel: net/netfilter/xt_*.c).

What the kernel draws by chance, `statistic --mode random`, is dealt here: of the packets that come to a rule of probability p the first
matches, then every 1/p-th, so that three endpoints get the connections in turn; or a probe names the endpoint it is to come to
(`Session.endpoint`).
"""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from math import ceil

from ..lab.connections import Noted
from ..lab.lookup import address_type
from ..tables.chains import Match, Option, Rule, Spec, Table
from .walk import Walk

Test = Callable[[Walk], bool]


def tests(spec: Spec) -> list[tuple[str, Test]]:
    """A rule's conditions, each with its words, in the order in which they are asked."""
    tests: list[tuple[str, Test]] = []
    if spec.src:
        network, mask, negated = spec.src
        tests.append(("-s", lambda w, n=network, m=mask, no=negated: (w.src & m == n) is not no))
    if spec.dst:
        network, mask, negated = spec.dst
        tests.append(("-d", lambda w, n=network, m=mask, no=negated: (w.dst & m == n) is not no))
    for flag, said, read in (("-i", spec.iif, lambda w: w.iif), ("-o", spec.oif, lambda w: w.oif)):
        if said:
            name, negated = said
            named = _named(name)
            tests.append((flag, lambda w, f=named, no=negated, read=read: f(read(w)) is not no))
    if spec.proto:
        proto, negated = spec.proto
        tests.append((f"-p {proto}", lambda w, p=proto, no=negated: (w.packet.proto == p) is not no))
    for match in spec.matches:
        tests += [(f"-m {match.name}", test) for test in _MATCHES[match.name](match)]
    return tests


def _named(pattern: str) -> Callable[[str | None], bool]:
    """Whether an interface has that name; a `+` at the end stands for any rest."""
    if pattern.endswith("+"):
        return lambda name: (name or "").startswith(pattern[:-1])
    return lambda name: name == pattern


def _ranges(words: str) -> list[tuple[int, int]]:
    return [(int(low), int(high or low)) for low, _, high in (word.partition(":") for word in words.split(","))]


def _ports(match: Match) -> list[Test]:
    """tcp, udp: ports, and TCP's flags. Only the first fragment has any."""
    tests: list[Test] = []
    reads = {"--sport": lambda p: p.sport or 0, "--dport": lambda p: p.dport or 0}
    for option in match.options:
        if option.name in reads:
            ((low, high),) = _ranges(option.value)
            tests.append(lambda w, a=low, b=high, no=option.negated, read=reads[option.name]: (a <= read(w.packet) <= b) is not no)
        elif option.name == "--tcp-flags":
            asked, wanted = ({_FLAGS.get(word, "") for word in words.split(",")} for words in option.value.split())
            tests.append(
                lambda w, asked=asked, wanted=wanted, no=option.negated: (set(w.packet.transport.flags) & asked == wanted - {""}) is not no
            )
    return tests


#: TCP's flags as iptables and as tcpdump call them.
_FLAGS = {"SYN": "S", "ACK": ".", "RST": "R", "FIN": "F", "PSH": "P", "URG": "U"}


def _icmp(match: Match) -> list[Test]:
    option = match.options[0]
    if option.value == "any":
        return [lambda w: not option.negated]
    type_, _, code = option.value.partition("/")
    return [lambda w: (w.packet.transport.type == int(type_) and (not code or w.packet.transport.code == int(code))) is not option.negated]


def _states(match: Match) -> list[Test]:
    option = match.options[0]
    wanted = set(option.value.split(","))

    def test(here: Walk) -> bool:
        tracked = here.packet.tracked
        found = here.state in wanted
        if not found and tracked is not None and tracked.connection is not None:
            changed = tracked.connection
            found = "SNAT" in wanted and changed.source_changed or "DNAT" in wanted and changed.destination_changed
        return bool(found) is not option.negated

    return [test]


def _addrtype(match: Match) -> list[Test]:
    limit_in, limit_out = match.get("--limit-iface-in"), match.get("--limit-iface-out")

    def kind(here: Walk, address: IPv4Address) -> str:
        found = address_type(here.net.lab, here.ns, address)
        limit = here.iif if limit_in else here.oif if limit_out else None
        if found == "local" and limit is not None:
            device = here.ns.find(limit)
            own = device is not None and (
                any(a.ip == address for a in device.addresses) or device.kind == "loopback" and address.is_loopback
            )
            return "UNICAST" if not own else "LOCAL"
        return found.upper()

    reads = {"--src-type": lambda p: p.src, "--dst-type": lambda p: p.dst}

    def of(option: Option) -> Test:
        wanted = frozenset(option.value.split(","))
        return lambda w: (kind(w, reads[option.name](w.packet)) in wanted) is not option.negated

    return [of(option) for option in match.options if option.name in reads]


def _mark(match: Match) -> list[Test]:
    option = match.options[0]
    value, _, mask = option.value.partition("/")
    wanted, counts = int(value, 0), int(mask or "0xffffffff", 0)
    return [lambda w: (w.packet.mark & counts == wanted) is not option.negated]


def _multiport(match: Match) -> list[Test]:
    option = match.options[0]
    ranges = _ranges(option.value)

    def test(here: Walk) -> bool:
        sport, dport = here.packet.sport, here.packet.dport
        asked = {"--sports": (sport,), "--dports": (dport,), "--ports": (sport, dport)}[option.name]
        return any(a <= port <= b for port in asked for a, b in ranges) is not option.negated

    return [test]


def _statistic(match: Match) -> list[Test]:
    negated = match.options[0].negated
    if match.get("--mode").value == "random":
        share = float(match.get("--probability").value)

        def deal(here: Walk) -> bool:
            asked = _asked_for(here)
            if asked is not None:
                return asked is not negated
            at, here.rule.seen = here.rule.seen, here.rule.seen + 1
            return (ceil(share * (at + 1) - 1e-6) > ceil(share * at - 1e-6)) is not negated

        return [deal]
    every, first = int(match.get("--every").value), int(match.get("--packet").value if match.get("--packet") else 0)

    def test(here: Walk) -> bool:
        at, here.rule.seen = here.rule.seen, here.rule.seen + 1
        return (at % every == first) is not negated

    return [test]


#: How a condition by chance is called where it did not hold.
DEALT = "-m statistic"


def _asked_for(here: Walk) -> bool | None:
    """Whether a rule leads to the endpoint that the probe is to come to; None where it names none, or no branch leads there."""
    endpoint = str(here.net.session.endpoint) if here.net.session is not None and here.net.session.endpoint is not None else None
    if endpoint is None:
        return None

    def leads(rule: Rule) -> bool:
        return any(endpoint in (where, where.partition(":")[0]) for where in destinations(here.table, rule.spec))

    return leads(here.rule) if any(map(leads, here.rules)) else None


#: So many times of one address, and so many addresses in one list, are kept (xt_recent.c nstamps_max_mask, ip_list_tot).
_TIMES, _ADDRESSES = 32, 100


def _recent(match: Match) -> list[Test]:
    """Lists of addresses with the times they were seen (kernel: xt_recent.c recent_mt)."""
    doing = next(option for option in match.options if option.name in ("--set", "--rcheck", "--update", "--remove"))
    name, seconds = match.get("--name").value, float(match.get("--seconds").value) if match.get("--seconds") else 0.0
    mask, hits = int(IPv4Address(match.get("--mask").value)), int(match.get("--hitcount").value) if match.get("--hitcount") else 0
    by_ttl, reap, dest = bool(match.get("--rttl")), bool(match.get("--reap")), bool(match.get("--rdest"))

    def test(here: Walk) -> bool:
        held = here.netfilter.recent.setdefault(name, {})
        address = (here.dst if dest else here.src) & mask
        now, ttl = here.net.now, here.packet.ttl + (here.place in ("FORWARD", "POSTROUTING") and here.iif is not None)
        noted = held.get(address)
        if noted is not None and by_ttl and noted.ttl != ttl:
            noted = None
        found = noted is not None
        if found and doing.name == "--remove":
            del held[address]
        elif found and doing.name != "--set":
            fresh = [time for time in noted.times if not seconds or time >= now - seconds]
            found = len(fresh) >= max(hits, 1)
            oldest = next(iter(held))
            if reap and held[oldest].times[-1] < now - seconds:
                del held[oldest]
        if doing.name == "--set" and noted is None:
            found = True
            if len(held) >= _ADDRESSES:
                del held[next(iter(held))]
            held[address] = Noted(ttl, [now])
        elif doing.name == "--set" or doing.name == "--update" and found is not doing.negated:
            if noted is not None:
                held[address] = held.pop(address)
                noted.ttl, noted.times = ttl, [*noted.times, now][-_TIMES:]
        return found is not doing.negated

    return [test]


def _limit(match: Match) -> list[Test]:
    """A bucket that fills at the rate and holds the burst (kernel: xt_limit.c)."""
    number, _, unit = match.get("--limit").value.partition("/")
    rate = int(number) / {"sec": 1, "min": 60, "hour": 3600, "day": 86400}[unit]
    burst = int(match.get("--limit-burst").value) if match.get("--limit-burst") else 5

    def test(here: Walk) -> bool:
        rule, now = here.rule, here.net.now
        rule.seen = burst if rule.at < 0 else min(burst, rule.seen + (now - rule.at) * rate)
        rule.at = now
        passes = rule.seen >= 1
        rule.seen -= passes
        return passes

    return [test]


def _physdev(match: Match) -> list[Test]:
    def of(option: Option) -> Test:
        named = _named(option.value or "")
        what: dict[str, Test] = {
            "--physdev-in": lambda w: bool(w.packet.came_in) and named(w.packet.came_in),
            "--physdev-is-in": lambda w: bool(w.packet.came_in),
            "--physdev-out": lambda w: bool(w.out_port) and named(w.out_port), "--physdev-is-out": lambda w: bool(w.out_port),
            "--physdev-is-bridged": lambda w: bool(w.out_port),
        }  # fmt: skip
        return lambda w: what[option.name](w) is not option.negated

    return [of(option) for option in match.options]


_MATCHES: dict[str, Callable[[Match], list[Test]]] = {
    "tcp": _ports, "udp": _ports, "icmp": _icmp, "conntrack": _states, "state": _states, "addrtype": _addrtype, "mark": _mark,
    "multiport": _multiport, "statistic": _statistic, "physdev": _physdev, "limit": _limit, "recent": _recent,
    "comment": lambda match: [],
}  # fmt: skip


def probability(spec: Spec) -> str | None:
    """That of a rule with `statistic --mode random`, as it is printed."""
    match = next((match for match in spec.matches if match.name == "statistic"), None)
    found = match.get("--probability") if match is not None else None
    return found.value if found is not None else None


def destinations(table: Table, spec: Spec) -> Iterator[str]:
    """Where the rules that a rule leads to translate a packet's destination to."""
    if spec.target == "DNAT":
        yield spec.get("--to-destination")
    elif spec.target in table.chains:
        for rule in table.chains[spec.target].rules:
            yield from destinations(table, rule.spec)
