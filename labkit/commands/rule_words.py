"""What a rule of iptables says, read into a Spec: options, matches, targets, and how 1.8.9 (nf_tables) refuses each.

Every match and target is a table of its options: name, how the value is read (`rule_values.py`), and whether `!` may stand before it.
Source: iptables/xshared.c, extensions/libxt_*.c, libipt_*.c of 1.8.9, and recordings of it.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field

from ..tables.chains import TARGETS, Match, Option, Spec
from . import rule_values as reads
from .rule_values import NotKnown, Refused, guided, network


@dataclass(frozen=True, slots=True)
class Word:
    """An option of a match or target: how its value is read (None: it has none), how many words that takes, whether `!` may stand before
    it, the name it is printed by, and the one that complaints use."""

    name: str
    read: Callable[["Rules", list[str]], str] | None = None
    negates: bool = False
    takes: int = 1
    printed: str = ""
    full: str = ""


def _words(*rows) -> dict[str, Word]:
    return {row[0]: Word(*row) for row in rows}


def _port_words(read: Callable[["Rules", list[str]], str]) -> tuple:
    return tuple(
        (name, read, True, 1, f"--{end}port", f"--{full}-port")
        for end, full in (("s", "source"), ("d", "destination")) for name in (f"--{end}port", f"--{full}-port")
    )  # fmt: skip


#: What `recent` may do, one of them: note the address, look whether it is noted (and note it again), or forget it.
RECENT = ("--set", "--rcheck", "--update", "--remove")
MATCHES: dict[str, dict[str, Word]] = {
    "tcp": _words(*_port_words(reads.tcp_ports), ("--tcp-flags", reads.tcp_flags, True, 2),
                  ("--syn", lambda reader, words: "FIN,SYN,RST,ACK SYN", True, 0, "--tcp-flags")),
    "udp": _words(*_port_words(reads.udp_ports)), "icmp": _words(("--icmp-type", reads.icmp_type, True)),
    "conntrack": _words(("--ctstate", reads.ctstate, True)),
    "state": _words(("--state", reads.state, True)),
    "addrtype": _words(("--src-type", reads.address_types, True), ("--dst-type", reads.address_types, True),
                       ("--limit-iface-in",), ("--limit-iface-out",)),
    "mark": _words(("--mark", reads.marked("--mark"), True)),
    "comment": _words(("--comment", reads.text(255, 'COMMENT must be shorter than 256 characters'), False)),
    "multiport": _words(*((name, reads.multiport_ports, True, 1, printed, full)
                          for printed, full in (("--sports", "--source-ports"), ("--dports", "--destination-ports"))
                          for name in (printed, full)), ("--ports", reads.multiport_ports, True)),
    "statistic": _words(("--mode", reads.mode), ("--probability", reads.probability, True), ("--every", reads.count("--every", 1), True),
                        ("--packet", reads.count("--packet", 0))),
    "limit": _words(("--limit", reads.rate), ("--limit-burst", reads.count("--limit-burst", 0, 10000))),
    "recent": _words(*((name, None, True) for name in RECENT), ("--seconds", reads.count("--seconds", 1)), ("--reap",),
                     ("--hitcount", reads.count("--hitcount", 0)), ("--rttl",), ("--name", reads.text(199, "")),
                     ("--mask", lambda reader, words: str(reads.dotted_mask(words[0]))), ("--rsource",), ("--rdest",)),
    "physdev": _words(("--physdev-in", reads.port_device, True), ("--physdev-out", reads.port_device, True),
                      ("--physdev-is-in", None, True), ("--physdev-is-out", None, True), ("--physdev-is-bridged", None, True)),
}  # fmt: skip
_FLAGGED = (("--random",), ("--persistent",))
OPTIONS: dict[str, dict[str, Word]] = {
    "REJECT": _words(("--reject-with", reads.rejection)),
    "MASQUERADE": _words(("--to-ports", reads.new_ports), ("--random",), ("--random-fully",)),
    "REDIRECT": _words(("--to-ports", reads.new_ports), ("--random",)), "DNAT": _words(("--to-destination", reads.new_end), *_FLAGGED),
    "SNAT": _words(("--to-source", reads.new_end), ("--random",), ("--random-fully",), ("--persistent",)),
    "MARK": _words(*((name, reads.marked(name), False, 1, "--set-xmark")
                     for name in ("--set-mark", "--set-xmark", "--and-mark", "--or-mark", "--xor-mark"))),
    "LOG": _words(("--log-prefix", reads.prefix), ("--log-level", reads.level),
                  ("--log-tcp-sequence",), ("--log-tcp-options",), ("--log-ip-options",), ("--log-uid",)),
    "CT": _words(("--notrack",)),
}  # fmt: skip
#: Of nothing but these does the lab know the real names of more: refused in its own words.
_MORE_MATCHES = frozenset(
    "ah bpf cgroup cluster connbytes connlabel connlimit connmark cpu dccp devgroup dscp ecn esp hashlimit helper iprange ipvs length mac "
    "nfacct osf owner pkttype policy quota rateest realm rpfilter sctp set socket string tcpmss time tos ttl u32".split()
)
_MORE_TARGETS = frozenset(
    "AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK DSCP ECN HMARK IDLETIMER LED NETMAP NFLOG NFQUEUE NOTRACK RATEEST SECMARK SET "
    "SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG QUEUE".split()
)
#: What an extension without any of its options is told; with an empty line behind it where the common parser says it.
_MISSING = {
    "conntrack": "conntrack: At least one option is required", "addrtype": "addrtype: you must specify --src-type or --dst-type",
    "recent": "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
    "multiport": "multiport expection an option", "physdev": "PHYSDEV: no physdev option specified",
    "MARK": "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
    **{name: f'{name}: option "{option}" must be specified\n' for name, option in (
        ("state", "--state"), ("mark", "--mark"), ("comment", "--comment"), ("icmp", "--icmp-type"), ("DNAT", "--to-destination"),
        ("SNAT", "--to-source"))},
}  # fmt: skip
#: Options of which one alone may be given, and what is said of a second.
_EITHER = {
    "tcp": {"--tcp-flags": "Only one of `--syn' or `--tcp-flags'  allowed", "--sport": "Only one `--source-port' allowed",
            "--dport": "Only one `--destination-port' allowed"},
}  # fmt: skip

#: Long options of a rule itself, and their letters.
RULE_WORDS = {
    "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i", "--out-interface": "-o",
    "--protocol": "-p", "--proto": "-p", "--match": "-m", "--jump": "-j", "--goto": "-g", "--fragments": "-f", "--set-counters": "-c",
}  # fmt: skip


@dataclass(slots=True)
class Rules:
    """The reader of a rule's words; several addresses make several rules."""

    table: str
    src: list[tuple[int, int, bool]] = field(default_factory=list)
    dst: list[tuple[int, int, bool]] = field(default_factory=list)
    ends: dict[str, tuple[str, bool]] = field(default_factory=dict)
    said: dict[str, object] = field(default_factory=dict)
    matches: list[tuple[str, list[Option]]] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    target: str = ""
    goto: bool = False
    counters: tuple[int, int] | None = None
    loading: str = ""
    warnings: str = ""
    implicit: set[str] = field(default_factory=set)

    @property
    def proto(self) -> tuple[str, bool] | None:
        return self.said.get("-p")

    def look_at(self, device: str) -> None:
        """A name that no interface can have is only warned of."""
        if "/" in device or " " in device:
            self.warnings += f"Warning: weird character in interface `{device}' ('/' and ' ' are not allowed by the kernel).\n"

    def known(self) -> dict[str, tuple[str, Word]]:
        """The options of what is loaded so far: name -> (match or target, Word)."""
        found: dict[str, tuple[str, Word]] = {}
        for name, _ in self.matches:
            found |= {word: (name, row) for word, row in MATCHES[name].items()}
        if self.target in OPTIONS and not self.goto:
            found |= {word: (self.target, row) for word, row in OPTIONS[self.target].items()}
        return found

    def load(self, name: str) -> None:
        """-m NAME."""
        if name not in MATCHES:
            if name in _MORE_MATCHES:
                raise NotKnown(f"The lab's iptables knows the matches {', '.join(sorted(MATCHES))}, not {name}.")
            raise guided(f"Couldn't load match `{name}':No such file or directory")
        if name in self.implicit:
            self.implicit.remove(name)
        else:
            self.matches.append((name, []))

    def implied(self, word: str) -> bool:
        """Whether the protocol's own match has this option, which then is loaded."""
        proto = self.proto
        if proto is not None and proto[0] in ("sctp", "dccp", "udplite") and shortened(word, MATCHES["udp"]) is not None:
            raise NotKnown(f"The lab's iptables knows ports of tcp and udp, not of {proto[0]}.")
        if proto is None or proto[0] not in ("tcp", "udp", "icmp") or any(name == proto[0] for name, _ in self.matches):
            return False
        if shortened(word, MATCHES[proto[0]]) is None:
            return False
        self.matches.append((proto[0], []))
        self.implicit.add(proto[0])
        return True

    def jump(self, name: str, goto: bool) -> None:
        """-j NAME, -g NAME; whether there is such a chain is looked at last."""
        if self.target:
            raise Refused("multiple -j flags not allowed")
        if not name:
            raise Refused("Invalid target name (too short)")
        if name in _MORE_TARGETS:
            raise NotKnown(f"The lab's iptables knows the targets {', '.join(TARGETS)}, and chains, not {name}.")
        self.target, self.goto = name, goto

    def option(self, name: str, word: Word, values: list[str], negated: bool) -> None:
        """An option of a match or target."""
        held = self.options if name == self.target else next(held for at, held in reversed(self.matches) if at == name)
        full, printed = word.full or word.name, word.printed or word.name
        for one in held:
            if name in _EITHER and one.name == printed:
                raise Refused(_EITHER[name][printed])
            if one.name == printed and name != "MARK" or name == "MARK" and self.said["MARK"] == full:
                raise guided(f'{name}: option "{full}" can only be used once.')
            if name in ("MARK", "multiport"):
                longer = {"--sports": "--source-ports", "--dports": "--destination-ports"}
                other = self.said["MARK"] if name == "MARK" else longer.get(one.name, one.name)
                raise guided(f'{name}: option "{full}" cannot be used together with "{other}".')
        if negated and not word.negates:
            raise guided(f'{name}: option "{full}" cannot be inverted.')
        self.loading = name
        if name == "MARK":
            self.said["MARK"] = full
        value = word.read(self, values) if word.read is not None else None
        # `! :1023` is kept as what is above (nft's own range)
        if word.read in (reads.tcp_ports, reads.udp_ports) and negated and value.startswith("0:"):
            value, negated = f"{int(value[2:]) + 1}:65535", False
        held.append(Option(printed, value, negated))

    def finish(self, policy: str = "") -> None:
        """What is looked at once all words are read: the extensions in turn."""
        if self.table == "nat" and "DROP" in (self.target, policy):
            raise Refused('\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n')
        for name, options in [*self.matches, ("" if self.goto else self.target, self.options)]:
            said = {option.name: option.value for option in options}
            if name == "statistic":
                self._statistic(said)
            elif name == "recent":
                _check_recent(set(said))
            elif name in _MISSING and not (said.keys() & {"--src-type", "--dst-type"} if name == "addrtype" else options):
                raise Refused(_MISSING[name])

    @staticmethod
    def _statistic(said: dict[str, str]) -> None:
        nth = said.get("--mode") == "nth"
        if not nth and "--probability" not in said:
            raise Refused("--probability must be specified when using random mode")
        if nth and not said.keys() & {"--every", "--packet"}:
            raise Refused("--every and --packet must be specified when using nth mode")
        if nth and int(said.get("--packet", 0)) >= int(said.get("--every", 0)):
            raise Refused("the --packet p must be 0 <= p <= n-1")
        if nth and "--packet" not in said:
            raise guided('statistic: option "--every" also requires "--packet".')

    def addresses(self) -> None:
        """Both ends, the source first, whichever was typed first."""
        for letter, name in (("s", "src"), ("d", "dst")):
            if letter in self.ends:
                words, negated = self.ends[letter]
                setattr(self, name, [(*network(part), negated) for part in words.split(",")])
        ends = [found for found in (self.src, self.dst) if found]
        if any(len(found) > 1 for found in ends) and any(found[0][2] for found in ends):
            raise Refused("! not allowed with multiple source or destination IP addresses")

    def specs(self, chains: Container[str]) -> list[Spec]:
        """The rules, one for each pair of addresses, after all is read; `chains`: those that they may lead to."""
        self._check(chains)
        target = tuple(self.options)
        if self.target == "REJECT" and not target:
            target = (Option("--reject-with", "icmp-port-unreachable"),)
        if self.target == "LOG":
            target = tuple(
                option for option in self._in_order(target, OPTIONS["LOG"]) if (option.name, option.value) != ("--log-level", "4")
            )
        if self.target in ("DNAT", "SNAT", "MASQUERADE", "REDIRECT"):
            target = tuple(self._in_order(target, OPTIONS[self.target]))
        matches = tuple(Match(name, self._said(name, options)) for name, options in self.matches)
        proto = self.proto if self.proto and self.proto[0] != "all" else None
        return [
            Spec(None if src == (0, 0, False) else src, None if dst == (0, 0, False) else dst, self.said.get("-i"), self.said.get("-o"),
                 proto, matches, self.target, target, self.goto)
            for src in self.src or [None] for dst in self.dst or [None]
        ]  # fmt: skip

    def _said(self, name: str, options: list[Option]) -> tuple[Option, ...]:
        """What is printed of a match: `limit` has a rate, and no burst of 5."""
        if name == "limit":
            options = [option for option in options if (option.name, option.value) not in (("--limit-burst", "5"), ("--limit-burst", "0"))]
            if not any(option.name == "--limit" for option in options):
                options = [Option("--limit", "3/hour"), *options]
        if name == "recent":
            options = _recent(options)
        options = [option for option in options if (option.value, option.negated) != ("0:65535", False)]  # says nothing, and is not kept
        return tuple(self._in_order(options, MATCHES[name]))

    @staticmethod
    def _in_order(options, words: dict[str, Word]) -> list[Option]:
        """Options as they are printed: in the order of the table."""
        names = [row.printed or row.name for row in words.values()]
        return sorted(options, key=lambda option: names.index(option.name))

    def _check(self, chains: Container[str]) -> None:
        """Where it leads, and what nft needs to write ports without a match of their own."""
        for name, options in self.matches:
            if name in ("tcp", "udp") and options and (self.proto is None or self.proto[0] != name):
                raise Refused(f"{name.upper()} match requires '-p {name}'")
        if self.target and self.target not in chains and (self.goto or self.target not in TARGETS):
            raise Refused(f"Chain '{self.target}' does not exist")




