"""iptables(8) 1.8.9 (nf_tables): its words, what each does to the tables of a namespace, and how it refuses.

The grammar is getopt_long's: letters may be bundled, long options cut short, `!` stands before what it negates. The tool looks at its words
first (status 2), then for chains and rules (1), and the kernel has the last word (4). Source: iptables/xshared.c, nft.c, nft-shared.c of
1.8.9, and recordings of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..lab.connections import Netfilter
from ..tables.chains import BUILT_IN, TARGETS, Chain, Rule, Spec, Table
from .result import Context, Failure, Result
from .rule_listing import echoed, listing, saved_rules
from .rule_values import NotKnown, Refused, interface, number_of, protocol
from .rule_words import RULE_WORDS, Rules, Word, shortened
from .words import is_digits

NAME = "iptables v1.8.9 (nf_tables)"
TRY = "Try `{0} -h' or '{0} --help' for more information.\n"

#: Commands: letter, long name, least and most words behind it, and which options go with it besides -t, -w, -v.
_RULE, _LIST = "spmdiojgf!c", "n#x"
COMMANDS = {
    "-A": ("--append", 1, 1, _RULE), "-C": ("--check", 1, 1, _RULE), "-D": ("--delete", 1, 2, _RULE), "-I": ("--insert", 1, 2, _RULE),
    "-R": ("--replace", 1, 2, _RULE), "-L": ("--list", 0, 2, _LIST), "-S": ("--list-rules", 0, 2, ""), "-F": ("--flush", 0, 1, ""),
    "-Z": ("--zero", 0, 2, ""), "-N": ("--new-chain", 1, 1, ""), "-X": ("--delete-chain", 0, 1, ""), "-E": ("--rename-chain", 2, 2, ""),
    "-P": ("--policy", 1, 2, "c"),
}  # fmt: skip
_LONG = {names[0]: letter for letter, names in COMMANDS.items()} | RULE_WORDS | {
    "--new": "-N", "--table": "-t", "--verbose": "-v", "--numeric": "-n", "--exact": "-x",
    "--line-numbers": "--line-numbers", "--wait": "-w",
    "--version": "-V", "--help": "-h", "--ipv4": "-4", "--modprobe": "-M",
}  # fmt: skip
_VALUED = set("tspdiojgmM")


@dataclass(slots=True)
class Words:
    """One line of iptables, or of iptables-restore, as it was read. `number` is that of a rule, `more` what else stood behind, `zero`: -L
    and then -Z."""

    command: str = ""
    table: str = "filter"
    chain: str = ""
    number: int | None = None
    more: str = ""
    verbose: int = 0
    numeric: bool = False
    exact: bool = False
    line_numbers: bool = False
    zero: bool = False
    said: set[str] = field(default_factory=set)
    rules: Rules | None = None


def iptables(ctx: Context, args: list[str]) -> Result:
    netfilter, words = ctx.ns.netfilter or Netfilter(), Words()
    try:
        read(args, words)
        if words.command in ("-V", "-h"):
            return Result(0, f"{NAME}\n" if words.command == "-V" else _help())
        result = run(ctx, netfilter, words)
        return replace(result, stderr=words.rules.warnings + result.stderr) if words.rules.warnings else result
    except Refused as refused:
        raise Failure(refused.status, words.rules.warnings + worded(refused, "iptables"), refused.said) from None
    except NotKnown as error:
        raise Failure(2, f"{error}\n") from None


def worded(refused: Refused, tool: str, hint: str = "") -> str:
    """The tool's sentence, with its name before it and its advice behind."""
    name = f"{tool} v1.8.9 (nf_tables): " if refused.hint or refused.status in (3, 4) else f"{tool}: "
    if refused.words.startswith("v1.8.9"):
        name = f"{tool} "
    return f"{'' if refused.bare else name}{refused.words}\n{hint}" + (TRY.format(tool) if refused.hint else "")


def nft(ctx: Context, args: list[str]) -> Result:
    """nftables' own words are not the lab's."""
    raise Failure(1, "The lab has no nft: iptables writes the same tables of the kernel, and iptables-save shows every rule in them.\n")


def _help() -> str:
    raise NotKnown(f"The lab's iptables knows {' '.join(COMMANDS)} and the words of a rule; iptables(8) has the long story.")


def no_such() -> Refused:
    return Refused("No chain/target/match by that name.", 1, hint=False)


# --- reading ----------------------------------------------------------------------------------------


