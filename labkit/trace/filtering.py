"""The packet filter: at each of the five places the chains are walked, connections followed, addresses translated.

kernel: net/netfilter/nf_conntrack_core.c, nf_nat_core.c, nf_nat_proto.c, nf_nat_masquerade.c, nf_reject_ipv4.c, and the matches and targets
xt_*.c. What the kernel draws by chance (a port when the one asked for is taken, `statistic --mode random`) goes by a rule here: the next
free port upwards. `statistic --mode random` is dealt, not drawn: of the packets that come to a rule of probability p the first matches,
then every 1/p-th, so that three endpoints get the connections in turn; or a probe names the endpoint it is to come to (`Session.endpoint`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from math import ceil

from ..lab.connections import CLASSES, ICMP, TCP, UDP, UDP_PROVES, UDP_STREAM, Connection, Noted, Tracked, Tuple, tuple_of
from ..lab.interface import Interface
from ..lab.lookup import address_type, select_address
from ..lab.namespace import Namespace
from ..lab.packet import ECHO_REPLY, ECHO_REQUEST, REDIRECT, Icmp, Packet, Tcp
from ..tables.chains import ASKED, Match, Option, Rule, Spec, Table
from .engine import Net

#: ICMP codes of "destination unreachable" by the words of --reject-with.
REJECTIONS = {
    "icmp-net-unreachable": 0, "icmp-host-unreachable": 1, "icmp-proto-unreachable": 2, "icmp-port-unreachable": 3,
    "icmp-net-prohibited": 9, "icmp-host-prohibited": 10, "icmp-admin-prohibited": 13,
}  # fmt: skip
#: Of a chain that is walked at most so many rules that do not match are told.
MOST_TOLD = 40


class Walk:
    """A packet at one of the five places, as rules see it."""

    __slots__ = ("net", "ns", "netfilter", "place", "packet", "iif", "oif", "next_hop", "out_port", "src", "dst", "rule", "table", "rules")

    def __init__(self, net: Net, ns: Namespace, place: str, packet: Packet, iif: str | None, oif: str | None, **way):
        self.net, self.ns, self.netfilter, self.place = net, ns, ns.netfilter, place
        self.iif, self.oif = iif, oif
        self.next_hop: IPv4Address | None = way.get("next_hop")
        self.out_port: str = way.get("out_port", "")
        self.rule: Rule | None = None
        self.table: Table | None = None  # the one that is asked, and the rules of the chain in it
        self.rules: list[Rule] = []
        self.see(packet)

    def see(self, packet: Packet) -> None:
        self.packet, self.src, self.dst = packet, int(packet.src), int(packet.dst)

    @property
    def state(self) -> str:
        return self.packet.tracked.state if self.packet.tracked is not None else "INVALID"


def walk(net: Net, ns: Namespace, place: str, packet: Packet, iif: str | None, oif: str | None, **way) -> Packet | None:
    """The packet as it leaves this place, or None where it goes no further. `way`: next_hop, out_port (of a bridged packet), reroute (what
    looks a packet of our own up again: behind mangle and nat, where these changed what it is looked up by)."""
    here, reroute = Walk(net, ns, place, packet, iif, oif, **way), way.get("reroute")
    for name in ASKED[place]:
        if name == "":
            if here.netfilter.tracks:
                here.see(_track(here))
            continue
        table, before = here.netfilter.tables.get(name), here.packet
        if name == "nat":
            if not _translate(here, table):
                return None
        elif table is not None and not _ask(here, table):
            return None
        after = here.packet
        if reroute is not None and (before.dst != after.dst or name == "mangle" and before.mark != after.mark):
            after = reroute(after)
            if after is None:
                return None
            here.see(after)
    if place in ("INPUT", "POSTROUTING") and not _confirm(here):
        return None
    return here.packet


# --- chains -----------------------------------------------------------------------------------------


def _ask(here: Walk, table: Table) -> bool:
    """Walk a table's chain for this place; whether the packet goes on."""
    chain = table.chains[here.place]
    if not chain.rules and chain.policy == "ACCEPT":
        if chain.counts:
            _count(here, chain)
        return True
    rules, at, stack, lost = chain.rules, 0, [], []
    inside, here.table, dealt = chain.name, table, 0
    while True:
        if at == len(rules):
            dealt = 0
            if not stack:
                return _end(here, table, chain, lost)
            rules, at, inside = stack.pop()
            continue
        rule = rules[at]
        at += 1
        spec = rule.spec
        if not spec._compiled:
            spec._compiled.extend((_tests(spec), _probability(spec)))
        here.rule, here.rules = rule, rules
        for words, test in spec._compiled[0]:
            if not test(here):
                if len(lost) < MOST_TOLD:
                    lost.append(f"{inside} {at}: {spec}: not {words}")
                break
        else:
            words = ""
        if spec._compiled[1] is not None and words in ("", _DEALT):
            dealt = dealt or at
        if words:
            continue
        if dealt:
            _tell_choice(here, table, inside, rules, dealt - 1, rule)
            dealt = 0
        _count(here, rule)
        target = spec.target
        if not target:
            continue
        if target in table.chains:
            if not spec.goto:
                stack.append((rules, at, inside))
            rules, at, inside = table.chains[target].rules, 0, target
        elif target == "RETURN":
            if not stack:
                return _end(here, table, chain, lost)
            rules, at, inside = stack.pop()
        elif target == "ACCEPT":
            _tell(here, table, f"`-A {inside} {spec}`: goes on", lost)
            return True
        elif target == "DROP":
            return _drop(here, table, f"`-A {inside} {spec}`", lost)
        elif target == "REJECT":
            how = spec.get("--reject-with") or "icmp-port-unreachable"
            _drop(here, table, f"`-A {inside} {spec}`", lost)
            # While the kernel sends an echo reply it holds what sends errors (net/ipv4/icmp.c icmp_xmit_lock).
            if here.place != "OUTPUT" or getattr(here.packet.transport, "type", None) != ECHO_REPLY:
                here.net.post("reject", here.ns.name, here.packet, REJECTIONS.get(how, -1))
            return False
        elif target == "MARK":
            value, _, mask = spec.get("--set-xmark").partition("/")
            here.packet = replace(here.packet, mark=here.packet.mark & ~int(mask or "0xffffffff", 0) & 0xFFFFFFFF ^ int(value, 0))
            _tell(here, table, f"`-A {inside} {spec}`: mark {here.packet.mark:#x}", ())
        elif target == "CT":
            # an error of our own goes with what it is about, whatever raw says (xt_CT.c)
            if not spec.has("--notrack") or here.packet.tracked is not None:
                continue
            here.packet = replace(here.packet, tracked=Tracked(None, state="UNTRACKED"))
        elif target != "LOG":
            return _TRANSLATIONS[target](here, table, f"`-A {inside} {spec}`", spec)


