"""Netfilter's tables: chains of rules in iptables-save's grammar, and what is a table of which hooks.

A `Spec` is what a rule says, in the words in which iptables-save prints it; two rules are the same when these are. A `Rule` is a spec in
a chain, with its counters and who wrote it. Source: iptables(8), iptables-extensions(8) 1.8.9, iptables/nft.c; include/uapi/linux/
netfilter_ipv4.h for the order of hooks and tables.
"""

from dataclasses import dataclass, field

from .values import YOU, Kept, Origin, Value

#: The chains that each table is born with, in the order of the hooks.
BUILT_IN = {
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"), "raw": ("PREROUTING", "OUTPUT"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
}  # fmt: skip
#: The tables in the order in which a hook asks them; "" is where connections are tracked (netfilter_ipv4.h NF_IP_PRI_*).
ASKED = {
    "PREROUTING": ("raw", "", "mangle", "nat"), "INPUT": ("mangle", "filter", "nat"), "FORWARD": ("mangle", "filter"),
    "OUTPUT": ("raw", "", "mangle", "nat", "filter"), "POSTROUTING": ("mangle", "nat"),
}  # fmt: skip
#: Targets that say what becomes of the packet; every other name is a chain.
VERDICTS = ("ACCEPT", "DROP", "RETURN")
TARGETS = (*VERDICTS, "REJECT", "LOG", "MARK", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "CT")
#: Where the kernel allows a target: the table and the hooks, None for any (each target's module under net/netfilter).
ALLOWED = {
    "REJECT": (("filter",), ("INPUT", "FORWARD", "OUTPUT")), "DNAT": (("nat",), ("PREROUTING", "OUTPUT")),
    "REDIRECT": (("nat",), ("PREROUTING", "OUTPUT")), "SNAT": (("nat",), ("POSTROUTING", "INPUT")),
    "MASQUERADE": (("nat",), ("POSTROUTING",)), "CT": (("raw",), None),
}  # fmt: skip
#: Matches and targets that have connections tracked as long as a rule with one of them is there.
TRACKING = frozenset({"conntrack", "state", "DNAT", "SNAT", "MASQUERADE", "REDIRECT"})


@dataclass(frozen=True, slots=True)
class Option(Value):
    """An option of a match or target as it is printed: `! --dport 80` is Option("--dport", "80", True)."""

    name: str
    value: str | None = None
    negated: bool = False

    def __str__(self) -> str:
        value = quoted(self.value) if self.name in _TEXTS else self.value
        return ("! " if self.negated else "") + self.name + (f" {value}" if value is not None else "")


#: Options whose value is any text.
_TEXTS = ("--comment", "--log-prefix")


def quoted(word: str) -> str:
    """A text as iptables-save prints it (libxtables xtables_save_string)."""
    if word and all(c.isascii() and (c.isalnum() or c in "_-") for c in word):
        return word
    return '"' + "".join(f"\\{c}" if c in "\"'\\" else c for c in word) + '"'


@dataclass(frozen=True, slots=True)
class Match(Value):
    name: str
    options: tuple[Option, ...] = ()

    def get(self, name: str) -> Option | None:
        """The option of that name, or None."""
        return next((option for option in self.options if option.name == name), None)

    def __str__(self) -> str:
        return " ".join([f"-m {self.name}", *map(str, self.options)])


