"""A line of iptables(8) 1.8.9 (nf_tables), read: the command, the table, the chain, and the rule.

The grammar is getopt_long's: letters may be bundled, long options cut short, `!` stands before what it negates. Words are looked at in
the tool's own order: what is looked at last is told last (iptables/xshared.c do_parse).
"""

from dataclasses import dataclass, field

from ..tables.chains import BUILT_IN, TARGETS
from .rule_values import NotKnown, Refused, interface, number_of, protocol
from .rule_words import RULE_WORDS, Rules, Word, shortened
from .words import is_digits

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
_VALUED = set("tspdiojgmMc")


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
                self._option(option, self._value(option) if not rest else rest if letter in "tmMc" else word)
                return
            if option in COMMANDS:
                takes = rest and COMMANDS[option][2]
                self._command(option, rest if takes else "", option)
                if takes:
                    return
            elif letter in "vnxV4hfw":
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
            return self._command(option, value, word)
        given = None
        if option[1:] in _VALUED:
            given = self._value(word) if not equals else value if option in ("-t", "-m", "-M", "-c") else word
        self._option(option, given)

    def _extension(self, name: str, row: Word, word: str, value: str | None) -> None:
        values = []
        if row.read is not None and row.takes:
            values = [value] if value is not None else []
            while len(values) < row.takes:
                if values and (self.at >= len(self.args) or self.args[self.at].startswith(("-", "!"))):
                    raise Refused(f"{row.name} requires two args.")
                values.append(self._value(word))
        elif row.read is None and row.name.startswith("--limit-iface"):
            values = []
        self.rules.option(name, row, values, self.negated)

    def _command(self, option: str, first: str, typed: str) -> None:
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
            given.append(self._value(typed) if not given or option != "-E" else self._second(option))
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
                comma = value.find(",", 1)
                packets, bytes_ = (value[:comma], value[comma + 1 :]) if comma > 0 else (value, "")
                if comma < 0:
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