def _count(here: Walk, what) -> None:
    what.packets += 1
    what.bytes += here.packet.length


def _end(here: Walk, table: Table, chain, lost) -> bool:
    """No rule said what becomes of it: the policy does."""
    if chain.counts:
        _count(here, chain)
    if chain.policy == "DROP":
        return _drop(here, table, f"no rule of {chain.name} takes it, policy DROP", lost)
    _tell(here, table, f"no rule of {chain.name} takes it, policy ACCEPT: goes on", lost)
    return True


def _tell(here: Walk, table: Table, words: str, lost) -> None:
    at = f"{table.name} {here.place}"
    here.net.step(here.ns, _device(here), "filter", f"{at}: {words}", here.packet, details=tuple(lost), at=at)


def _tell_choice(here: Walk, table: Table, inside: str, rules: list[Rule], first: int, taken: Rule) -> None:
    """All branches of a choice by chance: the rules with a probability, and the one after them that takes what is left."""
    branches = [*_branches(rules, first)]
    told = []
    for rule in branches:
        share, target = _probability(rule.spec), f"-j {rule.spec.target}" if rule.spec.target else "counts only"
        leads = ", ".join(dict.fromkeys(_destinations(table, rule.spec)))
        told.append(f"{share or 'what is left':<13} {target}{f' to {leads}' if leads else ''}{' <- this one' if rule is taken else ''}")
    at = f"{table.name} {here.place}"
    words = f"{at}: {inside} chooses by chance, one of {len(branches)}: -j {taken.spec.target}"
    here.net.step(here.ns, _device(here), "choice", words, here.packet, details=tuple(told), at=at)


def _branches(rules: list[Rule], first: int) -> Iterator[Rule]:
    for rule in rules[first:]:
        yield rule
        if _probability(rule.spec) is None:
            return


def _probability(spec: Spec) -> str | None:
    """That of a rule with `statistic --mode random`, as it is printed."""
    match = next((match for match in spec.matches if match.name == "statistic"), None)
    found = match.get("--probability") if match is not None else None
    return found.value if found is not None else None


def _destinations(table: Table, spec: Spec) -> Iterator[str]:
    """Where the rules that a rule leads to translate a packet's destination to."""
    if spec.target == "DNAT":
        yield spec.get("--to-destination")
    elif spec.target in table.chains:
        for rule in table.chains[spec.target].rules:
            yield from _destinations(table, rule.spec)