@dataclass(frozen=True, slots=True)
class Spec(Value):
    """`src` and `dst`: (network, mask) as numbers, `proto` a name or a number in words; each with whether it is negated; None where the
    rule does not say. `target` "" counts only; `goto`: -g instead of -j."""

    src: tuple[int, int, bool] | None = None
    dst: tuple[int, int, bool] | None = None
    iif: tuple[str, bool] | None = None
    oif: tuple[str, bool] | None = None
    proto: tuple[str, bool] | None = None
    matches: tuple[Match, ...] = ()
    target: str = ""
    options: tuple[Option, ...] = ()
    goto: bool = False
    _compiled: list = field(default_factory=list, compare=False, repr=False)  # what the walk makes of it, once

    def get(self, name: str) -> str | None:
        """The value of the target's option of that name, or None."""
        return next((option.value for option in self.options if option.name == name), None)

    def has(self, name: str) -> bool:
        return any(option.name == name for option in self.options)

    @property
    def tracks(self) -> bool:
        return self.target in TRACKING or any(match.name in TRACKING for match in self.matches)

    @property
    def nothing(self) -> bool:
        """`! -s 0/0`: a comparison of no bits, which nf_tables refuses in any chain."""
        return any(said is not None and said[2] and said[1] == 0 for said in (self.src, self.dst))

    def words(self, counters: str = "") -> str:
        """As iptables-save prints it, without the chain; `counters` stand before the target."""
        pieces = [
            f"{'! ' if said[2] else ''}{flag} {network_text(*said[:2])}" for flag, said in (("-s", self.src), ("-d", self.dst)) if said
        ]
        pieces += [
            f"{'! ' if said[1] else ''}{flag} {said[0]}" for flag, said in (("-i", self.iif), ("-o", self.oif), ("-p", self.proto)) if said
        ]
        pieces += map(str, self.matches)
        if counters:
            pieces.append(counters)
        if self.target:
            pieces += [f"{'-g' if self.goto else '-j'} {self.target}", *map(str, self.options)]
        return " ".join(pieces)

    def __str__(self) -> str:
        return self.words()


def dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def prefixlen(mask: int) -> int | None:
    """How long a prefix a mask is of; None when its bits have gaps."""
    length = mask.bit_count()
    return length if mask == (0xFFFFFFFF << 32 - length) & 0xFFFFFFFF else None


def network_text(network: int, mask: int, short: bool = False) -> str:
    """`10.0.0.0/24`, or with a mask of gaps `10.0.0.5/255.0.255.0`; `short` as `iptables -L -n` lists it, a single address bare."""
    length = prefixlen(mask)
    if short and length == 32:
        return dotted(network)
    return f"{dotted(network)}/{length if length is not None else dotted(mask)}"


@dataclass(slots=True, eq=False)
class Rule(Kept):
    """`seen`: how many packets a `statistic --mode nth` has counted; for `limit`, how many may still pass, and when that was counted
    (`at`)."""

    spec: Spec
    packets: int = 0
    bytes: int = 0
    seen: float = 0
    at: float = -1.0
    origin: Origin = YOU


@dataclass(slots=True, eq=False)
class Chain(Kept):
    """`policy` is None for a chain that somebody made. A built-in chain exists in the kernel (`real`) once a rule or a policy was written
    to it; it counts (`counts`) only after a policy was given (nf_tables; observed with 1.8.9)."""

    name: str
    policy: str | None = None
    packets: int = 0
    bytes: int = 0
    real: bool = True
    counts: bool = False
    rules: list[Rule] = field(default_factory=list)
    origin: Origin = YOU