def read(args: list[str], words: Words, table: str = "filter") -> None:
    """Read a line into `words`. `table`: the one that iptables-restore is in."""
    words.table, words.rules = table, Rules(table)
    _Reader(args, words).read()
    if words.table not in BUILT_IN and words.command not in ("-V", "-h"):
        if words.table == "security":
            raise NotKnown(f"The lab's iptables knows the tables {', '.join(BUILT_IN)}, not security.")
        raise Refused(f"table '{words.table}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.", 3, hint=False)


class _Reader:
    """Goes through the words once, as getopt_long does."""

    def __init__(self, args: list[str], words: Words):
        self.args, self.at, self.words, self.rules = args, 0, words, words.rules
        self.negated = False

    def read(self) -> None:
        while self.at < len(self.args):
            word = self.args[self.at]
            self.at += 1
            if word == "!":
                if self.negated:
                    raise Refused("multiple consecutive ! not allowed")
                self.negated = True
                continue
            if word == "--":
                break
            if word.startswith("--") and len(word) > 2:
                self._long(word)
            elif word.startswith("-") and len(word) > 1:
                self._letters(word)
            else:
                raise Refused(f"Bad argument `{word}'", bare=True)
            self.negated = False
        self._check()

    def _value(self, option: str) -> str:
        if self.at >= len(self.args):
            raise Refused(f'option "{option}" requires an argument')
        self.at += 1
        return self.args[self.at - 1]

    def _letters(self, word: str) -> None:
        """`-nvL`, `-s10.0.0.1`."""
        for place, letter in enumerate(word[1:], 1):
            option, rest = f"-{letter}", word[place + 1 :]
            if letter in _VALUED:  # most are read as the last word, whatever stands before the value in it (xshared.c: argv[optind - 1])
                self._option(option, self._value(option) if not rest else rest if letter in "tmM" else word)
                return
            if option in COMMANDS:
                takes = rest and COMMANDS[option][2]
                self._command(option, rest if takes else "")
                if takes:
                    return
            elif letter in "vnxV4hfwc":
                self._option(option, None)
            elif letter == "6":
                raise Refused("The lab's iptables has IPv4 only.", hint=False)
            else:
                before = self.args[self.at - 2] if self.at > 1 else "iptables"
                raise Refused(f'unknown option "{word if not rest else before}"')

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        known = self.rules.known()
        pool = {**dict.fromkeys(_LONG, None), **{option: row for option, (_, row) in known.items()}}
        found = name if name in pool else shortened(name, pool)
        if found is None and self.rules.implied(name):
            known = self.rules.known()
            found = shortened(name, {option: row for option, (_, row) in known.items()})
        if found is None:
            raise Refused(f'unknown option "{word}"')
        if found in known:
            return self._extension(*known[found], word, value if equals else None)
        option = _LONG[found]
        if option in COMMANDS:
            return self._command(option, value)
        given = (self._value(word) if not equals else value if option in ("-t", "-m", "-M") else word) if option[1:] in _VALUED else None
        self._option(option, given)

    def _extension(self, name: str, row: Word, word: str, value: str | None) -> None:
        values = []
        if row.read is not None and row.takes:
            values = [value] if value is not None else []
            while len(values) < row.takes:
                if values and self.at >= len(self.args):
                    raise Refused(f"{row.name} requires two args.")
                values.append(self._value(word))
        elif row.read is None and row.name.startswith("--limit-iface"):
            values = []
        self.rules.option(name, row, values, self.negated)

    def _command(self, option: str, first: str) -> None:
        words = self.words
        if words.command and not {words.command, option} == {"-Z", "-L"}:
            raise Refused(f"Cannot use {option} with {words.command}")
        if self.negated:
            raise Refused("unexpected '!' flag")
        words.zero = words.command != ""
        words.command = "-L" if words.zero else option
        least, most = COMMANDS[option][1:3]
        given = [first] if first else []
        while len(given) < least:
            given.append(self._value(option) if not given or option != "-E" else self._second(option))
        while len(given) < most and self.at < len(self.args) and not self.args[self.at].startswith(("-", "!")):
            given.append(self._value(option))
        if option == "-N":
            check_name(given[0])
        words.chain = given[0] if given else ""
        rest = given[1] if len(given) > 1 else ""
        if option == "-P" or option == "-E":
            words.more = rest
            if option == "-P" and not rest:
                raise Refused("-P requires a chain and a policy")
        elif rest:
            number = number_of(rest)
            if number is None or number == 0:
                raise Refused(f"Invalid rule number `{rest}'")
            words.number = number
        elif option == "-R":
            raise Refused("-R requires a rule number")

    def _second(self, option: str) -> str:
        if self.at >= len(self.args) or self.args[self.at].startswith(("-", "!")):
            raise Refused("-E requires old-chain-name and new-chain-name")
        return self._value(option)

    def _option(self, option: str, value: str | None) -> None:
        words, rules, no = self.words, self.rules, self.negated
        letter = option[1:]
        if no and letter not in "spdio":
            long = {"m": "--match", "t": "--table"}.get(letter)
            raise Refused(f"unexpected ! flag before {long}" if long else f"cannot have ! before {'-j' if letter == 'g' else option}")
        if letter in "spdioc" and letter in words.said:
            raise Refused(f"multiple -{letter} flags not allowed")
        words.said.add("#" if option == "--line-numbers" else letter)
        match letter:
            case "t":
                words.table = rules.table = value
            case "v":
                words.verbose += 1
            case "n":
                words.numeric = True
            case "x":
                words.exact = True
            case "-line-numbers":
                words.line_numbers = True
            case "w":
                if self.at < len(self.args) and not self.args[self.at].startswith(("-", "!")):
                    if not is_digits(self.args[self.at]):
                        raise Refused("wait seconds not numeric")
                    self.at += 1
            case "c":
                packets, comma, bytes_ = self._value("-c").partition(",")
                if not comma:
                    if self.at >= len(self.args) or self.args[self.at].startswith(("-", "!")):
                        raise Refused("-c requires packet and byte counter")
                    bytes_ = self._value("-c")
                rules.counters = _counters(packets, bytes_)
            case "V" | "h":
                words.command = words.command or option
            case "m":
                rules.load(value)
            case "j" | "g":
                rules.jump(value, letter == "g")
            case "s" | "d":
                rules.ends[letter] = value, no
            case "i" | "o":
                if not value:
                    raise Refused("Empty interface is likely to be undesired")
                rules.look_at(interface(value))
                if value != "+" or no:
                    rules.said[option] = (value, no)
            case "p":
                name = protocol(value)
                if name == "all" and no:
                    raise Refused("rule would never match protocol")
                rules.said["-p"] = (name, no)
            case "f":
                raise NotKnown("The lab's iptables has no -f: with connections tracked no chain sees a fragment.")
            case "M" | "4":
                pass

    def _check(self) -> None:
        """What is looked at once all words are read (xshared.c do_parse)."""
        words = self.words
        if words.command in ("-V", "-h"):
            return
        self.rules.finish(words.more if words.command == "-P" else "")
        if self.at < len(self.args):
            raise Refused("unknown arguments found on commandline")
        if not words.command:
            raise Refused("no command specified")
        if self.negated:
            raise Refused("nothing appropriate following !")
        self.rules.addresses()
        allowed = COMMANDS[words.command][3]
        if words.command == "-D" and words.number is not None:
            allowed = ""
        for letter in words.said:
            if letter in "spdiojgmcnx#" and letter not in allowed:
                raise Refused(f"Illegal option `{'--line-numbers' if letter == '#' else '-' + letter}' with this command")
        if words.command in ("-A", "-I", "-R", "-D", "-C"):
            if words.chain in ("PREROUTING", "INPUT") and "o" in words.said:
                raise Refused(f"Can't use -o with {words.chain}\n")
            if words.chain in ("POSTROUTING", "OUTPUT") and "i" in words.said:
                raise Refused(f"Can't use -i with {words.chain}\n")