def _drop(here: Walk, table: Table, words: str, lost) -> bool:
    _tell(here, table, f"{words}: goes no further", lost)
    here.net.drop_in_stack(here.ns, _device(here), f"the packet filter: {table.name} {here.place}: {words}", here.packet)
    return False


def _device(here: Walk) -> Interface | None:
    return here.ns.find(here.iif or here.oif)


# --- what a rule asks -------------------------------------------------------------------------------

Test = Callable[[Walk], bool]


def _tests(spec: Spec) -> list[tuple[str, Test]]:
    """A rule's conditions, each with its words, in the order in which they are asked."""
    tests: list[tuple[str, Test]] = []
    for flag, said, read in (("-s", spec.src, lambda w: w.src), ("-d", spec.dst, lambda w: w.dst)):
        if said:
            network, mask, negated = said
            tests.append((flag, lambda w, n=network, m=mask, no=negated, read=read: (read(w) & m == n) is not no))
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
_DEALT = "-m statistic"


def _asked_for(here: Walk) -> bool | None:
    """Whether a rule leads to the endpoint that the probe is to come to; None where it names none, or no branch leads there."""
    endpoint = str(here.net.session.endpoint) if here.net.session is not None and here.net.session.endpoint is not None else None
    if endpoint is None:
        return None

    def leads(rule: Rule) -> bool:
        return any(endpoint in (where, where.partition(":")[0]) for where in _destinations(here.table, rule.spec))

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


# --- connections ------------------------------------------------------------------------------------


def _track(here: Walk) -> Packet:
    """The packet with its connection: the one it is of, a new one, or none (kernel: nf_conntrack_in)."""
    packet, now = here.packet, here.net.now
    if packet.tracked is not None:
        return packet
    connections = here.netfilter.connections
    what = tuple_of(packet)
    if what is None:
        return replace(packet, tracked=_related(here, packet))
    found = connections.find(what, now)
    if found is not None and _reopens(found, packet):
        connections.remove(found)
        found = None
    if found is None:
        if not _may_begin(packet):
            return replace(packet, tracked=Tracked(None))
        found = Connection(what, what.inverse, born=now)
        _live_on(here, found, packet, False)
        return replace(packet, tracked=Tracked(found, state="NEW"))
    answering = found.original != what
    tracked = Tracked(found, answering, state="ESTABLISHED" if answering or found.replied else "NEW")
    _live_on(here, found, packet, answering)
    found.replied = found.replied or answering
    return replace(packet, tracked=tracked)


def _related(here: Walk, packet: Packet) -> Tracked:
    """Of an ICMP error: the connection of what it quotes."""
    quoted = packet.transport.quoted if isinstance(packet.transport, Icmp) else None
    about = tuple_of(quoted.whole or quoted) if quoted is not None else None
    found = here.netfilter.connections.find(about.inverse, here.net.now) if about is not None else None
    if found is None:
        return Tracked(None)
    return Tracked(found, found.original != about.inverse, related=True, state="RELATED")


def _may_begin(packet: Packet) -> bool:
    transport = packet.transport
    if isinstance(transport, Tcp):
        return "R" not in transport.flags
    return not isinstance(transport, Icmp) or transport.type == ECHO_REQUEST


def _reopens(connection: Connection, packet: Packet) -> bool:
    """A SYN for a connection that is over begins another one."""
    return isinstance(packet.transport, Tcp) and packet.transport.flags == "S" and connection.state in ("TIME_WAIT", "CLOSE", "LAST_ACK")


def _live_on(here: Walk, connection: Connection, packet: Packet, answering: bool) -> None:
    """What a packet does to its connection's state and to how long it lives."""
    now = here.net.now
    if packet.proto == "icmp":
        connection.expires = now + ICMP
    elif packet.proto == "udp":
        going_on = connection.replied and now - connection.born > UDP_PROVES
        connection.assured = connection.assured or going_on
        connection.expires = now + (UDP_STREAM if going_on else UDP)
    else:
        _tcp(here, connection, packet.transport.flags, answering)
        connection.expires = now + _tcp_lifetime(here, connection.state)


def _tcp_lifetime(here: Walk, state: str) -> float:
    """How long a TCP connection is kept after a packet; of two states the namespace says it (nf_conntrack-sysctl.rst)."""
    if state in ("ESTABLISHED", "CLOSE_WAIT"):
        return float(here.ns.sysctls[f"net.netfilter.nf_conntrack_tcp_timeout_{state.lower()}"])
    return TCP.get(state, 120.0)