def _check_recent(said: set[str]) -> None:
    """Which options of `recent` go together (libxt_recent.c)."""
    doing = [name for name in RECENT if name in said]
    if not doing:
        raise Refused(_MISSING["recent"])
    for name, beside in ((doing[0], doing[1:]), ("--rttl", said & {"--set", "--remove"} if "--rttl" in said else ())):
        for other in beside:
            raise Refused(f'recent: option "{name}" cannot be used together with "{other}".\n')
    if "--reap" in said and "--seconds" not in said:
        raise Refused('recent: option "--reap" also requires "--seconds".\n')


def _recent(options: list[Option]) -> list[Option]:
    """Of `recent` its list, its mask and its side are always printed, a count of 0 hits never."""
    held = {option.name: option for option in options if (option.name, option.value) != ("--hitcount", "0")}
    for default in (Option("--name", "DEFAULT"), Option("--mask", "255.255.255.255")):
        held.setdefault(default.name, default)
    if "--rdest" in held:
        held.pop("--rsource", None)
    else:
        held["--rsource"] = Option("--rsource")
    return list(held.values())


#: Options of matches that the lab has, which it does not know, but to which a word cut short may belong.
_UNKNOWN = ("--ctstatus", "--ctproto", "--ctdir", "--ctexpire")


def shortened(word: str, words) -> str | None:
    """The option that a word is, in full or cut short, if it is one alone (getopt_long)."""
    if word in words:
        return word
    found = [name for name in (*words, *_UNKNOWN) if name.startswith(word)]
    same = {getattr(words.get(name), "printed", "") or name for name in found}
    return found[0] if len(same) == 1 and len(word) > 2 else None