def _counters(packets: str, bytes_: str) -> tuple[int, int]:
    for word, what in ((packets, "packet"), (bytes_, "byte")):
        if not is_digits(word):
            raise Refused(f"-c {what} counter not numeric")
    return int(packets), int(bytes_)


def check_name(name: str) -> None:
    """A name for a new chain."""
    if name[:1] in ("-", "!"):
        raise Refused(f"chain name not allowed to start with `{name[0]}'")
    if len(name) >= 29:
        raise Refused(f"chain name `{name}' too long (must be under 29 chars)")
    if name in TARGETS and name != "CT" or name in ("QUEUE",):
        raise Refused("chain name may not clash with target name")
    if any(c.isspace() for c in name):
        raise Refused(f"Invalid chain name `{name}'")


# --- doing ------------------------------------------------------------------------------------------


def run(ctx: Context, netfilter: Netfilter, words: Words, check: bool = True) -> Result:
    """Do what a line says. `check`: the kernel looks at the table at once (iptables-restore has it look at COMMIT)."""
    done = _DO[words.command](ctx, netfilter, words, check)
    if check and words.command not in ("-L", "-S", "-C"):
        netfilter.changed()
        ctx.ns.netfilter = netfilter
    return Result(0, done or "")


def written(netfilter: Netfilter, name: str) -> Table:
    """The table to write into; from now on it exists."""
    return netfilter.tables.setdefault(name, Table(name))