def _tcp(here: Walk, connection: Connection, flags: str, answering: bool) -> None:
    """kernel: nf_conntrack_proto_tcp.c tcp_conntracks, as far as the lab's programs speak TCP."""
    state = connection.state
    if "R" in flags:
        if answering and not connection.replied:
            here.netfilter.connections.remove(connection)  # refused at once: nothing stays
        connection.state = "CLOSE"
    elif flags == "S" and not answering:
        connection.state = state or "SYN_SENT"
    elif "S" in flags:
        connection.state = "SYN_RECV" if state in ("SYN_SENT", "SYN_RECV") else state
    elif "F" in flags:
        connection.fins += 1
        connection.state = "FIN_WAIT" if connection.fins == 1 else "LAST_ACK"
    elif state in ("", "SYN_RECV"):  # an ACK; one out of nowhere is taken up (nf_conntrack_tcp_loose)
        connection.state = "ESTABLISHED"
        connection.assured = connection.replied
    elif state == "FIN_WAIT":
        connection.state = "CLOSE_WAIT"
    elif state == "LAST_ACK":
        connection.state = "TIME_WAIT"


def _confirm(here: Walk) -> bool:
    """The first packet of a connection is about to leave, or to be delivered: its entry is made. False where another took its place."""
    tracked = here.packet.tracked
    if tracked is None or tracked.connection is None or tracked.answering or tracked.related or tracked.connection.confirmed:
        return True
    connection, connections = tracked.connection, here.netfilter.connections
    if connection.dying:
        return True
    if connections.taken(connection.reply, connection, here.net.now):
        here.net.drop_in_stack(here.ns, _device(here), "another connection already uses these addresses and ports", here.packet)
        return False
    connections.confirm(connection)
    return True


# --- NAT --------------------------------------------------------------------------------------------


def _translate(here: Walk, table: Table | None) -> bool:
    """Ask the nat chain for a connection's first packet, then change the packet as its entry says (kernel: nf_nat_inet_fn)."""
    tracked = here.packet.tracked
    if tracked is None or tracked.connection is None:
        return True
    connection, source = tracked.connection, here.place in ("POSTROUTING", "INPUT")
    if tracked.related:
        translated = connection.source_changed or connection.destination_changed
        if here.packet.transport.type == REDIRECT and (translated or not (connection.source_done and connection.destination_done)):
            why = f"a redirect about a connection that {'is' if translated else 'may yet be'} translated would mislead"
            here.net.drop_in_stack(here.ns, _device(here), why, here.packet)
            return False
        _translate_error(here, tracked, source)
        return True
    done = connection.source_done if source else connection.destination_done
    if not done and not tracked.answering:
        if table is not None and not _ask(here, table):
            return False
        if not (connection.source_done if source else connection.destination_done):
            _bind(here, connection, source)  # the null binding: only a clash changes anything
    elif connection.leaves_by and here.place == "POSTROUTING" and here.oif != connection.leaves_by and not tracked.answering:
        here.netfilter.connections.remove(connection)
        here.net.drop_in_stack(here.ns, _device(here), f"masqueraded to {connection.leaves_by}, and now leaves by {here.oif}", here.packet)
        return False
    changed = connection.source_changed if source is not tracked.answering else connection.destination_changed
    if changed:
        target = (connection.original if tracked.answering else connection.reply).inverse
        before = here.packet
        here.see(rewritten(before, target, source))
        _told(here, before, connection)
    return True


def _told(here: Walk, before: Packet, connection: Connection) -> None:
    after = here.packet

    def ends(packet: Packet) -> str:
        ports = packet.proto in ("tcp", "udp")
        return f"{packet.src}{f':{packet.sport}' if ports else ''} > {packet.dst}{f':{packet.dport}' if ports else ''}"

    if ends(before) != ends(after):
        why = "as its connection was" if connection.confirmed else "from now on for this connection"
        here.net.step(here.ns, _device(here), "nat", f"{here.place}: {ends(before)} becomes {ends(after)}, {why}", after)


def rewritten(packet: Packet, target: Tuple, source: bool) -> Packet:
    """A packet with one side as the tuple has it; an ICMP id belongs to both."""
    transport = packet.transport
    if isinstance(transport, Icmp):
        transport = replace(transport, id=target.sport) if transport.quoted is None else transport
    else:
        transport = replace(transport, sport=target.sport) if source else replace(transport, dport=target.dport)
    packet = packet.with_ip(src=target.src) if source else packet.with_ip(dst=target.dst)
    return replace(packet, transport=transport)