@dataclass(slots=True, eq=False)
class Table(Kept):
    """`stray`: a built-in chain was renamed, and the tool shows the table as one it does not understand."""

    name: str
    chains: dict[str, Chain] = field(default_factory=dict)
    stray: bool = False

    def __post_init__(self):
        for name in BUILT_IN[self.name]:
            self.chains.setdefault(name, Chain(name, "ACCEPT", real=False))

    def listed(self) -> list[Chain]:
        """Built-in chains in the order of the hooks, then the others by name."""
        own = BUILT_IN[self.name]
        return [self.chains[name] for name in own] + [self.chains[name] for name in sorted(set(self.chains) - set(own))]

    def references(self, name: str) -> int:
        """How many rules lead to a chain."""
        return sum(rule.spec.target == name for chain in self.chains.values() for rule in chain.rules)

    def fault(self, before: "Table | None" = None, written: set[str] = frozenset()) -> tuple[str, Chain, Rule] | None:
        """What the kernel refuses of the whole table: a loop, or a target that a packet of that hook must not meet; the chain and the
        rule (kernel: nf_tables_api.c nft_chain_validate). `before`: the table without a fault that it was, of which only the chains
        `written` have changed."""
        if before is not None and self._harmless(before, written):
            return None
        for chain in self.chains.values():
            for rule in chain.rules:
                tables = ALLOWED.get(rule.spec.target, ((self.name,), None))[0]
                if rule.spec.nothing or self.name not in tables or not _speaks(rule.spec):
                    return "Invalid argument", chain, rule
        good: set[tuple[str, str]] = set()

        def visit(chain: Chain, hook: str, above: tuple[str, ...]) -> tuple[str, Chain, Rule] | None:
            for rule in chain.rules:
                spec = rule.spec
                hooks = ALLOWED.get(spec.target, (None, None))[1]
                if hooks is not None and hook not in hooks or not _fits(spec, hook):
                    return "Invalid argument", chain, rule
                if spec.target in self.chains:
                    if spec.target in above:
                        return "Too many links", chain, rule
                    if (spec.target, hook) not in good:
                        found = visit(self.chains[spec.target], hook, (*above, spec.target))
                        if found:
                            return found
            good.add((chain.name, hook))
            return None

        return next((found for name in BUILT_IN[self.name] if (found := visit(self.chains[name], name, (name,)))), None)

    def _harmless(self, before: "Table", written: set[str]) -> bool:
        """Whether what is new in these chains can be no fault, seen without a walk through all the others: it leads to few chains, not
        back to itself, and asks for no more than what its chain led to before. False: it may be one."""
        for name in written & self.chains.keys() & before.chains.keys():  # a new chain is only reached by a rule that is new
            known = {id(rule.spec) for rule in before.chains[name].rules}
            fresh = [rule.spec for rule in self.chains[name].rules if id(rule.spec) not in known]
            below = self._below({spec.target for spec in fresh})
            if below is None or name in below:
                return False
            asked = {_demand(spec) for spec in fresh}
            asked.update(_demand(rule.spec) for chain in below for rule in self.chains[chain].rules)
            if not asked <= {None} and not asked <= {None, *before._granted(name)}:
                return False
        return True

    def _below(self, names: set[str], most: int = 100) -> set[str] | None:
        """The chains that these lead to, with themselves; None when there are many."""
        found, more = set(), [name for name in names if name in self.chains]
        while more:
            name = more.pop()
            if name not in found:
                found.add(name)
                more += {rule.spec.target for rule in self.chains[name].rules} & self.chains.keys()
            if len(found) > most:
                return None
        return found

    def _granted(self, name: str, most: int = 20) -> set:
        """What rules ask for that a chain leads to already, as far as a few of them tell."""
        found, more, seen = set(), [name], 0
        while more and seen < most:
            seen += 1
            for rule in self.chains[more.pop()].rules[:most]:
                found.add(_demand(rule.spec))
                if rule.spec.target in self.chains and len(more) < most:
                    more.append(rule.spec.target)
        return found


def _demand(spec: Spec):
    """What a rule asks of the place it stands in; None for nothing. Of what only the rule itself tells, the rule."""
    if spec.nothing or not _speaks(spec) or not all(_fits(spec, hook) for hook in ASKED if spec.target != "REJECT"):
        return spec
    return (spec.target, spec.get("--reject-with") == "tcp-reset") if spec.target in ALLOWED else None


def _may_be_kept(match: Match) -> bool:
    """What the kernel asks of a `recent`: a name that a file can have, and times and hits only for who looks (xt_recent.c)."""
    name, looks = match.get("--name").value, match.get("--rcheck") or match.get("--update")
    return 0 < len(name) < 200 and "/" not in name and bool(looks or not (match.get("--seconds") or match.get("--hitcount")))


def _speaks(spec: Spec) -> bool:
    """Whether the extensions get the protocol they ask for. nft writes ports by itself; a match without any, and icmp, it leaves to
    them."""
    asking = [match.name for match in spec.matches if match.name == "icmp" or match.name in ("tcp", "udp") and not match.options]
    return all(spec.proto == (name, False) for name in asking)


def _fits(spec: Spec, hook: str) -> bool:
    """Whether the matches may stand in a rule that this hook reaches."""
    if spec.target == "REJECT" and spec.get("--reject-with") == "tcp-reset" and spec.proto not in (("tcp", False), ("6", False)):
        return False
    for match in spec.matches:
        if match.name == "recent" and not _may_be_kept(match):
            return False
        bridged = match.get("--physdev-is-bridged") if match.name == "physdev" else None
        sent = match.name == "physdev" and (match.get("--physdev-out") or match.get("--physdev-is-out"))
        if sent and hook == "OUTPUT" and (bridged is None or bridged.negated):
            return False
        if match.name == "addrtype" and hook == "INPUT" and match.get("--limit-iface-out"):
            return False
        if match.name == "addrtype" and hook == "OUTPUT" and match.get("--limit-iface-in"):
            return False
    return True