def found_chain(netfilter: Netfilter, words: Words) -> Chain:
    chain = netfilter.table(words.table).chains.get(words.chain)
    if chain is None:
        raise no_such()
    return chain


def _specs(netfilter: Netfilter, words: Words) -> list[Spec]:
    return words.rules.specs(netfilter.table(words.table).chains)


def _add(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    specs = _specs(netfilter, words)
    found_chain(netfilter, words)
    existed = words.table in netfilter.tables
    if words.command == "-R" and not netfilter.table(words.table).chains[words.chain].real:
        raise no_such()
    table = written(netfilter, words.table)
    chain = table.chains[words.chain]
    before, was_real = [*chain.rules], chain.real
    packets, bytes_ = words.rules.counters or (0, 0)
    fresh = [Rule(spec, packets, bytes_, origin=ctx.lab.origin) for spec in specs]
    what = "RULE_APPEND"
    if words.command == "-A":
        chain.rules.extend(fresh)
    elif words.command == "-I":
        at = (words.number or 1) - 1
        what = "RULE_INSERT" if at == 0 or at < len(before) else "RULE_APPEND"
        if at > len(before):
            _undo(netfilter, words, existed)
            raise Refused("Index of insertion too big.", 1, hint=False)
        chain.rules[at:at] = fresh[::-1] if len(fresh) > 1 else fresh
    else:
        what = "RULE_REPLACE"
        if len(fresh) > 1:
            raise Refused("Replacement rule does not specify a unique address")
        if words.number > len(before):
            _undo(netfilter, words, existed)
            raise Refused("Index of replacement too big.", 1, hint=False)
        chain.rules[words.number - 1] = fresh[0]
    chain.real = True
    fault = table.fault() if check else None
    if fault is not None:
        chain.rules, chain.real = before, was_real
        _undo(netfilter, words, existed)
        raise Refused(f" {what} failed ({fault[0]}): rule in chain {words.chain}", 4, hint=False)
    return echoed(specs) if words.verbose else ""


def _undo(netfilter: Netfilter, words: Words, existed: bool) -> None:
    if not existed:
        netfilter.tables.pop(words.table, None)


def _delete(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    chain = netfilter.table(words.table).chains.get(words.chain)
    if words.number is not None:
        if chain is None or not chain.real:
            raise no_such()
        if words.number > len(chain.rules):
            raise Refused("Index of deletion too big.", 1, hint=False)
        del chain.rules[words.number - 1]
        return ""
    specs = _specs(netfilter, words)
    for spec in specs:
        at = _place(chain, spec)
        if at is None:
            raise Refused("Bad rule (does a matching rule exist in that chain?).", 1, hint=False)
        del chain.rules[at]
    return echoed(specs) if words.verbose else ""


def _check(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    specs = _specs(netfilter, words)
    chain = netfilter.table(words.table).chains.get(words.chain)
    if any(_place(chain, spec) is None for spec in specs):
        raise Refused("Bad rule (does a matching rule exist in that chain?).", 1, hint=False)
    return echoed(specs) if words.verbose else ""


def _place(chain: Chain | None, spec: Spec) -> int | None:
    return next((at for at, rule in enumerate(chain.rules) if rule.spec == spec), None) if chain is not None else None


def _new(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    if words.chain in netfilter.table(words.table).chains:
        raise Refused("Chain already exists.", 1, hint=False)
    written(netfilter, words.table).chains[words.chain] = Chain(words.chain, origin=ctx.lab.origin)
    return ""


def _drop_chain(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    """-X. Without a name all go that somebody made, and of the built-in ones those that do nothing: without rules, policy ACCEPT
    (iptables/nft.c nft_may_delete_chain)."""
    table = netfilter.tables.get(words.table)
    chains = table.chains if table is not None else {}
    own = sorted(name for name, chain in chains.items() if chain.policy is None)
    if words.chain:
        chain = found_chain(netfilter, words)
        if chain.policy is not None and (table is None or not chain.real):
            raise no_such()
        if chain.policy == "DROP":
            raise Refused("Directory not empty.", 1, hint=False)
        names = [words.chain]
    else:
        names = own + [name for name, chain in chains.items() if chain.policy == "ACCEPT" and not chain.rules]
    said = "".join(f"Deleting chain `{name}'\n" for name in names if words.verbose and (words.chain or name in own))
    busy = next((name for name in names if table.references(name) or chains[name].rules), None)
    if busy is not None:
        raise Refused(f" CHAIN_DEL failed (Device or resource busy): chain {busy}", 4, hint=False, said=said)
    for name in names:
        if chains[name].policy is not None:
            chains[name] = Chain(name, "ACCEPT", real=False)
        else:
            del chains[name]
    return said


def _rename(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    table = netfilter.tables.get(words.table)
    chain = table.chains.get(words.chain) if table is not None else None
    if words.more in netfilter.table(words.table).chains:
        raise Refused("File exists.", 1, hint=False)
    if chain is None or not chain.real:
        raise no_such()
    if chain.policy is not None:
        table.chains[words.chain] = Chain(words.chain, "ACCEPT", real=False)
        table.stray = True
        return ""
    del table.chains[words.chain]
    chain.name = words.more
    table.chains[words.more] = chain
    for holder in table.chains.values():
        for rule in holder.rules:
            if rule.spec.target == words.chain:
                fields = {name: getattr(rule.spec, name) for name in Spec.__dataclass_fields__ if name != "_compiled"}
                rule.spec = Spec(**{**fields, "target": words.more})
    return ""


def _flush(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    if words.chain:
        found_chain(netfilter, words)
        chain = written(netfilter, words.table).chains[words.chain]
        chain.rules, chain.real = [], True
        return f"Flushing chain `{words.chain}'\n" if words.verbose else ""
    said = ""
    table = netfilter.tables.get(words.table)
    for chain in table.listed() if table is not None else ():
        chain.rules = []
        said += f"Flushing chain `{chain.name}'\n" if words.verbose and chain.real else ""
    return said


def _zero(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    table = netfilter.tables.get(words.table)
    if words.chain and not ((chain := netfilter.table(words.table).chains.get(words.chain)) and chain.real):
        bad_rule = Refused("Bad rule (does a matching rule exist in that chain?).", 1, hint=False)
        raise no_such() if words.number is None else bad_rule
    said = ""
    for chain in [] if table is None else [table.chains[words.chain]] if words.chain else table.listed():
        if words.number is not None:
            for rule in chain.rules[words.number - 1 : words.number]:
                rule.packets = rule.bytes = 0
            continue
        chain.packets = chain.bytes = 0
        chain.counts = chain.counts or chain.real and chain.policy is not None
        for rule in chain.rules:
            rule.packets = rule.bytes = 0
        said += f"Zeroing chain `{chain.name}'\n" if words.verbose else ""
    return said


def _policy(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    if words.more not in ("ACCEPT", "DROP"):
        raise Refused("Bad policy name. Run `dmesg' for more information.", 1, hint=False)
    if words.chain not in BUILT_IN[words.table]:
        raise Refused("Bad built-in chain name.", 1, hint=False)
    chain = written(netfilter, words.table).chains[words.chain]
    chain.policy, chain.real, chain.counts, chain.origin = words.more, True, True, ctx.lab.origin
    chain.packets, chain.bytes = words.rules.counters or (0, 0)
    return ""


def _shown(netfilter: Netfilter, words: Words) -> list[Chain]:
    table = netfilter.table(words.table)
    if words.chain:
        if words.chain not in table.chains:
            why = f"chain `{words.chain}' in table `{words.table}' is incompatible, use 'nft' tool."
            raise Refused(f"v1.8.9 (nf_tables): {why}", 1, hint=False)
        return [table.chains[words.chain]]
    return table.listed()


def _stray(netfilter: Netfilter, words: Words) -> str:
    if words.table in netfilter.tables and netfilter.tables[words.table].stray:
        return f"# Table `{words.table}' contains incompatible base-chains, use 'nft' tool to list them.\n"
    return ""


def _list(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    table = netfilter.table(words.table)
    said = _stray(netfilter, words) + listing(table, _shown(netfilter, words), words)
    return said + _zero(ctx, netfilter, words, check) if words.zero else said


def _list_rules(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    chains = _shown(netfilter, words)
    lines = []
    for chain in chains if words.number is None else ():
        counted = f" -c {chain.packets} {chain.bytes}" if words.verbose and chain.policy else ""
        lines.append(f"-P {chain.name} {chain.policy}{counted}" if chain.policy else f"-N {chain.name}")
    for chain in chains:
        lines += saved_rules(chain, "inside" if words.verbose else "", words.number)
    return _stray(netfilter, words) + "".join(f"{line}\n" for line in lines)


_DO: dict[str, Callable[[Context, Netfilter, Words, bool], str]] = {
    "-A": _add, "-I": _add, "-R": _add, "-D": _delete, "-C": _check, "-N": _new, "-X": _drop_chain, "-E": _rename, "-F": _flush,
    "-Z": _zero, "-P": _policy, "-L": _list, "-S": _list_rules,
}  # fmt: skip