def _translate_error(here: Walk, tracked: Tracked, source: bool) -> None:
    """An ICMP error about a translated packet: what it quotes is turned back, and the error's own address on that side (kernel:
    nf_nat_icmp_reply_translation)."""
    connection = tracked.connection
    changed = connection.source_changed if source is not tracked.answering else connection.destination_changed
    if not changed:
        return
    other = connection.original if tracked.answering else connection.reply
    icmp = here.packet.transport
    quoted = rewritten(icmp.quoted, other, not source)
    outer = other.inverse
    packet = here.packet.with_ip(src=outer.src) if source else here.packet.with_ip(dst=outer.dst)
    here.see(replace(packet, transport=replace(icmp, quoted=quoted)))


def _bind(
    here: Walk, connection: Connection, source: bool, address: IPv4Address | None = None, ports: tuple[int, int] | None = None
) -> None:
    """Settle one side of a connection: the address and port asked for, or those it has (kernel: nf_nat_setup_info)."""
    now = connection.reply.inverse
    if source:
        wanted = now._replace(src=address or now.src)
        connection.source_done = True
        new = wanted._replace(sport=_free_port(here, connection, wanted, ports))
        connection.source_changed = connection.source_changed or new != now
    else:
        port = now.dport
        if ports is not None and now.proto != "icmp":
            port = port if ports[0] <= port <= ports[1] else ports[0]
        new = now._replace(dst=address or now.dst, dport=port)
        connection.destination_done = True
        connection.destination_changed = connection.destination_changed or new != now
    connection.reply = new.inverse


def _free_port(here: Walk, connection: Connection, wanted: Tuple, ports: tuple[int, int] | None) -> int:
    """The source port, or ICMP id, that a connection gets: its own if that is free, else the next one upwards."""
    connections, now, own = here.netfilter.connections, here.net.now, wanted.sport
    if ports is not None and wanted.proto != "icmp":
        if ports[0] == ports[1]:
            return ports[0]
        low, high = ports
    else:
        low, high = (0, 65535) if wanted.proto == "icmp" else next((r for r in CLASSES if own <= r[1]), CLASSES[-1])
        if not connections.taken(wanted.inverse, connection, now):
            return own
    first = own if low <= own <= high else low
    for port in (*range(first, high + 1), *range(low, first)):
        if not connections.taken(wanted._replace(sport=port).inverse, connection, now):
            return port
    return own


def _address_and_ports(words: str) -> tuple[IPv4Address | None, tuple[int, int] | None]:
    """`10.0.0.2`, `10.0.0.2-10.0.0.5`, `:80`, `10.0.0.2:80-90`: of several addresses the first."""
    host, _, ports = words.partition(":")
    low, _, high = ports.partition("-")
    address = IPv4Address(host.partition("-")[0]) if host else None
    return address, (int(low), int(high or low)) if low else None


def _to_destination(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    return _settled(here, table, words, False, *_address_and_ports(spec.get("--to-destination")))


def _to_source(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    return _settled(here, table, words, True, *_address_and_ports(spec.get("--to-source")))


def _masquerade(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    """The address of the interface it leaves by, on the side of the next hop; without any the packet is dropped."""
    device = here.ns.find(here.oif)
    address = select_address(here.ns, device, here.next_hop, 0) if device is not None and device.addresses else None
    if address is None:
        return _drop(here, table, f"{words}, and {here.oif} has no address", ())
    here.packet.tracked.connection.leaves_by = here.oif
    ports = _address_and_ports(f":{spec.get('--to-ports')}")[1] if spec.get("--to-ports") else None
    return _settled(here, table, words, True, address, ports)


def _redirect(here: Walk, table: Table, words: str, spec: Spec) -> bool:
    """To this machine itself: the first address of the interface it came in by, or for its own packets 127.0.0.1."""
    device = here.ns.find(here.iif) if here.iif else None
    if here.place == "OUTPUT":
        address = IPv4Address("127.0.0.1")
    elif device is None or not device.addresses:
        return _drop(here, table, f"{words}, and {here.iif} has no address", ())
    else:
        address = device.addresses[0].ip
    ports = _address_and_ports(f":{spec.get('--to-ports')}")[1] if spec.get("--to-ports") else None
    return _settled(here, table, words, False, address, ports)


def _settled(here: Walk, table: Table, words: str, source: bool, address: IPv4Address | None, ports: tuple[int, int] | None) -> bool:
    _tell(here, table, words, ())
    _bind(here, here.packet.tracked.connection, source, address, ports)
    if here.net.session is not None and not source:
        here.net.session.translated_to = here.packet.tracked.connection.reply.src
    return True


_TRANSLATIONS = {"DNAT": _to_destination, "SNAT": _to_source, "MASQUERADE": _masquerade, "REDIRECT": _redirect}
